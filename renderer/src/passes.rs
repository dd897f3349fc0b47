//! Passes recorded as data: which run, over which buffers, in which order. An engine replays them.
//!
//! | Symbol | Meaning |
//! | --- | --- |
//! | `B`, `T`, `F = B·T` | clips, frames a clip, frames in all |
//! | `P`, `J`, `K` | bodies, joints a body, Gaussians a body |
//! | `N = P·K`, `G = F·N` | Gaussians a frame (index `p·K + k`), Gaussians in all (index `(f·P + p)·K + k`) |
//! | `H`, `W` | image size; tiles are 16×16 pixels |

use crate::draction::{HEAD_LEN, NFM_LEN};

/// How many image sizes from the middle of the image a splat's centre may lie before `d` is expanded elsewhere.
pub const FAR: f32 = 8.0;

/// Side of a square tile in pixels.
pub const TILE: usize = 16;

/// The size of everything in one rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dims {
    /// Clips `B`.
    pub clips: usize,
    /// Frames a clip `T`.
    pub frames: usize,
    /// Body slots `P`.
    pub bodies: usize,
    /// Joints a body `J`.
    pub joints: usize,
    /// Gaussians a body `K`.
    pub gaussians: usize,
    /// Image width in pixels.
    pub width: usize,
    /// Image height in pixels.
    pub height: usize,
    /// Whether the NFM runs (spec A.4 steps 3–7).
    pub nfm: bool,
    /// Whether joint orientations rotate the Gaussians (spec A.3).
    pub oriented: bool,
}

impl Dims {
    /// `F`: frames in all clips.
    pub fn frame_count(&self) -> usize {
        self.clips * self.frames
    }
    /// `N`: Gaussians a frame.
    pub fn per_frame(&self) -> usize {
        self.bodies * self.gaussians
    }
    /// `G`: Gaussians in all frames.
    pub fn total(&self) -> usize {
        self.frame_count() * self.per_frame()
    }
    /// Tiles across.
    pub fn tiles_x(&self) -> usize {
        self.width.div_ceil(TILE)
    }
    /// Tiles down.
    pub fn tiles_y(&self) -> usize {
        self.height.div_ceil(TILE)
    }
}

/// Every buffer that a pass reads or writes. All are `f32` except [`Buffer::Order`] and the lists (`u32`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Buffer {
    /// in `[F, P, J, 3]` world metres.
    Positions,
    /// in `[F, P, J, 3]` metres per four frames.
    Velocities,
    /// in `[F, P, J, 4]` quaternions, scalar first; bound only when `oriented`.
    Orientations,
    /// in `[B, 16]`: `camera_from_world` `[3,4]`, then `fx, fy, cx, cy` in pixels.
    Cameras,
    /// in `[J, 4]` canonical joints, last number unused.
    CanonicalJoints,
    /// in `[K, 16]`: `offset` 3 (`μᶜ − Σ_j w_j c_j`), 0, `μᶜ` 3, 0, covariance `xx xy xz yy yz zz`, 0, 0.
    Template,
    /// in `[K, J]` blend weights, rows sum to one.
    LbsWeights,
    /// in `[K, 3]` features.
    Features,
    /// in `[HEAD_LEN + NFM_LEN + 1]`: head, NFM (zeros when off), depth-mix logit.
    Weights,
    /// `[K, 4]` raw logits `h_k` of the appearance head (A.4 step 1).
    Head,
    /// `[G, 16]`: world mean 3, valid (0 or 1); pooled position 3, `Σxx`; pooled velocity 3, `Σxy`; `Σxz Σyy Σyz Σzz`.
    Skinned,
    /// `[G, 12]`: `u, v, Z, extent_x`, `Λ11, Λ12, Λ22, extent_y` (pixels; the extents bound the visible ellipse), then
    /// `d0, l1, l2`, 0: with `δ` = pixel − *origin*, `d = d0 + l·δ + δᵀΛδ`. The origin is the centre `(u, v)`, where
    /// `d0 = l = 0`; for a centre farther than [`FAR`] image sizes outside it is the middle of the image, because
    /// behind the camera a centre lies a million pixels away and `pixel − u` would keep no digits.
    Projected,
    /// `[F·P, 4]`: nearest `z0`, farthest `z1`, how many Gaussians share `z0`, how many share `z1`.
    DepthRange,
    /// `[G, 4]`: `r, g, b`, opacity `o`.
    Shaded,
    /// `u32 [F, N]`: the frame's Gaussians from near to far; ties by index.
    Order,
    /// scratch `u32 [F, tile rows, 1 + N]`: how many splats reach the row of tiles, then which, from near to far; the
    /// rest of a row is never written. GPU only.
    RowLists,
    /// scratch `u32 [F, band tiles, 1 + N]`: how many splats touch a tile, then which, from near to far; the rest is never
    /// written. GPU only.
    TileLists,
    /// out `[F, H, W, 3]`.
    Frames,
    /// in `[F, H, W, 3]` upstream gradient `∂L/∂frames`.
    GradFrames,
    /// scratch `[F, band tiles, N, 10]`: one tile's share of [`Buffer::GradSplats`]. GPU only.
    TilePartials,
    /// `[G, 12]`: `Σe, Σe·δx, Σe·δy, Σe·δx²`, `Σe·δxδy, Σe·δy², ∂o, ∂r`, `∂g, ∂b`, 0, 0 with `e = ∂L/∂d` of A.6 and
    /// `δ` from the splat's origin (see [`Buffer::Projected`]).
    GradSplats,
    /// `[G, 20]`: `gδ` 5, `gλ`, `gd` (depth-colour coordinate), 0; `gh` 4; `gx` position 3, 0; `gx` velocity 3, 0.
    GradAppearance,
    /// `[F·P, 2]`: `∂z0`, `∂z1`, already divided by the number of Gaussians that share them.
    GradDepthRange,
    /// `[G, 4]`: `∂L/∂μ` in world axes, last number 0.
    GradMeans,
    /// `[K, 4]`: `∂L/∂h_k` summed over frames and bodies.
    GradHead,
    /// scratch `[slabs, HEAD_LEN + NFM_LEN + 1]` partial sums of [`Buffer::GradWeights`]. GPU only.
    WeightPartials,
    /// out `[F, P, J, 3]`.
    GradPositions,
    /// out `[F, P, J, 3]`.
    GradVelocities,
    /// out `[K, 3]`.
    GradFeatures,
    /// out `[HEAD_LEN + NFM_LEN + 1]`, laid out as [`Buffer::Weights`].
    GradWeights,
}

