//! One window through all sizes: phones, upright and on their side, tablets, windows, and windows at 200 % zoom.

use super::*;
use crate::document::{Exchange, Outcome};

const SIZES: [[f32; 2]; 18] = [
    [320.0, 568.0],
    [360.0, 640.0],
    [390.0, 844.0],
    [568.0, 320.0],
    [640.0, 360.0],
    [768.0, 1024.0],
    [844.0, 390.0],
    [932.0, 430.0],
    [915.0, 412.0],
    [900.0, 600.0],
    [960.0, 540.0],
    [860.0, 480.0],
    [1024.0, 768.0],
    [1024.0, 500.0],
    [1280.0, 720.0],
    [1366.0, 768.0],
    [1920.0, 1080.0],
    [2560.0, 1440.0],
];

/// Two long takes with spans, labels and an exchange: all that asks for room.
fn full() -> Document {
    let mut document = Document::default();
    for name in ["a rather long name of a take.bvh", "second.bvh"] {
        let mut motion = sample("walk.bvh");
        motion.name = name.to_owned();
        let text = String::from_utf8(motion.bytes).expect("text");
        let (above, below) = text.split_once("MOTION\n").expect("a BVH has a motion");
        let rows: Vec<&str> = below.lines().skip(2).collect();
        let rows = (rows.join("\n") + "\n").repeat(6);
        let frames = rows.lines().count();
        motion.bytes = format!("{above}MOTION\nFrames: {frames}\nFrame Time: 0.0333\n{rows}").into_bytes();
        document.open(motion).expect("a motion");
    }
    document.current = 0;
    let take = &mut document.takes[0];
    assert!(take.is_long());
    take.labels = ["walk", "run", "jump", "wave the left hand", "squat"].map(|label| (label.to_owned(), 0.2)).to_vec();
    let outcome = Outcome::Answered {
        first_token: 0.01,
        seconds: 0.04,
        tokens: 3,
        tokens_per_second: Some(70.0),
        confidence: 0.9,
        stopped: false,
    };
    take.exchanges.push(Exchange {
        id: 99,
        question: "Which hand does the person move?".to_owned(),
        answer: "neither of the two".to_owned(),
        outcome: Some(outcome),
    });
    document
}

/// A screen on which nothing moves that only pleases.
fn still([width, height]: [f32; 2]) -> Harness {
    let h = Harness::new(width, height);
    crate::theme::calm(&h.ctx, true);
    h
}

/// Frames until nothing asks for another one at once, as the app makes them. Bars grow for a quarter of a second.
fn settle(h: &mut Harness, document: &Document, state: &mut UiState) {
    for _ in 0..30 {
        assert_eq!(frame(h, document, &ready(), state), []);
        if !h.wants_more() {
            return;
        }
    }
    panic!("it does not come to rest at {}", h.screen());
}

/// How many pages a window of that size has.
fn pages([width, height]: [f32; 2]) -> usize {
    if width < NARROW || height < FLAT { PAGES.len() } else { 1 }
}

fn all(places: Places) -> [Option<egui::Rect>; 3] {
    [places.scene, places.picture, places.conversation]
}

#[test]
fn a_window_that_is_resized_is_as_a_new_one() {
    let back = SIZES.iter().rev().step_by(3);
    let order: Vec<[f32; 2]> = SIZES.iter().chain(back).copied().collect();
    for document in [document(), full()] {
        for page in 0..PAGES.len() {
            let mut resized = (still([1280.0, 720.0]), UiState { page, ..UiState::default() });
            settle(&mut resized.0, &document, &mut resized.1);
            for &[width, height] in &order {
                let (h, state) = &mut resized;
                h.resize(width, height);
                // the pointer does not move: nothing but the new size asks for a frame
                settle(h, &document, state);
                let (mut new, mut fresh) = (still([width, height]), UiState { page, ..UiState::default() });
                (0..5).for_each(|_| drop(frame(&mut new, &document, &ready(), &mut fresh)));
                for (now, expected) in all(state.places).into_iter().zip(all(fresh.places)) {
                    let near = match (now, expected) {
                        (Some(now), Some(expected)) => {
                            (now.min - expected.min).length() < 1.0 && (now.max - expected.max).length() < 1.0
                        }
                        (now, expected) => now == expected,
                    };
                    assert!(near, "{width} by {height}, page {page}: {now:?} instead of {expected:?}");
                }
            }
        }
    }
}

