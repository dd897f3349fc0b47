use burn::tensor::{Device, Distribution, TensorData};

use super::*;
use crate::checkpoint;
use crate::internvl::InternVl;
use crate::tensors::host;

fn model() -> InternVl {
    let folder = skeletonllm_checks::case("internvl-tiny/checkpoint");
    checkpoint::load_model(folder, &Device::flex()).expect("the tiny checkpoint")
}

/// One frame of noise and a prompt with its four visual tokens.
fn prompt(model: &InternVl, text: &[u32], seed: u64) -> (Vec<u32>, Tensor<3>) {
    let device = Device::flex();
    device.seed(seed);
    let frames = Tensor::<4>::random([1, 56, 56, 3], Distribution::Uniform(0.0, 1.0), &device);
    let tokens = [&[7, 8], &[500; 4][..], text].concat();
    (tokens, model.encode_frames(frames))
}

fn uncached(model: &InternVl, prompt: &[u32], visual: &Tensor<3>, steps: usize) -> Vec<u32> {
    let mut tokens = prompt.to_vec();
    for _ in 0..steps {
        let batch = TokenBatch::new(vec![tokens.clone()]);
        let logits = host(model.reader().logits(&batch, Some(visual.clone())).expect("valid prompt"));
        let last = &logits[logits.len() - 512..];
        let best = last.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("a vocabulary");
        tokens.push(best.0 as u32);
    }
    tokens[prompt.len()..].to_vec()
}

#[test]
fn the_cache_changes_nothing_even_in_a_batch_of_unequal_prompts() {
    let model = model();
    let (short, short_visual) = prompt(&model, &[3, 4, 5], 1);
    let (long, long_visual) = prompt(&model, &[9, 10, 11, 12, 13, 14, 15, 16], 2);
    let options = GenerateOptions { max_tokens: 6, ..Default::default() };
    let expected = [uncached(&model, &short, &short_visual, 6), uncached(&model, &long, &long_visual, 6)];

    let alone = greedy(&model, &short, Some(short_visual.clone()), &options, |_| {}).expect("valid prompt");
    assert_eq!(alone, expected[0]);
    let visual = Tensor::cat(vec![short_visual, long_visual], 0);
    let mut streamed = vec![Vec::new(); 2];
    let both = greedy_batch(&model, &[short, long], Some(visual), &options, |row, token| streamed[row].push(token))
        .expect("valid prompts");
    assert_eq!(both, expected);
    assert_eq!(streamed, expected);
}

#[test]
fn a_stop_token_ends_the_answer_and_is_not_part_of_it() {
    let model = model();
    let (tokens, visual) = prompt(&model, &[3, 4, 5], 1);
    let free = uncached(&model, &tokens, &visual, 4);
    let first = free.iter().position(|token| *token == free[2]).expect("it is there");
    let options = GenerateOptions { max_tokens: 9, stop: vec![free[2]], ..Default::default() };
    let answer = greedy(&model, &tokens, Some(visual), &options, |_| {}).expect("valid prompt");
    assert_eq!(answer, free[..first]);
}

#[test]
fn a_model_that_says_the_image_token_has_said_a_word() {
    let model = model();
    let mut session = Session::new(&model);
    session.feed(&TokenBatch::new(vec![vec![7, 8]]), None).expect("valid");
    assert!(session.feed(&TokenBatch::new(vec![vec![500]]), None).is_err(), "in a prompt it needs a picture");
    session.feed_said(&TokenBatch::new(vec![vec![500]])).expect("a word");
    let table = host(model.language_model.model.embed_tokens.weight.val());
    let said = host(model.reader().embed_said(&TokenBatch::new(vec![vec![500]])).expect("a word"));
    assert_eq!(said, table[500 * 96..501 * 96]);
}

