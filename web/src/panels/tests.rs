//! The panels without a window: what they ask for, and that it is for others to do.

use eframe::egui::{Key, Modifiers};

use super::*;
use crate::{files::FileSource, widgets::testing::Harness};

/// A document with a sample in it.
fn document() -> Document {
    let path = format!("{}/../assets/samples/wave_left_hand.bvh", env!("CARGO_MANIFEST_DIR"));
    let file = FileSource { name: path.clone(), bytes: std::fs::read(path).expect("a sample") };
    let mut document = Document::default();
    document.open(file).expect("a motion");
    document
}

fn ready() -> ModelStatus {
    ModelStatus::Ready { device: "CPU".to_owned(), suggestions: vec!["Which hand moves?".to_owned()] }
}

/// Shows one frame, and answers with what was asked for.
fn frame(h: &mut Harness, document: &Document, model: &ModelStatus, state: &mut UiState) -> Vec<Action> {
    let mut actions = Vec::new();
    h.frame(|ui| {
        let content = Content {
            document,
            playback: Playback::default(),
            pictures: Err("nothing was drawn".to_owned()),
            trained_depth_mix: 0.5,
            model,
            busy: false,
            samples: &[],
            #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
            workbench: None,
        };
        actions.extend(show(content, state, ui));
    });
    actions
}

#[test]
fn a_question_is_drafted_letter_by_letter_and_asked_once() {
    for width in [1200.0, 400.0] {
        let (mut document, model, mut state) = (document(), ready(), UiState::default());
        let mut h = Harness::new(width, 700.0);
        state.show_take(document.take());
        state.focus_question();
        for _ in 0..3 {
            assert_eq!(frame(&mut h, &document, &model, &mut state), [], "nobody did anything");
        }
        h.text("Who is it?");
        let typed = frame(&mut h, &document, &model, &mut state);
        assert_eq!(typed, [Action::Draft("Who is it?".to_owned())], "{width} points wide");
        assert_eq!(document.draft, "", "panels change nothing");
        document.draft = "Who is it?".to_owned();
        h.key(Key::Enter, Modifiers::NONE);
        let sent = frame(&mut h, &document, &model, &mut state);
        assert_eq!(sent, [Action::Ask("Who is it?".to_owned()), Action::Draft(String::new())]);
        document.draft.clear();
        assert_eq!(frame(&mut h, &document, &model, &mut state), []);
    }
}

#[test]
fn nothing_can_be_asked_before_the_model_is_there() {
    let (document, mut state) = (document(), UiState::default());
    for model in [ModelStatus::Loading, ModelStatus::Failed("no weights".to_owned())] {
        let mut h = Harness::new(1200.0, 700.0);
        state.focus_question();
        frame(&mut h, &document, &model, &mut state);
        h.text("Who is it?");
        h.key(Key::Enter, Modifiers::NONE);
        for _ in 0..2 {
            assert_eq!(frame(&mut h, &document, &model, &mut state), []);
        }
    }
}

#[test]
fn every_page_is_drawn_with_and_without_a_take() {
    for (width, page) in [(1200.0, 0), (400.0, 0), (400.0, 1), (400.0, 2)] {
        let mut beside = document();
        beside.s2i = Some(draction::s2i::Stream::Bone);
        for document in [Document::default(), document(), beside] {
            let mut h = Harness::new(width, 700.0);
            let mut state = UiState { page, ..UiState::default() };
            state.toggle_help();
            assert_eq!(frame(&mut h, &document, &ready(), &mut state), []);
            assert!(h.triangles() > 100, "{} triangles", h.triangles());
        }
    }
}
