//! Reads numbers and strings one after the other.

use super::Problem;
use crate::read_at::ReadAt;

/// Read at a time.
const CHUNK: u64 = 1 << 16;

/// A place in a file, and the bytes around it.
pub(super) struct Reader<'a> {
    file: &'a dyn ReadAt,
    /// What was read ahead, and where it begins.
    chunk: Vec<u8>,
    start: u64,
    place: u64,
}

impl<'a> Reader<'a> {
    pub fn new(file: &'a dyn ReadAt) -> Self {
        Self { file, chunk: Vec::new(), start: 0, place: 0 }
    }

    /// Bytes read so far.
    pub fn place(&self) -> u64 {
        self.place
    }

    fn left(&self) -> u64 {
        self.file.size() - self.place
    }

    /// The next bytes.
    pub fn bytes(&mut self, count: u64) -> Result<&[u8], Problem> {
        if count > self.left() {
            return Err(format!("the file ends at {}, where {count} bytes should follow", self.file.size()));
        }
        if self.place < self.start || self.place + count > self.start + self.chunk.len() as u64 {
            let length = count.max(CHUNK).min(self.left());
            let length = usize::try_from(length).map_err(|_| "more bytes than this machine can hold".to_string())?;
            self.chunk.resize(length, 0);
            self.file.read_at(self.place, &mut self.chunk).map_err(|error| error.to_string())?;
            self.start = self.place;
        }
        let from = (self.place - self.start) as usize;
        self.place += count;
        Ok(&self.chunk[from..from + count as usize])
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        Ok(self.bytes(N as u64)?.try_into().expect("as many as were asked for"))
    }

    pub fn u32(&mut self) -> Result<u32, Problem> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64, Problem> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub fn string(&mut self) -> Result<String, Problem> {
        let length = self.u64()?;
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| format!("a string is no UTF-8: {error}"))
    }

    /// A count of things that take at least `least` bytes each.
    pub fn count(&mut self, of: &str, least: u64) -> Result<usize, Problem> {
        let count = self.u64()?;
        if count.checked_mul(least).is_none_or(|bytes| bytes > self.left()) {
            return Err(format!("{count} {of} do not fit into the {} bytes that follow", self.left()));
        }
        usize::try_from(count).map_err(|_| format!("{count} {of} are more than this machine can hold"))
    }
}
