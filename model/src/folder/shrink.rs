//! Any model that can be read, written again with its matrices in fewer bits.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use draction::store::write_atomically;
use skeletonllm_network::{
    checkpoint::{Bits, Opened, Shrunk, is_text_model},
    tokenizer::Tokenizer,
    words::{ENTRIES, VECTORS},
};

use super::{ALIGNMENT, beneath, renderer_file};

/// What was read and what was written.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes of the weights that were read.
    pub before: u64,
    /// What was written.
    pub after: Shrunk,
}

/// Writes the model at `from` (a directory of any layout, a language model alone, a GGUF file) into the directory `out`:
/// weights in fewer bits, tokenizer and renderer as they are; what it lies on top of, at `base` if somebody says so, becomes
/// part of it. Nothing but one tensor at a time is in memory. `tell` is
/// told how many numbers there are in all, then of each tensor how many it has.
///
/// # Errors
/// When a file cannot be read or written, naming it; when `out` is where the model is read from, or has files that would be
/// taken for a part of what is written.
pub fn shrink(from: &Path, base: Option<&Path>, bits: Bits, out: &Path, mut tell: impl FnMut(u64)) -> Result<Sizes> {
    let same = |folder: &Path| out.canonicalize().is_ok_and(|out| folder.canonicalize().is_ok_and(|f| f == out));
    let free = |place: &Path| {
        ensure!(!same(from) && !same(place), "{} is where the model is; name another directory", out.display());
        empty_but_for_ours(out)
    };
    if is_text_model(from) {
        let mut opened = Opened::text_model(from)?;
        let place = opened.tokenizer_place();
        free(&place)?;
        let tokenizer = Tokenizer::of_text_model(&place)?;
        let (numbers, before) = opened.size();
        tell(numbers);
        let after = opened.shrink(bits, out, tell)?;
        write(out, "tokenizer.json", tokenizer.to_json().as_bytes())?;
        remove(out, &BESIDE)?;
        return Ok(Sizes { before, after });
    }
    let mut opened = Opened::model_on(from, beneath(from, base)?.as_deref())?;
    let place = opened.tokenizer_place();
    free(&place)?;
    let tokenizer = opened.tokenizer()?;
    opened.config.image_token_id.get_or_insert(tokenizer.image_context());
    if let Some(own) = &mut opened.config.skeleton {
        // it does not lie on top of another any more
        own.other.retain(|field, _| !["base", "base_bits"].contains(&field.as_str()));
    }
    let mut renderer = opened.take_renderer()?;
    let (numbers, before) = opened.size();
    tell(numbers);
    let after = opened.shrink(bits, out, tell)?;
    write(out, "tokenizer.json", tokenizer.to_json().as_bytes())?;
    for name in BESIDE {
        let file = from.join(name);
        if file.exists() {
            let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            write(out, name, &bytes)?;
        } else if name == RENDERER && !renderer.is_empty() {
            write(out, name, &renderer_file(std::mem::take(&mut renderer)))?;
        } else {
            remove(out, &[name])?;
        }
    }
    Ok(Sizes { before, after })
}

const RENDERER: &str = "draction.safetensors";
/// What a model may have beside its weights.
const BESIDE: [&str; 4] = [RENDERER, ALIGNMENT, ENTRIES, VECTORS];

/// A directory may have been written by this before: its files are replaced. Others would go on to say what the model is, such
/// as an adapter's settings.
fn empty_but_for_ours(out: &Path) -> Result<()> {
    let Ok(files) = std::fs::read_dir(out) else { return Ok(()) };
    for file in files.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        let ours = BESIDE.contains(&name.as_str())
            || ["config.json", "tokenizer.json", "model.safetensors", "model.safetensors.partial"].contains(&&*name);
        // what systems put anywhere
        ensure!(
            ours || name.starts_with('.'),
            "{} has {name}, which is no part of what is written there: name an empty directory",
            out.display()
        );
    }
    Ok(())
}

/// Removes files of what was here before.
fn remove(out: &Path, names: &[&str]) -> Result<()> {
    for file in names.iter().map(|name| out.join(name)).filter(|file| file.exists()) {
        std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

fn write(out: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    Ok(write_atomically(&out.join(name), bytes)?)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::folder::{Loaded, default_model};

    #[test]
    fn nano_in_four_bits_is_smaller_and_still_itself() {
        let (from, out) = (default_model().unwrap(), tempfile::tempdir().unwrap());
        let mut told = Vec::new();
        let sizes = shrink(&from, None, Bits::Four, out.path(), |numbers| told.push(numbers)).unwrap();
        assert_eq!(told[0], told[1..].iter().sum::<u64>(), "all of it, tensor by tensor");
        assert_eq!(told[0], sizes.after.parameters);
        // int8 before, table in int8 and vectors in f32 after
        assert!(sizes.after.bytes * 10 < sizes.before * 8, "{sizes:?}");
        let error = sizes.after.error();
        assert!(error > 0.01 && error < 0.12, "{error}");
        let file = std::fs::metadata(out.path().join("model.safetensors")).unwrap();
        assert_eq!(file.len(), sizes.after.bytes);

        let (before, after) =
            (Loaded::read(&from, &Device::flex()).unwrap(), Loaded::read(out.path(), &Device::flex()).unwrap());
        assert_eq!(after.extra, before.extra);
        assert_eq!(after.tokenizer.to_json(), before.tokenizer.to_json());
        assert_eq!(after.model.internvl.config(), before.model.internvl.config());
        // again, over what was there before; not beside what is another model's
        std::fs::write(out.path().join(".DS_Store"), "").unwrap();
        shrink(&from, None, Bits::Eight, out.path(), |_| ()).unwrap();
        std::fs::write(out.path().join("adapter_config.json"), "{}").unwrap();
        let message = format!("{:#}", shrink(&from, None, Bits::Four, out.path(), |_| ()).unwrap_err());
        assert!(message.contains("adapter_config.json") && message.contains("empty directory"), "{message}");
        let message = format!("{:#}", shrink(&from, None, Bits::Eight, &from, |_| ()).unwrap_err());
        assert!(message.contains("is where the model is"), "{message}");
    }
}
