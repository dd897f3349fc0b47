//! How a rendering is cut into pieces that respect WebGPU's limits. Pure arithmetic, nothing here needs a GPU.
//!
//! A batch is cut into stretches of frames, so that no buffer outgrows a binding, and their tiles into bands,
//! because the backward rasterizer needs ten numbers for every tile and splat.

use draction_shaders::Params;

use super::GpuError;
use crate::{
    engine::EngineError,
    passes::{Axis, Buffer, Dims, Extent, Pass, SHARE_LEN},
};

/// Most workgroups in one dimension of a dispatch.
const MAX_GROUPS: u32 = 65_535;
/// More slabs than this do not make sums of weight gradients faster.
const MAX_SLABS: u64 = 512;

/// Sizes that pieces must stay below, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// What a binding may hold.
    pub binding: u64,
    /// What a piece *should* hold, to keep memory low; one frame may exceed it.
    pub piece: u64,
}

impl Budget {
    /// WebGPU's defaults, or less where the device has less.
    pub fn new(limits: &wgpu::Limits) -> Budget {
        let webgpu = wgpu::Limits::default();
        let binding = limits.max_storage_buffer_binding_size.min(webgpu.max_storage_buffer_binding_size);
        let binding = binding.min(limits.max_buffer_size);
        Budget { binding, piece: (32 << 20).min(binding) }
    }
}

/// A stretch `first..first + count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub first: u64,
    pub count: u64,
}

fn spans(total: u64, most: u64) -> Vec<Span> {
    // equal pieces rather than a small rest
    let size = total.div_ceil(total.div_ceil(most));
    (0..total).step_by(size as usize).map(|first| Span { first, count: size.min(total - first) }).collect()
}

/// The pieces of one rendering.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub dims: Dims,
    /// Stretches of frames over all clips; the first is the longest.
    pub chunks: Vec<Span>,
    /// Stretches of tiles in every frame; the first is the longest.
    pub bands: Vec<Span>,
    slabs: u64,
}

impl Plan {
    /// # Errors
    /// [`GpuError::Inputs`] when a size is zero or beyond counting, [`GpuError::TooLarge`] when one frame is.
    pub fn new(dims: &Dims, budget: Budget) -> Result<Plan, GpuError> {
        check_sizes(dims)?;
        let frames = dims.frame_count() as u64;
        let mut most = frames;
        let frame = Extent { frames: 1, ..Extent::whole(dims) };
        for &buffer in Buffer::ALL {
            // what grows with bands and slabs is chosen below
            if buffer.about().axes.iter().any(|axis| matches!(axis, Axis::BandTile | Axis::Slab)) {
                continue;
            }
            let bytes = buffer.len(&frame).saturating_mul(4);
            if bytes > budget.binding {
                return Err(GpuError::TooLarge { buffer, bytes, limit: budget.binding });
            }
            if buffer.is_per_frame() {
                most = most.min((budget.piece / bytes).max(1));
            }
        }
        let tiles = (dims.tiles_x() * dims.tiles_y()) as u64;
        let tile_bytes = dims.per_frame() as u64 * SHARE_LEN as u64 * 4;
        if tile_bytes > budget.binding {
            return Err(GpuError::TooLarge { buffer: Buffer::TilePartials, bytes: tile_bytes, limit: budget.binding });
        }
        // at least a row of tiles a band, if need be for fewer frames
        most = most.min((budget.piece / (tile_bytes * dims.tiles_x() as u64)).max(1));
        let chunks = spans(frames, most);
        let band = (budget.piece / (tile_bytes * chunks[0].count)).clamp(1, tiles);
        let gaussians = chunks[0].count * dims.per_frame() as u64;
        let slabs = gaussians.div_ceil(64).min(MAX_SLABS);
        Ok(Plan { dims: *dims, chunks, bands: spans(tiles, band), slabs })
    }

    /// Bytes of `buffer` for `frames` frames.
    pub fn bytes(&self, buffer: Buffer, frames: u64) -> u64 {
        let band_tiles = self.bands[0].count as usize;
        let extent = Extent { dims: self.dims, frames: frames as usize, band_tiles, slabs: self.slabs as usize };
        4 * buffer.len(&extent)
    }

