//! Bringing an index up to date with the files that are there: only what is new or has changed is looked at.

use std::{
    collections::{HashMap, HashSet},
    fs,
    ops::{ControlFlow, Range},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use draction::motion::{ReadOptions, read_file};

use super::{Found, Index, IndexedFile, Window, windows};
use crate::{flow::Flow, guard::guarded, sugar::Sugar};

/// Takes that are looked at together.
const BATCH: usize = 8;
/// Windows that go through the network together.
const TOGETHER: usize = 16;
/// Time between two savings.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// What became of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New ones.
    pub added: usize,
    /// Those that were known and are others now.
    pub changed: usize,
    /// Those that stayed as they were.
    pub same: usize,
    /// Those that are gone.
    pub gone: usize,
    /// Those that cannot be used, and why; the next update tries them again.
    pub failed: Vec<(PathBuf, String)>,
    /// Whether somebody stopped it before the end.
    pub stopped: bool,
}

/// What reading a file gave.
enum Seen {
    Same(String),
    Touched(IndexedFile),
    Other(IndexedFile, Vec<Window>),
    Failed(PathBuf, String),
}

/// What looking at it gave.
enum Done {
    Same(String),
    Touched(IndexedFile),
    Other(IndexedFile, Vec<(Range<f32>, Vec<f32>)>),
    Failed(PathBuf, String),
}

