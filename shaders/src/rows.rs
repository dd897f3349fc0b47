//! What stands in a row of each buffer; `wgsl/shared/rows.wgsl` is the other half, and a test compares the two field by
//! field. Rows that are one vector or one number have no struct.
//!
//! A WGSL `vec3` begins at a multiple of sixteen bytes; where that leaves a gap, something else stands in it.

use bytemuck::{Pod, Zeroable};

use crate::HIDDEN;

const H: usize = HIDDEN as usize;

macro_rules! rows {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$meta])*
            #[repr(C)]
            #[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
            pub struct $name {
                $($(#[$doc])* pub $field: $type,)*
            }

            impl Default for $name {
                fn default() -> Self {
                    Zeroable::zeroed()
                }
            }
        )*

        /// Name, size in bytes, and fields with their offsets in bytes of every struct here.
        pub const LAYOUTS: &[(&str, usize, &[(&str, usize)])] = &[$(
            (stringify!($name), size_of::<$name>(), &[$((stringify!($field), std::mem::offset_of!($name, $field))),*])
        ),*];
    };
}

rows! {
    /// Three numbers without a gap behind them.
    Triple {
        /// First.
        x: f32,
        /// Second.
        y: f32,
        /// Third.
        z: f32,
    }

    /// A symmetric matrix.
    Symmetric {
        /// First row, first column.
        xx: f32,
        /// First row, second column.
        xy: f32,
        /// First row, third column.
        xz: f32,
        /// Second row, second column.
        yy: f32,
        /// Second row, third column.
        yz: f32,
        /// Third row, third column.
        zz: f32,
    }

    /// Where a clip is seen from: the rows of `camera_from_world`, and the lens.
    CameraRow {
        /// To the right, metres.
        right: [f32; 4],
        /// Up, metres.
        up: [f32; 4],
        /// Away from the camera, metres.
        forward: [f32; 4],
        /// `fx, fy` in pixels.
        focal: [f32; 2],
        /// `cx, cy` in pixels.
        principal: [f32; 2],
    }

    /// A joint in the reference pose.
    CanonicalJoint {
        /// Metres.
        position: [f32; 3],
        /// Unused.
        padding: f32,
    }

    /// A Gaussian in the reference pose.
    TemplateRow {
        /// `μᶜ − Σ_j w_j c_j`, metres.
        offset: [f32; 3],
        /// Unused.
        gap: f32,
        /// `μᶜ`, metres.
        mean: [f32; 3],
        /// Unused.
        gap_after: f32,
        /// Square metres.
        covariance: Symmetric,
        /// Unused.
        padding: [f32; 2],
    }

    /// A Gaussian in the world.
    Skinned {
        /// Metres.
        mean: [f32; 3],
        /// 1 where the body slot is filled, else 0.
        valid: f32,
        /// The joints that carry it, pooled, metres.
        position: [f32; 3],
        /// `Σxx`, square metres.
        xx: f32,
        /// Their velocities, pooled, metres per four frames.
        velocity: [f32; 3],
        /// `Σxy`.
        xy: f32,
        /// `Σxz`.
        xz: f32,
        /// `Σyy`.
        yy: f32,
        /// `Σyz`.
        yz: f32,
        /// `Σzz`.
        zz: f32,
    }

    /// A Gaussian on the screen: with `δ` = pixel − *origin*, `d = d0 + l·δ + δᵀΛδ`. The origin is the centre, where
    /// `d0 = l = 0`; for a centre farther than [`crate::FAR`] image sizes outside it is the middle of the image,
    /// because behind the camera a centre lies a million pixels away and `pixel − u` would keep no digits.
    Projected {
        /// `u, v`, pixels.
        centre: [f32; 2],
        /// `Z`, metres.
        depth: f32,
        /// Half the width of the visible ellipse, pixels.
        extent_x: f32,
        /// `Λ11, Λ12, Λ22`, 1 / square pixels.
        conic: [f32; 3],
        /// Half its height, pixels.
        extent_y: f32,
        /// `d0, l1, l2`.
        offset: [f32; 3],
        /// Unused.
        padding: f32,
    }

    /// The depths of a person.
    DepthRange {
        /// Nearest and farthest Gaussian, metres.
        ends: [f32; 2],
        /// How many Gaussians share each of them.
        ties: [f32; 2],
    }

    /// How a Gaussian looks.
    Shaded {
        /// `r, g, b`, 0..1.
        colour: [f32; 3],
        /// `o`, 0..1.
        opacity: f32,
    }

    /// A pixel, or its gradient.
    Rgb {
        /// 0..1.
        red: f32,
        /// 0..1.
        green: f32,
        /// 0..1.
        blue: f32,
    }

    /// A tile's share of [`GradSplat`], without what is unused.
    TileShare {
        /// In the order of its fields.
        sums: [f32; 10],
    }

    /// What a splat receives from its pixels, with `e = ∂L/∂d` of A.6 and `δ` from the splat's origin.
    GradSplat {
        /// `Σe·(1, δx, δy)`.
        moment: [f32; 3],
        /// `Σe·δx²`.
        xx: f32,
        /// `Σe·δxδy`.
        xy: f32,
        /// `Σe·δy²`.
        yy: f32,
        /// `∂o`.
        opacity: f32,
        /// `∂r`.
        red: f32,
        /// `∂g`.
        green: f32,
        /// `∂b`.
        blue: f32,
        /// Unused.
        padding: [f32; 2],
    }

    /// What the appearance's parts receive.
    GradAppearance {
        /// `gδ` of red, green, blue and alpha.
        delta: [f32; 4],
        /// `gδ` of the gate.
        gate: f32,
        /// `gλ`.
        mix: f32,
        /// `gd`, of the depth coordinate.
        depth: f32,
        /// Unused.
        gap: f32,
        /// `gh`.
        logits: [f32; 4],
        /// `gx` of the pooled position.
        position: [f32; 3],
        /// Unused.
        gap_after: f32,
        /// `gx` of the pooled velocity.
        velocity: [f32; 3],
        /// Unused.
        padding: f32,
    }

    /// What a person's nearest and farthest Gaussian receive.
    GradDepthRange {
        /// `∂z0, ∂z1`, already divided by the number of Gaussians that share them.
        ends: [f32; 2],
    }

    /// What a Gaussian's mean receives.
    GradMean {
        /// `∂L/∂μ` in world axes.
        mean: [f32; 3],
        /// Unused.
        padding: f32,
    }

    /// The trained numbers but the features: head, NFM and depth-mix logit, or their gradients.
    Weights {
        /// `V1 [64, 3]` of the head.
        v1: [[f32; 3]; H],
        /// `c1 [64]`.
        c1: [f32; H],
        /// `V2 [4, 64]`.
        v2: [[f32; H]; 4],
        /// `c2 [4]`.
        c2: [f32; 4],
        /// `N1 [64, 10]` of the NFM: position, velocity, logits.
        n1: [[f32; 10]; H],
        /// `d1 [64]`.
        d1: [f32; H],
        /// `N2 [5, 64]`.
        n2: [[f32; H]; 5],
        /// `d2 [5]`.
        d2: [f32; 5],
        /// The logit of the share of depth colour.
        depth_mix: f32,
    }
}
