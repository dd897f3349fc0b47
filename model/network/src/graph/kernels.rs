//! What a graph network computes, on slices: each layer is one pass forward and one backward, a clip at a time, so that
//! what is in between stays in the second cache.
//!
//! Tensors are `[clips, frames, joints, channels]`, channels next to each other. Clips are divided among the cores;
//! gradients of weights are summed over groups of clips and then over groups, in the same order whatever the number of
//! cores.

pub(super) mod norm;
pub(super) mod pointwise;
pub(super) mod refine;
pub(super) mod temporal;

use rayon::prelude::*;

/// Clips whose gradients at the weights are summed by one task.
const GROUP: usize = 4;

/// Fills `output`, of `each` numbers a clip, in tasks of one clip: `task(clip, its part)`.
fn each_clip(output: &mut [f32], each: usize, task: impl Fn(usize, &mut [f32]) + Sync) {
    if each > 0 {
        output.par_chunks_mut(each).enumerate().for_each(|(clip, part)| task(clip, part));
    }
}

/// As [`each_clip`], while sums over all clips are taken: `task(clip, its part, sums)`, sums starting as `zero`.
fn each_clip_summing<S: Send>(
    output: &mut [f32],
    each: usize,
    zero: impl Fn() -> S + Sync,
    task: impl Fn(usize, &mut [f32], &mut S) + Sync,
    add: impl Fn(&mut S, S),
) -> S {
    let groups: Vec<S> = output
        .par_chunks_mut((each * GROUP).max(1))
        .enumerate()
        .map(|(group, parts)| {
            let mut sums = zero();
            for (i, part) in parts.chunks_mut(each.max(1)).enumerate() {
                task(group * GROUP + i, part, &mut sums);
            }
            sums
        })
        .collect();
    groups.into_iter().fold(zero(), |mut sum, group| {
        add(&mut sum, group);
        sum
    })
}

/// `to += from`.
fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// `to += rows`, summed over rows of `to.len()` numbers that begin `step` apart.
#[inline(always)]
fn add_rows(to: &mut [f32], rows: &[f32], step: usize) {
    let width = to.len();
    for row in rows.chunks(step) {
        for (to, value) in to.iter_mut().zip(&row[..width]) {
            *to += value;
        }
    }
}
