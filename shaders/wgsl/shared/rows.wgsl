// What stands in a row of each buffer. src/rows.rs is the other half and says what the fields mean.
// #import shared/constants

struct Triple {
    x: f32,
    y: f32,
    z: f32,
}

struct Symmetric {
    xx: f32,
    xy: f32,
    xz: f32,
    yy: f32,
    yz: f32,
    zz: f32,
}

struct CameraRow {
    right: vec4<f32>,
    up: vec4<f32>,
    forward: vec4<f32>,
    focal: vec2<f32>,
    principal: vec2<f32>,
}

struct CanonicalJoint {
    position: vec3<f32>,
    padding: f32,
}

struct TemplateRow {
    offset: vec3<f32>,
    gap: f32,
    mean: vec3<f32>,
    gap_after: f32,
    covariance: Symmetric,
    padding: vec2<f32>,
}

struct Skinned {
    mean: vec3<f32>,
    valid: f32,
    position: vec3<f32>,
    xx: f32,
    velocity: vec3<f32>,
    xy: f32,
    xz: f32,
    yy: f32,
    yz: f32,
    zz: f32,
}

struct Projected {
    centre: vec2<f32>,
    depth: f32,
    extent_x: f32,
    conic: vec3<f32>,
    extent_y: f32,
    offset: vec3<f32>,
    padding: f32,
}

struct DepthRange {
    ends: vec2<f32>,
    ties: vec2<f32>,
}

struct Shaded {
    colour: vec3<f32>,
    opacity: f32,
}

struct Rgb {
    red: f32,
    green: f32,
    blue: f32,
}

struct TileShare {
    sums: array<f32, SUMS>,
}

struct GradSplat {
    moment: vec3<f32>,
    xx: f32,
    xy: f32,
    yy: f32,
    opacity: f32,
    red: f32,
    green: f32,
    blue: f32,
    padding: vec2<f32>,
}

struct GradAppearance {
    delta: vec4<f32>,
    gate: f32,
    mix: f32,
    depth: f32,
    gap: f32,
    logits: vec4<f32>,
    position: vec3<f32>,
    gap_after: f32,
    velocity: vec3<f32>,
    padding: f32,
}

struct GradDepthRange {
    ends: vec2<f32>,
}

struct GradMean {
    mean: vec3<f32>,
    padding: f32,
}

struct Weights {
    v1: array<array<f32, 3>, HIDDEN>,
    c1: array<f32, HIDDEN>,
    v2: array<array<f32, HIDDEN>, 4>,
    c2: array<f32, 4>,
    n1: array<array<f32, 10>, HIDDEN>,
    d1: array<f32, HIDDEN>,
    n2: array<array<f32, HIDDEN>, 5>,
    d2: array<f32, 5>,
    depth_mix: f32,
}
