//! `metadata.jsonl`: one line a clip.

use std::{fs, path::Path};

use serde_json::{Map, Value};

use super::{
    error::{DataError, io_error},
    label::normalized,
};

/// Name of the file that describes a folder of clips.
pub const METADATA: &str = "metadata.jsonl";

/// Which half of a set a clip belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Half {
    /// For training.
    Train,
    /// For validation.
    Val,
    /// For a final test: in neither of the two, seen only with all clips.
    Test,
}

/// What a set says of one clip: a line of `metadata.jsonl`, or the same from another layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Path of the motion, relative to the folder and inside it.
    pub file_name: String,
    /// What is done, in lower case with single spaces; `None` where the set does not say.
    pub label: Option<String>,
    /// Who does it.
    pub subject: Option<String>,
    /// In which manner.
    pub style: Option<String>,
    /// `None` where the line does not say.
    pub split: Option<Half>,
    /// The set's own sentences about the clip.
    pub captions: Vec<String>,
    /// The set's own questions and answers.
    pub questions: Vec<(String, String)>,
    /// The part of the motion that the clip is, from and to, in seconds; `None` for all of it.
    pub part: Option<[f32; 2]>,
    /// What a `skeleton.json` would say of the motion's array, where the layout of the set settles it.
    pub skeleton: Option<&'static str>,
    /// Line in the description, counted from one.
    pub line: usize,
    /// Everything else the line says, kept as it is.
    pub other: Map<String, Value>,
}

impl Record {
    /// The clip's name in lists of answers: its file without the ending, and its part of it.
    pub fn id(&self) -> String {
        let ending = self.file_name.rfind('.').filter(|&at| !self.file_name[at..].contains(['/', '\\']));
        let name = &self.file_name[..ending.unwrap_or(self.file_name.len())];
        match self.part {
            Some([start, end]) => format!("{name}@{start}-{end}"),
            None => name.to_owned(),
        }
    }
}

/// Reads the description of a folder. Empty lines are skipped.
///
/// # Errors
/// [`DataError::Io`] when there is no description, [`DataError::Line`] with line and field for the first line that is
/// not a JSON object, lacks `file_name`, has a `file_name` that leaves the folder, or a known field of a wrong type,
/// and [`DataError::Empty`] when no line is left.
pub fn read_metadata(dir: &Path) -> Result<Vec<Record>, DataError> {
    let path = dir.join(METADATA);
    let text = fs::read_to_string(&path).map_err(io_error(&path))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let records: Result<Vec<Record>, DataError> = lines
        .map(|(i, line)| {
            record(line, i + 1).map_err(|(field, cause)| DataError::Line {
                path: path.clone(),
                line: i + 1,
                field,
                cause,
            })
        })
        .collect();
    let records = records?;
    if records.is_empty() {
        return Err(DataError::Empty { path, cause: "no line describes a clip".into() });
    }
    Ok(records)
}

/// The field at fault and the cause.
type Fault = (Option<&'static str>, String);

fn record(line: &str, number: usize) -> Result<Record, Fault> {
    let mut fields: Map<String, Value> =
        serde_json::from_str(line).map_err(|e| (None, format!("not a JSON object: {e}")))?;
    let file_name = text(&mut fields, "file_name")?.ok_or((Some("file_name"), "missing".to_owned()))?;
    inside(&file_name).map_err(|cause| (Some("file_name"), cause))?;
    let split = match text(&mut fields, "split")?.as_deref() {
        None => None,
        Some("train" | "training") => Some(Half::Train),
        Some("val" | "valid" | "validation" | "dev") => Some(Half::Val),
        Some("test") => Some(Half::Test),
        Some(other) => return Err((Some("split"), format!("'{other}' is none of train, val, test"))),
    };
    Ok(Record {
        file_name,
        label: text(&mut fields, "label")?.map(|l| normalized(&l)).filter(|l| !l.is_empty()),
        subject: text(&mut fields, "subject")?,
        style: text(&mut fields, "style")?,
        split,
        captions: captions(fields.remove("captions"))?,
        questions: questions(fields.remove("questions"))?,
        part: None,
        skeleton: None,
        line: number,
        other: fields,
    })
}

/// A field that holds a text; numbers count as their digits (subjects are often numbered), null as absent.
fn text(fields: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, Fault> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) => Ok(Some(s)),
        Some(Value::Number(n)) if name != "file_name" && name != "label" => Ok(Some(n.to_string())),
        Some(other) => Err((Some(name), format!("expected a text, found {}", kind(&other)))),
    }
}

fn captions(value: Option<Value>) -> Result<Vec<String>, Fault> {
    let fault = |found: &Value| (Some("captions"), format!("expected a list of texts, found {}", kind(found)));
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(|i| i.as_str().map(str::to_owned).ok_or_else(|| fault(i))).collect()
        }
        Some(other) => Err(fault(&other)),
    }
}

