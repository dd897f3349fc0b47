//! What arrived: files, and what the worker found out.

use std::sync::Arc;

use eframe::egui;
use skeletonllm::{assistant::Attribution, second_opinion::Opinion};

use super::App;
use crate::{
    companions,
    document::{Explanation, Opened, Outcome, Take},
    files::{Arrival, FileSource, Origin, Unread},
    inference::{Event, STOPPED},
    platform::{self, Kind},
    theme,
    widgets::percent,
};

impl App {
    /// Takes in the files that came; motions are read beside the window.
    pub(super) fn open_arrivals(&mut self, ctx: &egui::Context) {
        for arrival in companions::arranged(self.incoming.take()) {
            let opened = match arrival {
                Arrival::File(file, origin) => self.document.accept(file).map(|opened| (opened, origin)),
                Arrival::Problem(problem) => Err(problem),
            };
            match opened {
                Ok((Opened::Motion(unread), origin)) => self.read(ctx, Unread { origin, ..unread }),
                Ok((Opened::Take(index), origin)) => {
                    let known = &mut self.document.takes[index].origin;
                    known.public = known.public.take().or(origin.public);
                    self.announce_take(index);
                    self.show_opened(ctx, index);
                }
                Ok((Opened::Weights, _)) => {
                    let name = self.document.weights_name.clone().unwrap_or_default();
                    self.note(&format!("drawing with the weights {name}"));
                    self.redraw();
                }
                Ok((Opened::Companion(name, of), origin)) => {
                    if let Some(file) = self.document.companions.named(&name).filter(|_| self.keeps(&origin)) {
                        let bytes = file.bytes.to_vec();
                        self.keep_file(Arc::new(FileSource { name: name.clone(), bytes }), None);
                    }
                    self.note(&format!("{name} describes the {of} files that come after it"))
                }
                Err(problem) => self.report_error(&problem),
            }
        }
    }

    /// Has a motion read, and says so where it takes time.
    pub(super) fn read(&mut self, ctx: &egui::Context, unread: Unread) {
        let (name, small) = (unread.file.name.clone(), unread.is_small());
        self.readings.begin(unread, ctx);
        if !small {
            platform::announce(Kind::Note, &format!("reading {name}"));
        }
    }

    /// Whether something is on its way in or read.
    pub(super) fn reads(&self) -> bool {
        self.incoming.awaited().is_some() || !self.readings.all().is_empty()
    }

    /// Gives up what is on its way in and what is read.
    pub(super) fn read_nothing(&mut self) {
        self.incoming.refuse();
        self.readings.cancel_all();
    }

    /// Opens the motions that were read. Of several that were opened the first is shown, and of those that an earlier visit
    /// left the one that was in view, unless the person looks at something by now.
    pub(super) fn open_motions(&mut self, ctx: &egui::Context) {
        let mut first = None;
        for (unread, motion) in self.readings.finished(ctx) {
            let (otherwise, kept) = (unread.instead_of.is_some(), unread.origin.kept.clone());
            let nothing_open = self.document.takes.is_empty();
            if let Some(take) = unread.instead_of {
                // what was asked about the other reading
                self.inference.stop_take(take);
            }
            match motion.map(|motion| self.document.add(unread, motion)) {
                // it was closed meanwhile
                Ok(None) => {}
                Ok(Some(index)) => {
                    self.announce_take(index);
                    if otherwise {
                        if index == self.document.current {
                            self.select(index);
                        }
                    } else if kept.is_none() {
                        self.keep(index);
                        first.get_or_insert(index);
                    } else if nothing_open || self.keeping.was_in_view(kept.as_deref()) {
                        self.select(index);
                    }
                }
                Err(problem) => self.report_error(&problem),
            }
        }
        if let Some(index) = first {
            self.show_opened(ctx, index);
        }
    }

    /// Whether a file is kept for the next visit: one that was kept already is not, nor what another page shows.
    pub(super) fn keeps(&self, origin: &Origin) -> bool {
        origin.kept.is_none() && !self.document.link.embed
    }

    fn show_opened(&mut self, ctx: &egui::Context, index: usize) {
        self.keeping.look_elsewhere();
        self.select(index);
        // software that imitates a GPU needs its time for the model, and who asked for less motion gets none unasked
        self.playback.playing = theme::is_lively(ctx);
    }

    /// Tells of a take that was opened, and lets the model look at it, once more where it was open before.
    pub(super) fn announce_take(&mut self, index: usize) {
        let take = &mut self.document.takes[index];
        take.named = None;
        let text = format!("{}: {}; read as {}", take.name, take.description, take.reading().join(", "));
        let warnings: Vec<String> =
            take.motion.source.warnings.iter().map(|warning| format!("{}: {warning}", take.name)).collect();
        platform::announce(Kind::Opened, &text);
        warnings.iter().for_each(|warning| self.note(warning));
    }

    /// The most likely labels of a take, as the pictures of that number of the settings show it.
    fn take_labels(
        &mut self,
        id: u64,
        version: u64,
        (labels, place): (Vec<(String, f32)>, Option<Vec<f32>>),
        seconds: f64,
    ) {
        // nobody asked about the example
        let asked = !self.document.is_example(id);
        let in_view = self.document.take().is_some_and(|take| take.id == id);
        let Some(take) = self.document.by_id(id) else { return };
        // of a folder that is drawn otherwise nobody wants to hear everything again
        if asked && (in_view || take.labels.is_empty()) {
            platform::measure("recognise", seconds);
            let top = labels.iter().take(5).map(|(label, p)| format!("{label} {}", percent(*p)));
            platform::announce_of(Kind::Labels, &take.name, &top.collect::<Vec<_>>().join("; "));
        }
        (take.labels, take.place, take.named) = (labels, place, Some(version));
    }

