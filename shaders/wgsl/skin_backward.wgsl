// World means and pooled inputs back to joints: gp_j = Σ_k w_kj (gμ_k + gx_k[0..3]), gv_j = Σ_k w_kj gx_k[3..6] (A.6).
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lbs_weights: array<f32>;
@group(0) @binding(2) var<storage, read> grad_means: array<GradMean>;
@group(0) @binding(3) var<storage, read> grad_appearance: array<GradAppearance>;
@group(0) @binding(4) var<storage, read_write> grad_positions: array<Triple>;
@group(0) @binding(5) var<storage, read_write> grad_velocities: array<Triple>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let joint = flat_index(group, groups, local);
    if joint >= params.frames * params.bodies * params.joints {
        return;
    }
    let start = joint / params.joints * params.gaussians;
    let j = joint % params.joints;
    var position = vec3<f32>();
    var velocity = vec3<f32>();
    for (var k = 0u; k < params.gaussians; k++) {
        let g = start + k;
        let w = lbs_weights[k * params.joints + j];
        position += w * (grad_means[g].mean + grad_appearance[g].position);
        velocity += w * grad_appearance[g].velocity;
    }
    grad_positions[joint] = Triple(position.x, position.y, position.z);
    grad_velocities[joint] = Triple(velocity.x, velocity.y, velocity.z);
}
