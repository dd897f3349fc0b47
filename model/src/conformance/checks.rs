//! A list of comparisons, each with a limit of its own.

/// How two tensors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// Largest difference, in units of the expected tensor's largest magnitude.
    Largest,
    /// ‖difference‖₂ / ‖expected‖₂.
    Vector,
    /// Steps between neighbouring floats.
    Ulps,
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

/// All comparisons of a case or of several. `Display` prints the table.
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

    /// Compares every number, with the largest expected magnitude as the unit.
    pub fn of_largest(&mut self, name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) {
        let unit = expected.iter().fold(0.0_f64, |largest, value| largest.max(f64::from(value.abs())));
        let apart = differences(found, expected).fold(0.0, further);
        let error = apart / unit.max(f64::MIN_POSITIVE);
        self.add(name.into(), of_as_many(found, expected, error), limit, Measure::Largest);
    }

    /// Compares as vectors: ‖difference‖₂ / ‖expected‖₂.
    pub fn as_vectors(&mut self, name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) {
        let length = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
        let size = length(&mut expected.iter().map(|&value| f64::from(value)));
        let error = length(&mut differences(found, expected)) / size.max(f64::MIN_POSITIVE);
        self.add(name.into(), of_as_many(found, expected, error), limit, Measure::Vector);
    }

    /// Counts the steps between neighbouring floats by which the worst number is off.
    pub fn in_ulps(&mut self, name: impl Into<String>, found: &[f32], expected: &[f32], limit: f64) {
        self.add(name.into(), ulps(found, expected), limit, Measure::Ulps);
    }

    /// Counts numbers that are not the same.
    pub fn exact<T: PartialEq>(&mut self, name: impl Into<String>, found: &[T], expected: &[T]) {
        let differing = found.iter().zip(expected).filter(|(a, b)| a != b).count();
        self.add(name.into(), of_as_many(found, expected, differing as f64), 0.0, Measure::Exact);
    }
}

/// The error of lists of like length; of others infinity, which no limit allows.
fn of_as_many<T>(found: &[T], expected: &[T], error: f64) -> f64 {
    if found.len() == expected.len() { error } else { f64::INFINITY }
}

fn differences<'a>(found: &'a [f32], expected: &'a [f32]) -> impl Iterator<Item = f64> + 'a {
    found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - f64::from(*expected)).abs())
}

/// The larger one; NaN, which `f64::max` would drop, where either is.
fn further(largest: f64, apart: f64) -> f64 {
    if largest.is_nan() || apart <= largest { largest } else { apart }
}

/// Steps between neighbouring floats by which the worst number is off; infinite where there are more or fewer numbers.
pub(super) fn ulps(found: &[f32], expected: &[f32]) -> f64 {
    let ulp = expected.iter().map(|expected| f64::from((expected.abs() * f32::EPSILON).max(f32::MIN_POSITIVE)));
    of_as_many(
        found,
        expected,
        differences(found, expected).zip(ulp).map(|(apart, ulp)| apart / ulp).fold(0.0, further),
    )
}

impl std::fmt::Display for Checks {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self.all.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        for check in &self.all {
            let Check { name, error, limit, measure } = check;
            let verdict = if check.passed() { "ok" } else { "FAILED" };
            match measure {
                Measure::Largest => writeln!(formatter, "{name:<width$}  max {error:>9.2e} of {limit:.0e}  {verdict}")?,
                Measure::Vector => writeln!(formatter, "{name:<width$}  L2  {error:>9.2e} of {limit:.0e}  {verdict}")?,
                Measure::Ulps => writeln!(formatter, "{name:<width$}  ulp {error:>9.2} of {limit:<5}  {verdict}")?,
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
            checks.of_largest("largest", found, &[1.0, -2.0], 1e-5);
            checks.as_vectors("vectors", found, &[1.0, -2.0], 1e-5);
            checks.in_ulps("ulps", found, &[1.0, -2.0], 100.0);
            checks.exact("exact", found, &[1.0, -2.0]);
            checks.all.iter().map(super::Check::passed).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&[1.0, -2.0]), [true; 4]);
        assert_eq!(verdicts(&[1.000_01, -2.0]), [true, true, true, false]);
        for wrong in [&[1.001, -2.0][..], &[1.0], &[f32::NAN, -2.0], &[1.0, f32::NAN], &[1.0, -2.0, 0.0]] {
            assert_eq!(verdicts(wrong), [false; 4], "{wrong:?}");
        }
        assert!(!Checks::default().passed());
    }
}
