//! Every pass, described.

use draction_shaders::{Params, wgsl};

use super::{
    Buffer::{self, *},
    WEIGHTS_LEN,
    describe::{PassAbout, described},
};

/// A pass that goes over anything but tiles and has a twin; the descriptions below start from it.
const PLAIN: PassAbout =
    PassAbout { shader: wgsl::HEAD, reads: &[], writes: &[], groups: |_| 0, banded: false, twin: true };

/// Workgroups of 64 threads.
const fn threads(count: u32) -> u32 {
    count.div_ceil(64)
}

/// A thread a splat.
fn splats(p: &Params) -> u32 {
    threads(p.frames * p.bodies * p.gaussians)
}

described! {
    /// One pass: a file in `shaders/wgsl`, and its plain-Rust twin of the same name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum Pass: PassAbout {
        /// Appearance head, once per template Gaussian: `h_k` (A.4 step 1).
        Head = PassAbout {
            shader: wgsl::HEAD,
            reads: &[Features, Weights],
            writes: &[Head],
            groups: |p| threads(p.gaussians),
            ..PLAIN
        },
        /// Joints to Gaussians by translation: means, pooled position and velocity (A.3, A.4 step 3).
        Skin = PassAbout {
            shader: wgsl::SKIN,
            reads: &[Positions, Velocities, Template, LbsWeights],
            writes: &[Skinned],
            groups: splats,
            ..PLAIN
        },
        /// As `Skin`, rotating with the joints' orientations (A.3 with its recommendation).
        SkinOriented = PassAbout {
            shader: wgsl::SKIN_ORIENTED,
            reads: &[Positions, Velocities, Orientations, CanonicalJoints, Template, LbsWeights],
            writes: &[Skinned],
            groups: splats,
            ..PLAIN
        },
        /// World to screen: centre, depth, inverse covariance, extent (A.5).
        Project = PassAbout {
            shader: wgsl::PROJECT,
            reads: &[Cameras, Skinned],
            writes: &[Projected],
            groups: splats,
            ..PLAIN
        },
        /// Nearest and farthest Gaussian of each person (A.4.4). A workgroup a person.
        DepthRange = PassAbout {
            shader: wgsl::DEPTH_RANGE,
            reads: &[Projected],
            writes: &[DepthRange],
            groups: |p| p.frames * p.bodies,
            ..PLAIN
        },
        /// Colour and opacity: NFM and depth colour (A.4 steps 2, 4–11).
        Appearance = PassAbout {
            shader: wgsl::APPEARANCE,
            reads: &[Head, Skinned, Projected, DepthRange, Weights],
            writes: &[Shaded],
            groups: splats,
            ..PLAIN
        },
        /// Near-to-far order of each frame. A workgroup ranks 256 splats.
        Sort = PassAbout {
            shader: wgsl::SORT,
            reads: &[Projected],
            writes: &[Order],
            groups: |p| p.frames * (p.bodies * p.gaussians).div_ceil(256),
            ..PLAIN
        },
        /// For each row of tiles the splats that reach it, in order. A workgroup a row.
        BinRows = PassAbout {
            shader: wgsl::BIN_ROWS,
            reads: &[Projected, Shaded, Order],
            writes: &[RowLists],
            groups: |p| p.frames * (p.tiles / p.tiles_x),
            twin: false,
            ..PLAIN
        },
        /// For each tile the splats that touch it, in order.
        BinTiles = PassAbout {
            shader: wgsl::BIN_TILES,
            reads: &[Projected, Shaded, RowLists],
            writes: &[TileLists],
            groups: |p| threads(p.frames * p.band_tiles),
            banded: true,
            twin: false,
        },
        /// Front-to-back compositing, a workgroup a tile (A.5).
        Rasterize = PassAbout {
            shader: wgsl::RASTERIZE,
            reads: &[Projected, Shaded, TileLists],
            writes: &[Frames],
            groups: |p| p.frames * p.band_tiles,
            banded: true,
            twin: true,
        },
        /// Per tile: gradients to the splats that touch it (A.6). A workgroup a tile.
        RasterizeBackward = PassAbout {
            shader: wgsl::RASTERIZE_BACKWARD,
            reads: &[Projected, Shaded, TileLists, Frames, GradFrames],
            writes: &[TilePartials],
            groups: |p| p.frames * p.band_tiles,
            banded: true,
            twin: true,
        },
        /// Sums the tiles' shares of each splat's gradient.
        GatherTiles = PassAbout {
            shader: wgsl::GATHER_TILES,
            reads: &[Projected, Shaded, TilePartials],
            writes: &[GradSplats],
            groups: splats,
            banded: true,
            twin: false,
        },
        /// Colour and opacity back to NFM outputs, head logits, pooled inputs and depth (A.6).
        AppearanceBackward = PassAbout {
            shader: wgsl::APPEARANCE_BACKWARD,
            reads: &[Head, Skinned, Projected, DepthRange, Weights, GradSplats],
            writes: &[GradAppearance],
            groups: splats,
            ..PLAIN
        },
        /// Sums the depth gradient of each person's nearest and farthest Gaussian. A workgroup a person.
        DepthRangeBackward = PassAbout {
            shader: wgsl::DEPTH_RANGE_BACKWARD,
            reads: &[Projected, DepthRange, GradAppearance],
            writes: &[GradDepthRange],
            groups: |p| p.frames * p.bodies,
            ..PLAIN
        },
        /// Splat gradients back to world means (A.6).
        ProjectBackward = PassAbout {
            shader: wgsl::PROJECT_BACKWARD,
            reads: &[Cameras, Skinned, Projected, DepthRange, GradSplats, GradAppearance, GradDepthRange],
            writes: &[GradMeans],
            groups: splats,
            ..PLAIN
        },
        /// World means and pooled inputs back to joint positions and velocities. A thread a joint.
        SkinBackward = PassAbout {
            shader: wgsl::SKIN_BACKWARD,
            reads: &[LbsWeights, GradMeans, GradAppearance],
            writes: &[GradPositions, GradVelocities],
            groups: |p| threads(p.frames * p.bodies * p.joints),
            ..PLAIN
        },
        /// Partial sums of the NFM's weight gradients and the depth-mix gradient over slabs of Gaussians.
        NfmWeightsBackward = PassAbout {
            shader: wgsl::NFM_WEIGHTS_BACKWARD,
            reads: &[Head, Skinned, Weights, GradAppearance],
            writes: &[WeightPartials],
            groups: |p| p.slabs,
            ..PLAIN
        },
        /// `∂L/∂h_k` summed over frames and bodies, and the feature gradients.
        HeadBackward = PassAbout {
            shader: wgsl::HEAD_BACKWARD,
            reads: &[Features, Weights, GradAppearance],
            writes: &[GradHead, GradFeatures],
            groups: |p| threads(p.gaussians),
            ..PLAIN
        },
        /// Partial sums of the head's weight gradients over slabs of template Gaussians.
        HeadWeightsBackward = PassAbout {
            shader: wgsl::HEAD_WEIGHTS_BACKWARD,
            reads: &[Features, Weights, GradHead],
            writes: &[WeightPartials],
            groups: |p| p.slabs,
            ..PLAIN
        },
        /// Sums the slabs.
        ReduceWeights = PassAbout {
            shader: wgsl::REDUCE_WEIGHTS,
            reads: &[WeightPartials],
            writes: &[GradWeights],
            groups: |_| threads(WEIGHTS_LEN as u32),
            twin: false,
            ..PLAIN
        },
    }
}

impl Pass {
    /// The name of its WGSL file and of its twin.
    pub fn name(self) -> &'static str {
        self.about().shader.name
    }

    /// The buffers that it binds after the uniform at binding 0, in binding order.
    pub fn buffers(self) -> impl Iterator<Item = Buffer> {
        let about = self.about();
        about.reads.iter().chain(about.writes).copied()
    }
}
