//! A moment of a video as pixels: the scene, DrAction's picture of it, and the caption, in egui without a window.

use draction::{engine::Scene, export::pictures};
use eframe::egui::{
    Align2, Color32, ColorImage, Context, Pos2, RawInput, Rect, Stroke, TextureHandle, TextureOptions, Theme, Ui,
    UiBuilder, ViewportId, pos2, vec2,
};

use super::{
    Shown, Video,
    raster::{Canvas, Textures},
};
use crate::{
    pictures::LIVE_SIZE,
    theme::{self, palette, text},
    widgets::{SceneView, elided},
};

/// Height of what is shown, in points; DrAction's picture at the playhead has as many pixels.
const HEIGHT: f32 = LIVE_SIZE as f32;
/// Width of a scene by itself, in points.
const WIDE: f32 = 1.5 * HEIGHT;
/// Height of the caption, in points.
const CAPTION: f32 = 48.0;
/// Size of its text.
const LETTERS: f32 = 20.0;

/// Where things are, in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) scene: Option<Rect>,
    pub(super) picture: Option<Rect>,
    pub(super) caption: Rect,
}

impl Layout {
    pub(super) fn of(shown: Shown) -> Layout {
        let place = |left: f32, width: f32| Rect::from_min_size(pos2(left, 0.0), vec2(width, HEIGHT));
        let (scene, picture) = match shown {
            Shown::Scene => (Some(place(0.0, WIDE)), None),
            Shown::Pictures => (None, Some(place(0.0, HEIGHT))),
            Shown::Both => (Some(place(0.0, HEIGHT)), Some(place(HEIGHT, HEIGHT))),
        };
        let right = [scene, picture].into_iter().flatten().map(|place| place.right()).fold(0.0, f32::max);
        Layout { scene, picture, caption: Rect::from_min_size(pos2(0.0, HEIGHT), vec2(right, CAPTION)) }
    }

    /// Width and height of a frame with so many pixels to a point: multiples of four, as long as a quarter divides `scale`.
    pub(super) fn pixels(&self, scale: f32) -> [usize; 2] {
        [self.caption.right(), self.caption.bottom()].map(|points| (points * scale).round() as usize)
    }
}

/// Makes a video's frames.
pub(super) struct Frames {
    video: Video,
    fps: u32,
    layout: Layout,
    /// Pixels to a point.
    scale: f32,
    ctx: Context,
    textures: Textures,
    canvas: Canvas,
    /// DrAction's picture, and the motion's frame that it is of.
    picture: Option<(usize, TextureHandle)>,
}

impl Frames {
    /// With so many pixels to a point, and so many frames a second.
    pub(super) fn new(video: Video, scale: f32, fps: u32) -> Frames {
        let ctx = Context::default();
        theme::install(&ctx);
        ctx.set_theme(if video.look.dark { Theme::Dark } else { Theme::Light });
        let layout = Layout::of(video.shown);
        let canvas = Canvas::new(layout.pixels(scale));
        Frames { video, fps, layout, scale, ctx, textures: Textures::default(), canvas, picture: None }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.video.stretch.frames(self.fps)
    }

    /// Width and height in pixels, both even.
    pub(super) fn size(&self) -> [usize; 2] {
        self.layout.pixels(self.scale)
    }

    /// How the scene is looked at: from as far as its place asks for.
    #[cfg(test)]
    pub(super) fn look(&self) -> &super::Look {
        &self.video.look
    }

    /// `[H, W, 4]` frame `n`, opaque.
    ///
    /// # Errors
    /// The renderer's, as a sentence.
    pub(super) async fn frame(&mut self, n: usize) -> Result<&[u8], String> {
        let seconds = self.video.stretch.time(n, self.fps);
        let moment = self.video.moment(seconds);
        if let Some(place) = self.layout.picture {
            self.draw(moment.round() as usize, (place.height() * self.scale) as usize).await?;
            // the scene takes its time, too
            skeletonllm_network::task::yield_now().await;
        }
        self.paint(moment, seconds);
        Ok(self.canvas.rgba())
    }

    /// Draws DrAction's picture of a frame of the motion, unless it is there.
    async fn draw(&mut self, frame: usize, side: usize) -> Result<(), String> {
        if self.picture.as_ref().is_some_and(|(drawn, _)| *drawn == frame) {
            return Ok(());
        }
        let clip = self.video.pictures.frame(frame)?;
        let scene = Scene::new([&clip], self.video.pictures.draction(), side, side).map_err(|e| e.to_string())?;
        let drawn = pictures(&self.video.engine.frames(&scene).await?, side, side).map_err(|e| e.to_string())?;
        let [drawn] = &drawn[..] else { return Err(format!("{} pictures were drawn instead of one", drawn.len())) };
        let image = ColorImage::from_rgb([side, side], &drawn.rgb);
        match &mut self.picture {
            Some((known, texture)) => {
                *known = frame;
                texture.set(image, TextureOptions::LINEAR);
            }
            none => *none = Some((frame, self.ctx.load_texture("picture", image, TextureOptions::LINEAR))),
        }
        Ok(())
    }

    /// Paints everything onto the canvas.
    fn paint(&mut self, moment: f32, seconds: f64) {
        let corner = pos2(self.layout.caption.right(), self.layout.caption.bottom());
        let screen_rect = Some(Rect::from_min_max(Pos2::ZERO, corner));
        let mut input = RawInput { screen_rect, time: Some(seconds), ..RawInput::default() };
        input.viewports.entry(ViewportId::ROOT).or_default().native_pixels_per_point = Some(self.scale);
        let (video, layout) = (&mut self.video, self.layout);
        let picture = self.picture.as_ref().map(|(_, texture)| texture.id());
        let mut output = self.ctx.run_ui(input, |ui| {
            if let Some(place) = layout.scene {
                let scene = SceneView::new(&video.motion, moment).heat(video.look.heat.as_deref());
                let mut ui = ui.new_child(UiBuilder::new().max_rect(place));
                scene.trails(video.look.trails).show(&mut ui, &mut video.look.orbit);
            }
            if let (Some(place), Some(picture)) = (layout.picture, picture) {
                let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
                ui.painter().image(picture, place, whole, Color32::WHITE);
            }
            caption(ui, layout.caption, video.captions.at(seconds));
        });
        self.textures.update(&mut output.textures_delta);
        let triangles = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        self.canvas.clear(palette(&self.ctx.global_style().visuals).panel);
        self.canvas.paint(&triangles, self.scale, &self.textures);
        self.textures.forget(&mut output.textures_delta);
    }
}

/// What is done, in the middle of its place.
fn caption(ui: &Ui, place: Rect, words: &str) {
    let (painter, colours) = (ui.painter(), palette(ui.visuals()));
    painter.hline(place.x_range(), place.top() + 0.5, Stroke::new(1.0, colours.border));
    let words = elided(painter, words, text::semibold(LETTERS), colours.text, place.width() - 2.0 * theme::space::M);
    let at = Align2::CENTER_CENTER.anchor_size(place.center(), words.size());
    painter.galley(at.min, words, colours.text);
}
