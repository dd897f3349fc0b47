//! Backward passes from splat gradients to everything that is trained (spec A.6). One function a pass.

use rayon::prelude::*;

use super::{
    forward::{Look, NEAR, View},
    math::{Polynomial3, sigmoid},
};
use crate::{
    draction::{HEAD_LEN, HIDDEN, NFM_LEN},
    engine::weights_layout as at,
    passes::Dims,
};

/// Colour and opacity gradients back to NFM outputs, head logits, pooled inputs and depth; writes
/// `grad_appearance [G,20]`.
#[allow(clippy::too_many_arguments)] // the buffers of the pass
pub fn appearance_backward(
    dims: &Dims,
    head: &[f32],
    skinned: &[f32],
    projected: &[f32],
    range: &[f32],
    weights: &[f32],
    grad_splats: &[f32],
    grad_appearance: &mut [f32],
) {
    let mix = sigmoid(weights[at::DEPTH_MIX]);
    grad_appearance.par_chunks_exact_mut(20).enumerate().with_min_len(64).for_each(|(g, out)| {
        out.fill(0.0);
        let k = g % dims.gaussians;
        let head = &head[4 * k..][..4];
        let skinned = &skinned[16 * g..][..16];
        let valid = skinned[3];
        let range = &range[4 * (g / dims.gaussians)..][..4];
        let look = Look::new(dims.nfm, head, skinned, projected[12 * g + 2], range, weights);
        let splat = &grad_splats[12 * g..][..12];
        let (go, gc) = (splat[6], [splat[7], splat[8], splat[9]]);

        let mut grad_depth = [0f32; 3];
        let mut grad_learned = [0f32; 3];
        for c in 0..3 {
            let (learned, depth) = (look.learned[c].clamp(0.0, 1.0), look.depth[c].clamp(0.0, 1.0));
            out[5] += gc[c] * (depth - learned);
            if (0.0..=1.0).contains(&look.depth[c]) {
                grad_depth[c] = mix * gc[c];
            }
            if !dims.nfm || (0.0..=1.0).contains(&look.learned[c]) {
                grad_learned[c] = (1.0 - mix) * gc[c];
            }
            let base = sigmoid(head[c]);
            out[8 + c] = grad_learned[c] * base * (1.0 - base);
        }
        let side = look.d - 0.5;
        let sign = if side > 0.0 {
            1.0
        } else if side < 0.0 {
            -1.0
        } else {
            0.0
        };
        out[6] = grad_depth[0] - 2.0 * sign * grad_depth[1] - grad_depth[2];

        let alpha = look.alpha;
        let base = sigmoid(head[3]);
        if !dims.nfm {
            out[11] = valid * go * base * (1.0 - base);
            return;
        }
        let grad_alpha = valid * look.gate * go * alpha * (1.0 - alpha);
        let grad_gate = valid * alpha * go * look.gate * (1.0 - look.gate);
        out[11] = grad_alpha * base * (1.0 - base);
        let delta = [grad_learned[0], grad_learned[1], grad_learned[2], grad_alpha, grad_gate];
        out[..5].copy_from_slice(&delta);
        let mut grad_x = [0f32; 10];
        for i in 0..HIDDEN {
            if look.hidden[i] > 0.0 {
                let grad: f32 = (0..5).map(|c| weights[at::N2 + c * HIDDEN + i] * delta[c]).sum();
                for c in 0..10 {
                    grad_x[c] += weights[at::N1 + 10 * i + c] * grad;
                }
            }
        }
        for c in 0..4 {
            out[8 + c] += grad_x[6 + c];
        }
        out[12..15].copy_from_slice(&grad_x[..3]);
        out[16..19].copy_from_slice(&grad_x[3..6]);
    });
}

/// What the nearest and the farthest Gaussian of each person receive from everybody's depth colour; writes
/// `grad_range [F·P,2]`, already divided among ties.
pub fn depth_range_backward(
    dims: &Dims,
    projected: &[f32],
    range: &[f32],
    grad_appearance: &[f32],
    grad_range: &mut [f32],
) {
    for (body, out) in grad_range.chunks_exact_mut(2).enumerate() {
        let range = &range[4 * body..][..4];
        let span = range[1] - range[0] + 1e-6;
        let (mut near, mut far) = (0f64, 0f64);
        for g in body * dims.gaussians..(body + 1) * dims.gaussians {
            let d = (projected[12 * g + 2] - range[0]) / span;
            let grad = f64::from(grad_appearance[20 * g + 6]);
            near += grad * f64::from(d - 1.0);
            far -= grad * f64::from(d);
        }
        out[0] = (near / f64::from(span * range[2])) as f32;
        out[1] = (far / f64::from(span * range[3])) as f32;
    }
}

