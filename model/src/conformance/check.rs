//! Checks by the largest error, relative to the largest number.

use std::fmt;

/// One compared tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Largest absolute difference over the largest expected magnitude. Infinite where the two cannot be compared, NaN
    /// where a number is none.
    pub error: f64,
    /// What it may be; 0 where every number must be the same.
    pub limit: f64,
}

impl Check {
    /// Whether the error is within the limit.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.error <= self.limit
    }
}

/// The checks of one golden file. `Display` prints them as a table.
#[derive(Debug, Clone)]
pub struct Checks {
    /// What was checked.
    pub title: String,
    /// In the order in which they were made.
    pub rows: Vec<Check>,
    limit: f64,
}

impl Checks {
    /// No checks yet, each of which may be off by `limit` of its tensor's largest magnitude.
    #[must_use]
    pub fn new(title: impl Into<String>, limit: f64) -> Self {
        Self { title: title.into(), rows: Vec::new(), limit }
    }

    /// Compares numbers.
    pub fn compare(&mut self, name: impl Into<String>, found: &[f32], expected: &[f32]) {
        let error = if found.len() == expected.len() {
            let largest = |numbers: &mut dyn Iterator<Item = f64>| {
                // f64::max would drop a NaN, which must show
                numbers.fold(0.0_f64, |most, x| if most.is_nan() || x <= most { most } else { x })
            };
            let pairs = found.iter().zip(expected);
            let difference = largest(&mut pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()));
            let size = largest(&mut expected.iter().map(|x| f64::from(*x).abs()));
            if difference == 0.0 { 0.0 } else { difference / size }
        } else {
            f64::INFINITY
        };
        self.rows.push(Check { name: name.into(), error, limit: self.limit });
    }

    /// Compares what must be the same. The error is the share of what differs.
    pub fn same<T: PartialEq>(&mut self, name: impl Into<String>, found: &[T], expected: &[T]) {
        let error = if found.len() == expected.len() {
            let different = found.iter().zip(expected).filter(|(a, b)| a != b).count();
            different as f64 / found.len().max(1) as f64
        } else {
            f64::INFINITY
        };
        self.rows.push(Check { name: name.into(), error, limit: 0.0 });
    }

    /// Whether every check passed, and there were any.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(Check::passed)
    }
}

impl fmt::Display for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.len()).fold(20, usize::max);
        write!(f, "{}\n  {:width$}  {:>9}  {:>7}", self.title, "check", "error", "limit")?;
        for row in &self.rows {
            let verdict = if row.passed() { "ok" } else { "FAILED" };
            write!(f, "\n  {:width$}  {:>9.1e}  {:>7.0e}  {verdict}", row.name, row.error, row.limit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(found: &[f32], expected: &[f32]) -> bool {
        let mut checks = Checks::new("x", 1e-5);
        checks.compare("y", found, expected);
        checks.passed()
    }

    #[test]
    fn errors_are_relative_to_the_largest_magnitude() {
        assert!(passes(&[0.0, -100.0], &[0.0009, -100.0]));
        assert!(!passes(&[0.0, -100.0], &[0.0011, -100.0]));
        assert!(!passes(&[f32::NAN, 1.0], &[0.0, 1.0]) && !passes(&[1.0, f32::NAN], &[1.0, 0.0]));
        assert!(!passes(&[1.0], &[1.0, 1.0]), "a number is missing");
        assert!(passes(&[0.0], &[0.0]) && !passes(&[1e-30], &[0.0]), "nothing is relative to zero");
        assert!(!Checks::new("x", 1e-5).passed(), "no check is no success");
    }

    #[test]
    fn what_must_be_the_same_is() {
        let mut checks = Checks::new("x", 1e-5);
        checks.same("good", &[1, 2], &[1, 2]);
        assert!(checks.passed());
        checks.same("bad", &[1, 2], &[1, 3]);
        assert!(!checks.passed() && checks.to_string().contains("FAILED"));
        assert_eq!(checks.rows[1].error, 0.5);
    }
}
