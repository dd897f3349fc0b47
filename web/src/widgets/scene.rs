//! The moving skeleton in 3-D, drawn with egui's painter: it needs no GPU of its own and looks the same everywhere.
//!
//! Every frame interpolates the pose, projects it and paints one mesh from back to front: ground, shadow, trails,
//! bones. What is drawn grows with the number of joints, never with the length of the take.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `orbit` | the view that the user turns |
//! | `camera` | projection |
//! | `pose` | bodies at a fractional frame: positions, radii, heads, facing |
//! | `ground` | grid, shadows, axes |
//! | `figure` | bones, joints, heat and trails |
//! | `solid` | shaded capsules and discs as triangles |

mod camera;
mod figure;
mod ground;
mod orbit;
mod pose;
mod solid;

use draction::motion::Motion;
use eframe::egui::{
    Align2, Color32, CursorIcon, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::theme::{self, Palette, text};

use camera::Camera;
pub use orbit::Orbit;
use pose::Pose;
use solid::Solid;

/// A motion at one moment, seen from an [`Orbit`].
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct SceneView<'a> {
    /// What moves.
    pub motion: &'a Motion,
    /// When, in frames from 0; fractions interpolate, what is outside the take is clamped.
    pub frame: f32,
    /// `[P·J]` how much each joint matters, 0 to 1; missing ones are 0. With it, joints wear the heat's colours.
    pub heat: Option<&'a [f32]>,
    /// Whether hands and feet draw the path of their last second.
    pub trails: bool,
}

impl<'a> SceneView<'a> {
    /// The plain view.
    pub fn new(motion: &'a Motion, frame: f32) -> Self {
        Self { motion, frame, heat: None, trails: false }
    }

    /// Colours joints by heat.
    pub fn heat(self, heat: Option<&'a [f32]>) -> Self {
        Self { heat, ..self }
    }

    /// Shows trails.
    pub fn trails(self, trails: bool) -> Self {
        Self { trails, ..self }
    }

    /// Fills what is left of the place. Dragging turns the view; with Shift, the right button or two fingers it moves;
    /// the wheel or a pinch zooms; a double click goes back to the first view.
    pub fn show(self, ui: &mut Ui, orbit: &mut Orbit) -> Response {
        let size = ui.available_size_before_wrap().max(vec2(1.0, 1.0)).min(vec2(1e4, 1e4));
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let pose = Pose::at(self.motion, self.frame, orbit.figure());
        orbit.interact(ui, &response, &pose);
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Canvas, true, format!("3-D view, frame {:.0}", self.frame.max(0.0)))
        });
        if ui.is_rect_visible(rect) {
            let camera = orbit.camera(rect, &pose);
            let painter = ui.painter_at(rect);
            self.paint(&painter, theme::palette(ui.visuals()), &camera, orbit, &pose, &response);
        }
        response.on_hover_and_drag_cursor(CursorIcon::Grab)
    }

    fn paint(&self, painter: &Painter, p: &Palette, cam: &Camera, orbit: &Orbit, pose: &Pose<'_>, response: &Response) {
        let rect = response.rect;
        let mut solid = Solid::new(painter.pixels_per_point());
        ground::shadows(&mut solid, cam, pose, orbit.floor(), p.shadow);
        ground::grid(&mut solid, cam, orbit, p);
        if self.trails {
            figure::trails(&mut solid, cam, self.motion, self.frame, p);
        }
        figure::bodies(&mut solid, cam, pose, self.heat, p);
        painter.add(Shape::mesh(solid.into_mesh()));
        ground::axes(painter, cam, rect, p);
        if pose.bodies() > 1 {
            (0..pose.bodies()).for_each(|body| number(painter, p, cam, pose, body));
        }

        let mut taken = Vec::new();
        let pointed = response.hover_pos().filter(|_| !response.dragged()).and_then(|at| nearest(cam, pose, at));
        if let Some((joint, at)) = pointed {
            painter.circle_stroke(at, 6.0, Stroke::new(1.5, p.text));
            let name = pose.name(joint);
            let height = pose.joints[joint].y - orbit.floor();
            note(painter, p, rect, at, &format!("{name}  ·  {height:.2} m"), p.text, &mut taken);
        }
        for joint in self.heat.map(|h| hottest(h, pose)).unwrap_or_default() {
            if pointed.is_none_or(|(other, _)| other != joint)
                && let Some((at, _)) = cam.project(pose.joints[joint])
            {
                note(painter, p, rect, at, pose.name(joint), p.text, &mut taken);
            }
        }
    }
}

/// The number of a body above its head, counted from one: what it is called in questions and choices.
fn number(painter: &Painter, p: &Palette, cam: &Camera, pose: &Pose<'_>, body: usize) {
    let Some((centre, radius)) = pose.heads[body] else { return };
    let Some((at, _)) = cam.project(centre + glam::Vec3::Y * (2.0 * radius)) else { return };
    let galley = painter.layout_no_wrap((body + 1).to_string(), text::semibold(13.0), p.text);
    let ground = Align2::CENTER_BOTTOM.anchor_size(at, galley.size() + vec2(12.0, 4.0));
    painter.rect(ground, 6, p.raised, Stroke::new(1.0, p.border_strong), StrokeKind::Inside);
    painter.galley(ground.min + vec2(6.0, 2.0), galley, p.text);
}

/// Up to three visible joints whose heat is worth a name, the hottest first.
fn hottest(heat: &[f32], pose: &Pose<'_>) -> Vec<usize> {
    let of = |j: usize| heat.get(j).copied().map_or(0.0, super::unit);
    let mut joints: Vec<usize> = (0..pose.joints.len()).filter(|&j| pose.visible(j) && of(j) > 0.1).collect();
    joints.sort_by(|&a, &b| of(b).total_cmp(&of(a)).then(a.cmp(&b)));
    joints.truncate(3);
    joints
}

/// The visible joint at most 14 points from `at`, and where it is drawn.
fn nearest(cam: &Camera, pose: &Pose<'_>, at: Pos2) -> Option<(usize, Pos2)> {
    (0..pose.joints.len())
        .filter(|&j| pose.visible(j))
        .filter_map(|j| Some((j, cam.project(pose.joints[j])?.0)))
        .filter(|(_, pos)| pos.distance(at) <= 14.0)
        .min_by(|a, b| a.1.distance(at).total_cmp(&b.1.distance(at)))
}

/// A name beside a joint, moved down until it covers no other.
fn note(painter: &Painter, p: &Palette, view: Rect, at: Pos2, name: &str, color: Color32, taken: &mut Vec<Rect>) {
    if !view.expand(40.0).contains(at) {
        return;
    }
    let galley = super::elided(painter, name, text::medium(text::SMALL), color, view.width() * 0.5);
    let size = galley.size() + vec2(14.0, 6.0);
    let left = at.x + 14.0 + size.x > view.right();
    let align = if left { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
    let anchor = pos2(if left { at.x - 14.0 } else { at.x + 14.0 }, at.y);
    let mut pill = align.anchor_size(anchor, size);
    while let Some(other) = taken.iter().find(|t| t.intersects(pill)) {
        pill = pill.translate(vec2(0.0, other.bottom() + 4.0 - pill.top()));
    }
    let edge = pos2(if left { pill.right() } else { pill.left() }, pill.center().y);
    painter.line_segment([at, edge], Stroke::new(1.0, p.text_weak));
    painter.rect(pill, 6, p.raised, Stroke::new(1.0, p.border_strong), StrokeKind::Inside);
    painter.galley(pill.min + vec2(7.0, 3.0), galley, color);
    taken.push(pill);
}

#[cfg(test)]
mod tests;
