//! HumanML3D `.json` files (spec A.1.2): one object whose key `skeletons` holds `[T][22][3]` metres.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    Format, Layout,
    error::Cause,
    json,
    limits::{MAX_COORDINATE, MAX_FRAMES},
    raw::Raw,
};

/// The dataset's rate.
pub(super) const FPS: f64 = 20.0;

/// Reads a file; the error comes with its line.
pub(super) fn read(bytes: &[u8]) -> Result<Raw, (Option<usize>, Cause)> {
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let cause = Cause::malformed("expected an object with the key `skeletons`, found an array");
        return Err((Some(1), cause));
    }
    let mut positions = Vec::new();
    let mut text = serde_json::Deserializer::from_slice(bytes);
    let parsed = File { positions: &mut positions }.deserialize(&mut text).and_then(|()| text.end());
    parsed.map_err(|error| json::failure(&error))?;
    Ok(raw(positions))
}

/// A motion of SMPL's 22 joints from positions alone.
pub(super) fn raw(positions: Vec<f32>) -> Raw {
    Raw { positions, ..Raw::of_layout(Layout::Smpl22, Format::HumanMl3d, FPS).in_metres() }
}

struct File<'a> {
    positions: &'a mut Vec<f32>,
}

impl<'de> DeserializeSeed<'de> for File<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the key `skeletons`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != "skeletons" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if std::mem::replace(&mut found, true) {
                return Err(A::Error::duplicate_field("skeletons"));
            }
            map.next_value_seed(Level { depth: 0, out: &mut *self.positions })?;
        }
        if !found {
            return Err(A::Error::missing_field("skeletons"));
        }
        Ok(())
    }
}

/// One level of `[T][22][3]`: frames, joints or coordinates. Numbers go straight into one flat vector, so a wrong shape
/// is noticed before much is allocated.
struct Level<'a> {
    depth: usize,
    out: &'a mut Vec<f32>,
}

const LEVELS: [(&str, usize); 3] = [
    ("an array of frames", MAX_FRAMES),
    ("22 joints in every frame, as HumanML3D's `skeletons` have (other bodies are read under `joints3d`)", 22),
    ("three numbers for every joint", 3),
];

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(LEVELS[self.depth].0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let (what, limit) = LEVELS[self.depth];
        let mut n = 0;
        loop {
            let more = if self.depth == 2 {
                seq.next_element::<f64>()?.map(|v| {
                    self.out.push(v as f32);
                    v.abs() <= MAX_COORDINATE
                })
            } else {
                let below = Level { depth: self.depth + 1, out: &mut *self.out };
                seq.next_element_seed(below)?.map(|()| true)
            };
            match more {
                None => break,
                Some(false) => return Err(A::Error::custom("a coordinate is too large")),
                Some(true) => n += 1,
            }
            if n > limit {
                return Err(A::Error::custom(format!("expected {what}, found more than {limit}")));
            }
        }
        if self.depth > 0 && n != limit {
            return Err(A::Error::custom(format!("expected {what}, found {n}")));
        }
        Ok(())
    }
}
