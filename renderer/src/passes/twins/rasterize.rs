//! Compositing and its backward (spec A.5, A.6), splat by splat from near to far over the pixels each one covers.
//!
//! The order over splats is what compositing asks for; the order over pixels is free, so rows are walked in lanes of
//! eight that the compiler turns into vector instructions.

use rayon::prelude::*;

use draction_shaders::{
    CUTOFF,
    rows::{GradSplat, Projected, Shaded},
};

use super::forward::origin;
use crate::{
    passes::Dims,
    simd::{Loops, exp, wide},
};

const LANES: usize = 8;

/// One splat as the rasterizer sees it.
#[derive(Clone, Copy)]
struct Splat {
    /// Left, right, top and bottom of the visible ellipse in pixels.
    bounds: [f32; 4],
    /// Where `d` is expanded: the centre, or the middle of the image for a centre far outside.
    origin: [f32; 2],
    near: bool,
    /// `Λ11, Λ12, Λ22`.
    conic: [f32; 3],
    /// `d0, l1, l2`, zeros when near.
    offset: [f32; 3],
    opacity: f32,
    colour: [f32; 3],
}

impl Splat {
    fn new(dims: &Dims, projected: &Projected, shaded: &Shaded) -> Splat {
        let Projected { centre: [u, v], extent_x, conic, extent_y, offset, .. } = *projected;
        let (origin, near) = origin(dims, u, v);
        Splat {
            bounds: [u - extent_x, u + extent_x, v - extent_y, v + extent_y],
            origin,
            near,
            conic,
            offset,
            opacity: shaded.opacity,
            colour: shaded.colour,
        }
    }

    /// Calls `row(y, x0, x1)` for every image row that the visible ellipse touches.
    fn for_each_row(&self, width: usize, height: usize, mut row: impl FnMut(usize, usize, usize)) {
        let [left, right, top, bottom] = self.bounds;
        if !(self.opacity > 0.0 && left <= right && top <= bottom) {
            return;
        }
        let [a, b, c] = self.conic;
        for y in first(top)..last(bottom, height) {
            let (mut x0, mut x1) = (left, right);
            if self.near {
                // d ≤ CUTOFF is an interval in x; one pixel of margin pays for rounding
                let dy = y as f32 - self.origin[1];
                let middle = self.origin[0] - b * dy / a;
                let square = CUTOFF / a - dy * dy * (c / a - b * b / (a * a));
                let spread = square.max(0.0).sqrt() + 1.0;
                (x0, x1) = (x0.max(middle - spread), x1.min(middle + spread));
            }
            let (x0, x1) = (first(x0), last(x1, width));
            if x0 < x1 {
                row(y, x0, x1);
            }
        }
    }

    /// `d` along the row at height `dy` above the origin, as `a·dx² + linear·dx + constant`.
    #[inline(always)]
    fn along_row(&self, dy: f32) -> [f32; 3] {
        let [a, b, c] = self.conic;
        let [d0, l1, l2] = self.offset;
        [a, 2.0 * b * dy + l1, (c * dy + l2) * dy + d0]
    }
}

/// First pixel at or after `x` (a float to integer cast saturates, and sends NaN to 0).
fn first(x: f32) -> usize {
    x.ceil().max(0.0) as usize
}

/// One past the last pixel at or before `x`, at most `size`.
fn last(x: f32, size: usize) -> usize {
    ((x.floor() + 1.0).max(0.0) as usize).min(size)
}

