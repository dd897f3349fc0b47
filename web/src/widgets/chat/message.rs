//! One bubble.

use eframe::egui::{
    Align, Align2, Color32, CornerRadius, Frame, Label, Layout, Margin, Rect, Role, Stroke, Ui, WidgetInfo, pos2,
    text::LayoutJob, text::TextFormat, vec2,
};

use crate::{
    icons::Icon,
    theme::{self, Palette, radius, text},
    widgets::IconButton,
};

/// Bubbles are never wider than this many points: lines stay readable.
const WIDEST: f32 = 560.0;

/// What the line below an answer says.
const DETAILS: &str = "Time to the first word; words and the time for all of them; how probable the model found each of \
                       its words, on average. The figures beside labels are something else: how probable a label is among \
                       all that the model knows.";

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The user, at the right.
    You,
    /// The model, at the left.
    Model,
    /// The app: a remark between the bubbles, such as "Stopped" or "wave.bvh opened".
    Notice,
}

/// What the user did with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// Copied its text; it is in the clipboard already.
    Copy,
    /// Wants the answer to end here.
    Stop,
    /// Asks why: wants to see what the answer depends on.
    Explain,
}

/// A message of the chat.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    /// Who says it.
    pub author: Author,
    /// What was said, so far.
    pub text: &'a str,
    /// Whether more is to come: shows a caret and a stop button.
    pub streaming: bool,
    /// A line of facts below an answer: "12 ms · 3 tokens in 40 ms · 84 % a word".
    pub details: Option<&'a str>,
    /// Whether the why-view is about this answer.
    pub selected: bool,
    /// Whether "why" is offered.
    pub explain: bool,
}

impl MessageView<'_> {
    /// Draws the bubble in the place's whole width, to be called in a vertical layout.
    pub fn show(self, ui: &mut Ui) -> Option<MessageAction> {
        match self.author {
            Author::Notice => self.notice(ui),
            Author::You => self.question(ui),
            Author::Model => self.answer(ui),
        }
    }

    fn notice(&self, ui: &mut Ui) -> Option<MessageAction> {
        ui.vertical_centered(|ui| ui.add(Label::new(text::small(self.text)).wrap()));
        None
    }

    fn question(&self, ui: &mut Ui) -> Option<MessageAction> {
        let p = theme::palette(ui.visuals());
        let width = ui.available_width();
        ui.with_layout(Layout::top_down(Align::Max), |ui| {
            ui.set_max_width(width);
            let corner = CornerRadius { se: radius::S, ..CornerRadius::same(radius::L) };
            bubble(ui, p.accent, Color32::TRANSPARENT, corner, |ui| {
                let color = p.on_accent;
                paragraph(ui, self.text, color, width * 0.82, None);
            });
        });
        None
    }

    fn answer(&self, ui: &mut Ui) -> Option<MessageAction> {
        let p = theme::palette(ui.visuals());
        let mut action = None;
        let width = ui.available_width();
        let corner = CornerRadius { sw: radius::S, ..CornerRadius::same(radius::L) };
        let border = if self.selected { p.accent_text } else { p.border };
        let fill = if p.dark { p.raised } else { p.background };
        bubble(ui, fill, border, corner, |ui| {
            if self.text.is_empty() && self.streaming {
                thinking(ui, p);
            } else {
                let caret = self.streaming.then(|| blink(ui, p));
                paragraph(ui, self.text, p.text, width * 0.9, caret);
            }
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(2.0, 0.0);
            if self.streaming {
                if IconButton::new(Icon::Stop).tooltip("Stop (Esc)").size(small(ui)).show(ui).clicked() {
                    action = Some(MessageAction::Stop);
                }
            } else {
                if IconButton::new(Icon::Copy).tooltip("Copy").size(small(ui)).show(ui).clicked() {
                    ui.ctx().copy_text(self.text.to_owned());
                    action = Some(MessageAction::Copy);
                }
                let why = IconButton::new(Icon::Target)
                    .tooltip("Why? Show the joints and frames that this answer depends on")
                    .selected(self.selected)
                    .size(small(ui));
                if self.explain && why.show(ui).clicked() {
                    action = Some(MessageAction::Explain);
                }
            }
            if let Some(details) = self.details {
                ui.add_space(4.0);
                ui.add(Label::new(text::small(details)).wrap()).on_hover_text(DETAILS);
            }
        });
        action
    }
}

/// Side of the buttons below a bubble: smaller than elsewhere, yet big enough for fingers.
fn small(ui: &Ui) -> f32 {
    theme::control_height(ui.ctx()) - 4.0
}

fn bubble(ui: &mut Ui, fill: Color32, border: Color32, corner: CornerRadius, content: impl FnOnce(&mut Ui)) {
    Frame::new()
        .fill(fill)
        .stroke(Stroke::new(1.0, border))
        .corner_radius(corner)
        .inner_margin(Margin::symmetric(14, 9))
        .show(ui, content);
}

/// Text that wraps and can be selected and read aloud, and a caret of that colour behind its last word.
fn paragraph(ui: &mut Ui, words: &str, color: Color32, width: f32, caret: Option<Color32>) {
    let mut job = LayoutJob::default();
    let format = TextFormat { line_height: Some(20.0), ..TextFormat::simple(text::regular(text::BODY), color) };
    job.append(words, 0.0, format);
    job.wrap.max_width = (width.min(WIDEST) - 28.0).max(24.0);
    let galley = theme::direction::layout(ui.painter(), job);
    let from_right = galley.job.halign == Align::RIGHT;
    // where reading ends, from the corner where it begins
    let end = match galley.rows.last() {
        Some(row) if from_right => row.rect().left_top() - vec2(6.0, 0.0),
        _ => galley.pos_from_cursor(galley.end()).min,
    };
    // letters that stand as they are seen are not what somebody wants to copy; the button has those
    let response = ui.add(Label::new(galley).selectable(!theme::direction::has_rtl(words)));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words.to_owned()));
    if let Some(color) = caret {
        let corner = if from_right { response.rect.right_top() } else { response.rect.min };
        let at = corner + end.to_vec2();
        let bar = Rect::from_min_size(pos2(at.x + 2.0, at.y + 3.0), vec2(2.0, 14.0));
        ui.painter().rect_filled(bar, 1, color);
    }
}

/// The caret's colour at this moment.
fn blink(ui: &Ui, p: &Palette) -> Color32 {
    if !theme::is_lively(ui.ctx()) {
        return p.accent_text;
    }
    let phase = (ui.input(|i| i.time) * 1.6).fract() as f32;
    ui.ctx().request_repaint_after_secs(0.05);
    p.accent_text.gamma_multiply(if phase < 0.6 { 1.0 } else { 0.25 })
}

/// Three dots that wait for the first word.
fn thinking(ui: &mut Ui, p: &Palette) {
    let (rect, response) = ui.allocate_exact_size(vec2(34.0, 20.0), eframe::egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, "Thinking".to_owned()));
    let lively = theme::is_lively(ui.ctx());
    let time = if lively { ui.input(|i| i.time) as f32 } else { 0.0 };
    for i in 0..3 {
        let wave = ((time * 4.0 - i as f32 * 0.7).sin() * 0.5 + 0.5).powi(2);
        let at = Align2::LEFT_CENTER.pos_in_rect(&rect) + vec2(4.0 + 12.0 * i as f32, 0.0);
        ui.painter().circle_filled(at, 3.0, p.text_weak.gamma_multiply(0.35 + 0.65 * wave));
    }
    if lively {
        ui.ctx().request_repaint_after_secs(0.03);
    }
}
