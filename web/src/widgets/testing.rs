//! egui without a window: frames, pointer, keys and touches for the widgets' tests.

use eframe::egui::{
    Color32, Context, Event, HoveredFile, Key, LayerId, Modifiers, PointerButton, Pos2, RawInput, Rect, Shape,
    TouchDeviceId, TouchId, TouchPhase, Ui, Vec2, epaint::Primitive, pos2, vec2,
};

/// A headless screen.
pub(crate) struct Harness {
    pub(crate) ctx: Context,
    size: Vec2,
    events: Vec<Event>,
    files: usize,
    time: f64,
    drawn: Vec<Triangle>,
    texts: Vec<String>,
    /// Each text, where it is, and what can be seen there.
    written: Vec<(String, Rect, Rect)>,
    wants_more: bool,
}

/// What a frame drew, as far as it can be seen.
struct Triangle {
    corners: [Pos2; 3],
    color: Color32,
    clip: Rect,
}

impl Triangle {
    fn covers(&self, at: Pos2) -> bool {
        if !self.clip.contains(at) || !Rect::from_points(&self.corners).contains(at) {
            return false;
        }
        let [a, b, c] = self.corners;
        let side = |p: Pos2, q: Pos2| (q - p).rot90().dot(at - p);
        let sides = [side(a, b), side(b, c), side(c, a)];
        sides.iter().all(|s| *s >= 0.0) || sides.iter().all(|s| *s <= 0.0)
    }
}

/// Finds the texts of a shape and their places.
fn written(shape: &Shape, clip: Rect, texts: &mut Vec<(String, Rect, Rect)>) {
    match shape {
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| written(shape, clip, texts)),
        Shape::Text(text) => {
            let glyphs = text.galley.rows.iter().flat_map(|row| row.glyphs.iter().map(|glyph| glyph.chr));
            texts.push((glyphs.collect(), text.visual_bounding_rect(), clip));
        }
        _ => {}
    }
}

impl Harness {
    /// A dark screen of that size in points.
    pub(crate) fn new(width: f32, height: f32) -> Self {
        let ctx = Context::default();
        crate::theme::install(&ctx);
        ctx.set_theme(eframe::egui::Theme::Dark);
        Self {
            ctx,
            size: vec2(width, height),
            events: Vec::new(),
            files: 0,
            time: 0.0,
            drawn: Vec::new(),
            texts: Vec::new(),
            written: Vec::new(),
            wants_more: false,
        }
    }

