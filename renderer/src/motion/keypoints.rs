//! What pose estimators write of pictures and videos: OpenPose, COCO (AlphaPose, MMPose), MediaPipe and their kin, in the
//! plane or in space, a file a frame or a file a video.
//!
//! `people` and `points` find somebody's points in JSON of many spellings, `layouts` says what they are, `depth` what their
//! third numbers are, `tracks` follows people from frame to frame and fills what was not seen. A confidence says whether
//! a point was seen, and no more.

mod depth;
mod files;
mod layouts;
mod people;
mod picture;
mod points;
mod tracks;
mod video;

pub use self::files::join_frames;
pub(super) use self::files::{is_one_of_many, read_folder};
use self::{
    depth::Kind,
    layouts::{MEDIAPIPE, Order, Sample},
    people::Frame,
    points::Meaning,
    tracks::Sighting,
    video::{Video, numbered, rate},
};
use super::{
    Format, Reason, Skeleton, Unit, UpAxis,
    error::Cause,
    json::Json,
    limits::{FRAME_RATES, MAX_BONES, MAX_COORDINATE, check_count},
    measure::{self, Poses},
    people as traits,
    raw::{Raw, joints_of},
    topology,
};

/// An error and its line.
type Failure = (Option<usize>, Cause);

/// The rate of most videos.
const FPS: f64 = 30.0;
/// Fewest points that make somebody.
const FEWEST: usize = 3;

/// Reads a file; the error comes with its line.
pub(super) fn read(text: &[u8]) -> Result<Raw, Failure> {
    let json = Json::read(text)?;
    let video = Video::of(&json);
    let frames = people::frames(&json, video.points()).map_err(|cause| (None, cause))?;
    understand(frames, &video).map_err(|cause| (None, cause))
}

