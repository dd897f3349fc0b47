//! Three-dimensional arithmetic that several twins share.

use draction_shaders::rows::{CameraRow, Symmetric};

/// `σ(x)`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// `M x` for a row-major `[3,3]` matrix.
pub fn transform(m: &[f32; 9], x: [f32; 3]) -> [f32; 3] {
    [0, 3, 6].map(|r| m[r] * x[0] + m[r + 1] * x[1] + m[r + 2] * x[2])
}

/// The rotation inside `camera_from_world`.
pub fn camera_rotation(camera: &CameraRow) -> [f32; 9] {
    let CameraRow { right: r, up: u, forward: f, .. } = camera;
    [r[0], r[1], r[2], u[0], u[1], u[2], f[0], f[1], f[2]]
}

/// A symmetric matrix, seen as the quadratic form that it is.
pub trait Form: Sized {
    /// `S v`.
    fn apply(&self, v: [f32; 3]) -> [f32; 3];
    /// `aᵀ S b`.
    fn form(&self, a: [f32; 3], b: [f32; 3]) -> f32;
    /// `aᵀ S a`.
    fn form_self(&self, a: [f32; 3]) -> f32 {
        self.form(a, a)
    }
    /// The adjugate, `det(S)·S⁻¹`.
    fn adjugate(&self) -> Self;
}

impl Form for Symmetric {
    fn apply(&self, v: [f32; 3]) -> [f32; 3] {
        let Symmetric { xx, xy, xz, yy, yz, zz } = *self;
        [xx * v[0] + xy * v[1] + xz * v[2], xy * v[0] + yy * v[1] + yz * v[2], xz * v[0] + yz * v[1] + zz * v[2]]
    }

    fn form(&self, a: [f32; 3], b: [f32; 3]) -> f32 {
        let s = self.apply(b);
        a[0] * s[0] + a[1] * s[1] + a[2] * s[2]
    }

    fn adjugate(&self) -> Symmetric {
        let Symmetric { xx, xy, xz, yy, yz, zz } = *self;
        Symmetric {
            xx: yy * zz - yz * yz,
            xy: xz * yz - xy * zz,
            xz: xy * yz - xz * yy,
            yy: xx * zz - xz * xz,
            yz: xy * xz - xx * yz,
            zz: xx * yy - xy * xy,
        }
    }
}

/// `R S Rᵀ` for a symmetric `S`.
pub fn rotate_covariance(r: &[f32; 9], s: &Symmetric) -> Symmetric {
    let row = |i: usize| [r[3 * i], r[3 * i + 1], r[3 * i + 2]];
    let form = |i, j| s.form(row(i), row(j));
    Symmetric { xx: form(0, 0), xy: form(0, 1), xz: form(0, 2), yy: form(1, 1), yz: form(1, 2), zz: form(2, 2) }
}

/// A quaternion of length one, or the identity where there is none to be had (A.3).
pub fn unit_or_identity(q: [f32; 4]) -> [f32; 4] {
    let length = q.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length.is_finite() && length >= 1e-6 { q.map(|x| x / (length + 1e-8)) } else { [1.0, 0.0, 0.0, 0.0] }
}

/// Rotation matrix of a unit quaternion, scalar first, row-major.
pub fn matrix([w, x, y, z]: [f32; 4]) -> [f32; 9] {
    [
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - w * z),
        2.0 * (x * z + w * y),
        2.0 * (x * y + w * z),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - w * x),
        2.0 * (x * z - w * y),
        2.0 * (y * z + w * x),
        1.0 - 2.0 * (x * x + y * y),
    ]
}

/// The rotation nearest to `Σ w_j R_j` (A.3's `U Vᵀ`), as a quaternion.
///
/// Nearest in the Frobenius norm means greatest `tr(Rᵀ Σ w_j R_j) = Σ w_j (4 (q·q_j)² − 1)`: the dominant eigenvector
/// of `Σ w_j q_j q_jᵀ`. Squaring that matrix fourteen times leaves nothing but its dominant direction.
pub fn average_rotation(weights: &[f32], quats: &[[f32; 4]]) -> [f32; 4] {
    let mut a = [[0f32; 4]; 4];
    for (w, q) in weights.iter().zip(quats) {
        for i in 0..4 {
            for j in 0..4 {
                a[i][j] += w * q[i] * q[j];
            }
        }
    }
    for _ in 0..14 {
        let trace = (0..4).map(|i| a[i][i]).sum::<f32>();
        let mut square = [[0f32; 4]; 4];
        for i in 0..4 {
            for j in 0..4 {
                square[i][j] = (0..4).map(|k| a[i][k] * a[k][j]).sum::<f32>() / (trace * trace);
            }
        }
        a = square;
    }
    let best = (0..4).max_by(|&i, &j| a[i][i].total_cmp(&a[j][j])).unwrap_or(0);
    unit_or_identity(a[best])
}
