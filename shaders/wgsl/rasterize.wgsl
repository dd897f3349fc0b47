// Front-to-back compositing, a workgroup a tile (A.5). Each thread carries two strips of four pixels.
// #import shared/params
// #import shared/index
// #import shared/tile

const CHUNK: u32 = 128u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projected: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> shaded: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> row_lists: array<u32>;
@group(0) @binding(4) var<storage, read_write> frames: array<f32>;

// Four pixels side by side: what reaches the eye through the splats so far, and their colours.
struct Strip {
    transmittance: vec4<f32>,
    red: vec4<f32>,
    green: vec4<f32>,
    blue: vec4<f32>,
}

fn composite(strip: ptr<function, Strip>, s: Splat, dx: vec4<f32>, y: f32) {
    let d = four_d(s, dx, y - s.origin.y);
    if all(d > vec4<f32>(CUTOFF)) {
        return;
    }
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
    for (var c = 0u; c < 4u; c++) {
        if x + c < params.width {
            let at = ((frame * params.height + y) * params.width + x + c) * 3u;
            frames[at] = finished(strip.red[c]);
            frames[at + 1u] = finished(strip.green[c]);
            frames[at + 2u] = finished(strip.blue[c]);
        }
    }
}

fn finished(x: f32) -> f32 {
    return select(0.0, saturate(x), is_finite(x));
}

@compute @workgroup_size(32)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let id = flat_group(group, groups);
    if id >= params.frames * params.tiles {
        return;
    }
    let frame = id / params.tiles;
    let tile = id % params.tiles;
    let corner = tile_corner(tile);
    let x = corner.x + 4u * (local % 4u);
    let y = corner.y + local / 4u;
    let columns = vec4<f32>(f32(x)) + vec4<f32>(0.0, 1.0, 2.0, 3.0);
    var upper = Strip(vec4<f32>(1.0), vec4<f32>(), vec4<f32>(), vec4<f32>());
    var lower = upper;
    let list = row_list(frame, tile);
    let length = row_lists[list];
    for (var start = 0u; start < length; start += CHUNK) {
        let count = stage(frame, list, start, length, vec2<f32>(corner), local);
        for (var i = 0u; i < count; i++) {
            let s = staged[i];
            let dx = columns - s.origin.x;
            composite(&upper, s, dx, f32(y));
            composite(&lower, s, dx, f32(y + 8u));
        }
    }
    store_strip(upper, frame, x, y);
    store_strip(lower, frame, x, y + 8u);
}
