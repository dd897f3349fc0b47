//! What a run of SUGAR's second half is told. Written as JSON; every field has a default, but `base` has to be named.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use skeletonllm_data::{ProtocolOptions, SelectionOptions};
use skeletonllm_network::{checkpoint::Bits, layers::LoraConfig, sugar::TqpConfig};

use crate::{
    AdamWConfig, Recipe, RecipeStage, Rule, Schedule,
    recipe::{above_zero, adapt, at_least, below_one, known_targets, not_negative},
};

/// The only thing that `system` may say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum System {
    #[default]
    SugarNarrator,
}

/// One stage: motions are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NarratorStage {
    /// Passes over the training clips.
    pub epochs: u64,
    /// Peak learning rate.
    pub learning_rate: f64,
}

/// A whole run. The defaults are for a language model of some hundred million numbers on two cores; the paper's projection
/// is [`TqpConfig::default`], its rate 2e-5 with 128 clips a step (spec D.3, D.4), as `assets/recipes/sugar-narrator-paper`
/// has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NarratorRecipe {
    system: System,
    /// The stages, in order.
    pub stages: Vec<NarratorStage>,
    /// The language model, a folder or a GGUF file, which stays as it is beneath adapters.
    pub base: Option<PathBuf>,
    /// The bits, 8 or 4, that its matrices are brought to while it is read; without, they stay as they are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_bits: Option<Bits>,
    /// Sizes of the projection; its two outer widths are those of the graph network and of the language model.
    pub tqp: TqpConfig,
    /// Rank of the adapters.
    pub lora_rank: usize,
    /// Their scale.
    pub lora_alpha: f64,
    /// Share of their inputs that they drop, 0..1.
    pub lora_dropout: f64,
    /// Which of the decoder's projections get them.
    pub lora_targets: Vec<String>,
    /// Most labels of a clip's set that its question offers, in an order drawn anew each time.
    pub offered: usize,
    /// Texts that somebody wrote; see `skeletonllm_data::Knowledge`. For all others the kinematic teacher writes them.
    pub texts: Option<PathBuf>,
    /// Largest angle in radians that clips are turned by about each axis.
    pub rotation: f32,
    /// Clips a step.
    pub batch: usize,
    /// Parts of a step. A run of several processes has at least one for each.
    pub parts: usize,
    /// Decay of the weights.
    pub weight_decay: f64,
    /// Largest gradient norm.
    pub clip_norm: f64,
    /// Share of a stage's steps spent warming up.
    pub warmup: f64,
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

impl Default for NarratorRecipe {
    fn default() -> Self {
        NarratorRecipe {
            system: System::SugarNarrator,
            stages: vec![NarratorStage { epochs: 4, learning_rate: 5e-4 }],
            base: None,
            base_bits: None,
            tqp: TqpConfig {
                width: 256,
                layers: 4,
                heads: 8,
                inner: 1024,
                queries: 32,
                segments: 4,
                ..TqpConfig::default()
            },
            // rank, scale and targets are the paper's
            lora_rank: 64,
            lora_alpha: 16.0,
            lora_dropout: 0.0,
            lora_targets: ["q_proj", "k_proj", "v_proj", "o_proj"].map(String::from).to_vec(),
            offered: 16,
            texts: None,
            rotation: 0.3,
            batch: 8,
            parts: 1,
            weight_decay: 0.01,
            clip_norm: 1.0,
            warmup: 0.05,
            average: 0.0,
            balance: 0.5,
            ntu: ProtocolOptions::default(),
            selection: SelectionOptions::default(),
            seed: 1,
            validation_clips: 32,
            checkpoint_every: 50,
        }
    }
}

impl NarratorRecipe {
    /// Adapters of another rank or scale; a scale that is not given is twice the rank.
    pub fn adapt(&mut self, rank: Option<usize>, alpha: Option<f64>) {
        adapt(rank, alpha, (&mut self.lora_rank, &mut self.lora_alpha));
    }

    /// The adapters.
    pub(super) fn adapters(&self) -> LoraConfig {
        let (rank, alpha) = (self.lora_rank, self.lora_alpha);
        LoraConfig { rank, alpha, dropout: self.lora_dropout, targets: self.lora_targets.clone() }
    }
}

impl Recipe for NarratorRecipe {
    type Stage = NarratorStage;

    fn validate(&self) -> Result<(), String> {
        if self.base.is_none() {
            return Err("base: name a language model with --base; `cargo xtask fetch smollm2-135m` brings one".into());
        }
        let counts = [("batch", self.batch), ("parts", self.parts), ("lora_rank", self.lora_rank)];
        at_least(1, &counts.map(|(name, count)| (name, count as u64)))?;
        // a list of one label asks nothing
        at_least(2, &[("offered", self.offered as u64)])?;
        // whether segments divide a motion's tokens is known once there is an encoder
        self.tqp.validate(self.tqp.segments).map_err(|problem| format!("tqp: {problem}"))?;
        self.validate_stages()?;
        not_negative(&[
            ("lora_alpha", self.lora_alpha),
            ("rotation", f64::from(self.rotation)),
            ("weight_decay", self.weight_decay),
            ("balance", f64::from(self.balance)),
        ])?;
        above_zero(self.clip_norm)?;
        known_targets(&self.lora_targets)?;
        below_one(&[("average", self.average), ("lora_dropout", self.lora_dropout), ("warmup", self.warmup)])
    }

    fn data(&mut self) -> (&mut ProtocolOptions, &mut SelectionOptions) {
        (&mut self.ntu, &mut self.selection)
    }

    fn stages(&self) -> &[NarratorStage] {
        &self.stages
    }

    fn stages_mut(&mut self) -> &mut [NarratorStage] {
        &mut self.stages
    }

    fn whole_parts(&mut self) -> Option<&mut usize> {
        Some(&mut self.parts)
    }

    fn optimizer(&self) -> AdamWConfig {
        AdamWConfig {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            rule: Rule::Adaptive,
        }
    }

    fn schedule(&self, stage: &NarratorStage, per_epoch: u64) -> Schedule {
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

impl RecipeStage for NarratorStage {
    fn name(&self) -> String {
        "narrate".into()
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
    fn defaults_lack_only_the_language_model_and_nonsense_is_named() {
        let whole = || NarratorRecipe { base: Some("smollm2".into()), ..NarratorRecipe::default() };
        whole().validate().unwrap();
        let papers = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/recipes/sugar-narrator-paper.json");
        let papers = NarratorRecipe::read(std::path::Path::new(papers)).unwrap();
        let published = TqpConfig { language: papers.tqp.language, ..TqpConfig::default() };
        assert_eq!((&papers.tqp, papers.lora_rank, papers.lora_alpha), (&published, 64, 16.0));
        NarratorRecipe { base: Some("smollm2".into()), ..papers }.validate().unwrap();
        let wrong = |change: fn(&mut NarratorRecipe)| {
            let mut recipe = whole();
            change(&mut recipe);
            recipe.validate().unwrap_err()
        };
        assert!(wrong(|recipe| recipe.base = None).contains("--base"));
        assert!(wrong(|recipe| recipe.offered = 1).contains("offered"));
        assert!(wrong(|recipe| recipe.tqp.heads = 7).contains("tqp: 7 heads"));
        assert!(wrong(|recipe| recipe.tqp.segments = 0).contains("segments"));
        assert!(wrong(|recipe| recipe.lora_targets.push("lm_head".into())).contains("lm_head"));
        assert!(wrong(|recipe| recipe.stages.clear()).contains("stages"));
        assert!(wrong(|recipe| recipe.warmup = 1.0).contains("warmup"));
    }
}
