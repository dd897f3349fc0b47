//! Buttons: one with an icon only, one with words.

use eframe::egui::{
    Color32, CornerRadius, Painter, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2,
};

use crate::{
    icons::Icon,
    theme::{self, Palette, radius, text},
};

/// A square button with an icon and no words; its tooltip is also its name for screen readers.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct IconButton<'a> {
    icon: Icon,
    tooltip: &'a str,
    selected: bool,
    enabled: bool,
    primary: bool,
    size: Option<f32>,
}

impl<'a> IconButton<'a> {
    /// A quiet button that shows its background under the pointer.
    pub fn new(icon: Icon) -> Self {
        Self { icon, tooltip: "", selected: false, enabled: true, primary: false, size: None }
    }

    /// What it does, and in brackets its key: "Play (Space)".
    pub fn tooltip(self, tooltip: &'a str) -> Self {
        Self { tooltip, ..self }
    }

    /// Whether what it switches is on.
    pub fn selected(self, selected: bool) -> Self {
        Self { selected, ..self }
    }

    /// Whether it can be pressed.
    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    /// Filled with the accent: the one main action of a place.
    pub fn primary(self, primary: bool) -> Self {
        Self { primary, ..self }
    }

    /// Side in points; without it 32, or 40 on touch screens.
    pub fn size(self, size: f32) -> Self {
        Self { size: Some(size), ..self }
    }

    /// Draws it; `clicked()` of the answer is also true for Space and Enter.
    pub fn show(self, ui: &mut Ui) -> Response {
        let side = self.size.unwrap_or_else(|| theme::control_height(ui.ctx())).max(1.0);
        let enabled = self.enabled && ui.is_enabled();
        let (rect, response) = ui.allocate_exact_size(vec2(side, side), sense(enabled));
        response.widget_info(|| WidgetInfo::selected(Role::Button, enabled, self.selected, self.tooltip.to_owned()));
        if ui.is_rect_visible(rect) {
            let style = ButtonStyle::of(ui, &response, self.primary, self.selected, true, enabled);
            style.paint(ui.painter(), rect, CornerRadius::same(radius::M));
            let icon = if side >= 28.0 { (side * 0.5625).min(22.0) } else { side * 0.66 };
            self.icon.paint_at(ui.painter(), rect.center(), icon.round(), style.content);
        }
        if self.tooltip.is_empty() { response } else { response.on_hover_text(self.tooltip) }
    }
}

/// A button with words and perhaps an icon before them.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct Button<'a> {
    label: &'a str,
    icon: Option<Icon>,
    tooltip: &'a str,
    enabled: bool,
    primary: bool,
    quiet: bool,
    pill: bool,
}

impl<'a> Button<'a> {
    /// An outlined button.
    pub fn new(label: &'a str) -> Self {
        Self { label, icon: None, tooltip: "", enabled: true, primary: false, quiet: false, pill: false }
    }

    /// An icon before the words.
    pub fn icon(self, icon: Icon) -> Self {
        Self { icon: Some(icon), ..self }
    }

    /// What happens, if the words do not say it.
    pub fn tooltip(self, tooltip: &'a str) -> Self {
        Self { tooltip, ..self }
    }

    /// Whether it can be pressed.
    pub fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }

    /// Filled with the accent: the one main action of a place.
    pub fn primary(self, primary: bool) -> Self {
        Self { primary, ..self }
    }

    /// Without outline: for rows of lesser actions.
    pub fn quiet(self, quiet: bool) -> Self {
        Self { quiet, ..self }
    }

    /// With round ends: one of several suggestions.
    pub(super) fn pill(self, pill: bool) -> Self {
        Self { pill, ..self }
    }

    /// Draws it; words that do not fit the place's width end in "…".
    pub fn show(self, ui: &mut Ui) -> Response {
        let height = theme::control_height(ui.ctx());
        let (pad, icon_size, gap) = (if self.quiet { 8.0 } else { 12.0 }, 16.0, 6.0);
        let icon_width = if self.icon.is_some() { icon_size + gap } else { 0.0 };
        let enabled = self.enabled && ui.is_enabled();
        // in a row that wraps, a button wraps as a whole and is only shortened where even a row is too narrow
        let wraps = ui.layout().main_wrap();
        let room = if wraps { ui.max_rect().width() } else { ui.available_width() } - 2.0 * pad - icon_width;
        let galley = super::elided(ui.painter(), self.label, text::medium(13.0), Color32::PLACEHOLDER, room);
        let size = vec2(galley.size().x + icon_width + 2.0 * pad, height);
        let (rect, response) = ui.allocate_exact_size(size, sense(enabled));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, self.label.to_owned()));
        if ui.is_rect_visible(rect) {
            let style = ButtonStyle::of(ui, &response, self.primary, false, self.quiet, enabled);
            let corner = if self.pill { (rect.height() * 0.5) as u8 } else { radius::M };
            style.paint(ui.painter(), rect, CornerRadius::same(corner));
            let mut at = rect.left_center() + vec2(pad, 0.0);
            if let Some(icon) = self.icon {
                let icon_at = at + vec2(icon_size * 0.5, 0.0);
                icon.paint_at(ui.painter(), icon_at, icon_size, style.content);
                at.x += icon_width;
            }
            ui.painter().galley(at - vec2(0.0, galley.size().y * 0.5), galley, style.content);
        }
        if self.tooltip.is_empty() { response } else { response.on_hover_text(self.tooltip) }
    }
}

