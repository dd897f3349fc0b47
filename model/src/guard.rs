//! Mistakes of ours that end one file's work instead of the program. A browser's programs end all the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` gives, or what a mistake of ours said: one file must not end the work on all others.
///
/// # Errors
/// What `work` says, or what it panicked with.
pub fn guarded<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(anyhow::anyhow!("a mistake of this program: {}", said.unwrap_or("it panicked")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_one_files_error() {
        let error = guarded::<()>(|| panic!("at {}", 3)).unwrap_err().to_string();
        assert!(error.contains("at 3"), "{error}");
        assert_eq!(guarded(|| Ok(4)).unwrap(), 4);
    }
}
