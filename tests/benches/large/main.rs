//! A language model of InternVL3-1B's size in four bits on a graphics card: tokens a second of a prompt, of an answer, and
//! of a training step of adapters, and how much of the memory's speed an answer makes use of. Weights are random.
//! `cargo xtask gpu-figures` runs it; with `small` behind it the model is one that software imitating a card can bear.

use std::{fs, time::Instant};

use anyhow::{Context, Result};
use draction::{device::DeviceChoice, engine::gpu::GpuEngine, gpu::AdapterChoice};
use skeletonllm_network::{
    checkpoint::{Bits, Opened},
    device,
    layers::LoraConfig,
    lora,
    tensors::host,
    text_model::TextModel,
    token_reader::{IGNORED, TokenBatch},
};
use skeletonllm_tests::{gpu::copy_bandwidth, random_model::Shape, timing};

/// Tokens of the prompt that is read, and of the one that is answered.
const PROMPT: [usize; 2] = [1024, 8];
/// Tokens of a training step.
const STEP: usize = 1024;
/// Tokens of the answer.
const ANSWER: usize = 64;
/// The best of so many turns counts; the first waits for shaders to be compiled.
const TURNS: usize = 4;

fn main() -> Result<()> {
    let measured = timing::is_measured();
    let small = !measured || std::env::args().any(|argument| argument == Shape::SMALL.name);
    let shape = if small { Shape::SMALL } else { Shape::INTERNVL3_1B };
    let choice = if measured { DeviceChoice::Gpu } else { DeviceChoice::Auto };
    let selected = match device::select(choice) {
        Ok(selected) => selected,
        Err(error) => {
            eprintln!("no language model is measured on a GPU: {error}");
            return Ok(());
        }
    };
    let folder = tempfile::tempdir()?;
    let [whole, packed] = ["whole", "packed"].map(|name| folder.path().join(name));
    fs::create_dir(&whole)?;
    shape.write_text_model(&whole)?;
    Opened::text_model(&whole)?.shrink(Bits::Four, &packed, |_| {})?;
    fs::remove_dir_all(&whole)?;
    let opened = Opened::text_model(&packed)?;
    let (numbers, bytes) = opened.size();
    let model = opened.read(&selected.device)?;
    let turns = if measured { TURNS } else { 1 };
    let [mut prompt, mut answer] = [0.0_f64; 2];
    for _ in 0..turns {
        let speed = timing::tokens_a_second(&model, PROMPT, ANSWER)?;
        (prompt, answer) = (prompt.max(speed[0]), answer.max(speed[1]));
    }
    drop(model);
    let learner = Opened::text_model(&packed)?.read(&selected.device.clone().autodiff())?;
    let learner = lora::attach(lora::freeze_decoder(learner), &LoraConfig::default(), 1);
    let mut training = 0.0_f64;
    for _ in 0..turns {
        training = training.max(trained(&learner)?);
    }
    let read = bytes as f64 * answer;
    let share = if measured {
        let engine = pollster::block_on(GpuEngine::request(&AdapterChoice::default()))?;
        format!("{:.0} %", 100.0 * read / copy_bandwidth(&engine)?)
    } else {
        "–".to_owned()
    };
    let table = format!(
        "\n## A language model of {}'s size\n\n{:.0} million random numbers in four bits, {:.0} MB, on {}; the best of \
         {turns}.\n\n\
         | | tokens a second |\n| --- | ---: |\n\
         | prompt of {} | {prompt:.0} |\n\
         | answer of {ANSWER} | {answer:.1} |\n\
         | training step of {STEP}, adapters of rank {} on every matrix | {training:.0} |\n\n\
         An answer reads {:.1} GB/s of weights, {share} of what a copy moves.\n",
        shape.name,
        numbers as f64 / 1e6,
        bytes as f64 / 1e6,
        selected.name,
        PROMPT[0],
        LoraConfig::default().rank,
        read / 1e9,
    );
    println!("{table}");
    if measured { timing::write(env!("CARGO_TARGET_TMPDIR"), "large.md", &table).map(drop) } else { Ok(()) }
}

/// Tokens a second of a loss and its gradients at the adapters.
fn trained(model: &TextModel) -> Result<f64> {
    let tokens = timing::some_tokens(model, STEP);
    let next = tokens[1..].iter().map(|&token| i64::from(token));
    let labels = vec![std::iter::once(IGNORED).chain(next).collect()];
    let start = Instant::now();
    let loss = model.reader(None).loss(&TokenBatch::new(vec![tokens]), &labels, None)?;
    let gradients = loss.backward();
    // the last to come: whoever reads it has waited for all
    let layer = model.language_model.model.layers.first().context("a model has layers")?;
    let adapter = layer.self_attn.q_proj.lora.as_ref().context("it has an adapter")?;
    host(adapter.a.val().grad(&gradients).context("it learns")?);
    Ok(STEP as f64 / start.elapsed().as_secs_f64())
}
