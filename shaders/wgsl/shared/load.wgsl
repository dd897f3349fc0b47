// Needs the buffers projected and shaded.
// #import shared/splat

fn load_splat(g: u32) -> Splat {
    let conic = projected[g].conic;
    let offset = projected[g].offset;
    return Splat(
        vec4<f32>(conic.x, 2.0 * conic.y, conic.z, shaded[g].opacity),
        vec4<f32>(expansion(projected[g].centre), offset.yz),
        vec4<f32>(shaded[g].colour, offset.x),
    );
}
