//! What those who watch from outside may know: screen readers and tests.

use eframe::egui;

use super::App;
use crate::{
    document::{Exchange, Take, one_line},
    inference::ModelStatus,
    models::Coming,
    platform,
    video::span_at_playhead,
    widgets::{per_second, percent},
};

impl App {
    /// Puts it into the page.
    pub(super) fn publish(&self, ctx: &egui::Context) {
        let take = self.document.take();
        let reading: Vec<&str> = self.readings.all().iter().map(|r| r.unread.file.name.as_str()).collect();
        let coming = self.models.coming();
        platform::status(&self.status(take, &reading));
        let flag = |on: bool| if on { "1" } else { "" };
        platform::publish("take", take.map_or("", |take| &take.name));
        platform::publish("read", &take.map_or(String::new(), |take| take.reading().join("; ")));
        platform::publish("list", &self.document.titles().join("\n"));
        platform::publish("current", &self.document.current.to_string());
        let beside = self.document.beside();
        let other = beside.and_then(|(other, _)| self.document.takes.iter().position(|take| take.id == other.id));
        platform::publish("beside", &other.map_or(String::new(), |index| index.to_string()));
        platform::publish("step", beside.map_or("", |(_, step)| step.name()));
        platform::publish("besideframe", &beside.map_or(0, |(take, _)| take.current_frame() + 1).to_string());
        let link = &self.document.link;
        let whole = if link.embed { self.whole(link.seconds) } else { None };
        platform::publish("whole", &whole.unwrap_or_default());
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
        let span = take.and_then(span_at_playhead).map_or(String::new(), |span| one_line(&span.label));
        platform::publish("span", &span);
        let made = self.making.as_ref().map(|making| making.progress());
        platform::publish(
            "video",
            &made.map_or(String::new(), |(done, total)| (100 * done / total.max(1)).to_string()),
        );
        platform::publish("places", &self.ui_state.places.told(ctx.content_rect().size()));
        platform::publish("reading", &reading.join("\n"));
        let fraction = self.readings.all().first().and_then(|reading| reading.fraction);
        platform::publish("fraction", &fraction.map_or(String::new(), |fraction| format!("{fraction:.2}")));
        platform::publish("takes", &self.document.takes.len().to_string());
        platform::publish("frame", &take.map_or(0, |take| take.current_frame() + 1).to_string());
        platform::publish("playing", flag(self.playback.playing));
        platform::publish("why", flag(take.is_some_and(|take| take.explanation.is_some())));
        platform::publish("theme", if ctx.theme() == egui::Theme::Dark { "dark" } else { "light" });
        platform::publish("busy", flag(self.is_busy()));
        let second = take.and_then(|take| take.second.as_ref());
        platform::publish("second", second.map_or("", |opinion| &opinion.label));
        platform::publish("asked", flag(self.inference.is_asked()));
        platform::publish("answered", flag(take.is_some_and(|take| take.answers().next().is_some())));
        let front = if self.ui_state.shows_help() { "keys" } else { "menu" };
        let covered = self.ui_state.shows_help() || egui::Popup::is_any_open(ctx);
        platform::publish("front", if covered { front } else { "" });
        let example = self.document.example.as_ref().filter(|_| take.is_none());
        platform::publish("example", &example.map_or(String::new(), |example| example.current_frame().to_string()));
        let label = example.and_then(|example| example.labels.first());
        platform::publish("example-label", label.map_or("", |(label, _)| label));
        let tour = self.tour.as_ref().map_or(0, |tour| tour.number());
        platform::publish("tour", &tour.to_string());
        platform::publish("ready", flag(self.inference.status().is_ready()));
        platform::publish("memory", &platform::memory().to_string());
        platform::publish("pictures", &self.pictures.drawn().to_string());
    }
}

impl App {
    /// What the status line says.
    fn status(&self, take: Option<&Take>, reading: &[&str]) -> String {
        if let ([], Some(coming)) = (reading, self.models.coming()) {
            return coming.told();
        }
        match (reading, self.inference.status(), take) {
            ([first], ..) => format!("reading {first}"),
            ([first, more @ ..], ..) => format!("reading {first} and {} more", more.len()),
            (_, ModelStatus::Failed(_), _) => "the model cannot be used".to_owned(),
            (_, ModelStatus::Loading, _) => "the model is loading".to_owned(),
            (_, ModelStatus::Ready { .. }, None) => "ready: open motion files".to_owned(),
            (_, ModelStatus::Ready { .. }, Some(take)) => {
                let doing = if self.is_busy() { "thinking" } else { "ready" };
                // a playing take would make a screen reader read numbers all day
                if self.playback.playing {
                    return format!("{}: playing, {doing}", take.name);
                }
                let beside = self.document.beside().map_or(String::new(), |(other, _)| {
                    let (at, of) = (other.current_frame() + 1, other.motion.frames());
                    format!(", beside {} at frame {at} of {of}", other.name)
                });
                let (at, of) = (take.current_frame() + 1, take.motion.frames());
                let speed = take.exchanges.last().and_then(Exchange::tokens_per_second);
                let speed = speed.map_or(String::new(), |speed| format!(", {}", per_second(speed)));
                format!("{}: frame {at} of {of}, {doing}{speed}{beside}", take.name)
            }
        }
    }
}
