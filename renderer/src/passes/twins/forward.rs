//! Forward passes up to the sorted splats (spec A.3–A.5). One function a pass, named as its WGSL file.

use rayon::prelude::*;

use draction_shaders::{
    CUTOFF, DEPTH_EPSILON, FAR, NEAR, SCREEN_EPSILON,
    rows::{
        CameraRow, CanonicalJoint, DepthRange, Projected, Shaded, Skinned, Symmetric, TemplateRow, Triple, Weights,
    },
};

use super::math::{Form, average_rotation, camera_rotation, matrix, rotate_covariance, sigmoid, transform};
use crate::{draction::HIDDEN, passes::Dims};

/// `h_k = V2·relu(V1·f_k + c1) + c2` for every template Gaussian. `features [K]` → `head [K]`.
pub fn head(features: &[Triple], weights: &Weights, head: &mut [[f32; 4]]) {
    for (f, h) in features.iter().zip(head) {
        *h = weights.c2;
        for i in 0..HIDDEN {
            let v = &weights.v1[i];
            let hidden = v[0] * f.x + v[1] * f.y + v[2] * f.z + weights.c1[i];
            if hidden > 0.0 {
                for c in 0..4 {
                    h[c] += weights.v2[c][i] * hidden;
                }
            }
        }
    }
}

/// Blends joint positions and velocities into every Gaussian; writes `skinned [G]`.
pub fn skin(
    dims: &Dims,
    positions: &[[f32; 3]],
    velocities: &[[f32; 3]],
    template: &[TemplateRow],
    lbs: &[f32],
    skinned: &mut [Skinned],
) {
    let joints = dims.joints;
    skinned.par_chunks_exact_mut(dims.gaussians).enumerate().for_each(|(body, out)| {
        let p = &positions[body * joints..][..joints];
        let v = &velocities[body * joints..][..joints];
        let valid = is_filled(p);
        for (k, out) in out.iter_mut().enumerate() {
            let w = &lbs[k * joints..][..joints];
            let (pooled, velocity) = (pool(w, p), pool(w, v));
            let mean = [0, 1, 2].map(|c| template[k].offset[c] + pooled[c]);
            *out = row(mean, valid, pooled, velocity, &template[k].covariance);
        }
    });
}

/// As [`skin`], turning each Gaussian with the blended joint orientations (A.3 with its recommendation).
#[allow(clippy::too_many_arguments)] // the buffers of the pass
pub fn skin_oriented(
    dims: &Dims,
    positions: &[[f32; 3]],
    velocities: &[[f32; 3]],
    orientations: &[[f32; 4]],
    canonical_joints: &[CanonicalJoint],
    template: &[TemplateRow],
    lbs: &[f32],
    skinned: &mut [Skinned],
) {
    let joints = dims.joints;
    skinned.par_chunks_exact_mut(dims.gaussians).enumerate().for_each(|(body, out)| {
        let p = &positions[body * joints..][..joints];
        let v = &velocities[body * joints..][..joints];
        let valid = is_filled(p);
        let quats: Vec<[f32; 4]> =
            orientations[body * joints..][..joints].iter().map(|&q| super::math::unit_or_identity(q)).collect();
        let rotations: Vec<[f32; 9]> = quats.iter().map(|&q| matrix(q)).collect();
        for (k, out) in out.iter_mut().enumerate() {
            let at = template[k].mean;
            let w = &lbs[k * joints..][..joints];
            let mut mean = [0f32; 3];
            for j in 0..joints {
                let c = canonical_joints[j].position;
                let arm = transform(&rotations[j], [at[0] - c[0], at[1] - c[1], at[2] - c[2]]);
                for i in 0..3 {
                    mean[i] += w[j] * (arm[i] + p[j][i]);
                }
            }
            let turned = rotate_covariance(&matrix(average_rotation(w, &quats)), &template[k].covariance);
            *out = row(mean, valid, pool(w, p), pool(w, v), &turned);
        }
    });
}

/// 1 where a body slot holds somebody, `Σ|p_j| > 0` (A.4 step 10).
fn is_filled(positions: &[[f32; 3]]) -> f32 {
    f32::from(positions.as_flattened().iter().map(|x| x.abs()).sum::<f32>() > 0.0)
}

