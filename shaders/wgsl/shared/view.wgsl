// A Gaussian seen by the camera (A.5), as `project` and its backward need it.
// #import shared/params
// #import shared/covariance

struct View {
    // X, Y, Z in camera metres; Z clamped.
    at: vec3<f32>,
    raw_z: f32,
    focal: vec2<f32>,
    principal: vec2<f32>,
    // Rows of the projection's Jacobian.
    a: vec3<f32>,
    b: vec3<f32>,
    // Camera-space covariance.
    cov: mat3x3<f32>,
    // Rotates camera axes back to world axes.
    world_from_camera: mat3x3<f32>,
}

fn clip_of(frame: u32) -> u32 {
    return (params.first_frame + frame) / params.clip_frames;
}

fn view(g: u32) -> View {
    let camera = clip_of(g / per_frame());
    let rows = mat3x4<f32>(cameras[camera].right, cameras[camera].up, cameras[camera].forward);
    let world = symmetric(skinned[g].xx, skinned[g].xy, skinned[g].xz, skinned[g].yy, skinned[g].yz, skinned[g].zz);

    var v: View;
    let at = vec4<f32>(skinned[g].mean, 1.0) * rows;
    v.raw_z = at.z;
    v.at = vec3<f32>(at.xy, max(at.z, NEAR));
    v.focal = cameras[camera].focal;
    v.principal = cameras[camera].principal;
    let z = v.at.z;
    v.a = vec3<f32>(v.focal.x / z, 0.0, -v.focal.x * v.at.x / (z * z));
    v.b = vec3<f32>(0.0, -v.focal.y / z, v.focal.y * v.at.y / (z * z));
    v.world_from_camera = mat3x3<f32>(rows[0].xyz, rows[1].xyz, rows[2].xyz);
    v.cov = transpose(v.world_from_camera) * world * v.world_from_camera;
    return v;
}

// Pixels from the principal point to the splat's centre.
fn centre(v: View) -> vec2<f32> {
    return vec2<f32>(v.focal.x, -v.focal.y) * v.at.xy / v.at.z;
}

// d = (qᵀΣq + ε|e|²) / det Σ2 with q = b·e_x − a·e_y and e = pixel − centre. This is q at the pixel `p` from the
// principal point, written so that a far-away centre cancels by algebra and not by rounding.
fn q_at(v: View, p: vec2<f32>) -> vec3<f32> {
    let e = p - centre(v);
    let z = v.at.z;
    return vec3<f32>(
        -v.focal.x / z * e.y,
        -v.focal.y / z * e.x,
        (v.focal.y * v.at.y * p.x + v.focal.x * v.at.x * p.y) / (z * z),
    );
}

// The normal of the splat's plane of sight, a × b = focal product / Z³ · (X, Y, Z) up to signs that the form ignores.
fn normal(v: View) -> vec3<f32> {
    let z = v.at.z;
    return v.focal.x * v.focal.y / (z * z * z) * v.at;
}

// det Σ2 as a sum of squares: behind the camera Σ2_11·Σ2_22 − Σ2_12² would lose every digit.
fn det_screen(v: View) -> f32 {
    let m = normal(v);
    let trace = form(v.cov, v.a, v.a) + form(v.cov, v.b, v.b);
    return form(adjugate(v.cov), m, m) + SCREEN_EPSILON * trace + SCREEN_EPSILON * SCREEN_EPSILON;
}
