// For each row of tiles the splats that reach it, near to far: a tile then looks through some dozens of splats instead
// of all of the frame's. A workgroup a row.
// #import shared/params
// #import shared/index
// #import shared/lists
// #import shared/bounds

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read> shaded: array<Shaded>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> row_lists: array<u32>;

const WORDS: u32 = BLOCK / 32u;

// One bit a splat of the BLOCK at hand. A splat's place is the number of bits below its own: always the sorted order.
var<workgroup> reached: array<atomic<u32>, WORDS>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let rows = params.tiles / params.tiles_x;
    let id = flat_group(group, groups);
    if id >= params.frames * rows {
        return;
    }
    let n = per_frame();
    let first = id / rows * n;
    let top = f32(id % rows * TILE);
    let list = id * (n + 1u);
    var count = 0u;
    for (var start = 0u; start < n; start += BLOCK) {
        if local < WORDS {
            atomicStore(&reached[local], 0u);
        }
        workgroupBarrier();
        for (var i = local; i < min(BLOCK, n - start); i += WORKGROUP) {
            let g = first + order[first + start + i];
            if touches_row(load_bounds(g), top) {
                atomicOr(&reached[i / 32u], 1u << (i % 32u));
            }
        }
        workgroupBarrier();
        for (var word = 0u; word < WORDS; word++) {
            let bits = atomicLoad(&reached[word]);
            let bit = local % 32u;
            // the first 32 threads write the even words, the others the odd ones
            if word % 2u == local / 32u && ((bits >> bit) & 1u) != 0u {
                let slot = count + countOneBits(bits & ((1u << bit) - 1u));
                row_lists[list + 1u + slot] = order[first + start + 32u * word + bit];
            }
            count += countOneBits(bits);
        }
        workgroupBarrier();
    }
    if local == 0u {
        row_lists[list] = count;
    }
}
