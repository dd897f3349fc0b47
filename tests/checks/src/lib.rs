//! What the tests of all crates share. It knows nothing of what they test and needs nothing but the standard library.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `need` | what a check may need of the machine, and what follows when that is missing |
//! | `skip` | the record of checks that could not run, which `cargo xtask test` reads at the end |
//! | `files` | golden cases, shipped assets, data sets of these, data beside the project |
//! | `compare` | how far two lists of numbers are apart |

mod compare;
mod files;
mod need;
mod skip;

pub use compare::max_abs;
pub use files::{CLIPS, asset, case, cases, data_set, fetched, samples, shared};
pub use need::{Need, have};
pub use skip::{SKIPS, Skip};
