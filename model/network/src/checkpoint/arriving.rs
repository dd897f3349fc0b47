//! Whole models whose files arrive piece by piece, as in a browser. Beside the model itself, a part of a tensor is in
//! memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, Shape, TensorData};

use super::entry::{Entry, Source};
use super::model::{HEAD, Opened, TABLE, packs, tied};
use super::module::{TakeTensor, apply, fits};
use super::names::{Layout, RENDERER};
use super::packed::put;
use super::tensors::Tensors;
use super::{CheckpointError, Keep, TensorMap};
use crate::arriving::{Arriving, Lacking, Shelf};
use crate::config::{InternVlConfig, TextConfig};
use crate::device::largest_tensor;
use crate::gguf::Gguf;
use crate::internvl::InternVl;
use crate::packed::{Packed, STRIP};
use crate::task::yield_now;
use crate::tensors::on_cpu;
use crate::text_model::TextModel;
use crate::weight::{LowRank, Weight};

/// Bytes that there is room for beside the program, where addresses have 32 bits.
const ROOM: u64 = 3_500_000_000;

impl From<Lacking> for CheckpointError {
    fn from(lacking: Lacking) -> Self {
        CheckpointError::Io { path: lacking.path, cause: lacking.cause }
    }
}

impl Shelf<'_> {
    fn origin(&self) -> String {
        self.files().map(|(name, _)| name).collect::<Vec<_>>().join(", ")
    }

    async fn safetensors(&mut self, layout: Layout) -> Result<Tensors<'static>, CheckpointError> {
        let files: Vec<(String, Arriving)> = self.files().map(|(name, file)| (name.to_owned(), file.clone())).collect();
        let sources = || files.iter().map(|(name, file)| Ok(Source::arriving(file, name)));
        let tensors = self.having(|| Tensors::of_safetensors(sources(), layout)).await;
        self.forget();
        tensors
    }

    /// Whether the head is the table, as [`tied`] finds it.
    async fn tied(&mut self, tensors: &mut Tensors<'_>, says: Option<bool>) -> Result<bool, CheckpointError> {
        // only then is anything compared
        if says == Some(true) && tensors.shape(HEAD).is_some() && tensors.shape(HEAD) == tensors.shape(TABLE) {
            for name in [HEAD, TABLE] {
                self.bring_whole(&tensors.entries[name]).await?;
            }
        }
        let tied = tied(tensors, says);
        self.forget();
        tied
    }

    /// All bytes that a tensor's numbers are made of.
    async fn bring_whole(&mut self, entry: &Entry) -> Result<(), CheckpointError> {
        for entry in entry.with_adapters() {
            let (rows, _) = entry.matrix();
            let (start, length) = entry.place(&(0..rows));
            self.bring(entry.source, start, length).await?;
            self.bring_scales(entry).await?;
        }
        Ok(())
    }

    async fn bring_scales(&mut self, entry: &Entry) -> Result<(), CheckpointError> {
        if let Some(start) = entry.scales {
            self.bring(entry.source, start, entry.matrix().0 * 4).await?;
        }
        Ok(())
    }

    /// As [`Tensors::packed`].
    async fn packed(&mut self, tensors: &Tensors<'_>, name: &str) -> Result<Option<Packed>, CheckpointError> {
        let Some((entry, mut packing)) = tensors.packing(name) else { return Ok(None) };
        for rows in entry.parts(STRIP) {
            let (start, length) = entry.place(&rows);
            self.bring(entry.source, start, length).await?;
            packing.rows(rows.start, &tensors.stored_rows(entry, rows)?);
            self.forget();
            yield_now().await;
        }
        self.bring_scales(entry).await?;
        let packed = tensors.finish(entry, packing);
        self.forget();
        packed.map(Some)
    }

    /// As [`Tensors::updates`].
    async fn updates(
        &mut self,
        tensors: &Tensors<'_>,
        name: &str,
        device: &Device,
    ) -> Result<Vec<LowRank>, CheckpointError> {
        for half in tensors.entries[name].with_adapters().skip(1) {
            self.bring_whole(half).await?;
        }
        let updates = tensors.updates(name, device);
        self.forget();
        updates
    }

    /// A tensor's numbers on a device, in their order. A part of its bytes is here at a time; a GPU, which has memory of
    /// its own, gets the parts one by one.
    async fn numbers(
        &mut self,
        tensors: &Tensors<'_>,
        entry: &Entry,
        device: &Device,
    ) -> Result<Tensor<1>, CheckpointError> {
        let flat = |values: Vec<f32>| {
            let count = values.len();
            Tensor::from_data(TensorData::new(values, [count]), device)
        };
        if !entry.is_plain() {
            self.bring_whole(entry).await?;
            let values = tensors.values_of(entry)?.values;
            self.forget();
            return Ok(flat(values));
        }
        let whole = on_cpu(device) || entry.parts(1).count() < 2;
        let (rows, width) = entry.matrix();
        let (mut parts, mut values) = (Vec::new(), Vec::with_capacity(if whole { rows * width } else { 0 }));
        for rows in entry.parts(1) {
            let (start, length) = entry.place(&rows);
            self.bring(entry.source, start, length).await?;
            entry.storage.dequantise(&tensors.stored_rows(entry, rows)?, &mut values);
            self.forget();
            if !whole {
                parts.push(flat(std::mem::take(&mut values)));
            }
            yield_now().await;
        }
        Ok(if whole { flat(values) } else { Tensor::cat(parts, 0) })
    }

    /// Fills a model whose tensors are known to be its own.
    async fn fill<M: Module>(
        &mut self,
        mut model: M,
        weights: impl FnOnce(&mut M) -> Vec<(String, &mut Weight)>,
        keep: Keep,
        tensors: Tensors<'_>,
        device: &Device,
    ) -> Result<M, CheckpointError> {
        let origin = self.origin();
        fits(&model, &tensors, &origin)?;
        let packs = packs(keep, &tensors, device);
        if usize::BITS == 32 && on_cpu(device) {
            has_room(tensors.takes(packs), ROOM, &origin)?;
        }
        if let Some(most) = largest_tensor(device) {
            tensors.none_larger(most, packs)?;
        }
        let mut matrices: BTreeMap<String, &mut Weight> = if packs {
            weights(&mut model).into_iter().map(|(name, weight)| (format!("{name}.weight"), weight)).collect()
        } else {
            BTreeMap::new()
        };
        let mut arrived = Arrived::default();
        for (name, entry) in tensors.as_they_lie() {
            let weight = matrices.remove(name);
            let packed = if weight.is_some() { self.packed(&tensors, name).await? } else { None };
            if let (Some(weight), Some(packed)) = (weight, packed) {
                put(weight, packed, self.updates(&tensors, name, device).await?);
            } else {
                let numbers = self.numbers(&tensors, entry, device).await?;
                arrived.0.insert(name.clone(), (entry.shape.clone(), numbers));
            }
            yield_now().await;
        }
        apply(model, arrived, &origin)
    }
}

