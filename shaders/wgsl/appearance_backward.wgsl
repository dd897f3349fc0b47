// Colour and opacity back to NFM outputs, head logits, pooled inputs and depth colour (A.6).
// #import shared/params
// #import shared/index
// #import shared/appearance

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> head: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> skinned: array<Skinned>;
@group(0) @binding(3) var<storage, read> projected: array<Projected>;
@group(0) @binding(4) var<storage, read> depth_range: array<DepthRange>;
@group(0) @binding(5) var<storage, read> weights: Weights;
@group(0) @binding(6) var<storage, read> grad_splats: array<GradSplat>;
@group(0) @binding(7) var<storage, read_write> grad_appearance: array<GradAppearance>;

// 1 where a clamp to [0, 1] lets gradients through; its bounds do.
fn passes(x: vec3<f32>) -> vec3<f32> {
    return select(vec3<f32>(), vec3<f32>(1.0), (x >= vec3<f32>()) & (x <= vec3<f32>(1.0)));
}

@compute @workgroup_size(WORKGROUP)
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
    let colour = vec3<f32>(grad_splats[g].red, grad_splats[g].green, grad_splats[g].blue);
    let opacity = grad_splats[g].opacity * skinned[g].valid;
    let mix_share = sigmoid(weights.depth_mix);

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
                let grad = dot(nfm_column(i), delta) + weights.n2[4][i] * gate;
                let row = nfm_row(i);
                position += grad * row.position;
                velocity += grad * row.velocity;
                logits += grad * row.logits;
            }
        }
    }
    logits += vec4<f32>(learned, alpha) * slope;
    grad_appearance[g] = GradAppearance(delta, gate, grad_mix, grad_d, 0.0, logits, position, 0.0, velocity, 0.0);
}
