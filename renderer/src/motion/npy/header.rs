//! The header of an array and its numbers.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1 to 3.

use half::f16;

use super::super::{
    error::{Cause, excerpt},
    limits::check_count,
};

/// NumPy itself writes headers of 128 bytes.
const MAX_HEADER: usize = 64 << 10;
/// Most dimensions of an array.
const MAX_DIMENSIONS: usize = 8;

/// A kind of numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

/// How a number is stored.
#[derive(Clone, Copy)]
pub(in super::super) struct Type {
    kind: Kind,
    /// Bytes a number: 1, 2, 4 or 8.
    width: usize,
    little_endian: bool,
}

/// What stands before the numbers.
pub(in super::super) struct Header {
    /// NumPy's name of the type.
    descr: String,
    fortran: bool,
    pub shape: Vec<usize>,
    /// Where the numbers begin.
    data: usize,
}

impl Header {
    /// Reads the beginning of an array.
    pub(in super::super) fn parse(bytes: &[u8]) -> Result<Self, Cause> {
        let early = || Cause::Truncated("the NumPy header is incomplete".to_owned());
        let field = |from: usize, to: usize| bytes.get(from..to).ok_or_else(early);
        let version = field(6, 8)?[0];
        let (length, start) = match version {
            1 => (field(8, 10)?.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)), 10),
            2 | 3 => (field(8, 12)?.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)), 12),
            v => return Err(Cause::Malformed(format!("NumPy format version {v} is unknown"))),
        };
        check_count("the length of the NumPy header", length, MAX_HEADER)?;
        let text = field(start, start + length)?;
        let text = std::str::from_utf8(text).map_err(|_| Cause::malformed("the NumPy header is not text"))?;

        let descr = value(text, "descr")?.trim_matches(|c| c == '\'' || c == '"').to_owned();
        let fortran = match value(text, "fortran_order")? {
            "True" => true,
            "False" => false,
            other => {
                let text = format!("fortran_order is {}", excerpt(other.as_bytes()));
                return Err(Cause::Malformed(text));
            }
        };
        let tuple = value(text, "shape")?;
        let bad = || Cause::Malformed(format!("the shape {} is no tuple", excerpt(tuple.as_bytes())));
        let inner = tuple.strip_prefix('(').and_then(|t| t.strip_suffix(')')).ok_or_else(bad)?;
        let mut shape = Vec::new();
        for word in inner.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            // Python 2 writes 60L
            let digits = word.strip_suffix('L').unwrap_or(word);
            shape.push(digits.parse::<usize>().map_err(|_| bad())?);
            check_count("the number of the array's dimensions", shape.len(), MAX_DIMENSIONS)?;
        }
        Ok(Self { descr, fortran, shape, data: start + length })
    }

    /// The number of an array that holds nothing else, if it is one; of the array no more than its beginning is needed.
    pub(in super::super) fn lone_number(&self, bytes: &[u8]) -> Option<f64> {
        let stored = self.stored().ok()?;
        let raw = bytes.get(self.data..self.data + stored.width)?;
        self.shape.iter().all(|&n| n == 1).then(|| stored.decode(raw))
    }

    /// The numbers in C order. The shape has been checked against the limits.
    pub(super) fn values(&self, stored: Type, bytes: &[u8], warnings: &mut Vec<String>) -> Result<Vec<f32>, Cause> {
        let data = &bytes[self.data..];
        let count: usize = self.shape.iter().product();
        let needed = count * stored.width;
        if data.len() < needed {
            return Err(Cause::Truncated(format!(
                "the shape {:?} needs {needed} bytes, {} are there",
                self.shape,
                data.len()
            )));
        }
        if data.len() > needed {
            let extra = data.len() - needed;
            warnings.push(format!("{extra} bytes after the array are ignored"));
        }
        let at = |i: usize| stored.decode(&data[i * stored.width..][..stored.width]) as f32;
        if !self.fortran {
            return Ok((0..count).map(at).collect());
        }
        // Fortran order: the first index runs fastest
        let mut values = Vec::with_capacity(count);
        for c in 0..count {
            let (mut rest, mut place, mut stride) = (c, 0, 1);
            let mut index = [0; MAX_DIMENSIONS];
            for (k, &n) in self.shape.iter().enumerate().rev() {
                index[k] = rest % n;
                rest /= n;
            }
            for (k, &n) in self.shape.iter().enumerate() {
                place += index[k] * stride;
                stride *= n;
            }
            values.push(at(place));
        }
        Ok(values)
    }

    /// How its numbers are stored.
    pub(in super::super) fn stored(&self) -> Result<Type, Cause> {
        let unknown = || {
            let text = format!(
                "numbers of type {}, expected floats or whole numbers (f2, f4, f8, i1 to i8, u1 to u8)",
                excerpt(self.descr.as_bytes())
            );
            Err(Cause::Malformed(text))
        };
        let (little_endian, kind, width) = match self.descr.as_bytes() {
            [order @ (b'<' | b'>' | b'=' | b'|'), kind, width @ b'1'..=b'8'] => (*order != b'>', kind, width - b'0'),
            [b'<' | b'>' | b'=' | b'|', b'O', ..] => {
                return Err(Cause::malformed(
                    "the array holds Python objects (pickled), such as the dictionary of MDM's results.npy, and those are \
                     not read: save the positions alone as numbers, such as np.save(\"clip.npy\", \
                     np.load(\"results.npy\", allow_pickle=True).item()[\"motion\"][0].transpose(2, 0, 1))",
                ));
            }
            [b'[', ..] => return Err(Cause::malformed("the array is a table of named columns, not of numbers")),
            _ => return unknown(),
        };
        let kind = match (kind, width) {
            (b'f', 2 | 4 | 8) => Kind::Float,
            (b'i', 1 | 2 | 4 | 8) => Kind::Signed,
            (b'u', 1 | 2 | 4 | 8) => Kind::Unsigned,
            _ => return unknown(),
        };
        Ok(Type { kind, width: usize::from(width), little_endian })
    }
}

impl Type {
    /// Whether it holds fractions rather than whole numbers.
    pub(in super::super) fn is_float(self) -> bool {
        self.kind == Kind::Float
    }

    /// One number from its bytes.
    fn decode(self, raw: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide[..raw.len()].copy_from_slice(raw);
        if !self.little_endian {
            wide[..raw.len()].reverse();
        }
        let [a, b, c, d, ..] = wide;
        match (self.kind, self.width) {
            (Kind::Float, 2) => f16::from_le_bytes([a, b]).to_f64(),
            (Kind::Float, 4) => f64::from(f32::from_le_bytes([a, b, c, d])),
            (Kind::Float, _) => f64::from_le_bytes(wide),
            (Kind::Unsigned, _) => u64::from_le_bytes(wide) as f64,
            (Kind::Signed, width) => {
                let unused = 64 - 8 * width as u32;
                (i64::from_le_bytes(wide) << unused >> unused) as f64
            }
        }
    }
}

/// The value of a key in the header's Python dictionary, as written.
fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, Cause> {
    let missing = || Cause::Malformed(format!("the NumPy header has no `{key}`"));
    let at = ["'", "\""].iter().find_map(|q| header.find(&format!("{q}{key}{q}"))).ok_or_else(missing)?;
    let rest = header[at + key.len() + 2..].trim_start();
    let rest = rest.strip_prefix(':').ok_or_else(missing)?.trim_start();
    let end = if rest.starts_with('(') { rest.find(')').map(|i| i + 1) } else { rest.find([',', '}']) };
    end.map(|i| rest[..i].trim()).ok_or_else(missing)
}