    /// What the joints alone say of a take.
    fn take_second_opinion(&mut self, id: u64, opinion: Option<Opinion>) {
        let heard = self.document.take().is_some_and(|take| take.id == id);
        let Some(take) = self.document.by_id(id) else { return };
        (take.second, take.seconded) = (opinion, true);
        if let (true, Some(agreed), Some(Opinion { label, probability })) = (heard, take.agreed(), &take.second) {
            let agrees = if agreed { "agrees" } else { "differs" };
            let words = format!("a second opinion, from the joints alone, {agrees}: {label} {}", percent(*probability));
            platform::announce_of(Kind::Opinion, &take.name, &words);
        }
    }

    /// A take that the model could not look at.
    fn take_no_labels(&mut self, id: u64, version: u64, problem: &str) {
        let Some(take) = self.document.by_id(id) else { return };
        take.named = Some(version);
        let text = format!("{}: {problem}", take.name);
        self.report_error(&text);
    }

    /// Takes over what the worker found out.
    pub(super) fn handle(&mut self, event: Event) {
        match event {
            Event::Ready { device, seconds, .. } => {
                platform::announce(Kind::Note, &format!("the model is ready on {device} after {seconds:.1} s"));
                platform::publish("device", &device);
                platform::measure("model-ready", seconds);
            }
            // the window begins with a model that is in memory
            Event::Loading { .. } => {}
            Event::LoadFailed(problem) => {
                self.document.give_up("the model cannot be used");
                self.report_error(&format!("the model cannot be used: {problem}"));
            }
            Event::Recognised { take, version, labels, place, seconds } => {
                self.take_labels(take, version, (labels, place), seconds);
            }
            Event::SecondOpinion { take, opinion } => self.take_second_opinion(take, opinion),
            Event::Unnamed { take, version, problem } => self.take_no_labels(take, version, &problem),
            Event::Text { take, exchange, text } => {
                if let Some(exchange) = self.document.exchange(take, exchange) {
                    exchange.answer.push_str(&text);
                }
            }
            Event::Answered { take, exchange, answer, first_token } => {
                platform::measure("first-token", first_token);
                platform::measure("answer", answer.seconds);
                platform::publish("tokens", &answer.tokens.to_string());
                let name = self.document.by_id(take).map(|take| take.name.clone()).unwrap_or_default();
                let speed = answer.tokens_per_second.map_or(String::new(), |speed| format!("{speed:.3}"));
                platform::publish("speed", &speed);
                if let Some(exchange) = self.document.exchange(take, exchange) {
                    let end = if answer.stopped { " (stopped)" } else { "" };
                    platform::announce_of(Kind::Answer, &name, &format!("{}{end}", answer.text));
                    exchange.answer = answer.text;
                    exchange.outcome = Some(Outcome::Answered {
                        first_token,
                        seconds: answer.seconds,
                        tokens: answer.tokens,
                        tokens_per_second: answer.tokens_per_second,
                        confidence: answer.confidence,
                        stopped: answer.stopped,
                    });
                }
            }
            Event::Explained { take, exchange, attribution } => {
                if let Some(take) = self.document.by_id(take) {
                    platform::announce_of(Kind::Explanation, &take.name, &in_words(take, &attribution));
                    take.explanation = Some(Explanation { exchange, attribution });
                }
            }
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Event::Gradient { take, exchange, settings_version, gradient } => {
                self.take_gradient(take, exchange, settings_version, gradient);
            }
            Event::SpanProgress { take, done, total } => {
                if let Some(take) = self.document.by_id(take) {
                    take.spans_progress = Some((done, total));
                }
            }
            Event::Spans { take, spans, stopped } => {
                if let Some(take) = self.document.by_id(take) {
                    take.spans_progress = None;
                    let words =
                        spans.iter().map(|s| format!("{:.1}–{:.1} s {}", s.start_seconds, s.end_seconds, s.label));
                    let words: Vec<String> = words.collect();
                    let end = if stopped { " (stopped)" } else { "" };
                    platform::announce_of(Kind::Spans, &take.name, &format!("{}{end}", words.join("; ")));
                    take.spans = spans;
                }
            }
            Event::Failed { take, exchange, problem } => self.take_failure(take, exchange, problem),
        }
    }

    /// A request that did not work, or that was stopped before it began.
    fn take_failure(&mut self, id: u64, exchange: Option<u64>, problem: String) {
        let Some(take) = self.document.by_id(id) else { return };
        let name = take.name.clone();
        if exchange.is_none() {
            take.spans_progress = None;
        }
        let stopped = problem == STOPPED;
        match exchange.and_then(|exchange| self.document.exchange(id, exchange)) {
            Some(exchange) if exchange.outcome.is_none() => {
                let kind = if stopped { Kind::Note } else { Kind::Error };
                platform::announce_of(kind, &name, &format!("{}: {problem}", exchange.question));
                exchange.outcome = Some(Outcome::Failed(problem));
            }
            _ if stopped => platform::announce_of(Kind::Note, &name, STOPPED),
            _ => self.report_error(&format!("{name}: {problem}")),
        }
    }
}

/// The three joints and frames that an answer depends on most.
fn in_words(take: &Take, attribution: &Attribution) -> String {
    let names = &take.motion.skeleton.names;
    let most = |values: &[f32], name: &dyn Fn(usize) -> String| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
        order.into_iter().take(3).map(name).collect::<Vec<_>>().join(", ")
    };
    let joints = most(&attribution.joints, &|n| names[n % names.len()].clone());
    let frames = most(&attribution.frames, &|n| (n + 1).to_string());
    format!("depends most on the joints {joints} and the pictures {frames}")
}
