//! Fixed positions: sines and cosines of column and row (He et al., arXiv 2111.06377).

/// `[1 + side², width]` row by row: zeros for the class token, then the grid row by row. The first half of a row tells the
/// column, the second the grid's row, each as sines before cosines of `place · 10000^(−i/(width/4))`.
///
/// # Panics
/// When 4 does not divide `width`.
#[must_use]
pub fn sin_cos(side: usize, width: usize) -> Vec<f32> {
    assert!(width.is_multiple_of(4), "a quarter of the width each for sines and cosines of column and row");
    let quarter = width / 4;
    let mut table = vec![0.0; width];
    for row in 0..side {
        for column in 0..side {
            for place in [column, row] {
                let angle = |i: usize| place as f64 / 10000_f64.powf(i as f64 / quarter as f64);
                table.extend((0..quarter).map(|i| angle(i).sin() as f32));
                table.extend((0..quarter).map(|i| angle(i).cos() as f32));
            }
        }
    }
    table
}
