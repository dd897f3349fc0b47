//! Judging a model on a data set with other labels: a file says which of the model's labels stand for the set's (spec B.7).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{label::normalized, set::DataSet};

/// A file that maps no labels.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct MappingError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
}

/// From labels of a data set to labels of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<String, String>);

impl Mapping {
    /// Reads a JSON object `{"label of the data": "label of the model", …}`.
    ///
    /// # Errors
    /// When the file cannot be read, is no such object, or names a label twice or not at all.
    pub fn read(path: &Path) -> Result<Mapping, MappingError> {
        let wrong = |problem: String| MappingError { path: path.to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(|cause| wrong(cause.to_string()))?;
        let pairs: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut map = BTreeMap::new();
        for (from, to) in &pairs {
            let (from, to) = (normalized(from), normalized(to));
            if from.is_empty() || to.is_empty() {
                return Err(wrong("a label is empty".into()));
            }
            if let Some(before) = map.insert(from.clone(), to) {
                return Err(wrong(format!("'{from}' stands twice, once for '{before}'")));
            }
        }
        Ok(Mapping(map))
    }

    /// The first of the labels it maps to that is none of a model's; a model that knows labels only never names it.
    #[must_use]
    pub fn unknown_to(&self, labels: &[String]) -> Option<&str> {
        let known = |target: &&String| labels.iter().any(|label| normalized(label) == **target);
        self.0.values().find(|target| !known(target)).map(String::as_str)
    }

    /// Gives the clips of a set the model's labels and leaves out those of labels that the file does not name.
    pub fn apply(&self, set: &mut DataSet) {
        set.clips.retain_mut(|clip| {
            let label = clip.record.label.as_deref().and_then(|label| self.0.get(&normalized(label)));
            clip.record.label = label.cloned();
            label.is_some()
        });
        set.candidates = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{record::Record, set::DataClip};

    fn read(text: &str) -> Result<Mapping, MappingError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Mapping::read(file.path())
    }

    #[test]
    fn clips_get_the_models_labels_and_others_are_left_out() {
        let mapping = read(r#"{"right_arm_wave": "Hand waving", "squat": "squat down"}"#).unwrap();
        let skeleton = draction::motion::Skeleton::named(vec!["hips".into()], vec![None]);
        let motion = draction::motion::Motion::of_one_body(skeleton, 30.0, vec![0.0; 3]);
        let clip = |label: &str| DataClip {
            record: Record { label: Some(label.into()), ..Record::default() },
            motion: motion.clone(),
        };
        let mut set = DataSet {
            name: "set".into(),
            clips: ["Right arm wave", "jog", "squat"].map(clip).into(),
            failed: Vec::new(),
            warnings: Vec::new(),
            divided: true,
            candidates: Some(vec!["jog".into()]),
            meanings: crate::Meanings::default(),
        };
        mapping.apply(&mut set);
        let labels: Vec<_> = set.clips.iter().filter_map(|clip| clip.record.label.as_deref()).collect();
        assert_eq!(labels, ["hand waving", "squat down"]);
        let knows =
            |labels: &[&str]| mapping.unknown_to(&labels.iter().map(|&l| l.to_owned()).collect::<Vec<_>>()).is_none();
        assert!(knows(&["jog", "Hand waving", "squat down"]));
        assert!(!knows(&["hand waving", "squat"]));
        assert_eq!(set.candidates, None);
    }

    #[test]
    fn what_is_no_mapping_is_told() {
        for (text, part) in [("[1]", "map"), (r#"{"a": "b", "A": "c"}"#, "twice"), (r#"{"a": " "}"#, "empty")] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(Mapping::read(Path::new("/nowhere.json")).unwrap_err().to_string().contains("/nowhere.json"));
    }
}
