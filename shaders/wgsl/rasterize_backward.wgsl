// Per tile: ∂L/∂frames to the splats that touch it (A.6). Replays the forward walk; the final colour tells what lies
// behind each splat, so nothing but the frames had to be kept. A splat's pixels are summed inside the workgroup, in
// threads first and then over threads in their order, and written as this tile's share: no atomics on floats.
// #import shared/params
// #import shared/index
// #import shared/lists
// #import shared/load

const THREADS: u32 = 16u;
// The SUMS numbers of a TileShare: two vectors and a half.
const VECTORS: u32 = 3u;
// Splats summed between two barriers; BATCH·VECTORS ≤ THREADS.
const BATCH: u32 = 5u;
// One more than THREADS, so that those who sum do not all ask the same bank.
const STRIDE: u32 = 17u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read> shaded: array<Shaded>;
@group(0) @binding(3) var<storage, read> tile_lists: array<u32>;
@group(0) @binding(4) var<storage, read> frames: array<Rgb>;
@group(0) @binding(5) var<storage, read> grad_frames: array<Rgb>;
@group(0) @binding(6) var<storage, read_write> tile_partials: array<TileShare>;

var<workgroup> lanes: array<vec4<f32>, BATCH * VECTORS * STRIDE>;

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
    if y >= params.height {
        return strip;
    }
    let at = (frame * params.height + y) * params.width + x;
    if x + 4u <= params.width {
        strip.red =
            vec4<f32>(grad_frames[at].red, grad_frames[at + 1u].red, grad_frames[at + 2u].red, grad_frames[at + 3u].red);
        strip.green = vec4<f32>(
            grad_frames[at].green,
            grad_frames[at + 1u].green,
            grad_frames[at + 2u].green,
            grad_frames[at + 3u].green,
        );
        strip.blue = vec4<f32>(
            grad_frames[at].blue,
            grad_frames[at + 1u].blue,
            grad_frames[at + 2u].blue,
            grad_frames[at + 3u].blue,
        );
        strip.behind =
            strip.red * vec4<f32>(frames[at].red, frames[at + 1u].red, frames[at + 2u].red, frames[at + 3u].red)
            + strip.green
                * vec4<f32>(frames[at].green, frames[at + 1u].green, frames[at + 2u].green, frames[at + 3u].green)
            + strip.blue
                * vec4<f32>(frames[at].blue, frames[at + 1u].blue, frames[at + 2u].blue, frames[at + 3u].blue);
        return strip;
    }
    for (var c = 0u; c < params.width - min(x, params.width); c++) {
        let g = vec3<f32>(grad_frames[at + c].red, grad_frames[at + c].green, grad_frames[at + c].blue);
        strip.red[c] = g.x;
        strip.green[c] = g.y;
        strip.blue[c] = g.z;
        strip.behind[c] = dot(g, vec3<f32>(frames[at + c].red, frames[at + c].green, frames[at + c].blue));
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

// Adds a strip `dy` below the splat's origin to what a thread sums up for it.
fn add_strip(total: ptr<function, array<vec4<f32>, 3>>, strip: Sums, dy: f32) {
    (*total)[0] += vec4<f32>(strip.moments.xy, strip.moments.x * dy, strip.moments.z);
    (*total)[1] += vec4<f32>(strip.moments.y * dy, strip.moments.x * dy * dy, strip.look.xy);
    (*total)[2] += vec4<f32>(strip.look.zw, 0.0, 0.0);
}

// One vector of a splat's sums over all threads, into this tile's share of its gradient.
fn write_share(slot: u32, vector: u32, share: u32) {
    let first = (slot * VECTORS + vector) * STRIDE;
    var total = vec4<f32>();
    for (var i = 0u; i < THREADS; i++) {
        total += lanes[first + i];
    }
    let at = 4u * vector;
    tile_partials[share].sums[at] = total.x;
    tile_partials[share].sums[at + 1u] = total.y;
    if at + 4u <= SUMS {
        tile_partials[share].sums[at + 2u] = total.z;
        tile_partials[share].sums[at + 3u] = total.w;
    }
}

@compute @workgroup_size(16)
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
    let list = tile_list(frame, tile);
    let length = tile_lists[list];
    if length == 0u {
        return;
    }
    let corner = tile_corner(tile);
    let x = corner.x + 4u * (local % 4u);
    let y = corner.y + local / 4u;
    let columns = vec4<f32>(f32(x)) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
    var top = load_strip(frame, x, y);
    var upper = load_strip(frame, x, y + 4u);
    var lower = load_strip(frame, x, y + 8u);
    var bottom = load_strip(frame, x, y + 12u);
    for (var first = 0u; first < length; first += BATCH) {
        for (var slot = 0u; slot < BATCH; slot++) {
            if first + slot < length {
                let s = load_splat(frame * per_frame() + tile_lists[list + 1u + first + slot]);
                let dx = columns - s.origin.x;
                let dy = f32(y) - s.origin.y;
                var total = array<vec4<f32>, 3>();
                add_strip(&total, replay(&top, s, dx, dy), dy);
                add_strip(&total, replay(&upper, s, dx, dy + 4.0), dy + 4.0);
                add_strip(&total, replay(&lower, s, dx, dy + 8.0), dy + 8.0);
                add_strip(&total, replay(&bottom, s, dx, dy + 12.0), dy + 12.0);
                let at = slot * VECTORS * STRIDE + local;
                lanes[at] = total[0];
                lanes[at + STRIDE] = total[1];
                lanes[at + 2u * STRIDE] = total[2];
            }
        }
        workgroupBarrier();
        let slot = local / VECTORS;
        if slot < BATCH && first + slot < length {
            write_share(slot, local % VECTORS, id * per_frame() + tile_lists[list + 1u + first + slot]);
        }
        workgroupBarrier();
    }
}