    /// The uniform for one chunk and band.
    pub fn params(&self, chunk: usize, band: usize) -> Params {
        let d = &self.dims;
        let (frames, tiles) = (self.chunks[chunk], self.bands[band]);
        Params {
            clip_frames: d.frames as u32,
            frames: frames.count as u32,
            first_frame: frames.first as u32,
            bodies: d.bodies as u32,
            joints: d.joints as u32,
            gaussians: d.gaussians as u32,
            width: d.width as u32,
            height: d.height as u32,
            tiles_x: d.tiles_x() as u32,
            tiles: (d.tiles_x() * d.tiles_y()) as u32,
            band_start: tiles.first as u32,
            band_tiles: tiles.count as u32,
            nfm: u32::from(d.nfm),
            slabs: self.slabs as u32,
            accumulate: u32::from(chunk > 0),
            padding: 0,
        }
    }

    /// Workgroups of `pass`, folded into two dimensions.
    pub fn groups(&self, pass: Pass, params: &Params) -> [u32; 2] {
        let count = (pass.about().groups)(params);
        let x = count.min(MAX_GROUPS);
        [x, count.div_ceil(x)]
    }
}

/// Sizes that are not zero and whose products can be counted in 32 bits, as shaders do.
fn check_sizes(d: &Dims) -> Result<(), EngineError> {
    let fits = |factors: &[usize]| {
        let product = factors.iter().try_fold(1u64, |product, &f| product.checked_mul(f as u64));
        product.is_some_and(|n| n > 0 && n <= i32::MAX as u64)
    };
    let counts = [
        fits(&[d.clips, d.frames, d.bodies, d.joints]),
        fits(&[d.clips, d.frames, d.bodies, d.gaussians]),
        fits(&[d.gaussians, d.joints]),
        fits(&[d.width, d.height]),
        fits(&[d.clips, d.frames, d.tiles_x(), d.tiles_y()]),
    ];
    if counts.contains(&false) {
        return Err(EngineError::Size(format!(
            "{} clips of {} frames, {} bodies of {} joints and {} Gaussians, {}x{} pixels",
            d.clips, d.frames, d.bodies, d.joints, d.gaussians, d.width, d.height
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dims(clips: usize, gaussians: usize, width: usize, height: usize) -> Dims {
        Dims { clips, frames: 12, bodies: 2, joints: 25, gaussians, width, height, nfm: true, oriented: false }
    }

    const WEBGPU: Budget = Budget { binding: 128 << 20, piece: 64 << 20 };

    #[test]
    fn every_piece_fits_a_binding_and_none_is_missing() {
        for d in [dims(1, 265, 448, 448), dims(40, 265, 448, 448), dims(3, 2100, 1001, 17), dims(2, 50_000, 33, 900)] {
            let plan = Plan::new(&d, WEBGPU).unwrap();
            for (spans, total) in [(&plan.chunks, d.frame_count()), (&plan.bands, d.tiles_x() * d.tiles_y())] {
                let mut next = 0;
                for span in spans {
                    assert_eq!(span.first, next);
                    assert!(span.count > 0 && span.count <= spans[0].count);
                    next += span.count;
                }
                assert_eq!(next, total as u64);
            }
            for &buffer in Buffer::ALL {
                assert!(plan.bytes(buffer, plan.chunks[0].count) <= WEBGPU.binding, "{buffer:?} of {d:?}");
            }
            for pass in crate::passes::backward(&d).into_iter().chain(crate::passes::forward(&d)) {
                let [x, y] = plan.groups(pass, &plan.params(0, 0));
                assert!(x > 0 && y > 0 && x <= MAX_GROUPS && y <= MAX_GROUPS, "{pass:?}");
            }
        }
    }

    #[test]
    fn an_ordinary_clip_stays_in_one_piece() {
        let plan = Plan::new(&dims(1, 265, 448, 448), WEBGPU).unwrap();
        assert_eq!(plan.chunks.len(), 1);
        assert!(plan.bands.len() <= 4);
    }

    #[test]
    fn a_frame_too_large_says_so() {
        let error = Plan::new(&dims(1, 10, 8192, 8192), WEBGPU).unwrap_err().to_string();
        assert_eq!(
            error,
            "Frames would take 805306368 bytes for a single frame, and the device binds 134217728 at most"
        );
    }
}
