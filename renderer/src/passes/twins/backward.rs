//! Backward passes from splat gradients to everything that is trained (spec A.6). One function a pass.

use rayon::prelude::*;

use draction_shaders::{
    DEPTH_EPSILON, NEAR, SCREEN_EPSILON,
    rows::{
        CameraRow, DepthRange, GradAppearance, GradDepthRange, GradMean, GradSplat, Projected, Skinned, Triple, Weights,
    },
};

use super::{
    forward::{Appearance, Look, View, origin},
    math::{Form, sigmoid},
};
use crate::{draction::HIDDEN, passes::Dims};

/// Colour and opacity gradients back to NFM outputs, head logits, pooled inputs and depth; writes
/// `grad_appearance [G]`.
pub fn appearance_backward(
    dims: &Dims,
    scene: &Appearance<'_>,
    grad_splats: &[GradSplat],
    grad_appearance: &mut [GradAppearance],
) {
    let weights = scene.weights;
    let mix = sigmoid(weights.depth_mix);
    grad_appearance.par_iter_mut().enumerate().with_min_len(64).for_each(|(g, out)| {
        *out = GradAppearance::default();
        let head = &scene.head[g % dims.gaussians];
        let valid = scene.skinned[g].valid;
        let look = Look::new(dims, g, scene);
        let splat = &grad_splats[g];
        let (go, gc) = (splat.opacity, [splat.red, splat.green, splat.blue]);

        let mut grad_depth = [0f32; 3];
        let mut grad_learned = [0f32; 3];
        for c in 0..3 {
            let (learned, depth) = (look.learned[c].clamp(0.0, 1.0), look.depth[c].clamp(0.0, 1.0));
            out.mix += gc[c] * (depth - learned);
            if (0.0..=1.0).contains(&look.depth[c]) {
                grad_depth[c] = mix * gc[c];
            }
            if !dims.nfm || (0.0..=1.0).contains(&look.learned[c]) {
                grad_learned[c] = (1.0 - mix) * gc[c];
            }
            let base = sigmoid(head[c]);
            out.logits[c] = grad_learned[c] * base * (1.0 - base);
        }
        let side = look.d - 0.5;
        let sign = if side > 0.0 {
            1.0
        } else if side < 0.0 {
            -1.0
        } else {
            0.0
        };
        out.depth = grad_depth[0] - 2.0 * sign * grad_depth[1] - grad_depth[2];

        let alpha = look.alpha;
        let base = sigmoid(head[3]);
        if !dims.nfm {
            out.logits[3] = valid * go * base * (1.0 - base);
            return;
        }
        let grad_alpha = valid * look.gate * go * alpha * (1.0 - alpha);
        let grad_gate = valid * alpha * go * look.gate * (1.0 - look.gate);
        out.logits[3] = grad_alpha * base * (1.0 - base);
        let delta = [grad_learned[0], grad_learned[1], grad_learned[2], grad_alpha, grad_gate];
        [out.delta[0], out.delta[1], out.delta[2], out.delta[3], out.gate] = delta;
        let mut grad_x = [0f32; 10];
        for i in 0..HIDDEN {
            if look.hidden[i] > 0.0 {
                let grad: f32 = (0..5).map(|c| weights.n2[c][i] * delta[c]).sum();
                for c in 0..10 {
                    grad_x[c] += weights.n1[i][c] * grad;
                }
            }
        }
        for c in 0..4 {
            out.logits[c] += grad_x[6 + c];
        }
        out.position.copy_from_slice(&grad_x[..3]);
        out.velocity.copy_from_slice(&grad_x[3..6]);
    });
}

/// What the nearest and the farthest Gaussian of each person receive from everybody's depth colour; writes
/// `grad_range [F·P]`, already divided among ties.
pub fn depth_range_backward(
    dims: &Dims,
    projected: &[Projected],
    range: &[DepthRange],
    grad_appearance: &[GradAppearance],
    grad_range: &mut [GradDepthRange],
) {
    for (body, out) in grad_range.iter_mut().enumerate() {
        let DepthRange { ends, ties } = range[body];
        let span = ends[1] - ends[0] + DEPTH_EPSILON;
        let (mut near, mut far) = (0f64, 0f64);
        for g in body * dims.gaussians..(body + 1) * dims.gaussians {
            let d = (projected[g].depth - ends[0]) / span;
            let grad = f64::from(grad_appearance[g].depth);
            near += grad * f64::from(d - 1.0);
            far -= grad * f64::from(d);
        }
        out.ends = [(near / f64::from(span * ties[0])) as f32, (far / f64::from(span * ties[1])) as f32];
    }
}

