// What each person's nearest and farthest Gaussian receive from everybody's depth colour, divided among ties (A.6).
// A workgroup a person.
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> depth_range: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> grad_appearance: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> grad_depth_range: array<vec2<f32>>;

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
    let range = depth_range[body];
    let span = range.y - range.x + 1e-6;
    var sums = vec2<f32>();
    for (var k = local; k < params.gaussians; k += 64u) {
        let g = body * params.gaussians + k;
        let d = (projected[3u * g].z - range.x) / span;
        sums += grad_appearance[5u * g + 1u].z * vec2<f32>(d - 1.0, -d);
    }
    lanes[local] = sums;
    workgroupBarrier();
    if local == 0u {
        for (var i = 1u; i < 64u; i++) {
            sums += lanes[i];
        }
        grad_depth_range[body] = sums / (span * range.zw);
    }
}
