//! Attention of one clip at a time, with everything it needs in the cache of one core.
//!
//! Scores are never stored for the backward; they are recomputed from queries and keys, which is cheaper than writing
//! and reading them (the idea of Dao et al., arXiv 2205.14135, at a size where a whole row fits).

use draction::simd::{Loops, exp, wide};
use rayon::prelude::*;

use super::simd::{Matrix, dot, multiply, sum};
use crate::layers::{Gap, Visibility};

/// Sizes of one attention call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    queries: usize,
    keys: usize,
    heads: usize,
    kv_heads: usize,
    width: usize,
}

impl Sizes {
    /// From the shapes `[batch, queries, heads, width]` and `[batch, keys, kv_heads, width]`.
    pub(crate) fn new([_, queries, heads, width]: [usize; 4], [_, keys, kv_heads, _]: [usize; 4]) -> Self {
        Self { queries, keys, heads, kv_heads, width }
    }

    /// Numbers of one clip's queries.
    fn query_len(self) -> usize {
        self.queries * self.heads * self.width
    }

    /// Numbers of one clip's keys.
    fn key_len(self) -> usize {
        self.keys * self.kv_heads * self.width
    }

    /// Keys, rounded up so that rows of scores are whole vectors.
    fn padded(self) -> usize {
        self.keys.next_multiple_of(8)
    }
}

/// Queries handled together. Causal attention skips keys that no query of the block sees.
const BLOCK: usize = 32;

/// `[batch, queries, heads, width]` — softmax(q·kᵀ/√width)·v.
pub(crate) fn forward(query: &[f32], key: &[f32], value: &[f32], sizes: Sizes, visible: &Visibility) -> Vec<f32> {
    let mut output = vec![0.0; query.len()];
    let clip = |row: usize| Clip {
        query: &query[row * sizes.query_len()..][..sizes.query_len()],
        key: &key[row * sizes.key_len()..][..sizes.key_len()],
        value: &value[row * sizes.key_len()..][..sizes.key_len()],
        sizes,
        past: visible.past,
        gaps: gaps(visible, row),
        branches: &visible.branches,
    };
    let rows = query.len().checked_div(sizes.query_len()).unwrap_or(0);
    let heads = 0..sizes.kv_heads;
    if rows >= rayon::current_num_threads() || sizes.queries * sizes.key_len() < WORTH {
        let outputs = output.par_chunks_mut(sizes.query_len()).enumerate();
        outputs.for_each(|(row, output)| wide(Forward { output, kv_heads: heads.clone(), clip: clip(row) }));
        return output;
    }
    // one or two rows of much: a key head each
    let group = sizes.heads / sizes.kv_heads * sizes.width;
    for (row, output) in output.chunks_mut(sizes.query_len()).enumerate() {
        let parts: Vec<Vec<f32>> = heads
            .clone()
            .into_par_iter()
            .map(|kv| {
                let mut output = vec![0.0; sizes.queries * group];
                wide(Forward { output: &mut output, kv_heads: kv..kv + 1, clip: clip(row) });
                output
            })
            .collect();
        for (query, output) in output.chunks_mut(sizes.heads * sizes.width).enumerate() {
            for (output, part) in output.chunks_mut(group).zip(&parts) {
                output.copy_from_slice(&part[query * group..][..group]);
            }
        }
    }
    output
}

/// Numbers of keys, times queries, from which on heads are worth a thread each.
const WORTH: usize = 1 << 15;

/// Gradients at query, key and value.
pub(crate) fn backward(
    [query, key, value]: [&[f32]; 3],
    upstream: &[f32],
    sizes: Sizes,
    visible: &Visibility,
) -> [Vec<f32>; 3] {
    let mut d_query = vec![0.0; query.len()];
    let mut d_key = vec![0.0; key.len()];
    let mut d_value = vec![0.0; value.len()];
    let (query_len, key_len) = (sizes.query_len(), sizes.key_len());
    let inputs = query.par_chunks(query_len).zip(key.par_chunks(key_len).zip(value.par_chunks(key_len)));
    d_query
        .par_chunks_mut(query_len)
        .zip(d_key.par_chunks_mut(key_len).zip(d_value.par_chunks_mut(key_len)))
        .zip(inputs.zip(upstream.par_chunks(query_len)))
        .enumerate()
        .for_each(|(row, ((d_query, (d_key, d_value)), ((query, (key, value)), upstream)))| {
            let (gaps, branches) = (gaps(visible, row), &visible.branches[..]);
            let clip = Clip { query, key, value, sizes, past: visible.past, gaps, branches };
            wide(Backward { d_query, d_key, d_value, upstream, clip });
        });
    [d_query, d_key, d_value]
}

