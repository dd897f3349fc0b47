//! The panels without a window: what they ask for, and that it is for others to do.

use eframe::egui::{Key, Modifiers, TextureId};

use super::*;
use crate::{
    files::{FileSource, sample},
    widgets::testing::Harness,
};

/// A document with a sample in it.
fn document() -> Document {
    let mut document = Document::default();
    document.open(sample("wave_left_hand.bvh")).expect("a motion");
    document
}

fn ready() -> ModelStatus {
    ModelStatus::Ready { device: "CPU".to_owned(), suggestions: vec!["Which hand moves?".to_owned()], sees: true }
}

/// What there is to show before anything was drawn.
fn undrawn<'a>(document: &'a Document, model: &'a ModelStatus) -> Content<'a> {
    // shows never change them, and tests may lose some
    let models: &'static Models = Box::leak(Box::default());
    Content {
        document,
        tour: None,
        readings: &[],
        playback: Playback::default(),
        pictures: Err(String::new()),
        trained_depth_mix: 0.5,
        model,
        models,
        busy: false,
        samples: &[],
        shareable: true,
        #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
        workbench: None,
    }
}

/// Shows one frame, and answers with what was asked for.
fn frame(h: &mut Harness, document: &Document, model: &ModelStatus, state: &mut UiState) -> Vec<Action> {
    let mut actions = Vec::new();
    let frames = document.take().map(|take| take.motion.frames());
    h.frame(|ui| {
        let strip = |frames: usize| TakeTextures {
            strip: TextureId::default(),
            fresh: false,
            live: TextureId::default(),
            sampled: (0..12).map(|k| k * frames / 12).collect(),
            s2i: document.s2i.map(|_| (TextureId::default(), 1)),
        };
        let pictures = frames.map(strip).ok_or_else(|| "nothing was drawn".to_owned());
        let content = Content { pictures, ..undrawn(document, model) };
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

#[test]
fn every_size_of_window_has_room_for_scene_picture_and_conversation() {
    let mut second = document();
    second.open(FileSource { name: "second.bvh".to_owned(), ..sample("squat.bvh") }).expect("another motion");
    let sizes = [
        [320.0, 568.0],
        [360.0, 640.0],
        [390.0, 844.0],
        [568.0, 320.0],
        [640.0, 360.0],
        [768.0, 1024.0],
        [844.0, 390.0],
        [900.0, 600.0],
        [1024.0, 768.0],
        [1280.0, 720.0],
        [1366.0, 768.0],
        [1920.0, 1080.0],
        [2560.0, 1440.0],
    ];
    for [width, height] in sizes {
        for document in [&document(), &second] {
            let mut h = Harness::new(width, height);
            let mut state = UiState::default();
            let mut seen = Places::default();
            let pages = if width < NARROW { 0..PAGES.len() } else { 0..1 };
            for page in pages.clone() {
                state.page = page;
                (0..3).for_each(|_| drop(frame(&mut h, document, &ready(), &mut state)));
                let Places { scene, picture, conversation } = state.places;
                seen = Places {
                    scene: scene.or(seen.scene),
                    picture: picture.or(seen.picture),
                    conversation: conversation.or(seen.conversation),
                };
            }
            let case = format!("{width} by {height}, {} takes", document.takes.len());
            let [scene, picture, talk] = [seen.scene, seen.picture, seen.conversation].map(|r| r.expect(&case));
            // phones on their side are less than 400 points high
            let least = if height < 350.0 { 90.0 } else { 140.0 };
            assert!(scene.width() >= 160.0 && scene.height() >= least, "{case}: the scene has {scene}");
            assert!(picture.width() >= 140.0 && picture.height() >= 140.0, "{case}: the picture has {picture}");
            assert!(talk.width() >= 240.0 && talk.height() >= 0.6 * least, "{case}: the conversation has {talk}");
            for place in [scene, talk] {
                assert!(h.screen().contains_rect(place), "{case}: {place} is not on the screen");
            }
            if pages.len() == 1 {
                assert!(!scene.intersects(picture) && !scene.intersects(talk) && !picture.intersects(talk), "{case}");
                assert!(h.screen().contains_rect(picture), "{case}: {picture} is not on the screen");
            }
        }
    }
}

#[test]
fn an_example_with_its_answer_stands_beside_the_invitation() {
    for (width, height) in [(1200.0, 700.0), (400.0, 800.0)] {
        let (model, mut state) = (ready(), UiState::default());
        let mut h = Harness::new(width, height);
        let mut empty = Document::default();
        (0..2).for_each(|_| drop(frame(&mut h, &empty, &model, &mut state)));
        let without = h.triangles();
        empty.show_example(sample("squat.bvh"));
        state.show_take(empty.example.as_ref());
        (0..2).for_each(|_| drop(frame(&mut h, &empty, &model, &mut state)));
        assert!(h.triangles() > without + 200, "{width}: {} and {without} triangles", h.triangles());
        let mut opened = Vec::new();
        for y in (60..120).step_by(6) {
            for x in (10..width as i32).step_by(10) {
                h.click(x as f32, y as f32, |ui| {
                    opened.extend(show(undrawn(&empty, &model), &mut state, ui));
                });
            }
        }
        assert!(opened.contains(&Action::OpenSample("squat.bvh".to_owned())), "{width}: {opened:?}");
    }
}

#[test]
fn a_file_that_is_read_is_named_and_can_be_given_up() {
    let (document, model, mut readings) = (document(), ready(), crate::reading::Readings::default());
    let mut file = sample("walk.bvh");
    file.bytes.extend(std::iter::repeat_n(b'\n', 1 << 20));
    let unread = crate::files::Unread::new(file, Default::default());
    for (width, height) in [(1200.0, 700.0), (390.0, 800.0)] {
        let mut h = Harness::new(width, height);
        readings.begin(unread.clone(), &h.ctx);
        let (id, mut state, mut given_up) = (readings.under_way()[0].id, UiState::default(), Vec::new());
        for y in (0..200).step_by(4) {
            h.click(width - 24.0, y as f32, |ui| {
                let content = Content { readings: readings.under_way(), ..undrawn(&document, &model) };
                given_up.extend(show(content, &mut state, ui));
            });
        }
        assert!(given_up.contains(&Action::CancelReading(id)), "{width}: {given_up:?}");
        readings.cancel(id);
    }
}

#[test]
fn the_tour_tells_and_goes_on() {
    let (document, model) = (document(), ready());
    let tour = crate::tour::Tour::new(&document.settings);
    for (width, height) in [(1200.0, 700.0), (390.0, 800.0), (320.0, 568.0)] {
        let (mut h, mut state, mut asked) = (Harness::new(width, height), UiState::default(), Vec::new());
        for y in (0..200).step_by(6) {
            for x in [width - 30.0, width - 90.0] {
                h.click(x, y as f32, |ui| {
                    let content = Content { tour: Some(&tour), ..undrawn(&document, &model) };
                    asked.extend(show(content, &mut state, ui));
                });
            }
        }
        assert!(asked.contains(&Action::Tour) && asked.contains(&Action::EndTour), "{width}: {asked:?}");
    }
}

#[test]
fn a_model_on_its_way_can_be_given_up_and_another_chosen() {
    let (document, model) = (document(), ready());
    let mut models = Models::default();
    models.begin("small", crate::models::Step::Downloading);
    models.progress("small", 3_000_000, 12_000_000);
    for (width, height) in [(1200.0, 700.0), (390.0, 800.0)] {
        let (mut h, mut state, mut asked) = (Harness::new(width, height), UiState::default(), Vec::new());
        for y in (0..200).step_by(4) {
            h.click(width - 24.0, y as f32, |ui| {
                let content = Content { models: &models, ..undrawn(&document, &model) };
                asked.extend(show(content, &mut state, ui));
            });
        }
        assert!(asked.contains(&Action::StopModel), "{width}: {asked:?}");
    }
}

#[test]
fn a_model_that_sees_nothing_is_not_asked_why() {
    let blind = ModelStatus::Ready { device: "CPU".to_owned(), suggestions: Vec::new(), sees: false };
    let mut document = document();
    document.takes[0].exchanges.push(crate::document::Exchange {
        id: 1,
        question: "Who?".into(),
        answer: "Nobody.".into(),
        outcome: Some(crate::document::Outcome::Answered {
            first_token: 0.1,
            seconds: 1.0,
            tokens: 3,
            tokens_per_second: Some(12.0),
            confidence: 0.5,
            stopped: false,
        }),
    });
    for (model, offered) in [(ready(), true), (blind, false)] {
        let (mut h, mut state, mut asked) = (Harness::new(1200.0, 700.0), UiState::default(), Vec::new());
        for y in (100..600).step_by(8) {
            for x in (800..1190).step_by(10) {
                h.click(x as f32, y as f32, |ui| asked.extend(show(undrawn(&document, &model), &mut state, ui)));
            }
        }
        assert_eq!(asked.iter().any(|action| matches!(action, Action::Explain(_))), offered, "{asked:?}");
    }
}
