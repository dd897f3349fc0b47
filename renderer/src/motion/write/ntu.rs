//! Writers: BVH for any skeleton, `.skeleton` for bodies of Kinect's 25 joints.

use std::fmt::Write as _;

use glam::{DQuat, DVec3, Vec3};

use super::{
    Layout, Motion, MotionError,
    error::Cause,
    measure::median,
    quaternion::{from_scalar_first, rotate, to_zxy},
};

/// Digits after the point for centimetres and degrees: a tenth of a millimetre.
const DIGITS: usize = 2;

/// Writes one body as BVH in centimetres, +y up, channels `Zrotation Xrotation Yrotation`. Where the motion has no
/// orientations, every joint gets position channels instead. Absent frames repeat the last pose.
///
/// # Errors
/// When the body slot does not exist or the skeleton has no single root.
pub fn write_bvh(motion: &Motion, body: usize) -> Result<String, MotionError> {
    let fail = |text: &str| Cause::malformed(text).at(&motion.source.file, None);
    if body >= motion.bodies {
        return Err(fail("there is no such body slot"));
    }
    let skeleton = &motion.skeleton;
    let roots = skeleton.parents.iter().filter(|p| p.is_none()).count();
    if roots != 1 {
        return Err(fail("a BVH needs a skeleton with one root"));
    }
    let offsets = offsets(motion, body);
    let mut out = String::from("HIERARCHY\n");
    let order = write_hierarchy(motion, &offsets, &mut out);
    let _ = writeln!(out, "MOTION\nFrames: {}", motion.frames());
    let _ = writeln!(out, "Frame Time: {:.7}", 1.0 / motion.fps);
    let mut source = 0;
    for t in 0..motion.frames() {
        if motion.is_present(t, body) {
            source = t;
        }
        let mut row = String::new();
        for &j in &order {
            write_channels(motion, source, body, j, &mut row);
        }
        let _ = writeln!(out, "{}", row.trim_end());
    }
    Ok(out)
}

/// `[J]` centimetres from the parent, in the parent's axes: the median over up to 64 frames.
fn offsets(motion: &Motion, body: usize) -> Vec<DVec3> {
    let frames: Vec<usize> = (0..motion.frames()).filter(|&t| motion.is_present(t, body)).collect();
    let step = frames.len().div_ceil(64).max(1);
    let offset = |j: usize| match motion.skeleton.parents[j] {
        None => DVec3::ZERO,
        Some(p) => {
            let all: Vec<DVec3> = frames.iter().step_by(step).map(|&t| local(motion, t, body, p, j)).collect();
            DVec3::from([0, 1, 2].map(|i| median(all.iter().map(|v| v[i]).collect())))
        }
    };
    (0..motion.joints()).map(offset).collect()
}

/// Joint `j` seen from joint `p`, in centimetres and in the axes of `p`.
fn local(motion: &Motion, t: usize, body: usize, p: usize, j: usize) -> DVec3 {
    let [a, b] = [p, j].map(|j| Vec3::from(motion.position(t, body, j)).as_dvec3());
    rotate(turn(motion, t, body, p).conjugate(), 100.0 * (b - a))
}

fn turn(motion: &Motion, t: usize, body: usize, j: usize) -> DQuat {
    from_scalar_first(motion.orientation(t, body, j))
}

