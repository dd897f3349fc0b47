//! Whole models: the files of a folder, or their bytes.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::adapter::AdapterFolder;
use super::entry::Source;
use super::files::{gguf_file, weight_files};
use super::module::fits;
use super::names::{Layout, RENDERER};
use super::packed::keep_packed;
use super::tensors::Tensors;
use super::{Bits, CheckpointError, Keep, Precision, Shrunk, TensorMap, apply, format, io, tensors_of, write};
use crate::config::{ConfigError, InternVlConfig, SkeletonConfig, TextConfig, from_json};
use crate::gguf::Gguf;
use crate::internvl::InternVl;
use crate::packed::ops::has_kernels;
use crate::read_at::read_file;
use crate::text_model::TextModel;
use crate::tokenizer::{Tokenizer, TokenizerError};
use crate::weight::Weight;

pub(super) const HEAD: &str = "language_model.lm_head.weight";
pub(super) const TABLE: &str = "language_model.model.embed_tokens.weight";

/// A model whose files were opened and whose numbers were not read yet.
pub struct Opened<C> {
    /// Its sizes and constants.
    pub config: C,
    /// What becomes of its matrices.
    pub keep: Keep,
    pub(super) tensors: Tensors<'static>,
    /// What was named: a folder, or a GGUF file.
    pub(super) path: PathBuf,
    /// What an adapter is put on; of others the same as `path`.
    pub(super) base: PathBuf,
    /// Whether that is a language model alone, and all before its decoder the adapter's.
    pub(super) around: bool,
}

/// Opens what lies at `path`, or, where that is an adapter, its base, and puts the adapter onto it, or `around` it.
fn open<C>(
    path: &Path,
    adapter: Option<AdapterFolder>,
    (layout, around): (Layout, bool),
    base: impl FnOnce(&Path) -> Result<(C, Tensors<'static>, PathBuf), CheckpointError>,
) -> Result<Opened<C>, CheckpointError> {
    let keep = Keep::default();
    let Some(adapter) = adapter else {
        let (config, tensors, base) = base(path)?;
        return Ok(Opened { config, keep, tensors, path: base.clone(), base, around });
    };
    let (config, mut tensors, base) = base(&adapter.base)?;
    adapter.attach(&mut tensors, layout, around)?;
    Ok(Opened { config, keep, tensors, path: path.to_owned(), base, around })
}

/// A language model's folder or GGUF file, with what it was found to be.
fn open_text(base: &Path) -> Result<(TextConfig, Tensors<'static>, PathBuf), CheckpointError> {
    let Some(file) = gguf_file(base)? else { return open_folder(base, Layout::Text, TextConfig::load) };
    let source = Source::open(&file)?;
    let content = Gguf::read(&*source.bytes).map_err(|problem| source.format(problem))?;
    let config = TextConfig::of_gguf(&content).map_err(|problem| source.format(problem))?;
    Ok((config.clone(), Tensors::of_gguf(source, &content, &config)?, file))
}

/// A folder of safetensors. One that is no model lacks its description first of all, so that is read first.
fn open_folder<C>(
    folder: &Path,
    layout: Layout,
    config: impl FnOnce(PathBuf) -> Result<C, ConfigError>,
) -> Result<(C, Tensors<'static>, PathBuf), CheckpointError> {
    let config = config(folder.join("config.json"))?;
    let files = weight_files(folder)?;
    let tensors = Tensors::of_safetensors(files.iter().map(|file| Source::open(file)), layout)?;
    Ok((config, tensors, folder.to_owned()))
}

impl<C> Opened<C> {
    /// Numbers in all, and the bytes that they take in their files.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        self.tensors.size()
    }

    /// Where its tokenizer lies: in its folder, or in that of an adapter's base; that of a GGUF file is in the file.
    #[must_use]
    pub fn tokenizer_place(&self) -> PathBuf {
        let own = ["tokenizer.json", "vocab.json"].iter().any(|name| self.path.join(name).exists());
        if own { self.path.clone() } else { self.base.clone() }
    }

    /// Each layer is some tensors: a claim of more is no reason to make them.
    pub(super) fn check_layers(&self, layers: usize) -> Result<(), CheckpointError> {
        let tensors = self.tensors.names().count();
        if layers <= tensors {
            return Ok(());
        }
        let problems = format!("the config has {layers} layers, the files have {tensors} tensors");
        Err(CheckpointError::Mismatch { path: self.path.display().to_string(), problems })
    }
}

