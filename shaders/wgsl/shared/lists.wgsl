// Where splats are listed, near to far: for each row of tiles, and for each tile of the band at hand.
// #import shared/splat

fn tile_corner(tile: u32) -> vec2<u32> {
    return vec2<u32>(tile % params.tiles_x, tile / params.tiles_x) * TILE;
}

// Where the list of a tile's row begins in row_lists: how many splats reach the row, then which.
fn row_list(frame: u32, tile: u32) -> u32 {
    let rows = params.tiles / params.tiles_x;
    return (frame * rows + tile / params.tiles_x) * (per_frame() + 1u);
}

// Where a tile's list begins in tile_lists: how many splats touch it, then which.
fn tile_list(frame: u32, tile: u32) -> u32 {
    return (frame * params.band_tiles + tile - params.band_start) * (per_frame() + 1u);
}
