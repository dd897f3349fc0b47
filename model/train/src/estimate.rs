//! What a step will take in memory and time, told before the first one: of a large model one should know beforehand.
//!
//! Bytes of what is held are counted, not measured: weights, what learns with its gradients and moments, what is kept for
//! the way back, and the largest layer while it computes. The time follows from the multiplications and from how fast the
//! device was at one of the model's own products.

use std::{
    fmt::{self, Display, Formatter},
    time::Instant,
};

use anyhow::Result;
use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Tensor, TensorData},
};
use skeletonllm::folder::SkeletonLlm;
use skeletonllm_network::{
    config::{TextConfig, VisionConfig},
    foreground::Foreground,
    tensors::{host, on_cpu},
};

use super::{
    Learner, RecipeStage, SkeletonLlmLearner, Source, StageConfig, StepBatch, TrainConfig, parameter_map::Path,
};

/// Bytes of a number.
const FLOAT: u64 = 4;

/// What a step of a stage will take.
#[derive(Clone, Debug)]
pub struct Estimate {
    stage: String,
    clips: usize,
    parts: usize,
    /// Numbers of the model in all, and those that learn.
    numbers: [u64; 2],
    /// What takes memory, and how many bytes.
    memory: Vec<(&'static str, u64)>,
    /// Visual tokens of a clip.
    tokens: u64,
    multiplications: f64,
    /// A second, where it was measured.
    speed: f64,
    steps: u64,
    /// Bytes that are free, where the system says so.
    free: Option<u64>,
}

/// Tokens that a part of a batch has.
#[derive(Clone, Copy, Debug, Default)]
struct Tokens {
    /// Of the tower: frames, and tokens of each with the padding to the longest.
    frames: u64,
    frame: u64,
    /// Visual tokens of the decoder.
    visual: u64,
    /// Of openings and of what follows them, padding included: rows, and tokens of each.
    openings: [u64; 2],
    rests: [u64; 2],
    /// Those that count.
    learned: u64,
}

impl Tokens {
    fn decoder(self) -> u64 {
        self.openings[0] * self.openings[1] + self.rests[0] * self.rests[1]
    }
}

impl Estimate {
    /// Of a stage of a run, by one part of its first batch. `None` where there is nothing to show of that.
    ///
    /// # Errors
    /// When a clip cannot be drawn, or the device gives nothing back.
    pub fn of(
        learner: &SkeletonLlmLearner,
        source: &Source<'_>,
        config: &TrainConfig,
        stage: &StageConfig,
    ) -> Result<Option<Estimate>> {
        let mut batches = source.batches.epoch(0);
        let per_epoch = batches.len() as u64;
        let first = batches.swap_remove(0);
        let size = first.len().div_ceil(config.parts);
        let samples = source.samples(stage, 0, &first[..size])?;
        if samples.is_empty() {
            return Ok(None);
        }
        let part = source.whole(samples);
        let model = learner.model().clone().valid();
        let tokens = tokens(&model, &part, config.skip_background)?;
        let learns = learning(learner, stage);
        let mut estimate = Estimate {
            stage: stage.name(),
            clips: part.clips.len(),
            parts: first.len().div_ceil(size),
            numbers: [model.num_params() as u64, learns],
            memory: Vec::new(),
            tokens: tokens.visual / part.clips.len() as u64,
            multiplications: 0.0,
            speed: speed(&model),
            steps: stage.epochs * per_epoch,
            free: free(&model),
        };
        estimate.count(&model, tokens, config, stage);
        Ok(Some(estimate))
    }

