//! BVH, as the world writes it: any order and number of channels, any names, any line ends.
//!
//! `hierarchy` and `rows` read the two halves of the text, `displacement` tells what position channels mean,
//! `kinematics` turns angles into positions, `rig` leaves out what moves a body, `bodies` tells several people from
//! each other, `tidy` removes what is no part of a body, and `together` puts people side by side.

mod bodies;
mod displacement;
mod hierarchy;
mod kinematics;
mod lexer;
mod rig;
mod rows;
mod tidy;
mod together;

use glam::DVec3;

use self::{bodies::Division, kinematics::Posed, tidy::Body, together::Together};
use super::{
    Format, Reason, Skeleton,
    error::Cause,
    limits::{MAX_JOINT_FRAMES, check_count},
    measure::Poses,
    people,
    raw::{Raw, copied, given_person, person_of},
};

/// Most people in one file.
const MAX_PEOPLE: usize = 16;

/// An error and its line.
type Failure = (Option<usize>, Cause);

/// What a number of a motion row does to its joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    /// Replaces the offset along axis 0, 1 or 2.
    Position(usize),
    /// Turns about axis 0, 1 or 2, in degrees, after the joint's channels before it (R = R₁·R₂·R₃).
    Rotation(usize),
}

/// A joint of the hierarchy, or an end site.
#[derive(Clone, Debug)]
struct Node {
    name: String,
    parent: Option<usize>,
    /// From the parent, in the parent's axes.
    offset: DVec3,
    channels: Vec<Channel>,
    end_site: bool,
}

impl Node {
    fn has_positions(&self) -> bool {
        self.channels.iter().any(|channel| matches!(channel, Channel::Position(_)))
    }
}

/// The text, read.
struct File {
    nodes: Vec<Node>,
    /// Seconds.
    frame_time: f64,
    frames: usize,
    /// `[T, channels]`.
    values: Vec<f32>,
    warnings: Vec<String>,
}

impl File {
    fn channels(&self) -> usize {
        self.nodes.iter().map(|n| n.channels.len()).sum()
    }
}

/// `[nodes]` where each is in the rest pose.
fn rest_places(nodes: &[Node]) -> Vec<DVec3> {
    let mut places: Vec<DVec3> = Vec::with_capacity(nodes.len());
    for node in nodes {
        places.push(node.offset + node.parent.map_or(DVec3::ZERO, |p| places[p]));
    }
    places
}

/// Only these nodes, whose parents may be missing.
fn cut(nodes: &[Node], keep: &[usize]) -> Vec<Node> {
    let mut place = vec![None; nodes.len()];
    keep.iter().enumerate().for_each(|(new, &old)| place[old] = Some(new));
    let kept = keep.iter().map(|&n| Node { parent: nodes[n].parent.and_then(|p| place[p]), ..nodes[n].clone() });
    kept.collect()
}

/// Reads a file; the error comes with its line. `watch` hears how much of the text is read, 0..1.
pub(super) fn read(bytes: &[u8], person: Option<usize>, watch: &mut dyn FnMut(f32)) -> Result<Raw, Failure> {
    let mut lexer = lexer::Lexer::new(bytes);
    let nodes = hierarchy::read(&mut lexer)?;
    let mut file = rows::read(&mut lexer, nodes, watch)?;
    let volume = file.frames.saturating_mul(file.nodes.len());
    check_count("frames × joints", volume, MAX_JOINT_FRAMES).map_err(|c| (None, c))?;
    let meanings = displacement::find(&mut file);
    let posed = kinematics::pose(&file, &meanings);
    let (posed, controls) = rig::without_controls(&mut file.nodes, posed);
    let raw = people_in(&file, posed, person)?;
    let warnings = file.warnings.into_iter().chain(raw.warnings).collect();
    let bodies_from = raw.bodies_from.or_else(|| (raw.bodies == 1 && !controls.is_empty()).then(copied));
    let left_out = controls.into_iter().chain(raw.left_out).collect();
    Ok(Raw { format: Format::Bvh, fps: 1.0 / file.frame_time, bodies_from, warnings, left_out, ..raw })
}

/// The body of the file, or its people: all of them, or the one that is asked for.
fn people_in(file: &File, posed: Posed, person: Option<usize>) -> Result<Raw, Failure> {
    let Division { people, mut left_out, several_roots } = bodies::divide(&file.nodes);
    if people.is_empty() {
        let warnings = several_roots.then(|| "several roots, none of which is a body: they are read as one".to_owned());
        return Ok(Raw { warnings: warnings.into_iter().collect(), ..one(tidy::tidy(&file.nodes, posed)?) });
    }
    let nodes = file.nodes.len();
    let mut bodies: Vec<Body> = Vec::new();
    for keep in &people {
        let mut body = tidy::tidy(&cut(&file.nodes, keep), posed.cut(nodes, keep))?;
        body.left_out.retain(|name| !left_out.contains(name));
        // a rig may hold copies of its skeleton
        if !bodies.iter().any(|other| together::coincide(other, &body)) {
            left_out.append(&mut body.left_out);
            bodies.push(body);
        }
    }
    check_count("the number of people", bodies.len(), MAX_PEOPLE).map_err(|c| (None, c))?;
    let count = bodies.len();
    if let Some(person) = person.filter(|_| count > 1) {
        let body = bodies.swap_remove(person_of(person, count).map_err(|c| (None, c))?);
        let bodies_from = Some(given_person(person, count));
        return Ok(Raw { bodies_from, left_out, alone: true, ..one(body) });
    }
    if count == 1 {
        let copies = people.len() > 1;
        let bodies_from = copies.then(copied);
        return Ok(Raw { bodies_from, left_out, ..one(bodies.swap_remove(0)) });
    }
    let Together { names, parents, positions, orientations, rest, missing } =
        together::together(&bodies).map_err(|c| (None, c))?;
    let skeleton = Skeleton::named(names, parents);
    let present = vec![true; positions.len() / (3 * skeleton.joints())];
    let poses = Poses { positions: &positions, present: &present, joints: skeleton.joints() };
    let performer = people::performer_among(&poses, count, &skeleton);
    let warnings =
        if missing > 0 { vec![format!("{missing} joints that not all people have are left out")] } else { Vec::new() };
    Ok(Raw {
        names: skeleton.names,
        parents: skeleton.parents,
        bodies: count,
        positions,
        orientations: Some(orientations),
        rest: Some(rest),
        bodies_from: Some(Reason::inferred(people::told(count, performer))),
        performer: Some(performer),
        left_out,
        warnings,
        ..Raw::default()
    })
}

/// A file with one body.
fn one(body: Body) -> Raw {
    Raw {
        names: body.names,
        parents: body.parents,
        bodies: 1,
        positions: body.positions,
        orientations: Some(body.orientations),
        left_out: body.left_out,
        rest: Some(body.rest),
        ..Raw::default()
    }
}
