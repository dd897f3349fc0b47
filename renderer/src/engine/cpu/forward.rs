//! Forward passes up to the sorted splats (spec A.3–A.5). One function a pass, named as its WGSL file.

use rayon::prelude::*;

use super::math::{Polynomial3, sigmoid};
use crate::{
    draction::HIDDEN,
    engine::weights_layout as at,
    passes::{Dims, FAR},
};

/// Keeps depth positive, so that points behind the camera stay finite (A.5).
pub const NEAR: f32 = 1e-4;
/// Added to the diagonal of the screen covariance (A.5).
pub const SCREEN_EPSILON: f32 = 1e-5;
/// Exponent `d/2` beyond which a splat's weight is below 1e-8 and is not drawn.
pub const CUTOFF: f32 = 18.420_68;

/// `h_k = V2·relu(V1·f_k + c1) + c2` for every template Gaussian. `features [K,3]` → `head [K,4]`.
pub fn head(features: &[f32], weights: &[f32], head: &mut [f32]) {
    for (f, h) in features.chunks_exact(3).zip(head.chunks_exact_mut(4)) {
        h.copy_from_slice(&weights[at::C2..at::C2 + 4]);
        for i in 0..HIDDEN {
            let v = &weights[at::V1 + 3 * i..];
            let hidden = v[0] * f[0] + v[1] * f[1] + v[2] * f[2] + weights[at::C1 + i];
            if hidden > 0.0 {
                for c in 0..4 {
                    h[c] += weights[at::V2 + c * HIDDEN + i] * hidden;
                }
            }
        }
    }
}

/// Blends joint positions and velocities into every Gaussian; writes `skinned [G,16]`.
pub fn skin(dims: &Dims, positions: &[f32], velocities: &[f32], template: &[f32], lbs: &[f32], skinned: &mut [f32]) {
    let joints = dims.joints * 3;
    skinned.par_chunks_exact_mut(dims.gaussians * 16).enumerate().for_each(|(body, out)| {
        let p = &positions[body * joints..][..joints];
        let v = &velocities[body * joints..][..joints];
        let valid = f32::from(p.iter().map(|x| x.abs()).sum::<f32>() > 0.0);
        for (k, out) in out.chunks_exact_mut(16).enumerate() {
            let row = &template[16 * k..][..16];
            let pooled = pool(&lbs[k * dims.joints..][..dims.joints], p);
            let velocity = pool(&lbs[k * dims.joints..][..dims.joints], v);
            for c in 0..3 {
                out[c] = row[c] + pooled[c];
            }
            write_skinned(out, valid, pooled, velocity, &row[8..14]);
        }
    });
}

/// As [`skin`], turning each Gaussian with the blended joint orientations (A.3 with its recommendation).
#[allow(clippy::too_many_arguments)] // the buffers of the pass
pub fn skin_oriented(
    dims: &Dims,
    positions: &[f32],
    velocities: &[f32],
    orientations: &[f32],
    canonical_joints: &[f32],
    template: &[f32],
    lbs: &[f32],
    skinned: &mut [f32],
) {
    use super::math::{average_rotation, matrix, rotate_covariance, transform};
    let joints = dims.joints;
    skinned.par_chunks_exact_mut(dims.gaussians * 16).enumerate().for_each(|(body, out)| {
        let p = &positions[body * joints * 3..][..joints * 3];
        let v = &velocities[body * joints * 3..][..joints * 3];
        let valid = f32::from(p.iter().map(|x| x.abs()).sum::<f32>() > 0.0);
        let quats: Vec<[f32; 4]> = orientations[body * joints * 4..][..joints * 4]
            .chunks_exact(4)
            .map(|q| super::math::unit_or_identity([q[0], q[1], q[2], q[3]]))
            .collect();
        let rotations: Vec<[f32; 9]> = quats.iter().map(|&q| matrix(q)).collect();
        for (k, out) in out.chunks_exact_mut(16).enumerate() {
            let row = &template[16 * k..][..16];
            let w = &lbs[k * joints..][..joints];
            let mut mean = [0f32; 3];
            for j in 0..joints {
                let c = &canonical_joints[4 * j..];
                let arm = transform(&rotations[j], [row[4] - c[0], row[5] - c[1], row[6] - c[2]]);
                for i in 0..3 {
                    mean[i] += w[j] * (arm[i] + p[3 * j + i]);
                }
            }
            out[..3].copy_from_slice(&mean);
            let turned = rotate_covariance(&matrix(average_rotation(w, &quats)), &row[8..14]);
            write_skinned(out, valid, pool(w, p), pool(w, v), &turned);
        }
    });
}

