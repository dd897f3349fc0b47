//! The editor: a list of sources, the text, and what naga says about it.

use std::sync::Arc;

use eframe::egui::{
    self, Color32, Galley, Key, Margin, Modifiers, Rect, Sense, Shape, TextBuffer, TextEdit, Ui, pos2,
    text::{LayoutJob, TextFormat},
    vec2,
};

use super::{
    change,
    line::{Cell, line},
};
use crate::{
    actions::Action,
    icons::Icon,
    theme::{Palette, palette, radius, space, text},
    widgets::Button,
    workbench::{CODE, Change, Workbench},
};

/// Width of the line numbers, in points.
const GUTTER: i8 = 46;

pub(super) fn show(bench: &Workbench, ui: &mut Ui, actions: &mut Vec<Action>) {
    let p = palette(ui.visuals());
    let list = egui::Frame::NONE.fill(p.panel).corner_radius(radius::L).inner_margin(Margin::same(8));
    egui::Panel::left("sources")
        .resizable(false)
        .exact_size(196.0)
        .frame(list)
        .show(ui, |ui| sources(bench, ui, actions));
    let frame = egui::Frame::NONE.inner_margin(Margin { left: 8, ..Margin::ZERO });
    egui::CentralPanel::no_frame().frame(frame).show(ui, |ui| {
        head(bench, ui, actions);
        if let Some(problem) = bench.shaders.problem() {
            let elsewhere = problem.source != bench.source;
            egui::Panel::bottom("problem").resizable(false).frame(egui::Frame::NONE).show(ui, |ui| {
                message(ui, &problem.to_string(), elsewhere.then_some(problem.source.as_str()), actions);
            });
        }
        editor(bench, ui, actions);
    });
}

fn sources(bench: &Workbench, ui: &mut Ui, actions: &mut Vec<Action>) {
    let p = palette(ui.visuals());
    ui.spacing_mut().item_spacing.y = 1.0;
    let broken = bench.shaders.problem().map(|problem| problem.source.as_str());
    egui::ScrollArea::vertical().id_salt("sources").auto_shrink([false, false]).show(ui, |ui| {
        for name in bench.shaders.names() {
            let bad = broken == Some(name);
            let colour = if bad { p.error } else { p.text };
            let cells = [Cell::text(ui, 0.0, name).coloured(colour), Cell::text(ui, 18.0, "")];
            let (response, places) = line(ui, 24.0, name == bench.source, &cells);
            if bad || bench.shaders.is_unsaved(name) {
                let dot = if bad { p.error } else { p.accent };
                ui.painter().circle_filled(places[1].center(), 3.5, dot);
            }
            if response.clicked() {
                change(actions, Change::Edit(name.to_owned()));
            }
        }
    });
}

fn head(bench: &Workbench, ui: &mut Ui, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.label(text::section(format!("{}.wgsl", bench.source)));
        let state = match (bench.shaders.problem(), bench.is_busy(), bench.shaders.folder()) {
            (Some(_), ..) => "not valid: the last good shaders are running".to_owned(),
            (None, true, _) => "valid".to_owned(),
            (None, false, Some(_)) => "valid and running; files are watched".to_owned(),
            (None, false, None) => "valid and running; there is no folder shaders/wgsl to save to".to_owned(),
        };
        let colour = palette(ui.visuals());
        let colour = if bench.shaders.problem().is_some() { colour.error } else { colour.ok };
        ui.label(text::small(state).color(colour));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let unsaved = bench.shaders.is_unsaved(&bench.source) && bench.shaders.folder().is_some();
            let save = Button::new("Save").icon(Icon::Check).enabled(unsaved).tooltip("Write the file (Ctrl+S)");
            let key = unsaved && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::S));
            if save.show(ui).clicked() || key {
                change(actions, Change::Save);
            }
            let reset = Button::new("Built-in").icon(Icon::Reset).quiet(true);
            if reset.tooltip("Back to the shaders of this program; files stay as they are").show(ui).clicked() {
                change(actions, Change::Reset);
            }
        });
    });
    ui.add_space(space::XS);
}

/// naga's message, with a way to the file at fault.
fn message(ui: &mut Ui, said: &str, elsewhere: Option<&str>, actions: &mut Vec<Action>) {
    let p = palette(ui.visuals());
    ui.add_space(space::S);
    let frame = egui::Frame::NONE
        .fill(p.error.gamma_multiply(0.1))
        .stroke(egui::Stroke::new(1.0, p.error.gamma_multiply(0.5)))
        .corner_radius(radius::M)
        .inner_margin(Margin::same(10));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.add(egui::Label::new(egui::RichText::new(said).font(CODE).color(p.text)).wrap().selectable(true));
        if let Some(source) = elsewhere
            && Button::new(&format!("Go to {source}.wgsl")).show(ui).clicked()
        {
            change(actions, Change::Edit(source.to_owned()));
        }
    });
}

