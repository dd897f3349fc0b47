//! The pictures that the model sees, side by side.

use eframe::egui::{
    Align2, Color32, CornerRadius, CursorIcon, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextureId, Ui, Vec2,
    WidgetInfo, pos2, scroll_area::ScrollBarVisibility, vec2,
};

use super::{elided, percent, timeline::clock, unit};
use crate::theme::{self, Palette, radius, text};

/// Points between pictures.
const GAP: f32 = 8.0;
/// Before a picture's number, in points.
const BEFORE: f32 = 1.0;
/// Between a picture's number and its time at least, in points.
const BESIDE: f32 = 4.0;
/// Height in points of the caption below each picture.
const CAPTION: f32 = 22.0;
/// Pictures are never wider than this many points.
const WIDEST: f32 = 260.0;
/// Of each picture.
const CORNER: CornerRadius = CornerRadius::same(radius::S + 2);
/// In one scrolling row they are this many points wide.
const SCROLLED: f32 = 112.0;

/// Pictures of one texture, with number and time below each.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct Strip<'a> {
    /// All pictures side by side, or `None` while there are none: placeholders are shown.
    pub texture: Option<TextureId>,
    /// How many there are.
    pub count: usize,
    /// Width of one picture through its height.
    pub aspect: f32,
    /// When each was, in seconds; may be shorter.
    pub times: &'a [f32],
    /// The one that the cursor is nearest to.
    pub current: Option<usize>,
    /// How much each matters, 0 to 1.
    pub heat: Option<&'a [f32]>,
    /// In how many rows.
    pub rows: Rows,
}

/// How pictures stand in rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rows {
    /// In as few as it takes to see something: one row of twelve, two of six, three of four and so on.
    Fewest,
    /// So that pictures are as large as they can be in a place of that height, in points.
    Fill(f32),
    /// In one that scrolls sideways.
    Scroll,
}

