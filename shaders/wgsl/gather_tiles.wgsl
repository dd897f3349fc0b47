// Sums each splat's gradient over the tiles of one band that it touches (A.6). The first band starts the sum and later
// bands add to it, so the order of additions is always the same. Shares of tiles that it does not touch were never
// written, and are not read.
// #import shared/params
// #import shared/index
// #import shared/splat

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> shaded: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> tile_partials: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad_splats: array<vec4<f32>>;

const SUMS: u32 = 10u;

// The tile column or row of pixel `x`, up to one too low, so that rounding drops no tile.
fn low_tile(x: f32, tiles: u32) -> u32 {
    return u32(clamp(floor(x / f32(TILE)) - 1.0, 0.0, f32(tiles)));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let g = flat_index(group, groups, local);
    if g >= total() {
        return;
    }
    let frame = g / per_frame();
    let splat = g % per_frame();
    var sums = array<vec4<f32>, 3>();
    if params.band_start > 0u {
        sums = array<vec4<f32>, 3>(grad_splats[3u * g], grad_splats[3u * g + 1u], grad_splats[3u * g + 2u]);
    }
    let first = projected[3u * g];
    let extent_y = projected[3u * g + 1u].w;
    let opacity = shaded[g].w;
    let tiles_y = params.tiles / params.tiles_x;
    let left = low_tile(first.x - first.w, params.tiles_x);
    let right = min(low_tile(first.x + first.w, params.tiles_x) + 3u, params.tiles_x);
    let band_top = params.band_start / params.tiles_x;
    let band_bottom = (params.band_start + params.band_tiles - 1u) / params.tiles_x + 1u;
    let top = max(low_tile(first.y - extent_y, tiles_y), band_top);
    let bottom = min(low_tile(first.y + extent_y, tiles_y) + 3u, band_bottom);
    for (var row = top; row < bottom; row++) {
        for (var column = left; column < right; column++) {
            let tile = row * params.tiles_x + column;
            let in_band = tile >= params.band_start && tile < params.band_start + params.band_tiles;
            let corner = vec2<f32>(vec2<u32>(column, row) * TILE);
            if in_band && touches_tile(first, extent_y, opacity, corner) {
                let slot = frame * params.band_tiles + tile - params.band_start;
                let at = (slot * per_frame() + splat) * SUMS;
                for (var c = 0u; c < SUMS; c++) {
                    sums[c / 4u][c % 4u] += tile_partials[at + c];
                }
            }
        }
    }
    for (var i = 0u; i < 3u; i++) {
        grad_splats[3u * g + i] = sums[i];
    }
}
