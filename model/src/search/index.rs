//! The index: which files there are, and the vectors of their windows, a byte a number.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use super::format::{self, IndexError};

/// A file that the index knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFile {
    /// Its absolute path.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was changed last, nanoseconds since 1970.
    pub modified: i64,
    /// SHA-256 of its bytes, 64 hexadecimal digits; of a folder of how its files are called, how long and how old they are.
    pub hash: String,
}

/// A window of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The file's number.
    pub file: u32,
    /// Where it begins, in seconds.
    pub start: f32,
    /// Where it ends.
    pub end: f32,
    /// What the bytes of its vector are multiplied by.
    pub scale: f32,
}

/// Vectors of takes, by a model that is known by its checksum.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The model's checksum, 64 hexadecimal digits.
    pub model: String,
    /// Numbers of a vector.
    pub width: usize,
    pub(super) files: Vec<IndexedFile>,
    /// In the order of their files.
    pub(super) rows: Vec<Row>,
    /// `[rows, width]`.
    pub(super) codes: Vec<i8>,
}

/// What the index says of a file on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It has not changed.
    Same,
    /// It is there with another size or time: its hash decides.
    Touched,
    /// It is unknown.
    New,
}

/// What became of some indexes that were put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Files of the result.
    pub files: usize,
    /// Files that stood in several indexes; the one that was changed last counts, of equals the last index's.
    pub twice: usize,
}

impl Index {
    /// An empty index of a model's vectors.
    #[must_use]
    pub fn new(model: String, width: usize) -> Self {
        Self { model, width, files: Vec::new(), rows: Vec::new(), codes: Vec::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`IndexError`] naming the file and what is wrong with it. Nothing is allocated by a number of the file that its
    /// length does not bear out.
    pub fn read(path: &Path) -> Result<Self, IndexError> {
        format::read(path)
    }

    /// Writes a file, replacing it only once the new one is complete.
    ///
    /// # Errors
    /// [`IndexError`] when it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), IndexError> {
        format::write(self, path)
    }

    /// The files, in the order of their numbers.
    #[must_use]
    pub fn files(&self) -> &[IndexedFile] {
        &self.files
    }

    /// The windows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Files by path.
    #[must_use]
    pub fn by_path(&self) -> HashMap<&str, &IndexedFile> {
        self.files.iter().map(|file| (file.path.as_str(), file)).collect()
    }

    /// Adds a file with the vectors `[windows][width]` of its windows, each of length 1.
    ///
    /// # Panics
    /// When a vector is of another width, or there are more than 2³² files.
    pub fn add(&mut self, file: IndexedFile, windows: &[(std::ops::Range<f32>, Vec<f32>)]) {
        let number = u32::try_from(self.files.len()).expect("fewer than four billion files");
        self.files.push(file);
        for (seconds, vector) in windows {
            assert_eq!(vector.len(), self.width, "the width of a vector");
            let most = vector.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            let scale = most / 127.0;
            let code = |value: &f32| if scale > 0.0 { (value / scale).round() as i8 } else { 0 };
            self.codes.extend(vector.iter().map(code));
            self.rows.push(Row { file: number, start: seconds.start, end: seconds.end, scale });
        }
    }

    /// Keeps the files of which `keep` says so, with their windows.
    pub fn retain(&mut self, mut keep: impl FnMut(&IndexedFile) -> bool) {
        let mut numbers = Vec::with_capacity(self.files.len());
        let mut kept = 0;
        self.files.retain(|file| {
            let keeps = keep(file);
            numbers.push(keeps.then_some(kept));
            kept += u32::from(keeps);
            keeps
        });
        let (mut rows, width, mut to) = (Vec::with_capacity(self.rows.len()), self.width, 0);
        for (from, row) in self.rows.iter().enumerate() {
            let Some(file) = numbers[row.file as usize] else { continue };
            rows.push(Row { file, ..*row });
            self.codes.copy_within(from * width..(from + 1) * width, to * width);
            to += 1;
        }
        self.codes.truncate(to * width);
        self.rows = rows;
    }

    /// Takes down when a file was changed last, of which only that has changed.
    pub fn touch(&mut self, files: &HashMap<String, IndexedFile>) {
        for file in &mut self.files {
            if let Some(now) = files.get(&file.path) {
                file.clone_from(now);
            }
        }
    }

    /// Adds all of another index of the same model; its files are none of this one's.
    pub fn append(&mut self, other: Index) {
        let before = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.extend(other.files);
        self.rows.extend(other.rows.into_iter().map(|row| Row { file: row.file + before, ..row }));
        self.codes.extend(other.codes);
    }

    /// Puts indexes of one model together.
    ///
    /// # Errors
    /// [`IndexError::Model`] naming the first that is of another model.
    pub fn merge(parts: &[(&Path, Index)]) -> Result<(Index, Merged), IndexError> {
        let Some((_, first)) = parts.first() else { return Ok((Index::new(String::new(), 0), Merged::default())) };
        let mut newest: HashMap<&str, (i64, usize)> = HashMap::new();
        let mut twice = HashSet::new();
        for (number, (path, part)) in parts.iter().enumerate() {
            if part.model != first.model || part.width != first.width {
                return Err(IndexError::Model { path: path.display().to_string() });
            }
            for file in &part.files {
                let newer = (file.modified, number);
                newest
                    .entry(&file.path)
                    .and_modify(|known| {
                        twice.insert(&file.path);
                        *known = newer.max(*known);
                    })
                    .or_insert(newer);
            }
        }
        let mut all = Index::new(first.model.clone(), first.width);
        for (number, (_, part)) in parts.iter().enumerate() {
            let mut part = part.clone();
            part.retain(|file| newest[file.path.as_str()].1 == number);
            all.append(part);
        }
        let merged = Merged { files: all.files.len(), twice: twice.len() };
        Ok((all, merged))
    }
}

impl IndexedFile {
    /// What the index says of a file of this length that was changed then.
    #[must_use]
    pub fn found(known: Option<&IndexedFile>, size: u64, modified: i64) -> Found {
        match known {
            None => Found::New,
            Some(file) if file.size == size && file.modified == modified => Found::Same,
            Some(_) => Found::Touched,
        }
    }
}
