// Frames as pictures side by side on a texture, rounded to 8 bits a channel. Draws one triangle that covers it all.
// #import shared/finite

struct Strip {
    // index of the first number of the first picture
    first: u32,
    count: u32,
    height: u32,
    width: u32,
}

@group(0) @binding(0) var<uniform> strip: Strip;
@group(0) @binding(1) var<storage, read> frames: array<f32>;

@vertex
fn cover(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4<f32> {
    return vec4<f32>(f32(corner & 1u) * 4.0 - 1.0, f32(corner >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

// Halves go up, as on the host; WGSL's round() takes them to the even neighbour.
fn eight_bit(x: f32) -> f32 {
    let scaled = select(saturate(x) * 255.0, 0.0, is_nan(x));
    let whole = floor(scaled);
    return (whole + select(0.0, 1.0, scaled - whole >= 0.5)) / 255.0;
}

@fragment
fn main(@builtin(position) place: vec4<f32>) -> @location(0) vec4<f32> {
    let x = u32(place.x);
    let frame = x / strip.width;
    let row = frame * strip.height + u32(place.y);
    let at = strip.first + (row * strip.width + x % strip.width) * 3u;
    return vec4<f32>(eight_bit(frames[at]), eight_bit(frames[at + 1u]), eight_bit(frames[at + 2u]), 1.0);
}
