//! The checks of one golden file, which share a limit.

use super::Checks;

/// Adds checks under the name of a case.
pub(super) struct Within<'a> {
    checks: &'a mut Checks,
    case: &'a str,
    limit: f64,
}

impl<'a> Within<'a> {
    /// Of a case, each tensor of which may be off by `limit` of its largest magnitude.
    pub(super) fn new(checks: &'a mut Checks, case: &'a str, limit: f64) -> Self {
        Self { checks, case, limit }
    }

    /// Compares numbers.
    pub(super) fn compare(&mut self, name: impl AsRef<str>, found: &[f32], expected: &[f32]) {
        self.checks.forward(format!("{} {}", self.case, name.as_ref()), found, expected, self.limit);
    }

    /// Compares what must be the same.
    pub(super) fn same<T: PartialEq>(&mut self, name: &str, found: &[T], expected: &[T]) {
        self.checks.exact(format!("{} {name}", self.case), found, expected);
    }
}
