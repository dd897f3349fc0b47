//! SkeletonLLM as what learns and as what recognises.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result};
use burn::{
    module::Module,
    tensor::{Tensor, TensorData},
};
use draction::motion::Motion;
use skeletonllm::{
    assistant::{Agreement, Assistant, QuestionTally},
    drawing::DrawSettings,
    folder::{Extra, Loaded, SkeletonLlm, see},
    observation::{Observation, sheet},
};
use skeletonllm_data::{Batches, DataClip, Family};
use skeletonllm_network::{
    alignment::Shares,
    chat::Prompt,
    checkpoint::Precision,
    foreground::Foreground,
    lora,
    tensors::on_cpu,
    token_reader::{IGNORED, TokenBatch},
    tokenizer::Tokenizer,
};

use super::{
    Aims, Course, Division, Learner, Note, Piece, Readout, Recogniser, RunOptions, Sample, Source, Speaker,
    StageConfig, StepBatch, TrainConfig,
    learner::{Losses, shared},
    setup, shares, state,
};

/// The model that learns, and the layer that teaches its eyes.
#[derive(Module, Debug)]
pub struct SkeletonLlmLearner {
    /// The model as it is now.
    // not `model`: names of tensors may begin so in published checkpoints, and lose it here
    pub taught: SkeletonLlm,
    /// See [`Readout`].
    pub readout: Readout,
    #[module(skip)]
    aims: Option<Arc<Aims>>,
    #[module(skip)]
    rates: Rates,
}

/// How much of a [`SkeletonLlmLearner`] learns, in all stages, and from what.
#[derive(Clone, Copy, Debug)]
struct Rates {
    /// DrAction's rate as a multiple of the stage's.
    drawing: f64,
    /// Whether tower and decoder learn as well.
    everything: bool,
    /// Weight of the readout's loss.
    readout: f64,
    /// Weight of the alignment's.
    align: f64,
    /// Whether there is a base, which learns in no stage.
    on_base: bool,
    /// Whether the tower before a language model that is the base learns in all of them.
    tower: bool,
    /// Its rate as a multiple of the stage's, where it learns.
    tower_rate: f64,
    /// Whether the parts of a batch are small enough to be in memory side by side.
    small_parts: bool,
    /// Whether only the foreground of pictures is looked at.
    skip_background: bool,
    /// Whether adapters drop some of their inputs.
    drops: bool,
}

/// What the names of the tower's parameters begin with in a model.
const TOWER: &str = "internvl.vision_tower.";

impl SkeletonLlmLearner {
    /// A model with a fresh readout, and where its labels lie among words, if it is aligned with any.
    pub fn new(model: SkeletonLlm, aims: Option<Aims>, config: &TrainConfig) -> SkeletonLlmLearner {
        let sizes = model.internvl.config();
        let readout = Readout::new(sizes.tokens_per_frame(), sizes.text_config.hidden_size, &model.internvl.device());
        let TrainConfig { drawing_rate: drawing, tower_rate, everything, .. } = *config;
        let TrainConfig { readout: read, align, skip_background, tower, .. } = *config;
        let (on_base, small_parts, drops) = (config.base.is_some(), !config.recompute, config.lora_dropout > 0.0);
        let rates = Rates {
            drawing,
            everything,
            readout: read,
            align,
            on_base,
            tower,
            tower_rate,
            small_parts,
            skip_background,
            drops,
        };
        SkeletonLlmLearner { taught: model, readout, aims: aims.map(Arc::new), rates }
    }
}

/// What the decoder is given of a batch's pictures.
struct Seen {
    /// `[frames, tokens, hidden]`, or `[1, tokens of all frames, hidden]` where the background is skipped.
    visual: Tensor<3>,
    /// The openings, with as many places for them as there are.
    openings: TokenBatch,
    /// 1 where a frame is shown, 0 where it is hidden; to be multiplied with the former.
    shown: Tensor<3>,
}

impl SkeletonLlmLearner {
    /// Looks at frames `[B, T, H, W, 3]`.
    fn look(&self, frames: Tensor<5>, part: &StepBatch) -> Result<Seen> {
        let internvl = &self.taught.internvl;
        let device = internvl.device().without_autodiff();
        let tensor = |shown, shape| Tensor::from_data(TensorData::new(shown, shape), &device);
        if !self.rates.skip_background {
            let shown = tensor(part.shown.clone(), [part.shown.len(), 1, 1]);
            return Ok(Seen { visual: see(internvl, frames), openings: part.openings.clone(), shown });
        }
        let frames: Tensor<4> = frames.flatten(0, 1);
        let foreground = pollster::block_on(Foreground::of(frames.clone().inner(), internvl.token_size()))?;
        let (visual, tokens) = (internvl.encode_foreground(frames, &foreground), foreground.tokens());
        let of_clips = tokens.chunks(tokens.len() / part.clips.len());
        let image = internvl.config().image_token_id.context("the model has no token for pictures")?;
        let fewer = |(ids, tokens): (&Vec<u32>, &[usize])| {
            let whole = Prompt { ids: ids.clone(), labels: vec![IGNORED; ids.len()] };
            whole.with_tokens(image, tokens).ids
        };
        let openings = TokenBatch::new(part.openings.rows().iter().zip(of_clips).map(fewer).collect());
        let shown: Vec<f32> =
            part.shown.iter().zip(&tokens).flat_map(|(&shown, &count)| std::iter::repeat_n(shown, count)).collect();
        let count = shown.len();
        Ok(Seen { visual, openings, shown: tensor(shown, [1, count, 1]) })
    }
}

