//! Folders in HumanML3D's layout: `new_joints/NAME.npy` `[T, 22, 3]`, `texts/NAME.txt`, and `train.txt`, `val.txt`,
//! `test.txt` with a name a line (Guo et al., CVPR 2022).

use std::{collections::BTreeMap, fs, io, path::Path};

use crate::{
    error::{DataError, io_error},
    listing::Listing,
    record::{Half, Record, inside},
};

/// Folder of the motions.
const MOTIONS: &str = "new_joints";
/// Folder of the captions.
const TEXTS: &str = "texts";
/// The split files.
const HALVES: [(&str, Half); 3] = [("train.txt", Half::Train), ("val.txt", Half::Val), ("test.txt", Half::Test)];

/// What the set's arrays are where no `skeleton.json` beside them says it.
const SKELETON: &str = r#"{"layout": "Smpl22", "fps": 20, "unit": "m", "up": "+y"}"#;

/// Whether a folder has this layout.
pub fn is_humanml3d(dir: &Path) -> bool {
    dir.join(MOTIONS).is_dir()
}

/// Lists the clips of the split files. Captions of the whole motion belong to one clip; those of a part of it belong
/// to a clip that is cut to this part. A motion without a text file is a clip without captions.
///
/// # Errors
/// [`DataError::Io`] when a file cannot be read, [`DataError::Line`] for the first line that is no name or no caption,
/// or a name that stands in two places, and [`DataError::Empty`] when no split file names a clip.
pub fn list(dir: &Path) -> Result<Listing, DataError> {
    let mut listing = Listing::default();
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let described = dir.join(MOTIONS).join("skeleton.json").is_file();
    for (file, half) in HALVES {
        let path = dir.join(file);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(io_error(&path))?,
        };
        for (number, name) in (1..).zip(text.lines().map(str::trim)).filter(|(_, name)| !name.is_empty()) {
            let fault = |cause| DataError::Line { path: path.clone(), line: number, field: None, cause };
            inside(name).map_err(fault)?;
            if let Some(before) = seen.insert(name.to_owned(), file) {
                return Err(fault(format!("'{name}' stands in {before} already")));
            }
            let text = dir.join(TEXTS).join(format!("{name}.txt"));
            let parts = match read_captions(&text) {
                Err(DataError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {
                    listing.warnings.push(format!("{}: missing, so the motion has no caption", text.display()));
                    Vec::new()
                }
                other => other?,
            };
            let parts = if parts.is_empty() { vec![(None, Vec::new())] } else { parts };
            listing.records.extend(parts.into_iter().map(|(part, captions)| Record {
                file_name: format!("{MOTIONS}/{name}.npy"),
                split: Some(half),
                captions,
                part,
                skeleton: (!described).then_some(SKELETON),
                line: number,
                ..Record::default()
            }));
        }
    }
    if listing.records.is_empty() {
        let cause = "none of train.txt, val.txt and test.txt names a clip".to_owned();
        return Err(DataError::Empty { path: dir.to_owned(), cause });
    }
    Ok(listing)
}

/// The captions of one part of a motion, in seconds; of all of it where there is none.
type Part = (Option<[f32; 2]>, Vec<String>);

/// Reads a text file, the captions of each part together.
fn read_captions(path: &Path) -> Result<Vec<Part>, DataError> {
    let text = fs::read_to_string(path).map_err(io_error(path))?;
    let mut parts: Vec<Part> = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let fault = |cause| DataError::Line { path: path.to_owned(), line: number, field: None, cause };
        let (part, caption) = caption(line).map_err(fault)?;
        match parts.iter_mut().find(|(p, _)| *p == part) {
            Some((_, captions)) => captions.push(caption),
            None => parts.push((part, vec![caption])),
        }
    }
    Ok(parts)
}

