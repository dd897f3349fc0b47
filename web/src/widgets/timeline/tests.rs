//! The timeline without a window.

use std::cell::{Cell, RefCell};

use super::*;
use crate::widgets::testing::Harness;

const MARKS: [usize; 12] = [0, 27, 54, 81, 108, 135, 163, 190, 217, 244, 271, 299];

fn spans() -> [SpanView<'static>; 3] {
    [
        SpanView { start: 0.0, end: 4.0, label: "wave", probability: 0.9 },
        SpanView { start: 4.0, end: 7.0, label: "walk", probability: 0.5 },
        SpanView { start: 7.0, end: 9.9, label: "sit down", probability: 0.7 },
    ]
}

fn view<'a>(spans: &'a [SpanView<'a>]) -> Timeline<'a> {
    Timeline { frames: 301, fps: 30.0, marks: &MARKS, spans, heat: None }
}

/// Cursor, state, and how often the cursor changed after a gesture on a timeline of 600 points.
fn with(gesture: impl FnOnce(&mut Harness, &mut dyn FnMut(&mut Ui), Rect)) -> (f32, TimelineState, usize) {
    let mut h = Harness::new(600.0, 200.0);
    let (cursor, state) = (Cell::new(7.0), RefCell::new(TimelineState::default()));
    let (changes, rect) = (Cell::new(0), Cell::new(Rect::NOTHING));
    let spans = spans();
    let mut content = |ui: &mut Ui| {
        let mut at = cursor.get();
        let response = view(&spans).show(ui, &mut at, &mut state.borrow_mut());
        cursor.set(at);
        changes.set(changes.get() + usize::from(response.changed()));
        rect.set(response.rect);
    };
    h.frame(&mut content);
    let area = rect.get();
    gesture(&mut h, &mut content, area);
    (cursor.get(), state.into_inner(), changes.get())
}

#[test]
fn a_click_in_the_middle_goes_to_the_middle() {
    let (cursor, state, changes) = with(|h, ui, r| h.click(r.center().x, r.center().y, ui));
    assert!((cursor - 150.0).abs() < 0.6, "{cursor}");
    assert_eq!(state, TimelineState::default());
    assert_eq!(changes, 1);
}

#[test]
fn the_ends_are_the_first_and_last_frame() {
    let (cursor, ..) = with(|h, ui, r| h.click(r.left() + 1.0, r.center().y, ui));
    assert_eq!(cursor, 0.0);
    let (cursor, ..) = with(|h, ui, r| h.click(r.right() - 1.0, r.center().y, ui));
    assert_eq!(cursor, 300.0);
}

#[test]
fn dragging_scrubs_even_beyond_the_end() {
    let (cursor, _, changes) = with(|h, ui, r| {
        h.drag([r.left() + 50.0, r.center().y], [r.right() + 80.0, r.center().y], PointerButton::Primary, ui);
    });
    assert_eq!(cursor, 300.0);
    assert!(changes >= 4, "{changes}");
}

#[test]
fn the_wheel_zooms_around_the_pointer_and_a_double_click_shows_all() {
    let quarter = |r: Rect| r.left() + ENDS + (r.width() - 2.0 * ENDS) * 0.25;
    let zoom = |h: &mut Harness, ui: &mut dyn FnMut(&mut Ui), r: Rect| {
        h.hover(quarter(r), r.center().y);
        h.wheel(5.0, &mut *ui);
    };
    let (cursor, state, changes) = with(zoom);
    assert_eq!((cursor, changes), (7.0, 0), "zooming does not scrub");
    assert!(state.is_zoomed(301));
    let [a, b] = state.range(301);
    assert!(b - a < 250.0);
    assert!(((75.0 - a) / (b - a) - 0.25).abs() < 0.01, "frame 75 stays at a quarter: {a} {b}");
    // a click goes where the zoomed ruler says
    let (cursor, ..) = with(|h, ui, r| {
        zoom(h, &mut *ui, r);
        h.click(quarter(r), r.center().y, ui);
    });
    assert!((cursor - 75.0).abs() < 1.0, "{cursor}");
    let (_, state, _) = with(|h, ui, r| {
        zoom(h, &mut *ui, r);
        h.click(quarter(r), r.center().y, &mut *ui);
        h.click(quarter(r), r.center().y, &mut *ui);
    });
    assert!(!state.is_zoomed(301));
}

#[test]
fn a_zoomed_take_is_panned() {
    let panned = |button, dy: f32| {
        with(|h, ui, r| {
            h.hover(r.center().x, r.center().y);
            h.wheel(6.0, &mut *ui);
            let y = if dy > 0.0 { r.bottom() + dy } else { r.center().y };
            h.drag([r.center().x, y], [r.center().x - 100.0, y], button, ui);
        })
    };
    let (cursor, state, _) = panned(PointerButton::Secondary, 0.0);
    let [a, b] = state.range(301);
    assert!(a + b > 302.0 && cursor == 7.0, "content goes left with the pointer: {a} {b}");
    let (cursor, state, _) = panned(PointerButton::Primary, 7.0);
    let [a, b] = state.range(301);
    assert!(a + b < 290.0 && cursor == 7.0, "the overview's thumb follows the pointer: {a} {b}");
}

#[test]
fn a_pinch_zooms_without_scrubbing() {
    let (_, state, _) = with(|h, ui, r| h.pinch([r.center().x, r.center().y], 30.0, 120.0, Vec2::ZERO, ui));
    let [a, b] = state.range(301);
    assert!(b - a < 150.0, "{a} {b}");
}

#[test]
fn any_input_is_drawn() {
    let many: Vec<SpanView<'_>> = (0..5000)
        .map(|i| SpanView { start: i as f32, end: i as f32 + 1.5, label: "walk", probability: 0.5 })
        .chain([SpanView { start: f32::NAN, end: 1.0, label: "", probability: f32::NAN }])
        .chain([SpanView { start: 9.0, end: -3.0, label: "backwards", probability: 7.0 }])
        .collect();
    let heat = [0.1, f32::NAN, 3.0];
    let views = [
        Timeline { frames: 0, fps: 0.0, marks: &[], spans: &[], heat: None },
        Timeline { frames: 1, fps: f32::NAN, marks: &[0, 0, 900], spans: &[], heat: Some(&heat) },
        Timeline { frames: 500_000, fps: 120.0, marks: &MARKS, spans: &many, heat: Some(&heat) },
        Timeline { frames: 9, fps: 1e-9, marks: &[], spans: &many, heat: None },
        Timeline { frames: usize::MAX, fps: 1e9, marks: &[usize::MAX], spans: &many, heat: None },
    ];
    for view in views {
        for width in [1.0, 40.0, 390.0, 1900.0] {
            let mut h = Harness::new(width, 140.0);
            let mut state = TimelineState::default();
            for mut cursor in [0.0, f32::NAN, f32::INFINITY, -5.0] {
                let mut content = |ui: &mut Ui| {
                    view.show(ui, &mut cursor, &mut state);
                    assert!(cursor.is_finite());
                };
                h.hover(width * 0.5, 30.0);
                h.frame(&mut content);
                // the lanes have a ground, whatever lies on it
                if width > 40.0 {
                    let lanes = Rect::from_min_max(pos2(10.0, 10.0), pos2(width - 10.0, RULER + 14.0));
                    assert_eq!(h.covered(lanes), 1.0, "{view:?}");
                }
                h.wheel(40.0, &mut content);
                h.click(width * 0.7, 60.0, &mut content);
            }
        }
    }
}

#[test]
fn drawing_a_long_take_costs_what_is_on_the_screen() {
    let long: Vec<SpanView<'_>> = (0..20_000)
        .map(|i| SpanView { start: i as f32, end: i as f32 + 1.0, label: "walk", probability: 0.5 })
        .collect();
    let mut h = Harness::new(800.0, 140.0);
    h.frame(|ui| {
        let view = Timeline { frames: 500_000, fps: 25.0, marks: &[], spans: &long, heat: None };
        view.show(ui, &mut 0.0, &mut TimelineState::default());
    });
    assert!(h.triangles() < 60_000, "{}", h.triangles());
}