/// Writes the joints depth first and returns that order. A loop, as a skeleton may be a chain of a thousand joints.
fn write_hierarchy(motion: &Motion, offsets: &[DVec3], out: &mut String) -> Vec<usize> {
    enum Step {
        Open(usize, usize),
        Close(usize),
    }
    let parents = &motion.skeleton.parents;
    let mut order = Vec::new();
    let root = parents.iter().position(Option::is_none).unwrap_or(0);
    let mut stack = vec![Step::Open(root, 0)];
    while let Some(step) = stack.pop() {
        let (j, depth) = match step {
            Step::Open(j, depth) => (j, depth),
            Step::Close(depth) => {
                let _ = writeln!(out, "{}}}", "\t".repeat(depth));
                continue;
            }
        };
        order.push(j);
        let tab = "\t".repeat(depth);
        let keyword = if depth == 0 { "ROOT" } else { "JOINT" };
        let name = motion.skeleton.names[j].replace(['{', '}', '\n', '\r'], "_");
        let [x, y, z] = offsets[j].to_array().map(decimal);
        let _ = writeln!(out, "{tab}{keyword} {name}\n{tab}{{\n{tab}\tOFFSET {x} {y} {z}");
        let place = "Xposition Yposition Zposition";
        let angles = "Zrotation Xrotation Yrotation";
        let _ = match (depth, &motion.orientations) {
            (_, None) => writeln!(out, "{tab}\tCHANNELS 3 {place}"),
            (0, _) => writeln!(out, "{tab}\tCHANNELS 6 {place} {angles}"),
            _ => writeln!(out, "{tab}\tCHANNELS 3 {angles}"),
        };
        stack.push(Step::Close(depth));
        let children: Vec<usize> = (0..parents.len()).filter(|&c| parents[c] == Some(j)).collect();
        if children.is_empty() {
            let _ = writeln!(out, "{tab}\tEnd Site\n{tab}\t{{\n{tab}\t\tOFFSET 0 0 0\n{tab}\t}}");
        }
        let open = children.into_iter().rev().map(|c| Step::Open(c, depth + 1));
        stack.extend(open);
    }
    order
}

fn write_channels(motion: &Motion, t: usize, body: usize, j: usize, row: &mut String) {
    let parent = motion.skeleton.parents[j];
    let place = match parent {
        None => motion.position(t, body, j).map(|v| 100.0 * f64::from(v)),
        Some(p) => local(motion, t, body, p, j).to_array(),
    };
    let mut put = |value: f64| {
        row.push_str(&decimal(value));
        row.push(' ');
    };
    if parent.is_none() || motion.orientations.is_none() {
        place.into_iter().for_each(&mut put);
    }
    if motion.orientations.is_some() {
        let own = turn(motion, t, body, j);
        let relative = match parent {
            None => own,
            Some(p) => turn(motion, t, body, p).conjugate() * own,
        };
        to_zxy(relative).into_iter().map(f64::to_degrees).for_each(put);
    }
}

/// Two decimals without trailing zeros, and no minus before zero.
fn decimal(value: f64) -> String {
    let text = format!("{value:.DIGITS$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Writes an NTU RGB+D `.skeleton` file (spec A.1.1), rounded to millimetres. Pixel positions are those of a pinhole with the sensor's focal
/// lengths; every joint counts as tracked.
///
/// # Errors
/// When the skeleton does not have Kinect's 25 joints.
pub fn write_ntu(motion: &Motion) -> Result<String, MotionError> {
    let joints = Layout::Ntu25.names().len();
    if motion.joints() != joints {
        let text = format!("a .skeleton file has {joints} joints, not {}", motion.joints());
        return Err(Cause::Malformed(text).at(&motion.source.file, None));
    }
    let mut out = format!("{}\n", motion.frames());
    for t in 0..motion.frames() {
        let bodies: Vec<usize> = (0..motion.bodies).filter(|&p| motion.is_present(t, p)).collect();
        let _ = writeln!(out, "{}", bodies.len());
        for p in bodies {
            let id = motion.source.body_ids.get(p).copied();
            let id = id.unwrap_or(72_057_594_037_927_936 + p as u64);
            let _ = writeln!(out, "{id} 0 1 1 1 1 0 0 0 2\n{joints}");
            for j in 0..joints {
                let [x, y, z] = motion.position(t, p, j);
                let depth = pixel(x, y, z, 365.0, [256.0, 212.0]);
                let colour = pixel(x, y, z, 1081.0, [960.0, 540.0]);
                let q = motion.orientation(t, p, j);
                let _ = writeln!(
                    out,
                    "{x:.3} {y:.3} {z:.3} {:.0} {:.0} {:.0} {:.0} {:.3} {:.3} {:.3} {:.3} 2",
                    depth[0], depth[1], colour[0], colour[1], q[0], q[1], q[2], q[3]
                );
            }
        }
    }
    Ok(out)
}

fn pixel(x: f32, y: f32, z: f32, focal: f32, centre: [f32; 2]) -> [f32; 2] {
    let z = z.max(0.1);
    [centre[0] + focal * x / z, centre[1] - focal * y / z]
}
