//! The layout and the order of axes that make bodies of an array.

use super::{
    super::{
        Format, Layout, Reason, Skeleton,
        error::Cause,
        measure::{Poses, stride},
        raw::{Raw, joints_of},
        topology::{
            self,
            fit::{self, Verdict},
        },
    },
    picture::is_flat,
    shape::{self, Reading},
    time::time_first,
};

/// The layout and the order of axes that make bodies of an array without a description; `rate` are its frames a second,
/// where they are known.
pub(super) fn undescribed(
    shape: &[usize],
    readings: &[Reading],
    values: &[f32],
    rate: Option<f64>,
) -> Result<(Reading, Raw), Cause> {
    let mut best: Option<(Reading, fit::Fit)> = None;
    let mut alike: Vec<Layout> = Vec::new();
    for reading in readings {
        let flat = is_flat(reading, values);
        let (positions, poses) = sampled(reading, values, flat);
        if poses == 0 {
            continue;
        }
        match verdict(&positions, reading.joints, flat) {
            // by a margin: the documented order comes first
            Verdict::Fits(fit) if best.is_none_or(|(_, b)| fit.misfit + 0.1 < b.misfit) => best = Some((*reading, fit)),
            Verdict::Several(fits) => alike.extend(fits.into_iter().map(|fit| fit.layout)),
            _ => {}
        }
    }
    let first = readings[0];
    let candidates: Vec<Layout> = Layout::with_joints(first.joints).collect();
    let (reading, layout) = match best {
        Some((reading, fit)) => {
            (time_first(reading, readings, values, topology::root(&fit.layout.parents()))?, fit.layout)
        }
        // nobody is there at all, which is said later
        None if values.iter().all(|&v| v == 0.0) => (first, candidates[0]),
        None => {
            let batch = shape::frames_last(shape, &shape::is_of_a_layout);
            return Err(batch.unwrap_or_else(|| unfit(&first, &candidates, &alike)));
        }
    };
    let among = Layout::with_joints(reading.joints).count();
    let fps = rate.unwrap_or(layout.fps());
    let usual = rate.map_or_else(|| format!(", {fps} frames a second"), |_| String::new());
    let why = match among {
        1 => format!("{layout}{usual}"),
        _ => format!("{layout}{usual}: of {among} layouts the one that fits the body"),
    };
    let raw = Raw::of_layout(layout, Format::Npy, fps);
    Ok((reading, Raw { usual_up: layout.usual_up(), layout_from: Some(Reason::inferred(why)), ..raw }))
}

/// Which layout it is. Where it is none, joints that are zero in every pose are left out: nobody found them.
fn verdict(positions: &[f32], joints: usize, flat: bool) -> Verdict<fit::Fit> {
    let present = vec![true; positions.len() / (3 * joints)];
    let whole = fit::choose(&Poses { positions, present: &present, joints }, flat);
    if !matches!(whole, Verdict::None) {
        return whole;
    }
    let found = |j: &usize| positions.chunks_exact(3 * joints).any(|pose| pose[3 * j..][..3] != [0.0; 3]);
    let there: Vec<usize> = (0..joints).filter(found).collect();
    if there.len() == joints || 3 * (joints - there.len()) > joints {
        return whole;
    }
    let cut = joints_of(positions, joints, 3, &there);
    fit::choose_by(&there, joints, &Poses { positions: &cut, present: &present, joints: there.len() }, flat)
}

/// Why no layout is taken, and how to say which it is.
fn unfit(reading: &Reading, candidates: &[Layout], alike: &[Layout]) -> Cause {
    let list = |layouts: &[Layout]| {
        let named: Vec<String> = layouts.iter().map(|l| format!("{l} \"{l:?}\"")).collect();
        named.join(", ")
    };
    let what = if !alike.is_empty() {
        format!("several known layouts of {} joints fit alike: {}", reading.joints, list(alike))
    } else if let [only] = candidates {
        format!("{} joints would be {}, but bones between them make no body", reading.joints, list(&[*only]))
    } else {
        let list = list(candidates);
        format!("{} joints may be {list}, but bones between them make a body in none of these", reading.joints)
    };
    Cause::Malformed(format!(
        "{what}. Are these positions, not rotations or velocities? Put a skeleton.json beside the array that names the \
         joints (joints, parents, fps), or one of these layouts: {{\"layout\": \"{:?}\"}}",
        alike.first().or(candidates.first()).copied().unwrap_or(Layout::Smpl22)
    ))
}

/// The order of axes of an array with a description: the documented one, unless another makes more of a body.
pub(super) fn best_reading(readings: &[Reading], values: &[f32], raw: &Raw) -> Result<Reading, Cause> {
    let [first, _, ..] = readings else { return Ok(readings[0]) };
    let skeleton = Skeleton::named(raw.names.clone(), raw.parents.clone());
    let misfit = |reading: &Reading| {
        let flat = is_flat(reading, values);
        let (positions, poses) = sampled(reading, values, flat);
        let present = vec![true; poses];
        let poses = Poses { positions: &positions, present: &present, joints: reading.joints };
        fit::misfit(&poses, &skeleton, flat)
    };
    let best = readings.iter().skip(1).fold((*first, misfit(first)), |(best, least), reading| {
        let own = misfit(reading);
        // by a margin, so that the documented order is taken where nothing speaks against it
        if own + 0.3 < least { (*reading, own) } else { (best, least) }
    });
    time_first(best.0, readings, values, topology::root(&raw.parents))
}

/// At most 64 poses of somebody, spread over the array.
fn sampled(reading: &Reading, values: &[f32], flat: bool) -> (Vec<f32>, usize) {
    let all = reading.frames * reading.bodies;
    let mut positions = Vec::new();
    let mut poses = 0;
    for n in (0..all).step_by(stride(all)) {
        let (t, p) = (n / reading.bodies, n % reading.bodies);
        let body = (0..reading.joints).flat_map(|j| {
            let [x, y, z] = reading.at(values, t, p, j);
            [x, y, if flat { 0.0 } else { z }]
        });
        let body: Vec<f32> = body.collect();
        if body.iter().any(|&v| v != 0.0) {
            positions.extend(body);
            poses += 1;
        }
    }
    (positions, poses)
}