/// Makes bodies of people in frames.
fn understand(frames: Vec<Frame>, video: &Video) -> Result<Raw, Cause> {
    let mut warnings = Vec::new();
    let everybody = || frames.iter().flat_map(|frame| &frame.people);
    // of several kinds of bodies the most frequent
    let mut counts: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    everybody().for_each(|person| *counts.entry(person.points.values.len()).or_default() += 1);
    let points = counts.iter().max_by_key(|&(_, n)| *n).map_or(0, |(&points, _)| points);
    if counts.len() > 1 {
        warnings.push(format!("people with other than {points} points are left out"));
    }
    let people = || everybody().filter(|person| person.points.values.len() == points);
    let first = people().next().ok_or_else(|| Cause::Degenerate("nobody is in any frame".to_owned()))?;
    let world = first.points.world;
    let names = video.names.clone().filter(|names| names.len() == points).or_else(|| first.points.names.clone());
    let values = || people().map(|person| &person.points);
    let mut meaning = Meaning::of(values());
    if let Some(deep) = meaning.if_deep(values()) {
        match depth::of(values(), &deep, |poses| order(poses, names.clone(), video)) {
            Kind::Depth => meaning = deep,
            Kind::Unclear => warnings.push(
                "the third numbers of points are taken for confidences in a picture, but would make a body as depths as \
                 well: call the points `keypoints_3d` where they are places in space"
                    .to_owned(),
            ),
            Kind::Confidence => {}
        }
    }
    let (places, total) = numbered(&frames);
    let fps = video.fps.filter(|fps| FRAME_RATES.contains(fps)).or_else(|| rate(&frames));
    if fps.is_none() && total > 1 {
        let states = video.fps.map_or("no frame rate".to_owned(), |odd| format!("a frame rate of {odd:?}"));
        warnings.push(format!("it states {states}: taken for {FPS} frames a second"));
    }

    let mut sightings = Vec::new();
    for (frame, place) in frames.iter().zip(places) {
        for person in frame.people.iter().filter(|person| person.points.values.len() == points) {
            let values = person.points.values.iter().enumerate();
            let joints: Vec<[f32; 3]> = values.map(|(j, value)| meaning.place(j, value)).collect();
            if let Some(j) = joints.iter().position(|p| p.iter().any(|v| f64::from(v.abs()) > MAX_COORDINATE)) {
                return Err(Cause::NotFinite(format!("the position of point {} in frame {}", j + 1, place + 1)));
            }
            if joints.iter().filter(|p| !p[0].is_nan()).count() >= FEWEST.min(points) {
                sightings.push(Sighting { frame: place, id: person.id, joints });
            }
        }
    }
    drop(frames);
    sightings.sort_by_key(|sighting| sighting.frame);
    let in_picture = !world && (!meaning.deep || points == MEDIAPIPE);
    let scale = if in_picture { picture::scale(&mut sightings, video.size) } else { None };
    // places in the world that do not say so are counted from the hips
    let in_picture = in_picture && !picture::is_centred(&sightings);
    let (tracks, by_number) = tracks::follow(&sightings);
    if tracks.is_empty() {
        return Err(Cause::Degenerate("nobody is in any frame: no point was seen".to_owned()));
    }
    let (tracks, dropped) = tracks::keep(tracks);
    let (mut positions, filled) = tracks::positions(&tracks, &sightings, total, points)?;
    let seen = tracks::seen(&tracks, &sightings, points);
    if seen.iter().filter(|seen| **seen).count() < 2 {
        return Err(Cause::Degenerate("fewer than two points were ever seen".to_owned()));
    }
    drop(sightings);

    let poses = Sample { positions: &positions, people: tracks.len(), points, seen: &seen, flat: !meaning.deep };
    let order = order(&poses, names, video)?;
    let (kept, bones, parents) = order.without(&seen);
    positions = joints_of(&positions, points, 3, &kept);
    fill_from_parents(&mut positions, &parents);
    if filled > 0 {
        warnings.push(format!("{filled} places of points that were not seen are led from where they were seen before to where they are seen again"));
    }
    let flat = !meaning.deep;
    let mut left_out: Vec<String> =
        (0..order.names.len()).filter(|&j| !seen[j]).map(|j| order.names[j].clone()).collect();
    if order.beyond > 0 {
        left_out.push(format!("{} points of face and hands", order.beyond));
    }
    let told = order.stated && scale.is_none();
    let layout =
        format!("{points} points a person are {}{}", order.title, scale.map_or(String::new(), |s| format!("; {s}")));
    let how = if by_number { "by the file's numbers" } else { "by where they are" };
    let several = tracks.len() > 1 || dropped > 0;
    let names: Vec<String> = kept.iter().map(|&j| order.names[j].clone()).collect();
    let (size, performer) = performs(&positions, tracks.len(), &names, &parents);
    let performs = if tracks.len() > 1 { format!(", person {} performs", performer + 1) } else { String::new() };
    let left = if dropped > 0 { format!(", {dropped} seen for a moment left out") } else { String::new() };
    let people = format!(
        "{} {} followed {how}{left}{performs}",
        tracks.len(),
        if tracks.len() == 1 { "person" } else { "people" }
    );
    let unit = if world {
        Some((Unit::METRE, Reason::stated("set by MediaPipe")))
    } else if in_picture && size > 0.0 {
        // whatever fits a number of pixels is chance, and who is far away is small
        let who = if tracks.len() > 1 { "who performs" } else { "the person" };
        let why = format!("pictures have no metres: {who} is taken to be 1.70 m tall");
        Some((measure::scaled(size), Reason::assumed(why)))
    } else {
        None
    };
    let up_stated =
        if flat { Some("pictures count downwards") } else { (points == MEDIAPIPE).then_some("set by MediaPipe") };
    Ok(Raw {
        format: Format::Keypoints,
        names,
        bones: Some(bones),
        parents,
        fps: fps.unwrap_or(FPS),
        bodies: tracks.len(),
        positions,
        layout_from: Some(if told { Reason::stated(layout) } else { Reason::inferred(layout) }),
        bodies_from: several.then(|| if by_number { Reason::stated(people) } else { Reason::inferred(people) }),
        left_out,
        unit,
        performer: (tracks.len() > 1).then_some(performer),
        up: up_stated.map(|why| (UpAxis::MinusY, why.to_owned())),
        usual_up: order.usual_up,
        warnings,
        ..Raw::default()
    })
}

