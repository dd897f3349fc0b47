//! DrAction in files: the layout of the released weights, header, manifest and all (spec A.7.1).

mod metadata;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use safetensors::SafeTensors;

pub use metadata::Metadata;

use metadata::{FORMAT, Manifest, read_metadata};

use super::{
    DrAction, Parameters, Template,
    parameters::{HEAD_TENSORS, NFM_TENSORS},
};
use crate::store::{sha256, tensor_f32, to_safetensors, write_atomically};

/// What precedes the names inside a full checkpoint.
const CHECKPOINT_PREFIX: &str = "_skeleton_renderer_module._renderer.";
/// A trained number beyond this is damage, not training: the released candidate 03 reaches 1.7e34.
const DAMAGED: f32 = 1e6;
/// The released files, by the digest of their bytes.
const RELEASED: [(&str, &str); 2] = [
    ("69d8cab63e70b40211910b40f690fd7cad86a0bd7d89af9f79b1b1a07843af36", "draction_candidate_01"),
    ("f2f856ad2b6c3bfe600bae6a2943108344ed09e0e8e52117312699396a9c69cc", "draction_candidate_02"),
];

/// A weight file as it was read.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The renderer.
    pub draction: DrAction,
    /// SHA-256 of the file's bytes: files are told apart by this, their names do not agree with their headers.
    pub sha256: String,
    /// Which released file this is, if it is one.
    pub released: Option<&'static str>,
    /// What is odd about it, a sentence each; empty for a healthy file.
    pub warnings: Vec<String>,
}