fn pool(weights: &[f32], values: &[f32]) -> [f32; 3] {
    let mut sum = [0f32; 3];
    for (w, v) in weights.iter().zip(values.chunks_exact(3)) {
        for c in 0..3 {
            sum[c] += w * v[c];
        }
    }
    sum
}

fn write_skinned(out: &mut [f32], valid: f32, pooled: [f32; 3], velocity: [f32; 3], cov: &[f32]) {
    out[3] = valid;
    out[4..7].copy_from_slice(&pooled);
    out[7] = cov[0];
    out[8..11].copy_from_slice(&velocity);
    out[11] = cov[1];
    out[12..16].copy_from_slice(&cov[2..6]);
}

/// What projecting one Gaussian needs, and its backward needs again.
pub struct View {
    /// Camera-space position; `z` before clamping.
    pub x: f32,
    /// See `x`.
    pub y: f32,
    /// See `x`.
    pub raw_z: f32,
    /// Clamped depth `Z`.
    pub z: f32,
    /// Focal lengths in pixels.
    pub fx: f32,
    /// See `fx`.
    pub fy: f32,
    /// First row of the projection's Jacobian.
    pub a: [f32; 3],
    /// Second row.
    pub b: [f32; 3],
    /// Camera-space covariance `xx xy xz yy yz zz`.
    pub cov: [f32; 6],
}

impl View {
    /// `camera [16]`, `skinned [16]`.
    pub fn new(camera: &[f32], skinned: &[f32]) -> View {
        let row = |r: usize| {
            let m = &camera[4 * r..];
            m[0] * skinned[0] + m[1] * skinned[1] + m[2] * skinned[2] + m[3]
        };
        let (x, y, raw_z) = (row(0), row(1), row(2));
        let z = raw_z.max(NEAR);
        let (fx, fy) = (camera[12], camera[13]);
        let rotation = super::math::camera_rotation(camera);
        let world = [skinned[7], skinned[11], skinned[12], skinned[13], skinned[14], skinned[15]];
        View {
            x,
            y,
            raw_z,
            z,
            fx,
            fy,
            a: [fx / z, 0.0, -fx * x / (z * z)],
            b: [0.0, -fy / z, fy * y / (z * z)],
            cov: super::math::rotate_covariance(&rotation, &world),
        }
    }
}

/// The point that a splat's `d` is expanded around, relative to pixel (0, 0), and whether it is its centre.
pub fn origin(dims: &Dims, u: f32, v: f32) -> ([f32; 2], bool) {
    let middle = [0.5 * dims.width as f32, 0.5 * dims.height as f32];
    let near = (u - middle[0]).abs() <= FAR * dims.width as f32 && (v - middle[1]).abs() <= FAR * dims.height as f32;
    (if near { [u, v] } else { middle }, near)
}

impl View {
    /// `∂d`'s numerator is `qᵀΣq + ε|e|²` with `q = b·e_x − a·e_y` and `e` = pixel − centre: this is `q` at the pixel
    /// `(x, y)` from the principal point, written so that the far-away centre cancels by algebra and not by rounding.
    pub fn q(&self, x: f32, y: f32) -> [f32; 3] {
        let View { fx, fy, z, .. } = *self;
        [
            -fx / z * (y + fy * self.y / z),
            -fy / z * (x - fx * self.x / z),
            (fy * self.y * x + fx * self.x * y) / (z * z),
        ]
    }

