// Per tile: ∂L/∂frames to the splats that touch it (A.6). Replays the forward walk; the final colour tells what lies
// behind each splat, so nothing but the frames had to be kept. A splat's pixels are summed inside the workgroup, in
// threads first and then over threads in their order, and written as this tile's share: no atomics on floats.
// #import shared/params
// #import shared/index
// #import shared/tile

const CHUNK: u32 = 128u;
const THREADS: u32 = 32u;
// Σe·(1, δx, δy, δx², δxδy, δy²), ∂o, ∂r, ∂g, ∂b
const SUMS: u32 = 10u;
// Splats summed between two barriers; BATCH·SUMS ≤ THREADS.
const BATCH: u32 = 3u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> shaded: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> row_lists: array<u32>;
@group(0) @binding(4) var<storage, read> frames: array<f32>;
@group(0) @binding(5) var<storage, read> grad_frames: array<f32>;
@group(0) @binding(6) var<storage, read_write> tile_partials: array<f32>;

var<workgroup> lanes: array<f32, BATCH * SUMS * THREADS>;
var<workgroup> staged_count: u32;

// Four pixels side by side: transmittance, how much of g·C is still to come (g·R_k), and g.
struct Strip {
    transmittance: vec4<f32>,
    behind: vec4<f32>,
    red: vec4<f32>,
    green: vec4<f32>,
    blue: vec4<f32>,
}

// Pixels outside the image have g = 0 and so no share in anything.
fn load_strip(frame: u32, x: u32, y: u32) -> Strip {
    var strip = Strip(vec4<f32>(1.0), vec4<f32>(), vec4<f32>(), vec4<f32>(), vec4<f32>());
    for (var c = 0u; c < 4u; c++) {
        if x + c < params.width && y < params.height {
            let at = ((frame * params.height + y) * params.width + x + c) * 3u;
            let g = vec3<f32>(grad_frames[at], grad_frames[at + 1u], grad_frames[at + 2u]);
            strip.red[c] = g.x;
            strip.green[c] = g.y;
            strip.blue[c] = g.z;
            strip.behind[c] = dot(g, vec3<f32>(frames[at], frames[at + 1u], frames[at + 2u]));
        }
    }
    return strip;
}

// ∂o, ∂r, ∂g, ∂b, and Σe, Σe·δx, Σe·δx² of one strip.
struct Sums {
    look: vec4<f32>,
    moments: vec3<f32>,
}

fn sum(x: vec4<f32>) -> f32 {
    return dot(x, vec4<f32>(1.0));
}

fn replay(strip: ptr<function, Strip>, s: Splat, dx: vec4<f32>, dy: f32) -> Sums {
    let d = four_d(s, dx, dy);
    if all(d > vec4<f32>(CUTOFF)) {
        return Sums(vec4<f32>(), vec3<f32>());
    }
    let weight = exp(min(-0.5 * d, vec4<f32>()));
    let share = (*strip).transmittance * absorbed(s.conic.w * weight);
    let towards = (*strip).red * s.colour.x + (*strip).green * s.colour.y + (*strip).blue * s.colour.z;
    (*strip).behind -= share * towards;
    (*strip).transmittance -= share;
    let grad_opacity = weight * ((*strip).transmittance * towards - (*strip).behind);
    let e = -0.5 * s.conic.w * grad_opacity;
    return Sums(
        vec4<f32>(sum(grad_opacity), dot(share, (*strip).red), dot(share, (*strip).green), dot(share, (*strip).blue)),
        vec3<f32>(sum(e), dot(e, dx), dot(e * dx, dx)),
    );
}

fn write_lane(slot: u32, local: u32, upper: Sums, lower: Sums, dy: f32) {
    let at = slot * SUMS * THREADS + local;
    let far = dy + 8.0;
    lanes[at] = upper.moments.x + lower.moments.x;
    lanes[at + THREADS] = upper.moments.y + lower.moments.y;
    lanes[at + 2u * THREADS] = upper.moments.x * dy + lower.moments.x * far;
    lanes[at + 3u * THREADS] = upper.moments.z + lower.moments.z;
    lanes[at + 4u * THREADS] = upper.moments.y * dy + lower.moments.y * far;
    lanes[at + 5u * THREADS] = upper.moments.x * dy * dy + lower.moments.x * far * far;
    let look = upper.look + lower.look;
    lanes[at + 6u * THREADS] = look.x;
    lanes[at + 7u * THREADS] = look.y;
    lanes[at + 8u * THREADS] = look.z;
    lanes[at + 9u * THREADS] = look.w;
}

@compute @workgroup_size(32)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let id = flat_group(group, groups);
    if id >= params.frames * params.band_tiles {
        return;
    }
    let frame = id / params.band_tiles;
    let tile = params.band_start + id % params.band_tiles;
    let corner = tile_corner(tile);
    let x = corner.x + 4u * (local % 4u);
    let y = corner.y + local / 4u;
    let columns = vec4<f32>(f32(x)) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
    var upper: Strip;
    var lower: Strip;
    var loaded = false;
    let list = row_list(frame, tile);
    let length = row_lists[list];
    for (var start = 0u; start < length; start += CHUNK) {
        let found = stage(frame, list, start, length, vec2<f32>(corner), local);
        if local == 0u {
            staged_count = found;
        }
        let count = workgroupUniformLoad(&staged_count);
        // most tiles are empty, and pictures are large
        if count > 0u && !loaded {
            upper = load_strip(frame, x, y);
            lower = load_strip(frame, x, y + 8u);
            loaded = true;
        }
        for (var first = 0u; first < count; first += BATCH) {
            for (var slot = 0u; slot < BATCH; slot++) {
                if first + slot < count {
                    let s = staged[first + slot];
                    let dx = columns - s.origin.x;
                    let dy = f32(y) - s.origin.y;
                    let above = replay(&upper, s, dx, dy);
                    write_lane(slot, local, above, replay(&lower, s, dx, dy + 8.0), dy);
                }
            }
            workgroupBarrier();
            let slot = local / SUMS;
            if slot < BATCH && first + slot < count {
                var total_sum = 0.0;
                for (var i = 0u; i < THREADS; i++) {
                    total_sum += lanes[local * THREADS + i];
                }
                let row = id * per_frame() + staged_index[first + slot];
                tile_partials[row * SUMS + local % SUMS] = total_sum;
            }
            workgroupBarrier();
        }
    }
}
