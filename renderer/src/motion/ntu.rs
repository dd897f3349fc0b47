//! NTU RGB+D `.skeleton` files (spec A.1.1): whitespace-separated numbers whose line breaks carry no meaning.

use super::{
    Format, Layout,
    error::{Cause, excerpt},
    limits::{MAX_COORDINATE, MAX_FRAMES, check_count, check_volume},
    quaternion::{from_scalar_first, normalized, scalar_first},
    raw::Raw,
};

/// Body slots kept, as in the reference.
pub(super) const SLOTS: usize = 2;
/// Joints kept of each body.
const JOINTS: usize = 25;
/// Most bodies in one frame: the sensor tracks six.
const MAX_BODIES: usize = 64;
/// The sensor's rate.
const FPS: f64 = 30.0;

/// A body in one frame, as the file has it.
struct Body {
    frame: usize,
    id: u64,
    /// `[25, 7]`: x, y, z, then the orientation, scalar first.
    joints: Box<[[f32; 7]; JOINTS]>,
}

type Failure = (Option<usize>, Cause);

/// Reads a file; the error comes with its line.
pub(super) fn read(bytes: &[u8], slots_by_body_id: bool) -> Result<Raw, Failure> {
    let mut words = Words { rest: bytes, line: 1 };
    let mut warnings = Vec::new();
    let frames = words.count("the number of frames", MAX_FRAMES)?;
    if frames == 0 {
        let cause = Cause::Degenerate("the file declares zero frames".to_owned());
        return Err((Some(1), cause));
    }
    let mut bodies: Vec<Body> = Vec::new();
    let (mut extra, mut odd_counts) = (0, 0);
    for frame in 0..frames {
        let count = words.count("the number of bodies", MAX_BODIES)?;
        for slot in 0..count {
            let (body, joints) = read_body(&mut words, frame)?;
            odd_counts += usize::from(joints != JOINTS);
            if slot >= SLOTS && !slots_by_body_id {
                extra += 1;
            } else {
                bodies.push(body);
            }
        }
        check_volume(frame + 1, SLOTS, JOINTS).map_err(|c| (Some(words.line), c))?;
    }
    if words.next().is_some() {
        warnings.push(format!("line {}: data after the last frame is ignored", words.line));
    }
    if odd_counts > 0 {
        warnings.push(format!("{odd_counts} bodies do not have {JOINTS} joints: padded with zeros or cut"));
    }
    let mut body_ids: Vec<u64> = Vec::new();
    for body in &bodies {
        if !body_ids.contains(&body.id) && body_ids.len() < 1024 {
            body_ids.push(body.id);
        }
    }
    let slot_ids = slots_by_body_id.then(|| longest_seen(&bodies, &body_ids));

    let mut positions = vec![0.0; frames * SLOTS * JOINTS * 3];
    let mut orientations = [1.0, 0.0, 0.0, 0.0].repeat(frames * SLOTS * JOINTS);
    let mut seen_in_frame = (usize::MAX, 0);
    for body in &bodies {
        if seen_in_frame.0 != body.frame {
            seen_in_frame = (body.frame, 0);
        }
        let slot = match &slot_ids {
            Some(ids) => ids.iter().position(|&id| id == body.id),
            None => Some(seen_in_frame.1),
        };
        seen_in_frame.1 += 1;
        let Some(slot) = slot else {
            extra += 1;
            continue;
        };
        let first = (body.frame * SLOTS + slot) * JOINTS;
        for (j, values) in body.joints.iter().enumerate() {
            positions[(first + j) * 3..][..3].copy_from_slice(&values[..3]);
            orientations[(first + j) * 4..][..4].copy_from_slice(&values[3..]);
        }
    }
    if extra > 0 {
        warnings.push(format!("{extra} bodies beyond the first two are left out"));
    }
    let orientations = Some(orientations);
    let empty = Raw::of_layout(Layout::Ntu25, Format::Ntu, FPS).in_metres();
    Ok(Raw { bodies: SLOTS, positions, orientations, body_ids, warnings, ..empty })
}