impl Opened<InternVlConfig> {
    /// Opens a model folder in any of the public layouts: `config.json` and `model.safetensors`, or the shards that
    /// its index names; a folder with `adapter_config.json` is its base with the adapter added. Where the base is a
    /// language model alone, the adapter's folder has the `config.json` of the whole.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn model(folder: &Path) -> Result<Self, CheckpointError> {
        Self::model_on(folder, None)
    }

    /// As [`Opened::model`], where what lies beneath an adapter is at `base`, wherever its settings say.
    ///
    /// # Errors
    /// As there.
    pub fn model_on(folder: &Path, base: Option<&Path>) -> Result<Self, CheckpointError> {
        let adapter = AdapterFolder::find(folder, base)?;
        let around = adapter.as_ref().is_some_and(|adapter| is_text_model(&adapter.base));
        let mut opened = open(folder, adapter, (Layout::InternVl, around), |base| {
            if !around {
                return open_folder(base, Layout::InternVl, InternVlConfig::load);
            }
            let (text_config, tensors, base) = open_text(base)?;
            let config = InternVlConfig::load(folder.join("config.json"))?;
            Ok((InternVlConfig { text_config, ..config }, tensors, base))
        })?;
        if opened.path != opened.base {
            opened.config.skeleton = own_block(&opened.path)?.or(opened.config.skeleton);
            let path = opened.path.join("config.json");
            opened.config.validate().map_err(|error| error.of(&path.display().to_string()))?;
        }
        let config = &opened.config;
        opened.check_layers(
            config.vision_config.num_hidden_layers.saturating_add(config.text_config.num_hidden_layers),
        )?;
        Ok(opened)
    }

    /// Bytes that its weights will take in memory, about: what is stored in few bits counts as it is stored.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let (numbers, stored) = self.tensors.size();
        match self.keep {
            Keep::In(bits) => stored.min(numbers * u64::from(u8::from(bits)) / 8 * 9 / 8),
            keep if keep.packs(numbers) => stored.min(4 * numbers),
            _ => 4 * numbers,
        }
    }

    /// Its tokenizer; that of a language model alone gets what a conversation about pictures needs.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn tokenizer(&self) -> Result<Tokenizer, TokenizerError> {
        let place = self.tokenizer_place();
        if self.around { Tokenizer::of_text_model(&place) } else { Tokenizer::open(&place) }
    }

    /// The renderer's tensors, under the names of its own file, where the checkpoint is one of SkeletonLLM's authors
    /// that holds them; mostly none. They are taken out.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn take_renderer(&mut self) -> Result<TensorMap, CheckpointError> {
        self.tensors.split_off(RENDERER)
    }

    /// Writes the model into a folder of our layout, its matrices in fewer bits: `config.json` and
    /// `model.safetensors`. It is read, written and forgotten tensor by tensor.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the tensors are not exactly the config's; then nothing is written.
    pub fn shrink(&mut self, bits: Bits, out: &Path, tell: impl FnMut(u64)) -> Result<Shrunk, CheckpointError> {
        let tied = tied(&mut self.tensors, self.config.tied())?;
        self.config.set_tied(tied);
        fits(&InternVl::new(&self.config, &Device::default()), &self.tensors, &self.path.display().to_string())?;
        std::fs::create_dir_all(out).map_err(|cause| io(out, cause))?;
        self.config.save(out.join("config.json"))?;
        self.tensors.write_in(bits, &out.join("model.safetensors"), str::to_owned, tell)
    }

    /// Reads the numbers, tensor by tensor.
    ///
    /// # Errors
    /// When a file cannot be read, or the tensors are not exactly the config's.
    pub fn read(self, device: &Device) -> Result<InternVl, CheckpointError> {
        let kept = if self.around { "language_model." } else { "" };
        filled(self.config, self.tensors, (self.keep, kept), &self.path.display().to_string(), device)
    }
}