fn gaps(visible: &Visibility, row: usize) -> &[Gap] {
    visible.gaps.get(row).map_or(&[], Vec::as_slice)
}

/// The inputs of one row of the batch.
#[derive(Clone, Copy)]
struct Clip<'a> {
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    sizes: Sizes,
    past: Option<usize>,
    gaps: &'a [Gap],
    branches: &'a [Vec<Gap>],
}

impl Clip<'_> {
    /// Keys that query `i` may see, gaps not counted.
    fn seen(&self, query: usize) -> usize {
        self.past.map_or(self.sizes.keys, |past| (past + query + 1).min(self.sizes.keys))
    }

    /// Attention weights of a block of queries of one head: `weights[rows][padded]`, zero where nothing is seen. `keys` are
    /// the head's, transposed; without them one query reads them where they are.
    #[inline(always)]
    fn weights<const FMA: bool>(&self, head: usize, block: Block, keys: Option<&[f32]>, weights: &mut [f32]) {
        let Sizes { heads, kv_heads, width, .. } = self.sizes;
        let padded = self.sizes.padded();
        let scale = (width as f32).powf(-0.5);
        let query = &self.query[(block.start * heads + head) * width..];
        if let Some(keys) = keys {
            let query = Matrix { data: query, row: heads * width, column: 1 };
            multiply::<FMA, false>([block.rows, block.columns, width], query, (keys, padded), (weights, padded));
        } else {
            let query = &query[..width];
            for (key, score) in weights[..block.seen].iter_mut().enumerate() {
                let key = &self.key[(key * kv_heads + head / (heads / kv_heads)) * width..][..width];
                *score = dot::<FMA>(query, key);
            }
        }
        for r in 0..block.rows {
            let row = &mut weights[r * padded..][..block.columns];
            let seen = self.seen(block.start + r);
            row[seen..].fill(0.0);
            let row = &mut row[..seen];
            for gap in self.gaps.iter().chain(self.branches.get(block.start + r).into_iter().flatten()) {
                row[gap.start.min(seen)..gap.end.min(seen)].fill(f32::NEG_INFINITY);
            }
            let largest = row.iter().fold(f32::NEG_INFINITY, |a, &b| if a > b { a } else { b });
            for score in row.iter_mut() {
                *score = exp::<FMA>((*score - largest) * scale);
            }
            let total = 1.0 / sum(seen, |i| row[i]);
            for weight in row.iter_mut() {
                *weight *= total;
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = Block> + '_ {
        (0..self.sizes.queries).step_by(BLOCK).map(|start| {
            let rows = BLOCK.min(self.sizes.queries - start);
            let seen = self.seen(start + rows - 1);
            Block { start, rows, seen, columns: seen.next_multiple_of(8) }
        })
    }
}

/// Some consecutive queries, and how many keys the last of them sees.
#[derive(Clone, Copy)]
struct Block {
    start: usize,
    rows: usize,
    seen: usize,
    columns: usize,
}

/// `[keys, kv_heads, width]` of one head → `[width][padded]`.
#[inline(always)]
fn transpose(source: &[f32], head: usize, sizes: Sizes, target: &mut [f32]) {
    let padded = sizes.padded();
    for key in 0..sizes.keys {
        let row = &source[(key * sizes.kv_heads + head) * sizes.width..][..sizes.width];
        for (column, &value) in row.iter().enumerate() {
            target[column * padded + key] = value;
        }
    }
}

/// Some of the key heads, and the query heads that belong to them.
struct Forward<'a> {
    /// `[queries, query heads of these, width]`.
    output: &'a mut [f32],
    kv_heads: std::ops::Range<usize>,
    clip: Clip<'a>,
}

