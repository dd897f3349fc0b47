//! A model directory: `config.json`, `tokenizer.json`, `model.safetensors`, `draction.safetensors`, `README.md`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use draction::draction::{DrAction, Metadata};

use crate::{
    checkpoint::{self, Precision},
    config::InternVlConfig,
    drawing::{Drawing, DrawingConfig, bank_skeleton, fresh_drawing},
    internvl::InternVl,
    tokenizer::Tokenizer,
};

/// The whole model: the renderer that draws and the network that looks.
#[derive(Module, Debug)]
pub struct SkeletonLlm {
    /// DrAction.
    pub drawing: Drawing,
    /// Vision tower, projector and language model.
    pub internvl: InternVl,
}

/// What a model directory holds.
pub struct Loaded {
    /// The model.
    pub model: SkeletonLlm,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
    /// What else its configuration says.
    pub extra: Extra,
}

impl Loaded {
    /// Reads a model directory. A public InternVL checkpoint has no `draction.safetensors`; it gets a fresh renderer.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it.
    pub fn read(folder: &Path, device: &Device) -> Result<Loaded> {
        let internvl = checkpoint::load_model(folder, device)?;
        let tokenizer = Tokenizer::load(&folder.join("tokenizer.json"))?;
        let extra = Extra::of(internvl.config())?;
        let path = folder.join("draction.safetensors");
        let drawing = match path.exists() {
            true => read_drawing(&path, extra.drawing, device)?,
            false => fresh_drawing(extra.drawing, 0, device)?,
        };
        Ok(Loaded { model: SkeletonLlm { drawing, internvl }, tokenizer, extra })
    }

    /// Writes a model directory; the card is written by whoever knows the scores.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(
        folder: &Path,
        model: &SkeletonLlm,
        tokenizer: &Tokenizer,
        extra: &Extra,
        precision: Precision,
    ) -> Result<()> {
        checkpoint::save_model(&model.internvl, folder, precision)?;
        let config = extra.write_into(model.internvl.config())?;
        config.save(folder.join("config.json"))?;
        let mut draction = model.drawing.to_draction();
        draction.metadata = Metadata {
            name: "nano".into(),
            description: "Trained together with the language model beside it.".into(),
            ..draction.metadata
        };
        draction.save(&folder.join("draction.safetensors"))?;
        draction::store::write_atomically(&folder.join("tokenizer.json"), tokenizer.to_json().as_bytes())?;
        Ok(())
    }
}

/// Reads a renderer's weights, telling of what looks damaged.
///
/// # Errors
/// When the file is no weight file, or was made for another body than NTU's.
pub fn read_drawing(path: &Path, config: DrawingConfig, device: &Device) -> Result<Drawing> {
    let loaded = DrAction::open(path)?;
    loaded.warnings.iter().for_each(|warning| eprintln!("{}: {warning}", path.display()));
    let bank = bank_skeleton();
    let joints = loaded.draction.template.joints;
    if joints != bank.joints() {
        bail!("{} is for {joints} joints; a model keeps its renderer on NTU's 25", path.display());
    }
    Ok(Drawing::new(loaded.draction, &bank, config, device))
}

/// Frames to visual tokens: `[B, T, H, W, 3]` → `[B·T, tokens, hidden]`.
pub fn see(internvl: &InternVl, frames: Tensor<5>) -> Tensor<3> {
    let [clips, count, height, width, channels] = frames.dims();
    internvl.encode_frames(frames.reshape([clips * count, height, width, channels]))
}

/// What a model directory's `config.json` says beyond the public layout, in its `skeleton` block.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Extra {
    /// The labels that the model was trained on.
    pub labels: Vec<String>,
    /// How clips are drawn.
    pub drawing: DrawingConfig,
}

impl Extra {
    /// Reads it from a configuration.
    ///
    /// # Errors
    /// When a field has another type.
    pub fn of(config: &InternVlConfig) -> Result<Extra> {
        let fields = serde_json::Value::Object(config.skeleton().other);
        serde_json::from_value(fields).context("config.json: the `skeleton` block")
    }

    fn write_into(&self, config: &InternVlConfig) -> Result<InternVlConfig> {
        let mut skeleton = config.skeleton();
        if let serde_json::Value::Object(fields) = serde_json::to_value(self)? {
            skeleton.other.extend(fields);
        }
        Ok(InternVlConfig { skeleton: Some(skeleton), ..config.clone() })
    }
}

/// The model that ships with the program: `$SKELETONLLM_MODEL`, or `assets/nano` below the current folder, the
/// program's folder and those above it, or the source tree it was built from.
///
/// # Errors
/// When there is none.
pub fn default_model() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SKELETONLLM_MODEL") {
        return Ok(folder.into());
    }
    let program = std::env::current_exe().unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::iter::once(here.as_path())
        .chain(program.ancestors().skip(1))
        .chain(std::iter::once(source.as_path()))
        .map(|folder| folder.join("assets/nano"))
        .find(|folder| folder.join("config.json").exists())
        .context("no model found: name its directory with --model")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_public_layout_survives() {
        let config = crate::train::TrainConfig::default().model;
        let extra = Extra { labels: vec!["wave".into()], ..Extra::default() };
        let written = extra.write_into(&config).unwrap();
        assert_eq!(Extra::of(&written).unwrap(), extra);
    }
}
