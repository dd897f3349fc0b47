//! A motion with all that takes time to find out about it, so that it is found out where the file is read: beside the window.

use std::sync::Arc;

use draction::{
    figure::{self, Mapped},
    motion::Motion,
};
use skeletonllm::assistant::describe_motion;

/// A motion, what is drawn of it, and what it is in words. Clones share both.
#[derive(Clone, Debug)]
pub struct Figured {
    /// What happens.
    pub motion: Arc<Motion>,
    /// What is drawn of it.
    pub figure: Arc<Mapped>,
    /// A sentence for people.
    pub description: String,
}

impl Figured {
    /// Finds it out.
    #[must_use]
    pub fn of(motion: Motion) -> Figured {
        let (figure, description) = (figure::of(&motion), describe_motion(&motion));
        Figured { motion: Arc::new(motion), figure: Arc::new(figure), description }
    }
}
