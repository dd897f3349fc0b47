//! A model directory: `config.json`, `tokenizer.json`, `model.safetensors`, `draction.safetensors`, `README.md`; where
//! movements were aligned with words `alignment.safetensors`, `words.txt` and `words.safetensors`; those of other people in
//! their own layouts. A model that was trained on top of one that stayed as it is holds what was learned, as peft keeps it,
//! and says where the other lies; on top of a language model alone also all before the decoder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use draction::draction::{DrAction, Metadata};
use skeletonllm_network::{
    alignment::Alignment,
    checkpoint::{self, Bits, Keep, Opened, Precision, TensorMap, Whole},
    config::{InternVlConfig, from_json},
    internvl::InternVl,
    read_at::read_file,
    tokenizer::Tokenizer,
    words::{ENTRIES, VECTORS, Words},
};

use crate::drawing::{Drawing, DrawingConfig, HostDrawing};

mod base;
mod shrink;

pub use base::{Base, beneath};
pub use shrink::{Sizes, shrink};

/// What `config.json` of a model directory says that its `system` is; SkeletonLLM's says nothing.
#[must_use]
pub fn system_of(folder: &Path) -> Option<String> {
    system_in(&read_file(&folder.join("config.json")).ok()?)
}

/// The same, from the text of a `config.json`.
pub(crate) fn system_in(config: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        system: String,
    }
    serde_json::from_slice::<Named>(config).ok().map(|named| named.system)
}

/// The whole model: the renderer that draws and the network that looks.
#[derive(Module, Debug)]
pub struct SkeletonLlm {
    /// DrAction.
    pub drawing: Drawing,
    /// Vision tower, projector and language model.
    pub internvl: InternVl,
    /// Where movements lie among words, in a model that was aligned with them.
    pub alignment: Option<Alignment>,
}

