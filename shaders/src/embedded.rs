//! The WGSL files, compiled into the program. A test compares the list with the folder.

/// A WGSL file, before its imports are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wgsl {
    /// Its path in `wgsl/` without the ending: `rasterize`, `shared/view`.
    pub name: &'static str,
    /// What stands in it.
    pub text: &'static str,
}

macro_rules! files {
    ($($constant:ident = $name:literal,)*) => {
        /// The files, each by a name that the compiler checks.
        pub mod wgsl {
            use super::Wgsl;
            $(
                #[doc = concat!("`wgsl/", $name, ".wgsl`.")]
                pub const $constant: Wgsl =
                    Wgsl { name: $name, text: include_str!(concat!("../wgsl/", $name, ".wgsl")) };
            )*
        }

        /// All of them: passes, [`wgsl::PRESENT`] which shows what they drew, and what they import.
        pub const FILES: &[Wgsl] = &[$(wgsl::$constant),*];
    };
}

files! {
    HEAD = "head",
    SKIN = "skin",
    SKIN_ORIENTED = "skin_oriented",
    PROJECT = "project",
    DEPTH_RANGE = "depth_range",
    APPEARANCE = "appearance",
    SORT = "sort",
    BIN_ROWS = "bin_rows",
    BIN_TILES = "bin_tiles",
    RASTERIZE = "rasterize",
    RASTERIZE_BACKWARD = "rasterize_backward",
    GATHER_TILES = "gather_tiles",
    APPEARANCE_BACKWARD = "appearance_backward",
    DEPTH_RANGE_BACKWARD = "depth_range_backward",
    PROJECT_BACKWARD = "project_backward",
    SKIN_BACKWARD = "skin_backward",
    NFM_WEIGHTS_BACKWARD = "nfm_weights_backward",
    HEAD_BACKWARD = "head_backward",
    HEAD_WEIGHTS_BACKWARD = "head_weights_backward",
    REDUCE_WEIGHTS = "reduce_weights",
    PRESENT = "present",
    SHARED_APPEARANCE = "shared/appearance",
    SHARED_BOUNDS = "shared/bounds",
    SHARED_COVARIANCE = "shared/covariance",
    SHARED_FINITE = "shared/finite",
    SHARED_INDEX = "shared/index",
    SHARED_LISTS = "shared/lists",
    SHARED_LOAD = "shared/load",
    SHARED_POOL = "shared/pool",
    SHARED_PARAMS = "shared/params",
    SHARED_QUATERNION = "shared/quaternion",
    SHARED_ROWS = "shared/rows",
    SHARED_SPLAT = "shared/splat",
    SHARED_VIEW = "shared/view",
    SHARED_WEIGHTS = "shared/weights",
}
