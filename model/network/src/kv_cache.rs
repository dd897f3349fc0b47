//! Keys and values of tokens already seen, so that generation computes each token once.

use burn::Tensor;
#[cfg(feature = "cpu")]
use burn::backend::Flex;

use crate::layers::Gap;
use crate::tensors::indices;

/// Keys and values of one layer.
#[derive(Debug, Clone, Default)]
pub struct LayerCache {
    /// `[batch, room, kv_heads, head_dim]`, twice; `None` before the first token. Room beyond the slots is zero.
    content: Option<(Tensor<4>, Tensor<4>)>,
    /// Slots in use.
    slots: usize,
}

impl LayerCache {
    /// One that holds keys and values, or nothing yet.
    pub(crate) fn of(content: Option<(Tensor<4>, Tensor<4>)>) -> Self {
        let slots = content.as_ref().map_or(0, |(keys, _)| keys.dims()[1]);
        Self { content, slots }
    }

    /// `[batch, new, kv_heads, head_dim]` twice → all keys and values so far, the new ones last.
    pub(crate) fn append(&mut self, key: Tensor<4>, value: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let (before, new) = (self.slots, key.dims()[1]);
        self.slots += new;
        let content = match self.content.take() {
            None => (key, value),
            // answers come token by token: most of them find room that was made for several. Gradients go straight on
            Some((keys, values)) if new == 1 && !key.device().is_autodiff() => {
                (put(keys, before, key), put(values, before, value))
            }
            Some((keys, values)) => {
                let joined = |held: Tensor<4>, new| Tensor::cat(vec![held.narrow(1, 0, before), new], 1);
                (joined(keys, key), joined(values, value))
            }
        };
        self.content = Some(content);
        self.in_use().expect("just filled")
    }

    /// As [`LayerCache::append`], of one token of one row on the CPU: `[kv_heads·head_dim]` twice. `see` is shown all so far,
    /// `[slots, kv_heads, head_dim]` twice.
    ///
    /// # Panics
    /// When it holds nothing yet, several rows, or tensors of another device.
    #[cfg(feature = "cpu")]
    pub(crate) fn with_token<R>(&mut self, key: &[f32], value: &[f32], see: impl FnOnce(&[f32], &[f32]) -> R) -> R {
        let (keys, values) = self.content.take().expect("a token behind others");
        let [keys, values] = [(keys, key), (values, value)].map(|(held, new)| numbers::put(held, self.slots, new));
        self.slots += 1;
        let count = self.slots * key.len();
        let seen = see(&keys.storage()[..count], &values.storage()[..count]);
        self.content = Some((Tensor::from_primitive::<Flex>(keys), Tensor::from_primitive::<Flex>(values)));
        seen
    }

    /// `[batch, slots, kv_heads, head_dim]`, twice.
    pub(crate) fn in_use(&self) -> Option<(Tensor<4>, Tensor<4>)> {
        let in_use = |held: &Tensor<4>| held.clone().narrow(1, 0, self.slots);
        self.content.as_ref().map(|(keys, values)| (in_use(keys), in_use(values)))
    }
}

/// Puts new slots behind those in use. Where nobody else holds the tensor, nothing else is copied.
fn put(held: Tensor<4>, slots: usize, new: Tensor<4>) -> Tensor<4> {
    /// Room is made for so many tokens at least.
    const STEP: usize = 64;
    let [batch, room, heads, width] = held.dims();
    let end = slots + new.dims()[1];
    let held = if end <= room {
        held
    } else {
        let room = (end + end / 2).next_multiple_of(STEP);
        let wide = Tensor::zeros([batch, room, heads, width], &held.device());
        wide.slice_assign([0..batch, 0..slots, 0..heads, 0..width], held.narrow(1, 0, slots))
    };
    held.slice_assign([0..batch, slots..end, 0..heads, 0..width], new)
}

/// The memory of tensors on the CPU.
#[cfg(feature = "cpu")]
mod numbers {
    use burn::tensor::TensorData;
    use burn_flex::FlexTensor;

    use super::{Flex, Tensor};

    /// As [`put`](super::put), of one slot of one row. A view is made dense.
    pub(super) fn put(held: Tensor<4>, slots: usize, new: &[f32]) -> FlexTensor {
        let [batch, room, heads, width] = held.dims();
        assert!(batch == 1 && heads * width == new.len(), "one row of {heads} heads of {width}");
        if slots == room {
            let new = Tensor::from_data(TensorData::new(new.to_vec(), [1, 1, heads, width]), &held.device());
            return dense(super::put(held, slots, new));
        }
        let mut held = dense(held);
        // a copy is made where somebody else holds it, too
        held.storage_mut::<f32>()[slots * new.len()..][..new.len()].copy_from_slice(new);
        held
    }

    /// From the first number of its memory on.
    fn dense(tensor: Tensor<4>) -> FlexTensor {
        let tensor = tensor.try_into_primitive::<Flex>().expect("on the CPU, without a tape");
        let whole = tensor.layout().contiguous_offsets() == Some((0, tensor.layout().num_elements()));
        if whole { tensor } else { tensor.to_contiguous() }
    }
}

