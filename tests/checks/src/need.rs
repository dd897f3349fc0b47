//! What a check may need of the machine.

use std::fmt::Display;

use crate::skip::Skip;

/// What is not part of this repository, so that a check may find it missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A graphics adapter that wgpu can open, software adapters included.
    Gpu,
    /// A browser that can be driven.
    Browser,
    /// The page, built: only the whole test command does that.
    Page,
    /// A screen to open windows on, and the programs that look at it and press keys.
    Display,
    /// MPI: a program that is built with it, and `mpirun`.
    Mpi,
    /// Networks of their own on one machine, which only its administrator may make.
    Namespaces,
    /// Data beside the project that it may not ship.
    Data,
    /// Released weights, which `cargo xtask fetch` brings, and the Python that brings them.
    Weights,
}

impl Need {
    /// All of them.
    pub const ALL: [Need; 8] =
        [Need::Gpu, Need::Browser, Need::Page, Need::Display, Need::Mpi, Need::Namespaces, Need::Data, Need::Weights];

    /// One word for it, as the record of skips spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Need::Gpu => "gpu",
            Need::Browser => "browser",
            Need::Page => "page",
            Need::Display => "display",
            Need::Mpi => "mpi",
            Need::Namespaces => "namespaces",
            Need::Data => "data",
            Need::Weights => "weights",
        }
    }

    /// The environment variable that, when set, makes doing without it a failure.
    #[must_use]
    pub fn variable(self) -> &'static str {
        match self {
            Need::Gpu => "SKELETONLLM_REQUIRE_GPU",
            Need::Browser => "SKELETONLLM_REQUIRE_BROWSER",
            Need::Page => "SKELETONLLM_REQUIRE_PAGE",
            Need::Display => "SKELETONLLM_REQUIRE_DISPLAY",
            Need::Mpi => "SKELETONLLM_REQUIRE_MPI",
            Need::Namespaces => "SKELETONLLM_REQUIRE_NAMESPACES",
            Need::Data => "SKELETONLLM_REQUIRE_DATA",
            Need::Weights => "SKELETONLLM_REQUIRE_WEIGHTS",
        }
    }
}

/// What was found, for a check to use. `None` where it is missing: the check then ends, and is recorded as skipped.
///
/// # Panics
/// When it is missing although the test command asked for it, by [`Need::variable`].
pub fn have<T>(need: Need, found: Result<T, impl Display>) -> Option<T> {
    let required = std::env::var_os(need.variable()).is_some();
    decide(need, found, required, |reason| Skip::new(need, reason).record())
}

fn decide<T>(need: Need, found: Result<T, impl Display>, required: bool, skip: impl FnOnce(&str)) -> Option<T> {
    match found {
        Ok(found) => Some(found),
        // anyhow's errors tell their causes in this form, others what they always tell
        Err(error) if required => panic!("{} forbids to do without, but: {error:#}", need.variable()),
        Err(error) => {
            skip(&format!("{error:#}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn what_is_there_is_used_and_what_is_missing_is_recorded() {
        let skips = RefCell::new(Vec::new());
        let decide = |found: Result<u8, &str>| {
            decide(Need::Gpu, found, false, |reason| skips.borrow_mut().push(reason.to_owned()))
        };
        assert_eq!(decide(Ok(7)), Some(7));
        assert_eq!(*skips.borrow(), [""; 0]);
        assert_eq!(decide(Err("no adapter")), None);
        assert_eq!(*skips.borrow(), ["no adapter"]);
    }

    #[test]
    fn what_was_asked_for_and_is_missing_is_a_failure() {
        let required = |found: Result<u8, &'static str>| decide(Need::Gpu, found, true, |_| panic!("a skip"));
        assert_eq!(required(Ok(7)), Some(7));
        let panicked = std::panic::catch_unwind(|| required(Err("no adapter"))).unwrap_err();
        let said = panicked.downcast_ref::<String>().unwrap();
        assert!(said.contains("SKELETONLLM_REQUIRE_GPU") && said.ends_with("no adapter"), "{said}");
    }
}
