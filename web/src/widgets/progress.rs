//! How far something is, and what went wrong.

use eframe::egui::{
    Align, Align2, Area, Color32, Context, Frame, Id, Label, Layout, Margin, Order, Rect, Role, ScrollArea, Sense,
    Stroke, Ui, WidgetInfo, vec2,
};

use super::unit;
use crate::{
    icons::Icon,
    theme::{self, Palette, radius, space, text},
    widgets::{Button, IconButton},
};

/// Something that takes its time.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// What is going on: "Loading the model".
    pub label: &'a str,
    /// How much is done, 0 to 1, if that is known.
    pub fraction: Option<f32>,
    /// In figures: "0.9 of 1.7 MB".
    pub detail: Option<&'a str>,
    /// Whether it can be cancelled.
    pub cancel: bool,
}

impl Progress<'_> {
    /// As wide as the place. True when the user cancelled.
    pub fn show(self, ui: &mut Ui) -> bool {
        let p = theme::palette(ui.visuals());
        let mut cancelled = false;
        let fraction = self.fraction.map(unit);
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if self.cancel {
                        let side = theme::control_height(ui.ctx()) - 4.0;
                        cancelled = IconButton::new(Icon::Close).tooltip("Cancel").size(side).show(ui).clicked();
                    }
                    let figures = match (self.detail, fraction) {
                        (Some(detail), _) => detail.to_owned(),
                        (None, Some(fraction)) => super::percent(fraction),
                        (None, None) => String::new(),
                    };
                    ui.add(Label::new(text::small(figures)).truncate());
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(Label::new(text::directed(text::body(self.label), ui.style())).truncate());
                    });
                });
            });
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width().max(1.0), 6.0), Sense::hover());
            response.widget_info(|| {
                let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, self.label.to_owned());
                info.value = fraction.map(f64::from);
                info
            });
            bar(ui, rect, fraction, p);
        });
        cancelled
    }
}

/// A rounded track; without a fraction, a piece of it wanders.
fn bar(ui: &Ui, rect: Rect, fraction: Option<f32>, p: &Palette) {
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3, if p.dark { p.hover } else { p.border });
    let width = rect.width();
    let filled = match fraction {
        Some(fraction) => rect.with_max_x(rect.left() + (width * fraction).max(rect.height().min(width))),
        None if !theme::is_lively(ui.ctx()) => rect.with_max_x(rect.left() + width * 0.35),
        None => {
            ui.ctx().request_repaint_after_secs(0.02);
            let phase = (ui.input(|i| i.time) * 0.7).fract() as f32;
            let eased = phase * phase * (3.0 - 2.0 * phase);
            let left = rect.left() + (width * 1.35) * eased - width * 0.35;
            rect.with_min_x(left).with_max_x(left + width * 0.35)
        }
    };
    painter.rect_filled(filled, 3, p.accent);
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Done.
    Ok,
    /// Works, but.
    Warning,
    /// Failed.
    Error,
}

impl Severity {
    fn style(self, p: &Palette) -> (Icon, Color32) {
        match self {
            Self::Info => (Icon::Info, p.accent_text),
            Self::Ok => (Icon::Check, p.ok),
            Self::Warning => (Icon::Warning, p.warn),
            Self::Error => (Icon::Error, p.error),
        }
    }
}

/// Something the user should know, such as why a file was not opened.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct Banner<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: the file's name.
    pub title: &'a str,
    /// What happened; may be empty.
    pub message: &'a str,
    /// Whether it can be closed.
    pub closable: bool,
}

impl Banner<'_> {
    /// As wide as the place. True when the user closed it.
    pub fn show(self, ui: &mut Ui) -> bool {
        let p = theme::palette(ui.visuals());
        let (icon, color) = self.severity.style(p);
        let mut closed = false;
        let frame = Frame::new()
            .fill(theme::mix(p.raised, color, 0.08))
            .stroke(Stroke::new(1.0, theme::mix(p.border, color, 0.4)))
            .corner_radius(radius::M + 1)
            .inner_margin(Margin { left: 12, right: 8, top: 8, bottom: 8 });
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(18.0, 28.0), Sense::hover());
                icon.paint_at(ui.painter(), rect.center(), 18.0, color);
                let button = if self.closable { 28.0 + space::S } else { 0.0 };
                let room = (ui.available_width() - button).max(16.0);
                ui.allocate_ui_with_layout(vec2(room, 0.0), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(room);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    ui.add_space(5.0);
                    let label = |ui: &mut Ui, words| {
                        let words = text::directed(words, ui.style());
                        ui.add(Label::new(words).wrap().selectable(true));
                    };
                    label(ui, text::strong(self.title));
                    if !self.message.is_empty() {
                        label(ui, text::small(self.message).size(13.0));
                    }
                });
                if self.closable {
                    closed = IconButton::new(Icon::Close).tooltip("Dismiss").size(28.0).show(ui).clicked();
                }
            });
        });
        closed
    }
}

