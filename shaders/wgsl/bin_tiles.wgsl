// For each tile of the band the splats that touch it, near to far: the row's list without those that pass by. A thread
// a tile; neighbours read the same list.
// #import shared/params
// #import shared/index
// #import shared/lists
// #import shared/bounds

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read> shaded: array<Shaded>;
@group(0) @binding(3) var<storage, read> row_lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> tile_lists: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let id = flat_index(group, groups, local);
    if id >= params.frames * params.band_tiles {
        return;
    }
    let frame = id / params.band_tiles;
    let tile = params.band_start + id % params.band_tiles;
    let row = row_list(frame, tile);
    let list = tile_list(frame, tile);
    let corner = vec2<f32>(tile_corner(tile));
    let first = frame * per_frame();
    let length = row_lists[row];
    var count = 0u;
    for (var i = 1u; i <= length; i++) {
        let index = row_lists[row + i];
        let g = first + index;
        if touches_tile(load_bounds(g), corner) {
            count += 1u;
            tile_lists[list + count] = index;
        }
    }
    tile_lists[list] = count;
}