impl SkeletonLlm {
    /// `[clips·frames, tokens of a frame, hidden]` visual tokens → the same as the decoder gets them, and `[clips, width]` what
    /// they say together, where an alignment has a network for that.
    #[must_use]
    pub fn together(&self, visual: Tensor<3>) -> (Tensor<3>, Option<Tensor<2>>) {
        match self.alignment.as_ref().and_then(|alignment| alignment.temporal.as_ref()) {
            None => (visual, None),
            Some(temporal) => {
                let (seen, told) = temporal.forward(visual);
                (told, Some(seen))
            }
        }
    }
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

/// A model directory in memory: what a browser downloads. Its weights are one file; a checkpoint in several parts is
/// read by [`Loaded::read`], part by part.
#[derive(Clone, Debug, Default)]
pub struct ModelFiles {
    /// `config.json`.
    pub config: Vec<u8>,
    /// `tokenizer.json`.
    pub tokenizer: Vec<u8>,
    /// `model.safetensors`.
    pub model: Vec<u8>,
    /// `draction.safetensors`; public InternVL checkpoints have none.
    pub draction: Option<Vec<u8>>,
    /// What an aligned model has beside them.
    pub aligned: Option<AlignedFiles>,
}

/// What a model directory holds that was aligned with words.
#[derive(Clone, Debug, Default)]
pub struct AlignedFiles {
    /// `alignment.safetensors`.
    pub alignment: Vec<u8>,
    /// `words.txt`.
    pub entries: Vec<u8>,
    /// `words.safetensors`.
    pub vectors: Vec<u8>,
}

/// The file of an [`Alignment`].
pub(crate) const ALIGNMENT: &str = "alignment.safetensors";

impl ModelFiles {
    /// Reads a model directory as it is.
    ///
    /// # Errors
    /// When a file cannot be read, naming it.
    pub fn read(folder: &Path) -> Result<ModelFiles> {
        let read = |name: &str| {
            let path = folder.join(name);
            read_file(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let has = |name: &str| folder.join(name).exists();
        let aligned = || -> Result<AlignedFiles> {
            Ok(AlignedFiles { alignment: read(ALIGNMENT)?, entries: read(ENTRIES)?, vectors: read(VECTORS)? })
        };
        Ok(ModelFiles {
            config: read("config.json")?,
            tokenizer: read("tokenizer.json")?,
            model: read("model.safetensors")?,
            draction: has("draction.safetensors").then(|| read("draction.safetensors")).transpose()?,
            aligned: has(ALIGNMENT).then(aligned).transpose()?,
        })
    }
}

impl Loaded {
    /// Reads a model from memory. One without `draction.safetensors` gets a fresh renderer.
    ///
    /// # Errors
    /// When a file is wrong, naming it.
    pub fn from_files(files: &ModelFiles, device: &Device) -> Result<Loaded> {
        let mut config = InternVlConfig::parse(&files.config, "config.json")?;
        let tokenizer = Tokenizer::parse(&files.tokenizer, "tokenizer.json")?;
        config.image_token_id.get_or_insert(tokenizer.image_context());
        let internvl = checkpoint::parse_model(config, &files.model, device)?;
        Loaded::of_parts(internvl, tokenizer, files.draction.as_deref(), TensorMap::new(), files.aligned.as_ref())
    }

    /// A model from a network that is there already, `draction.safetensors` or the renderer's tensors within the
    /// checkpoint, and what an aligned one has. One without a renderer gets a fresh one.
    ///
    /// # Errors
    /// When one of them is wrong, naming it.
    pub(crate) fn of_parts(
        internvl: InternVl,
        tokenizer: Tokenizer,
        draction: Option<&[u8]>,
        renderer: TensorMap,
        files: Option<&AlignedFiles>,
    ) -> Result<Loaded> {
        let extra = Extra::of(internvl.config())?;
        let drawing = match draction {
            Some(bytes) => HostDrawing::from_weights(Some(bytes), extra.drawing)?,
            None => drawing_within(renderer, extra.drawing)?,
        };
        let drawing = Drawing::new(drawing, &internvl.device());
        let alignment = files.map(|files| {
            let words = Words::parse(&files.entries, &files.vectors)?;
            aligned(&internvl, words, checkpoint::parse(&files.alignment, ALIGNMENT)?, ALIGNMENT)
        });
        let model = SkeletonLlm { drawing, internvl, alignment: alignment.transpose()? };
        Ok(Loaded { model, tokenizer, extra })
    }

    /// As [`Loaded::from_files`], from a directory. The weights are read file by file, never all files at once.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it.
    pub fn read(folder: &Path, device: &Device) -> Result<Loaded> {
        Loaded::read_on(folder, None, Keep::default(), device)
    }

    /// As [`Loaded::read`]. What lies beneath the model is at `base`, if somebody says so; `keep` says what becomes of
    /// matrices in few bits, where the folder itself does not.
    ///
    /// # Errors
    /// As [`Loaded::read`]; when the language model beneath is missing or another one.
    pub fn read_on(folder: &Path, base: Option<&Path>, keep: Keep, device: &Device) -> Result<Loaded> {
        if checkpoint::is_text_model(folder) {
            let name = folder.display();
            bail!("{name}: a language model alone, which has never seen a picture; `train --from` makes one that does");
        }
        Loaded::of(folder, Opened::model_on(folder, beneath(folder, base)?.as_deref())?, keep, device)
    }

    /// As [`Loaded::read_on`], of a model that is open.
    ///
    /// # Errors
    /// As [`Loaded::read`].
    pub fn of(folder: &Path, mut opened: Opened<InternVlConfig>, keep: Keep, device: &Device) -> Result<Loaded> {
        let tokenizer = opened.tokenizer()?;
        opened.config.image_token_id.get_or_insert(tokenizer.image_context());
        let renderer = opened.take_renderer()?;
        let extra = Extra::of(&opened.config)?;
        opened.keep = extra.base_bits.map_or(keep, Keep::In);
        let internvl = opened.read(device)?;
        let path = folder.join("draction.safetensors");
        let drawing = if path.exists() {
            read_drawing(&path, extra.drawing, device)?
        } else {
            Drawing::new(drawing_within(renderer, extra.drawing)?, device)
        };
        let path = folder.join(ALIGNMENT);
        let read = || aligned(&internvl, Words::read(folder)?, checkpoint::read(&path)?, &path.display().to_string());
        let alignment = path.exists().then(read).transpose()?;
        Ok(Loaded { model: SkeletonLlm { drawing, internvl, alignment }, tokenizer, extra })
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
        draction::store::write_atomically(&folder.join("tokenizer.json"), tokenizer.to_json().as_bytes())?;
        // of a model in half precision it is a small part, which somebody may go on training
        let few = precision == Precision::Int8;
        Loaded::write_rest(folder, model, extra, if few { precision } else { Precision::F32 })
    }

    /// Writes what a model has learned on top of the one at `base`, which stayed as it is; [`Loaded::read`] reads the two
    /// as one.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_learned(
        folder: &Path,
        model: &SkeletonLlm,
        extra: &Extra,
        base: &Path,
        precision: Precision,
    ) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        Loaded::write_rest(folder, model, extra, precision)?;
        let whole = if extra.base.is_some() { Whole::Eyes } else { Whole::Projector };
        Ok(checkpoint::save_adapter(&model.internvl, base, whole, folder, precision)?)
    }

