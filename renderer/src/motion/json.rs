//! JSON of unknown shape, in little memory: lists of numbers are kept as such, keys are kept once.

use std::{collections::HashSet, fmt, rc::Rc};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::error::{Cause, excerpt};

/// Most values, counting a list of numbers as one: about 900 MB.
pub(super) const MAX_VALUES: usize = 20_000_000;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    /// `null` and what is of no use here.
    Nothing,
    Number(f64),
    Text(Box<str>),
    /// A list of nothing but numbers, NaN for `null` among them.
    Numbers(Vec<f32>),
    List(Vec<Json>),
    Object(Vec<(Rc<str>, Json)>),
}

impl Json {
    /// Reads a whole text; the error comes with its line. NaN, which Python writes, is read as `null`, and several values one
    /// after the other, as in JSON Lines, as a list of them.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, (Option<usize>, Cause)> {
        let without = without_nan(bytes);
        let bytes = without.as_deref().unwrap_or(bytes);
        let mut budget = Budget { left: MAX_VALUES, keys: HashSet::new() };
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let mut values = Vec::new();
        let parsed = loop {
            match Value(&mut budget).deserialize(&mut json) {
                Ok(value) => values.push(value),
                Err(error) => break Err(error),
            }
            // nothing behind it: that was all
            match json.end() {
                Ok(()) if values.len() == 1 => break Ok(values.remove(0)),
                Ok(()) => break Ok(Self::List(values)),
                Err(error) if values.len() > MAX_VALUES => break Err(error),
                Err(_) => {}
            }
        };
        parsed.map_err(|error| failure(&error))
    }

    /// The value of a key, compared without regard to case.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(fields) => fields.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The value of the first key that is there.
    pub(super) fn first(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// A number, also one in quotes.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(v) => Some(*v),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Numbers(list) if list.len() == 1 => Some(f64::from(list[0])),
            _ => None,
        }
    }

    /// Text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What serde_json says of a text: the line, and the cause with its column, since a text is often one line.
pub(super) fn failure(error: &serde_json::Error) -> (Option<usize>, Cause) {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    let mut said = if end > 200 { excerpt(text.as_bytes()) } else { text[..end].to_owned() };
    let line = (error.line() > 0).then_some(error.line());
    if line.is_some() {
        said += &format!(" (column {})", error.column());
    }
    (line, if error.is_eof() { Cause::Truncated(said) } else { Cause::Malformed(said) })
}

/// The keys of the outermost object, or of the first object of a list, as far as the text can be read.
pub(super) fn keys(text: &[u8]) -> Vec<String> {
    let mut keys = Vec::new();
    let _ = Keys { found: &mut keys }.deserialize(&mut serde_json::Deserializer::from_slice(text));
    keys
}

/// The text with `null` for NaN and infinities, where it has some.
fn without_nan(bytes: &[u8]) -> Option<Vec<u8>> {
    let words: [&[u8]; 3] = [b"-Infinity", b"Infinity", b"NaN"];
    let has = |word: &[u8]| bytes.windows(word.len()).any(|w| w == word);
    if !has(b"NaN") && !has(b"Infinity") {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut quoted) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        if quoted && byte == b'\\' {
            out.extend_from_slice(&bytes[at..(at + 2).min(bytes.len())]);
            at += 2;
            continue;
        }
        quoted ^= byte == b'"';
        if let Some(word) = words.iter().find(|word| !quoted && bytes[at..].starts_with(word)) {
            out.extend_from_slice(b"null");
            at += word.len();
            continue;
        }
        out.push(byte);
        at += 1;
    }
    Some(out)
}

struct Budget {
    left: usize,
    keys: HashSet<Rc<str>>,
}

impl Budget {
    fn spend<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.left = self.left.checked_sub(1).ok_or_else(|| E::custom("it holds more values than are read"))?;
        Ok(())
    }

    fn key(&mut self, text: &str) -> Rc<str> {
        if let Some(known) = self.keys.get(text) {
            return known.clone();
        }
        let key: Rc<str> = text.into();
        self.keys.insert(key.clone());
        key
    }
}

struct Value<'a>(&'a mut Budget);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Json, D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Nothing)
    }

    fn visit_u64<E>(self, v: u64) -> Result<Json, E> {
        Ok(Json::Number(v as f64))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Json, E> {
        Ok(Json::Number(v as f64))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Json, E> {
        Ok(Json::Number(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Json, E> {
        Ok(Json::Text(v.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut numbers = Vec::new();
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Value(self.0))? {
            match value {
                Json::Number(v) if list.is_empty() => numbers.push(v as f32),
                Json::Nothing if list.is_empty() && !numbers.is_empty() => numbers.push(f32::NAN),
                value => {
                    for v in std::mem::take(&mut numbers) {
                        self.0.spend()?;
                        list.push(if v.is_nan() { Json::Nothing } else { Json::Number(f64::from(v)) });
                    }
                    self.0.spend()?;
                    list.push(value);
                }
            }
        }
        if list.is_empty() && !numbers.is_empty() {
            numbers.shrink_to_fit();
            return Ok(Json::Numbers(numbers));
        }
        list.shrink_to_fit();
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            self.0.spend::<A::Error>()?;
            let key = self.0.key(&key);
            fields.push((key, map.next_value_seed(Value(self.0))?));
        }
        fields.shrink_to_fit();
        Ok(Json::Object(fields))
    }
}

struct Keys<'a> {
    found: &'a mut Vec<String>,
}

impl<'de> DeserializeSeed<'de> for Keys<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if self.found.len() >= 1000 {
                return Err(A::Error::custom("enough"));
            }
            self.found.push(key);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        // the first element is enough
        seq.next_element_seed(Keys { found: self.found })?;
        Err(A::Error::custom("enough"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_by_kind() {
        let json = Json::read(b"{\"a\": [1, null, NaN, 2.5], \"b\": [\"NaN\", 1], \"A\": 3, \"c\": [null]}").unwrap();
        let Some(Json::Numbers(a)) = json.get("a") else { panic!("{json:?}") };
        assert!(a[0] == 1.0 && a[1].is_nan() && a[2].is_nan() && a[3] == 2.5);
        assert_eq!(json.get("B"), Some(&Json::List(vec![Json::Text("NaN".into()), Json::Number(1.0)])));
        assert_eq!(json.get("c"), Some(&Json::List(vec![Json::Nothing])));
        let (line, cause) = Json::read(b"{\n\"a\": [1,\n").unwrap_err();
        assert!(matches!(cause, Cause::Truncated(_)) && line == Some(3), "{line:?} {cause}");
    }

    #[test]
    fn lines_of_json_are_a_list() {
        let lines = Json::read(b"{\"a\": 1}\n{\"a\": 2}\n").unwrap();
        let Json::List(items) = lines else { panic!("{lines:?}") };
        assert_eq!(
            items.iter().map(|item| item.get("a").and_then(Json::number)).collect::<Vec<_>>(),
            [Some(1.0), Some(2.0)]
        );
        let (line, _) = Json::read(b"{\"a\": 1}\n{\"a\" 2}\n").unwrap_err();
        assert_eq!(line, Some(2));
        assert!(Json::read(b"{} x").is_err() && Json::read(b"{}]").is_err());
    }

    #[test]
    fn keys_are_found_in_what_is_broken_later() {
        assert_eq!(keys(b"{\"a\": {\"x\": 1}, \"b\": [1, 2"), ["a", "b"]);
        assert_eq!(keys(b"[{\"a\": 1}, {\"b\""), ["a"]);
        assert!(keys(b"[1, 2]").is_empty() && keys(b"nonsense").is_empty());
    }
}