    /// Runs one frame with the events since the last one, tessellates it, and checks that all vertices are finite.
    pub(crate) fn frame(&mut self, mut content: impl FnMut(&mut Ui)) {
        self.time += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(self.time),
            events: std::mem::take(&mut self.events),
            focused: true,
            hovered_files: vec![HoveredFile::default(); self.files],
            ..RawInput::default()
        };
        let output = self.ctx.run_ui(input, |ui| content(ui));
        self.wants_more = output.viewport_output.values().any(|viewport| viewport.repaint_delay.is_zero());
        self.written.clear();
        for clipped in &output.shapes {
            written(&clipped.shape, clipped.clip_rect, &mut self.written);
        }
        self.drawn.clear();
        self.texts = self.written.iter().map(|(text, ..)| text.clone()).collect();
        for clipped in self.ctx.tessellate(output.shapes.clone(), 1.0) {
            if let Primitive::Mesh(mesh) = clipped.primitive {
                assert!(mesh.vertices.iter().all(|v| v.pos.is_finite()), "a vertex is not finite");
                self.drawn.extend(mesh.indices.chunks_exact(3).map(|corners| {
                    let corners = [0, 1, 2].map(|k| mesh.vertices[corners[k] as usize]);
                    // an edge fades from its colour to nothing
                    let color = corners.iter().map(|v| v.color).max_by_key(|color| color.a()).expect("three");
                    Triangle { corners: corners.map(|v| v.pos), color, clip: clipped.clip_rect }
                }));
            }
        }
    }

    /// All texts that the last frame drew, as far as they are seen: what was too long ends in "…".
    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Where the texts are that hold these words and that the last frame drew in full view.
    pub(crate) fn places_of(&self, words: &str) -> Vec<Rect> {
        let seen = |(text, place, clip): &&(String, Rect, Rect)| text.contains(words) && clip.contains_rect(*place);
        self.written.iter().filter(seen).map(|(_, place, _)| *place).collect()
    }

    /// What can be clicked on in the last frame, in the lowest layer: its place as far as it is seen.
    pub(crate) fn pressable(&self) -> Vec<Rect> {
        self.pressable_in(|layer| layer == LayerId::background())
    }

    /// As [`Harness::pressable`], in what lies above the lowest layer: open menus.
    pub(crate) fn pressable_above(&self) -> Vec<Rect> {
        self.pressable_in(|layer| layer != LayerId::background())
    }

    fn pressable_in(&self, wanted: impl Fn(LayerId) -> bool) -> Vec<Rect> {
        self.ctx.viewport(|viewport| {
            let layers = viewport.prev_pass.widgets.layers().filter(|(layer, _)| wanted(**layer));
            let clicks = layers.flat_map(|(_, widgets)| widgets).filter(|w| w.sense.senses_click() && w.enabled);
            clicks.map(|widget| widget.interact_rect).filter(Rect::is_positive).collect()
        })
    }

    /// Whether the last frame asked for another one at once.
    pub(crate) fn wants_more(&self) -> bool {
        self.wants_more
    }

    /// The window gets another size.
    pub(crate) fn resize(&mut self, width: f32, height: f32) {
        self.size = vec2(width, height);
    }

    /// Triangles that the last frame drew.
    pub(crate) fn triangles(&self) -> usize {
        self.drawn.len()
    }

    /// The colour of what the last frame drew uppermost at a place; `None` where it drew nothing.
    pub(crate) fn color_at(&self, x: f32, y: f32) -> Option<Color32> {
        let there = self.drawn.iter().rev().find(|t| t.color.a() > 0 && t.covers(pos2(x, y)));
        there.map(|triangle| triangle.color)
    }

    /// The share of a rectangle that the last frame drew on, by its colours at 20 by 20 places.
    pub(crate) fn covered(&self, rect: Rect) -> f32 {
        let at = |k: usize, from: f32, to: f32| from + (to - from) * (k as f32 + 0.5) / 20.0;
        let places = (0..20).flat_map(|i| (0..20).map(move |j| (i, j)));
        let drawn = |&(i, j): &(usize, usize)| {
            self.color_at(at(i, rect.left(), rect.right()), at(j, rect.top(), rect.bottom())).is_some()
        };
        places.filter(drawn).count() as f32 / 400.0
    }

    /// The whole screen.
    pub(crate) fn screen(&self) -> Rect {
        Rect::from_min_size(Pos2::ZERO, self.size)
    }

    /// The colours that widgets take.
    pub(crate) fn palette(&self) -> &'static crate::theme::Palette {
        crate::theme::palette(&self.ctx.global_style().visuals)
    }

    /// So many files are dragged over the window from now on.
    pub(crate) fn hover_files(&mut self, files: usize) {
        self.files = files;
    }

    /// The pointer goes there.
    pub(crate) fn hover(&mut self, x: f32, y: f32) {
        self.events.push(Event::PointerMoved(pos2(x, y)));
    }

    /// A button goes down or up there.
    pub(crate) fn press(&mut self, x: f32, y: f32, button: PointerButton, pressed: bool) {
        let modifiers = Modifiers::NONE;
        self.hover(x, y);
        self.events.push(Event::PointerButton { pos: pos2(x, y), button, pressed, modifiers });
    }

    /// Moves there, presses and releases, each in a frame of its own, as people do.
    pub(crate) fn click(&mut self, x: f32, y: f32, mut content: impl FnMut(&mut Ui)) {
        self.hover(x, y);
        self.frame(&mut content);
        for pressed in [true, false] {
            self.press(x, y, PointerButton::Primary, pressed);
            self.frame(&mut content);
        }
    }

    /// Drags from one place to another in four steps.
    pub(crate) fn drag(
        &mut self,
        from: [f32; 2],
        to: [f32; 2],
        button: PointerButton,
        mut content: impl FnMut(&mut Ui),
    ) {
        self.hover(from[0], from[1]);
        self.frame(&mut content);
        self.press(from[0], from[1], button, true);
        self.frame(&mut content);
        for i in 1..=4 {
            let t = i as f32 / 4.0;
            self.hover(from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t);
            self.frame(&mut content);
        }
        self.press(to[0], to[1], button, false);
        self.frame(&mut content);
    }

    /// The wheel turns up by that many notches (or down, if negative), over some frames since egui smooths it.
    pub(crate) fn wheel(&mut self, notches: f32, mut content: impl FnMut(&mut Ui)) {
        self.events.push(Event::MouseWheel {
            unit: eframe::egui::MouseWheelUnit::Line,
            delta: vec2(0.0, notches),
            phase: TouchPhase::Move,
            source: eframe::egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
        (0..30).for_each(|_| self.frame(&mut content));
    }

    /// The wheel turns sideways by that many points.
    pub(crate) fn scroll_sideways(&mut self, points: f32, mut content: impl FnMut(&mut Ui)) {
        self.events.push(Event::MouseWheel {
            unit: eframe::egui::MouseWheelUnit::Point,
            delta: vec2(points, 0.0),
            phase: TouchPhase::Move,
            source: eframe::egui::MouseWheelSource::Unknown,
            modifiers: Modifiers::NONE,
        });
        (0..30).for_each(|_| self.frame(&mut content));
    }

    /// One finger goes down, moves, and is lifted.
    pub(crate) fn swipe(&mut self, from: [f32; 2], to: [f32; 2], mut content: impl FnMut(&mut Ui)) {
        let touch = |harness: &mut Self, phase: TouchPhase, [x, y]: [f32; 2]| {
            let (device_id, id, pos) = (TouchDeviceId(0), TouchId(1), pos2(x, y));
            harness.events.push(Event::Touch { device_id, id, phase, pos, force: None });
        };
        touch(self, TouchPhase::Start, from);
        touch(self, TouchPhase::End, to);
        self.drag(from, to, PointerButton::Primary, &mut content);
    }

    /// Two fingers spread from `near` to `far` points around a place, both moved by `shift`.
    pub(crate) fn pinch(&mut self, at: [f32; 2], near: f32, far: f32, shift: Vec2, mut content: impl FnMut(&mut Ui)) {
        let mut send = |harness: &mut Self, phase: TouchPhase, gap: f32, moved: Vec2| {
            for (id, side) in [(1, -1.0), (2, 1.0)] {
                harness.events.push(Event::Touch {
                    device_id: TouchDeviceId(0),
                    id: TouchId(id),
                    phase,
                    pos: pos2(at[0] + side * gap, at[1]) + moved,
                    force: None,
                });
            }
            harness.hover(at[0] + moved.x, at[1] + moved.y);
            harness.frame(&mut content);
        };
        send(self, TouchPhase::Start, near, Vec2::ZERO);
        for i in 1..=8 {
            let t = i as f32 / 8.0;
            send(self, TouchPhase::Move, near + (far - near) * t, shift * t);
        }
        send(self, TouchPhase::End, far, shift);
    }

    /// A key goes down and up.
    pub(crate) fn key(&mut self, key: Key, modifiers: Modifiers) {
        for pressed in [true, false] {
            self.events.push(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers });
        }
    }

    /// Text is typed.
    pub(crate) fn text(&mut self, text: &str) {
        self.events.push(Event::Text(text.to_owned()));
    }
}
