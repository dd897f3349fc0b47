//! Public checkpoints: facebookresearch/mae's names, and those of transformers, before release 5 and since.

use burn::module::Module;

use crate::checkpoint::{self, CheckpointError, HostTensor, TensorMap};

/// What belongs to the decoder though its name does not say so.
const OF_THE_DECODER: [&str; 3] = ["mask_token", "noise_embed.weight", "noise_embed.bias"];

/// What names labels, in public files and in ours.
const HEADS: [&str; 5] = ["head.", "fc_norm.", "classifier.", "pooler.", "probe."];

/// Our own path of a tensor → its name in the files.
#[must_use]
pub fn file_name(path: &str) -> String {
    match (path.strip_prefix("encoder."), path.strip_prefix("decoder.")) {
        (Some(name), _) => name.to_owned(),
        (_, Some(name)) if OF_THE_DECODER.contains(&name) => name.to_owned(),
        (_, Some(name)) => format!("decoder_{name}"),
        _ => path.to_owned(),
    }
}

/// The name of a tensor in the files → our own path.
fn path(name: &str) -> String {
    match name.strip_prefix("decoder_") {
        Some(rest) => format!("decoder.{rest}"),
        None if OF_THE_DECODER.contains(&name) => format!("decoder.{name}"),
        None => format!("encoder.{name}"),
    }
}

/// The tensors of a module by their names in the files.
#[must_use]
pub fn tensors<M: Module>(model: &M) -> TensorMap {
    checkpoint::tensors_of(model).into_iter().map(|(path, tensor)| (file_name(&path), tensor)).collect()
}

/// Fills a masked model from tensors with the original's or transformers' names; `origin` names them in errors. Heads of
/// classifiers are left aside. Where there is nothing of the decoder, as in files for fine-tuning, the model keeps its
/// own; the second result says whether there was.
///
/// # Errors
/// When a tensor is missing, left over or has another shape. All of them are listed.
pub fn load<M: Module>(model: M, found: TensorMap, origin: &str) -> Result<(M, bool), CheckpointError> {
    let mut tensors = ours(found);
    let whole = tensors.keys().any(|path| !path.starts_with("encoder."));
    if !whole {
        let own = checkpoint::tensors_of(&model);
        tensors.extend(own.into_iter().filter(|(path, _)| !path.starts_with("encoder.")));
    }
    Ok((checkpoint::apply(model, tensors, origin)?, whole))
}

/// The tensors of ViT and decoder by our paths below each, from the original's or transformers' names. Either may be
/// empty; heads of classifiers are left aside.
#[must_use]
pub fn parts(found: TensorMap) -> (TensorMap, TensorMap) {
    let (mut encoder, mut decoder) = (TensorMap::new(), TensorMap::new());
    for (path, tensor) in ours(found) {
        match path.strip_prefix("decoder.") {
            Some(path) => decoder.insert(path.to_owned(), tensor),
            None => encoder.insert(path.strip_prefix("encoder.").unwrap_or(&path).to_owned(), tensor),
        };
    }
    (encoder, decoder)
}

/// Any of the layouts, without heads of classifiers → our own paths.
fn ours(found: TensorMap) -> TensorMap {
    let head = |name: &str| HEADS.iter().any(|head| name.starts_with(head));
    let named = original(found).into_iter().filter(|(name, _)| !head(name));
    named.map(|(name, tensor)| (path(&name), tensor)).collect()
}

/// Any of the layouts → the original's names.
fn original(found: TensorMap) -> TensorMap {
    let mut tensors = TensorMap::new();
    let mut thirds: std::collections::BTreeMap<String, [Option<HostTensor>; 3]> = Default::default();
    for (name, tensor) in found {
        let name = name.strip_prefix("vit.").unwrap_or(&name);
        let name = name.strip_prefix("decoder.").unwrap_or(name);
        match renamed(name) {
            Renamed::Whole(name) => {
                tensors.insert(name, tensor);
            }
            Renamed::Third(name, part) => thirds.entry(name).or_default()[part] = Some(tensor),
        }
    }
    for (name, parts) in thirds {
        match parts {
            [Some(query), Some(key), Some(value)] if query.shape == key.shape && key.shape == value.shape => {
                let mut shape = query.shape;
                shape[0] *= 3;
                tensors.insert(name, HostTensor { shape, values: [query.values, key.values, value.values].concat() });
            }
            // left as they are, so that whoever loads them says what is missing
            parts => {
                let kinds = ["query", "key", "value"].into_iter().zip(parts);
                tensors.extend(kinds.filter_map(|(kind, part)| Some((format!("{name}.{kind}"), part?))));
            }
        }
    }
    tensors
}

enum Renamed {
    Whole(String),
    /// Queries, keys or values, which the original keeps in one matrix.
    Third(String, usize),
}

fn renamed(name: &str) -> Renamed {
    for (theirs, ours) in [
        ("embeddings.cls_token", "cls_token"),
        ("embeddings.position_embeddings", "pos_embed"),
        ("embeddings.patch_embeddings.projection.", "patch_embed.proj."),
        ("layernorm.", "norm."),
    ] {
        if let Some(rest) = name.strip_prefix(theirs) {
            return Renamed::Whole(format!("{ours}{rest}"));
        }
    }
    for (theirs, ours) in
        [("encoder.layer.", "blocks."), ("decoder_layers.", "decoder_blocks."), ("layers.", "blocks.")]
    {
        let Some((number, rest)) = name.strip_prefix(theirs).and_then(|rest| rest.split_once('.')) else { continue };
        let inside = |rest: &str| format!("{ours}{number}.{rest}");
        let (layer, kind) = rest.rsplit_once('.').unwrap_or((rest, ""));
        let layer = match layer {
            "attention.attention.query" | "attention.q_proj" => {
                return Renamed::Third(inside(&format!("attn.qkv.{kind}")), 0);
            }
            "attention.attention.key" | "attention.k_proj" => {
                return Renamed::Third(inside(&format!("attn.qkv.{kind}")), 1);
            }
            "attention.attention.value" | "attention.v_proj" => {
                return Renamed::Third(inside(&format!("attn.qkv.{kind}")), 2);
            }
            "attention.output.dense" | "attention.o_proj" => "attn.proj",
            "intermediate.dense" => "mlp.fc1",
            "output.dense" => "mlp.fc2",
            "layernorm_before" => "norm1",
            "layernorm_after" => "norm2",
            other => other,
        };
        return Renamed::Whole(inside(&format!("{layer}.{kind}")));
    }
    Renamed::Whole(name.to_owned())
}
