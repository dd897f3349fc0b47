//! Every buffer, described.

use super::{
    Dims, Extent,
    describe::{Axis, BufferAbout, Role, Row, Scratch, described},
};
use Axis::{BandTile, Body, Clip, Entry, Frame, Gaussian, Joint, Pixel, Rank, Slab, TileRow, Weight};
use Role::{Forward, Gradient, Input};

const SPLATS: &[Axis] = &[Frame, Body, Gaussian];
const JOINTS: &[Axis] = &[Frame, Body, Joint];
const PIXELS: &[Axis] = &[Frame, Axis::Row, Pixel];

described! {
    /// Every buffer that a pass reads or writes. All are `f32` except [`Buffer::Order`] and the lists (`u32`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Buffer: BufferAbout {
        /// in `[F, P, J, 3]` world metres.
        Positions = BufferAbout {
            label: "positions",
            role: Input,
            axes: JOINTS,
            row: Row::Of(&[(&["x", "y", "z"], "m")]),
        },
        /// in `[F, P, J, 3]` metres per four frames.
        Velocities = BufferAbout {
            label: "velocities",
            role: Input,
            axes: JOINTS,
            row: Row::Of(&[(&["vx", "vy", "vz"], "m / 4 frames")]),
        },
        /// in `[F, P, J, 4]` quaternions, scalar first; bound only when `oriented`.
        Orientations = BufferAbout {
            label: "orientations",
            role: Input,
            axes: JOINTS,
            row: Row::Of(&[(&["w", "x", "y", "z"], "")]),
        },
        /// in `[B, 16]`: `camera_from_world` `[3,4]`, then `fx, fy, cx, cy` in pixels.
        Cameras = BufferAbout {
            label: "camera rows",
            role: Input,
            axes: &[Clip],
            row: Row::Of(&[
                (&["right x", "right y", "right z"], ""),
                (&["right 0"], "m"),
                (&["up x", "up y", "up z"], ""),
                (&["up 0"], "m"),
                (&["forward x", "forward y", "forward z"], ""),
                (&["forward 0"], "m"),
                (&["fx", "fy", "cx", "cy"], "px"),
            ]),
        },
        /// in `[J, 4]` canonical joints, last number unused.
        CanonicalJoints = BufferAbout {
            label: "canonical joint rows",
            role: Input,
            axes: &[Joint],
            row: Row::Of(&[(&["x", "y", "z"], "m"), (&["–"], "")]),
        },
        /// in `[K, 16]`: `offset` 3 (`μᶜ − Σ_j w_j c_j`), 0, `μᶜ` 3, 0, covariance `xx xy xz yy yz zz`, 0, 0.
        Template = BufferAbout {
            label: "template rows",
            role: Input,
            axes: &[Gaussian],
            row: Row::Of(&[
                (&["offset x", "offset y", "offset z", "–", "μ x", "μ y", "μ z", "–"], "m"),
                (&["Σxx", "Σxy", "Σxz", "Σyy", "Σyz", "Σzz", "–", "–"], "m²"),
            ]),
        },
        /// in `[K, J]` blend weights, rows sum to one.
        LbsWeights = BufferAbout {
            label: "blend weights",
            role: Input,
            axes: &[Gaussian],
            row: Row::Joints,
        },
        /// in `[K, 3]` features.
        Features = BufferAbout {
            label: "features",
            role: Input,
            axes: &[Gaussian],
            row: Row::Of(&[(&["f1", "f2", "f3"], "")]),
        },
        /// in `[HEAD_LEN + NFM_LEN + 1]`: head, NFM (zeros when off), depth-mix logit.
        Weights = BufferAbout {
            label: "packed weights",
            role: Input,
            axes: &[Weight],
            row: Row::Of(&[(&["value"], "")]),
        },
        /// `[K, 4]` raw logits `h_k` of the appearance head (A.4 step 1).
        Head = BufferAbout {
            label: "head logits",
            role: Forward,
            axes: &[Gaussian],
            row: Row::Of(&[(&["h red", "h green", "h blue", "h alpha"], "logit")]),
        },
        /// `[G, 16]`: world mean 3, valid (0 or 1); pooled position 3, `Σxx`; pooled velocity 3, `Σxy`; `Σxz Σyy Σyz Σzz`.
        Skinned = BufferAbout {
            label: "skinned Gaussians",
            role: Forward,
            axes: SPLATS,
            row: Row::Of(&[
                (&["μ x", "μ y", "μ z"], "m"),
                (&["valid"], ""),
                (&["joints x", "joints y", "joints z"], "m"),
                (&["Σxx"], "m²"),
                (&["speed x", "speed y", "speed z"], "m / 4 frames"),
                (&["Σxy", "Σxz", "Σyy", "Σyz", "Σzz"], "m²"),
            ]),
        },
        /// `[G, 12]`: `u, v, Z, extent_x`, `Λ11, Λ12, Λ22, extent_y` (pixels; the extents bound the visible ellipse), then
        /// `d0, l1, l2`, 0: with `δ` = pixel − *origin*, `d = d0 + l·δ + δᵀΛδ`. The origin is the centre `(u, v)`, where
        /// `d0 = l = 0`; for a centre farther than [`draction_shaders::FAR`] image sizes outside it is the middle of the image,
        /// because behind the camera a centre lies a million pixels away and `pixel − u` would keep no digits.
        Projected = BufferAbout {
            label: "projected splats",
            role: Forward,
            axes: SPLATS,
            row: Row::Of(&[
                (&["u", "v"], "px"),
                (&["Z"], "m"),
                (&["extent x"], "px"),
                (&["Λ11", "Λ12", "Λ22"], "1/px²"),
                (&["extent y"], "px"),
                (&["d0"], ""),
                (&["l1", "l2"], "1/px"),
                (&["–"], ""),
            ]),
        },
        /// `[F·P, 4]`: nearest `z0`, farthest `z1`, how many Gaussians share `z0`, how many share `z1`.
        DepthRange = BufferAbout {
            label: "depth ranges",
            role: Forward,
            axes: &[Frame, Body],
            row: Row::Of(&[(&["z0", "z1"], "m"), (&["share z0", "share z1"], "")]),
        },
        /// `[G, 4]`: `r, g, b`, opacity `o`.
        Shaded = BufferAbout {
            label: "shaded splats",
            role: Forward,
            axes: SPLATS,
            row: Row::Of(&[(&["red", "green", "blue", "opacity"], "")]),
        },
        /// `u32 [F, N]`: the frame's Gaussians from near to far; ties by index.
        Order = BufferAbout {
            label: "order of depth",
            role: Role::Order,
            axes: &[Frame, Rank],
            row: Row::Of(&[(&["Gaussian"], "")]),
        },
        /// scratch `u32 [F, tile rows, 1 + N]`: how many splats reach the row of tiles, then which, from near to far; the
        /// rest of a row is never written. GPU only.
        RowLists = BufferAbout {
            label: "lists of rows",
            role: Role::Scratch(Scratch::RowLists),
            axes: &[Frame, TileRow, Entry],
            row: Row::Of(&[(&["splat"], "")]),
        },
        /// scratch `u32 [F, band tiles, 1 + N]`: how many splats touch a tile, then which, from near to far; the rest is
        /// never written. GPU only.
        TileLists = BufferAbout {
            label: "lists of tiles",
            role: Role::Scratch(Scratch::TileLists),
            axes: &[Frame, BandTile, Entry],
            row: Row::Of(&[(&["splat"], "")]),
        },
        /// out `[F, H, W, 3]`.
        Frames = BufferAbout {
            label: "frames",
            role: Forward,
            axes: PIXELS,
            row: Row::Of(&[(&["red", "green", "blue"], "")]),
        },
        /// in `[F, H, W, 3]` upstream gradient `∂L/∂frames`.
        GradFrames = BufferAbout {
            label: "frame gradients",
            role: Input,
            axes: PIXELS,
            row: Row::Of(&[(&["∂red", "∂green", "∂blue"], "L")]),
        },
        /// scratch `[F, band tiles, N, 10]`: one tile's share of [`Buffer::GradSplats`]. GPU only.
        TilePartials = BufferAbout {
            label: "shares of tiles",
            role: Role::Scratch(Scratch::SplatShares),
            axes: &[Frame, BandTile, Rank],
            row: Row::Of(&[
                (&["Σe"], "L"),
                (&["Σe·δx", "Σe·δy"], "L·px"),
                (&["Σe·δx²", "Σe·δxδy", "Σe·δy²"], "L·px²"),
                (&["∂opacity", "∂red", "∂green", "∂blue"], "L"),
            ]),
        },
        /// `[G, 12]`: `Σe, Σe·δx, Σe·δy, Σe·δx²`, `Σe·δxδy, Σe·δy², ∂o, ∂r`, `∂g, ∂b`, 0, 0 with `e = ∂L/∂d` of A.6 and
        /// `δ` from the splat's origin (see [`Buffer::Projected`]).
        GradSplats = BufferAbout {
            label: "splat gradients",
            role: Gradient,
            axes: SPLATS,
            row: Row::Of(&[
                (&["Σe"], "L"),
                (&["Σe·δx", "Σe·δy"], "L·px"),
                (&["Σe·δx²", "Σe·δxδy", "Σe·δy²"], "L·px²"),
                (&["∂opacity", "∂red", "∂green", "∂blue"], "L"),
                (&["–", "–"], ""),
            ]),
        },
        /// `[G, 20]`: `gδ` 5, `gλ`, `gd` (depth-colour coordinate), 0; `gh` 4; `gx` position 3, 0; `gx` velocity 3, 0.
        GradAppearance = BufferAbout {
            label: "appearance gradients",
            role: Gradient,
            axes: SPLATS,
            row: Row::Of(&[
                (&["∂δ red", "∂δ green", "∂δ blue", "∂δ alpha", "∂gate", "∂mix", "∂depth", "–"], "L"),
                (&["∂h red", "∂h green", "∂h blue", "∂h alpha"], "L/logit"),
                (&["∂joints x", "∂joints y", "∂joints z", "–"], "L/m"),
                (&["∂speed x", "∂speed y", "∂speed z", "–"], "L·4 frames/m"),
            ]),
        },
        /// `[F·P, 2]`: `∂z0`, `∂z1`, already divided by the number of Gaussians that share them.
        GradDepthRange = BufferAbout {
            label: "depth range gradients",
            role: Gradient,
            axes: &[Frame, Body],
            row: Row::Of(&[(&["∂z0", "∂z1"], "L/m")]),
        },
        /// `[G, 4]`: `∂L/∂μ` in world axes, last number 0.
        GradMeans = BufferAbout {
            label: "mean gradients",
            role: Gradient,
            axes: SPLATS,
            row: Row::Of(&[(&["∂x", "∂y", "∂z"], "L/m"), (&["–"], "")]),
        },
        /// `[K, 4]`: `∂L/∂h_k` summed over frames and bodies.
        GradHead = BufferAbout {
            label: "head gradients",
            role: Gradient,
            axes: &[Gaussian],
            row: Row::Of(&[(&["∂h red", "∂h green", "∂h blue", "∂h alpha"], "L/logit")]),
        },
        /// scratch `[slabs, HEAD_LEN + NFM_LEN + 1]` partial sums of [`Buffer::GradWeights`]. GPU only.
        WeightPartials = BufferAbout {
            label: "shares of slabs",
            role: Role::Scratch(Scratch::WeightShares),
            axes: &[Slab, Weight],
            row: Row::Of(&[(&["∂value"], "L")]),
        },
        /// out `[F, P, J, 3]`.
        GradPositions = BufferAbout {
            label: "position gradients",
            role: Gradient,
            axes: JOINTS,
            row: Row::Of(&[(&["∂x", "∂y", "∂z"], "L/m")]),
        },
        /// out `[F, P, J, 3]`.
        GradVelocities = BufferAbout {
            label: "velocity gradients",
            role: Gradient,
            axes: JOINTS,
            row: Row::Of(&[(&["∂vx", "∂vy", "∂vz"], "L·4 frames/m")]),
        },
        /// out `[K, 3]`.
        GradFeatures = BufferAbout {
            label: "feature gradients",
            role: Gradient,
            axes: &[Gaussian],
            row: Row::Of(&[(&["∂f1", "∂f2", "∂f3"], "L")]),
        },
        /// out `[HEAD_LEN + NFM_LEN + 1]`, laid out as [`Buffer::Weights`].
        GradWeights = BufferAbout {
            label: "weight gradients",
            role: Gradient,
            axes: &[Weight],
            row: Row::Of(&[(&["∂value"], "L")]),
        },
    }
}

impl Buffer {
    /// What it stands for, if it is scratch memory of the GPU, without a twin.
    pub fn scratch(self) -> Option<Scratch> {
        match self.about().role {
            Role::Scratch(scratch) => Some(scratch),
            Role::Input | Role::Forward | Role::Order | Role::Gradient => None,
        }
    }

    /// Whether it grows with the number of frames.
    pub fn is_per_frame(self) -> bool {
        self.about().axes.first() == Some(&Frame)
    }

    /// Numbers of a row.
    pub fn width(self, dims: &Dims) -> usize {
        self.about().row.len(dims.joints)
    }

    /// Numbers in it, `u64::MAX` where they cannot be counted.
    pub fn len(self, extent: &Extent) -> u64 {
        let width = self.width(&extent.dims) as u64;
        self.about().axes.iter().fold(width, |product, &axis| product.saturating_mul(extent.len(axis) as u64))
    }
}
