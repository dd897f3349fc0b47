// h_k = V2·relu(V1·f_k + c1) + c2 for every template Gaussian (A.4 step 1).
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> head: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let k = flat_index(group, groups, local);
    if k >= params.gaussians {
        return;
    }
    let f = vec3<f32>(features[3u * k], features[3u * k + 1u], features[3u * k + 2u]);
    var h = vec4<f32>(weights[C2], weights[C2 + 1u], weights[C2 + 2u], weights[C2 + 3u]);
    for (var i = 0u; i < HIDDEN; i++) {
        let row = V1 + 3u * i;
        let hidden = dot(vec3<f32>(weights[row], weights[row + 1u], weights[row + 2u]), f) + weights[C1 + i];
        let column = V2 + i;
        h += max(hidden, 0.0)
            * vec4<f32>(weights[column], weights[column + 64u], weights[column + 128u], weights[column + 192u]);
    }
    head[k] = h;
}
