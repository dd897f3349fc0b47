//! 255 colours for an animation. One palette serves all its frames: with a palette each, still parts would flicker.

use super::Picture;

/// Levels a channel is grouped into before colours are chosen.
const BITS: u32 = 6;
const SIDE: usize = 1 << BITS;

/// Up to 255 colours, the first of them black.
pub(super) struct Palette {
    /// `[n, 3]`.
    pub colours: Vec<u8>,
    /// `[64³]` the nearest colour of every group that occurs, or that was asked for.
    nearest: Vec<Option<u8>>,
}

/// All pixels that fall into one group of similar colours.
#[derive(Clone, Copy, Default)]
struct Bin {
    count: f64,
    sum: [f64; 3],
}

impl Bin {
    fn mean(&self) -> [f64; 3] {
        self.sum.map(|s| s / self.count)
    }
}

/// Most colours of a palette: one number of a byte is left, which says that a pixel is as it was.
const MOST: usize = 255;

impl Palette {
    /// At most [`MOST`] colours, by median cut over the pixels of all pictures. Black is left out of the count: it
    /// is most of every picture, and has a colour of its own.
    pub(super) fn of(pictures: &[Picture]) -> Palette {
        let mut bins = vec![Bin::default(); SIDE * SIDE * SIDE];
        for pixel in pictures.iter().flat_map(|p| p.rgb.chunks_exact(3)).filter(|p| p.iter().any(|&c| c > 0)) {
            let bin = &mut bins[group(pixel)];
            bin.count += 1.0;
            for c in 0..3 {
                bin.sum[c] += f64::from(pixel[c]);
            }
        }
        let used: Vec<Bin> = bins.iter().copied().filter(|b| b.count > 0.0).collect();
        let mut colours = vec![0; 3];
        for part in parts(used, MOST - 1) {
            let (count, sum) =
                part.iter().fold((0.0, [0.0; 3]), |(n, s), b| (n + b.count, [0, 1, 2].map(|c| s[c] + b.sum[c])));
            colours.extend(sum.map(|s| (s / count).round() as u8));
        }
        let nearest = bins.iter().map(|bin| (bin.count > 0.0).then(|| nearest(&colours, bin.mean()))).collect();
        Palette { colours, nearest }
    }

    /// Index of the colour for an RGB pixel, of those pictures or others like them.
    pub(super) fn index(&mut self, pixel: &[u8]) -> u8 {
        if pixel.iter().all(|&c| c == 0) {
            return 0;
        }
        let group = group(pixel);
        *self.nearest[group].get_or_insert_with(|| nearest(&self.colours, centre(group)))
    }
}

fn group(pixel: &[u8]) -> usize {
    pixel[..3].iter().fold(0, |g, &c| g << BITS | usize::from(c >> (8 - BITS)))
}

fn centre(group: usize) -> [f64; 3] {
    [2, 1, 0].map(|c| ((group >> (c * BITS as usize)) % SIDE) as f64 * 4.0 + 1.5)
}

fn nearest(colours: &[u8], wanted: [f64; 3]) -> u8 {
    let distance = |colour: &[u8]| (0..3).map(|c| (f64::from(colour[c]) - wanted[c]).powi(2)).sum::<f64>();
    let all = colours.chunks_exact(3).enumerate();
    all.min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).map_or(0, |(i, _)| i as u8)
}

/// Splits `bins` into at most `count` parts, always the one whose colours differ most (summed over its pixels).
fn parts(bins: Vec<Bin>, count: usize) -> Vec<Vec<Bin>> {
    let mut parts: Vec<(f64, usize, Vec<Bin>)> = Vec::new();
    let push = |parts: &mut Vec<_>, bins: Vec<Bin>| {
        if !bins.is_empty() {
            let (axis, spread) = widest(&bins);
            parts.push((spread, axis, bins));
        }
    };
    push(&mut parts, bins);
    while parts.len() < count {
        let Some(at) = (0..parts.len()).max_by(|&a, &b| parts[a].0.total_cmp(&parts[b].0)) else { break };
        if parts[at].0 <= 0.0 {
            break; // every part is one colour
        }
        let (_, axis, mut bins) = parts.swap_remove(at);
        bins.sort_by(|a, b| a.mean()[axis].total_cmp(&b.mean()[axis]));
        let total: f64 = bins.iter().map(|b| b.count).sum();
        let mut seen = 0.0;
        let below = bins.iter().take_while(|b| {
            seen += b.count;
            seen <= total / 2.0
        });
        let cut = below.count().clamp(1, bins.len() - 1);
        let upper = bins.split_off(cut);
        push(&mut parts, bins);
        push(&mut parts, upper);
    }
    parts.into_iter().map(|(_, _, bins)| bins).collect()
}

/// The channel in which the bins differ most, and the sum of squared differences there; 0 for a single bin.
fn widest(bins: &[Bin]) -> (usize, f64) {
    let total: f64 = bins.iter().map(|b| b.count).sum();
    let spread = |c: usize| {
        let mean = bins.iter().map(|b| b.sum[c]).sum::<f64>() / total;
        bins.iter().map(|b| b.count * (b.mean()[c] - mean).powi(2)).sum::<f64>()
    };
    let axis = (0..3).max_by(|&a, &b| spread(a).total_cmp(&spread(b))).unwrap_or(0);
    (axis, if bins.len() > 1 { spread(axis) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_colours_are_kept_exactly() {
        let rgb = [[0, 0, 0], [255, 0, 0], [10, 200, 30], [255, 255, 255]].concat();
        let mut palette = Palette::of(&[Picture { width: 4, height: 1, rgb: rgb.clone() }]);
        assert_eq!(palette.colours.len(), 12);
        for pixel in rgb.chunks_exact(3) {
            let index = usize::from(palette.index(pixel));
            assert_eq!(&palette.colours[3 * index..][..3], pixel);
        }
        let like_red = usize::from(palette.index(&[230, 20, 10]));
        assert_eq!(&palette.colours[3 * like_red..][..3], [255, 0, 0], "a colour that no picture had");
    }

    #[test]
    fn many_colours_are_met_closely() {
        let rgb: Vec<u8> = (0..128 * 128).flat_map(|i: usize| [(i % 128 * 2) as u8, (i / 128 * 2) as u8, 90]).collect();
        let mut palette = Palette::of(&[Picture { width: 128, height: 128, rgb: rgb.clone() }]);
        assert!(palette.colours.len() <= 768);
        let off = |p: &[u8]| {
            let index = usize::from(palette.index(p));
            let colour = &palette.colours[3 * index..][..3];
            (0..3).map(|c| (f64::from(p[c]) - f64::from(colour[c])).powi(2)).sum::<f64>()
        };
        let mean = (rgb.chunks_exact(3).map(off).sum::<f64>() / (128.0 * 128.0)).sqrt();
        assert!(mean < 8.0, "{mean}"); // 255 colours over a square of side 256: 16 apart
    }
}
