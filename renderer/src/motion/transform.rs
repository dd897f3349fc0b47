//! Changes to a whole motion: mirror, turn, scale, other frame rates, parts of it. Absent bodies stay absent.

use std::{borrow::Cow, ops::Range, sync::Arc};

use super::{
    Motion,
    limits::MAX_FRAMES,
    quaternion::{about, from_scalar_first, nearer_sign, normalized, scalar_first},
};

impl Motion {
    /// What the performer's mirror image does: x is reflected and twins change places, so that a left hand that waved
    /// becomes a right hand that waves. Words such as *left* or *clockwise* in a caption must change too.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut out = self.clone();
        let joints = self.joints();
        for (n, _) in self.present.iter().enumerate() {
            for j in 0..joints {
                let from = n * joints + self.skeleton.mirror[j];
                let to = n * joints + j;
                let p = &self.positions[from * 3..][..3];
                // an absent body has +0, not −0
                out.positions[to * 3..][..3].copy_from_slice(&[0.0 - p[0], p[1], p[2]]);
                if let (Some(q), Some(o)) = (&self.orientations, &mut out.orientations) {
                    // S·R·S with S = diag(−1, 1, 1)
                    let q = &q[from * 4..][..4];
                    o[to * 4..][..4].copy_from_slice(&[q[0], q[1], -q[2], -q[3]]);
                }
            }
        }
        out
    }

    /// Turned by `angle` radians about the world's +y axis: +z goes towards +x.
    #[must_use]
    pub fn yawed(&self, angle: f32) -> Self {
        let mut out = self.clone();
        let (s, c) = f64::from(angle).sin_cos();
        for p in out.positions.chunks_exact_mut(3) {
            let (x, z) = (f64::from(p[0]), f64::from(p[2]));
            p[0] = (c * x + s * z) as f32;
            p[2] = (c * z - s * x) as f32;
        }
        let turn = about(1, f64::from(angle));
        let joints = self.joints();
        if let Some(orientations) = &mut out.orientations {
            for (i, q) in orientations.chunks_exact_mut(4).enumerate() {
                if self.present[i / joints] {
                    let turned = turn * from_scalar_first([q[0], q[1], q[2], q[3]]);
                    q.copy_from_slice(&scalar_first(turned));
                }
            }
        }
        out
    }

    /// Larger or smaller by `factor`, from the world's origin.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        let mut out = self.clone();
        for v in &mut out.positions {
            *v *= factor;
        }
        out
    }

    /// Shifted by `[x, y, z]` metres.
    #[must_use]
    pub fn translated(&self, by: [f32; 3]) -> Self {
        let mut out = self.clone();
        let body = 3 * self.joints();
        for (n, body) in out.positions.chunks_exact_mut(body).enumerate() {
            if self.present[n] {
                for p in body.chunks_exact_mut(3) {
                    for i in 0..3 {
                        p[i] += by[i];
                    }
                }
            }
        }
        out
    }

    /// The same motion at another frame rate, interpolated linearly, orientations along the shorter way. A body is there
    /// where it is in both neighbouring frames; at its coming and going the nearer frame decides. A rate that is not a
    /// positive number changes nothing.
    ///
    /// To change the tempo, resample and then set [`Motion::fps`] back.
    #[must_use]
    pub fn resampled(&self, fps: f32) -> Self {
        if !(fps.is_finite() && fps > 0.0) || self.frames() == 0 {
            return self.clone();
        }
        let (joints, bodies, last) = (self.joints(), self.bodies, self.frames() - 1);
        let step = f64::from(self.fps) / f64::from(fps);
        // the last frame stays in spite of rounding
        let frames = ((last as f64 / step + 1e-6) as usize + 1).min(MAX_FRAMES);
        let mut out = Self {
            fps,
            positions: Vec::with_capacity(frames * bodies * joints * 3),
            present: Vec::with_capacity(frames * bodies),
            orientations: self.orientations.as_ref().map(|_| Vec::new()),
            skeleton: Arc::clone(&self.skeleton),
            source: self.source.clone(),
            performer: self.performer,
            bodies,
        };
        for t in 0..frames {
            let at = (t as f64 * step).min(last as f64);
            let (a, mut weight) = (at as usize, at.fract() as f32);
            let b = (a + 1).min(last);
            for p in 0..bodies {
                let (mut a, mut b) = (a * bodies + p, b * bodies + p);
                if self.present[a] != self.present[b] {
                    let nearer = if weight < 0.5 { a } else { b };
                    (a, b) = (nearer, nearer);
                    weight = 0.0;
                }
                out.present.push(self.present[a]);
                let (pa, pb) = (a * joints * 3, b * joints * 3);
                out.positions.extend((0..joints * 3).map(|i| {
                    let (x, y) = (self.positions[pa + i], self.positions[pb + i]);
                    x + weight * (y - x)
                }));
                if let (Some(q), Some(o)) = (&self.orientations, &mut out.orientations) {
                    for j in 0..joints {
                        o.extend(between(&q[(a * joints + j) * 4..][..4], &q[(b * joints + j) * 4..][..4], weight));
                    }
                }
            }
        }
        out
    }

    /// Every n-th frame from the first one on, so few of them that no more than `most` are left; the frame rate follows. A
    /// motion that has no more stays as it is.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Cow<'_, Self> {
        fn kept<T: Copy>(all: &[T], frame: usize, every: usize) -> Vec<T> {
            all.chunks(frame.max(1)).step_by(every).flatten().copied().collect()
        }
        let every = self.frames().div_ceil(most.max(1));
        if every < 2 {
            return Cow::Borrowed(self);
        }
        let joints = self.bodies * self.joints();
        Cow::Owned(Self {
            fps: self.fps / every as f32,
            positions: kept(&self.positions, joints * 3, every),
            present: kept(&self.present, self.bodies, every),
            orientations: self.orientations.as_ref().map(|q| kept(q, joints * 4, every)),
            skeleton: Arc::clone(&self.skeleton),
            source: self.source.clone(),
            ..*self
        })
    }

    /// The frames of `range`, cut to what is there; at least one frame stays.
    #[must_use]
    pub fn cropped(&self, range: Range<usize>) -> Self {
        let frames = self.frames();
        let start = range.start.min(frames.saturating_sub(1));
        let end = range.end.clamp((start + 1).min(frames), frames);
        let cut = |per_frame: usize| start * per_frame..end * per_frame;
        let body = self.bodies * self.joints();
        Self {
            positions: self.positions[cut(body * 3)].to_vec(),
            present: self.present[cut(self.bodies)].to_vec(),
            orientations: self.orientations.as_ref().map(|q| q[cut(body * 4)].to_vec()),
            skeleton: Arc::clone(&self.skeleton),
            source: self.source.clone(),
            ..*self
        }
    }

    /// Without the body slots that hold nobody in any frame; at least one slot stays. Most `.skeleton` files show one
    /// person in their two slots, and what is not there need not be drawn.
    #[must_use]
    pub fn without_empty_bodies(&self) -> Self {
        let used: Vec<usize> =
            (0..self.bodies).filter(|&p| (0..self.frames()).any(|t| self.is_present(t, p))).collect();
        if used.len() == self.bodies || used.is_empty() {
            return self.clone();
        }
        self.with_bodies(&used)
    }

    /// Only one body slot.
    ///
    /// # Panics
    /// When there is no such slot.
    #[must_use]
    pub fn only(&self, body: usize) -> Self {
        assert!(body < self.bodies, "slot {body} of {}", self.bodies);
        Self { performer: None, ..self.with_bodies(&[body]) }
    }

    fn with_bodies(&self, used: &[usize]) -> Self {
        let joints = self.joints();
        let mut out = Self {
            bodies: used.len(),
            performer: self.performer.and_then(|p| used.iter().position(|&u| u == p)),
            positions: Vec::new(),
            present: Vec::new(),
            orientations: self.orientations.as_ref().map(|_| Vec::new()),
            skeleton: Arc::clone(&self.skeleton),
            source: self.source.clone(),
            ..*self
        };
        for t in 0..self.frames() {
            for &p in used {
                let n = t * self.bodies + p;
                out.present.push(self.present[n]);
                out.positions.extend_from_slice(&self.positions[n * joints * 3..][..joints * 3]);
                if let (Some(q), Some(o)) = (&self.orientations, &mut out.orientations) {
                    o.extend_from_slice(&q[n * joints * 4..][..joints * 4]);
                }
            }
        }
        out
    }
}

