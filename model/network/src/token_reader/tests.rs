use burn::tensor::Distribution;

use super::*;
use crate::config::InternVlConfig;
use crate::internvl::InternVl;
use crate::tensors::host;

/// A model of `nano`'s kind: 64-pixel frames, 16-pixel patches, four layers each.
fn nano(width: usize) -> InternVlConfig {
    let value = serde_json::json!({
        "image_token_id": 5,
        "vision_config": {
            "hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": 4, "num_attention_heads": 4,
            "image_size": 64, "patch_size": 16, "attention_bias": true, "initializer_range": 0.05
        },
        "text_config": {
            "hidden_size": width, "intermediate_size": 3 * width, "num_hidden_layers": 4, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": 800, "tie_word_embeddings": true, "initializer_range": 0.05
        }
    });
    InternVlConfig::parse(value.to_string(), "nano").expect("valid")
}

/// `clips` prompts of 48 visual and 40 text tokens, the last eight of them labelled.
fn batch(clips: u32) -> (TokenBatch, Vec<Vec<i64>>) {
    let rows: Vec<Vec<u32>> =
        (0..clips).map(|clip| [vec![5; 48], (0..40).map(|i| 10 + (i * 7 + clip) % 700).collect()].concat()).collect();
    let label = |(place, token): (usize, &u32)| if place >= 80 { i64::from(*token) } else { IGNORED };
    let labels = rows.iter().map(|row| row.iter().enumerate().map(label).collect()).collect();
    (TokenBatch::new(rows), labels)
}

fn frames(count: usize, device: &Device) -> Tensor<4> {
    Tensor::random([count, 64, 64, 3], Distribution::Uniform(0.0, 1.0), device)
}

#[test]
fn the_gathered_loss_is_the_mean_over_all_labelled_places() {
    let device = Device::flex();
    let model = InternVl::random(&nano(32), 3, &device);
    let (batch, labels) = batch(2);
    let visual = model.encode_frames(frames(24, &device));
    let loss = host(model.reader().loss(&batch, &labels, Some(visual.clone())).expect("valid"))[0];
    let logits = host(model.reader().logits(&batch, Some(visual)).expect("valid"));
    let mut terms = Vec::new();
    for (row, labels) in labels.iter().enumerate() {
        for place in 1..labels.len() {
            if labels[place] != IGNORED {
                let logits = &logits[(row * 88 + place - 1) * 800..][..800];
                let total: f64 = logits.iter().map(|logit| f64::from(*logit).exp()).sum();
                terms.push(total.ln() - f64::from(logits[labels[place] as usize]));
            }
        }
    }
    let expected = terms.iter().sum::<f64>() / terms.len() as f64;
    assert!((f64::from(loss) - expected).abs() < 1e-4, "{loss} against {expected}");
}

#[test]
fn rests_of_one_opening_cost_what_whole_conversations_cost() {
    let device = Device::flex().autodiff();
    let model = InternVl::random(&nano(32), 3, &device);
    let visual = model.encode_frames(frames(24, &device)).detach().require_grad();
    let opening = |clip: u32| [vec![20 + clip, 21], vec![5; 48], vec![22]].concat();
    // two clips with two rests each, one much longer than the others; all but a rest's first two tokens are learned
    assert_eq!(alike(&[5, 24, 4, 7]), [vec![0, 2, 3], vec![1]]);
    let rests: Vec<Vec<u32>> = [5, 24, 4, 7].map(|length| (0..length).map(|i| 30 + length * i).collect()).to_vec();
    let learned = |row: &Vec<u32>| -> Vec<i64> {
        row.iter().enumerate().map(|(i, &t)| if i < 2 { IGNORED } else { i64::from(t) }).collect()
    };
    let labels: Vec<Vec<i64>> = rests.iter().map(learned).collect();
    let openings = TokenBatch::new(vec![opening(0), opening(1)]);
    let opened = model.reader().open(&openings, Some(visual.clone())).unwrap();
    let shared = model.reader().loss_of_rests(opened, &TokenBatch::new(rests.clone()), &labels).unwrap();

    let whole = |r: usize| [opening(r as u32 / 2), rests[r].clone()].concat();
    let whole_labels = |r: usize| [vec![IGNORED; 51], labels[r].clone()].concat();
    let pictures = |r: usize| visual.clone().slice([r / 2 * 12..r / 2 * 12 + 12, 0..4, 0..32]);
    let alone = |r: usize| {
        model.reader().loss(&TokenBatch::new(vec![whole(r)]), &[whole_labels(r)], Some(pictures(r))).unwrap()
    };
    let apart = (alone(0) + alone(1) + alone(2) + alone(3)) / 4.0;

    let [a, b] = [&shared, &apart].map(|loss| host(loss.clone())[0]);
    assert!((a - b).abs() < 1e-5, "{a} against {b}");
    let [a, b] = [shared, apart].map(|loss| host(visual.grad(&loss.backward()).unwrap()));
    let most = a.iter().fold(0f32, |m, x| m.max(x.abs()));
    assert!(most > 0.0);
    for (a, b) in a.iter().zip(&b) {
        assert!((a - b).abs() < 1e-4 * most, "{a} against {b}");
    }
}

#[test]
fn rows_are_parted_where_that_spares_much() {
    assert_eq!(alike(&[3, 4, 3, 4]), [vec![0, 1, 2, 3]], "a second pass costs more");
    assert_eq!(alike(&[40, 3, 38, 4]), [vec![1, 3], vec![0, 2]]);
    assert_eq!(alike(&[7]), [vec![0]]);
}

