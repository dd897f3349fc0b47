//! The model beside the window: requests go in, events come out, and no call waits.
//!
//! On the desktop the worker is a thread of its own; in a browser it is a task between frames, on the same GPU device as
//! the window.

mod event;
mod request;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
    mpsc,
};

use eframe::egui;
use skeletonllm::folder::ModelFiles;
use skeletonllm_network::device::Selected;

use self::{
    request::{Request, Task},
    worker::EventSender,
};
use crate::{document::Subject, models::Offered, platform};

pub use event::Event;

/// The problem of a request that was stopped before it began.
pub const STOPPED: &str = "stopped";

/// What is known of the model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ModelStatus {
    /// It is on its way.
    #[default]
    Loading,
    /// It can be asked.
    Ready {
        /// Where it computes.
        device: String,
        /// Questions it was trained to answer.
        suggestions: Vec<String>,
        /// Whether it looks at pictures; a language model alone does not.
        sees: bool,
    },
    /// It cannot be used.
    Failed(String),
}

impl ModelStatus {
    /// Whether it can be asked.
    pub fn is_ready(&self) -> bool {
        matches!(self, ModelStatus::Ready { .. })
    }

    /// Whether it looks at pictures, as far as is known.
    pub fn sees(&self) -> bool {
        !matches!(self, ModelStatus::Ready { sees: false, .. })
    }

    /// Questions it was trained to answer; none until it is ready.
    pub fn suggestions(&self) -> &[String] {
        match self {
            ModelStatus::Ready { suggestions, .. } => suggestions,
            _ => &[],
        }
    }
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// It is in memory.
    Memory(Arc<ModelFiles>),
    /// Its files are read piece by piece.
    Given(Offered),
}

/// The window's end of the channel to the worker.
pub struct Inference {
    requests: async_channel::Sender<Request>,
    events: mpsc::Receiver<Event>,
    /// Set to stop what is under way and what waits.
    stop: Arc<AtomicBool>,
    pending: usize,
    status: ModelStatus,
}

impl Inference {
    /// Loads a model on a device, beside the window.
    pub fn start(source: Source, selected: Selected, ctx: &egui::Context) -> Inference {
        let (requests, inbox) = async_channel::unbounded();
        let (outbox, events) = mpsc::channel();
        platform::spawn(worker::run(source, selected, inbox, EventSender::new(outbox, ctx)));
        Inference { requests, events, stop: Arc::default(), pending: 0, status: ModelStatus::Loading }
    }

    /// What is known of the model.
    pub fn status(&self) -> &ModelStatus {
        &self.status
    }

    /// Whether it has something to do.
    pub fn is_busy(&self) -> bool {
        self.pending > 0
    }

    /// Asks for the most likely labels; a model that sees nothing is not asked.
    pub fn recognise(&mut self, subject: Subject) {
        if self.status.sees() {
            self.send(subject, Task::Recognise);
        }
    }

    /// Asks a question.
    pub fn ask(&mut self, subject: Subject, exchange: u64, question: String) {
        self.send(subject, Task::Ask { exchange, question });
    }

    /// Asks what an answer depends on.
    pub fn explain(&mut self, subject: Subject, exchange: u64, question: String, answer: String) {
        self.send(subject, Task::Explain { exchange, question, answer });
    }

    /// Asks for the gradient of an answer at the pictures.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    pub fn gradient(&mut self, subject: Subject, exchange: u64, question: String, answer: String) {
        self.send(subject, Task::Gradient { exchange, question, answer });
    }

    /// Asks for labels along the take.
    pub fn label_spans(&mut self, subject: Subject) {
        self.send(subject, Task::LabelSpans);
    }

    /// Stops what is under way and forgets what waits.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.stop = Arc::default();
    }

    /// What has happened since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        let events: Vec<Event> = self.events.try_iter().collect();
        for event in &events {
            match event {
                Event::Ready { device, suggestions, drawing, .. } => {
                    self.status = ModelStatus::Ready {
                        device: device.clone(),
                        suggestions: suggestions.clone(),
                        sees: drawing.is_some(),
                    };
                }
                Event::LoadFailed(problem) => {
                    self.status = ModelStatus::Failed(problem.clone());
                    self.pending = 0;
                }
                Event::Loading { .. } | Event::Text { .. } | Event::SpanProgress { .. } => {}
                _ => self.pending = self.pending.saturating_sub(1),
            }
        }
        events
    }

    fn send(&mut self, subject: Subject, task: Task) {
        // a worker that could not load the model has closed its end, and has said why
        if self.requests.try_send(Request { subject, task, stop: self.stop.clone() }).is_ok() {
            self.pending += 1;
        }
    }
}
