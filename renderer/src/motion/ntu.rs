//! `.skeleton` files of Kinect's body trackers (spec A.1.1): whitespace-separated numbers whose line breaks carry no
//! meaning. NTU RGB+D has Kinect v2's 25 joints; Kinect v1's 20 and Azure Kinect's 32 come in the same layout.

mod body;
mod people;
#[cfg(test)]
mod tests;
mod tracks;
mod words;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use self::{
    body::{Body, Line},
    people::People,
    words::Words,
};
use super::{
    Format, Layout, Reason, UpAxis,
    error::Cause,
    limits::{MAX_FRAMES, check_volume},
    raw::Raw,
    text::parse,
};

/// Body slots of [`Slots::File`], as in the reference.
const FILE_SLOTS: usize = 2;
/// Most bodies in one frame: the sensor tracks six.
const MAX_BODIES: usize = 64;
/// The sensor's rate.
const FPS: f64 = 30.0;

/// Who stands in which body slot of a file of depth cameras' bodies: a `.skeleton`, or PKU-MMD's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slots {
    /// One slot a person, in the order in which they appear: people are followed by body id and place, and bodies that are
    /// none (furniture, flickers, a person tracked twice) are left out.
    #[default]
    People,
    /// The first two bodies of each frame in the file's order, as the reference reads them (spec A.1.1): whoever leaves
    /// makes room for the next one.
    File,
}

impl fmt::Display for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::People => "people",
            Self::File => "file",
        })
    }
}

impl FromStr for Slots {
    type Err = String;

    /// `people` or `file`.
    fn from_str(s: &str) -> Result<Self, String> {
        [Self::People, Self::File]
            .into_iter()
            .find(|slots| slots.to_string() == s)
            .ok_or_else(|| format!("'{s}' is neither people nor file"))
    }
}

type Failure = (Option<usize>, Cause);

/// Reads a file; the error comes with its line.
pub(super) fn read(bytes: &[u8], slots: Slots) -> Result<Raw, Failure> {
    let mut words = Words::new(bytes);
    let mut warnings = Vec::new();
    let frames = words.count("the number of frames", MAX_FRAMES)?;
    if frames == 0 {
        let cause = Cause::Degenerate("the file declares zero frames".to_owned());
        return Err((Some(1), cause));
    }
    let mut bodies: Vec<Body<'_>> = Vec::new();
    let mut known = None;
    for frame in 0..frames {
        let count = words.count("the number of bodies", MAX_BODIES)?;
        for place in 0..count {
            let (body, its) = Body::read(&mut words, frame, place, known)?;
            known = Some(its);
            bodies.push(body);
        }
        check_volume(frame + 1, FILE_SLOTS, Layout::Ntu25.names().len()).map_err(|c| (Some(words.line), c))?;
    }
    if words.next().is_some() {
        warnings.push(format!("line {}: data after the last frame is ignored", words.line));
    }
    if let Some((_, Line::Place(numbers))) = known {
        let what = if numbers > 3 { "x, y, z and a tracking state" } else { "x, y and z" };
        warnings.push(format!(
            "{numbers} numbers in the line of each joint are read as {what}: nothing says how joints are turned"
        ));
    }
    let layout = known.map(|known| known.0);
    let layout = layout.map_or(Layout::Ntu25, |sensor| body::fitting(sensor, &bodies));
    let raw = match slots {
        Slots::File => as_filed(frames, &bodies, layout, &mut warnings),
        Slots::People => by_people(frames, &bodies, layout),
    };
    let raw = raw.map_err(|cause| (None, cause))?;
    // nobody is thirty metres tall: then it is millimetres that somebody wrote, whatever the format says
    let unit = raw.unit.filter(|(unit, _)| body::usual_size(&bodies) * unit.metres < 30.0);
    Ok(Raw { warnings, unit, ..raw })
}

/// A file without bodies yet, with what its sensor fixes: Kinect v2 and v1 see metres with +y up, Azure Kinect
/// millimetres with +y down, which some programs change before they write them. Who writes other layouts may write anything.
fn of_sensor(layout: Layout) -> Raw {
    let raw = Raw::of_layout(layout, Format::Ntu, FPS);
    match layout {
        Layout::Ntu25 => raw.in_metres(),
        Layout::Azure32 => Raw {
            layout_from: Some(Reason::stated("Azure Kinect's, by the number of joints")),
            usual_up: UpAxis::MinusY,
            ..raw
        },
        Layout::Kinect20 => Raw {
            layout_from: Some(Reason::stated("Kinect v1's, by the number of joints")),
            up: Some((UpAxis::PlusY, "set by the format".to_owned())),
            ..raw
        },
        other => Raw {
            layout_from: Some(Reason::inferred(format!(
                "{other}: of the layouts of as many joints the one that fits the body"
            ))),
            usual_up: other.usual_up(),
            ..raw
        },
    }
}

fn as_filed(frames: usize, bodies: &[Body<'_>], layout: Layout, warnings: &mut Vec<String>) -> Result<Raw, Cause> {
    let kept: Vec<(usize, &Body<'_>)> = bodies.iter().filter(|b| b.place < FILE_SLOTS).map(|b| (b.place, b)).collect();
    if kept.len() < bodies.len() {
        warnings.push(format!("{} bodies beyond the first two are left out", bodies.len() - kept.len()));
    }
    let mut ids: Vec<&[u8]> = Vec::new();
    for (_, body) in &kept {
        if !ids.contains(&body.id) && ids.len() < 1024 {
            ids.push(body.id);
        }
    }
    let body_ids = ids.into_iter().map(number).collect();
    Ok(Raw { body_ids, ..placed(frames, FILE_SLOTS, layout, kept)? })
}

fn by_people(frames: usize, bodies: &[Body<'_>], layout: Layout) -> Result<Raw, Cause> {
    let people = People::of(bodies, layout);
    let slots = people.tracks.iter().enumerate();
    let kept = slots.flat_map(|(slot, track)| track.bodies.iter().map(move |&n| (slot, &bodies[n])));
    Ok(Raw {
        body_ids: people.tracks.iter().map(|track| number(bodies[track.first()].id)).collect(),
        performer: (people.tracks.len() > 1).then_some(people.performer),
        bodies_from: people.how,
        ..placed(frames, people.tracks.len().max(1), layout, kept)?
    })
}

/// The bodies, each in its slot.
fn placed<'b, 'f: 'b>(
    frames: usize,
    slots: usize,
    layout: Layout,
    kept: impl IntoIterator<Item = (usize, &'b Body<'f>)>,
) -> Result<Raw, Cause> {
    let joints = layout.names().len();
    check_volume(frames, slots, joints)?;
    let mut positions = vec![0.0; frames * slots * joints * 3];
    let mut orientations = [1.0, 0.0, 0.0, 0.0].repeat(frames * slots * joints);
    for (slot, body) in kept {
        let first = (body.frame * slots + slot) * joints;
        for (j, values) in body.joints.iter().enumerate() {
            positions[(first + j) * 3..][..3].copy_from_slice(&values[..3]);
            orientations[(first + j) * 4..][..4].copy_from_slice(&values[3..]);
        }
    }
    Ok(Raw { bodies: slots, positions, orientations: Some(orientations), ..of_sensor(layout) })
}

/// An id as a whole number; 0 for one that is negative.
fn number(id: &[u8]) -> u64 {
    parse::<u64>(id).or_else(|| parse::<f64>(id).map(|id| id as u64)).unwrap_or(0)
}
