//! Files on their way in: dropped, chosen or bundled, read beside the window and picked up by it.

use std::{
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use draction::motion::{Format, ReadOptions, read_watched};
use serde::{Deserialize, Serialize};
use skeletonllm::guard::guarded;
use web_time::Instant;

use crate::{figured::Figured, models::Offered};

/// A file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSource {
    /// As the person knows it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Where else a file is than in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where others find it, too.
    pub public: Option<Public>,
    /// The key that the browser keeps it under for the next visit.
    pub kept: Option<String>,
}

impl Origin {
    /// Of a file that others find, too.
    pub fn public(public: Public) -> Origin {
        Origin { public: Some(public), kept: None }
    }
}

/// Where everybody finds a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Public {
    /// Among the bundled samples, under this name.
    Sample(String),
    /// At this address.
    Address(String),
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
    /// The body slot of whom alone the motion is to be; of everybody with `None`.
    pub only: Option<usize>,
    /// The id of the take whose place the motion takes.
    pub instead_of: Option<u64>,
    /// Where else it is.
    pub origin: Origin,
}

impl Unread {
    /// A file that is opened.
    pub fn new(file: FileSource, options: ReadOptions) -> Unread {
        Unread::of(Arc::new(file), options)
    }

    /// A file that others hold, too.
    pub fn of(file: Arc<FileSource>, options: ReadOptions) -> Unread {
        Unread { file, options, only: None, instead_of: None, origin: Origin::default() }
    }

    /// Reads it here and now.
    ///
    /// # Errors
    /// The reader's words, which name the file.
    pub fn read(&self) -> Result<Figured, String> {
        self.read_watched(&mut |_| ())
    }

    /// As [`Unread::read`]; `watch` hears how far it is, 0..1.
    ///
    /// # Errors
    /// As there.
    pub fn read_watched(&self, watch: &mut dyn FnMut(f32)) -> Result<Figured, String> {
        /// Share of the work that the reader does; the rest is for the figure.
        const READER: f32 = 0.9;
        let of_reader = &mut |fraction: f32| watch(READER * fraction);
        // one file must not end the window, nor be waited for in vain
        let read = guarded(|| Ok(read_watched(&self.file.bytes, &self.file.name, &self.options, of_reader)?));
        let motion = read.map_err(|error| format!("{error:#}"))?.without_empty_bodies();
        watch(READER);
        Ok(Figured::of(match self.only {
            Some(slot) => motion.only(slot),
            None => motion,
        }))
    }

    /// Whether reading it takes next to no time. A small archive may hold a large file.
    pub fn is_small(&self) -> bool {
        let bytes = &self.file.bytes;
        bytes.len() <= SMALL && !bytes.starts_with(b"PK") && !bytes.starts_with(&[0x1f, 0x8b])
    }
}

/// What came in.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// A file.
    File(FileSource, Origin),
    /// A file that could not be had, as a sentence that names it.
    Problem(String),
}

/// Where files arrive. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Incoming(Arc<Mutex<Mail>>);

#[derive(Debug, Default)]
struct Mail {
    arrived: Vec<Arrival>,
    models: Vec<Offered>,
    awaited: usize,
    /// Since when something is awaited.
    since: Option<Instant>,
    /// Counts how often all was refused: what was awaited before is not taken in any more.
    refusals: usize,
}

/// Files that somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// How many have come.
    pub here: usize,
    /// How many will have come.
    pub all: usize,
    /// How long somebody has waited.
    pub waited: Duration,
}

/// A file that is being read.
#[derive(Debug)]
pub struct Ticket {
    incoming: Incoming,
    /// [`Mail::refusals`] when it was given out.
    refusals: usize,
    /// Whether what has come waits for it.
    holds_up: bool,
}

impl Incoming {
    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file that will come.
    pub fn expect(&self) -> Ticket {
        let mut mail = self.mail();
        mail.awaited += 1;
        mail.since.get_or_insert_with(Instant::now);
        Ticket { incoming: self.clone(), refusals: mail.refusals, holds_up: true }
    }

    /// Files that will come some time; nobody waits for them.
    pub fn expect_aside(&self) -> Ticket {
        Ticket { incoming: self.clone(), refusals: self.mail().refusals, holds_up: false }
    }

    /// A file is there.
    pub fn push(&self, file: FileSource, origin: Origin) {
        self.mail().arrived.push(Arrival::File(file, origin));
    }

    /// A file cannot be had.
    pub fn problem(&self, text: &str) {
        self.mail().arrived.push(Arrival::Problem(text.to_owned()));
    }

    /// Files are there that are a model's.
    pub fn offer(&self, model: Offered) {
        self.mail().models.push(model);
    }

    /// The models that came.
    pub fn take_models(&self) -> Vec<Offered> {
        std::mem::take(&mut self.mail().models)
    }

    /// Everything that came, once nothing is awaited any more: files that were dropped together stay together, because
    /// one may describe the others ([`crate::companions`]).
    pub fn take(&self) -> Vec<Arrival> {
        let mut mail = self.mail();
        if mail.awaited > 0 { Vec::new() } else { std::mem::take(&mut mail.arrived) }
    }

    /// What is awaited, if anything is.
    pub fn awaited(&self) -> Option<Awaited> {
        let mail = self.mail();
        let (here, waited) = (mail.arrived.len(), mail.since?.elapsed());
        Some(Awaited { here, all: here + mail.awaited, waited })
    }

