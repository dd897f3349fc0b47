// Sums the slabs of weight gradients in their order, on top of those of earlier frames where a batch is cut.
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weight_partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad_weights: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let weight = flat_index(group, groups, local);
    if weight >= WEIGHTS_LEN {
        return;
    }
    var sum = select(0.0, grad_weights[weight], params.accumulate != 0u);
    for (var slab = 0u; slab < params.slabs; slab++) {
        sum += weight_partials[slab * WEIGHTS_LEN + weight];
    }
    grad_weights[weight] = sum;
}