/// Between two orientations, along the shorter way.
fn between(a: &[f32], b: &[f32], weight: f32) -> [f32; 4] {
    let [a, b] = [a, b].map(|q| from_scalar_first([q[0], q[1], q[2], q[3]]));
    let b = nearer_sign(b, a);
    scalar_first(normalized(a + (b - a) * f64::from(weight)))
}

#[cfg(test)]
mod tests {
    use super::super::{ReadOptions, read};
    use super::*;

    /// An L of three joints that turns about y: Hips, Left at +x, Right at −x.
    fn turning() -> Motion {
        let text = "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 4 Xposition Yposition Zposition Yrotation\n\
            JOINT LeftArm\n{\nOFFSET 1 0 0\nCHANNELS 0\n}\nJOINT RightArm\n{\nOFFSET -1 0.5 0\nCHANNELS 0\n}\n}\n\
            MOTION\nFrames: 3\nFrame Time: 0.1\n0 1 0 0\n0 1 0 30\n0 1 0 60\n";
        let options = ReadOptions {
            unit: Some(super::super::Unit::METRE),
            up: Some(super::super::UpAxis::PlusY),
            ..ReadOptions::default()
        };
        read(text.as_bytes(), "turning.bvh", &options).unwrap()
    }

    fn close(a: [f32; 3], b: [f32; 3]) {
        assert!((0..3).all(|i| (a[i] - b[i]).abs() < 1e-5), "{a:?} {b:?}");
    }

