// Colour and opacity back to NFM outputs, head logits, pooled inputs and depth colour (A.6).
// #import shared/params
// #import shared/index
// #import shared/appearance

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> head: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> skinned: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> depth_range: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> grad_splats: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> grad_appearance: array<vec4<f32>>;

// 1 where a clamp to [0, 1] lets gradients through; its bounds do.
fn passes(x: vec3<f32>) -> vec3<f32> {
    return select(vec3<f32>(), vec3<f32>(1.0), (x >= vec3<f32>()) & (x <= vec3<f32>(1.0)));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let g = flat_index(group, groups, local);
    if g >= total() {
        return;
    }
    let l = look(g);
    let second = grad_splats[3u * g + 1u];
    let third = grad_splats[3u * g + 2u];
    let colour = vec3<f32>(second.w, third.xy);
    let opacity = second.z * skinned[4u * g].w;
    let mix_share = sigmoid(weights[DEPTH_MIX]);

    let grad_mix = dot(colour, saturate(l.depth) - saturate(l.learned));
    let grad_depth = mix_share * colour * passes(l.depth);
    let grad_d = grad_depth.x - 2.0 * sign(l.d - 0.5) * grad_depth.y - grad_depth.z;
    let slope = l.base * (1.0 - l.base);
    var learned = (1.0 - mix_share) * colour;
    var alpha = opacity;
    var delta = vec4<f32>();
    var gate = 0.0;
    var position = vec3<f32>();
    var velocity = vec3<f32>();
    var logits = vec4<f32>();
    if params.nfm != 0u {
        learned *= passes(l.learned);
        alpha = opacity * l.gate * l.alpha * (1.0 - l.alpha);
        gate = opacity * l.alpha * l.gate * (1.0 - l.gate);
        delta = vec4<f32>(learned, alpha);
        for (var i = 0u; i < HIDDEN; i++) {
            if nfm_hidden(i, l.position, l.velocity, l.head) > 0.0 {
                let grad = dot(nfm_column(i), delta) + nfm_gate(i) * gate;
                let row = N1 + 10u * i;
                position += grad * vec3<f32>(weights[row], weights[row + 1u], weights[row + 2u]);
                velocity += grad * vec3<f32>(weights[row + 3u], weights[row + 4u], weights[row + 5u]);
                logits += grad
                    * vec4<f32>(weights[row + 6u], weights[row + 7u], weights[row + 8u], weights[row + 9u]);
            }
        }
    }
    logits += vec4<f32>(learned, alpha) * slope;
    grad_appearance[5u * g] = delta;
    grad_appearance[5u * g + 1u] = vec4<f32>(gate, grad_mix, grad_d, 0.0);
    grad_appearance[5u * g + 2u] = logits;
    grad_appearance[5u * g + 3u] = vec4<f32>(position, 0.0);
    grad_appearance[5u * g + 4u] = vec4<f32>(velocity, 0.0);
}