/// `caption#word/TAG …#start#end`, in seconds; zeros (in the published files also `nan`) mean all of the motion.
fn caption(line: &str) -> Result<(Option<[f32; 2]>, String), String> {
    let fields: Vec<&str> = line.trim().rsplitn(4, '#').collect();
    let [end, start, _, caption] = fields[..] else {
        return Err(format!("expected caption#tags#start#end, found {} fields", fields.len()));
    };
    let second = |name: &str, field: &str| match field.trim().parse::<f32>() {
        Ok(value) if value.is_nan() => Ok(0.0),
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err(format!("the {name} '{field}' is no time in seconds")),
    };
    let (start, end) = (second("start", start)?, second("end", end)?);
    let caption = caption.trim();
    if caption.is_empty() {
        return Err("the caption is empty".to_owned());
    }
    match (start, end) {
        (0.0, 0.0) => Ok((None, caption.to_owned())),
        _ if start < end => Ok((Some([start, end]), caption.to_owned())),
        _ => Err(format!("the part from {start} s to {end} s is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataSet, LoadOptions, Split, stick_figure::npy};

    /// A folder of one-joint-row motions of `frames` at 20 a second, joint 0 at x = frame number.
    fn folder(files: &[(&str, &str)], motions: &[(&str, usize)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in [MOTIONS, TEXTS] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        for &(name, frames) in motions {
            let body = |t: usize| (0..22).flat_map(move |j| [t as f32, 1.7 - 0.08 * j as f32, 0.0]);
            let values: Vec<f32> = (0..frames).flat_map(body).collect();
            fs::write(dir.path().join(MOTIONS).join(format!("{name}.npy")), npy(&[frames, 22, 3], &values)).unwrap();
        }
        dir
    }

    fn message(texts: &str, split: &str) -> String {
        let dir = folder(&[("train.txt", split), ("texts/000001.txt", texts)], &[("000001", 30)]);
        DataSet::load(dir.path(), Split::Train).unwrap_err().to_string()
    }

    #[test]
    fn captions_belong_to_their_part_of_the_motion() {
        let texts = "a person walks.#a/DET person/NOUN walk/VERB#0.0#0.0\n\
                     a man waves, #1, twice#a/DET man/NOUN#0.5#1.5\n\
                     \n\
                     someone walks on#someone/PRON#nan#nan\n";
        let dir = folder(
            &[("train.txt", "000001\n\n"), ("test.txt", "M000002\n"), ("texts/000001.txt", texts)],
            &[("000001", 40), ("M000002", 25)],
        );
        let (train, val) = DataSet::load_halves(dir.path(), &LoadOptions::default(), &|_, _| {}).unwrap();
        assert!(val.clips.is_empty() && train.divided);
        let [whole, part] = &train.clips[..] else { panic!("{} clips", train.clips.len()) };
        assert_eq!(whole.record.captions, ["a person walks.", "someone walks on"]);
        assert_eq!((whole.motion.frames(), whole.record.part), (40, None));
        assert_eq!(part.record.captions, ["a man waves, #1, twice"]);
        assert_eq!((part.motion.frames(), part.motion.position(0, 0, 0)[0]), (20, 10.0), "frames 10 to 30");
        assert_ne!(whole.record.id(), part.record.id());
        let test = DataSet::load(dir.path(), Split::Test).unwrap();
        assert_eq!(test.clips[0].motion.frames(), 25);
        assert!(test.clips[0].record.captions.is_empty());
        assert!(test.warnings.iter().any(|w| w.contains("M000002.txt")), "{:?}", test.warnings);
    }

    #[test]
    fn bad_lines_are_named() {
        for (texts, parts) in [
            ("good#a/b#0.0#0.0\nno tags here", ["000001.txt, line 2", "found 1 fields"]),
            ("x#y#0.0#soon", ["line 1", "end 'soon'"]),
            ("x#y#-1#2", ["line 1", "start '-1'"]),
            ("x#y#3.0#2.0", ["line 1", "from 3 s to 2 s"]),
            (" #y#0#0", ["line 1", "empty"]),
        ] {
            let message = message(texts, "000001");
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
        let good = "x#y#0#0";
        let twice = message(good, "000001\n000001\n");
        assert!(twice.contains("train.txt, line 2") && twice.contains("already"), "{twice}");
        let outside = message(good, "\n../000001\n");
        assert!(outside.contains("train.txt, line 2") && outside.contains("leaves the folder"), "{outside}");
        let none = message(good, "\n");
        assert!(none.contains("none of train.txt"), "{none}");
    }

    #[test]
    fn a_part_beyond_the_end_is_a_warning() {
        let texts = "x#y#0#0\nlate#y#9.0#9.5\n";
        let dir = folder(&[("val.txt", "000001"), ("texts/000001.txt", texts)], &[("000001", 30)]);
        let set = DataSet::load(dir.path(), Split::Val).unwrap();
        assert_eq!(set.clips.len(), 1);
        assert!(set.warnings[0].contains("000001.npy") && set.warnings[0].contains("9 s"), "{:?}", set.warnings);
    }
}
