//! Files as the renderer reads and writes them: safetensors with the same bytes every time, written whole or not at
//! all.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write},
    path::Path,
};

use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

/// A tensor to be written: name, shape, values in row-major order.
pub type NamedTensor<'a> = (&'a str, Vec<usize>, &'a [f32]);

/// A safetensors file of F32 tensors. Tensors and metadata are sorted by name, so equal contents give equal bytes
/// (the usual crate's header follows a hash map's order).
///
/// # Panics
/// When a shape and its values disagree: a mistake of the caller, not of any file.
pub fn to_safetensors(metadata: &BTreeMap<String, String>, tensors: &[NamedTensor<'_>]) -> Vec<u8> {
    let mut sorted: Vec<&NamedTensor<'_>> = tensors.iter().collect();
    sorted.sort_by_key(|(name, ..)| *name);
    let mut fields = Vec::with_capacity(sorted.len() + 1);
    if !metadata.is_empty() {
        fields.push(format!("\"__metadata__\":{}", serde_json::json!(metadata)));
    }
    let mut end = 0;
    for (name, shape, values) in &sorted {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "shape of {name}");
        let start = end;
        end += values.len() * 4;
        fields.push(format!(
            "{}:{{\"dtype\":\"F32\",\"shape\":{},\"data_offsets\":[{start},{end}]}}",
            serde_json::json!(name),
            serde_json::json!(shape),
        ));
    }
    let mut header = format!("{{{}}}", fields.join(","));
    while !header.len().is_multiple_of(8) {
        header.push(' '); // data begins on an 8-byte boundary
    }
    let mut bytes = Vec::with_capacity(8 + header.len() + end);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header.as_bytes());
    for (_, _, values) in &sorted {
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    }
    bytes
}

/// The tensor `name` as f32, and its shape. Half precisions are expanded exactly, F64 is rounded.
///
/// # Errors
/// One sentence naming the tensor: it is missing, or holds something other than floating-point numbers.
pub fn tensor_f32(file: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), String> {
    let view = file.tensor(name).map_err(|_| format!("tensor {name} is missing"))?;
    let data = view.data();
    let values = match view.dtype() {
        Dtype::F32 => data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        Dtype::BF16 => data.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        Dtype::F16 => data.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
        Dtype::F64 => data
            .chunks_exact(8)
            .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
            .collect(),
        other => return Err(format!("tensor {name} has type {other:?}; F32, BF16, F16 or F64 is needed")),
    };
    Ok((view.shape().to_vec(), values))
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The same of a file, of which a piece at a time is in memory.
///
/// # Errors
/// What the file system says, with the path in its text.
pub fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let read = File::open(path).and_then(|mut file| io::copy(&mut file, &mut digest));
    read.map_err(|error| io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display())))?;
    Ok(hexadecimal(&digest.finalize()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes beside `path` and renames, so that whoever reads `path` sees the old file or the whole new one.
///
/// # Errors
/// What the file system says, with the path in its text; nothing is left behind.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomically_with(path, |file| file.write_all(bytes))
}

/// As [`write_atomically`], with a file that is written bit by bit.
///
/// # Errors
/// As there; those of `write`.
pub fn write_atomically_with(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let failed = |error: io::Error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display()));
    // a device or a pipe takes bytes as they come, and must not be replaced by a file
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        return File::options().write(true).open(path).and_then(|mut file| write(&mut file)).map_err(failed);
    }
    let name = path.file_name().ok_or_else(|| io::Error::other(format!("{} names no file", path.display())))?;
    let temporary = path.with_file_name(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let written = File::create(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&temporary, path)).map_err(|error| {
        let _ = std::fs::remove_file(&temporary); // it may never have been created
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_device_stays_one() {
        let path = Path::new("/dev/null");
        write_atomically(path, b"nothing").unwrap();
        assert!(!std::fs::metadata(path).unwrap().is_file());
    }

    #[test]
    fn the_usual_reader_reads_it_back() {
        let metadata = BTreeMap::from([("b".to_owned(), "\"quoted\" ü".to_owned()), ("a".to_owned(), "1".to_owned())]);
        let bytes = to_safetensors(&metadata, &[("z", vec![], &[7.0]), ("a", vec![2, 1], &[-0.0, f32::MIN_POSITIVE])]);
        assert_eq!(
            bytes,
            to_safetensors(&metadata, &[("a", vec![2, 1], &[-0.0, f32::MIN_POSITIVE]), ("z", vec![], &[7.0])])
        );
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensor_f32(&file, "z").unwrap(), (vec![], vec![7.0]));
        let (shape, values) = tensor_f32(&file, "a").unwrap();
        assert_eq!((shape, values[0].to_bits(), values[1]), (vec![2, 1], (-0.0f32).to_bits(), f32::MIN_POSITIVE));
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["b"], "\"quoted\" ü");
        assert!(tensor_f32(&file, "y").unwrap_err().contains("y is missing"));
    }

    #[test]
    fn writing_replaces_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let error = write_atomically(&dir.path().join("no/x"), b"").unwrap_err().to_string();
        assert!(error.contains("no/x"), "{error}");
    }

    #[test]
    fn known_digest() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
