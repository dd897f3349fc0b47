//! Pixels as video encoders take them: brightness for each, colour for every four (I420), BT.709 in its limited range.

/// Share of red, green and blue in what is seen as bright, ITU-R BT.709.
const BRIGHT: [f32; 3] = [0.2126, 0.7152, 0.0722];
/// What the two differences of colour are divided by to come to ±½.
const REACH: [f32; 2] = [2.0 * (1.0 - BRIGHT[2]), 2.0 * (1.0 - BRIGHT[0])];

/// For a channel in 0..255 its part of a value, in 1/65536.
const fn weight(share: f32, range: f32) -> i32 {
    let weight = share * range / 255.0 * 65536.0;
    (if weight < 0.0 { weight - 0.5 } else { weight + 0.5 }) as i32
}

const Y: [i32; 3] = [weight(BRIGHT[0], 219.0), weight(BRIGHT[1], 219.0), weight(BRIGHT[2], 219.0)];
const U: [i32; 3] = [weight(-BRIGHT[0] / REACH[0], 224.0), weight(-BRIGHT[1] / REACH[0], 224.0), weight(0.5, 224.0)];
const V: [i32; 3] = [weight(0.5, 224.0), weight(-BRIGHT[1] / REACH[1], 224.0), weight(-BRIGHT[2] / REACH[1], 224.0)];

/// Replaces what is in `i420` by the planes Y `[H, W]`, U and V `[H/2, W/2]` of `rgba [H, W, 4]`, both sides even.
pub(super) fn i420(rgba: &[u8], [width, height]: [usize; 2], i420: &mut Vec<u8>) {
    debug_assert!(width.is_multiple_of(2) && height.is_multiple_of(2) && rgba.len() == width * height * 4);
    i420.clear();
    i420.extend(rgba.chunks_exact(4).map(|p| value(Y, [0, 1, 2].map(|c| i32::from(p[c])), 16)));
    let four = |x: usize, y: usize| {
        let at = |dx, dy, c| i32::from(rgba[((y + dy) * width + x + dx) * 4 + c]);
        [0, 1, 2].map(|c| (at(0, 0, c) + at(1, 0, c) + at(0, 1, c) + at(1, 1, c) + 2) / 4)
    };
    for weights in [U, V] {
        for y in (0..height).step_by(2) {
            i420.extend((0..width).step_by(2).map(|x| value(weights, four(x, y), 128)));
        }
    }
}

fn value(weights: [i32; 3], rgb: [i32; 3], offset: i32) -> u8 {
    let sum = weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2];
    (offset + ((sum + 32768) >> 16)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_bars_have_their_published_values() {
        // full bars of ITU-R BT.709, 8 bits
        let bars = [
            ([255, 255, 255], [235, 128, 128]),
            ([255, 255, 0], [219, 16, 138]),
            ([0, 255, 255], [188, 154, 16]),
            ([0, 255, 0], [173, 42, 26]),
            ([255, 0, 255], [78, 214, 230]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 0, 255], [32, 240, 118]),
            ([0, 0, 0], [16, 128, 128]),
        ];
        let mut planes = vec![7];
        for ([r, g, b], yuv) in bars {
            i420(&[r, g, b, 255].repeat(4 * 2), [4, 2], &mut planes);
            assert_eq!(planes.len(), 8 + 2 + 2);
            let expected = [vec![yuv[0]; 8], vec![yuv[1]; 2], vec![yuv[2]; 2]].concat();
            let off = planes.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(1), "{r} {g} {b}: {planes:?}");
        }
    }

    #[test]
    fn planes_keep_their_places() {
        // red on the left, grey on the right; the lower row is black
        let row = [[255, 0, 0, 255], [255, 0, 0, 255], [128, 128, 128, 255], [128, 128, 128, 255]].concat();
        let mut planes = Vec::new();
        i420(&[row.clone(), row, [0, 0, 0, 255].repeat(8)].concat(), [4, 4], &mut planes);
        assert_eq!(planes[..16], [63, 63, 126, 126, 63, 63, 126, 126, 16, 16, 16, 16, 16, 16, 16, 16]);
        assert_eq!(planes[16..], [102, 128, 128, 128, 240, 128, 128, 128]);
    }
}
