//! What the readers of all formats hand over: the file's own numbers, in its own units and axes.

use super::{Format, Known, Layout, Reason, Unit, UpAxis, error::Cause};

/// A file, read but not understood. Readers set what their format has and leave the rest as [`Raw::default`] has it.
#[derive(Default)]
pub(super) struct Raw {
    pub format: Format,
    pub names: Vec<String>,
    /// Every parent comes before or after its child, but there are no cycles.
    pub parents: Vec<Option<usize>>,
    /// Drawing order, where the layout fixes it; else parent to child.
    pub bones: Option<Vec<[usize; 2]>>,
    pub fps: f64,
    pub bodies: usize,
    /// `[J]` which joints nobody saw in the whole file, where the format says so; empty where none.
    pub unseen: Vec<bool>,
    /// `[T, P, J, 3]`.
    pub positions: Vec<f32>,
    /// `[T, P, J, 4]`.
    pub orientations: Option<Vec<f32>>,
    /// `[J, 3]` the pose that bodies have before anything turns, in the file's axes, where the format has one. What it
    /// stands along is evidence of the up axis.
    pub rest: Option<Vec<f32>>,
    /// How the layout is known, where the file does not name its joints.
    pub layout_from: Option<Reason>,
    /// How bodies were told apart, where there was a choice.
    pub bodies_from: Option<Reason>,
    /// Which body performs, where the reader found out.
    pub performer: Option<usize>,
    /// Whether the reader has left but the person that the caller asked for.
    pub alone: bool,
    /// Names of joints that were dropped because they are no part of a body.
    pub left_out: Vec<String>,
    /// What the format or the file declares, and where.
    pub unit: Option<(Unit, Reason)>,
    /// What the format or the file declares, and where.
    pub up: Option<(UpAxis, String)>,
    /// The axis that most files of this kind have up: decides where nothing else does.
    pub usual_up: UpAxis,
    pub body_ids: Vec<u64>,
    pub warnings: Vec<String>,
}

impl Raw {
    /// One body on the joints of a known layout, without frames yet.
    pub(super) fn of_layout(layout: Layout, format: Format, fps: f64) -> Self {
        Self {
            format,
            names: layout.names().iter().map(|&n| n.to_owned()).collect(),
            parents: layout.parents(),
            bones: Some(layout.bones()),
            fps,
            bodies: 1,
            ..Self::default()
        }
    }

    /// With the unit and the axis of formats that fix both: metres, +y up.
    pub(super) fn in_metres(self) -> Self {
        let set = || "set by the format".to_owned();
        Self { unit: Some((Unit::METRE, Reason::stated(set()))), up: Some((UpAxis::PlusY, set())), ..self }
    }
}

/// Only the joints `kept` of `values` `[N, joints, width]`.
pub(super) fn joints_of(values: &[f32], joints: usize, width: usize, kept: &[usize]) -> Vec<f32> {
    let bodies = values.chunks_exact(width * joints);
    bodies.flat_map(|body| kept.iter().flat_map(move |&j| &body[width * j..][..width])).copied().collect()
}

/// The place, counted from zero, of a person counted from one.
///
/// # Errors
/// When there are not so many.
pub(super) fn person_of(person: usize, people: usize) -> Result<usize, Cause> {
    match person {
        0 => Err(Cause::malformed("people are counted from 1: there is no person 0")),
        n if n > people => {
            let there = if people == 1 { "is one".to_owned() } else { format!("are {people}") };
            Err(Cause::Malformed(format!("there is no person {n}: there {there} in the file")))
        }
        n => Ok(n - 1),
    }
}

/// What is known of the bodies when the caller has chosen one.
pub(super) fn given_person(person: usize, people: usize) -> Reason {
    Reason { known: Known::Given, why: format!("person {person} of {people}") }
}

/// What is said of the person in a rig that holds the body several times.
pub(super) fn copied() -> Reason {
    Reason::inferred("one person, of whom the file has copies")
}
