//! How far two lists of numbers are apart.

/// The largest absolute difference. NaN if any difference is: then no bound holds, from above or from below.
///
/// # Panics
/// When the lists have different lengths.
#[must_use]
pub fn max_abs(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "numbers");
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    // f32::max would drop a NaN as soon as a number follows
    differences.fold(0.0, |most, d| if most.is_nan() || d <= most { most } else { d })
}

#[cfg(test)]
mod tests {
    use super::max_abs;

    #[test]
    fn the_largest_difference_is_found_wherever_it_is() {
        assert_eq!(max_abs(&[], &[]), 0.0);
        assert_eq!(max_abs(&[1.0, 2.0, 3.0], &[1.0, -2.0, 2.5]), 4.0);
        assert_eq!(max_abs(&[3.0, 2.0, 1.0], &[2.5, -2.0, 1.0]), 4.0);
    }

    #[test]
    fn what_is_not_finite_breaks_every_bound() {
        let good = [1.0, 2.0, 3.0];
        for at in 0..3 {
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut other = good;
                other[at] = bad;
                assert!(!max_abs(&good, &other).is_finite(), "{bad} at {at}");
                assert!(!max_abs(&other, &good).is_finite(), "{bad} at {at}");
                assert!(max_abs(&other, &other).is_nan(), "{bad} at {at}");
            }
        }
    }
}
