//! S2I's pictures as files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{ExportError, Folder, encode_png, pictures};
use crate::{
    s2i::{S2i, S2iPicture, Stream},
    store::to_safetensors,
};

/// Writes `<stream>_<person>.png`, persons counted from 1, and `s2i.safetensors` into `dir`, which is made where it does
/// not exist. The latter holds each stream as `[persons, 3, size, size]` as image models take it; its metadata say
/// which body slots (`persons`, from 0), `range` and `columns`. Returns what was written, in that order.
///
/// # Errors
/// [`ExportError`] for everything the file system refuses.
pub fn write_s2i(dir: &Path, s2i: &S2i, streams: &[(Stream, S2iPicture)]) -> Result<Vec<PathBuf>, ExportError> {
    let mut folder = Folder::open(dir)?;
    for (stream, picture) in streams {
        let drawn = pictures(&picture.interleaved(), picture.size, picture.size)?;
        for (drawn, person) in drawn.iter().zip(&picture.persons) {
            folder.write(&format!("{}_{}.png", stream.name(), person + 1), &encode_png(drawn)?)?;
        }
    }
    folder.write("s2i.safetensors", &numbers(s2i, streams))?;
    Ok(folder.written)
}

fn numbers(s2i: &S2i, streams: &[(Stream, S2iPicture)]) -> Vec<u8> {
    let persons = streams.first().map_or(&[][..], |(_, picture)| &picture.persons);
    let persons: Vec<String> = persons.iter().map(usize::to_string).collect();
    let metadata = BTreeMap::from([
        ("persons".to_owned(), persons.join(",")),
        ("range".to_owned(), s2i.range.name().to_owned()),
        ("columns".to_owned(), s2i.columns.name().to_owned()),
    ]);
    let normalised: Vec<_> = streams.iter().map(|(stream, picture)| (stream, picture, picture.normalised())).collect();
    let tensors: Vec<_> = normalised
        .iter()
        .map(|(stream, picture, values)| {
            (stream.name(), vec![picture.persons.len(), 3, picture.size, picture.size], &values[..])
        })
        .collect();
    to_safetensors(&metadata, &tensors)
}