/// Draws every frame; writes `frames [F,H,W,3]`.
pub fn rasterize(dims: &Dims, projected: &[Projected], shaded: &[Shaded], order: &[u32], frames: &mut [[f32; 3]]) {
    let n = dims.per_frame();
    let pixels = dims.width * dims.height;
    frames.par_chunks_exact_mut(pixels).enumerate().for_each(|(frame, image)| {
        let mut transmittance = vec![1f32; pixels];
        let mut planes = [vec![0f32; pixels], vec![0f32; pixels], vec![0f32; pixels]];
        for &i in &order[frame * n..][..n] {
            let g = frame * n + i as usize;
            let splat = Splat::new(dims, &projected[g], &shaded[g]);
            splat.for_each_row(dims.width, dims.height, |y, x0, x1| {
                let row = y * dims.width;
                let [r, g, b] = &mut planes;
                let span = row + x0..row + x1;
                wide(Composite {
                    splat: &splat,
                    x0: x0 as f32,
                    y: y as f32,
                    transmittance: &mut transmittance[span.clone()],
                    planes: [&mut r[span.clone()], &mut g[span.clone()], &mut b[span]],
                });
            });
        }
        for (i, pixel) in image.iter_mut().enumerate() {
            for c in 0..3 {
                let value = planes[c][i];
                pixel[c] = if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
            }
        }
    });
}

/// One splat over one row of pixels that begins at `x0`.
struct Composite<'a> {
    splat: &'a Splat,
    x0: f32,
    y: f32,
    transmittance: &'a mut [f32],
    planes: [&'a mut [f32]; 3],
}

impl Loops for Composite<'_> {
    type Output = ();

    // the same roundings on every machine: no fused multiply-add
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Composite { splat: s, x0, y, transmittance, planes: [r, g, b] } = self;
        let n = transmittance.len();
        let (r, g, b) = (&mut r[..n], &mut g[..n], &mut b[..n]);
        let [square, linear, constant] = s.along_row(y - s.origin[1]);
        for i in 0..n {
            let dx = x0 + i as f32 - s.origin[0];
            let d = (square * dx + linear) * dx + constant;
            let weight = exp::<false>((-0.5 * d).min(0.0));
            let keep = exp::<false>(-s.opacity * weight);
            let share = transmittance[i] * (1.0 - keep);
            r[i] += share * s.colour[0];
            g[i] += share * s.colour[1];
            b[i] += share * s.colour[2];
            transmittance[i] *= keep;
        }
    }
}

/// Gradients of the splats from `∂L/∂frames`; writes `grad_splats [G]`.
pub fn rasterize_backward(
    dims: &Dims,
    projected: &[Projected],
    shaded: &[Shaded],
    order: &[u32],
    frames: &[[f32; 3]],
    grad_frames: &[[f32; 3]],
    grad_splats: &mut [GradSplat],
) {
    let n = dims.per_frame();
    let pixels = dims.width * dims.height;
    grad_splats.par_chunks_exact_mut(n).enumerate().for_each(|(frame, out)| {
        let image = &frames[frame * pixels..][..pixels];
        let upstream = &grad_frames[frame * pixels..][..pixels];
        let mut state = Replay::new(image, upstream);
        for &i in &order[frame * n..][..n] {
            let g = frame * n + i as usize;
            let splat = Splat::new(dims, &projected[g], &shaded[g]);
            let mut sums = Sums::default();
            splat.for_each_row(dims.width, dims.height, |y, x0, x1| {
                let row = y * dims.width;
                let moments = state.row(&splat, x0 as f32, y as f32, row + x0..row + x1);
                sums.add(moments, f64::from(y as f32 - splat.origin[1]));
            });
            out[i as usize] = sums.row();
        }
    });
}

/// What one splat receives, summed over its pixels. In f64 across rows: a splat may cover a million pixels.
#[derive(Default)]
struct Sums {
    colour: [f64; 3],
    opacity: f64,
    /// `Σe` times `1, δx, δy, δx², δxδy, δy²`.
    moments: [f64; 6],
}

impl Sums {
    /// `[Σ∂r, Σ∂g, Σ∂b, Σ∂o, Σe, Σe·dx, Σe·dx²]` of one row at height `dy`.
    fn add(&mut self, row: [f32; 7], dy: f64) {
        let row = row.map(f64::from);
        for c in 0..3 {
            self.colour[c] += row[c];
        }
        self.opacity += row[3];
        let [e, ex, exx] = [row[4], row[5], row[6]];
        for (sum, value) in self.moments.iter_mut().zip([e, ex, e * dy, exx, ex * dy, e * dy * dy]) {
            *sum += value;
        }
    }

