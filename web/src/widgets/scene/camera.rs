//! From metres in the world to points on the screen.

use eframe::egui::{Pos2, pos2};

/// A position or direction in metres, +y up, right-handed.
pub(super) type V3 = [f32; 3];

pub(super) fn add(a: V3, b: V3) -> V3 {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(super) fn sub(a: V3, b: V3) -> V3 {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(super) fn scale(a: V3, s: f32) -> V3 {
    a.map(|v| v * s)
}

pub(super) fn lerp(a: V3, b: V3, t: f32) -> V3 {
    add(a, scale(sub(b, a), t))
}

pub(super) fn dot(a: V3, b: V3) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(super) fn length(a: V3) -> f32 {
    dot(a, a).sqrt()
}

pub(super) fn finite(a: V3) -> bool {
    a.iter().all(|v| v.is_finite())
}

/// Nearer to the eye than this many metres nothing is drawn.
const NEAR: f32 = 0.05;

/// A pinhole camera.
#[derive(Clone, Copy, Debug)]
pub(super) struct Camera {
    pub(super) eye: V3,
    pub(super) right: V3,
    pub(super) up: V3,
    /// The viewing direction.
    pub(super) forward: V3,
    /// Points on the screen that one metre takes at a distance of one metre.
    pub(super) focal: f32,
    pub(super) center: Pos2,
}

impl Camera {
    /// Right, up and depth in metres as the camera sees it.
    pub(super) fn view(&self, at: V3) -> V3 {
        let d = sub(at, self.eye);
        [dot(d, self.right), dot(d, self.up), dot(d, self.forward)]
    }

    fn screen(&self, [x, y, z]: V3) -> Pos2 {
        let s = self.focal / z.max(NEAR);
        pos2(self.center.x + x * s, self.center.y - y * s)
    }

    /// Where a point is drawn and its depth in metres; `None` for what is behind the eye or not finite.
    pub(super) fn project(&self, at: V3) -> Option<(Pos2, f32)> {
        let v = self.view(at);
        let pos = self.screen(v);
        (v[2] > NEAR && pos.x.abs() < 1e5 && pos.y.abs() < 1e5).then_some((pos, v[2]))
    }

    /// The part of a segment in front of the eye, on the screen, and the fractions of the segment that it spans.
    pub(super) fn segment(&self, a: V3, b: V3) -> Option<([Pos2; 2], [f32; 2])> {
        let (va, vb) = (self.view(a), self.view(b));
        let cut = |t: f32| lerp(va, vb, t);
        let crossing = (NEAR - va[2]) / (vb[2] - va[2]);
        let range = match (va[2] > NEAR, vb[2] > NEAR) {
            (true, true) => [0.0, 1.0],
            (true, false) => [0.0, crossing],
            (false, true) => [crossing, 1.0],
            (false, false) => return None,
        };
        let ends = range.map(|t| self.screen(cut(t)));
        ends.iter().all(|p| p.x.abs() < 1e6 && p.y.abs() < 1e6).then_some((ends, range))
    }

    /// Points on the screen that `metres` take at that depth.
    pub(super) fn size(&self, metres: f32, depth: f32) -> f32 {
        (metres * self.focal / depth.max(NEAR)).clamp(0.0, 2000.0)
    }
}
