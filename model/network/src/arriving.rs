//! The files of a model that are not on disk: their bytes come when they are asked for, and have to be waited for.
//!
//! What reads checkpoints asks for bytes and does not wait ([`ReadAt`]). So a [`Shelf`] lets it try, fetches what it
//! found missing, and lets it try again; bytes that were read are forgotten, so that little more than a tensor is there
//! at a time. Whoever is waited for may draw a picture first, so more is fetched at once than is asked for, and what
//! follows in the file is there already.

use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::read_at::ReadAt;

/// A file by its name within the model's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name, without a folder.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
}

/// Bytes under way. On the desktop they may come on any thread.
#[cfg(not(target_family = "wasm"))]
pub type Fetching<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<u8>>> + Send + 'a>>;
/// Bytes under way.
#[cfg(target_family = "wasm")]
pub type Fetching<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<u8>>> + 'a>>;

/// What may be used from several threads, where there are such.
#[cfg(not(target_family = "wasm"))]
pub trait Shared: Send + Sync {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + Sync> Shared for T {}
/// What may be used from several threads, where there are such.
#[cfg(target_family = "wasm")]
pub trait Shared {}
#[cfg(target_family = "wasm")]
impl<T> Shared for T {}

/// Somebody who has the files.
pub trait Fetch: Shared {
    /// The bytes of a file from `start` on, exactly so many.
    ///
    /// # Errors
    /// When there is no such file, it has fewer bytes, or they cannot be had.
    fn fetch<'a>(&'a self, file: &'a str, start: u64, length: usize) -> Fetching<'a>;
}

/// Bytes that are fetched at least, where some are missing and the file has as many.
const AHEAD: u64 = 4 << 20;

/// So many pieces of a file stay although they were read: a matrix, its scales, and an adapter's halves lie in
/// different places, and what follows each of them is read next.
const PLACES: usize = 4;

/// Bytes of descriptions at most. The longest that is published, a vocabulary with its merges, takes some 10 MB.
const LONGEST: u64 = 256 << 20;

/// A file of which only some bytes are there. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Arriving {
    size: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// First byte, and the bytes.
    pieces: Vec<(u64, Vec<u8>)>,
    /// What somebody wanted that was not there.
    missing: Option<Range<u64>>,
}

impl Arriving {
    fn new(size: u64) -> Self {
        Self { size, state: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // nothing is left half done by somebody who panicked
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadAt for Arriving {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, start: u64, into: &mut [u8]) -> io::Result<()> {
        let end = start.checked_add(into.len() as u64).filter(|end| *end <= self.size);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut state = self.state();
        let mut at = start;
        while at < end {
            let here = |(first, bytes): &&(u64, Vec<u8>)| (*first..first + bytes.len() as u64).contains(&at);
            let Some((first, bytes)) = state.pieces.iter().find(here) else {
                state.missing = Some(at..end);
                return Err(io::ErrorKind::WouldBlock.into());
            };
            let bytes = &bytes[(at - first) as usize..];
            let into = &mut into[(at - start) as usize..];
            let count = bytes.len().min(into.len());
            into[..count].copy_from_slice(&bytes[..count]);
            at += count as u64;
        }
        Ok(())
    }
}

/// The weight files of a model, and who brings their bytes.
pub struct Shelf<'f> {
    files: Vec<(Listed, Arriving)>,
    from: &'f dyn Fetch,
    /// Bytes that came, those that were fetched twice counted twice.
    came: u64,
    tell: Box<dyn FnMut(u64) + Send + 'f>,
}

impl<'f> Shelf<'f> {
    /// Files that `from` has; `tell` is told how many bytes have come whenever some do.
    pub fn new(files: &[Listed], from: &'f dyn Fetch, tell: impl FnMut(u64) + Send + 'f) -> Self {
        let files = files.iter().map(|file| (file.clone(), Arriving::new(file.bytes))).collect();
        Self { files, from, came: 0, tell: Box::new(tell) }
    }

    /// The files' names and what reads them, in their order.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &Arriving)> {
        self.files.iter().map(|(listed, arriving)| (listed.name.as_str(), arriving))
    }

