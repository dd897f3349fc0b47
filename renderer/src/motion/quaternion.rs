//! Unit quaternions `[w, x, y, z]` in f64: enough for forward kinematics without losing millimetres on long chains.

/// A unit quaternion, scalar first.
pub type Quat = [f64; 4];

/// No rotation.
pub(super) const IDENTITY: Quat = [1.0, 0.0, 0.0, 0.0];

/// Rotation by `angle` radians about coordinate axis 0, 1 or 2.
pub(super) fn about(axis: usize, angle: f64) -> Quat {
    let (s, c) = (angle / 2.0).sin_cos();
    let mut q = [c, 0.0, 0.0, 0.0];
    q[axis + 1] = s;
    q
}

/// `a ⊗ b`: first `b`, then `a`.
pub(super) fn mul(a: Quat, b: Quat) -> Quat {
    [
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    ]
}

/// The inverse of a unit quaternion.
pub fn conj(q: Quat) -> Quat {
    [q[0], -q[1], -q[2], -q[3]]
}

/// Rotates a vector.
pub fn rotate(q: Quat, v: [f64; 3]) -> [f64; 3] {
    let [w, x, y, z] = q;
    // v + 2w(u×v) + 2u×(u×v) with u the vector part
    let c = [y * v[2] - z * v[1], z * v[0] - x * v[2], x * v[1] - y * v[0]];
    let d = [y * c[2] - z * c[1], z * c[0] - x * c[2], x * c[1] - y * c[0]];
    [v[0] + 2.0 * (w * c[0] + d[0]), v[1] + 2.0 * (w * c[1] + d[1]), v[2] + 2.0 * (w * c[2] + d[2])]
}

/// Scales to unit length; the identity where the length is zero or not finite.
pub(super) fn normalized(q: Quat) -> Quat {
    let n = q.iter().map(|v| v * v).sum::<f64>().sqrt();
    if !(n.is_finite() && n >= 1e-6) {
        return IDENTITY;
    }
    q.map(|v| v / n)
}

/// Of `q` and `-q`, which turn alike, the one nearer to `reference`: interpolation then takes the short way.
pub(super) fn nearer_sign(q: Quat, reference: Quat) -> Quat {
    let dot: f64 = q.iter().zip(reference).map(|(a, b)| a * b).sum();
    if dot < 0.0 { q.map(|v| -v) } else { q }
}

/// Angles `(z, x, y)` in radians with `q = Rz ⊗ Rx ⊗ Ry`, the channel order most BVH files use.
pub(super) fn to_zxy(q: Quat) -> [f64; 3] {
    // entries of the matrix Rz·Rx·Ry: r[2][1] = sin x
    let ex = rotate(q, [1.0, 0.0, 0.0]);
    let ey = rotate(q, [0.0, 1.0, 0.0]);
    let ez = rotate(q, [0.0, 0.0, 1.0]);
    let sin_x = ey[2].clamp(-1.0, 1.0);
    let x = sin_x.asin();
    if sin_x.abs() > 0.999_999 {
        // gimbal lock: only the sum of z and y is defined, give it all to z
        return [ex[1].atan2(ex[0]), x, 0.0];
    }
    [(-ey[0]).atan2(ey[1]), x, (-ex[2]).atan2(ez[2])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zxy_angles_rebuild_the_rotation() {
        for angles in [[0.3, -1.1, 2.5], [-3.0, 0.2, 0.1], [1.0, 1.57, -0.4]] {
            let build = |a: [f64; 3]| mul(mul(about(2, a[0]), about(0, a[1])), about(1, a[2]));
            let q = build(angles);
            let again = nearer_sign(build(to_zxy(q)), q);
            for (a, b) in q.iter().zip(again) {
                assert!((a - b).abs() < 1e-3, "{angles:?}: {q:?} {again:?}");
            }
        }
    }

    #[test]
    fn quarter_turns_are_right_handed() {
        let h = std::f64::consts::FRAC_PI_2;
        let near = |a: [f64; 3], b: [f64; 3]| (0..3).all(|i| (a[i] - b[i]).abs() < 1e-12);
        assert!(near(rotate(about(2, h), [1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]));
        assert!(near(rotate(about(0, h), [0.0, 1.0, 0.0]), [0.0, 0.0, 1.0]));
        assert!(near(rotate(about(1, h), [0.0, 0.0, 1.0]), [1.0, 0.0, 0.0]));
    }
}