/// Toasts are no wider than this, in points.
pub const TOAST: f32 = 380.0;

/// What was closed of some toasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The one of this index.
    One(usize),
    /// All of them.
    All,
}

/// Banners that float in an area, from its top in its middle, where they cover pictures but nothing that is pressed or
/// typed into; the last one lowest, no more than four, and what there is no room for can be scrolled to. Several can be
/// closed at once.
pub fn toasts(ctx: &Context, area: Rect, items: &[Banner<'_>]) -> Option<Closed> {
    if items.is_empty() {
        return None;
    }
    let width = (area.width() - 2.0 * space::M).clamp(16.0, TOAST);
    let all = if items.len() > 1 { theme::control_height(ctx) + space::S } else { 0.0 };
    let height = (area.height() - 2.0 * space::S - all).max(48.0);
    let first = items.len().saturating_sub(4);
    let mut closed = None;
    Area::new(Id::unique("toasts"))
        .order(Order::Foreground)
        .anchor(Align2::CENTER_TOP, vec2(area.center().x - ctx.content_rect().center().x, area.top() + space::S))
        .show(ctx, |ui| {
            ui.set_width(width);
            ScrollArea::vertical().max_height(height).stick_to_bottom(true).show(ui, |ui| {
                for (i, banner) in items.iter().enumerate().skip(first) {
                    // what floats has an opaque ground and a shadow
                    let shadow = ui.visuals().popup_shadow;
                    let ground =
                        Frame::new().fill(ui.visuals().window_fill).corner_radius(radius::M + 1).shadow(shadow);
                    if ground.show(ui, |ui| ui.push_id(i, |ui| banner.show(ui)).inner).inner {
                        closed = Some(Closed::One(i));
                    }
                }
            });
            if items.len() > 1 {
                ui.vertical_centered(|ui| {
                    let ground = Frame::new().fill(ui.visuals().window_fill).corner_radius(radius::M + 1);
                    let all = ground.show(ui, |ui| Button::new("Close all").icon(Icon::Close).quiet(true).show(ui));
                    if all.inner.clicked() {
                        closed = Some(Closed::All);
                    }
                });
            }
        });
    closed
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use eframe::egui::pos2;

    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn long_toasts_stay_in_their_area() {
        let long = "walk.bvh, line 3: a row of more than 75 numbers, one a channel, begins in line 99 ".repeat(6);
        let one = Banner { severity: Severity::Error, title: "That did not work", message: &long, closable: true };
        for (width, height, end) in [(568.0, 320.0, 200.0), (320.0, 568.0, 300.0), (1280.0, 720.0, 500.0)] {
            let mut h = Harness::new(width, height);
            let area = Rect::from_min_max(pos2(0.0, 48.0), pos2(width, end));
            (0..4).for_each(|_| h.frame(|ui| assert_eq!(toasts(ui.ctx(), area, &[one; 3]), None)));
            let drawn = |y: f32| (0..64).any(|k| h.color_at(width * (k as f32 + 0.5) / 64.0, y).is_some());
            assert!(drawn(60.0), "{width} by {height}: there are none");
            let below = (end as i32 + 14..height as i32).find(|&y| drawn(y as f32));
            assert_eq!(below, None, "{width} by {height}: they reach out of {area}");
            let closed = Cell::new(None);
            for y in (48..end as i32).step_by(4).filter(|_| closed.get().is_none()) {
                h.click(width * 0.5, y as f32, |ui| closed.set(toasts(ui.ctx(), area, &[one; 3]).or(closed.get())));
            }
            assert_eq!(closed.get(), Some(Closed::All), "{width} by {height}: they cannot be closed together");
        }
    }

    #[test]
    fn cancel_and_close_are_told() {
        let mut h = Harness::new(500.0, 300.0);
        let (cancelled, closed) = (Cell::new(0), Cell::new(0));
        let right = Cell::new([0.0; 3]);
        let mut content = |ui: &mut Ui| {
            let edge = ui.max_rect().right();
            let top = ui.cursor().top();
            let view = Progress { label: "Labelling windows", fraction: Some(0.4), detail: None, cancel: true };
            cancelled.set(cancelled.get() + usize::from(view.show(ui)));
            let middle = ui.cursor().top();
            let view =
                Banner { severity: Severity::Error, title: "walk.bvh", message: "line 3: no joints", closable: true };
            closed.set(closed.get() + usize::from(view.show(ui)));
            right.set([edge, top, middle]);
        };
        h.frame(&mut content);
        h.frame(&mut content);
        let [edge, top, middle] = right.get();
        h.click(edge - 12.0, top + 14.0, &mut content);
        assert_eq!((cancelled.get(), closed.get()), (1, 0));
        h.click(edge - 22.0, middle + 22.0, &mut content);
        assert_eq!((cancelled.get(), closed.get()), (1, 1));
    }

    #[test]
    fn a_toast_is_closed_by_its_index() {
        let mut h = Harness::new(800.0, 600.0);
        let one = |title| Banner { severity: Severity::Warning, title, message: "", closable: true };
        let items = [one("a"), one("b"), one("c"), one("d"), one("e"), one("f")];
        let closed = Cell::new(None);
        let mut content = |ui: &mut Ui| {
            closed
                .set(toasts(ui.ctx(), Rect::from_min_max(pos2(0.0, 40.0), pos2(800.0, 600.0)), &items).or(closed.get()))
        };
        (0..3).for_each(|_| h.frame(&mut content));
        let right = 400.0 + 190.0 - 22.0;
        h.click(right, 40.0 + 8.0 + 22.0, &mut content);
        assert_eq!(closed.get(), Some(Closed::One(2)), "the last four are shown, the newest lowest");
        assert_eq!(h.color_at(400.0, 36.0), None, "what is above stays free");
    }

    #[test]
    fn several_toasts_are_closed_together() {
        let mut h = Harness::new(800.0, 600.0);
        let one = |title| Banner { severity: Severity::Error, title, message: "why", closable: true };
        for (items, all) in [(vec![one("a")], false), (vec![one("a"), one("b")], true)] {
            let closed = Cell::new(None);
            let mut content =
                |ui: &mut Ui| closed.set(toasts(ui.ctx(), ui.ctx().content_rect(), &items).or(closed.get()));
            (0..3).for_each(|_| h.frame(&mut content));
            for y in (0..300).step_by(6).filter(|_| closed.get().is_none()) {
                h.click(400.0, y as f32, &mut content);
            }
            assert_eq!(closed.get(), all.then_some(Closed::All));
        }
    }

    #[test]
    fn any_input_is_drawn() {
        let long = "word ".repeat(200);
        for width in [1.0, 50.0, 390.0, 1500.0] {
            let mut h = Harness::new(width, 200.0);
            h.frame(|ui| {
                for fraction in [None, Some(0.0), Some(0.5), Some(f32::NAN), Some(9.0)] {
                    Progress { label: &long, fraction, detail: Some(&long), cancel: true }.show(ui);
                    Progress { label: "", fraction, detail: None, cancel: false }.show(ui);
                }
                for severity in [Severity::Info, Severity::Ok, Severity::Warning, Severity::Error] {
                    Banner { severity, title: &long, message: &long, closable: true }.show(ui);
                    Banner { severity, title: "", message: "", closable: false }.show(ui);
                }
                toasts(ui.ctx(), ui.ctx().content_rect(), &[]);
            });
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_fraction() {
        let mut h = Harness::new(400.0, 60.0);
        let p = h.palette();
        for (fraction, expected) in
            [(0.0, [false; 2]), (0.5, [true, false]), (9.0, [true; 2]), (-1.0, [false; 2]), (f32::NAN, [false; 2])]
        {
            let bottom = Cell::new(0.0);
            h.frame(|ui| {
                Progress { label: "Loading", fraction: Some(fraction), detail: None, cancel: false }.show(ui);
                bottom.set(ui.min_rect().bottom());
            });
            // it is as wide as the screen, and the lowest 6 points
            let filled = [100.0, 300.0].map(|x| h.color_at(x, bottom.get() - 3.0));
            assert_eq!(filled, expected.map(|full| Some(if full { p.accent } else { p.hover })), "{fraction}");
        }
    }

    #[test]
    fn each_severity_has_its_colour_and_a_long_message_its_lines() {
        let long = "word ".repeat(200);
        let mut h = Harness::new(500.0, 1000.0);
        let mut grounds = Vec::new();
        for severity in [Severity::Info, Severity::Ok, Severity::Warning, Severity::Error] {
            let heights = ["", &long].map(|message| {
                let height = Cell::new(0.0);
                h.frame(|ui| {
                    Banner { severity, title: "", message, closable: false }.show(ui);
                    height.set(ui.min_rect().height());
                });
                if message.is_empty() {
                    grounds.push(h.color_at(400.0, height.get() * 0.5).expect("a ground"));
                }
                height.get()
            });
            assert!(heights[1] > heights[0] + 100.0, "{heights:?}");
        }
        assert!((0..4).all(|i| !grounds[..i].contains(&grounds[i])), "{grounds:?}");
    }
}
