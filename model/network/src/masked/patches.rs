//! Pictures to patches and back.

use burn::Tensor;

/// `[N, 3, height, width]` → `[N, L, patch²·3]`: the grid row by row, inside a patch by row, column and channel.
///
/// # Panics
/// When the patch size does not divide height or width.
#[must_use]
pub fn patchify(pictures: Tensor<4>, patch: usize) -> Tensor<3> {
    let [count, channels, height, width] = pictures.dims();
    let (rows, columns) = (height / patch, width / patch);
    assert!(rows * patch == height && columns * patch == width, "{height}×{width} in patches of {patch}");
    let cut: Tensor<6> = pictures.reshape([count, channels, rows, patch, columns, patch]);
    cut.permute([0, 2, 4, 3, 5, 1]).reshape([count, rows * columns, patch * patch * channels])
}

/// `[N, L, patch²·3]` → `[N, 3, side·patch, side·patch]`: [`patchify`] undone for square pictures.
///
/// # Panics
/// When the patches do not fill a square.
#[must_use]
pub fn unpatchify(patches: Tensor<3>, patch: usize) -> Tensor<4> {
    let [count, number, size] = patches.dims();
    let side = number.isqrt();
    let channels = size / (patch * patch);
    assert!(side * side == number && channels * patch * patch == size, "{number} patches of {size} numbers");
    let cut: Tensor<6> = patches.reshape([count, side, side, patch, patch, channels]);
    cut.permute([0, 5, 1, 3, 2, 4]).reshape([count, channels, side * patch, side * patch])
}
