//! How far a video is, for those who wait, and that they no longer do, for those who make it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

/// A video that is being made. Clones share it.
#[derive(Clone, Debug)]
pub struct Making {
    /// Of its file, without an ending.
    pub name: String,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    done: AtomicUsize,
    total: AtomicUsize,
    given_up: AtomicBool,
    over: AtomicBool,
}

impl Making {
    /// Nothing of it is done yet.
    pub fn new(name: String) -> Making {
        Making { name, state: Arc::default() }
    }

    /// It will be so many frames.
    pub(super) fn begin(&self, total: usize) {
        self.state.total.store(total, Ordering::Relaxed);
    }

    /// One of them is done.
    pub(super) fn advance(&self) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Frames that are done, and how many there will be; 0 while that is not known.
    pub fn progress(&self) -> (usize, usize) {
        (self.state.done.load(Ordering::Relaxed), self.state.total.load(Ordering::Relaxed))
    }

    /// Nobody wants it any more.
    pub fn give_up(&self) {
        self.state.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether it was given up.
    pub fn is_given_up(&self) -> bool {
        self.state.given_up.load(Ordering::Relaxed)
    }

    /// Nobody works on it any more.
    pub fn end(&self) {
        self.state.over.store(true, Ordering::Release);
    }

    /// Whether anybody works on it.
    pub fn is_over(&self) -> bool {
        self.state.over.load(Ordering::Acquire)
    }
}