#[test]
fn whoever_listens_may_break_it_off() {
    let model = model();
    let (tokens, visual) = prompt(&model, &[3, 4, 5], 1);
    let free = uncached(&model, &tokens, &visual, 3);
    let options = GenerateOptions { max_tokens: 9, ..Default::default() };
    let mut heard = Vec::new();
    let on_token = |_, token| {
        heard.push(token);
        if heard.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let answers = pollster::block_on(generate(&model, &[tokens], Some(visual), &options, on_token)).expect("valid");
    assert_eq!((&answers[0].tokens[..], answers[0].ending), (&free[..2], Ending::Broken));
    assert_eq!(heard, free[..2]);
}

#[test]
fn an_answers_probability_is_that_of_reading_it_again() {
    let model = model();
    let (tokens, visual) = prompt(&model, &[3, 4, 5], 1);
    let free = uncached(&model, &tokens, &visual, 5);
    let generate = |options: &GenerateOptions| {
        let on_token = |_, _| ControlFlow::Continue(());
        let prompts = [tokens.clone()];
        pollster::block_on(generate(&model, &prompts, Some(visual.clone()), options, on_token))
            .expect("valid")
            .remove(0)
    };
    let read = |said: &[u32]| {
        let candidates = [said.to_vec()];
        score_continuations(&model, &tokens, Some(visual.clone()), &candidates).expect("valid")[0]
    };
    // with the end of the answer where it is said, without where it is not
    let stopped = generate(&GenerateOptions { max_tokens: 9, stop: vec![free[4]], ..Default::default() });
    let end = free.iter().position(|t| *t == free[4]).expect("it is there");
    assert_eq!(stopped.ending, Ending::Stop);
    assert!((stopped.log_probability - read(&free[..=end])).abs() < 1e-3);
    let mean = (stopped.log_probability / (end + 1) as f32).exp();
    assert!((stopped.mean_probability() - mean).abs() < 1e-6);
    let cut = generate(&GenerateOptions { max_tokens: 3, repetition_penalty: 1.0, ..Default::default() });
    assert_eq!((cut.ending, &cut.tokens[..]), (Ending::Length, &free[..3]));
    assert!((cut.log_probability - read(&free[..3])).abs() < 1e-3);
}

#[test]
fn the_penalty_divides_positive_and_multiplies_negative_logits_of_seen_tokens() {
    let best = |logits: &[f32], penalty| {
        let options = GenerateOptions { max_tokens: 1, repetition_penalty: penalty, ..Default::default() };
        let mut answers = Sequences::new(&[vec![0, 2]], &options);
        answers.take(logits, |_, _| ControlFlow::Continue(()));
        answers.into_generated()[0].tokens[0]
    };
    assert_eq!(best(&[3.0, 2.0, -1.0], 1.0), 0);
    assert_eq!(best(&[3.0, 2.0, -1.0], 2.0), 1);
    assert_eq!(best(&[-1.5, -2.0, -1.0], 3.0), 1);
}

#[test]
fn scores_are_the_log_probabilities_of_a_plain_forward_pass() {
    let model = model();
    let (tokens, visual) = prompt(&model, &[3, 4, 5], 1);
    let candidates = [vec![20, 21, 22], vec![30], vec![40, 41]];
    let scores = score_continuations(&model, &tokens, Some(visual.clone()), &candidates).expect("valid");
    for (candidate, score) in candidates.iter().zip(scores) {
        let whole = [&tokens[..], candidate].concat();
        let logits = model.reader().logits(&TokenBatch::new(vec![whole]), Some(visual.clone())).expect("valid");
        let length = tokens.len() + candidate.len();
        let logs = host(log_softmax(logits.reshape([length, 512]), 1));
        let expected: f32 =
            candidate.iter().enumerate().map(|(i, t)| logs[(tokens.len() + i - 1) * 512 + *t as usize]).sum();
        assert!((score - expected).abs() < 1e-3, "{score} against {expected}");
    }
}

#[test]
fn scores_of_a_batch_are_those_of_its_rows() {
    let model = model();
    let (short, short_visual) = prompt(&model, &[3, 4], 1);
    let (long, long_visual) = prompt(&model, &[9, 10, 11, 12], 2);
    let candidates = [vec![20, 21, 22], vec![30], vec![40, 41]];
    let mut session = Session::new(&model);
    let visual = Tensor::cat(vec![short_visual.clone(), long_visual.clone()], 0);
    session.feed(&TokenBatch::new(vec![short.clone(), long.clone()]), Some(visual)).expect("valid");
    let scores = session.score(&candidates).expect("valid");
    for ((tokens, visual), scores) in [(short, short_visual), (long, long_visual)].iter().zip(scores) {
        let alone = score_continuations(&model, tokens, Some(visual.clone()), &candidates).expect("valid");
        for (a, b) in alone.iter().zip(scores) {
            assert!((a - b).abs() < 1e-3, "{a} against {b}");
        }
    }
}

#[test]
fn winners_found_on_the_device_are_those_of_the_host() {
    let device = Device::flex();
    let numbers: Vec<f32> = (0..3 * 400).map(|i| ((i * i) as f32 * 0.7).sin() * 6.0).collect();
    let logits = Tensor::<2>::from_data(TensorData::new(numbers.clone(), [3, 400]), &device);
    let found = pollster::block_on(winners(logits)).expect("the CPU answers");
    let options = GenerateOptions { max_tokens: 1, ..Default::default() };
    let mut answers = Sequences::new(&[vec![], vec![], vec![]], &options);
    answers.take(&numbers, |_, _| ControlFlow::Continue(()));
    let mut of_winners = Sequences::new(&[vec![], vec![], vec![]], &options);
    of_winners.take_winners(&found, |_, _| ControlFlow::Continue(()));
    for (found, expected) in of_winners.into_generated().iter().zip(answers.into_generated()) {
        assert_eq!(found.tokens, expected.tokens);
        assert!((found.log_probability - expected.log_probability).abs() < 1e-5);
    }
}

#[test]
fn a_tree_of_candidates_scores_as_the_candidates_do() {
    let model = model();
    let (short, short_visual) = prompt(&model, &[3, 4], 1);
    let (long, long_visual) = prompt(&model, &[9, 10, 11, 12], 2);
    let candidates = [vec![20, 21, 22], vec![20, 21, 40, 41], vec![30], vec![20, 7], vec![21, 21, 9]];
    let mut session = Session::new(&model);
    let visual = Tensor::cat(vec![short_visual.clone(), long_visual.clone()], 0);
    // the shorter row has a gap
    session.feed(&TokenBatch::new(vec![short.clone(), long.clone()]), Some(visual)).expect("valid");
    let scores = session.score(&candidates).expect("valid");
    // one token after the other, each behind a conversation that has the ones before it
    let next = |prompt: &[u32], visual: &Tensor<3>, token: u32| {
        let scores = score_continuations(&model, prompt, Some(visual.clone()), &[vec![token]]);
        scores.expect("valid")[0]
    };
    for (row, (prompt, visual)) in [(short, short_visual), (long, long_visual)].iter().enumerate() {
        for (candidate, score) in candidates.iter().zip(&scores[row]) {
            let mut said = prompt.clone();
            let expected: f32 = (candidate.iter())
                .map(|&token| {
                    let log = next(&said, visual, token);
                    said.push(token);
                    log
                })
                .sum();
            assert!((score - expected).abs() < 1e-4, "{candidate:?}: {score} against {expected}");
        }
    }
}