impl Learner for SkeletonLlmLearner {
    type Model = SkeletonLlm;
    type Batch = StepBatch;
    type Stage = StageConfig;

    fn model(&self) -> &SkeletonLlm {
        &self.taught
    }

    fn with_model(self, model: SkeletonLlm) -> SkeletonLlmLearner {
        SkeletonLlmLearner { taught: model, ..self }
    }

    /// Cross-entropy of the answers, with the alignment's loss where there is one, and beside it the readout's.
    fn loss(&self, stage: &StageConfig, part: &StepBatch) -> Result<Losses> {
        let SkeletonLlmLearner { taught: model, readout, aims, rates } = self;
        let mut frames = model.drawing.render(&part.clips, model.internvl.config().render_size())?;
        if !stage.stage.draws() {
            frames = frames.detach();
        }
        let Seen { visual, openings, shown } = self.look(frames, part)?;
        let poses = (rates.readout > 0.0).then(|| readout.loss(visual.clone(), &part.readings)).flatten();
        let poses = poses.map(|poses| shared(poses, part.share.readings));
        let (visual, together) = model.together(visual);
        let opening = match part.rests.rows() {
            // nothing is asked
            [] => None,
            _ => Some(model.internvl.reader().open(&openings, Some(visual.clone() * shown))?),
        };
        let alignment = model.alignment.as_ref().zip(aims.as_ref()).filter(|_| rates.align > 0.0);
        let aligned = alignment.and_then(|(alignment, aims)| {
            let seen = match together {
                Some(seen) => seen,
                None => model.internvl.reader().seen(&openings, opening.as_ref()?),
            };
            aims.loss(alignment, seen, &part.said)
        });
        let aligned = aligned.map(|aligned| shared(aligned, part.share.labels) * rates.align);
        let words = opening
            .map(|opening| model.internvl.reader().loss_of_rests(opening, &part.rests, &part.labels))
            .transpose()?;
        let words = words.map(|words| shared(words, part.share.answers));
        let main = match (words, aligned) {
            (Some(words), Some(aligned)) => words + aligned,
            (Some(loss), None) | (None, Some(loss)) => loss,
            (None, None) => (visual * 0.0).sum(),
        };
        Ok(Losses { main, auxiliary: poses, weight: rates.readout, observed: Vec::new() })
    }

    /// Which part of the model learns in which stage: spec A.9.
    fn rate_factor(&self, stage: &StageConfig, parameter: &str) -> Option<f64> {
        let Some(name) = parameter.strip_prefix("taught.") else {
            return (self.rates.readout > 0.0).then_some(1.0);
        };
        if name.starts_with("drawing.") {
            return stage.stage.draws().then_some(self.rates.drawing);
        }
        if name.starts_with("internvl.multi_modal_projector.") || name.starts_with("alignment.") {
            return Some(1.0);
        }
        let is_tower = name.starts_with(TOWER);
        if self.rates.tower && is_tower {
            return Some(self.rates.tower_rate);
        }
        if stage.lora_rank > 0 {
            return name.contains(".lora.").then_some(1.0);
        }
        // a pretrained tower and decoder stay as they are; a model from nothing learns everything
        self.rates.everything.then_some(if is_tower { self.rates.tower_rate } else { 1.0 })
    }

    /// Of a model on a base, what is not the base's.
    fn kept(&self, parameter: &str) -> bool {
        let name = parameter.strip_prefix("taught.").unwrap_or(parameter);
        let learned = ["drawing.", "internvl.multi_modal_projector.", "alignment."];
        let reads = self.rates.readout > 0.0 && name.starts_with("readout.");
        let sees = self.rates.tower && name.starts_with(TOWER);
        !self.rates.on_base
            || reads
            || sees
            || name.contains(".lora.")
            || learned.iter().any(|part| name.starts_with(part))
    }

    /// On the CPU, and while nothing draws from the device's random numbers, whose order would then depend on chance. One
    /// after the other where memory is dear.
    fn side_by_side(&self, stage: &StageConfig) -> bool {
        let draws = stage.lora_rank > 0 && self.rates.drops;
        on_cpu(&self.taught.internvl.device()) && !draws && self.rates.small_parts
    }
}

impl Recogniser for Assistant {
    type Observation = Observation;

