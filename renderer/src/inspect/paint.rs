//! Buffers as pictures.

use draction_shaders::rows::Shaded;

use crate::passes::{Buffer, Dims, TILE};

use super::{Buffers, pixel::Splat, tiles::occupancy};

/// Largest difference of two pictures that is rounding.
const ROUNDING: f32 = 2e-5;

/// What to look at.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// The picture itself.
    Frames,
    /// For each pixel the place in the order of depth of the Gaussian that has the largest share in it.
    DepthOrder,
    /// How many splats each tile goes through.
    Occupancy,
    /// What of the black behind all Gaussians reaches the eye.
    Transmittance,
    /// Each Gaussian's own colour, the nearest in front: ellipses of one standard deviation.
    Colours,
    /// A number a Gaussian of the frame, `[N]`, on those ellipses, and its unit.
    Values(&'a [f32], &'static str),
    /// Largest difference of the three colours to the frames of another run; nothing where that is none to speak of.
    Difference(&'a Buffers),
}

/// What the colours of a picture of numbers mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The number that is drawn as 0.
    pub low: f32,
    /// The number that is drawn as 1.
    pub high: f32,
    /// Its unit.
    pub unit: &'static str,
}

/// A picture of one frame, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub enum Painting {
    /// Red, green, blue in 0..1.
    Colours(Vec<[f32; 3]>),
    /// Numbers scaled to 0..1; NaN where there is nothing.
    Numbers(Vec<f32>, Scale),
}

/// Paints `frame` (counted over all clips), `[H, W]`. `None` where `buffers` lack what the view needs.
pub fn paint(view: View<'_>, dims: &Dims, buffers: &Buffers, frame: usize) -> Option<Painting> {
    let pixels = dims.width * dims.height;
    let of = |buffers: &Buffers| -> Option<Vec<[f32; 3]>> {
        let frames = buffers.rows::<[f32; 3]>(Buffer::Frames).get(frame * pixels..(frame + 1) * pixels)?;
        Some(frames.to_vec())
    };
    let n = dims.per_frame();
    if buffers.get(Buffer::Order).len() < (frame + 1) * n {
        return None;
    }
    Some(match view {
        View::Frames => Painting::Colours(of(buffers)?),
        View::Difference(other) => {
            // what is not a number is as wrong as can be
            let gap = |a: f32, b: f32| if (a - b).is_nan() { 1.0 } else { (a - b).abs() };
            let difference = |(a, b): (&[f32; 3], &[f32; 3])| gap(a[0], b[0]).max(gap(a[1], b[1])).max(gap(a[2], b[2]));
            let differences: Vec<f32> = of(buffers)?.iter().zip(&of(other)?).map(difference).collect();
            // rounding fills no scale of its own: where that is all there is, the picture stays dark
            let most = differences.iter().copied().fold(ROUNDING, f32::max);
            let seen = differences.into_iter().map(|d| if d > 0.01 * most { d } else { f32::NAN });
            scaled(seen.collect(), 0.0, most, "of full brightness")
        }
        View::Occupancy => {
            let counts = occupancy(dims, buffers, frame);
            let columns = dims.tiles_x();
            let count = |i: usize| counts[i / dims.width / TILE * columns + i % dims.width / TILE] as f32;
            let most = counts.iter().copied().max().unwrap_or(0) as f32;
            scaled((0..pixels).map(count).collect(), 0.0, most, "splats a tile")
        }
        View::Transmittance => {
            let mut left = vec![1f32; pixels];
            composite(dims, buffers, frame, |at, _, alpha| left[at] *= 1.0 - alpha);
            scaled(left, 0.0, 1.0, "of the light behind")
        }
        View::DepthOrder => {
            let mut left = vec![1f32; pixels];
            let mut best = vec![(0f32, f32::NAN); pixels];
            composite(dims, buffers, frame, |at, rank, alpha| {
                let share = left[at] * alpha;
                left[at] -= share;
                // the faintest haze of a far splat is no picture of it
                if share > best[at].0.max(0.004) {
                    best[at] = (share, rank as f32);
                }
            });
            scaled(best.into_iter().map(|(_, rank)| rank).collect(), 0.0, n.max(2) as f32 - 1.0, "nearest to farthest")
        }
        View::Colours => {
            let shaded = buffers.rows::<Shaded>(Buffer::Shaded).get(frame * n..(frame + 1) * n)?;
            let colour = |index: Option<usize>| index.map_or([0.0; 3], |i| shaded[i].colour);
            Painting::Colours(front(dims, buffers, frame).into_iter().map(colour).collect())
        }
        View::Values(values, unit) => {
            let value = |index: Option<usize>| index.and_then(|i| values.get(i)).copied().unwrap_or(f32::NAN);
            let most = values.iter().copied().fold(0.0, f32::max);
            scaled(front(dims, buffers, frame).into_iter().map(value).collect(), 0.0, most, unit)
        }
    })
}

fn scaled(mut numbers: Vec<f32>, low: f32, high: f32, unit: &'static str) -> Painting {
    let span = if high > low { high - low } else { 1.0 };
    numbers.iter_mut().for_each(|x| *x = (*x - low) / span);
    Painting::Numbers(numbers, Scale { low, high, unit })
}

