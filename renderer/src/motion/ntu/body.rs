//! One body in one frame.

use glam::{DVec3, Vec3};

use super::{
    super::{
        Layout,
        error::{Cause, excerpt},
        measure::{Poses, median, stride},
        quaternion::{from_scalar_first, normalized, scalar_first},
        text::{number, parse},
        topology::fit,
    },
    Failure,
    words::Words,
};

/// What a joint's line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Twelve numbers, which may be wrapped: x, y, z, two places in pictures, an orientation, a tracking state.
    Whole,
    /// So many numbers: a place, and perhaps how the joint was tracked.
    Place(usize),
}

impl Line {
    /// What the next lines hold, of `joints` joints.
    fn of(words: &Words<'_>, joints: usize) -> Result<Self, Cause> {
        match words.in_each_of(joints) {
            // also where a joint's numbers are wrapped
            None | Some(12) => Ok(Self::Whole),
            Some(numbers @ (3 | 4)) => Ok(Self::Place(numbers)),
            Some(numbers) => Err(Cause::Malformed(format!(
                "{numbers} numbers in the line of each joint: known are 12 (x, y, z, two places in pictures, an orientation, a \
                 tracking state), and 3 or 4 (x, y, z, a tracking state)"
            ))),
        }
    }
}

/// A body in one frame, as the file has it.
pub(super) struct Body<'a> {
    pub frame: usize,
    /// Its place among the bodies of the frame.
    pub place: usize,
    /// As it is written: some programs write -1, or round it.
    pub id: &'a [u8],
    /// `[J, 7]`: x, y, z, then the orientation, scalar first.
    pub joints: Vec<[f32; 7]>,
}

impl<'a> Body<'a> {
    /// Reads ten body fields, then the joints. All bodies of a file have as many joints as the first one, whose number
    /// tells the sensor, and as many numbers in their lines.
    pub(super) fn read(
        words: &mut Words<'a>,
        frame: usize,
        place: usize,
        known: Option<(Layout, Line)>,
    ) -> Result<(Self, (Layout, Line)), Failure> {
        let id = words.expect("a body id")?;
        if parse::<f64>(id).is_none_or(|value| !value.is_finite()) {
            let text = format!("a body id should be a number, not {}", excerpt(id));
            return Err(words.fail(Cause::Malformed(text)));
        }
        for _ in 0..9 {
            words.expect("a body field")?;
        }
        let count = words.count("the number of joints of a body", 1000)?;
        let layout = layout(count, known.map(|known| known.0)).map_err(|cause| words.fail(cause))?;
        let line = known.map_or_else(|| Line::of(words, count), |known| Ok(known.1));
        let line = line.map_err(|cause| (words.next_line().map(|(line, _)| line), cause))?;
        let mut joints = Vec::with_capacity(count);
        for j in 0..count {
            joints.push(match line {
                Line::Whole => joint(words, j)?,
                Line::Place(numbers) => place_alone(words, j, numbers)?,
            });
        }
        Ok((Self { frame, place, id, joints }, (layout, line)))
    }

    /// Joint `j` in the file's axes and unit.
    pub(super) fn at(&self, j: usize) -> DVec3 {
        Vec3::from_slice(&self.joints[j]).as_dvec3()
    }

    /// The mean of its joints.
    pub(super) fn middle(&self) -> DVec3 {
        (0..self.joints.len()).map(|j| self.at(j)).sum::<DVec3>() / self.joints.len() as f64
    }

    /// The diagonal of the box around its joints.
    pub(super) fn size(&self) -> f64 {
        let ends = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        let (low, high) =
            (0..self.joints.len()).fold(ends, |(low, high), j| (low.min(self.at(j)), high.max(self.at(j))));
        low.distance(high)
    }

    /// Mean distance of its joints from those of another body.
    pub(super) fn away_from(&self, other: &Self) -> f64 {
        let joints = self.joints.len();
        (0..joints).map(|j| self.at(j).distance(other.at(j))).sum::<f64>() / joints as f64
    }
}