impl Loops for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Forward { output, kv_heads: own, clip } = self;
        let Sizes { heads, kv_heads, width, .. } = clip.sizes;
        let padded = clip.sizes.padded();
        // as when an answer is written: to turn keys around for one query would be most of the work
        let mut keys = (clip.sizes.queries > 1).then(|| vec![0.0; width * padded]);
        let mut weights = vec![0.0; BLOCK.min(clip.sizes.queries) * padded];
        let group = heads / kv_heads;
        let row = own.len() * group * width;
        let first = own.start * group;
        for kv in own {
            if let Some(keys) = &mut keys {
                transpose(clip.key, kv, clip.sizes, keys);
            }
            for head in kv * group..(kv + 1) * group {
                for block in clip.blocks() {
                    clip.weights::<FMA>(head, block, keys.as_deref(), &mut weights);
                    let weights = Matrix { data: &weights, row: padded, column: 1 };
                    multiply::<FMA, false>(
                        [block.rows, width, block.seen],
                        weights,
                        (&clip.value[kv * width..], kv_heads * width),
                        (&mut output[block.start * row + (head - first) * width..], row),
                    );
                }
            }
        }
    }
}

struct Backward<'a> {
    d_query: &'a mut [f32],
    d_key: &'a mut [f32],
    d_value: &'a mut [f32],
    upstream: &'a [f32],
    clip: Clip<'a>,
}

impl Loops for Backward<'_> {
    type Output = ();

    /// With P the weights: `∂V = Pᵀ·G`, `∂P = G·Vᵀ`, `∂S = P⊙(∂P − rowsum(P⊙∂P))/√d`, `∂Q = ∂S·K`, `∂K = ∂Sᵀ·Q`.
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let clip = self.clip;
        let Sizes { heads, kv_heads, width, .. } = clip.sizes;
        let padded = clip.sizes.padded();
        let scale = (width as f32).powf(-0.5);
        let mut keys = vec![0.0; width * padded];
        let mut values = vec![0.0; width * padded];
        let mut weights = vec![0.0; BLOCK * padded];
        let mut d_weights = vec![0.0; BLOCK * padded];
        let (row, kv_row) = (heads * width, kv_heads * width);
        for kv in 0..kv_heads {
            transpose(clip.key, kv, clip.sizes, &mut keys);
            transpose(clip.value, kv, clip.sizes, &mut values);
            let at = kv * width;
            for head in kv * (heads / kv_heads)..(kv + 1) * (heads / kv_heads) {
                for block in clip.blocks() {
                    let Block { start, rows, seen, columns } = block;
                    let from = (start * heads + head) * width;
                    clip.weights::<FMA>(head, block, Some(&keys), &mut weights);
                    let upstream = Matrix { data: &self.upstream[from..], row, column: 1 };
                    multiply::<FMA, false>(
                        [rows, columns, width],
                        upstream,
                        (&values, padded),
                        (&mut d_weights, padded),
                    );

                    let transposed = Matrix { data: &weights, row: 1, column: padded };
                    let (rights, sums) = ((&self.upstream[from..], row), (&mut self.d_value[at..], kv_row));
                    multiply::<FMA, true>([seen, width, rows], transposed, rights, sums);

                    for r in 0..rows {
                        let weights = &weights[r * padded..][..columns];
                        let d_weights = &mut d_weights[r * padded..][..columns];
                        let mean = sum(columns, |i| weights[i] * d_weights[i]);
                        for i in 0..columns {
                            d_weights[i] = weights[i] * (d_weights[i] - mean) * scale;
                        }
                    }
                    let d_scores = Matrix { data: &d_weights, row: padded, column: 1 };
                    let (rights, sums) = ((&clip.key[at..], kv_row), (&mut self.d_query[from..], row));
                    multiply::<FMA, false>([rows, width, seen], d_scores, rights, sums);

                    let transposed = Matrix { data: &d_weights, row: 1, column: padded };
                    let (rights, sums) = ((&clip.query[from..], row), (&mut self.d_key[at..], kv_row));
                    multiply::<FMA, true>([seen, width, rows], transposed, rights, sums);
                }
            }
        }
    }
}
