//! Ways for others to come here: addresses, and the code for another page.

use eframe::egui;

use super::App;
use crate::{
    link::{Link, file_name},
    platform,
};

impl App {
    /// What leads to the take in view, its moment and its last question.
    fn way_here(&self) -> Option<Link> {
        let take = self.document.take()?;
        let known = |url: &&String| file_name(url) == take.name;
        let sample = Some(take.name.clone()).filter(|name| self.samples.contains(name));
        let url = self.document.link.url.as_ref().filter(|url| sample.is_none() && known(url)).cloned();
        let link = Link {
            sample,
            url,
            seconds: Some(take.frame / take.motion.fps),
            question: take.exchanges.last().map(|exchange| exchange.question.clone()),
            ..Link::default()
        };
        link.leads_to_a_take().then_some(link)
    }

    /// Puts an address into the clipboard that leads here.
    pub(super) fn share(&mut self, ctx: &egui::Context) {
        let Some(address) = platform::address() else { return };
        match self.way_here() {
            Some(link) => {
                ctx.copy_text(format!("{address}?{}", link.query()));
                self.note("the address of this take, moment and question is in the clipboard");
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
                ctx.copy_text(Link { label, ..link }.frame(&address, &title));
                self.note("the code that shows this take in another page is in the clipboard");
            }
            None => self.refuse_to_share(),
        }
    }

    fn refuse_to_share(&mut self) {
        if let Some(name) = self.document.take().map(|take| take.name.clone()) {
            self.note(&format!(
                "{name} is on this machine alone: an address can only lead to a sample, or with ?url= to a file beside the page"
            ));
        }
    }

    /// The address of the whole page that shows what another page shows of it, at this moment.
    fn whole(&self) -> Option<String> {
        let moment = self.document.take().map(|take| take.frame / take.motion.fps);
        let link = Link { seconds: moment.or(self.document.link.seconds), ..self.document.link.whole() };
        Some(format!("{}?{}", platform::address()?, link.query()))
    }

    pub(super) fn open_whole(&mut self, ctx: &egui::Context) {
        if let Some(address) = self.whole() {
            self.playback.playing = false;
            ctx.open_url(egui::OpenUrl::new_tab(address));
        }
    }
}
