//! Every pass, described.

use draction_shaders::{BLOCK, Params, WORKGROUP, wgsl};

use super::{
    Buffer::{self, *},
    WEIGHTS_LEN,
    describe::{PassAbout, described},
    memory::Memory,
    twins::{self, Appearance},
};

/// A thread for each result.
const fn threads(count: u32) -> u32 {
    count.div_ceil(WORKGROUP)
}

/// A thread a splat.
fn splats(p: &Params) -> u32 {
    threads(p.frames * p.bodies * p.gaussians)
}

/// What the twins of appearance and of its backward read.
fn appearance<'a>(m: &'a Memory<'_>) -> Appearance<'a> {
    Appearance {
        head: m.rows(Head),
        skinned: m.rows(Skinned),
        projected: m.rows(Projected),
        range: m.rows(DepthRange),
        weights: m.row(Weights),
    }
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
            banded: false,
            twin: Some(|m| m.write(Head, |m, out| twins::head(m.rows(Features), m.row(Weights), out))),
        },
        /// Joints to Gaussians by translation: means, pooled position and velocity (A.3, A.4 step 3).
        Skin = PassAbout {
            shader: wgsl::SKIN,
            reads: &[Positions, Velocities, Template, LbsWeights],
            writes: &[Skinned],
            groups: splats,
            banded: false,
            twin: Some(|m| {
                m.write(Skinned, |m, out| {
                    let (positions, velocities) = (m.rows(Positions), m.rows(Velocities));
                    twins::skin(&m.dims, positions, velocities, m.rows(Template), m.get(LbsWeights), out);
                });
            }),
        },
        /// As `Skin`, rotating with the joints' orientations (A.3 with its recommendation).
        SkinOriented = PassAbout {
            shader: wgsl::SKIN_ORIENTED,
            reads: &[Positions, Velocities, Orientations, CanonicalJoints, Template, LbsWeights],
            writes: &[Skinned],
            groups: splats,
            banded: false,
            twin: Some(|m| {
                m.write(Skinned, |m, out| {
                    let (positions, velocities, orientations) =
                        (m.rows(Positions), m.rows(Velocities), m.rows(Orientations));
                    let (canonical, template, lbs) = (m.rows(CanonicalJoints), m.rows(Template), m.get(LbsWeights));
                    twins::skin_oriented(&m.dims, positions, velocities, orientations, canonical, template, lbs, out);
                });
            }),
        },
        /// World to screen: centre, depth, inverse covariance, extent (A.5).
        Project = PassAbout {
            shader: wgsl::PROJECT,
            reads: &[Cameras, Skinned],
            writes: &[Projected],
            groups: splats,
            banded: false,
            twin: Some(|m| m.write(Projected, |m, out| twins::project(&m.dims, m.rows(Cameras), m.rows(Skinned), out))),
        },
        /// Nearest and farthest Gaussian of each person (A.4.4). A workgroup a person.
        DepthRange = PassAbout {
            shader: wgsl::DEPTH_RANGE,
            reads: &[Projected],
            writes: &[DepthRange],
            groups: |p| p.frames * p.bodies,
            banded: false,
            twin: Some(|m| m.write(DepthRange, |m, out| twins::depth_range(&m.dims, m.rows(Projected), out))),
        },
        /// Colour and opacity: NFM and depth colour (A.4 steps 2, 4–11).
        Appearance = PassAbout {
            shader: wgsl::APPEARANCE,
            reads: &[Head, Skinned, Projected, DepthRange, Weights],
            writes: &[Shaded],
            groups: splats,
            banded: false,
            twin: Some(|m| m.write(Shaded, |m, out| twins::appearance(&m.dims, &appearance(m), out))),
        },
        /// Near-to-far order of each frame. A workgroup ranks a block of splats.
        Sort = PassAbout {
            shader: wgsl::SORT,
            reads: &[Projected],
            writes: &[Order],
            groups: |p| p.frames * (p.bodies * p.gaussians).div_ceil(BLOCK),
            banded: false,
            twin: Some(|m| m.write(Order, |m, out| twins::sort(&m.dims, m.rows(Projected), out))),
        },
        /// For each row of tiles the splats that reach it, in order. A workgroup a row.
        BinRows = PassAbout {
            shader: wgsl::BIN_ROWS,
            reads: &[Projected, Shaded, Order],
            writes: &[RowLists],
            groups: |p| p.frames * (p.tiles / p.tiles_x),
            banded: false,
            twin: None,
        },
        /// For each tile the splats that touch it, in order.
        BinTiles = PassAbout {
            shader: wgsl::BIN_TILES,
            reads: &[Projected, Shaded, RowLists],
            writes: &[TileLists],
            groups: |p| threads(p.frames * p.band_tiles),
            banded: true,
            twin: None,
        },
        /// Front-to-back compositing, a workgroup a tile (A.5).
        Rasterize = PassAbout {
            shader: wgsl::RASTERIZE,
            reads: &[Projected, Shaded, TileLists],
            writes: &[Frames],
            groups: |p| p.frames * p.band_tiles,
            banded: true,
            twin: Some(|m| {
                m.write(Frames, |m, out| {
                    twins::rasterize(&m.dims, m.rows(Projected), m.rows(Shaded), m.rows(Order), out);
                });
            }),
        },
        /// Per tile: gradients to the splats that touch it (A.6). A workgroup a tile.
        RasterizeBackward = PassAbout {
            shader: wgsl::RASTERIZE_BACKWARD,
            reads: &[Projected, Shaded, TileLists, Frames, GradFrames],
            writes: &[TilePartials],
            groups: |p| p.frames * p.band_tiles,
            banded: true,
            twin: Some(|m| {
                m.write(GradSplats, |m, out| {
                    let (projected, shaded, order) = (m.rows(Projected), m.rows(Shaded), m.rows(Order));
                    let (frames, grad_frames) = (m.rows(Frames), m.rows(GradFrames));
                    twins::rasterize_backward(&m.dims, projected, shaded, order, frames, grad_frames, out);
                });
            }),
        },
        /// Sums the tiles' shares of each splat's gradient.
        GatherTiles = PassAbout {
            shader: wgsl::GATHER_TILES,
            reads: &[Projected, Shaded, TilePartials],
            writes: &[GradSplats],
            groups: splats,
            banded: true,
            twin: None,
        },
        /// Colour and opacity back to NFM outputs, head logits, pooled inputs and depth (A.6).
        AppearanceBackward = PassAbout {
            shader: wgsl::APPEARANCE_BACKWARD,
            reads: &[Head, Skinned, Projected, DepthRange, Weights, GradSplats],
            writes: &[GradAppearance],
            groups: splats,
            banded: false,
            twin: Some(|m| {
                m.write(GradAppearance, |m, out| {
                    twins::appearance_backward(&m.dims, &appearance(m), m.rows(GradSplats), out);
                });
            }),
        },
        /// Sums the depth gradient of each person's nearest and farthest Gaussian. A workgroup a person.
        DepthRangeBackward = PassAbout {
            shader: wgsl::DEPTH_RANGE_BACKWARD,
            reads: &[Projected, DepthRange, GradAppearance],
            writes: &[GradDepthRange],
            groups: |p| p.frames * p.bodies,
            banded: false,
            twin: Some(|m| {
                m.write(GradDepthRange, |m, out| {
                    let (projected, range) = (m.rows(Projected), m.rows(DepthRange));
                    twins::depth_range_backward(&m.dims, projected, range, m.rows(GradAppearance), out);
                });
            }),
        },
        /// Splat gradients back to world means (A.6).
        ProjectBackward = PassAbout {
            shader: wgsl::PROJECT_BACKWARD,
            reads: &[Cameras, Skinned, Projected, DepthRange, GradSplats, GradAppearance, GradDepthRange],
            writes: &[GradMeans],
            groups: splats,
            banded: false,
            twin: Some(|m| {
                m.write(GradMeans, |m, out| {
                    let (cameras, skinned) = (m.rows(Cameras), m.rows(Skinned));
                    let (projected, range) = (m.rows(Projected), m.rows(DepthRange));
                    let (splats, appearance, ends) = (m.rows(GradSplats), m.rows(GradAppearance), m.rows(GradDepthRange));
                    twins::project_backward(&m.dims, cameras, skinned, projected, range, splats, appearance, ends, out);
                });
            }),
        },
        /// World means and pooled inputs back to joint positions and velocities. A thread a joint.
        SkinBackward = PassAbout {
            shader: wgsl::SKIN_BACKWARD,
            reads: &[LbsWeights, GradMeans, GradAppearance],
            writes: &[GradPositions, GradVelocities],
            groups: |p| threads(p.frames * p.bodies * p.joints),
            banded: false,
            twin: Some(|m| {
                m.write_both([GradPositions, GradVelocities], |m, positions, velocities| {
                    let (means, appearance) = (m.rows(GradMeans), m.rows(GradAppearance));
                    twins::skin_backward(&m.dims, m.get(LbsWeights), means, appearance, positions, velocities);
                });
            }),
        },
        /// Partial sums of the NFM's weight gradients and the depth-mix gradient over slabs of Gaussians.
        NfmWeightsBackward = PassAbout {
            shader: wgsl::NFM_WEIGHTS_BACKWARD,
            reads: &[Head, Skinned, Weights, GradAppearance],
            writes: &[WeightPartials],
            groups: |p| p.slabs,
            banded: false,
            twin: Some(|m| {
                m.write(GradWeights, |m, out| {
                    twins::nfm_weights_backward(&m.dims, &appearance(m), m.rows(GradAppearance), &mut out[0]);
                });
            }),
        },
        /// `∂L/∂h_k` summed over frames and bodies, and the feature gradients.
        HeadBackward = PassAbout {
            shader: wgsl::HEAD_BACKWARD,
            reads: &[Features, Weights, GradAppearance],
            writes: &[GradHead, GradFeatures],
            groups: |p| threads(p.gaussians),
            banded: false,
            twin: Some(|m| {
                m.write_both([GradHead, GradFeatures], |m, head, features| {
                    let (weights, appearance) = (m.row(Weights), m.rows(GradAppearance));
                    twins::head_backward(&m.dims, m.rows(Features), weights, appearance, head, features);
                });
            }),
        },
        /// Partial sums of the head's weight gradients over slabs of template Gaussians.
        HeadWeightsBackward = PassAbout {
            shader: wgsl::HEAD_WEIGHTS_BACKWARD,
            reads: &[Features, Weights, GradHead],
            writes: &[WeightPartials],
            groups: |p| p.slabs,
            banded: false,
            twin: Some(|m| {
                m.update(GradWeights, |m, out| {
                    twins::head_weights_backward(&m.dims, m.rows(Features), m.row(Weights), m.rows(GradHead), &mut out[0]);
                });
            }),
        },
        /// Sums the slabs.
        ReduceWeights = PassAbout {
            shader: wgsl::REDUCE_WEIGHTS,
            reads: &[WeightPartials],
            writes: &[GradWeights],
            groups: |_| threads(WEIGHTS_LEN as u32),
            banded: false,
            twin: None,
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
