//! How motions become pictures, and what is learned of them: what a model has to know for ever.

use draction::{
    motion::Motion,
    s2i::{Bodies, BodyPlan, Columns, Range, S2i, Stream},
};
use serde::{Deserialize, Serialize};
use skeletonllm_network::masked::{MaskKind, MaskedConfig, VitSize};

/// What says how hidden patches look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DecoderKind {
    /// MAE: from nothing.
    #[default]
    Mae,
    /// DiffMAE: from noise.
    DiffMae,
}

/// Pictures, the ViT that looks at them, and what is hidden from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S2iSettings {
    /// Size of the ViT.
    pub size: VitSize,
    /// Width and height of a picture in pixels.
    pub image: usize,
    /// Width and height of a patch in pixels.
    pub patch: usize,
    /// What a picture is made of.
    pub stream: Stream,
    /// How numbers come to lie in [0, 1].
    pub range: Range,
    /// How joints share the columns; `shares` lines up the parts of different skeletons.
    pub columns: Columns,
    /// What says how hidden patches look.
    pub decoder: DecoderKind,
    /// How patches to hide are chosen.
    pub mask: MaskKind,
    /// Share of hidden patches, 0..1.
    pub ratio: f64,
    /// Whether MAE says each patch less its mean, over its deviation.
    pub normalise: bool,
}

impl Default for S2iSettings {
    /// A small ViT that two cores train in minutes.
    fn default() -> Self {
        Self {
            size: VitSize::Tiny,
            image: 64,
            patch: 8,
            stream: Stream::Joint,
            range: Range::MinMax,
            columns: Columns::Shares,
            decoder: DecoderKind::Mae,
            mask: MaskKind::Random,
            ratio: 0.75,
            normalise: true,
        }
    }
}

impl S2iSettings {
    /// The sizes of ViT and decoder.
    #[must_use]
    pub fn masked(&self) -> MaskedConfig {
        MaskedConfig::of(self.size, self.image, self.patch)
    }

    /// `[persons, 3, image, image]` of a motion, as image models take it, and how many persons; `None` when it shows
    /// nobody.
    #[must_use]
    pub fn picture(&self, motion: &Motion) -> Option<(Vec<f32>, usize)> {
        let plan = BodyPlan::of(&motion.skeleton);
        let s2i = S2i { size: self.image, columns: self.columns, range: self.range, ..S2i::new(plan) };
        let picture = s2i.encode(Bodies::from(motion), self.stream).ok()?;
        Some((picture.normalised(), picture.persons.len()))
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the field.
    pub fn validate(&self) -> Result<(), String> {
        if !(8..=draction::s2i::MAX_SIZE).contains(&self.image) {
            return Err(format!("s2i.image is {}; 8 to {} pixels can be", self.image, draction::s2i::MAX_SIZE));
        }
        if let Some(problem) = self.masked().problem() {
            return Err(format!("s2i: {problem}"));
        }
        match (0.0..1.0).contains(&self.ratio) {
            true => Ok(()),
            false => Err(format!("s2i.ratio is {}; it must be at least 0 and below 1", self.ratio)),
        }
    }
}