/// How tall who performs stands in the file's unit, and who that is.
fn performs(positions: &[f32], people: usize, names: &[String], parents: &[Option<usize>]) -> (f64, usize) {
    let skeleton = Skeleton::named(names.to_vec(), parents.to_vec());
    let present = measure::present(positions, names.len());
    let poses = Poses { positions, present: &present, joints: names.len() };
    let performer = if people > 1 { traits::performer_among(&poses, people, &skeleton) } else { 0 };
    (measure::standing_height(&poses.of(performer, people).poses(), &skeleton), performer)
}

/// The order of points: of the file itself, or the known one that fits.
fn order(poses: &Sample<'_>, names: Option<Vec<String>>, video: &Video) -> Result<Order, Cause> {
    let points = poses.points;
    check_count("the number of bones", video.bones.as_ref().map_or(0, Vec::len), MAX_BONES)?;
    let own = |names, bones, root| Order {
        title: "named by the file".to_owned(),
        stated: true,
        names,
        bones,
        root,
        beyond: 0,
        usual_up: UpAxis::MinusY,
    };
    if let Some(parents) = video.parents.as_ref().filter(|parents| parents.len() == points && points > 1) {
        let names = names.unwrap_or_else(|| (1..=points).map(|j| format!("joint_{j}")).collect());
        // programs that write a tree write a model's joints, not what a camera sees
        return Ok(Order {
            usual_up: UpAxis::PlusY,
            ..own(names, topology::tree_bones(parents), topology::root(parents))
        });
    }
    let bones = video.bones.clone();
    let bones = bones.filter(|bones| !bones.is_empty() && bones.iter().flatten().all(|&j| j < points));
    let names = match (names, bones) {
        (Some(names), Some(bones)) => {
            let root = bones[0][0];
            return Ok(own(names, bones, root));
        }
        (names, _) => names,
    };
    // what a file names is not guessed by how many points there are
    if let Some(names) = &names {
        let spanned = || {
            let bodies = poses.poses();
            let present = vec![true; bodies.len() / (3 * points)];
            let parents =
                topology::spanned_by_names(names, &Poses { positions: &bodies, present: &present, joints: points })?;
            let usual_up = if poses.flat { UpAxis::MinusY } else { UpAxis::PlusY };
            Some(Order { usual_up, ..own(names.clone(), topology::tree_bones(&parents), topology::root(&parents)) })
        };
        // an order that knows but half of the names leaves the others hanging anywhere
        let known = |fewest: usize| layouts::by_names(names, fewest);
        let partly = || known(points / 2).filter(|order| poses.is_body(order));
        if let Some(order) = known(points).or_else(spanned).or_else(partly) {
            return Ok(order);
        }
    }
    let order = layouts::choose(poses, names.is_some())?;
    // bones are told by the number of points, but sides by names
    let names = names.filter(|names| topology::names_tell_limbs(names)).map(|mut names| {
        names.truncate(order.names.len());
        names
    });
    Ok(Order { names: names.unwrap_or_else(|| order.names.clone()), ..order })
}

/// Joints that somebody never shows are where the joint is that they hang from.
fn fill_from_parents(positions: &mut [f32], parents: &[Option<usize>]) {
    let order = topology::parents_first(parents);
    for body in positions.chunks_exact_mut(3 * parents.len()).filter(|body| body.iter().any(|v| v.is_nan())) {
        let shown: Vec<[f32; 3]> = body.as_chunks().0.iter().copied().filter(|p| !p[0].is_nan()).collect();
        let mean = [0, 1, 2].map(|i| shown.iter().map(|p| p[i]).sum::<f32>() / shown.len().max(1) as f32);
        for &j in order.iter().filter(|&&j| body[3 * j].is_nan()).collect::<Vec<_>>() {
            let place = parents[j].map_or(mean, |p| [body[3 * p], body[3 * p + 1], body[3 * p + 2]]);
            body[3 * j..3 * j + 3].copy_from_slice(&place);
        }
    }
}
