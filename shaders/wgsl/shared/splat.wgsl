// One Gaussian on the screen, as the rasterizer and its backward see it (A.5).
// #import shared/params
// #import shared/finite

struct Splat {
    // Λ11, 2Λ12, Λ22, o
    conic: vec4<f32>,
    // origin of δ in pixels, l1, l2
    origin: vec4<f32>,
    // r, g, b, d0
    colour: vec4<f32>,
}

// d at four pixels of a row (A.5), from δ.
fn four_d(s: Splat, dx: vec4<f32>, dy: f32) -> vec4<f32> {
    return s.colour.w + dy * (s.origin.w + s.conic.z * dy) + dx * (s.origin.z + s.conic.y * dy + s.conic.x * dx);
}

// α = 1 − exp(−τ) for 0 ≤ τ ≤ 1, which holds because o ≤ 1 (A.4) and w ≤ 1. The difference itself is wrong by half a
// unit of 1 wherever a splat is faint, and thousands of splats add that up; this polynomial is right to 2e-9 of τ.
fn absorbed(tau: vec4<f32>) -> vec4<f32> {
    var p = 1.291868666e-4 * tau - 1.301107315e-3;
    p = p * tau + 8.275879694e-3;
    p = p * tau - 4.16470443e-2;
    p = p * tau + 0.166663449;
    p = p * tau - 0.4999998012;
    p = p * tau + 0.999999998;
    return p * tau;
}

fn is_near(centre: vec2<f32>) -> bool {
    let size = vec2<f32>(f32(params.width), f32(params.height));
    return all(abs(centre - 0.5 * size) <= FAR * size);
}

// The pixel around which d is expanded. Behind the camera a centre lies a million pixels away, and pixel − centre
// would keep no digits; there it is the middle of the image.
fn expansion(centre: vec2<f32>) -> vec2<f32> {
    let middle = 0.5 * vec2<f32>(f32(params.width), f32(params.height));
    return select(middle, centre, is_near(centre));
}

// The bounding box of a visible ellipse in pixels, and whether there is anything to draw in it.
struct Bounds {
    centre: vec2<f32>,
    reach: vec2<f32>,
    opacity: f32,
}

// Whether a box reaches a pixel between `low` and `high`. Three passes ask this and must get the same answer.
fn touches(bounds: Bounds, low: vec2<f32>, high: vec2<f32>) -> bool {
    let near = bounds.centre - bounds.reach;
    let far = bounds.centre + bounds.reach;
    let drawn = bounds.opacity > 0.0 && is_finite(near.x) && is_finite(near.y) && is_finite(far.x) && is_finite(far.y);
    return drawn && all(far >= low) && all(near <= high);
}

fn touches_tile(bounds: Bounds, corner: vec2<f32>) -> bool {
    return touches(bounds, corner, corner + f32(TILE - 1u));
}

// The row of tiles whose uppermost pixels are at `top`, over the width of the image.
fn touches_row(bounds: Bounds, top: f32) -> bool {
    let high = vec2<f32>(f32(params.width - 1u), top + f32(TILE - 1u));
    return touches(bounds, vec2<f32>(0.0, top), high);
}
