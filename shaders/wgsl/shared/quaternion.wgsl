// Quaternions as (w, x, y, z), spec A.3.
// #import shared/finite

// Length one, or the identity where there is no direction to be had.
fn unit_or_identity(q: vec4<f32>) -> vec4<f32> {
    let length = sqrt(dot(q, q));
    if !is_finite(length) || length < 1e-6 {
        return vec4<f32>(1.0, 0.0, 0.0, 0.0);
    }
    return q / (length + 1e-8);
}

fn rotation(q: vec4<f32>) -> mat3x3<f32> {
    let w = q.x;
    let x = q.y;
    let y = q.z;
    let z = q.w;
    return mat3x3<f32>(
        1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y),
        2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x),
        2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y),
    );
}

// Dominant eigenvector of Σ w q qᵀ: the rotation nearest to Σ w R(q), because tr(Rᵀ Σ w R(q_j)) = Σ w (4 (q·q_j)² − 1).
// Squaring fourteen times leaves nothing but the dominant direction; every column then points along it.
fn dominant(moments: mat4x4<f32>) -> vec4<f32> {
    var a = moments;
    for (var i = 0; i < 14; i++) {
        let trace = a[0].x + a[1].y + a[2].z + a[3].w;
        a = a * a * (1.0 / (trace * trace));
    }
    var best = a[0];
    var size = a[0].x;
    if a[1].y > size { best = a[1]; size = a[1].y; }
    if a[2].z > size { best = a[2]; size = a[2].z; }
    if a[3].w > size { best = a[3]; }
    return unit_or_identity(best);
}
