//! Three-dimensional arithmetic that several twins share.

/// `σ(x)`.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// `M x` for a row-major `[3,3]` matrix.
pub fn transform(m: &[f32; 9], x: [f32; 3]) -> [f32; 3] {
    [0, 3, 6].map(|r| m[r] * x[0] + m[r + 1] * x[1] + m[r + 2] * x[2])
}

/// The rotation inside `camera_from_world`.
pub fn camera_rotation(camera: &[f32]) -> [f32; 9] {
    let c = camera;
    [c[0], c[1], c[2], c[4], c[5], c[6], c[8], c[9], c[10]]
}

/// A symmetric matrix `xx xy xz yy yz zz`, seen as the quadratic form it is.
#[derive(Clone, Copy)]
pub struct Polynomial3(pub [f32; 6]);

impl Polynomial3 {
    /// `S v`.
    pub fn apply(&self, v: [f32; 3]) -> [f32; 3] {
        let [xx, xy, xz, yy, yz, zz] = self.0;
        [xx * v[0] + xy * v[1] + xz * v[2], xy * v[0] + yy * v[1] + yz * v[2], xz * v[0] + yz * v[1] + zz * v[2]]
    }
    /// `aᵀ S b`.
    pub fn form(&self, a: [f32; 3], b: [f32; 3]) -> f32 {
        let s = self.apply(b);
        a[0] * s[0] + a[1] * s[1] + a[2] * s[2]
    }
    /// `aᵀ S a`.
    pub fn form_self(&self, a: [f32; 3]) -> f32 {
        self.form(a, a)
    }
    /// The adjugate, `det(S)·S⁻¹`.
    pub fn adjugate(&self) -> Polynomial3 {
        let [xx, xy, xz, yy, yz, zz] = self.0;
        Polynomial3([
            yy * zz - yz * yz,
            xz * yz - xy * zz,
            xy * yz - xz * yy,
            xx * zz - xz * xz,
            xy * xz - xx * yz,
            xx * yy - xy * xy,
        ])
    }
}

/// `R S Rᵀ` for a symmetric `S = xx xy xz yy yz zz`.
pub fn rotate_covariance(r: &[f32; 9], cov: &[f32]) -> [f32; 6] {
    let s = Polynomial3([cov[0], cov[1], cov[2], cov[3], cov[4], cov[5]]);
    let row = |i: usize| [r[3 * i], r[3 * i + 1], r[3 * i + 2]];
    let form = |i, j| s.form(row(i), row(j));
    [form(0, 0), form(0, 1), form(0, 2), form(1, 1), form(1, 2), form(2, 2)]
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
