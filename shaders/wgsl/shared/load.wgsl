// Needs the buffers projected and shaded.
// #import shared/splat

fn load_splat(g: u32) -> Splat {
    let first = projected[3u * g];
    let second = projected[3u * g + 1u];
    let third = projected[3u * g + 2u];
    let look = shaded[g];
    return Splat(
        vec4<f32>(second.x, 2.0 * second.y, second.z, look.w),
        vec4<f32>(expansion(first.xy), third.yz),
        vec4<f32>(look.xyz, third.x),
    );
}
