// What both skinning passes share: pooling joints with the blend weights, and the row that they write.
// #import shared/params

fn position(body: u32, joint: u32) -> vec3<f32> {
    let at = body * params.joints + joint;
    return vec3<f32>(positions[at].x, positions[at].y, positions[at].z);
}

fn velocity(body: u32, joint: u32) -> vec3<f32> {
    let at = body * params.joints + joint;
    return vec3<f32>(velocities[at].x, velocities[at].y, velocities[at].z);
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
    skinned[g] = Skinned(
        mean,
        pooled.valid,
        pooled.position,
        cov[0].x,
        pooled.velocity,
        cov[0].y,
        cov[0].z,
        cov[1].y,
        cov[1].z,
        cov[2].z,
    );
}