fn questions(value: Option<Value>) -> Result<Vec<(String, String)>, Fault> {
    let fault = |found: &Value| {
        (Some("questions"), format!("expected a list of {{\"question\": …, \"answer\": …}}, found {}", kind(found)))
    };
    let pair = |item: &Value| {
        let part = |name| item.get(name).and_then(Value::as_str).map(str::to_owned);
        part("question").zip(part("answer")).ok_or_else(|| fault(item))
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(pair).collect(),
        Some(other) => Err(fault(&other)),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object without these texts",
    }
}

/// Whether a file name stays inside its folder, on any system: a downloaded set may have been made with bad intent.
pub(super) fn inside(name: &str) -> Result<(), String> {
    let parts: Vec<&str> = name.split(['/', '\\']).collect();
    let drive = parts[0].len() == 2 && parts[0].ends_with(':');
    if name.trim().is_empty() {
        Err("empty".into())
    } else if parts[0].is_empty() || drive {
        Err(format!("'{name}' is an absolute path; it must lie inside the folder"))
    } else if parts.contains(&"..") {
        Err(format!("'{name}' leaves the folder"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(text: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(METADATA), text).unwrap();
        dir
    }

    #[test]
    fn clips_have_names() {
        let id = |file: &str, part| Record { file_name: file.into(), part, ..Record::default() }.id();
        assert_eq!(id("a.b/c.d.bvh", None), "a.b/c.d");
        assert_eq!(id("a.b/c", None), "a.b/c");
        assert_eq!(id("c.npy", Some([0.5, 2.0])), "c@0.5-2");
    }

    fn failure(text: &str) -> String {
        read_metadata(folder(text).path()).unwrap_err().to_string()
    }

    #[test]
    fn a_line_is_read_with_all_its_fields() {
        let dir = folder(concat!(
            "\u{feff}{\"file_name\": \"a/b.bvh\", \"label\": \" Wave_Left  hand\", \"subject\": 3, \"split\": \"val\", \"fps\": 30}\r\n",
            "\n",
            "{\"file_name\": \"c.npy\", \"captions\": [\"A person waves.\"], ",
            "\"questions\": [{\"question\": \"Which hand?\", \"answer\": \"left\", \"by\": \"x\"}]}\n",
        ));
        let records = read_metadata(dir.path()).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].label.as_deref(), Some("wave left hand"));
        assert_eq!(records[0].subject.as_deref(), Some("3"));
        assert_eq!((records[0].split, records[1].split), (Some(Half::Val), None));
        assert_eq!(records[0].other["fps"], 30);
        assert_eq!(records[1].line, 3);
        assert_eq!(records[1].captions, ["A person waves."]);
        assert_eq!(records[1].questions, [("Which hand?".to_owned(), "left".to_owned())]);
    }

    #[test]
    fn errors_name_file_line_and_field() {
        let good = "{\"file_name\": \"a.bvh\"}\n";
        for (line, field, cause) in [
            ("{\"file_name\": 3}", "file_name", "a number"),
            ("{\"label\": \"wave\"}", "file_name", "missing"),
            ("{\"file_name\": \"a\", \"split\": \"tain\"}", "split", "tain"),
            ("{\"file_name\": \"a\", \"label\": [\"x\"]}", "label", "a list"),
            ("{\"file_name\": \"a\", \"captions\": \"x\"}", "captions", "a text"),
            ("{\"file_name\": \"a\", \"questions\": [{\"question\": \"x\"}]}", "questions", "an object"),
        ] {
            let message = failure(&format!("{good}\n{line}\n"));
            for part in [METADATA, "line 3", &format!("\"{field}\""), cause] {
                assert!(message.contains(part), "{message}: no '{part}'");
            }
        }
        let message = failure(&format!("{good}{{\"file_name\": "));
        assert!(message.contains("line 2") && message.contains("not a JSON object"), "{message}");
        assert!(failure("[1]").contains("line 1"));
        assert!(failure(" \n").contains("no line describes a clip"));
        let message = read_metadata(Path::new("no/such/folder")).unwrap_err().to_string();
        assert!(message.contains("metadata.jsonl"), "{message}");
    }

    #[test]
    fn a_file_name_cannot_leave_its_folder() {
        for name in
            ["../a.bvh", "a/../../b.bvh", "/etc/passwd", "..\\\\a.bvh", "C:\\\\a.bvh", "c:/a", "\\\\\\\\host\\\\a", ""]
        {
            let message = failure(&format!("{{\"file_name\": \"{name}\"}}"));
            assert!(message.contains("line 1") && message.contains("file_name"), "{name}: {message}");
        }
        assert!(inside("a..b/c.bvh").is_ok());
        assert!(inside("./sub folder/c.bvh").is_ok());
    }
}