impl Opened<TextConfig> {
    /// Opens a language model: a folder as the transformers library saves it, a GGUF file, a folder with one, or a folder
    /// with an adapter of any of them.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn text_model(path: &Path) -> Result<Self, CheckpointError> {
        Self::text_model_on(path, None)
    }

    /// As [`Opened::text_model`], where what lies beneath an adapter is at `base`, wherever its settings say.
    ///
    /// # Errors
    /// As there.
    pub fn text_model_on(path: &Path, base: Option<&Path>) -> Result<Self, CheckpointError> {
        let opened = open(path, AdapterFolder::find(path, base)?, (Layout::Text, false), open_text)?;
        opened.check_layers(opened.config.num_hidden_layers)?;
        Ok(opened)
    }

    /// Writes the model into a folder as the transformers library names its tensors, its matrices in fewer bits.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the tensors are not exactly the config's; then nothing is written.
    pub fn shrink(&mut self, bits: Bits, out: &Path, tell: impl FnMut(u64)) -> Result<Shrunk, CheckpointError> {
        self.config.tie_word_embeddings = Some(tied(&mut self.tensors, self.config.tied())?);
        fits(&TextModel::new(&self.config, &Device::default()), &self.tensors, &self.path.display().to_string())?;
        std::fs::create_dir_all(out).map_err(|cause| io(out, cause))?;
        self.config.save(out.join("config.json"))?;
        let rename = |name: &str| name.strip_prefix("language_model.").unwrap_or(name).to_owned();
        self.tensors.write_in(bits, &out.join("model.safetensors"), rename, tell)
    }

    /// Reads the numbers, tensor by tensor.
    ///
    /// # Errors
    /// When a file cannot be read, or the tensors are not exactly the config's.
    pub fn read(mut self, device: &Device) -> Result<TextModel, CheckpointError> {
        self.config.tie_word_embeddings = Some(tied(&mut self.tensors, self.config.tied())?);
        let mut model = TextModel::new(&self.config, device);
        keep(self.keep, model.weights(), &mut self.tensors, device)?;
        apply(model, self.tensors, &self.path.display().to_string())
    }
}

/// This project's own block of the `config.json` beside an adapter, where it has one; else the base's holds.
fn own_block(folder: &Path) -> Result<Option<SkeletonConfig>, CheckpointError> {
    #[derive(serde::Deserialize)]
    struct Own {
        skeleton: Option<SkeletonConfig>,
    }
    let path = folder.join("config.json");
    if !path.exists() {
        return Ok(None);
    }
    let text = read_file(&path).map_err(|cause| io(&path, cause))?;
    let own: Own = from_json(&text).map_err(|error| format(&path, error))?;
    Ok(own.skeleton)
}

/// Whether a path leads to a language model alone: a GGUF file, a folder with one, a folder whose `config.json` knows of
/// a vocabulary and of no pictures, or an adapter of one of them that brings no eyes. What cannot be read is none.
#[must_use]
pub fn is_text_model(path: &Path) -> bool {
    let adapter = AdapterFolder::find(path, None).ok().flatten();
    let own = || read_file(&path.join("config.json"));
    if adapter.is_some() && own().is_ok_and(|own| !is_text_config(&own)) {
        return false;
    }
    let base = adapter.map_or_else(|| path.to_owned(), |adapter| adapter.base);
    match gguf_file(&base) {
        Ok(None) => read_file(&base.join("config.json")).is_ok_and(|text| is_text_config(&text)),
        found => found.is_ok(),
    }
}

