//! The pinhole camera of spec A.5: +z is away from the camera, image rows grow downward.
//!
//! Camera space is left-handed (x right, y up, z away) while motion files are right-handed (a performer who looks
//! along +z has their left at +x). [`Camera::looking`] therefore flips one axis, and pictures are not mirrored. The
//! reference does not flip: it takes file axes for camera axes, so its pictures of right-handed files are mirrored.

use draction_shaders::rows::CameraRow;
use glam::{DVec3, Vec4};

/// Depths below this are drawn as if at this depth, metres (spec A.5).
pub const NEAREST: f64 = 1e-4;
const _: () = assert!(NEAREST as f32 == draction_shaders::NEAR);

/// A camera. Focal lengths follow from the field of view and the image size, so one camera serves every resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// `[3, 4]` row-major: world metres to camera metres, `+x` right, `+y` up, `+z` forward.
    pub camera_from_world: [f32; 12],
    /// Tangent of half the horizontal field of view.
    pub tan_half_x: f32,
    /// Tangent of half the vertical field of view.
    pub tan_half_y: f32,
}

impl Camera {
    /// The reference's camera: at the origin, looking along +z, `fov_degrees` (60 in the release) across *and* down
    /// whatever the picture's shape, so that pixels of a picture that is not square are not square either.
    pub fn reference(fov_degrees: f64) -> Camera {
        let tangent = (fov_degrees.to_radians() / 2.0).tan() as f32;
        Camera {
            camera_from_world: [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            tan_half_x: tangent,
            tan_half_y: tangent,
        }
    }

    /// A camera at `eye` (world metres) that looks along `forward`, upright against world +y. Square pixels in
    /// pictures of `aspect` = width / height; `tan_half_y` is the tangent of half the vertical field of view.
    /// A `forward` straight up or down keeps world −z or +z at the top.
    pub fn looking(eye: [f64; 3], forward: [f64; 3], tan_half_y: f64, aspect: f64) -> Camera {
        let eye = DVec3::from(eye);
        let forward = unit(forward.into()).unwrap_or(DVec3::NEG_Z);
        // right-handed world: what is to the right when looking along `forward` with +y up
        let right = unit(forward.cross(DVec3::Y)).unwrap_or(DVec3::X);
        let up = right.cross(forward);
        let mut camera_from_world = [0f32; 12];
        for (row, axis) in camera_from_world.chunks_exact_mut(4).zip([right, up, forward]) {
            row[..3].copy_from_slice(&axis.as_vec3().to_array());
            row[3] = -axis.dot(eye) as f32;
        }
        Camera { camera_from_world, tan_half_x: (tan_half_y * aspect) as f32, tan_half_y: tan_half_y as f32 }
    }

    /// A row of [`crate::passes::Buffer::Cameras`], for a picture of `width` × `height` pixels.
    pub fn row(&self, width: usize, height: usize) -> CameraRow {
        let (fx, fy) = self.focal(width, height);
        let axis = |r: usize| [0, 1, 2, 3].map(|c| self.camera_from_world[4 * r + c]);
        CameraRow {
            right: axis(0),
            up: axis(1),
            forward: axis(2),
            focal: [fx as f32, fy as f32],
            principal: [width as f32 / 2.0, height as f32 / 2.0],
        }
    }

    /// `(fx, fy)` in pixels.
    pub fn focal(&self, width: usize, height: usize) -> (f64, f64) {
        (width as f64 / (2.0 * f64::from(self.tan_half_x)), height as f64 / (2.0 * f64::from(self.tan_half_y)))
    }

    /// A world point (metres) in camera space (metres).
    pub fn to_camera(&self, point: [f64; 3]) -> [f64; 3] {
        let point = DVec3::from(point);
        let row = |r: usize| {
            let m = Vec4::from_slice(&self.camera_from_world[4 * r..]).as_dvec4();
            m.truncate().dot(point) + m.w
        };
        [row(0), row(1), row(2)]
    }

    /// Where a world point (metres) falls: `(u, v, depth)`, pixels right and down, metres. Depth is clamped to
    /// [`NEAREST`].
    pub fn project(&self, point: [f64; 3], width: usize, height: usize) -> (f64, f64, f64) {
        let (fx, fy) = self.focal(width, height);
        let [x, y, z] = self.to_camera(point);
        let z = z.max(NEAREST);
        (fx * x / z + width as f64 / 2.0, -fy * y / z + height as f64 / 2.0, z)
    }

    /// Whether every number is finite and both fields of view are between 0° and 180°.
    pub fn is_valid(&self) -> bool {
        let open = |t: f32| t.is_finite() && t > 0.0;
        self.camera_from_world.iter().all(|m| m.is_finite()) && open(self.tan_half_x) && open(self.tan_half_y)
    }
}

/// `None` for vectors too short to have a direction.
fn unit(v: DVec3) -> Option<DVec3> {
    let norm = v.length();
    (norm > 1e-9).then(|| v / norm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_focal_length() {
        let (fx, fy) = Camera::reference(60.0).focal(448, 448);
        assert!((fx - 387.98).abs() < 0.01 && (fy - 387.98).abs() < 0.01);
        let row = Camera::reference(60.0).row(96, 56);
        assert!((row.focal[0] - 83.138).abs() < 1e-3 && (row.focal[1] - 48.497).abs() < 1e-3);
        assert_eq!(row.principal, [48.0, 28.0]);
    }

    #[test]
    fn looking_back_at_a_performer_who_faces_plus_z() {
        let camera = Camera::looking([0.0, 1.0, 4.0], [0.0, 0.0, -1.0], 0.5, 2.0);
        let (u, v, depth) = camera.project([0.5, 2.0, 0.0], 200, 100); // their left hand, raised
        assert!(u > 100.0 && v < 50.0 && (depth - 4.0).abs() < 1e-6, "{u} {v}");
        // square pixels: half a metre across is as long as half a metre up
        assert!((u - 112.5).abs() < 1e-4 && (v - 25.0).abs() < 1e-4);
    }

    #[test]
    fn axes_are_orthonormal_and_left_handed() {
        for forward in [[1.0, -0.3, 0.2], [0.0, -1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [-2.0, 0.5, 1.0]] {
            let camera = Camera::looking([1.0, 2.0, 3.0], forward, 0.5, 1.0);
            assert!(camera.is_valid());
            let axis = |r: usize| Vec4::from_slice(&camera.camera_from_world[4 * r..]).truncate().as_dvec3();
            for (a, b) in [(0, 1), (1, 2), (2, 0)] {
                assert!(axis(a).dot(axis(b)).abs() < 1e-6 && (axis(a).length() - 1.0).abs() < 1e-6);
            }
            assert!((axis(0).cross(axis(1)).dot(axis(2)) + 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn points_behind_the_camera_land_near_it() {
        let (.., depth) = Camera::reference(60.0).project([0.0, 0.0, -1.0], 64, 64);
        assert_eq!(depth, NEAREST);
    }
}
