// World to screen: centre, depth, inverse covariance and visible extent (A.5).
// #import shared/params
// #import shared/index
// #import shared/view
// #import shared/splat

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cameras: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> skinned: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> projected: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
) {
    let g = flat_index(group, groups, local);
    if g >= total() {
        return;
    }
    let v = view(g);
    let det = det_screen(v);
    let xx = form(v.cov, v.a, v.a) + EPSILON;
    let xy = form(v.cov, v.a, v.b);
    let yy = form(v.cov, v.b, v.b) + EPSILON;
    let extent = sqrt(CUTOFF * vec2<f32>(xx, yy));
    let uv = centre(v) + v.principal;
    var offset = vec3<f32>();
    if !is_near(uv) {
        let p = expansion(uv) - v.principal;
        let q = q_at(v, p);
        let e = p - centre(v);
        offset = vec3<f32>(
            form(v.cov, q, q) + EPSILON * dot(e, e),
            2.0 * (form(v.cov, v.b, q) + EPSILON * e.x),
            2.0 * (EPSILON * e.y - form(v.cov, v.a, q)),
        ) / det;
    }
    projected[3u * g] = vec4<f32>(uv, v.at.z, extent.x);
    projected[3u * g + 1u] = vec4<f32>(vec3<f32>(yy, -xy, xx) / det, extent.y);
    projected[3u * g + 2u] = vec4<f32>(offset, 0.0);
}