    /// `det Σ2`, from `|Lᵀa × Lᵀb|² = (fx·fy/Z³)² mᵀ adj(Σ) m`: behind the camera `Σ2_11·Σ2_22 − Σ2_12²` would lose
    /// every digit.
    pub fn det(&self) -> f32 {
        let cov = Polynomial3(self.cov);
        let scale = self.fx * self.fy / (self.z * self.z * self.z);
        let trace = cov.form_self(self.a) + cov.form_self(self.b);
        scale * scale * cov.adjugate().form_self([self.x, self.y, self.z])
            + SCREEN_EPSILON * trace
            + SCREEN_EPSILON * SCREEN_EPSILON
    }
}

/// Screen centre, depth, inverse covariance and visible extent of every Gaussian; writes `projected [G,12]`.
pub fn project(dims: &Dims, cameras: &[f32], skinned: &[f32], projected: &mut [f32]) {
    let per_clip = dims.frames * dims.per_frame();
    projected.par_chunks_exact_mut(12).enumerate().with_min_len(256).for_each(|(g, out)| {
        let camera = &cameras[16 * (g / per_clip)..][..16];
        let view = View::new(camera, &skinned[16 * g..][..16]);
        let cov = Polynomial3(view.cov);
        let det = view.det();
        let xx = cov.form_self(view.a) + SCREEN_EPSILON;
        let yy = cov.form_self(view.b) + SCREEN_EPSILON;
        let reach = (2.0 * CUTOFF).sqrt();
        let u = view.fx * view.x / view.z + camera[14];
        let v = -view.fy * view.y / view.z + camera[15];
        out[..4].copy_from_slice(&[u, v, view.z, reach * xx.sqrt()]);
        out[4..8].copy_from_slice(&[yy / det, -cov.form(view.a, view.b) / det, xx / det, reach * yy.sqrt()]);
        let (at, near) = origin(dims, u, v);
        let offset = if near {
            [0.0; 3]
        } else {
            let (x, y) = (at[0] - camera[14], at[1] - camera[15]);
            let q = view.q(x, y);
            let e = [x - view.fx * view.x / view.z, y + view.fy * view.y / view.z];
            [
                (cov.form_self(q) + SCREEN_EPSILON * (e[0] * e[0] + e[1] * e[1])) / det,
                2.0 * (cov.form(view.b, q) + SCREEN_EPSILON * e[0]) / det,
                2.0 * (-cov.form(view.a, q) + SCREEN_EPSILON * e[1]) / det,
            ]
        };
        out[8..11].copy_from_slice(&offset);
        out[11] = 0.0;
    });
}

/// Nearest and farthest depth of each person and how many Gaussians share them; writes `range [F·P,4]`.
pub fn depth_range(dims: &Dims, projected: &[f32], range: &mut [f32]) {
    for (body, out) in projected.chunks_exact(dims.gaussians * 12).zip(range.chunks_exact_mut(4)) {
        let depths = || body.chunks_exact(12).map(|s| s[2]);
        let near = depths().fold(f32::INFINITY, f32::min);
        let far = depths().fold(f32::NEG_INFINITY, f32::max);
        let count = |z: f32| depths().filter(|&d| d == z).count() as f32;
        out.copy_from_slice(&[near, far, count(near), count(far)]);
    }
}

/// One Gaussian's appearance: everything that its backward needs again.
pub struct Look {
    /// Pre-activations of the NFM's hidden layer.
    pub hidden: [f32; HIDDEN],
    /// `b_k + δ_rgb` before clamping (`b_k` alone with the NFM off).
    pub learned: [f32; 3],
    /// `A_k`, or `a_k` with the NFM off.
    pub alpha: f32,
    /// The gate `s_k`, 1 with the NFM off.
    pub gate: f32,
    /// Depth colour `D_k` before clamping, and its coordinate `d`.
    pub depth: [f32; 3],
    /// See `depth`.
    pub d: f32,
}