#[test]
fn an_opening_in_parts_is_the_whole_one() {
    let device = Device::flex();
    let model = InternVl::random(&nano(32), 3, &device);
    let visual = model.encode_frames(frames(24, &device));
    let rows = vec![[vec![20, 21], vec![5; 48], vec![22]].concat(), [vec![30, 31], vec![5; 48], vec![32]].concat()];
    let openings = TokenBatch::new(rows);
    let whole = model.reader().open(&openings, Some(visual.clone())).unwrap();
    let parts = pollster::block_on(model.reader().open_in_parts(&openings, Some(visual), 20)).unwrap();
    let [whole, parts] = [whole, parts].map(|opening| host(model.reader().seen(&openings, &opening)));
    for (a, b) in whole.iter().zip(&parts) {
        assert!((a - b).abs() < 1e-5, "{a} against {b}");
    }
}

#[test]
fn what_is_seen_of_a_row_is_the_mean_over_its_pictures_alone() {
    let device = Device::flex();
    let model = InternVl::random(&nano(32), 3, &device);
    let visual = model.encode_frames(frames(24, &device));
    // pictures stand in different places of the two rows
    let rows: Vec<Vec<u32>> =
        vec![[vec![20], vec![5; 48], vec![22, 23]].concat(), [vec![20, 21], vec![5; 48], vec![22]].concat()];
    let both = TokenBatch::new(rows.clone());
    let seen = host(model.reader().seen(&both, &model.reader().open(&both, Some(visual.clone())).unwrap()));
    for (row, tokens) in rows.into_iter().enumerate() {
        let batch = TokenBatch::new(vec![tokens.clone()]);
        let pictures = visual.clone().slice([12 * row..12 * row + 12, 0..4, 0..32]);
        let hidden = host(model.language_model.model.forward(model.reader().embed(&batch, Some(pictures)).unwrap()));
        let places: Vec<usize> = (0..tokens.len()).filter(|&place| tokens[place] == 5).collect();
        for feature in 0..32 {
            let mean = places.iter().map(|place| hidden[place * 32 + feature]).sum::<f32>() / 48.0;
            assert!((mean - seen[row * 32 + feature]).abs() < 1e-4);
        }
    }
}

#[test]
fn padding_changes_nothing_for_the_longer_row_or_the_shorter() {
    let device = Device::flex();
    let model = InternVl::random(&nano(32), 3, &device);
    // 0 is an ordinary token, also at the end
    let (short, long) = (vec![7, 8, 0], vec![9, 10, 11, 12, 13, 0]);
    let alone = |row: &Vec<u32>| host(model.reader().logits(&TokenBatch::new(vec![row.clone()]), None).expect("valid"));
    let both = host(model.reader().logits(&TokenBatch::new(vec![short.clone(), long.clone()]), None).expect("valid"));
    for (offset, row) in [(0, &short), (6 * 800, &long)] {
        for (a, b) in alone(row).iter().zip(&both[offset..]) {
            assert!((a - b).abs() < 1e-5, "{a} against {b}");
        }
    }
}

#[test]
fn counts_that_differ_are_refused() {
    let device = Device::flex();
    let model = InternVl::random(&nano(32), 3, &device);
    let visual = model.encode_frames(frames(1, &device));
    let batch = TokenBatch::new(vec![vec![1, 5, 5, 2]]);
    let message = model.reader().embed(&batch, Some(visual)).expect_err("two places, four tokens").to_string();
    assert!(message.contains("has 2 image tokens (id 5)") && message.contains("give 4"), "{message}");
    let message = model.reader().embed(&TokenBatch::new(vec![vec![1, 800]]), None).expect_err("unknown").to_string();
    assert!(message.contains("token 800 in row 0"), "{message}");
}

/// As where the background of pictures is skipped: each clip has another number of visual tokens.
#[test]
fn openings_of_different_lengths_do_not_disturb_each_other() {
    let device = Device::flex();
    let model = InternVl::random(&nano(32), 3, &device);
    let visual = model.encode_frames(frames(2, &device)).reshape([1, -1, 32]);
    let tokens = visual.dims()[1];
    let opening = |pictures: usize, word: u32| [vec![10, word], vec![5; pictures], vec![11]].concat();
    let first = tokens / 4;
    let openings = [opening(first, 20), opening(tokens - first, 30)];
    let rests = [vec![40, 41, 42, 43], vec![44, 45], vec![46, 47, 48], vec![49, 50]];
    let loss = |openings: &[Vec<u32>], rests: &[Vec<u32>], visual: Tensor<3>| {
        let labels: Vec<Vec<i64>> = rests
            .iter()
            .map(|row| row.iter().enumerate().map(|(i, &t)| if i > 0 { t.into() } else { IGNORED }).collect())
            .collect();
        let opening = model.reader().open(&TokenBatch::new(openings.to_vec()), Some(visual)).expect("valid");
        host(model.reader().loss_of_rests(opening, &TokenBatch::new(rests.to_vec()), &labels).expect("valid"))[0]
    };
    let together = loss(&openings, &rests, visual.clone());
    let alone = [
        loss(&openings[..1], &rests[..2], visual.clone().narrow(1, 0, first)),
        loss(&openings[1..], &rests[2..], visual.narrow(1, first, tokens - first)),
    ];
    assert!((alone[0] - alone[1]).abs() > 1e-3, "they differ");
    assert!((together - (alone[0] + alone[1]) / 2.0).abs() < 1e-5, "{together} against {alone:?}");
}
