//! A clip is never shown twice in the same way: turned, mirrored, resized, faster, cut, flat, wrong.

use draction::motion::Motion;

mod errors;
mod flat;
mod options;
mod style;
mod time;

pub use errors::degraded;
pub use options::AugmentOptions;

use super::rng::Rng;

/// A clip as it is shown once.
#[derive(Clone, Debug)]
pub struct Augmented {
    /// The changed motion.
    pub motion: Motion,
    /// Whether left and right changed places; texts about the clip then need [`super::label::mirrored`].
    pub mirrored: bool,
}

/// Fewest frames that a cut leaves, where there are that many.
const MIN_FRAMES: usize = 12;

/// Shows a clip in another way that is as true as the first: cut, faster, turned, mirrored, resized. What is asked
/// about a clip is read off this one; what is seen of it may be [`degraded`] as well.
///
/// The result depends on the motion, the options and the state of `rng` alone; `rng` advances by the same amount
/// whatever the options, so that switching one off leaves the others as they were.
pub fn augment(motion: &Motion, options: &AugmentOptions, rng: &mut Rng) -> Augmented {
    let yaw = rng.range(-1.0, 1.0) * options.yaw_deg.to_radians();
    let mirrored = rng.chance(options.mirror);
    let scale = rng.range(options.scale[0], options.scale[1]);
    let tempo = rng.range(options.tempo[0], options.tempo[1]);
    let (times, rate) = time::frames(motion, options, &mut rng.fork());

    let (kept, joints, bodies) = (times.len(), motion.joints(), motion.bodies);
    let skeleton = &motion.skeleton;
    let source: Vec<usize> = (0..joints).map(|j| if mirrored { skeleton.mirror[j] } else { j }).collect();
    let center = center(motion, &times);
    let (sin, cos) = yaw.sin_cos();
    let side = if mirrored { -scale } else { scale };
    let mut out = Vec::with_capacity(kept * bodies * joints * 3);
    for slot in times.iter().flat_map(|&t| t * bodies..(t + 1) * bodies) {
        if !motion.present[slot] {
            out.resize(out.len() + joints * 3, 0.0);
            continue;
        }
        let body = &motion.positions[slot * joints * 3..][..joints * 3];
        for &from in &source {
            let p = &body[from * 3..][..3];
            let [x, y, z] = [(p[0] - center[0]) * side, p[1] * scale, (p[2] - center[1]) * scale];
            out.extend([x * cos + z * sin + center[0], y, z * cos - x * sin + center[1]]);
        }
    }
    let orientations = motion.orientations.as_ref().map(|all| {
        let frame = bodies * joints * 4;
        let frames: Vec<f32> = times.iter().flat_map(|&t| &all[t * frame..][..frame]).copied().collect();
        turned(&frames, &source, mirrored, yaw)
    });
    let motion = Motion {
        skeleton: skeleton.clone(),
        fps: motion.fps * tempo * rate,
        bodies,
        performer: motion.performer,
        positions: out,
        present: times.iter().flat_map(|&t| &motion.present[t * bodies..][..bodies]).copied().collect(),
        orientations,
        source: motion.source.clone(),
    };
    Augmented { motion, mirrored }
}

/// `[x, z]` that a clip turns about: the mean of the first joint, so that nobody leaves their place.
fn center(motion: &Motion, times: &[usize]) -> [f32; 2] {
    let (mut sum, mut n) = ([0.0f64; 2], 0u32);
    for &t in times {
        for body in (0..motion.bodies).filter(|&b| motion.is_present(t, b)) {
            let [x, _, z] = motion.position(t, body, 0);
            sum = [sum[0] + f64::from(x), sum[1] + f64::from(z)];
            n += 1;
        }
    }
    sum.map(|s| (s / f64::from(n.max(1))) as f32)
}

/// Mirrors (x changes its sign) and turns global orientations, `[N, J, 4]`, scalar first.
fn turned(orientations: &[f32], source: &[usize], mirrored: bool, yaw: f32) -> Vec<f32> {
    let (sin, cos) = (yaw / 2.0).sin_cos();
    let side = if mirrored { -1.0 } else { 1.0 };
    let mut out = Vec::with_capacity(orientations.len());
    for body in orientations.chunks_exact(source.len() * 4) {
        for &from in source {
            // a rotation seen in a mirror keeps its part about the mirror's normal and loses the sign of the rest
            let [w, x, y, z] =
                [body[from * 4], body[from * 4 + 1], side * body[from * 4 + 2], side * body[from * 4 + 3]];
            // (cos, 0, sin, 0) ⊗ (w, x, y, z)
            out.extend([cos * w - sin * y, cos * x + sin * z, cos * y + sin * w, cos * z - sin * x]);
        }
    }
    out
}

#[cfg(test)]
mod tests;
