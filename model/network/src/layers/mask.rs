//! Which keys a query may see.

use std::sync::Arc;

use burn::Tensor;
use burn::tensor::{Device, TensorData};

use crate::tensors::on_cpu;

/// Keys `from..to` that no query of a row may see: the padding between a short prompt and what was generated after it.
pub type Gap = std::ops::Range<usize>;

/// Which keys a query may see.
#[derive(Debug, Clone, Default)]
pub struct Visibility {
    /// Keys before the first query where attention is causal, `None` where every key is seen.
    pub(crate) past: Option<usize>,
    /// Keys hidden from a whole row of the batch; empty, or one list per row.
    pub(crate) gaps: Arc<Vec<Vec<Gap>>>,
    /// Keys hidden from a single query; empty, or one list per query.
    pub(crate) branches: Arc<Vec<Vec<Gap>>>,
}

/// [`Visibility`] for all layers of a pass, in the form its device wants.
#[derive(Debug, Clone, Default)]
pub struct AttentionMask {
    pub(super) visible: Visibility,
    /// The mask as numbers, made once for all layers; the CPU backend needs none.
    bias: Option<Tensor<4>>,
}

/// Far below any score, yet finite: a row that is masked altogether stays a number.
const HIDDEN: f32 = -1e30;

impl AttentionMask {
    /// Every query sees every key, as in the vision tower.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every query sees every key but those in its row's gaps, of which `gaps` has one list per row.
    #[must_use]
    pub fn without(gaps: Vec<Vec<Gap>>, keys: usize, device: &Device) -> Self {
        Self::of(Visibility { gaps: Arc::new(gaps), ..Visibility::default() }, 1, keys, device)
    }

    /// Query `i` sees keys `0..=past + i`, less the row's gaps. `gaps` is empty or has one list per row.
    ///
    /// Padding on the right needs no gap: causality already hides it from every real token.
    #[must_use]
    pub fn causal(queries: usize, past: usize, gaps: &[Vec<Gap>], device: &Device) -> Self {
        let has_gap = gaps.iter().flatten().any(|gap| !gap.is_empty());
        if queries == 1 && !has_gap {
            return Self::none();
        }
        let gaps = if has_gap { gaps.to_vec() } else { Vec::new() };
        let visible = Visibility { past: Some(past), gaps: Arc::new(gaps), ..Visibility::default() };
        Self::of(visible, queries, past + queries, device)
    }

    /// Queries are the tokens of a tree behind `past` keys, of which `gaps` hides some: each sees those keys, the tokens
    /// on its way to the root, and itself. A token comes after its parent.
    #[must_use]
    pub fn tree(parents: &[Option<usize>], past: usize, gaps: &[Gap], device: &Device) -> Self {
        let mut ways: Vec<Vec<usize>> = Vec::with_capacity(parents.len());
        for (token, parent) in parents.iter().enumerate() {
            let mut way = parent.map_or_else(Vec::new, |parent| ways[parent].clone());
            way.push(token);
            ways.push(way);
        }
        let branch = |way: &Vec<usize>| {
            let mut next = 0;
            let mut gaps = Vec::new();
            for &token in way {
                gaps.extend((next < token).then_some(past + next..past + token));
                next = token + 1;
            }
            gaps
        };
        let gaps = if gaps.is_empty() { Vec::new() } else { vec![gaps.to_vec()] };
        let branches = Arc::new(ways.iter().map(branch).collect());
        let visible = Visibility { past: Some(past), gaps: Arc::new(gaps), branches };
        Self::of(visible, parents.len(), past + parents.len(), device)
    }

    /// Who sees what.
    #[cfg(feature = "cpu")]
    pub(crate) fn visible(&self) -> &Visibility {
        &self.visible
    }

    /// With the numbers, where the device wants them.
    fn of(visible: Visibility, queries: usize, keys: usize, device: &Device) -> Self {
        let mut mask = Self { visible, bias: None };
        if !on_cpu(device) {
            mask.bias = mask.bias(queries, keys, device);
        }
        mask
    }

    /// `[batch or 1, 1, queries or 1, keys]`: 0 where a key is seen, a large negative number elsewhere; `None` where all
    /// are.
    pub(super) fn bias(&self, queries: usize, keys: usize, device: &Device) -> Option<Tensor<4>> {
        if self.bias.is_some() {
            return self.bias.clone();
        }
        let gaps = &self.visible.gaps;
        if self.visible.past.is_none() && gaps.is_empty() {
            return None;
        }
        // without an order all queries of a row see the same
        let queries = if self.visible.past.is_some() { queries } else { 1 };
        let rows = gaps.len().max(1);
        let mut bias = vec![0.0; rows * queries * keys];
        for (row, block) in bias.chunks_mut(queries * keys).enumerate() {
            for (query, line) in block.chunks_mut(keys).enumerate() {
                if let Some(past) = self.visible.past {
                    line[past + query + 1..].fill(HIDDEN);
                }
                let branch = self.visible.branches.get(query).into_iter().flatten();
                for gap in gaps.get(row).into_iter().flatten().chain(branch) {
                    line[gap.clone()].fill(HIDDEN);
                }
            }
        }
        Some(Tensor::from_data(TensorData::new(bias, [rows, 1, queries, keys]), device))
    }
}