    /// Whether nothing is there or awaited.
    pub fn is_empty(&self) -> bool {
        let mail = self.mail();
        mail.arrived.is_empty() && mail.awaited == 0
    }

    /// Takes in nothing of what came or is awaited.
    pub fn refuse(&self) {
        let mut mail = self.mail();
        *mail = Mail { refusals: mail.refusals + 1, ..Mail::default() };
    }
}

impl Ticket {
    /// It came.
    pub fn arrive(self, file: FileSource, origin: Origin) {
        self.add(Arrival::File(file, origin));
    }

    /// It will not come.
    pub fn fail(self, problem: &str) {
        self.add(Arrival::Problem(problem.to_owned()));
    }

    /// Whether it is still wanted.
    pub fn is_wanted(&self) -> bool {
        self.incoming.mail().refusals == self.refusals
    }

    fn add(&self, arrival: Arrival) {
        let mut mail = self.incoming.mail();
        if mail.refusals == self.refusals {
            mail.arrived.push(arrival);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut mail = self.incoming.mail();
        if self.holds_up && mail.refusals == self.refusals {
            mail.awaited -= 1;
            if mail.awaited == 0 {
                mail.since = None;
            }
        }
    }
}

/// Most files that are opened out of one folder and the folders in it.
const MOST_OF_A_FOLDER: usize = 5000;

/// The files of a folder that are opened, by their paths and in the order of these: those that end as ours do. Others are
/// left alone, for a folder holds what it holds.
///
/// # Errors
/// A sentence that names the folder, where there are none or too many.
pub fn of_folder<F>(folder: &str, mut files: Vec<(String, F)>) -> Result<Vec<F>, String> {
    files.retain(|(path, _)| is_ours(path));
    if files.is_empty() {
        return Err(format!("{folder}: none of its files ends as motions do: {}", Format::listed()));
    }
    if files.len() > MOST_OF_A_FOLDER {
        return Err(format!("{folder}: it holds {} files; {MOST_OF_A_FOLDER} at a time can be opened", files.len()));
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

/// Whether a file of a folder is one of ours, by its path.
pub fn is_ours(path: &str) -> bool {
    let path = path.to_lowercase();
    let hidden = path.split(['/', '\\']).any(|part| part.starts_with('.') && part != "." && part != "..");
    static ENDINGS: LazyLock<Vec<&str>> = LazyLock::new(endings);
    !hidden && path.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending))
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
        first.arrive(file("a.npy"), Origin::default());
        assert!(incoming.take().is_empty(), "the other one may describe it");
        assert_eq!(incoming.awaited().map(|awaited| (awaited.here, awaited.all)), Some((1, 2)));
        second.fail("b.npy: gone");
        assert_eq!(incoming.awaited(), None);
        let arrived = incoming.take();
        assert_eq!(arrived.len(), 2);
        assert!(incoming.take().is_empty());
    }

    #[test]
    fn a_reading_that_is_given_up_holds_up_nobody() {
        let incoming = Incoming::default();
        drop(incoming.expect());
        incoming.push(file("a.bvh"), Origin::default());
        assert_eq!(incoming.take().len(), 1);
    }

    #[test]
    fn what_is_refused_does_not_come_later() {
        let incoming = Incoming::default();
        incoming.push(file("a.bvh"), Origin::default());
        let (late, lost) = (incoming.expect(), incoming.expect());
        incoming.refuse();
        assert!(!late.is_wanted());
        assert_eq!(incoming.awaited(), None);
        late.arrive(file("b.bvh"), Origin::default());
        drop(lost);
        assert!(incoming.take().is_empty());
        let (next, aside) = (incoming.expect(), incoming.expect_aside());
        assert!(incoming.take().is_empty() && next.is_wanted());
        drop(aside);
        assert!(incoming.take().is_empty(), "the other one is awaited");
        next.arrive(file("c.bvh"), Origin::default());
        assert_eq!(incoming.take().len(), 1);
    }

    #[test]
    fn files_of_a_folder_are_ours_by_their_endings() {
        for name in ["a.bvh", "x/01.AMC", "c:\\takes\\walk.npz", "skeleton.json", "a.bvh.gz", "w.safetensors"] {
            assert!(is_ours(name), "{name}");
        }
        for name in ["README.md", "x/.bvh", "bvh", "picture.png", ".git/walk.bvh", ""] {
            assert!(!is_ours(name), "{name}");
        }
        let files = ["x/b.bvh", "x/notes.md", "x/a/z.bvh"].map(|path| (path.to_owned(), path));
        assert_eq!(of_folder("x", files.to_vec()), Ok(vec!["x/a/z.bvh", "x/b.bvh"]));
        assert!(of_folder("x", vec![("x/notes.md".to_owned(), 1)]).unwrap_err().starts_with("x: none of"));
        let many = vec![("x/a.bvh".to_owned(), ()); MOST_OF_A_FOLDER + 1];
        assert!(of_folder("x", many).unwrap_err().contains("5001"));
    }

    #[test]
    fn large_files_are_refused_by_name() {
        assert_eq!(check_size("a", 5, 5), Ok(()));
        let problem = check_size("long.bvh", 3 << 30, 64 << 20).unwrap_err();
        assert!(problem.contains("long.bvh") && problem.contains("3072 MB") && problem.contains("64 MB"), "{problem}");
    }
}
