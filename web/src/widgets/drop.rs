//! Where files are dropped.

use eframe::egui::{
    Align, Align2, Color32, Context, Id, Label, LayerId, Layout, Order, Painter, Rect, Role, Sense, Shape, Stroke, Ui,
    UiBuilder, Vec2, WidgetInfo, pos2, vec2,
};

use crate::{
    icons::Icon,
    theme::{self, Palette, space, text},
};

/// What an empty app shows: a friendly figure, what to do, in one line what for, and the caller's buttons in a row, in the
/// middle of all that is left of the place; more about it where there is room. It only looks like a target: files may be
/// dropped anywhere.
pub fn drop_zone<R>(ui: &mut Ui, title: &str, lead: &str, hint: &str, buttons: impl FnOnce(&mut Ui) -> R) -> R {
    let p = theme::palette(ui.visuals());
    let size = ui.available_size_before_wrap().max(vec2(1.0, 1.0)).min(Vec2::splat(1e4));
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Group, true, format!("{title}. {lead} {hint}")));
    let margin = if size.min_elem() < 300.0 { space::S } else { space::M };
    let frame = rect.shrink(margin.min(size.min_elem() * 0.25));
    dashes(ui.painter(), frame, Stroke::new(1.5, p.border_strong));

    // how high the content was the last time, to centre it
    let id = response.id.with("height");
    let height = ui.ctx().data(|d| d.get_temp::<f32>(id)).unwrap_or(240.0);
    let width = frame.shrink(space::S).width().clamp(8.0, 520.0);
    let top = (frame.center().y - height * 0.5).max(frame.top() + space::XS);
    let place = Rect::from_min_size(pos2(frame.center().x - width * 0.5, top), vec2(width, height));
    let mut inner = ui.new_child(UiBuilder::new().max_rect(place).layout(Layout::top_down(Align::Center)));
    inner.shrink_clip_rect(rect);
    inner.spacing_mut().item_spacing.y = space::S;
    if frame.height() > 300.0 {
        picture(&mut inner, p);
        inner.add_space(space::S);
    }
    inner.add(Label::new(text::title(title).size(if width < 400.0 { 18.0 } else { text::TITLE })).wrap());
    inner.add(Label::new(text::strong(lead)).wrap());
    if !hint.is_empty() {
        inner.add(Label::new(text::body(hint).weak()).wrap());
    }
    inner.add_space(if frame.height() > 220.0 { space::M } else { 0.0 });
    let answer = centered_row(&mut inner, buttons);
    let now = inner.min_rect().height();
    if (now - height).abs() > 0.5 {
        ui.ctx().data_mut(|d| d.insert_temp(id, now));
        ui.ctx().request_repaint();
    }
    answer
}

/// A row that wraps, in the middle: as wide as it was the last time.
fn centered_row<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    let id = ui.scope_id().with("row");
    let room = ui.available_width();
    let width = ui.ctx().data(|d| d.get_temp::<f32>(id)).unwrap_or(room).min(room);
    let left = ui.max_rect().center().x - width * 0.5;
    let place = Rect::from_min_size(pos2(left, ui.cursor().top()), vec2((room + width) * 0.5, 0.0));
    let layout = Layout::left_to_right(Align::Center).with_main_wrap(true);
    let row = ui.scope_builder(UiBuilder::new().max_rect(place).layout(layout), |ui| {
        let answer = content(ui);
        (answer, ui.min_rect().width())
    });
    let (answer, now) = row.inner;
    if (now - width).abs() > 0.5 {
        ui.ctx().data_mut(|d| d.insert_temp(id, now));
        ui.ctx().request_repaint();
    }
    answer
}

/// A waving figure on a disc.
fn picture(ui: &mut Ui, p: &Palette) {
    let (rect, _) = ui.allocate_exact_size(vec2(96.0, 96.0), Sense::hover());
    let painter = ui.painter();
    painter.circle_filled(rect.center(), 48.0, p.accent_soft);
    Icon::Person.paint_at(painter, rect.center(), 56.0, p.accent_text);
}

