//! What the worker is asked for, and which request comes first.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::Event;
use crate::document::Subject;

/// What to do with a take.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Recognise,
    SecondOpinion,
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

impl Task {
    /// Whether nobody waits for it.
    pub fn is_unasked(&self) -> bool {
        matches!(self, Task::Recognise | Task::SecondOpinion)
    }
}

/// A task, the take that it is about, and whether it is still wanted.
pub(super) struct Request {
    /// Never used twice.
    pub id: u64,
    pub subject: Subject,
    pub task: Task,
    pub stop: Arc<AtomicBool>,
}

impl Request {
    /// The event that it ends with where it does not work.
    pub fn failure(&self, problem: String) -> Event {
        let (take, version) = self.subject.key();
        match &self.task {
            Task::Recognise => Event::Unnamed { take, version, problem },
            Task::SecondOpinion => Event::SecondOpinion { take, opinion: None },
            Task::Ask { exchange, .. } | Task::Explain { exchange, .. } => {
                Event::Failed { take, exchange: Some(*exchange), problem }
            }
            _ => Event::Failed { take, exchange: None, problem },
        }
    }
}

/// Whether to go on, as those who compute ask for it.
pub(super) fn go_on(stop: &AtomicBool) -> ControlFlow<()> {
    if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// The oldest request that somebody waits for; names for takes come last.
pub(super) fn next(queue: &mut VecDeque<Request>) -> Option<Request> {
    let asked = queue.iter().position(|request| !request.task.is_unasked());
    queue.remove(asked.unwrap_or(0))
}
