//! Damaged and hostile files for every reader: nothing may panic, hang, take memory out of proportion or hand over numbers
//! that are none.
//!
//! ```text
//! seeds ──mutate──▶ Input ──check──▶ what came of it ──run──▶ new kinds join the seeds, failures are kept and reduced
//! ```
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `target` | the readers, with what their files are made of |
//! | `seeds` | small files of our own making to begin with |
//! | `mutate` | damage: bytes, numbers, lines, brackets, parts of other files |
//! | `check` | reads a file as the programs do and says what is wrong with that |
//! | `memory` | an allocator that counts by thread |
//! | `run` | the loop of one reader, watched from another thread |
//! | `failure`, `reduce` | what was found, kept as a file that is tried again by name, and made small |
//! | `dice` | the same random choices for the same seed |
//!
//! Everything follows from a reader's name and a seed, so a run can be repeated; how far it comes in its time cannot.

mod check;
mod dice;
mod failure;
mod input;
mod memory;
mod mutate;
mod reduce;
mod run;
mod seeds;
mod target;

pub use check::{Outcome, Wrong, check};
pub use failure::{Failure, folder};
pub use input::Input;
pub use run::{Report, fuzz};
pub use target::{TARGETS, Target};
