//! Low-rank adapters as the peft library saves them: beside their base under `lora_A.default`, or in a folder of their
//! own. They are added to the weights while these are read; packed ones keep them beside them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::entry::{Loose, Source};
use super::names::{self, Layout, Place};
use super::tensors::Tensors;
use super::{CheckpointError, HostTensor, Precision, TensorMap, format, io, tensors_of, write};
use crate::internvl::InternVl;
use crate::lora;
use crate::read_at::read_file;
use crate::tensors::host;
use crate::text_model::TextModel;
use crate::weight::LowRank;

/// What `adapter_config.json` says that matters.
#[derive(Debug, serde::Deserialize)]
struct AdapterConfig {
    #[serde(default)]
    peft_type: Option<String>,
    #[serde(default)]
    base_model_name_or_path: Option<String>,
    lora_alpha: f64,
    #[serde(default)]
    use_rslora: bool,
    #[serde(default)]
    use_dora: bool,
    #[serde(default)]
    fan_in_fan_out: bool,
    #[serde(default)]
    alpha_pattern: serde_json::Map<String, serde_json::Value>,
    /// A word where the matrices did not begin at random and nothing.
    #[serde(default)]
    init_lora_weights: serde_json::Value,
}

/// What makes a folder an adapter.
const CONFIG: &str = "adapter_config.json";

/// Beginnings that were taken out of the base, which is no longer the published one.
const CHANGE_THE_BASE: [&str; 4] = ["pissa", "olora", "corda", "loftq"];

/// An adapter folder: its settings, and where its base is.
pub(super) struct AdapterFolder {
    folder: PathBuf,
    config: AdapterConfig,
    /// The folder of the base, or its GGUF file.
    pub base: PathBuf,
}

/// What lies before a decoder, which an adapter on a language model alone brings along.
const EYES: [&str; 2] = ["vision_tower", "multi_modal_projector"];

impl AdapterFolder {
    /// Whether `folder` is one, and of what: of what lies at `base`, or of what its settings name.
    pub fn find(folder: &Path, base: Option<&Path>) -> Result<Option<AdapterFolder>, CheckpointError> {
        let Some(config) = settings(folder)? else { return Ok(None) };
        let path = folder.join(CONFIG);
        let begun = config.init_lora_weights.as_str().unwrap_or_default();
        let refused = [
            (CHANGE_THE_BASE.iter().any(|word| begun.starts_with(word)), "init_lora_weights"),
            (config.peft_type.as_deref().is_some_and(|kind| !kind.eq_ignore_ascii_case("lora")), "peft_type"),
            (config.use_dora, "use_dora"),
            (config.fan_in_fan_out, "fan_in_fan_out"),
            (!config.alpha_pattern.is_empty(), "alpha_pattern"),
        ];
        if let Some((_, field)) = refused.iter().find(|(refused, _)| *refused) {
            return Err(format(&path, format!("`{field}`: only plain LoRA adapters are supported")));
        }
        let named = match base {
            Some(base) => base.display().to_string(),
            None => config.base_model_name_or_path.clone().unwrap_or_default(),
        };
        let places = match base {
            Some(base) => vec![base.to_owned()],
            // beside its base, or where it says that the base is
            None if named.is_empty() => vec![folder.to_owned()],
            None => vec![folder.to_owned(), folder.join(&named), PathBuf::from(&named)],
        };
        let mut places = places.into_iter();
        let whole = |place: &Path| place.join("config.json").exists() && super::files::has_weights(place);
        let base = places.find(|place| whole(place) || super::files::gguf_file(place).is_ok_and(|file| file.is_some()));
        let base = base.ok_or_else(|| {
            let problem = format!(
                "its base `{named}` is no model here. Put adapter_config.json and adapter_model.safetensors into the \
                 base's folder, or write its path into `base_model_name_or_path`"
            );
            format(&path, problem)
        })?;
        Ok(Some(AdapterFolder { folder: folder.to_owned(), config, base }))
    }

    /// Puts the adapter onto its base, or `around` a base that is a language model alone.
    pub fn attach(&self, tensors: &mut Tensors<'_>, layout: Layout, around: bool) -> Result<(), CheckpointError> {
        let path = self.folder.join("adapter_model.safetensors");
        if !path.exists() && self.folder.join("adapter_model.bin").exists() {
            return Err(super::files::pickled(&self.folder.join("adapter_model.bin")));
        }
        let mut adapters = Tensors::default();
        let source = Source::open(&path)?;
        let mut loose = Loose::default();
        // read as a file of its own first: its names are not those of a checkpoint
        adapters.add_safetensors(source, Layout::Peft, &mut loose)?;
        let number = tensors.sources.len();
        tensors.sources.append(&mut adapters.sources);
        for (name, mut entry) in adapters.entries {
            entry.source = number;
            let halves = [(".lora_A.weight", 'a'), (".lora_B.weight", 'b')];
            let half = halves.iter().find_map(|(suffix, part)| Some((name.strip_suffix(suffix)?, *part)));
            if let Some((layer, part)) = half {
                loose.add(tensors.base_of(layout, &format!("{layer}.weight")), part, entry);
            } else if name.contains("lora_") {
                return Err(tensors.sources[number].tensor(&entry.name, "not of a linear layer; not supported"));
            } else {
                // a tensor that was trained as a whole
                let name = tensors.base_of(layout, &name.replace(".modules_to_save.default.", "."));
                let of = |part: &&str| name.strip_prefix(*part).is_some_and(|rest| rest.starts_with('.'));
                let new = around && EYES.iter().any(of);
                if !new && !tensors.entries.contains_key(&name) {
                    let problem = format!("would replace `{name}`, which is not there");
                    return Err(tensors.sources[number].tensor(&entry.name, problem));
                }
                tensors.entries.insert(name, entry);
            }
        }
        let (alpha, rslora) = (self.config.lora_alpha, self.config.use_rslora);
        tensors.attach(loose, |rank| alpha / if rslora { (rank as f64).sqrt() } else { rank as f64 })
    }
}