#[test]
fn every_size_shows_motion_picture_and_conversation_and_nothing_covers_them() {
    for size @ [width, height] in SIZES {
        for document in [document(), full()] {
            let mut seen = [None; 3];
            for page in 0..pages(size) {
                let (mut h, mut state) = (still(size), UiState { page, ..UiState::default() });
                settle(&mut h, &document, &mut state);
                let case = format!("{width} by {height}, {} takes, page {page}", document.takes.len());
                let places = all(state.places).map(|place| place.map(|rect| rect.intersect(h.screen())));
                let pressed = h.pressable();
                for place in places.into_iter().take(2).flatten() {
                    // what scrolls is covered by nothing, since it ends at its edge
                    let over = pressed.iter().find(|rect| {
                        let inside = place.expand(2.0).contains_rect(**rect) || rect.expand(2.0).contains_rect(place);
                        !inside
                            && rect.shrink(1.0).intersects(place)
                            && rect.height() < 60.0
                            && rect.top() < place.top()
                    });
                    assert_eq!(over, None, "{case}: {place} is covered");
                }
                for (n, one) in pressed.iter().enumerate() {
                    let over = pressed[n + 1..].iter().find(|other| {
                        let nested = one.expand(1.0).contains_rect(**other) || other.expand(1.0).contains_rect(*one);
                        !nested && one.shrink(1.0).intersects(other.shrink(1.0))
                    });
                    assert_eq!(over, None, "{case}: {one} lies over another control");
                }
                for (seen, place) in seen.iter_mut().zip(places) {
                    *seen = seen.or(place);
                }
            }
            let case = format!("{width} by {height}, {} takes", document.takes.len());
            let [scene, picture, talk] = seen.map(|place| place.expect(&case));
            let least = if height < FLAT { 85.0 } else { 140.0 };
            assert!(scene.width() >= 150.0 && scene.height() >= least, "{case}: the scene has {scene}");
            assert!(picture.width() >= least && picture.height() >= least, "{case}: the picture has {picture}");
            assert!(talk.width() >= 240.0 && talk.height() >= 0.6 * least, "{case}: the conversation has {talk}");
        }
    }
}

#[test]
fn one_exchange_stays_in_view() {
    for [width, height] in [[1280.0, 720.0], [960.0, 540.0], [640.0, 360.0], [390.0, 844.0], [915.0, 412.0]] {
        let (document, mut h) = (full(), Harness::new(width, height));
        let mut state = UiState { page: CHAT_PAGE, ..UiState::default() };
        (0..4).for_each(|_| drop(frame(&mut h, &document, &ready(), &mut state)));
        let talk = state.places.conversation.expect("it is shown");
        for words in ["Which hand does the person move?", "neither of the two"] {
            let found = h.places_of(words);
            let seen = found.iter().any(|place| talk.expand(2.0).contains_rect(*place));
            assert!(seen, "{width} by {height}: {words:?} is at {found:?}, of {talk}");
        }
    }
}

/// Everything that a click asks for, by clicking once on each thing that can be pressed.
fn offered(document: &Document, [width, height]: [f32; 2], page: usize) -> Vec<Action> {
    let (model, mut asked) = (ready(), Vec::new());
    let start = || {
        let (mut h, mut state) = (Harness::new(width, height), UiState { page, ..UiState::default() });
        (0..3).for_each(|_| drop(frame(&mut h, document, &model, &mut state)));
        (h, state)
    };
    for place in start().0.pressable() {
        let (mut h, mut state) = start();
        let at = place.center();
        h.click(at.x, at.y, |ui| asked.extend(show(undrawn(document, &model), &mut state, ui)));
    }
    asked
}

