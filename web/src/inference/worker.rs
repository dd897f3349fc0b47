//! The worker: loads the model, then serves one request after the other.

use std::{collections::VecDeque, ops::ControlFlow, sync::mpsc};

use draction::motion::humanoid;
use eframe::egui;
use skeletonllm::{
    assistant::{Assistant, SpanOptions},
    drawing::DrawSettings,
    folder::ModelFiles,
    observation::Observation,
};
use skeletonllm_network::device::Selected;
use web_time::Instant;

use super::{
    Event, STOPPED,
    request::{Request, Task, go_on, next},
};
use crate::document::Subject;

/// What is sent to the window.
pub(super) struct Told {
    pub event: Event,
    /// The request that ends with it.
    pub ends: Option<u64>,
}

/// The worker's end of the channel to the window.
pub(super) struct EventSender {
    outbox: mpsc::Sender<Told>,
    ctx: egui::Context,
}

impl EventSender {
    pub fn new(outbox: mpsc::Sender<Told>, ctx: &egui::Context) -> EventSender {
        EventSender { outbox, ctx: ctx.clone() }
    }

    fn send(&self, event: Event) {
        self.tell(Told { event, ends: None });
    }

    /// The last event of a request.
    fn end(&self, request: u64, event: Event) {
        self.tell(Told { event, ends: Some(request) });
    }

    fn tell(&self, told: Told) {
        // a window that has gone needs no answer
        let _ = self.outbox.send(told);
        self.ctx.request_repaint();
    }
}

/// Runs until the window goes or the model cannot be loaded.
pub(super) async fn run(
    files: ModelFiles,
    selected: Selected,
    requests: async_channel::Receiver<Request>,
    events: EventSender,
) {
    let start = Instant::now();
    let device = selected.name.clone();
    let assistant = match Assistant::from_files(&files, selected) {
        Ok(assistant) => assistant,
        Err(error) => return events.send(Event::LoadFailed(format!("{error:#}"))),
    };
    drop(files);
    if let Err(error) = warm_up(&assistant).await {
        return events.send(Event::LoadFailed(format!("{error:#}")));
    }
    let suggestions = assistant.suggestions();
    events.send(Event::Ready { device, suggestions, seconds: start.elapsed().as_secs_f64() });
    let mut observed = Observed::default();
    let mut queue = VecDeque::new();
    loop {
        queue.extend(std::iter::from_fn(|| requests.try_recv().ok()));
        let Some(request) = next(&mut queue) else {
            match requests.recv().await {
                Ok(request) => queue.push_back(request),
                // the window has gone
                Err(_) => return,
            }
            continue;
        };
        let served = serve(&assistant, &mut observed, &request, &events).await;
        events.end(request.id, served.unwrap_or_else(|error| request.failure(format!("{error:#}"))));
    }
}

/// Answers one question about a made-up walk: every kernel is compiled before somebody waits for it.
async fn warm_up(assistant: &Assistant) -> anyhow::Result<()> {
    let motion = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let observation = assistant.observe_async(&[&motion], &DrawSettings::default()).await?;
    if let Some(question) = assistant.suggestions().first() {
        assistant.ask_async(&observation, question, |_| ControlFlow::Continue(())).await?;
    }
    assistant.recognise_async(&observation).await?;
    Ok(())
}

/// The last observation: questions about one take follow each other.
#[derive(Default)]
struct Observed {
    last: Option<((u64, u64), Observation)>,
}

impl Observed {
    async fn observe(&mut self, assistant: &Assistant, subject: &Subject) -> anyhow::Result<&Observation> {
        let key = subject.key();
        if self.last.as_ref().is_none_or(|(known, _)| *known != key) {
            // the old one's memory is free before the new one needs as much
            self.last = None;
            let observation = assistant.observe_figures_async(&[&subject.figure], &subject.settings).await?;
            self.last = Some((key, observation));
        }
        Ok(&self.last.as_ref().expect("just set").1)
    }
}

/// Does what is asked for, and answers with the event that it ends with.
async fn serve(
    assistant: &Assistant,
    observed: &mut Observed,
    request: &Request,
    events: &EventSender,
) -> anyhow::Result<Event> {
    let Request { id: _, subject, task, stop } = request;
    let (take, version) = subject.key();
    let start = Instant::now();
    if go_on(stop).is_break() {
        anyhow::bail!(STOPPED);
    }
    Ok(match task {
        Task::Recognise => {
            let observation = observed.observe(assistant, subject).await?;
            let labels = assistant.recognise_async(observation).await?;
            Event::Recognised { take, version, labels, seconds: start.elapsed().as_secs_f64() }
        }
        Task::Ask { exchange, question } => {
            let exchange = *exchange;
            let observation = observed.observe(assistant, subject).await?;
            let mut first_token = None;
            let answer = assistant
                .ask_async(observation, question, |text| {
                    first_token.get_or_insert_with(|| start.elapsed().as_secs_f64());
                    events.send(Event::Text { take, exchange, text: text.to_owned() });
                    go_on(stop)
                })
                .await?;
            let first_token = first_token.unwrap_or_else(|| start.elapsed().as_secs_f64());
            Event::Answered { take, exchange, answer, first_token }
        }
        Task::Explain { exchange, question, answer } => {
            let observation = observed.observe(assistant, subject).await?;
            let attribution = assistant.explain(observation, question, answer).await?;
            Event::Explained { take, exchange: *exchange, attribution }
        }
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        Task::Gradient { exchange, question, answer } => {
            let observation = observed.observe(assistant, subject).await?;
            let gradient = assistant.picture_slope(observation, question, answer).await?;
            Event::Gradient { take, exchange: *exchange, settings_version: version, gradient }
        }
        Task::LabelSpans => {
            let progress = |done, total| {
                events.send(Event::SpanProgress { take, done, total });
                go_on(stop)
            };
            let options = SpanOptions::default();
            let spans = assistant.label_spans(&subject.motion, &subject.settings, &options, progress).await?;
            Event::Spans { take, spans, stopped: go_on(stop).is_break() }
        }
    })
}