    fn count(&mut self, model: &SkeletonLlm, tokens: Tokens, config: &TrainConfig, stage: &StageConfig) {
        let sizes = model.internvl.config();
        let (vision, text) = (&sizes.vision_config, &sizes.text_config);
        let [height, width] = sizes.render_size();
        let (tower, decoder) = (block_of(vision), layer_of(text));
        let seen = tokens.frames * tokens.frame;
        // nothing is kept of a tower that no gradient goes through
        let through = stage.stage.draws() || config.tower;
        let [tower_layers, decoder_layers] = [vision.num_hidden_layers, text.num_hidden_layers].map(|n| n as u64);
        let kept = |layer: Layer, layers: u64, tokens: u64| {
            layers * tokens * if config.recompute { layer.width } else { layer.kept }
        };
        // keys and values of an opening, once, and for each of the rests
        let past = decoder_layers * tokens.openings[1] * (tokens.openings[0] + tokens.rests[0]) * 2 * decoder.keys;
        let scores = |heads: usize, rows: u64, length: u64| {
            if on_cpu(&model.internvl.device()) { 0 } else { 4 * heads as u64 * rows * length * length }
        };
        let largest = [
            seen * tower.most + scores(vision.num_attention_heads, tokens.frames, tokens.frame),
            tokens.openings[0] * tokens.openings[1] * decoder.most
                + scores(text.num_attention_heads, tokens.openings[0], tokens.openings[1]),
        ];
        let merged = (sizes.merge() * sizes.merge()) as u64 * tower.width;
        let pictures = tokens.frames * (height * width * 3) as u64;
        self.memory = vec![
            ("weights", model.internvl.bytes() as u64),
            // itself, its gradient, two moments and the mean of the run
            ("what learns", 5 * FLOAT * self.numbers[1]),
            ("pictures", FLOAT * 6 * pictures),
            ("kept of the tower", FLOAT * u64::from(through) * kept(tower, tower_layers, seen)),
            ("kept of the decoder", FLOAT * (kept(decoder, decoder_layers, tokens.decoder()) + past)),
            ("kept of the projector", FLOAT * tokens.visual * (3 * merged + 6 * decoder.width)),
            ("the largest layer", FLOAT * largest[0].max(largest[1])),
            ("words", FLOAT * 4 * tokens.learned * text.vocab_size as u64),
        ];
        // forward, the gradient at the input, and forward again where it is computed twice
        let times = if config.recompute { 3.0 } else { 2.0 };
        let product = |a: u64, b: u64| a as f64 * b as f64;
        let attention =
            |width: u64, rows: u64, queries: u64, keys: u64| 2.0 * product(width, rows) * product(queries, keys);
        let tower_forward = tower_layers as f64
            * (product(seen, tower.numbers) + attention(tower.width, tokens.frames, tokens.frame, tokens.frame));
        let [(rows, opening), (more, rest)] = [tokens.openings, tokens.rests].map(|[rows, length]| (rows, length));
        let decoder_forward = decoder_layers as f64
            * (product(tokens.decoder(), decoder.numbers)
                + 0.5 * attention(decoder.queries, rows, opening, opening)
                + attention(decoder.queries, more, rest, opening + rest));
        let projector = product(tokens.visual, merged * decoder.width + decoder.width * decoder.width);
        let head = product(tokens.learned, text.vocab_size as u64 * decoder.width);
        self.multiplications = self.parts as f64
            * (if through { times + f64::from(u8::from(config.tower)) } else { 1.0 } * tower_forward
                + times * decoder_forward
                + 3.0 * projector
                + 2.0 * head);
    }

    /// Bytes in all.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.memory.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Seconds that a step takes, roughly.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.multiplications / self.speed
    }
}

/// Numbers of a token in a layer.
#[derive(Clone, Copy, Debug)]
struct Layer {
    /// Of the features between layers, of all queries, and of keys.
    width: u64,
    queries: u64,
    keys: u64,
    /// That are kept for the way back where nothing is computed twice.
    kept: u64,
    /// That are there at once while the layer computes its gradient.
    most: u64,
    /// Weights.
    numbers: u64,
}

fn block_of(config: &VisionConfig) -> Layer {
    let [width, inner] = [config.hidden_size, config.intermediate_size].map(|n| n as u64);
    Layer {
        width,
        queries: width,
        keys: width,
        kept: 10 * width + 2 * inner,
        most: 16 * width + 4 * inner,
        numbers: 4 * width * width + 2 * width * inner,
    }
}

fn layer_of(config: &TextConfig) -> Layer {
    let [width, inner] = [config.hidden_size, config.intermediate_size].map(|n| n as u64);
    let [queries, keys] = [config.num_attention_heads, config.kv_heads()].map(|n| (n * config.head_dim()) as u64);
    Layer {
        width,
        queries,
        keys,
        kept: 6 * width + 4 * queries + 4 * keys + 4 * inner,
        most: 10 * width + 8 * queries + 8 * keys + 8 * inner,
        numbers: 2 * width * (queries + keys) + 3 * width * inner,
    }
}