    /// The outcome of `attempt`, made again for as long as bytes were missing.
    ///
    /// # Errors
    /// Those of `attempt`; when bytes cannot be had.
    pub(crate) async fn having<T, E: From<Lacking>>(
        &mut self,
        mut attempt: impl FnMut() -> Result<T, E>,
    ) -> Result<T, E> {
        loop {
            let outcome = attempt();
            if outcome.is_ok() {
                return outcome;
            }
            let missing = |(_, file): &(Listed, Arriving)| file.state().missing.take();
            let Some((index, missing)) = self.files.iter().enumerate().find_map(|(i, file)| Some((i, missing(file)?)))
            else {
                return outcome;
            };
            self.bring(index, missing.start, (missing.end - missing.start) as usize).await?;
            let held: u64 = self.files.iter().map(|(_, file)| file.state().held()).sum();
            if held > LONGEST {
                let problem = format!("its description takes more than {} MB", LONGEST >> 20);
                return Err(self.lacking(index, io::Error::other(problem)).into());
            }
        }
    }

    /// Fetches bytes of a file, and some behind them, unless they are there.
    ///
    /// # Errors
    /// When they cannot be had, naming the file.
    pub(crate) async fn bring(&mut self, file: usize, start: u64, length: usize) -> Result<(), Lacking> {
        let (listed, arriving) = &self.files[file];
        if arriving.state().use_again(start, length) {
            return Ok(());
        }
        let ahead = AHEAD.min(arriving.size.saturating_sub(start)) as usize;
        let length = length.max(ahead);
        let fetched = self.from.fetch(&listed.name, start, length).await.and_then(|bytes| {
            let (found, name) = (bytes.len(), &listed.name);
            let short = || io::Error::other(format!("{found} bytes of {name} came where {length} were asked for"));
            if found == length { Ok(bytes) } else { Err(short()) }
        });
        let bytes = fetched.map_err(|cause| self.lacking(file, cause))?;
        arriving.state().pieces.push((start, bytes));
        // what lies behind may not be what is read next
        self.came += length as u64;
        (self.tell)(self.came.min(self.files.iter().map(|(listed, _)| listed.bytes).sum()));
        Ok(())
    }

    /// Forgets what has come, but for a little that is likely to be asked for.
    pub(crate) fn forget(&mut self) {
        self.files.iter().for_each(|(_, file)| file.state().forget());
    }

    fn lacking(&self, file: usize, cause: io::Error) -> Lacking {
        Lacking { path: self.files[file].0.name.clone(), cause }
    }
}

impl State {
    /// Bytes that are there.
    fn held(&self) -> u64 {
        self.pieces.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }

    /// Whether one piece has all these bytes; it is the latest from now on.
    fn use_again(&mut self, start: u64, length: usize) -> bool {
        let has =
            |(first, bytes): &(u64, Vec<u8>)| *first <= start && start - first + length as u64 <= bytes.len() as u64;
        let Some(at) = self.pieces.iter().position(has) else { return false };
        let piece = self.pieces.remove(at);
        self.pieces.push(piece);
        true
    }

    /// Forgets all but the latest of its small pieces.
    fn forget(&mut self) {
        self.missing = None;
        self.pieces.retain(|(_, bytes)| bytes.len() as u64 <= AHEAD);
        let old = self.pieces.len().saturating_sub(PLACES);
        self.pieces.drain(..old);
    }
}

/// Bytes of a file that could not be had.
#[derive(Debug)]
pub(crate) struct Lacking {
    pub path: String,
    pub cause: io::Error,
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Files in memory, and what was asked for.
    #[derive(Default)]
    pub(crate) struct Memory {
        pub files: BTreeMap<String, Vec<u8>>,
        pub asked: Mutex<Vec<(String, u64, usize)>>,
    }

    impl Memory {
        pub fn of(files: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Memory {
            let files = files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
            Memory { files, asked: Mutex::default() }
        }

        pub fn listed(&self) -> Vec<Listed> {
            let listed = |(name, bytes): (&String, &Vec<u8>)| Listed { name: name.clone(), bytes: bytes.len() as u64 };
            self.files.iter().map(listed).collect()
        }
    }

