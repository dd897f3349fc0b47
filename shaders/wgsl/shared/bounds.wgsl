// Needs the buffers projected and shaded.
// #import shared/splat

fn load_bounds(g: u32) -> Bounds {
    let reach = vec2<f32>(projected[g].extent_x, projected[g].extent_y);
    return Bounds(projected[g].centre, reach, shaded[g].opacity);
}