fn pool(weights: &[f32], values: &[[f32; 3]]) -> [f32; 3] {
    let mut sum = [0f32; 3];
    for (w, v) in weights.iter().zip(values) {
        for c in 0..3 {
            sum[c] += w * v[c];
        }
    }
    sum
}

fn row(mean: [f32; 3], valid: f32, position: [f32; 3], velocity: [f32; 3], cov: &Symmetric) -> Skinned {
    let Symmetric { xx, xy, xz, yy, yz, zz } = *cov;
    Skinned { mean, valid, position, xx, velocity, xy, xz, yy, yz, zz }
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
    /// Camera-space covariance.
    pub cov: Symmetric,
}

impl View {
    /// Sees a Gaussian.
    pub fn new(camera: &CameraRow, skinned: &Skinned) -> View {
        let at = skinned.mean;
        let row = |m: &[f32; 4]| m[0] * at[0] + m[1] * at[1] + m[2] * at[2] + m[3];
        let (x, y, raw_z) = (row(&camera.right), row(&camera.up), row(&camera.forward));
        let z = raw_z.max(NEAR);
        let [fx, fy] = camera.focal;
        let Skinned { xx, xy, xz, yy, yz, zz, .. } = *skinned;
        View {
            x,
            y,
            raw_z,
            z,
            fx,
            fy,
            a: [fx / z, 0.0, -fx * x / (z * z)],
            b: [0.0, -fy / z, fy * y / (z * z)],
            cov: rotate_covariance(&camera_rotation(camera), &Symmetric { xx, xy, xz, yy, yz, zz }),
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
        let cov = &self.cov;
        let scale = self.fx * self.fy / (self.z * self.z * self.z);
        let trace = cov.form_self(self.a) + cov.form_self(self.b);
        scale * scale * cov.adjugate().form_self([self.x, self.y, self.z])
            + SCREEN_EPSILON * trace
            + SCREEN_EPSILON * SCREEN_EPSILON
    }
}

/// Screen centre, depth, inverse covariance and visible extent of every Gaussian; writes `projected [G]`.
pub fn project(dims: &Dims, cameras: &[CameraRow], skinned: &[Skinned], projected: &mut [Projected]) {
    let per_clip = dims.frames * dims.per_frame();
    projected.par_iter_mut().enumerate().with_min_len(256).for_each(|(g, out)| {
        let camera = &cameras[g / per_clip];
        let [cx, cy] = camera.principal;
        let view = View::new(camera, &skinned[g]);
        let cov = &view.cov;
        let det = view.det();
        let xx = cov.form_self(view.a) + SCREEN_EPSILON;
        let yy = cov.form_self(view.b) + SCREEN_EPSILON;
        let reach = CUTOFF.sqrt();
        let u = view.fx * view.x / view.z + cx;
        let v = -view.fy * view.y / view.z + cy;
        let (at, near) = origin(dims, u, v);
        let offset = if near {
            [0.0; 3]
        } else {
            let (x, y) = (at[0] - cx, at[1] - cy);
            let q = view.q(x, y);
            let e = [x - view.fx * view.x / view.z, y + view.fy * view.y / view.z];
            [
                (cov.form_self(q) + SCREEN_EPSILON * (e[0] * e[0] + e[1] * e[1])) / det,
                2.0 * (cov.form(view.b, q) + SCREEN_EPSILON * e[0]) / det,
                2.0 * (-cov.form(view.a, q) + SCREEN_EPSILON * e[1]) / det,
            ]
        };
        *out = Projected {
            centre: [u, v],
            depth: view.z,
            extent_x: reach * xx.sqrt(),
            conic: [yy / det, -cov.form(view.a, view.b) / det, xx / det],
            extent_y: reach * yy.sqrt(),
            offset,
            padding: 0.0,
        };
    });
}

/// Nearest and farthest depth of each person and how many Gaussians share them; writes `range [F·P]`.
pub fn depth_range(dims: &Dims, projected: &[Projected], range: &mut [DepthRange]) {
    for (body, out) in projected.chunks_exact(dims.gaussians).zip(range) {
        let depths = || body.iter().map(|s| s.depth);
        let near = depths().fold(f32::INFINITY, f32::min);
        let far = depths().fold(f32::NEG_INFINITY, f32::max);
        let count = |z: f32| depths().filter(|&d| d == z).count() as f32;
        *out = DepthRange { ends: [near, far], ties: [count(near), count(far)] };
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
    /// Looks at Gaussian `g` of all frames.
    pub fn new(dims: &Dims, g: usize, scene: &Appearance<'_>) -> Look {
        let head = &scene.head[g % dims.gaussians];
        let x = scene.nfm_input(dims, g);
        let weights = scene.weights;
        let [near, far] = scene.range[g / dims.gaussians].ends;
        let mut hidden = [0f32; HIDDEN];
        let base = [sigmoid(head[0]), sigmoid(head[1]), sigmoid(head[2]), sigmoid(head[3])];
        let d = (scene.projected[g].depth - near) / (far - near + DEPTH_EPSILON);
        let depth = [d, 1.0 - 2.0 * (d - 0.5).abs(), 1.0 - d];
        if !dims.nfm {
            let learned = [base[0], base[1], base[2]];
            return Look { hidden, learned, alpha: base[3], gate: 1.0, depth, d };
        }
        let mut delta = weights.d2;
        for i in 0..HIDDEN {
            let row = &weights.n1[i];
            hidden[i] = weights.d1[i] + (0..10).map(|c| row[c] * x[c]).sum::<f32>();
        }
        for c in 0..5 {
            let row = &weights.n2[c];
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

/// What appearance depends on.
#[derive(Clone, Copy)]
pub struct Appearance<'a> {
    /// `[K]` logits.
    pub head: &'a [[f32; 4]],
    /// `[G]`.
    pub skinned: &'a [Skinned],
    /// `[G]`.
    pub projected: &'a [Projected],
    /// `[F·P]`.
    pub range: &'a [DepthRange],
    /// Head, NFM, depth mix.
    pub weights: &'a Weights,
}

impl Appearance<'_> {
    /// `x_k` of Gaussian `g`: pooled position, pooled velocity, head logits.
    pub fn nfm_input(&self, dims: &Dims, g: usize) -> [f32; 10] {
        let (Skinned { position: p, velocity: v, .. }, h) = (&self.skinned[g], &self.head[g % dims.gaussians]);
        [p[0], p[1], p[2], v[0], v[1], v[2], h[0], h[1], h[2], h[3]]
    }
}

/// Colour and opacity of every Gaussian (A.4 steps 2–11); writes `shaded [G]`.
pub fn appearance(dims: &Dims, scene: &Appearance<'_>, shaded: &mut [Shaded]) {
    let mix = sigmoid(scene.weights.depth_mix);
    shaded.par_iter_mut().enumerate().with_min_len(64).for_each(|(g, out)| {
        let look = Look::new(dims, g, scene);
        let colour = [0, 1, 2].map(|c| {
            let colour = (1.0 - mix) * look.learned[c].clamp(0.0, 1.0) + mix * look.depth[c].clamp(0.0, 1.0);
            finite(colour).clamp(0.0, 1.0)
        });
        let opacity = finite(look.alpha * look.gate * scene.skinned[g].valid).max(0.0);
        *out = Shaded { colour, opacity };
    });
}

fn finite(x: f32) -> f32 {
    if x.is_nan() { 0.0 } else { x }
}

/// Each frame's Gaussians from near to far, ties by index; writes `order [F,N]`.
pub fn sort(dims: &Dims, projected: &[Projected], order: &mut [u32]) {
    let n = dims.per_frame();
    order.par_chunks_exact_mut(n).enumerate().for_each(|(frame, order)| {
        let depth = |i: u32| projected[frame * n + i as usize].depth;
        for (i, slot) in order.iter_mut().enumerate() {
            *slot = i as u32;
        }
        order.sort_by(|&i, &j| depth(i).total_cmp(&depth(j)).then(i.cmp(&j)));
    });
}
