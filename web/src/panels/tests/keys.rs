//! Keys belong to what is in front: menus and the list of keys.

use super::*;
use crate::actions::from_keys;

/// A frame with the keys as the app reads them: first the app, then what is in front.
fn pressed(h: &mut Harness, document: &Document, samples: &[String], state: &mut UiState) -> Vec<Action> {
    let model = ready();
    let mut asked = Vec::new();
    h.frame(|ui| {
        asked.extend(from_keys(ui.ctx(), samples, None, state.shows_help()));
        asked.extend(show(Content { samples, ..undrawn(document, &model) }, state, ui));
    });
    asked
}

#[test]
fn escape_closes_the_menu_of_samples_and_space_does_nothing_behind_it() {
    let samples = ["walk.bvh".to_owned(), "squat.bvh".to_owned()];
    let (document, mut state, mut h) = (document(), UiState::default(), Harness::new(1280.0, 720.0));
    (0..3).for_each(|_| drop(pressed(&mut h, &document, &samples, &mut state)));
    let button = h.places_of("Samples")[0].center();
    let model = ready();
    h.click(button.x, button.y, |ui| {
        show(Content { samples: &samples, ..undrawn(&document, &model) }, &mut state, ui);
    });
    drop(pressed(&mut h, &document, &samples, &mut state));
    assert!(egui::Popup::is_any_open(&h.ctx) && !h.places_of("Squat").is_empty(), "{:?}", h.texts());
    for key in [Key::Space, Key::ArrowRight, Key::Num1] {
        h.key(key, Modifiers::NONE);
        let asked = pressed(&mut h, &document, &samples, &mut state);
        let behind = asked.iter().find(|action| matches!(action, Action::TogglePlay | Action::Step(_)));
        assert_eq!(behind, None, "{key:?}");
    }
    h.key(Key::Escape, Modifiers::NONE);
    let asked = pressed(&mut h, &document, &samples, &mut state);
    assert_eq!(asked, [], "Escape is for the menu alone");
    drop(pressed(&mut h, &document, &samples, &mut state));
    assert!(!egui::Popup::is_any_open(&h.ctx) && h.places_of("Squat").is_empty(), "{:?}", h.texts());
    h.key(Key::Space, Modifiers::NONE);
    let asked = pressed(&mut h, &document, &samples, &mut state);
    assert!(asked.contains(&Action::TogglePlay), "{asked:?}");
}

#[test]
fn escape_closes_the_list_of_keys_and_space_does_nothing_behind_it() {
    let (document, mut state, mut h) = (document(), UiState::default(), Harness::new(1280.0, 720.0));
    state.toggle_help();
    (0..3).for_each(|_| drop(pressed(&mut h, &document, &[], &mut state)));
    for key in [Key::Space, Key::ArrowRight, Key::O] {
        h.key(key, Modifiers::NONE);
        assert_eq!(pressed(&mut h, &document, &[], &mut state), [], "{key:?}");
    }
    h.key(Key::Escape, Modifiers::NONE);
    assert_eq!(pressed(&mut h, &document, &[], &mut state), [Action::ToggleHelp]);
}

#[test]
fn escape_leaves_the_question_first_and_only_then_a_comparison() {
    let (document, mut state, mut h) = (document(), UiState::default(), Harness::new(1280.0, 720.0));
    drop(pressed(&mut h, &document, &[], &mut state));
    state.focus_question();
    (0..3).for_each(|_| drop(pressed(&mut h, &document, &[], &mut state)));
    assert!(h.ctx.text_edit_focused());
    for action in [Action::Stop, Action::Leave] {
        h.key(Key::Escape, Modifiers::NONE);
        assert_eq!(pressed(&mut h, &document, &[], &mut state), [action]);
        assert!(!h.ctx.text_edit_focused());
    }
}

#[test]
fn the_list_of_keys_fits_every_window_and_offers_the_address() {
    let document = document();
    for [width, height] in [[320.0, 568.0], [568.0, 320.0], [1280.0, 720.0]] {
        let (mut h, mut state, mut asked) = (Harness::new(width, height), UiState::default(), Vec::new());
        state.toggle_help();
        let model = ready();
        let mut content = |ui: &mut egui::Ui| asked.extend(show(undrawn(&document, &model), &mut state, ui));
        (0..4).for_each(|_| h.frame(&mut content));
        h.hover(width * 0.5, height * 0.5);
        h.wheel(-60.0, &mut content);
        let found = h.places_of("Copy an address");
        assert_eq!(found.len(), 1, "{width} by {height}: {:?}", h.texts());
        let at = found[0].center();
        h.click(at.x, at.y, &mut content);
        assert!(asked.contains(&Action::Share), "{width} by {height}: {asked:?}");
    }
}
