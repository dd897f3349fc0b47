// The splats of one row of tiles, chunk by chunk, cut down to those that touch one tile.
// The pass declares CHUNK (a multiple of 32) and the buffers projected, shaded and row_lists; its workgroups have 32
// threads.
// #import shared/splat

// A bit for each splat of the chunk; thread t answers for bit t of every word.
var<workgroup> survivors: array<atomic<u32>, CHUNK / 32u>;
var<workgroup> staged: array<Splat, CHUNK>;
// Each staged splat's number in its frame.
var<workgroup> staged_index: array<u32, CHUNK>;

fn tile_corner(tile: u32) -> vec2<u32> {
    return vec2<u32>(tile % params.tiles_x, tile / params.tiles_x) * TILE;
}

// Where the list of a tile's row begins in row_lists.
fn row_list(frame: u32, tile: u32) -> u32 {
    let rows = params.tiles / params.tiles_x;
    return (frame * rows + tile / params.tiles_x) * (per_frame() + 1u);
}

// Stages the survivors among CHUNK of the `length` splats of `list` from `start`, near to far, and returns how many
// there are. A splat's place is the number of bits below its own, so the order is the sorted one however threads are
// scheduled. Every thread of the workgroup must come here.
fn stage(frame: u32, list: u32, start: u32, length: u32, corner: vec2<f32>, local: u32) -> u32 {
    if local < CHUNK / 32u {
        atomicStore(&survivors[local], 0u);
    }
    workgroupBarrier();
    let first = frame * per_frame();
    let words = (min(CHUNK, length - start) + 31u) / 32u;
    for (var word = 0u; word < words; word++) {
        let place = start + 32u * word + local;
        if place < length {
            let g = first + row_lists[list + 1u + place];
            if touches_tile(projected[3u * g], projected[3u * g + 1u].w, shaded[g].w, corner) {
                atomicOr(&survivors[word], 1u << local);
            }
        }
    }
    workgroupBarrier();
    var count = 0u;
    for (var word = 0u; word < words; word++) {
        let bits = atomicLoad(&survivors[word]);
        if ((bits >> local) & 1u) != 0u {
            let slot = count + countOneBits(bits & ((1u << local) - 1u));
            let index = row_lists[list + 1u + start + 32u * word + local];
            staged_index[slot] = index;
            staged[slot] = load_splat(first + index);
        }
        count += countOneBits(bits);
    }
    workgroupBarrier();
    return count;
}

fn load_splat(g: u32) -> Splat {
    let first = projected[3u * g];
    let second = projected[3u * g + 1u];
    let third = projected[3u * g + 2u];
    let look = shaded[g];
    return Splat(
        vec4<f32>(second.x, 2.0 * second.y, second.z, look.w),
        vec4<f32>(expansion(first.xy), third.yz),
        vec4<f32>(look.xyz, third.x),
    );
}
