use skeletonllm_checks::{Need, case, fetched, have, shared};
use skeletonllm_network::checkpoint::Keep;
use skeletonllm_network::device::{self, DeviceChoice, Selected};

use super::*;

fn check(selected: &Selected) {
    let Some(folder) = shared("golden/llama-tiny") else { return };
    let checks = text_model(&folder, &selected.device).expect("a complete case");
    assert!(checks.passed(), "{}\n{checks}", selected.name);
    // nothing was left out: blocks of ten types, seven containers
    let count = |part: &str| checks.all.iter().filter(|check| check.name.contains(part)).count();
    let counts = ["blocks", "prompt", "logits", "greedy", "hidden", "loss", "gradient", "row"].map(count);
    assert_eq!(counts, [10, 7, 7, 7, 6, 3, 3, 5], "{checks}");
}

#[test]
fn every_container_agrees_with_another_implementation_on_the_cpu() {
    check(&device::cpu().expect("the CPU backend is part of this build"));
}

#[test]
fn every_container_agrees_with_another_implementation_on_wgpu() {
    let Some(gpu) = have(Need::Gpu, device::select(DeviceChoice::Gpu)) else { return };
    check(&gpu);
}

#[test]
fn matrices_that_stay_packed_agree_with_another_implementation() {
    let Some(folder) = shared("golden/llama-tiny") else { return };
    let expected = Golden::load(&folder.join("expected.safetensors")).expect("there");
    let tokens = expected.tokens("input_ids").expect("there");
    let cpu = device::cpu().expect("part of this build");
    let devices = [Some(cpu), have(Need::Gpu, device::select(DeviceChoice::Gpu))];
    for (selected, name) in devices.iter().flatten().flat_map(|d| ["q4_0", "q4_1", "q8_0", "q4_k_m"].map(|n| (d, n))) {
        let path = folder.join(format!("gguf/llama-tiny.{name}.gguf"));
        let mut opened = Opened::text_model(&path).expect("opens");
        opened.keep = Keep::Packed;
        let model = opened.read(&selected.device).expect("complete");
        assert!(model.language_model.model.embed_tokens.weight.is_packed(), "{name}");
        let hidden = model.language_model.model.forward(model.embed(&tokens).expect("in the vocabulary"));
        let found = host(model.language_model.head(hidden));
        let logits = expected.floats(&format!("{name}.logits")).expect("there");
        // the scales of K types are rounded, and its six-bit numbers to other steps
        let limit = if name == "q4_k_m" { 1e-2 } else { FORWARD_LIMIT };
        let mut checks = Checks::default();
        checks.of_largest(name, &found, logits, limit);
        assert!(checks.passed(), "{}: {checks}", selected.name);
        let greedy = expected.tokens(&format!("{name}.greedy")).expect("there");
        assert_eq!(model.greedy(&tokens, greedy.len(), &[]).expect("answers"), greedy, "{name}");
    }
}

/// What llama.cpp says of the same file; how it was asked stands beside it.
#[derive(serde::Deserialize)]
struct Reference {
    text_tokens: Vec<u32>,
    log_probabilities: Vec<f64>,
    perplexity: f64,
    answers: Vec<Answer>,
}

/// What the same weights say in f64.
#[derive(serde::Deserialize)]
struct Exact {
    log_probabilities: Vec<f64>,
    perplexity: f64,
    answers: Vec<Continued>,
}

#[derive(serde::Deserialize)]
struct Continued {
    answer: Vec<u32>,
    /// By how much each token was likelier than the second, as logarithms.
    gaps: Vec<f64>,
}

#[derive(serde::Deserialize)]
struct Answer {
    prompt: String,
    tokens: Vec<u32>,
    #[serde(flatten)]
    continued: Continued,
}

impl Continued {
    /// The tokens before the first that was not likelier than the second by so much.
    fn decided(&self, by: f64) -> &[u32] {
        &self.answer[..self.gaps.iter().take_while(|gap| **gap > by).count()]
    }
}

/// llama.cpp rounds what goes into its products to eight bits. Against the same weights in f64 its log-probabilities of
/// the text are off by 0.06 in the mean and by 0.67 at most, so that a token which is likelier by less is not decided.
const DECIDED_ROUNDED: f64 = 0.7;
/// The same for f32, whose log-probabilities are off by less than 2e-3.
const DECIDED_EXACT: f64 = 4e-3;

#[test]
fn smollm2_reads_and_answers_as_with_llama_cpp() {
    let Some(folder) = fetched("smollm2-135m") else { return };
    let here = case("smollm2-135m");
    let reference = std::fs::read(here.join("llama.cpp.json")).expect("there");
    let reference: Reference = serde_json::from_slice(&reference).expect("as it was written");
    let opened = Opened::text_model(&folder).expect("opens");
    let tokenizer = Tokenizer::of_text_model(&opened.tokenizer_place()).expect("in the same file");
    let model = opened.read(&device::cpu().expect("part of this build").device).expect("complete");

    let text = std::fs::read_to_string(here.join("text.txt")).expect("there");
    let tokens = tokenizer.encode(&text);
    assert_eq!(tokens, reference.text_tokens);
    let found = model.perplexity(&tokens).expect("a text");
    assert_eq!(found.tokens, reference.log_probabilities.len());
    let ratio = found.value / reference.perplexity;
    assert!((ratio - 1.0).abs() < 0.01, "perplexity {} against {}", found.value, reference.perplexity);
    let logs = model.log_probabilities(&tokens).expect("in the vocabulary");
    let exact = std::fs::read(here.join("exact.json")).expect("there");
    let exact: Exact = serde_json::from_slice(&exact).expect("as it was written");
    for (found, exact) in logs.iter().zip(&exact.log_probabilities) {
        assert!((f64::from(*found) - exact).abs() < 2e-3, "{found} against {exact}");
    }
    assert!((found.value / exact.perplexity - 1.0).abs() < 1e-4, "{} against {}", found.value, exact.perplexity);

    let mut compared = 0;
    assert_eq!(reference.answers.len(), exact.answers.len());
    for (Answer { prompt, tokens, continued }, exact) in reference.answers.iter().zip(&exact.answers) {
        assert_eq!(&tokenizer.encode_template(prompt), tokens, "{prompt}");
        let said = model.greedy(tokens, exact.answer.len(), &[]).expect("answers");
        for expected in [continued.decided(DECIDED_ROUNDED), exact.decided(DECIDED_EXACT)] {
            let said = &said[..expected.len()];
            assert_eq!(tokenizer.decode(said), tokenizer.decode(expected), "{prompt}");
            assert_eq!(said, expected, "{prompt}");
            compared += expected.len();
        }
    }
    assert!(compared > 150, "only {compared} tokens are decided");
}
