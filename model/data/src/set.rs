//! A folder of labelled clips, read into memory.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use draction::{
    clip::{Clip, ClipOptions},
    motion::{self, Motion, ReadOptions, Skeleton},
};
use rayon::prelude::*;

use super::{
    error::DataError,
    formats::list,
    labels::Labels,
    listing::Listing,
    meanings::Meanings,
    options::LoadOptions,
    record::{Half, Record},
};

/// Which clips of a folder are wanted.
///
/// A line without a `split` belongs to `train`. A folder where *no* line has one is not divided: all of it is wanted
/// as `Train`, `Val` and `Test` alike, so that `evaluate` works on a plain folder; [`DataSet::divided`] tells. Whoever wants
/// both halves at once calls [`DataSet::load_halves`], which never puts a clip into both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Split {
    /// What a model may learn from.
    Train,
    /// What it is judged on.
    Val,
    /// What it is judged on once, at the end.
    Test,
    /// Everything.
    All,
}

impl Split {
    /// The name as written on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Val => "val",
            Split::Test => "test",
            Split::All => "all",
        }
    }

    /// What a model is judged on where nobody says otherwise: the test half under a protocol, which has no other, or else
    /// the validation half.
    pub fn judged(options: &LoadOptions) -> Split {
        if options.protocol.is_some() { Split::Test } else { Split::Val }
    }

    /// The half it stands for; none for everything.
    fn half(self) -> Option<Half> {
        match self {
            Split::Train => Some(Half::Train),
            Split::Val => Some(Half::Val),
            Split::Test => Some(Half::Test),
            Split::All => None,
        }
    }

    fn wants(self, half: Option<Half>, divided: bool) -> bool {
        // a line that does not say belongs to the training half
        !divided || self.half().is_none_or(|wanted| half.unwrap_or(Half::Train) == wanted)
    }
}

impl std::str::FromStr for Split {
    type Err = String;

    fn from_str(name: &str) -> Result<Split, String> {
        [Split::Train, Split::Val, Split::Test, Split::All]
            .into_iter()
            .find(|s| s.name() == name)
            .ok_or_else(|| format!("'{name}' is none of train, val, test, all"))
    }
}

/// One clip: what the set says of it, and its motion.
#[derive(Clone, Debug)]
pub struct DataClip {
    /// The line of the description.
    pub record: Record,
    /// The motion as read.
    pub motion: Motion,
}

/// A clip that cannot be used.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The line of the description.
    pub record: Record,
    /// Its file, and what is wrong with it.
    pub why: String,
}

/// A folder of clips in memory, in the order of its description.
#[derive(Clone, Debug)]
pub struct DataSet {
    /// Name of the folder.
    pub name: String,
    /// The clips that can be read and drawn.
    pub clips: Vec<DataClip>,
    /// Those that cannot.
    pub failed: Vec<Failed>,
    /// One line for each of them, and for whatever else is wrong with the folder.
    pub warnings: Vec<String>,
    /// Whether any line of the description has a `split`.
    pub divided: bool,
    /// The labels that answers about these clips are chosen among, in the order in which a question lists them, where
    /// a protocol says it.
    pub candidates: Option<Vec<String>>,
    /// Which labels mean the same, here and in other sets.
    pub meanings: Meanings,
}

