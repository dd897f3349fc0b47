//! The file as such: its JSON, and the buffers that it refers to.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
};

use base64::{Engine as _, engine::general_purpose};

use super::{
    super::{
        MotionError,
        beside::Beside,
        encoding,
        error::{Cause, excerpt, several},
        limits::check_size,
    },
    document::Document,
};

/// What is needed of a file's bytes alone.
type Opened<'a> = (Document, Option<&'a [u8]>);

const JSON: u32 = 0x4e4f_534a;
const BIN: u32 = 0x004e_4942;

/// Reads the JSON and finds the binary chunk, if there is one.
pub(super) fn open(bytes: &[u8]) -> Result<Opened<'_>, (Option<usize>, Cause)> {
    if !bytes.starts_with(b"glTF") {
        return Ok((Document::parse(bytes)?, None));
    }
    let word = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let early = |what: &str| (None, Cause::Truncated(format!("{what} of the GLB file is incomplete")));
    let version = word(4).ok_or_else(|| early("the header"))?;
    if version != 2 {
        let text = format!("it is GLB of version {version}: export it as glTF 2.0");
        return Err((None, Cause::Malformed(text)));
    }
    let (mut root, mut bin) = (None, None);
    let stated = word(8).map_or(0, |length| length as usize);
    let mut at = 12;
    while at + 8 <= bytes.len() {
        let (length, kind) = (word(at).unwrap_or(0) as usize, word(at + 4).unwrap_or(0));
        let Some(chunk) = bytes.get(at + 8..).and_then(|rest| rest.get(..length)) else {
            // what follows the file, or both of its chunks, is no part of it
            if root.is_some() && (bin.is_some() || at >= stated) {
                break;
            }
            return Err(early(if kind == JSON { "the JSON chunk" } else { "a chunk" }));
        };
        match kind {
            JSON if root.is_none() => {
                // padding should be spaces, and old exporters write zeros
                let padding = chunk.iter().rev().take_while(|&&byte| byte == 0).count();
                let text = encoding::to_utf8(&chunk[..chunk.len() - padding]).map_err(|cause| (None, cause))?;
                // lines of JSON in a binary file are of no use
                root = Some(Document::parse(&text.utf8).map_err(|(_, cause)| (None, cause))?);
            }
            BIN if bin.is_none() => bin = Some(chunk),
            _ => {}
        }
        at += 8 + length.next_multiple_of(4);
    }
    Ok((root.ok_or_else(|| early("the JSON chunk"))?, bin))
}

/// The bytes that accessors point into; each buffer is fetched when it is first needed.
pub(super) struct Buffers<'a> {
    pub root: &'a Document,
    bin: Option<&'a [u8]>,
    name: &'a str,
    beside: Beside<'a>,
    /// Buffers that lie in other files, where it is not known which is which.
    unclear: Option<Vec<String>>,
    fetched: Vec<OnceCell<Cow<'a, [u8]>>>,
    /// Bytes of all that were fetched: a document may name one file many times.
    held: Cell<u64>,
}

impl<'a> Buffers<'a> {
    pub(super) fn new(root: &'a Document, bin: Option<&'a [u8]>, name: &'a str, beside: Beside<'a>) -> Self {
        let fetched = root.buffers.iter().map(|_| OnceCell::new()).collect();
        let uris = root.buffers.iter().filter_map(|buffer| buffer.uri.as_deref());
        let mut outside: Vec<String> = uris.filter(|uri| !uri.starts_with("data:")).map(unescaped).collect();
        outside.sort();
        outside.dedup();
        let unclear = (!beside.tells_apart(&outside)).then_some(outside);
        Self { root, bin, name, beside, unclear, fetched, held: Cell::new(0) }
    }

    /// An error about the file.
    pub(super) fn fail(&self, text: impl Into<String>) -> MotionError {
        Cause::Malformed(text.into()).at(self.name, None)
    }

    /// Attaches the file's name.
    pub(super) fn at(&self, cause: Cause) -> MotionError {
        cause.at(self.name, None)
    }

    /// The bytes of a buffer.
    pub(super) fn bytes(&self, index: usize) -> Result<&[u8], MotionError> {
        let cell = self.fetched.get(index).ok_or_else(|| self.fail(format!("there is no buffer {index}")))?;
        if cell.get().is_none() {
            let bytes = self.fetch(index)?;
            self.held.set(self.held.get() + bytes.len() as u64);
            check_size(self.held.get()).map_err(|cause| self.at(cause))?;
            let _ = cell.set(bytes);
        }
        cell.get().map(|bytes| &bytes[..]).ok_or_else(|| self.fail(format!("there is no buffer {index}")))
    }

    fn fetch(&self, index: usize) -> Result<Cow<'a, [u8]>, MotionError> {
        let Some(uri) = &self.root.buffers[index].uri else {
            let bin = self.bin.filter(|_| index == 0);
            return bin.map(Cow::Borrowed).ok_or_else(|| self.fail(format!("the data of buffer {index} are missing")));
        };
        if let Some(data) = uri.strip_prefix("data:") {
            let (kind, text) = data.split_once(',').unwrap_or((data, ""));
            if !kind.ends_with(";base64") {
                return Err(self.fail(format!("buffer {index} is embedded, but not in base64")));
            }
            let text = text.trim_end_matches('=');
            let decoded = general_purpose::STANDARD_NO_PAD.decode(text);
            return decoded.map(Cow::Owned).map_err(|e| self.fail(format!("buffer {index} is no base64: {e}")));
        }
        let file = unescaped(uri);
        let inside = !file.contains(['\\', ':']) && !file.starts_with('/') && file.split('/').all(|part| part != "..");
        if !inside {
            return Err(self.fail(format!("its buffer {} is not beside it", excerpt(uri.as_bytes()))));
        }
        if let Some(outside) = &self.unclear {
            let names = several(outside.iter().map(|name| excerpt(name.as_bytes())), 8);
            return Err(self.fail(format!(
                "its buffers are {} files ({names}), and it is not known which of them was given: export a .glb, which \
                 holds everything",
                outside.len()
            )));
        }
        match self.beside.named(&file)? {
            Some(found) => Ok(found.bytes),
            None => Err(self.fail(format!(
                "its buffer {} is missing: it must lie beside it (or export a .glb, which holds everything)",
                excerpt(file.as_bytes())
            ))),
        }
    }
}

/// A URI with its `%20` and the like read.
fn unescaped(uri: &str) -> String {
    let bytes = uri.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|d| std::str::from_utf8(d).ok());
        match (bytes[at], digits.and_then(|d| u8::from_str_radix(d, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
