// ∂L/∂h_k summed over frames and bodies, and the features' gradient gf = V1ᵀ(V2ᵀgh ⊙ 1[pre > 0]) (A.6).
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<Triple>;
@group(0) @binding(2) var<storage, read> weights: Weights;
@group(0) @binding(3) var<storage, read> grad_appearance: array<GradAppearance>;
@group(0) @binding(4) var<storage, read_write> grad_head: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> grad_features: array<Triple>;

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
    var grad = vec4<f32>();
    for (var g = k; g < total(); g += params.gaussians) {
        grad += grad_appearance[g].logits;
    }
    grad_head[k] = grad;

    let f = vec3<f32>(features[k].x, features[k].y, features[k].z);
    var grad_f = vec3<f32>();
    for (var i = 0u; i < HIDDEN; i++) {
        let to_hidden = head_row(i);
        if dot(to_hidden, f) + weights.c1[i] > 0.0 {
            grad_f += dot(head_column(i), grad) * to_hidden;
        }
    }
    if params.accumulate != 0u {
        grad_f += vec3<f32>(grad_features[k].x, grad_features[k].y, grad_features[k].z);
    }
    grad_features[k] = Triple(grad_f.x, grad_f.y, grad_f.z);
}