/// Brings `index` up to date with `files`, which are all that lie below `roots` (absolute paths). What `save` does with it is done once a
/// minute and at the end. `stop` ends it early, with what was done kept; `on_file` is called after each file.
///
/// # Errors
/// When `save` fails.
pub fn update(
    index: &mut Index,
    sugar: &Sugar,
    files: Vec<PathBuf>,
    roots: &[PathBuf],
    stop: &AtomicBool,
    mut save: impl FnMut(&Index) -> Result<()>,
    mut on_file: impl FnMut(Option<(&Path, &str)>),
) -> Result<Changes> {
    let known: HashMap<String, IndexedFile> =
        index.files().iter().map(|file| (file.path.clone(), file.clone())).collect();
    let mut changes = Changes::default();
    let mut pending = Pending::of(index);
    let mut seen = HashSet::new();
    let (mut saved, mut failure) = (Instant::now(), Ok(()));
    Flow::new(BATCH).run(
        files.into_iter(),
        |path| read(sugar, &known, path),
        |batch| look(sugar, batch),
        |done| {
            let mut failed = None;
            match done {
                Done::Same(path) => {
                    changes.same += 1;
                    seen.insert(path);
                }
                Done::Touched(file) => {
                    changes.same += 1;
                    seen.insert(file.path.clone());
                    pending.touched.insert(file.path.clone(), file);
                }
                // a path that is given twice is one file
                Done::Other(file, windows) if seen.insert(file.path.clone()) => {
                    match known.contains_key(&file.path) {
                        true => changes.changed += 1,
                        false => changes.added += 1,
                    }
                    pending.replaced.insert(file.path.clone());
                    pending.fresh.add(file, &windows);
                }
                Done::Other(..) => {}
                Done::Failed(path, why) => failed = Some((path, why)),
            }
            on_file(failed.as_ref().map(|(path, why)| (path.as_path(), why.as_str())));
            changes.failed.extend(failed);
            if saved.elapsed() > SAVE_EVERY {
                pending.settle(index);
                failure = save(index);
                saved = Instant::now();
            }
            changes.stopped = stop.load(Ordering::Relaxed);
            if changes.stopped || failure.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    failure?;
    pending.settle(index);
    if !changes.stopped {
        let before = index.files().len();
        let below = |path: &str| roots.iter().any(|root| Path::new(path).starts_with(root));
        index.retain(|file| seen.contains(&file.path) || !below(&file.path));
        changes.gone = before - index.files().len();
    }
    save(index)?;
    Ok(changes)
}

/// What was found and does not stand in the index yet.
struct Pending {
    fresh: Index,
    touched: HashMap<String, IndexedFile>,
    replaced: HashSet<String>,
}

impl Pending {
    fn of(index: &Index) -> Self {
        let fresh = Index::new(index.model.clone(), index.width);
        Self { fresh, touched: HashMap::new(), replaced: HashSet::new() }
    }

    fn settle(&mut self, index: &mut Index) {
        let Self { fresh, touched, replaced } = std::mem::replace(self, Self::of(index));
        index.touch(&touched);
        index.retain(|file| !replaced.contains(&file.path));
        index.append(fresh);
    }
}

/// What is to be known of a file, and its windows if they are not known yet.
fn read(sugar: &Sugar, known: &HashMap<String, IndexedFile>, path: PathBuf) -> Seen {
    let seen = guarded(|| {
        let absolute = std::path::absolute(&path)?;
        let name = absolute.to_str().context("its path is no UTF-8, which the index needs")?.to_owned();
        let (size, modified, listing) = state(&absolute)?;
        let before = known.get(&name);
        let found = IndexedFile::found(before, size, modified);
        if found == Found::Same {
            return Ok(Seen::Same(name));
        }
        let hash = match listing {
            Some(listing) => draction::store::sha256(listing.as_bytes()),
            None => draction::store::sha256_of_file(&absolute)?,
        };
        let same = found == Found::Touched && before.is_some_and(|before| before.hash == hash);
        let file = IndexedFile { path: name, size, modified, hash };
        if same {
            return Ok(Seen::Touched(file));
        }
        let motion = read_file(&path, &ReadOptions::default())?;
        Ok(Seen::Other(file, windows(sugar, &motion)?))
    });
    seen.unwrap_or_else(|error| Seen::Failed(path, format!("{error:#}")))
}

/// Size and time of a file; of a folder those of its files together, and how they are listed.
fn state(path: &Path) -> Result<(u64, i64, Option<String>)> {
    let of = |path: &Path| {
        let data = fs::metadata(path)?;
        let since = data.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        anyhow::Ok((data.len(), i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)))
    };
    if !path.is_dir() {
        let (size, modified) = of(path)?;
        return Ok((size, modified, None));
    }
    let mut entries = fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let (mut sum, mut newest, mut listing) = (0, 0, String::new());
    for entry in entries {
        let (size, modified) = of(&entry.path())?;
        sum += size;
        newest = newest.max(modified);
        listing += &format!("{:?} {size} {modified}\n", entry.file_name());
    }
    Ok((sum, newest, Some(listing)))
}

/// Sends the windows of some takes through the network.
fn look(sugar: &Sugar, batch: Vec<Seen>) -> Vec<Done> {
    let poses: Vec<_> = batch
        .iter()
        .filter_map(|seen| if let Seen::Other(_, windows) = seen { Some(windows) } else { None })
        .flatten()
        .map(|window| window.poses.clone())
        .collect();
    let vectors = guarded(|| Ok(poses.chunks(TOGETHER).flat_map(|some| sugar.embed_shown(some)).collect::<Vec<_>>()));
    let mut vectors = match vectors {
        Ok(vectors) => Ok(vectors.into_iter()),
        Err(error) => Err(format!("{error:#}")),
    };
    let done = |seen| match seen {
        Seen::Same(path) => Done::Same(path),
        Seen::Touched(file) => Done::Touched(file),
        Seen::Failed(path, why) => Done::Failed(path, why),
        Seen::Other(file, windows) => match &mut vectors {
            Ok(vectors) => {
                let windows: Vec<_> = windows.into_iter().map(|window| window.seconds).zip(vectors).collect();
                match windows.iter().flat_map(|(_, vector)| vector).all(|value| value.is_finite()) {
                    true => Done::Other(file, windows),
                    false => Done::Failed(file.path.into(), "the network makes no numbers of it".into()),
                }
            }
            Err(why) => Done::Failed(file.path.into(), why.clone()),
        },
    };
    batch.into_iter().map(done).collect()
}
