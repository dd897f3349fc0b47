//! A list of comparisons, each with a limit of its own.

/// How two tensors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// Largest difference, in units of the expected tensor's largest magnitude.
    Largest,
    /// ‖difference‖₂ / ‖expected‖₂.
    Vector,
    /// Whether they are the same.
    Exact,
}

/// One comparison.
#[derive(Clone, Debug)]
pub struct Check {
    /// The case and its tensor.
    pub name: String,
    /// How far off it is, by its measure; NaN or infinite where it cannot be compared.
    pub error: f64,
    /// What that may be.
    pub limit: f64,
    measure: Measure,
}

impl Check {
    /// Whether the error is within the limit.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.error <= self.limit
    }
}

/// All comparisons of a folder. `Display` prints the table.
#[derive(Clone, Debug, Default)]
pub struct Checks {
    /// In the order in which they were made.
    pub all: Vec<Check>,
}

impl Checks {
    /// Whether there are any, and all of them passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.all.is_empty() && self.all.iter().all(Check::passed)
    }

    fn add(&mut self, name: String, error: f64, limit: f64, measure: Measure) {
        self.all.push(Check { name, error, limit, measure });
    }

    /// Compares every number with the largest magnitude as the unit.
    pub fn forward(&mut self, name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) {
        let unit = expected.iter().fold(0.0_f64, |largest, value| largest.max(f64::from(value.abs())));
        let apart = found.iter().zip(expected).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        // f64::max would drop a NaN
        let further = |largest: f64, apart: f64| if largest.is_nan() || apart <= largest { largest } else { apart };
        let largest = apart.fold(0.0_f64, further);
        let error = if found.len() == expected.len() { largest / unit.max(f64::MIN_POSITIVE) } else { f64::INFINITY };
        self.add(name.into(), error, limit, Measure::Largest);
    }

    /// Compares as vectors.
    pub fn gradient(&mut self, name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) {
        let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
        let size = square(&mut expected.iter().map(|&value| f64::from(value)));
        let apart = square(&mut found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
        let error = if found.len() == expected.len() { apart / size.max(f64::MIN_POSITIVE) } else { f64::INFINITY };
        self.add(name.into(), error, limit, Measure::Vector);
    }

    /// Counts numbers that are not the same.
    pub fn exact<T: PartialEq>(&mut self, name: impl Into<String>, found: &[T], expected: &[T]) {
        let differing = found.iter().zip(expected).filter(|(a, b)| a != b).count();
        let error = if found.len() == expected.len() { differing as f64 } else { f64::INFINITY };
        self.add(name.into(), error, 0.0, Measure::Exact);
    }
}

impl std::fmt::Display for Checks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self.all.iter().map(|check| check.name.len()).max().unwrap_or(0);
        for check in &self.all {
            let Check { name, error, limit, measure } = check;
            let verdict = if check.passed() { "ok" } else { "FAILED" };
            match measure {
                Measure::Largest => writeln!(formatter, "{name:<width$}  max {error:>9.2e} of {limit:.0e}  {verdict}")?,
                Measure::Vector => writeln!(formatter, "{name:<width$}  L2  {error:>9.2e} of {limit:.0e}  {verdict}")?,
                Measure::Exact => writeln!(formatter, "{name:<width$}  {error:>9} differ       {verdict}")?,
            }
        }
        let failed = self.all.iter().filter(|check| !check.passed()).count();
        write!(formatter, "{} checks, {failed} failed", self.all.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Checks;

    #[test]
    fn every_kind_of_difference_fails() {
        let verdicts = |found: &[f32]| {
            let mut checks = Checks::default();
            checks.forward("forward", found, &[1.0, -2.0], 1e-5);
            checks.gradient("gradient", found, &[1.0, -2.0], 1e-5);
            checks.exact("exact", found, &[1.0, -2.0]);
            checks.all.iter().map(super::Check::passed).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&[1.0, -2.0]), [true; 3]);
        assert_eq!(verdicts(&[1.000_01, -2.0]), [true, true, false]);
        for wrong in [&[1.001, -2.0][..], &[1.0], &[f32::NAN, -2.0], &[1.0, f32::NAN], &[1.0, -2.0, 0.0]] {
            assert_eq!(verdicts(wrong), [false; 3], "{wrong:?}");
        }
        assert!(!Checks::default().passed());
    }
}
