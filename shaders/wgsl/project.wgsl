// World to screen: centre, depth, inverse covariance and visible extent (A.5).
// #import shared/params
// #import shared/index
// #import shared/view
// #import shared/splat

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cameras: array<CameraRow>;
@group(0) @binding(2) var<storage, read> skinned: array<Skinned>;
@group(0) @binding(3) var<storage, read_write> projected: array<Projected>;

@compute @workgroup_size(WORKGROUP)
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
    let xx = form(v.cov, v.a, v.a) + SCREEN_EPSILON;
    let xy = form(v.cov, v.a, v.b);
    let yy = form(v.cov, v.b, v.b) + SCREEN_EPSILON;
    let extent = sqrt(CUTOFF * vec2<f32>(xx, yy));
    let uv = centre(v) + v.principal;
    var offset = vec3<f32>();
    if !is_near(uv) {
        let p = expansion(uv) - v.principal;
        let q = q_at(v, p);
        let e = p - centre(v);
        offset = vec3<f32>(
            form(v.cov, q, q) + SCREEN_EPSILON * dot(e, e),
            2.0 * (form(v.cov, v.b, q) + SCREEN_EPSILON * e.x),
            2.0 * (SCREEN_EPSILON * e.y - form(v.cov, v.a, q)),
        ) / det;
    }
    projected[g] = Projected(uv, v.at.z, extent.x, vec3<f32>(yy, -xy, xx) / det, extent.y, offset, 0.0);
}
