//! What is drawn of any motion, whatever its skeleton: places on the body.

mod places;

pub use places::{Place, places};
