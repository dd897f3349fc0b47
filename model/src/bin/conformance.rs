//! `conformance`: compares this program with golden files computed independently.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result};
use burn::tensor::Device;
use clap::{Parser, Subcommand};
use draction::{
    cli::{say, warn},
    conformance::Case,
    device::Engine,
    engine::gpu::GpuEngine,
    gpu::AdapterChoice,
    inspect::Capture,
};
use skeletonllm::conformance::{self, Checks, ConformanceError};
use skeletonllm_network::{
    checkpoint::Opened,
    device::{self, DeviceChoice},
    tokenizer::Tokenizer,
};

/// Compare the renderer and the model with golden files; exits with 1 when anything is off by more than allowed.
#[derive(Parser)]
#[command(
    name = "conformance",
    version,
    after_help = "Examples:\n  \
        conformance draction tests/cases/draction/*.safetensors --device gpu\n  \
        conformance internvl tests/cases/internvl-tiny\n  \
        conformance s2i tests/cases/s2i\n  \
        conformance mae tests/cases/mae --device gpu\n  \
        conformance sentence-encoder tests/cases/sentence-tiny\n  \
        conformance text-model models/smollm2-135m --perplexity README.md\n  \
        conformance replay walk-capture.safetensors"
)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// DrAction: frames within 2e-5, every gradient within 5e-4 relative L2 and not zero where it should not be.
    Draction {
        /// Case files: inputs, weights, expected frames and gradients.
        #[arg(required = true)]
        cases: Vec<PathBuf>,
        /// Where to compute: auto, gpu (software adapters included), cpu
        #[arg(long, default_value_t = DeviceChoice::Auto)]
        device: DeviceChoice,
    },
    /// The model: features, tokens, logits, loss, gradient at the pixels, and the greedy continuation exactly.
    Internvl(OnDevice),
    /// A language model alone, in all its containers: tokens, stored blocks, states, logits, loss, gradient at the
    /// embeddings, and the greedy continuation exactly. With --perplexity or --prompt, what a real one says.
    TextModel {
        /// Folder with any of `hf/`, `hf-sharded/` and `gguf/`, and `expected.safetensors`; with --perplexity or
        /// --prompt a model: a folder of the transformers library, or a GGUF file.
        path: PathBuf,
        /// Measure how well the model foresees a text: e to the mean of −log p, in windows of 512 tokens.
        #[arg(long, value_name = "TEXT FILE")]
        perplexity: Option<PathBuf>,
        /// Continue a text, always with the most likely token; special tokens may be written out.
        #[arg(long, value_name = "TEXT")]
        prompt: Option<String>,
        /// Tokens at most after --prompt.
        #[arg(long, value_name = "N", default_value_t = 32, requires = "prompt")]
        tokens: usize,
        /// Where to compute: auto, gpu (software adapters included), cpu
        #[arg(long, default_value_t = DeviceChoice::Auto)]
        device: DeviceChoice,
    },
    /// The graph network CTR-GCN: every block, scores, gradients and running statistics, in evaluation and in training.
    CtrGcn(OnDevice),
    /// MMCL: the losses of its helpers with their gradients, the input streams, the ensemble.
    Mmcl(OnDevice),
    /// S2I's encoding of motions as pictures, within 1e-5 of the largest magnitude.
    S2i {
        /// Folder with one case file a skeleton format.
        folder: PathBuf,
    },
    /// Masked learning: MAE, DiffMAE, probes and rates by depth, within 1e-5 of the largest magnitude.
    Mae(OnDevice),
    /// A sentence encoder: tokens exactly, states and vectors within 1e-5 of the largest magnitude.
    SentenceEncoder(OnDevice),
    /// SUGAR: MIL-NCE in its four readings and the temporal query projection, within 1e-5 of the largest magnitude.
    Sugar(OnDevice),
    /// A rendering that the viewer's workbench kept in a file: runs it again on the CPU and on a GPU, and names the
    /// first pass whose numbers are not those of the file.
    Replay {
        /// Capture files: inputs, weights, and every buffer.
        #[arg(required = true)]
        captures: Vec<PathBuf>,
        /// What to run besides the CPU: auto (a GPU if there is any, software adapters included), gpu, cpu (nothing)
        #[arg(long, default_value_t = DeviceChoice::Auto)]
        device: DeviceChoice,
    },
}