    /// All but the network's weights and its tokenizer.
    fn write_rest(folder: &Path, model: &SkeletonLlm, extra: &Extra, alignments: Precision) -> Result<()> {
        let config = extra.write_into(model.internvl.config())?;
        config.save(folder.join("config.json"))?;
        let mut draction = model.drawing.to_draction();
        draction.metadata = Metadata {
            name: "draction".into(),
            description: "Trained together with the language model beside it.".into(),
            ..draction.metadata
        };
        draction.save(&folder.join("draction.safetensors"))?;
        if let Some(alignment) = &model.alignment {
            alignment.words().write(folder)?;
            checkpoint::write(folder.join(ALIGNMENT), &alignment.tensors(), alignments)?;
        }
        Ok(())
    }
}

/// The renderer within a checkpoint, or a fresh one.
fn drawing_within(renderer: TensorMap, config: DrawingConfig) -> Result<HostDrawing> {
    let file = (!renderer.is_empty()).then(|| renderer_file(renderer));
    HostDrawing::from_weights(file.as_deref(), config)
}

/// The alignment of a model with these words, from its tensors; `origin` names them in errors.
fn aligned(internvl: &InternVl, words: Words, tensors: TensorMap, origin: &str) -> Result<Alignment> {
    let config = internvl.config();
    let width = config.text_config.hidden_size;
    let alignment = Alignment::from_tensors(width, words.into(), tensors, origin, &internvl.device())?;
    if let Some(temporal) = &alignment.temporal {
        let (found, needed) = (temporal.tokens(), config.skeleton().frames * config.tokens_per_frame());
        ensure!(found == needed, "{origin}: for {found} visual tokens of a clip; the model makes {needed}");
    }
    Ok(alignment)
}

impl HostDrawing {
    /// Reads it from the bytes of a model's `config.json` and `draction.safetensors`: enough to show pictures before
    /// the model is there. A public InternVL checkpoint has no such weights; it gets a fresh renderer.
    ///
    /// # Errors
    /// When one of them cannot be used, naming it.
    pub fn from_files(config: &[u8], draction: Option<&[u8]>) -> Result<HostDrawing> {
        let config = InternVlConfig::parse(config, "config.json")?;
        HostDrawing::from_weights(draction, Extra::of(&config)?.drawing)
    }
}

/// Reads a renderer's weights, telling of what looks damaged.
///
/// # Errors
/// When the file is no weight file, or was made for another body than NTU's.
pub fn read_drawing(path: &Path, config: DrawingConfig, device: &Device) -> Result<Drawing> {
    let loaded = DrAction::open(path)?;
    loaded.warnings.iter().for_each(|warning| eprintln!("{}: {warning}", path.display()));
    let origin = HostDrawing::new(loaded.draction, config).with_context(|| path.display().to_string())?;
    Ok(Drawing::new(origin, device))
}

/// The renderer's own file, of tensors that the authors keep within their checkpoint (spec A.7.1).
fn renderer_file(tensors: TensorMap) -> Vec<u8> {
    let tensors: Vec<(&str, Vec<usize>, &[f32])> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.clone(), &tensor.values[..])).collect();
    draction::store::to_safetensors(&Default::default(), &tensors)
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
    /// Whether it was trained on what pictures show and not on their background.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skip_background: bool,
    /// The bits that the matrices of the model beneath had while it was trained on top of it, where they were changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_bits: Option<Bits>,
    /// The language model beneath it, where it was trained on top of one that had never seen a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
    /// Whether it was also asked without pictures, so that what they add to the likelihood of an answer can be told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub blind: bool,
}

