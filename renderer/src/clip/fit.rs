//! A camera that shows the whole clip as large as the picture allows, from in front of the performer.
//!
//! The clip is first put into axes of its own: the origin in its middle, the main performer facing +z, +y up. The NFM
//! reads positions, and should not read where on the stage and in which direction somebody was recorded.

use glam::{DVec3, Vec3};

use super::{Clip, ClipError};
use crate::{
    camera::Camera,
    draction::lower_median,
    motion::{Part, Skeleton},
};

/// Least depth of a joint before the camera, metres: nearer, perspective makes caricatures.
const MIN_DEPTH: f64 = 0.3;
/// Left and right joints nearer than this share of the body's size cannot tell where somebody faces.
const TOO_NEAR: f64 = 0.03;

/// How the fit camera stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Degrees that the camera walks around the performer, towards their left; 20, so that depth shows.
    pub yaw: f64,
    /// Degrees that it looks down; 10.
    pub pitch: f64,
    /// Vertical field of view in degrees; 60.
    pub fov: f64,
    /// Width of the picture over its height; 1.
    pub aspect: f64,
    /// Share of the picture, from its centre, that joints may use; 0.92.
    pub margin: f64,
    /// How far people may travel over the floor, in body sizes; 0.6. Longer ways are shrunk to this, so that somebody who
    /// walks through a room does not become a dot in it; velocities stay what they are.
    pub travel: f64,
}

impl Default for Fit {
    fn default() -> Fit {
        Fit { yaw: 20.0, pitch: 10.0, fov: 60.0, aspect: 1.0, margin: 0.92, travel: 0.6 }
    }
}

impl Fit {
    fn check(&self) -> Result<(), ClipError> {
        let within = |what: &str, value: f64, low: f64, high: f64| {
            if value > low && value < high {
                return Ok(());
            }
            Err(ClipError::Option(format!("the camera's {what} is {value}, not between {low} and {high}")))
        };
        within("yaw", self.yaw, -1e6, 1e6)?;
        within("pitch", self.pitch, -90.0, 90.0)?;
        within("field of view", self.fov, 1.0, 170.0)?;
        within("aspect", self.aspect, 1e-2, 1e2)?;
        within("travel", self.travel, 0.0, 1e6)?;
        within("margin", self.margin, 0.01, 1.0)
    }
}

/// The clip's own axes: its middle, and the turn that lets the main performer face +z.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OwnAxes {
    /// Metres, in the motion's axes.
    origin: DVec3,
    /// Cosine and sine of the turn about +y.
    turn: (f64, f64),
    /// What is left of ways over the floor, 0..=1.
    way: f64,
}

impl OwnAxes {
    /// Of a clip in the motion's axes, in which people may travel so many body sizes. `present [T, P]` has somebody in it.
    /// `performer` is who performs, where that is known and they are in the clip.
    pub(super) fn of(clip: &Clip, present: &[bool], performer: Option<usize>, travel: f64) -> OwnAxes {
        let seen = |&p: &usize| p < clip.bodies && present.iter().skip(p).step_by(clip.bodies).any(|there| *there);
        let performer = performer.filter(seen).unwrap_or_else(|| main_performer(clip, present));
        let joints = clip.joints();
        let origin = [0, 1, 2].map(|axis| {
            let points = clip.positions.chunks_exact(3).enumerate().filter(|(n, _)| present[n / joints]);
            lower_median(&mut points.map(|(_, p)| f64::from(p[axis])).collect::<Vec<_>>()).unwrap_or(0.0)
        });
        OwnAxes {
            origin: origin.into(),
            turn: turn_to_front(facing(clip, present, performer)),
            way: way(clip, present, performer, travel),
        }
    }

