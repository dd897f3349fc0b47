//! How a step's batch is divided: into parts, which the settings say, and among the processes of a run.
//!
//! ```text
//! clips of a batch  0 1 2 3 4 5 6 7      (kept: there may be nothing to show of some)
//! parts             └──────┘└──────┘     the loss is the mean of theirs
//! three processes   └───┘└──┘└─────┘     each has pieces of parts
//! ```
//!
//! A piece counts what it is of its part, so that the sum over all pieces is the loss of the batch, whoever computed
//! them. Where clips of a part are weighed against each other, or norms go by a part as a whole, parts are not cut.

use std::ops::Range;

use anyhow::Result;

use super::Ranks;

/// What other processes have to know of a clip in order to compute their pieces of its part. Which numbers these are is
/// the course's own business.
pub type Note = [u64; 3];

/// How a course's batches are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Parts of a batch, at most.
    pub parts: usize,
    /// Whether a part may be cut among processes.
    pub cut: bool,
}

impl Division {
    /// Clips of a part, of `clips` in all; the last part may have less.
    fn each(self, clips: usize) -> usize {
        clips.div_ceil(self.parts.max(1)).max(1)
    }

    /// The parts of so many clips.
    fn parts_of(self, clips: usize) -> impl Iterator<Item = Range<usize>> {
        let each = self.each(clips);
        (0..clips).step_by(each).map(move |start| start..(start + each).min(clips))
    }

    /// Which of a batch's members a process prepares.
    fn share(self, members: usize, rank: usize, size: usize) -> Range<usize> {
        // where not all can have something, the first ones have
        let bound = |of: usize, rank: usize| (of * rank).div_ceil(size);
        if self.cut {
            return bound(members, rank)..bound(members, rank + 1);
        }
        let each = self.each(members);
        let parts = members.div_ceil(each);
        let start = |rank: usize| (bound(parts, rank) * each).min(members);
        start(rank)..start(rank + 1)
    }
}

/// A part of a batch as far as this process computes it.
pub struct Piece<'a> {
    /// What is known of all clips of the part, in order.
    pub notes: &'a [Note],
    /// Which of them are in the piece.
    pub own: Range<usize>,
}

impl Piece<'_> {
    /// The sum of one of the notes' numbers over the clips before the piece, in it, and in the whole part.
    #[must_use]
    pub fn sums(&self, number: usize) -> [usize; 3] {
        let sum = |notes: &[Note]| notes.iter().map(|note| note[number]).sum::<u64>() as usize;
        [sum(&self.notes[..self.own.start]), sum(&self.notes[self.own.clone()]), sum(self.notes)]
    }

    /// The piece's share of that in its part, 0..1; exactly 1 for a whole part.
    #[must_use]
    pub fn share(&self, number: usize) -> f64 {
        let [_, own, all] = self.sums(number);
        if own == all { 1.0 } else { own as f64 / all as f64 }
    }
}

/// What a process has of a step's batch.
pub struct Divided<B> {
    /// Its pieces.
    pub pieces: Vec<B>,
    /// Parts of the whole batch.
    pub parts: usize,
    /// Clips of the whole batch.
    pub clips: usize,
    /// Whether somebody asks to stop before the step.
    pub stop: bool,
}

/// The members of a batch that this process prepares.
pub fn own<'a, M>(members: &'a [M], division: Division, ranks: &Ranks) -> &'a [M] {
    &members[division.share(members.len(), ranks.rank(), ranks.size())]
}

/// From the samples that this process has prepared to its pieces of the batch, each made by `piece`; `note` tells of a
/// sample what other pieces have to know. `stop` asks everybody to stop.
///
/// # Errors
/// When other processes cannot be reached.
pub fn divided<S, B>(
    samples: Vec<S>,
    division: Division,
    note: impl Fn(&S) -> Note,
    piece: impl Fn(Vec<S>, &Piece<'_>) -> B,
    ranks: &Ranks,
    stop: bool,
) -> Result<Divided<B>> {
    let own: Vec<u64> = std::iter::once(u64::from(stop)).chain(samples.iter().flat_map(note)).collect();
    let all = ranks.gather(&own)?;
    let stop = all.iter().any(|told| told.first() == Some(&1));
    let told: Vec<&[Note]> = all.iter().map(|told| told[1..].as_chunks().0).collect();
    let before: usize = told[..ranks.rank()].iter().map(|notes| notes.len()).sum();
    let notes = told.concat();
    let (mut pieces, mut parts, mut samples) = (Vec::new(), 0, samples);
    let mine = before..before + samples.len();
    for part in division.parts_of(notes.len()) {
        parts += 1;
        let (start, end) = (part.start.max(mine.start), part.end.min(mine.end));
        if start < end {
            let rest = samples.split_off(end - start);
            let share = Piece { own: start - part.start..end - part.start, notes: &notes[part] };
            pieces.push(piece(std::mem::replace(&mut samples, rest), &share));
        }
    }
    Ok(Divided { pieces, parts, clips: notes.len(), stop })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_share_and_nobody_has_anothers() {
        for cut in [true, false] {
            for (members, parts, size) in [(16, 2, 3), (5, 4, 2), (3, 8, 8), (1, 1, 4), (0, 2, 3), (64, 6, 4)] {
                let division = Division { parts, cut };
                let shares: Vec<_> = (0..size).map(|rank| division.share(members, rank, size)).collect();
                assert_eq!(shares[0].start, 0);
                assert!(shares.windows(2).all(|pair| pair[0].end == pair[1].start));
                assert_eq!(shares[size - 1].end, members);
                assert!(members == 0 || !shares[0].is_empty(), "the first always has something to do");
                for part in division.parts_of(members).filter(|_| !cut) {
                    let holders = shares.iter().filter(|share| share.start < part.end && part.start < share.end);
                    assert_eq!(holders.count(), 1, "{part:?} is cut by {shares:?}");
                }
            }
        }
        let even: Vec<_> = (0..3).map(|rank| Division { parts: 2, cut: true }.share(16, rank, 3).len()).collect();
        assert_eq!(even, [6, 5, 5]);
    }

    #[test]
    fn pieces_of_a_part_count_as_much_as_the_part() {
        let notes = [[2, 0, 7], [1, 0, 7], [3, 1, 7]];
        let pieces = [0..1, 1..3].map(|own| Piece { notes: &notes, own });
        assert_eq!(pieces[0].share(0) + pieces[1].share(0), 1.0);
        assert_eq!((pieces[1].sums(0), pieces[0].share(1), pieces[1].share(1)), ([2, 4, 6], 0.0, 1.0));
        assert_eq!(Piece { notes: &notes, own: 0..3 }.share(0), 1.0);
    }
}
