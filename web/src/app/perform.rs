//! What the person asked for, carried out.

use eframe::egui;
use skeletonllm::drawing::DrawSettings;

use super::App;
use crate::{
    actions::Action,
    document::Exchange,
    link::Link,
    platform::{self, Kind},
    tour::Tour,
};

impl App {
    /// Does what was asked for.
    pub(super) fn perform(&mut self, ctx: &egui::Context, action: Action) {
        let frames = self.document.take().map_or(0, |take| take.motion.frames());
        match action {
            Action::ChooseFiles => platform::choose_files(&self.incoming, ctx),
            Action::ChooseFolder => platform::choose_folder(&self.incoming, ctx),
            Action::ChooseModel(name) => self.choose_model(ctx, &name),
            Action::RemoveModel(name) => self.remove_model(ctx, &name),
            Action::StopModel => self.stop_model(ctx),
            Action::OpenSample(name) => platform::read_sample(&name, &self.incoming, ctx),
            Action::Select(index) => {
                if index < self.document.takes.len() {
                    self.select(index);
                }
            }
            Action::SelectBy(by) => {
                let count = self.document.takes.len() as isize;
                if count > 0 {
                    self.select((self.document.current as isize + by).rem_euclid(count) as usize);
                }
            }
            Action::Close(index) => {
                if index < self.document.takes.len() {
                    platform::forget_file(&self.document.takes.remove(index).name);
                    let last = self.document.takes.len().saturating_sub(1);
                    let current = self.document.current;
                    self.select(if index < current { current - 1 } else { current.min(last) });
                }
            }
            Action::Forget => {
                self.inference.stop();
                self.document.takes.clear();
                platform::forget_files();
                self.select(0);
                self.note("no file is kept on this machine any longer");
            }
            Action::ReadAs(unit, up) => {
                self.inference.stop();
                if let Some(unread) = self.document.otherwise(unit, up) {
                    self.read(ctx, unread);
                }
            }
            Action::CancelReading(id) => self.readings.cancel(id),
            Action::TogglePlay => self.playback.playing = !self.playback.playing,
            Action::Step(by) => {
                self.playback.playing = false;
                if let Some(take) = self.document.take_mut() {
                    let frame = (take.frame.round() as i64 + by).clamp(0, frames.saturating_sub(1) as i64);
                    take.frame = frame as f32;
                }
            }
            Action::Seek(frame) => {
                self.playback.playing = false;
                if let Some(take) = self.document.take_mut() {
                    take.frame = frame.clamp(0.0, frames.saturating_sub(1) as f32);
                }
            }
            Action::SeekEnd => self.perform(ctx, Action::Seek(frames as f32)),
            Action::Speed(speed) => self.playback.speed = speed,
            Action::Draft(text) => self.document.draft = text,
            Action::Ask(question) => self.ask(&question),
            Action::Person(person) => {
                self.inference.stop();
                self.document.choose_person(person);
                self.ui_state.show_take(self.document.take());
                self.redraw();
            }
            Action::Recognise => {
                if self.sees()
                    && let Some(subject) = self.document.subject(self.document.current)
                {
                    self.inference.recognise(subject);
                }
            }
            Action::Explain(exchange) => self.explain(exchange),
            Action::CloseExplanation => {
                if let Some(take) = self.document.take_mut() {
                    take.explanation = None;
                }
            }
            Action::LabelSpans => self.label_spans(),
            Action::Stop => self.inference.stop(),
            Action::FocusQuestion => self.ui_state.focus_question(),
            Action::ToggleNfm => {
                self.document.settings.nfm = !self.document.settings.nfm;
                self.redraw();
            }
            Action::ToggleCamera => {
                use skeletonllm::drawing::CameraMode::{Fit, Reference};
                let camera = &mut self.document.settings.camera;
                *camera = if *camera == Fit { Reference } else { Fit };
                self.redraw();
            }
            Action::ShowS2i(stream) => self.document.s2i = stream,
            Action::DepthMix(share) => {
                self.document.settings.depth_mix = share;
                self.redraw();
            }
            Action::OwnWeights => {
                self.document.settings.weights = None;
                self.document.weights_name = None;
                self.redraw();
            }
            Action::ToggleTheme => {
                self.document.theme = Some(!self.document.theme.unwrap_or(ctx.theme() == egui::Theme::Dark));
                self.apply_theme(ctx);
            }
            Action::SaveStrip => self.save_strip(ctx),
            Action::SaveGif => self.save_gif(ctx),
            Action::SaveJson => self.save_json(),
            Action::SaveLabels => self.save_labels(),
            Action::Share => self.share(ctx),
            Action::CloseNotice(index) => {
                if index < self.document.notices.len() {
                    self.document.notices.remove(index);
                }
            }
            Action::CloseNotices => self.document.notices.clear(),
            Action::Tour => self.go_on_with_tour(ctx),
            Action::EndTour => self.end_tour(),
            Action::ToggleHelp => self.ui_state.toggle_help(),
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Action::ToggleWorkbench => self.toggle_workbench(ctx),
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Action::Workbench(change) => {
                if let Some(bench) = &mut self.workbench {
                    bench.change(change);
                    ctx.request_repaint();
                }
            }
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            Action::Capture => self.capture(),
        }
    }

