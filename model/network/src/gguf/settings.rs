//! The settings of a file: values by name.

use std::collections::BTreeMap;

use super::{Problem, reader::Reader};

/// Elements of a list at most; the largest vocabularies have a quarter of a million.
const LONGEST: usize = 1 << 24;

/// The value of a setting. Numbers are kept in their widest type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number. Those above `i64::MAX` are refused: nothing counts that far.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(String),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Numbers.
    Floats(Vec<f64>),
    /// Answers.
    Bools(Vec<bool>),
    /// Texts.
    Texts(Vec<String>),
}

impl Value {
    fn read(reader: &mut Reader<'_>, kind: u32) -> Result<Value, Problem> {
        Ok(match kind {
            0..=5 | 10 | 11 => Value::Integer(integer(reader, kind)?),
            6 | 12 => Value::Float(float(reader, kind)?),
            7 => Value::Bool(reader.array::<1>()?[0] != 0),
            8 => Value::Text(reader.string()?),
            9 => {
                let of = reader.u32()?;
                let least = match of {
                    0 | 1 | 7 => 1,
                    2 | 3 => 2,
                    4..=6 => 4,
                    8 | 10..=12 => 8,
                    9 => return Err("lists of lists are not supported".into()),
                    other => return Err(format!("unknown kind of value {other}")),
                };
                let count = reader.count("elements of a list", least)?;
                if count > LONGEST {
                    return Err(format!("a list of {count} elements; {LONGEST} are the most"));
                }
                let all = 0..count;
                match of {
                    6 | 12 => Value::Floats(all.map(|_| float(reader, of)).collect::<Result<_, _>>()?),
                    7 => Value::Bools(all.map(|_| Ok(reader.array::<1>()?[0] != 0)).collect::<Result<_, Problem>>()?),
                    8 => Value::Texts(all.map(|_| reader.string()).collect::<Result<_, _>>()?),
                    _ => Value::Integers(all.map(|_| integer(reader, of)).collect::<Result<_, _>>()?),
                }
            }
            other => return Err(format!("unknown kind of value {other}")),
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Bool(_) => "yes or no",
            Value::Text(_) => "text",
            Value::Integers(_) | Value::Floats(_) | Value::Bools(_) | Value::Texts(_) => "a list",
        }
    }
}

fn integer(reader: &mut Reader<'_>, kind: u32) -> Result<i64, Problem> {
    Ok(match kind {
        0 => i64::from(reader.array::<1>()?[0]),
        1 => i64::from(reader.array::<1>()?[0] as i8),
        2 => i64::from(u16::from_le_bytes(reader.array()?)),
        3 => i64::from(i16::from_le_bytes(reader.array()?)),
        4 => i64::from(reader.u32()?),
        5 => i64::from(reader.u32()? as i32),
        10 => i64::try_from(reader.u64()?).map_err(|_| "a whole number above 2^63".to_string())?,
        _ => reader.u64()? as i64,
    })
}

fn float(reader: &mut Reader<'_>, kind: u32) -> Result<f64, Problem> {
    Ok(if kind == 6 { f64::from(f32::from_le_bytes(reader.array()?)) } else { f64::from_le_bytes(reader.array()?) })
}

/// Values by name.
#[derive(Debug, Clone, Default)]
pub struct Settings(BTreeMap<String, Value>);

impl Settings {
    pub(super) fn read(reader: &mut Reader<'_>, count: usize) -> Result<Settings, Problem> {
        let mut values = BTreeMap::new();
        for _ in 0..count {
            let name = reader.string()?;
            let kind = reader.u32()?;
            let value = Value::read(reader, kind).map_err(|problem| format!("setting `{name}`: {problem}"))?;
            values.insert(name, value);
        }
        Ok(Settings(values))
    }

    /// A value, if the file has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A value that takes `want` where it is of the kind that is `wanted`.
    fn of<'a, T>(
        &'a self,
        name: &str,
        wanted: &str,
        want: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        want(value).map(Some).ok_or_else(|| format!("setting `{name}` should be {wanted} and is {}", value.kind()))
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    /// When it is something else.
    pub fn unsigned(&self, name: &str) -> Result<Option<u64>, Problem> {
        self.of(name, "a whole number from 0", |value| match value {
            Value::Integer(value) => u64::try_from(*value).ok(),
            _ => None,
        })
    }

    /// A number.
    ///
    /// # Errors
    /// When it is something else.
    pub fn float(&self, name: &str) -> Result<Option<f64>, Problem> {
        self.of(name, "a number", |value| match value {
            Value::Float(value) => Some(*value),
            Value::Integer(value) => Some(*value as f64),
            _ => None,
        })
    }

    /// Text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Problem> {
        self.of(name, "text", |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// A list of texts.
    ///
    /// # Errors
    /// When it is something else.
    pub fn texts(&self, name: &str) -> Result<Option<&[String]>, Problem> {
        self.of(name, "a list of texts", |value| match value {
            Value::Texts(texts) => Some(texts.as_slice()),
            _ => None,
        })
    }

    /// A list of whole numbers.
    ///
    /// # Errors
    /// When it is something else.
    pub fn integers(&self, name: &str) -> Result<Option<&[i64]>, Problem> {
        self.of(name, "a list of whole numbers", |value| match value {
            Value::Integers(values) => Some(values.as_slice()),
            _ => None,
        })
    }
}
