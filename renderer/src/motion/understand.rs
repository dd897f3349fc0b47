//! What a file's numbers mean: body parts, up axis, unit. From the file's own numbers to metres with +y up.

use std::sync::Arc;

use super::{
    Format, Known, Motion, ReadOptions, Reason, Skeleton, Source, Unit, UpAxis,
    error::Cause,
    left_out::leave_out_helpers,
    limits::MAX_COORDINATE,
    measure::{self, Poses},
    quaternion::{from_scalar_first, scalar_first},
    raw::{Raw, given_person, person_of},
    topology,
    up::{self, Take},
};

/// In metres: who is farther from the origin has a body of no size, or numbers that are no places.
const FARTHEST: f32 = 1e6;

/// Labels, checks and converts the file's numbers.
pub(super) fn understand(mut raw: Raw, name: &str, options: &ReadOptions) -> Result<Motion, Cause> {
    leave_out_helpers(&mut raw);
    let joints = raw.names.len();
    if joints < 2 {
        return Err(Cause::Degenerate(
            "the skeleton has fewer than two joints, so there is nothing to draw".to_owned(),
        ));
    }
    if raw.positions.is_empty() {
        return Err(Cause::Degenerate("there are no frames".to_owned()));
    }
    let present = presence(&raw)?;
    let mut source = Source {
        file: name.to_owned(),
        format: raw.format,
        layout_from: raw.layout_from.take(),
        bodies_from: raw.bodies_from.take(),
        left_out: std::mem::take(&mut raw.left_out),
        body_ids: std::mem::take(&mut raw.body_ids),
        warnings: std::mem::take(&mut raw.warnings),
        ..Source::default()
    };
    let mut labels = topology::by_names(&raw.names, &raw.parents);
    // known layouts hang from where their tables say
    let hung = raw.bones.is_none().then(|| topology::hung_at_the_trunk(&labels.parts, &raw.parents));
    if let Some(parents) = hung.flatten() {
        raw.parents = parents;
        labels = topology::by_names(&raw.names, &raw.parents);
    }
    let bones = raw.bones.take().unwrap_or_else(|| topology::tree_bones(&raw.parents));
    let (parts, mirror) = (std::mem::take(&mut labels.parts), std::mem::take(&mut labels.mirror));
    let mut skeleton = Skeleton { names: raw.names, parents: raw.parents, bones, parts, mirror };

    if topology::walks_on_four(&skeleton) {
        source.warnings.push("it has four legs: what is said of people may not hold".to_owned());
    }

    // the body first, then where it has up, then left and right, which needs up
    let poses = Poses { positions: &raw.positions, present: &present, joints };
    let limbs = (!labels.complete).then(|| topology::limbs(&poses, &mut skeleton, &labels));
    let explained = if limbs.is_none() { topology::explain(&poses, &mut skeleton, &labels) } else { 0 };
    let theirs = topology::is_of_mikumikudance(&skeleton.names).then_some(Unit::MMD);
    let unit_of = |size: f64| match (options.unit.clone(), &raw.unit) {
        (Some(unit), _) => (unit, Reason::given()),
        (None, Some((declared, why))) => (declared.clone(), why.clone()),
        (None, None) => measure::infer_unit(size, theirs.clone()),
    };
    let take = || {
        let size = measure::standing_height(&poses, &skeleton);
        let metres = unit_of(size).0.metres;
        Take { poses: &poses, bodies: raw.bodies, fps: raw.fps, skeleton: &skeleton, size, metres }
    };
    (source.up, source.up_from) = match (options.up, raw.up) {
        (Some(up), _) => (up, Reason::given()),
        (None, Some((declared, why))) => {
            // in a picture gravity points down, whoever lies there
            let doubted = (raw.format != Format::Keypoints)
                .then(|| up::contradicting(&take(), raw.rest.as_deref(), raw.format, declared))
                .flatten();
            if let Some((axis, Reason { why: found, .. })) = doubted {
                source.warnings.push(format!(
                    "up is {declared} ({why}), but {axis} fits the body better ({found}): --up {axis} overrides"
                ));
            }
            (declared, Reason::stated(why))
        }
        (None, None) => up::infer(&take(), raw.rest.as_deref(), raw.format, raw.usual_up),
    };
    for point in raw.positions.chunks_exact_mut(3) {
        let turned = source.up.to_y_up([point[0], point[1], point[2]]);
        point.copy_from_slice(&turned);
    }

    let poses = Poses { positions: &raw.positions, present: &present, joints };
    source.parts_from = match limbs {
        None if explained > 0 => Reason::inferred(format!("{}, and {explained} more by the shape", labels.how)),
        None => Reason::stated(labels.how),
        Some(limbs) => topology::sides(&poses, &mut skeleton, limbs, &mut source.warnings),
    };
    let guessed = source.layout_from.as_ref().is_some_and(|why| why.known == Known::Inferred);
    if guessed && topology::bends_backward(&poses, &skeleton) {
        source.warnings.push(
            "knees and feet bend backward: are left and right exchanged in the array? A skeleton.json beside it names the joints"
                .to_owned(),
        );
    }
    let size = measure::standing_height(&poses, &skeleton);
    (source.unit, source.unit_from) = unit_of(size);
    let metres = source.unit.metres;
    if !(0.3..=4.0).contains(&(size * metres)) {
        source.warnings.push(format!(
            "the body is {:.3} m tall in the unit {}: is the unit right?",
            size * metres,
            source.unit.name
        ));
    }
    for v in &mut raw.positions {
        *v = (f64::from(*v) * metres) as f32;
        // a unit in which a speck is a person puts everything else beyond the stars
        if v.is_nan() || v.abs() > FARTHEST {
            return Err(Cause::Degenerate(format!(
                "a joint is {v:e} m from the origin if the body, {size:e} units tall, is measured in {}: that is no person",
                source.unit.name
            )));
        }
    }
    if let Some(orientations) = &mut raw.orientations {
        turn(orientations, source.up);
    }
    let motion = Motion {
        skeleton: Arc::new(skeleton),
        fps: raw.fps as f32,
        bodies: raw.bodies,
        performer: raw.performer,
        positions: raw.positions,
        present,
        orientations: raw.orientations,
        source,
    };
    match options.person.filter(|_| !raw.alone) {
        Some(person) => alone(&motion, person),
        None => Ok(motion),
    }
}

