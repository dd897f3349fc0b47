//! What is read of a document: nodes, skins, animations, and where their numbers are. Everything else, from meshes to
//! extensions, is skipped, so that it may be as it likes.

use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

use super::super::{
    error::{Cause, excerpt},
    json,
    limits::check_count,
};

/// Most objects in the JSON: a node takes sixty times as much memory as text.
const MAX_OBJECTS: usize = 1 << 20;

/// The document. Numbers that name others count from zero, and are not checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(default)]
    pub nodes: Vec<Node>,
    #[serde(default)]
    pub skins: Vec<Skin>,
    #[serde(default)]
    pub animations: Vec<Clip>,
    #[serde(default)]
    pub accessors: Vec<Accessor>,
    #[serde(default)]
    pub buffer_views: Vec<View>,
    #[serde(default)]
    pub buffers: Vec<Buffer>,
}

#[derive(Deserialize)]
pub(super) struct Node {
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub children: Vec<usize>,
    /// Column by column.
    pub matrix: Option<[f32; 16]>,
    pub translation: Option<[f32; 3]>,
    /// Scalar last.
    pub rotation: Option<[f32; 4]>,
    pub scale: Option<[f32; 3]>,
    mesh: Option<IgnoredAny>,
    camera: Option<IgnoredAny>,
}

impl Node {
    /// Whether it carries something to look at or with.
    pub(super) fn is_thing(&self) -> bool {
        self.mesh.is_some() || self.camera.is_some()
    }
}

#[derive(Deserialize)]
pub(super) struct Skin {
    pub joints: Vec<usize>,
}

/// An animation.
#[derive(Deserialize)]
pub(super) struct Clip {
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    pub channels: Vec<Channel>,
    pub samplers: Vec<Sampler>,
}

#[derive(Deserialize)]
pub(super) struct Channel {
    pub sampler: usize,
    pub target: Target,
}

#[derive(Deserialize)]
pub(super) struct Target {
    /// Extensions move other things than nodes.
    pub node: Option<usize>,
    pub path: String,
}

#[derive(Deserialize)]
pub(super) struct Sampler {
    /// The accessor of times.
    pub input: usize,
    /// The accessor of values.
    pub output: usize,
    pub interpolation: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accessor {
    pub buffer_view: Option<usize>,
    #[serde(default, deserialize_with = "or_default")]
    pub byte_offset: usize,
    pub count: usize,
    pub component_type: u32,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub normalized: bool,
    pub sparse: Option<Sparse>,
    pub min: Option<Value>,
    pub max: Option<Value>,
}

/// Elements that differ from what the accessor else has.
#[derive(Deserialize)]
pub(super) struct Sparse {
    pub count: usize,
    pub indices: Indices,
    pub values: Values,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Indices {
    pub buffer_view: usize,
    #[serde(default)]
    pub byte_offset: usize,
    pub component_type: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Values {
    pub buffer_view: usize,
    #[serde(default)]
    pub byte_offset: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    pub buffer: usize,
    #[serde(default, deserialize_with = "or_default")]
    pub byte_offset: usize,
    pub byte_length: usize,
    /// Bytes from one element to the next; nothing or zero where they lie side by side.
    pub byte_stride: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Buffer {
    pub uri: Option<String>,
}

/// What documents of all versions have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    asset: Asset,
    #[serde(default)]
    extensions_required: Vec<String>,
}

#[derive(Deserialize)]
struct Asset {
    #[serde(default)]
    version: Value,
}

/// What is `null` is not there.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

impl Document {
    /// Reads the JSON; the error comes with its line.
    pub(super) fn parse(text: &[u8]) -> Result<Self, (Option<usize>, Cause)> {
        let count = |sign: u8| text.iter().filter(|&&byte| byte == sign).count();
        let whole = |cause| (None, cause);
        check_count("the number of values in its JSON", count(b','), json::MAX_VALUES).map_err(whole)?;
        let failed = |error| json::failure(&error);
        // what an older version writes differs in everything but this
        let head: Head = serde_json::from_slice(text).map_err(failed)?;
        let version = head.asset.version.to_string();
        let version = version.trim_matches('"');
        if !version.starts_with("2.") {
            let text = format!("it is glTF {}: export it as glTF 2.0", excerpt(version.as_bytes()));
            return Err((None, Cause::Malformed(text)));
        }
        if let Some(packed) = head.extensions_required.iter().find(|e| e.contains("meshopt")) {
            let name = excerpt(packed.as_bytes());
            let text = format!("its animation is packed with {name}, which is not read: export it without compression");
            return Err((None, Cause::Malformed(text)));
        }
        check_count("the number of objects in its JSON", count(b'{'), MAX_OBJECTS).map_err(whole)?;
        serde_json::from_slice(text).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_numbers_are_counted_before_they_are_read() {
        let text = [&b"{\"asset\":{\"version\":["[..], &b"0,".repeat(json::MAX_VALUES + 1)].concat();
        let Err((line, cause)) = Document::parse(&text) else { panic!("it was read") };
        assert!(line.is_none() && cause.to_string().contains("the number of values in its JSON"), "{cause}");
    }
}
