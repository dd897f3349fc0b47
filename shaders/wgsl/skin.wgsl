// Joints to Gaussians by translation: μ_k = μᶜ_k + Σ_j w_kj (p_j − c_j), and the pooled inputs of the NFM (A.3, A.4).
// #import shared/params
// #import shared/index
// #import shared/covariance
// #import shared/pool

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<Triple>;
@group(0) @binding(2) var<storage, read> velocities: array<Triple>;
@group(0) @binding(3) var<storage, read> template_rows: array<TemplateRow>;
@group(0) @binding(4) var<storage, read> lbs_weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> skinned: array<Skinned>;

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
    let k = g % params.gaussians;
    let pooled = pool(g / params.gaussians, k);
    let mean = template_rows[k].offset + pooled.position;
    write_skinned(g, mean, pooled, matrix_of(template_rows[k].covariance));
}
