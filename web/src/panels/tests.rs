//! The panels without a window: what they ask for, and that it is for others to do.

use eframe::egui::{Key, Modifiers, TextureId};

use skeletonllm::second_opinion::Opinion;

mod keys;
mod sizes;

use super::*;
use crate::{
    document::Exchange,
    files::{FileSource, sample},
    link::{Link, View},
    video::{Part, Shown},
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
        awaited: None,
        readings: &[],
        making: None,
        playback: Playback::default(),
        pictures: Err(String::new()),
        beside: None,
        trained_depth_mix: 0.5,
        model,
        models,
        why_processor: None,
        words: None,
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
    h.frame(|ui| {
        let strip = |frames: usize| TakeTextures {
            strip: TextureId::default(),
            fresh: false,
            live: TextureId::default(),
            sampled: (0..12).map(|k| k * frames / 12).collect(),
            s2i: document.s2i.map(|_| (TextureId::default(), 1)),
        };
        let drawn = |take: &Take| strip(take.motion.frames());
        let pictures = document.take().map(drawn).ok_or_else(|| "nothing was drawn".to_owned());
        let beside = document.beside().map(|(take, step)| Beside { take, step, pictures: Ok(drawn(take)) });
        let content = Content { pictures, beside, ..undrawn(document, model) };
        actions.extend(show(content, state, ui));
    });
    actions
}

