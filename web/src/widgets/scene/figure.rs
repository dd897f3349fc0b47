//! Bodies: bones, joints and heads from back to front, heat, and the trails of hands and feet.

use draction::motion::{Motion, Part};
use eframe::egui::Color32;
use glam::Vec3;

use super::{
    camera::Camera,
    pose::{Moment, Pose},
    solid::{End, Knot, Solid},
};
use crate::{
    theme::{Palette, mix},
    widgets::unit,
};

/// Points of a trail.
const TRAIL: usize = 28;

/// Something to draw, by depth.
enum Piece {
    /// Joints `P·J` of a bone.
    Bone([usize; 2]),
    /// A joint `P·J`.
    Joint(usize),
    /// The head of a body, and the joint `P·J` whose heat it wears.
    Head(Vec3, f32, Option<usize>),
}

/// Draws everybody.
pub(super) fn bodies(solid: &mut Solid, cam: &Camera, pose: &Pose<'_>, heat: Option<&[f32]>, p: &Palette) {
    let painter = JointPainter::new(cam, pose, heat, p);
    let depth = |at: Vec3| cam.view(at).z;
    let mut pieces: Vec<(f32, Piece)> = Vec::with_capacity(pose.joints.len() * 2 + pose.heads.len());
    for bone in pose.bones() {
        let [a, b] = bone.map(|j| depth(pose.joints[j]));
        pieces.push(((a + b) * 0.5, Piece::Bone(bone)));
    }
    for (j, &at) in pose.joints.iter().enumerate().filter(|(_, at)| at.is_finite()) {
        // a head hides the joints in it; a hot one is shown as the head's colour
        let body = j / pose.skeleton.joints().max(1);
        if pose.heads[body].is_some_and(|(head, radius)| at.distance(head) < radius) {
            continue;
        }
        // in front of the bones that meet in it
        pieces.push((depth(at) - painter.radius(j) * 1.5, Piece::Joint(j)));
    }
    for (body, head) in pose.heads.iter().enumerate() {
        if let Some((at, radius)) = *head {
            let top = pose.skeleton.tip(Part::Torso).map(|j| body * pose.skeleton.joints() + j);
            pieces.push((depth(at) - radius * 0.5, Piece::Head(at, radius, top)));
        }
    }
    pieces.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (_, piece) in pieces {
        match piece {
            Piece::Bone([a, b]) => {
                // where limbs leave the trunk, their colour begins on the way
                let slim = |j| if pose.part(a) != pose.part(b) && pose.part(j) == Part::Torso { 0.7 } else { 1.0 };
                if let (Some(a), Some(b)) = (painter.end(a, slim(a)), painter.end(b, slim(b))) {
                    solid.capsule([a, b], Some(p.outline));
                }
            }
            Piece::Joint(j) => painter.joint(solid, j),
            Piece::Head(at, radius, joint) => {
                if let Some((pos, depth)) = cam.project(at) {
                    let color = painter.color(joint, Part::Torso, depth);
                    let end = End { at: pos, radius: cam.size(radius, depth).max(2.0), color };
                    solid.disc(end, Some(p.outline));
                }
            }
        }
    }
}

/// Paints joints as they look from here.
struct JointPainter<'a> {
    cam: &'a Camera,
    pose: &'a Pose<'a>,
    heat: Option<&'a [f32]>,
    p: &'a Palette,
    /// Depth of the nearest and the farthest joint in metres.
    depths: [f32; 2],
}

impl<'a> JointPainter<'a> {
    fn new(cam: &'a Camera, pose: &'a Pose<'a>, heat: Option<&'a [f32]>, p: &'a Palette) -> Self {
        let mut depths = [f32::MAX, f32::MIN];
        for &at in pose.joints.iter().filter(|at| at.is_finite()) {
            let depth = cam.view(at).z;
            depths = [depths[0].min(depth), depths[1].max(depth)];
        }
        Self { cam, pose, heat, p, depths }
    }

    fn heat(&self, joint: usize) -> f32 {
        self.heat.and_then(|h| h.get(joint)).copied().map_or(0.0, unit)
    }

    /// In metres.
    fn radius(&self, joint: usize) -> f32 {
        self.pose.radii[joint % self.pose.radii.len().max(1)]
    }

    /// What is farther away fades a little into the background.
    fn color(&self, joint: Option<usize>, part: Part, depth: f32) -> Color32 {
        let color = match self.heat {
            // limbs keep a hint of their side
            Some(_) => {
                let rest = mix(self.p.part(part), self.p.heat(0.0), 0.85);
                let heat = joint.map_or(0.0, |j| self.heat(j));
                mix(rest, self.p.heat(heat), (heat * 3.0).min(1.0))
            }
            None => self.p.part(part),
        };
        let [near, far] = self.depths;
        let away = (depth - near) / (far - near).max(0.3);
        mix(color, self.p.panel, 0.38 * away.clamp(0.0, 1.0))
    }

    fn end(&self, joint: usize, grow: f32) -> Option<End> {
        let (at, depth) = self.cam.project(self.pose.joints[joint])?;
        let radius = self.cam.size(self.radius(joint) * grow, depth).max(1.0);
        Some(End { at, radius, color: self.color(Some(joint), self.pose.part(joint), depth) })
    }

    fn joint(&self, solid: &mut Solid, joint: usize) {
        let heat = self.heat(joint);
        let Some(mut end) = self.end(joint, 0.62 + 1.1 * heat) else { return };
        if heat > 0.1 {
            end.color = mix(end.color, self.p.heat(heat), 0.9);
            solid.glow(end.at, end.radius * 2.6 + 6.0, self.p.heat(heat).gamma_multiply(0.45 * heat));
            solid.disc(end, Some(self.p.outline));
        } else if end.radius > 1.5 {
            end.color = mix(end.color, Color32::WHITE, if self.p.dark { 0.28 } else { 0.45 });
            solid.disc(end, None);
        }
    }
}

/// The paths of hands and feet over the second before `frame`, thin and faint where they began.
pub(super) fn trails(solid: &mut Solid, cam: &Camera, motion: &Motion, frame: f32, p: &Palette) {
    let last = motion.frames().saturating_sub(1) as f32;
    if !frame.is_finite() || !motion.fps.is_finite() || motion.fps <= 0.0 {
        return;
    }
    let frame = frame.clamp(0.0, last);
    let moments: Vec<Moment<'_>> = (0..TRAIL)
        .map(|i| frame - motion.fps * (1.0 - i as f32 / (TRAIL - 1) as f32))
        .filter(|&at| at >= 0.0)
        .filter_map(|at| Moment::new(motion, at))
        .collect();
    for part in Part::ALL.into_iter().filter(|&part| part != Part::Torso) {
        let Some(tip) = motion.skeleton.tip(part) else { continue };
        for body in 0..motion.bodies {
            let mut knots = Vec::with_capacity(TRAIL);
            for (i, moment) in moments.iter().enumerate() {
                let Some((at, _)) = cam.project(moment.joint(body, tip)) else { continue };
                let age = 1.0 - (moments.len() - 1 - i) as f32 / (TRAIL - 1) as f32;
                let color = p.part(part).gamma_multiply(0.85 * age * age);
                knots.push(Knot { at, width: 0.6 + 2.6 * age, color });
            }
            solid.ribbon(&knots);
        }
    }
}
