//! Which clips of the given folders take part, and which labels mean the same.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use draction::random::mix;
use serde::{Deserialize, Serialize};

use super::{
    error::{DataError, io_error},
    formats::list,
    labels::Labels,
    meanings::Meanings,
    options::LoadOptions,
    record::Record,
    rng::Rng,
    set::DataSet,
};

/// Which clips' labels are known where few are, is drawn apart from all that runs draw.
const LABELLED_STREAM: u64 = 0x6c61_6265_6c73;

/// What `train` and `evaluate` are told about folders and labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_family = "wasm"), derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct SelectionOptions {
    /// Labels of different folders that mean the same, as JSON [["punch", "box"], …]; they never count against each other
    /// [default: same_meaning.json in or beside the first folder that has one].
    #[cfg_attr(not(target_family = "wasm"), arg(long, value_name = "FILE"))]
    pub same_meaning: Option<PathBuf>,
    /// Labels of the zero-shot protocol, one a line, and all that mean the same: `train` leaves their clips out,
    /// `evaluate` judges only these, once among themselves and once among all labels.
    #[cfg_attr(not(target_family = "wasm"), arg(long, value_name = "FILE"))]
    pub unseen: Option<PathBuf>,
    /// Folders of --data to leave out, by their names: for judging on sets that nobody trained on.
    #[cfg_attr(not(target_family = "wasm"), arg(long, num_args = 1.., value_name = "NAME"))]
    pub leave_out: Vec<String>,
    /// Share of the training clips whose labels are known, above 0 and at most 1; of each label of a folder one is at least,
    /// and they are the same in every run. The others are learned from as far as a system needs no label. For programs that
    /// train; who judges knows all labels.
    #[cfg_attr(not(target_family = "wasm"), arg(skip))]
    pub labelled: Option<f64>,
}

/// What these options come to for some folders.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The folders that are left.
    pub folders: Vec<PathBuf>,
    /// Which labels mean the same.
    pub meanings: Meanings,
    /// The labels of the zero-shot protocol, synonyms included.
    pub unseen: Option<Labels>,
    /// Share of the training clips whose labels are known; none for all.
    labelled: Option<f64>,
}

impl SelectionOptions {
    /// These options, and where they say nothing, those of `settings`.
    #[must_use]
    pub fn or(self, settings: SelectionOptions) -> SelectionOptions {
        SelectionOptions {
            same_meaning: self.same_meaning.or(settings.same_meaning),
            unseen: self.unseen.or(settings.unseen),
            leave_out: if self.leave_out.is_empty() { settings.leave_out } else { self.leave_out },
            labelled: self.labelled.or(settings.labelled),
        }
    }

    /// Reads the files that are named.
    ///
    /// # Errors
    /// [`DataError`] naming the file and line at fault, or a folder to leave out that is not among `folders`.
    pub fn select(&self, folders: &[PathBuf]) -> Result<Selection, DataError> {
        let name = |folder: &Path| folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(stray) = self.leave_out.iter().find(|out| !folders.iter().any(|folder| name(folder) == **out)) {
            let cause = format!(
                "it is to be left out, but --data names no such folder: {}",
                folders.iter().map(|f| name(f)).collect::<Vec<_>>().join(", ")
            );
            return Err(DataError::Empty { path: stray.into(), cause });
        }
        let given = folders;
        let folders: Vec<PathBuf> = given.iter().filter(|f| !self.leave_out.contains(&name(f))).cloned().collect();
        if let (true, Some(first)) = (folders.is_empty(), given.first()) {
            let cause = "--leave-out leaves no folder of --data".to_owned();
            return Err(DataError::Empty { path: first.clone(), cause });
        }
        if let Some(share) = self.labelled.filter(|share| !(*share > 0.0 && *share <= 1.0)) {
            let cause = format!("the share of labels that are known is {share}; it must be above 0 and at most 1");
            return Err(DataError::Empty { path: "labelled".into(), cause });
        }
        let meanings = match &self.same_meaning {
            Some(path) => Meanings::read(path)?,
            None => Meanings::beside(folders.iter().map(PathBuf::as_path))?,
        };
        let listed = self.unseen.as_deref().map(read_labels).transpose()?;
        let unseen = listed.map(|labels| labels.with_synonyms(&meanings));
        Ok(Selection { folders, meanings, unseen, labelled: self.labelled })
    }
}

