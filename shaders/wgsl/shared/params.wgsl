// The uniform of every pass; `Params` in src/params.rs is its other half and says what the fields mean.
// #import shared/rows
struct Params {
    clip_frames: u32,
    frames: u32,
    first_frame: u32,
    bodies: u32,
    joints: u32,
    gaussians: u32,
    width: u32,
    height: u32,
    tiles_x: u32,
    tiles: u32,
    band_start: u32,
    band_tiles: u32,
    nfm: u32,
    slabs: u32,
    accumulate: u32,
    padding: u32,
}

// N: Gaussians a frame.
fn per_frame() -> u32 {
    return params.bodies * params.gaussians;
}

// G: Gaussians in this run.
fn total() -> u32 {
    return params.frames * per_frame();
}
