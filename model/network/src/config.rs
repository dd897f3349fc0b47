//! `config.json` in the layout of the public InternVL `-hf` checkpoints; that of InternVL's authors is translated.
//!
//! Only what the model needs is read; unknown fields are ignored. Everything that could make a forward pass fail
//! later (sizes that do not divide, layer kinds that are not implemented) is refused here, by field and value.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::read_at::read_file;

mod authors;
mod defaults;
mod gguf;
mod json;
mod skeleton;
mod text;
mod vision;

pub use json::from_json;
pub use skeleton::{Normalise, SkeletonConfig};
pub use text::TextConfig;
pub use vision::VisionConfig;

/// Why a `config.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// The file could not be written; the text names it.
    #[error(transparent)]
    Write(std::io::Error),
    /// The text is not JSON, or a field is missing or has the wrong type.
    #[error("{path}: {cause}")]
    Json {
        /// The file, or a name for the text it came from.
        path: String,
        /// Line, column and field, as serde reports them.
        cause: serde_json::Error,
    },
    /// A value that contradicts another, or that this implementation does not support.
    #[error("config field `{field}` = {value}: {problem}")]
    Field {
        /// Path of the field in the JSON, for example `vision_config.hidden_size`.
        field: String,
        /// The value found.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A field of a file.
    #[error("{path}: {problem}")]
    In {
        /// The file, or a name for the text it came from.
        path: String,
        /// The field, its value and what is wrong with it.
        problem: Box<ConfigError>,
    },
}

impl ConfigError {
    /// The same, naming the file.
    pub(crate) fn of(self, path: &str) -> Self {
        Self::In { path: path.to_string(), problem: Box::new(self) }
    }
}

/// What errors call fields that layouts name differently.
struct Names {
    /// What stands before the language model's fields.
    text: &'static str,
    /// Height and width of a frame.
    render_size: &'static str,
}

const OURS: Names = Names { text: "text_config.", render_size: "skeleton.render_size" };

/// The longest side of a frame in pixels, unless the tower was trained on a quarter of it.
const LONGEST_SIDE: usize = 2048;

/// A clip may have this many times the visual tokens that positions were trained for, as the `dynamic` rotation of
/// InternVL's authors stretches them, and as many as take no memory to speak of.
const STRETCH: usize = 2;
/// See [`STRETCH`].
const FEW_TOKENS: usize = 1 << 14;

/// The largest size of anything; beyond every model, and small enough to multiply three of them.
const LARGEST: usize = 1 << 20;

/// Builds the error for a field that cannot be used.
fn refuse(field: &str, value: impl ToString, problem: impl Into<String>) -> ConfigError {
    ConfigError::Field { field: field.to_string(), value: value.to_string(), problem: problem.into() }
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    read_file(path).map_err(|cause| ConfigError::Io { path: path.display().to_string(), cause })
}

/// As indented JSON.
fn save(config: &impl Serialize, path: &Path) -> Result<(), ConfigError> {
    let mut text = serde_json::to_string_pretty(config)
        .map_err(|cause| ConfigError::Json { path: path.display().to_string(), cause })?;
    text.push('\n');
    draction::store::write_atomically(path, text.as_bytes()).map_err(ConfigError::Write)
}

/// The sizes and constants of a whole model: vision tower, projector and language model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InternVlConfig {
    /// `["InternVLForConditionalGeneration"]` in public checkpoints; kept so that a saved config stays readable there.
    #[serde(default = "default_architectures")]
    pub architectures: Vec<String>,
    /// `internvl`.
    #[serde(default = "default_model_type")]
    pub model_type: String,
    /// The image encoder.
    pub vision_config: VisionConfig,
    /// The language model.
    pub text_config: TextConfig,
    /// Pixel-shuffle ratio; 0.5 merges 2×2 patch tokens into one (spec A.8).
    #[serde(default = "defaults::half")]
    pub downsample_ratio: f64,
    /// Token whose places the visual tokens take (`<IMG_CONTEXT>`); the table of words has a row for it, unless no
    /// [marks](SkeletonConfig::image_marks) stand around pictures. Where the file does not say it, the tokenizer knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_token_id: Option<u32>,
    /// Visual tokens per frame, as the public files state it. Derived from the sizes where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_seq_length: Option<usize>,
    /// Activation of the projector; only `gelu` (the exact one).
    #[serde(default = "defaults::gelu")]
    pub projector_hidden_act: String,
    /// Which encoder layer feeds the projector; only −1, the last.
    #[serde(default = "defaults::last_layer")]
    pub vision_feature_layer: i64,
    /// `default` drops the class token, the only strategy supported.
    #[serde(default = "default_strategy")]
    pub vision_feature_select_strategy: String,
    /// Whether the output head shares the embedding table. Either this or `text_config.tie_word_embeddings` may say
    /// so; what the weight files hold counts more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tie_word_embeddings: Option<bool>,
    /// This project's own block: how frames are rendered and prompted. Absent in public checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skeleton: Option<SkeletonConfig>,
}