impl Tensors<'_> {
    /// The name here of a tensor that an adapter file names: of the whole model, or of its language model alone.
    fn base_of(&self, layout: Layout, name: &str) -> String {
        let whole = match names::place(layout, name) {
            Place::Whole(name) => name,
            _ => name.to_string(),
        };
        let alone = format!("language_model.{name}");
        if !self.entries.contains_key(&whole) && self.entries.contains_key(&alone) { alone } else { whole }
    }
}

/// Whether a folder holds an adapter, which another model lies beneath.
#[must_use]
pub fn is_adapter(folder: &Path) -> bool {
    folder.join(CONFIG).exists()
}

/// The model that lies at a path, or, where that is an adapter, the one that it is put on.
///
/// # Errors
/// When the adapter cannot be used.
pub fn base_of(path: &Path) -> Result<PathBuf, CheckpointError> {
    Ok(AdapterFolder::find(path, None)?.map_or_else(|| path.to_owned(), |adapter| adapter.base))
}

/// What of a model an adapter's folder holds whole, beside low-rank updates of the decoder's projections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// The projector, on a base that sees.
    Projector,
    /// Tower and projector, around a language model alone.
    Eyes,
}

/// Where the settings of an adapter's folder say that its base is, be that there or not; `None` of any other folder.
///
/// # Errors
/// When they cannot be read.
pub fn base_named(folder: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    let Some(config) = settings(folder)? else { return Ok(None) };
    let named = config.base_model_name_or_path.unwrap_or_default();
    Ok(Some(if named.is_empty() { folder.to_owned() } else { folder.join(named) }))
}

/// What makes a folder an adapter, where that is there.
fn settings(folder: &Path) -> Result<Option<AdapterConfig>, CheckpointError> {
    let path = folder.join(CONFIG);
    if !path.exists() {
        return Ok(None);
    }
    let text = read_file(&path).map_err(|cause| io(&path, cause))?;
    serde_json::from_slice(&text).map(Some).map_err(|error| format(&path, error))
}

/// Writes what a model has learned on top of a frozen base into a folder as peft does: low-rank updates of the decoder's
/// projections, and some parts whole. `adapter_config.json`, which names the base, comes last.
///
/// # Errors
/// When a file cannot be written.
pub fn save_adapter(
    model: &InternVl,
    base: &Path,
    whole: Whole,
    folder: &Path,
    precision: Precision,
) -> Result<(), CheckpointError> {
    let [tower, projector] = EYES;
    let mut parts = vec![(projector, tensors_of(&model.multi_modal_projector))];
    if whole == Whole::Eyes {
        parts.push((tower, tensors_of(&model.vision_tower)));
    }
    save(lora::updates(model), parts, base, folder, precision)
}

/// As [`save_adapter`], of a language model alone.
///
/// # Errors
/// As there.
pub fn save_text_adapter(
    model: &TextModel,
    base: &Path,
    folder: &Path,
    precision: Precision,
) -> Result<(), CheckpointError> {
    save(lora::updates(model), Vec::new(), base, folder, precision)
}

fn save(
    updates: Vec<(String, LowRank)>,
    parts: Vec<(&str, TensorMap)>,
    base: &Path,
    folder: &Path,
    precision: Precision,
) -> Result<(), CheckpointError> {
    const PREFIX: &str = "base_model.model";
    std::fs::create_dir_all(folder).map_err(|cause| io(folder, cause))?;
    let saved: Vec<&str> = parts.iter().map(|(part, _)| *part).collect();
    let named = |(part, tensors): (&str, TensorMap)| -> Vec<(String, HostTensor)> {
        tensors.into_iter().map(|(name, tensor)| (format!("{PREFIX}.{part}.{name}"), tensor)).collect()
    };
    let mut tensors: TensorMap = parts.into_iter().flat_map(named).collect();
    let (mut targets, mut ranks) = (BTreeSet::new(), serde_json::Map::new());
    // the scale is in the numbers: alpha is the rank of the first
    let rank = updates.first().map_or(1, |(_, update)| update.a.dims()[0]);
    for (layer, LowRank { a, b }) in updates {
        let own = a.dims()[0];
        if own != rank {
            ranks.insert(layer.clone(), own.into());
        }
        targets.extend(layer.rsplit('.').next().map(str::to_owned));
        for (half, matrix) in [("A", a), ("B", b * (own as f64 / rank as f64))] {
            let shape = matrix.dims().to_vec();
            let tensor = HostTensor { shape, values: host(matrix) };
            tensors.insert(format!("{PREFIX}.{layer}.lora_{half}.weight"), tensor);
        }
    }
    let config = serde_json::json!({
        "peft_type": "LORA", "base_model_name_or_path": base, "r": rank, "lora_alpha": rank, "rank_pattern": ranks,
        "alpha_pattern": {}, "target_modules": targets, "modules_to_save": saved, "bias": "none",
        "lora_dropout": 0.0, "fan_in_fan_out": false, "use_rslora": false, "use_dora": false, "inference_mode": true,
        "init_lora_weights": true
    });
    write(folder.join("adapter_model.safetensors"), &tensors, precision)?;
    let path = folder.join(CONFIG);
    let text = serde_json::to_vec_pretty(&config).expect("names and numbers");
    draction::store::write_atomically(&path, &text).map_err(CheckpointError::Write)
}
