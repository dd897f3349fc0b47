//! What bodies stand on: grid, shadows, and the axes in the corner.

use eframe::egui::{Align2, Color32, Painter, Rect, Stroke, vec2};
use glam::{Vec3, vec3};

use super::{
    Orbit,
    camera::Camera,
    pose::Pose,
    solid::{End, Knot, Solid},
};
use crate::theme::{Palette, text};

/// Pieces of a grid line, each of its own faintness.
const PIECES: usize = 6;

/// Lines every metre and fainter ones every half, fading away from what is looked at. Seen from afar they stand wider.
pub(super) fn grid(solid: &mut Solid, cam: &Camera, orbit: &Orbit, p: &Palette) {
    let floor = orbit.floor();
    let Vec3 { x, z, .. } = cam.eye + cam.forward * orbit.distance;
    if !(x.is_finite() && z.is_finite() && orbit.distance.is_finite()) {
        return;
    }
    // 0.5 m up to 12 m away, then 2.5, 5, 25, 50 …: always some ten lines across
    let mut step = 0.5_f32;
    let mut tens = true;
    while orbit.distance > step * 24.0 && step < 1e4 {
        step *= if tens { 5.0 } else { 2.0 };
        tens = !tens;
    }
    while orbit.distance < step * 2.0 && step > 1e-3 {
        step *= 0.2;
    }
    let radius = (orbit.distance * 0.9).max(step * 4.0);
    let count = (radius / step).ceil() as i32;
    // seen edge-on, all lines fall into one
    let tilt = (cam.forward.y.abs() * 5.0).min(1.0);
    let fade = |at: Vec3| {
        let away = (at.x - x).hypot(at.z - z) / radius;
        (1.0 - away * away).clamp(0.0, 1.0) * tilt
    };
    for along_x in [true, false] {
        let middle = if along_x { z } else { x };
        let near = (middle / step).round();
        for i in -count..=count {
            let index = near + i as f32;
            let offset = index * step;
            let half = (radius * radius - (offset - middle) * (offset - middle)).max(0.0).sqrt();
            let strength = if index as i64 % 2 == 0 { 1.0 } else { 0.4 };
            let at = |t: f32| match along_x {
                true => vec3(x + half * t, floor, offset),
                false => vec3(offset, floor, z + half * t),
            };
            for piece in 0..PIECES {
                let ends = [piece, piece + 1].map(|k| at(k as f32 / PIECES as f32 * 2.0 - 1.0));
                let Some((screen, _)) = cam.segment(ends[0], ends[1]) else { continue };
                let color = ends.map(|e| p.grid.gamma_multiply(fade(e) * strength));
                solid.ribbon(&[0, 1].map(|k| Knot { at: screen[k], width: 1.0, color: color[k] }));
            }
        }
    }
}

/// Bones laid on the ground. The shadow is opaque, so that overlapping bones do not darken it twice.
pub(super) fn shadows(solid: &mut Solid, cam: &Camera, pose: &Pose<'_>, floor: f32, color: Color32) {
    if cam.forward.y > -0.02 {
        return;
    }
    // a circle on the ground is an ellipse on the screen; the bones are thin enough for a capsule
    let flat = (-cam.forward.y).clamp(0.35, 1.0);
    let joints = pose.skeleton.joints().max(1);
    let end = |j: usize| {
        let joint = pose.joints[j];
        // light from above and a little aside
        let height = (joint.y - floor).max(0.0);
        let (at, depth) = cam.project(vec3(joint.x + height * 0.10, floor, joint.z - height * 0.06))?;
        let radius = cam.size(pose.radii[j % joints] * 1.3, depth) * flat;
        Some(End { at, radius, color })
    };
    for [a, b] in pose.bones() {
        if let (Some(a), Some(b)) = (end(a), end(b)) {
            // flat colour: lit shapes look like pipes on the floor
            solid.ribbon(&[a, b].map(|e| Knot { at: e.at, width: e.radius * 2.0, color }));
        }
    }
    for e in (0..pose.joints.len()).filter_map(end) {
        solid.glow(e.at, e.radius * 1.2, color);
    }
}

/// The directions of the world's axes in the lower left corner.
pub(super) fn axes(painter: &Painter, cam: &Camera, view: Rect, p: &Palette) {
    if view.width() < 160.0 || view.height() < 160.0 {
        return;
    }
    let origin = view.left_bottom() + vec2(30.0, -30.0);
    let mut axes = [
        ("x", cam.right.x, cam.up.x, cam.forward.x, p.error),
        ("y", cam.right.y, cam.up.y, cam.forward.y, p.ok),
        ("z", cam.right.z, cam.up.z, cam.forward.z, p.left),
    ];
    // those that point away first
    axes.sort_by(|a, b| b.3.total_cmp(&a.3));
    for (name, right, up, away, color) in axes {
        let dir = vec2(right, -up);
        let color = color.gamma_multiply(if away > 0.3 { 0.45 } else { 0.9 });
        painter.line_segment([origin, origin + dir * 16.0], Stroke::new(1.5, color));
        // an axis towards the eye has no room for its name beside it
        if dir.length() > 0.25 {
            let at = origin + dir * 16.0 + dir.normalized() * 7.0;
            painter.text(at, Align2::CENTER_CENTER, name, text::medium(text::TINY), color);
        }
    }
}
