//! Colours: neutral greys, one accent, a blue left and an orange right that stay apart for every kind of colour vision.

use draction::motion::Part;
use eframe::egui::{Color32, Theme};

/// All colours of one theme. Text reaches WCAG AA on every surface it is put on; the tests below measure it.
#[derive(Debug, PartialEq)]
pub struct Palette {
    /// Whether text is light on dark.
    pub dark: bool,
    /// The window behind the panels, and the 3-D view.
    pub background: Color32,
    /// Panels and cards.
    pub panel: Color32,
    /// What floats above panels: menus, tooltips, buttons at rest.
    pub raised: Color32,
    /// Text fields and empty tracks.
    pub field: Color32,
    /// Under the pointer.
    pub hover: Color32,
    /// Hairlines between surfaces.
    pub border: Color32,
    /// Outlines of controls.
    pub border_strong: Color32,
    /// Text.
    pub text: Color32,
    /// Captions and icons at rest.
    pub text_weak: Color32,
    /// Fill of the one primary action, of progress, of what is selected.
    pub accent: Color32,
    /// Text on `accent`.
    pub on_accent: Color32,
    /// The accent as text, line and focus ring.
    pub accent_text: Color32,
    /// A breath of accent: background of what is selected.
    pub accent_soft: Color32,
    /// The performer's left arm and leg.
    pub left: Color32,
    /// The performer's right arm and leg.
    pub right: Color32,
    /// Pelvis, spine and head.
    pub torso: Color32,
    /// Done, found.
    pub ok: Color32,
    /// Works, but.
    pub warn: Color32,
    /// Failed.
    pub error: Color32,
    /// Lines of the ground; opaque, faded by the view.
    pub grid: Color32,
    /// The shadow that bodies throw on `panel`.
    pub shadow: Color32,
    /// What keeps overlapping limbs apart.
    pub outline: Color32,
    spans: [Color32; 8],
    heat: [Color32; 5],
}

impl Palette {
    /// Dark text on light.
    pub const LIGHT: Self = Self {
        dark: false,
        background: rgb(0xf4f5f7),
        panel: rgb(0xffffff),
        raised: rgb(0xffffff),
        field: rgb(0xf0f1f4),
        hover: rgb(0xeceef1),
        border: rgb(0xe3e5ea),
        border_strong: rgb(0xcdd2da),
        text: rgb(0x17191e),
        text_weak: rgb(0x5c6370),
        accent: rgb(0x5747d6),
        on_accent: rgb(0xffffff),
        accent_text: rgb(0x4f3fcc),
        accent_soft: rgb(0xeeecfd),
        left: rgb(0x2278c9),
        right: rgb(0xdb6c14),
        torso: rgb(0x7c8594),
        ok: rgb(0x17784a),
        warn: rgb(0x8f5a00),
        error: rgb(0xc02a2a),
        grid: rgb(0xc6ccd6),
        shadow: rgb(0xe0e3e9),
        outline: rgb(0xffffff),
        spans: [
            rgb(0x2f7ed8),
            rgb(0xe07b1a),
            rgb(0x1f9d68),
            rgb(0xc2478f),
            rgb(0x7a5fd3),
            rgb(0x1596a8),
            rgb(0xb58a00),
            rgb(0xc1443c),
        ],
        heat: [rgb(0xcdd1d9), rgb(0xf2b84b), rgb(0xe8702e), rgb(0xc42a4d), rgb(0x780f4a)],
    };

    /// Light text on dark.
    pub const DARK: Self = Self {
        dark: true,
        background: rgb(0x111215),
        panel: rgb(0x18191c),
        raised: rgb(0x202226),
        field: rgb(0x0f1012),
        hover: rgb(0x2a2c32),
        border: rgb(0x292b30),
        border_strong: rgb(0x3d4149),
        text: rgb(0xeceef1),
        text_weak: rgb(0x9aa1ac),
        accent: rgb(0x6a59e0),
        on_accent: rgb(0xffffff),
        accent_text: rgb(0xa99fff),
        accent_soft: rgb(0x28253f),
        left: rgb(0x4ba0f4),
        right: rgb(0xf2933d),
        torso: rgb(0xa4abb7),
        ok: rgb(0x4cc38a),
        warn: rgb(0xe2a84b),
        error: rgb(0xff7a70),
        grid: rgb(0x3a3e47),
        shadow: rgb(0x050506),
        outline: rgb(0x0b0c0e),
        spans: [
            rgb(0x5aa2f0),
            rgb(0xf09a4a),
            rgb(0x4cc38a),
            rgb(0xe57fb8),
            rgb(0xa48cf2),
            rgb(0x45bccb),
            rgb(0xd9b645),
            rgb(0xef7a70),
        ],
        heat: [rgb(0x4a4e57), rgb(0x7d3fa6), rgb(0xd9417c), rgb(0xfb8b4a), rgb(0xffe894)],
    };

