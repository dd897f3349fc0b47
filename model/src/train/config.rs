//! What a training run is told: sizes, stages, rates. Written as JSON; every field has a default.

use serde::{Deserialize, Serialize};

use crate::{
    config::InternVlConfig,
    data::{AugmentOptions, FamilyWeights},
    drawing::DrawingConfig,
    train::optimizer::AdamWConfig,
};

/// Which of the paper's stages (spec A.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Stage 1, render warm-up: DrAction and the projector learn. A model that starts from nothing learns everything.
    WarmUp,
    /// Stage 4, recognition refine: DrAction is frozen; the rest learns, through LoRA where that is configured.
    Refine,
}

impl Stage {
    /// The stage's number in the paper.
    pub fn number(self) -> u8 {
        match self {
            Stage::WarmUp => 1,
            Stage::Refine => 4,
        }
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
}

/// A whole run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// The model's sizes, in the layout of the public checkpoints. Vocabulary and image token follow the tokenizer.
    pub model: InternVlConfig,
    /// Whether tower and decoder learn, too: right for a model that starts from nothing, and to go on with one of ours.
    /// `false` leaves them as they came, as the paper's stages do; DrAction, projector and LoRA adapters learn.
    pub everything: bool,
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
    /// Share of a stage's steps spent warming up.
    pub warmup: f64,
    /// AdamW's weight decay.
    pub weight_decay: f64,
    /// AdamW's decay of the second moment.
    pub beta2: f64,
    /// Largest gradient norm.
    pub clip_norm: f64,
    /// How clips are changed before they are shown.
    pub augment: AugmentOptions,
    /// Share of clips that are shown on at most fifteen joints, 0..1.
    pub sparse: f32,
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

impl Default for TrainConfig {
    fn default() -> Self {
        let model = InternVlConfig::parse(include_str!("nano.json"), "nano.json").expect("our own file is valid");
        let stage =
            |stage, epochs, learning_rate| StageConfig { stage, epochs, learning_rate, lora_rank: 0, lora_alpha: 0.0 };
        TrainConfig {
            model,
            everything: true,
            vocabulary: 768,
            drawing: DrawingConfig::default(),
            stages: vec![stage(Stage::WarmUp, 32, 1e-3), stage(Stage::Refine, 6, 2e-4)],
            batch: 16,
            questions: 2,
            drawing_rate: 3.0,
            warmup: 0.03,
            weight_decay: 0.05,
            beta2: 0.99,
            clip_norm: 1.0,
            augment: AugmentOptions { yaw_deg: 25.0, ..AugmentOptions::default() },
            sparse: 0.4,
            families: FamilyWeights::default(),
            balance: 0.5,
            seed: 1,
            validation_clips: 200,
            checkpoint_every: 200,
        }
    }
}

impl TrainConfig {
    /// The optimiser's part of it.
    pub fn adamw(&self) -> AdamWConfig {
        AdamWConfig {
            beta1: 0.9,
            beta2: self.beta2,
            epsilon: 1e-8,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
        }
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the field.
    pub fn validate(&self) -> Result<(), String> {
        self.model.validate().map_err(|e| format!("model: {e}"))?;
        let positive = |name: &str, value: usize| match value {
            0 => Err(format!("{name} must be at least 1")),
            _ => Ok(()),
        };
        positive("batch", self.batch)?;
        positive("questions", self.questions)?;
        positive("stages", self.stages.len())?;
        positive("checkpoint_every", self.checkpoint_every as usize)?;
        positive("drawing.points_per_bone", self.drawing.points_per_bone)?;
        if self.vocabulary < 300 {
            return Err(format!("vocabulary is {}, but 256 bytes and the special tokens need 300", self.vocabulary));
        }
        let finite = |name: &str, value: f64| match value.is_finite() && value >= 0.0 {
            true => Ok(()),
            false => Err(format!("{name} must be a number of 0 or more")),
        };
        for stage in &self.stages {
            finite("stages.learning_rate", stage.learning_rate)?;
        }
        finite("drawing_rate", self.drawing_rate)?;
        finite("drawing.scale", self.drawing.scale)?;
        finite("weight_decay", self.weight_decay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_files_may_leave_fields_out() {
        TrainConfig::default().validate().unwrap();
        let short: TrainConfig = serde_json::from_str(r#"{"batch": 4}"#).unwrap();
        assert_eq!(short, TrainConfig { batch: 4, ..TrainConfig::default() });
        let unknown = serde_json::from_str::<TrainConfig>(r#"{"bacth": 4}"#).unwrap_err().to_string();
        assert!(unknown.contains("bacth"), "{unknown}");
        let zero = TrainConfig { batch: 0, ..TrainConfig::default() }.validate().unwrap_err();
        assert!(zero.contains("batch"), "{zero}");
    }
}
