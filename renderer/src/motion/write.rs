//! Writers: what was understood, in metres and +y up, for other programs and for this one.
//!
//! | Module | What it writes |
//! | --- | --- |
//! | `bvh` | BVH, bodies of any skeleton |
//! | `glb` | binary glTF: bones that one sees, with an animation |
//! | `npy` | a NumPy array and its `skeleton.json` |
//! | `json` | everything as text; a single frame with names |
//! | `ntu` | `.skeleton`, bodies of Kinect's 25 joints |
//! | `rig` | a body as bones that turn, which is what BVH and glTF can say |

mod bvh;
mod glb;
mod json;
mod npy;
mod ntu;
mod rig;
#[cfg(test)]
mod tests;

pub use bvh::{write_bvh, write_bvh_of_all};
pub use glb::write_glb;
pub use json::{frame_as_json, source_as_json, write_json};
pub use npy::{Array, write_npy};
pub use ntu::write_ntu;

/// A file's content, and what its format could not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written<T> {
    /// The content.
    pub content: T,
    /// What is different or hard to use for other programs, a sentence each.
    pub notes: Vec<String>,
}

/// Joint names as the formats can hold them: without braces, line breaks and other control characters.
fn plain_name(name: &str) -> String {
    name.chars().map(|c| if c.is_control() || matches!(c, '{' | '}') { '_' } else { c }).collect()
}

/// `one joint`, `3 joints`.
fn counted(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("one {one}") } else { format!("{n} {many}") }
}
