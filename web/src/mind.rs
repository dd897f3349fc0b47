//! The model beside the window: requests go in, events come out, and no call waits.
//!
//! On the desktop it thinks on a thread of its own; in a browser as a task between frames, on the same GPU device as
//! the window.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use draction::motion::{Motion, humanoid};
use eframe::egui;
use skeletonllm::{
    assistant::{Answer, Assistant, Attribution, Span, SpanOptions},
    drawing::DrawSettings,
    folder::ModelFiles,
    observation::Observation,
};
use skeletonllm_network::device::Selected;
use web_time::Instant;

use crate::platform;

/// The problem of a task that was stopped before it began.
pub const STOPPED: &str = "stopped";

/// A motion and how it is drawn.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The take's id.
    pub take: u64,
    /// What happens.
    pub motion: Arc<Motion>,
    /// How it is drawn.
    pub settings: DrawSettings,
    /// Number of the settings: the same number means the same pictures.
    pub version: u64,
}

/// What to think about.
#[derive(Clone, Debug)]
enum Task {
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
    Slope {
        exchange: u64,
        question: String,
        answer: String,
    },
}

struct Request {
    subject: Subject,
    task: Task,
    stop: Arc<AtomicBool>,
}

/// What came of it.
#[derive(Debug)]
pub enum Event {
    /// The model is loaded.
    Ready {
        /// Where it computes.
        device: String,
        /// Questions it was trained to answer.
        suggestions: Vec<String>,
        /// Loading took this long.
        seconds: f64,
    },
    /// The model cannot be loaded.
    Broken(String),
    /// The most likely labels of a take.
    Recognised {
        /// The take.
        take: u64,
        /// Best first.
        labels: Vec<(String, f32)>,
        /// Drawing, looking and ranking took this long.
        seconds: f64,
    },
    /// More of an answer.
    Text {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// New words.
        text: String,
    },
    /// The end of an answer.
    Answered {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// All of it.
        answer: Answer,
        /// From the request to the first word, looking included.
        first_token: f64,
    },
    /// What an answer depends on.
    Explained {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// Joints and frames.
        attribution: Attribution,
    },
    /// How an answer hangs on the pictures, for the shader workbench.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    Sloped {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// Number of the settings.
        version: u64,
        /// The gradient.
        slope: skeletonllm::assistant::PictureSlope,
    },
    /// Windows of a long take that are labelled.
    SpanProgress {
        /// The take.
        take: u64,
        /// Windows so far.
        done: usize,
        /// Windows in all.
        total: usize,
    },
    /// The labels along a take; fewer when it was stopped.
    Spans {
        /// The take.
        take: u64,
        /// In order of time.
        spans: Vec<Span>,
        /// By the person, before its end.
        stopped: bool,
    },
    /// A task did not work.
    Failed {
        /// The take.
        take: u64,
        /// The exchange, if it was about one.
        exchange: Option<u64>,
        /// Why.
        problem: String,
    },
}

/// The window's end of the line.
pub struct Mind {
    requests: async_channel::Sender<Request>,
    events: mpsc::Receiver<Event>,
    /// Set to stop what is under way and what waits.
    stop: Arc<AtomicBool>,
    waiting: usize,
    ready: bool,
}

impl Mind {
    /// Loads a model on a device, beside the window.
    pub fn start(files: ModelFiles, selected: Selected, ctx: &egui::Context) -> Mind {
        let (requests, inbox) = async_channel::unbounded();
        let (outbox, events) = mpsc::channel();
        let voice = Voice { outbox, ctx: ctx.clone() };
        platform::spawn(think(files, selected, inbox, voice));
        Mind { requests, events, stop: Arc::default(), waiting: 0, ready: false }
    }

    /// Whether the model is loaded.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether it has something to do.
    pub fn is_busy(&self) -> bool {
        self.waiting > 0
    }

    /// Asks for the most likely labels.
    pub fn recognise(&mut self, subject: Subject) {
        self.send(subject, Task::Recognise);
    }

    /// Asks a question.
    pub fn ask(&mut self, subject: Subject, exchange: u64, question: String) {
        self.send(subject, Task::Ask { exchange, question });
    }

    /// Asks what an answer depends on.
    pub fn explain(&mut self, subject: Subject, exchange: u64, question: String, answer: String) {
        self.send(subject, Task::Explain { exchange, question, answer });
    }

