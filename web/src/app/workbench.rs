//! What the app does for the shader workbench: opens it, tells it what to draw, and says what came of it.

use draction::engine::Scene;
use eframe::egui;
use skeletonllm::assistant::PictureSlope;

use super::{App, save::file_name};
use crate::{
    pictures::{DrawEngine, LIVE_SIZE},
    workbench::{AnswerGradient, LossKey, LossKind, RenderKey, RenderRequest, Workbench, default_folder},
};

impl App {
    /// Opens the workbench, or hides it.
    pub(super) fn toggle_workbench(&mut self, ctx: &egui::Context) {
        match &mut self.workbench {
            Some(bench) => bench.open = !bench.open,
            None => {
                let engine = match self.pictures.backend().engine() {
                    DrawEngine::Gpu(engine) => Some(engine),
                    DrawEngine::Cpu => None,
                };
                self.workbench = Some(Box::new(Workbench::new(ctx, engine, default_folder())));
            }
        }
    }

    /// Keeps what the workbench drew in a file, in the folder that the program was started in.
    pub(super) fn capture(&mut self) {
        let (Some(bench), Some(take)) = (&self.workbench, self.document.take()) else { return };
        let frame = bench.rendering.as_ref().map_or(0, |rendering| rendering.key.frame + 1);
        let name = file_name(take, &format!("-frame-{frame}-capture.safetensors"));
        bench.capture(std::env::current_dir().unwrap_or_default().join(name));
    }

    /// Once a frame: what the workbench has done, and what it should draw next.
    pub(super) fn update_workbench(&mut self, ctx: &egui::Context) {
        let Some(bench) = &mut self.workbench else { return };
        bench.update(ctx);
        let notes = std::mem::take(&mut bench.notes);
        let redraw = bench.take_redraw();
        for (failed, text) in notes {
            if failed { self.report_error(&text) } else { self.note(&text) }
        }
        if redraw {
            self.redraw();
        }
        self.ask_gradient();
        let Some(take) = self.document.take() else { return };
        let frame = take.current_frame();
        let (id, version, playing) = (take.id, self.document.settings_version, self.playback.playing);
        let key = self.workbench.as_ref().and_then(|bench| bench.lacks(id, version, frame, playing));
        if let Some(key) = key {
            let request = self.render_request(key);
            self.workbench.as_mut().expect("it was just asked").render(key, request);
        }
    }

    /// Hands the gradient of an answer to the workbench.
    pub(super) fn take_gradient(&mut self, take: u64, exchange: u64, settings_version: u64, gradient: PictureSlope) {
        let said = self.document.exchange(take, exchange).map(|e| format!("“{}” to “{}”", e.answer, e.question));
        if let Some(bench) = &mut self.workbench {
            let caption = said.unwrap_or_default();
            bench.answer = Some(AnswerGradient { take, settings_version, exchange, caption, gradient });
        }
    }

    /// Asks the model for the gradient of its last answer, once for each answer and way of drawing.
    fn ask_gradient(&mut self) {
        let (Some(bench), Some(take)) = (&mut self.workbench, self.document.take()) else { return };
        if bench.choices.loss != LossKind::Answer || !self.inference.status().is_ready() {
            return;
        }
        let Some(exchange) = take.answers().next().cloned() else { return };
        let wanted = (take.id, self.document.settings_version, exchange.id);
        let subject = self.document.subject(self.document.current);
        if let Some(subject) = subject.filter(|_| bench.answer_requested != Some(wanted)) {
            bench.answer_requested = Some(wanted);
            self.inference.gradient(subject, exchange.id, exchange.question, exchange.answer);
        }
    }

    fn render_request(&mut self, key: RenderKey) -> Result<RenderRequest, String> {
        if let Some(loss @ LossKey::Answer(_)) = key.loss {
            return self.request_of_answer(key, loss);
        }
        let subject = self.document.subject(self.document.current).ok_or("no motion is open")?;
        let (clip, draction) = self.pictures.clip(&subject, Some(&[key.frame]))?;
        let scene = Scene::new([&clip], &draction, LIVE_SIZE, LIVE_SIZE).map_err(|error| error.to_string())?;
        let skeleton = clip.skeleton.clone();
        Ok(RenderRequest { key, scene, skeleton, frame: 0, loss: key.loss.map(|loss| loss.at(&[])) })
    }

    /// The pictures that the model saw, looked at where the playhead is nearest.
    fn request_of_answer(&mut self, key: RenderKey, loss: LossKey) -> Result<RenderRequest, String> {
        let subject = self.document.subject(self.document.current).ok_or("no motion is open")?;
        let answer = self.workbench.as_ref().and_then(|bench| bench.answer.as_ref()).ok_or("nothing was answered")?;
        let PictureSlope { size: [height, width], frame_indices, gradient, .. } = &answer.gradient;
        let (clip, draction) = self.pictures.clip(&subject, None)?;
        if clip.frame_indices != *frame_indices {
            return Err("the model saw other frames".to_owned());
        }
        let scene = Scene::new([&clip], &draction, *width, *height).map_err(|error| error.to_string())?;
        let distance = |i: &usize| frame_indices[*i].abs_diff(key.frame);
        let frame = (0..frame_indices.len()).min_by_key(distance).ok_or("the model saw nothing")?;
        let pixels = width * height * 3;
        let own = gradient.get(frame * pixels..(frame + 1) * pixels).ok_or("the gradient is too short")?;
        let skeleton = clip.skeleton.clone();
        Ok(RenderRequest { key, scene, skeleton, frame, loss: Some(loss.at(own)) })
    }
}
