// Front-to-back compositing, a workgroup a tile (A.5). Each thread carries four strips of four pixels, so that a splat
// that was fetched serves sixteen.
// #import shared/params
// #import shared/index
// #import shared/lists
// #import shared/load

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<Projected>;
@group(0) @binding(2) var<storage, read> shaded: array<Shaded>;
@group(0) @binding(3) var<storage, read> tile_lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> frames: array<Rgb>;

// Four pixels side by side: what reaches the eye through the splats so far, and their colours.
struct Strip {
    transmittance: vec4<f32>,
    red: vec4<f32>,
    green: vec4<f32>,
    blue: vec4<f32>,
}

fn composite(strip: ptr<function, Strip>, s: Splat, dx: vec4<f32>, y: f32) {
    // no way out where d > CUTOFF: few strips would take it, and all would pay for the question
    let d = four_d(s, dx, y - s.origin.y);
    let share = (*strip).transmittance * absorbed(s.conic.w * exp(min(-0.5 * d, vec4<f32>())));
    (*strip).red += share * s.colour.x;
    (*strip).green += share * s.colour.y;
    (*strip).blue += share * s.colour.z;
    (*strip).transmittance -= share;
}

fn store_strip(strip: Strip, frame: u32, x: u32, y: u32) {
    if y >= params.height {
        return;
    }
    let at = (frame * params.height + y) * params.width + x;
    let red = finished(strip.red);
    let green = finished(strip.green);
    let blue = finished(strip.blue);
    if x + 4u <= params.width {
        frames[at] = Rgb(red.x, green.x, blue.x);
        frames[at + 1u] = Rgb(red.y, green.y, blue.y);
        frames[at + 2u] = Rgb(red.z, green.z, blue.z);
        frames[at + 3u] = Rgb(red.w, green.w, blue.w);
    } else {
        for (var c = 0u; c < params.width - min(x, params.width); c++) {
            frames[at + c] = Rgb(red[c], green[c], blue[c]);
        }
    }
}

fn finished(x: vec4<f32>) -> vec4<f32> {
    let whole = (bitcast<vec4<u32>>(x) & vec4<u32>(0x7f800000u)) != vec4<u32>(0x7f800000u);
    return select(vec4<f32>(), saturate(x), whole);
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
    let corner = tile_corner(tile);
    let x = corner.x + 4u * (local % 4u);
    let y = corner.y + local / 4u;
    let columns = vec4<f32>(f32(x)) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
    let row = f32(y);
    var top = Strip(vec4<f32>(1.0), vec4<f32>(), vec4<f32>(), vec4<f32>());
    var upper = top;
    var lower = top;
    var bottom = top;
    let list = tile_list(frame, tile);
    let end = list + tile_lists[list];
    for (var i = list + 1u; i <= end; i++) {
        let s = load_splat(frame * per_frame() + tile_lists[i]);
        let dx = columns - s.origin.x;
        composite(&top, s, dx, row);
        composite(&upper, s, dx, row + 4.0);
        composite(&lower, s, dx, row + 8.0);
        composite(&bottom, s, dx, row + 12.0);
    }
    store_strip(top, frame, x, y);
    store_strip(upper, frame, x, y + 4u);
    store_strip(lower, frame, x, y + 8u);
    store_strip(bottom, frame, x, y + 12u);
}