    fn row(&self) -> GradSplat {
        let [m0, mx, my, xx, xy, yy] = self.moments.map(|x| x as f32);
        let [red, green, blue] = self.colour.map(|x| x as f32);
        let opacity = self.opacity as f32;
        GradSplat { moment: [m0, mx, my], xx, xy, yy, opacity, red, green, blue, padding: [0.0; 2] }
    }
}

/// The front-to-back walk once more, carrying per pixel what A.6 needs: the transmittance, and how much of
/// `g·C` is still to come (`g·R_k`), which a single number holds.
struct Replay {
    transmittance: Vec<f32>,
    behind: Vec<f32>,
    grad: [Vec<f32>; 3],
}

impl Replay {
    fn new(image: &[[f32; 3]], upstream: &[[f32; 3]]) -> Replay {
        let plane = |c: usize| upstream.iter().map(|g| g[c]).collect::<Vec<_>>();
        let behind =
            image.iter().zip(upstream).map(|(c, g)| c[0] * g[0] + c[1] * g[1] + c[2] * g[2]).collect::<Vec<_>>();
        Replay { transmittance: vec![1.0; behind.len()], behind, grad: [plane(0), plane(1), plane(2)] }
    }

    /// The seven sums of [`Sums::add`] over a row of pixels that begins at `x0`.
    fn row(&mut self, splat: &Splat, x0: f32, y: f32, span: std::ops::Range<usize>) -> [f32; 7] {
        let [r, g, b] = &self.grad;
        wide(ReplayRow {
            splat,
            x0,
            y,
            grad: [&r[span.clone()], &g[span.clone()], &b[span.clone()]],
            transmittance: &mut self.transmittance[span.clone()],
            behind: &mut self.behind[span],
        })
    }
}

struct ReplayRow<'a> {
    splat: &'a Splat,
    x0: f32,
    y: f32,
    transmittance: &'a mut [f32],
    behind: &'a mut [f32],
    grad: [&'a [f32]; 3],
}

impl Loops for ReplayRow<'_> {
    type Output = [f32; 7];

    // as above
    #[inline(always)]
    fn run<const FMA: bool>(self) -> [f32; 7] {
        let ReplayRow { splat: s, x0, y, transmittance: tr, behind, grad } = self;
        let n = tr.len();
        let (behind, r, g, b) = (&mut behind[..n], &grad[0][..n], &grad[1][..n], &grad[2][..n]);
        let along = s.along_row(y - s.origin[1]);
        let mut sums = [[0f32; LANES]; 7];
        let mut add = |lane: usize, values: [f32; 7]| {
            for (sum, value) in sums.iter_mut().zip(values) {
                sum[lane] += value;
            }
        };
        let whole = n / LANES * LANES;
        for start in (0..whole).step_by(LANES) {
            for lane in 0..LANES {
                let i = start + lane;
                let dx = x0 + i as f32 - s.origin[0];
                add(lane, pixel(s, along, dx, &mut tr[i], &mut behind[i], [r[i], g[i], b[i]]));
            }
        }
        for i in whole..n {
            let dx = x0 + i as f32 - s.origin[0];
            add(i - whole, pixel(s, along, dx, &mut tr[i], &mut behind[i], [r[i], g[i], b[i]]));
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}

/// One pixel of the replay: its shares of the seven sums of [`Sums::add`].
#[inline(always)]
fn pixel(
    s: &Splat,
    [square, linear, constant]: [f32; 3],
    dx: f32,
    tr: &mut f32,
    behind: &mut f32,
    grad: [f32; 3],
) -> [f32; 7] {
    let d = (square * dx + linear) * dx + constant;
    let weight = exp::<false>((-0.5 * d).min(0.0));
    let tau = s.opacity * weight;
    let keep = exp::<false>(-tau);
    let share = *tr * (1.0 - keep);
    let towards = grad[0] * s.colour[0] + grad[1] * s.colour[1] + grad[2] * s.colour[2];
    *behind -= share * towards;
    *tr *= keep;
    let through = *tr * towards - *behind;
    let e = -0.5 * tau * through;
    [share * grad[0], share * grad[1], share * grad[2], weight * through, e, e * dx, e * dx * dx]
}