impl Extra {
    /// Reads it from the `config.json` of a folder.
    ///
    /// # Errors
    /// When there is none, or it says nothing that can be used.
    fn read(folder: &Path) -> Result<Extra> {
        /// Adapters of other people have a `config.json` without sizes, or none.
        #[derive(Default, serde::Deserialize)]
        struct Config {
            #[serde(default)]
            skeleton: Extra,
        }
        let path = folder.join("config.json");
        let Ok(text) = read_file(&path) else { return Ok(Extra::default()) };
        let config: Config = from_json(&text).with_context(|| path.display().to_string())?;
        Ok(config.skeleton)
    }

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

/// The model that ships with the program, `assets/nano`, found by [`shipped`].
///
/// # Errors
/// When there is none.
pub fn default_model() -> Result<PathBuf> {
    shipped_model("assets/nano").context("no model found: name its directory with --model")
}

/// The directory of a model that comes with the programs, found by [`shipped`].
pub(crate) fn shipped_model(path: &str) -> Option<PathBuf> {
    Some(shipped(&format!("{path}/config.json"))?.parent().expect("a file lies in a folder").to_owned())
}

/// What comes with the programs, by its path below the current folder or one above it, or below the program's
/// folder or one above that; the first that exists. The folder that a program was compiled in is not asked: it may be
/// another machine's.
#[must_use]
pub fn shipped(path: &str) -> Option<PathBuf> {
    let (here, program) = (std::env::current_dir().unwrap_or_default(), std::env::current_exe().unwrap_or_default());
    below(path, here.ancestors().chain(program.ancestors().skip(1)))
}

/// A file or a folder that is here, or comes with the programs or was fetched for them, as [`shipped`] finds it.
#[must_use]
pub fn found(path: impl AsRef<Path>) -> Option<PathBuf> {
    let path = path.as_ref();
    if path.exists() { Some(path.to_owned()) } else { shipped(path.to_str()?) }
}

fn below<'a>(path: &str, mut folders: impl Iterator<Item = &'a Path>) -> Option<PathBuf> {
    folders.find_map(|folder| Some(folder.join(path)).filter(|found| found.exists()))
}

#[cfg(test)]
mod tests {
    use burn::module::{ModuleVisitor, Param};

    use super::*;

    /// Every float parameter in order.
    #[derive(Default)]
    struct Numbers(Vec<f32>);

    impl ModuleVisitor for Numbers {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(skeletonllm_network::tensors::host(param.val()));
        }
    }

    fn numbers(loaded: &Loaded) -> Vec<f32> {
        let mut numbers = Numbers::default();
        loaded.model.visit(&mut numbers);
        numbers.0
    }

    #[test]
    fn a_model_from_memory_is_the_one_from_its_folder() {
        let (folder, device) = (default_model().unwrap(), Device::flex());
        let files = ModelFiles::read(&folder).unwrap();
        let (memory, disk) = (Loaded::from_files(&files, &device).unwrap(), Loaded::read(&folder, &device).unwrap());
        assert!(numbers(&memory) == numbers(&disk) && memory.extra == disk.extra);
        assert_eq!(memory.tokenizer.to_json(), disk.tokenizer.to_json());
        assert_eq!(memory.model.drawing.origin().draction().template, disk.model.drawing.origin().draction().template);
        let error = |files: ModelFiles| format!("{:#}", Loaded::from_files(&files, &device).err().unwrap());
        let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
        for (name, broken) in [
            ("config.json", ModelFiles { config: cut(&files.config), ..files.clone() }),
            ("tokenizer.json", ModelFiles { tokenizer: cut(&files.tokenizer), ..files.clone() }),
            ("model.safetensors", ModelFiles { model: cut(&files.model), ..files.clone() }),
            ("draction.safetensors", ModelFiles { draction: files.draction.as_deref().map(cut), ..files.clone() }),
        ] {
            assert!(error(broken).contains(name), "{name}");
        }
        let missing = ModelFiles::read(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(missing.contains("/nowhere/config.json"), "{missing}");
    }

    #[test]
    fn what_is_shipped_is_found_from_below_and_the_nearest_first() {
        let folder = tempfile::tempdir().unwrap();
        let (above, deep) = (folder.path().join("a"), folder.path().join("a/b/c"));
        std::fs::create_dir_all(&deep).unwrap();
        let find = || below("x/y.json", deep.ancestors().take(3));
        assert_eq!(find(), None);
        for nearer in [&above, &deep] {
            std::fs::create_dir(nearer.join("x")).unwrap();
            assert_eq!(find(), find().filter(|found| !found.starts_with(nearer)), "a folder alone is not enough");
            std::fs::write(nearer.join("x/y.json"), "").unwrap();
            assert_eq!(find(), Some(nearer.join("x/y.json")));
        }
    }

    #[test]
    fn what_is_beyond_the_public_layout_survives() {
        let config = InternVlConfig::load(skeletonllm_checks::case("internvl-tiny/checkpoint/config.json")).unwrap();
        assert_eq!(Extra::of(&config).unwrap(), Extra::default());
        let extra = Extra { labels: vec!["wave".into()], ..Extra::default() };
        let written = extra.write_into(&config).unwrap();
        assert_eq!(Extra::of(&written).unwrap(), extra);
    }
}
