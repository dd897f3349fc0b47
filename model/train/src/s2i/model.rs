//! What S2I learns, and its folder.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use burn::{
    module::Module,
    tensor::{Device, Tensor, TensorData},
};
use serde::{Deserialize, Serialize};
use skeletonllm_network::{
    checkpoint::{self, Precision, TensorMap},
    masked::{ClassHead, DiffDecoder, MaeDecoder, MaskedConfig, Probe, VitEncoder, fresh, mean_of_clips, names},
};

use super::{DecoderKind, Lesson, PictureBatch, S2iSettings};

/// A ViT, what teaches it without labels, and two ways to name what it sees.
#[derive(Module, Debug)]
pub struct S2iModel {
    /// Sees.
    pub encoder: VitEncoder,
    /// MAE's decoder, or none.
    pub mae: Option<MaeDecoder>,
    /// DiffMAE's decoder, or none.
    pub diffmae: Option<DiffDecoder>,
    /// Names, after fine-tuning.
    pub classes: ClassHead,
    /// Names, on features that stay as they are.
    pub probe: Probe,
}

/// What stands in `config.json` of a folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Config {
    #[serde(flatten)]
    sizes: MaskedConfig,
    s2i: S2iSettings,
    named_by: Lesson,
    labels: Vec<String>,
}

/// A model with all that it takes to use it.
#[derive(Clone, Debug)]
pub struct S2iFolder {
    /// The network.
    pub model: S2iModel,
    /// How motions become pictures.
    pub settings: S2iSettings,
    /// Which lesson it was taught last: what names.
    pub named_by: Lesson,
    /// What can be named, in the order of the heads.
    pub labels: Vec<String>,
}

impl S2iModel {
    /// A model without values yet, but with the fixed positions.
    #[must_use]
    pub fn new(settings: &S2iSettings, labels: usize, device: &Device) -> Self {
        let sizes = settings.masked();
        let vit = sizes.encoder();
        Self {
            encoder: VitEncoder::new(&vit, device),
            mae: (settings.decoder == DecoderKind::Mae).then(|| MaeDecoder::new(&sizes, device)),
            diffmae: (settings.decoder == DecoderKind::DiffMae).then(|| DiffDecoder::new(&sizes, device)),
            classes: ClassHead::new(&vit, labels, device),
            probe: Probe::new(vit.width, labels, device),
        }
    }

    /// A model drawn afresh.
    #[must_use]
    pub fn start(settings: &S2iSettings, labels: usize, seed: u64, device: &Device) -> Self {
        fresh(Self::new(settings, labels, device), seed)
    }

    /// The same with public weights: those of the ViT, and MAE's decoder where both have one.
    ///
    /// # Errors
    /// When the file cannot be read, or its weights are of another size.
    pub fn with_public(mut self, path: &Path) -> Result<Self> {
        let origin = path.display().to_string();
        let (encoder, decoder) = names::parts(checkpoint::read(path)?);
        self.encoder = checkpoint::apply(self.encoder, encoder, &origin)?;
        self.mae = match self.mae {
            Some(mae) if !decoder.is_empty() => Some(checkpoint::apply(mae, decoder, &origin)?),
            own => own,
        };
        Ok(self)
    }

    /// The same with ViT and decoders of another one, whatever that names.
    #[must_use]
    pub fn with_eyes_of(self, other: S2iModel) -> Self {
        let S2iModel { encoder, mae, diffmae, .. } = other;
        Self { encoder, mae: mae.or(self.mae), diffmae: diffmae.or(self.diffmae), ..self }
    }

    /// `[M, 3, image, image]` on the model's device.
    #[must_use]
    pub fn pictures(&self, batch: &PictureBatch) -> Tensor<4> {
        let device = self.encoder.cls_token.val().device();
        let count = batch.counts.iter().sum::<usize>();
        let size = (batch.pictures.len() / (3 * count.max(1))).isqrt();
        Tensor::from_data(TensorData::new(batch.pictures.clone(), [count, 3, size, size]), &device)
    }

    /// `[clips, width]`: what a probe reads.
    #[must_use]
    pub fn features(&self, batch: &PictureBatch) -> Tensor<2> {
        mean_of_clips(self.encoder.features(self.pictures(batch)), &batch.counts)
    }

    /// `[clips, labels]`, greater for what is likelier.
    #[must_use]
    pub fn logits(&self, batch: &PictureBatch, named_by: Lesson, drop_path: f64) -> Tensor<2> {
        match named_by {
            Lesson::Probe => self.probe.forward(self.features(batch)),
            _ => self.classes.forward(&self.encoder, self.pictures(batch), &batch.counts, drop_path),
        }
    }
}

/// Our own path of a tensor → its name in the file: the original's, heads and all.
fn file_name(path: &str) -> String {
    let decoder = path.strip_prefix("mae.").or_else(|| path.strip_prefix("diffmae."));
    match (path.strip_prefix("classes."), decoder) {
        (Some(name), _) => name.to_owned(),
        (_, Some(name)) => names::file_name(&format!("decoder.{name}")),
        _ => names::file_name(path),
    }
}

impl S2iFolder {
    /// Writes `config.json` and `model.safetensors`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path, precision: Precision) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let tensors = checkpoint::tensors_of(&self.model);
        let tensors: TensorMap = tensors.into_iter().map(|(path, tensor)| (file_name(&path), tensor)).collect();
        checkpoint::write(folder.join("model.safetensors"), &tensors, precision)?;
        let Self { settings, named_by, labels, .. } = self.clone();
        let config = Config { sizes: settings.masked(), s2i: settings, named_by, labels };
        Ok(draction::store::write_atomically(&folder.join("config.json"), &serde_json::to_vec_pretty(&config)?)?)
    }

    /// Whether a folder is S2I's, by its `config.json`.
    #[must_use]
    pub fn is_one(folder: &Path) -> bool {
        let text = std::fs::read(folder.join("config.json")).unwrap_or_default();
        serde_json::from_slice::<serde_json::Value>(&text).is_ok_and(|config| config.get("s2i").is_some())
    }

    /// Reads a folder that [`S2iFolder::write`] wrote.
    ///
    /// # Errors
    /// When a file cannot be read or does not belong to the others.
    pub fn read(folder: &Path, device: &Device) -> Result<Self> {
        let path = folder.join("config.json");
        let name = || path.display().to_string();
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", name()))?;
        let Config { sizes, s2i, named_by, labels } = serde_json::from_slice(&text).with_context(name)?;
        s2i.validate().map_err(anyhow::Error::msg).with_context(name)?;
        ensure!(sizes == s2i.masked(), "{}: its sizes are not those of a ViT-{}", name(), s2i.size.name());
        let weights = folder.join("model.safetensors");
        let model = S2iModel::new(&s2i, labels.len(), device);
        let own = checkpoint::tensors_of(&model).into_keys();
        let paths: BTreeMap<String, String> = own.map(|path| (file_name(&path), path)).collect();
        let found = checkpoint::read(&weights)?.into_iter();
        let found: TensorMap =
            found.map(|(name, tensor)| (paths.get(&name).cloned().unwrap_or(name), tensor)).collect();
        let model = checkpoint::apply(model, found, &weights.display().to_string())?;
        Ok(Self { model, settings: s2i, named_by, labels })
    }
}
