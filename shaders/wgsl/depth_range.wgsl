// Nearest and farthest depth of each person, and how many Gaussians share them (A.4.4). A workgroup a person.
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read_write> depth_range: array<DepthRange>;

var<workgroup> lanes: array<vec2<f32>, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
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
    let any_depth = projected[start].depth;
    var range = vec2<f32>(any_depth);
    for (var k = local; k < params.gaussians; k += WORKGROUP) {
        let z = projected[start + k].depth;
        range = vec2<f32>(min(range.x, z), max(range.y, z));
    }
    lanes[local] = range;
    workgroupBarrier();
    for (var i = 0u; i < WORKGROUP; i++) {
        range = vec2<f32>(min(range.x, lanes[i].x), max(range.y, lanes[i].y));
    }
    workgroupBarrier();
    var ties = vec2<f32>();
    for (var k = local; k < params.gaussians; k += WORKGROUP) {
        let z = projected[start + k].depth;
        ties += select(vec2<f32>(), vec2<f32>(1.0), vec2<f32>(z) == range);
    }
    lanes[local] = ties;
    workgroupBarrier();
    if local == 0u {
        for (var i = 1u; i < WORKGROUP; i++) {
            ties += lanes[i];
        }
        depth_range[body] = DepthRange(range, ties);
    }
}
