//! This project's own block of `config.json`.

use serde::{Deserialize, Serialize};

use super::{ConfigError, refuse, vision::pair_option};

/// What happens to pixels in [0, 1] before the patch embedding (spec A.8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalise {
    /// Nothing: what the reference does with rendered frames.
    #[default]
    None,
    /// ImageNet mean and deviation, which public vision towers were pretrained with.
    Imagenet,
}

impl Normalise {
    /// Mean and standard deviation per channel, or `None` where pixels are used as they are.
    #[must_use]
    pub fn statistics(self) -> Option<([f32; 3], [f32; 3])> {
        match self {
            Self::None => None,
            Self::Imagenet => Some(([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])),
        }
    }
}

/// Frames of a clip at most.
const MOST_FRAMES: usize = 256;
/// The longest system text in bytes.
const LONGEST_SYSTEM: usize = 1 << 14;
/// The longest text of a frame in bytes.
const LONGEST_TEMPLATE: usize = 1 << 8;

/// How a clip becomes frames, and frames become a prompt. Defaults are the reference's (spec A.8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SkeletonConfig {
    /// Frames rendered per clip.
    pub frames: usize,
    /// Height and width of a rendered frame in pixels; the vision tower's image size where absent.
    #[serde(with = "pair_option", skip_serializing_if = "Option::is_none")]
    pub render_size: Option<[usize; 2]>,
    /// Pixel normalisation before the vision tower.
    pub normalise: Normalise,
    /// Prompt text of one frame; `{i}` is its number from 1, `<image>` the place of its visual tokens.
    pub frame_template: String,
    /// Whether `<img>` and `</img>` stand around them, which a language model that never saw a picture does not know.
    #[serde(skip_serializing_if = "is_true")]
    pub image_marks: bool,
    /// System text of the conversation; empty leaves the whole system turn out.
    pub system: String,
    /// Fields that other parts of the project keep here, passed through unread.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_true(value: &bool) -> bool {
    *value
}

impl Default for SkeletonConfig {
    fn default() -> Self {
        Self {
            frames: 12,
            render_size: None,
            normalise: Normalise::None,
            frame_template: "Frame{i}: <image>\n".to_string(),
            image_marks: true,
            system: String::new(),
            other: serde_json::Map::new(),
        }
    }
}

impl SkeletonConfig {
    pub(super) fn validate(&self) -> Result<(), ConfigError> {
        if self.frames == 0 || self.frames > MOST_FRAMES {
            return Err(refuse("skeleton.frames", self.frames, format!("must be in 1..={MOST_FRAMES}")));
        }
        for (field, text, most) in [
            ("skeleton.system", &self.system, LONGEST_SYSTEM),
            ("skeleton.frame_template", &self.frame_template, LONGEST_TEMPLATE),
        ] {
            if text.len() > most {
                return Err(refuse(field, format!("{} bytes", text.len()), format!("at most {most} are supported")));
            }
        }
        if self.frame_template.matches("<image>").count() != 1 {
            return Err(refuse(
                "skeleton.frame_template",
                format!("{:?}", self.frame_template),
                "must contain `<image>` exactly once",
            ));
        }
        Ok(())
    }
}