    impl Fetch for Memory {
        fn fetch<'a>(&'a self, file: &'a str, start: u64, length: usize) -> Fetching<'a> {
            self.asked.lock().unwrap().push((file.to_owned(), start, length));
            let bytes = self.files.get(file).map(|bytes| &bytes[start as usize..][..length]);
            Box::pin(async move { bytes.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::NotFound.into()) })
        }
    }

    #[test]
    fn what_is_missing_is_fetched_once_and_read_across_pieces() {
        let bytes: Vec<u8> = (0..12_000_000u32).map(|i| (i % 251) as u8).collect();
        let memory = Memory::of([("a", bytes.clone())]);
        let mut told = Vec::new();
        let mut shelf = Shelf::new(&memory.listed(), &memory, |at| told.push(at));
        let file = shelf.files[0].1.clone();
        let mut part = vec![0; 5_000_000];
        let mut read = || file.read_at(700_000, &mut part).map_err(|cause| Lacking { path: "a".into(), cause });
        assert!(read().is_err(), "nothing is there yet");
        pollster::block_on(shelf.bring(0, 600_000, 200_000)).unwrap();
        pollster::block_on(shelf.having(&mut read)).unwrap();
        assert_eq!(part, bytes[700_000..5_700_000]);
        let ahead = AHEAD as usize;
        let asked = [600_000, 600_000 + AHEAD].map(|start| ("a".into(), start, ahead));
        assert_eq!(*memory.asked.lock().unwrap(), asked);
        for beyond in [12_000_000, u64::MAX] {
            let error = file.read_at(beyond, &mut [0]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{beyond}");
        }
        drop(shelf);
        assert_eq!(told, [AHEAD, 2 * AHEAD], "what came, wherever it lies");
    }

    #[test]
    fn what_follows_is_there_already_and_what_is_old_is_forgotten() {
        let memory = Memory::of([("a", vec![7; 40_000_000])]);
        let mut shelf = Shelf::new(&memory.listed(), &memory, |_| ());
        let file = shelf.files[0].1.clone();
        let mut bring = |start, length| {
            pollster::block_on(shelf.bring(0, start, length)).unwrap();
            file.read_at(start, &mut vec![0; length]).expect("it was brought");
            shelf.forget();
            (memory.asked.lock().unwrap().len(), file.state().held())
        };
        // two places by turns, as a matrix and its scales are read
        bring(0, 1_000_000);
        for turn in 0..3 {
            assert_eq!(bring(20_000_000 + turn * 4, 4), (2, 2 * AHEAD));
            assert_eq!(bring(turn * 1_000_000, 1_000_000), (2, 2 * AHEAD));
        }
        assert_eq!(bring(5_000_000, 6_000_000).1, 2 * AHEAD, "what is large is read once");
        for place in 0..6 {
            assert!(bring(9_000_000 + place * 5_000_000, 1).1 <= PLACES as u64 * AHEAD);
        }
        assert!(file.read_at(0, &mut [0]).is_err(), "it was forgotten");
        bring(39_999_999, 1);
        assert_eq!(
            memory.asked.lock().unwrap().last(),
            Some(&("a".into(), 39_999_999, 1)),
            "no more than the file has"
        );
    }

    #[test]
    fn a_file_that_gives_too_little_is_named() {
        /// Gives a byte less than is asked for.
        struct Short;
        impl Fetch for Short {
            fn fetch<'a>(&'a self, _: &'a str, _: u64, length: usize) -> Fetching<'a> {
                Box::pin(async move { Ok(vec![0; length - 1]) })
            }
        }
        let listed = [Listed { name: "model.safetensors".into(), bytes: 30 }];
        let mut shelf = Shelf::new(&listed, &Short, |_| ());
        let lacking = pollster::block_on(shelf.bring(0, 10, 20)).unwrap_err();
        assert_eq!(lacking.path, "model.safetensors");
        assert!(lacking.cause.to_string().contains("19 bytes"), "{}", lacking.cause);
    }
}