/// While files hover over the window: darkens it and says that they may be let go. Whether it did.
pub fn drop_overlay(ctx: &Context, message: &str) -> bool {
    let files = ctx.input(|i| i.raw.hovered_files.len());
    if files == 0 {
        return false;
    }
    let p = theme::palette(&ctx.global_style().visuals);
    let screen = ctx.content_rect();
    let painter = Painter::new(ctx.clone(), LayerId::new(Order::Tooltip, Id::unique("drop overlay")), screen);
    let veil = if p.dark { Color32::from_black_alpha(190) } else { Color32::from_white_alpha(215) };
    painter.rect_filled(screen, 0, veil);
    let frame = screen.shrink(space::M.min(screen.size().min_elem() * 0.25));
    painter.rect_filled(frame, 16, p.accent.gamma_multiply(0.10));
    dashes(&painter, frame, Stroke::new(2.0, p.accent_text));
    let center = screen.center();
    Icon::Download.paint_at(&painter, center - vec2(0.0, 34.0), 44.0, p.accent_text);
    let words = super::elided(&painter, message, text::semibold(text::TITLE), p.text, frame.width() - 16.0);
    painter.galley(center + vec2(-words.size().x * 0.5, 4.0), words, p.text);
    if files > 1 {
        let many = format!("{files} files");
        painter.text(center + vec2(0.0, 44.0), Align2::CENTER_CENTER, many, text::regular(text::BODY), p.text_weak);
    }
    true
}

/// A dashed line with round corners.
fn dashes(painter: &Painter, rect: Rect, stroke: Stroke) {
    if !rect.is_finite() || rect.width() < 8.0 || rect.height() < 8.0 {
        return;
    }
    let r = 14.0_f32.min(rect.size().min_elem() * 0.5);
    let mut path = Vec::new();
    for (k, corner) in [rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()].iter().enumerate() {
        let inwards = rect.center() - *corner;
        let center = *corner + vec2(r.copysign(inwards.x), r.copysign(inwards.y));
        for i in 0..=6 {
            let angle = std::f32::consts::FRAC_PI_2 * (k as f32 - 1.0 + i as f32 / 6.0);
            path.push(center + Vec2::angled(angle) * r);
        }
    }
    path.extend(path.first().copied());
    painter.extend(Shape::dashed_line(&path, stroke, 6.0, 6.0));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::widgets::{Button, testing::Harness};

    #[test]
    fn buttons_in_the_zone_work_and_the_content_is_centred() {
        let mut h = Harness::new(700.0, 500.0);
        let (clicks, button) = (Cell::new(0), Cell::new(Rect::NOTHING));
        let mut content = |ui: &mut Ui| {
            let response = drop_zone(ui, "Drop motion files here", "Ask.", "BVH, NTU .skeleton, HumanML3D", |ui| {
                Button::new("Open files").primary(true).show(ui)
            });
            button.set(response.rect);
            clicks.set(clicks.get() + usize::from(response.clicked()));
        };
        (0..4).for_each(|_| h.frame(&mut content));
        let at = button.get().center();
        assert!((at.x - 350.0).abs() < 2.0 && at.y > 250.0 && at.y < 420.0, "{at:?}");
        h.click(at.x, at.y, &mut content);
        assert_eq!(clicks.get(), 1);
    }

    #[test]
    fn the_overlay_comes_only_with_files() {
        let mut h = Harness::new(390.0, 800.0);
        h.frame(|ui| assert!(!drop_overlay(ui.ctx(), "Drop to open")));
        h.hover_files(3);
        h.frame(|ui| assert!(drop_overlay(ui.ctx(), "Drop to open")));
        assert!(h.triangles() > 50);
    }

    #[test]
    fn any_room_will_do() {
        let long = "drop ".repeat(100);
        for (width, height) in [(0.0, 0.0), (1.0, 900.0), (900.0, 1.0), (120.0, 90.0), (390.0, 700.0)] {
            let mut h = Harness::new(width, height);
            h.hover_files(1);
            h.frame(|ui| {
                drop_zone(ui, &long, &long, &long, |ui| ui.label("x"));
                drop_overlay(ui.ctx(), &long);
            });
            let screen = h.screen();
            assert!(screen.area() == 0.0 || h.covered(screen) == 1.0, "the veil has holes at {width} by {height}");
        }
    }
}