impl Strip<'_> {
    /// As wide as the place, as high as it takes. Answers with the picture that was clicked.
    pub fn show(self, ui: &mut Ui) -> Option<usize> {
        if self.count == 0 {
            return None;
        }
        let cell = |width: f32| cell(width, self.aspect);
        if self.rows == Rows::Scroll {
            let cell = cell(SCROLLED);
            // a bar is kept in sight, and would lie over what is there while the strip's own place is not
            let seen = ui.cursor().top() + cell.y <= ui.clip_rect().bottom();
            let bar = if seen { ScrollBarVisibility::VisibleWhenNeeded } else { ScrollBarVisibility::AlwaysHidden };
            return ScrollArea::horizontal()
                .id_salt("strip")
                .scroll_bar_visibility(bar)
                .show(ui, |ui| self.grid(ui, self.count, cell))
                .inner;
        }
        let (columns, width) = match self.rows {
            Rows::Fill(height) => filling(vec2(ui.available_width(), height), self.count, self.aspect),
            _ => row(ui.available_width(), self.count),
        };
        self.grid(ui, columns, cell(width))
    }

    /// How high so many pictures are that do not scroll, in a place so wide, in points.
    pub fn height(count: usize, aspect: f32, room: f32) -> f32 {
        if count == 0 {
            return 0.0;
        }
        let (columns, width) = row(room, count);
        let rows = count.div_ceil(columns) as f32;
        rows * (cell(width, aspect).y + GAP) - GAP
    }

    fn grid(&self, ui: &mut Ui, columns: usize, cell: Vec2) -> Option<usize> {
        let rows = self.count.div_ceil(columns);
        let size = vec2(columns as f32 * (cell.x + GAP) - GAP, rows as f32 * (cell.y + GAP) - GAP);
        let (area, _) = ui.allocate_exact_size(size, Sense::hover());
        let id = ui.make_persistent_id("strip");
        let mut clicked = None;
        let mut hovered = None;
        let mut cells = Vec::with_capacity(self.count);
        for i in 0..self.count {
            let at = vec2((i % columns) as f32 * (cell.x + GAP), (i / columns) as f32 * (cell.y + GAP));
            let rect = Rect::from_min_size(area.min + at, cell);
            let response = ui.interact(rect, id.with(i), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, self.name(i)));
            if response.clicked() {
                clicked = Some(i);
            }
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let hover = ui.ctx().animate_bool_responsive(response.id.with("hover"), response.hovered());
            let cell = Cell { index: i, rect, hover, focus: response.has_focus() };
            if response.hovered() {
                hovered = Some(cell);
            } else {
                cells.push(cell);
            }
            response.on_hover_cursor(CursorIcon::PointingHand);
        }
        // all of one texture, then all of the other: two draw calls instead of two for each picture
        cells.iter().for_each(|cell| self.picture(ui, cell));
        let form = self.form(ui, cell.x);
        cells.iter().for_each(|cell| self.border(ui, cell, form));
        // the enlarged one covers its neighbours
        if let Some(cell) = hovered {
            self.picture(ui, &cell);
            self.border(ui, &cell, form);
        }
        clicked
    }

    /// The first of the [`moments`] that has room below every picture, so wide: times of one strip are told alike.
    fn form(&self, ui: &Ui, width: f32) -> Option<usize> {
        let wide = |text: String, font| ui.painter().layout_no_wrap(text, font, Color32::WHITE).size().x;
        let room = width - wide(self.count.to_string(), text::semibold(text::TINY)) - BEFORE - BESIDE;
        let times: Vec<[String; 5]> = self.times.iter().map(|&time| moments(time)).collect();
        (0..5).find(|&form| times.iter().all(|time| wide(time[form].clone(), text::regular(text::TINY)) <= room))
    }

    fn name(&self, i: usize) -> String {
        let time = self.times.get(i).map_or(String::new(), |&t| format!(" at {}", clock(t, true)));
        format!("Frame {} of {}{time}", i + 1, self.count)
    }

    fn picture(&self, ui: &Ui, cell: &Cell) {
        let picture = cell.picture();
        let painter = ui.painter();
        if cell.hover > 0.0 {
            painter.add(ui.visuals().popup_shadow.as_shape(picture, radius::S + 2));
        }
        match self.texture {
            Some(texture) => {
                let from = cell.index as f32 / self.count as f32;
                let uv = Rect::from_min_max(pos2(from, 0.0), pos2(from + 1.0 / self.count as f32, 1.0));
                let shape = eframe::egui::epaint::RectShape::filled(picture, CORNER, Color32::WHITE);
                painter.add(shape.with_texture(texture, uv));
            }
            None => {
                painter.rect_filled(picture, CORNER, theme::palette(ui.visuals()).field);
            }
        }
    }

    fn border(&self, ui: &Ui, cell: &Cell, form: Option<usize>) {
        let p = theme::palette(ui.visuals());
        let (i, picture, painter) = (cell.index, cell.picture(), ui.painter());
        let current = self.current == Some(i);
        let marked = current || cell.focus;
        let heat = self.heat.map(|h| h.get(i).copied().map_or(0.0, unit));
        let (width, color) = match (heat, marked) {
            (Some(heat), _) => (1.0 + 2.0 * heat, p.heat(heat)),
            (None, true) => (2.0, p.accent_text),
            (None, false) => (1.0, theme::mix(p.border, p.border_strong, cell.hover)),
        };
        // outside, so that it never covers the picture
        painter.rect_stroke(picture, CORNER, Stroke::new(width, color), StrokeKind::Outside);
        if heat.is_some() && marked {
            painter.rect_stroke(
                picture.expand(width + 1.0),
                radius::S + 4,
                Stroke::new(2.0, p.accent_text),
                StrokeKind::Outside,
            );
        }
        let caption = cell.rect.with_min_y(cell.rect.bottom() - CAPTION + 3.0);
        let strong = if current { p.accent_text } else { p.text };
        self.caption(ui, (i, form), caption, strong, heat, p);
    }

    fn caption(
        &self,
        ui: &Ui,
        (i, form): (usize, Option<usize>),
        rect: Rect,
        strong: Color32,
        heat: Option<f32>,
        p: &Palette,
    ) {
        let painter = ui.painter();
        let number = painter.text(
            rect.left_center() + vec2(BEFORE, 0.0),
            Align2::LEFT_CENTER,
            i + 1,
            text::semibold(text::TINY),
            strong,
        );
        if let Some(heat) = heat {
            // on the picture, so that its time stays below it
            let share = painter.layout_no_wrap(percent(heat), text::medium(text::TINY), Color32::WHITE);
            let corner = rect.left_top() + vec2(4.0, -5.0 - share.size().y);
            let ground = Rect::from_min_size(corner, share.size()).expand2(vec2(3.0, 1.0));
            painter.rect_filled(ground, radius::S, Color32::from_black_alpha(170));
            painter.galley(corner, share, Color32::WHITE);
        }
        let Some(&time) = self.times.get(i) else { return };
        let laid = |words: &String| painter.layout_no_wrap(words.clone(), text::regular(text::TINY), p.text_weak);
        let room = rect.right() - number.right() - BESIDE;
        let words = moments(time);
        let fits = words.iter().skip(form.unwrap_or_default()).map(laid).find(|galley| galley.size().x <= room);
        // narrower than any picture of a strip that somebody sees: as much as there is room for
        let galley = fits.unwrap_or_else(|| {
            let shortest = words.last().expect("there are some");
            elided(painter, shortest, text::regular(text::TINY), p.text_weak, room)
        });
        let at = rect.right_center() - vec2(galley.size().x + 1.0, galley.size().y * 0.5);
        painter.galley(at, galley, p.text_weak);
    }
}

