//! The file of an index: a header of fixed length, the table of files, the rows of vectors. All numbers are little-endian.
//!
//! | Bytes | What |
//! | --- | --- |
//! | 8 | `SKELFIND` |
//! | 4 | version, 1 |
//! | 4 | numbers of a vector |
//! | 64 | the model's checksum; checksums are hexadecimal digits |
//! | 8, 8, 8 | files, rows, bytes of the table of files |
//! | table | a file each: length of its path (4), path in UTF-8, size (8), time of its last change (8), SHA-256 (64) |
//! | rows | a window each: number of its file (4), begin, end and scale as f32, a signed byte for each number |

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Write},
    path::Path,
};

use draction::store::write_atomically_with;

use super::{Index, IndexedFile, Row};

const MAGIC: &[u8; 8] = b"SKELFIND";
const VERSION: u32 = 1;
/// Digits of a checksum.
const DIGITS: usize = 64;
/// Bytes of the header.
const HEADER: u64 = 8 + 4 + 4 + DIGITS as u64 + 3 * 8;
/// Bytes of a row before its vector.
const ROW: usize = 16;
/// Bytes of a file in the table beside its path.
const FILE: usize = 4 + 8 + 8 + DIGITS;
/// Most numbers of a vector.
const MOST_WIDTH: usize = 1 << 16;

/// Why an index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be written; the cause names it.
    #[error(transparent)]
    Write(std::io::Error),
    /// It cannot be read.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is no index, or a damaged one.
    #[error("{path}: no index of this program, or a damaged one: {problem}")]
    Format {
        /// The file.
        path: String,
        /// What is wrong.
        problem: String,
    },
    /// It is another model's.
    #[error("{path}: an index of another model, whose vectors mean nothing to this one")]
    Model {
        /// The file.
        path: String,
    },
}

pub(super) fn write(index: &Index, path: &Path) -> Result<(), IndexError> {
    write_atomically_with(path, |file| write_to(index, file)).map_err(IndexError::Write)
}

fn write_to(index: &Index, file: &mut File) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let table: u64 = index.files.iter().map(|file| (FILE + file.path.len()) as u64).sum();
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&(index.width as u32).to_le_bytes())?;
    out.write_all(&digits(&index.model))?;
    for number in [index.files.len() as u64, index.rows.len() as u64, table] {
        out.write_all(&number.to_le_bytes())?;
    }
    for file in &index.files {
        out.write_all(&(file.path.len() as u32).to_le_bytes())?;
        out.write_all(file.path.as_bytes())?;
        out.write_all(&file.size.to_le_bytes())?;
        out.write_all(&file.modified.to_le_bytes())?;
        out.write_all(&digits(&file.hash))?;
    }
    let mut bytes = vec![0; ROW + index.width];
    for (row, codes) in index.rows.iter().zip(index.codes.chunks_exact(index.width.max(1))) {
        bytes[..4].copy_from_slice(&row.file.to_le_bytes());
        bytes[4..8].copy_from_slice(&row.start.to_le_bytes());
        bytes[8..12].copy_from_slice(&row.end.to_le_bytes());
        bytes[12..16].copy_from_slice(&row.scale.to_le_bytes());
        bytes[ROW..].iter_mut().zip(codes).for_each(|(to, code)| *to = code.cast_unsigned());
        out.write_all(&bytes)?;
    }
    out.flush()
}

/// A checksum of exactly so many bytes.
fn digits(checksum: &str) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    digits.iter_mut().zip(checksum.bytes()).for_each(|(to, digit)| *to = digit);
    digits
}