fn editor(bench: &Workbench, ui: &mut Ui, actions: &mut Vec<Action>) {
    let p = palette(ui.visuals());
    let wrong = bench.shaders.problem().filter(|problem| problem.source == bench.source).map(|problem| problem.line);
    let frame = egui::Frame::NONE.fill(p.field).stroke(egui::Stroke::new(1.0, p.border)).corner_radius(radius::M);
    let mut draft = bench.draft.clone();
    let mut changed = false;
    frame.show(ui, |ui| {
        egui::ScrollArea::both().id_salt(("editor", &bench.source)).auto_shrink([false, false]).show(ui, |ui| {
            // painted before the text, placed once the text is laid out
            let behind = ui.painter().add(Shape::Noop);
            let mut layouter = |ui: &Ui, buffer: &dyn TextBuffer, _: f32| -> Arc<Galley> {
                ui.fonts_mut(|fonts| fonts.layout_job(highlighted(buffer.as_str(), p)))
            };
            let output = TextEdit::multiline(&mut draft)
                .id_salt(("text", &bench.source))
                .font(CODE)
                .frame(egui::Frame::NONE.inner_margin(Margin { left: GUTTER, right: 8, top: 6, bottom: 6 }))
                .desired_width(f32::INFINITY)
                .desired_rows(24)
                .lock_focus(true)
                .layouter(&mut layouter)
                .show(ui);
            changed = output.response.response.changed();
            let mut marks = Vec::new();
            for (i, row) in output.galley.rows.iter().enumerate() {
                let top = output.galley_pos.y + row.pos.y;
                let place = Rect::from_min_size(
                    pos2(output.galley_pos.x - f32::from(GUTTER), top),
                    vec2(ui.clip_rect().width().max(output.galley.size().x), row.row.size.y),
                );
                if !ui.is_rect_visible(place) {
                    continue;
                }
                let bad = wrong == Some(i + 1);
                if bad {
                    marks.push(Shape::rect_filled(place, 0, p.error.gamma_multiply(0.18)));
                    let edge = place.with_max_x(place.left() + 3.0);
                    marks.push(Shape::rect_filled(edge, 0, p.error));
                }
                let colour = if bad { p.error } else { p.text_weak.gamma_multiply(0.7) };
                let number = ui.painter().layout_no_wrap((i + 1).to_string(), CODE, colour);
                let right = output.galley_pos.x - 12.0 - number.size().x;
                ui.painter().galley(pos2(right, top), number, colour);
            }
            ui.painter().set(behind, Shape::Vec(marks));
            ui.allocate_rect(Rect::from_min_size(output.galley_pos, vec2(1.0, 1.0)), Sense::hover());
        });
    });
    if changed {
        change(actions, Change::Draft(draft));
    }
}

/// WGSL in colour.
fn highlighted(code: &str, p: &Palette) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    for (text, colour) in tokens(code, p) {
        job.append(text, 0.0, TextFormat::simple(CODE, colour));
    }
    job
}

const KEYWORDS: [&str; 22] = [
    "fn", "let", "var", "const", "if", "else", "for", "while", "loop", "return", "struct", "switch", "case", "default",
    "break", "continue", "true", "false", "override", "alias", "enable", "discard",
];
const TYPES: [&str; 18] = [
    "f32",
    "u32",
    "i32",
    "bool",
    "vec2",
    "vec3",
    "vec4",
    "mat2x2",
    "mat3x3",
    "mat3x4",
    "mat4x4",
    "array",
    "atomic",
    "ptr",
    "uniform",
    "storage",
    "workgroup",
    "function",
];

fn tokens<'a>(code: &'a str, p: &Palette) -> Vec<(&'a str, Color32)> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let (length, colour) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), p.text_weak)
        } else if first.is_ascii_digit() {
            (rest.find(|c: char| !word(c) && c != '.').unwrap_or(rest.len()), p.right)
        } else if first == '@' {
            let end = rest[1..].find(|c: char| !word(c)).map_or(rest.len(), |end| end + 1);
            (end, p.warn)
        } else if word(first) {
            let length = rest.find(|c: char| !word(c)).unwrap_or(rest.len());
            let colour = match &rest[..length] {
                name if KEYWORDS.contains(&name) => p.accent_text,
                name if TYPES.contains(&name) => p.left,
                _ => p.text,
            };
            (length, colour)
        } else {
            let next = rest.find(|c: char| word(c) || c == '@' || c == '/').filter(|next| *next > 0);
            (next.unwrap_or(first.len_utf8()), p.text)
        };
        let (token, after) = rest.split_at(length);
        tokens.push((token, colour));
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shader_is_coloured_without_losing_a_letter() {
        let p = &Palette::DARK;
        let sources = draction::gpu::Sources::default();
        for name in sources.names() {
            let code = sources.get(name).unwrap();
            let joined: String = tokens(code, p).into_iter().map(|(text, _)| text).collect();
            assert_eq!(joined, code, "{name}");
        }
        for odd in ["", "/", "a / b", "é@", "//", "1.5e-3 ∂"] {
            assert_eq!(tokens(odd, p).into_iter().map(|(text, _)| text).collect::<String>(), odd);
        }
        let found = tokens("let x = 2u; // sum", p);
        assert_eq!(found[0], ("let", p.accent_text));
        assert!(found.contains(&("2u", p.right)) && found.contains(&("// sum", p.text_weak)));
    }
}
