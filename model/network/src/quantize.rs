//! Symmetric int8 storage of matrices, one scale per output row.
//!
//! Files shrink to a quarter. Large models stay as small in memory ([`packed`](crate::packed)); small ones are expanded
//! to f32 when they are loaded ([`Keep`](crate::checkpoint::Keep)): they fit the caches anyhow, and answer alike on every
//! device.

/// Row-major values → one code in −127..=127 per value and one scale per row.
///
/// Each value is off by at most half its row's scale, which is the row's largest magnitude divided by 127.
///
/// # Panics
/// When `rows` does not divide the number of values.
#[must_use]
pub fn quantize(values: &[f32], rows: usize) -> (Vec<i8>, Vec<f32>) {
    if values.is_empty() {
        return (Vec::new(), vec![0.0; rows]);
    }
    assert!(values.len().is_multiple_of(rows), "{} values in {rows} rows", values.len());
    let mut codes = Vec::with_capacity(values.len());
    let mut scales = Vec::with_capacity(rows);
    for row in values.chunks(values.len() / rows) {
        let scale = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs())) / 127.0;
        scales.push(scale);
        codes.extend(row.iter().map(|value| if scale > 0.0 { (value / scale).round() as i8 } else { 0 }));
    }
    (codes, scales)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(codes: &[i8], scales: &[f32]) -> Vec<f32> {
        let rows = codes.chunks(codes.len() / scales.len()).zip(scales);
        rows.flat_map(|(row, scale)| row.iter().map(move |&code| f32::from(code) * scale)).collect()
    }

    #[test]
    fn the_error_is_at_most_half_a_step_of_its_row() {
        let values: Vec<f32> = (0..300).map(|i| ((i * i) as f32 * 0.37).sin() * (i / 100 + 1) as f32).collect();
        let (codes, scales) = quantize(&values, 3);
        for (i, (value, back)) in values.iter().zip(back(&codes, &scales)).enumerate() {
            assert!((value - back).abs() <= scales[i / 100] * 0.5001, "{value} became {back}");
        }
        assert!(codes.iter().any(|code| code.unsigned_abs() == 127));
    }

    #[test]
    fn a_row_of_zeros_stays_zero() {
        let (codes, scales) = quantize(&[0.0, 0.0, 1.0, -2.0], 2);
        assert_eq!(back(&codes, &scales)[..2], [0.0, 0.0]);
    }
}