    pub(super) fn ask(&mut self, question: &str) {
        let question = question.trim().to_owned();
        let index = self.document.current;
        if question.is_empty() || self.document.take().is_none() {
            return;
        }
        platform::announce(Kind::Question, &question);
        let id = self.document.next_id();
        let exchange = Exchange { id, question: question.clone(), answer: String::new(), outcome: None };
        self.document.takes[index].exchanges.push(exchange);
        if let Some(subject) = self.document.subject(index) {
            self.inference.ask(subject, id, question);
        }
    }

    /// Puts an address into the clipboard that leads to the take in view, its moment and its last question.
    fn share(&mut self, ctx: &egui::Context) {
        let (Some(take), Some(address)) = (self.document.take(), platform::address()) else { return };
        if !self.samples.contains(&take.name) {
            let name = take.name.clone();
            return self.note(&format!("{name} is on this machine alone: an address can only lead to a sample"));
        }
        let link = Link {
            sample: Some(take.name.clone()),
            seconds: Some(take.frame / take.motion.fps),
            question: take.exchanges.last().map(|exchange| exchange.question.clone()),
            model: self.models.is_beside().then(|| self.models.current().to_owned()),
            ..Link::default()
        };
        ctx.copy_text(format!("{address}?{}", link.query()));
        self.note("the address of this sample, moment and question is in the clipboard");
    }

    fn explain(&mut self, exchange: Option<u64>) {
        if !self.sees() {
            return;
        }
        let index = self.document.current;
        let (Some(take), Some(subject)) = (self.document.take(), self.document.subject(index)) else { return };
        let found = take.answers().find(|e| exchange.is_none_or(|id| id == e.id));
        let Some(Exchange { id, question, answer, .. }) = found.cloned() else {
            return self.note("ask something first: then it can be shown what the answer depends on");
        };
        self.inference.explain(subject, id, question, answer);
    }

    fn label_spans(&mut self) {
        if !self.sees() {
            return;
        }
        let Some(subject) = self.document.subject(self.document.current) else { return };
        if let Some(take) = self.document.take_mut()
            && take.spans_progress.is_none()
        {
            take.spans_progress = Some((0, 0));
            self.inference.label_spans(subject);
        }
    }

    /// The next step of the tour. Without a take there is nothing to see: the example is opened.
    fn go_on_with_tour(&mut self, ctx: &egui::Context) {
        if self.document.takes.is_empty() {
            self.perform(ctx, Action::OpenSample(super::EXAMPLE.to_owned()));
        }
        let next = match self.tour.clone() {
            None => Some(Tour::new(&self.document.settings)),
            Some(tour) => tour.next(),
        };
        let Some(tour) = next else { return self.end_tour() };
        platform::announce(Kind::Note, &format!("{}: {}", tour.step().title, tour.step().text));
        self.draw_as(tour.settings());
        self.ui_state.show_pictures();
        self.tour = Some(tour);
    }

    pub(super) fn end_tour(&mut self) {
        if let Some(tour) = self.tour.take() {
            self.draw_as(tour.before());
        }
    }

    fn draw_as(&mut self, settings: DrawSettings) {
        if self.document.settings != settings {
            self.document.settings = settings;
            self.redraw();
        }
    }

    /// Shows another take.
    pub(super) fn select(&mut self, index: usize) {
        self.document.current = index;
        self.ui_state.show_take(self.document.take());
    }

    /// The settings changed: pictures are stale, and what was said about other pictures too.
    pub(super) fn redraw(&mut self) {
        self.document.settings_version += 1;
        self.stale = true;
        if let Some(take) = self.document.take_mut() {
            take.explanation = None;
        }
    }
}