    /// Asks how an answer hangs on the pictures.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    pub fn slope(&mut self, subject: Subject, exchange: u64, question: String, answer: String) {
        self.send(subject, Task::Slope { exchange, question, answer });
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
                Event::Ready { .. } => self.ready = true,
                Event::Broken(_) => self.waiting = 0,
                Event::Text { .. } | Event::SpanProgress { .. } => {}
                _ => self.waiting = self.waiting.saturating_sub(1),
            }
        }
        events
    }

    fn send(&mut self, subject: Subject, task: Task) {
        // a mind that broke has closed its inbox, and has said why
        if self.requests.try_send(Request { subject, task, stop: self.stop.clone() }).is_ok() {
            self.waiting += 1;
        }
    }
}

/// The model's end of the line.
struct Voice {
    outbox: mpsc::Sender<Event>,
    ctx: egui::Context,
}

impl Voice {
    fn say(&self, event: Event) {
        // a window that has gone needs no answer
        let _ = self.outbox.send(event);
        self.ctx.request_repaint();
    }
}

async fn think(files: ModelFiles, selected: Selected, inbox: async_channel::Receiver<Request>, voice: Voice) {
    let start = Instant::now();
    let device = selected.name.clone();
    let assistant = match Assistant::from_files(&files, selected) {
        Ok(assistant) => assistant,
        Err(error) => return voice.say(Event::Broken(format!("{error:#}"))),
    };
    drop(files);
    if let Err(error) = warm_up(&assistant).await {
        return voice.say(Event::Broken(format!("{error:#}")));
    }
    let suggestions = assistant.suggestions();
    voice.say(Event::Ready { device, suggestions, seconds: start.elapsed().as_secs_f64() });
    let mut seen = Seen::default();
    let mut queue = VecDeque::new();
    loop {
        queue.extend(std::iter::from_fn(|| inbox.try_recv().ok()));
        let Some(request) = next(&mut queue) else {
            match inbox.recv().await {
                Ok(request) => queue.push_back(request),
                // the window has gone
                Err(_) => return,
            }
            continue;
        };
        let take = request.subject.take;
        let exchange = match &request.task {
            Task::Ask { exchange, .. } | Task::Explain { exchange, .. } => Some(*exchange),
            _ => None,
        };
        if let Err(error) = work(&assistant, &mut seen, request, &voice).await {
            voice.say(Event::Failed { take, exchange, problem: format!("{error:#}") });
        }
    }
}

/// The oldest request that somebody waits for; names for takes, of which a folder asks for hundreds, come last.
fn next(queue: &mut VecDeque<Request>) -> Option<Request> {
    let asked = queue.iter().position(|request| !matches!(request.task, Task::Recognise));
    queue.remove(asked.unwrap_or(0))
}

/// Answers one question about a made-up walk: every kernel is compiled before somebody waits for it.
async fn warm_up(assistant: &Assistant) -> anyhow::Result<()> {
    let motion = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let look = assistant.observe_async(&[&motion], &DrawSettings::default()).await?;
    if let Some(question) = assistant.suggestions().first() {
        assistant.ask_async(&look, question, |_| ControlFlow::Continue(())).await?;
    }
    assistant.recognise_async(&look).await?;
    Ok(())
}

/// The last look: questions about one take follow each other.
#[derive(Default)]
struct Seen {
    last: Option<((u64, u64), Observation)>,
}

impl Seen {
    async fn look(&mut self, assistant: &Assistant, subject: &Subject) -> anyhow::Result<&Observation> {
        let key = (subject.take, subject.version);
        if self.last.as_ref().is_none_or(|(known, _)| *known != key) {
            self.last = None;
            let look = assistant.observe_async(&[&subject.motion], &subject.settings).await?;
            self.last = Some((key, look));
        }
        Ok(&self.last.as_ref().expect("just set").1)
    }
}

