//! Passes recorded as data: which run, over which buffers, in which order. An engine replays them.
//!
//! `pass` and `buffer` are the two tables: everything about a pass or a buffer stands there, once. Engines, timing,
//! inspection and reloading read it off them. `twins` holds the passes in plain Rust, `memory` what they work on.
//!
//! | Symbol | Meaning |
//! | --- | --- |
//! | `B`, `T`, `F = B·T` | clips, frames a clip, frames in all |
//! | `P`, `J`, `K` | bodies, joints a body, Gaussians a body |
//! | `N = P·K`, `G = F·N` | Gaussians a frame (index `p·K + k`), Gaussians in all (index `(f·P + p)·K + k`) |
//! | `H`, `W` | image size; tiles are 16×16 pixels |

mod buffer;
mod describe;
mod dims;
mod memory;
mod pass;
mod twins;

pub use buffer::Buffer;
pub use describe::{Axis, BufferAbout, PassAbout, Role, Row, Scratch, Twin};
pub use dims::{Dims, Extent};
pub use memory::Memory;
pub use pass::Pass;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
pub(crate) use twins::origin;

/// Side of a square tile in pixels.
pub const TILE: usize = draction_shaders::TILE as usize;

/// Numbers a tile and splat in [`Buffer::TilePartials`].
pub const SHARE_LEN: usize = draction_shaders::SUMS as usize;

/// Length of [`Buffer::Weights`].
pub const WEIGHTS_LEN: usize = draction_shaders::WEIGHTS_LEN as usize;

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