/// Called after each clip with how many are read and how many there are. Calls come from several threads.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl DataSet {
    /// Reads the wanted clips of a folder, on all cores.
    ///
    /// # Errors
    /// See [`list`]; also [`DataError::Empty`] when the split has no clip and [`DataError::AllFailed`] when
    /// no clip can be used. Single clips that cannot be read, or show nobody, end up in
    /// [`DataSet::failed`].
    pub fn load(dir: &Path, split: Split) -> Result<DataSet, DataError> {
        DataSet::load_with(dir, split, &LoadOptions::default(), &|_, _| {})
    }

    /// [`DataSet::load`] with options and progress.
    ///
    /// # Errors
    /// As [`DataSet::load`].
    pub fn load_with(
        dir: &Path,
        split: Split,
        options: &LoadOptions,
        progress: Progress<'_>,
    ) -> Result<DataSet, DataError> {
        let mut listing = list(dir, options)?;
        let (total, divided) = (listing.records.len(), listing.divided());
        listing.records.retain(|r| split.wants(r.split, divided));
        if listing.records.is_empty() {
            let cause = format!("no clip in split {}; the folder has {total} in others", split.name());
            return Err(DataError::Empty { path: dir.to_owned(), cause });
        }
        let candidates = listing.protocol.and_then(|p| Some(p.classes(split.half()?)));
        Ok(DataSet { candidates, ..DataSet::read(dir, listing, divided, options, progress)? })
    }

    /// Both halves, training first, for a run that learns from one and watches the other. The second is empty when the
    /// folder is not divided: nothing a model has learned from tells how well it learned.
    ///
    /// # Errors
    /// As [`DataSet::load`]; a half without clips is no error.
    pub fn load_halves(
        dir: &Path,
        options: &LoadOptions,
        progress: Progress<'_>,
    ) -> Result<(DataSet, DataSet), DataError> {
        let mut listing = list(dir, options)?;
        let (divided, protocol) = (listing.divided(), listing.protocol);
        listing.records.retain(|r| r.split != Some(Half::Test));
        if listing.records.is_empty() {
            return Err(DataError::Empty { path: dir.to_owned(), cause: "no clip in split train or val".into() });
        }
        let mut train = DataSet::read(dir, listing, divided, options, progress)?;
        let (val, rest) = train.clips.drain(..).partition(|c| c.record.split == Some(Half::Val));
        train.clips = rest;
        let val = DataSet {
            name: train.name.clone(),
            clips: val,
            failed: Vec::new(),
            warnings: Vec::new(),
            divided,
            candidates: None,
            meanings: Meanings::default(),
        };
        train.candidates = protocol.map(|p| p.classes(Half::Train));
        Ok((train, val))
    }

    fn read(
        dir: &Path,
        Listing { records, warnings, .. }: Listing,
        divided: bool,
        options: &LoadOptions,
        progress: Progress<'_>,
    ) -> Result<DataSet, DataError> {
        let (total, done) = (records.len(), AtomicUsize::new(0));
        let results: Vec<(Record, Result<Motion, String>)> = records
            .into_par_iter()
            .map(|record| {
                let motion = motion_of(dir, &record, options);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                (record, motion)
            })
            .collect();
        let (mut skeletons, mut clips, mut failed) = (Vec::new(), Vec::with_capacity(total), Vec::new());
        for (record, result) in results {
            match result {
                Ok(mut motion) => {
                    motion.skeleton = shared(&mut skeletons, motion.skeleton);
                    clips.push(DataClip { record, motion });
                }
                Err(why) => failed.push(Failed { record, why }),
            }
        }
        match failed.first() {
            Some(first) if clips.is_empty() => {
                Err(DataError::AllFailed { path: dir.to_owned(), clips: total, first: first.why.clone() })
            }
            _ => {
                let warnings = warnings.into_iter().chain(failed.iter().map(|f| f.why.clone())).collect();
                let (name, meanings) = (folder_name(dir), Meanings::default());
                Ok(DataSet { name, clips, failed, warnings, divided, candidates: None, meanings })
            }
        }
    }

    /// The labels that answers about these clips are chosen among: the protocol's, or else [`DataSet::labels`].
    pub fn choices(&self) -> Labels {
        self.candidates.as_ref().map_or_else(|| self.labels(), |names| Labels::new(names).meaning(&self.meanings))
    }

    /// What the folder says of each clip, those that cannot be used last.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.clips.iter().map(|c| &c.record).chain(self.failed.iter().map(|f| &f.record))
    }

    /// The labels of these clips.
    pub fn labels(&self) -> Labels {
        Labels::new(self.clips.iter().filter_map(|c| c.record.label.as_deref())).meaning(&self.meanings)
    }

    /// Every distinct text that the set itself brings: captions, questions, answers. For training a tokenizer.
    pub fn texts(&self) -> BTreeSet<&str> {
        let own = self.clips.iter().flat_map(|c| {
            let asked = c.record.questions.iter().flat_map(|(q, a)| [q.as_str(), a.as_str()]);
            c.record.captions.iter().map(String::as_str).chain(asked)
        });
        own.collect()
    }
}

