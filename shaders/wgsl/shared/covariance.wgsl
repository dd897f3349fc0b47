// Symmetric 3×3 matrices.
// #import shared/rows

fn symmetric(xx: f32, xy: f32, xz: f32, yy: f32, yz: f32, zz: f32) -> mat3x3<f32> {
    return mat3x3<f32>(xx, xy, xz, xy, yy, yz, xz, yz, zz);
}

fn matrix_of(s: Symmetric) -> mat3x3<f32> {
    return symmetric(s.xx, s.xy, s.xz, s.yy, s.yz, s.zz);
}

// det(S)·S⁻¹, which exists for a flat Gaussian too.
fn adjugate(s: mat3x3<f32>) -> mat3x3<f32> {
    return symmetric(
        s[1].y * s[2].z - s[1].z * s[1].z,
        s[0].z * s[1].z - s[0].y * s[2].z,
        s[0].y * s[1].z - s[0].z * s[1].y,
        s[0].x * s[2].z - s[0].z * s[0].z,
        s[0].y * s[0].z - s[0].x * s[1].z,
        s[0].x * s[1].y - s[0].y * s[0].y,
    );
}

// aᵀSb
fn form(s: mat3x3<f32>, a: vec3<f32>, b: vec3<f32>) -> f32 {
    return dot(a, s * b);
}
