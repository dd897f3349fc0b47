//! Videos to take away, made beside the window, one at a time.

use std::time::Duration;

use eframe::egui;

use super::{App, save::file_name};
use crate::{
    platform::{self, Kind},
    video::{Captions, Making, Part, Shown, Stretch, Video, record},
};

/// From one look at how far it is to the next.
const LOOK: Duration = Duration::from_millis(250);

impl App {
    /// Begins to make a video of part of the take in view.
    pub(super) fn save_video(&mut self, ctx: &egui::Context, shown: Shown, part: Part) {
        if self.making.is_some() {
            return self.note("a video is being made already: wait for it, or give it up");
        }
        let (Some(take), Some(subject)) = (self.document.take(), self.document.subject(self.document.current)) else {
            return;
        };
        let (stretch, name) = (Stretch::of(take, part), file_name(take, &format!("-{}", shown.name())));
        let pictures = match self.pictures.prepared(&subject) {
            Ok(pictures) => pictures,
            Err(problem) => return self.report_error(&not_made(&name, &problem)),
        };
        let video = Video {
            shown,
            stretch,
            motion: subject.motion,
            look: self.ui_state.look(take, ctx.theme() == egui::Theme::Dark),
            captions: Captions::of(take),
            pictures,
            engine: self.pictures.backend().engine(),
        };
        let begun = format!("making a video of {}, {}", take.name, stretch.words());
        match stretch.cut_from {
            Some(_) => self.note(&begun),
            None => platform::announce(Kind::Note, &begun),
        }
        let (making, saves, window) = (Making::new(name), self.saves.clone(), ctx.clone());
        self.making = Some(making.clone());
        platform::spawn(async move {
            let saved = match record(video, &making).await {
                Ok(Some(file)) => platform::save(&format!("{}{}", making.name, file.ending), file.mime, &file.bytes),
                Ok(None) => Ok(format!("{}: the video was given up", making.name)),
                Err(problem) => Err(problem),
            };
            saves.push(saved.map_err(|problem| not_made(&making.name, &problem)));
            making.end();
            window.request_repaint();
        });
    }

    /// Looks how far the video is, from time to time.
    pub(super) fn watch_video(&mut self, ctx: &egui::Context) {
        if self.making.as_ref().is_some_and(Making::is_over) {
            self.making = None;
        }
        if self.making.is_some() {
            ctx.request_repaint_after(LOOK);
        }
    }

    /// The window goes, and the video with it.
    pub(super) fn give_up_video(&mut self) {
        if let Some(making) = self.making.take().filter(|making| !making.is_over()) {
            making.give_up();
            self.report_error(&not_made(&making.name, "its window has gone"));
        }
    }
}

fn not_made(name: &str, problem: &str) -> String {
    format!("the video {name} was not made: {problem}")
}