/// A time in words, each shorter than the one before: on a narrow picture it is less exact, or loses its unit.
fn moments(seconds: f32) -> [String; 5] {
    let tenths = format!("{seconds:.1}");
    [clock(seconds, true), format!("{tenths} s"), tenths, clock(seconds, false), format!("{seconds:.0}")]
}

/// The size of a picture so wide, with its caption.
fn cell(width: f32, aspect: f32) -> Vec2 {
    let aspect = if aspect.is_finite() { aspect.clamp(0.1, 10.0) } else { 1.0 };
    vec2(width, width / aspect + CAPTION)
}

/// The same where they are as large as they can be in a place of that size.
fn filling(room: Vec2, count: usize, aspect: f32) -> (usize, f32) {
    let shape = cell(1.0, aspect).y - CAPTION;
    let width = |columns: usize| {
        let rows = count.div_ceil(columns) as f32;
        let high = ((room.y + GAP) / rows - GAP - CAPTION) / shape;
        ((room.x + GAP) / columns as f32 - GAP).min(high).clamp(1.0, WIDEST)
    };
    let all = (1..=count.max(1)).map(|columns| (columns, width(columns)));
    all.max_by(|a, b| a.1.total_cmp(&b.1)).expect("one column at least")
}

/// How many pictures stand in a row of a place so wide, and how wide each is.
fn row(room: f32, count: usize) -> (usize, f32) {
    let room = room.max(1.0);
    let columns = columns(room, count);
    (columns, ((room - GAP * (columns - 1) as f32) / columns as f32).clamp(1.0, WIDEST))
}

/// A picture's place.
struct Cell {
    index: usize,
    rect: Rect,
    /// How far it is enlarged, 0..1.
    hover: f32,
    focus: bool,
}

impl Cell {
    fn picture(&self) -> Rect {
        self.rect.with_max_y(self.rect.bottom() - CAPTION).expand(3.0 * self.hover)
    }
}

