//! What those who watch from outside may know: screen readers and tests.

use eframe::egui;

use super::App;
use crate::{
    document::{Exchange, Take},
    inference::ModelStatus,
    models::Coming,
    platform,
    widgets::{per_second, percent},
};

impl App {
    /// Puts it into the page.
    pub(super) fn publish(&self, ctx: &egui::Context) {
        let take = self.document.take();
        let reading: Vec<&str> = self.readings.under_way().iter().map(|r| r.unread.file.name.as_str()).collect();
        let coming = self.models.coming();
        let status = match (self.inference.status(), take) {
            _ if !reading.is_empty() => format!("reading {}", reading.join(", ")),
            _ if coming.is_some() => coming.map(Coming::told).unwrap_or_default(),
            (ModelStatus::Failed(_), _) => "the model cannot be used".to_owned(),
            (ModelStatus::Loading, _) => "the model is loading".to_owned(),
            (ModelStatus::Ready { .. }, None) => "ready: open motion files".to_owned(),
            (ModelStatus::Ready { .. }, Some(take)) => {
                let frames = take.motion.frames();
                let doing = if self.inference.is_busy() { "thinking" } else { "ready" };
                let speed = take.exchanges.last().and_then(Exchange::tokens_per_second);
                let speed = speed.map_or(String::new(), |speed| format!(", {}", per_second(speed)));
                format!("{}: frame {} of {frames}, {doing}{speed}", take.name, take.current_frame() + 1)
            }
        };
        // a playing take would make a screen reader read numbers all day
        if !self.playback.playing || take.is_none() || !reading.is_empty() || coming.is_some() {
            platform::status(&status);
        }
        let flag = |on: bool| if on { "1" } else { "" };
        platform::publish("take", take.map_or("", |take| &take.name));
        platform::publish("read", &take.map_or(String::new(), |take| take.reading().join("; ")));
        let names = self.document.takes.iter().map(|take| one_line(&take.name));
        platform::publish("list", &names.collect::<Vec<_>>().join("\n"));
        platform::publish("current", &self.document.current.to_string());
        platform::publish("samples", &self.samples.join("\n"));
        platform::publish("model", self.models.current());
        let known = self.models.list().iter().map(|entry| format!("{}\t{}", one_line(&entry.name), entry.state()));
        platform::publish("models", &known.collect::<Vec<_>>().join("\n"));
        platform::publish("coming", &coming.map(Coming::told).unwrap_or_default());
        platform::publish("sees", flag(self.inference.status().sees()));
        platform::publish("long", flag(take.is_some_and(Take::is_long)));
        let labels = take.map_or(&[][..], |take| &take.labels).iter().take(5);
        let labels = labels.map(|(label, p)| format!("{} {}", one_line(label), percent(*p)));
        platform::publish("labels", &labels.collect::<Vec<_>>().join("\n"));
        platform::publish("places", &self.ui_state.places.told(ctx.content_rect().size()));
        platform::publish("reading", &reading.join("\n"));
        platform::publish("takes", &self.document.takes.len().to_string());
        platform::publish("frame", &take.map_or(0, |take| take.current_frame() + 1).to_string());
        platform::publish("playing", flag(self.playback.playing));
        platform::publish("why", flag(take.is_some_and(|take| take.explanation.is_some())));
        platform::publish("theme", if ctx.theme() == egui::Theme::Dark { "dark" } else { "light" });
        platform::publish("busy", flag(self.inference.is_busy()));
        platform::publish("ready", flag(self.inference.status().is_ready()));
        platform::publish("memory", &platform::memory().to_string());
        platform::publish("pictures", &self.pictures.drawn().to_string());
    }
}

/// A name as one line of a list.
fn one_line(name: &str) -> String {
    name.replace(['\r', '\n'], " ")
}
