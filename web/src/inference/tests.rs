use std::{collections::VecDeque, path::Path, time::Duration};

use draction::motion::{ReadOptions, read_file};
use skeletonllm::drawing::DrawSettings;

use super::{request::next, *};
use crate::figured::Figured;

fn subject(name: &str) -> Subject {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/samples").join(name);
    let read = Figured::of(read_file(path, &ReadOptions::default()).expect("a sample"));
    Subject {
        take: 7,
        motion: read.motion,
        figure: read.figure,
        settings: DrawSettings::default(),
        settings_version: 0,
    }
}

fn start(files: ModelFiles) -> Inference {
    let selected = skeletonllm_network::device::cpu().expect("the CPU backend");
    Inference::start(files, selected, &egui::Context::default())
}

fn nano() -> ModelFiles {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/nano");
    ModelFiles::read(&folder).expect("the shipped model")
}

/// Waits until `wanted` has come, and returns all that came with it.
fn until(inference: &mut Inference, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut all = Vec::new();
    for _ in 0..3000 {
        let new = inference.events();
        let done = new.iter().any(&wanted);
        all.extend(new);
        if done {
            return all;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it did not come; only {all:?}");
}

#[test]
fn answers_arrive_in_pieces_that_make_the_whole() {
    let mut inference = start(nano());
    inference.ask(subject("wave_left_hand.bvh"), 1, "Which hand does the person move?".into());
    assert!(inference.is_asked());
    let events = until(&mut inference, |e| matches!(e, Event::Answered { .. }));
    assert!(inference.status().is_ready() && !inference.is_asked());
    let text: String =
        events.iter().filter_map(|e| if let Event::Text { text, .. } = e { Some(&**text) } else { None }).collect();
    let Some(Event::Answered { take: 7, exchange: 1, answer, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(text, answer.text);
    assert!(text.contains("left"), "{text}");
}

#[test]
fn a_question_overtakes_the_names_of_a_folder() {
    let request = |task| Request { id: 0, subject: subject("walk.bvh"), task, stop: Arc::default() };
    let ask = Task::Ask { exchange: 3, question: "why?".into() };
    let mut queue = VecDeque::from([request(Task::Recognise), request(Task::Recognise), request(ask)]);
    assert!(matches!(next(&mut queue), Some(Request { task: Task::Ask { exchange: 3, .. }, .. })));
    assert!(matches!(next(&mut queue), Some(Request { task: Task::Recognise, .. })));
    assert!(next(&mut queue).is_some() && next(&mut queue).is_none());
}

#[test]
fn one_request_is_withdrawn_without_the_others() {
    let mut inference = start(nano());
    let other = |take| Subject { take, ..subject("walk.bvh") };
    inference.recognise(subject("walk.bvh"));
    inference.ask(other(8), 1, "Who?".into());
    inference.ask(other(9), 2, "Who?".into());
    inference.stop_take(8);
    let mut events = until(&mut inference, |e| matches!(e, Event::Recognised { .. }));
    events.extend(inference.events());
    let ends: Vec<_> = events.iter().filter(|e| !matches!(e, Event::Ready { .. } | Event::Text { .. })).collect();
    let [
        Event::Failed { take: 8, exchange: Some(1), problem },
        Event::Answered { take: 9, .. },
        Event::Recognised { take: 7, .. },
    ] = &ends[..]
    else {
        panic!("{ends:?}")
    };
    assert_eq!(problem, STOPPED);
    assert!(!inference.is_asked() && !inference.is_naming());
}

#[test]
fn who_stops_an_answer_stops_no_name() {
    let mut inference = start(nano());
    inference.recognise(subject("walk.bvh"));
    inference.ask(subject("walk.bvh"), 1, "Who?".into());
    inference.label_spans(subject("walk.bvh"));
    inference.stop();
    let events = until(&mut inference, |e| matches!(e, Event::Recognised { take: 7, .. }));
    let stopped = events.iter().filter(|e| matches!(e, Event::Failed { problem, .. } if problem == STOPPED)).count();
    assert_eq!(stopped, 2, "{events:?}");
    // what is asked for afterwards is not stopped
    inference.ask(subject("walk.bvh"), 2, "Which hand does the person move?".into());
    until(&mut inference, |e| matches!(e, Event::Answered { exchange: 2, .. }));
}

#[test]
fn a_broken_model_is_said_and_nothing_hangs() {
    let mut inference = start(ModelFiles { model: vec![1, 2, 3], ..nano() });
    until(&mut inference, |e| matches!(e, Event::LoadFailed(problem) if problem.contains("model.safetensors")));
    inference.recognise(subject("walk.bvh"));
    assert!(!inference.is_naming(), "there is nobody to wait for");
}
