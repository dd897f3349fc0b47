//! The checks of one golden file, which share a limit.

use super::Checks;

/// Largest error of a tensor, relative to its largest magnitude.
const LIMIT: f64 = 1e-5;

/// Adds checks under the name of a case.
pub(super) struct Within<'a> {
    checks: &'a mut Checks,
    case: &'a str,
}

impl<'a> Within<'a> {
    /// Of a case.
    pub(super) fn new(checks: &'a mut Checks, case: &'a str) -> Self {
        Self { checks, case }
    }

    /// Compares numbers.
    pub(super) fn compare(&mut self, name: impl AsRef<str>, found: &[f32], expected: &[f32]) {
        self.checks.of_largest(format!("{} {}", self.case, name.as_ref()), found, expected, LIMIT);
    }

    /// Compares what must be the same.
    pub(super) fn same<T: PartialEq>(&mut self, name: &str, found: &[T], expected: &[T]) {
        self.checks.exact(format!("{} {name}", self.case), found, expected);
    }
}