/// What cannot be pressed still has a tooltip.
fn sense(enabled: bool) -> Sense {
    if enabled { Sense::click() } else { Sense::hover() }
}

/// Colours of a button in its present state.
struct ButtonStyle {
    fill: Color32,
    border: Color32,
    /// Text and icon.
    content: Color32,
    ring: Option<Color32>,
}

impl ButtonStyle {
    fn of(ui: &Ui, response: &Response, primary: bool, selected: bool, quiet: bool, enabled: bool) -> Self {
        let p: &Palette = theme::palette(ui.visuals());
        let t = ui.ctx().animate_bool_responsive(response.id.with("hover"), enabled && response.hovered());
        let down = response.is_pointer_button_down_on();
        let ring = response.has_focus().then_some(p.accent_text);
        let mut style = if primary {
            let lift = theme::mix(p.accent, p.on_accent, 0.12 * t);
            let fill = if down { theme::mix(p.accent, Color32::BLACK, 0.15) } else { lift };
            Self { fill, border: Color32::TRANSPARENT, content: p.on_accent, ring }
        } else {
            let rest = match (selected, quiet) {
                (true, _) => p.accent_soft,
                (false, true) => Color32::TRANSPARENT,
                (false, false) => p.raised,
            };
            let over = if selected { theme::mix(p.accent_soft, p.accent, 0.2) } else { p.hover };
            let fill = if down { theme::mix(over, p.border_strong, 0.5) } else { theme::mix(rest, over, t) };
            let border = if quiet { Color32::TRANSPARENT } else { p.border_strong };
            let content = match (selected, quiet) {
                (true, _) => p.accent_text,
                (false, true) => theme::mix(p.text_weak, p.text, t),
                (false, false) => p.text,
            };
            Self { fill, border, content, ring }
        };
        if !enabled {
            style.fill = style.fill.gamma_multiply(0.4);
            style.border = style.border.gamma_multiply(0.6);
            style.content = style.content.gamma_multiply(0.4);
        }
        style
    }

    /// Background, border and focus ring.
    fn paint(&self, painter: &Painter, rect: Rect, corner: CornerRadius) {
        painter.rect(rect, corner, self.fill, Stroke::new(1.0, self.border), StrokeKind::Inside);
        if let Some(ring) = self.ring {
            painter.rect_stroke(rect, corner, Stroke::new(2.0, ring), StrokeKind::Inside);
        }
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Key, Modifiers};

    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn buttons_are_pressed_by_pointer_and_keyboard_and_not_when_disabled() {
        let mut h = Harness::new(800.0, 200.0);
        let (mut icon, mut word, mut off) = (0, 0, 0);
        let mut rects = [Rect::NOTHING; 3];
        let mut content = |ui: &mut Ui| {
            ui.horizontal(|ui| {
                let a = IconButton::new(Icon::Play).tooltip("Play (Space)").show(ui);
                let b = Button::new("Open files").icon(Icon::Open).primary(true).show(ui);
                let c = IconButton::new(Icon::Stop).enabled(false).show(ui);
                icon += usize::from(a.clicked());
                word += usize::from(b.clicked());
                off += usize::from(c.clicked());
                rects = [a.rect, b.rect, c.rect];
            });
        };
        h.frame(&mut content);
        // the first control with Tab and Space
        h.key(Key::Tab, Modifiers::NONE);
        h.frame(&mut content);
        h.key(Key::Space, Modifiers::NONE);
        h.frame(&mut content);
        h.frame(&mut content);
        h.click(60.0, 24.0, &mut content);
        h.click(170.0, 24.0, &mut content);
        assert!(rects.iter().all(|r| r.height() >= 32.0), "{rects:?}");
        assert!(rects[1].contains([60.0, 24.0].into()) && rects[2].contains([170.0, 24.0].into()), "{rects:?}");
        assert_eq!((icon, word, off), (1, 1, 0));
    }

    #[test]
    fn the_keyboards_focus_is_seen() {
        let mut h = Harness::new(800.0, 200.0);
        let mut content = |ui: &mut Ui| {
            Button::new("Open files").show(ui);
        };
        (0..20).for_each(|_| h.frame(&mut content));
        let before = h.triangles();
        h.key(Key::Tab, Modifiers::NONE);
        (0..20).for_each(|_| h.frame(&mut content));
        assert!(h.triangles() > before, "a ring around it");
    }

    #[test]
    fn controls_grow_for_fingers() {
        let mut h = Harness::new(390.0, 800.0);
        h.frame(|ui| assert_eq!(IconButton::new(Icon::Play).show(ui).rect.size(), vec2(40.0, 40.0)));
    }

    #[test]
    fn a_long_label_stays_inside() {
        let mut h = Harness::new(200.0, 200.0);
        h.frame(|ui| {
            let r = Button::new(&"very long ".repeat(40)).icon(Icon::Open).show(ui);
            assert!(r.rect.right() <= 200.0, "{:?}", r.rect);
        });
    }
}
