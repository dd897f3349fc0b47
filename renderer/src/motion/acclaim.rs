//! Acclaim's pair of files: a skeleton of bones with directions and lengths (`.asf`), and angles for them (`.amc`).
//!
//! Formulas after Jeff Lander, "Working with motion capture file formats", Game Developer, January 1998: a bone's own axes
//! are `C`, its angles turn by `M` within them, so it turns by `C·M·C⁻¹` against its parent.

mod amc;
mod asf;

use glam::{DQuat, DVec3};

use self::{
    amc::Frames,
    asf::{Degree, Skeleton},
};
use super::{
    Format, MotionError, Reason, Unit,
    beside::Beside,
    encoding,
    error::Cause,
    quaternion::{about, nearer_sign, normalized, rotate, scalar_first},
    raw::Raw,
};

/// An error and its line.
type Failure = (Option<usize>, Cause);

/// The rate of the CMU database, whose `.amc` files do not state theirs.
const FPS: f64 = 120.0;

/// Reads either of the two files, together with the other one.
pub(super) fn read(bytes: &[u8], name: &str, beside: Beside<'_>) -> Result<Raw, MotionError> {
    let skeleton_given = asf::is_skeleton(bytes);
    let (partner, what) = if skeleton_given { ("amc", "motion") } else { ("asf", "skeleton") };
    let other = beside.partner(name, partner)?.ok_or_else(|| {
        let text = format!("its {what}, an .{partner} file, is missing: it must lie beside it, with the same stem");
        Cause::Malformed(text).at(name, None)
    })?;
    let text = encoding::to_utf8(&other.bytes).map_err(|cause| cause.at(&other.name, None))?;
    if asf::is_skeleton(&text.utf8) == skeleton_given {
        let text = format!("expected its {what}, an .{partner} file");
        return Err(Cause::Malformed(text).at(&other.name, None));
    }
    let own = (bytes, name);
    let other = (&text.utf8[..], other.name.as_str());
    let (skeleton, motion) = if skeleton_given { (own, other) } else { (other, own) };
    let bones = asf::read(skeleton.0).map_err(|(line, cause)| cause.at(skeleton.1, line))?;
    let frames = amc::read(motion.0, &bones).map_err(|(line, cause)| cause.at(motion.1, line))?;
    Ok(pose(&bones, frames))
}

/// Positions of all bones' far ends, named after the bones; the root stands for itself.
fn pose(skeleton: &Skeleton, motion: Frames) -> Raw {
    let bones = &skeleton.bones;
    let width = skeleton.values();
    let frames = motion.values.len() / width.max(1);
    let mut positions = Vec::with_capacity(frames * bones.len() * 3);
    let mut orientations = Vec::with_capacity(frames * bones.len() * 4);
    let mut before = vec![DQuat::IDENTITY; bones.len()];
    for row in motion.values.chunks_exact(width) {
        let (places, turns) = pose_frame(skeleton, row);
        for (j, place) in places.iter().enumerate() {
            positions.extend(place.as_vec3().to_array());
            // a joint turns what hangs from it, as in other formats
            let shown = bones[j].only_child.unwrap_or(j);
            before[j] = nearer_sign(turns[shown], before[j]);
            orientations.extend(scalar_first(before[j]));
        }
    }
    let rest = pose_frame(skeleton, &vec![0.0; width]).0;
    let mut warnings = motion.warnings;
    if motion.fps.is_none() {
        warnings.push(format!("the .amc states no frame rate: taken for {FPS} frames a second"));
    }
    Raw {
        format: Format::Acclaim,
        names: bones.iter().map(|bone| bone.name.clone()).collect(),
        parents: bones.iter().map(|bone| bone.parent).collect(),
        fps: motion.fps.unwrap_or(FPS),
        bodies: 1,
        positions,
        orientations: Some(orientations),
        rest: Some(rest.iter().flat_map(|p| p.as_vec3().to_array()).collect()),
        // other scales than that of the CMU database are used for any unit
        unit: ((skeleton.length - 0.45).abs() < 1e-6).then(|| (Unit::CMU, Reason::stated("length 0.45 in the .asf"))),
        warnings,
        ..Raw::default()
    }
}

/// Turns about axes that stand still, in that order.
fn turn(order: [usize; 3], angles: DVec3) -> DQuat {
    order.into_iter().fold(DQuat::IDENTITY, |turned, axis| about(axis, angles[axis]) * turned)
}

/// One frame: where bones end and how they are turned.
fn pose_frame(skeleton: &Skeleton, row: &[f64]) -> (Vec<DVec3>, Vec<DQuat>) {
    let mut places: Vec<DVec3> = Vec::with_capacity(skeleton.bones.len());
    let mut turns: Vec<DQuat> = Vec::with_capacity(skeleton.bones.len());
    let mut row = row.iter();
    for bone in &skeleton.bones {
        let (mut angles, mut shift, mut longer) = (DVec3::ZERO, DVec3::ZERO, 0.0);
        for degree in &bone.degrees {
            let value = row.next().copied().unwrap_or(0.0);
            match *degree {
                Degree::Turn(axis) => angles[axis] = value,
                Degree::Shift(axis) => shift[axis] = value,
                Degree::Length => longer = value,
            }
        }
        let own = normalized(bone.axes * turn(bone.order, angles) * bone.axes.conjugate());
        let (parent_turn, parent_place) = match bone.parent {
            Some(p) => (turns[p], places[p]),
            None => (DQuat::IDENTITY, DVec3::ZERO),
        };
        let global = normalized(parent_turn * own);
        let tip = bone.direction * (bone.length + longer);
        places.push(parent_place + rotate(parent_turn, shift) + rotate(global, tip));
        turns.push(global);
    }
    (places, turns)
}
