// Partial sums of the gradients of the NFM and of the depth-mix logit (A.6): a workgroup a slab of Gaussians, a thread
// a hidden unit, whose 16 weights it keeps to itself.
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> head: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> skinned: array<Skinned>;
@group(0) @binding(3) var<storage, read> weights: Weights;
@group(0) @binding(4) var<storage, read> grad_appearance: array<GradAppearance>;
@group(0) @binding(5) var<storage, read_write> weight_partials: array<Weights>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    let slab = flat_group(group, groups);
    if slab >= params.slabs {
        return;
    }
    let length = (total() + params.slabs - 1u) / params.slabs;
    let end = min((slab + 1u) * length, total());
    let row = nfm_row(i);
    let bias = weights.d1[i];
    let column = nfm_column(i);
    let gate_column = weights.n2[4][i];

    var n1_position = vec3<f32>();
    var n1_velocity = vec3<f32>();
    var n1_head = vec4<f32>();
    var d1 = 0.0;
    var n2 = vec4<f32>();
    var n2_gate = 0.0;
    var d2 = vec4<f32>();
    var gate_and_mix = vec2<f32>();
    for (var g = slab * length; g < end; g++) {
        let delta = grad_appearance[g].delta;
        let gate = vec2<f32>(grad_appearance[g].gate, grad_appearance[g].mix);
        d2 += delta;
        gate_and_mix += gate;
        let position = skinned[g].position;
        let velocity = skinned[g].velocity;
        let logits = head[g % params.gaussians];
        let hidden = bias + dot(row.position, position) + dot(row.velocity, velocity) + dot(row.logits, logits);
        if hidden > 0.0 {
            let grad = dot(column, delta) + gate_column * gate.x;
            n1_position += grad * position;
            n1_velocity += grad * velocity;
            n1_head += grad * logits;
            d1 += grad;
            n2 += hidden * delta;
            n2_gate += hidden * gate.x;
        }
    }

    for (var c = 0u; c < 3u; c++) {
        weight_partials[slab].n1[i][c] = n1_position[c];
        weight_partials[slab].n1[i][3u + c] = n1_velocity[c];
    }
    for (var c = 0u; c < 4u; c++) {
        weight_partials[slab].n1[i][6u + c] = n1_head[c];
        weight_partials[slab].n2[c][i] = n2[c];
    }
    weight_partials[slab].n2[4][i] = n2_gate;
    weight_partials[slab].d1[i] = d1;
    if i == 0u {
        for (var c = 0u; c < 4u; c++) {
            weight_partials[slab].d2[c] = d2[c];
        }
        weight_partials[slab].d2[4] = gate_and_mix.x;
        let mix_share = sigmoid(weights.depth_mix);
        weight_partials[slab].depth_mix = mix_share * (1.0 - mix_share) * gate_and_mix.y;
    }
}