fn default_architectures() -> Vec<String> {
    vec!["InternVLForConditionalGeneration".to_string()]
}

fn default_model_type() -> String {
    "internvl".to_string()
}

fn default_strategy() -> String {
    "default".to_string()
}

impl InternVlConfig {
    /// Reads and checks a `config.json`.
    ///
    /// # Errors
    /// When the file cannot be read or parsed, or a field cannot be used.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        Self::parse(read(path)?, &path.display().to_string())
    }

    /// Parses and checks the text of a `config.json`, as a string or as bytes; `origin` names it in errors.
    ///
    /// # Errors
    /// When the text cannot be parsed or a field cannot be used.
    pub fn parse(text: impl AsRef<[u8]>, origin: &str) -> Result<Self, ConfigError> {
        let (text, json) = (text.as_ref(), |cause| ConfigError::Json { path: origin.to_string(), cause });
        let config = if authors::is_theirs(text) {
            let theirs: authors::ChatConfig = from_json(text).map_err(json)?;
            theirs.translated().and_then(|config| config.checked(&authors::THEIRS))
        } else {
            let older: Older = from_json(text).map_err(json)?;
            let config: Self = from_json(text).map_err(json)?;
            older.merged(config).and_then(|config| config.checked(&OURS))
        };
        config.map_err(|error| error.of(origin))
    }

    /// Writes the config as indented JSON that [`load`](Self::load) and the public tools read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ConfigError> {
        save(self, path.as_ref())
    }

    /// Checks that the sizes agree with each other and that every choice is one this implementation has.
    ///
    /// # Errors
    /// The first field that cannot be used.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_as(&OURS)
    }

    fn checked(self, names: &Names) -> Result<Self, ConfigError> {
        self.validate_as(names).map(|()| self)
    }

    fn validate_as(&self, names: &Names) -> Result<(), ConfigError> {
        self.vision_config.validate()?;
        self.text_config.validate(names.text)?;
        if ![0.25, 0.5, 1.0].contains(&self.downsample_ratio) {
            return Err(refuse("downsample_ratio", self.downsample_ratio, "only 0.25, 0.5 and 1 are supported"));
        }
        if let Some(skeleton) = &self.skeleton {
            skeleton.validate()?;
        }
        self.validate_frames(names)?;
        // public files state it for the tower's own pictures, wherever frames are others
        let expected = self.tokens_per_frame();
        if let Some(length) = self.image_seq_length
            && ![expected, self.tokens(self.vision_config.image_size)].contains(&length)
        {
            return Err(refuse("image_seq_length", length, format!("the sizes give {expected} tokens a frame")));
        }
        if self.projector_hidden_act != "gelu" {
            return Err(refuse("projector_hidden_act", &self.projector_hidden_act, "only `gelu` is supported"));
        }
        if self.vision_feature_layer != -1 {
            return Err(refuse("vision_feature_layer", self.vision_feature_layer, "only -1 is supported"));
        }
        if self.vision_feature_select_strategy != "default" {
            let value = &self.vision_feature_select_strategy;
            return Err(refuse("vision_feature_select_strategy", value, "only `default` is supported"));
        }
        if let Some(token) = self.image_token_id
            && self.skeleton().image_marks
            && token as usize >= self.text_config.vocab_size
        {
            let problem = format!("not below text_config.vocab_size = {}", self.text_config.vocab_size);
            return Err(refuse("image_token_id", token, problem));
        }
        Ok(())
    }

    /// Whether frames can be cut into patches and blocks of patches, and the decoder can take a clip of them.
    fn validate_frames(&self, names: &Names) -> Result<(), ConfigError> {
        let (size, tower) = (self.render_size(), &self.vision_config);
        let own = self.skeleton.as_ref().is_some_and(|skeleton| skeleton.render_size.is_some());
        let field = if own { names.render_size } else { "vision_config.image_size" };
        let refuse = |problem| Err(refuse(field, format!("{size:?}"), problem));
        for axis in 0..2 {
            let most = (4 * tower.image_size[axis]).max(LONGEST_SIDE);
            if size[axis] == 0 || size[axis] > most {
                return refuse(format!("sides must be in 1..={most}"));
            }
            let (step, patch) = (self.merge(), tower.patch_size[axis]);
            if !size[axis].is_multiple_of(step * patch) {
                let block = format!("blocks of {step}×{step} patches of {:?} pixels", tower.patch_size);
                return refuse(format!("cannot be cut into {block}"));
            }
        }
        let (frames, each) = (self.skeleton().frames, self.tokens_per_frame());
        let positions = self.text_config.max_position_embeddings;
        if frames.saturating_mul(each) > positions.saturating_mul(STRETCH).max(FEW_TOKENS) {
            let limit = format!("{STRETCH} × {}max_position_embeddings = {STRETCH} × {positions}", names.text);
            return refuse(format!("{frames} frames of {each} visual tokens are more than {limit}"));
        }
        Ok(())
    }

    /// Side of the block of patches that becomes one visual token: 2 for a ratio of 0.5.
    #[must_use]
    pub fn merge(&self) -> usize {
        (1.0 / self.downsample_ratio).round() as usize
    }

    /// Visual tokens that one rendered frame gives.
    #[must_use]
    pub fn tokens_per_frame(&self) -> usize {
        self.tokens(self.render_size())
    }

    /// Visual tokens that a picture of some height and width gives.
    fn tokens(&self, size: [usize; 2]) -> usize {
        let [height, width] = self.vision_config.patch_size.map(|side| side * self.merge());
        (size[0] / height).saturating_mul(size[1] / width)
    }

    /// Width of a pixel-shuffled token, the projector's input.
    #[must_use]
    pub fn shuffled_size(&self) -> usize {
        self.vision_config.hidden_size * self.merge() * self.merge()
    }

    /// Whether the output head is the embedding table itself; `None` where the file leaves it open.
    #[must_use]
    pub fn tied(&self) -> Option<bool> {
        match (self.tie_word_embeddings, self.text_config.tied()) {
            (Some(a), Some(b)) => Some(a || b),
            (a, b) => a.or(b),
        }
    }

    /// Says in both places whether the output head is the embedding table.
    pub fn set_tied(&mut self, tied: bool) {
        if self.tied() != Some(tied) {
            self.tie_word_embeddings = Some(tied);
            self.text_config.tie_word_embeddings = Some(tied);
        }
    }

    /// The rendering and prompting block, or the reference's choices where the file has none.
    #[must_use]
    pub fn skeleton(&self) -> SkeletonConfig {
        self.skeleton.clone().unwrap_or_default()
    }

    /// Height and width at which frames are rendered: the skeleton block's, else the vision tower's.
    #[must_use]
    pub fn render_size(&self) -> [usize; 2] {
        self.skeleton.as_ref().and_then(|skeleton| skeleton.render_size).unwrap_or(self.vision_config.image_size)
    }
}

/// The older name of a field, which some files have beside the newer one.
#[derive(Deserialize)]
struct Older {
    image_token_index: Option<u32>,
}

impl Older {
    fn merged(self, config: InternVlConfig) -> Result<InternVlConfig, ConfigError> {
        match (self.image_token_index, config.image_token_id) {
            (Some(older), Some(newer)) if older != newer => {
                Err(refuse("image_token_index", older, format!("image_token_id is {newer}")))
            }
            (older, newer) => Ok(InternVlConfig { image_token_id: newer.or(older), ..config }),
        }
    }
}

#[cfg(test)]
mod tests;