impl Entry {
    /// Bytes that it takes in memory, as a packed matrix or as floats.
    fn takes(&self, packs: bool) -> u64 {
        let (rows, width) = self.matrix();
        let few = packs && Packed::is_of(self.storage) && self.shape.len() == 2;
        let row = if few { self.storage.row_bytes(width).expect("checked on opening") } else { width * 4 };
        rows as u64 * row as u64
    }

    fn with_adapters(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(self).chain(self.adapters.iter().flat_map(|adapter| [&adapter.a, &adapter.b]))
    }
}

impl Tensors<'_> {
    /// All of them in the order of the files, so that what follows is what is read next.
    fn as_they_lie(&self) -> Vec<(&String, &Entry)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|(_, entry)| (entry.source, entry.place(&(0..0)).0));
        entries
    }

    /// Bytes that they take in memory, their matrices packed or not.
    fn takes(&self, packs: bool) -> u64 {
        self.entries.values().map(|entry| entry.takes(packs)).sum()
    }

    /// That none of them takes more bytes.
    fn none_larger(&self, most: u64, packs: bool) -> Result<(), CheckpointError> {
        let Some(entry) = self.entries.values().find(|entry| entry.takes(packs) > most) else { return Ok(()) };
        let (takes, most) = (entry.takes(packs) >> 20, most >> 20);
        let problem = format!("it takes {takes} MB, and this GPU {most} at most in one piece; the processor takes it");
        Err(self.sources[entry.source].tensor(&entry.name, problem))
    }
}

fn has_room(needed: u64, room: u64, origin: &str) -> Result<(), CheckpointError> {
    if needed <= room { Ok(()) } else { Err(CheckpointError::TooLarge { path: origin.to_string(), needed, room }) }
}

/// Tensors that are on their device already: sizes and numbers.
#[derive(Default)]
struct Arrived(BTreeMap<String, (Vec<usize>, Tensor<1>)>);

impl TakeTensor for Arrived {
    fn sizes(&self, name: &str) -> Option<&[usize]> {
        self.0.get(name).map(|(sizes, _)| &sizes[..])
    }

