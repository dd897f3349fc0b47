// Splat gradients back to world means (A.6). With h = (1, δx, δy) and q = Qh (see shared/view), d·det Σ2 = N is
// hᵀQᵀΣQh + ε|e|², so the six moments M = Σ e·hhᵀ are all that is needed of the pixels. This equals A.6's Q = −ΛEΛ and
// keeps its digits behind the camera, where that cancels to one part in a million.
// #import shared/params
// #import shared/index
// #import shared/view
// #import shared/splat

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cameras: array<CameraRow>;
@group(0) @binding(2) var<storage, read> skinned: array<Skinned>;
@group(0) @binding(3) var<storage, read> projected: array<Projected>;
@group(0) @binding(4) var<storage, read> depth_range: array<DepthRange>;
@group(0) @binding(5) var<storage, read> grad_splats: array<GradSplat>;
@group(0) @binding(6) var<storage, read> grad_appearance: array<GradAppearance>;
@group(0) @binding(7) var<storage, read> grad_depth_range: array<GradDepthRange>;
@group(0) @binding(8) var<storage, read_write> grad_means: array<GradMean>;

// Σ_j u_j · v_j
fn contract(u: mat3x3<f32>, v: mat3x3<f32>) -> f32 {
    return dot(u[0], v[0]) + dot(u[1], v[1]) + dot(u[2], v[2]);
}

// ∂L/∂(X, Y, Z) in camera axes.
fn screen_to_camera(v: View, g: u32) -> vec3<f32> {
    let uv = projected[g].centre;
    let x = v.at.x;
    let y = v.at.y;
    let z = v.at.z;
    let z2 = z * z;
    let z3 = z2 * z;
    let fx = v.focal.x;
    let fy = v.focal.y;
    let p = expansion(uv) - v.principal;
    var q0 = vec3<f32>();
    var e = vec2<f32>();
    if !is_near(uv) {
        q0 = q_at(v, p);
        e = p - centre(v);
    }
    // columns: at the origin, per pixel to the right, per pixel down
    let q = mat3x3<f32>(q0, v.b, -v.a);
    let q_x = mat3x3<f32>(vec3<f32>(0.0, fx * fy / z2, fx * p.y / z2), vec3<f32>(), vec3<f32>(0.0, 0.0, fx / z2));
    let q_y = mat3x3<f32>(vec3<f32>(-fx * fy / z2, 0.0, fy * p.x / z2), vec3<f32>(0.0, 0.0, fy / z2), vec3<f32>());
    let q_z = mat3x3<f32>(
        vec3<f32>(
            fx * p.y / z2 + 2.0 * fx * fy * y / z3,
            fy * p.x / z2 - 2.0 * fx * fy * x / z3,
            -2.0 * (fy * y * p.x + fx * x * p.y) / z3,
        ),
        vec3<f32>(0.0, fy / z2, -2.0 * fy * y / z3),
        vec3<f32>(fx / z2, 0.0, -2.0 * fx * x / z3),
    );

    let n = normal(v);
    let adjugate_n = adjugate(v.cov) * n;
    let sa = v.cov * v.a;
    let sb = v.cov * v.b;
    let to_normal = fx * fy / z3;
    let det = det_screen(v);
    let det_theta = 2.0 * to_normal * adjugate_n
        + 2.0 * SCREEN_EPSILON * vec3<f32>(
            -fx / z2 * sa.z,
            fy / z2 * sb.z,
            -fx / z2 * sa.x + 2.0 * fx * x / z3 * sa.z + fy / z2 * sb.y - 2.0 * fy * y / z3 * sb.z,
        )
        - vec3<f32>(0.0, 0.0, 6.0 / z * dot(n, adjugate_n));

    let m = grad_splats[g].moment;
    let xx = grad_splats[g].xx;
    let yy = grad_splats[g].yy;
    let sqm = v.cov * q * symmetric(m.x, m.y, m.z, xx, grad_splats[g].xy, yy);
    let along = e * m.x + m.yz;
    let squares = dot(e, along + m.yz) + xx + yy;
    let e_d = (contract(sqm, q) + SCREEN_EPSILON * squares) / det;
    let numerator = 2.0 * vec3<f32>(contract(sqm, q_x), contract(sqm, q_y), contract(sqm, q_z))
        + 2.0 * SCREEN_EPSILON * vec3<f32>(-fx / z * along.x, fy / z * along.y, (fx * x * along.x - fy * y * along.y) / z2);
    return (numerator - det_theta * e_d) / det;
}

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
    let body = g / params.gaussians;
    var grad = screen_to_camera(v, g);
    // the depth that Z was clamped to does not move
    if v.raw_z >= NEAR {
        let range = depth_range[body].ends;
        let extreme = vec2<f32>(projected[g].depth) == range;
        let shared_grad = select(vec2<f32>(), grad_depth_range[body].ends, extreme);
        grad.z += grad_appearance[g].depth / (range.y - range.x + DEPTH_EPSILON) + shared_grad.x + shared_grad.y;
    } else {
        grad.z = 0.0;
    }
    grad_means[g] = GradMean(v.world_from_camera * grad, 0.0);
}
