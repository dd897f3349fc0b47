//! The motion: a number for each frame, then a line for each bone that moves.

use std::collections::{HashMap, HashSet};

use super::{
    super::{
        error::{Cause, excerpt, several},
        limits::{FRAME_RATES, MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        text::{number, parse},
    },
    Failure,
    asf::{Degree, Skeleton, content},
};

/// So many missing bones are named.
const NAMED: usize = 3;

/// A motion.
pub(super) struct Frames {
    /// `[T, values]`, angles in radians.
    pub values: Vec<f64>,
    /// Frames a second, where the file states them.
    pub fps: Option<f64>,
    pub warnings: Vec<String>,
}

/// Reads all frames. A bone that a frame leaves out stays as it was, which is said, and so is where a file was cut.
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
        before.iter().copied().filter(|bone| !own.contains(bone)).collect::<Vec<usize>>()
    };
    let mut gaps = 0;
    let mut lines = content(bytes).peekable();
    // where the file ends within a bone, and what there is of it
    let mut cut = None;
    let mut last_line = 0;
    while let Some((line, words)) = lines.next() {
        last_line = line;
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
                gaps += usize::from(moved != before && !missing(&moved, &before).is_empty());
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
        if lines.peek().is_none() {
            cut = cut_within(&name, &words[1..], skeleton, &places);
            if cut.is_some() {
                break;
            }
        }
        let Some(&k) = places.get(&name) else {
            let text = format!("the skeleton has no bone {}: do the two files belong together?", excerpt(word));
            return Err(at(Cause::Malformed(text)));
        };
        moved.push(k);
        let bone = &skeleton.bones[k];
        if words.len() - 1 != bone.degrees.len() {
            let (has, needs) = (words.len() - 1, bone.degrees.len());
            let text = format!("{has} numbers for {}, whose skeleton has {needs} channels", excerpt(word));
            return Err(at(Cause::Malformed(text)));
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
    let number = number_before.unwrap_or_default();
    if motion.values.is_empty()
        && let Some(cut) = cut
    {
        let text = format!("its only frame, {number}, ends {cut}: not even one is whole");
        return Err((Some(last_line), Cause::Truncated(text)));
    }
    let missing = missing(&moved, &before);
    // the number of a frame, and nothing of it
    if moved.is_empty() && cut.is_none() && !before.is_empty() {
        motion
            .warnings
            .push(format!("line {last_line}: the file ends behind the number of frame {number}, which is left out"));
        return Ok(told_of_gaps(motion, gaps));
    }
    motion.values.extend_from_slice(&row);
    // the first bones of the frame before, and no more
    if cut.is_some() || (!missing.is_empty() && gaps == 0 && before.starts_with(&moved)) {
        let bones = if missing.len() == 1 { "bone" } else { "bones" };
        let names = several(missing.iter().map(|&k| excerpt(skeleton.bones[k].name.as_bytes())), NAMED);
        motion.warnings.push(format!(
            "line {last_line}: the last frame, {number}, ends early{}: {} {bones} of the frame before are missing ({names}), and \
             stay as they were",
            cut.map_or_else(String::new, |cut| format!(", {cut}")),
            missing.len()
        ));
    } else {
        gaps += usize::from(!missing.is_empty());
    }
    Ok(told_of_gaps(motion, gaps))
}

/// The motion, with a word on frames that leave out bones.
fn told_of_gaps(mut motion: Frames, gaps: usize) -> Frames {
    if gaps > 0 {
        let frames = if gaps == 1 { "1 frame leaves".to_owned() } else { format!("{gaps} frames leave") };
        motion.warnings.push(format!("{frames} out bones that the frame before has: these stay as they were"));
    }
    motion
}

/// How the last line of a file ends early, where it does: amid the name of a bone, its numbers, or one of these.
fn cut_within(name: &str, numbers: &[&[u8]], skeleton: &Skeleton, places: &HashMap<String, usize>) -> Option<String> {
    let shown = excerpt(name.as_bytes());
    let Some(&bone) = places.get(name) else {
        let begins = places.keys().any(|bone| bone.starts_with(name));
        return (numbers.is_empty() && begins).then(|| format!("within the name of a bone, {shown}"));
    };
    let needs = skeleton.bones[bone].degrees.len();
    // a sign, or a number whose exponent is missing
    let begun = |word: &&[u8]| matches!(word.last(), Some(b'-' | b'+' | b'e' | b'E')) && parse::<f64>(word).is_none();
    let whole = numbers.len() - usize::from(numbers.last().is_some_and(begun));
    (whole < needs && numbers.len() <= needs)
        .then(|| format!("within {shown}, of which it has {whole} of {needs} numbers"))
}