pub(super) fn read(path: &Path) -> Result<Index, IndexError> {
    let name = || path.display().to_string();
    let io = |cause| IndexError::Io { path: name(), cause };
    let wrong = |problem: String| IndexError::Format { path: name(), problem };
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if length < HEADER {
        return Err(wrong(format!("{length} bytes are fewer than a header has")));
    }
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER as usize];
    input.read_exact(&mut header).map_err(io)?;
    let mut fields = Fields(&header);
    if fields.take(8) != MAGIC {
        return Err(wrong("it begins otherwise".into()));
    }
    let version = fields.u32();
    if version != VERSION {
        return Err(wrong(format!("it is of version {version}; this program knows version {VERSION}")));
    }
    let width = fields.u32() as usize;
    let model = fields.checksum().ok_or_else(|| wrong("the model's checksum is none".into()))?;
    let [files, rows, table] = [fields.u64(), fields.u64(), fields.u64()];
    if !(1..=MOST_WIDTH).contains(&width) {
        return Err(wrong(format!("vectors of {width} numbers")));
    }
    // what is stated must add up to the file before anything is allocated by it
    let row = (ROW + width) as u64;
    let stated = rows.checked_mul(row).and_then(|rows| rows.checked_add(table)?.checked_add(HEADER));
    if stated != Some(length) {
        return Err(wrong(format!("{rows} rows and a table of {table} bytes are stated, but it has {length} bytes")));
    }
    if files.checked_mul(FILE as u64).is_none_or(|least| least > table) || files > u64::from(u32::MAX) {
        return Err(wrong(format!("{files} files do not fit into a table of {table} bytes")));
    }
    let (files, rows, table) = (files as usize, rows as usize, table as usize);
    let mut bytes = vec![0; table];
    input.read_exact(&mut bytes).map_err(io)?;
    let files = files_of(&bytes, files).map_err(wrong)?;
    let mut index =
        Index { model, width, files, rows: Vec::with_capacity(rows), codes: Vec::with_capacity(rows * width) };
    let mut bytes = vec![0; ROW + width];
    for number in 0..rows {
        input.read_exact(&mut bytes).map_err(io)?;
        let mut fields = Fields(&bytes);
        let row = Row { file: fields.u32(), start: fields.f32(), end: fields.f32(), scale: fields.f32() };
        let sound = row.start >= 0.0 && row.end >= row.start && row.end.is_finite();
        let in_order = index.rows.last().is_none_or(|last| last.file <= row.file);
        if row.file as usize >= index.files.len() || !in_order || !sound || !row.scale.is_finite() {
            return Err(wrong(format!("row {number} is of no file, has no length, or is out of order")));
        }
        index.rows.push(row);
        index.codes.extend(fields.0.iter().map(|byte| byte.cast_signed()));
    }
    Ok(index)
}

/// The table of files.
fn files_of(bytes: &[u8], count: usize) -> Result<Vec<IndexedFile>, String> {
    let mut fields = Fields(bytes);
    let mut files = Vec::with_capacity(count);
    for number in 0..count {
        let cut = || format!("file {number} of {count} goes beyond the table");
        if fields.0.len() < FILE {
            return Err(cut());
        }
        let length = fields.u32() as usize;
        if fields.0.len() < length.saturating_add(FILE - 4) {
            return Err(cut());
        }
        let path =
            std::str::from_utf8(fields.take(length)).map_err(|_| format!("the path of file {number} is no text"))?;
        files.push(IndexedFile {
            path: path.to_owned(),
            size: fields.u64(),
            modified: fields.u64().cast_signed(),
            hash: fields.checksum().ok_or_else(|| format!("the checksum of file {number} is none"))?,
        });
    }
    match fields.0 {
        [] => Ok(files),
        rest => Err(format!("{} bytes of the table belong to no file", rest.len())),
    }
}

/// Fields one after the other; whoever asks knows that they are there.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (first, rest) = self.0.split_at(count);
        self.0 = rest;
        first
    }

    fn checksum(&mut self) -> Option<String> {
        let text = std::str::from_utf8(self.take(DIGITS)).ok()?;
        text.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| text.to_owned())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().expect("four bytes"))
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().expect("eight bytes"))
    }

    fn f32(&mut self) -> f32 {
        f32::from_bits(self.u32())
    }
}
