//! The Gaussians that made a pixel, from the front to the back, as the rasterizer adds them up (spec A.5).

use draction_shaders::{
    CUTOFF,
    rows::{Projected, Shaded},
};

use super::Buffers;
use crate::{
    draction::Template,
    passes::{Buffer, Dims, origin},
};

/// One splat as it looks from any pixel of its frame.
pub(super) struct Splat {
    origin: [f64; 2],
    conic: [f64; 3],
    offset: [f64; 3],
    /// Opacity `o`.
    opacity: f64,
    /// Left, right, top, bottom of the visible ellipse in pixels.
    pub bounds: [f32; 4],
}

impl Splat {
    /// Splat `g` of all frames; `None` for one that is not drawn.
    pub fn new(dims: &Dims, buffers: &Buffers, g: usize) -> Option<Splat> {
        let splat = buffers.rows::<Projected>(Buffer::Projected).get(g)?;
        let opacity = buffers.rows::<Shaded>(Buffer::Shaded).get(g)?.opacity;
        let Projected { centre: [u, v], extent_x, extent_y, .. } = *splat;
        let bounds = [u - extent_x, u + extent_x, v - extent_y, v + extent_y];
        (opacity > 0.0 && bounds.iter().all(|x| x.is_finite())).then(|| Splat {
            origin: origin(dims, u, v).0.map(f64::from),
            conic: splat.conic.map(f64::from),
            offset: splat.offset.map(f64::from),
            opacity: f64::from(opacity),
            bounds,
        })
    }

    /// Squared distance of a pixel from the centre in standard deviations; infinite where nothing is drawn.
    pub fn distance(&self, x: usize, y: usize) -> f64 {
        let (x, y) = (x as f64, y as f64);
        let [left, right, top, bottom] = self.bounds.map(f64::from);
        let (dx, dy) = (x - self.origin[0], y - self.origin[1]);
        let [a, b, c] = self.conic;
        let [d0, l1, l2] = self.offset;
        let d = d0 + l1 * dx + l2 * dy + a * dx * dx + 2.0 * b * dx * dy + c * dy * dy;
        let inside = x >= left && x <= right && y >= top && y <= bottom && d <= f64::from(CUTOFF);
        if inside { d } else { f64::INFINITY }
    }

    /// What of the light behind is absorbed at a pixel, 0..1.
    pub fn alpha(&self, x: usize, y: usize) -> f64 {
        let weight = (-0.5 * self.distance(x, y)).min(0.0).exp();
        -(-self.opacity * weight).exp_m1()
    }
}

/// What one Gaussian adds to a pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Body slot.
    pub body: usize,
    /// Number in the body's template.
    pub gaussian: usize,
    /// Metres from the camera's plane.
    pub depth: f32,
    /// `w = exp(−d/2)` at this pixel, 0..1.
    pub weight: f64,
    /// `α = 1 − exp(−o·w)`, 0..1.
    pub alpha: f64,
    /// What reaches the eye from this depth, `T`, 0..1: the product of `1 − α` of all that is nearer.
    pub transmittance: f64,
    /// Its own colour, 0..1.
    pub colour: [f32; 3],
}

impl Contribution {
    /// Its share of the pixel, `T·α`.
    pub fn share(&self) -> f64 {
        self.transmittance * self.alpha
    }

    /// What it adds to the pixel, `T·α·colour`.
    pub fn added(&self) -> [f64; 3] {
        self.colour.map(|c| self.share() * f64::from(c))
    }
}

/// A pixel taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixel {
    /// Column.
    pub x: usize,
    /// Row, from the top.
    pub y: usize,
    /// Every Gaussian that is drawn here, from the front to the back.
    pub contributions: Vec<Contribution>,
    /// What they add up to, as the rasterizer stores it: clamped to 0..1.
    pub sum: [f64; 3],
    /// What is left for the black behind them.
    pub transmittance: f64,
    /// What stands in the picture.
    pub drawn: [f32; 3],
}

impl Pixel {
    /// Largest difference between the sum and the picture. It is rounding, below 2e-5, unless a shader is wrong.
    pub fn error(&self) -> f64 {
        let difference = |c: usize| (self.sum[c] - f64::from(self.drawn[c])).abs();
        // f64::max drops NaN, which must show
        let all = [0, 1, 2].map(difference);
        if all.iter().any(|d| d.is_nan()) { f64::NAN } else { all.into_iter().fold(0.0, f64::max) }
    }
}

