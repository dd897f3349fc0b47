//! Numbers that shaders and twins share, written down once: Rust uses the constants, shaders import their text as
//! `shared/constants`.

use std::fmt::Write;

/// A constant as WGSL writes it.
trait Literal {
    const TYPE: &'static str;
    fn literal(&self) -> String;
}

impl Literal for u32 {
    const TYPE: &'static str = "u32";
    fn literal(&self) -> String {
        format!("{self}u")
    }
}

impl Literal for f32 {
    const TYPE: &'static str = "f32";
    fn literal(&self) -> String {
        // the shortest digits that give the same float again
        format!("{self:?}")
    }
}

macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$doc])* pub const $name: $type = $value;)*

        /// The constants in WGSL.
        pub(crate) fn text() -> String {
            let mut text = String::from("// Numbers that twins share. Made from src/constants.rs, which explains them.\n");
            $(
                let _ = writeln!(
                    text, "const {}: {} = {};", stringify!($name), <$type as Literal>::TYPE, $name.literal()
                );
            )*
            text
        }
    };
}

constants! {
    /// Threads of a workgroup of every pass that has a thread for each of its results.
    WORKGROUP: u32 = 64;
    /// Splats that a workgroup sorts, or lists, at a time: four a thread.
    BLOCK: u32 = 4 * WORKGROUP;
    /// Side of a square tile in pixels.
    TILE: u32 = 16;
    /// `d` beyond which the weight `exp(−d/2)` is below 1e-8 and nothing is drawn: 2 ln 1e8.
    CUTOFF: f32 = 36.841_36;
    /// How many image sizes from the middle of the image a splat's centre may lie before `d` is expanded elsewhere.
    FAR: f32 = 8.0;
    /// Keeps depth positive, so that points behind the camera stay finite (A.5), metres.
    NEAR: f32 = 1e-4;
    /// Added to the diagonal of the screen covariance (A.5), square pixels.
    SCREEN_EPSILON: f32 = 1e-5;
    /// Added to a person's span of depths, so that a flat one has a depth coordinate (A.4.4), metres.
    DEPTH_EPSILON: f32 = 1e-6;
    /// Width of the hidden layers of the appearance head and of the NFM.
    HIDDEN: u32 = 64;
    /// Numbers of a splat's gradient that are summed over pixels.
    SUMS: u32 = 10;
    /// Numbers of the packed weights.
    WEIGHTS_LEN: u32 = (size_of::<crate::rows::Weights>() / 4) as u32;
}

#[cfg(test)]
mod tests {
    #[test]
    fn wgsl_has_the_same_numbers() {
        let text = super::text();
        for line in ["const TILE: u32 = 16u;", "const CUTOFF: f32 = 36.84136;", "const SCREEN_EPSILON: f32 = 1e-5;"] {
            assert!(text.contains(line), "{text}");
        }
        let module = naga::front::wgsl::parse_str(&text).unwrap();
        assert_eq!(module.constants.len(), text.matches("const ").count());
    }
}
