//! What the worker is asked for, and which request comes first.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::document::Subject;

/// What to do with a take.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Recognise,
    Ask {
        exchange: u64,
        question: String,
    },
    Explain {
        exchange: u64,
        question: String,
        answer: String,
    },
    LabelSpans,
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    Gradient {
        exchange: u64,
        question: String,
        answer: String,
    },
}

/// A task, the take that it is about, and whether it is still wanted.
pub(super) struct Request {
    pub subject: Subject,
    pub task: Task,
    pub stop: Arc<AtomicBool>,
}

impl Request {
    /// The exchange that fails with it.
    pub fn exchange(&self) -> Option<u64> {
        match &self.task {
            Task::Ask { exchange, .. } | Task::Explain { exchange, .. } => Some(*exchange),
            _ => None,
        }
    }
}

/// Whether to go on, as those who compute ask for it.
pub(super) fn go_on(stop: &AtomicBool) -> ControlFlow<()> {
    if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// The oldest request that somebody waits for; names for takes, of which a folder asks for hundreds, come last.
pub(super) fn next(queue: &mut VecDeque<Request>) -> Option<Request> {
    let asked = queue.iter().position(|request| !matches!(request.task, Task::Recognise));
    queue.remove(asked.unwrap_or(0))
}
