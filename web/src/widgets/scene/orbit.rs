//! The view that the user turns: a camera on a sphere around a target.

use std::f32::consts::{FRAC_PI_2, TAU};

use draction::motion::Motion;
use eframe::egui::{EventFilter, Key, Modifiers, PointerButton, Rect, Response, Ui, Vec2, vec2};
use glam::{Vec3, vec3};

use super::{
    camera::Camera,
    pose::{self, Pose},
};

/// Frames of a motion that are looked at to fit the view, spread over the whole take.
const FIT_FRAMES: usize = 256;
/// Half the vertical opening angle.
const HALF_ANGLE: f32 = 15.0 * TAU / 360.0;
/// The first view is from this far beside the front, and this far above.
const FIRST: [f32; 2] = [0.45, 0.26];

/// From where the motion is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Orbit {
    /// Around the vertical, in radians: 0 looks from +z towards -z, a quarter turn from +x.
    pub yaw: f32,
    /// Above the horizon, in radians, -0.2 to 1.55.
    pub pitch: f32,
    /// From the target, in metres. Follows from the size of the view until the user zooms.
    pub distance: f32,
    /// What is in the middle, in metres; with `follow` beside the bodies.
    pub target: Vec3,
    /// Whether the view travels with the bodies; [`Orbit::reset`] sets it for those who walk away.
    pub follow: bool,
    /// What was found out about the motion.
    fit: Fit,
    /// Whether the distance still follows from the view's size.
    fitted: bool,
}

/// Where a motion happens.
#[derive(Clone, Debug, PartialEq)]
struct Fit {
    /// Horizontal radius and half height in metres around the first target.
    extent: [f32; 2],
    target: Vec3,
    yaw: f32,
    follow: bool,
    /// Height of the ground in metres.
    floor: f32,
    /// Size of a body in metres.
    figure: f32,
}

impl Default for Orbit {
    fn default() -> Self {
        let fit =
            Fit { extent: [0.6, 0.9], target: vec3(0.0, 0.9, 0.0), yaw: 0.0, follow: false, floor: 0.0, figure: 1.7 };
        Self { yaw: FIRST[0], pitch: FIRST[1], distance: 5.0, target: fit.target, follow: false, fit, fitted: true }
    }
}

impl Orbit {
    /// The first view of a motion.
    pub fn new(motion: &Motion) -> Self {
        let mut orbit = Self::default();
        orbit.reset(motion);
        orbit
    }

    /// Goes to the first view of a motion: all of it in sight, from the front and a little aside. Looks at no more than
    /// 256 frames.
    pub fn reset(&mut self, motion: &Motion) {
        self.fit = fit(motion).unwrap_or(Self::default().fit);
        self.home();
    }

    /// Goes back to the first view.
    pub fn home(&mut self) {
        self.yaw = self.fit.yaw + FIRST[0];
        self.pitch = FIRST[1];
        self.target = self.fit.target;
        self.follow = self.fit.follow;
        self.fitted = true;
    }

    /// Turns as far as another view was turned.
    pub fn turn_along(&mut self, before: &Orbit, after: &Orbit) {
        self.turn(vec2(after.yaw - before.yaw, after.pitch - before.pitch));
    }

    /// Height of the ground in metres.
    pub(super) fn floor(&self) -> f32 {
        self.fit.floor
    }

    /// Size of a body in metres.
    pub(super) fn figure(&self) -> f32 {
        self.fit.figure
    }

    /// What is in the middle at the pose's moment.
    pub(super) fn focus(&self, pose: &Pose<'_>) -> Vec3 {
        match pose.middle {
            Some(middle) if self.follow => self.target + vec3(middle.x, 0.0, middle.z),
            _ => self.target,
        }
    }

    /// The camera for a view of that shape.
    pub(super) fn camera(&self, rect: Rect, pose: &Pose<'_>) -> Camera {
        let ([sy, cy], [sp, cp]) = (sin_cos(self.yaw), sin_cos(self.pitch));
        let forward = vec3(-sy * cp, -sp, -cy * cp);
        let distance = if self.distance.is_finite() { self.distance.clamp(0.1, 1e4) } else { 5.0 };
        Camera {
            eye: self.focus(pose) - forward * distance,
            right: vec3(cy, 0.0, -sy),
            up: vec3(-sy * sp, cp, -cy * sp),
            forward,
            focal: focal(rect),
            center: rect.center(),
        }
    }

