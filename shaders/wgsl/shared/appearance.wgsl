// One Gaussian's colour and opacity (A.4), with everything that its backward needs again.
// #import shared/params
// #import shared/weights
// #import shared/finite

struct Look {
    // b_k + δ_rgb before clamping (b_k with the NFM off), and the inner argument's σ(h[3]).
    learned: vec3<f32>,
    base: vec4<f32>,
    // A_k (a_k with the NFM off) and the gate s_k (1).
    alpha: f32,
    gate: f32,
    // Depth coordinate d and depth colour D_k before clamping.
    d: f32,
    depth: vec3<f32>,
    // Pooled position, pooled velocity and head logits: the NFM's input x_k.
    position: vec3<f32>,
    velocity: vec3<f32>,
    head: vec4<f32>,
}

// Pre-activation of the NFM's hidden unit `i`.
fn nfm_hidden(i: u32, position: vec3<f32>, velocity: vec3<f32>, logits: vec4<f32>) -> f32 {
    let row = N1 + 10u * i;
    return weights[D1 + i]
        + dot(vec3<f32>(weights[row], weights[row + 1u], weights[row + 2u]), position)
        + dot(vec3<f32>(weights[row + 3u], weights[row + 4u], weights[row + 5u]), velocity)
        + dot(vec4<f32>(weights[row + 6u], weights[row + 7u], weights[row + 8u], weights[row + 9u]), logits);
}

// Column `i` of N2: how the hidden unit acts on δ_rgb and δ_α; the gate's entry is the last.
fn nfm_column(i: u32) -> vec4<f32> {
    return vec4<f32>(weights[N2 + i], weights[N2 + 64u + i], weights[N2 + 128u + i], weights[N2 + 192u + i]);
}

fn nfm_gate(i: u32) -> f32 {
    return weights[N2 + 256u + i];
}

fn look(g: u32) -> Look {
    var l: Look;
    l.head = head[g % params.gaussians];
    l.position = skinned[4u * g + 1u].xyz;
    l.velocity = skinned[4u * g + 2u].xyz;
    let range = depth_range[g / params.gaussians];
    l.d = (projected[3u * g].z - range.x) / (range.y - range.x + 1e-6);
    l.depth = vec3<f32>(l.d, 1.0 - 2.0 * abs(l.d - 0.5), 1.0 - l.d);
    l.base = 1.0 / (1.0 + exp(-l.head));
    l.learned = l.base.xyz;
    l.alpha = l.base.w;
    l.gate = 1.0;
    if params.nfm == 0u {
        return l;
    }
    var delta = vec4<f32>(weights[D2], weights[D2 + 1u], weights[D2 + 2u], weights[D2 + 3u]);
    var gate = weights[D2 + 4u];
    for (var i = 0u; i < HIDDEN; i++) {
        let hidden = max(nfm_hidden(i, l.position, l.velocity, l.head), 0.0);
        delta += hidden * nfm_column(i);
        gate += hidden * nfm_gate(i);
    }
    l.learned += delta.xyz;
    // σ twice on the alpha path, as the reference does
    l.alpha = sigmoid(l.base.w + delta.w);
    l.gate = sigmoid(gate);
    return l;
}
