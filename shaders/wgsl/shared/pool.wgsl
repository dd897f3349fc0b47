// What both skinning passes share: pooling joints with the blend weights, and the row that they write.
// #import shared/params

fn joint_vector(body: u32, joint: u32) -> u32 {
    return (body * params.joints + joint) * 3u;
}

fn position(body: u32, joint: u32) -> vec3<f32> {
    let at = joint_vector(body, joint);
    return vec3<f32>(positions[at], positions[at + 1u], positions[at + 2u]);
}

fn velocity(body: u32, joint: u32) -> vec3<f32> {
    let at = joint_vector(body, joint);
    return vec3<f32>(velocities[at], velocities[at + 1u], velocities[at + 2u]);
}

// P_k and v_k of A.4 step 3, and whether the body slot is filled: Σ|p_j| > 0 (step 10).
struct Pooled {
    position: vec3<f32>,
    velocity: vec3<f32>,
    valid: f32,
}

fn pool(body: u32, k: u32) -> Pooled {
    var pooled = Pooled(vec3<f32>(), vec3<f32>(), 0.0);
    var size = 0.0;
    for (var j = 0u; j < params.joints; j++) {
        let w = lbs_weights[k * params.joints + j];
        let p = position(body, j);
        pooled.position += w * p;
        pooled.velocity += w * velocity(body, j);
        size += abs(p.x) + abs(p.y) + abs(p.z);
    }
    pooled.valid = select(0.0, 1.0, size > 0.0);
    return pooled;
}

fn write_skinned(g: u32, mean: vec3<f32>, pooled: Pooled, cov: mat3x3<f32>) {
    skinned[4u * g] = vec4<f32>(mean, pooled.valid);
    skinned[4u * g + 1u] = vec4<f32>(pooled.position, cov[0].x);
    skinned[4u * g + 2u] = vec4<f32>(pooled.velocity, cov[0].y);
    skinned[4u * g + 3u] = vec4<f32>(cov[0].z, cov[1].y, cov[1].z, cov[2].z);
}
