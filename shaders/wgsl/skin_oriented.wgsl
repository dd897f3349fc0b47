// Joints to Gaussians with the joints' orientations: μ_k = Σ_j w_kj (R_j (μᶜ_k − c_j) + p_j), and the covariance turned
// by the rotation nearest to Σ_j w_kj R_j (A.3 with its recommendation).
// #import shared/params
// #import shared/index
// #import shared/covariance
// #import shared/quaternion
// #import shared/pool

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<Triple>;
@group(0) @binding(2) var<storage, read> velocities: array<Triple>;
@group(0) @binding(3) var<storage, read> orientations: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> canonical_joints: array<CanonicalJoint>;
@group(0) @binding(5) var<storage, read> template_rows: array<TemplateRow>;
@group(0) @binding(6) var<storage, read> lbs_weights: array<f32>;
@group(0) @binding(7) var<storage, read_write> skinned: array<Skinned>;

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
    let body = g / params.gaussians;
    let canonical = template_rows[k].mean;
    var mean = vec3<f32>();
    var moments = mat4x4<f32>();
    for (var j = 0u; j < params.joints; j++) {
        let w = lbs_weights[k * params.joints + j];
        let q = unit_or_identity(orientations[body * params.joints + j]);
        mean += w * (rotation(q) * (canonical - canonical_joints[j].position) + position(body, j));
        moments += mat4x4<f32>(w * q.x * q, w * q.y * q, w * q.z * q, w * q.w * q);
    }
    let turn = rotation(dominant(moments));
    let cov = turn * matrix_of(template_rows[k].covariance) * transpose(turn);
    write_skinned(g, mean, pool(body, k), cov);
}
