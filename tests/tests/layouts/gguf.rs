//! Writes GGUF files, after the format's own description and apart from the reader.

/// The types that published files have, by name and number.
pub const TYPES: [(&str, u32); 9] = [
    ("F32", 0),
    ("F16", 1),
    ("BF16", 30),
    ("Q4_0", 2),
    ("Q4_1", 3),
    ("Q5_0", 6),
    ("Q8_0", 8),
    ("Q4_K", 12),
    ("Q6_K", 14),
];

/// A file under construction.
#[derive(Default)]
pub struct Writer {
    settings: (u64, Vec<u8>),
    tensors: (u64, Vec<u8>),
    data: Vec<u8>,
}

impl Writer {
    fn setting(mut self, name: &str, kind: u32, value: &[u8]) -> Self {
        self.settings.0 += 1;
        for part in [&text(name)[..], &kind.to_le_bytes(), value] {
            self.settings.1.extend(part);
        }
        self
    }

    pub fn number(self, name: &str, value: u32) -> Self {
        self.setting(name, 4, &value.to_le_bytes())
    }

    pub fn float(self, name: &str, value: f32) -> Self {
        self.setting(name, 6, &value.to_le_bytes())
    }

    pub fn text(self, name: &str, value: &str) -> Self {
        self.setting(name, 8, &text(value))
    }

    pub fn texts(self, name: &str, values: &[String]) -> Self {
        let list = values.iter().flat_map(|value| text(value)).collect::<Vec<u8>>();
        self.setting(name, 9, &[&8u32.to_le_bytes()[..], &(values.len() as u64).to_le_bytes(), &list].concat())
    }

    pub fn numbers(self, name: &str, values: &[i32]) -> Self {
        let list = values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        self.setting(name, 9, &[&5u32.to_le_bytes()[..], &(values.len() as u64).to_le_bytes(), &list].concat())
    }

    /// `shape` outermost first.
    pub fn tensor(mut self, name: &str, shape: &[usize], kind: u32, values: &[f32]) -> Self {
        self.tensors.0 += 1;
        let out = &mut self.tensors.1;
        out.extend(text(name));
        out.extend((shape.len() as u32).to_le_bytes());
        shape.iter().rev().for_each(|&size| out.extend((size as u64).to_le_bytes()));
        out.extend(kind.to_le_bytes());
        out.extend((self.data.len() as u64).to_le_bytes());
        self.data.extend(encoded(kind, values));
        self.data.resize(self.data.len().next_multiple_of(32), 0);
        self
    }

    pub fn bytes(self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(3u32.to_le_bytes());
        out.extend(self.tensors.0.to_le_bytes());
        out.extend(self.settings.0.to_le_bytes());
        out.extend(self.settings.1);
        out.extend(self.tensors.1);
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(self.data);
        out
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat()
}

fn encoded(kind: u32, values: &[f32]) -> Vec<u8> {
    let blocks = |size: usize, encode: fn(&[f32]) -> Vec<u8>| values.chunks_exact(size).flat_map(encode).collect();
    match kind {
        0 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        1 => values.iter().flat_map(|value| half(*value)).collect(),
        30 => values.iter().flat_map(|value| [value.to_le_bytes()[2], value.to_le_bytes()[3]]).collect(),
        2 => blocks(32, |block| [half(around_zero(block, 8)).to_vec(), nibbles(&codes(block, 8))].concat()),
        3 => blocks(32, |block| {
            let (least, step, codes) = from_least(block, 15);
            [half(step).to_vec(), half(least).to_vec(), nibbles(&codes)].concat()
        }),
        6 => blocks(32, |block| {
            let codes = codes(block, 16);
            let high = codes.iter().enumerate().fold(0u32, |high, (i, code)| high | u32::from(code >> 4) << i);
            let low: Vec<u8> = codes.iter().map(|code| code & 15).collect();
            [half(around_zero(block, 16)).to_vec(), high.to_le_bytes().to_vec(), nibbles(&low)].concat()
        }),
        8 => blocks(32, |block| {
            let codes = codes(block, 128).into_iter().map(|code| code.wrapping_sub(128));
            [half(around_zero(block, 128)).to_vec(), codes.collect()].concat()
        }),
        12 => blocks(256, |block| {
            // all eight parts have the scale and the offset 1
            let (least, step, codes) = from_least(block, 15);
            let ones = [1, 1, 1, 1, 1, 1, 1, 1, 0x11, 0x11, 0x11, 0x11];
            let pairs = codes.chunks_exact(64).flat_map(|part| (0..32).map(|i| part[i] | part[i + 32] << 4));
            [half(step).to_vec(), half(-least).to_vec(), ones.to_vec(), pairs.collect()].concat()
        }),
        14 => blocks(256, |block| {
            let codes = codes(block, 32);
            let (mut low, mut high) = (Vec::new(), Vec::new());
            for half in codes.chunks_exact(128) {
                let at = |quarter: usize, i: usize| half[32 * quarter + i];
                low.extend((0..64).map(|i| half[i] & 15 | (half[i + 64] & 15) << 4));
                high.extend((0..32).map(|i| (0..4).fold(0, |bits, q| bits | (at(q, i) >> 4) << (2 * q))));
            }
            [low, high, vec![1; 16], half(around_zero(block, 32)).to_vec()].concat()
        }),
        other => panic!("type {other}"),
    }
}

/// The step of codes in `-half..half`.
fn around_zero(block: &[f32], half: u8) -> f32 {
    block.iter().fold(0.0f32, |most, value| most.max(value.abs())) / f32::from(half - 1)
}

/// Codes of such steps, as numbers from 0.
fn codes(block: &[f32], half: u8) -> Vec<u8> {
    let step = around_zero(block, half).max(f32::MIN_POSITIVE);
    block.iter().map(|value| ((value / step).round() + f32::from(half)) as u8).collect()
}

/// The least number, which must be none above 0, the step from it, and codes up to `most`.
fn from_least(block: &[f32], most: u8) -> (f32, f32, Vec<u8>) {
    let least = block.iter().copied().fold(0.0, f32::min);
    let step = (block.iter().copied().fold(f32::MIN, f32::max) - least) / f32::from(most);
    let code = |value: &f32| ((value - least) / step.max(f32::MIN_POSITIVE)).round().min(f32::from(most)) as u8;
    (least, step, block.iter().map(code).collect())
}

/// The first half of a block in low bits, the second in high ones.
fn nibbles(codes: &[u8]) -> Vec<u8> {
    (0..16).map(|i| codes[i] | codes[i + 16] << 4).collect()
}

/// Half precision, cut off.
fn half(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 0xff).saturating_sub(112);
    let number = if exponent == 0 { 0 } else { exponent << 10 | bits >> 13 & 0x3ff };
    ((bits >> 16 & 0x8000 | number) as u16).to_le_bytes()
}
