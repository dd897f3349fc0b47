//! The motion: a number for each frame, then a line for each bone that moves.

use std::collections::HashMap;

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        text::number,
    },
    Failure,
    asf::{Degree, Skeleton, content},
};

/// Reads `[T, values]`, angles in radians. A bone that a frame leaves out stays as it was.
pub(super) fn read(bytes: &[u8], skeleton: &Skeleton) -> Result<Vec<f64>, Failure> {
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
    let mut frames: Vec<f64> = Vec::new();
    let mut row = vec![0.0; width];
    let mut begun = false;
    for (line, words) in content(bytes) {
        let at = |cause| (Some(line), cause);
        let word = words[0];
        if let Some(section) = word.strip_prefix(b":") {
            match &section.to_ascii_lowercase()[..] {
                b"degrees" => degrees = true,
                b"radians" => degrees = false,
                _ => {}
            }
            continue;
        }
        if words.len() == 1 && word.iter().all(u8::is_ascii_digit) {
            if begun {
                frames.extend_from_slice(&row);
            }
            let count = frames.len() / width + 1;
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
    frames.extend_from_slice(&row);
    Ok(frames)
}
