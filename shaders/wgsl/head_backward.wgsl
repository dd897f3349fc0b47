// ∂L/∂h_k summed over frames and bodies, and the features' gradient gf = V1ᵀ(V2ᵀgh ⊙ 1[pre > 0]) (A.6).
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> grad_appearance: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> grad_head: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> grad_features: array<f32>;

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
    var grad = vec4<f32>();
    for (var g = k; g < total(); g += params.gaussians) {
        grad += grad_appearance[5u * g + 2u];
    }
    grad_head[k] = grad;

    let f = vec3<f32>(features[3u * k], features[3u * k + 1u], features[3u * k + 2u]);
    var grad_f = vec3<f32>();
    for (var i = 0u; i < HIDDEN; i++) {
        let row = V1 + 3u * i;
        let to_hidden = vec3<f32>(weights[row], weights[row + 1u], weights[row + 2u]);
        if dot(to_hidden, f) + weights[C1 + i] > 0.0 {
            let at = V2 + i;
            let column = vec4<f32>(weights[at], weights[at + 64u], weights[at + 128u], weights[at + 192u]);
            grad_f += dot(column, grad) * to_hidden;
        }
    }
    for (var c = 0u; c < 3u; c++) {
        let earlier = select(0.0, grad_features[3u * k + c], params.accumulate != 0u);
        grad_features[3u * k + c] = earlier + grad_f[c];
    }
}