/// Splat gradients back to world means; writes `grad_means [G]`.
#[allow(clippy::too_many_arguments)] // the buffers of the pass
pub fn project_backward(
    dims: &Dims,
    cameras: &[CameraRow],
    skinned: &[Skinned],
    projected: &[Projected],
    range: &[DepthRange],
    grad_splats: &[GradSplat],
    grad_appearance: &[GradAppearance],
    grad_range: &[GradDepthRange],
    grad_means: &mut [GradMean],
) {
    let per_clip = dims.frames * dims.per_frame();
    grad_means.par_iter_mut().enumerate().with_min_len(256).for_each(|(g, out)| {
        let camera = &cameras[g / per_clip];
        let view = View::new(camera, &skinned[g]);
        let [gx, gy, mut gz] = view.backward(dims, camera.principal, projected[g].centre, &grad_splats[g]);
        if view.raw_z >= NEAR {
            let body = g / dims.gaussians;
            let [near, far] = range[body].ends;
            gz += grad_appearance[g].depth / (far - near + DEPTH_EPSILON);
            if view.z == near {
                gz += grad_range[body].ends[0];
            }
            if view.z == far {
                gz += grad_range[body].ends[1];
            }
        } else {
            gz = 0.0;
        }
        let mean = [0, 1, 2].map(|c| camera.right[c] * gx + camera.up[c] * gy + camera.forward[c] * gz);
        *out = GradMean { mean, padding: 0.0 };
    });
}

