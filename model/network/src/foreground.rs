//! Which parts of pictures hold anything, so that the vision tower may leave out the rest (spec A.11, "FPS").
//!
//! A part is a group of patches that becomes one visual token (28×28 pixels in the public checkpoints): whole tokens
//! are kept or left out, and those that are kept stay where they are, with the positions of their patches.

use burn::Tensor;

use crate::tensors::{ReadError, host_async};

/// A group is empty when none of its pixels is brighter than this in any channel: what 8 bits show as black.
const EMPTY: f32 = 1.0 / 255.0;

/// The groups of each frame that hold something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreground {
    /// Groups down and across a frame.
    grid: [usize; 2],
    /// Of each frame its groups that are kept, row by row; at least one.
    kept: Vec<Vec<usize>>,
}

impl Foreground {
    /// Looks at `[frames, height, width, 3]` in groups of `group` = height and width in pixels, which divide the
    /// frame's. A frame that is black all over keeps its first group, so that it still says that nobody is there.
    ///
    /// # Errors
    /// When the device gives nothing back.
    pub async fn of(frames: Tensor<4>, group: [usize; 2]) -> Result<Foreground, ReadError> {
        let [count, height, width, channels] = frames.dims();
        let grid = [height / group[0], width / group[1]];
        let pixels = frames.reshape([count, grid[0], group[0], grid[1], group[1] * channels]);
        let brightest = host_async(pixels.max_dim(4).max_dim(2)).await?;
        let groups = grid[0] * grid[1];
        let kept = brightest.chunks_exact(groups).map(|frame| {
            let kept: Vec<usize> = (0..groups).filter(|&g| frame[g] > EMPTY).collect();
            if kept.is_empty() { vec![0] } else { kept }
        });
        Ok(Foreground { grid, kept: kept.collect() })
    }

    /// Visual tokens of each frame.
    pub fn tokens(&self) -> Vec<usize> {
        self.kept.iter().map(Vec::len).collect()
    }

    /// Share of all groups that are kept, 0..=1.
    pub fn share(&self) -> f64 {
        let kept: usize = self.kept.iter().map(Vec::len).sum();
        kept as f64 / (self.kept.len() * self.grid[0] * self.grid[1]).max(1) as f64
    }

    /// Of each frame the patches that are kept, as places in the grid of patches, row by row; `merge` patches of a
    /// group stand beside and below each other. Patches of a group come together, in the order of the pixel shuffle.
    pub(crate) fn patches(&self, merge: usize) -> Vec<Vec<usize>> {
        let columns = self.grid[1];
        let inside = |group: usize| {
            let [row, column] = [group / columns * merge, group % columns * merge];
            (0..merge * merge).map(move |i| (row + i / merge) * columns * merge + column + i % merge)
        };
        self.kept.iter().map(|groups| groups.iter().flat_map(|&g| inside(g)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    /// Two frames of 4×6 pixels in groups of 2×2: something in the last group of the first, nothing in the second.
    fn frames() -> Tensor<4> {
        let mut pixels = vec![0.5 * EMPTY; 2 * 4 * 6 * 3];
        pixels[(3 * 6 + 5) * 3 + 1] = 0.2;
        pixels[(6 + 2) * 3] = 1.5 * EMPTY;
        let device = Device::flex();
        Tensor::from_data(TensorData::new(pixels, [2, 4, 6, 3]), &device)
    }

    #[test]
    fn groups_with_one_bright_pixel_are_kept_and_empty_frames_keep_one() {
        let found = pollster::block_on(Foreground::of(frames(), [2, 2])).unwrap();
        assert_eq!(found, Foreground { grid: [2, 3], kept: vec![vec![1, 5], vec![0]] });
        assert_eq!(found.tokens(), [2, 1]);
        assert_eq!(found.share(), 0.25);
    }

    #[test]
    fn patches_of_a_group_are_those_that_the_pixel_shuffle_joins() {
        let found = Foreground { grid: [2, 3], kept: vec![vec![1, 5]] };
        // the grid of patches is 4 × 6
        assert_eq!(found.patches(2), [vec![2, 3, 8, 9, 16, 17, 22, 23]]);
        assert_eq!(found.patches(1), [vec![1, 5]]);
    }
}
