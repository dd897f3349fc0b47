//! What a training run is told: sizes, stages, rates. Written as JSON; every field has a default.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use skeletonllm::drawing::DrawingConfig;
use skeletonllm_data::{AugmentOptions, FamilyWeights, ProtocolOptions, SelectionOptions};
use skeletonllm_network::{alignment::TemporalSizes, checkpoint::Bits, config::InternVlConfig, layers::LoraConfig};

use crate::{
    AdamWConfig, Recipe, RecipeStage, Rule, Schedule,
    recipe::{adapt, at_least, below_one, known_targets, not_negative},
};

/// Which of the paper's stages (spec A.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Stage 1, render warm-up: DrAction and the projector learn. A model that starts from nothing learns everything.
    WarmUp,
    /// Stage 2, Disc-FT: is it this action or one like it? DrAction and the projector learn.
    DiscFt,
    /// Stage 3, CR-Distill: a teacher's explanations are learned by DrAction, projector and LoRA adapters.
    CrDistill,
    /// Stage 4, recognition refine: DrAction is frozen; the rest learns, through LoRA where that is configured.
    Refine,
}

impl Stage {
    /// All four in order.
    pub const ALL: [Stage; 4] = [Stage::WarmUp, Stage::DiscFt, Stage::CrDistill, Stage::Refine];

    /// The stage's number in the paper.
    pub fn number(self) -> u8 {
        match self {
            Stage::WarmUp => 1,
            Stage::DiscFt => 2,
            Stage::CrDistill => 3,
            Stage::Refine => 4,
        }
    }

