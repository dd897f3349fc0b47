//! The WGSL files, compiled into the program. A test compares the lists with the folder.

macro_rules! wgsl {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../wgsl/", $name, ".wgsl")))),*]
    };
}

/// Every pass, `(name, text)` before its imports are resolved.
pub const PASSES: &[(&str, &str)] = wgsl![
    "head",
    "skin",
    "skin_oriented",
    "project",
    "depth_range",
    "appearance",
    "sort",
    "bin_rows",
    "bin_tiles",
    "rasterize",
    "rasterize_backward",
    "gather_tiles",
    "appearance_backward",
    "depth_range_backward",
    "project_backward",
    "skin_backward",
    "nfm_weights_backward",
    "head_backward",
    "head_weights_backward",
    "reduce_weights",
];

/// What shows frames on a screen, `(name, text)`: render pipelines, not passes. Nothing is learned through them.
pub const DISPLAY: &[(&str, &str)] = wgsl!["present"];

/// What passes import, `(name, text)`.
pub(crate) const SHARED: &[(&str, &str)] = wgsl![
    "shared/appearance",
    "shared/covariance",
    "shared/finite",
    "shared/index",
    "shared/lists",
    "shared/load",
    "shared/pool",
    "shared/params",
    "shared/quaternion",
    "shared/splat",
    "shared/view",
    "shared/weights",
];
