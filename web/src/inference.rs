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
use skeletonllm::{folder::ModelFiles, second_opinion::SecondFiles};
use skeletonllm_network::{device::Selected, words::Words};

use self::{
    request::{Request, Task},
    worker::{EventSender, Told},
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

/// A request that was not answered yet.
struct Pending {
    id: u64,
    /// The take that it is about.
    take: u64,
    /// Whether it names the take, or seconds a name; everything else was asked for by somebody who waits.
    names: bool,
    /// Set to withdraw it.
    stop: Arc<AtomicBool>,
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// It is in memory.
    Memory(Arc<ModelFiles>),
    /// Its files are read piece by piece.
    Given(Offered),
}

/// Said of a worker that is gone and has not said why.
const ENDED: &str = "a mistake of this program ended it; open the window anew to ask on";

/// The window's end of the channel to the worker.
pub struct Inference {
    requests: async_channel::Sender<Request>,
    events: mpsc::Receiver<Told>,
    pending: Vec<Pending>,
    last_id: u64,
    status: ModelStatus,
    words: Option<Arc<Words>>,
    /// Whether there is who gives second opinions.
    seconds: bool,
}

impl Inference {
    /// Loads a model on a device, beside the window, and with it what gives a second opinion, if there is that.
    pub fn start(
        source: Source,
        second: Option<Arc<SecondFiles>>,
        selected: Selected,
        ctx: &egui::Context,
    ) -> Inference {
        let seconds = second.is_some();
        let (requests, inbox) = async_channel::unbounded();
        let (outbox, events) = mpsc::channel();
        platform::spawn(worker::run((source, second), selected, inbox, EventSender::new(outbox, ctx)));
        Inference::between(requests, events, seconds)
    }

    /// The window's end of a worker that loads its model.
    fn between(requests: async_channel::Sender<Request>, events: mpsc::Receiver<Told>, seconds: bool) -> Inference {
        let status = ModelStatus::Loading;
        Inference { requests, events, pending: Vec::new(), last_id: 0, status, words: None, seconds }
    }

    /// What is known of the model.
    pub fn status(&self) -> &ModelStatus {
        &self.status
    }

    /// The words that the model compares movements with, if it does and is there.
    pub fn words(&self) -> Option<&Words> {
        self.words.as_deref()
    }

    /// Whether somebody waits for it: [`Inference::stop`] would end something.
    pub fn is_asked(&self) -> bool {
        self.pending.iter().any(|pending| !pending.names)
    }

    /// Whether it names a take, or will.
    pub fn is_naming(&self) -> bool {
        self.pending.iter().any(|pending| pending.names)
    }

    /// Asks for the most likely labels; a model that sees nothing is not asked. One take after the other: what nobody has
    /// asked for yet need not be withdrawn.
    pub fn recognise(&mut self, subject: Subject) {
        if self.status.sees() {
            self.send(subject, Task::Recognise);
        }
    }

    /// Asks what is made of the joints alone, if there is who does; nobody waits for it.
    pub fn second(&mut self, subject: Subject) {
        self.send(subject, Task::SecondOpinion);
    }

    /// Whether there is who gives second opinions.
    pub fn seconds(&self) -> bool {
        self.seconds
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

    /// Stops what somebody waits for, under way or not; takes are named all the same.
    pub fn stop(&self) {
        self.withdraw(|pending| !pending.names);
    }

    /// Stops everything about one take.
    pub fn stop_take(&self, take: u64) {
        self.withdraw(|pending| pending.take == take);
    }

    fn withdraw(&self, which: impl Fn(&Pending) -> bool) {
        for pending in self.pending.iter().filter(|pending| which(pending)) {
            pending.stop.store(true, Ordering::Relaxed);
        }
    }

    /// What has happened since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        // asked first: what it said before it ended is there then
        let ended = self.requests.is_closed() && !matches!(self.status, ModelStatus::Failed(_));
        let mut told: Vec<Told> = self.events.try_iter().collect();
        if ended && !told.iter().any(|told| matches!(told.event, Event::LoadFailed(_))) {
            told.push(Told { event: Event::LoadFailed(ENDED.into()), ends: None });
        }
        for Told { event, ends } in &told {
            match event {
                Event::Ready { device, suggestions, drawing, words, .. } => {
                    self.words.clone_from(words);
                    self.status = ModelStatus::Ready {
                        device: device.clone(),
                        suggestions: suggestions.clone(),
                        sees: drawing.is_some(),
                    };
                }
                Event::LoadFailed(problem) => {
                    self.status = ModelStatus::Failed(problem.clone());
                    self.pending.clear();
                }
                _ => {}
            }
            self.pending.retain(|pending| Some(pending.id) != *ends);
        }
        told.into_iter().map(|told| told.event).collect()
    }

    fn send(&mut self, subject: Subject, task: Task) {
        self.last_id += 1;
        let (id, stop) = (self.last_id, Arc::new(AtomicBool::new(false)));
        let pending = Pending { id, take: subject.take, names: task.is_unasked(), stop: stop.clone() };
        // a worker that could not load the model has closed its end, and has said why
        if self.requests.try_send(Request { id, subject, task, stop }).is_ok() {
            self.pending.push(pending);
        }
    }
}
