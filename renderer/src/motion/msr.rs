//! MSR-Action3D text: a joint a line, as `x y z confidence` or without confidence, 20 lines a frame.
//!
//! The set has an order of its own, in which the sides are pairs without names: nobody wrote down which is which. They
//! are told by the body: feet point to the front. Files of other sets in Kinect v1's order look alike, and are told by the
//! order that makes the shorter bones.

use super::{
    Format, Layout, Reason,
    error::Cause,
    limits::check_volume,
    measure::spread_of_bones,
    raw::Raw,
    text::{number, numbered_lines, words},
    topology,
};

const JOINTS: usize = 20;
/// The rate of the set's recordings.
const FPS: f64 = 15.0;
/// Longest that bones may be on average, as a share of the body's size: half of what points without any order have.
pub(super) const SPREAD: f64 = 0.25;

/// Bones of lines that belong to several frames are longer than those of a body by this factor.
const BROKEN: f64 = 1.3;

/// What the set's joints are, with `?` for the side.
#[rustfmt::skip]
const NAMES: [&str; JOINTS] = [
    "Shoulder?", "Shoulder?", "ShoulderCenter", "Spine", "Hip?", "Hip?", "HipCenter", "Elbow?", "Elbow?", "Wrist?",
    "Wrist?", "Hand?", "Hand?", "Knee?", "Knee?", "Ankle?", "Ankle?", "Foot?", "Foot?", "Head",
];

/// The set's bones, from parent to child.
#[rustfmt::skip]
const BONES: [[usize; 2]; JOINTS - 1] = [
    [6, 3], [3, 2], [2, 19], [2, 0], [0, 7], [7, 9], [9, 11], [2, 1], [1, 8], [8, 10], [10, 12],
    [6, 4], [4, 13], [13, 15], [15, 17], [6, 5], [5, 14], [14, 16], [16, 18],
];

/// Reads a file; the error comes with its line.
pub(super) fn read(text: &[u8]) -> Result<Raw, (Option<usize>, Cause)> {
    let mut positions: Vec<f32> = Vec::new();
    let mut columns = None;
    for (line, content) in numbered_lines(text) {
        let at = |cause| (Some(line), cause);
        let row: Vec<&[u8]> = words(content).take(5).collect();
        if row.len() != *columns.get_or_insert(row.len()) {
            let text = format!("{} numbers, but {} in the lines before", row.len(), columns.unwrap_or(0));
            return Err(at(Cause::Malformed(text)));
        }
        check_volume(positions.len() / (3 * JOINTS) + 1, 1, JOINTS).map_err(at)?;
        for word in &row[..3] {
            positions.push(number(word, "a coordinate").map_err(at)? as f32);
        }
    }
    let mut warnings = Vec::new();
    let over = positions.len() / 3 % JOINTS;
    if over > 0 {
        positions.truncate(positions.len() - 3 * over);
        if let Some(frame) = first_broken(&positions) {
            let text = format!(
                "its lines are not {JOINTS} a frame: some are missing, or there are too many, in or before frame {}",
                frame + 1
            );
            return Err((None, Cause::Malformed(text)));
        }
        warnings.push(format!("the last {over} of the lines are no frame of {JOINTS} joints, and are left out"));
    }
    let picture = positions.chunks_exact(3).all(|p| p[0] >= 0.0 && p[1] >= 0.0)
        && positions.chunks_exact(3).any(|p| p[0] > 20.0 || p[1] > 20.0);
    if picture {
        let text = "it holds MSR-Action3D's places in the picture; give the set's other files, `_skeleton3D.txt`";
        return Err((None, Cause::Degenerate(text.to_owned())));
    }
    let shown = |bones: &[[usize; 2]]| spread_of_bones(&positions, JOINTS, bones);
    let kinect = Layout::Kinect20.bones();
    if shown(&BONES).min(shown(&kinect)) > SPREAD {
        let text = "it is a table with 3 or 4 numbers in a line, but 20 lines do not make a body";
        return Err((None, Cause::UnknownFormat(text.to_owned())));
    }
    if shown(&kinect) < shown(&BONES) {
        let layout_from = Some(Reason::inferred("20 lines a frame in the order of Kinect v1's SDK"));
        let raw = Raw::of_layout(Layout::Kinect20, Format::Msr, FPS);
        return Ok(Raw { positions, layout_from, warnings, ..raw });
    }
    let (first_is_right, why) = sides(&positions);
    let mut parents = vec![None; JOINTS];
    BONES.iter().for_each(|&[parent, child]| parents[child] = Some(parent));
    let mut second = [false; JOINTS];
    let names = NAMES.iter().map(|name| {
        // of each pair the first one is on the one side
        let side = if sided(name, &mut second) == first_is_right { "Right" } else { "Left" };
        name.replace('?', side)
    });
    Ok(Raw {
        format: Format::Msr,
        names: names.collect(),
        bones: Some(topology::tree_bones(&parents)),
        parents,
        fps: FPS,
        bodies: 1,
        positions,
        layout_from: Some(Reason::inferred(format!("20 lines a frame in the order of MSR-Action3D; {why}"))),
        warnings,
        ..Raw::default()
    })
}

/// The first of the frames that make less of a body than the first one does; it is none if the last frame makes one.
fn first_broken(positions: &[f32]) -> Option<usize> {
    let spread = |frame: &[f32]| {
        let orders = [&BONES[..], &Layout::Kinect20.bones()];
        orders.map(|bones| spread_of_bones(frame, JOINTS, bones)).into_iter().fold(f64::INFINITY, f64::min)
    };
    let frames = positions.chunks_exact(3 * JOINTS).enumerate();
    let mut spreads = frames.filter(|(_, frame)| frame.iter().any(|&v| v != 0.0)).map(|(t, frame)| (t, spread(frame)));
    let limit = BROKEN * spreads.next()?.1;
    let (mut first, mut last) = (None, false);
    for (t, spread) in spreads {
        last = spread > limit;
        first = first.or(last.then_some(t));
    }
    first.filter(|_| last)
}

/// Whether this is the first of the two joints of that name.
fn sided(name: &str, seen: &mut [bool; JOINTS]) -> bool {
    let at = NAMES.iter().position(|n| *n == name).unwrap_or(0);
    !std::mem::replace(&mut seen[at], true)
}

/// Whether the first joint of each pair is the right one, and how that is known. In the set, +y is up.
fn sides(positions: &[f32]) -> (bool, &'static str) {
    let mut right_of_front = 0.0;
    let (mut feet, mut shanks) = (0.0, 0.0);
    for body in positions.chunks_exact(3 * JOINTS) {
        let at = |j: usize, axis: usize| f64::from(body[3 * j + axis]);
        // who looks along −z has the right hand at greater x
        right_of_front += at(0, 0) - at(1, 0) + at(4, 0) - at(5, 0);
        for [knee, ankle, foot] in [[13, 15, 17], [14, 16, 18]] {
            feet += at(ankle, 2) - at(foot, 2);
            shanks += (at(knee, 1) - at(ankle, 1)).abs();
        }
    }
    // who looks at the sensor looks along −z; feet say so too, unless they were not seen
    if feet < -0.05 * shanks {
        (right_of_front < 0.0, "left and right from where the feet point, away from the sensor")
    } else if feet > 0.05 * shanks {
        (right_of_front > 0.0, "left and right from where the feet point, to the sensor")
    } else {
        (right_of_front > 0.0, "left and right as of somebody who faces the sensor")
    }
}
