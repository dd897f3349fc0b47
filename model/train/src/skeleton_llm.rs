//! SkeletonLLM as what learns and as what recognises.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use anyhow::Result;
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
use skeletonllm_network::{checkpoint::Precision, lora, tensors::on_cpu, tokenizer::Tokenizer};

use super::{
    Aims, Course, Division, Learner, Note, Piece, Readout, Recogniser, RunOptions, Sample, Source, Speaker,
    StageConfig, StepBatch, TrainConfig,
    learner::{Losses, shared},
    setup, shares,
};

/// The model that learns, and the layer that teaches its eyes.
#[derive(Module, Debug)]
pub struct Pupil {
    /// The model as it is now.
    pub pupil: SkeletonLlm,
    /// See [`Readout`].
    pub readout: Readout,
    #[module(skip)]
    aims: Option<Arc<Aims>>,
    #[module(skip)]
    rates: Rates,
}

/// How much of a [`Pupil`] learns, in all stages.
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
}

impl Pupil {
    /// A model with a fresh readout, and where its labels lie among words, if it is aligned with any.
    pub fn new(model: SkeletonLlm, aims: Option<Aims>, config: &TrainConfig) -> Pupil {
        let sizes = model.internvl.config();
        let readout = Readout::new(sizes.tokens_per_frame(), sizes.text_config.hidden_size, &model.internvl.device());
        let TrainConfig { drawing_rate: drawing, everything, readout: read, align, .. } = *config;
        let rates = Rates { drawing, everything, readout: read, align };
        Pupil { pupil: model, readout, aims: aims.map(Arc::new), rates }
    }
}

impl Learner for Pupil {
    type Model = SkeletonLlm;
    type Batch = StepBatch;
    type Stage = StageConfig;

    fn model(&self) -> &SkeletonLlm {
        &self.pupil
    }

    fn with_model(self, model: SkeletonLlm) -> Pupil {
        Pupil { pupil: model, ..self }
    }

    /// Cross-entropy of the answers, with the alignment's loss where there is one, and beside it the readout's.
    fn loss(&self, stage: &StageConfig, part: &StepBatch) -> Result<Losses> {
        let Pupil { pupil: model, readout, aims, rates } = self;
        let mut frames = model.drawing.render(&part.clips, model.internvl.config().render_size())?;
        if !stage.stage.draws() {
            frames = frames.detach();
        }
        let visual = see(&model.internvl, frames);
        let poses = (rates.readout > 0.0).then(|| readout.loss(visual.clone(), &part.readings)).flatten();
        let poses = poses.map(|poses| shared(poses, part.share.readings));
        let frames = part.shown.len();
        let shown = TensorData::new(part.shown.clone(), [frames, 1, 1]);
        let visual = visual.clone() * Tensor::from_data(shown, &visual.device().without_autodiff());
        let opening = model.internvl.open(&part.openings, Some(visual))?;
        let aligned =
            model.alignment.as_ref().zip(aims.as_ref()).filter(|_| rates.align > 0.0).and_then(|(alignment, aims)| {
                aims.loss(alignment, model.internvl.seen(&part.openings, &opening), &part.said)
            });
        let words = shared(model.internvl.loss_of_rests(opening, &part.rests, &part.labels)?, part.share.answers);
        let main = aligned.map_or(words.clone(), |aligned| words + shared(aligned, part.share.labels) * rates.align);
        Ok(Losses { main, auxiliary: poses, weight: rates.readout, observed: Vec::new() })
    }

    /// Which part of the model learns in which stage: spec A.9.
    fn rate_factor(&self, stage: &StageConfig, parameter: &str) -> Option<f64> {
        let Some(name) = parameter.strip_prefix("pupil.") else { return Some(1.0) };
        if name.starts_with("drawing.") {
            return stage.stage.draws().then_some(self.rates.drawing);
        }
        if name.starts_with("internvl.multi_modal_projector.") || name.starts_with("alignment.") {
            return Some(1.0);
        }
        if stage.lora_rank > 0 {
            return name.contains(".lora.").then_some(1.0);
        }
        // a pretrained tower and decoder stay as they are; a model from nothing learns everything
        self.rates.everything.then_some(1.0)
    }

    /// On the CPU, and while nothing draws from the device's random numbers, whose order would then depend on chance.
    fn side_by_side(&self, stage: &StageConfig) -> bool {
        on_cpu(&self.pupil.internvl.device()) && stage.lora_rank == 0
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

    /// Log-probabilities of the candidates as answers to the standard question.
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
}

impl Course for Lessons<'_> {
    type Recipe = TrainConfig;
    type Learner = Pupil;
    type Recogniser = Assistant;
    type Sample = Sample;

    fn batches(&self) -> &Batches {
        &self.source.batches
    }

    fn samples(&self, stage: &StageConfig, epoch: u64, members: &[(usize, usize)]) -> Result<Vec<Sample>> {
        self.source.samples(stage.stage, epoch, members)
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

    /// Without adapters, which become part of the weights that they belong to.
    fn end(mut model: SkeletonLlm) -> SkeletonLlm {
        if lora::attached(&model.internvl) {
            model.internvl = lora::merge(model.internvl);
        }
        model
    }

    fn recogniser(&self, model: &SkeletonLlm, _: usize) -> Assistant {
        Assistant::new(model.clone(), &self.tokenizer, self.extra.labels.clone(), self.options.device_name.clone())
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
            Some(shares) => alignment.sharing(shares),
            None => alignment,
        });
        let write = |(folder, precision): (&Path, Precision)| {
            Loaded::write(folder, &model, &self.tokenizer, &self.extra, precision)
        };
        folders.into_iter().try_for_each(write)
    }
}
