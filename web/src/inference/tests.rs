use std::{collections::VecDeque, path::Path, time::Duration};

use draction::motion::{ReadOptions, read_file};
use skeletonllm::drawing::DrawSettings;

use super::{request::next, *};

fn subject(name: &str) -> Subject {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/samples").join(name);
    let motion = Arc::new(read_file(path, &ReadOptions::default()).expect("a sample"));
    Subject { take: 7, motion, settings: DrawSettings::default(), settings_version: 0 }
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
    assert!(inference.is_busy());
    let events = until(&mut inference, |e| matches!(e, Event::Answered { .. }));
    assert!(inference.status().is_ready() && !inference.is_busy());
    let text: String =
        events.iter().filter_map(|e| if let Event::Text { text, .. } = e { Some(&**text) } else { None }).collect();
    let Some(Event::Answered { take: 7, exchange: 1, answer, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!(text, answer.text);
    assert!(text.contains("left"), "{text}");
}

#[test]
fn a_question_overtakes_the_names_of_a_folder() {
    let request = |task| Request { subject: subject("walk.bvh"), task, stop: Arc::default() };
    let ask = Task::Ask { exchange: 3, question: "why?".into() };
    let mut queue = VecDeque::from([request(Task::Recognise), request(Task::Recognise), request(ask)]);
    assert!(matches!(next(&mut queue), Some(Request { task: Task::Ask { exchange: 3, .. }, .. })));
    assert!(matches!(next(&mut queue), Some(Request { task: Task::Recognise, .. })));
    assert!(next(&mut queue).is_some() && next(&mut queue).is_none());
}

#[test]
fn what_was_stopped_before_it_began_says_so() {
    let mut inference = start(nano());
    inference.recognise(subject("walk.bvh"));
    inference.stop();
    let events = until(&mut inference, |e| matches!(e, Event::Failed { .. } | Event::Recognised { .. }));
    assert!(matches!(events.last(), Some(Event::Failed { problem, .. }) if problem == STOPPED), "{events:?}");
    inference.recognise(subject("walk.bvh"));
    until(&mut inference, |e| matches!(e, Event::Recognised { take: 7, .. }));
}

#[test]
fn a_broken_model_is_said_and_nothing_hangs() {
    let mut inference = start(ModelFiles { model: vec![1, 2, 3], ..nano() });
    until(&mut inference, |e| matches!(e, Event::LoadFailed(problem) if problem.contains("model.safetensors")));
    inference.recognise(subject("walk.bvh"));
    assert!(!inference.is_busy(), "there is nobody to wait for");
}
