// Each frame's Gaussians from near to far, ties by index (A.5). A Gaussian's place is the number of Gaussians before
// it: quadratic, but without a limit on their number and without any exchange between workgroups.
// Each thread ranks four Gaussians against four keys at a time.
// #import shared/params
// #import shared/index

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read_write> order: array<u32>;

var<workgroup> keys: array<vec4<u32>, WORKGROUP>;

const FOUR: vec4<u32> = vec4<u32>(0u, 1u, 2u, 3u);

// Depth as an integer: positive floats are ordered like their bits, and bits leave no room for an unordered NaN.
fn key(frame: u32, i: u32) -> u32 {
    if i >= per_frame() {
        return 0xffffffffu;
    }
    return bitcast<u32>(projected[frame * per_frame() + i].depth);
}

fn four_keys(frame: u32, i: u32) -> vec4<u32> {
    return vec4<u32>(key(frame, i), key(frame, i + 1u), key(frame, i + 2u), key(frame, i + 3u));
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let n = per_frame();
    let blocks = (n + BLOCK - 1u) / BLOCK;
    let id = flat_group(group, groups);
    if id >= params.frames * blocks {
        return;
    }
    let frame = id / blocks;
    let mine = (id % blocks) * BLOCK + 4u * local + FOUR;
    let mine_keys = four_keys(frame, mine.x);
    var rank = vec4<u32>();
    for (var start = 0u; start < n; start += BLOCK) {
        keys[local] = four_keys(frame, start + 4u * local);
        workgroupBarrier();
        for (var i = 0u; i < WORKGROUP; i++) {
            let others = keys[i];
            for (var c = 0u; c < 4u; c++) {
                let other = vec4<u32>(others[c]);
                let earlier = vec4<u32>(start + 4u * i + c) < mine;
                rank += select(vec4<u32>(), vec4<u32>(1u), (other < mine_keys) | ((other == mine_keys) & earlier));
            }
        }
        workgroupBarrier();
    }
    for (var c = 0u; c < 4u; c++) {
        if mine[c] < n {
            order[frame * n + rank[c]] = mine[c];
        }
    }
}
