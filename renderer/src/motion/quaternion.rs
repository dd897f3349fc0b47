//! Rotations as unit quaternions, in f64: enough for forward kinematics without losing millimetres on long chains.
//!
//! Type, products and conjugates are glam's. Lengths and turned vectors are summed here, in the order of files (scalar
//! first): glam sums the other way round, and what is drawn of a file would differ in its last digits.

use glam::{DQuat, DVec3};

/// The rotation that a motion has as `[w, x, y, z]`.
#[must_use]
pub fn from_scalar_first(q: [f32; 4]) -> DQuat {
    let [w, x, y, z] = q.map(f64::from);
    DQuat::from_xyzw(x, y, z, w)
}

/// As motions have it: `[w, x, y, z]`.
pub(super) fn scalar_first(q: DQuat) -> [f32; 4] {
    [q.w, q.x, q.y, q.z].map(|v| v as f32)
}

/// Rotation by `angle` radians about coordinate axis 0, 1 or 2.
pub(super) fn about(axis: usize, angle: f64) -> DQuat {
    match axis {
        0 => DQuat::from_rotation_x(angle),
        1 => DQuat::from_rotation_y(angle),
        _ => DQuat::from_rotation_z(angle),
    }
}

/// Rotates a vector.
#[must_use]
pub fn rotate(q: DQuat, v: DVec3) -> DVec3 {
    // v + 2w(u×v) + 2u×(u×v) with u the vector part
    let u = q.xyz();
    let c = u.cross(v);
    v + 2.0 * (q.w * c + u.cross(c))
}

fn dot(a: DQuat, b: DQuat) -> f64 {
    a.w * b.w + a.x * b.x + a.y * b.y + a.z * b.z
}

/// Scales to unit length; the identity where the length is zero or not finite.
pub(super) fn normalized(q: DQuat) -> DQuat {
    let n = dot(q, q).sqrt();
    if n.is_finite() && n >= 1e-6 { q / n } else { DQuat::IDENTITY }
}

/// Of `q` and `-q`, which turn alike, the one nearer to `reference`: interpolation then takes the short way.
pub(super) fn nearer_sign(q: DQuat, reference: DQuat) -> DQuat {
    if dot(q, reference) < 0.0 { -q } else { q }
}

/// Angles `(z, x, y)` in radians with `q = Rz ⊗ Rx ⊗ Ry`, the channel order most BVH files use. Where the sine of x is nearer
/// than `pole` to ±1, z and y turn about one axis, and z takes all of it.
pub(super) fn to_zxy(q: DQuat, pole: f64) -> [f64; 3] {
    // a cosine of x below which z and y, each by itself, would be mostly the last digits of a motion's numbers
    const NOISE: f64 = 1e-3;
    // columns of the matrix Rz·Rx·Ry; of the second, (−sin z · cos x, cos z · cos x, sin x)
    let [ex, ey, ez] = DVec3::AXES.map(|axis| rotate(q, axis));
    let sin_x = ey.z.clamp(-1.0, 1.0);
    if sin_x.abs() > 1.0 - pole {
        return [ex.y.atan2(ex.x), sin_x.asin(), 0.0];
    }
    let (z, cos_x) = ((-ey.x).atan2(ey.y), ey.x.hypot(ey.y));
    if cos_x > NOISE {
        return [z, sin_x.asin(), (-ex.z).atan2(ez.z)];
    }
    // what is left behind this z
    let (sin, cos) = z.sin_cos();
    [z, sin_x.atan2(cos_x), (cos * ez.x + sin * ez.y).atan2(cos * ex.x + sin * ex.y)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zxy_angles_rebuild_the_rotation() {
        // at and near the pole, too, where z and y turn about one axis
        let poles = [1.57, 1.5704, std::f64::consts::FRAC_PI_2, -std::f64::consts::FRAC_PI_2].map(|x| [1.0, x, -0.4]);
        let build = |a: [f64; 3]| about(2, a[0]) * about(0, a[1]) * about(1, a[2]);
        for angles in [[0.3, -1.1, 2.5], [-3.0, 0.2, 0.1]].into_iter().chain(poles) {
            let q = build(angles);
            let again = nearer_sign(build(to_zxy(q, 1e-12)), q);
            assert!(q.abs_diff_eq(again, 1e-5), "{angles:?}: {q:?} {again:?}");
            // as motions have it, whose last digits are noise
            let rounded = normalized(from_scalar_first(scalar_first(q)));
            let again = nearer_sign(build(to_zxy(rounded, 1e-12)), q);
            assert!(q.abs_diff_eq(again, 1e-5), "{angles:?}, rounded: {q:?} {again:?}");
        }
        // who stands with the back turned where z is up, in a root of degrees
        let turned = build([std::f64::consts::PI, std::f64::consts::FRAC_PI_2, 0.0]);
        let [z, x, y] = to_zxy(from_scalar_first(scalar_first(turned)), 1e-12);
        assert!(nearer_sign(build([z, x, y]), turned).abs_diff_eq(turned, 1e-6), "{z} {x} {y}");
    }

    #[test]
    fn quarter_turns_are_right_handed() {
        let h = std::f64::consts::FRAC_PI_2;
        for (axis, from, to) in [(2, DVec3::X, DVec3::Y), (0, DVec3::Y, DVec3::Z), (1, DVec3::Z, DVec3::X)] {
            assert!(rotate(about(axis, h), from).abs_diff_eq(to, 1e-12));
        }
    }

    #[test]
    fn the_scalar_stands_first_in_motions() {
        let turn = from_scalar_first([0.5, 0.1, 0.2, 0.3]);
        assert_eq!((turn.w, turn.z), (0.5, f64::from(0.3f32)));
        assert_eq!(scalar_first(turn), [0.5, 0.1, 0.2, 0.3]);
    }
}
