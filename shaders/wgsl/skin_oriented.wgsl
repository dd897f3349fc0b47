// Joints to Gaussians with the joints' orientations: μ_k = Σ_j w_kj (R_j (μᶜ_k − c_j) + p_j), and the covariance turned
// by the rotation nearest to Σ_j w_kj R_j (A.3 with its recommendation).
// #import shared/params
// #import shared/index
// #import shared/covariance
// #import shared/quaternion
// #import shared/pool

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<f32>;
@group(0) @binding(2) var<storage, read> velocities: array<f32>;
@group(0) @binding(3) var<storage, read> orientations: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> canonical_joints: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> template_rows: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> lbs_weights: array<f32>;
@group(0) @binding(7) var<storage, read_write> skinned: array<vec4<f32>>;

@compute @workgroup_size(64)
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
    let canonical = template_rows[4u * k + 1u].xyz;
    var mean = vec3<f32>();
    var moments = mat4x4<f32>();
    for (var j = 0u; j < params.joints; j++) {
        let w = lbs_weights[k * params.joints + j];
        let q = unit_or_identity(orientations[body * params.joints + j]);
        mean += w * (rotation(q) * (canonical - canonical_joints[j].xyz) + position(body, j));
        moments += mat4x4<f32>(w * q.x * q, w * q.y * q, w * q.z * q, w * q.w * q);
    }
    let turn = rotation(dominant(moments));
    let c0 = template_rows[4u * k + 2u];
    let c1 = template_rows[4u * k + 3u];
    let cov = turn * symmetric(c0.x, c0.y, c0.z, c0.w, c1.x, c1.y) * transpose(turn);
    write_skinned(g, mean, pool(body, k), cov);
}
