//! The numbers of a glTF file: one buffer, a view and an accessor a list.

use serde_json::{Value, json};

const F32: u32 = 5126;
const U16: u32 = 5123;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// How values between two frames are found.
#[derive(Clone, Copy)]
pub(super) enum Interpolation {
    Linear,
    Step,
}

impl Interpolation {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Linear => "LINEAR",
            Self::Step => "STEP",
        }
    }
}

/// What an animation does to a node; accessors by their index.
pub(super) struct Track {
    pub path: &'static str,
    pub interpolation: Interpolation,
    pub times: usize,
    pub output: usize,
}

/// Grows by lists; each method returns the index of the accessor that it added.
#[derive(Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Buffer {
    /// Bytes, views, accessors.
    pub(super) fn parts(self) -> (Vec<u8>, Vec<Value>, Vec<Value>) {
        (self.bytes, self.views, self.accessors)
    }

    /// Times: with their bounds, as animation inputs must have.
    pub(super) fn scalars(&mut self, values: &[f32]) -> usize {
        let rows: Vec<[f32; 1]> = values.iter().map(|&v| [v]).collect();
        self.floats("SCALAR", &rows, true, None)
    }

    /// Three numbers an entry; `vertices` have their bounds, as positions must have.
    pub(super) fn vectors(&mut self, values: &[[f32; 3]], vertices: bool) -> usize {
        self.floats("VEC3", values, vertices, vertices.then_some(ARRAY_BUFFER))
    }

    /// x, y, z, w.
    pub(super) fn quaternions(&mut self, values: &[[f32; 4]]) -> usize {
        self.floats("VEC4", values, false, None)
    }

    /// Weights of vertices.
    pub(super) fn weights(&mut self, values: &[[f32; 4]]) -> usize {
        self.floats("VEC4", values, false, Some(ARRAY_BUFFER))
    }

    /// Columns one after the other.
    pub(super) fn matrices(&mut self, values: &[[f32; 16]]) -> usize {
        self.floats("MAT4", values, false, None)
    }

    /// Joints of vertices.
    pub(super) fn joints(&mut self, values: &[[u16; 4]]) -> usize {
        let bytes: Vec<u8> = values.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        self.list("VEC4", U16, values.len(), &bytes, Some(ARRAY_BUFFER))
    }

    /// Vertices of triangles.
    pub(super) fn indices(&mut self, values: &[u16]) -> usize {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.list("SCALAR", U16, values.len(), &bytes, Some(ELEMENT_ARRAY_BUFFER))
    }

    fn floats<const N: usize>(&mut self, kind: &str, rows: &[[f32; N]], bounds: bool, target: Option<u32>) -> usize {
        let bytes: Vec<u8> = rows.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        let accessor = self.list(kind, F32, rows.len(), &bytes, target);
        if bounds {
            let bound = |pick: fn(f32, f32) -> f32| -> Vec<f32> {
                (0..N).map(|i| rows.iter().map(|row| row[i]).reduce(pick).unwrap_or(0.0)).collect()
            };
            self.accessors[accessor]["min"] = json!(bound(f32::min));
            self.accessors[accessor]["max"] = json!(bound(f32::max));
        }
        accessor
    }

    fn list(&mut self, kind: &str, component: u32, count: usize, bytes: &[u8], target: Option<u32>) -> usize {
        let mut view = json!({ "buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len() });
        if let Some(target) = target {
            view["target"] = json!(target);
        }
        self.views.push(view);
        self.bytes.extend(bytes);
        // every list begins at a multiple of four
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.accessors.push(json!({
            "bufferView": self.views.len() - 1,
            "componentType": component,
            "count": count,
            "type": kind,
        }));
        self.accessors.len() - 1
    }
}
