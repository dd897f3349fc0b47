//! egui's style made from a palette, so that its own widgets look like ours.

use eframe::egui::{
    Color32, CornerRadius, CursorIcon, Margin, Shadow, Stroke, Style, TextStyle, Visuals, style::HandleShape,
    style::ScrollStyle, style::Selection, style::WidgetVisuals, style::Widgets, vec2,
};

use super::{Palette, mix, radius, text};

/// How long things move, in seconds.
pub(super) const ANIMATION: f32 = 0.12;

/// The whole style of a theme.
pub(super) fn style(p: &Palette) -> Style {
    let mut style = Style { visuals: visuals(p), animation_time: ANIMATION, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, text::regular(text::SMALL)),
        (TextStyle::Body, text::regular(text::BODY)),
        (TextStyle::Button, text::medium(13.0)),
        (TextStyle::Heading, text::semibold(text::TITLE)),
        (TextStyle::Monospace, text::regular(13.0)),
    ]
    .into();

    let s = &mut style.spacing;
    s.item_spacing = vec2(8.0, 8.0);
    s.button_padding = vec2(12.0, 6.0);
    s.window_margin = Margin::same(16);
    s.menu_margin = Margin::same(6);
    s.interact_size = vec2(40.0, 32.0);
    s.indent = 16.0;
    s.icon_width = 18.0;
    s.icon_width_inner = 10.0;
    s.icon_spacing = 8.0;
    s.slider_width = 140.0;
    s.slider_rail_height = 4.0;
    s.combo_width = 120.0;
    s.tooltip_width = 320.0;
    s.scroll = ScrollStyle {
        bar_width: 8.0,
        floating_width: 4.0,
        active_handle_opacity: 0.25,
        interact_handle_opacity: 0.5,
        ..ScrollStyle::floating()
    };

    style.interaction.tooltip_delay = 0.35;
    // labels are dragged over more often than they are copied
    style.interaction.selectable_labels = false;
    style
}

fn visuals(p: &Palette) -> Visuals {
    let corner_radius = CornerRadius::same(radius::M);
    let state = |fill: Color32, border: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, border),
        corner_radius,
        fg_stroke: Stroke::new(1.5, text),
        expansion: 0.0,
    };
    let rail = if p.dark { p.hover } else { p.border };
    let base = if p.dark { Visuals::dark() } else { Visuals::light() };
    let shade = |blur: u8, y: i8, alpha: u8| Shadow {
        offset: [0, y],
        blur,
        spread: 0,
        color: Color32::from_black_alpha(if p.dark { alpha.saturating_mul(3) } else { alpha }),
    };
    Visuals {
        weak_text_color: Some(p.text_weak),
        widgets: Widgets {
            noninteractive: state(p.panel, p.border, p.text),
            // rails of sliders and boxes of checks are sunk in, buttons raised
            inactive: WidgetVisuals { bg_fill: rail, ..state(p.raised, p.border_strong, p.text) },
            hovered: state(p.hover, p.border_strong, p.text),
            // also what has the keyboard's focus: the border is the focus ring
            active: WidgetVisuals {
                bg_stroke: Stroke::new(2.0, p.accent_text),
                ..state(p.hover, p.accent_text, p.text)
            },
            open: state(p.hover, p.border_strong, p.text),
        },
        selection: Selection { bg_fill: mix(p.raised, p.accent, 0.35), stroke: Stroke::new(1.5, p.accent_text) },
        hyperlink_color: p.accent_text,
        faint_bg_color: p.background,
        extreme_bg_color: p.field,
        text_edit_bg_color: Some(p.field),
        code_bg_color: p.field,
        warn_fg_color: p.warn,
        error_fg_color: p.error,
        window_corner_radius: CornerRadius::same(radius::L),
        window_shadow: shade(32, 12, 40),
        window_fill: p.raised,
        window_stroke: Stroke::new(1.0, p.border),
        menu_corner_radius: CornerRadius::same(radius::M + 2),
        panel_fill: p.panel,
        popup_shadow: shade(20, 6, 30),
        slider_trailing_fill: true,
        handle_shape: HandleShape::Circle,
        interact_cursor: Some(CursorIcon::PointingHand),
        indent_has_left_vline: false,
        ..base
    }
}
