//! Files on their way in: dropped, chosen or bundled, read beside the window and picked up by it.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use draction::motion::{Format, Motion, ReadOptions, read};

use crate::models::Offered;

/// A file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSource {
    /// As the person knows it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Files up to this size, in bytes, are read at once: sooner than anybody notices.
pub const SMALL: usize = 256 << 10;

/// A motion file that waits to be read.
#[derive(Clone, Debug)]
pub struct Unread {
    /// The file.
    pub file: Arc<FileSource>,
    /// How to understand it.
    pub options: ReadOptions,
    /// The id of the take whose place the motion takes.
    pub instead_of: Option<u64>,
    /// Whether it was kept by an earlier visit, for this one and the next.
    pub kept: bool,
}

impl Unread {
    /// A file that is opened.
    pub fn new(file: FileSource, options: ReadOptions) -> Unread {
        Unread::of(Arc::new(file), options)
    }

    /// A file that others hold, too.
    pub fn of(file: Arc<FileSource>, options: ReadOptions) -> Unread {
        Unread { file, options, instead_of: None, kept: false }
    }

    /// Reads it here and now.
    ///
    /// # Errors
    /// The reader's words, which name the file.
    pub fn read(&self) -> Result<Motion, String> {
        let motion = read(&self.file.bytes, &self.file.name, &self.options).map_err(|error| error.to_string())?;
        Ok(motion.without_empty_bodies())
    }

    /// Whether reading it takes no time. A small archive may hold a large file.
    pub fn is_small(&self) -> bool {
        let bytes = &self.file.bytes;
        bytes.len() <= SMALL && !bytes.starts_with(b"PK") && !bytes.starts_with(&[0x1f, 0x8b])
    }
}

/// What came in.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A file.
    File(FileSource),
    /// A file that could not be had, as a sentence that names it.
    Problem(String),
}

/// Where files arrive. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Incoming {
    arrived: Arc<Mutex<Vec<Arrival>>>,
    models: Arc<Mutex<Vec<Offered>>>,
    awaited: Arc<AtomicUsize>,
}

/// A file that is being read.
#[derive(Debug)]
pub struct Ticket(Incoming);

impl Incoming {
    /// A file that will come.
    pub fn expect(&self) -> Ticket {
        self.awaited.fetch_add(1, Ordering::SeqCst);
        Ticket(self.clone())
    }

    /// A file is there.
    pub fn push(&self, file: FileSource) {
        self.add(Arrival::File(file));
    }

    /// A file cannot be had.
    pub fn problem(&self, text: &str) {
        self.add(Arrival::Problem(text.to_owned()));
    }

    /// Files are there that are a model's.
    pub fn offer(&self, model: Offered) {
        self.models.lock().unwrap_or_else(PoisonError::into_inner).push(model);
    }

    /// The models that came.
    pub fn take_models(&self) -> Vec<Offered> {
        std::mem::take(&mut *self.models.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Everything that came, once nothing is awaited any more: files that were dropped together stay together, because
    /// one may describe the others ([`crate::companions`]).
    pub fn take(&self) -> Vec<Arrival> {
        if self.awaited.load(Ordering::SeqCst) > 0 {
            return Vec::new();
        }
        std::mem::take(&mut *self.arrived.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, arrival: Arrival) {
        self.arrived.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
    }
}

impl Ticket {
    /// It came.
    pub fn arrive(self, file: FileSource) {
        self.0.push(file);
    }

    /// It will not come.
    pub fn fail(self, problem: &str) {
        self.0.problem(problem);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.awaited.fetch_sub(1, Ordering::SeqCst);
    }
}

/// How files that can be opened usually end, without the dot.
#[must_use]
pub fn endings() -> Vec<&'static str> {
    let motions = Format::ALL.iter().flat_map(|format| format.extensions()).copied();
    let mut endings: Vec<&str> = motions.chain(["asf", "bin", "gguf", "gz", "zip", "safetensors"]).collect();
    endings.sort_unstable();
    endings.dedup();
    endings
}

/// Refuses a file by its size, before it is read.
///
/// # Errors
/// A sentence that names file, size and limit.
pub fn check_size(name: &str, bytes: u64, limit: u64) -> Result<(), String> {
    if bytes <= limit {
        return Ok(());
    }
    let mega = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Err(format!("{name}: {:.0} MB are more than the {:.0} MB that are read here", mega(bytes), mega(limit)))
}

/// A shipped sample, under its own name.
#[cfg(test)]
pub(crate) fn sample(name: &str) -> FileSource {
    let bytes = std::fs::read(skeletonllm_checks::asset("samples").join(name)).expect("a sample");
    FileSource { name: name.to_owned(), bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> FileSource {
        FileSource { name: name.into(), bytes: vec![1] }
    }

    #[test]
    fn files_dropped_together_arrive_together() {
        let incoming = Incoming::default();
        let (first, second) = (incoming.expect(), incoming.expect());
        first.arrive(file("a.npy"));
        assert!(incoming.take().is_empty(), "the other one may describe it");
        second.fail("b.npy: gone");
        let arrived = incoming.take();
        assert_eq!(arrived.len(), 2);
        assert!(incoming.take().is_empty());
    }

    #[test]
    fn a_reading_that_is_given_up_holds_up_nobody() {
        let incoming = Incoming::default();
        drop(incoming.expect());
        incoming.push(file("a.bvh"));
        assert_eq!(incoming.take().len(), 1);
    }

    #[test]
    fn large_files_are_refused_by_name() {
        assert_eq!(check_size("a", 5, 5), Ok(()));
        let problem = check_size("long.bvh", 3 << 30, 64 << 20).unwrap_err();
        assert!(problem.contains("long.bvh") && problem.contains("3072 MB") && problem.contains("64 MB"), "{problem}");
    }
}