    /// Brings bodies that are `present [T, P]` from the motion's axes into these.
    pub(super) fn enter(&self, clip: &mut Clip, present: &[bool]) {
        let joints = clip.joints();
        let middles = middles(clip, present);
        for (n, point) in clip.positions.chunks_exact_mut(3).enumerate() {
            if present[n / joints] {
                let middle = middles[n / joints / clip.bodies].unwrap_or_default();
                let spared = DVec3::new(middle[0] - self.origin.x, 0.0, middle[1] - self.origin.z) * (1.0 - self.way);
                let moved = wide(point) - self.origin - spared;
                point.copy_from_slice(&turned(self.turn, moved).as_vec3().to_array());
            }
        }
        for velocity in clip.velocities.chunks_exact_mut(3) {
            let turned = turned(self.turn, wide(velocity));
            velocity.copy_from_slice(&turned.as_vec3().to_array());
        }
        for q in clip.orientations.iter_mut().flat_map(|o| o.chunks_exact_mut(4)) {
            let old = [0, 1, 2, 3].map(|c| f64::from(q[c]));
            q.copy_from_slice(&turned_quaternion(self.turn, old).map(|x| x as f32));
        }
    }
}

/// `[T]` where on the floor, (x, z), the people of each frame are on average; `None` for a frame without any.
fn middles(clip: &Clip, present: &[bool]) -> Vec<Option<[f64; 2]>> {
    let body = clip.joints() * 3;
    let frames = clip.positions.chunks_exact(body * clip.bodies).zip(present.chunks_exact(clip.bodies));
    frames
        .map(|(frame, present)| {
            let bodies = frame.chunks_exact(body).zip(present).filter(|(_, there)| **there);
            let points: Vec<&[f32]> = bodies.flat_map(|(body, _)| body.chunks_exact(3)).collect();
            let mean = |c: usize| points.iter().map(|p| f64::from(p[c])).sum::<f64>() / points.len() as f64;
            (!points.is_empty()).then(|| [mean(0), mean(2)])
        })
        .collect()
}

/// What is left of ways over the floor when the longest may be `travel` times the size of the performer `p`.
fn way(clip: &Clip, present: &[bool], p: usize, travel: f64) -> f64 {
    let body = clip.joints() * 3;
    let sizes =
        clip.positions.chunks_exact(body).zip(present).skip(p).step_by(clip.bodies).filter(|(_, there)| **there);
    let mut sizes: Vec<f64> = sizes.map(|(body, _)| extent(body.chunks_exact(3).map(wide))).collect();
    let size = lower_median(&mut sizes).unwrap_or(0.0);
    let longest = extent(middles(clip, present).into_iter().flatten().map(|[x, z]| DVec3::new(x, 0.0, z)));
    if longest > travel * size { travel * size / longest } else { 1.0 }
}

/// The camera before a clip that is in its own axes.
pub(super) fn camera(clip: &Clip, present: &[bool], fit: &Fit) -> Result<Camera, ClipError> {
    fit.check()?;
    let joints = clip.joints();
    let points: Vec<DVec3> = (clip.positions.chunks_exact(3).enumerate())
        .filter(|(n, _)| present[n / joints])
        .map(|(_, p)| wide(p))
        .collect();
    Ok(before(&points, fit))
}

/// The nearest camera in the direction that `fit` asks for, such that every point lies inside its margins.
///
/// Along the camera's axes, a point `(x, y, z)` is inside when `|x − ex| ≤ k·(z − ez)`, and so for y. Hence
/// `ex − k·ez ≥ A = max(x − k·z)` and `ex + k·ez ≤ B = min(x + k·z)`: the nearest `ez` is `(B − A)/2k`, at
/// `ex = (A + B)/2`.
fn before(points: &[DVec3], fit: &Fit) -> Camera {
    let (yaw, pitch) = (fit.yaw.to_radians(), fit.pitch.to_radians());
    let forward = [-yaw.sin() * pitch.cos(), -pitch.sin(), -yaw.cos() * pitch.cos()];
    let tangent = (fit.fov.to_radians() / 2.0).tan();
    let at_origin = Camera::looking([0.0; 3], forward, tangent, fit.aspect);
    let seen: Vec<[f64; 3]> = points.iter().map(|p| at_origin.to_camera(p.to_array())).collect();
    let mut eye = [0.0; 3];
    eye[2] = seen.iter().map(|p| p[2]).fold(f64::INFINITY, f64::min) - MIN_DEPTH;
    for (axis, k) in [(0, fit.margin * tangent * fit.aspect), (1, fit.margin * tangent)] {
        let a = seen.iter().map(|p| p[axis] - k * p[2]).fold(f64::NEG_INFINITY, f64::max);
        let b = seen.iter().map(|p| p[axis] + k * p[2]).fold(f64::INFINITY, f64::min);
        eye[axis] = (a + b) / 2.0;
        eye[2] = eye[2].min((b - a) / (2.0 * k));
    }
    let mut camera = at_origin;
    for c in 0..3 {
        camera.camera_from_world[4 * c + 3] = -eye[c] as f32;
    }
    camera
}

