// Partial sums of the appearance head's weight gradients (A.6): a workgroup a slab of template Gaussians, a thread a
// hidden unit.
// #import shared/params
// #import shared/index
// #import shared/weights

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> features: array<Triple>;
@group(0) @binding(2) var<storage, read> weights: Weights;
@group(0) @binding(3) var<storage, read> grad_head: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> weight_partials: array<Weights>;

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
    let length = (params.gaussians + params.slabs - 1u) / params.slabs;
    let end = min((slab + 1u) * length, params.gaussians);
    let to_hidden = head_row(i);
    let bias = weights.c1[i];
    let column = head_column(i);

    var v1 = vec3<f32>();
    var c1 = 0.0;
    var v2 = vec4<f32>();
    var c2 = vec4<f32>();
    for (var k = slab * length; k < end; k++) {
        let f = vec3<f32>(features[k].x, features[k].y, features[k].z);
        let logits = grad_head[k];
        c2 += logits;
        let hidden = dot(to_hidden, f) + bias;
        if hidden > 0.0 {
            let grad = dot(column, logits);
            v1 += grad * f;
            c1 += grad;
            v2 += hidden * logits;
        }
    }

    for (var c = 0u; c < 3u; c++) {
        weight_partials[slab].v1[i][c] = v1[c];
    }
    weight_partials[slab].c1[i] = c1;
    for (var c = 0u; c < 4u; c++) {
        weight_partials[slab].v2[c][i] = v2[c];
        if i == 0u {
            weight_partials[slab].c2[c] = c2[c];
        }
    }
}