#[derive(clap::Args)]
struct OnDevice {
    /// Folder with the case's files, laid out as those in `tests/cases`.
    folder: PathBuf,
    /// Where to compute: auto, gpu (software adapters included), cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

fn main() -> ExitCode {
    let outcome = match Args::parse().command {
        Command::Draction { cases, device } => draction(&cases, device),
        Command::Internvl(on) => on.check(|folder, device| conformance::internvl(folder, device)),
        Command::TextModel { path, perplexity: None, prompt: None, device, .. } => {
            OnDevice { folder: path, device }.check(conformance::text_model)
        }
        Command::TextModel { path, perplexity, prompt, tokens, device } => {
            real_model(&path, perplexity.as_deref(), prompt.as_deref(), tokens, device).map(|()| true)
        }
        Command::CtrGcn(on) => on.check(|folder, device| conformance::ctr_gcn(folder, device)),
        Command::Mmcl(on) => on.check(|folder, device| conformance::mmcl(folder, device)),
        Command::S2i { folder } => conformance::s2i(&folder).map_err(Into::into).and_then(|checks| told(&checks)),
        Command::Mae(on) => on.check(conformance::mae),
        Command::SentenceEncoder(on) => on.check(conformance::sentence_encoder),
        Command::Sugar(on) => on.check(conformance::sugar),
        Command::Replay { captures, device } => replay(&captures, device),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            warn(format_args!("conformance: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn draction(cases: &[PathBuf], choice: DeviceChoice) -> Result<bool> {
    let engine = Engine::open(choice)?;
    say(format_args!("on {}", engine.name()))?;
    let mut passed = true;
    for path in cases {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let case = Case::load(&bytes).with_context(|| path.display().to_string())?;
        let report = case.run(
            |scene| engine.forward(scene),
            |scene, frames, grad_frames| engine.backward(scene, frames, grad_frames),
        )?;
        say(format_args!("\n{}\n{report}", path.display()))?;
        passed &= report.passed();
    }
    say(if passed { "\nall cases passed" } else { "\nFAILED" })?;
    Ok(passed)
}

impl OnDevice {
    fn check(&self, case: impl Fn(&Path, &Device) -> Result<Checks, ConformanceError>) -> Result<bool> {
        let selected = device::select(self.device)?;
        say(format_args!("on {}\n", selected.name))?;
        told(&case(&self.folder, &selected.device)?)
    }
}

/// Prints every check.
fn told(checks: &Checks) -> Result<bool> {
    say(checks)?;
    Ok(checks.passed())
}

fn replay(captures: &[PathBuf], choice: DeviceChoice) -> Result<bool> {
    let open = || pollster::block_on(GpuEngine::request(&AdapterChoice::from_env()));
    let gpu = match choice {
        DeviceChoice::Cpu => None,
        DeviceChoice::Gpu => Some(open()?),
        DeviceChoice::Auto => open().ok(),
    };
    match &gpu {
        Some(gpu) => say(format_args!("on the CPU and {}", gpu.adapter().name))?,
        None => say("on the CPU")?,
    }
    let mut passed = true;
    for path in captures {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let capture = Capture::load(&bytes).with_context(|| path.display().to_string())?;
        let d = &capture.scene.dims;
        let replay = capture.replay(gpu.as_ref())?;
        say(format_args!(
            "\n{}\n  {} frame(s) of {}x{} pixels, {} bodies of {} Gaussians, captured on {}\n{replay}",
            path.display(),
            d.frame_count(),
            d.width,
            d.height,
            d.bodies,
            d.gaussians,
            capture.device
        ))?;
        passed &= replay.passed();
    }
    Ok(passed)
}

/// What a model that is no case says.
fn real_model(
    path: &Path,
    text: Option<&Path>,
    prompt: Option<&str>,
    count: usize,
    choice: DeviceChoice,
) -> Result<()> {
    let selected = device::select(choice)?;
    let start = Instant::now();
    let opened = Opened::text_model(path)?;
    let tokenizer = Tokenizer::of_text_model(&opened.tokenizer_place())?;
    let model = opened.read(&selected.device)?;
    say(format_args!("on {}, loaded in {:.1} s", selected.name, start.elapsed().as_secs_f64()))?;
    if let Some(path) = text {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let (tokens, start) = (tokenizer.encode(&text), Instant::now());
        let found = model.perplexity(&tokens).with_context(|| path.display().to_string())?;
        let seconds = start.elapsed().as_secs_f64();
        let rate = tokens.len() as f64 / seconds;
        say(format_args!(
            "perplexity {:.3} over {} tokens of {}; {seconds:.1} s, {rate:.0} tokens/s",
            found.value,
            found.tokens,
            path.display()
        ))?;
    }
    if let Some(prompt) = prompt {
        let start = Instant::now();
        let answer = model.greedy(&tokenizer.encode_template(prompt), count, &[tokenizer.turn_end()])?;
        let seconds = start.elapsed().as_secs_f64();
        say(tokenizer.decode(&answer))?;
        say(format_args!("({} tokens in {seconds:.1} s)", answer.len()))?;
    }
    Ok(())
}
