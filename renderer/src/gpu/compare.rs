//! Two runs of a kernel, compared buffer by buffer and column by column: a pixel coordinate is a thousand times a
//! covariance, and a norm over both would not see the smaller one go wrong.

use super::{Column, Layout};

/// A column that is nearly zero is judged by the others of its unit: errors below this share of them are rounding.
const FLOOR: f64 = 1e-2;

/// What came of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Every number is as its twin has it, up to rounding.
    Agrees,
    /// At least one column of numbers is not.
    Differs,
    /// It could not be judged, and why.
    Skipped(&'static str),
}

/// The column of a kernel's results that is farthest from the twin's.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The name of the buffer.
    pub buffer: String,
    /// The column and its unit.
    pub column: Column,
    /// Where in the column the largest difference is: "body 1 · Gaussian 17".
    pub place: String,
    /// What the GPU has there.
    pub gpu: f32,
    /// What the twin has there.
    pub twin: f32,
    /// Relative L2 error of the column; infinite where a number is not finite.
    pub relative: f64,
    /// What it may be.
    pub tolerance: f64,
}

/// One judged kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Its name.
    pub kernel: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// Its worst column, whether it agrees or not.
    pub worst: Option<Difference>,
}

impl Verdict {
    /// A kernel whose results are `differences` away from its twin's.
    pub fn of(kernel: &'static str, differences: impl IntoIterator<Item = Difference>) -> Verdict {
        let differences = differences.into_iter();
        let worst = differences.max_by(|a, b| (a.relative / a.tolerance).total_cmp(&(b.relative / b.tolerance)));
        let outcome = match &worst {
            Some(worst) if worst.relative > worst.tolerance => Outcome::Differs,
            _ => Outcome::Agrees,
        };
        Verdict { kernel, outcome, worst }
    }
}

/// The first kernel whose results are not its twin's.
pub fn first_disagreeing(verdicts: &[Verdict]) -> Option<&Verdict> {
    verdicts.iter().find(|verdict| verdict.outcome == Outcome::Differs)
}

/// The column that is farthest off, and its number that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// Which.
    pub column: Column,
    /// Row of the largest difference.
    pub row: usize,
    /// The number there.
    pub got: f32,
    /// What it should be.
    pub expected: f32,
    /// Relative L2 error of the column; infinite where a number is not finite.
    pub relative: f64,
}

/// Compares `got` with `expected`, both `[rows, columns]`. `None` for buffers without numbers, or of other sizes.
pub fn worst(layout: &Layout, got: &[f32], expected: &[f32]) -> Option<Worst> {
    let width = layout.columns.len();
    if got.len() != expected.len() || got.len() != layout.rows() * width || got.is_empty() {
        return None;
    }
    let norm = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let column = |numbers: &[f32], c: usize| -> Vec<f64> {
        numbers.iter().skip(c).step_by(width).map(|&x| f64::from(x)).collect()
    };
    let sizes: Vec<f64> = (0..width).map(|c| norm(&mut column(expected, c).into_iter())).collect();
    let errors = (0..width).map(|c| {
        let unit = layout.columns[c].unit;
        let group = norm(&mut (0..width).filter(|&o| layout.columns[o].unit == unit).map(|o| sizes[o]));
        let (own, other) = (column(got, c), column(expected, c));
        let error = norm(&mut own.iter().zip(&other).map(|(a, b)| a - b));
        (c, relative(error, sizes[c].max(FLOOR * group), own.len()))
    });
    let (c, relative) = errors.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (own, other) = (column(got, c), column(expected, c));
    let gap = |row: usize| match (own[row] - other[row]).abs() {
        gap if gap.is_nan() => f64::INFINITY,
        gap => gap,
    };
    let row = (0..own.len()).max_by(|&a, &b| gap(a).total_cmp(&gap(b)))?;
    let (got, expected) = (own[row] as f32, other[row] as f32);
    Some(Worst { column: layout.columns[c].clone(), row, got, expected, relative })
}

/// An error relative to the size of what was expected; of nothing, only next to nothing is right.
fn relative(error: f64, size: f64, rows: usize) -> f64 {
    if error.is_nan() {
        f64::INFINITY
    } else if error <= 1e-9 * (rows as f64).sqrt() {
        0.0
    } else if size == 0.0 {
        f64::INFINITY
    } else {
        error / size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_right_where_nothing_is_expected() {
        assert_eq!(relative(0.0, 0.0, 4), 0.0);
        assert_eq!(relative(1e-10, 0.0, 4), 0.0);
        assert_eq!(relative(1e-3, 0.0, 4), f64::INFINITY);
        assert_eq!(relative(f64::NAN, 1.0, 4), f64::INFINITY);
        assert_eq!(relative(0.5, 2.0, 4), 0.25);
    }

    #[test]
    fn a_small_column_beside_large_ones_is_seen() {
        let column = |name: &str, unit| Column { name: name.to_owned(), unit };
        let columns = vec![column("u", "px"), column("Λ", "1/px²")];
        let layout = Layout { axes: vec![("splat", 3)], columns };
        let expected = [900.0, 0.01, 400.0, 0.02, 700.0, 0.03];
        let mut got = expected;
        got.chunks_exact_mut(2).for_each(|row| row[1] *= 1.2);
        let found = worst(&layout, &got, &expected).unwrap();
        assert_eq!((found.column.name.as_str(), found.row), ("Λ", 2));
        assert!((found.relative - 0.2).abs() < 1e-6, "{}", found.relative);
        got[2] = f32::NAN;
        let found = worst(&layout, &got, &expected).unwrap();
        assert_eq!((found.relative, found.row, found.column.name.as_str()), (f64::INFINITY, 1, "u"));
        assert!(worst(&layout, &got[1..], &expected).is_none());
    }

    #[test]
    fn the_first_kernel_that_is_farther_off_than_it_may_be_is_named() {
        let off = |relative| Difference {
            buffer: "sums".to_owned(),
            column: Column { name: "sum".to_owned(), unit: "" },
            place: "everywhere".to_owned(),
            gpu: 1.0,
            twin: 1.0,
            relative,
            tolerance: 1e-4,
        };
        let verdicts = [
            Verdict::of("add", [off(0.0), off(1e-5)]),
            Verdict::of("scale", [off(1e-5), off(2e-4)]),
            Verdict::of("last", []),
        ];
        assert_eq!(verdicts.each_ref().map(|v| v.outcome == Outcome::Differs), [false, true, false]);
        assert_eq!(verdicts[0].worst.as_ref().map(|w| w.relative), Some(1e-5));
        assert_eq!(first_disagreeing(&verdicts).map(|v| v.kernel), Some("scale"));
    }
}
