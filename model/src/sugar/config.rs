//! What a SUGAR directory says of itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use skeletonllm_data::streams::Input;
use skeletonllm_network::{
    checkpoint::Bits, graph::GraphConfig, read_at::read_file, sentence::SentenceEncoder, sugar::TqpConfig,
};

use crate::folder::Base;

/// What `config.json` of such a directory says `system` is.
pub const SYSTEM: &str = "sugar";

/// A frozen sentence encoder, known by its weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextEncoder {
    /// Its folder, where the model was trained.
    pub folder: PathBuf,
    /// SHA-256 of its `model.safetensors`.
    pub sha256: String,
    /// Numbers of a vector.
    pub width: usize,
}

/// What a SUGAR directory says that has a language model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NarratorConfig {
    /// The labels that it was taught to say.
    pub labels: Vec<String>,
    /// The language model.
    pub base: Base,
    /// The bits that its matrices are brought to; without, they stay as they are stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_bits: Option<Bits>,
    /// Sizes of the projection.
    pub tqp: TqpConfig,
}

impl NarratorConfig {
    /// Checks what the types do not, for a graph network that gives so many tokens of a width.
    ///
    /// # Errors
    /// Naming the field.
    fn validate(&self, tokens: usize, width: usize) -> Result<()> {
        self.tqp.validate(tokens).map_err(|problem| anyhow::anyhow!("`narrator.tqp`: {problem}"))?;
        let found = self.tqp.skeleton;
        ensure!(found == width, "`narrator.tqp.skeleton` is {found}, but the graph network's features are {width}");
        Ok(())
    }
}

/// What a model directory's `config.json` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SugarModelConfig {
    /// [`SYSTEM`].
    pub system: String,
    /// The labels that it was taught.
    pub labels: Vec<String>,
    /// How motions become input.
    pub input: Input,
    /// Sizes and skeleton of the network; its classes are the numbers of a vector.
    pub network: GraphConfig,
    /// Whose vectors motions are drawn to.
    pub text: TextEncoder,
    /// The language model that a motion's tokens are read by, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrator: Option<NarratorConfig>,
}

impl TextEncoder {
    /// Opens a sentence encoder's folder, and takes down what it is.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it.
    pub fn of(folder: &Path, device: &Device) -> Result<(Self, SentenceEncoder)> {
        let sentences = SentenceEncoder::load(folder, device).with_context(help)?;
        let folder = std::path::absolute(folder).with_context(|| folder.display().to_string())?;
        let sha256 = checksum(&folder)?;
        Ok((Self { folder, sha256, width: sentences.width() }, sentences))
    }

    /// Reads the encoder from `folder`, and makes sure that it is this one.
    ///
    /// # Errors
    /// When it is missing or wrong, saying where one is to be had; when it is another one.
    pub fn open(&self, folder: &Path, device: &Device) -> Result<SentenceEncoder> {
        let sentences = SentenceEncoder::load(folder, device).with_context(help)?;
        let name = folder.display();
        ensure!(checksum(folder)? == self.sha256, "{name}: not the sentence encoder that the model was trained with");
        ensure!(sentences.width() == self.width, "{name}: its vectors have {} numbers", sentences.width());
        Ok(sentences)
    }
}

fn help() -> &'static str {
    "the sentence encoder cannot be read; --text DIR says where it lies, `cargo xtask fetch minilm` brings one"
}

fn checksum(folder: &Path) -> Result<String> {
    Ok(draction::store::sha256_of_file(&folder.join("model.safetensors"))?)
}

impl SugarModelConfig {
    /// Reads `<folder>/config.json`.
    ///
    /// # Errors
    /// When it cannot be read, or says nothing that a model could be built from.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("config.json");
        let text = read_file(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let config: Self = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        config.validate().with_context(|| path.display().to_string())?;
        Ok(config)
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// Naming the field.
    pub fn validate(&self) -> Result<()> {
        ensure!(self.system == SYSTEM, "`system` is '{}', not '{SYSTEM}'", self.system);
        self.network.validate()?;
        self.input.validate().map_err(anyhow::Error::msg)?;
        let (width, classes) = (self.text.width, self.network.classes);
        ensure!(width == classes, "`text.width` is {width}, but `network.classes` is {classes}");
        let (seen, bodies) = (self.input.bodies, self.network.bodies);
        ensure!(seen == bodies, "`input.bodies` is {seen}, but `network.bodies` is {bodies}");
        self.narrator.as_ref().map_or(Ok(()), |own| own.validate(self.tokens(), self.network.features()))
    }

    /// Tokens that the network makes of a motion: one for every four frames of its window.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.input.window.div_ceil(2).div_ceil(2)
    }
}