async fn work(assistant: &Assistant, seen: &mut Seen, request: Request, voice: &Voice) -> anyhow::Result<()> {
    let Request { subject, task, stop } = request;
    let take = subject.take;
    let start = Instant::now();
    let go_on = || match stop.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    if go_on().is_break() {
        anyhow::bail!(STOPPED);
    }
    match task {
        Task::Recognise => {
            let look = seen.look(assistant, &subject).await?;
            let labels = assistant.recognise_async(look).await?;
            voice.say(Event::Recognised { take, labels, seconds: start.elapsed().as_secs_f64() });
        }
        Task::Ask { exchange, question } => {
            let look = seen.look(assistant, &subject).await?;
            let mut first_token = None;
            let answer = assistant
                .ask_async(look, &question, |text| {
                    first_token.get_or_insert_with(|| start.elapsed().as_secs_f64());
                    voice.say(Event::Text { take, exchange, text: text.to_owned() });
                    go_on()
                })
                .await?;
            let first_token = first_token.unwrap_or_else(|| start.elapsed().as_secs_f64());
            voice.say(Event::Answered { take, exchange, answer, first_token });
        }
        Task::Explain { exchange, question, answer } => {
            let look = seen.look(assistant, &subject).await?;
            let attribution = assistant.explain(look, &question, &answer).await?;
            voice.say(Event::Explained { take, exchange, attribution });
        }
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        Task::Slope { exchange, question, answer } => {
            let look = seen.look(assistant, &subject).await?;
            let slope = assistant.picture_slope(look, &question, &answer).await?;
            voice.say(Event::Sloped { take, exchange, version: subject.version, slope });
        }
        Task::LabelSpans => {
            let progress = |done, total| {
                voice.say(Event::SpanProgress { take, done, total });
                go_on()
            };
            let options = SpanOptions::default();
            let spans = assistant.label_spans(&subject.motion, &subject.settings, &options, progress).await?;
            voice.say(Event::Spans { take, spans, stopped: go_on().is_break() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use draction::motion::{ReadOptions, read_file};

    use super::*;

    fn subject(name: &str) -> Subject {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/samples").join(name);
        let motion = Arc::new(read_file(path, &ReadOptions::default()).expect("a sample"));
        Subject { take: 7, motion, settings: DrawSettings::default(), version: 0 }
    }

    fn start(files: ModelFiles) -> Mind {
        let selected = skeletonllm_network::device::cpu().expect("the CPU backend");
        Mind::start(files, selected, &egui::Context::default())
    }

    fn nano() -> ModelFiles {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/nano");
        ModelFiles::read(&folder).expect("the shipped model")
    }

    /// Waits until `wanted` has come, and returns all that came with it.
    fn until(mind: &mut Mind, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let mut all = Vec::new();
        for _ in 0..3000 {
            let new = mind.events();
            let done = new.iter().any(&wanted);
            all.extend(new);
            if done {
                return all;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not come; only {all:?}");
    }

    #[test]
    fn answers_arrive_in_pieces_that_make_the_whole() {
        let mut mind = start(nano());
        mind.ask(subject("wave_left_hand.bvh"), 1, "Which hand does the person move?".into());
        assert!(mind.is_busy());
        let events = until(&mut mind, |e| matches!(e, Event::Answered { .. }));
        assert!(mind.is_ready() && !mind.is_busy());
        let text: String =
            events.iter().filter_map(|e| if let Event::Text { text, .. } = e { Some(&**text) } else { None }).collect();
        let Some(Event::Answered { take: 7, exchange: 1, answer, .. }) = events.last() else { panic!("{events:?}") };
        assert_eq!(text, answer.text);
        assert!(text.contains("left"), "{text}");
    }

    #[test]
    fn a_question_overtakes_the_names_of_a_folder() {
        let request = |task| Request { subject: subject("walk.bvh"), task, stop: Arc::default() };
        let ask = Task::Ask { exchange: 3, question: "why?".into() };
        let mut queue = VecDeque::from([request(Task::Recognise), request(Task::Recognise), request(ask)]);
        assert!(matches!(next(&mut queue), Some(Request { task: Task::Ask { exchange: 3, .. }, .. })));
        assert!(matches!(next(&mut queue), Some(Request { task: Task::Recognise, .. })));
        assert!(next(&mut queue).is_some() && next(&mut queue).is_none());
    }

    #[test]
    fn what_was_stopped_before_it_began_says_so() {
        let mut mind = start(nano());
        mind.recognise(subject("walk.bvh"));
        mind.stop();
        let events = until(&mut mind, |e| matches!(e, Event::Failed { .. } | Event::Recognised { .. }));
        assert!(matches!(events.last(), Some(Event::Failed { problem, .. }) if problem == STOPPED), "{events:?}");
        mind.recognise(subject("walk.bvh"));
        until(&mut mind, |e| matches!(e, Event::Recognised { take: 7, .. }));
    }

    #[test]
    fn a_broken_model_is_said_and_nothing_hangs() {
        let mut mind = start(ModelFiles { model: vec![1, 2, 3], ..nano() });
        until(&mut mind, |e| matches!(e, Event::Broken(problem) if problem.contains("model.safetensors")));
        mind.recognise(subject("walk.bvh"));
        assert!(!mind.is_busy(), "there is nobody to wait for");
    }
}
