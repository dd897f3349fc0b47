//! Whole models: the files of a folder, or their bytes.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::adapter::{AdapterFolder, Loose, SCALE_OF_THE_AUTHORS};
use super::files::weight_files;
use super::names::{Layout, RENDERER};
use super::packed::keep_packed;
use super::tensors::{Source, Tensors};
use super::{Bits, CheckpointError, Keep, Precision, Shrunk, TensorMap, apply, io, tensors_of, write};
use crate::config::{InternVlConfig, TextConfig};
use crate::gguf::{Gguf, MAGIC};
use crate::internvl::InternVl;
use crate::packed::ops::has_kernels;
use crate::text_model::TextModel;
use crate::weight::Weight;

const HEAD: &str = "language_model.lm_head.weight";
const TABLE: &str = "language_model.model.embed_tokens.weight";

/// A model whose files were opened and whose numbers were not read yet.
pub struct Opened<C> {
    /// Its sizes and constants.
    pub config: C,
    /// What becomes of its matrices.
    pub keep: Keep,
    tensors: Tensors<'static>,
    /// What was named: a folder, or a GGUF file.
    path: PathBuf,
    /// The folder of an adapter's base; of others the same as `path`.
    base: PathBuf,
}

impl<C> Opened<C> {
    /// Numbers in all, and the bytes that they take in their files.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        self.tensors.size()
    }

    /// Where the first of some files lies beside the model: its folder, or that of an adapter's base. For a GGUF file,
    /// which needs nothing beside it, the file.
    #[must_use]
    pub fn beside(&self, names: &[&str]) -> PathBuf {
        let own = names.iter().any(|name| self.path.join(name).exists());
        if own { self.path.clone() } else { self.base.clone() }
    }

    /// Each layer is some tensors: a claim of more is no reason to make them.
    fn check_layers(&self, layers: usize) -> Result<(), CheckpointError> {
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
    /// its index names; a folder with `adapter_config.json` is its base with the adapter added.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn model(folder: &Path) -> Result<Self, CheckpointError> {
        // a folder that is no model lacks its description first of all; an adapter has that of its base
        let adapter = folder.join("adapter_config.json").exists();
        let own = (!adapter).then(|| InternVlConfig::load(folder.join("config.json"))).transpose()?;
        let (tensors, base) = folder_tensors(folder, Layout::InternVl)?;
        let config = own.map_or_else(|| InternVlConfig::load(base.join("config.json")), Ok)?;
        let opened = Self { config, keep: Keep::default(), tensors, path: folder.to_owned(), base };
        let config = &opened.config;
        opened.check_layers(
            config.vision_config.num_hidden_layers.saturating_add(config.text_config.num_hidden_layers),
        )?;
        Ok(opened)
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
    /// When a file cannot be read or written.
    pub fn shrink(&mut self, bits: Bits, out: &Path, tell: impl FnMut(u64)) -> Result<Shrunk, CheckpointError> {
        let tied = tied(&mut self.tensors, self.config.tied())?;
        self.config.set_tied(tied);
        std::fs::create_dir_all(out).map_err(|cause| io(out, cause))?;
        self.config.save(out.join("config.json"))?;
        self.tensors.write_in(bits, &out.join("model.safetensors"), str::to_owned, tell)
    }

    /// Reads the numbers, tensor by tensor.
    ///
    /// # Errors
    /// When a file cannot be read, or the tensors are not exactly the config's.
    pub fn read(mut self, device: &Device) -> Result<InternVl, CheckpointError> {
        let tied = tied(&mut self.tensors, self.config.tied())?;
        self.config.set_tied(tied);
        let mut model = InternVl::new(&self.config, device);
        keep(self.keep, model.weights(), &mut self.tensors, device)?;
        apply(model, self.tensors, &self.path.display().to_string())
    }
}

