//! The uniform at binding 0 of every pass; `wgsl/shared/params.wgsl` is its other half, and a test compares the two.

/// Sizes of one run over a stretch of frames. Named as in the WGSL struct.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    /// Frames of one clip `T`; the clip of a frame is `(first_frame + f) / clip_frames`.
    pub clip_frames: u32,
    /// Frames in this run.
    pub frames: u32,
    /// The run's first frame, counted over all clips.
    pub first_frame: u32,
    /// Body slots `P`.
    pub bodies: u32,
    /// Joints a body `J`.
    pub joints: u32,
    /// Gaussians a body `K`.
    pub gaussians: u32,
    /// Image width in pixels.
    pub width: u32,
    /// Image height in pixels.
    pub height: u32,
    /// Tiles across.
    pub tiles_x: u32,
    /// Tiles in a frame.
    pub tiles: u32,
    /// First tile of the band that the backward rasterizer works on.
    pub band_start: u32,
    /// Tiles in that band.
    pub band_tiles: u32,
    /// 1 where the NFM runs.
    pub nfm: u32,
    /// Slabs into which the sums of weight gradients are cut.
    pub slabs: u32,
    /// 1 where weight gradients add to those of earlier frames.
    pub accumulate: u32,
    /// Unused.
    pub padding: u32,
}