/// The cache of a whole decoder for a batch of sequences.
///
/// Every row has the same number of slots. A row whose prompt was shorter than the longest has a gap, which attention
/// skips, and its positions count only real tokens: explicit lengths, not a padding id, decide (spec A.8, REC).
#[derive(Debug, Clone)]
pub struct KvCache {
    layers: Vec<LayerCache>,
    slots: usize,
    /// Real tokens per row; empty before the first call.
    filled: Vec<usize>,
    gaps: Vec<Vec<Gap>>,
}

impl KvCache {
    /// An empty cache for a decoder of `layers` layers.
    #[must_use]
    pub fn new(layers: usize) -> Self {
        Self { layers: vec![LayerCache::default(); layers], slots: 0, filled: Vec::new(), gaps: Vec::new() }
    }

    /// Slots in use, padding included.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// The cache of row `row` alone, repeated `count` times: one prefix, several continuations.
    ///
    /// # Panics
    /// When the cache has no such row.
    #[must_use]
    pub fn repeat_row(&self, row: usize, count: usize) -> Self {
        self.rows(
            |content| {
                let [_, slots, heads, width] = content.dims();
                content.slice([row..row + 1, 0..slots, 0..heads, 0..width]).expand([count, slots, heads, width])
            },
            vec![row; count],
        )
    }

    /// These rows, each as often as it is named. Gradients of copies add up.
    #[must_use]
    pub fn take_rows(&self, rows: Vec<usize>) -> Self {
        self.rows(
            |content| {
                let device = content.device().without_autodiff();
                content.select(0, indices(rows.iter().map(|&row| row as i64).collect(), &device))
            },
            rows.clone(),
        )
    }

    /// Other rows: `take` makes their keys and values, `from` says which rows they were.
    fn rows(&self, take: impl Fn(Tensor<4>) -> Tensor<4>, from: Vec<usize>) -> Self {
        let content = |layer: &LayerCache| layer.in_use().map(|(keys, values)| (take(keys), take(values)));
        Self {
            layers: self
                .layers
                .iter()
                .map(|layer| LayerCache { content: content(layer), slots: layer.slots })
                .collect(),
            slots: self.slots,
            filled: from.iter().map(|&row| self.filled[row]).collect(),
            gaps: from.iter().map(|&row| self.gaps[row].clone()).collect(),
        }
    }

    pub(crate) fn layer(&mut self, index: usize) -> &mut LayerCache {
        &mut self.layers[index]
    }

    pub(crate) fn gaps(&self) -> &[Vec<Gap>] {
        &self.gaps
    }

    /// Positions of the next `length` tokens: one list for all rows where they agree, else one list per row.
    pub(crate) fn positions(&self, batch: usize, length: usize) -> Vec<usize> {
        if self.filled.is_empty() {
            return (0..length).collect();
        }
        assert_eq!(self.filled.len(), batch, "the cache holds another number of rows");
        let start = self.filled[0];
        if self.filled.iter().all(|&filled| filled == start) {
            return (start..start + length).collect();
        }
        self.filled.iter().flat_map(|&start| start..start + length).collect()
    }

    /// Records that every row grew by `length` slots, of which `lengths[row]` hold real tokens.
    pub(crate) fn advance(&mut self, length: usize, lengths: &[usize]) {
        self.filled.resize(lengths.len(), 0);
        self.gaps.resize(lengths.len(), Vec::new());
        for (row, &real) in lengths.iter().enumerate() {
            self.filled[row] += real;
            if real < length {
                self.gaps[row].push(self.slots + real..self.slots + length);
            }
        }
        self.slots += length;
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::tensors::host;

    #[test]
    fn tokens_that_come_one_by_one_are_kept_as_those_that_come_together() {
        let device = Device::flex();
        let slots = |range: std::ops::Range<usize>| {
            // two rows, two heads of three
            let number = |row: usize, slot: usize, at: usize| (row * 1000 + slot * 10 + at) as f32;
            let row = |row| range.clone().flat_map(move |slot| (0..6).map(move |at| number(row, slot, at)));
            let numbers: Vec<f32> = (0..2).flat_map(row).collect();
            Tensor::<4>::from_data(TensorData::new(numbers, [2, range.len(), 2, 3]), &device)
        };
        let mut cache = LayerCache::default();
        let _ = cache.append(slots(0..5), slots(1..6));
        let mut copy = None;
        for slot in 5..300 {
            let (keys, values) = match slot {
                // two at once, in between
                100 => cache.append(slots(100..102), slots(101..103)),
                101 => continue,
                _ => cache.append(slots(slot..slot + 1), slots(slot + 1..slot + 2)),
            };
            if slot == 150 {
                copy = Some(cache.clone());
            }
            if [5, 64, 99, 100, 150, 299].contains(&slot) {
                let end = if slot == 100 { 102 } else { slot + 1 };
                assert_eq!(host(keys), host(slots(0..end)));
                assert_eq!(host(values), host(slots(1..end + 1)));
            }
        }
        let (keys, _) = copy.expect("made at 150").in_use().expect("filled");
        assert_eq!(host(keys), host(slots(0..151)), "a copy does not see what came after it");
    }
}
