// Sums each splat's gradient over the tiles of one band that it touches (A.6). The first band starts the sum and later
// bands add to it, so the order of additions is always the same. Shares of tiles that it does not touch were never
// written, and are not read.
// #import shared/params
// #import shared/index
// #import shared/bounds

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read> shaded: array<Shaded>;
@group(0) @binding(3) var<storage, read> tile_partials: array<TileShare>;
@group(0) @binding(4) var<storage, read_write> grad_splats: array<GradSplat>;

// The tiles from pixel `low` to pixel `high`, first and end, of those from `first` to `end`; one too many at most.
fn reached(low: f32, high: f32, first: u32, end: u32) -> vec2<u32> {
    let tiles = vec2<f32>(floor((low - f32(TILE - 1u)) / f32(TILE)), floor(high / f32(TILE)) + 1.0);
    // the second bound in whole numbers: it holds whatever a NaN becomes
    return min(vec2<u32>(max(tiles, vec2<f32>(f32(first)))), vec2<u32>(end));
}

// Four numbers of a share, from the `first`.
fn four(share: u32, first: u32) -> vec4<f32> {
    return vec4<f32>(
        tile_partials[share].sums[first],
        tile_partials[share].sums[first + 1u],
        tile_partials[share].sums[first + 2u],
        tile_partials[share].sums[first + 3u],
    );
}

@compute @workgroup_size(WORKGROUP)
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
        head = vec4<f32>(grad_splats[g].moment, grad_splats[g].xx);
        body = vec4<f32>(grad_splats[g].xy, grad_splats[g].yy, grad_splats[g].opacity, grad_splats[g].red);
        tail = vec2<f32>(grad_splats[g].green, grad_splats[g].blue);
    }
    let bounds = load_bounds(g);
    let low = bounds.centre - bounds.reach;
    let high = bounds.centre + bounds.reach;
    let band_top = params.band_start / params.tiles_x;
    let band_bottom = (params.band_start + params.band_tiles - 1u) / params.tiles_x + 1u;
    let columns = reached(low.x, high.x, 0u, params.tiles_x);
    let rows = reached(low.y, high.y, band_top, band_bottom);
    for (var row = rows.x; row < rows.y; row++) {
        for (var column = columns.x; column < columns.y; column++) {
            let tile = row * params.tiles_x + column;
            let in_band = tile >= params.band_start && tile < params.band_start + params.band_tiles;
            let corner = vec2<f32>(vec2<u32>(column, row) * TILE);
            if in_band && touches_tile(bounds, corner) {
                let slot = frame * params.band_tiles + tile - params.band_start;
                let share = slot * per_frame() + splat;
                head += four(share, 0u);
                body += four(share, 4u);
                tail += vec2<f32>(tile_partials[share].sums[8], tile_partials[share].sums[9]);
            }
        }
    }
    grad_splats[g] = GradSplat(head.xyz, head.w, body.x, body.y, body.z, body.w, tail.x, tail.y, vec2<f32>());
}
