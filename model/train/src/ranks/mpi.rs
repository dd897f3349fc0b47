//! MPI between the processes of a run. It carries bytes and numbers; what they are added up to is computed here, because
//! the order of MPI's own sums is the library's business and may change with every message.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use draction::cli::warn;
use mpi::{
    Tag,
    environment::{Threading, Universe, initialize_with_threading, processor_name},
    request::{LocalScope, Request, scope},
    traits::{Communicator, Destination, Equivalence, Source},
};
use skeletonllm::launched::Launched;

use super::Transport;

/// How long a process looks for messages without a pause: as long as a small one takes.
const EAGER: Duration = Duration::from_millis(1);
/// The pause between two looks afterwards, so that waiting takes no core from those who compute.
const PAUSE: Duration = Duration::from_micros(100);
/// When it is first told who is being waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// When waiting is given up: no checkpoint takes as long.
const ENOUGH: Duration = Duration::from_secs(3600);

/// The world that the launcher made.
pub struct Mpi {
    universe: Universe,
    rank: usize,
    size: usize,
}

type Pending<'a, 'b, T> = (usize, Request<'a, [T], &'b LocalScope<'a>>);

impl Mpi {
    /// Joins it.
    ///
    /// # Errors
    /// When MPI knows nothing of the processes that the launcher speaks of.
    pub fn start(launched: Launched) -> Result<Mpi> {
        // messages are only sent from here, but other threads compute
        let Some((universe, threading)) = initialize_with_threading(Threading::Funneled) else {
            anyhow::bail!("MPI is in use already");
        };
        let (rank, size) = (universe.world().rank() as usize, universe.world().size() as usize);
        ensure!(
            size == launched.size,
            "the launcher started {} processes, but MPI knows of {size}: the program was built for another MPI than \
             that of mpirun, or srun lacks --mpi=pmix",
            launched.size
        );
        ensure!(threading >= Threading::Funneled, "this MPI forbids threads");
        Ok(Mpi { universe, rank, size })
    }

    fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let own = self.rank;
        (0..self.size).filter(move |&rank| rank != own)
    }

    /// Starts to send numbers to another process.
    fn send<'a, 'b, T: Equivalence>(
        &self,
        scope: &'b LocalScope<'a>,
        to: usize,
        tag: Tag,
        numbers: &'a [T],
    ) -> Pending<'a, 'b, T> {
        (to, self.universe.world().process_at_rank(to as i32).immediate_send_with_tag(scope, numbers, tag))
    }

    /// Starts to receive as many as there is room for.
    fn receive<'a, 'b, T: Equivalence>(
        &self,
        scope: &'b LocalScope<'a>,
        from: usize,
        tag: Tag,
        into: &'a mut [T],
    ) -> Pending<'a, 'b, T> {
        (from, self.universe.world().process_at_rank(from as i32).immediate_receive_into_with_tag(scope, into, tag))
    }

    /// Waits until all of this has happened; what the buffers hold then, in the same order.
    fn finish<'a, T>(&self, pending: Vec<Pending<'a, '_, T>>) -> Vec<&'a [T]> {
        let mut done: Vec<Option<&'a [T]>> = pending.iter().map(|_| None).collect();
        let mut open: Vec<_> = pending.into_iter().enumerate().collect();
        let (start, mut told) = (Instant::now(), PATIENCE);
        loop {
            let mut still = Vec::new();
            for (number, (rank, request)) in open {
                match request.test_with_data() {
                    Ok((_, data)) => done[number] = Some(data),
                    Err(request) => still.push((number, (rank, request))),
                }
            }
            if still.is_empty() {
                return done.into_iter().flatten().collect();
            }
            open = still;
            let waited = start.elapsed();
            if waited > EAGER {
                thread::sleep(PAUSE);
            }
            if waited > told {
                let mut silent: Vec<usize> = open.iter().map(|(_, (rank, _))| *rank).collect();
                silent.sort_unstable();
                silent.dedup();
                let seconds = waited.as_secs();
                warn(format_args!(
                    "rank {} on {}: no word from ranks {silent:?} for {seconds} s",
                    self.rank,
                    self.host()
                ));
                told *= 2;
            }
            if waited > ENOUGH {
                warn(format_args!(
                    "rank {} on {}: waited for too long; this ends all processes",
                    self.rank,
                    self.host()
                ));
                self.abort();
            }
        }
    }

    /// Brings everybody something of the same type, of the length that the receiver expects.
    fn exchange<T: Equivalence>(&self, own: &[T], tag: Tag, received: &mut [Vec<T>]) {
        scope(|scope| {
            let mut pending = Vec::new();
            for (rank, into) in received.iter_mut().enumerate() {
                if rank != self.rank && !into.is_empty() {
                    pending.push(self.receive(scope, rank, tag, into.as_mut_slice()));
                }
            }
            if !own.is_empty() {
                pending.extend(self.others().map(|rank| self.send(scope, rank, tag, own)));
            }
            self.finish(pending);
        });
    }
}