/// Splat gradients back to world means; writes `grad_means [G,4]`.
#[allow(clippy::too_many_arguments)] // the buffers of the pass
pub fn project_backward(
    dims: &Dims,
    cameras: &[f32],
    skinned: &[f32],
    projected: &[f32],
    range: &[f32],
    grad_splats: &[f32],
    grad_appearance: &[f32],
    grad_range: &[f32],
    grad_means: &mut [f32],
) {
    let per_clip = dims.frames * dims.per_frame();
    grad_means.par_chunks_exact_mut(4).enumerate().with_min_len(256).for_each(|(g, out)| {
        let camera = &cameras[16 * (g / per_clip)..][..16];
        let view = View::new(camera, &skinned[16 * g..][..16]);
        let [gx, gy, mut gz] =
            view.backward(dims, [camera[14], camera[15]], &projected[12 * g..][..2], &grad_splats[12 * g..][..6]);
        if view.raw_z >= NEAR {
            let body = g / dims.gaussians;
            let range = &range[4 * body..][..4];
            gz += grad_appearance[20 * g + 6] / (range[1] - range[0] + 1e-6);
            if view.z == range[0] {
                gz += grad_range[2 * body];
            }
            if view.z == range[1] {
                gz += grad_range[2 * body + 1];
            }
        } else {
            gz = 0.0;
        }
        for c in 0..3 {
            out[c] = camera[c] * gx + camera[4 + c] * gy + camera[8 + c] * gz;
        }
        out[3] = 0.0;
    });
}

impl View {
    /// `∂L/∂(X, Y, Z)` in camera space from the moments of `e = ∂L/∂d` around the splat's origin.
    ///
    /// `d = N/det Σ2` with `N = qᵀΣq + ε|e|²` (see [`View::q`]); `q` and the centre's distance are affine in the pixel,
    /// so six moments are enough. This equals A.6's `Q = −ΛEΛ` and keeps its digits behind the camera, where `∂u` and
    /// `∂Jac` cancel to one part in a million.
    fn backward(&self, dims: &Dims, principal: [f32; 2], centre: &[f32], moments: &[f32]) -> [f32; 3] {
        let View { x, y, z, fx, fy, a, b, .. } = *self;
        let cov = Polynomial3(self.cov);
        let det = self.det();
        let (at, near) = super::forward::origin(dims, centre[0], centre[1]);
        let (px, py) = (at[0] - principal[0], at[1] - principal[1]);
        let (z2, z3) = (z * z, z * z * z);

        // rows: value at the origin, change per pixel to the right, per pixel down
        let zero = [0f32; 3];
        let q = [if near { zero } else { self.q(px, py) }, b, a.map(|a| -a)];
        let e = if near { [0.0; 2] } else { [px - fx * x / z, py + fy * y / z] };
        let q_x = [[0.0, fx * fy / z2, fx * py / z2], zero, [0.0, 0.0, fx / z2]];
        let q_y = [[-fx * fy / z2, 0.0, fy * px / z2], [0.0, 0.0, fy / z2], zero];
        let q_z = [
            [
                fx * py / z2 + 2.0 * fx * fy * y / z3,
                fy * px / z2 - 2.0 * fx * fy * x / z3,
                -2.0 * (fy * y * px + fx * x * py) / z3,
            ],
            [0.0, fy / z2, -2.0 * fy * y / z3],
            [fx / z2, 0.0, -2.0 * fx * x / z3],
        ];
        let e_theta = [[-fx / z, 0.0], [0.0, fy / z], [fx * x / z2, -fy * y / z2]];

        // ∂det/∂θ
        let scale = fx * fy / z3;
        let adjugate = cov.adjugate();
        let m = [x, y, z];
        let am = adjugate.apply(m);
        let (sa, sb) = (cov.apply(a), cov.apply(b));
        let eps = super::forward::SCREEN_EPSILON;
        let det_theta = [
            2.0 * scale * scale * am[0] - 2.0 * eps * fx / z2 * sa[2],
            2.0 * scale * scale * am[1] + 2.0 * eps * fy / z2 * sb[2],
            scale * scale * (2.0 * am[2] - 6.0 / z * adjugate.form_self(m))
                + 2.0 * eps * (-fx / z2 * sa[0] + 2.0 * fx * x / z3 * sa[2])
                + 2.0 * eps * (fy / z2 * sb[1] - 2.0 * fy * y / z3 * sb[2]),
        ];

        // Σ over pixels of e·(1, δx, δy)(1, δx, δy)ᵀ
        let [m0, mx, my, mxx, mxy, myy] = moments[..6] else { unreachable!("six moments") };
        let moment = [[m0, mx, my], [mx, mxx, mxy], [my, mxy, myy]];
        let sq = q.map(|q| cov.apply(q));
        // Σ e·N, and from it Σ e·d
        let squares = e[0] * (e[0] * m0 + 2.0 * mx) + mxx + e[1] * (e[1] * m0 + 2.0 * my) + myy;
        let e_d = (contract(&moment, &sq, &q) + eps * squares) / det;
        let along = [e[0] * m0 + mx, e[1] * m0 + my];
        let grad = |q_theta: &[[f32; 3]; 3], e_theta: [f32; 2], det_theta: f32| {
            let numerator =
                2.0 * contract(&moment, &sq, q_theta) + 2.0 * eps * (e_theta[0] * along[0] + e_theta[1] * along[1]);
            (numerator - det_theta * e_d) / det
        };
        [
            grad(&q_x, e_theta[0], det_theta[0]),
            grad(&q_y, e_theta[1], det_theta[1]),
            grad(&q_z, e_theta[2], det_theta[2]),
        ]
    }
}