impl Buffer {
    /// Whether it is scratch memory of the GPU, without a twin.
    pub fn is_scratch(self) -> bool {
        matches!(self, Buffer::RowLists | Buffer::TileLists | Buffer::TilePartials | Buffer::WeightPartials)
    }

    /// Every buffer, in the order of their declaration.
    pub const ALL: [Buffer; 30] = {
        use Buffer::*;
        [
            Positions,
            Velocities,
            Orientations,
            Cameras,
            CanonicalJoints,
            Template,
            LbsWeights,
            Features,
            Weights,
            Head,
            Skinned,
            Projected,
            DepthRange,
            Shaded,
            Order,
            RowLists,
            TileLists,
            Frames,
            GradFrames,
            TilePartials,
            GradSplats,
            GradAppearance,
            GradDepthRange,
            GradMeans,
            GradHead,
            WeightPartials,
            GradPositions,
            GradVelocities,
            GradFeatures,
            GradWeights,
        ]
    };
}

/// Numbers a tile and splat in [`Buffer::TilePartials`].
pub const SHARE_LEN: usize = 10;

/// Length of [`Buffer::Weights`].
pub const WEIGHTS_LEN: usize = HEAD_LEN + NFM_LEN + 1;

/// One pass: a file in `shaders/wgsl`, and its plain-Rust twin of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// Appearance head, once per template Gaussian: `h_k` (A.4 step 1).
    Head,
    /// Joints to Gaussians by translation: means, pooled position and velocity (A.3, A.4 step 3).
    Skin,
    /// As `Skin`, rotating with the joints' orientations (A.3 with its recommendation).
    SkinOriented,
    /// World to screen: centre, depth, inverse covariance, extent (A.5).
    Project,
    /// Nearest and farthest Gaussian of each person (A.4.4).
    DepthRange,
    /// Colour and opacity: NFM and depth colour (A.4 steps 2, 4–11).
    Appearance,
    /// Near-to-far order of each frame.
    Sort,
    /// For each row of tiles the splats that reach it, in order.
    BinRows,
    /// For each tile the splats that touch it, in order.
    BinTiles,
    /// Front-to-back compositing, a workgroup a tile (A.5).
    Rasterize,
    /// Per tile: gradients to the splats that touch it (A.6).
    RasterizeBackward,
    /// Sums the tiles' shares of each splat's gradient.
    GatherTiles,
    /// Colour and opacity back to NFM outputs, head logits, pooled inputs and depth (A.6).
    AppearanceBackward,
    /// Sums the depth gradient of each person's nearest and farthest Gaussian.
    DepthRangeBackward,
    /// Splat gradients back to world means (A.6).
    ProjectBackward,
    /// World means and pooled inputs back to joint positions and velocities.
    SkinBackward,
    /// Partial sums of the NFM's weight gradients and the depth-mix gradient over slabs of Gaussians.
    NfmWeightsBackward,
    /// `∂L/∂h_k` summed over frames and bodies, and the feature gradients.
    HeadBackward,
    /// Partial sums of the head's weight gradients over slabs of template Gaussians.
    HeadWeightsBackward,
    /// Sums the slabs.
    ReduceWeights,
}

impl Pass {
    /// Every pass, in the order of their declaration.
    pub const ALL: [Pass; 20] = {
        use Pass::*;
        [
            Head,
            Skin,
            SkinOriented,
            Project,
            DepthRange,
            Appearance,
            Sort,
            BinRows,
            BinTiles,
            Rasterize,
            RasterizeBackward,
            GatherTiles,
            AppearanceBackward,
            DepthRangeBackward,
            ProjectBackward,
            SkinBackward,
            NfmWeightsBackward,
            HeadBackward,
            HeadWeightsBackward,
            ReduceWeights,
        ]
    };

