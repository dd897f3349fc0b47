// h_k = V2·relu(V1·f_k + c1) + c2 for every template Gaussian (A.4 step 1).
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<Triple>;
@group(0) @binding(2) var<storage, read> weights: Weights;
@group(0) @binding(3) var<storage, read_write> head: array<vec4<f32>>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = flat_index(group, groups, local);
    if k >= params.gaussians {
        return;
    }
    let f = vec3<f32>(features[k].x, features[k].y, features[k].z);
    var h = vec4<f32>(weights.c2[0], weights.c2[1], weights.c2[2], weights.c2[3]);
    for (var i = 0u; i < HIDDEN; i++) {
        let hidden = dot(head_row(i), f) + weights.c1[i];
        h += max(hidden, 0.0) * head_column(i);
    }
    head[k] = h;
}
