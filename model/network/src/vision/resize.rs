//! Bicubic resizing of a grid as one matrix.

use burn::tensor::TensorData;

/// `[new_rows·new_columns, old_rows·old_columns]` — the linear map of PyTorch's `interpolate(mode="bicubic")` without
/// `align_corners`, which transformers applies to position tables.
pub(super) fn bicubic(old: [usize; 2], new: [usize; 2]) -> TensorData {
    let rows = axis(old[0], new[0]);
    let columns = axis(old[1], new[1]);
    let mut matrix = Vec::with_capacity(new[0] * new[1] * old[0] * old[1]);
    for row in &rows {
        for column in &columns {
            for &weight in row {
                matrix.extend(column.iter().map(|other| (weight * other) as f32));
            }
        }
    }
    TensorData::new(matrix, [new[0] * new[1], old[0] * old[1]])
}

/// For each new sample the weights of the old ones: Keys' cubic convolution with a = −0.75, borders repeated.
fn axis(old: usize, new: usize) -> Vec<Vec<f64>> {
    let ratio = old as f64 / new as f64;
    (0..new)
        .map(|sample| {
            let centre = (sample as f64 + 0.5) * ratio - 0.5;
            let start = centre.floor();
            let mut weights = vec![0.0; old];
            for tap in -1..=2 {
                let position = start + f64::from(tap);
                let nearest = position.clamp(0.0, old as f64 - 1.0) as usize;
                weights[nearest] += cubic((centre - position).abs());
            }
            weights
        })
        .collect()
}

fn cubic(distance: f64) -> f64 {
    const A: f64 = -0.75;
    let x = distance;
    if x <= 1.0 { ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0 } else { ((x - 5.0) * x + 8.0) * x * A - 4.0 * A }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_size_is_the_identity() {
        for (i, row) in axis(5, 5).iter().enumerate() {
            for (j, weight) in row.iter().enumerate() {
                assert!((weight - f64::from(u8::from(i == j))).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn doubling_follows_the_known_taps() {
        // a quarter sample off, the taps are cubic(1.25), cubic(0.25), cubic(0.75), cubic(1.75)
        let row = &axis(6, 12)[5];
        let taps = [-0.105_468_75, 0.878_906_25, 0.261_718_75, -0.035_156_25];
        for (weight, tap) in row[1..5].iter().zip(taps) {
            assert!((weight - tap).abs() < 1e-12, "{row:?}");
        }
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
