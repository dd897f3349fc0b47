//! What a run of S2I is told. Written as JSON; every field has a default.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use skeletonllm_data::{ProtocolOptions, SelectionOptions};

use super::S2iSettings;
use crate::{
    AdamWConfig, Recipe, RecipeStage, Rule, Schedule,
    recipe::{above_zero, at_least, below_one, not_negative},
};

/// The only thing that `system` may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum System {
    #[default]
    S2i,
}

/// What a stage teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lesson {
    /// What hidden patches look like; labels are not looked at.
    Pretrain,
    /// Labels: everything learns, deep blocks less.
    FineTune,
    /// Labels: one layer on features that stay as they are.
    Probe,
}

impl Lesson {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Pretrain, Self::FineTune, Self::Probe];

    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretrain => "pretrain",
            Self::FineTune => "fine-tune",
            Self::Probe => "probe",
        }
    }
}

impl std::str::FromStr for Lesson {
    type Err = String;

    fn from_str(name: &str) -> Result<Lesson, String> {
        let found = Lesson::ALL.into_iter().find(|lesson| lesson.name() == name);
        found.ok_or_else(|| format!("'{name}' is none of pretrain, fine-tune, probe"))
    }
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S2iStage {
    /// What it teaches.
    pub lesson: Lesson,
    /// Passes over the training clips.
    pub epochs: u64,
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// A whole run. The defaults suit sets of some thousand clips and two cores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S2iConfig {
    pub(super) system: System,
    /// The stages, in order.
    pub stages: Vec<S2iStage>,
    /// How motions become pictures, and what is learned of them.
    pub s2i: S2iSettings,
    /// Public ViT-MAE weights to start from (`.safetensors`), in the original's names or in transformers'.
    pub weights: Option<PathBuf>,
    /// Factor on the learning rate from one block to the one below it, while everything learns labels.
    pub layer_decay: f64,
    /// Probability of leaving out the last block, while everything learns labels; less for lower ones.
    pub drop_path: f64,
    /// Share of a label's weight that goes to all labels alike.
    pub smoothing: f64,
    /// Shortest stretch of a clip that is shown, as a share of it.
    pub crop: f32,
    /// Largest angle in radians that a clip is turned by about each axis.
    pub turn: f32,
    /// Clips a step.
    pub batch: usize,
    /// Parts of a step that are computed side by side, each on a core of its own.
    pub parts: usize,
    /// Share of a stage's steps spent warming up.
    pub warmup: f64,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// AdamW's decay of the second moment.
    pub beta2: f64,
    /// Largest gradient norm.
    pub clip_norm: f64,
    /// Weight of the past in the running mean of the weights that a run ends with; 0 takes the weights as they are.
    pub average: f64,
    /// How much rare labels are drawn more often: 0 not at all, 1 all labels alike.
    pub balance: f32,
    /// How folders of NTU RGB+D files are divided.
    pub ntu: ProtocolOptions,
    /// Which clips take part, and which labels mean the same.
    pub selection: SelectionOptions,
    /// Everything random follows from it.
    pub seed: u64,
    /// Validation clips looked at after each epoch.
    pub validation_clips: usize,
    /// Steps between checkpoints; one is also written after each epoch and on Ctrl-C.
    pub checkpoint_every: u64,
}

impl Default for S2iConfig {
    fn default() -> Self {
        let stage = |lesson, epochs, learning_rate| S2iStage { lesson, epochs, learning_rate };
        Self {
            system: System::S2i,
            stages: vec![stage(Lesson::Pretrain, 30, 1e-3), stage(Lesson::FineTune, 30, 1e-3)],
            s2i: S2iSettings::default(),
            weights: None,
            layer_decay: 0.75,
            drop_path: 0.1,
            smoothing: 0.1,
            crop: 0.5,
            turn: 0.3,
            batch: 32,
            parts: 2,
            warmup: 0.1,
            weight_decay: 0.05,
            beta2: 0.95,
            clip_norm: 1.0,
            average: 0.99,
            balance: 0.0,
            ntu: ProtocolOptions::default(),
            selection: SelectionOptions::default(),
            seed: 1,
            validation_clips: 200,
            checkpoint_every: 200,
        }
    }
}

impl S2iConfig {
    /// Leaves one lesson; one that is not listed gets as many epochs and the rate of the last that is.
    pub fn only(&mut self, lesson: Lesson) {
        let last = self.stages.last().cloned();
        self.stages.retain(|stage| stage.lesson == lesson);
        if let (true, Some(last)) = (self.stages.is_empty(), last) {
            self.stages = vec![S2iStage { lesson, ..last }];
        }
    }
}

impl Recipe for S2iConfig {
    type Stage = S2iStage;

    fn validate(&self) -> Result<(), String> {
        self.s2i.validate()?;
        at_least(1, &[("batch", self.batch as u64), ("parts", self.parts as u64)])?;
        self.validate_stages()?;
        below_one(&[
            ("drop_path", self.drop_path),
            ("smoothing", self.smoothing),
            ("warmup", self.warmup),
            ("beta2", self.beta2),
            ("average", self.average),
        ])?;
        let wholes = [("layer_decay", self.layer_decay), ("crop", f64::from(self.crop))];
        if let Some((name, value)) = wholes.into_iter().find(|(_, value)| !(*value > 0.0 && *value <= 1.0)) {
            return Err(format!("{name} is {value}; it must be above 0 and at most 1"));
        }
        not_negative(&[
            ("turn", f64::from(self.turn)),
            ("weight_decay", self.weight_decay),
            ("balance", f64::from(self.balance)),
        ])?;
        above_zero(self.clip_norm)
    }

    fn data(&mut self) -> (&mut ProtocolOptions, &mut SelectionOptions) {
        (&mut self.ntu, &mut self.selection)
    }

    fn stages(&self) -> &[S2iStage] {
        &self.stages
    }

    fn stages_mut(&mut self) -> &mut [S2iStage] {
        &mut self.stages
    }

    fn optimizer(&self) -> AdamWConfig {
        AdamWConfig {
            beta1: 0.9,
            beta2: self.beta2,
            epsilon: 1e-8,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            rule: Rule::Adaptive,
        }
    }

    fn schedule(&self, stage: &S2iStage, per_epoch: u64) -> Schedule {
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

impl RecipeStage for S2iStage {
    fn name(&self) -> String {
        self.lesson.name().to_owned()
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
