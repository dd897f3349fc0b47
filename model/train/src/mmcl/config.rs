//! What a run of graph networks is told. Written as JSON; every field has a default.

use serde::{Deserialize, Serialize};
use skeletonllm_data::{
    AugmentOptions, ProtocolOptions, SelectionOptions,
    streams::{Input, Stream},
};
use skeletonllm_network::graph::{PUBLISHED_WIDTH, check_width};

use super::{Pictures, Texts};
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
    Mmcl,
}

/// One stage: a stream learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MmclStage {
    /// What its network looks at.
    pub stream: Stream,
    /// Passes over the training clips.
    pub epochs: u64,
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// A whole run. The defaults are a short recipe for sets of some thousand clips; `assets/recipes/mmcl-paper.json` is the
/// paper's (spec B.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MmclConfig {
    system: System,
    /// The streams, in the order in which they are taught.
    pub stages: Vec<MmclStage>,
    /// How motions become input.
    pub input: Input,
    /// Channels of the networks' first blocks, a multiple of 8; 64 are the paper's.
    pub width: usize,
    /// Largest angle in radians that clips are turned by about each axis.
    pub rotation: f32,
    /// How else clips are changed before they are shown, if they are; the paper changes nothing else. Mirrored clips have
    /// the label of the other side, where there is one. Clips that pictures or texts help with are not mirrored.
    pub augment: Option<AugmentOptions>,
    /// Clips a step.
    pub batch: usize,
    /// Parts of a step; norms go by the clips of each. A run of several processes has at least one for each.
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
    /// Epochs from which on the rate is a tenth of what it was; without any it falls along half a cosine.
    pub falls: Vec<u64>,
    /// Weight of the past in the running mean of the weights that a run ends with; 0 takes the weights as they are.
    pub average: f64,
    /// Share of the training clips that streams are weighed by instead of learning from them, where there are several
    /// streams; 0 lets all streams count alike.
    pub held_out: f64,
    /// How much rare labels are drawn more often: 0 not at all, 1 all labels alike.
    pub balance: f32,
    /// Pictures that help while networks learn; they are gone afterwards.
    pub pictures: Option<Pictures>,
    /// Texts that help while networks learn; they are gone afterwards.
    pub texts: Option<Texts>,
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

impl Default for MmclConfig {
    fn default() -> Self {
        let stage = |stream| MmclStage { stream, epochs: 30, learning_rate: 0.05 };
        Self {
            system: System::Mmcl,
            stages: vec![stage(Stream::Joint), stage(Stream::Bone)],
            input: Input::default(),
            width: PUBLISHED_WIDTH,
            rotation: 0.3,
            augment: Some(AugmentOptions::of_joints()),
            batch: 32,
            parts: 1,
            adamw: false,
            momentum: 0.9,
            weight_decay: 4e-4,
            clip_norm: 10.0,
            warmup_epochs: 2,
            falls: Vec::new(),
            average: 0.99,
            held_out: 0.05,
            balance: 0.0,
            pictures: None,
            texts: None,
            ntu: ProtocolOptions::default(),
            selection: SelectionOptions::default(),
            seed: 1,
            validation_clips: 200,
            checkpoint_every: 100,
        }
    }
}

impl MmclConfig {
    /// How clips are shown.
    pub(super) fn showing(&self) -> Showing<'_> {
        Showing { input: &self.input, rotation: self.rotation, augment: self.augment.as_ref() }
    }

    /// Teaches these streams, each as long and as fast as the first stage says.
    pub fn only(&mut self, streams: &[Stream]) {
        let Some(first) = self.stages.first().cloned() else { return };
        self.stages = streams.iter().map(|&stream| MmclStage { stream, ..first.clone() }).collect();
    }
}

impl Recipe for MmclConfig {
    type Stage = MmclStage;

    fn validate(&self) -> Result<(), String> {
        self.input.validate()?;
        self.texts.as_ref().map_or(Ok(()), Texts::validate)?;
        self.augment.as_ref().map_or(Ok(()), AugmentOptions::validate)?;
        at_least(1, &[("batch", self.batch as u64), ("parts", self.parts as u64)])?;
        check_width(self.width).map_err(|error| error.to_string())?;
        self.validate_stages()?;
        for (index, stage) in self.stages.iter().enumerate() {
            if self.stages[..index].iter().any(|before| before.stream == stage.stream) {
                return Err(format!("stages: stream {} stands twice", stage.stream.name()));
            }
        }
        not_negative(&[
            ("rotation", f64::from(self.rotation)),
            ("weight_decay", self.weight_decay),
            ("balance", f64::from(self.balance)),
        ])?;
        above_zero(self.clip_norm)?;
        below_one(&[("average", self.average), ("momentum", self.momentum), ("held_out", self.held_out)])
    }

    fn data(&mut self) -> (&mut ProtocolOptions, &mut SelectionOptions) {
        (&mut self.ntu, &mut self.selection)
    }

    fn stages(&self) -> &[MmclStage] {
        &self.stages
    }

    fn stages_mut(&mut self) -> &mut [MmclStage] {
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

    fn schedule(&self, stage: &MmclStage, per_epoch: u64) -> Schedule {
        match self.falls.is_empty() {
            true => Schedule::Cosine {
                total: stage.epochs * per_epoch,
                warmup: self.warmup_epochs as f64 / stage.epochs.max(1) as f64,
            },
            false => Schedule::Falls { per_epoch, warmup: self.warmup_epochs, falls: self.falls.clone() },
        }
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

impl RecipeStage for MmclStage {
    fn name(&self) -> String {
        self.stream.name().to_string()
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
    fn defaults_and_the_papers_recipe_are_valid_and_nonsense_is_named() {
        MmclConfig::default().validate().unwrap();
        let paper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/recipes/mmcl-paper.json");
        let paper = MmclConfig::read(&paper).unwrap();
        paper.validate().unwrap();
        let narrow = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/recipes/compare/mmcl.json");
        MmclConfig::read(&narrow).unwrap().validate().unwrap();
        assert_eq!(paper.stages.len(), 4);
        assert_eq!(paper.schedule(&paper.stages[0], 10).factor(950), 0.1);
        let wrong = |change: fn(&mut MmclConfig)| {
            let mut config = MmclConfig::default();
            change(&mut config);
            config.validate().unwrap_err()
        };
        assert!(wrong(|config| config.batch = 0).contains("batch"));
        assert!(wrong(|config| config.stages[1].stream = Stream::Joint).contains("joint"));
        assert!(wrong(|config| config.rotation = f32::NAN).contains("rotation"));
        assert!(wrong(|config| config.input.window = 0).contains("window"));
        assert!(wrong(|config| config.width = 20).contains("width"));
        let unknown = serde_json::from_str::<MmclConfig>(r#"{"bacth": 4}"#).unwrap_err().to_string();
        assert!(unknown.contains("bacth"), "{unknown}");
    }
}
