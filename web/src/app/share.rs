//! Addresses that lead to a take: followed where the page's own is one, and made for others.

use eframe::egui;

use super::App;
use crate::{actions::Action, files::Public, link::Link, platform};

impl App {
    /// Opens what the page's address names. A question without a motion waits in the field.
    pub(super) fn follow_link(&mut self, ctx: &egui::Context) {
        match self.link.public() {
            Some(Public::Sample(name)) if self.samples.contains(&name) => {
                platform::read_sample(&name, &self.incoming, ctx);
            }
            Some(Public::Sample(name)) => {
                self.link = Link::default();
                self.report_error(&format!("{name}: there is no such sample"));
            }
            Some(Public::Address(url)) => platform::read_url(&url, &self.incoming, ctx),
            None => self.document.draft = self.link.question.take().unwrap_or_default(),
        }
    }

    /// Goes to the moment that the page's address names once its take is open, and asks its question of that take once the
    /// model is there.
    pub(super) fn continue_link(&mut self, ctx: &egui::Context) {
        let Some(public) = self.link.public() else { return };
        let linked = |take: &crate::document::Take| take.origin.public.as_ref() == Some(&public);
        let Some(index) = self.document.takes.iter().position(linked) else { return };
        if let Some(seconds) = self.link.seconds.take() {
            let fps = self.document.takes[index].motion.fps;
            self.select(index);
            self.perform(ctx, Action::Seek(seconds * fps));
        }
        if self.inference.status().is_ready()
            && let Some(question) = self.link.question.take()
        {
            self.ask(index, &question);
        }
        if self.link.question.is_none() {
            self.link = Link::default();
        }
    }

    /// Puts an address into the clipboard that leads to the take in view, its moment and its last question.
    pub(super) fn share(&mut self, ctx: &egui::Context) {
        let (Some(take), Some(address)) = (self.document.take(), platform::address()) else { return };
        let Some(public) = take.origin.public.clone() else {
            let name = take.name.clone();
            return self.note(&format!(
                "{name} is on this machine alone: an address can lead to a sample, or with ?url= to a file of the web"
            ));
        };
        let link = Link {
            seconds: Some(take.frame / take.motion.fps),
            question: take.exchanges.last().map(|exchange| exchange.question.clone()),
            ..Link::to(public)
        };
        let address = format!("{address}?{}", link.query());
        let saves = self.saves.clone();
        platform::copy(ctx, &address.clone(), move |copied| {
            saves.push(Ok(match copied {
                Ok(()) => format!("in the clipboard: {address}"),
                Err(why) => format!("this leads here: {address} (it is not in the clipboard: {why})"),
            }));
        });
    }
}
