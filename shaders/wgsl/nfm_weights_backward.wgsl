// Partial sums of the gradients of the NFM and of the depth-mix logit (A.6): a workgroup a slab of Gaussians, a thread
// a hidden unit, whose 16 weights it keeps to itself.
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> head: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> skinned: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> grad_appearance: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> weight_partials: array<f32>;

@compute @workgroup_size(64)
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
    let row = N1 + 10u * i;
    let to_position = vec3<f32>(weights[row], weights[row + 1u], weights[row + 2u]);
    let to_velocity = vec3<f32>(weights[row + 3u], weights[row + 4u], weights[row + 5u]);
    let to_head = vec4<f32>(weights[row + 6u], weights[row + 7u], weights[row + 8u], weights[row + 9u]);
    let bias = weights[D1 + i];
    let column = vec4<f32>(weights[N2 + i], weights[N2 + 64u + i], weights[N2 + 128u + i], weights[N2 + 192u + i]);
    let gate_column = weights[N2 + 256u + i];

    var n1_position = vec3<f32>();
    var n1_velocity = vec3<f32>();
    var n1_head = vec4<f32>();
    var d1 = 0.0;
    var n2 = vec4<f32>();
    var n2_gate = 0.0;
    var d2 = vec4<f32>();
    var gate_and_mix = vec2<f32>();
    for (var g = slab * length; g < end; g++) {
        let delta = grad_appearance[5u * g];
        let gate = grad_appearance[5u * g + 1u].xy;
        d2 += delta;
        gate_and_mix += gate;
        let position = skinned[4u * g + 1u].xyz;
        let velocity = skinned[4u * g + 2u].xyz;
        let logits = head[g % params.gaussians];
        let hidden = bias + dot(to_position, position) + dot(to_velocity, velocity) + dot(to_head, logits);
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

    let out = slab * WEIGHTS_LEN;
    for (var c = 0u; c < 3u; c++) {
        weight_partials[out + row + c] = n1_position[c];
        weight_partials[out + row + 3u + c] = n1_velocity[c];
    }
    for (var c = 0u; c < 4u; c++) {
        weight_partials[out + row + 6u + c] = n1_head[c];
        weight_partials[out + N2 + 64u * c + i] = n2[c];
    }
    weight_partials[out + N2 + 256u + i] = n2_gate;
    weight_partials[out + D1 + i] = d1;
    if i == 0u {
        for (var c = 0u; c < 4u; c++) {
            weight_partials[out + D2 + c] = d2[c];
        }
        weight_partials[out + D2 + 4u] = gate_and_mix.x;
        let mix_share = sigmoid(weights[DEPTH_MIX]);
        weight_partials[out + DEPTH_MIX] = mix_share * (1.0 - mix_share) * gate_and_mix.y;
    }
}
