//! The worker: loads the model, then serves one request after the other.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{Arc, atomic::AtomicBool, mpsc},
};

use draction::motion::humanoid;
use eframe::egui;
use skeletonllm::{
    assistant::{Answer, Assistant, SpanOptions},
    drawing::DrawSettings,
    given::Answering,
    observation::Observation,
    second_opinion::{Opinion, SecondFiles, SecondOpinion},
    text_assistant::TextAssistant,
};
use skeletonllm_network::{
    arriving::{Fetch, Fetching},
    device::Selected,
};
use web_time::Instant;

use super::{
    Event, STOPPED, Source,
    request::{Request, Task, go_on, next},
};
use crate::{document::Subject, platform::ModelFiles};

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

/// A worker that ends, for whatever reason, is noticed.
impl Drop for EventSender {
    fn drop(&mut self) {
        // the channel is closed after this
        self.ctx.request_repaint_after(std::time::Duration::from_millis(50));
    }
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
    (source, second): (Source, Option<Arc<SecondFiles>>),
    selected: Selected,
    requests: async_channel::Receiver<Request>,
    events: EventSender,
) {
    let start = Instant::now();
    let device = selected.name.clone();
    let mut second = Second { files: second, selected: selected.clone(), ready: None };
    let model = match load(source, selected, &requests, &events).await {
        Ok(model) => model,
        Err(error) => return events.send(Event::LoadFailed(format!("{error:#}"))),
    };
    let (suggestions, drawing, words) = match &model {
        Answering::Seeing(assistant) => {
            (assistant.suggestions(), Some(Box::new(assistant.drawing().clone())), assistant.words().cloned())
        }
        Answering::Text(_) => (Vec::new(), None, None),
    };
    events.send(Event::Ready { device, suggestions, drawing, words, seconds: start.elapsed().as_secs_f64() });
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
        let served = match &model {
            _ if go_on(&request.stop).is_break() => Err(anyhow::anyhow!(STOPPED)),
            Answering::Seeing(assistant) => serve((assistant, &mut second), &mut observed, &request, &events).await,
            Answering::Text(assistant) => serve_text(assistant, &request, &events).await,
        };
        events.end(request.id, served.unwrap_or_else(|error| request.failure(format!("{error:#}"))));
    }
}

/// The files of a model, for as long as somebody waits for it.
struct Awaited<'a> {
    files: ModelFiles,
    requests: &'a async_channel::Receiver<Request>,
}

impl Fetch for Awaited<'_> {
    fn fetch<'a>(&'a self, file: &'a str, start: u64, length: usize) -> Fetching<'a> {
        if self.requests.is_closed() {
            return Box::pin(async { Err(std::io::Error::other(STOPPED)) });
        }
        self.files.fetch(file, start, length)
    }
}

/// The model, ready to answer.
async fn load(
    source: Source,
    selected: Selected,
    requests: &async_channel::Receiver<Request>,
    events: &EventSender,
) -> anyhow::Result<Answering> {
    let model = match source {
        Source::Memory(files) => Answering::of_files(&files, selected)?,
        Source::Given(offered) => {
            let files = Awaited { files: offered.files, requests };
            let tell = |done, total| events.send(Event::Loading { done, total });
            offered.given.read(&files, selected, tell).await?
        }
    };
    if let Answering::Seeing(assistant) = &model {
        warm_up(assistant).await?;
    }
    Ok(model)
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

/// Who gives second opinions: read when the first is asked for, which is never where a GPU is imitated.
struct Second {
    files: Option<Arc<SecondFiles>>,
    selected: Selected,
    ready: Option<SecondOpinion>,
}

impl Second {
    /// Nothing where the network knows no such body, or there is none. That it cannot be read is told once.
    async fn of(&mut self, subject: &Subject) -> anyhow::Result<Option<Opinion>> {
        if let Some(files) = self.files.take() {
            self.ready = Some(SecondOpinion::from_files(&files, &self.selected)?);
        }
        let Some(ready) = &self.ready else { return Ok(None) };
        // of a body without known arms and legs it knows nothing
        Ok(ready.of_async(&subject.motion, &subject.figure).await.ok())
    }
}

/// Does what is asked for, and answers with the event that it ends with.
async fn serve(
    (assistant, second): (&Assistant, &mut Second),
    observed: &mut Observed,
    request: &Request,
    events: &EventSender,
) -> anyhow::Result<Event> {
    let Request { id: _, subject, task, stop } = request;
    let (take, version) = subject.key();
    let start = Instant::now();
    Ok(match task {
        Task::Recognise => {
            let observation = observed.observe(assistant, subject).await?;
            let labels = assistant.recognise_async(observation).await?;
            let place = assistant.place_async(observation).await?;
            Event::Recognised { take, version, labels, place, seconds: start.elapsed().as_secs_f64() }
        }
        Task::SecondOpinion => {
            let opinion = second.of(subject).await.unwrap_or_else(|error| {
                events.send(Event::Failed { take, exchange: None, problem: format!("the second opinion: {error:#}") });
                None
            });
            Event::SecondOpinion { take, opinion }
        }
        Task::Ask { exchange, question } => {
            let observation = observed.observe(assistant, subject).await?;
            let mut listening = Listening { take, exchange: *exchange, stop, start, first_token: None, events };
            let answer = assistant.ask_async(observation, question, |text| listening.hear(text)).await?;
            listening.end(answer)
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

/// As [`serve`], of a model that sees nothing.
async fn serve_text(assistant: &TextAssistant, request: &Request, events: &EventSender) -> anyhow::Result<Event> {
    let Request { id: _, subject, task, stop } = request;
    let Task::Ask { exchange, question } = task else {
        anyhow::bail!("a language model alone sees no pictures, and can only be asked");
    };
    let take = subject.take;
    let start = Instant::now();
    let mut listening = Listening { take, exchange: *exchange, stop, start, first_token: None, events };
    let answer = assistant.ask_async(question, |text| listening.hear(text)).await?;
    Ok(listening.end(answer))
}

/// Passes on an answer as it comes.
struct Listening<'a> {
    take: u64,
    exchange: u64,
    stop: &'a AtomicBool,
    start: Instant,
    /// Seconds from the request to the first word.
    first_token: Option<f64>,
    events: &'a EventSender,
}

impl Listening<'_> {
    fn hear(&mut self, text: &str) -> ControlFlow<()> {
        self.first_token.get_or_insert_with(|| self.start.elapsed().as_secs_f64());
        self.events.send(Event::Text { take: self.take, exchange: self.exchange, text: text.to_owned() });
        go_on(self.stop)
    }

    fn end(self, answer: Answer) -> Event {
        // both count from the question, looking at the motion included
        let seconds = self.start.elapsed().as_secs_f64();
        let (answer, first_token) = (Answer { seconds, ..answer }, self.first_token.unwrap_or(seconds));
        Event::Answered { take: self.take, exchange: self.exchange, answer, first_token }
    }
}
