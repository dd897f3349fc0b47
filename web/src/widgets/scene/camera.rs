//! From metres in the world to points on the screen.

use eframe::egui::{Pos2, pos2};
use glam::Vec3;

/// Nearer to the eye than this many metres nothing is drawn.
const NEAR: f32 = 0.05;

/// A pinhole camera. Positions and directions are in metres, +y up, right-handed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Camera {
    pub(super) eye: Vec3,
    pub(super) right: Vec3,
    pub(super) up: Vec3,
    /// The viewing direction.
    pub(super) forward: Vec3,
    /// Points on the screen that one metre takes at a distance of one metre.
    pub(super) focal: f32,
    pub(super) center: Pos2,
}

impl Camera {
    /// Right, up and depth in metres as the camera sees it.
    pub(super) fn view(&self, at: Vec3) -> Vec3 {
        let d = at - self.eye;
        Vec3::new(d.dot(self.right), d.dot(self.up), d.dot(self.forward))
    }

    fn screen(&self, view: Vec3) -> Pos2 {
        let s = self.focal / view.z.max(NEAR);
        pos2(self.center.x + view.x * s, self.center.y - view.y * s)
    }

    /// Where a point is drawn and its depth in metres; `None` for what is behind the eye or not finite.
    pub(super) fn project(&self, at: Vec3) -> Option<(Pos2, f32)> {
        let v = self.view(at);
        let pos = self.screen(v);
        (v.z > NEAR && pos.x.abs() < 1e5 && pos.y.abs() < 1e5).then_some((pos, v.z))
    }

    /// The part of a segment in front of the eye, on the screen, and the fractions of the segment that it spans.
    pub(super) fn segment(&self, a: Vec3, b: Vec3) -> Option<([Pos2; 2], [f32; 2])> {
        let (va, vb) = (self.view(a), self.view(b));
        let crossing = (NEAR - va.z) / (vb.z - va.z);
        let range = match (va.z > NEAR, vb.z > NEAR) {
            (true, true) => [0.0, 1.0],
            (true, false) => [0.0, crossing],
            (false, true) => [crossing, 1.0],
            (false, false) => return None,
        };
        let ends = range.map(|t| self.screen(va.lerp(vb, t)));
        ends.iter().all(|p| p.x.abs() < 1e6 && p.y.abs() < 1e6).then_some((ends, range))
    }

    /// Points on the screen that `metres` take at that depth.
    pub(super) fn size(&self, metres: f32, depth: f32) -> f32 {
        (metres * self.focal / depth.max(NEAR)).clamp(0.0, 2000.0)
    }
}
