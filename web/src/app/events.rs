//! What arrived: files, and what the worker found out.

use eframe::egui;
use skeletonllm::assistant::Attribution;

use super::App;
use crate::{
    companions,
    document::{Explanation, Opened, Outcome, Take},
    files::{Arrival, Unread},
    inference::{Event, STOPPED},
    platform::{self, Kind},
    theme,
    widgets::percent,
};

impl App {
    /// Takes in the files that came; motions are read beside the window.
    pub(super) fn open_arrivals(&mut self, ctx: &egui::Context) {
        // what was kept is not kept once more
        for (kept, arrivals) in [(true, self.kept.take()), (false, self.incoming.take())] {
            self.open_all(ctx, companions::arranged(arrivals), kept);
        }
    }

    fn open_all(&mut self, ctx: &egui::Context, arrivals: Vec<Arrival>, kept: bool) {
        for arrival in arrivals {
            let opened = match arrival {
                Arrival::File(file) => self.document.accept(file),
                Arrival::Problem(problem) => Err(problem),
            };
            match opened {
                Ok(Opened::Motion(unread)) => self.read(ctx, Unread { kept, ..unread }),
                Ok(Opened::Take(index)) => {
                    self.announce_take(index);
                    self.show_opened(ctx, index);
                }
                Ok(Opened::Weights) => {
                    let name = self.document.weights_name.clone().unwrap_or_default();
                    self.note(&format!("drawing with the weights {name}"));
                    self.redraw();
                }
                Ok(Opened::Companion(name, of)) => {
                    if let Some(file) = self.document.companions.named(&name).filter(|_| !kept) {
                        platform::keep_file(&name, &file.bytes);
                    }
                    self.note(&format!("{name} describes the {of} files that come after it"))
                }
                Err(problem) => self.report_error(&problem),
            }
        }
    }

    /// Has a motion read, and says so where it takes time.
    pub(super) fn read(&mut self, ctx: &egui::Context, unread: Unread) {
        let name = unread.file.name.clone();
        if self.readings.begin(unread, ctx) {
            platform::announce(Kind::Note, &format!("reading {name}"));
        }
    }

    /// Opens the motions that were read. Of several that were opened the first is shown.
    pub(super) fn open_motions(&mut self, ctx: &egui::Context) {
        let mut first = None;
        for (unread, motion) in self.readings.finished() {
            let (otherwise, kept) = (unread.instead_of.is_some(), unread.kept);
            match motion.map(|motion| self.document.add(unread, motion)) {
                // it was closed meanwhile
                Ok(None) => {}
                Ok(Some(index)) => {
                    self.announce_take(index);
                    if !otherwise {
                        let file = self.document.takes[index].file();
                        if !kept {
                            platform::keep_file(&file.name, &file.bytes);
                        }
                        first.get_or_insert(index);
                    } else if index == self.document.current {
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

    fn show_opened(&mut self, ctx: &egui::Context, index: usize) {
        self.select(index);
        // software that imitates a GPU needs its time for the model, and who asked for less motion gets none unasked
        self.playback.playing = theme::is_lively(ctx);
    }

    /// Tells of a take that was opened, and lets the model look at it.
    pub(super) fn announce_take(&mut self, index: usize) {
        let take = &self.document.takes[index];
        let text = format!("{}: {}; read as {}", take.name, take.description, take.reading().join(", "));
        platform::announce(Kind::Opened, &text);
        for warning in take.motion.source.warnings.clone() {
            self.note(&warning);
        }
        if let Some(subject) = self.document.subject(index) {
            self.inference.recognise(subject);
        }
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
            Event::LoadFailed(problem) => self.report_error(&format!("the model cannot be used: {problem}")),
            Event::Recognised { take, labels, seconds } => {
                // nobody asked about the example
                let asked = !self.document.is_example(take);
                if let Some(take) = self.document.by_id(take) {
                    if asked {
                        platform::measure("recognise", seconds);
                        let top = labels.iter().take(5).map(|(label, p)| format!("{label} {}", percent(*p)));
                        platform::announce(Kind::Labels, &top.collect::<Vec<_>>().join(", "));
                    }
                    take.labels = labels;
                }
            }
            Event::Text { take, exchange, text } => {
                if let Some(exchange) = self.document.exchange(take, exchange) {
                    exchange.answer.push_str(&text);
                }
            }
            Event::Answered { take, exchange, answer, first_token } => {
                platform::measure("first-token", first_token);
                platform::measure("answer", answer.seconds);
                platform::publish("tokens", &answer.tokens.to_string());
                let speed = answer.tokens_per_second.map_or(String::new(), |speed| format!("{speed:.3}"));
                platform::publish("speed", &speed);
                if let Some(exchange) = self.document.exchange(take, exchange) {
                    platform::announce(Kind::Answer, &answer.text);
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
                    platform::announce(Kind::Explanation, &in_words(take, &attribution));
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
                    platform::announce(Kind::Spans, &format!("{}{end}", words.join(", ")));
                    take.spans = spans;
                }
            }
            Event::Failed { take, exchange, problem } => {
                if let Some(take) = self.document.by_id(take) {
                    take.spans_progress = None;
                }
                match exchange.and_then(|exchange| self.document.exchange(take, exchange)) {
                    Some(exchange) if exchange.outcome.is_none() => exchange.outcome = Some(Outcome::Failed(problem)),
                    _ if problem == STOPPED => {}
                    _ => self.report_error(&problem),
                }
            }
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
