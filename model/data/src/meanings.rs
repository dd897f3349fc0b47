//! Labels of different sets that mean the same. They must not count as wrong for each other; within one set, whoever
//! labelled it meant different things by different labels.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    error::{DataError, io_error},
    label::{mirrored, normalized},
};

/// The file beside folders of clips in which groups are looked for.
pub const SAME_MEANING: &str = "same_meaning.json";

/// Groups of labels that mean the same: `[["punch", "box"], ["drink", "drink water"]]`. A label may be in several
/// groups, whose other members then mean nothing in common: who waves one hand may wave the left one or the right one,
/// and these differ.
///
/// Cloning copies a pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meanings(Arc<Vec<BTreeSet<String>>>);

impl Meanings {
    /// Groups of labels, each [`normalized`]. The mirror image of a group holds as well.
    pub fn new<S: AsRef<str>>(groups: impl IntoIterator<Item = Vec<S>>) -> Meanings {
        let mut all: Vec<BTreeSet<String>> = Vec::new();
        for group in groups {
            let group: BTreeSet<String> = group.iter().map(|label| normalized(label.as_ref())).collect();
            let twin: BTreeSet<String> = group.iter().map(|label| mirrored(label)).collect();
            all.extend([group, twin]);
        }
        all.retain(|group| group.len() > 1);
        all.sort();
        all.dedup();
        Meanings(Arc::new(all))
    }

    /// Reads groups from a JSON file.
    ///
    /// # Errors
    /// [`DataError`] with file, line and cause when it cannot be read, or is no list of lists of labels.
    pub fn read(path: &Path) -> Result<Meanings, DataError> {
        let text = std::fs::read_to_string(path).map_err(io_error(path))?;
        let groups: Vec<Vec<String>> = serde_json::from_str(&text).map_err(|e| DataError::Line {
            path: path.to_owned(),
            line: e.line(),
            field: None,
            cause: format!("a list of lists of labels is expected: {e}"),
        })?;
        Ok(Meanings::new(groups))
    }

    /// The groups of the first [`SAME_MEANING`] beside one of these folders or in it; none where there is no such file.
    ///
    /// # Errors
    /// As [`Meanings::read`].
    pub fn beside<'p>(folders: impl IntoIterator<Item = &'p Path>) -> Result<Meanings, DataError> {
        let places = folders.into_iter().flat_map(|folder| {
            let whole: PathBuf = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            [whole.join(SAME_MEANING), whole.with_file_name(SAME_MEANING)]
        });
        places
            .into_iter()
            .find(|path| path.is_file())
            .map_or_else(|| Ok(Meanings::default()), |path| Meanings::read(&path))
    }

    /// Whether there are no groups.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether two labels mean the same; spelling differences that [`normalized`] removes do not matter.
    #[must_use]
    pub fn same(&self, a: &str, b: &str) -> bool {
        let (a, b) = (normalized(a), normalized(b));
        a == b || self.0.iter().any(|group| group.contains(&a) && group.contains(&b))
    }

    /// The labels of the groups that a label is in, itself among them; none where it is in no group.
    pub fn of<'m>(&'m self, label: &str) -> impl Iterator<Item = &'m str> {
        let label = normalized(label);
        self.0.iter().filter(move |group| group.contains(&label)).flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Meanings {
        Meanings::new([vec!["Punch", "box"], vec!["wave", "wave_left_hand"], vec!["alone"]])
    }

    #[test]
    fn a_label_means_the_same_as_those_of_its_group_and_their_mirror_images() {
        let meanings = groups();
        for (a, b, same) in [
            ("box", "punch", true),
            ("PUNCH", "box", true),
            ("walk", "walk", true),
            ("wave", "wave left hand", true),
            ("wave", "wave right hand", true),
            ("wave left hand", "wave right hand", false),
            ("alone", "box", false),
        ] {
            assert_eq!(meanings.same(a, b), same, "{a}, {b}");
            assert_eq!(meanings.same(b, a), same, "{b}, {a}");
        }
        let of = |label: &str| meanings.of(label).collect::<BTreeSet<_>>();
        assert_eq!(of("Wave"), BTreeSet::from(["wave", "wave left hand", "wave right hand"]));
        assert_eq!(of("wave_left_hand"), BTreeSet::from(["wave", "wave left hand"]));
        assert!(of("alone").is_empty());
        assert!(Meanings::default().is_empty() && !meanings.is_empty());
    }

    #[test]
    fn groups_are_found_beside_the_folders_and_a_broken_file_says_where() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("set");
        std::fs::create_dir(&folder).unwrap();
        assert!(Meanings::beside([folder.as_path()]).unwrap().is_empty());
        std::fs::write(dir.path().join(SAME_MEANING), "[[\"a\", \"b\"]]").unwrap();
        assert!(Meanings::beside([folder.as_path()]).unwrap().same("a", "b"));
        std::fs::write(folder.join(SAME_MEANING), "[[\"a\",\n 3]]").unwrap();
        let message = Meanings::beside([folder.as_path()]).unwrap_err().to_string();
        assert!(message.contains(SAME_MEANING) && message.contains("line 2"), "{message}");
    }
}
