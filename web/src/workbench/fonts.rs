//! A font for code and for the Greek letters of formulas: the system's, because the app brings none of its own.

use eframe::egui::{
    Context, FontData, FontFamily, FontId,
    epaint::text::{FontInsert, FontPriority, InsertFontFamily},
};

use crate::theme::text;

/// Code in the editor, 13 points. Where the system has none of the usual fixed-width fonts it is the app's own.
pub const CODE: FontId = FontId { size: 13.0, family: FontFamily::Monospace };

/// Fixed-width fonts where systems usually keep them.
const USUAL: [&str; 7] = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/TTF/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
    "/usr/share/fonts/dejavu-sans-mono-fonts/DejaVuSansMono.ttf",
    "/System/Library/Fonts/SFNSMono.ttf",
    "/System/Library/Fonts/Monaco.ttf",
    "C:\\Windows\\Fonts\\consola.ttf",
];

/// Puts it before the app's own in the fixed-width family.
pub(super) fn install(ctx: &Context) {
    let Some(bytes) = USUAL.iter().find_map(|path| std::fs::read(path).ok()) else { return };
    let mut families = vec![InsertFontFamily { family: FontFamily::Monospace, priority: FontPriority::Highest }];
    for font in [text::regular(13.0), text::medium(13.0), text::semibold(13.0)] {
        families.push(InsertFontFamily { family: font.family, priority: FontPriority::Lowest });
    }
    ctx.add_font(FontInsert::new("code", FontData::from_owned(bytes), families));
}