    fn labels(&self) -> &[String] {
        self.labels()
    }

    fn observe(&self, motions: &[&Motion]) -> Result<Observation> {
        self.observe(motions)
    }

    fn scores(&self, observation: &Observation, candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        self.rank(observation, candidates)
    }
}

impl Speaker for Assistant {
    fn judge_questions(
        &self,
        clips: &[DataClip],
        observation: &Observation,
        families: &[Family],
        tally: &mut BTreeMap<String, QuestionTally>,
    ) -> Result<()> {
        self.judge_questions(clips, observation, families, tally)
    }

    fn judge_agreement(&self, clips: &[DataClip], observation: &Observation, agreement: &mut Agreement) -> Result<()> {
        self.judge_agreement(clips, observation, agreement)
    }

    fn label_in_words(&self, observation: &Observation, question: &str) -> Result<Vec<String>> {
        self.label_in_words(observation, question)
    }
}

/// What a run teaches SkeletonLLM.
pub struct Lessons<'a> {
    /// What the run was told.
    pub options: &'a RunOptions<'a>,
    /// Everything that batches are made from.
    pub source: Source<'a>,
    /// The clips that validation asks about.
    pub watched: Vec<&'a DataClip>,
    /// The model's tokenizer.
    pub tokenizer: Tokenizer,
    /// What else its directory says.
    pub extra: Extra,
    /// What it lies on top of, where that stays as it is.
    pub base: Option<PathBuf>,
}

impl Course for Lessons<'_> {
    type Recipe = TrainConfig;
    type Learner = SkeletonLlmLearner;
    type Recogniser = Assistant;
    type Sample = Sample;

    fn batches(&self) -> &Batches {
        &self.source.batches
    }

    fn samples(&self, stage: &StageConfig, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Sample>> {
        self.source.samples(stage, epoch, members)
    }

    fn division(&self) -> Division {
        Division { parts: self.source.parts, cut: true }
    }

    fn note(&self, sample: &Sample) -> Note {
        sample.note()
    }

    fn piece(&self, _: &StageConfig, samples: Vec<Sample>, piece: &Piece<'_>) -> StepBatch {
        self.source.piece(samples, piece)
    }

    fn begin(&self, model: SkeletonLlm, stage: usize) -> SkeletonLlm {
        setup::prepare(model, &self.options.config, stage)
    }

    /// On a base, what was learned so far.
    fn pass_on(&self, model: &SkeletonLlm, stage: usize) -> Result<()> {
        let Some(base) = &self.base else { return Ok(()) };
        let folder = state::beginning(&self.options.out, stage);
        Loaded::write_learned(&folder, &model.valid(), &self.extra, base, Precision::F32)
    }

    /// Without adapters, which become part of the weights that they belong to.
    fn end(mut model: SkeletonLlm) -> SkeletonLlm {
        if lora::attached(&model.internvl) {
            model.internvl = lora::merge(model.internvl);
        }
        model
    }

    fn recogniser(&self, model: &SkeletonLlm, _: usize) -> Assistant {
        let (labels, device) = (self.extra.labels.clone(), self.options.device_name.clone());
        let Extra { skip_background, blind, .. } = self.extra;
        Assistant::new(model.clone(), &self.tokenizer, labels, device).skip_background(skip_background).blind(blind)
    }

    fn watched(&self) -> &[&DataClip] {
        &self.watched
    }

    /// What the renderer draws of the first watched clip.
    fn picture(&self, model: &SkeletonLlm) -> Result<Option<Vec<u8>>> {
        let Some(clip) = self.watched.first() else { return Ok(None) };
        let clip = DrawSettings::default().clip(&clip.motion, self.source.frames)?;
        let size = model.internvl.config().render_size().map(|n| 2 * n);
        let frames = model.drawing.render(&[clip], size)?;
        Ok(Some(pollster::block_on(sheet(frames))?))
    }

    fn write(&self, model: &SkeletonLlm, folders: [(&Path, Precision); 2]) -> Result<()> {
        let mut model = Self::end(model.clone());
        let shares = shares::searched(&self.recogniser(&model, 0), &self.watched, &self.source.labels)?;
        model.alignment = model.alignment.map(|alignment| match shares {
            Some(shares) => {
                let taught = alignment.score_of(self.options.config.taught);
                alignment.sharing(Shares { taught, ..shares })
            }
            None => alignment,
        });
        if let Some(base) = &self.base {
            let [(folder, _), _] = folders;
            // around a language model alone it is a tower, too: half precision rounds away less than two runs differ by
            let precision = if self.extra.base.is_some() { Precision::F16 } else { Precision::F32 };
            return Loaded::write_learned(folder, &model, &self.extra, base, precision);
        }
        let write = |(folder, precision): (&Path, Precision)| {
            Loaded::write(folder, &model, &self.tokenizer, &self.extra, precision)
        };
        folders.into_iter().try_for_each(write)
    }
}