impl Look {
    /// `head [4]`, `skinned [16]`, `range [4]`; `z` is the clamped depth.
    pub fn new(nfm: bool, head: &[f32], skinned: &[f32], z: f32, range: &[f32], weights: &[f32]) -> Look {
        let mut x = [0f32; 10];
        x[..3].copy_from_slice(&skinned[4..7]);
        x[3..6].copy_from_slice(&skinned[8..11]);
        x[6..].copy_from_slice(head);
        let mut hidden = [0f32; HIDDEN];
        let base = [sigmoid(head[0]), sigmoid(head[1]), sigmoid(head[2]), sigmoid(head[3])];
        let d = (z - range[0]) / (range[1] - range[0] + 1e-6);
        let depth = [d, 1.0 - 2.0 * (d - 0.5).abs(), 1.0 - d];
        if !nfm {
            let learned = [base[0], base[1], base[2]];
            return Look { hidden, learned, alpha: base[3], gate: 1.0, depth, d };
        }
        let mut delta = [0f32; 5];
        delta.copy_from_slice(&weights[at::D2..at::D2 + 5]);
        for i in 0..HIDDEN {
            let row = &weights[at::N1 + 10 * i..][..10];
            hidden[i] = weights[at::D1 + i] + (0..10).map(|c| row[c] * x[c]).sum::<f32>();
        }
        for c in 0..5 {
            let row = &weights[at::N2 + c * HIDDEN..][..HIDDEN];
            delta[c] += (0..HIDDEN).map(|i| row[i] * hidden[i].max(0.0)).sum::<f32>();
        }
        Look {
            hidden,
            learned: [base[0] + delta[0], base[1] + delta[1], base[2] + delta[2]],
            alpha: sigmoid(base[3] + delta[3]),
            gate: sigmoid(delta[4]),
            depth,
            d,
        }
    }
}

/// Colour and opacity of every Gaussian (A.4 steps 2–11); writes `shaded [G,4]`.
#[allow(clippy::too_many_arguments)] // the buffers of the pass
pub fn appearance(
    dims: &Dims,
    head: &[f32],
    skinned: &[f32],
    projected: &[f32],
    range: &[f32],
    weights: &[f32],
    shaded: &mut [f32],
) {
    let mix = sigmoid(weights[at::DEPTH_MIX]);
    shaded.par_chunks_exact_mut(4).enumerate().with_min_len(64).for_each(|(g, out)| {
        let k = g % dims.gaussians;
        let skinned = &skinned[16 * g..][..16];
        let range = &range[4 * (g / dims.gaussians)..][..4];
        let look = Look::new(dims.nfm, &head[4 * k..][..4], skinned, projected[12 * g + 2], range, weights);
        for c in 0..3 {
            let colour = (1.0 - mix) * look.learned[c].clamp(0.0, 1.0) + mix * look.depth[c].clamp(0.0, 1.0);
            out[c] = finite(colour).clamp(0.0, 1.0);
        }
        out[3] = finite(look.alpha * look.gate * skinned[3]).max(0.0);
    });
}

fn finite(x: f32) -> f32 {
    if x.is_nan() { 0.0 } else { x }
}

/// Each frame's Gaussians from near to far, ties by index; writes `order [F,N]`.
pub fn sort(dims: &Dims, projected: &[f32], order: &mut [u32]) {
    let n = dims.per_frame();
    order.par_chunks_exact_mut(n).enumerate().for_each(|(frame, order)| {
        let depth = |i: u32| projected[12 * (frame * n + i as usize) + 2];
        for (i, slot) in order.iter_mut().enumerate() {
            *slot = i as u32;
        }
        order.sort_by(|&i, &j| depth(i).total_cmp(&depth(j)).then(i.cmp(&j)));
    });
}
