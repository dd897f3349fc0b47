//! The type scale: Inter in three weights and five sizes.

use eframe::egui::{Align, FontFamily, FontId, FontSelection, RichText, Style, WidgetText};

use super::direction;

/// Name of the family of weight 500.
pub(super) const MEDIUM: &str = "medium";
/// Name of the family of weight 600.
pub(super) const SEMIBOLD: &str = "semibold";

/// Size in points of what stands in the text flow.
pub const BODY: f32 = 14.0;
/// Size in points of captions, units and times.
pub const SMALL: f32 = 12.0;
/// Size in points of tick labels, the smallest there is.
pub const TINY: f32 = 11.0;
/// Size in points of the one title of a page.
pub const TITLE: f32 = 20.0;

/// Weight 400.
pub fn regular(size: f32) -> FontId {
    FontId::new(size, FontFamily::Proportional)
}

/// Weight 500: buttons, labels of values.
pub fn medium(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(MEDIUM.into()))
}

/// Weight 600: titles and headings.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(SEMIBOLD.into()))
}

/// The one title of a page.
pub fn title(text: impl Into<String>) -> RichText {
    RichText::new(text).font(semibold(TITLE)).strong()
}

/// Heading of a panel.
pub fn section(text: impl Into<String>) -> RichText {
    RichText::new(text).font(semibold(13.0)).strong()
}

/// Running text.
pub fn body(text: impl Into<String>) -> RichText {
    RichText::new(text).font(regular(BODY))
}

/// Running text that matters more.
pub fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).font(medium(BODY)).strong()
}

/// Captions and remarks, in the weaker colour.
pub fn small(text: impl Into<String>) -> RichText {
    RichText::new(text).font(regular(SMALL)).weak()
}

/// The text, whatever direction its words have.
pub fn directed(text: RichText, style: &Style) -> WidgetText {
    if !direction::has_rtl(text.text()) {
        return text.into();
    }
    let job = WidgetText::from(text).into_layout_job(style, FontSelection::Default, Align::Center);
    direction::directed(std::sync::Arc::unwrap_or_clone(job)).into()
}

/// A figure with its unit.
pub fn number(text: impl Into<String>) -> RichText {
    RichText::new(text).font(medium(13.0))
}
