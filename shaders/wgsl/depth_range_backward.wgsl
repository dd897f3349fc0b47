// What each person's nearest and farthest Gaussian receive from everybody's depth colour, divided among ties (A.6).
// A workgroup a person.
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read> depth_range: array<DepthRange>;
@group(0) @binding(3) var<storage, read> grad_appearance: array<GradAppearance>;
@group(0) @binding(4) var<storage, read_write> grad_depth_range: array<GradDepthRange>;

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
    let range = depth_range[body].ends;
    let span = range.y - range.x + DEPTH_EPSILON;
    var sums = vec2<f32>();
    for (var k = local; k < params.gaussians; k += WORKGROUP) {
        let g = body * params.gaussians + k;
        let d = (projected[g].depth - range.x) / span;
        sums += grad_appearance[g].depth * vec2<f32>(d - 1.0, -d);
    }
    lanes[local] = sums;
    workgroupBarrier();
    if local == 0u {
        for (var i = 1u; i < WORKGROUP; i++) {
            sums += lanes[i];
        }
        grad_depth_range[body].ends = sums / (span * depth_range[body].ties);
    }
}
