//! Learning rates by depth: what lies deep was learned well and changes little (spec C.3).

/// How deep a parameter of a ViT with so many blocks lies: 0 for class token, positions and patch embedding, n + 1 for block
/// n, and one more than the last block for everything after it. Names as in the files, or below `encoder.`.
#[must_use]
pub fn layer_id(parameter: &str, blocks: usize) -> usize {
    let name = parameter.strip_prefix("encoder.").unwrap_or(parameter);
    if name == "cls_token" || name == "pos_embed" || name.starts_with("patch_embed.") {
        return 0;
    }
    let block = name.strip_prefix("blocks.").and_then(|rest| rest.split('.').next()).and_then(|n| n.parse().ok());
    block.map_or(blocks + 1, |block: usize| block + 1)
}

/// `decay^(blocks + 1 − id)`: 1 for the head, less for what lies deeper.
#[must_use]
pub fn layer_factor(parameter: &str, blocks: usize, decay: f64) -> f64 {
    let above = (blocks + 1).saturating_sub(layer_id(parameter, blocks));
    decay.powi(i32::try_from(above).unwrap_or(i32::MAX))
}