    /// Whether DrAction learns.
    pub fn draws(self) -> bool {
        self != Stage::Refine
    }
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageConfig {
    /// Which one.
    pub stage: Stage,
    /// Passes over the training clips.
    pub epochs: u64,
    /// Peak learning rate.
    pub learning_rate: f64,
    /// Rank of LoRA adapters on the decoder; 0 trains the weights themselves.
    #[serde(default)]
    pub lora_rank: usize,
    /// Scale of the adapters.
    #[serde(default)]
    pub lora_alpha: f64,
    /// Questions asked about each clip, where it is not the run's number. With none the decoder is left alone: movements
    /// are aligned with words, and poses read, at a fraction of the cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub questions: Option<usize>,
}

impl StageConfig {
    /// One epoch at a rate of 0, without adapters.
    #[must_use]
    pub fn of(stage: Stage) -> StageConfig {
        StageConfig { stage, epochs: 1, learning_rate: 0.0, lora_rank: 0, lora_alpha: 0.0, questions: None }
    }
}

/// Rank and alpha of the paper's adapters, on the decoder in stages 3 and 4.
const PAPERS_LORA: (usize, f64) = (32, 64.0);

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// The model's sizes, in the layout of the public checkpoints. Vocabulary and image token follow the tokenizer.
    pub model: InternVlConfig,
    /// Whether tower and decoder learn, too: right for a model that starts from nothing, and to go on with one of ours.
    /// `false` leaves them as they came, as the paper's stages do; DrAction, projector and LoRA adapters learn.
    pub everything: bool,
    /// A model that stays as it is beneath what learns: a folder in any layout, or a language model alone. Nothing of it is
    /// written; the run's models hold what was learned, and name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<PathBuf>,
    /// The model whose tower and renderer a run begins with, before whatever decoder; without one a language model alone and
    /// a model from nothing begin with fresh ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eyes: Option<PathBuf>,
    /// Whether the tower before such a language model learns as well.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tower: bool,
    /// The bits, 8 or 4, that its matrices are brought to while it is read; without, they stay as they are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_bits: Option<Bits>,
    /// Whether tower and decoder keep nothing but what went into each layer for the way back, and compute the rest a second
    /// time: much less memory, a third more arithmetic, the same numbers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recompute: bool,
    /// Whether the tower looks only at the parts of pictures that hold something.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_background: bool,
    /// Share of their inputs that adapters drop, 0..1.
    pub lora_dropout: f64,
    /// Which of the decoder's projections get adapters.
    pub lora_targets: Vec<String>,
    /// Tokens of the tokenizer that is trained when the run starts from nothing.
    pub vocabulary: usize,
    /// How clips are drawn.
    pub drawing: DrawingConfig,
    /// The stages, in order.
    pub stages: Vec<StageConfig>,
    /// Clips a step.
    pub batch: usize,
    /// Questions asked about each clip of a step.
    pub questions: usize,
    /// DrAction's learning rate as a multiple of the stage's.
    pub drawing_rate: f64,
    /// The tower's, where it learns: less keeps what `eyes` have learned from being lost to answers.
    #[serde(skip_serializing_if = "is_one")]
    pub tower_rate: f64,
    /// Share of a stage's steps spent warming up.
    pub warmup: f64,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// AdamW's decay of the second moment.
    pub beta2: f64,
    /// Largest gradient norm.
    pub clip_norm: f64,
    /// Whether the matrices of layers follow Muon instead of AdamW: for what starts from nothing.
    pub muon: bool,
    /// How folders of NTU RGB+D files are divided.
    pub ntu: ProtocolOptions,
    /// Which clips take part, and which labels mean the same.
    pub selection: SelectionOptions,
    /// How clips are changed before they are shown.
    pub augment: AugmentOptions,
    /// Share of clips that are performed by the body of another clip, as its proportions tell, 0..1.
    pub bodies: f32,
    /// Share of clips that are shown on another layout of joints, 0..1.
    pub layouts: f32,
    /// Share of clips that get a second performer, about whom only the number of people is asked, 0..1.
    pub pairs: f32,
    /// Weight of the loss of reading poses off the pictures; 0 does without.
    pub readout: f64,
    /// Folder of `words.txt` and `words.safetensors`, the words that movements are aligned with; a model that it starts from
    /// keeps those that it has. Without any, labels are ranked by the decoder alone.
    pub words: Option<PathBuf>,
    /// Weight of the alignment's loss, where there are words.
    pub align: f64,
    /// How much better a label that was taught has to fit among as many that were not, where there are words: a cosine, as it
    /// is measured with labels kept out of training; 0 for no better.
    pub taught: f32,
    /// The network that lays visual tokens among the words, where that is not left to the decoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temporal: Option<TemporalSizes>,
    /// Share of frames that training hides from the decoder, 0..1.
    pub hidden_frames: f32,
    /// Share of clips of which all are hidden, 0..1: answers then show what is likely whatever is seen, and labels are ranked
    /// by what the pictures add to that.
    #[serde(skip_serializing_if = "is_zero")]
    pub blind: f32,
    /// Weight of the past in the running mean of the weights that a run ends with; 0 takes the weights as they are.
    pub average: f64,
    /// Parts of a step that are computed side by side, each on a core of its own. Results do not depend on how many
    /// cores there are.
    pub parts: usize,
    /// File of similar labels, the hard negatives of stage 2; without one they are found by movement.
    pub similar: Option<PathBuf>,
    /// File of prompts for stages 2 and 3; without one our own.
    pub prompts: Option<PathBuf>,
    /// File of ready rationales for stage 3; without one a teacher watches the joints.
    pub rationales: Option<PathBuf>,
    /// How often each family of questions is asked.
    pub families: FamilyWeights,
    /// How much rare labels are drawn more often: 0 not at all, 1 all labels alike.
    pub balance: f32,
    /// Everything random follows from it.
    pub seed: u64,
    /// Validation clips looked at after each epoch.
    pub validation_clips: usize,
    /// Steps between checkpoints; one is also written after each epoch and on Ctrl-C.
    pub checkpoint_every: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(share: &f32) -> bool {
    *share == 0.0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(factor: &f64) -> bool {
    *factor == 1.0
}

impl Default for TrainConfig {
    fn default() -> Self {
        let model = InternVlConfig::parse(include_str!("nano.json"), "nano.json").expect("our own file is valid");
        let stage = |stage, epochs, learning_rate| StageConfig { epochs, learning_rate, ..StageConfig::of(stage) };
        let LoraConfig { dropout: lora_dropout, targets: lora_targets, .. } = LoraConfig::default();
        TrainConfig {
            model,
            everything: true,
            base: None,
            base_bits: None,
            eyes: None,
            tower: false,
            recompute: false,
            skip_background: false,
            lora_dropout,
            lora_targets,
            vocabulary: 768,
            drawing: DrawingConfig::default(),
            stages: vec![
                stage(Stage::WarmUp, 44, 1e-3),
                stage(Stage::DiscFt, 2, 3e-4),
                stage(Stage::CrDistill, 3, 3e-4),
                stage(Stage::Refine, 9, 3e-4),
            ],
            batch: 16,
            questions: 3,
            drawing_rate: 3.0,
            tower_rate: 1.0,
            warmup: 0.03,
            weight_decay: 0.05,
            beta2: 0.99,
            clip_norm: 1.0,
            muon: true,
            ntu: ProtocolOptions::default(),
            selection: SelectionOptions::default(),
            augment: AugmentOptions::default(),
            bodies: 0.4,
            layouts: 0.4,
            pairs: 0.04,
            readout: 10.0,
            words: None,
            align: 1.0,
            taught: 0.25,
            temporal: None,
            hidden_frames: 0.05,
            blind: 0.0,
            average: 0.998,
            parts: 2,
            similar: None,
            prompts: None,
            rationales: None,
            families: FamilyWeights::default(),
            balance: 0.5,
            seed: 1,
            validation_clips: 200,
            checkpoint_every: 200,
        }
    }
}

impl TrainConfig {
    /// The paper's settings (spec A.9) for a model that stays as it is beneath what learns. Four frames of five are
    /// background, which is not looked at.
    #[must_use]
    pub fn on_a_base() -> TrainConfig {
        let stage = |stage, epochs, (lora_rank, lora_alpha)| StageConfig {
            epochs,
            learning_rate: 2e-5,
            lora_rank,
            lora_alpha,
            ..StageConfig::of(stage)
        };
        TrainConfig {
            everything: false,
            recompute: true,
            skip_background: true,
            stages: vec![
                stage(Stage::WarmUp, 1, (0, 0.0)),
                stage(Stage::DiscFt, 1, (0, 0.0)),
                stage(Stage::CrDistill, 1, PAPERS_LORA),
                stage(Stage::Refine, 3, PAPERS_LORA),
            ],
            batch: 2,
            drawing_rate: 1.0,
            beta2: 0.999,
            muon: false,
            readout: 0.0,
            hidden_frames: 0.0,
            average: 0.0,
            validation_clips: 20,
            checkpoint_every: 50,
            ..TrainConfig::default()
        }
    }

    /// Adapters of another rank or scale in stages 3 and 4; a scale that is not given is twice the rank.
    pub fn adapt(&mut self, rank: Option<usize>, alpha: Option<f64>) {
        for stage in self.stages.iter_mut().filter(|stage| matches!(stage.stage, Stage::CrDistill | Stage::Refine)) {
            adapt(rank, alpha, (&mut stage.lora_rank, &mut stage.lora_alpha));
        }
    }

    /// The adapters of a stage, where it has any.
    #[must_use]
    pub fn adapters(&self, stage: usize) -> Option<LoraConfig> {
        let &StageConfig { lora_rank: rank @ 1.., lora_alpha: alpha, .. } = self.stages.get(stage)? else {
            return None;
        };
        Some(LoraConfig { rank, alpha, dropout: self.lora_dropout, targets: self.lora_targets.clone() })
    }

    /// Leaves one stage, by its number in the paper, 1 to 4; one that is not listed gets one epoch at the rate of the
    /// last that is.
    pub fn only(&mut self, number: u8) {
        let rate = self.stages.last().map_or(1e-4, |s| s.learning_rate);
        self.stages.retain(|s| s.stage.number() == number);
        let stage = Stage::ALL.into_iter().find(|s| s.number() == number);
        if let (true, Some(stage)) = (self.stages.is_empty(), stage) {
            self.stages = vec![StageConfig { learning_rate: rate, ..StageConfig::of(stage) }];
        }
    }
}

impl Recipe for TrainConfig {
    type Stage = StageConfig;

    fn validate(&self) -> Result<(), String> {
        self.model.validate().map_err(|e| format!("model: {e}"))?;
        let counts = [
            ("batch", self.batch),
            ("questions", self.questions),
            ("parts", self.parts),
            ("drawing.points_per_bone", self.drawing.points_per_bone),
        ];
        at_least(1, &counts.map(|(name, count)| (name, count as u64)))?;
        self.validate_stages()?;
        if self.vocabulary < 300 {
            return Err(format!("vocabulary is {}, but 256 bytes and the special tokens need 300", self.vocabulary));
        }
        not_negative(&[
            ("drawing_rate", self.drawing_rate),
            ("tower_rate", self.tower_rate),
            ("readout", self.readout),
            ("align", self.align),
            ("taught", f64::from(self.taught)),
            ("drawing.scale", self.drawing.scale),
            ("weight_decay", self.weight_decay),
        ])?;
        if self.base.is_some() {
            let refused = [
                (self.everything, "everything", "false: a base stays as it is"),
                (self.muon && !self.tower, "muon", "false: it is for matrices that learn, as of a tower"),
            ];
            if let Some((_, field, told)) = refused.into_iter().find(|(refused, ..)| *refused) {
                return Err(format!("with a base `{field}` must be {told}"));
            }
        } else if self.base_bits.is_some() || self.tower {
            return Err("base_bits and tower are for runs with a base".into());
        }
        self.augment.validate()?;
        if let Some(temporal) = &self.temporal {
            temporal.validate().map_err(|problem| format!("temporal: {problem}"))?;
            if self.skip_background {
                return Err("temporal looks at whole pictures: skip_background must be false".into());
            }
        }
        let aligns = self.words.is_some() && self.temporal.is_some() && self.align > 0.0;
        if let Some(stage) = self.stages.iter().find(|stage| stage.questions == Some(0) && !aligns) {
            let number = stage.stage.number();
            return Err(format!("stage {number} asks nothing: it needs words, temporal and align to learn from"));
        }
        if self.skip_background && self.readout > 0.0 {
            return Err("readout must be 0 where the background is skipped: poses are read off whole pictures".into());
        }
        known_targets(&self.lora_targets)?;
        if let Some(stage) =
            self.stages.iter().find(|s| s.lora_rank > 0 && !(s.lora_alpha.is_finite() && s.lora_alpha > 0.0))
        {
            return Err(format!("lora_alpha of stage {} must be above 0", stage.stage.number()));
        }
        below_one(&[
            ("average", self.average),
            ("lora_dropout", self.lora_dropout),
            ("bodies", f64::from(self.bodies)),
            ("hidden_frames", f64::from(self.hidden_frames)),
            ("blind", f64::from(self.blind)),
            ("pairs", f64::from(self.pairs)),
        ])
    }

    fn data(&mut self) -> (&mut ProtocolOptions, &mut SelectionOptions) {
        (&mut self.ntu, &mut self.selection)
    }

    fn stages(&self) -> &[StageConfig] {
        &self.stages
    }

    fn stages_mut(&mut self) -> &mut [StageConfig] {
        &mut self.stages
    }

    fn optimizer(&self) -> AdamWConfig {
        AdamWConfig {
            beta1: 0.9,
            beta2: self.beta2,
            epsilon: 1e-8,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            rule: if self.muon { Rule::Muon } else { Rule::Adaptive },
        }
    }

    fn schedule(&self, stage: &StageConfig, per_epoch: u64) -> Schedule {
        Schedule::Cosine { total: stage.epochs * per_epoch, warmup: self.warmup }
    }

    fn average(&self) -> f64 {
        self.average
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn checkpoint_every(&self) -> u64 {
        self.checkpoint_every
    }
}

impl RecipeStage for StageConfig {
    fn name(&self) -> String {
        self.stage.number().to_string()
    }

    fn epochs(&self) -> u64 {
        self.epochs
    }

    fn set_epochs(&mut self, epochs: u64) {
        self.epochs = epochs;
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn defaults_are_valid_and_files_may_leave_fields_out() {
        TrainConfig::default().validate().unwrap();
        let short: TrainConfig = serde_json::from_str(r#"{"batch": 4}"#).unwrap();
        assert_eq!(short, TrainConfig { batch: 4, ..TrainConfig::default() });
        let whole = serde_json::to_string(&short).unwrap();
        assert_eq!(serde_json::from_str::<TrainConfig>(&whole).unwrap(), short, "a run is recognised by its settings");
        let unknown = serde_json::from_str::<TrainConfig>(r#"{"bacth": 4}"#).unwrap_err().to_string();
        assert!(unknown.contains("bacth"), "{unknown}");
        let zero = TrainConfig { batch: 0, ..TrainConfig::default() }.validate().unwrap_err();
        assert!(zero.contains("batch"), "{zero}");
    }

    #[test]
    fn a_base_stays_as_it_is_and_its_adapters_are_the_papers() {
        let base = TrainConfig { base: Some("a".into()), ..TrainConfig::on_a_base() };
        base.validate().unwrap();
        let adapters = base.adapters(3).unwrap();
        assert_eq!(adapters, LoraConfig::default(), "rank 32, alpha 64, dropout 0.05, seven targets");
        assert!(base.adapters(0).is_none() && base.adapters(9).is_none());
        let mut small = base.clone();
        small.adapt(Some(8), None);
        assert_eq!(small.adapters(2).map(|a| (a.rank, a.alpha)), Some((8, 16.0)));
        assert!(small.adapters(1).is_none(), "stage 2 has none");
        let refused = |change: fn(&mut TrainConfig)| {
            let mut config = base.clone();
            change(&mut config);
            config.validate().unwrap_err()
        };
        assert!(refused(|c| c.everything = true).contains("`everything`"));
        assert!(refused(|c| c.muon = true).contains("`muon`"));
        let towered = TrainConfig { muon: true, tower: true, ..base.clone() };
        assert_eq!(towered.validate(), Ok(()), "a tower has matrices that learn");
        assert!(refused(|c| c.stages[0].questions = Some(0)).contains("stage 1 asks nothing"));
        assert!(refused(|c| c.temporal = Some(TemporalSizes { width: 33, layers: 1 })).contains("multiple of 32"));
        assert!(refused(|c| c.readout = 1.0).contains("readout"));
        assert!(refused(|c| c.lora_targets = vec!["lm_head".into()]).contains("lm_head"));
        assert!(refused(|c| (c.base, c.base_bits) = (None, Some(Bits::Four))).contains("base_bits"));
    }

    #[test]
    fn the_recipes_beside_the_weights_can_be_followed() {
        let assets = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets"));
        for name in [
            "nano/recipe.json",
            "nano/finish.json",
            "nano/ablation.json",
            "recipes/small.json",
            "recipes/compare/skeletonllm.json",
        ] {
            TrainConfig::read(&assets.join(name)).unwrap().validate().unwrap();
        }
    }
}
