//! Models that somebody gives as files, in a browser or by dropping them into a window: which they are, what is missing,
//! and reading them piece by piece.

#[cfg(not(target_family = "wasm"))]
mod disk;
mod names;
mod recognise;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use skeletonllm_network::{
    arriving::{Fetch, Listed, Shelf},
    checkpoint::{Opened, is_text_config, weight_names},
    config::{InternVlConfig, TextConfig},
    device::Selected,
    tokenizer::{Named, Tokenizer},
    words::{ENTRIES, VECTORS},
};

#[cfg(not(target_family = "wasm"))]
pub use disk::{Disk, files_of, recognise_paths};
pub use recognise::{Found, recognise};

use names::{INDEX, WHOLE, is_gguf};

use crate::{
    assistant::Assistant,
    folder::{ALIGNMENT, AlignedFiles, Loaded, ModelFiles},
    text_assistant::TextAssistant,
};

/// A model by the names of its files; whoever has these brings their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What to call it.
    pub name: String,
    /// Its files, without folders.
    pub files: Vec<Listed>,
}

/// A model that answers.
pub enum Answering {
    /// One that looks at pictures of motions.
    Seeing(Box<Assistant>),
    /// A language model alone, which sees no pictures.
    Text(Box<TextAssistant>),
}

impl Answering {
    /// A model that is in memory.
    ///
    /// # Errors
    /// When a file is wrong, naming it.
    pub fn of_files(files: &ModelFiles, selected: Selected) -> Result<Answering> {
        Ok(Answering::Seeing(Box::new(Assistant::from_files(files, selected)?)))
    }
}

/// Descriptions, vocabularies and renderers are not larger than this, in bytes.
const SMALL: u64 = 256 << 20;

impl Given {
    /// Its bytes in all.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Reads the model onto a device. Of weight files, a part of a tensor is in memory at a time. `tell` is told how many
    /// bytes of them have come, and of how many.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it and what was expected; when the bytes cannot be had, or there is no
    /// room for the model.
    pub async fn read(
        &self,
        from: &dyn Fetch,
        selected: Selected,
        mut tell: impl FnMut(u64, u64) + Send,
    ) -> Result<Answering> {
        let Selected { device, name } = selected;
        let mut small = self.small_files(from).await?;
        let Some(config) = small.get("config.json") else {
            let gguf = self.files.iter().filter(|file| is_gguf(&file.name)).collect::<Vec<_>>();
            let [file] = gguf[..] else { bail!("{}: no config.json, and no GGUF file that has one in it", self.name) };
            let mut shelf = Shelf::new(std::slice::from_ref(file), from, |bytes| tell(bytes, file.bytes));
            let (opened, content) = Opened::gguf_arriving(&mut shelf).await?;
            let tokenizer = Tokenizer::of_gguf(&content, &file.name)?;
            let template = content.settings.text("tokenizer.chat_template").ok().flatten().map(str::to_owned);
            // the vocabulary was many strings
            drop(content);
            let model = opened.read_arriving(&mut shelf, &device).await?;
            let assistant = TextAssistant::new(model, &tokenizer, template.as_deref());
            return Ok(Answering::Text(Box::new(assistant)));
        };
        if let Some(system) = crate::folder::system_in(config) {
            bail!("{}: a model of the system {system}, which recognises and does not answer", self.name);
        }
        let weights = self.weights(&small)?;
        let total = weights.iter().map(|file| file.bytes).sum();
        let mut shelf = Shelf::new(&weights, from, |bytes| tell(bytes, total));
        if is_text_config(config) {
            let config = TextConfig::parse(config, "config.json")?;
            let tokenizer = Tokenizer::of_text_files(&small)?;
            let opened = Opened::text_model_arriving(config, &mut shelf).await?;
            let model = opened.read_arriving(&mut shelf, &device).await?;
            let template = template(&small);
            let assistant = TextAssistant::new(model, &tokenizer, template.as_deref());
            return Ok(Answering::Text(Box::new(assistant)));
        }
        let mut config = InternVlConfig::parse(config, "config.json")?;
        let tokenizer = Tokenizer::of_files(&small)?;
        config.image_token_id.get_or_insert(tokenizer.image_context());
        let mut opened = Opened::model_arriving(config, &mut shelf).await?;
        let renderer = opened.take_renderer_arriving(&mut shelf).await?;
        let internvl = opened.read_arriving(&mut shelf, &device).await?;
        let aligned = aligned(&mut small)?;
        let draction = small.get("draction.safetensors").map(Vec::as_slice);
        let loaded = Loaded::of_parts(internvl, tokenizer, draction, renderer, aligned.as_ref())?;
        Ok(Answering::Seeing(Box::new(Assistant::of(loaded, name))))
    }

    async fn small_files(&self, from: &dyn Fetch) -> Result<Named> {
        let mut small = BTreeMap::new();
        for file in self.files.iter().filter(|file| WHOLE.contains(&file.name.as_str())) {
            let Listed { name, bytes } = file;
            ensure!(*bytes <= SMALL, "{name}: {} MB are more than any such file has", bytes >> 20);
            let content = from.fetch(name, 0, *bytes as usize).await.with_context(|| name.clone())?;
            small.insert(name.clone(), content);
        }
        Ok(small)
    }

    /// The weight files, each of which must be there.
    fn weights(&self, small: &Named) -> Result<Vec<Listed>> {
        let has = |name: &str| self.files.iter().any(|file| file.name == name);
        let names = weight_names(has, small.get(INDEX).map(Vec::as_slice))?;
        let listed = |name: &String| self.files.iter().find(|file| file.name == *name).cloned();
        let missing: Vec<&String> = names.iter().filter(|name| listed(name).is_none()).collect();
        ensure!(missing.is_empty(), "{}: {} missing", self.name, recognise::listed(&missing));
        Ok(names.iter().filter_map(listed).collect())
    }
}

/// What an aligned model has, taken out.
fn aligned(small: &mut Named) -> Result<Option<AlignedFiles>> {
    let Some(alignment) = small.remove(ALIGNMENT) else { return Ok(None) };
    let mut get = |name: &str| small.remove(name).with_context(|| format!("{name} is missing beside {ALIGNMENT}"));
    Ok(Some(AlignedFiles { alignment, entries: get(ENTRIES)?, vectors: get(VECTORS)? }))
}

/// How a folder says that conversations are written.
fn template(small: &Named) -> Option<String> {
    /// The transformers library writes one, or several with names.
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Templates {
        One(String),
        Several(Vec<Template>),
    }
    #[derive(serde::Deserialize)]
    struct Template {
        name: String,
        template: String,
    }
    #[derive(serde::Deserialize)]
    struct Config {
        chat_template: Option<Templates>,
    }
    if let Some(text) = small.get("chat_template.jinja") {
        return String::from_utf8(text.clone()).ok();
    }
    let config: Config = serde_json::from_slice(small.get("tokenizer_config.json")?).ok()?;
    match config.chat_template? {
        Templates::One(template) => Some(template),
        Templates::Several(all) => all.into_iter().find(|t| t.name == "default").map(|t| t.template),
    }
}
