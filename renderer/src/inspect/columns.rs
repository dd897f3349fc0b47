//! Two runs of a buffer, compared column by column: a pixel coordinate is a thousand times a covariance, and a norm
//! over both would not see the smaller one go wrong.

use crate::passes::{Buffer, Dims, Role};

use super::{Column, Layout};

/// Largest relative L2 error of a column that a forward pass may have: f32 in another order of sums.
pub(super) const FORWARD: f64 = 1e-4;
/// As [`FORWARD`], for gradients, whose sums cancel.
pub(super) const GRADIENT: f64 = 1e-3;
/// A column that is nearly zero is judged by the others of its unit: errors below this share of them are rounding.
const FLOOR: f64 = 1e-2;

/// What is allowed in a column of `buffer`; whole numbers are right or wrong.
pub(super) fn tolerance(buffer: Buffer) -> f64 {
    match buffer.about().role {
        Role::Input | Role::Forward => FORWARD,
        Role::Order => 0.0,
        // scratch memory is judged by the gradients that it stands for, lists entry by entry
        Role::Gradient | Role::Scratch(_) => GRADIENT,
    }
}

/// The column that is farthest off, and its number that is.
pub(super) struct Worst {
    pub column: Column,
    /// Row of the largest difference.
    pub row: usize,
    pub got: f32,
    pub expected: f32,
    /// Relative L2 error of the column; infinite where a number is not finite.
    pub relative: f64,
}

/// Compares `got` with `expected`, both `[rows, columns]`. `None` for buffers without numbers.
pub(super) fn worst(layout: &Layout, dims: &Dims, got: &[f32], expected: &[f32]) -> Option<Worst> {
    let width = layout.columns.len();
    if got.len() != expected.len() || got.len() != layout.rows(dims) * width || got.is_empty() {
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
    use crate::inspect::{layout, tests::Example};

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
        let example = Example::new(1, 6, 70);
        let (dims, twin) = (example.scene.dims, example.twin(false));
        let expected = twin.get(Buffer::Projected);
        let layout = layout(Buffer::Projected, &dims).unwrap();
        let mut got = expected.to_vec();
        got.chunks_exact_mut(12).for_each(|row| row[5] *= 1.2);
        let found = worst(&layout, &dims, &got, expected).unwrap();
        assert_eq!(found.column.name, "Λ12");
        assert!(found.relative > 0.01, "{}", found.relative);
        got[4] = f32::NAN;
        assert_eq!(worst(&layout, &dims, &got, expected).unwrap().relative, f64::INFINITY);
        assert!(worst(&layout, &dims, &got[1..], expected).is_none());
    }
}