#[test]
fn a_second_opinion_is_told_below_the_labels_and_marked_where_it_differs() {
    let (mut document, model, mut state) = (document(), ready(), UiState::default());
    let mut h = Harness::new(1200.0, 700.0);
    document.takes[0].labels = vec![("wave left hand".to_owned(), 0.9), ("clap".to_owned(), 0.1)];
    frame(&mut h, &document, &model, &mut state);
    assert!(!h.texts().iter().any(|text| text.starts_with("Joints alone")), "{:?}", h.texts());
    for (label, told) in [("wave", "agrees"), ("squat", "differs")] {
        document.takes[0].second = Some(Opinion { label: label.to_owned(), probability: 0.75 });
        frame(&mut h, &document, &model, &mut state);
        let texts = h.texts();
        let said = format!("Joints alone: {label} 75 %");
        assert!(texts.contains(&said) && texts.iter().any(|text| text == told), "{label}: {texts:?}");
    }
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

/// Phones, upright and on their side, tablets, windows.
const SIZES: [[f32; 2]; 13] = [
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

/// Two takes.
fn two() -> Document {
    let mut document = document();
    document.open(FileSource { name: "second.bvh".to_owned(), ..sample("squat.bvh") }).expect("another motion");
    document
}

/// Where things are in the end, on all pages.
fn places(h: &mut Harness, document: &Document, state: &mut UiState) -> Places {
    let mut seen = Places::default();
    let pages = if h.screen().width() < NARROW { PAGES.len() } else { 1 };
    for page in 0..pages {
        state.page = page;
        (0..3).for_each(|_| drop(frame(h, document, &ready(), state)));
        let now = state.places;
        seen = Places {
            scene: now.scene.or(seen.scene),
            picture: now.picture.or(seen.picture),
            scene_beside: now.scene_beside.or(seen.scene_beside),
            picture_beside: now.picture_beside.or(seen.picture_beside),
            conversation: now.conversation.or(seen.conversation),
            example: None,
            opening: None,
        };
    }
    seen
}

#[test]
fn every_size_of_window_has_room_for_two_takes_in_step() {
    for [width, height] in SIZES {
        let (mut document, mut state, mut h) = (two(), UiState::default(), Harness::new(width, height));
        assert!(document.compare(Some(1)));
        state.show_take(document.take());
        let case = format!("{width} by {height}");
        let seen = places(&mut h, &document, &mut state);
        let found = [seen.scene, seen.scene_beside, seen.picture, seen.picture_beside, seen.conversation];
        let [first, second, picture, other, talk] = found.map(|rect| rect.expect(&case));
        // phones on their side have little height for anything
        let least = if height < FLAT { 80.0 } else { 110.0 };
        for scene in [first, second] {
            assert!(scene.width() >= 130.0 && scene.height() >= least, "{case}: a scene has {scene}");
            assert!(h.screen().contains_rect(scene), "{case}: {scene} is not on the screen");
        }
        assert!((first.size() - second.size()).length() < 1.0 && !first.intersects(second), "{case}: {first} {second}");
        for picture in [picture, other] {
            assert!(picture.width() >= 130.0 && picture.height() >= 130.0, "{case}: a picture has {picture}");
        }
        assert!(!picture.intersects(other) && talk.width() >= 240.0, "{case}: {picture} {other} {talk}");
        if width >= NARROW {
            for place in [picture, other] {
                assert!(h.screen().contains_rect(place), "{case}: {place} is not on the screen");
                assert!(![first, second, talk].iter().any(|it| it.shrink(0.5).intersects(place)), "{case}: {place}");
            }
        }
    }
}

#[test]
fn both_strips_are_shown_where_there_is_room() {
    for ([width, height], strips) in [([1280.0, 720.0], false), ([1366.0, 900.0], true), ([2560.0, 1440.0], true)] {
        let (mut document, mut state, mut h) = (two(), UiState::default(), Harness::new(width, height));
        document.compare(Some(1));
        (0..3).for_each(|_| drop(frame(&mut h, &document, &ready(), &mut state)));
        // each strip is called by its take, as are both sides and the list, which has no room for the longer name
        let named = |name: &str| h.texts().iter().filter(|text| *text == name).count();
        let expected = if strips { [2, 3] } else { [1, 2] };
        let found = [named("wave_left_hand.bvh"), named("second.bvh")];
        assert_eq!(found, expected, "{width} by {height}: {:?}", h.texts());
    }
}

#[test]
fn two_takes_are_compared_and_left_again() {
    let everywhere = |h: &mut Harness, document: &Document, state: &mut UiState, [from, to]: [f32; 2]| {
        let mut asked = Vec::new();
        let model = ready();
        for y in (50..260).step_by(7) {
            let mut x = from;
            while x < to {
                h.click(x, y as f32, |ui| {
                    let beside =
                        document.beside().map(|(take, step)| Beside { take, step, pictures: Err(String::new()) });
                    asked.extend(show(Content { beside, ..undrawn(document, &model) }, state, ui));
                });
                x += 40.0;
            }
        }
        asked
    };
    let (mut document, mut state, mut h) = (two(), UiState::default(), Harness::new(1280.0, 720.0));
    // the list of takes
    let asked = everywhere(&mut h, &document, &mut state, [20.0, 150.0]);
    assert!(asked.contains(&Action::Compare(Some(1))), "{asked:?}");
    document.compare(Some(1));
    let asked = everywhere(&mut h, &document, &mut state, [20.0, 150.0]);
    assert!(asked.contains(&Action::Compare(None)) && asked.contains(&Action::Select(1)), "{asked:?}");
    // the row above the two
    let asked = everywhere(&mut h, &document, &mut state, [200.0, 880.0]);
    assert!(asked.contains(&Action::Compare(None)) && asked.contains(&Action::InStep(Step::Length)), "{asked:?}");
}

/// A document as another page shows it.
fn embedded(view: View) -> Document {
    let mut document = document();
    document.link = Link { embed: true, view, ..Link::default() };
    document
}

#[test]
fn another_page_shows_a_take_and_its_playhead_alone() {
    for [width, height] in [[320.0, 240.0], [360.0, 640.0], [480.0, 300.0], [720.0, 440.0], [1280.0, 720.0]] {
        let case = format!("{width} by {height}");
        let (mut h, mut state) = (Harness::new(width, height), UiState::default());
        let document = embedded(View::Motion);
        state.show_take(document.take());
        (0..3).for_each(|_| assert_eq!(frame(&mut h, &document, &ready(), &mut state), []));
        let Places { scene: Some(scene), picture: Some(picture), conversation: None, .. } = state.places else {
            panic!("{case}: {:?}", state.places);
        };
        assert!(h.screen().contains_rect(scene) && h.screen().contains_rect(picture), "{case}: {scene} {picture}");
        assert!(!scene.shrink(0.5).intersects(picture), "{case}: {scene} {picture}");
        assert!(scene.height() >= 90.0 && picture.height() >= 90.0, "{case}: {scene} {picture}");
        for unwanted in ["Open", "Samples", "Looks like", "Takes", "Motion", "What DrAction draws"] {
            assert!(!h.texts().iter().any(|text| text == unwanted), "{case}: {unwanted} is shown");
        }

        let document = embedded(View::Pictures);
        (0..3).for_each(|_| assert_eq!(frame(&mut h, &document, &ready(), &mut state), []));
        // of the last of twelve, in as many words as there is room for
        let told = h.texts().iter().any(|text| ["0:03.67", "3.7 s", "3.7"].contains(&&**text));
        assert!(state.places.scene.is_none() && told, "{case}: {:?}", h.texts());
    }
}

#[test]
fn another_page_says_what_its_address_asks_for() {
    let (mut h, mut state, mut document) = (Harness::new(720.0, 440.0), UiState::default(), embedded(View::Motion));
    let mut said = |document: &Document| {
        frame(&mut h, document, &ready(), &mut state);
        h.texts().join("\n")
    };
    document.takes[0].labels.push(("wave".to_owned(), 0.84));
    assert!(!said(&document).contains("wave"), "nobody asked");
    document.link.label = Some(String::new());
    assert!(said(&document).contains("wave\n84 %"));
    document.link.label = Some("Figure 3: a greeting".to_owned());
    assert!(said(&document).contains("Figure 3: a greeting"));
    let exchange = Exchange { id: 7, question: "Which hand?".to_owned(), answer: "left".to_owned(), outcome: None };
    document.takes[0].exchanges.push(exchange);
    assert!(said(&document).contains("Which hand?\nleft"));

    document.takes.clear();
    assert!(said(&document).contains("names nothing to show"));
    document.link.url = Some("data/kick.bvh".to_owned());
    assert!(said(&document).contains("Opening kick.bvh"));
    document.notice(true, "kick.bvh: cannot be fetched: status 404");
    assert!(said(&document).contains("status 404"));
}

#[test]
fn the_whole_page_is_a_click_or_two_keys_away() {
    let (document, model) = (embedded(View::Motion), ready());
    for (width, height) in [(720.0, 440.0), (320.0, 240.0)] {
        let (mut h, mut state, mut asked) = (Harness::new(width, height), UiState::default(), Vec::new());
        for y in (0..height as i32).step_by(8) {
            h.click(width - 28.0, y as f32, |ui| asked.extend(show(undrawn(&document, &model), &mut state, ui)));
        }
        assert!(asked.contains(&Action::OpenWhole), "{width}: {asked:?}");
        let (mut h, mut asked) = (Harness::new(width, height), Vec::new());
        for _ in 0..8 {
            for key in [Key::Tab, Key::Space] {
                h.key(key, Modifiers::NONE);
                h.frame(|ui| asked.extend(show(undrawn(&document, &model), &mut state, ui)));
            }
        }
        assert!(asked.contains(&Action::OpenWhole) && asked.contains(&Action::TogglePlay), "{width}: {asked:?}");
    }
}

#[test]
fn every_size_of_window_has_room_for_scene_picture_and_conversation() {
    let second = two();
    for [width, height] in SIZES {
        for document in [&document(), &second] {
            let mut h = Harness::new(width, height);
            let mut state = UiState::default();
            let seen = places(&mut h, document, &mut state);
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
            if width >= NARROW {
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
        let (id, mut state, mut given_up) = (readings.all()[0].id, UiState::default(), Vec::new());
        for y in (0..200).step_by(4) {
            h.click(width - 24.0, y as f32, |ui| {
                let content = Content { readings: readings.all(), ..undrawn(&document, &model) };
                given_up.extend(show(content, &mut state, ui));
            });
        }
        assert!(given_up.contains(&Action::CancelReading(id)), "{width}: {given_up:?}");
        readings.cancel(id);
    }
}

#[test]
fn files_that_take_long_to_come_are_told_and_can_be_given_up() {
    let (document, model) = (document(), ready());
    let given_up = |waited: u64| {
        let mut h = Harness::new(390.0, 800.0);
        let (mut state, mut given_up) = (UiState::default(), Vec::new());
        for y in (0..200).step_by(4) {
            h.click(366.0, y as f32, |ui| {
                let awaited = Awaited { here: 3, all: 40, waited: Duration::from_millis(waited) };
                let content = Content { awaited: Some(awaited), ..undrawn(&document, &model) };
                given_up.extend(show(content, &mut state, ui));
            });
        }
        given_up.contains(&Action::CancelReadings)
    };
    assert!(given_up(2000));
    assert!(!given_up(20), "most come before anybody waits");
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

/// A document with a sample whose first second is labelled.
fn labelled() -> Document {
    let mut document = document();
    let label = "wave left hand".to_owned();
    let span = skeletonllm::assistant::Span { start_seconds: 0.0, end_seconds: 1.0, label, probability: 0.9 };
    document.take_mut().expect("just opened").spans.push(span);
    document
}

#[test]
fn the_menu_of_videos_has_every_part_and_kind() {
    let (document, mut asked) = (labelled(), Vec::new());
    let take = document.take().expect("a take");
    let mut h = Harness::new(400.0, 400.0);
    for (x, y) in (30..230).step_by(12).flat_map(|y| (20..240).step_by(20).map(move |x| (x, y))) {
        for at in [(20.0, 20.0), (x as f32, y as f32)] {
            h.click(at.0, at.1, |ui| video::menu(take, None, ui, &mut asked));
        }
        // whatever was not an entry leaves it open
        h.key(Key::Escape, Modifiers::NONE);
        h.frame(|ui| video::menu(take, None, ui, &mut asked));
    }
    let all = Shown::ALL.into_iter().flat_map(|shown| [Part::Span, Part::Whole].map(|part| (shown, part)));
    for (shown, part) in all {
        assert!(asked.contains(&Action::SaveVideo(shown, part)), "{shown:?} of {part:?} is not in {asked:?}");
    }
    let (mut again, making) = (Vec::new(), Making::new("one".to_owned()));
    for y in (20..300).step_by(8) {
        h.click(20.0, y as f32, |ui| video::menu(take, Some(&making), ui, &mut again));
    }
    assert_eq!(again, [], "one at a time");
}

#[test]
fn every_window_has_a_menu_of_videos_and_tells_how_far_one_is() {
    let (document, model) = (labelled(), ready());
    for (width, height) in [(1200.0, 700.0), (390.0, 800.0), (320.0, 568.0), (640.0, 360.0)] {
        let mut state = UiState { page: usize::from(height < FLAT), ..UiState::default() };
        let (mut h, mut asked) = (Harness::new(width, height), Vec::new());
        let mut click = |h: &mut Harness, at: egui::Pos2| {
            let mut one = |ui: &mut egui::Ui| asked.extend(show(undrawn(&document, &model), &mut state, ui));
            h.click(at.x, at.y, &mut one);
            // the first frame of a menu only measures it
            h.frame(one);
            h.pressable_above()
        };
        click(&mut h, egui::Pos2::ZERO);
        // what leads elsewhere is at the top, menus of the panels below it
        for button in h.pressable().into_iter().filter(|button| (40.0..140.0).contains(&button.center().y)) {
            let entries = click(&mut h, button.center());
            for entry in entries {
                if click(&mut h, entry.center()).is_empty() {
                    click(&mut h, button.center());
                }
            }
            if !h.pressable_above().is_empty() {
                click(&mut h, button.center());
            }
        }
        let video = |action: &Action| matches!(action, Action::SaveVideo(..));
        assert!(asked.iter().any(video), "{width} by {height}: {asked:?}");
        let (making, mut given_up) = (Making::new("wave_left_hand-both".to_owned()), Vec::new());
        let mut h = Harness::new(width, height);
        for y in (0..200).step_by(4) {
            h.click(width - 24.0, y as f32, |ui| {
                let content = Content { making: Some(&making), ..undrawn(&document, &model) };
                given_up.extend(show(content, &mut state, ui));
            });
        }
        assert!(given_up.contains(&Action::CancelVideo), "{width}: {given_up:?}");
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