/// Why weights could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// Not a safetensors file, or a damaged one.
    #[error("not a safetensors file: {0}")]
    Format(String),
    /// A tensor is missing, or of the wrong shape or type, or holds NaN or infinity.
    #[error("{0}")]
    Tensor(String),
    /// The manifest beside the file is unreadable or describes another file.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// A file cannot be written; the text names it.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl DrAction {
    /// Reads a weight file from its bytes: a released one, one of [`DrAction::to_bytes`], or a full checkpoint that
    /// contains one.
    ///
    /// # Errors
    /// [`WeightsError`] naming the tensor at fault and the shape it should have.
    pub fn load(bytes: &[u8]) -> Result<Loaded, WeightsError> {
        let format = |e: safetensors::SafeTensorError| WeightsError::Format(e.to_string());
        let file = SafeTensors::deserialize(bytes).map_err(format)?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(format)?;
        let names = file.names();
        let prefix = ["", "module."]
            .iter()
            .flat_map(|outer| [outer.to_string(), format!("{outer}{CHECKPOINT_PREFIX}")])
            .find(|p| names.iter().any(|n| n.strip_prefix(p.as_str()) == Some("canonical_features")))
            .ok_or_else(|| WeightsError::Tensor("tensor canonical_features is missing".into()))?;
        let mut warnings = Vec::new();
        let fields = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let (metadata, enable_nfm) = read_metadata(fields, &mut warnings);
        let mut draction = DrAction::from_tensors(&file, &prefix, &mut warnings)?;
        match (enable_nfm, draction.nfm()) {
            (Some(false), true) => {
                warnings.push("the header switches the NFM off; its tensors are ignored".into());
                draction.parameters.nfm = None;
            }
            (Some(true), false) => {
                return Err(WeightsError::Tensor("the header switches the NFM on, but nfm.0.weight is missing".into()));
            }
            _ => {}
        }
        draction.metadata = metadata;
        let sha256 = sha256(bytes);
        let released = RELEASED.iter().find(|(digest, _)| *digest == sha256).map(|(_, name)| *name);
        Ok(Loaded { draction, sha256, released, warnings })
    }

    /// Reads a weight file and, where there is one, checks the manifest beside it.
    ///
    /// # Errors
    /// As [`DrAction::load`]; also when the manifest's digest is not the file's.
    pub fn open(path: &Path) -> Result<Loaded, WeightsError> {
        let unread = |reason| WeightsError::Read { path: path.into(), reason };
        let mut loaded = DrAction::load(&std::fs::read(path).map_err(unread)?)?;
        let beside = path.with_extension("json");
        let Ok(text) = std::fs::read_to_string(&beside) else { return Ok(loaded) };
        let wrong = |reason: String| WeightsError::Manifest { path: beside.clone(), reason };
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| wrong(format!("not a manifest: {e}")))?;
        if !manifest.sha256.eq_ignore_ascii_case(&loaded.sha256) {
            return Err(wrong(format!(
                "describes a file with sha256 {}, but {} has {}",
                manifest.sha256,
                path.display(),
                loaded.sha256
            )));
        }
        loaded.draction.metadata.source_checkpoint = manifest.source_checkpoint;
        Ok(loaded)
    }

    /// The tensors under `prefix`; the metadata is left at its defaults.
    pub(crate) fn from_tensors(
        file: &SafeTensors<'_>,
        prefix: &str,
        warnings: &mut Vec<String>,
    ) -> Result<DrAction, WeightsError> {
        let read = |name: &str, shape: Option<&[usize]>| -> Result<(Vec<usize>, Vec<f32>), WeightsError> {
            let (got, values) = tensor_f32(file, &format!("{prefix}{name}")).map_err(WeightsError::Tensor)?;
            if let Some(expected) = shape.filter(|s| *s != got) {
                return Err(WeightsError::Tensor(format!("tensor {name} has shape {got:?}; {expected:?} is needed")));
            }
            if let Some(at) = values.iter().position(|v| !v.is_finite()) {
                return Err(WeightsError::Tensor(format!("tensor {name} holds {} at index {at}", values[at])));
            }
            Ok((got, values))
        };
        let rows_of_three = |name: &str| match read(name, None)? {
            (shape, values) if shape.len() == 2 && shape[1] == 3 && shape[0] > 0 => Ok((shape[0], values)),
            (shape, _) => Err(WeightsError::Tensor(format!("tensor {name} has shape {shape:?}; [n, 3] is needed"))),
        };
        let (gaussians, features) = rows_of_three("canonical_features")?;
        let (joints, canonical_joints) = rows_of_three("canonical_joints")?;
        if gaussians < joints {
            return Err(WeightsError::Tensor(format!(
                "tensor canonical_features has {gaussians} rows, fewer than the {joints} joints"
            )));
        }
        let own = |name: &str, shape: &[usize]| read(name, Some(shape)).map(|(_, values)| values);
        let template = Template {
            joints,
            gaussians,
            canonical_joints,
            means: own("canonical_means", &[gaussians, 3])?,
            scales: own("canonical_scales", &[gaussians, 3])?,
            quats: own("canonical_quats", &[gaussians, 4])?,
            opacities: own("canonical_opacities", &[gaussians, 1])?,
            lbs_logits: own("lbs_weights_logits", &[gaussians, joints])?,
        };
        let joined = |tensors: &[(&str, &[usize])]| -> Result<Vec<f32>, WeightsError> {
            let parts: Result<Vec<_>, _> = tensors.iter().map(|(name, shape)| own(name, shape)).collect();
            Ok(parts?.concat())
        };
        let has_nfm = file.names().iter().any(|n| n.strip_prefix(prefix).is_some_and(|n| n.starts_with("nfm.")));
        let parameters = Parameters {
            features,
            head: joined(&HEAD_TENSORS)?,
            nfm: if has_nfm { Some(joined(&NFM_TENSORS)?) } else { None },
            depth_mix_logit: own("depth_mix_logit", &[])?[0],
        };
        let draction = DrAction { template, parameters, metadata: Metadata::default() };
        warn_of_damage(&draction.parameters, warnings);
        let known: Vec<&str> = draction.named().into_iter().map(|(name, ..)| name).collect();
        let mut unknown: Vec<&str> =
            file.names().into_iter().filter_map(|n| n.strip_prefix(prefix)).filter(|n| !known.contains(n)).collect();
        unknown.sort_unstable();
        if prefix.is_empty() && !unknown.is_empty() {
            warnings.push(format!("ignored {} unknown tensor(s), the first is {}", unknown.len(), unknown[0]));
        }
        Ok(draction)
    }

    /// Every tensor of the file as `(name, shape, values)`: trained ones, then the template's.
    pub fn named(&self) -> Vec<(&'static str, Vec<usize>, &[f32])> {
        let t = &self.template;
        let k = t.gaussians;
        let mut all = self.parameters.named();
        all.extend([
            ("canonical_joints", vec![t.joints, 3], &t.canonical_joints[..]),
            ("canonical_means", vec![k, 3], &t.means[..]),
            ("canonical_scales", vec![k, 3], &t.scales[..]),
            ("canonical_quats", vec![k, 4], &t.quats[..]),
            ("canonical_opacities", vec![k, 1], &t.opacities[..]),
            ("lbs_weights_logits", vec![k, t.joints], &t.lbs_logits[..]),
        ]);
        all
    }

    /// The weight file, all F32. Equal renderers give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let m = &self.metadata;
        let mut fields = m.extra.clone();
        let own = [
            ("format", FORMAT.to_owned()),
            ("name", m.name.clone()),
            ("metric", m.metric.clone()),
            ("description", m.description.clone()),
            ("num_line_samples", m.num_line_samples.to_string()),
            ("render_frames", m.render_frames.to_string()),
            ("render_size", m.render_size.to_string()),
            ("enable_nfm", self.nfm().to_string()),
        ];
        fields.extend(own.map(|(key, value)| (key.to_owned(), value)));
        to_safetensors(&fields, &self.named())
    }

    /// The manifest that belongs beside `bytes`, the file that [`DrAction::to_bytes`] gave; `stem` is the file's name
    /// without its ending.
    pub fn manifest(&self, bytes: &[u8], stem: &str) -> String {
        let tensors: BTreeMap<String, Vec<usize>> =
            self.named().into_iter().map(|(name, shape, _)| (name.to_owned(), shape)).collect();
        let manifest = Manifest {
            format: FORMAT.into(),
            name: stem.into(),
            description: self.metadata.description.clone(),
            source_checkpoint: self.metadata.source_checkpoint.clone(),
            num_line_samples: self.metadata.num_line_samples,
            render_frames: self.metadata.render_frames,
            render_size: self.metadata.render_size,
            num_joints: self.template.joints,
            num_gaussians: self.template.gaussians,
            feature_dim: 3,
            enable_nfm: self.nfm(),
            tensor_count: tensors.len(),
            tensors,
            sha256: sha256(bytes),
        };
        let mut text = serde_json::to_string_pretty(&manifest).expect("strings and numbers always serialise");
        text.push('\n');
        text
    }

    /// Writes the weight file and its manifest (same name, `.json`), each whole or not at all. Whoever may be killed
    /// between the two should write into a fresh folder and rename that: [`DrAction::open`] refuses a pair that does
    /// not match.
    ///
    /// # Errors
    /// [`WeightsError::Write`].
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        let bytes = self.to_bytes();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let manifest = self.manifest(&bytes, &stem);
        for (path, content) in [(path.to_path_buf(), &bytes[..]), (path.with_extension("json"), manifest.as_bytes())] {
            write_atomically(&path, content)?;
        }
        Ok(())
    }
}

fn warn_of_damage(parameters: &Parameters, warnings: &mut Vec<String>) {
    for (name, _, values) in parameters.named() {
        let damaged = values.iter().filter(|v| v.abs() > DAMAGED).count();
        if damaged > 0 {
            let largest = values.iter().fold(0f32, |m, v| m.max(v.abs()));
            warnings.push(format!(
                "{damaged} of {} numbers in {name} are beyond {DAMAGED:e} (the largest is {largest:.1e}): \
                 the file is damaged, do not train from it",
                values.len()
            ));
        }
    }
}
