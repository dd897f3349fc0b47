// Nearest and farthest depth of each person, and how many Gaussians share them (A.4.4). A workgroup a person.
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> depth_range: array<vec4<f32>>;

var<workgroup> lanes: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let body = flat_group(group, groups);
    if body >= params.frames * params.bodies {
        return;
    }
    let start = body * params.gaussians;
    let any_depth = projected[3u * start].z;
    var range = vec2<f32>(any_depth);
    for (var k = local; k < params.gaussians; k += 64u) {
        let z = projected[3u * (start + k)].z;
        range = vec2<f32>(min(range.x, z), max(range.y, z));
    }
    lanes[local] = range;
    workgroupBarrier();
    for (var i = 0u; i < 64u; i++) {
        range = vec2<f32>(min(range.x, lanes[i].x), max(range.y, lanes[i].y));
    }
    workgroupBarrier();
    var ties = vec2<f32>();
    for (var k = local; k < params.gaussians; k += 64u) {
        let z = projected[3u * (start + k)].z;
        ties += select(vec2<f32>(), vec2<f32>(1.0), vec2<f32>(z) == range);
    }
    lanes[local] = ties;
    workgroupBarrier();
    if local == 0u {
        for (var i = 1u; i < 64u; i++) {
            ties += lanes[i];
        }
        depth_range[body] = vec4<f32>(range, ties);
    }
}
