//! BVH: centimetres, +y up, channels `Zrotation Xrotation Yrotation`; joints that do not keep their place at their parent
//! have position channels before them.

use std::fmt::Write as _;

use super::{
    super::{Motion, MotionError, error::Cause, quaternion::to_zxy},
    Written, counted, plain_name,
    rig::{Rig, strays},
};

/// Shorter bones, in metres, are none to those who read the file.
const INVISIBLE: f64 = 1e-3;

/// How exactly numbers are written.
#[derive(Clone, Copy)]
struct Digits {
    /// After the point, of centimetres and degrees.
    values: usize,
    /// After the point, of the seconds of a frame.
    frame_time: usize,
    /// Turns whose sine about x is that near to one have no angle about y of their own.
    pole: f64,
}

/// A tenth of a millimetre; what the samples have.
const SHORT: Digits = Digits { values: 2, frame_time: 7, pole: 1e-6 };
/// Below what positions themselves can tell apart.
const EXACT: Digits = Digits { values: 5, frame_time: 10, pole: 1e-12 };

/// Writes one body as BVH with two decimals: a file to look at and to ship. Joints come back within a few millimetres, as
/// hundredths of a degree add up along the limbs. Turns are the motion's own where they explain where its joints are, or
/// solved from positions. Absent frames repeat the last pose.
///
/// # Errors
/// When the body slot does not exist or holds nobody in any frame.
pub fn write_bvh(motion: &Motion, body: usize) -> Result<String, MotionError> {
    let fail = |text: &str| Cause::malformed(text).at(&motion.source.file, None);
    if body >= motion.bodies {
        return Err(fail("there is no such body slot"));
    }
    let rig = Rig::of(motion, body).ok_or_else(|| fail("there is nobody in this body slot"))?;
    Ok(text(motion, &[rig], SHORT))
}

/// Writes everybody who is in a motion as BVH, a `ROOT` each, so that every joint comes back within 0.3 mm. Turns are as in
/// [`write_bvh`]; absent frames repeat the last pose.
///
/// # Errors
/// When nobody is in any frame.
pub fn write_bvh_of_all(motion: &Motion) -> Result<Written<String>, MotionError> {
    let rigs = Rig::everybody(motion)?;
    let mut notes = Vec::new();
    if rigs.len() > 1 {
        notes.push(format!("{} people are as many ROOTs: some programs read only the first", rigs.len()));
    }
    if let Some((strayed, far)) = strays(&rigs) {
        notes.push(format!(
            "{} not keep the distance from the parent (up to {:.1} cm off) and got position channels, which some programs \
             ignore",
            counted(strayed, "joint does", "joints do"),
            100.0 * far
        ));
    }
    let lies = |rig: &Rig<'_>| {
        let on_parent = |&&j: &&usize| !rig.placed[j] && rig.offsets[j].length() < INVISIBLE;
        rig.order().iter().skip(1).filter(on_parent).count()
    };
    let lying: usize = rigs.iter().map(lies).sum();
    if lying > 0 {
        let joints = counted(lying, "joint lies on the one that it hangs", "joints lie on the ones that they hang");
        notes.push(format!("{joints} from: read again, bones of no length are gone"));
    }
    let leaving = rigs.iter().filter(|rig| !rig.always_there()).count();
    if leaving > 0 {
        let who = counted(leaving, "person is", "people are");
        notes.push(format!("{who} not there all the time: a BVH cannot say that, the last pose is held"));
    }
    Ok(Written { content: text(motion, &rigs, EXACT), notes })
}

fn text(motion: &Motion, rigs: &[Rig<'_>], digits: Digits) -> String {
    let mut out = String::from("HIERARCHY\n");
    for rig in rigs {
        write_hierarchy(motion, rig, digits, &mut out);
    }
    let _ = writeln!(out, "MOTION\nFrames: {}", motion.frames());
    let _ = writeln!(out, "Frame Time: {:.*}", digits.frame_time, 1.0 / f64::from(motion.fps));
    let mut row = String::new();
    for t in 0..motion.frames() {
        row.clear();
        for rig in rigs {
            for &j in rig.order() {
                write_channels(rig, t, j, digits, &mut row);
            }
        }
        let _ = writeln!(out, "{}", row.trim_end());
    }
    out
}

/// Joints depth first, as [`Rig::order`] has them.
fn write_hierarchy(motion: &Motion, rig: &Rig<'_>, digits: Digits, out: &mut String) {
    let mut open: Vec<usize> = Vec::new();
    let close = |open: &mut Vec<usize>, out: &mut String| {
        open.pop();
        let _ = writeln!(out, "{}}}", "\t".repeat(open.len()));
    };
    for &j in rig.order() {
        while open.last().copied() != rig.parent(j) {
            close(&mut open, out);
        }
        let tab = "\t".repeat(open.len());
        let keyword = if open.is_empty() { "ROOT" } else { "JOINT" };
        let name = plain_name(&motion.skeleton.names[j]);
        let [x, y, z] = (100.0 * rig.offsets[j]).to_array().map(|v| decimal(v, digits.values));
        let channels = if rig.placed[j] { "6 Xposition Yposition Zposition" } else { "3" };
        let _ = writeln!(
            out,
            "{tab}{keyword} {name}\n{tab}{{\n{tab}\tOFFSET {x} {y} {z}\n\
             {tab}\tCHANNELS {channels} Zrotation Xrotation Yrotation"
        );
        if rig.children(j).is_empty() {
            let _ = writeln!(out, "{tab}\tEnd Site\n{tab}\t{{\n{tab}\t\tOFFSET 0 0 0\n{tab}\t}}");
        }
        open.push(j);
    }
    while !open.is_empty() {
        close(&mut open, out);
    }
}

fn write_channels(rig: &Rig<'_>, t: usize, j: usize, digits: Digits, row: &mut String) {
    let mut put = |value: f64| {
        row.push_str(&decimal(value, digits.values));
        row.push(' ');
    };
    if rig.placed[j] {
        (100.0 * rig.place(t, j)).to_array().into_iter().for_each(&mut put);
    }
    to_zxy(rig.relative_turn(t, j), digits.pole).into_iter().map(f64::to_degrees).for_each(put);
}

/// Without trailing zeros, and no minus before zero.
fn decimal(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
