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
    gaps,
    picture::is_flat,
    shape::{self, Reading},
    time::time_first,
};

/// Poses that a choice is made by, where there are many.
const CANDIDATES: usize = 1024;
/// So many poses of which every joint was seen are enough to choose by.
const WHOLE: usize = 3;

/// An array's numbers.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a> {
    /// As they are stored, NaN among them.
    pub stored: &'a [f32],
    /// With a number everywhere (`gaps::bridged`).
    pub bridged: &'a [f32],
}

/// The layout and the order of axes that make bodies of an array without a description; `rate` are its frames a second,
/// where they are known.
pub(super) fn undescribed(
    shape: &[usize],
    readings: &[Reading],
    numbers: Numbers<'_>,
    rate: Option<f64>,
) -> Result<(Reading, Raw), Cause> {
    let mut best: Option<(Reading, fit::Fit)> = None;
    let mut alike: Vec<Layout> = Vec::new();
    let values = numbers.bridged;
    for reading in readings {
        let flat = is_flat(reading, values);
        let (positions, poses) = sampled(reading, numbers, flat);
        if poses == 0 {
            continue;
        }
        match verdict(&positions, &gaps::unseen(numbers.stored, reading), reading.joints, flat) {
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

/// Which layout it is, without joints that are `unseen`. Where it is none, joints that are zero in every pose are left out as
/// well: nobody found them.
fn verdict(positions: &[f32], unseen: &[bool], joints: usize, flat: bool) -> Verdict<fit::Fit> {
    let present = vec![true; positions.len() / (3 * joints)];
    let whole = match unseen.contains(&true) {
        true => Verdict::None,
        false => fit::choose(&Poses { positions, present: &present, joints }, flat),
    };
    if !matches!(whole, Verdict::None) {
        return whole;
    }
    let seen = |j: usize| !unseen.get(j).is_some_and(|unseen| *unseen);
    let zero = |j: usize| positions.chunks_exact(3 * joints).all(|pose| pose[3 * j..][..3] == [0.0; 3]);
    let found = |j: &usize| seen(*j) && !zero(*j);
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
pub(super) fn best_reading(readings: &[Reading], numbers: Numbers<'_>, raw: &Raw) -> Result<Reading, Cause> {
    let [first, _, ..] = readings else { return Ok(readings[0]) };
    let skeleton = Skeleton::named(raw.names.clone(), raw.parents.clone());
    let values = numbers.bridged;
    let misfit = |reading: &Reading| {
        let flat = is_flat(reading, values);
        let (positions, poses) = sampled(reading, numbers, flat);
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

/// At most 64 poses of somebody, spread over the array: such of which every joint was seen, where there are some.
fn sampled(reading: &Reading, numbers: Numbers<'_>, flat: bool) -> (Vec<f32>, usize) {
    let all = reading.frames * reading.bodies;
    let place = |values: &[f32], n: usize, j: usize| {
        let [x, y, z] = reading.at(values, n / reading.bodies, n % reading.bodies, j);
        [x, y, if flat { 0.0 } else { z }]
    };
    let zero = |place: [f32; 3]| place == [0.0; 3];
    let body = |n: usize| (0..reading.joints).map(move |j| place(numbers.bridged, n, j));
    let somebody: Vec<usize> =
        (0..all).step_by(all.div_ceil(CANDIDATES).max(1)).filter(|&n| !body(n).all(zero)).collect();
    // a joint that others are measured from is zero throughout
    let moves: Vec<bool> =
        (0..reading.joints).map(|j| somebody.iter().any(|&n| !zero(place(numbers.bridged, n, j)))).collect();
    let seen = |place: [f32; 3]| !zero(place) && !place.iter().any(|v| v.is_nan());
    let is_whole = |n: &&usize| (0..reading.joints).all(|j| !moves[j] || seen(place(numbers.stored, **n, j)));
    let whole: Vec<usize> = somebody.iter().filter(is_whole).copied().collect();
    let poses = if whole.len() < WHOLE { somebody } else { whole };
    let poses: Vec<usize> = poses.iter().step_by(stride(poses.len())).copied().collect();
    (poses.iter().flat_map(|&n| body(n)).flatten().collect(), poses.len())
}
