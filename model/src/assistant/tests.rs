use std::{path::PathBuf, sync::Arc};

use burn::tensor::TensorData;
use draction::{
    draction::{DrAction, LinePoints, Scales, Template, TemplateRule},
    engine::{Scene, cpu::CpuEngine},
    motion::read_file,
};
use skeletonllm_checks::{Need, have, max_abs};
use skeletonllm_data::Texts;
use skeletonllm_network::{
    alignment::Shares,
    device::{self, DeviceChoice},
    generate::score_continuations,
    tensors::host,
};

use super::*;
use crate::{
    drawing::{CameraMode, bank_skeleton},
    folder::default_model,
};

fn nano() -> Assistant {
    Assistant::load(&default_model().unwrap(), DeviceChoice::Cpu).unwrap()
}

/// The same on the GPU, where there is one.
fn nano_on_gpu() -> Option<Assistant> {
    let gpu = have(Need::Gpu, device::select(DeviceChoice::Gpu))?;
    let files = ModelFiles::read(&default_model().unwrap()).unwrap();
    Some(Assistant::from_files(&files, gpu).unwrap())
}

fn sample(name: &str) -> Motion {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../assets/samples").join(name);
    read_file(path, &Default::default()).unwrap()
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

/// Other weights: four thin points a bone, white on the left and dark on the right.
fn other_weights(assistant: &Assistant) -> Arc<DrAction> {
    let skeleton = bank_skeleton();
    let pose = &assistant.drawing().draction().template.canonical_joints;
    let rule = TemplateRule { points: LinePoints::Fixed(4), scales: Scales::Constant(0.05) };
    Arc::new(DrAction::painted(&skeleton, Template::build(&skeleton.bones, pose, &rule).unwrap()).unwrap())
}

/// Nobody of them is in a training set, and neither is their skeleton; claps were learned on Kinect bodies alone.
#[test]
fn the_shipped_model_names_what_the_samples_do() {
    let assistant = nano();
    for (file, expected) in [
        ("wave_left_hand.bvh", "wave left hand"),
        ("wave_left_hand.skeleton", "wave left hand"),
        ("raise_right_hand.bvh", "raise up right hand"),
        ("squat.bvh", "squat"),
        ("walk.bvh", "walk"),
        ("clap.bvh", "clap"),
    ] {
        let observation = assistant.observe(&[&sample(file)]).unwrap();
        assert_eq!(assistant.recognise(&observation).unwrap()[0].0, expected, "{file}");
    }
}

/// Labels that were taught have to fit better where others are to choose among, and nowhere else.
#[test]
fn what_a_label_counts_hangs_on_what_it_is_chosen_among() {
    let mut assistant = nano();
    let observation = assistant.observe(&[&sample("walk.bvh")]).unwrap();
    let ranked = |assistant: &Assistant, labels: &[&str]| {
        let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
        assistant.rank(&observation, &labels).unwrap().swap_remove(0)
    };
    let taught = ["walk", "squat", "clap"];
    // "clap hands" are other words for what was taught
    let mixed = ["walk", "clap hands", "donning", "read watch"];
    let with = [ranked(&assistant, &taught), ranked(&assistant, &mixed), ranked(&assistant, &["donning"])];
    let alignment = assistant.model.alignment.take().expect("nano is aligned");
    let shares = alignment.shares();
    assert!(shares.taught > 0.0, "{shares:?}");
    assistant.model.alignment = Some(alignment.sharing(Shares { answer: 0.0, taught: 0.0, ..shares }));
    let fits = ranked(&assistant, &mixed);
    let less: Vec<f32> = fits.iter().zip(&with[1]).map(|(fit, score)| fit - score).collect();
    let expected = shares.fit * shares.taught;
    assert!((less[0] - expected).abs() < 1e-3 && (less[1] - expected).abs() < 1e-3, "{less:?}, {expected}");
    assert!(less[2].abs() < 1e-3 && less[3].abs() < 1e-3, "{less:?}");
    let alignment = assistant.model.alignment.take().expect("just put there");
    assistant.model.alignment = Some(alignment.sharing(Shares { taught: 0.0, ..shares }));
    assert_eq!(ranked(&assistant, &taught), with[0], "nothing else is there to choose");
    assert_eq!(ranked(&assistant, &["donning"]), with[2], "nor here");
}

#[test]
fn a_live_picture_is_what_the_model_looks_at() {
    let assistant = nano();
    let plain = DrawSettings::default();
    let settings = [
        plain.clone(),
        DrawSettings { nfm: false, ..plain.clone() },
        DrawSettings { depth_mix: Some(0.0), ..plain.clone() },
        DrawSettings { depth_mix: Some(1.0), ..plain.clone() },
        DrawSettings { weights: Some(other_weights(&assistant)), ..plain.clone() },
        DrawSettings { camera: CameraMode::Reference, ..plain.clone() },
        DrawSettings { weights: Some(other_weights(&assistant)), nfm: false, depth_mix: Some(0.5), ..plain },
    ];
    let [height, width] = assistant.render_size();
    for motion in [sample("wave_left_hand.bvh"), sample("wave_left_hand.skeleton")] {
        let mut first: Option<Vec<f32>> = None;
        for settings in &settings {
            let observation = assistant.observe_with(&[&motion], settings).unwrap();
            let seen = pollster::block_on(observation.frames_async()).unwrap();
            let clip = settings.clip(&motion, assistant.frames()).unwrap();
            let dressed = assistant.drawing().dressed(settings, &clip).unwrap();
            let live = CpuEngine.forward(&Scene::new([&clip], &dressed, width, height).unwrap()).unwrap();
            assert!(max_abs(&seen, &live) <= 1e-5, "{settings:?}: {}", max_abs(&seen, &live));
            assert!(seen.iter().any(|&x| x > 0.2), "{settings:?}: an empty picture");
            let first = first.get_or_insert(seen.clone());
            let change = max_abs(&seen, first);
            assert!((change > 0.02) != (*settings == DrawSettings::default()), "{settings:?}: {change}");
        }
    }
}

#[test]
fn a_gpu_looks_at_the_same_pictures() {
    let Some(gpu) = nano_on_gpu() else { return };
    let weights = Some(other_weights(&gpu));
    let settings = DrawSettings { weights, nfm: false, depth_mix: Some(0.7), camera: CameraMode::Reference };
    let motion = sample("wave_left_hand.skeleton");
    let seen =
        |a: &Assistant| pollster::block_on(a.observe_with(&[&motion], &settings).unwrap().frames_async()).unwrap();
    assert!(max_abs(&seen(&gpu), &seen(&nano())) <= 1e-5);
}

#[test]
fn a_model_that_was_also_asked_without_pictures_judges_labels_by_what_these_add() {
    let assistant = nano().blind(true);
    let motions = [sample("clap.bvh"), sample("walk.bvh")];
    let observation = assistant.observe(&motions.iter().collect::<Vec<_>>()).unwrap();
    let labels = ["walk", "clap", "sleep in the sun"].map(str::to_owned);
    let found = assistant.label_scores(&observation, &labels).unwrap();
    // from whole conversations, with pictures and with all of them hidden
    let question = skeletonllm_data::canonical(Family::Recognition).unwrap();
    let candidates: Vec<Vec<u32>> = labels.iter().map(|label| assistant.chat.candidate(label)).collect();
    for (motion, found) in found.iter().enumerate() {
        let prompt = assistant.prompt(question, &observation, motion).unwrap();
        let visual = observation.visual_of(motion);
        let said = |visual| score_continuations(&assistant.model.internvl, &prompt, Some(visual), &candidates).unwrap();
        let (seen, hidden) = (said(visual.clone()), said(visual.zeros_like()));
        for ((scores, seen), hidden) in found.iter().zip(seen).zip(hidden) {
            let added = (seen - hidden).max(-3.0);
            assert!((scores.answer - added).abs() < 1e-3, "{motion}: {added} {found:?}");
        }
    }
    assert!(found[0][1].answer > found[1][1].answer, "a clap is likelier where one is seen: {found:?}");
    // of many labels those that fit best are asked for; no other adds more
    let all = assistant.label_scores(&observation, assistant.labels()).unwrap();
    let best = all[0].iter().map(|scores| scores.answer).fold(f32::NEG_INFINITY, f32::max);
    let clap = assistant.labels().iter().position(|label| label == "clap").unwrap();
    assert!((all[0][clap].answer - found[0][1].answer).abs() < 1e-3 && all[0][clap].answer <= best);
}

#[test]
fn waiting_and_awaiting_give_the_same() {
    let assistant = nano();
    let motions = [sample("wave_left_hand.bvh"), sample("squat.bvh")];
    let motions: Vec<&Motion> = motions.iter().collect();
    let observation = assistant.observe(&motions).unwrap();
    let again = pollster::block_on(assistant.observe_async(&motions, &DrawSettings::default())).unwrap();
    assert_eq!(host(observation.visual.clone()), host(again.visual.clone()));
    let labels = assistant.labels().to_vec();
    let ranked = assistant.rank(&observation, &labels).unwrap();
    assert_eq!(ranked, pollster::block_on(assistant.rank_async(&again, &labels)).unwrap());
    assert_eq!(
        assistant.recognise(&observation).unwrap(),
        pollster::block_on(assistant.recognise_async(&again)).unwrap()
    );
    assert!(assistant.observe(&[]).is_err());
}

/// Pictures of which every part holds something give the same with and without; a hole in them is not looked at, and
/// what it would have shown does not matter.
#[test]
fn background_can_be_skipped() {
    let (whole, part) = (nano(), nano().skip_background(true));
    let motions = [sample("wave_left_hand.bvh"), sample("squat.bvh")];
    let motions: Vec<&Motion> = motions.iter().collect();
    let labels = whole.labels().to_vec();
    let (everything, seen) = (whole.observe(&motions).unwrap(), part.observe(&motions).unwrap());
    assert!(seen.token_count() <= everything.token_count());
    let (expected, got) = (whole.rank(&everything, &labels).unwrap(), part.rank(&seen, &labels).unwrap());
    for (motion, (expected, got)) in expected.iter().zip(&got).enumerate() {
        if seen.tokens_of(motion) == everything.tokens_of(motion) {
            assert!(expected.iter().zip(got).all(|(a, b)| (a - b).abs() < 1e-3), "{expected:?}\n{got:?}");
        }
    }
    let alone = part.observe(&motions[1..]).unwrap();
    assert_eq!(alone.tokens_of(0), seen.tokens_of(1));
    let of_alone = &part.rank(&alone, &labels).unwrap()[0];
    assert!(of_alone.iter().zip(&got[1]).all(|(a, b)| (a - b).abs() < 1e-3), "{of_alone:?}\n{:?}", got[1]);
}

#[test]
fn an_answer_comes_word_by_word_and_can_be_stopped() {
    let assistant = nano();
    let observation = assistant.observe(&[&sample("wave_left_hand.bvh"), &sample("squat.bvh")]).unwrap();
    let question = "Describe the motion in one sentence.";
    let mut heard = String::new();
    let answer = assistant.ask(&observation, question, |text| heard += text).unwrap();
    assert_eq!(heard, answer.text);
    assert!(!answer.stopped && answer.tokens > 3 && answer.first_token_seconds <= answer.seconds);
    // of two motions the first is meant
    let alone = assistant.observe(&[&sample("wave_left_hand.bvh")]).unwrap();
    assert_eq!(assistant.ask(&alone, question, |_| {}).unwrap().text, answer.text);
    // what names a label is as sure as the label is likely
    let [label, sentence] = ["What is the person doing?", question].map(|q| assistant.ask(&alone, q, |_| {}).unwrap());
    let likely = assistant.recognise(&alone).unwrap()[0].1;
    assert_eq!((label.confidence, sentence.confidence), (likely, likely));
    // an explanation comes to that label
    let mut heard = String::new();
    let why = assistant.ask(&alone, "How can you tell what the person is doing?", |text| heard += text).unwrap();
    assert_eq!((&heard, why.confidence), (&why.text, likely));
    assert!(why.text.ends_with(&Texts::built_in().concludes(&label.text)), "{} {}", label.text, why.text);
    // read again as a given answer the decoder's own is as likely as when it was said
    let order = "What happens first: the left arm rises, the left arm lowers?";
    let said = assistant.ask(&observation, order, |_| {}).unwrap();
    let slope = pollster::block_on(assistant.slope(&observation, order, &said.text)).unwrap();
    let confidence = (slope.log_probability / (said.tokens + 1) as f32).exp();
    assert!((confidence - said.confidence).abs() < 1e-4, "{confidence} and {}", said.confidence);

    let mut heard = String::new();
    let stop = |text: &str| {
        heard += text;
        if heard.split_whitespace().count() >= 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let cut = pollster::block_on(assistant.ask_async(&observation, question, stop)).unwrap();
    assert!(cut.stopped && cut.tokens < answer.tokens);
    assert_eq!(cut.text, heard);
    assert!(answer.text.starts_with(&cut.text));
    let long = "why ".repeat(600);
    assert!(assistant.ask(&observation, &long, |_| {}).unwrap_err().to_string().contains("longer"));
}

#[test]
fn suggestions_are_complete_questions() {
    let assistant = nano();
    let suggestions = assistant.suggestions();
    assert_eq!(suggestions.len(), Family::SUGGESTED.len());
    assert!(suggestions.contains(&"What is the person doing?".to_owned()));
    let is = suggestions.iter().find(|s| s.starts_with("Is the person")).unwrap();
    let of_a_label = |label: &String| *is == format!("Is the person {}?", Texts::built_in().doing(label));
    assert!(assistant.labels().iter().any(of_a_label), "{suggestions:?}");
    assert!(suggestions.iter().all(|s| !s.contains('{')), "{suggestions:?}");
    let list = suggestions.iter().find(|s| s.starts_with("Which of these")).unwrap();
    assert!(assistant.labels().iter().filter(|l| list.contains(*l)).count() >= 4, "{list}");
}

/// The log-probability with the joints moved by `step` along a direction of positions and one of velocities.
fn moved(assistant: &Assistant, observation: &Observation, directions: [&[f32]; 2], step: f64) -> f64 {
    let clip = &observation.clips[0];
    let lists = [&clip.positions, &clip.velocities];
    let shape = [1, clip.frames(), clip.bodies, clip.joints(), 3];
    let tensor = |which: usize| {
        let moved = lists[which].iter().zip(directions[which]).map(|(x, d)| x + (step * f64::from(*d)) as f32);
        Tensor::from_data(TensorData::new(moved.collect::<Vec<f32>>(), shape), &observation.drawing.device())
    };
    let value = assistant.log_probability(observation, [tensor(0), tensor(1)], QUESTION, ANSWER);
    f64::from(host(pollster::block_on(value).unwrap())[0])
}

const QUESTION: &str = "Which hand does the person move?";
const ANSWER: &str = "right hand";

#[test]
fn explanations_are_slopes() {
    let assistant = nano();
    let observation = assistant.observe(&[&sample("wave_left_hand.bvh")]).unwrap();
    let slope = pollster::block_on(assistant.slope(&observation, QUESTION, ANSWER)).unwrap();
    let len = slope.positions.len();
    assert_eq!(len, observation.clips[0].positions.len());
    let still = vec![0.0; len];
    let random =
        |seed: usize| -> Vec<f32> { (0..len).map(|i| ((i * 7919 + seed * 104_729) as f32 * 0.618).sin()).collect() };
    // where Gaussians change places in depth the picture jumps, so joints move across the view at random and not along
    let camera = observation.clips[0].camera.camera_from_world;
    let depth = &camera[8..11];
    let across = |mut direction: Vec<f32>| -> Vec<f32> {
        for point in direction.chunks_exact_mut(3) {
            let along: f32 = point.iter().zip(depth).map(|(p, d)| p * d).sum();
            point.iter_mut().zip(depth).for_each(|(p, d)| *p -= along * d);
        }
        direction
    };
    // long enough for the digits of a f32
    let steps = [[1e-3, 5e-4], [5e-2, 1e-2]];
    for (which, gradient) in [&slope.positions, &slope.velocities].into_iter().enumerate() {
        let length = norm(gradient);
        assert!(length > 1e-3, "input {which}: the gradient is zero");
        let along: Vec<f32> = gradient.iter().map(|g| (f64::from(*g) / length) as f32).collect();
        let [far, near] = steps[which];
        for (direction, h, bound) in [
            (along, far, 0.01),
            (across(random(1)), near, 0.06),
            (across(random(2)), near, 0.06),
            (across(random(3)), near, 0.06),
        ] {
            let expected: f64 = direction.iter().zip(gradient).map(|(d, g)| f64::from(d * g)).sum();
            let mut directions = [&still[..]; 2];
            directions[which] = &direction;
            let at = |h: f64| moved(&assistant, &observation, directions, h);
            // a central difference with a Richardson step
            let central = |h: f64| (at(h) - at(-h)) / (2.0 * h);
            let measured = (4.0 * central(h / 2.0) - central(h)) / 3.0;
            // what a random direction of this length changes
            let typical = length * norm(&direction) / (len as f64).sqrt();
            let error = (measured - expected).abs() / expected.abs().max(typical);
            assert!(error < bound, "input {which}: measured {measured}, expected {expected}");
        }
    }
}

/// The gradient at the pictures, sent through the renderer's backward passes, is the gradient at the joints.
#[test]
fn pictures_pull_as_their_joints_do() {
    let assistant = nano();
    let observation = assistant.observe(&[&sample("wave_left_hand.bvh")]).unwrap();
    let slope = pollster::block_on(assistant.slope(&observation, QUESTION, ANSWER)).unwrap();
    let pictures = pollster::block_on(assistant.picture_slope(&observation, QUESTION, ANSWER)).unwrap();
    assert!((pictures.log_probability - slope.log_probability).abs() < 1e-4);
    assert_eq!(pictures.frame_indices, observation.clips[0].frame_indices);
    let [height, width] = pictures.size;
    let draction = observation.drawing.present().dressed(&DrawSettings::default(), &observation.clips[0]).unwrap();
    let scene = Scene::new([&observation.clips[0]], &draction, width, height).unwrap();
    let engine = CpuEngine;
    let frames = engine.forward(&scene).unwrap();
    let joints = engine.backward(&scene, &frames, &pictures.gradient).unwrap();
    for (found, expected) in [(&joints.positions, &slope.positions), (&joints.velocities, &slope.velocities)] {
        let difference: Vec<f32> = found.iter().zip(expected).map(|(a, b)| a - b).collect();
        assert!(norm(&difference) < 1e-3 * norm(expected), "{} of {}", norm(&difference), norm(expected));
    }
}

#[test]
fn an_attribution_adds_up_its_slopes() {
    let assistant = nano();
    // two slots, of which the second is empty
    let observation = assistant.observe(&[&sample("wave_left_hand.skeleton")]).unwrap();
    let explained = pollster::block_on(assistant.explain(&observation, QUESTION, ANSWER)).unwrap();
    let slope = pollster::block_on(assistant.slope(&observation, QUESTION, ANSWER)).unwrap();
    // the file has the joints that are drawn, so nothing needs to find its way back
    assert_eq!(observation.maps[0], []);
    let (frames, bodies, joints) = (12, explained.bodies, observation.clips[0].joints());
    assert_eq!(explained.frame_indices.len(), frames);
    assert_eq!(explained.frames.len(), frames);
    assert_eq!(explained.joints.len(), bodies * joints);
    assert_eq!(explained.joint_frames.len(), frames * bodies * joints);
    // all three are the same gradient, cut up differently
    let whole = norm(&[&slope.positions[..], &slope.velocities].concat()) / 100.0;
    for part in [&explained.frames, &explained.joints, &explained.joint_frames] {
        assert!((norm(part) / whole - 1.0).abs() < 1e-5);
    }
    let n = (3 * bodies) * joints + 4;
    let own = [&slope.positions[3 * n..][..3], &slope.velocities[3 * n..][..3]].concat();
    assert!((f64::from(explained.joint_frames[n]) * 100.0 - norm(&own)).abs() < 1e-5 * whole);
    assert!((explained.log_probability - slope.log_probability).abs() < 1e-5);
    let text = serde_json::to_string(&explained).unwrap();
    assert_eq!(serde_json::from_str::<Attribution>(&text).unwrap(), explained);
}

#[test]
fn an_attribution_is_about_the_joints_of_the_file() {
    let assistant = nano();
    let motion = sample("wave_left_hand.bvh");
    let observation = assistant.observe(&[&motion]).unwrap();
    assert_ne!(observation.clips[0].joints(), motion.joints());
    let explained = pollster::block_on(assistant.explain(&observation, QUESTION, ANSWER)).unwrap();
    assert_eq!(explained.joints.len(), motion.joints());
    let most = (0..motion.joints()).max_by(|&a, &b| explained.joints[a].total_cmp(&explained.joints[b])).unwrap();
    assert!(motion.skeleton.names[most].starts_with("Left"), "{}", motion.skeleton.names[most]);
}

#[test]
fn a_gpu_explains_as_the_cpu_does() {
    let (cpu, Some(gpu)) = (nano(), nano_on_gpu()) else { return };
    let explain = |assistant: &Assistant| {
        let observation = assistant.observe(&[&sample("wave_left_hand.bvh")]).unwrap();
        pollster::block_on(assistant.explain(&observation, QUESTION, ANSWER)).unwrap()
    };
    let (ours, theirs) = (explain(&cpu), explain(&gpu));
    assert!((ours.log_probability / theirs.log_probability - 1.0).abs() < 1e-3);
    let difference: Vec<f32> = ours.joint_frames.iter().zip(&theirs.joint_frames).map(|(a, b)| a - b).collect();
    assert!(norm(&difference) < 0.01 * norm(&ours.joint_frames), "{}", norm(&difference) / norm(&ours.joint_frames));
}

#[test]
fn a_model_from_memory_answers_the_same() {
    let files = ModelFiles::read(&default_model().unwrap()).unwrap();
    let (here, there) = (nano(), Assistant::from_files(&files, device::cpu().unwrap()).unwrap());
    let motion = sample("raise_right_hand.bvh");
    let ask = |a: &Assistant| a.ask(&a.observe(&[&motion]).unwrap(), QUESTION, |_| {}).unwrap();
    let (a, b) = (ask(&here), ask(&there));
    assert_eq!((a.text, a.confidence), (b.text, b.confidence));
    fn travels<T: Send + Sync>(_: &T) {}
    travels(&here);
}

/// Takes one after the other, of one skeleton and rate.
fn joined(parts: &[Motion]) -> Motion {
    let mut all = parts[0].clone();
    all.orientations = None;
    for part in &parts[1..] {
        assert_eq!((part.joints(), part.bodies, part.fps), (all.joints(), all.bodies, all.fps));
        all.positions.extend(&part.positions);
        all.present.extend(&part.present);
    }
    all
}

fn spans(assistant: &Assistant, motion: &Motion) -> Vec<Span> {
    let (settings, options) = (DrawSettings::default(), SpanOptions::default());
    let all = assistant.label_spans(motion, &settings, &options, |_, _| ControlFlow::Continue(()));
    pollster::block_on(all).unwrap()
}

#[test]
fn a_long_take_is_cut_where_the_action_changes() {
    let assistant = nano();
    let (wave, walk) = (sample("wave_left_hand.bvh"), sample("walk.bvh"));
    let own = |motion: &Motion| assistant.recognise(&assistant.observe(&[motion]).unwrap()).unwrap()[0].0.clone();
    let [first, second] = [own(&wave), own(&walk)];
    assert_ne!(first, second, "the test needs two samples that the model tells apart");
    let take = joined(&[wave.clone(), wave.clone(), walk.clone(), walk]);
    assert!(take.seconds() > LONG_TAKE_SECONDS);
    let found = spans(&assistant, &take);
    assert_eq!((&found[0].label, &found[found.len() - 1].label), (&first, &second), "{found:?}");
    assert_eq!((found[0].start_seconds, found[found.len() - 1].end_seconds), (0.0, take.seconds()));
    for pair in found.windows(2) {
        assert!(pair[0].end_seconds == pair[1].start_seconds && pair[0].label != pair[1].label, "{found:?}");
    }
    assert!(found.iter().all(|s| s.start_seconds < s.end_seconds && (0.0..=1.0).contains(&s.probability)));
    let truth = 2.0 * wave.seconds();
    let near = found.iter().map(|s| (s.start_seconds - truth).abs()).fold(f32::INFINITY, f32::min);
    assert!(near <= 1.5, "no boundary within half a window of {truth} s: {found:?}");
}

#[test]
fn where_nobody_is_there_is_no_span() {
    let assistant = nano();
    let wave = sample("wave_left_hand.bvh");
    let mut nobody = wave.clone();
    nobody.positions.fill(0.0);
    nobody.present.fill(false);
    // a flicker of tracking is not the end of a stretch
    let mut flicker = wave.clone();
    flicker.present[50..55].fill(false);
    let frame = 3 * wave.joints();
    flicker.positions[50 * frame..55 * frame].fill(0.0);
    let take = joined(&[flicker, nobody.clone(), wave.clone()]);
    let found = spans(&assistant, &take);
    let seconds = wave.seconds();
    assert!(found.iter().all(|s| s.end_seconds <= seconds + 1e-3 || s.start_seconds >= 2.0 * seconds - 1e-3));
    let covered: f32 = found.iter().map(|s| s.end_seconds - s.start_seconds).sum();
    assert!((covered - 2.0 * seconds).abs() < 1e-3, "{found:?}");
    assert!(spans(&assistant, &nobody).is_empty());
    // shorter than a window
    let short = spans(&assistant, &wave.cropped(0..40));
    assert_eq!(short.len(), 1);
    assert_eq!((short[0].start_seconds, short[0].end_seconds), (0.0, 40.0 / wave.fps));
}

#[test]
fn labelling_tells_how_far_it_is_and_can_be_stopped() {
    let assistant = nano();
    let wave = sample("wave_left_hand.bvh");
    let take = joined(&[wave.clone(), wave.clone(), wave]);
    let (settings, options) = (DrawSettings::default(), SpanOptions::default());
    let mut heard = Vec::new();
    let stop = |done, total| {
        heard.push((done, total));
        if done >= 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let found = pollster::block_on(assistant.label_spans(&take, &settings, &options, stop)).unwrap();
    assert_eq!(heard, [(0, 10), (4, 10)]);
    assert!((found[found.len() - 1].end_seconds - 6.0).abs() < 1e-3, "four windows of three seconds: {found:?}");
    let at_once = |_, _| ControlFlow::Break(());
    assert!(pollster::block_on(assistant.label_spans(&take, &settings, &options, at_once)).unwrap().is_empty());
    for (window_seconds, hop_seconds) in [(0.0, 0.0), (1.0, 2.0), (f32::NAN, 1.0), (3.0, -1.0), (f32::INFINITY, 1.0)] {
        let bad = SpanOptions { window_seconds, hop_seconds };
        let go_on = |_, _| ControlFlow::Continue(());
        assert!(pollster::block_on(assistant.label_spans(&take, &settings, &bad, go_on)).is_err(), "{bad:?}");
    }
}