/// The motion of a line, which can be drawn; or what is wrong with it, naming the file.
fn motion_of(dir: &Path, record: &Record, options: &LoadOptions) -> Result<Motion, String> {
    let path = dir.join(&record.file_name);
    let here = |why: String| format!("{}: {why}", path.display());
    let stated = record.skeleton.filter(|_| options.read.sidecar.is_none()).and_then(|text| {
        let read = ReadOptions { sidecar: Some(text.as_bytes().to_vec()), ..options.read.clone() };
        motion::read_file(&path, &read).ok()
    });
    // KIT-ML comes in HumanML3D's layout with other joints
    let motion = stated.map_or_else(|| motion::read_file(&path, &options.read).map_err(|e| e.to_string()), Ok);
    let mut motion = motion?;
    if let Some(part) = record.part {
        motion = cut(&motion, part).map_err(here)?;
    }
    if !options.orientations {
        motion.orientations = None;
    }
    // better told now than in the middle of a run
    Clip::from_motion(&motion, &ClipOptions::default()).map_err(|e| here(e.to_string()))?;
    Ok(motion)
}

/// The frames from one second to another.
fn cut(motion: &Motion, [start, end]: [f32; 2]) -> Result<Motion, String> {
    let frame = |second: f32| (second * motion.fps) as usize;
    if frame(start) >= motion.frames() {
        return Err(format!("the part from {start} s to {end} s begins after the motion's {:.1} s", motion.seconds()));
    }
    Ok(motion.cropped(frame(start)..frame(end)))
}

/// One copy of each skeleton, shared by all clips that have it.
fn shared(known: &mut Vec<Arc<Skeleton>>, skeleton: Arc<Skeleton>) -> Arc<Skeleton> {
    if let Some(same) = known.iter().find(|k| **k == skeleton) {
        return same.clone();
    }
    known.push(skeleton.clone());
    skeleton
}