/// Takes pixel `(x, y)` of `frame` (counted over all clips) apart. `None` outside the picture, or where `buffers` lack
/// what the rasterizer reads and writes.
pub fn inspect(dims: &Dims, buffers: &Buffers, frame: usize, x: usize, y: usize) -> Option<Pixel> {
    if x >= dims.width || y >= dims.height || frame >= dims.frame_count() {
        return None;
    }
    let n = dims.per_frame();
    let at = ((frame * dims.height + y) * dims.width + x) * 3;
    let drawn = buffers.get(Buffer::Frames).get(at..at + 3)?;
    let mut transmittance = 1.0;
    let mut sum = [0.0; 3];
    let mut contributions = Vec::new();
    for &rank in buffers.get(Buffer::Order).get(frame * n..(frame + 1) * n)? {
        let index = rank as usize;
        let g = frame * n + index;
        let Some(splat) = Splat::new(dims, buffers, g) else { continue };
        let d = splat.distance(x, y);
        if d.is_infinite() {
            continue;
        }
        let contribution = Contribution {
            body: index / dims.gaussians,
            gaussian: index % dims.gaussians,
            depth: buffers.rows::<Projected>(Buffer::Projected)[g].depth,
            weight: (-0.5 * d).min(0.0).exp(),
            alpha: splat.alpha(x, y),
            transmittance,
            colour: buffers.rows::<Shaded>(Buffer::Shaded)[g].colour,
        };
        for (sum, added) in sum.iter_mut().zip(contribution.added()) {
            *sum += added;
        }
        transmittance *= 1.0 - contribution.alpha;
        contributions.push(contribution);
    }
    let sum = sum.map(|c| if c.is_finite() { c.clamp(0.0, 1.0) } else { 0.0 });
    Some(Pixel { x, y, contributions, sum, transmittance, drawn: [drawn[0], drawn[1], drawn[2]] })
}

/// The joints that carry a Gaussian and their shares, the most important first; those below a hundredth are left out.
pub fn carriers(template: &Template, gaussian: usize) -> Vec<(usize, f32)> {
    let logits = template.lbs_logits.get(gaussian * template.joints..(gaussian + 1) * template.joints).unwrap_or(&[]);
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    let mut shares: Vec<(usize, f32)> = powers.into_iter().map(|p| p / sum).enumerate().collect();
    shares.retain(|(_, share)| *share >= 0.01);
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inspect::tests::Example, testing::gpu};

    /// Largest error over all pixels, and the most Gaussians at one of them.
    fn judge(dims: &Dims, buffers: &Buffers) -> (f64, usize) {
        let mut worst = (0f64, 0);
        for frame in 0..dims.frame_count() {
            for i in 0..dims.width * dims.height {
                let pixel = inspect(dims, buffers, frame, i % dims.width, i / dims.width).unwrap();
                worst = (worst.0.max(pixel.error()), worst.1.max(pixel.contributions.len()));
            }
        }
        worst
    }

    #[test]
    fn contributions_add_up_to_every_pixel() {
        let example = Example::new(2, 6, 70);
        let (error, most) = judge(&example.scene.dims, &example.twin(false));
        assert!(error <= 2e-5, "{error:e}");
        assert!(most > 20, "only {most} Gaussians at the busiest pixel");
    }

    #[test]
    fn they_add_up_to_what_the_gpu_drew() {
        let Some(gpu) = gpu() else { return };
        let example = Example::new(2, 6, 70);
        let (buffers, _) = Buffers::of_gpu(gpu, &example.scene, None).unwrap();
        let (error, _) = judge(&example.scene.dims, &buffers);
        assert!(error <= 2e-5, "{error:e}");
    }

    #[test]
    fn front_to_back_and_nothing_is_lost() {
        let example = Example::new(1, 6, 70);
        let buffers = example.twin(false);
        let pixel = inspect(&example.scene.dims, &buffers, 0, 25, 18).unwrap();
        assert!(pixel.contributions.len() > 3);
        assert!(pixel.contributions.is_sorted_by(|a, b| a.depth <= b.depth));
        assert!(pixel.contributions.is_sorted_by(|a, b| a.transmittance >= b.transmittance));
        let shares: f64 = pixel.contributions.iter().map(Contribution::share).sum();
        assert!((shares + pixel.transmittance - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_tampered_picture_does_not_add_up() {
        let example = Example::new(1, 6, 70);
        let mut buffers = example.twin(false);
        let mut frames = buffers.get(Buffer::Frames).to_vec();
        let at = (18 * example.scene.dims.width + 25) * 3;
        frames[at + 1] += 0.01;
        buffers.insert(Buffer::Frames, frames.clone());
        let error = inspect(&example.scene.dims, &buffers, 0, 25, 18).unwrap().error();
        assert!((error - 0.01).abs() < 1e-4, "{error}");
        frames[at] = f32::NAN;
        buffers.insert(Buffer::Frames, frames);
        assert!(inspect(&example.scene.dims, &buffers, 0, 25, 18).unwrap().error().is_nan());
    }

    #[test]
    fn what_is_not_there_is_none() {
        let example = Example::new(1, 6, 70);
        let buffers = example.twin(false);
        let dims = &example.scene.dims;
        assert!(inspect(dims, &buffers, 0, dims.width, 0).is_none());
        assert!(inspect(dims, &buffers, 1, 0, 0).is_none());
        assert!(inspect(dims, &Buffers::default(), 0, 0, 0).is_none());
    }

    #[test]
    fn carriers_are_the_blend_weights_in_order() {
        let example = Example::new(1, 6, 70);
        let template = &example.scene.template;
        let all = template.lbs_weights();
        for k in 0..template.gaussians {
            let shares = carriers(template, k);
            assert!(shares.iter().all(|&(j, share)| (share - all[k * template.joints + j]).abs() < 1e-6));
            assert!(shares.is_sorted_by(|a, b| a.1 >= b.1));
            assert!(shares.iter().map(|s| s.1).sum::<f32>() > 0.97, "Gaussian {k}: {shares:?}");
        }
        assert!(carriers(template, template.gaussians).is_empty());
    }
}
