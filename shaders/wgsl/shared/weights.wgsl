// The trained numbers, read off `weights`.
// #import shared/rows

fn sigmoid(x: f32) -> f32 {
    return 1.0 / (1.0 + exp(-x));
}

// Row `i` of V1: how a feature acts on the head's hidden unit.
fn head_row(i: u32) -> vec3<f32> {
    return vec3<f32>(weights.v1[i][0], weights.v1[i][1], weights.v1[i][2]);
}

// Column `i` of V2: how the hidden unit acts on the logits.
fn head_column(i: u32) -> vec4<f32> {
    return vec4<f32>(weights.v2[0][i], weights.v2[1][i], weights.v2[2][i], weights.v2[3][i]);
}

// Row `i` of N1, in parts: how the pooled position, the pooled velocity and the head's logits act on a hidden unit.
struct NfmRow {
    position: vec3<f32>,
    velocity: vec3<f32>,
    logits: vec4<f32>,
}

fn nfm_row(i: u32) -> NfmRow {
    return NfmRow(
        vec3<f32>(weights.n1[i][0], weights.n1[i][1], weights.n1[i][2]),
        vec3<f32>(weights.n1[i][3], weights.n1[i][4], weights.n1[i][5]),
        vec4<f32>(weights.n1[i][6], weights.n1[i][7], weights.n1[i][8], weights.n1[i][9]),
    );
}

// Column `i` of N2: how the hidden unit acts on δ_rgb and δ_α; the gate's entry is the last, `weights.n2[4][i]`.
fn nfm_column(i: u32) -> vec4<f32> {
    return vec4<f32>(weights.n2[0][i], weights.n2[1][i], weights.n2[2][i], weights.n2[3][i]);
}
