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

// Numbers in a share.
const SUMS: u32 = 10u;

// The tiles from pixel `low` to pixel `high`, first and end, of those from `first` to `end`; one too many at most.
fn reached(low: f32, high: f32, first: u32, end: u32) -> vec2<u32> {
    let tiles = vec2<f32>(floor((low - f32(TILE - 1u)) / f32(TILE)), floor(high / f32(TILE)) + 1.0);
    // the second bound in whole numbers: it holds whatever a NaN becomes
    return min(vec2<u32>(max(tiles, vec2<f32>(f32(first)))), vec2<u32>(end));
}

fn tile_share(at: u32) -> vec4<f32> {
    return vec4<f32>(tile_partials[at], tile_partials[at + 1u], tile_partials[at + 2u], tile_partials[at + 3u]);
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
    // the ten sums in the order of a tile's share
    var head = vec4<f32>();
    var body = vec4<f32>();
    var tail = vec2<f32>();
    if params.band_start > 0u {
        head = grad_splats[3u * g];
        body = grad_splats[3u * g + 1u];
        tail = grad_splats[3u * g + 2u].xy;
    }
    let first = projected[3u * g];
    let extent_y = projected[3u * g + 1u].w;
    let opacity = shaded[g].w;
    let band_top = params.band_start / params.tiles_x;
    let band_bottom = (params.band_start + params.band_tiles - 1u) / params.tiles_x + 1u;
    let columns = reached(first.x - first.w, first.x + first.w, 0u, params.tiles_x);
    let rows = reached(first.y - extent_y, first.y + extent_y, band_top, band_bottom);
    for (var row = rows.x; row < rows.y; row++) {
        for (var column = columns.x; column < columns.y; column++) {
            let tile = row * params.tiles_x + column;
            let in_band = tile >= params.band_start && tile < params.band_start + params.band_tiles;
            let corner = vec2<f32>(vec2<u32>(column, row) * TILE);
            if in_band && touches_tile(first, extent_y, opacity, corner) {
                let slot = frame * params.band_tiles + tile - params.band_start;
                let at = (slot * per_frame() + splat) * SUMS;
                head += tile_share(at);
                body += tile_share(at + 4u);
                tail += vec2<f32>(tile_partials[at + 8u], tile_partials[at + 9u]);
            }
        }
    }
    grad_splats[3u * g] = head;
    grad_splats[3u * g + 1u] = body;
    grad_splats[3u * g + 2u] = vec4<f32>(tail, 0.0, 0.0);
}
