//! How the app looks: fonts, sizes, distances and colours, for light and dark.
//!
//! [`install`] once, before the first frame. From then on egui's own widgets and ours follow the theme that
//! [`egui::Context::set_theme`] chooses; [`palette`] hands a painter the colours of the theme in force.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | [`direction`] | names that are written from right to left |
//! | `palette` | the colours, light and dark |
//! | `style` | egui's style made from a palette |
//! | `system_fonts` | what writes the scripts that our fonts lack |
//! | [`text`] | the type scale |

pub mod direction;
mod palette;
mod style;
#[cfg(not(target_family = "wasm"))]
mod system_fonts;
pub mod text;

use std::sync::Arc;

use eframe::egui::{Context, FontData, FontDefinitions, FontFamily, ThemePreference, Visuals};

pub use palette::Palette;
pub(crate) use palette::mix;

/// Distances in points, on a grid of eight.
pub mod space {
    /// Between an icon and its word.
    pub const XS: f32 = 4.0;
    /// Between neighbours.
    pub const S: f32 = 8.0;
    /// Inside a card, between groups.
    pub const M: f32 = 16.0;
    /// Between sections.
    pub const L: f32 = 24.0;
}

/// Corner radii in points.
pub mod radius {
    /// Bars, badges, pictures of the strip.
    pub const S: u8 = 4;
    /// Buttons, fields.
    pub const M: u8 = 7;
    /// Cards, bubbles, windows.
    pub const L: u8 = 12;
}

/// Narrower than this many points is a phone: bigger controls, fewer columns.
pub const PHONE: f32 = 600.0;

/// Sets fonts and styles of both themes. The theme itself follows the system until
/// [`egui::Context::set_theme`](eframe::egui::Context::set_theme) says otherwise.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    #[cfg(not(target_family = "wasm"))]
    ctx.set_font_providers(vec![Arc::new(system_fonts::SystemFonts)]);
    ctx.set_theme(ThemePreference::System);
    for palette in [&Palette::LIGHT, &Palette::DARK] {
        ctx.set_style_of(palette.theme(), style::style(palette));
    }
}

/// Lets everything stand still that moves only to please, or move again: for people who ask their system for less motion,
/// and for software that imitates a GPU, which has better things to compute.
pub fn calm(ctx: &Context, calm: bool) {
    if calm == is_lively(ctx) {
        let time = if calm { 0.0 } else { style::ANIMATION };
        ctx.all_styles_mut(|style| style.animation_time = time);
    }
}

/// Whether things may move, see [`calm`].
pub fn is_lively(ctx: &Context) -> bool {
    ctx.global_style().animation_time > 0.0
}

/// The colours that go with these visuals: `palette(ui.visuals())`.
pub fn palette(visuals: &Visuals) -> &'static Palette {
    if visuals.dark_mode { &Palette::DARK } else { &Palette::LIGHT }
}

/// Height in points of buttons and fields: 32, and 40 where fingers press them (a phone's width, or touches seen).
pub fn control_height(ctx: &Context) -> f32 {
    let fingers = ctx.input(|i| i.has_touch_screen()) || ctx.content_rect().width() < PHONE;
    if fingers { 40.0 } else { 32.0 }
}

/// Inter in three weights; its digits are tabular, so that it also serves where egui asks for a monospaced font.
fn fonts() -> FontDefinitions {
    let files: [(&str, &'static [u8]); 3] = [
        ("regular", include_bytes!("../../assets/fonts/Inter-Regular.otf")),
        (text::MEDIUM, include_bytes!("../../assets/fonts/Inter-Medium.otf")),
        (text::SEMIBOLD, include_bytes!("../../assets/fonts/Inter-SemiBold.otf")),
    ];
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in files {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        fonts.families.insert(FontFamily::Name(name.into()), vec![name.to_owned()]);
    }
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.insert(family, vec!["regular".to_owned()]);
    }
    fonts
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Context, FontId, RawInput, Theme};

    use super::*;

    #[test]
    fn fonts_have_the_signs_we_write_and_tabular_digits() {
        let ctx = Context::default();
        install(&ctx);
        let _ = ctx.run_ui(RawInput::default(), |ui| {
            for id in [FontId::proportional(14.0), text::medium(14.0), text::semibold(14.0)] {
                ui.fonts_mut(|f| {
                    for c in "Aaz09 äéßÅñ ·–—…×°→±≤≥•“”‘’".chars() {
                        assert!(f.has_glyph(&id, c), "{c:?} of {id:?}");
                    }
                    let widths: Vec<f32> = ('0'..='9').map(|c| f.glyph_width(&id, c)).collect();
                    assert!(widths.iter().all(|w| (w - widths[0]).abs() < 0.02 && *w > 4.0), "{widths:?}");
                });
            }
        });
    }

    #[test]
    fn calm_stills_both_themes() {
        let ctx = Context::default();
        install(&ctx);
        assert!(is_lively(&ctx));
        for still in [true, false, true] {
            calm(&ctx, still);
            for theme in [Theme::Dark, Theme::Light] {
                ctx.set_theme(theme);
                assert_eq!(is_lively(&ctx), !still);
            }
        }
    }

    #[test]
    fn every_theme_gets_its_own_colours() {
        let ctx = Context::default();
        install(&ctx);
        for (theme, dark) in [(Theme::Dark, true), (Theme::Light, false)] {
            let style = ctx.style_of(theme);
            assert_eq!(style.visuals.dark_mode, dark);
            assert_eq!(palette(&style.visuals).dark, dark);
            assert_eq!(style.visuals.panel_fill, palette(&style.visuals).panel);
        }
    }
}