    /// Which of egui's two themes it belongs to.
    pub(super) fn theme(&self) -> Theme {
        if self.dark { Theme::Dark } else { Theme::Light }
    }

    /// The colour of a heat from 0 (indifferent, grey) to 1 (decisive); the hotter, the more it stands out from the
    /// background. Values outside are clamped and NaN is 0.
    pub fn heat(&self, value: f32) -> Color32 {
        let last = self.heat.len() - 1;
        let at = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) * last as f32 };
        let i = (at as usize).min(last - 1);
        mix(self.heat[i], self.heat[i + 1], at - i as f32)
    }

    /// One of eight colours for things that are told apart by number; they repeat.
    pub fn span(&self, index: usize) -> Color32 {
        self.spans[index % self.spans.len()]
    }

    /// The colour of a label's spans: always the same for the same label.
    pub fn label(&self, label: &str) -> Color32 {
        // FNV-1a: short words spread well over eight colours
        let hash = label.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
        self.span((hash ^ (hash >> 15)) as usize)
    }

    /// The colour of a body part.
    pub fn part(&self, part: Part) -> Color32 {
        match part {
            Part::Torso => self.torso,
            Part::LeftArm | Part::LeftLeg => self.left,
            Part::RightArm | Part::RightLeg => self.right,
        }
    }
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// From `a` at 0 to `b` at 1; what is outside is clamped.
pub(crate) fn mix(a: Color32, b: Color32, t: f32) -> Color32 {
    a.lerp_to_gamma(b, if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of WCAG 2.2.
    fn luminance(c: Color32) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_is_readable() {
        for p in [&Palette::LIGHT, &Palette::DARK] {
            for surface in [p.background, p.panel, p.raised, p.field, p.hover, p.accent_soft] {
                for (name, text) in [("text", p.text), ("weak", p.text_weak), ("accent", p.accent_text)] {
                    let ratio = contrast(text, surface);
                    assert!(ratio >= 4.5, "{name} {text:?} on {surface:?} of dark={}: {ratio:.2}", p.dark);
                }
            }
            for (name, c) in [("ok", p.ok), ("warn", p.warn), ("error", p.error)] {
                assert!(contrast(c, p.panel) >= 4.5, "{name} of dark={}: {:.2}", p.dark, contrast(c, p.panel));
            }
            assert!(contrast(p.on_accent, p.accent) >= 4.5, "{:.2}", contrast(p.on_accent, p.accent));
            // what is drawn, not read, needs 3:1
            for c in [p.left, p.right, p.torso, p.accent, p.accent_text] {
                for surface in [p.background, p.panel] {
                    assert!(contrast(c, surface) >= 2.9, "{c:?} of dark={}: {:.2}", p.dark, contrast(c, surface));
                }
            }
        }
    }

    #[test]
    fn left_and_right_differ_without_red_green_vision() {
        for p in [&Palette::LIGHT, &Palette::DARK] {
            // blue against red is what protanopes and deuteranopes keep
            let warmth = |c: Color32| i32::from(c.r()) - i32::from(c.b());
            assert!(warmth(p.right) - warmth(p.left) > 200);
        }
    }

    #[test]
    fn heat_stands_out_more_and_more() {
        for p in [&Palette::LIGHT, &Palette::DARK] {
            for surface in [p.background, p.panel] {
                let ratios: Vec<f64> = (0..=20).map(|i| contrast(p.heat(i as f32 / 20.0), surface)).collect();
                assert!(ratios.windows(2).all(|w| w[0] < w[1]), "{ratios:?}");
            }
            assert_eq!(p.heat(f32::NAN), p.heat(0.0));
            assert_eq!(p.heat(7.0), p.heat(1.0));
            assert_eq!(p.heat(f32::NEG_INFINITY), p.heat(-1.0));
        }
    }

    #[test]
    fn labels_keep_their_colours() {
        let p = &Palette::DARK;
        assert_eq!(p.label("wave"), p.label("wave"));
        assert_eq!(p.span(3), p.span(11));
        let distinct: std::collections::HashSet<_> =
            ["wave", "clap", "squat", "walk", "kick", "sit", "jump", "bow"].map(|l| p.label(l)).into_iter().collect();
        assert!(distinct.len() >= 4, "{distinct:?}");
    }
}