/// `Σ_ij M_ij (u_i · v_j)`.
fn contract(moment: &[[f32; 3]; 3], u: &[[f32; 3]; 3], v: &[[f32; 3]; 3]) -> f32 {
    let mut sum = 0.0;
    for i in 0..3 {
        for j in 0..3 {
            sum += moment[i][j] * (u[i][0] * v[j][0] + u[i][1] * v[j][1] + u[i][2] * v[j][2]);
        }
    }
    sum
}

/// World means and pooled inputs back to joints; writes `grad_positions` and `grad_velocities [F,P,J,3]`.
pub fn skin_backward(
    dims: &Dims,
    lbs: &[f32],
    grad_means: &[f32],
    grad_appearance: &[f32],
    grad_positions: &mut [f32],
    grad_velocities: &mut [f32],
) {
    let joints = dims.joints * 3;
    let bodies = grad_positions.par_chunks_exact_mut(joints).zip(grad_velocities.par_chunks_exact_mut(joints));
    bodies.enumerate().for_each(|(body, (positions, velocities))| {
        positions.fill(0.0);
        velocities.fill(0.0);
        for k in 0..dims.gaussians {
            let g = body * dims.gaussians + k;
            let (mean, look) = (&grad_means[4 * g..][..3], &grad_appearance[20 * g + 12..][..8]);
            let weights = &lbs[k * dims.joints..][..dims.joints];
            for (j, w) in weights.iter().enumerate() {
                for c in 0..3 {
                    positions[3 * j + c] += w * (mean[c] + look[c]);
                    velocities[3 * j + c] += w * look[4 + c];
                }
            }
        }
    });
}

/// Gradients of the NFM and of the depth-mix logit; writes their part of `grad_weights`.
pub fn nfm_weights_backward(
    dims: &Dims,
    head: &[f32],
    skinned: &[f32],
    weights: &[f32],
    grad_appearance: &[f32],
    grad_weights: &mut [f32],
) {
    let n = dims.per_frame();
    // one partial sum a frame, added in frame order: the same bits however many threads there are
    let partials: Vec<Vec<f32>> = (0..dims.frame_count())
        .into_par_iter()
        .map(|frame| {
            let mut sum = vec![0f32; NFM_LEN + 1];
            for g in frame * n..(frame + 1) * n {
                let grad = &grad_appearance[20 * g..][..20];
                sum[NFM_LEN] += grad[5];
                if dims.nfm && grad[..5].iter().any(|&g| g != 0.0) {
                    let k = g % dims.gaussians;
                    nfm_outer_products(&head[4 * k..][..4], &skinned[16 * g..][..16], weights, grad, &mut sum);
                }
            }
            sum
        })
        .collect();
    let out = &mut grad_weights[HEAD_LEN..];
    out.fill(0.0);
    for partial in &partials {
        out.iter_mut().zip(partial).for_each(|(sum, x)| *sum += x);
    }
    let mix = sigmoid(weights[at::DEPTH_MIX]);
    out[NFM_LEN] *= mix * (1.0 - mix);
}

