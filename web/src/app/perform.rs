//! What the person asked for, carried out.

use eframe::egui;
use skeletonllm::drawing::DrawSettings;

use super::App;
use crate::{
    actions::Action,
    document::Exchange,
    platform::{self, Kind},
    tour::Tour,
};

impl App {
    /// Does what was asked for.
    pub(super) fn perform(&mut self, ctx: &egui::Context, action: Action) {
        if self.document.link.embed && !action.only_looks() {
            return;
        }
        match action {
            Action::ChooseFiles => platform::choose_files(&self.incoming, ctx),
            Action::ChooseFolder => platform::choose_folder(&self.incoming, ctx),
            Action::ChooseModel(name) => self.choose_model(ctx, &name),
            Action::RemoveModel(name) => self.remove_model(ctx, &name),
            Action::StopModel => self.stop_model(ctx),
            Action::OpenSample(name) => platform::read_sample(&name, &self.incoming),
            Action::Select(index) => {
                if index < self.document.takes.len() {
                    self.keeping.look_elsewhere();
                    self.select(index);
                }
            }
            Action::SelectBy(by) => {
                let count = self.document.takes.len() as isize;
                if count > 0 {
                    let next = (self.document.current as isize + by).rem_euclid(count) as usize;
                    self.perform(ctx, Action::Select(next));
                }
            }
            Action::Close(index) => {
                if index < self.document.takes.len() {
                    let closed = self.document.close(index);
                    self.inference.stop_take(closed.id);
                    if let Some(key) = &closed.origin.kept {
                        platform::forget_file(key);
                    }
                    self.look_at_current();
                    self.fetch_example();
                }
            }
            Action::Compare(index) => self.compare(index),
            Action::ToggleCompare => {
                let next = (self.document.current + 1) % self.document.takes.len().max(1);
                self.compare(Some(next).filter(|_| self.document.beside().is_none()));
            }
            Action::InStep(step) => self.document.keep_in_step(step),
            Action::Forget => self.forget(),
            Action::ReadAs(unit, up) => {
                if let Some(unread) = self.document.otherwise(unit, up) {
                    self.read(ctx, unread);
                }
            }
            Action::CancelReading(id) => {
                if let Some(name) = self.readings.cancel(id) {
                    platform::announce(Kind::Note, &format!("{name} is not read any further"));
                }
            }
            Action::CancelReadings => {
                self.read_nothing();
                platform::announce(Kind::Note, "nothing is read any further");
            }
            Action::TogglePlay => self.playback.playing = !self.playback.playing,
            Action::Step(by) => {
                self.playback.playing = false;
                let frame = self.document.playhead().round() as i64 + by;
                self.document.seek(frame as f32);
            }
            Action::Seek(frame) => {
                self.playback.playing = false;
                self.document.seek(frame);
            }
            Action::SeekEnd => self.perform(ctx, Action::Seek(self.document.frames() as f32)),
            Action::Speed(speed) => self.playback.speed = speed,
            Action::Draft(text) => self.document.draft = text,
            Action::Ask(question) => self.ask(self.document.current, &question),
            Action::Person(person) => {
                if let Some(take) = self.document.take() {
                    self.inference.stop_take(take.id);
                }
                match self.document.choosing(person) {
                    Some(unread) => self.read(ctx, unread),
                    None => {
                        self.document.choose_person(person);
                        self.look_at_current();
                    }
                }
            }
            Action::Recognise => {
                if self.sees()
                    && let Some(take) = self.document.take_mut()
                {
                    take.named = None;
                }
            }
            Action::Explain(exchange) => self.explain(exchange),
            Action::CloseExplanation => {
                if let Some(take) = self.document.take_mut() {
                    take.explanation = None;
                }
            }
            Action::LabelSpans => self.label_spans(),
            Action::Stop | Action::Leave if !self.inference.is_asked() && self.reads() => {
                self.perform(ctx, Action::CancelReadings);
            }
            Action::Stop => self.inference.stop(),
            Action::Leave if self.inference.is_asked() || self.document.beside().is_none() => self.inference.stop(),
            Action::Leave => self.compare(None),
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
            Action::SaveVideo(shown, part) => self.save_video(ctx, shown, part),
            Action::CancelVideo => {
                if let Some(making) = &self.making {
                    making.give_up();
                }
            }
            Action::SaveJson => self.save_json(),
            Action::SaveLabels(table) => self.save_labels(table),
            Action::Share => self.share(ctx),
            Action::ShareFrame => self.share_frame(ctx),
            Action::OpenWhole => self.open_whole(ctx),
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

    /// Asks about the take of that index.
    pub(super) fn ask(&mut self, index: usize, question: &str) {
        let question = question.trim().to_owned();
        if question.is_empty() || index >= self.document.takes.len() {
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

    /// Puts a take beside the one in view, or looks at one alone.
    fn compare(&mut self, index: Option<usize>) {
        let before = self.document.beside().is_some();
        if self.document.compare(index)
            && let (Some((other, step)), Some(take)) = (self.document.beside(), self.document.take())
        {
            let text = format!("{} stands beside {}, in step by {}", other.name, take.name, step.name());
            platform::announce(Kind::Note, &text);
            self.ui_state.show_motion();
        } else if before {
            platform::announce(Kind::Note, "one take alone");
        } else if index.is_some() || self.document.takes.len() < 2 {
            self.note("open another take first: then the two can be compared");
        }
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
        if self.tour.as_ref().is_some_and(Tour::is_last) {
            return self.end_tour();
        }
        let drawn = &self.document.settings;
        let tour = self.tour.take().map_or_else(|| Tour::new(drawn), |tour| tour.next(drawn));
        platform::announce(Kind::Note, &format!("{}: {}", tour.step().title, tour.step().text));
        self.draw_as(tour.settings());
        self.ui_state.show_pictures();
        self.tour = Some(tour);
    }

    pub(super) fn end_tour(&mut self) {
        if let Some(tour) = self.tour.take() {
            self.draw_as(tour.end(&self.document.settings));
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
        self.document.select(index);
        self.look_at_current();
    }

    /// The settings changed: pictures are stale, and what was said about other pictures too. The model looks again.
    pub(super) fn redraw(&mut self) {
        self.document.settings_version += 1;
        self.document.takes.iter_mut().for_each(|take| take.explanation = None);
    }
}
