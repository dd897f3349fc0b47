//! What a run of SUGAR is told. Written as JSON; every field has a default, but `text` has to be named.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use skeletonllm_data::{AugmentOptions, ProtocolOptions, SelectionOptions, streams::Input};
use skeletonllm_network::{
    graph::{PUBLISHED_WIDTH, check_width},
    sugar::Reading,
};

use crate::{
    AdamWConfig, Recipe, RecipeStage, Rule, Schedule,
    posed::Showing,
    recipe::{above_zero, at_least, below_one, not_negative},
};

/// The only thing that `system` may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum System {
    #[default]
    Sugar,
}

/// One stage: clips are drawn to their texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SugarStage {
    /// Passes over the training clips.
    pub epochs: u64,
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// A whole run. The defaults are a short recipe for sets of some thousand clips; the paper's is descent at 0.01 without
/// decay for 200 epochs of batches of 200 (spec D.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SugarConfig {
    system: System,
    /// The stages, in order.
    pub stages: Vec<SugarStage>,
    /// The folder of the sentence encoder.
    pub text: Option<PathBuf>,
    /// Texts that somebody wrote; see `skeletonllm_data::Knowledge`. For all others the kinematic teacher writes them.
    pub texts: Option<PathBuf>,
    /// Visual texts that a clip is shown with at a time.
    pub visual: usize,
    /// Which bags fit a clip.
    pub reading: Reading,
    /// How motions become input.
    pub input: Input,
    /// Channels of the graph network's first blocks, a multiple of 8; 64 are the published one's.
    pub width: usize,
    /// Largest angle in radians that clips are turned by about each axis.
    pub rotation: f32,
    /// How else clips are changed before they are shown, if they are; the paper changes nothing. None is mirrored: texts
    /// name sides.
    pub augment: Option<AugmentOptions>,
    /// Clips a step.
    pub batch: usize,
    /// Parts of a step; the clips of each are weighed against each other, and norms go by them. A run of several
    /// processes has at least one for each.
    pub parts: usize,
    /// Whether steps follow AdamW; otherwise gradient descent with Nesterov's momentum.
    pub adamw: bool,
    /// Momentum of the gradient.
    pub momentum: f64,
    /// Decay of the weights.
    pub weight_decay: f64,
    /// Largest gradient norm.
    pub clip_norm: f64,
    /// Epochs spent warming up.
    pub warmup_epochs: u64,
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

impl Default for SugarConfig {
    fn default() -> Self {
        Self {
            system: System::Sugar,
            stages: vec![SugarStage { epochs: 30, learning_rate: 0.002 }],
            text: None,
            texts: None,
            visual: 2,
            reading: Reading::Class,
            input: Input::default(),
            width: PUBLISHED_WIDTH,
            rotation: 0.3,
            augment: Some(AugmentOptions { mirror: 0.0, ..AugmentOptions::of_joints() }),
            batch: 64,
            parts: 1,
            adamw: true,
            momentum: 0.9,
            weight_decay: 0.01,
            clip_norm: 10.0,
            warmup_epochs: 1,
            average: 0.98,
            balance: 0.5,
            ntu: ProtocolOptions::default(),
            selection: SelectionOptions::default(),
            seed: 1,
            validation_clips: 200,
            checkpoint_every: 100,
        }
    }
}

impl SugarConfig {
    /// How clips are shown.
    pub(super) fn showing(&self) -> Showing<'_> {
        Showing { input: &self.input, rotation: self.rotation, augment: self.augment.as_ref() }
    }
}

impl Recipe for SugarConfig {
    type Stage = SugarStage;

    fn validate(&self) -> Result<(), String> {
        self.input.validate()?;
        if self.text.is_none() {
            return Err("text: name the folder of a sentence encoder, in the settings or with --text; \
                        `cargo xtask fetch minilm` brings one"
                .into());
        }
        if self.augment.as_ref().is_some_and(|augment| augment.mirror != 0.0) {
            return Err("augment.mirror must be 0: texts name sides".into());
        }
        // one clip alone is weighed against nothing
        at_least(2, &[("batch", self.batch as u64)])?;
        self.augment.as_ref().map_or(Ok(()), AugmentOptions::validate)?;
        at_least(1, &[("parts", self.parts as u64)])?;
        check_width(self.width).map_err(|error| error.to_string())?;
        self.validate_stages()?;
        not_negative(&[
            ("rotation", f64::from(self.rotation)),
            ("weight_decay", self.weight_decay),
            ("balance", f64::from(self.balance)),
        ])?;
        above_zero(self.clip_norm)?;
        below_one(&[("average", self.average), ("momentum", self.momentum)])
    }

    fn data(&mut self) -> (&mut ProtocolOptions, &mut SelectionOptions) {
        (&mut self.ntu, &mut self.selection)
    }

    fn stages(&self) -> &[SugarStage] {
        &self.stages
    }

    fn stages_mut(&mut self) -> &mut [SugarStage] {
        &mut self.stages
    }

    fn whole_parts(&mut self) -> Option<&mut usize> {
        Some(&mut self.parts)
    }

    fn optimizer(&self) -> AdamWConfig {
        AdamWConfig {
            beta1: self.momentum,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            rule: if self.adamw { Rule::Adaptive } else { Rule::Nesterov },
        }
    }

    fn schedule(&self, stage: &SugarStage, per_epoch: u64) -> Schedule {
        let warmup = self.warmup_epochs as f64 / stage.epochs.max(1) as f64;
        Schedule::Cosine { total: stage.epochs * per_epoch, warmup }
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

impl RecipeStage for SugarStage {
    fn name(&self) -> String {
        "contrast".into()
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
    use super::*;

    #[test]
    fn defaults_lack_only_the_sentence_encoder_and_nonsense_is_named() {
        let with_text = || SugarConfig { text: Some("minilm".into()), ..SugarConfig::default() };
        with_text().validate().unwrap();
        let narrow = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/recipes/compare/sugar.json");
        let narrow = SugarConfig::read(std::path::Path::new(narrow)).unwrap();
        SugarConfig { text: Some("minilm".into()), ..narrow }.validate().unwrap();
        let wrong = |change: fn(&mut SugarConfig)| {
            let mut config = with_text();
            change(&mut config);
            config.validate().unwrap_err()
        };
        assert!(wrong(|config| config.text = None).contains("--text"));
        assert!(wrong(|config| config.batch = 1).contains("batch"));
        assert!(wrong(|config| config.stages.clear()).contains("stages"));
        assert!(wrong(|config| config.stages[0].learning_rate = f64::NAN).contains("learning_rate"));
        assert!(wrong(|config| config.momentum = 1.0).contains("momentum"));
        assert!(
            wrong(|config| config.width = 20).contains("width") && wrong(|config| config.width = 0).contains("width")
        );
        assert!(wrong(|config| config.input.window = 0).contains("window"));
        let unknown = serde_json::from_str::<SugarConfig>(r#"{"bacth": 4}"#).unwrap_err().to_string();
        assert!(unknown.contains("bacth"), "{unknown}");
        let reading: SugarConfig = serde_json::from_str(r#"{"reading": "both_ways"}"#).unwrap();
        assert_eq!(reading.reading, Reading::BothWays);
    }
}
