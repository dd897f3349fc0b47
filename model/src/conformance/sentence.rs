//! A sentence encoder against golden files.
//!
//! A case is a sentence encoder's folder with an `expected.safetensors` in it: for the texts in the header (`texts`, JSON)
//! `text.input_ids`, `text.attention_mask`, `text.states` (zero where masked) and `text.embedding`; the same as `random.*` for
//! ids that no tokenizer made.

use std::path::Path;

use burn::tensor::Device;
use skeletonllm_network::{sentence::SentenceEncoder, tensors::host};

use super::{Checks, ConformanceError, Golden, within::Within};

/// Runs the case in `folder` on `device`.
///
/// # Errors
/// When the case's files cannot be used. A result that differs is not an error; the checks say so.
pub fn sentence_encoder(folder: &Path, device: &Device) -> Result<Checks, ConformanceError> {
    let golden = Golden::load(&folder.join("expected.safetensors"))?;
    let encoder = SentenceEncoder::load(folder, &device.clone().without_autodiff())?;
    let mut all = Checks::default();
    if golden.has("text.input_ids") {
        let texts: Vec<String> = golden.json("texts")?;
        let mut checks = Within::new(&mut all, "text");
        let ids: Vec<Vec<u32>> = texts.iter().map(|text| encoder.tokenizer.encode(text)).collect();
        let wanted = rows(&golden, "text")?;
        checks.same("input_ids, attention_mask", &ids, &wanted);
        compare(&golden, "text", &encoder, &wanted, &mut checks)?;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = encoder.embed(&texts)?.concat();
        checks.compare("embedding (from text)", &vectors, golden.floats("text.embedding")?);
    }
    if golden.has("random.input_ids") {
        let mut checks = Within::new(&mut all, "random");
        compare(&golden, "random", &encoder, &rows(&golden, "random")?, &mut checks)?;
    }
    Ok(all)
}

/// The real tokens of each row.
fn rows(golden: &Golden, kind: &str) -> Result<Vec<Vec<u32>>, ConformanceError> {
    let name = format!("{kind}.input_ids");
    let (ids, mask) = (golden.integers(&name)?, golden.integers(&format!("{kind}.attention_mask"))?);
    let [_, length] = ids.shape[..] else { return Err(golden.wrong(&name, "not of rank 2")) };
    if ids.shape != mask.shape || length == 0 {
        return Err(golden.wrong(&name, format!("shape {:?}, of the mask {:?}", ids.shape, mask.shape)));
    }
    let tokens = golden.tokens(&name)?;
    let pairs = tokens.chunks(length).zip(mask.values.chunks(length));
    pairs
        .map(|(ids, mask)| {
            let real = mask.iter().take_while(|&&m| m == 1).count();
            if mask[real..].iter().any(|&m| m != 0) {
                return Err(golden.wrong(&name, "a mask is not ones and then zeros"));
            }
            Ok(ids[..real].to_vec())
        })
        .collect()
}

fn compare(
    golden: &Golden,
    kind: &str,
    encoder: &SentenceEncoder,
    rows: &[Vec<u32>],
    checks: &mut Within<'_>,
) -> Result<(), ConformanceError> {
    let states = encoder.bert.states(rows)?;
    let [_, longest, width] = states.dims();
    let name = format!("{kind}.states");
    let ([_, length, _], wanted) = golden.shaped::<3>(&name)?;
    let mut found = host(states);
    let mut padded = Vec::with_capacity(wanted.len());
    for (row, states) in rows.iter().zip(found.chunks_exact_mut(longest * width)) {
        states[row.len() * width..].fill(0.0);
        padded.extend_from_slice(states);
        padded.resize(padded.len() + length.saturating_sub(longest) * width, 0.0);
    }
    checks.compare("states", &padded, wanted);
    let name = format!("{kind}.embedding");
    checks.compare("embedding", &host(encoder.bert.embed(rows)?), golden.floats(&name)?);
    Ok(())
}