impl Selection {
    /// Tells a set which labels mean the same, and takes the clips with unseen labels out of it.
    #[must_use]
    pub fn seen(&self, set: DataSet) -> DataSet {
        self.keep(set, |unseen| !unseen)
    }

    /// As [`Selection::seen`], of clips to learn from: where few labels are known, the other clips lose theirs, and with them
    /// what the set says of them in words.
    #[must_use]
    pub fn taught(&self, set: DataSet) -> DataSet {
        let mut set = self.seen(set);
        let Some(share) = self.labelled else { return set };
        let mut of_label: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (n, clip) in set.clips.iter().enumerate() {
            if let Some(label) = &clip.record.label {
                of_label.entry(label.clone()).or_default().push(n);
            }
        }
        for (label, mut clips) in of_label {
            // by the label itself, so that others beside it change nothing
            let stream = label.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
            Rng::at(LABELLED_STREAM, stream, 0).shuffle(&mut clips);
            let known = ((clips.len() as f64 * share).round() as usize).max(1);
            for &clip in &clips[known..] {
                let Record { label, captions, questions, .. } = &mut set.clips[clip].record;
                (*label, *captions, *questions) = (None, Vec::new(), Vec::new());
            }
        }
        set
    }

    /// Tells a set which labels mean the same, and leaves only the clips with unseen labels in it, which answers are
    /// then chosen among. Without the protocol all clips stay.
    #[must_use]
    pub fn unseen(&self, set: DataSet, candidates: Option<&Labels>) -> DataSet {
        let candidates = candidates.map(|labels| labels.names().to_vec());
        let set = self.keep(set, |unseen| unseen);
        DataSet { candidates: candidates.or(set.candidates.clone()), ..set }
    }

    /// The unseen labels that some clip of the folders has, in whatever split.
    ///
    /// # Errors
    /// As [`list`]; and when no clip has any.
    pub fn unseen_candidates(&self, load: &LoadOptions) -> Result<Option<Labels>, DataError> {
        let Some(unseen) = &self.unseen else { return Ok(None) };
        let mut found = Vec::new();
        for folder in &self.folders {
            let records = list(folder, load)?.records;
            found.extend(records.into_iter().filter_map(|r| r.label).filter(|label| unseen.index(label).is_some()));
        }
        let found = Labels::new(found);
        if found.is_empty() {
            let cause = format!("no clip has one of the unseen labels: {}", unseen.names().join(", "));
            return Err(DataError::Empty { path: self.folders.first().cloned().unwrap_or_default(), cause });
        }
        Ok(Some(found))
    }

    fn keep(&self, mut set: DataSet, wanted: impl Fn(bool) -> bool) -> DataSet {
        if let Some(unseen) = &self.unseen {
            let is_unseen = |label: &Option<String>| label.as_deref().is_some_and(|l| unseen.index(l).is_some());
            set.clips.retain(|clip| wanted(is_unseen(&clip.record.label)));
            set.failed.retain(|clip| wanted(is_unseen(&clip.record.label)));
        }
        DataSet { meanings: self.meanings.clone(), ..set }
    }
}