/// Median size of the bodies of a file.
pub(super) fn usual_size(bodies: &[Body<'_>]) -> f64 {
    median(bodies.iter().step_by(stride(bodies.len())).map(Body::size).collect())
}

/// The layout of bodies that have as many joints as those of a sensor: another one where that fits them clearly better, as of
/// files that were written from other recordings.
pub(super) fn fitting(sensor: Layout, bodies: &[Body<'_>]) -> Layout {
    let there: Vec<&Body<'_>> = bodies.iter().filter(|b| b.size() > 1e-6).collect();
    let some = there.iter().step_by(stride(there.len()));
    let positions: Vec<f32> = some.flat_map(|b| &b.joints).flat_map(|joint| joint[..3].iter().copied()).collect();
    let joints = sensor.names().len();
    let present = vec![true; positions.len() / (3 * joints)];
    let poses = Poses { positions: &positions, present: &present, joints };
    let misfit = |layout: Layout| fit::misfit(&poses, &layout.skeleton(), false);
    let own = misfit(sensor);
    let others = Layout::with_joints(joints).filter(|&other| other != sensor).map(|other| (misfit(other), other));
    let best = others.min_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(other, _)| *other <= fit::BODY && other + fit::APART < own).map_or(sensor, |(_, layout)| layout)
}

/// The sensor whose bodies have so many joints.
fn layout(count: usize, known: Option<Layout>) -> Result<Layout, Cause> {
    let layouts = [Layout::Kinect20, Layout::Ntu25, Layout::Azure32];
    let found = layouts.into_iter().find(|layout| layout.names().len() == count);
    match (found, known) {
        (Some(layout), None) => Ok(layout),
        (Some(layout), Some(before)) if layout == before => Ok(layout),
        (_, Some(before)) => Err(Cause::Malformed(format!(
            "a body of {count} joints, where the bodies before it have {}",
            before.names().len()
        ))),
        (None, None) => Err(Cause::Malformed(format!(
            "a body of {count} joints: known are those of Kinect v1 (20), of Kinect v2 as in NTU RGB+D (25) and of Azure Kinect (32)"
        ))),
    }
}

/// A joint whose line holds but a place and what else `numbers` count; it is not turned.
fn place_alone(words: &mut Words<'_>, j: usize, numbers: usize) -> Result<[f32; 7], Failure> {
    if let Some((line, has)) = words.next_line()
        && has != numbers
    {
        let text = format!("joint {} has {has} numbers in its line, where joints before it have {numbers}", j + 1);
        return Err((Some(line), Cause::Malformed(text)));
    }
    let place = coordinates(words, j)?;
    for _ in 3..numbers {
        words.expect("a tracking state")?;
    }
    Ok([place[0], place[1], place[2], 1.0, 0.0, 0.0, 0.0])
}

fn coordinates(words: &mut Words<'_>, j: usize) -> Result<[f32; 3], Failure> {
    let mut values = [0.0; 3];
    for (i, value) in values.iter_mut().enumerate() {
        let word = words.expect("a joint coordinate")?;
        let what = format_args!("{} of joint {}", ["x", "y", "z"][i], j + 1);
        *value = number(word, what).map_err(|cause| words.fail(cause))? as f32;
    }
    Ok(values)
}

fn joint(words: &mut Words<'_>, j: usize) -> Result<[f32; 7], Failure> {
    let mut values = [0.0; 7];
    values[..3].copy_from_slice(&coordinates(words, j)?);
    // genuine files have NaN and infinite pixel positions, which are of no use here
    for _ in 0..4 {
        words.expect("a pixel position")?;
    }
    for value in &mut values[3..] {
        let word = words.expect("a joint orientation")?;
        *value = parse::<f32>(word).unwrap_or(f32::NAN);
    }
    words.expect("a tracking state")?;
    // of unit length; the identity where the sensor gave none (spec A.3)
    let q = normalized(from_scalar_first([values[3], values[4], values[5], values[6]]));
    values[3..].copy_from_slice(&scalar_first(q));
    Ok(values)
}