    fn take<const D: usize>(&mut self, name: &str, shape: Shape, _: &Device) -> Result<Tensor<D>, CheckpointError> {
        let (_, numbers) = self.0.remove(name).expect("its sizes were asked for");
        Ok(numbers.reshape(shape))
    }

    fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    fn rest(self) -> Vec<String> {
        self.0.into_keys().collect()
    }
}

impl<C> Opened<C> {
    fn arriving(config: C, tensors: Tensors<'static>, layers: usize, origin: &str) -> Result<Self, CheckpointError> {
        let path = PathBuf::from(origin);
        let opened = Opened { config, keep: Keep::default(), tensors, base: path.clone(), path, around: false };
        opened.check_layers(layers)?;
        Ok(opened)
    }
}

impl Opened<InternVlConfig> {
    /// As [`Opened::model`], of safetensors files that arrive.
    ///
    /// # Errors
    /// When a file cannot be had or is not what it should be.
    pub async fn model_arriving(config: InternVlConfig, shelf: &mut Shelf<'_>) -> Result<Self, CheckpointError> {
        let tensors = shelf.safetensors(Layout::InternVl).await?;
        let layers = config.vision_config.num_hidden_layers.saturating_add(config.text_config.num_hidden_layers);
        Opened::arriving(config, tensors, layers, &shelf.origin())
    }

    /// As [`Opened::take_renderer`].
    ///
    /// # Errors
    /// When a file cannot be had.
    pub async fn take_renderer_arriving(&mut self, shelf: &mut Shelf<'_>) -> Result<TensorMap, CheckpointError> {
        for (_, entry) in self.tensors.entries.iter().filter(|(name, _)| name.starts_with(RENDERER)) {
            shelf.bring_whole(entry).await?;
        }
        let renderer = self.take_renderer();
        shelf.forget();
        renderer
    }

    /// As [`Opened::read`].
    ///
    /// # Errors
    /// When a file cannot be had, the tensors are not exactly the config's, or there is no room for them.
    pub async fn read_arriving(self, shelf: &mut Shelf<'_>, device: &Device) -> Result<InternVl, CheckpointError> {
        let Opened { mut config, keep, mut tensors, .. } = self;
        let tied = shelf.tied(&mut tensors, config.tied()).await?;
        config.set_tied(tied);
        shelf.fill(InternVl::new(&config, device), InternVl::weights, keep, tensors, device).await
    }
}

impl Opened<TextConfig> {
    /// As [`Opened::text_model`], of safetensors files that arrive.
    ///
    /// # Errors
    /// When a file cannot be had or is not what it should be.
    pub async fn text_model_arriving(config: TextConfig, shelf: &mut Shelf<'_>) -> Result<Self, CheckpointError> {
        let (tensors, layers) = (shelf.safetensors(Layout::Text).await?, config.num_hidden_layers);
        Opened::arriving(config, tensors, layers, &shelf.origin())
    }

    /// As [`Opened::text_model`], of a GGUF file that arrives; and what else the file says.
    ///
    /// # Errors
    /// When the file cannot be had or is not what it should be.
    pub async fn gguf_arriving(shelf: &mut Shelf<'_>) -> Result<(Self, Gguf), CheckpointError> {
        let source = shelf.files().next().map(|(name, file)| Source::arriving(file, name)).expect("a file");
        let content = shelf.having(|| Gguf::read(&*source.bytes).map_err(|problem| source.format(problem))).await?;
        shelf.forget();
        let config = TextConfig::of_gguf(&content).map_err(|problem| source.format(problem))?;
        let (tensors, layers) = (Tensors::of_gguf(source, &content, &config)?, config.num_hidden_layers);
        Ok((Opened::arriving(config, tensors, layers, &shelf.origin())?, content))
    }

    /// As [`Opened::read`].
    ///
    /// # Errors
    /// When a file cannot be had, the tensors are not exactly the config's, or there is no room for them.
    pub async fn read_arriving(self, shelf: &mut Shelf<'_>, device: &Device) -> Result<TextModel, CheckpointError> {
        let Opened { mut config, keep, mut tensors, .. } = self;
        config.tie_word_embeddings = Some(shelf.tied(&mut tensors, config.tied()).await?);
        shelf.fill(TextModel::new(&config, device), TextModel::weights, keep, tensors, device).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_told_in_numbers() {
        assert!(has_room(5, 5, "a").is_ok());
        let error = has_room(7_900_000_000, ROOM, "model.safetensors").unwrap_err().to_string();
        assert!(error.contains("takes 7.9 GB") && error.contains("room for 3.5"), "{error}");
    }
}