    /// The name of its WGSL file and of its twin.
    pub fn name(self) -> &'static str {
        match self {
            Pass::Head => "head",
            Pass::Skin => "skin",
            Pass::SkinOriented => "skin_oriented",
            Pass::Project => "project",
            Pass::DepthRange => "depth_range",
            Pass::Appearance => "appearance",
            Pass::Sort => "sort",
            Pass::BinRows => "bin_rows",
            Pass::BinTiles => "bin_tiles",
            Pass::Rasterize => "rasterize",
            Pass::RasterizeBackward => "rasterize_backward",
            Pass::GatherTiles => "gather_tiles",
            Pass::AppearanceBackward => "appearance_backward",
            Pass::DepthRangeBackward => "depth_range_backward",
            Pass::ProjectBackward => "project_backward",
            Pass::SkinBackward => "skin_backward",
            Pass::NfmWeightsBackward => "nfm_weights_backward",
            Pass::HeadBackward => "head_backward",
            Pass::HeadWeightsBackward => "head_weights_backward",
            Pass::ReduceWeights => "reduce_weights",
        }
    }

    /// Whether it goes over tiles, which are worked through in bands.
    pub fn is_banded(self) -> bool {
        use Pass::*;
        matches!(self, BinTiles | Rasterize | RasterizeBackward | GatherTiles)
    }

    /// The buffers it binds, in binding order after the uniform at binding 0. The last `writes` of them are written.
    pub fn buffers(self) -> (&'static [Buffer], usize) {
        use Buffer::*;
        match self {
            Pass::Head => (&[Features, Weights, Head], 1),
            Pass::Skin => (&[Positions, Velocities, Template, LbsWeights, Skinned], 1),
            Pass::SkinOriented => {
                (&[Positions, Velocities, Orientations, CanonicalJoints, Template, LbsWeights, Skinned], 1)
            }
            Pass::Project => (&[Cameras, Skinned, Projected], 1),
            Pass::DepthRange => (&[Projected, DepthRange], 1),
            Pass::Appearance => (&[Head, Skinned, Projected, DepthRange, Weights, Shaded], 1),
            Pass::Sort => (&[Projected, Order], 1),
            Pass::BinRows => (&[Projected, Shaded, Order, RowLists], 1),
            Pass::BinTiles => (&[Projected, Shaded, RowLists, TileLists], 1),
            Pass::Rasterize => (&[Projected, Shaded, TileLists, Frames], 1),
            Pass::RasterizeBackward => (&[Projected, Shaded, TileLists, Frames, GradFrames, TilePartials], 1),
            Pass::GatherTiles => (&[Projected, Shaded, TilePartials, GradSplats], 1),
            Pass::AppearanceBackward => {
                (&[Head, Skinned, Projected, DepthRange, Weights, GradSplats, GradAppearance], 1)
            }
            Pass::DepthRangeBackward => (&[Projected, DepthRange, GradAppearance, GradDepthRange], 1),
            Pass::ProjectBackward => {
                (&[Cameras, Skinned, Projected, DepthRange, GradSplats, GradAppearance, GradDepthRange, GradMeans], 1)
            }
            Pass::SkinBackward => (&[LbsWeights, GradMeans, GradAppearance, GradPositions, GradVelocities], 2),
            Pass::NfmWeightsBackward => (&[Head, Skinned, Weights, GradAppearance, WeightPartials], 1),
            Pass::HeadBackward => (&[Features, Weights, GradAppearance, GradHead, GradFeatures], 2),
            Pass::HeadWeightsBackward => (&[Features, Weights, GradHead, WeightPartials], 1),
            Pass::ReduceWeights => (&[WeightPartials, GradWeights], 1),
        }
    }
}

/// The passes from joints to frames.
pub fn forward(dims: &Dims) -> Vec<Pass> {
    let mut passes = geometry(dims);
    passes.extend([Pass::BinTiles, Pass::Rasterize]);
    passes
}

/// The passes from `frames` and `∂L/∂frames` to every gradient. The cheap per-Gaussian passes are run again rather
/// than kept from the forward run, so that nothing but the frames has to live in between.
pub fn backward(dims: &Dims) -> Vec<Pass> {
    let mut passes = geometry(dims);
    passes.extend([
        Pass::BinTiles,
        Pass::RasterizeBackward,
        Pass::GatherTiles,
        Pass::AppearanceBackward,
        Pass::DepthRangeBackward,
        Pass::ProjectBackward,
        Pass::SkinBackward,
        Pass::NfmWeightsBackward,
        Pass::HeadBackward,
        Pass::HeadWeightsBackward,
        Pass::ReduceWeights,
    ]);
    passes
}

fn geometry(dims: &Dims) -> Vec<Pass> {
    let skin = if dims.oriented { Pass::SkinOriented } else { Pass::Skin };
    vec![Pass::Head, skin, Pass::Project, Pass::DepthRange, Pass::Appearance, Pass::Sort, Pass::BinRows]
}
