//! Addresses that lead to a take: followed where the page's own is one, made for others, and as code for another page.

use eframe::egui;

use super::App;
use crate::{actions::Action, document::Take, files::Public, link::Link, models::Step, platform};

impl App {
    /// Opens what the page's address names. A question without a motion waits in the field. What another page shows is
    /// named by the shipped model: nothing large comes unasked, and nothing is kept.
    pub(super) fn follow_link(&mut self, ctx: &egui::Context) {
        if let Some(model) = self.link.model.take().filter(|_| !self.document.link.embed) {
            self.choose_model(ctx, &model);
        }
        match self.link.public() {
            Some(Public::Sample(name)) if self.samples.contains(&name) => {
                platform::read_sample(&name, &self.incoming);
            }
            Some(Public::Sample(name)) => {
                self.link = Link::default();
                self.report_error(&format!("{name}: there is no such sample"));
            }
            Some(Public::Address(url)) => platform::read_url(&url, &self.incoming),
            None => self.document.draft = self.link.question.take().unwrap_or_default(),
        }
    }

    /// Goes to the moment that the page's address names once its take is open, and asks its question of that take once the
    /// model is there.
    pub(super) fn continue_link(&mut self, ctx: &egui::Context) {
        let Some(public) = self.link.public() else { return };
        let linked = |take: &Take| take.origin.public.as_ref() == Some(&public);
        let Some(index) = self.document.takes.iter().position(linked) else { return };
        if let Some(seconds) = self.link.seconds.take() {
            let fps = self.document.takes[index].motion.fps;
            self.select(index);
            self.perform(ctx, Action::Seek(seconds * fps));
        }
        let waits = self.models.coming().is_some_and(|coming| coming.step != Step::Keeping);
        if self.inference.status().is_ready()
            && !waits
            && let Some(question) = self.link.question.take()
        {
            self.ask(index, &question);
        }
        if self.link.question.is_none() {
            self.link = Link::default();
        }
    }

    /// What leads to the take in view, its moment and its last question.
    fn way_here(&self) -> Option<Link> {
        let take = self.document.take()?;
        Some(Link {
            seconds: Some(take.frame / take.motion.fps),
            question: take.exchanges.last().map(|exchange| exchange.question.clone()),
            model: self.models.is_beside().then(|| self.models.current().to_owned()),
            ..Link::to(take.origin.public.clone()?)
        })
    }

    /// Puts an address into the clipboard that leads here.
    pub(super) fn share(&mut self, ctx: &egui::Context) {
        let Some(address) = platform::address() else { return };
        match self.way_here() {
            Some(link) => {
                let address = format!("{address}?{}", link.query());
                self.copy(ctx, address.clone(), &address);
            }
            None => self.refuse_to_share(),
        }
    }

    /// Puts HTML into the clipboard that shows this in another page.
    pub(super) fn share_frame(&mut self, ctx: &egui::Context) {
        let Some(address) = platform::address() else { return };
        match self.way_here() {
            Some(link) => {
                // without a question the label stands below the motion
                let label = link.question.is_none().then(String::new);
                let title = format!("{} in SkeletonLLM", self.document.take().map_or("", |take| &take.name));
                let code = Link { label, model: None, ..link }.frame(&address, &title);
                self.copy(ctx, code, "the code that shows this take in another page");
            }
            None => self.refuse_to_share(),
        }
    }

    /// Puts a text into the clipboard, and says what it is once it is there.
    fn copy(&self, ctx: &egui::Context, text: String, what: &str) {
        let (saves, what) = (self.saves.clone(), what.to_owned());
        platform::copy(ctx, &text.clone(), move |copied| {
            saves.push(Ok(match copied {
                Ok(()) => format!("in the clipboard: {what}"),
                Err(why) => format!("the clipboard cannot be used ({why}); it would be: {text}"),
            }));
        });
    }

    fn refuse_to_share(&mut self) {
        if let Some(name) = self.document.take().map(|take| take.name.clone()) {
            self.note(&format!(
                "{name} is on this machine alone: an address can lead to a sample, or with ?url= to a file of the web"
            ));
        }
    }

    /// The address of the whole page that shows what another page shows of it, at a moment.
    pub(super) fn whole(&self, seconds: Option<f32>) -> Option<String> {
        let link = Link { seconds, ..self.document.link.whole() };
        Some(format!("{}?{}", platform::address()?, link.query()))
    }

    pub(super) fn open_whole(&mut self, ctx: &egui::Context) {
        let now = self.document.take().map(|take| take.frame / take.motion.fps);
        if let Some(address) = self.whole(now.or(self.document.link.seconds)) {
            self.playback.playing = false;
            ctx.open_url(egui::OpenUrl::new_tab(address));
        }
    }
}