/// The last part of a path, also of `.` and `data/..`.
fn folder_name(dir: &Path) -> String {
    let path: PathBuf = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    path.file_name().map_or_else(|| dir.display().to_string(), |n| n.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::stick_figure;

    /// A folder of copies of one motion, with these lines as its description.
    fn folder(lines: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.bvh", "b.bvh", "c.bvh", "d.bvh"] {
            fs::write(dir.path().join(name), stick_figure::BVH).unwrap();
        }
        fs::write(dir.path().join("bad.bvh"), "HIERARCHY\nno").unwrap();
        fs::write(dir.path().join("metadata.jsonl"), lines.join("\n")).unwrap();
        dir
    }

    fn names(set: &DataSet) -> Vec<&str> {
        set.clips.iter().map(|c| c.record.file_name.as_str()).collect()
    }

    const DIVIDED: [&str; 4] = [
        r#"{"file_name": "a.bvh", "label": "wave", "split": "train"}"#,
        r#"{"file_name": "b.bvh", "label": "walk", "split": "val"}"#,
        r#"{"file_name": "c.bvh", "label": "run"}"#,
        r#"{"file_name": "d.bvh", "label": "sit", "split": "test"}"#,
    ];

    #[test]
    fn splits_hold_what_they_say() {
        let dir = folder(&DIVIDED);
        let load = |split| DataSet::load(dir.path(), split).unwrap();
        assert_eq!(names(&load(Split::Train)), ["a.bvh", "c.bvh"]);
        assert_eq!(names(&load(Split::Val)), ["b.bvh"]);
        assert_eq!(names(&load(Split::All)), ["a.bvh", "b.bvh", "c.bvh", "d.bvh"]);
        assert_eq!(load(Split::All).labels(), Labels::new(["wave", "walk", "run", "sit"]));
        let (train, val) = DataSet::load_halves(dir.path(), &LoadOptions::default(), &|_, _| {}).unwrap();
        assert_eq!((names(&train), names(&val)), (vec!["a.bvh", "c.bvh"], vec!["b.bvh"]));
        assert!(Arc::ptr_eq(&train.clips[0].motion.skeleton, &val.clips[0].motion.skeleton));
    }

    #[test]
    fn an_undivided_folder_is_wanted_whole() {
        let dir = folder(&[r#"{"file_name": "a.bvh"}"#, r#"{"file_name": "b.bvh"}"#]);
        for split in [Split::Train, Split::Val, Split::Test, Split::All] {
            let set = DataSet::load(dir.path(), split).unwrap();
            assert!(set.clips.len() == 2 && !set.divided);
        }
        let (train, val) = DataSet::load_halves(dir.path(), &LoadOptions::default(), &|_, _| {}).unwrap();
        assert_eq!((train.clips.len(), val.clips.len()), (2, 0));
    }

    #[test]
    fn a_bad_clip_is_a_warning_and_only_bad_clips_are_an_error() {
        let dir = folder(&[r#"{"file_name": "a.bvh"}"#, r#"{"file_name": "bad.bvh"}"#, r#"{"file_name": "gone.bvh"}"#]);
        let seen = AtomicUsize::new(0);
        let progress = |done, total| {
            assert!(done <= total && total == 3);
            seen.fetch_add(1, Ordering::Relaxed);
        };
        let set = DataSet::load_with(dir.path(), Split::All, &LoadOptions::default(), &progress).unwrap();
        assert_eq!((set.clips.len(), set.warnings.len(), seen.into_inner()), (1, 2, 3));
        assert!(set.warnings[0].contains("bad.bvh") && set.warnings[1].contains("gone.bvh"), "{:?}", set.warnings);
        let failed: Vec<&str> = set.failed.iter().map(|f| f.record.file_name.as_str()).collect();
        assert_eq!(failed, ["bad.bvh", "gone.bvh"]);
        let dir = folder(&[r#"{"file_name": "bad.bvh"}"#]);
        let message = DataSet::load(dir.path(), Split::All).unwrap_err().to_string();
        assert!(message.contains("none of the 1 clips") && message.contains("bad.bvh"), "{message}");
    }

    #[test]
    fn a_clip_that_shows_nobody_is_told_by_its_file() {
        let dir = folder(&[r#"{"file_name": "a.bvh"}"#, r#"{"file_name": "nobody.skeleton"}"#]);
        // a recording of NTU RGB+D in which the tracker found nobody: frames without bodies
        fs::write(dir.path().join("nobody.skeleton"), "3\n0\n0\n0\n").unwrap();
        let set = DataSet::load(dir.path(), Split::All).unwrap();
        assert_eq!((names(&set), set.failed.len()), (vec!["a.bvh"], 1));
        assert!(set.warnings[0].contains("nobody.skeleton"), "{:?}", set.warnings);
    }

    #[test]
    fn an_empty_split_says_what_there_is() {
        let dir = folder(&DIVIDED[..1]);
        let message = DataSet::load(dir.path(), Split::Val).unwrap_err().to_string();
        assert!(message.contains("split val") && message.contains('1'), "{message}");
        assert_eq!("val".parse::<Split>(), Ok(Split::Val));
        assert!("both".parse::<Split>().is_err());
    }
}
