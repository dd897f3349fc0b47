//! How far a GPU's numbers may be from its twin's.

use crate::passes::{Buffer, Role};

/// Largest relative L2 error of a column that a forward pass may have: f32 in another order of sums.
const FORWARD: f64 = 1e-4;
/// As [`FORWARD`], for gradients, whose sums cancel.
const GRADIENT: f64 = 1e-3;

/// What is allowed in a column of `buffer`; whole numbers are right or wrong.
pub(super) fn tolerance(buffer: Buffer) -> f64 {
    match buffer.about().role {
        Role::Input | Role::Forward => FORWARD,
        Role::Order => 0.0,
        // scratch memory is judged by the gradients that it stands for, lists entry by entry
        Role::Gradient | Role::Scratch(_) => GRADIENT,
    }
}