/// The two ids seen in most frames, the one that appears first in the first slot.
fn longest_seen(bodies: &[Body], ids: &[u64]) -> Vec<u64> {
    let mut by_count: Vec<(usize, usize)> =
        ids.iter().enumerate().map(|(i, id)| (bodies.iter().filter(|b| b.id == *id).count(), i)).collect();
    by_count.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    by_count.truncate(SLOTS);
    by_count.sort_by_key(|&(_, i)| i);
    by_count.into_iter().map(|(_, i)| ids[i]).collect()
}

/// Ten body fields, then the joints; returns the number of joints the file has.
fn read_body(words: &mut Words<'_>, frame: usize) -> Result<(Body, usize), Failure> {
    let id = words.expect("a body id")?;
    let id = parse::<u64>(id).ok_or_else(|| {
        let text = format!("a body id should be a whole number, not {}", excerpt(id));
        words.fail(Cause::Malformed(text))
    })?;
    for _ in 0..9 {
        words.expect("a body field")?;
    }
    let count = words.count("the number of joints of a body", 1000)?;
    let mut joints = Box::new([[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]; JOINTS]);
    for j in 0..count {
        let mut values = [0.0; 7];
        for (i, value) in values[..3].iter_mut().enumerate() {
            let word = words.expect("a joint coordinate")?;
            let what = || format!("{} of joint {} ({})", ["x", "y", "z"][i], j + 1, excerpt(word));
            let number = parse::<f64>(word)
                .ok_or_else(|| words.fail(Cause::Malformed(format!("{} is not a number", what()))))?;
            if !number.is_finite() || number.abs() > MAX_COORDINATE {
                return Err(words.fail(Cause::NotFinite(what())));
            }
            *value = number as f32;
        }
        // genuine files have NaN and infinite pixel positions, which are of no use here
        for _ in 0..4 {
            words.expect("a pixel position")?;
        }
        for value in &mut values[3..] {
            let word = words.expect("a joint orientation")?;
            *value = parse::<f32>(word).unwrap_or(f32::NAN);
        }
        words.expect("a tracking state")?;
        unit_quaternion(&mut values);
        if let Some(slot) = joints.get_mut(j) {
            *slot = values;
        }
    }
    Ok((Body { frame, id, joints }, count))
}

/// Scales the orientation to unit length; the identity where the sensor gave none (spec A.3).
fn unit_quaternion(values: &mut [f32; 7]) {
    let q = normalized(from_scalar_first([values[3], values[4], values[5], values[6]]));
    values[3..].copy_from_slice(&scalar_first(q));
}

fn parse<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// The file's words, with the line of the last one.
struct Words<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|b| !b.is_ascii_whitespace())?;
        self.line += self.rest[..start].iter().filter(|&&b| b == b'\n').count();
        let rest = &self.rest[start..];
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (word, rest) = rest.split_at(end);
        self.rest = rest;
        Some(word)
    }

    fn fail(&self, cause: Cause) -> Failure {
        (Some(self.line), cause)
    }

    fn expect(&mut self, what: &str) -> Result<&'a [u8], Failure> {
        self.next().ok_or_else(|| self.fail(Cause::Truncated(format!("{what} is missing"))))
    }

    fn count(&mut self, what: &'static str, limit: usize) -> Result<usize, Failure> {
        let word = self.expect(what)?;
        let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        let value = match parse::<usize>(word) {
            Some(value) => value,
            // digits beyond 64 bits
            None if digits => usize::MAX,
            None => {
                let text = format!("{what} should be a whole number, not {}", excerpt(word));
                return Err(self.fail(Cause::Malformed(text)));
            }
        };
        check_count(what, value, limit).map_err(|cause| self.fail(cause))?;
        Ok(value)
    }
}
