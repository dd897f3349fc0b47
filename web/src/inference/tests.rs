use std::{collections::VecDeque, path::Path, time::Duration};

use draction::motion::{ReadOptions, read_file};
use skeletonllm::{drawing::DrawSettings, given::Answering};
use skeletonllm_network::device::DeviceChoice;

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
    Inference::start(Source::Memory(Arc::new(files)), None, selected, &egui::Context::default())
}

/// A model whose files lie on disk and are read piece by piece.
fn start_given(folder: &Path) -> Inference {
    let incoming = crate::files::Incoming::default();
    crate::platform::receive(vec![folder.to_owned()], &incoming);
    let offered = incoming.take_models().pop().unwrap_or_else(|| panic!("{:?}", incoming.take()));
    let selected = skeletonllm_network::device::cpu().expect("the CPU backend");
    Inference::start(Source::Given(offered), None, selected, &egui::Context::default())
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
fn a_worker_that_dies_is_noticed_and_nobody_waits_for_it() {
    let ((requests, inbox), (outbox, events)) = (async_channel::unbounded(), std::sync::mpsc::channel());
    let mut inference = Inference::between(requests, events, false);
    inference.ask(subject("clap.bvh"), 1, "Which hand does the person move?".into());
    assert!(inference.is_asked() && inference.events().is_empty());
    drop((inbox, outbox));
    assert!(matches!(&inference.events()[..], [Event::LoadFailed(_)]));
    assert!(matches!(inference.status(), ModelStatus::Failed(_)) && !inference.is_asked());
    assert!(inference.events().is_empty(), "it is said once");
}

#[test]
fn a_model_read_piece_by_piece_answers_as_the_one_in_memory() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/nano");
    let question = "Which hand does the person move?";
    let answers = [start(nano()), start_given(&folder)].map(|mut inference| {
        inference.ask(subject("wave_left_hand.bvh"), 1, question.into());
        let events = until(&mut inference, |e| matches!(e, Event::Answered { .. }));
        assert!(inference.status().sees());
        let Some(Event::Answered { answer, .. }) = events.last() else { panic!("{events:?}") };
        assert!(answer.tokens_per_second.is_some_and(|speed| speed > 0.0), "{answer:?}");
        (answer.text.clone(), answer.confidence)
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_language_model_alone_is_asked_and_sees_nothing() {
    let Some(golden) = skeletonllm_checks::shared("golden/llama-tiny") else { return };
    let mut inference = start_given(&golden.join("hf"));
    let loaded = until(&mut inference, |e| matches!(e, Event::Ready { .. }));
    assert!(loaded.iter().any(|e| matches!(e, Event::Loading { done, total } if done == total && *total > 0)));
    assert!(inference.status().is_ready() && !inference.status().sees());
    inference.recognise(subject("walk.bvh"));
    assert!(!inference.is_naming(), "there is nothing to recognise");
    inference.explain(subject("walk.bvh"), 4, "why?".into(), "so".into());
    let events = until(&mut inference, |e| matches!(e, Event::Failed { .. }));
    let told = |e: &Event| matches!(e, Event::Failed { problem, .. } if problem.contains("sees no pictures"));
    assert!(events.last().is_some_and(told), "{events:?}");
    inference.ask(subject("walk.bvh"), 5, "wave left hand".into());
    let events = until(&mut inference, |e| matches!(e, Event::Answered { .. } | Event::Failed { .. }));
    let Some(Event::Answered { exchange: 5, answer, .. }) = events.last() else { panic!("{events:?}") };
    let files = golden.join("hf");
    let Ok(Answering::Text(native)) = Answering::open(&files, DeviceChoice::Cpu) else { panic!("no model") };
    assert_eq!(answer.text, native.ask("wave left hand", |_| ()).expect("an answer").text);
}

#[test]
fn a_model_that_nobody_waits_for_is_not_read_to_its_end() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/nano");
    let inference = start_given(&folder);
    let Inference { requests, events, .. } = inference;
    drop(requests);
    let told: Vec<Event> = events.iter().map(|told| told.event).collect();
    let stopped = |e: &Event| matches!(e, Event::LoadFailed(problem) if problem.contains(STOPPED));
    // it may have been faster than this thread
    assert!(told.last().is_some_and(|e| stopped(e) || matches!(e, Event::Ready { .. })), "{told:?}");
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
fn a_second_opinion_keeps_nobody_waiting() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/second-opinion");
    let second = Arc::new(SecondFiles::read(&folder).expect("the shipped network"));
    let selected = skeletonllm_network::device::cpu().expect("the CPU backend");
    let source = Source::Memory(Arc::new(nano()));
    let mut inference = Inference::start(source, Some(second), selected, &egui::Context::default());
    assert!(inference.seconds());
    inference.second(subject("wave_left_hand.bvh"));
    inference.ask(subject("wave_left_hand.bvh"), 1, "Which hand does the person move?".into());
    assert!(inference.is_asked() && inference.is_naming());
    let events = until(&mut inference, |e| matches!(e, Event::SecondOpinion { .. }));
    assert!(events.iter().any(|e| matches!(e, Event::Answered { exchange: 1, .. })), "{events:?}");
    let Some(Event::SecondOpinion { take: 7, opinion: Some(opinion) }) = events.last() else { panic!("{events:?}") };
    assert_eq!(opinion.label, "wave left hand");
    assert!(!inference.is_naming());
    assert!(!start(nano()).seconds());
}

#[test]
fn a_broken_model_is_said_and_nothing_hangs() {
    let mut inference = start(ModelFiles { model: vec![1, 2, 3], ..nano() });
    until(&mut inference, |e| matches!(e, Event::LoadFailed(problem) if problem.contains("model.safetensors")));
    inference.recognise(subject("walk.bvh"));
    assert!(!inference.is_naming(), "there is nobody to wait for");
}