/// `(cos, sin)` of the turn about +y that takes `facing` (x, z) to +z.
fn turn_to_front([x, z]: [f64; 2]) -> (f64, f64) {
    let norm = x.hypot(z);
    (z / norm, -x / norm)
}

fn turned((cos, sin): (f64, f64), v: DVec3) -> DVec3 {
    DVec3::new(cos * v.x + sin * v.z, v.y, cos * v.z - sin * v.x)
}

fn turned_quaternion((cos, sin): (f64, f64), [w, x, y, z]: [f64; 4]) -> [f64; 4] {
    // half the turn's angle; the product (c + s·j)(w + x·i + y·j + z·k)
    let half = sin.atan2(cos) / 2.0;
    let (s, c) = half.sin_cos();
    [c * w - s * y, c * x + s * z, c * y + s * w, c * z - s * x]
}

/// Where the performer `p` faces on the floor, (x, z), over the first quarter of the frames they are in; +z where
/// left and right are unknown or say nothing (somebody lying on their side).
fn facing(clip: &Clip, present: &[bool], p: usize) -> [f64; 2] {
    let there: Vec<usize> = (0..clip.frames()).filter(|t| present[t * clip.bodies + p]).collect();
    let early = &there[..there.len().div_ceil(4)];
    let joint = |t: usize, j: usize| wide(&clip.positions[((t * clip.bodies + p) * clip.joints() + j) * 3..]);
    // right to left, summed over early frames
    let across = |(left, right): (usize, usize)| {
        early.iter().fold(DVec3::ZERO, |sum, &t| sum + joint(t, left) - joint(t, right))
    };
    let size = early.iter().map(|&t| extent((0..clip.joints()).map(|j| joint(t, j)))).sum::<f64>();
    let mut sum = DVec3::ZERO;
    for part in [Part::LeftArm, Part::LeftLeg] {
        let pairs = pairs_from_trunk(&clip.skeleton, part);
        let apart = pairs.into_iter().map(across).find(|v| v.length() > TOO_NEAR * size);
        sum += apart.unwrap_or(DVec3::ZERO);
    }
    let (floor, whole) = (sum.x.hypot(sum.z), sum.length());
    if whole > 0.0 && floor > 0.2 * whole { [-sum.z, sum.x] } else { [0.0, 1.0] }
}

/// Left joints of a limb with their right twins, those nearest the trunk first: shoulders before hands.
fn pairs_from_trunk(skeleton: &Skeleton, part: Part) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = (0..skeleton.parts.len())
        .filter(|&j| skeleton.parts[j] == part && skeleton.mirror[j] != j)
        .map(|j| (j, skeleton.mirror[j]))
        .collect();
    pairs.sort_by_key(|&(j, _)| (skeleton.inward(j).count(), j));
    pairs
}

/// The body that is there longest; of equals the one that moves most, then the first.
fn main_performer(clip: &Clip, present: &[bool]) -> usize {
    let body = clip.joints() * 3;
    let presence = |p: usize| present.iter().skip(p).step_by(clip.bodies).filter(|x| **x).count();
    let movement = |p: usize| -> f64 {
        let slots = clip.velocities.chunks_exact(body).skip(p).step_by(clip.bodies);
        slots.flatten().map(|v| f64::from(v.abs())).sum()
    };
    let rank = |&a: &usize, &b: &usize| {
        presence(a).cmp(&presence(b)).then(movement(a).total_cmp(&movement(b))).then(b.cmp(&a))
    };
    (0..clip.bodies).max_by(rank).unwrap_or(0)
}

/// Length of the diagonal of the points' bounding box.
fn extent(points: impl Iterator<Item = DVec3>) -> f64 {
    let ends = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    let (low, high) = points.fold(ends, |(low, high), p| (low.min(p), high.max(p)));
    low.distance(high)
}

/// The point at the head of `numbers`.
fn wide(numbers: &[f32]) -> DVec3 {
    Vec3::from_slice(numbers).as_dvec3()
}