    /// What the pointer, the fingers and the keys did.
    pub(super) fn interact(&mut self, ui: &Ui, response: &Response, pose: &Pose<'_>) {
        let shift = ui.input(|i| i.modifiers.shift);
        let touch = ui.input(|i| i.multi_touch()).filter(|t| response.rect.contains(t.center_pos));
        let sideways = response.dragged_by(PointerButton::Secondary) || response.dragged_by(PointerButton::Middle);
        if let Some(touch) = touch {
            self.zoom(touch.zoom_delta);
            self.pan(touch.translation_delta, response.rect, pose);
        } else if sideways || (shift && response.dragged()) {
            self.pan(response.drag_delta(), response.rect, pose);
        } else if response.dragged() {
            self.turn(response.drag_delta() * vec2(-0.008, 0.008));
        }
        if response.hovered() && touch.is_none() {
            let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta().y, i.zoom_delta()));
            if scroll != 0.0 || pinch != 1.0 {
                self.zoom(pinch * (scroll * 0.002).exp());
                // or the page would scroll away
                ui.input_mut(|i| i.smooth_scroll_delta = Vec2::ZERO);
            }
        }
        if response.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..Default::default() };
            ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
            let pressed = |key| ui.input_mut(|i| i.count_and_consume_key(Modifiers::NONE, key)) as f32;
            let x = pressed(Key::ArrowLeft) - pressed(Key::ArrowRight);
            let y = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
            self.turn(vec2(x, y) * 0.12);
            let zoom = pressed(Key::Plus) + pressed(Key::Equals) - pressed(Key::Minus);
            if zoom != 0.0 {
                self.zoom(1.15_f32.powf(zoom));
            }
        }
        if response.double_clicked() {
            self.home();
        }
        if self.fitted {
            self.distance = self.fit.distance(response.rect);
        }
    }

    fn turn(&mut self, angle: Vec2) {
        if angle.is_finite() {
            self.yaw = (self.yaw + angle.x) % TAU;
            self.pitch = (self.pitch + angle.y).clamp(-0.2, FRAC_PI_2 - 0.02);
        }
    }

    fn zoom(&mut self, factor: f32) {
        if factor.is_finite() && factor > 0.0 && factor != 1.0 {
            let [radius, half] = self.fit.extent;
            let all = self.fit.figure.max(radius).max(half);
            self.distance = (self.distance / factor).clamp(self.fit.figure * 0.5, all * 15.0);
            self.fitted = false;
        }
    }

    fn pan(&mut self, delta: Vec2, rect: Rect, pose: &Pose<'_>) {
        let camera = self.camera(rect, pose);
        let metres = delta * (self.distance / camera.focal);
        let target = self.target - camera.right * metres.x + camera.up * metres.y;
        if target.is_finite() && target.distance(self.fit.target) < self.fit.figure * 60.0 {
            self.target = target;
        }
    }
}

impl Fit {
    /// From how far all of it is seen.
    fn distance(&self, rect: Rect) -> f32 {
        let up = HALF_ANGLE.tan();
        let aside = up * (rect.width() / rect.height().max(1.0)).clamp(0.05, 20.0);
        let [radius, half] = self.extent;
        // seen from above, depth takes height on the screen
        let half = half * FIRST[1].cos() + radius * FIRST[1].sin();
        ((half / up).max(radius / aside) + radius * 0.6) * 1.12
    }
}

fn focal(rect: Rect) -> f32 {
    (rect.height() * 0.5).clamp(1.0, 1e4) / HALF_ANGLE.tan()
}

/// Sine and cosine, of 0 where the angle is not finite.
fn sin_cos(angle: f32) -> [f32; 2] {
    let (s, c) = if angle.is_finite() { angle.sin_cos() } else { (0.0, 1.0) };
    [s, c]
}

/// Looks where a motion happens; `None` where nobody ever is.
fn fit(motion: &Motion) -> Option<Fit> {
    let frames = motion.frames();
    let step = frames.div_ceil(FIT_FRAMES).max(1);
    let (mut low, mut high) = (Vec3::MAX, Vec3::MIN);
    let (mut middle_low, mut middle_high) = (Vec3::MAX, Vec3::MIN);
    // around the moving middle: how far joints reach sideways
    let mut reach = 0.0_f32;
    let mut figure = 0.0_f32;
    let mut front = None;
    for t in (0..frames).step_by(step) {
        let pose = Pose::at(motion, t as f32, 1.0);
        let Some(middle) = pose.middle else { continue };
        front = front.or_else(|| (0..pose.bodies()).find_map(|b| pose.facing(b)));
        (middle_low, middle_high) = (middle_low.min(middle), middle_high.max(middle));
        for body in 0..pose.bodies() {
            let (body_low, body_high) = pose::bounds(pose.of(body));
            if body_low.x > body_high.x {
                continue;
            }
            figure = figure.max((body_high - body_low).max_element());
            (low, high) = (low.min(body_low), high.max(body_high));
        }
        for at in pose.joints.iter().filter(|at| at.is_finite()) {
            reach = reach.max((at.x - middle.x).hypot(at.z - middle.z));
        }
    }
    if low.x > high.x {
        return None;
    }
    let figure = figure.clamp(0.01, 100.0);
    let floor = if low.y.abs() < 0.07 * figure { 0.0_f32.min(low.y) } else { low.y };
    let travel = middle_high - middle_low;
    let travel = travel.x.max(travel.z).max(0.0);
    let follow = travel > 1.2 * figure;
    let center = (low + high) * 0.5;
    let top = high.y.max(floor + figure * 0.5);
    let half = ((top - floor) * 0.5).max(figure * 0.3);
    let mut radius = (high.x - low.x).hypot(high.z - low.z) * 0.5;
    if follow {
        radius = reach;
    }
    let [x, z] = if follow { [0.0, 0.0] } else { [center.x, center.z] };
    let yaw = front.map_or(0.0, |f: Vec3| f.x.atan2(f.z));
    let extent = [radius.max(figure * 0.3), half];
    Some(Fit { extent, target: vec3(x, floor + half, z), yaw, follow, floor, figure })
}
