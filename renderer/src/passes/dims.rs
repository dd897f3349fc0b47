//! How large everything is.

use super::{Axis, TILE};

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

/// Sizes, and the pieces that a rendering is worked through in: what buffers grow with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Sizes of the whole.
    pub dims: Dims,
    /// Frames of a piece.
    pub frames: usize,
    /// Tiles of a band.
    pub band_tiles: usize,
    /// Slabs that sums of weight gradients are cut into.
    pub slabs: usize,
}

impl Extent {
    /// Everything in one piece.
    pub fn whole(dims: &Dims) -> Extent {
        let tiles = dims.tiles_x() * dims.tiles_y();
        Extent { dims: *dims, frames: dims.frame_count(), band_tiles: tiles, slabs: 1 }
    }

    /// How many there are along an axis.
    pub fn len(&self, axis: Axis) -> usize {
        let d = &self.dims;
        match axis {
            Axis::Frame => self.frames,
            Axis::Clip => d.clips,
            Axis::Row => d.height,
            Axis::Pixel => d.width,
            Axis::Body => d.bodies,
            Axis::Joint => d.joints,
            Axis::Gaussian => d.gaussians,
            Axis::Rank => d.per_frame(),
            Axis::Weight => super::WEIGHTS_LEN,
            Axis::TileRow => d.tiles_y(),
            Axis::BandTile => self.band_tiles,
            Axis::Entry => 1 + d.per_frame(),
            Axis::Slab => self.slabs,
        }
    }
}
