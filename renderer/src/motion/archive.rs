//! What is wrapped in gzip or zip: taken out in bounded memory.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use flate2::{Crc, bufread::GzDecoder, read::DeflateDecoder};

use super::{
    error::{Cause, excerpt},
    limits::{MAX_FILE_BYTES, check_count, check_size},
};

/// How a gzip file begins.
const GZIP: &[u8] = b"\x1f\x8b\x08";
/// Most files in an archive.
const MAX_ENTRIES: usize = 10_000;

/// A file of a zip archive.
pub(super) struct Entry<'a> {
    /// With its folders.
    pub name: String,
    packed: &'a [u8],
    encrypted: bool,
    /// How it is packed: 0 not at all, 8 deflated.
    method: u16,
    size: u64,
    checksum: u32,
}

/// The content of a gzip file, or the file itself.
pub(super) fn unzipped(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Cause> {
    if !bytes.starts_with(GZIP) {
        return Ok(Cow::Borrowed(bytes));
    }
    let damaged = |error: io::Error| Cause::Malformed(format!("it is packed with gzip, and damaged: {error}"));
    let mut content = Vec::new();
    let mut rest = bytes;
    // several that were put one behind the other are one file; what is no gzip behind them fills up blocks
    while rest.starts_with(GZIP) {
        let mut member = GzDecoder::new(rest);
        let room = MAX_FILE_BYTES + 1 - content.len() as u64;
        member.by_ref().take(room).read_to_end(&mut content).map_err(damaged)?;
        check_size(content.len() as u64)?;
        rest = member.into_inner();
    }
    Ok(Cow::Owned(content))
}

/// The files of a zip archive, without its folders.
pub(super) fn entries(zip: &[u8]) -> Result<Vec<Entry<'_>>, Cause> {
    let damaged = |what: &str| {
        let text = format!("it begins like a zip archive such as .npz, but {what}: it is cut off or damaged");
        Cause::UnknownFormat(text)
    };
    // the end record may be followed by a comment of a stated length, which may hold anything
    let tail = &zip[zip.len().saturating_sub(22 + 0xffff)..];
    let records = || tail.windows(22).enumerate().rev().filter(|(_, record)| record.starts_with(b"PK\x05\x06"));
    let whole = records().find(|(at, record)| at + 22 + usize::from(u16_at(record, 20)) == tail.len());
    let (_, end) = whole.or_else(|| records().next()).ok_or_else(|| damaged("has no directory at its end"))?;
    let count = usize::from(u16_at(end, 10));
    check_count("the number of files in the archive", count, MAX_ENTRIES)?;
    let mut at = u32_at(end, 16) as usize;
    let mut entries = Vec::new();
    for _ in 0..count {
        let head = zip.get(at..at.saturating_add(46)).filter(|head| head.starts_with(b"PK\x01\x02"));
        let head = head.ok_or_else(|| damaged("its directory is incomplete"))?;
        let [name, extra, comment] = [28, 30, 32].map(|field| usize::from(u16_at(head, field)));
        let rest = zip.get(at + 46..at + 46 + name + extra).ok_or_else(|| damaged("its directory is incomplete"))?;
        let (label, extra_field) = rest.split_at(name);
        let label = String::from_utf8_lossy(label).into_owned();
        let [packed, size, local] = sizes(head, extra_field);
        at += 46 + name + extra + comment;
        if label.ends_with('/') {
            continue;
        }
        let start = usize::try_from(local).ok().filter(|&start| start < zip.len());
        let local = start.and_then(|start| Some((start, zip.get(start..start + 30)?)));
        let (start, local) = local.ok_or_else(|| damaged("its directory points outside"))?;
        let start = start + 30 + usize::from(u16_at(local, 26)) + usize::from(u16_at(local, 28));
        let packed = usize::try_from(packed).ok().and_then(|n| zip.get(start..start.checked_add(n)?));
        let packed = packed.ok_or_else(|| damaged("a file in it is incomplete"))?;
        let (encrypted, method) = (u16_at(head, 8) & 1 != 0, u16_at(head, 10));
        entries.push(Entry { name: label, packed, encrypted, method, size, checksum: u32_at(head, 16) });
    }
    Ok(entries)
}

/// Packed size, size and place; in files beyond 4 GB or written as if they were, these stand in an extra field.
fn sizes(head: &[u8], extra: &[u8]) -> [u64; 3] {
    let mut stated = [20, 24, 42].map(|field| u64::from(u32_at(head, field)));
    let mut rest = extra;
    while rest.len() >= 4 {
        let (id, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
        let field = rest.get(4..4 + length).unwrap_or_default();
        if id == 1 {
            let mut wide = field.chunks_exact(8).map(|b| b.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b)));
            // size stands before packed size
            for i in [1, 0, 2] {
                if stated[i] == u64::from(u32::MAX) {
                    stated[i] = wide.next().unwrap_or(stated[i]);
                }
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    stated
}

impl Entry<'_> {
    /// The content.
    pub(super) fn content(&self) -> Result<Cow<'_, [u8]>, Cause> {
        check_size(self.size)?;
        let content = self.beginning(self.size + 1)?;
        let mut crc = Crc::new();
        crc.update(&content);
        if content.len() as u64 != self.size || crc.sum() != self.checksum {
            return Err(self.wrong("is damaged: length or checksum is wrong"));
        }
        Ok(content)
    }

    /// The first bytes of the content, at most so many; no more is unpacked.
    pub(super) fn beginning(&self, bytes: u64) -> Result<Cow<'_, [u8]>, Cause> {
        if self.encrypted {
            return Err(self.wrong("is encrypted"));
        }
        match self.method {
            0 => {
                let end = usize::try_from(bytes).map_or(self.packed.len(), |n| n.min(self.packed.len()));
                Ok(Cow::Borrowed(&self.packed[..end]))
            }
            8 => {
                let mut content = Vec::new();
                let unpacked = DeflateDecoder::new(self.packed).take(bytes).read_to_end(&mut content);
                unpacked.map_err(|error| self.wrong(&format!("is damaged: {error}")))?;
                Ok(Cow::Owned(content))
            }
            method => Err(self.wrong(&format!("is packed by method {method}, which is not read"))),
        }
    }

    fn wrong(&self, what: &str) -> Cause {
        Cause::Malformed(format!("{} in it {what}", excerpt(self.name.as_bytes())))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
