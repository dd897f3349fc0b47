//! Which clip comes when: a shuffled order for every epoch that follows from the seed alone.

use std::collections::BTreeMap;

use super::rng::Rng;

/// Keeps the streams of the order apart from those of the samples, which use the bare seed.
const ORDER_STREAM: u64 = 0x6F72_6465_7200_0001;

/// The order of a training set's clips, epoch by epoch.
#[derive(Clone, Debug)]
pub struct Batches {
    seed: u64,
    batch_size: usize,
    clips: usize,
    /// Clips of each label and how many of them an epoch holds.
    groups: Vec<(Vec<usize>, usize)>,
}

impl Batches {
    /// Every clip once an epoch.
    ///
    /// # Panics
    /// When `batch_size` is zero.
    pub fn new(clips: usize, batch_size: usize, seed: u64) -> Batches {
        assert!(batch_size > 0, "a batch holds at least one clip");
        Batches { seed, batch_size, clips, groups: vec![((0..clips).collect(), clips)] }
    }

    /// Draws rare labels more often. An epoch is as long as without balance; a label with `n` clips takes a share of
    /// it in proportion to `n^(1 - balance)`: 0 leaves the set as it is, 1 shows all labels equally often.
    ///
    /// `keys` holds, for each clip, anything that tells its label (an index, a name); clips without a label may share
    /// a key of their own.
    pub fn balanced<K: Ord>(keys: &[K], batch_size: usize, seed: u64, balance: f32) -> Batches {
        let mut by_key: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
        for (clip, key) in keys.iter().enumerate() {
            by_key.entry(key).or_default().push(clip);
        }
        let weight = |n: usize| (n as f64).powf(1.0 - f64::from(balance.clamp(0.0, 1.0)));
        let total: f64 = by_key.values().map(|clips| weight(clips.len())).sum();
        // rounding the running sum, not each share, makes the shares add up to the epoch exactly
        let (mut sum, mut given) = (0.0, 0);
        let groups = by_key.into_values().map(|clips| {
            sum += weight(clips.len()) / total * keys.len() as f64;
            let share = (sum.round() as usize).min(keys.len()) - given;
            given += share;
            (clips, share)
        });
        Batches { groups: groups.collect(), ..Batches::new(keys.len(), batch_size, seed) }
    }

    /// How many clips an epoch shows.
    pub fn samples(&self) -> usize {
        self.clips
    }

    /// How many batches an epoch has; the last one may be smaller.
    pub fn len(&self) -> usize {
        self.clips.div_ceil(self.batch_size)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.clips == 0
    }

    /// The clips of one epoch in order. `order[i]` is shown as sample `i`, drawn with [`Batches::rng`].
    pub fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.clips);
        for (g, (clips, share)) in self.groups.iter().enumerate() {
            order.extend(self.take(g as u64, clips, *share, epoch));
        }
        Rng::at(self.seed ^ ORDER_STREAM, epoch, u64::MAX).shuffle(&mut order);
        order
    }

    /// `share` clips of one group. Epochs continue where the last one stopped in an endless sequence of shuffled
    /// decks, so that a group with more clips than its share still shows all of them equally often.
    fn take(&self, group: u64, clips: &[usize], share: usize, epoch: u64) -> Vec<usize> {
        let start = epoch as u128 * share as u128;
        let length = clips.len().max(1) as u128;
        let (mut deck_index, mut offset) = ((start / length) as u64, (start % length) as usize);
        let mut taken = Vec::with_capacity(share);
        while taken.len() < share {
            let mut deck = clips.to_vec();
            Rng::at(self.seed ^ ORDER_STREAM, deck_index, group).shuffle(&mut deck);
            taken.extend(deck.into_iter().skip(offset).take(share - taken.len()));
            (deck_index, offset) = (deck_index + 1, 0);
        }
        taken
    }

    /// The batches of one epoch: each a list of `(position in the epoch, clip)`.
    pub fn epoch(&self, epoch: u64) -> Vec<Vec<(usize, usize)>> {
        let order: Vec<(usize, usize)> = self.order(epoch).into_iter().enumerate().collect();
        order.chunks(self.batch_size).map(<[_]>::to_vec).collect()
    }

    /// The random stream of one sample; augmentation and question are drawn from it. It belongs to the position, not
    /// to the clip: a rare clip shown twice in an epoch is seen in two ways.
    pub fn rng(&self, epoch: u64, position: usize) -> Rng {
        Rng::at(self.seed, epoch, position as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_shows_every_clip_once_in_an_order_of_its_own() {
        let batches = Batches::new(50, 8, 3);
        assert_eq!(batches.len(), 7);
        let mut order = batches.order(4);
        assert_eq!(order, Batches::new(50, 8, 3).order(4));
        assert_ne!(order, batches.order(5));
        assert_ne!(order, Batches::new(50, 8, 4).order(4));
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
        let epoch = batches.epoch(4);
        assert_eq!(epoch.len(), 7);
        assert_eq!(epoch[6].len(), 2);
        assert_eq!(epoch[1][0].0, 8);
    }

    #[test]
    fn balance_shows_labels_equally_often_and_forgets_no_clip() {
        let keys: Vec<u8> = [0; 60].into_iter().chain([1; 15]).chain([2; 15]).collect();
        let counts = |balance: f32, epoch| {
            let mut counts = [0; 3];
            for clip in Batches::balanced(&keys, 4, 1, balance).order(epoch) {
                counts[usize::from(keys[clip])] += 1;
            }
            counts
        };
        assert_eq!(counts(0.0, 0), [60, 15, 15]);
        assert_eq!(counts(1.0, 0), [30, 30, 30]);
        assert_eq!(counts(0.5, 2), [45, 23, 22]);
        let batches = Batches::balanced(&keys, 4, 1, 1.0);
        let mut two_epochs = [0; 90];
        for clip in (0..2).flat_map(|e| batches.order(e)) {
            two_epochs[clip] += 1;
        }
        assert!(two_epochs[..60].iter().all(|&n| n == 1), "sixty clips in two epochs of thirty");
        assert!(two_epochs[60..].iter().all(|&n| n == 4));
    }

    #[test]
    fn nothing_to_show_is_no_trouble() {
        assert!(Batches::new(0, 4, 1).is_empty());
        assert!(Batches::new(0, 4, 1).epoch(0).is_empty());
        assert!(Batches::balanced::<u8>(&[], 4, 1, 1.0).epoch(3).is_empty());
    }
}