/// How many columns make even rows of pictures that are wide enough to see something.
fn columns(room: f32, count: usize) -> usize {
    let least = if room < theme::PHONE { 76.0 } else { 50.0 };
    let most = (((room + GAP) / (least + GAP)) as usize).clamp(1, count);
    // the fewest rows that fit, then as even as possible
    let rows = count.div_ceil(most);
    let even = (rows..=count).find(|rows| count.is_multiple_of(*rows) && count / rows <= most).unwrap_or(rows);
    // a prime number of pictures would make a column of single ones
    let rows = if even > rows * 2 { rows } else { even };
    count.div_ceil(rows)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::widgets::testing::Harness;

    fn strip<'a>() -> Strip<'a> {
        Strip {
            texture: Some(TextureId::Managed(0)),
            count: 12,
            aspect: 1.0,
            times: &[0.0, 0.4, 0.8],
            current: Some(2),
            heat: None,
            rows: Rows::Fewest,
        }
    }

    #[test]
    fn twelve_make_even_rows_at_any_width() {
        let rows: Vec<usize> = [1300.0, 1100.0, 800.0, 600.0, 358.0, 200.0, 60.0].map(|w| columns(w, 12)).to_vec();
        assert_eq!(rows, [12, 12, 12, 6, 4, 2, 1]);
        assert_eq!(columns(800.0, 7), 7);
        assert_eq!(columns(390.0, 7), 4);
        assert_eq!(columns(1e9, 1), 1);
    }

    #[test]
    fn every_picture_has_its_time_at_every_width() {
        // of a moment, a minute, an hour, and a day
        let times: Vec<f32> = (0..12).map(|k| [0.04, 0.5, 9.99, 61.25, 754.0, 4000.0, 90_000.0][k % 7]).collect();
        for (width, scroll) in (50..2000).step_by(17).map(|width| (width as f32, width % 2 == 0)) {
            let rows = if scroll { Rows::Scroll } else { Rows::Fewest };
            let mut h = Harness::new(width + 16.0, 4000.0);
            for heat in [None, Some(&[0.5; 12][..])] {
                h.frame(|ui| {
                    Strip { times: &times, heat, rows, ..strip() }.show(ui);
                });
                let shown = |words: &str| h.texts().iter().filter(|text| text.as_str() == words).count();
                for &time in times.iter().take(if scroll { 1 } else { 12 }) {
                    let found: usize = moments(time).iter().map(|words| shown(words)).sum();
                    assert!(found > 0, "{time} s at a width of {width}: {:?}", h.texts());
                }
            }
        }
    }

    #[test]
    fn times_of_one_strip_are_told_alike() {
        let times: Vec<f32> = (0..12).map(|k| 0.53 + 23.5 * k as f32).collect();
        for width in (1000..2000).step_by(17) {
            let mut h = Harness::new(width as f32, 4000.0);
            h.frame(|ui| {
                Strip { times: &times, ..strip() }.show(ui);
            });
            let told = |form: usize| times.iter().filter(|&&time| h.texts().contains(&moments(time)[form])).count();
            let most = (0..5).map(told).max().unwrap();
            assert_eq!(most, 12, "at a width of {width}: {:?}", h.texts());
        }
    }

    #[test]
    fn a_strip_fills_a_place_and_no_more() {
        for size in [[704.0, 300.0], [300.0, 600.0], [1200.0, 90.0], [460.0, 220.0], [1.0, 1.0], [2000.0, 2000.0]] {
            let room = Vec2::from(size);
            let (columns, width) = filling(room, 12, 1.0);
            let rows = 12_usize.div_ceil(columns) as f32;
            let used = vec2(columns as f32 * (width + GAP) - GAP, rows * (width + CAPTION + GAP) - GAP);
            assert!(width <= 1.0 || (used.x <= room.x + 0.1 && used.y <= room.y + 0.1), "{size:?}: {used}");
            // none of the other numbers of columns makes them larger
            let larger = (1..=12).any(|columns| {
                let (w, rows) = (width * 1.01, 12_usize.div_ceil(columns) as f32);
                columns as f32 * (w + GAP) - GAP <= room.x && rows * (w + CAPTION + GAP) - GAP <= room.y
            });
            assert!(!larger || width == WIDEST, "{size:?}: {columns} columns of {width}");
        }
    }

    #[test]
    fn a_strip_is_as_high_as_it_says() {
        for width in [60.0, 200.0, 358.0, 600.0, 800.0, 1300.0, 3000.0] {
            let mut h = Harness::new(width + 40.0, 4000.0);
            h.frame(|ui| {
                ui.set_max_width(width);
                let before = ui.min_rect().height();
                strip().show(ui);
                let height = Strip::height(12, 1.0, width);
                assert!((ui.min_rect().height() - before - height).abs() < 1.0, "{width}: {height}");
            });
        }
        assert_eq!(Strip::height(0, 1.0, 500.0), 0.0);
    }

    #[test]
    fn a_click_gives_the_picture() {
        let mut h = Harness::new(408.0, 600.0); // a phone's width
        let clicked = Cell::new(None);
        let mut content = |ui: &mut Ui| clicked.set(strip().show(ui).or(clicked.get()));
        h.frame(&mut content);
        // four columns of about 90 points: the third of the second row
        h.click(8.0 + 2.5 * 100.0, 8.0 + 122.0 + 50.0, &mut content);
        assert_eq!(clicked.get(), Some(6));
    }

    #[test]
    fn any_input_is_drawn() {
        let heat = [f32::NAN, 2.0, 0.5];
        for count in [0, 1, 12, 50] {
            for aspect in [1.0, 0.0, f32::NAN, f32::INFINITY] {
                let widths =
                    [(390.0, Rows::Scroll), (390.0, Rows::Fewest), (5.0, Rows::Fewest), (1900.0, Rows::Fewest)];
                for (width, rows) in widths {
                    let mut h = Harness::new(width, 300.0);
                    for texture in [None, Some(TextureId::Managed(0))] {
                        h.hover(30.0, 30.0);
                        h.frame(|ui| {
                            let heat = texture.map(|_| &heat[..]);
                            Strip { texture, count, aspect, heat, rows, ..strip() }.show(ui);
                        });
                        // the first picture, wherever it ends
                        let first = h.color_at(30.0, 12.0);
                        let expected = texture.map_or(h.palette().field, |_| Color32::WHITE);
                        if count == 0 {
                            assert_eq!(h.triangles(), 0, "no pictures, and something is drawn");
                        } else if width > 30.0 {
                            assert_eq!(first, Some(expected), "{count} of {aspect} in {width}");
                        }
                    }
                }
            }
        }
    }
}
