//! Lists of samples to leave out.

use std::{collections::BTreeSet, path::Path};

use super::Sample;
use crate::error::{DataError, io_error};

/// Samples whose skeletons are missing or incomplete: 302 of NTU RGB+D 60, 535 of 120.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingSamples(BTreeSet<Sample>);

impl MissingSamples {
    /// Reads a list as the data set's authors distribute it: sentences, then one sample name a line.
    ///
    /// # Errors
    /// [`DataError::Io`] when it cannot be read; [`DataError::Line`] for the first line after the first name that is
    /// neither empty nor a name, and where there is no name at all.
    pub fn read(path: &Path) -> Result<MissingSamples, DataError> {
        let text = std::fs::read_to_string(path).map_err(io_error(path))?;
        let fault = |line, cause| DataError::Line { path: path.to_owned(), line, field: None, cause };
        let mut samples = BTreeSet::new();
        for (line, word) in text.lines().map(str::trim).enumerate().filter(|(_, l)| !l.is_empty()) {
            match Sample::parse(word) {
                Some(sample) => _ = samples.insert(sample),
                // the opening sentences
                None if samples.is_empty() && word.contains(char::is_whitespace) => {}
                None => return Err(fault(line + 1, format!("'{word}' is no name like S001C001P001R001A001"))),
            }
        }
        if samples.is_empty() {
            return Err(fault(text.lines().count().max(1), "the list names no sample".to_owned()));
        }
        Ok(MissingSamples(samples))
    }

    /// Whether a sample is on the list.
    pub fn contains(&self, sample: &Sample) -> bool {
        self.0.contains(sample)
    }
}
