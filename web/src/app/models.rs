//! Another model instead of the one that answers: it comes and is read beside it, and takes its place once it can answer.

use eframe::egui;
use skeletonllm::drawing::HostDrawing;

use super::App;
use crate::{
    inference::{Event, Inference, Source},
    models::{News, Offered, SHIPPED, Step},
    platform::{self, Kind},
};

/// A model that is being read.
pub(super) struct Candidate {
    name: String,
    inference: Inference,
    /// Its files, where they were given.
    offered: Option<Offered>,
    /// Whether they are to be kept for the next visit.
    keep: bool,
}

impl App {
    /// Has a model come and answer, by its name or, beside the page, its folder.
    pub(super) fn choose_model(&mut self, ctx: &egui::Context, name: &str) {
        if name == self.models.current() && self.candidate.is_none() {
            return;
        }
        self.give_up_candidate();
        if name == SHIPPED {
            return self.load(ctx, None, false);
        }
        self.models.begin(name, Step::Downloading);
        platform::announce(Kind::Note, &format!("the model {name} is on its way"));
        platform::bring_model(name, self.models.sender(ctx));
    }

    /// Has a model answer whose files somebody gave.
    pub(super) fn take_models(&mut self, ctx: &egui::Context) {
        for mut offered in self.incoming.take_models() {
            offered.given.name = self.models.name_for(&offered.given.name);
            self.give_up_candidate();
            let (files, megabytes) = (offered.given.files.len(), offered.given.bytes() as f64 / 1e6);
            let name = offered.given.name.clone();
            let files = if files == 1 { "one file".to_owned() } else { format!("{files} files") };
            self.note(&format!("reading the model “{name}”: {files}, {megabytes:.1} MB"));
            self.load(ctx, Some(offered), true);
        }
    }

    /// Has a model read that somebody gave, or the shipped one.
    pub(super) fn load(&mut self, ctx: &egui::Context, offered: Option<Offered>, keep: bool) {
        let name = offered.as_ref().map_or(SHIPPED, |offered| &offered.given.name).to_owned();
        let source = offered.clone().map_or_else(|| self.shipped.clone(), Source::Given);
        let inference = Inference::start(source, self.second.clone(), self.selected.clone(), ctx);
        self.models.begin(&name, Step::Loading);
        self.candidate = Some(Candidate { name, inference, offered, keep });
        ctx.request_repaint();
    }

    /// The model on its way comes no longer.
    pub(super) fn give_up_candidate(&mut self) {
        platform::stop_model();
        self.candidate = None;
        if let Some(coming) = self.models.coming().cloned() {
            self.models.end(&coming.name);
        }
    }

    /// Stops it because the person wants it.
    pub(super) fn stop_model(&mut self, ctx: &egui::Context) {
        let Some(coming) = self.models.coming().cloned() else { return };
        self.give_up_candidate();
        let more =
            if coming.step == Step::Downloading { "; what has come stays, and it goes on from there" } else { "" };
        self.note(&format!("{} was stopped{more}", coming.name));
        platform::list_models(self.models.sender(ctx));
    }

    /// Takes a model away from this machine.
    pub(super) fn remove_model(&mut self, ctx: &egui::Context, name: &str) {
        if self.models.coming().is_some_and(|coming| coming.name == name) {
            self.give_up_candidate();
        }
        platform::remove_model(name, self.models.sender(ctx));
        self.note(&format!("the model {name} is not kept on this machine any longer"));
    }

    /// Takes in what happened to models elsewhere, and puts one in its place that can answer now.
    pub(super) fn hear_models(&mut self, ctx: &egui::Context) {
        for news in self.models.news() {
            match news {
                News::Here { offered, verified } => {
                    self.note(&format!("{}: {verified}", offered.given.name));
                    self.load(ctx, Some(offered), false);
                    platform::list_models(self.models.sender(ctx));
                }
                News::Failed { name, problem } => {
                    self.models.end(&name);
                    self.report_error(&format!("{name}: {problem}"));
                    platform::list_models(self.models.sender(ctx));
                }
                News::Kept(name) => {
                    self.models.end(&name);
                    self.note(&format!("{name} is kept for the next visit"));
                    platform::list_models(self.models.sender(ctx));
                }
                News::NotKept { name, problem } => {
                    self.models.end(&name);
                    self.note(&format!("{name} answers, but is not kept for the next visit: {problem}"));
                }
                News::List(_) | News::Progress { .. } => {}
            }
        }
        let Some(mut candidate) = self.candidate.take() else { return };
        for event in candidate.inference.events() {
            match event {
                Event::Loading { done, total } => self.models.progress(&candidate.name, done, total),
                Event::LoadFailed(problem) => {
                    self.models.end(&candidate.name);
                    self.report_error(&format!("the model {} cannot be used: {problem}", candidate.name));
                    return;
                }
                Event::Ready { device, seconds, drawing, .. } => {
                    return self.replace_model(ctx, candidate, &device, seconds, drawing.map(|drawing| *drawing));
                }
                _ => {}
            }
        }
        self.candidate = Some(candidate);
    }

    /// The new model answers from now on; what the other one said of takes is no longer so.
    fn replace_model(
        &mut self,
        ctx: &egui::Context,
        candidate: Candidate,
        device: &str,
        seconds: f64,
        drawing: Option<HostDrawing>,
    ) {
        let Candidate { name, inference, offered, keep } = candidate;
        self.models.end(&name);
        self.models.answers(&name);
        self.inference.stop();
        self.inference = inference;
        if let Some(drawing) = drawing {
            self.pictures.draw_with(drawing);
        }
        self.document.forget_findings("another model was chosen");
        self.document.model = offered.clone();
        let sees = self.inference.status().sees();
        let blind = if sees { "" } else { "; it is a language model alone and sees no pictures" };
        self.note(&format!("the model {name} is ready on {device} after {seconds:.1} s{blind}"));
        platform::measure("model-ready", seconds);
        if !sees && !std::mem::take(&mut self.tables).is_empty() {
            self.note("the labels are not saved: nobody looks at the takes any more");
        }
        if let Some(offered) = offered.filter(|_| keep && platform::KEEPS_FILES) {
            self.models.begin(&name, Step::Keeping);
            platform::keep_model(&offered, self.models.sender(ctx));
        }
    }

    /// Says that something needs a model that sees; whether the present one does.
    pub(super) fn sees(&mut self) -> bool {
        let sees = self.inference.status().sees();
        if !sees {
            let name = self.models.current().to_owned();
            self.note(&format!("{name} is a language model alone: it sees no pictures, and can only be asked"));
        }
        sees
    }
}
