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
    let row = nfm_row(i);
    return weights.d1[i] + dot(row.position, position) + dot(row.velocity, velocity) + dot(row.logits, logits);
}

fn look(g: u32) -> Look {
    var l: Look;
    l.head = head[g % params.gaussians];
    l.position = skinned[g].position;
    l.velocity = skinned[g].velocity;
    let range = depth_range[g / params.gaussians].ends;
    l.d = (projected[g].depth - range.x) / (range.y - range.x + DEPTH_EPSILON);
    l.depth = vec3<f32>(l.d, 1.0 - 2.0 * abs(l.d - 0.5), 1.0 - l.d);
    l.base = 1.0 / (1.0 + exp(-l.head));
    l.learned = l.base.xyz;
    l.alpha = l.base.w;
    l.gate = 1.0;
    if params.nfm == 0u {
        return l;
    }
    var delta = vec4<f32>(weights.d2[0], weights.d2[1], weights.d2[2], weights.d2[3]);
    var gate = weights.d2[4];
    for (var i = 0u; i < HIDDEN; i++) {
        let hidden = max(nfm_hidden(i, l.position, l.velocity, l.head), 0.0);
        delta += hidden * nfm_column(i);
        gate += hidden * weights.n2[4][i];
    }
    l.learned += delta.xyz;
    // σ twice on the alpha path, as the reference does
    l.alpha = sigmoid(l.base.w + delta.w);
    l.gate = sigmoid(gate);
    return l;
}