/// Labels of a text file, one a line; lines that begin with `#` say something about it.
fn read_labels(path: &Path) -> Result<Labels, DataError> {
    let text = std::fs::read_to_string(path).map_err(io_error(path))?;
    let labels = Labels::new(text.lines().map(str::trim).filter(|line| !line.starts_with('#')));
    if labels.is_empty() {
        return Err(DataError::Empty { path: path.to_owned(), cause: "it names no label".to_owned() });
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Split, stick_figure};

    fn folder(dir: &Path, name: &str, labels: &[&str]) -> PathBuf {
        let folder = dir.join(name);
        fs::create_dir(&folder).unwrap();
        let lines = labels.iter().enumerate().map(|(i, label)| {
            fs::write(folder.join(format!("{i}.bvh")), stick_figure::BVH).unwrap();
            format!("{{\"file_name\": \"{i}.bvh\", \"label\": \"{label}\", \"split\": \"val\"}}\n")
        });
        let lines: String = lines.collect();
        fs::write(folder.join("metadata.jsonl"), lines).unwrap();
        folder
    }

    #[test]
    fn unseen_labels_and_their_synonyms_are_kept_apart() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [
            folder(dir.path(), "a", &["drink", "walk", "drink water"]),
            folder(dir.path(), "b", &["run", "walk"]),
            folder(dir.path(), "c", &["fly"]),
        ];
        fs::write(dir.path().join("same_meaning.json"), r#"[["drink", "drink water"]]"#).unwrap();
        let list = dir.path().join("unseen.txt");
        fs::write(&list, "# kept out of training\ndrink\nRun\nswim\n").unwrap();
        let options =
            SelectionOptions { unseen: Some(list), leave_out: vec!["c".to_owned()], ..SelectionOptions::default() };
        let selection = options.select(&folders).unwrap();
        assert_eq!(selection.folders, folders[..2]);
        let candidates = selection.unseen_candidates(&LoadOptions::default()).unwrap().unwrap();
        assert_eq!(candidates, Labels::new(["drink", "drink water", "run"]));
        let load = |folder: &PathBuf| DataSet::load(folder, Split::All).unwrap();
        let labels = |set: &DataSet| set.labels().names().to_vec();
        assert_eq!(labels(&selection.seen(load(&folders[0]))), ["walk"]);
        let judged = selection.unseen(load(&folders[0]), Some(&candidates));
        assert_eq!((labels(&judged), judged.choices().len()), (vec!["drink".to_owned(), "drink water".to_owned()], 3));
        assert!(judged.labels().both_hold("drink", "drink water"));
    }

    #[test]
    fn of_each_label_a_share_is_known_the_same_in_every_run() {
        let dir = tempfile::tempdir().unwrap();
        let labels: Vec<&str> = ["walk"; 20].into_iter().chain(["run"; 3]).collect();
        let folders = [folder(dir.path(), "a", &labels)];
        let known = |share: Option<f64>| {
            let options = SelectionOptions { labelled: share, ..SelectionOptions::default() };
            let mut set = DataSet::load(&folders[0], Split::All).unwrap();
            set.clips.iter_mut().for_each(|clip| clip.record.captions = vec!["somebody moves".to_owned()]);
            let set = options.select(&folders).unwrap().taught(set);
            assert_eq!(set.clips.len(), 23, "clips stay, whether their labels are known or not");
            assert!(set.clips.iter().all(|clip| clip.record.captions.is_empty() == clip.record.label.is_none()));
            let known =
                set.clips.iter().filter_map(|clip| Some((clip.record.label.clone()?, clip.record.file_name.clone())));
            known.collect::<Vec<_>>()
        };
        let count = |known: &[(String, String)], label: &str| known.iter().filter(|known| known.0 == label).count();
        assert_eq!(known(None).len(), 23);
        let quarter = known(Some(0.25));
        assert_eq!((count(&quarter, "walk"), count(&quarter, "run")), (5, 1));
        assert_eq!(quarter, known(Some(0.25)));
        let least = known(Some(0.01));
        assert_eq!((count(&least, "walk"), count(&least, "run")), (1, 1));
        assert!(least.iter().all(|known| quarter.contains(known)), "more labels are these and others");
        for share in [0.0, 1.5, f64::NAN] {
            let options = SelectionOptions { labelled: Some(share), ..SelectionOptions::default() };
            let message = options.select(&folders).unwrap_err().to_string();
            assert!(message.starts_with("labelled: "), "{message}");
        }
    }

    #[test]
    fn what_is_named_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let folders = [folder(dir.path(), "a", &["walk"])];
        let stray = SelectionOptions { leave_out: vec!["b".to_owned()], ..SelectionOptions::default() };
        let message = stray.select(&folders).unwrap_err().to_string();
        assert!(message.starts_with('b') && message.contains("--data names no such folder: a"), "{message}");
        let all = SelectionOptions { leave_out: vec!["a".to_owned()], ..SelectionOptions::default() };
        assert!(all.select(&folders).unwrap_err().to_string().contains("leaves no folder"));
        let list = dir.path().join("unseen.txt");
        fs::write(&list, "# nothing\n\n").unwrap();
        let options = SelectionOptions { unseen: Some(list.clone()), ..SelectionOptions::default() };
        assert!(options.select(&folders).unwrap_err().to_string().contains("names no label"));
        fs::write(&list, "swim\n").unwrap();
        let message = options.select(&folders).unwrap().unseen_candidates(&LoadOptions::default()).unwrap_err();
        assert!(message.to_string().contains("swim"), "{message}");
    }
}
