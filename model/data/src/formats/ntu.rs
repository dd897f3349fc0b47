//! Folders of NTU RGB+D files: who is learned from and judged on follows from their names (spec A.10).

#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::Map;

use crate::{
    error::{DataError, io_error},
    label::normalized,
    listing::Listing,
    ntu::{MissingSamples, Protocol, SUFFIX, Sample},
    record::Record,
};

/// Whether a folder holds such files.
pub fn is_ntu(dir: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(dir) else { return false };
    entries.flatten().any(|e| e.file_name().to_str().is_some_and(|n| n.ends_with(SUFFIX) && Sample::parse(n).is_some()))
}

/// Lists a folder, in the order of names, without the samples of `missing`. Under a protocol only its clips are listed,
/// each in its half; without one the folder is not divided.
///
/// # Errors
/// [`DataError::Io`] when the folder cannot be read.
pub fn list(dir: &Path, protocol: Option<Protocol>, missing: &MissingSamples) -> Result<Listing, DataError> {
    let mut names: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(io_error(dir))? {
        let name = entry.map_err(io_error(dir))?.file_name();
        names.extend(name.into_string().ok().filter(|n| n.ends_with(SUFFIX)));
    }
    names.sort_unstable();
    let mut listing = Listing { protocol, ..Listing::default() };
    let mut of_120 = 0;
    for file_name in names {
        let Some(sample) = Sample::parse(&file_name) else {
            let why = format!("{}: not named like S001C001P001R001A001.skeleton", dir.join(&file_name).display());
            listing.warnings.push(why);
            continue;
        };
        if missing.contains(&sample) {
            continue;
        }
        let class = sample.class();
        of_120 += usize::from(class.is_none());
        let half = protocol.map(|p| class.and_then(|_| p.half(&sample)));
        if half == Some(None) {
            continue; // in neither half of the protocol
        }
        listing.records.push(Record {
            file_name,
            label: class.map(normalized),
            subject: Some(sample.subject.to_string()),
            split: half.flatten(),
            line: listing.records.len() + 1,
            other: Map::new(),
            ..Record::default()
        });
    }
    if of_120 > 0 {
        let what = if protocol.is_some() { "left out" } else { "without a label" };
        let why = format!("{}: {of_120} clips of NTU RGB+D 120 alone are {what}", dir.display());
        listing.warnings.push(why);
    }
    Ok(listing)
}
