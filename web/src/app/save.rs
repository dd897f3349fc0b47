//! Files to take away, made beside the window.

use eframe::egui;

use super::App;
use crate::{
    document::Take,
    exports::{self, Table},
    platform,
};

impl App {
    /// Everything that was said about the take in view, as JSON.
    pub(super) fn save_json(&mut self) {
        if let Some(take) = self.document.take() {
            let json = exports::json(take);
            self.saves.push(platform::save(&file_name(take, ".json"), "application/json", json.as_bytes()));
        }
    }

    /// The labels of all takes, once every take has some: a table without holes.
    pub(super) fn save_labels(&mut self, table: Table) {
        if !self.sees() {
            return;
        }
        if !self.tables.contains(&table) {
            self.tables.push(table);
        }
        let missing = self.document.takes.iter().filter(|take| self.document.is_unnamed(take)).count();
        if missing > 0 && self.can_name() {
            self.note(&format!(
                "the model still looks at {missing} of the takes: labels are saved when it has seen all"
            ));
        }
    }

    /// Saves what was asked for and can be saved by now.
    pub(super) fn save_tables(&mut self) {
        if self.tables.is_empty() || (self.document.unnamed().is_some() && self.can_name()) {
            return;
        }
        for table in std::mem::take(&mut self.tables) {
            let text = table.of(&self.document.takes);
            self.saves.push(platform::save(table.file_name(), table.mime(), text.as_bytes()));
        }
    }

    /// The strip as PNG.
    pub(super) fn save_strip(&mut self, ctx: &egui::Context) {
        let (Some(take), Some(subject)) = (self.document.take(), self.document.subject(self.document.current)) else {
            return;
        };
        let name = file_name(take, "-strip.png");
        let clip = self.pictures.clip(&subject, None);
        let engine = self.pictures.backend().engine();
        let bytes = clip.map(|(clip, draction)| exports::strip_png(engine, clip, draction));
        self.save_later(ctx, name, "image/png", bytes);
    }

    /// The motion as GIF.
    pub(super) fn save_gif(&mut self, ctx: &egui::Context) {
        let (Some(take), Some(subject)) = (self.document.take(), self.document.subject(self.document.current)) else {
            return;
        };
        let (name, fps) = (file_name(take, ".gif"), take.motion.fps);
        let frames = exports::gif_frames(take.motion.frames(), fps);
        let clip = self.pictures.clip(&subject, Some(&frames));
        let engine = self.pictures.backend().engine();
        let bytes = clip.map(|(clip, draction)| exports::gif(engine, clip, draction, fps));
        self.save_later(ctx, name, "image/gif", bytes);
    }

    fn save_later(
        &self,
        ctx: &egui::Context,
        name: String,
        mime: &'static str,
        bytes: Result<impl Future<Output = Result<Vec<u8>, String>> + platform::MaybeSend + 'static, String>,
    ) {
        let (saves, ctx) = (self.saves.clone(), ctx.clone());
        platform::spawn(async move {
            saves.push(match bytes {
                Ok(bytes) => bytes.await.and_then(|bytes| platform::save(&name, mime, &bytes)),
                Err(problem) => Err(problem),
            });
            ctx.request_repaint();
        });
    }
}

/// The take's name with another ending.
pub(super) fn file_name(take: &Take, ending: &str) -> String {
    let stem = take.name.rsplit_once('.').map_or(take.name.as_str(), |(stem, _)| stem);
    format!("{stem}{ending}")
}
