//! Resolves `// #import name` lines.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{FILES, Wgsl, constants};

/// Why a shader could not be put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// No source has this name.
    #[error("there is no shader source {name:?}{}", .importer.as_ref().map(|i| format!(", imported by {i:?}")).unwrap_or_default())]
    Missing {
        /// The name asked for.
        name: String,
        /// Who imports it; `None` for the pass itself.
        importer: Option<String>,
    },
    /// A file imports itself, directly or through others.
    #[error("shader imports go in a circle: {}", .0.join(" -> "))]
    Cycle(Vec<String>),
}

/// WGSL texts by name (`rasterize`, `shared/view`). Replace some to try new shaders in a running program.
#[derive(Clone, Debug)]
pub struct Sources(BTreeMap<Cow<'static, str>, Cow<'static, str>>);

impl Default for Sources {
    /// DrAction's, as they are compiled into the program, with the constants that they share with Rust.
    fn default() -> Self {
        let mut sources = Sources::new(FILES);
        sources.replace("shared/constants", constants::text());
        sources
    }
}

impl Sources {
    /// Somebody's files.
    pub fn new(files: &[Wgsl]) -> Sources {
        Sources(files.iter().map(|file| (file.name.into(), file.text.into())).collect())
    }

    /// Puts `text` in the place of the source called `name`, or adds it.
    pub fn replace(&mut self, name: impl Into<String>, text: impl Into<String>) -> &mut Self {
        self.0.insert(Cow::Owned(name.into()), Cow::Owned(text.into()));
        self
    }

    /// The text called `name`, before its imports are resolved.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| &**text)
    }

    /// The names of all sources, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }

    /// Of a text that [`Sources::compose`] gave for pass `name`: which source the line comes from (counted from 1), and
    /// which of its lines it is. `None` for a line that separates sources, and past the end.
    pub fn origin(&self, name: &str, line: usize) -> Option<(String, usize)> {
        let mut done = Vec::new();
        self.append(name, &mut Vec::new(), &mut done, &mut String::new()).ok()?;
        let mut before = 0;
        for source in done {
            // one line ahead of each source names it, and its text ends with a line break of its own
            let lines = self.get(&source)?.matches('\n').count() + 1;
            before += 1;
            if line <= before + lines {
                return line.checked_sub(before).filter(|line| *line > 0).map(|line| (source, line));
            }
            before += lines;
        }
        None
    }

    /// The text of pass `name` with each import once, before its first use.
    ///
    /// # Errors
    /// [`ComposeError`] naming the missing file or the circle.
    pub fn compose(&self, name: &str) -> Result<String, ComposeError> {
        let mut out = String::new();
        self.append(name, &mut Vec::new(), &mut Vec::new(), &mut out)?;
        Ok(out)
    }

    fn append(
        &self,
        name: &str,
        open: &mut Vec<String>,
        done: &mut Vec<String>,
        out: &mut String,
    ) -> Result<(), ComposeError> {
        if let Some(start) = open.iter().position(|other| other == name) {
            let circle = open[start..].iter().cloned().chain([name.to_owned()]).collect();
            return Err(ComposeError::Cycle(circle));
        }
        if done.iter().any(|other| other == name) {
            return Ok(());
        }
        let missing = || ComposeError::Missing { name: name.to_owned(), importer: open.last().cloned() };
        let text = self.0.get(name).ok_or_else(missing)?;
        open.push(name.to_owned());
        for line in text.lines() {
            if let Some(import) = line.trim_start().strip_prefix("// #import ") {
                self.append(import.trim(), open, done, out)?;
            }
        }
        open.pop();
        done.push(name.to_owned());
        out.push_str("// ");
        out.push_str(name);
        out.push('\n');
        out.push_str(text);
        out.push('\n');
        Ok(())
    }
}

/// [`Sources::compose`] with the sources compiled into the program.
///
/// # Errors
/// As [`Sources::compose`].
pub fn compose(name: &str) -> Result<String, ComposeError> {
    Sources::default().compose(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_once_and_before_use() {
        let mut sources = Sources::default();
        sources.replace("a", "// #import b\n// #import c\nA").replace("b", "// #import c\nB").replace("c", "C");
        let text = sources.compose("a").unwrap();
        let code: String = text.lines().filter(|l| !l.starts_with("//")).collect();
        assert_eq!(code, "CBA");
    }

    #[test]
    fn every_line_knows_where_it_comes_from() {
        let sources = Sources::default();
        let text = sources.compose("rasterize").unwrap();
        let mut seen = 0;
        for (at, line) in text.lines().enumerate() {
            let Some((source, number)) = sources.origin("rasterize", at + 1) else { continue };
            let expected = sources.get(&source).unwrap().lines().nth(number - 1).unwrap_or("");
            assert_eq!(line, expected, "{source}:{number}");
            seen += usize::from(source == "rasterize");
        }
        assert!(seen > 20);
        assert_eq!(sources.origin("rasterize", 100_000), None);
    }

    #[test]
    fn circles_and_missing_files_are_errors() {
        let mut sources = Sources::default();
        sources.replace("a", "// #import b").replace("b", "// #import a").replace("d", "// #import e");
        assert_eq!(sources.compose("a").unwrap_err().to_string(), "shader imports go in a circle: a -> b -> a");
        let missing = sources.compose("d").unwrap_err().to_string();
        assert_eq!(missing, "there is no shader source \"e\", imported by \"d\"");
    }
}