/// Whether a `config.json` is that of a language model alone: it knows of a vocabulary and of no pictures. Whether it can
/// be used is said when it is.
#[must_use]
pub fn is_text_config(text: &[u8]) -> bool {
    /// What tells the two kinds apart.
    #[derive(serde::Deserialize)]
    struct Kind {
        vocab_size: Option<serde::de::IgnoredAny>,
        vision_config: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_slice::<Kind>(text).is_ok_and(|kind| kind.vocab_size.is_some() && kind.vision_config.is_none())
}

/// Loads a model folder in any of the public layouts, see [`Opened::model`].
///
/// # Errors
/// When a file cannot be read, or its tensors are not exactly the config's.
pub fn load_model(folder: impl AsRef<Path>, device: &Device) -> Result<InternVl, CheckpointError> {
    Opened::model(folder.as_ref())?.read(device)
}

/// As [`load_model`], from the bytes of `config.json` and `model.safetensors`.
///
/// # Errors
/// As [`load_model`].
pub fn parse_model(config: InternVlConfig, weights: &[u8], device: &Device) -> Result<InternVl, CheckpointError> {
    let origin = "model.safetensors";
    let tensors = Tensors::of_safetensors([Ok(Source::memory(weights, origin))], Layout::InternVl)?;
    filled(config, tensors, (Keep::default(), ""), origin, device)
}

/// A whole model with its numbers, what `kept` says of the matrices whose names begin so; `origin` names the files in errors.
fn filled(
    mut config: InternVlConfig,
    mut tensors: Tensors<'_>,
    (kept, within): (Keep, &str),
    origin: &str,
    device: &Device,
) -> Result<InternVl, CheckpointError> {
    let tied = tied(&mut tensors, config.tied())?;
    config.set_tied(tied);
    let mut model = InternVl::new(&config, device);
    let weights = model.weights().into_iter().filter(|(name, _)| name.starts_with(within));
    keep(kept, weights.collect(), &mut tensors, device)?;
    apply(model, tensors, origin)
}

/// Fills the weights that stay packed.
fn keep(
    keep: Keep,
    weights: Vec<(String, &mut Weight)>,
    tensors: &mut Tensors<'_>,
    device: &Device,
) -> Result<(), CheckpointError> {
    if packs(keep, tensors, device) { keep_packed(weights, tensors, keep) } else { Ok(()) }
}

/// Whether matrices stay packed on a device.
pub(super) fn packs(keep: Keep, tensors: &Tensors<'_>, device: &Device) -> bool {
    has_kernels(device) && keep.packs(tensors.size().0)
}

/// Whether the output head is the embedding table. Files of tied models may hold the head as well; files of others may
/// come with a config that calls them tied, by a library's default. So what is there decides: a head that is not the
/// table byte for byte is one of its own.
pub(super) fn tied(tensors: &mut Tensors<'_>, says_tied: Option<bool>) -> Result<bool, CheckpointError> {
    if tensors.shape(HEAD).is_none() {
        // a config that asks for a head of its own gets the error that names it
        return Ok(says_tied != Some(false));
    }
    let tied = says_tied == Some(true) && tensors.same(HEAD, TABLE)?;
    if tied {
        tensors.remove(HEAD);
    }
    Ok(tied)
}

/// Writes `config.json` and `model.safetensors` into a folder.
///
/// # Errors
/// When a file cannot be written.
pub fn save_model(model: &InternVl, folder: impl AsRef<Path>, precision: Precision) -> Result<(), CheckpointError> {
    let folder = folder.as_ref();
    std::fs::create_dir_all(folder).map_err(|cause| io(folder, cause))?;
    model.config().save(folder.join("config.json"))?;
    write(folder.join("model.safetensors"), &tensors_of(model), precision)
}
