//! Writes small files for tests.

use super::Value;

/// Name, sizes innermost first, type, offset (`None`: after the one before), bytes.
type Written = (String, Vec<u64>, u32, Option<u64>, Vec<u8>);

/// A file under construction.
#[derive(Default)]
pub(crate) struct Writer {
    pub settings: Vec<(String, Value)>,
    pub tensors: Vec<Written>,
}

impl Writer {
    pub fn set(mut self, name: &str, value: Value) -> Self {
        self.settings.push((name.into(), value));
        self
    }

    pub fn texts(self, name: &str, texts: &[&str]) -> Self {
        self.set(name, Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect()))
    }

    /// `shape` outermost first.
    pub fn tensor(mut self, name: &str, shape: &[u64], kind: u32, bytes: Vec<u8>) -> Self {
        self.tensors.push((name.into(), shape.iter().rev().copied().collect(), kind, None, bytes));
        self
    }

    pub fn floats(self, name: &str, shape: &[u64], values: &[f32]) -> Self {
        self.tensor(name, shape, 0, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(3u32.to_le_bytes());
        out.extend((self.tensors.len() as u64).to_le_bytes());
        out.extend((self.settings.len() as u64).to_le_bytes());
        for (name, value) in &self.settings {
            string(&mut out, name);
            write(&mut out, value);
        }
        let (mut offset, mut data) = (0, Vec::new());
        for (name, sizes, kind, place, bytes) in &self.tensors {
            string(&mut out, name);
            out.extend((sizes.len() as u32).to_le_bytes());
            sizes.iter().for_each(|size| out.extend(size.to_le_bytes()));
            out.extend(kind.to_le_bytes());
            out.extend(place.unwrap_or(offset).to_le_bytes());
            data.extend(bytes);
            data.resize(data.len().next_multiple_of(32), 0);
            offset = data.len() as u64;
        }
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(data);
        out
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn write(out: &mut Vec<u8>, value: &Value) {
    let list = |out: &mut Vec<u8>, kind: u32, count: usize| {
        out.extend(9u32.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend((count as u64).to_le_bytes());
    };
    match value {
        Value::Integer(value) => {
            out.extend(11u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        Value::Float(value) => {
            out.extend(6u32.to_le_bytes());
            out.extend((*value as f32).to_le_bytes());
        }
        Value::Bool(answer) => {
            out.extend(7u32.to_le_bytes());
            out.push(u8::from(*answer));
        }
        Value::Text(text) => {
            out.extend(8u32.to_le_bytes());
            string(out, text);
        }
        Value::Integers(values) => {
            list(out, 5, values.len());
            values.iter().for_each(|value| out.extend((*value as i32).to_le_bytes()));
        }
        Value::Floats(values) => {
            list(out, 12, values.len());
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
        Value::Bools(values) => {
            list(out, 7, values.len());
            values.iter().for_each(|value| out.push(u8::from(*value)));
        }
        Value::Texts(texts) => {
            list(out, 8, texts.len());
            texts.iter().for_each(|text| string(out, text));
        }
    }
}
