// Colour and opacity of every Gaussian: the NFM and the depth colour (A.4 steps 2, 4–11).
// #import shared/params
// #import shared/index
// #import shared/appearance

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> head: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> skinned: array<Skinned>;
@group(0) @binding(3) var<storage, read> projected: array<Projected>;
@group(0) @binding(4) var<storage, read> depth_range: array<DepthRange>;
@group(0) @binding(5) var<storage, read> weights: Weights;
@group(0) @binding(6) var<storage, read_write> shaded: array<Shaded>;

// NaN becomes 0 (step 11).
fn guarded(x: f32) -> f32 {
    return select(x, 0.0, is_nan(x));
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
    let mix_share = sigmoid(weights.depth_mix);
    let colour = mix(saturate(l.learned), saturate(l.depth), mix_share);
    let opacity = l.alpha * l.gate * skinned[g].valid;
    shaded[g] = Shaded(
        saturate(vec3<f32>(guarded(colour.x), guarded(colour.y), guarded(colour.z))),
        max(guarded(opacity), 0.0),
    );
}
