//! Tensors of GGUF files.

use super::entry::{Entry, Rows, Source};
use super::tensors::Tensors;
use super::{CheckpointError, names};
use crate::config::TextConfig;
use crate::gguf::Gguf;

impl<'a> Tensors<'a> {
    /// The tensors of a language model in a GGUF file. `config` is what the file says of the model.
    pub(super) fn of_gguf(source: Source<'a>, file: &Gguf, config: &TextConfig) -> Result<Self, CheckpointError> {
        let mut tensors = Tensors { sources: vec![source], ..Tensors::default() };
        for (name, info) in &file.tensors {
            let source = &tensors.sources[0];
            if name == "rope_freqs.weight" {
                return Err(source.tensor(name, "frequencies of its own for long texts are not supported"));
            }
            let here = names::of_gguf(name).ok_or_else(|| source.tensor(name, "not known in this kind of model"))?;
            // of the three families only Llama's files have rotation partners side by side
            let turned = config.model_type == "llama" && (name.contains(".attn_q.") || name.contains(".attn_k."));
            let head = config.head_dim();
            if turned && !info.shape.first().is_some_and(|rows| rows.is_multiple_of(head)) {
                return Err(source.tensor(name, format!("the rows of {:?} are no heads of {head}", info.shape)));
            }
            if turned && info.shape.len() == 1 && info.storage.block().0 > 1 {
                let problem = format!("numbers in {:?} blocks, which cannot change places one by one", info.storage);
                return Err(source.tensor(name, problem));
            }
            let entry = Entry {
                name: name.clone(),
                shape: info.shape.clone(),
                storage: info.storage,
                source: 0,
                start: info.start,
                rows: if turned { Rows::Paired(head) } else { Rows::From(0) },
                scales: None,
                adapters: Vec::new(),
            };
            tensors.insert(here, entry)?;
        }
        Ok(tensors)
    }
}