fn nfm_outer_products(head: &[f32], skinned: &[f32], weights: &[f32], delta: &[f32], sum: &mut [f32]) {
    let mut x = [0f32; 10];
    x[..3].copy_from_slice(&skinned[4..7]);
    x[3..6].copy_from_slice(&skinned[8..11]);
    x[6..].copy_from_slice(head);
    for i in 0..HIDDEN {
        let row = &weights[at::N1 + 10 * i..][..10];
        let hidden = weights[at::D1 + i] + (0..10).map(|c| row[c] * x[c]).sum::<f32>();
        if hidden > 0.0 {
            let mut grad = 0.0;
            for c in 0..5 {
                grad += weights[at::N2 + c * HIDDEN + i] * delta[c];
                sum[at::N2 - HEAD_LEN + c * HIDDEN + i] += delta[c] * hidden;
            }
            for c in 0..10 {
                sum[at::N1 - HEAD_LEN + 10 * i + c] += grad * x[c];
            }
            sum[at::D1 - HEAD_LEN + i] += grad;
        }
    }
    for c in 0..5 {
        sum[at::D2 - HEAD_LEN + c] += delta[c];
    }
}

/// `∂L/∂h_k` summed over frames and bodies into `grad_head [K,4]`, and the features' gradient `[K,3]`.
pub fn head_backward(
    dims: &Dims,
    features: &[f32],
    weights: &[f32],
    grad_appearance: &[f32],
    grad_head: &mut [f32],
    grad_features: &mut [f32],
) {
    grad_head.fill(0.0);
    for (g, grad) in grad_appearance.chunks_exact(20).enumerate() {
        let sum = &mut grad_head[4 * (g % dims.gaussians)..][..4];
        for c in 0..4 {
            sum[c] += grad[8 + c];
        }
    }
    for k in 0..dims.gaussians {
        let out = &mut grad_features[3 * k..][..3];
        out.fill(0.0);
        for_each_active_hidden(&features[3 * k..][..3], weights, &grad_head[4 * k..][..4], |i, _, grad| {
            for c in 0..3 {
                out[c] += weights[at::V1 + 3 * i + c] * grad;
            }
        });
    }
}

/// Gradients of the appearance head; writes its part of `grad_weights`.
pub fn head_weights_backward(
    dims: &Dims,
    features: &[f32],
    weights: &[f32],
    grad_head: &[f32],
    grad_weights: &mut [f32],
) {
    let out = &mut grad_weights[..HEAD_LEN];
    out.fill(0.0);
    for k in 0..dims.gaussians {
        let (f, gh) = (&features[3 * k..][..3], &grad_head[4 * k..][..4]);
        for c in 0..4 {
            out[at::C2 + c] += gh[c];
        }
        for_each_active_hidden(f, weights, gh, |i, hidden, grad| {
            for c in 0..4 {
                out[at::V2 + c * HIDDEN + i] += gh[c] * hidden;
            }
            for c in 0..3 {
                out[at::V1 + 3 * i + c] += grad * f[c];
            }
            out[at::C1 + i] += grad;
        });
    }
}

/// Calls `visit(i, activation, ∂L/∂activation)` for each hidden unit of the head that is switched on.
fn for_each_active_hidden(f: &[f32], weights: &[f32], gh: &[f32], mut visit: impl FnMut(usize, f32, f32)) {
    for i in 0..HIDDEN {
        let row = &weights[at::V1 + 3 * i..][..3];
        let hidden = row[0] * f[0] + row[1] * f[1] + row[2] * f[2] + weights[at::C1 + i];
        if hidden > 0.0 {
            visit(i, hidden, (0..4).map(|c| weights[at::V2 + c * HIDDEN + i] * gh[c]).sum());
        }
    }
}