#[test]
fn narrow_windows_offer_what_wide_ones_do() {
    let document = full();
    for size in [[320.0, 568.0], [390.0, 844.0], [568.0, 320.0], [915.0, 412.0], [960.0, 540.0]] {
        let asked = offered(&document, size, 0);
        let wanted = [
            Action::ChooseFiles,
            Action::ToggleHelp,
            Action::ToggleTheme,
            Action::TogglePlay,
            Action::Step(1),
            Action::Step(-1),
            Action::LabelSpans,
        ];
        for wanted in wanted {
            assert!(asked.contains(&wanted), "{size:?}: nothing offers {wanted:?}: {asked:?}");
        }
        assert!(asked.iter().any(|action| matches!(action, Action::Speed(_))), "{size:?}: {asked:?}");
    }
}

/// A window in which nothing is open but the example.
fn with_example([width, height]: [f32; 2]) -> (Harness, UiState, Document) {
    let (mut state, mut empty) = (UiState::default(), Document::default());
    empty.show_example(sample("squat.bvh"));
    state.show_take(empty.example.as_ref());
    (Harness::new(width, height), state, empty)
}

#[test]
fn the_example_moves_whatever_the_size() {
    for [width, height] in SIZES {
        let (mut h, mut state, empty) = with_example([width, height]);
        (0..4).for_each(|_| drop(frame(&mut h, &empty, &ready(), &mut state)));
        let case = format!("{width} by {height}");
        let place = state.places.example.expect(&case);
        assert!(h.screen().contains_rect(place), "{case}: {place}");
        assert!(place.width() >= 120.0 && place.height() >= 80.0, "{case}: {place}");
        let lines = h.places_of("Ask what the person does");
        assert_eq!(lines.len(), 1, "{case}: what can be asked is not said in full view: {:?}", h.texts());
        let open = h.pressable();
        assert!(open.iter().any(|button| button.top() > lines[0].top()), "{case}: there are no buttons below it");
    }
}

#[test]
fn notices_leave_the_ways_to_begin_free() {
    for [width, height] in SIZES {
        let (mut h, mut state, mut empty) = with_example([width, height]);
        for name in ["walk.fbx", "marks.c3d", "a_name_that_is_longer_than_others.npz"] {
            empty.notice(true, format!("{name}: it is no motion that can be read: export it as BVH or GLB"));
        }
        (0..4).for_each(|_| drop(frame(&mut h, &empty, &ready(), &mut state)));
        let case = format!("{width} by {height}");
        let opening = state.places.opening.expect(&case);
        assert!(h.screen().contains_rect(opening) && opening.width() > 80.0, "{case}: {opening}");
        let mut toasts = None;
        h.frame(|ui| toasts = ui.ctx().memory(|memory| memory.area_rect(egui::Id::unique("toasts"))));
        let toasts = toasts.expect(&case);
        assert!(!toasts.shrink(1.0).intersects(opening), "{case}: notices at {toasts}, buttons at {opening}");
    }
}

#[test]
fn phones_are_not_told_to_drop_anything() {
    let (model, mut state) = (ready(), UiState::default());
    for document in [Document::default(), full()] {
        for page in 0..PAGES.len() {
            let mut h = Harness::new(390.0, 844.0);
            state.page = page;
            h.hover(200.0, 400.0);
            (0..3).for_each(|_| h.frame(|ui| drop(show(undrawn(&document, &model), &mut state, ui))));
            let told: Vec<_> = h.texts().iter().filter(|text| text.to_lowercase().contains("drop")).collect();
            assert!(told.is_empty(), "{told:?}");
        }
    }
}