/// Only one of the people in a motion, counted from one.
fn alone(motion: &Motion, person: usize) -> Result<Motion, Cause> {
    let slot = person_of(person, motion.bodies)?;
    let mut only = motion.only(slot);
    if !only.present.contains(&true) {
        return Err(Cause::Degenerate(format!("person {person} is in no frame")));
    }
    only.source.bodies_from = Some(given_person(person, motion.bodies));
    if let Some(&id) = motion.source.body_ids.get(slot).filter(|_| motion.source.body_ids.len() == motion.bodies) {
        only.source.body_ids = vec![id];
    }
    Ok(only)
}

/// `[T, P]`: a body slot is empty where all coordinates are zero (spec A.1.4). Errors when no frame shows a body of any
/// size, or a coordinate is not finite.
fn presence(raw: &Raw) -> Result<Vec<bool>, Cause> {
    let joints = raw.names.len();
    let mut present = Vec::with_capacity(raw.positions.len() / (3 * joints));
    let mut sized = false;
    for (n, body) in raw.positions.chunks_exact(3 * joints).enumerate() {
        if let Some(i) = body.iter().position(|v| !v.is_finite() || f64::from(v.abs()) > MAX_COORDINATE) {
            return Err(Cause::NotFinite(format!(
                "the position of joint {} in frame {}",
                raw.names[i / 3],
                n / raw.bodies + 1
            )));
        }
        present.push(body.iter().map(|v| v.abs()).sum::<f32>() > 1e-6);
        sized |= body.chunks_exact(3).any(|p| p != &body[..3]);
    }
    if !present.contains(&true) {
        return Err(Cause::Degenerate("nobody is in any frame: all coordinates are zero".to_owned()));
    }
    if !sized {
        return Err(Cause::Degenerate("all joints are at one point in every frame".to_owned()));
    }
    Ok(present)
}

fn turn(orientations: &mut [f32], up: UpAxis) {
    if up == UpAxis::PlusY {
        return;
    }
    for q in orientations.chunks_exact_mut(4) {
        let turned = up.rotation() * from_scalar_first([q[0], q[1], q[2], q[3]]);
        q.copy_from_slice(&scalar_first(turned));
    }
}