impl Transport for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn host(&self) -> String {
        processor_name().unwrap_or_else(|_| "?".into())
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>> {
        let mut lengths = vec![vec![0_u64]; self.size];
        self.exchange(&[own.len() as u64], 0, &mut lengths);
        let mut all: Vec<Vec<u8>> = lengths.iter().map(|length| vec![0; length[0] as usize]).collect();
        all[self.rank] = own.to_vec();
        self.exchange(own, 0, &mut all);
        Ok(all)
    }

    /// Each list is cut into as many stretches as there are processes. A process gets its stretch from everybody, adds
    /// them up in the order of ranks, and sends everybody the sum. While a list is read from the device, the one before
    /// it travels.
    fn sums(&self, lengths: &[usize], read: &mut dyn FnMut(usize) -> Vec<f32>) -> Result<Vec<Vec<f32>>> {
        let mut own: Vec<Vec<f32>> = vec![Vec::new(); lengths.len()];
        let mut totals: Vec<Vec<f32>> = lengths.iter().map(|&length| vec![0.0; length]).collect();
        // `[lists][others][stretch]`
        let mut theirs: Vec<Vec<Vec<f32>>> = lengths
            .iter()
            .map(|&length| vec![vec![0.0; stretch(length, self.rank, self.size).len()]; self.size])
            .collect();
        let (own_lists, total_lists) = (&mut own, &mut totals);
        let their_lists = &mut theirs;
        scope(|scope| {
            let mut totals = total_lists.iter_mut();
            let (mut before, mut last) = (None, Vec::new());
            for (list, (own, theirs)) in own_lists.iter_mut().zip(their_lists).enumerate() {
                *own = read(list);
                let own: &[f32] = own;
                let tag = 1 + 2 * list as Tag;
                let mut coming = Vec::new();
                for (rank, into) in theirs.iter_mut().enumerate().filter(|(rank, _)| *rank != self.rank) {
                    if !into.is_empty() {
                        coming.push(self.receive(scope, rank, tag, into.as_mut_slice()));
                    }
                }
                let mut going = Vec::new();
                for rank in self.others() {
                    let part = &own[stretch(own.len(), rank, self.size)];
                    if !part.is_empty() {
                        going.push(self.send(scope, rank, tag, part));
                    }
                }
                if let Some((tag, own, coming, going)) = before.replace((tag, own, coming, going)) {
                    let total = totals.next().expect("a total for each list");
                    last.extend(self.total(scope, tag, own, coming, going, total));
                }
            }
            if let (Some((tag, own, coming, going)), Some(total)) = (before, totals.next()) {
                last.extend(self.total(scope, tag, own, coming, going, total));
            }
            self.finish(last);
        });
        Ok(totals)
    }

    fn abort(&self) -> ! {
        self.universe.world().abort(1)
    }
}

impl Mpi {
    /// Adds up this process's stretch of a list once it is there, and starts to send and to receive the sums.
    fn total<'a, 'b>(
        &self,
        scope: &'b LocalScope<'a>,
        tag: Tag,
        own: &'a [f32],
        coming: Vec<Pending<'a, 'b, f32>>,
        going: Vec<Pending<'a, 'b, f32>>,
        total: &'a mut [f32],
    ) -> Vec<Pending<'a, 'b, f32>> {
        let mut theirs = self.finish(coming).into_iter();
        let length = own.len();
        let mut pending = going;
        let mut sum = Vec::new();
        let mine = stretch(length, self.rank, self.size);
        for rank in 0..self.size {
            let part = if rank == self.rank { &own[mine.clone()] } else { theirs.next().unwrap_or(&[]) };
            match rank {
                0 => sum = part.to_vec(),
                _ => sum.iter_mut().zip(part).for_each(|(sum, number)| *sum += number),
            }
        }
        let mut rest = total;
        for rank in 0..self.size {
            let (part, after) = std::mem::take(&mut rest).split_at_mut(stretch(length, rank, self.size).len());
            rest = after;
            if part.is_empty() {
                continue;
            }
            if rank == self.rank {
                part.copy_from_slice(&sum);
                let part: &'a [f32] = part;
                pending.extend(self.others().map(|rank| self.send(scope, rank, tag + 1, part)));
            } else {
                pending.push(self.receive(scope, rank, tag + 1, part));
            }
        }
        pending
    }
}

/// The part of a list that one of several processes adds up.
fn stretch(length: usize, rank: usize, size: usize) -> std::ops::Range<usize> {
    length * rank / size..length * (rank + 1) / size
}
