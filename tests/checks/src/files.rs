//! Files that tests read.

use std::path::{Path, PathBuf};

use crate::need::{Need, have};

/// A file or folder below `tests/cases`.
#[must_use]
pub fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases").join(name)
}

/// A file or folder below `assets`.
#[must_use]
pub fn asset(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets").join(name)
}

/// Shipped motions with their labels.
pub const CLIPS: [(&str, &str); 4] =
    [("walk.bvh", "walk"), ("squat.bvh", "squat"), ("clap.bvh", "clap"), ("raise_right_hand.bvh", "raise right hand")];

/// A data set of [`CLIPS`] below a folder, as [`samples`] makes it.
///
/// # Panics
/// When it cannot be written.
#[must_use]
pub fn data_set(parent: &Path, splits: &[&str]) -> PathBuf {
    let folder = parent.join("set");
    samples(&folder, &CLIPS, splits);
    folder
}

/// Makes a folder a data set of shipped motions, given with their labels: each stands in it once for each of `splits`, as
/// `0_walk.bvh`, `1_walk.bvh` and so on.
///
/// # Panics
/// When it cannot be written.
pub fn samples(folder: &Path, clips: &[(&str, &str)], splits: &[&str]) {
    std::fs::create_dir(folder).expect("a folder of its own");
    let mut metadata = String::new();
    for (copy, split) in splits.iter().enumerate() {
        for (file, label) in clips {
            let name = format!("{copy}_{file}");
            std::fs::copy(asset("samples").join(file), folder.join(&name)).expect("a shipped motion");
            metadata += &format!("{{\"file_name\": \"{name}\", \"label\": \"{label}\", \"split\": \"{split}\"}}\n");
        }
    }
    std::fs::write(folder.join("metadata.jsonl"), metadata).expect("room for a line each");
}

/// DrAction's golden cases: those of the repository, and, where they lie beside the project, those of the released
/// weights, which have no licence and are never shipped.
#[must_use]
pub fn cases() -> Vec<PathBuf> {
    let own = ["two_bodies_nfm", "one_body_no_nfm_wide", "behind_camera"]
        .map(|name| case(&format!("draction/{name}.safetensors")));
    let released = ["ntu_released_01", "ntu_released_02_448"]
        .into_iter()
        .filter_map(|name| shared(&format!("golden/draction/{name}.safetensors")));
    own.into_iter().chain(released).collect()
}

/// A file or folder of the data that stands beside the project on its developers' machines; `None`, and a skip on
/// record, where it is absent.
///
/// # Panics
/// When it is absent although [`Need::Data`] is required.
#[must_use]
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    have(Need::Data, if path.exists() { Ok(path) } else { Err(format!("../shared/{name} is not here")) })
}

/// The folder of released weights that `cargo xtask fetch NAME` brings; `None`, and a skip on record, where nobody has
/// fetched them.
///
/// # Panics
/// When they are absent although [`Need::Weights`] is required.
#[must_use]
pub fn fetched(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name);
    let missing = format!("models/{name} is not here: cargo xtask fetch {name}");
    have(Need::Weights, if path.exists() { Ok(path) } else { Err(missing) })
}