/// Calls `add(pixel, rank, alpha)` for every pixel of every splat, from the front to the back.
fn composite(dims: &Dims, buffers: &Buffers, frame: usize, mut add: impl FnMut(usize, usize, f32)) {
    each(dims, buffers, frame, |_, rank, splat, x, y| add(y * dims.width + x, rank, splat.alpha(x, y) as f32));
}

/// The nearest Gaussian whose ellipse of one standard deviation covers each pixel, as its index in the frame.
fn front(dims: &Dims, buffers: &Buffers, frame: usize) -> Vec<Option<usize>> {
    let mut front = vec![None; dims.width * dims.height];
    each(dims, buffers, frame, |index, _, splat, x, y| {
        let slot = &mut front[y * dims.width + x];
        if slot.is_none() && splat.distance(x, y) <= 1.0 {
            *slot = Some(index);
        }
    });
    front
}

fn each(dims: &Dims, buffers: &Buffers, frame: usize, mut pixel: impl FnMut(usize, usize, &Splat, usize, usize)) {
    let n = dims.per_frame();
    for (rank, &index) in buffers.get(Buffer::Order)[frame * n..][..n].iter().enumerate() {
        let index = index as usize;
        let Some(splat) = Splat::new(dims, buffers, frame * n + index) else { continue };
        let [left, right, top, bottom] = splat.bounds;
        // a cast to an integer saturates
        let range =
            |low: f32, high: f32, size: usize| low.max(0.0) as usize..(high.max(-1.0) + 1.0).min(size as f32) as usize;
        for y in range(top, bottom, dims.height) {
            for x in range(left, right, dims.width) {
                pixel(index, rank, &splat, x, y);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::{inspect, tests::Example};

    #[test]
    fn pictures_of_numbers_tell_what_the_inspector_tells() {
        let example = Example::new(2, 6, 70);
        let (dims, buffers) = (example.scene.dims, example.twin(false));
        let Some(Painting::Numbers(left, _)) = paint(View::Transmittance, &dims, &buffers, 1) else { panic!() };
        let Some(Painting::Numbers(order, scale)) = paint(View::DepthOrder, &dims, &buffers, 1) else { panic!() };
        assert_eq!(scale.high, 139.0);
        let mut seen = 0;
        for (i, (&left, &order)) in left.iter().zip(&order).enumerate() {
            let pixel = inspect(&dims, &buffers, 1, i % dims.width, i / dims.width).unwrap();
            assert!((f64::from(left) - pixel.transmittance).abs() < 1e-4, "{left} {}", pixel.transmittance);
            let most = pixel.contributions.iter().max_by(|a, b| a.share().total_cmp(&b.share()));
            let Some(most) = most.filter(|most| most.share() > 0.01) else { continue };
            let place = (order * scale.high).round() as usize;
            let found = buffers.get(Buffer::Order)[dims.per_frame() + place] as usize;
            let close = inspect(&dims, &buffers, 1, i % dims.width, i / dims.width).unwrap().contributions;
            let drawn = close.iter().find(|c| c.body * dims.gaussians + c.gaussian == found).unwrap();
            assert!((drawn.share() - most.share()).abs() < 1e-5);
            seen += 1;
        }
        assert!(seen > 100);
    }

    #[test]
    fn every_view_has_its_size_and_lacks_are_none() {
        let example = Example::new(1, 6, 70);
        let (dims, buffers) = (example.scene.dims, example.twin(false));
        let values = vec![0.5; dims.per_frame()];
        let views = [
            View::Frames,
            View::DepthOrder,
            View::Occupancy,
            View::Transmittance,
            View::Colours,
            View::Values(&values, "m"),
            View::Difference(&buffers),
        ];
        for view in views {
            let len = match paint(view, &dims, &buffers, 0).unwrap() {
                Painting::Colours(pixels) => pixels.len(),
                Painting::Numbers(numbers, _) => {
                    assert!(numbers.iter().all(|x| x.is_nan() || (0.0..=1.0).contains(x)), "{view:?}");
                    numbers.len()
                }
            };
            assert_eq!(len, dims.width * dims.height);
            assert!(paint(view, &dims, &Buffers::default(), 0).is_none());
        }
    }

    #[test]
    fn a_difference_shows_where_and_how_much() {
        let example = Example::new(1, 6, 70);
        let (dims, twin) = (example.scene.dims, example.twin(false));
        let mut frames = twin.get(Buffer::Frames).to_vec();
        frames[3 * 70 + 2] += 0.25;
        let mut other = twin.clone();
        other.insert(Buffer::Frames, frames);
        let Some(Painting::Numbers(numbers, scale)) = paint(View::Difference(&other), &dims, &twin, 0) else {
            panic!()
        };
        assert!((scale.high - 0.25).abs() < 1e-6);
        assert_eq!(numbers.iter().position(|&x| x > 0.5), Some(70));
        assert_eq!(numbers.iter().filter(|&&x| x > 0.0).count(), 1);
    }
}
