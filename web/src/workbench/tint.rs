//! Pictures of numbers in colour.

use draction::inspect::Painting;
use eframe::egui::Color32;

use crate::theme::Palette;

/// The pixels of a picture. Numbers are heat on black, in light and dark windows alike: pictures are always black.
pub(super) fn colours(picture: &Painting) -> Vec<Color32> {
    let eight_bit = |x: f32| (x.clamp(0.0, 1.0) * 255.0).round() as u8;
    match picture {
        Painting::Colours(pixels) => {
            pixels.iter().map(|p| Color32::from_rgb(eight_bit(p[0]), eight_bit(p[1]), eight_bit(p[2]))).collect()
        }
        Painting::Numbers(numbers, _) => numbers.iter().map(|&x| heat(x)).collect(),
    }
}

/// The colour of a number in 0..1; nothing is black.
pub(crate) fn heat(x: f32) -> Color32 {
    if x.is_nan() { Color32::BLACK } else { Palette::DARK.heat(x) }
}

#[cfg(test)]
mod tests {
    use draction::inspect::Scale;

    use super::*;

    #[test]
    fn nothing_is_black_and_more_is_brighter() {
        let scale = Scale { low: 0.0, high: 1.0, unit: "" };
        let pixels = colours(&Painting::Numbers(vec![f32::NAN, 0.0, 0.5, 1.0], scale));
        assert_eq!(pixels[0], Color32::BLACK);
        let light = |c: Color32| u32::from(c.r()) + u32::from(c.g()) + u32::from(c.b());
        assert!(pixels.windows(2).all(|w| light(w[0]) < light(w[1])), "{pixels:?}");
        assert_eq!(colours(&Painting::Colours(vec![[0.0, 2.0, f32::NAN]]))[0], Color32::from_rgb(0, 255, 0));
    }
}
