//! glTF 2.0, as text or binary: the joints of its skins, moved by one of its animations.
//!
//! `container` opens the file and its buffers, `document` is its JSON, `accessor` reads numbers out of them, `nodes` is the
//! tree, `skins` and `skeleton` find the joints in it, and `animation` samples their curves. Meshes, materials and pictures
//! are not looked at.

mod accessor;
mod animation;
mod container;
mod document;
mod nodes;
mod skeleton;
mod skins;

use glam::{DMat4, DQuat, DVec3};

use self::{
    animation::Animation,
    container::Buffers,
    document::Document,
    nodes::{Nodes, Placed},
    skeleton::Body,
};
use super::{
    Format, MotionError, Reason, Unit, UpAxis, alike,
    beside::Beside,
    error::Cause,
    limits::check_volume,
    quaternion::{nearer_sign, normalized, scalar_first},
    raw::Raw,
    topology,
};

/// Reads a file; `name` is for messages.
pub(super) fn read(bytes: &[u8], name: &str, wanted: Option<&str>, beside: Beside<'_>) -> Result<Raw, MotionError> {
    let (root, bin) = container::open(bytes).map_err(|(line, cause)| cause.at(name, line))?;
    let buffers = Buffers::new(&root, bin, name, beside);
    let nodes = Nodes::new(&root);
    let (animation, mut warnings) = animation::choose(&root, wanted, &buffers, &nodes)?;
    let at = |cause: Cause| cause.at(name, None);
    let found = skeleton::find(&root, &nodes, &animation).map_err(at)?;
    warnings.extend(found.warnings);
    let mut raw = pose(&root, &nodes, &found.bodies, &animation).map_err(at)?;
    warnings.append(&mut raw.warnings);
    Ok(Raw { left_out: found.left_out, warnings, ..raw })
}

fn pose(root: &Document, nodes: &Nodes, bodies: &[Body], animation: &Animation) -> Result<Raw, Cause> {
    let joints = bodies[0].joints.len();
    let frames = animation.frames();
    // nodes that matter: joints and what carries them
    let order = nodes.needed(bodies.iter().flat_map(|body| body.joints.iter().copied()));
    check_volume(frames, bodies.len(), joints)?;
    check_volume(frames, 1, order.len().min(super::limits::MAX_JOINTS))?;
    super::limits::check_count("frames × nodes", frames.saturating_mul(order.len()), super::limits::MAX_JOINT_FRAMES)?;

    let still = Placed { matrix: DMat4::IDENTITY, turn: DQuat::IDENTITY };
    let mut placed = vec![still; nodes.len()];
    let mut place = |time: Option<f64>| -> Vec<Placed> {
        for &n in &order {
            let local = nodes.local(root, n, time.map(|t| animation.at(n, t)).unwrap_or_default());
            let parent = nodes.parent(n).map_or(still, |p| placed[p]);
            placed[n] = Placed { matrix: parent.matrix * local.matrix, turn: normalized(parent.turn * local.turn) };
        }
        bodies.iter().flat_map(|body| body.joints.iter().map(|&n| placed[n])).collect()
    };
    let rest = place(None);
    let mut positions = Vec::with_capacity(frames * rest.len() * 3);
    let mut orientations = Vec::with_capacity(frames * rest.len() * 4);
    let mut before = vec![DQuat::IDENTITY; rest.len()];
    for t in 0..frames {
        for (j, joint) in place(Some(animation.time(t))).into_iter().enumerate() {
            positions.extend(joint.matrix.w_axis.truncate().as_vec3().to_array());
            // since the pose that the file itself is in, so that bones of any axes compare
            before[j] = nearer_sign(joint.turn * rest[j].turn.conjugate(), before[j]);
            orientations.extend(scalar_first(before[j]));
        }
    }
    let rest: Vec<DVec3> = rest[..joints].iter().map(|joint| joint.matrix.w_axis.truncate()).collect();
    let people = distinct(&positions, bodies.len(), joints);
    let copies = people.len() < bodies.len();
    if copies {
        positions = bodies_of(&positions, bodies.len(), 3 * joints, &people);
        orientations = bodies_of(&orientations, bodies.len(), 4 * joints, &people);
    }
    let bodies_from =
        copies.then(|| Reason::inferred(format!("{} of whom the file has copies", people_are(people.len()))));
    let set = || "set by the format".to_owned();
    let legs = topology::by_names(&bodies[0].names, &bodies[0].parents).parts.iter().any(|part| part.is_leg());
    let unit = is_a_person(&rest, legs).then(|| (Unit::METRE, Reason::stated(set())));
    let mut warnings = Vec::new();
    if unit.is_none() {
        warnings.push("glTF counts in metres, but the body would then be no person: its unit is inferred".to_owned());
    }
    Ok(Raw {
        format: Format::Gltf,
        names: bodies[0].names.clone(),
        parents: bodies[0].parents.clone(),
        fps: animation.fps,
        bodies: people.len(),
        bodies_from,
        positions,
        orientations: Some(orientations),
        rest: Some(rest.iter().flat_map(|p| p.as_vec3().to_array()).collect()),
        unit,
        up: Some((UpAxis::PlusY, set())),
        warnings,
        ..Raw::default()
    })
}

/// Whether joints that are as far apart as these, in metres, can be those of a person, child or giant, or, where nothing has
/// `legs`, of a part of one, such as a hand.
fn is_a_person(rest: &[DVec3], legs: bool) -> bool {
    let (low, high) = rest.iter().fold((DVec3::MAX, DVec3::MIN), |(lo, hi), &p| (lo.min(p), hi.max(p)));
    let least = if legs { 0.3 } else { 0.08 };
    (least..=4.0).contains(&(high - low).max_element())
}

/// Which bodies of `[T, bodies, joints, 3]` are not at the place of one before them all along: a rig may hold copies of its
/// skeleton.
fn distinct(positions: &[f32], bodies: usize, joints: usize) -> Vec<usize> {
    let width = 3 * joints;
    let frames = positions.len() / (bodies * width);
    let body = |t: usize, p: usize| &positions[(t * bodies + p) * width..][..width];
    let same = |p: usize, q: usize| alike::coincide(frames, body(0, 0), |t| body(t, p).iter().zip(body(t, q)));
    let mut kept: Vec<usize> = Vec::new();
    for p in 0..bodies {
        if !kept.iter().any(|&q| same(p, q)) {
            kept.push(p);
        }
    }
    kept
}

/// Only these bodies of `[T, bodies, width]`.
fn bodies_of(values: &[f32], bodies: usize, width: usize, kept: &[usize]) -> Vec<f32> {
    let frames = values.chunks_exact(bodies * width);
    frames.flat_map(|frame| kept.iter().flat_map(move |&p| &frame[p * width..][..width])).copied().collect()
}

fn people_are(people: usize) -> String {
    if people == 1 { "one person,".to_owned() } else { format!("{people} people,") }
}
