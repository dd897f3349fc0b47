//! The layouts that data sets come in.

mod humanml3d;
mod ntu;

use std::path::Path;

use super::{
    error::DataError,
    listing::Listing,
    options::LoadOptions,
    record::{METADATA, read_metadata},
};

/// Lists a folder. Its layout shows: a `metadata.jsonl` (see [`read_metadata`]), HumanML3D's `new_joints`, or files
/// named like those of NTU RGB+D. Where a protocol of NTU RGB+D is asked for and there are such files, the protocol
/// divides them, whatever a `metadata.jsonl` says.
///
/// # Errors
/// When the folder has none of the layouts, or its description is wrong, naming file and line.
pub fn list(dir: &Path, options: &LoadOptions) -> Result<Listing, DataError> {
    let described = dir.join(METADATA).exists();
    let ntu = (!described || options.protocol.is_some()) && ntu::is_ntu(dir);
    let mut listing = if ntu {
        ntu::list(dir, options.protocol, &options.missing)?
    } else if !described && humanml3d::is_humanml3d(dir) {
        humanml3d::list(dir)?
    } else if described || !dir.is_dir() {
        Listing { records: read_metadata(dir)?, ..Listing::default() }
    } else {
        let cause = format!(
            "no data set: there is no {METADATA}, no new_joints folder and no file named like \
             S001C001P001R001A001.skeleton"
        );
        return Err(DataError::Empty { path: dir.to_owned(), cause });
    };
    if let (false, Some(protocol)) = (ntu, options.protocol) {
        let why = format!("{}: the protocol {protocol} does not apply: not NTU RGB+D files", dir.display());
        listing.warnings.push(why);
    }
    Ok(listing)
}