impl Opened<TextConfig> {
    /// Opens a language model: a folder as the transformers library saves it, a GGUF file, or a folder with one.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn text_model(path: &Path) -> Result<Self, CheckpointError> {
        let opened = match gguf_file(path)? {
            None => {
                let (tensors, base) = folder_tensors(path, Layout::Text)?;
                let config = TextConfig::load(base.join("config.json"))?;
                Self { config, keep: Keep::default(), tensors, path: path.to_owned(), base }
            }
            Some(file) => {
                let source = Source::open(&file)?;
                let content = Gguf::read(&*source.bytes).map_err(|problem| source.format(problem))?;
                let config = TextConfig::of_gguf(&content).map_err(|problem| source.format(problem))?;
                let tensors = Tensors::of_gguf(source, &content, &config)?;
                Self { config, keep: Keep::default(), tensors, path: file.clone(), base: file }
            }
        };
        opened.check_layers(opened.config.num_hidden_layers)?;
        Ok(opened)
    }

    /// Writes the model into a folder as the transformers library names its tensors, its matrices in fewer bits.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn shrink(&mut self, bits: Bits, out: &Path, tell: impl FnMut(u64)) -> Result<Shrunk, CheckpointError> {
        self.config.tie_word_embeddings = Some(tied(&mut self.tensors, self.config.tied())?);
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

/// Whether a path leads to a language model alone: a GGUF file, a folder with one, or a folder whose `config.json` knows
/// of no pictures. What cannot be read is none.
#[must_use]
pub fn is_text_model(path: &Path) -> bool {
    match gguf_file(path) {
        Ok(Some(_)) => true,
        Ok(None) => TextConfig::load(path.join("config.json")).is_ok(),
        Err(_) => false,
    }
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
pub fn parse_model(mut config: InternVlConfig, weights: &[u8], device: &Device) -> Result<InternVl, CheckpointError> {
    let (mut tensors, origin) = (Tensors::default(), "model.safetensors");
    let mut loose = Loose::default();
    tensors.add_safetensors(Source::memory(weights, origin), Layout::InternVl, &mut loose)?;
    loose.attach(&mut tensors, |_| SCALE_OF_THE_AUTHORS)?;
    let tied = tied(&mut tensors, config.tied())?;
    config.set_tied(tied);
    let mut model = InternVl::new(&config, device);
    keep(Keep::default(), model.weights(), &mut tensors, device)?;
    apply(model, tensors, origin)
}

/// Fills the weights that stay packed.
fn keep(
    keep: Keep,
    weights: Vec<(String, &mut Weight)>,
    tensors: &mut Tensors<'_>,
    device: &Device,
) -> Result<(), CheckpointError> {
    if has_kernels(device) && keep.packs(tensors.size().0) { keep_packed(weights, tensors) } else { Ok(()) }
}

/// Whether the output head is the embedding table. Files of tied models may hold the head as well; files of others may
/// come with a config that calls them tied, by a library's default. So what is there decides: a head that is not the
/// table byte for byte is one of its own.
fn tied(tensors: &mut Tensors<'_>, says_tied: Option<bool>) -> Result<bool, CheckpointError> {
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

/// The tensors of a folder, and the folder that its config is in.
fn folder_tensors(folder: &Path, layout: Layout) -> Result<(Tensors<'static>, PathBuf), CheckpointError> {
    let adapter = AdapterFolder::find(folder)?;
    let base = adapter.as_ref().map_or(folder, |adapter| &adapter.base).to_owned();
    let (mut tensors, mut loose) = (Tensors::default(), Loose::default());
    for file in weight_files(&base)? {
        tensors.add_safetensors(Source::open(&file)?, layout, &mut loose)?;
    }
    loose.attach(&mut tensors, |_| SCALE_OF_THE_AUTHORS)?;
    if let Some(adapter) = adapter {
        adapter.attach(&mut tensors, layout)?;
    }
    Ok((tensors, base))
}

/// The GGUF file that a path means: itself, or the only one in a folder without other weights.
fn gguf_file(path: &Path) -> Result<Option<PathBuf>, CheckpointError> {
    if !path.is_dir() {
        let source = Source::open(path)?;
        let mut magic = [0; 4];
        let begins = source.bytes.size() >= 4 && source.bytes.read_at(0, &mut magic).is_ok() && magic == *MAGIC;
        return if begins {
            Ok(Some(path.to_owned()))
        } else {
            Err(source.format("neither a GGUF file nor the folder of a model"))
        };
    }
    if path.join("config.json").exists() {
        return Ok(None);
    }
    let files = std::fs::read_dir(path).map_err(|cause| io(path, cause))?.flatten().map(|file| file.path());
    let mut found: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|end| end == "gguf")).collect();
    match (found.pop(), found.pop()) {
        (Some(one), None) => Ok(Some(one)),
        (Some(_), Some(_)) => Err(super::format(path, "several GGUF files; name the one that is meant")),
        _ => Ok(None),
    }
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
