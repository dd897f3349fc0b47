//! Files that belong to others: descriptions that come before what they describe, and frames that come as a file each.

use std::sync::Arc;

use draction::motion::Companion;

use crate::files::{Arrival, FileSource, Origin};

/// Most descriptions that are kept.
pub const MAX_KEPT: usize = 64;

/// Descriptions that were dropped, the newest last.
#[derive(Debug, Default)]
pub struct Companions {
    kept: Vec<Companion>,
}

/// Name without folder, and its ending in small letters.
fn parts(name: &str) -> (String, String) {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
    match name.rsplit_once('.') {
        Some((stem, ending)) => (stem.to_owned(), ending.to_owned()),
        None => (name, String::new()),
    }
}

/// What a file describes, if it is no motion itself: the ending of those files.
pub fn describes(name: &str) -> Option<&'static str> {
    let (stem, ending) = parts(name);
    match ending.as_str() {
        "json" if stem == "skeleton" => Some(".npy"),
        "asf" => Some(".amc"),
        "bin" => Some(".gltf"),
        _ => None,
    }
}

/// How much of a file's name a description has for its own; nothing where it describes other files.
pub fn nearness(description: &str, name: &str) -> Option<usize> {
    let (stem, ending) = parts(name);
    let wanted = if ending == "npz" { "npy" } else { &ending };
    describes(description).filter(|described| described[1..] == *wanted)?;
    let (own, _) = parts(description);
    let begins = stem.strip_prefix(&own).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    Some(if begins { own.len() } else { 0 })
}

/// Whether a file says by name what belongs to it, as scenes do.
pub fn names_its_own(name: &str) -> bool {
    parts(name).1 == "gltf"
}

impl Companions {
    /// Keeps a description for files that come after it.
    pub fn keep(&mut self, file: FileSource) {
        self.kept.retain(|known| known.name != file.name);
        self.kept.push(Companion { name: file.name, bytes: Arc::new(file.bytes) });
        if self.kept.len() > MAX_KEPT {
            self.kept.remove(0);
        }
    }

    /// The description of that name.
    pub fn named(&self, name: &str) -> Option<&Companion> {
        self.kept.iter().find(|file| file.name == name)
    }

    /// Whether that is one of them.
    pub fn is_known(&self, file: &FileSource) -> bool {
        self.named(&file.name).is_some_and(|known| *known.bytes == file.bytes)
    }

    /// The description of a file: the one of its own name, or that its name begins with, else the newest. Files that name
    /// what belongs to them may have any.
    pub fn of(&self, name: &str) -> Vec<Companion> {
        let mut near: Vec<(usize, &Companion)> =
            self.kept.iter().filter_map(|file| Some((nearness(&file.name, name)?, file))).collect();
        near.sort_by_key(|(nearness, _)| *nearness);
        let from = if names_its_own(name) { 0 } else { near.len().saturating_sub(1) };
        near.split_off(from).into_iter().map(|(_, file)| file.clone()).collect()
    }
}

/// Files of one video, a frame each.
type Frames = Vec<(FileSource, Origin)>;

/// The same files, descriptions first, and frames of OpenPose's that came as a file each made into one.
pub fn arranged(arrivals: Vec<Arrival>) -> Vec<Arrival> {
    let mut videos: Vec<(String, Frames)> = Vec::new();
    let mut others = Vec::new();
    for arrival in arrivals {
        match arrival {
            Arrival::File(file, origin) => match video_of(&file.name) {
                Some(video) => match videos.iter_mut().find(|(name, _)| *name == video) {
                    Some((_, known)) => known.push((file, origin)),
                    None => videos.push((video, vec![(file, origin)])),
                },
                None => others.push(Arrival::File(file, origin)),
            },
            problem @ Arrival::Problem(_) => others.push(problem),
        }
    }
    for (video, frames) in videos {
        others.push(match <[_; 1]>::try_from(frames) {
            Ok([(file, origin)]) => Arrival::File(file, origin),
            Err(frames) => {
                let frames: Vec<_> = frames.into_iter().map(|(file, _)| (file.name, file.bytes)).collect();
                match draction::motion::join_frames(&frames) {
                    Ok(bytes) => Arrival::File(FileSource { name: video, bytes }, Origin::default()),
                    Err(error) => Arrival::Problem(error.to_string()),
                }
            }
        });
    }
    others.sort_by_key(|arrival| !matches!(arrival, Arrival::File(file, _) if describes(&file.name).is_some()));
    others
}

/// The video of a frame that is named as OpenPose names them: `walk_000000000012_keypoints.json` is one of `walk.json`.
fn video_of(name: &str) -> Option<String> {
    let stem = name.strip_suffix("_keypoints.json")?;
    let video = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    (video.len() < stem.len()).then(|| format!("{}.json", video.trim_end_matches(['_', '-'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> FileSource {
        FileSource { name: name.into(), bytes: text.as_bytes().to_vec() }
    }

    #[test]
    fn a_file_gets_the_description_that_fits_it() {
        let mut companions = Companions::default();
        for name in ["data/skeleton.json", "01.asf", "other.asf", "1.asf", "scene.bin"] {
            companions.keep(file(name, name));
        }
        let of = |name: &str| companions.of(name).first().map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        assert_eq!(of("01_02.amc").as_deref(), Some("01.asf"));
        assert_eq!(of("folder/other.AMC").as_deref(), Some("other.asf"));
        assert_eq!(of("x.npy").as_deref(), Some("data/skeleton.json"));
        assert_eq!(of("x.npz").as_deref(), Some("data/skeleton.json"));
        assert_eq!(of("scene.gltf").as_deref(), Some("scene.bin"));
        assert_eq!(of("walk.bvh"), None);
        // a scene says which of them are its own
        companions.keep(file("more.bin", "more.bin"));
        assert_eq!(companions.of("scene.gltf").len(), 2);
    }

    #[test]
    fn frames_become_one_file_and_descriptions_come_first() {
        let names = ["a.amc", "walk_000000000001_keypoints.json", "a.asf", "walk_000000000000_keypoints.json"];
        let arranged = arranged(
            names.iter().map(|name| Arrival::File(file(name, "{\"people\": []}"), Origin::default())).collect(),
        );
        let named: Vec<&str> = arranged
            .iter()
            .map(|arrival| match arrival {
                Arrival::File(file, _) => file.name.as_str(),
                Arrival::Problem(problem) => problem,
            })
            .collect();
        assert_eq!(named, ["a.asf", "a.amc", "walk.json"]);
    }
}
