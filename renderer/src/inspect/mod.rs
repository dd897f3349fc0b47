//! Looking into a rendering: what a debugger of DrAction's shaders needs beyond what the GPU core knows of any client,
//! as plain functions and data. A window shows them.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `layout` | what the numbers of each buffer mean: rows, columns, units |
//! | `buffers` | every buffer after the passes ran |
//! | `pixel` | the Gaussians that made a pixel, front to back |
//! | `paint` | buffers as pictures |
//! | `tolerance` | how far a GPU's numbers may be from its twin's |
//! | `verdicts` | GPU against CPU twin, pass by pass, each from the twin's inputs |
//! | `loss` | gradients of what is seen at a pixel or in a region |
//! | `capture` | a rendering in a file, and its replay |

mod buffers;
mod capture;
mod layout;
mod loss;
mod paint;
mod pixel;
#[cfg(test)]
pub(crate) mod tests;
mod tiles;
mod tolerance;
mod verdicts;

pub use buffers::Buffers;
pub use capture::{Capture, CaptureError, Gap, Replay, ReplayError, ReplayRow};
pub use layout::layout;
pub use loss::{Loss, Pull, pull};
pub use paint::{Painting, Scale, View, paint};
pub use pixel::{Contribution, Pixel, carriers, inspect};
pub use verdicts::verdicts;
