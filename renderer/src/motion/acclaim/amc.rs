//! The motion: a number for each frame, then a line for each bone that moves.

use std::collections::{HashMap, HashSet};

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{FRAME_RATES, MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        text::number,
    },
    Failure,
    asf::{Degree, Skeleton, content},
};

/// A motion.
pub(super) struct Frames {
    /// `[T, values]`, angles in radians.
    pub values: Vec<f64>,
    /// Frames a second, where the file states them.
    pub fps: Option<f64>,
    pub warnings: Vec<String>,
}

/// Reads all frames. A bone that a frame leaves out stays as it was, which is said.
pub(super) fn read(bytes: &[u8], skeleton: &Skeleton) -> Result<Frames, Failure> {
    let width = skeleton.values();
    if width == 0 {
        return Err((None, Cause::Degenerate("no bone of the skeleton has a channel, so nothing moves".to_owned())));
    }
    let mut first = 0;
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut starts = Vec::new();
    for (k, bone) in skeleton.bones.iter().enumerate() {
        places.insert(bone.name.to_lowercase(), k);
        starts.push(first);
        first += bone.degrees.len();
    }
    let mut degrees = skeleton.degrees;
    let mut motion = Frames { values: Vec::new(), fps: None, warnings: Vec::new() };
    let mut number_before = None;
    let mut row = vec![0.0; width];
    let mut begun = false;
    // bones of the frame, and of the one before
    let mut moved: Vec<usize> = Vec::new();
    let mut before: Vec<usize> = Vec::new();
    let missing = |moved: &[usize], before: &[usize]| {
        let own: HashSet<usize> = moved.iter().copied().collect();
        before.iter().filter(|bone| !own.contains(bone)).count()
    };
    let mut gaps = 0;
    for (line, words) in content(bytes) {
        let at = |cause| (Some(line), cause);
        let word = words[0];
        if let Some(section) = word.strip_prefix(b":") {
            match &section.to_ascii_lowercase()[..] {
                b"degrees" => degrees = true,
                b"radians" => degrees = false,
                b"samples-per-second" => {
                    let word = words.get(1).ok_or_else(|| at(Cause::malformed("the frame rate is missing")))?;
                    let fps = number(word, "the frame rate").map_err(at)?;
                    let sensible = || Cause::Malformed(format!("the frame rate is {fps}, expected 0.1 to 10000"));
                    motion.fps = Some(FRAME_RATES.contains(&fps).then_some(fps).ok_or_else(|| at(sensible()))?);
                }
                _ => {}
            }
            continue;
        }
        if words.len() == 1 && word.iter().all(u8::is_ascii_digit) {
            if begun {
                motion.values.extend_from_slice(&row);
                gaps += usize::from(moved != before && missing(&moved, &before) > 0);
                before = std::mem::take(&mut moved);
            }
            let number = std::str::from_utf8(word).ok().and_then(|w| w.parse::<u64>().ok());
            let expected = number_before.map_or(number, |before: u64| before.checked_add(1));
            if number != expected && motion.warnings.is_empty() {
                motion.warnings.push(format!(
                    "line {line}: frame {} comes after frame {}: frames are taken one after the other",
                    excerpt(word),
                    number_before.unwrap_or_default()
                ));
            }
            number_before = number;
            let count = motion.values.len() / width + 1;
            check_count("the number of frames", count, MAX_FRAMES)
                .and_then(|()| {
                    check_count("frames × joints", count * skeleton.bones.len().max(width), MAX_JOINT_FRAMES)
                })
                .map_err(at)?;
            begun = true;
            continue;
        }
        if !begun {
            let text = format!("expected the number of a frame, not {}", excerpt(word));
            return Err(at(Cause::Malformed(text)));
        }
        let name = String::from_utf8_lossy(word).to_lowercase();
        let Some(&k) = places.get(&name) else {
            let text = format!("the skeleton has no bone {}: do the two files belong together?", excerpt(word));
            return Err(at(Cause::Malformed(text)));
        };
        moved.push(k);
        let bone = &skeleton.bones[k];
        if words.len() - 1 != bone.degrees.len() {
            let (has, needs) = (words.len() - 1, bone.degrees.len());
            let text = format!("{has} numbers for {}, whose skeleton has {needs} channels", excerpt(word));
            let early = has < needs;
            return Err(at(if early { Cause::Truncated(text) } else { Cause::Malformed(text) }));
        }
        for (i, (degree, word)) in bone.degrees.iter().zip(&words[1..]).enumerate() {
            let value = number(word, "a channel value").map_err(at)?;
            let angle = degrees && matches!(degree, Degree::Turn(_));
            row[starts[k] + i] = if angle { value.to_radians() } else { value };
        }
    }
    if !begun {
        return Err((None, Cause::Degenerate("there are no frames".to_owned())));
    }
    motion.values.extend_from_slice(&row);
    let missing = missing(&moved, &before);
    // the first bones of the frame before, and no more
    if missing > 0 && gaps == 0 && before.starts_with(&moved) {
        let (number, bones) = (number_before.unwrap_or_default(), if missing == 1 { "bone" } else { "bones" });
        motion.warnings.push(format!(
            "the last frame, {number}, ends early: {missing} {bones} of the frame before are missing, and stay as they were"
        ));
    } else {
        gaps += usize::from(missing > 0);
    }
    if gaps > 0 {
        let frames = if gaps == 1 { "1 frame leaves".to_owned() } else { format!("{gaps} frames leave") };
        motion.warnings.push(format!("{frames} out bones that the frame before has: these stay as they were"));
    }
    Ok(motion)
}