impl View {
    /// `∂L/∂(X, Y, Z)` in camera space from the moments of `e = ∂L/∂d` around the splat's origin.
    ///
    /// `d = N/det Σ2` with `N = qᵀΣq + ε|e|²` (see [`View::q`]); `q` and the centre's distance are affine in the pixel,
    /// so six moments are enough. This equals A.6's `Q = −ΛEΛ` and keeps its digits behind the camera, where `∂u` and
    /// `∂Jac` cancel to one part in a million.
    fn backward(&self, dims: &Dims, principal: [f32; 2], centre: [f32; 2], splat: &GradSplat) -> [f32; 3] {
        let View { x, y, z, fx, fy, a, b, .. } = *self;
        let cov = &self.cov;
        let det = self.det();
        let (at, near) = origin(dims, centre[0], centre[1]);
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
        let eps = SCREEN_EPSILON;
        let det_theta = [
            2.0 * scale * scale * am[0] - 2.0 * eps * fx / z2 * sa[2],
            2.0 * scale * scale * am[1] + 2.0 * eps * fy / z2 * sb[2],
            scale * scale * (2.0 * am[2] - 6.0 / z * adjugate.form_self(m))
                + 2.0 * eps * (-fx / z2 * sa[0] + 2.0 * fx * x / z3 * sa[2])
                + 2.0 * eps * (fy / z2 * sb[1] - 2.0 * fy * y / z3 * sb[2]),
        ];

        // Σ over pixels of e·(1, δx, δy)(1, δx, δy)ᵀ
        let GradSplat { moment: [m0, mx, my], xx: mxx, xy: mxy, yy: myy, .. } = *splat;
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

/// World means and pooled inputs back to joints; writes `grad_positions` and `grad_velocities [F, P, J]`.
pub fn skin_backward(
    dims: &Dims,
    lbs: &[f32],
    grad_means: &[GradMean],
    grad_appearance: &[GradAppearance],
    grad_positions: &mut [[f32; 3]],
    grad_velocities: &mut [[f32; 3]],
) {
    let joints = dims.joints;
    let bodies = grad_positions.par_chunks_exact_mut(joints).zip(grad_velocities.par_chunks_exact_mut(joints));
    bodies.enumerate().for_each(|(body, (positions, velocities))| {
        positions.fill([0.0; 3]);
        velocities.fill([0.0; 3]);
        for k in 0..dims.gaussians {
            let g = body * dims.gaussians + k;
            let (mean, look) = (&grad_means[g].mean, &grad_appearance[g]);
            for (j, w) in lbs[k * joints..][..joints].iter().enumerate() {
                for c in 0..3 {
                    positions[j][c] += w * (mean[c] + look.position[c]);
                    velocities[j][c] += w * look.velocity[c];
                }
            }
        }
    });
}

/// Gradients of the NFM and of the depth-mix logit; writes their part of `grad_weights`, and zeros into the head's.
pub fn nfm_weights_backward(
    dims: &Dims,
    scene: &Appearance<'_>,
    grad_appearance: &[GradAppearance],
    grad_weights: &mut Weights,
) {
    let n = dims.per_frame();
    // one partial sum a frame, added in frame order: the same bits however many threads there are
    let partials: Vec<Weights> = (0..dims.frame_count())
        .into_par_iter()
        .map(|frame| {
            let mut sum = Weights::default();
            for g in frame * n..(frame + 1) * n {
                let GradAppearance { delta: d, gate, mix, .. } = grad_appearance[g];
                let delta = [d[0], d[1], d[2], d[3], gate];
                sum.depth_mix += mix;
                if dims.nfm && delta.iter().any(|&g| g != 0.0) {
                    nfm_outer_products(&scene.nfm_input(dims, g), scene.weights, &delta, &mut sum);
                }
            }
            sum
        })
        .collect();
    *grad_weights = Weights::default();
    let out: &mut [f32] = bytemuck::cast_slice_mut(std::slice::from_mut(grad_weights));
    for partial in &partials {
        let partial: &[f32] = bytemuck::cast_slice(std::slice::from_ref(partial));
        out.iter_mut().zip(partial).for_each(|(sum, x)| *sum += x);
    }
    let mix = sigmoid(scene.weights.depth_mix);
    grad_weights.depth_mix *= mix * (1.0 - mix);
}

fn nfm_outer_products(x: &[f32; 10], weights: &Weights, delta: &[f32; 5], sum: &mut Weights) {
    for i in 0..HIDDEN {
        let row = &weights.n1[i];
        let hidden = weights.d1[i] + (0..10).map(|c| row[c] * x[c]).sum::<f32>();
        if hidden > 0.0 {
            let mut grad = 0.0;
            for c in 0..5 {
                grad += weights.n2[c][i] * delta[c];
                sum.n2[c][i] += delta[c] * hidden;
            }
            for c in 0..10 {
                sum.n1[i][c] += grad * x[c];
            }
            sum.d1[i] += grad;
        }
    }
    for c in 0..5 {
        sum.d2[c] += delta[c];
    }
}

/// `∂L/∂h_k` summed over frames and bodies into `grad_head [K]`, and the features' gradient `[K]`.
pub fn head_backward(
    dims: &Dims,
    features: &[Triple],
    weights: &Weights,
    grad_appearance: &[GradAppearance],
    grad_head: &mut [[f32; 4]],
    grad_features: &mut [[f32; 3]],
) {
    grad_head.fill([0.0; 4]);
    for (g, grad) in grad_appearance.iter().enumerate() {
        let sum = &mut grad_head[g % dims.gaussians];
        for c in 0..4 {
            sum[c] += grad.logits[c];
        }
    }
    for k in 0..dims.gaussians {
        let out = &mut grad_features[k];
        out.fill(0.0);
        for_each_active_hidden(&features[k], weights, &grad_head[k], |i, _, grad| {
            for c in 0..3 {
                out[c] += weights.v1[i][c] * grad;
            }
        });
    }
}

/// Gradients of the appearance head; writes their part of `grad_weights`, where zeros are.
pub fn head_weights_backward(
    dims: &Dims,
    features: &[Triple],
    weights: &Weights,
    grad_head: &[[f32; 4]],
    out: &mut Weights,
) {
    for k in 0..dims.gaussians {
        let (f, gh) = (&features[k], &grad_head[k]);
        for c in 0..4 {
            out.c2[c] += gh[c];
        }
        for_each_active_hidden(f, weights, gh, |i, hidden, grad| {
            for c in 0..4 {
                out.v2[c][i] += gh[c] * hidden;
            }
            for (c, f) in [f.x, f.y, f.z].into_iter().enumerate() {
                out.v1[i][c] += grad * f;
            }
            out.c1[i] += grad;
        });
    }
}

/// Calls `visit(i, activation, ∂L/∂activation)` for each hidden unit of the head that is switched on.
fn for_each_active_hidden(f: &Triple, weights: &Weights, gh: &[f32; 4], mut visit: impl FnMut(usize, f32, f32)) {
    for i in 0..HIDDEN {
        let row = &weights.v1[i];
        let hidden = row[0] * f.x + row[1] * f.y + row[2] * f.z + weights.c1[i];
        if hidden > 0.0 {
            visit(i, hidden, (0..4).map(|c| weights.v2[c][i] * gh[c]).sum());
        }
    }
}