    #[test]
    fn every_nth_frame_is_kept_when_it_happened() {
        let motion = turning();
        assert!(matches!(motion.thinned(3), Cow::Borrowed(_)));
        let two = motion.thinned(2);
        assert_eq!((two.frames(), two.present.len(), two.fps), (2, 2, motion.fps / 2.0));
        let left = motion.skeleton.joint("LeftArm").unwrap();
        assert_eq!(two.position(1, 0, left), motion.position(2, 0, left));
        assert_eq!(two.orientations.as_ref().map(Vec::len), motion.orientations.as_ref().map(|q| q.len() / 3 * 2));
        assert_eq!(motion.thinned(0).frames(), 1);
    }

    #[test]
    fn mirroring_moves_the_left_arm_to_the_right() {
        let motion = turning();
        let mirrored = motion.mirrored();
        let left = motion.skeleton.joint("LeftArm").unwrap();
        let right = motion.skeleton.joint("RightArm").unwrap();
        for t in 0..3 {
            let [x, y, z] = motion.position(t, 0, left);
            close(mirrored.position(t, 0, right), [-x, y, z]);
            // the mirror image of a turn to the left is a turn to the right
            let q = motion.orientation(t, 0, 0);
            assert_eq!(mirrored.orientation(t, 0, 0), [q[0], q[1], -q[2], -q[3]]);
        }
        let twice = mirrored.mirrored();
        assert_eq!(twice.positions, motion.positions);
        assert_eq!(twice.orientations, motion.orientations);
    }

    #[test]
    fn yaw_turns_places_and_orientations_alike() {
        let motion = turning();
        let turned = motion.yawed(std::f32::consts::FRAC_PI_6);
        // turning the world by 30° is what the file does from frame to frame
        for j in 0..3 {
            close(turned.position(0, 0, j), motion.position(1, 0, j));
            let (a, b) = (turned.orientation(1, 0, j), motion.orientation(2, 0, j));
            assert!((0..4).all(|i| (a[i] - b[i]).abs() < 1e-5));
        }
        // +z towards +x
        let x = motion.translated([0.0, 0.0, 2.0]).yawed(std::f32::consts::FRAC_PI_2);
        close(x.position(0, 0, 0), [2.0, 1.0, 0.0]);
    }

    #[test]
    fn resampling_keeps_the_ends_and_halves_the_angle() {
        let motion = turning();
        assert!((motion.fps - 10.0).abs() < 1e-3);
        let fine = motion.resampled(20.0);
        assert_eq!(fine.frames(), 5);
        close(fine.position(4, 0, 1), motion.position(2, 0, 1));
        let q = fine.orientation(1, 0, 0);
        let half = f64::to_radians(7.5);
        assert!((f64::from(q[2]) - half.sin()).abs() < 1e-4, "{q:?}");
        assert_eq!(motion.resampled(5.0).frames(), 2);
        assert_eq!(motion.resampled(f32::NAN).frames(), 3);
    }

    #[test]
    fn cropping_never_leaves_the_motion() {
        let motion = turning();
        assert_eq!(motion.cropped(1..2).frames(), 1);
        close(motion.cropped(1..3).position(0, 0, 1), motion.position(1, 0, 1));
        assert_eq!(motion.cropped(2..100).frames(), 1);
        let nothing = Range { start: 9, end: 3 };
        assert_eq!(motion.cropped(nothing).frames(), 1);
        assert_eq!(motion.scaled(2.0).position(0, 0, 0), [0.0, 2.0, 0.0]);
    }
}
