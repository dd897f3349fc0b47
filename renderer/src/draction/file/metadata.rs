//! What stands in a weight file's header and in the manifest beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Value of the header field `format`.
pub(super) const FORMAT: &str = "skeletonllm-draction-v1";

/// What a weight file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// A name; not always that of the file.
    pub name: String,
    /// A measured score, in words.
    pub metric: String,
    /// One sentence.
    pub description: String,
    /// Points along each bone; on templates with adaptive counts the largest.
    pub num_line_samples: usize,
    /// Frames a clip when it was trained.
    pub render_frames: usize,
    /// Side of the pictures in pixels when it was trained.
    pub render_size: usize,
    /// The training checkpoint it was taken from; stands in the manifest only.
    pub source_checkpoint: String,
    /// Every other header field.
    pub extra: BTreeMap<String, String>,
}

impl Default for Metadata {
    /// Unnamed, 10 points a bone, 12 frames of 448 pixels.
    fn default() -> Metadata {
        Metadata {
            name: String::new(),
            metric: String::new(),
            description: String::new(),
            num_line_samples: 10,
            render_frames: 12,
            render_size: 448,
            source_checkpoint: String::new(),
            extra: BTreeMap::new(),
        }
    }
}

/// The `.json` beside a weight file. Field order is that of the released ones.
#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    pub format: String,
    pub name: String,
    pub description: String,
    #[serde(default)]
    pub source_checkpoint: String,
    pub num_line_samples: usize,
    pub render_frames: usize,
    pub render_size: usize,
    pub num_joints: usize,
    pub num_gaussians: usize,
    pub feature_dim: usize,
    pub enable_nfm: bool,
    pub tensor_count: usize,
    pub tensors: BTreeMap<String, Vec<usize>>,
    pub sha256: String,
}

/// The header's fields, and its `enable_nfm` if it has one.
pub(super) fn read_metadata(
    mut fields: BTreeMap<String, String>,
    warnings: &mut Vec<String>,
) -> (Metadata, Option<bool>) {
    let default = Metadata::default();
    if let Some(format) = fields.remove("format").filter(|f| f != FORMAT) {
        warnings.push(format!("the header names the format {format:?} instead of {FORMAT:?}"));
    }
    let mut number = |fields: &mut BTreeMap<String, String>, key: &str, default: usize| match fields.remove(key) {
        None => default,
        Some(text) => text.trim().parse().unwrap_or_else(|_| {
            warnings.push(format!("header field {key} is {text:?}, not a number; {default} is assumed"));
            default
        }),
    };
    let num_line_samples = number(&mut fields, "num_line_samples", default.num_line_samples);
    let render_frames = number(&mut fields, "render_frames", default.render_frames);
    let render_size = number(&mut fields, "render_size", default.render_size);
    let enable_nfm = fields.remove("enable_nfm").and_then(|text| text.trim().to_lowercase().parse().ok());
    let mut text = |key: &str| fields.remove(key).unwrap_or_default();
    let (name, metric, description) = (text("name"), text("metric"), text("description"));
    let metadata = Metadata {
        name,
        metric,
        description,
        num_line_samples,
        render_frames,
        render_size,
        source_checkpoint: String::new(),
        extra: fields,
    };
    (metadata, enable_nfm)
}