/// Draws a part of a batch, and counts what there is to look at.
fn tokens(model: &SkeletonLlm, part: &StepBatch, skip_background: bool) -> Result<Tokens> {
    let (internvl, clips) = (&model.internvl, part.clips.len());
    let sizes = internvl.config();
    let frames = part.shown.len();
    let a_frame = sizes.tokens_per_frame();
    let counts = match skip_background {
        false => vec![a_frame; frames],
        true => {
            let pictures: Tensor<4> = model.drawing.render(&part.clips, sizes.render_size())?.flatten(0, 1);
            pollster::block_on(Foreground::of(pictures, internvl.token_size()))?.tokens()
        }
    };
    let patches = (sizes.merge() * sizes.merge()) as u64;
    let longest = counts.iter().max().copied().unwrap_or_default() as u64;
    let text = part.openings.length() - frames / clips * a_frame;
    let of_clip = |counts: &[usize]| (text + counts.iter().sum::<usize>()) as u64;
    let opening = counts.chunks(frames / clips).map(of_clip).max().unwrap_or_default();
    let asked = !part.rests.rows().is_empty();
    Ok(Tokens {
        frames: frames as u64,
        frame: 1 + longest * patches,
        visual: counts.iter().sum::<usize>() as u64,
        // where nothing is asked the decoder reads nothing
        openings: if asked { [clips as u64, opening] } else { [0, 0] },
        rests: [part.rests.rows().len() as u64, part.rests.length() as u64],
        learned: part.labels.iter().flatten().filter(|&&label| label >= 0).count() as u64,
    })
}

/// Numbers that learn in a stage.
fn learning(learner: &SkeletonLlmLearner, stage: &StageConfig) -> u64 {
    struct Count<'a> {
        path: Path,
        learns: &'a dyn Fn(&str) -> bool,
        numbers: u64,
    }
    impl ModuleVisitor for Count<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.enter(name);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if (self.learns)(&self.path.name()) {
                self.numbers += param.lazy_shape().num_elements() as u64;
            }
        }
    }
    let learns = |name: &str| learner.rate_factor(stage, name).is_some();
    let mut count = Count { path: Path::default(), learns: &learns, numbers: 0 };
    learner.visit(&mut count);
    count.numbers
}

/// Multiplications a second of one of the decoder's own products.
fn speed(model: &SkeletonLlm) -> f64 {
    /// Tokens that are multiplied together.
    const ROWS: usize = 512;
    let Some(layer) = model.internvl.language_model.model.layers.first() else { return f64::NAN };
    let linear = &layer.mlp.up_proj;
    let (inputs, outputs) = (linear.inputs(), linear.outputs());
    let numbers = TensorData::new(vec![0.1_f32; ROWS * inputs], [ROWS, inputs]);
    let input = Tensor::<2>::from_data(numbers, &model.internvl.device());
    let run = || {
        let start = Instant::now();
        let sum = linear.forward(input.clone()).slice([0..1, 0..1]);
        host(sum);
        start.elapsed().as_secs_f64()
    };
    run();
    let seconds = run().min(run()).max(1e-9);
    (ROWS * inputs * outputs) as f64 / seconds
}

/// Memory that programs can still have, on a CPU of a system that says so.
fn free(model: &SkeletonLlm) -> Option<u64> {
    if !on_cpu(&model.internvl.device()) {
        return None;
    }
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    // the weights are there already
    Some(kilobytes * 1024 + model.internvl.bytes() as u64)
}

impl Display for Estimate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [numbers, learns] = self.numbers.map(|n| count(n as f64));
        let Estimate { stage, parts, clips, tokens, .. } = self;
        writeln!(
            f,
            "stage {stage}: {learns} of {numbers} numbers learn. A step shows {parts} times {clips} clips, one of {tokens} \
             visual tokens, and takes about"
        )?;
        let size = |bytes: u64| format!("{}B", count(bytes as f64));
        for (what, bytes) in &self.memory {
            writeln!(f, "  {:>9}  {what}", size(*bytes))?;
        }
        write!(f, "  {:>9}  in all", size(self.bytes()))?;
        match self.free {
            Some(free) if self.bytes() > free => writeln!(f, ", of which only {} are free", size(free))?,
            Some(free) => writeln!(f, " of {} that are free", size(free))?,
            None => writeln!(f)?,
        }
        let seconds = self.seconds();
        write!(
            f,
            "  {:>9}  multiplications: {} at {} a second, as just measured; {} for {} steps",
            count(self.multiplications),
            time(seconds),
            count(self.speed),
            time(seconds * self.steps as f64),
            self.steps
        )
    }
}

/// A number with three digits and the letter of its size.
pub(crate) fn count(number: f64) -> String {
    let (divisor, letter) = match number {
        n if n >= 1e12 => (1e12, "T"),
        n if n >= 1e9 => (1e9, "G"),
        n if n >= 1e6 => (1e6, "M"),
        n if n >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let digits = match number / divisor {
        _ if letter.is_empty() => 0,
        n if n < 10.0 => 2,
        n if n < 100.0 => 1,
        _ => 0,
    };
    format!("{:.digits$} {letter}", number / divisor)
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{:.1} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests;
