//! What the app does for the shader workbench: opens it, tells it what to draw, and says what came of it.

use std::sync::Arc;

use draction::inspect::OwnedInputs;
use eframe::egui;
use skeletonllm::assistant::PictureSlope;

use super::{App, file_name, sitter};
use crate::{
    pictures::{DrawEngine, LIVE_SIZE},
    workbench::{AnswerSlope, Asked, Key, LossKind, Shot, Workbench, default_folder},
};

impl App {
    /// Opens the workbench, or hides it.
    pub(super) fn toggle_workbench(&mut self, ctx: &egui::Context) {
        match &mut self.workbench {
            Some(bench) => bench.open = !bench.open,
            None => {
                let engine = match self.pictures.engine() {
                    DrawEngine::Gpu(engine) => Some(engine),
                    DrawEngine::Cpu => None,
                };
                self.workbench = Some(Box::new(Workbench::new(ctx, engine, default_folder())));
            }
        }
    }

    /// Keeps what the workbench drew in a file, in the folder that the program was started in.
    pub(super) fn capture(&mut self) {
        let (Some(bench), Some(take)) = (&mut self.workbench, self.document.take()) else { return };
        let frame = bench.drawn.as_ref().map_or(0, |drawn| drawn.key.frame + 1);
        let name = file_name(take, &format!("-frame-{frame}-capture.safetensors"));
        bench.capture(std::env::current_dir().unwrap_or_default().join(name));
    }

    /// Once a frame: news from the workbench, and what it should draw next.
    pub(super) fn tend_workbench(&mut self, ctx: &egui::Context) {
        let Some(bench) = &mut self.workbench else { return };
        bench.attend(ctx);
        let notes = std::mem::take(&mut bench.notes);
        let redraw = bench.take_redraw();
        for (failed, text) in notes {
            if failed { self.complain(&text) } else { self.note(&text) }
        }
        if redraw {
            self.redraw();
        }
        self.ask_slope();
        let Some(take) = self.document.take() else { return };
        let frame = take.current_frame();
        let (id, version, playing) = (take.id, self.document.settings_version, self.view.playing);
        let key = self.workbench.as_ref().and_then(|bench| bench.lacks(id, version, frame, playing));
        if let Some(key) = key {
            let shot = self.shot(key);
            self.workbench.as_mut().expect("it was just asked").draw(key, shot);
        }
    }

    /// The model told how its answer hangs on the pictures.
    pub(super) fn hear_slope(&mut self, take: u64, exchange: u64, version: u64, slope: PictureSlope) {
        let said = self.exchange(take, exchange).map(|e| format!("“{}” to “{}”", e.answer, e.question));
        if let Some(bench) = &mut self.workbench {
            let said = said.unwrap_or_default();
            bench.answer = Some(AnswerSlope { take, version, exchange, said, slope });
        }
    }

    /// Asks the model how its last answer hangs on the pictures, once for each answer and way of drawing.
    fn ask_slope(&mut self) {
        let (Some(bench), Some(take)) = (&mut self.workbench, self.document.take()) else { return };
        if bench.loss != LossKind::Answer || !self.mind.is_ready() {
            return;
        }
        let Some(exchange) = take.answers().next().cloned() else { return };
        let wanted = (take.id, self.document.settings_version, exchange.id);
        if bench.answer_asked != Some(wanted) {
            bench.answer_asked = Some(wanted);
            let subject = self.subject(self.document.current);
            self.mind.slope(subject, exchange.id, exchange.question, exchange.answer);
        }
    }

    fn shot(&mut self, key: Key) -> Result<Shot, String> {
        let take = self.document.take().ok_or("no motion is open")?;
        if let Some(asked @ Asked::Answer(_)) = key.loss {
            return self.shot_of_answer(key, asked);
        }
        let (clip, draction) = self.pictures.sheet(sitter(take, &self.document), Some(&[key.frame]))?;
        let inputs =
            OwnedInputs::of_clip(&clip, Arc::new(draction), LIVE_SIZE, LIVE_SIZE).map_err(|error| error.to_string())?;
        Ok(Shot { key, inputs, frame: 0, loss: key.loss.map(|asked| asked.loss(&[])) })
    }

    /// The pictures that the model saw, looked at where the playhead is nearest.
    fn shot_of_answer(&mut self, key: Key, asked: Asked) -> Result<Shot, String> {
        let take = self.document.take().ok_or("no motion is open")?;
        let answer = self.workbench.as_ref().and_then(|bench| bench.answer.as_ref()).ok_or("nothing was answered")?;
        let PictureSlope { size: [height, width], frame_indices, gradient, .. } = &answer.slope;
        let (clip, draction) = self.pictures.sheet(sitter(take, &self.document), None)?;
        if clip.frame_indices != *frame_indices {
            return Err("the model saw other frames".to_owned());
        }
        let inputs =
            OwnedInputs::of_clip(&clip, Arc::new(draction), *width, *height).map_err(|error| error.to_string())?;
        let distance = |i: &usize| frame_indices[*i].abs_diff(key.frame);
        let frame = (0..frame_indices.len()).min_by_key(distance).ok_or("the model saw nothing")?;
        let pixels = width * height * 3;
        let own = gradient.get(frame * pixels..(frame + 1) * pixels).ok_or("the gradient is too short")?;
        Ok(Shot { key, inputs, frame, loss: Some(asked.loss(own)) })
    }
}
