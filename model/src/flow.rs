//! Many files through three steps at once: some threads read, some compute on what was read, in batches, and the one that
//! asked takes what comes out. Between the steps wait only a few, so memory does not grow with the number of files.

use std::{
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
};

/// How many do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Threads that read.
    pub readers: usize,
    /// Threads that compute: two or more, so that one draws while the other looks.
    pub workers: usize,
    /// Most files that are computed together.
    pub batch: usize,
}

impl Flow {
    /// For this machine.
    #[must_use]
    pub fn new(batch: usize) -> Flow {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Flow { readers: cores, workers: 2, batch: batch.max(1) }
    }

    /// Takes what `work` makes of what `read` makes of each item, as it is done, not in order. [`ControlFlow::Break`] ends
    /// the work; what is under way is let go. It waits for a `source` that is slow to say what comes next.
    pub fn run<I: Send, R: Send, O: Send>(
        &self,
        source: impl Iterator<Item = I> + Send,
        read: impl Fn(I) -> R + Sync,
        work: impl Fn(Vec<R>) -> Vec<O> + Sync,
        mut take: impl FnMut(O) -> ControlFlow<()>,
    ) {
        let (source, ended) = (Mutex::new(source.fuse()), AtomicBool::new(false));
        let (to_work, read_ones) = sync_channel::<R>(self.readers + self.batch);
        let (to_taker, done) = sync_channel::<O>(self.workers * self.batch);
        let read_ones = Mutex::new(read_ones);
        std::thread::scope(|scope| {
            // these are dropped with this closure, which ends the threads
            let (source, ended, read_ones, read, work) = (&source, &ended, &read_ones, &read, &work);
            for _ in 0..self.readers.max(1) {
                let to_work = to_work.clone();
                scope.spawn(move || {
                    while !ended.load(Ordering::Relaxed) {
                        let next = source.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(item) = next else { return };
                        if to_work.send(read(item)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(to_work);
            for _ in 0..self.workers.max(1) {
                let to_taker = to_taker.clone();
                scope.spawn(move || {
                    while let Some(batch) = next_batch(read_ones, self.batch) {
                        for one in work(batch) {
                            if to_taker.send(one).is_err() {
                                // readers that wait to hand over must not wait for ever
                                while next_batch(read_ones, self.batch).is_some() {}
                                return;
                            }
                        }
                    }
                });
            }
            drop(to_taker);
            for one in &done {
                if take(one).is_break() {
                    ended.store(true, Ordering::Relaxed);
                    break;
                }
            }
            drop(done);
        });
    }
}

/// Waits for one, and takes with it what waits already.
fn next_batch<R>(receiver: &Mutex<Receiver<R>>, most: usize) -> Option<Vec<R>> {
    let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
    let mut batch = vec![receiver.recv().ok()?];
    while batch.len() < most {
        let Ok(more) = receiver.try_recv() else { break };
        batch.push(more);
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    const FLOW: Flow = Flow { readers: 3, workers: 2, batch: 4 };

    #[test]
    fn everything_goes_through_once_in_batches() {
        let largest = AtomicUsize::new(0);
        let work = |batch: Vec<u64>| {
            largest.fetch_max(batch.len(), Ordering::Relaxed);
            batch.into_iter().map(|n| n + 1).collect()
        };
        let mut found = Vec::new();
        FLOW.run(
            0..1000,
            |n: u64| 2 * n,
            work,
            |n| {
                found.push(n);
                ControlFlow::Continue(())
            },
        );
        found.sort_unstable();
        assert_eq!(found, (0..1000).map(|n| 2 * n + 1).collect::<Vec<_>>());
        assert!((1..=4).contains(&largest.into_inner()));
    }

    #[test]
    fn only_a_few_are_under_way_and_a_break_ends_it() {
        let (begun, mut taken) = (AtomicUsize::new(0), 0);
        let read = |n: usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            n
        };
        FLOW.run(
            0..,
            read,
            |batch| batch,
            |_: usize| {
                taken += 1;
                // however slow whoever takes them is, few are read ahead
                assert!(begun.load(Ordering::Relaxed) - taken < 64);
                if taken == 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert!(taken == 100 && begun.into_inner() < 200);
    }
}
