//! From JSON to people in frames, whatever the program that wrote it calls them.

use std::cmp::Ordering;

use super::{
    super::{
        error::{Cause, excerpt, several},
        json::Json,
        limits::{MAX_FRAMES, check_count},
    },
    layouts::counts,
    points::{Points, points_of},
};

/// Most people in a frame that are looked at.
const MAX_PEOPLE: usize = 32;
/// More entries under the name of a person's points are pictures, not people.
const FEW: usize = 6;
/// Fewest pictures of one person.
const FEWEST_POSES: usize = 2;
/// As many of somebody's poses say whether they are one person's.
const MANY: usize = 64;
/// Levels of nesting around people.
const DEPTH: usize = 6;

/// Somebody in one frame.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Where the file follows people.
    pub id: Option<i64>,
    pub points: Points,
}

/// A picture.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    /// As the file counts.
    pub number: Option<f64>,
    /// Seconds or milliseconds.
    pub time: Option<f64>,
    pub people: Vec<Person>,
}

/// Lists of frames.
const FRAMES: &[&str] = &["frames", "instance_info", "annotations", "sequence", "results", "data", "poses"];
/// People of a frame.
const PEOPLE: &[&str] = &[
    "people",
    "persons",
    "instances",
    "bodies",
    "predictions",
    "detections",
    "annotations",
    "poses",
    "person",
    "skeleton",
    "skeletons",
];
/// Points of a person, and whether the name says that they are in space; the better ones first. A name that says 2D has
/// confidences as third numbers.
const POINTS: &[(&str, bool)] = &[
    ("pose_world_landmarks", true),
    ("poseWorldLandmarks", true),
    ("world_landmarks", true),
    ("worldLandmarks", true),
    ("pose_keypoints_3d", true),
    ("keypoints_3d", true),
    ("keypoints3d", true),
    ("joints19", true),
    ("joints15", true),
    ("joint_positions", true),
    ("joints3d", true),
    ("joints_3d", true),
    ("kp3d", true),
    ("pose3d", true),
    ("pose_3d", true),
    ("poses_3d", true),
    ("positions", true),
    ("points3d", true),
    ("points_3d", true),
    ("xyz", true),
    ("pose_landmarks", false),
    ("poseLandmarks", false),
    ("landmarks", false),
    ("landmark", false),
    ("pose_keypoints_2d", false),
    ("pose_keypoints", false),
    ("keypoints", false),
    ("keypoints_2d", false),
    ("keypoints2d", false),
    ("joints_2d", false),
    ("joints2d", false),
    ("joints", false),
    ("points", false),
    ("pose", false),
];
/// The number of a frame.
const NUMBER: &[&str] =
    &["image_id", "frame_id", "frame_index", "frame_idx", "frame_number", "frame_no", "frame", "frameIndex", "index"];
/// When a frame was taken.
const TIME: &[&str] = &["timestamp", "timestamp_ms", "time", "time_ms", "timestampMs", "t"];
/// Who somebody is.
const IDENTITY: &[&str] = &["track_id", "person_id", "body_id", "instance_id", "idx", "id"];

/// Lists of people of whom each has frames.
const TRACKS: &[&str] = &["people", "persons", "bodies", "instances", "person", "tracks", "subjects", "performers"];
/// What stands for somebody's frames: a list of them.
const OWN_FRAMES: &[&str] = &["frames", "sequence"];
/// Numbers of somebody's frames, a list beside the list of poses.
const OWN_NUMBERS: &[&str] = &["frame_ids", "frame_numbers", "frame_indices", "frame_id", "image_ids"];

/// What is known while people are looked for.
struct Search {
    /// The number of points that the file itself describes.
    own: Option<usize>,
    /// What stands first where points are expected.
    odd: Option<String>,
}

/// All frames of a file; `own` is the number of points that it describes, where it does.
pub(super) fn frames(json: &Json, own: Option<usize>) -> Result<Vec<Frame>, Cause> {
    let mut search = Search { own, odd: None };
    let frames = match json {
        // a data set's annotations: the number of a record is no person's
        Json::Object(_) if json.get("images").is_some() => {
            json.get("annotations").map(|list| listed(list, &mut search, false))
        }
        Json::Object(fields) => {
            let list = FRAMES.iter().filter_map(|key| json.get(key)).find(|v| is_list_of_frames(v));
            let list = list.map(|list| listed(list, &mut search, true));
            list.or_else(|| TRACKS.iter().find_map(|key| tracks(json.get(key)?, FEWEST_POSES, &mut search)))
                .or_else(|| sequence(json, &mut search))
                .or_else(|| keyed(fields, &mut search))
        }
        Json::List(_) => tracks(json, FEW + 1, &mut search).or_else(|| Some(listed(json, &mut search, true))),
        _ => None,
    };
    let mut frames = frames.unwrap_or_default();
    ids_of_frames(&mut frames);
    check_count("the number of frames", frames.len(), MAX_FRAMES)?;
    if frames.iter().any(|frame| !frame.people.is_empty()) {
        return Ok(frames);
    }
    if let Some(points) = search.odd {
        let known = counts().map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
        return Err(Cause::UnknownFormat(format!(
            "its JSON has {points} as somebody's points, which no known estimator of bodies writes (known are {known} points)"
        )));
    }
    if !frames.is_empty() && is_vacant(json) {
        return Err(Cause::Degenerate("nobody is in any frame".to_owned()));
    }
    let has = match first_object(json) {
        Some(fields) if !fields.is_empty() => {
            format!(" (it has {})", several(fields.iter().map(|(key, _)| excerpt(key.as_bytes())), 4))
        }
        _ => String::new(),
    };
    Err(Cause::UnknownFormat(format!(
        "its JSON has nobody's joints{has}; expected an object with `skeletons` (HumanML3D) or `people` (OpenPose), a list \
         of `keypoints` (COCO), or landmarks (MediaPipe)"
    )))
}

/// A number that is never the same, of one person a frame, is no person's but the frame's.
fn ids_of_frames(frames: &mut [Frame]) {
    let lone = |frame: &Frame| match &frame.people[..] {
        [] => Some(None),
        [person] => person.id.map(Some),
        _ => None,
    };
    let Some(ids) = frames.iter().map(lone).collect::<Option<Vec<_>>>() else { return };
    let mut distinct: Vec<i64> = ids.iter().copied().flatten().collect();
    distinct.sort_unstable();
    if distinct.len() < 2 || distinct.windows(2).any(|pair| pair[0] == pair[1]) {
        return;
    }
    for (frame, id) in frames.iter_mut().zip(ids) {
        frame.number = frame.number.or(id.map(|id| id as f64));
        frame.people.iter_mut().for_each(|person| person.id = None);
    }
}

/// Whether a value has places for people, and all of them are empty: a picture with nobody in it.
fn is_vacant(value: &Json) -> bool {
    match value {
        Json::Nothing => true,
        Json::List(items) => items.iter().all(is_vacant),
        Json::Object(fields) => {
            let names = || FRAMES.iter().chain(PEOPLE).chain(POINTS.iter().map(|(name, _)| name));
            let is_place = |key: &str| names().any(|name| key.eq_ignore_ascii_case(name));
            let places: Vec<&Json> = fields.iter().filter(|(key, _)| is_place(key)).map(|(_, value)| value).collect();
            if !places.is_empty() {
                return places.into_iter().all(is_vacant);
            }
            let mut inner =
                fields.iter().map(|(_, value)| value).filter(|v| matches!(v, Json::List(_) | Json::Object(_)));
            let first = inner.next();
            first.is_some_and(is_vacant) && inner.all(is_vacant)
        }
        Json::Number(_) | Json::Text(_) | Json::Numbers(_) => false,
    }
}

/// The fields of a value, or of what stands first in its lists.
fn first_object(value: &Json) -> Option<&[(std::rc::Rc<str>, Json)]> {
    match value {
        Json::Object(fields) => Some(fields),
        Json::List(items) => items.iter().find_map(first_object),
        _ => None,
    }
}

/// Whether a value lists frames rather than something else of that name.
fn is_list_of_frames(value: &Json) -> bool {
    match value {
        Json::List(list) => list.first().is_none_or(|first| !matches!(first, Json::Text(_) | Json::Number(_))),
        Json::Object(_) => true,
        _ => false,
    }
}

/// Frames of a list or of an object with a key for each.
fn listed(list: &Json, search: &mut Search, own_ids: bool) -> Vec<Frame> {
    let items = match list {
        Json::List(items) => items,
        Json::Object(fields) => return keyed(fields, search).unwrap_or_default(),
        _ => return Vec::new(),
    };
    if let Ok(Some(points)) = points_of(list, false, search.own) {
        // the points of one person in one picture
        return vec![Frame { people: vec![Person { id: None, points }], ..Frame::default() }];
    }
    let group = |item: &Json| PEOPLE.iter().any(|key| item.get(key).is_some());
    let mut frames: Vec<Frame> = items
        .iter()
        .map(|item| {
            let mut people = Vec::new();
            gather(item, DEPTH, search, &mut people);
            if !own_ids {
                let track = item.get("track_id").and_then(Json::number).map(|id| id as i64);
                people.iter_mut().for_each(|person| person.id = track);
            }
            Frame { number: number_of(item), time: item.first(TIME).and_then(Json::number), people }
        })
        .collect();
    // a line for each person: those of one picture belong together
    let flat = items.iter().any(|item| matches!(item, Json::Object(_))) && !items.iter().any(group);
    if flat && frames.iter().all(|frame| frame.number.is_some()) {
        frames = merged(frames);
    }
    frames.iter_mut().for_each(|frame| frame.people.truncate(MAX_PEOPLE));
    frames
}

/// Frames in the order of their numbers, those of one number as one.
fn merged(mut frames: Vec<Frame>) -> Vec<Frame> {
    frames.sort_by(|a, b| a.number.partial_cmp(&b.number).unwrap_or(Ordering::Equal));
    let mut merged: Vec<Frame> = Vec::new();
    for frame in frames {
        match merged.last_mut().filter(|last| last.number == frame.number) {
            Some(last) => last.people.extend(frame.people),
            None => merged.push(frame),
        }
    }
    merged
}

/// People of whom each has frames, at least so many: a list of people, or an object with a key for each. `None` where it is
/// something else.
fn tracks(people: &Json, fewest: usize, search: &mut Search) -> Option<Vec<Frame>> {
    let people: Vec<&Json> = match people {
        Json::List(items) if items.iter().all(|item| matches!(item, Json::Object(_) | Json::Nothing)) => {
            items.iter().collect()
        }
        Json::Object(fields) => fields.iter().map(|(_, value)| value).collect(),
        _ => return None,
    };
    tracks_of(&people, fewest, search)
}

/// See [`tracks`].
fn tracks_of(people: &[&Json], fewest: usize, search: &mut Search) -> Option<Vec<Frame>> {
    let ids: Vec<Option<i64>> = people.iter().map(|person| identity(person)).collect();
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    let told = distinct.windows(2).all(|pair| pair[0] < pair[1]) && distinct.first().is_some_and(Option::is_some);
    let mut frames: Vec<Frame> = Vec::new();
    for (k, &person) in people.iter().enumerate().filter(|(_, person)| !is_vacant(person)) {
        let mut own = track(person, fewest, search)?;
        let id = ids[k].filter(|_| told).unwrap_or(k as i64);
        own.iter_mut().flat_map(|frame| &mut frame.people).for_each(|person| person.id = Some(id));
        frames.extend(own);
    }
    frames.truncate(MAX_FRAMES.saturating_mul(MAX_PEOPLE));
    (!frames.is_empty()).then(|| merged(frames))
}

/// The frames of one person, with a number each. `None` where a value is no person over time.
fn track(person: &Json, fewest: usize, search: &mut Search) -> Option<Vec<Frame>> {
    let mut frames = match person {
        Json::List(items) => {
            let numbered =
                items.first().is_some_and(|item| number_of(item).is_some() && item.get("image_id").is_none());
            if !numbered && !is_one_over_time(items, fewest, search) {
                return None;
            }
            listed(person, search, true)
        }
        Json::Object(_) => {
            let own = |key: &&&str| matches!(person.get(key), Some(Json::List(_) | Json::Object(_)));
            if let Some(list) = OWN_FRAMES.iter().find(own).and_then(|key| person.get(key)) {
                listed(list, search, true)
            } else {
                let poses = |&(key, _): &&(&str, bool)| match person.get(key) {
                    Some(Json::List(items)) => is_one_over_time(items, fewest, search),
                    _ => false,
                };
                let (key, spatial) = POINTS.iter().find(poses)?;
                let mut frames = listed(person.get(key)?, search, true);
                for points in frames.iter_mut().flat_map(|frame| &mut frame.people).map(|person| &mut person.points) {
                    points.spatial |= spatial;
                    points.is_named(key);
                }
                if let Some(Json::Numbers(numbers)) = person.first(OWN_NUMBERS)
                    && numbers.len() == frames.len()
                {
                    frames.iter_mut().zip(numbers).for_each(|(frame, &number)| frame.number = Some(number.into()));
                }
                frames
            }
        }
        _ => return None,
    };
    if frames.iter().any(|frame| frame.number.is_none()) {
        frames.iter_mut().enumerate().for_each(|(t, frame)| frame.number = Some(t as f64));
    }
    Some(frames)
}

/// Frames of an object that has a key for each, or for each person a list of frames.
fn keyed(fields: &[(std::rc::Rc<str>, Json)], search: &mut Search) -> Option<Vec<Frame>> {
    let numbers: Vec<Option<f64>> = fields.iter().map(|(key, _)| last_number(key)).collect();
    // what else an object holds is no person: rates, names
    let holds = |value: &Json| matches!(value, Json::List(_) | Json::Object(_));
    let held: Vec<(&Json, bool)> = fields
        .iter()
        .zip(&numbers)
        .map(|((_, value), n)| (value, n.is_some()))
        .filter(|(value, _)| holds(value))
        .collect();
    let any = held.iter().any(|&(_, numbered)| numbered);
    let people: Vec<&Json> =
        held.into_iter().filter(|&(_, numbered)| numbered || !any).map(|(value, _)| value).collect();
    if let Some(frames) = tracks_of(&people, FEW + 1, search) {
        return Some(frames);
    }
    let mut frames: Vec<Frame> = Vec::new();
    for ((_, value), number) in fields.iter().zip(numbers) {
        let Some(number) = number else { continue };
        let mut people = Vec::new();
        gather(value, DEPTH, search, &mut people);
        people.truncate(MAX_PEOPLE);
        frames.push(Frame { number: Some(number), time: value.first(TIME).and_then(Json::number), people });
    }
    frames.sort_by(|a, b| a.number.partial_cmp(&b.number).unwrap_or(Ordering::Equal));
    (!frames.is_empty()).then_some(frames)
}

/// The people of an object that is one picture, or whose points are a list with an entry a frame.
fn sequence(json: &Json, search: &mut Search) -> Option<Vec<Frame>> {
    let points = POINTS.iter().map(|&(key, spatial)| (key, spatial, FEW));
    // people who are one over time are one
    for (key, spatial, few) in points.chain(PEOPLE.iter().map(|&key| (key, false, usize::MAX))) {
        // `[T][J]` under the name of a person's points
        if let Some(list @ Json::List(items)) = json.get(key)
            && (items.len() > few || is_one_over_time(items, FEWEST_POSES, search))
            && !matches!(points_of(list, false, search.own), Ok(Some(_)))
        {
            let mut frames = listed(list, search, true);
            for person in frames.iter_mut().flat_map(|frame| &mut frame.people) {
                person.points.spatial |= spatial;
                person.points.is_named(key);
            }
            if frames.iter().any(|frame| !frame.people.is_empty()) {
                return Some(frames);
            }
        }
    }
    let mut people = Vec::new();
    gather(json, DEPTH, search, &mut people);
    let known = PEOPLE.iter().any(|key| matches!(json.get(key), Some(Json::List(_))));
    people.truncate(MAX_PEOPLE);
    let time = json.first(TIME).and_then(Json::number);
    (known || !people.is_empty()).then(|| vec![Frame { number: number_of(json), time, people }])
}

/// Whether entries are poses, at least so many, of which most are near the one before: somebody over time rather than several
/// people.
fn is_one_over_time(items: &[Json], fewest: usize, search: &Search) -> bool {
    let mut poses: Vec<Points> = Vec::new();
    // long ones by their beginning
    for item in items.iter().take(MANY) {
        match points_of(item, false, search.own) {
            Ok(Some(points)) => poses.push(points),
            _ if is_vacant(item) => {}
            _ => return false,
        }
    }
    let near = poses.windows(2).filter(|pair| pair[0].is_near(&pair[1])).count();
    let pairs = poses.len().saturating_sub(1);
    // who jumps once is somebody too, where there are many
    poses.len() >= fewest && if poses.len() > FEW { 5 * near >= 4 * pairs } else { near == pairs }
}

/// Everybody in a value: a person, people, or an object that has either.
fn gather(value: &Json, depth: usize, search: &mut Search, out: &mut Vec<Person>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if out.len() > MAX_PEOPLE {
        return;
    }
    match points_of(value, false, search.own) {
        Ok(Some(points)) => return out.push(Person { id: None, points }),
        Ok(None) => {}
        // what is around others says more than these
        Err(what) => _ = search.odd.get_or_insert(what),
    }
    match value {
        Json::List(items) => items.iter().for_each(|item| gather(item, depth, search, out)),
        Json::Object(_) => {
            let before = out.len();
            for (key, spatial) in POINTS {
                let Some(inner) = value.get(key) else { continue };
                match points_of(inner, *spatial, search.own) {
                    Ok(Some(mut points)) => {
                        points.add_scores(value);
                        out.push(Person { id: identity(value), points });
                    }
                    Ok(None) => {
                        // a list of people, or an object around the points
                        gather(inner, depth, search, out);
                        out[before..].iter_mut().for_each(|person| person.points.spatial |= *spatial);
                    }
                    Err(what) => _ = search.odd.get_or_insert(what),
                }
                out[before..].iter_mut().for_each(|person| person.points.is_named(key));
                if out.len() > before {
                    return;
                }
            }
            for inner in PEOPLE.iter().filter_map(|key| value.get(key)) {
                gather(inner, depth, search, out);
                if out.len() > before {
                    return;
                }
            }
        }
        _ => {}
    }
}

fn identity(person: &Json) -> Option<i64> {
    // the number of a record of a data set is nobody's
    let keys = if person.get("image_id").is_some() { &IDENTITY[..IDENTITY.len() - 1] } else { IDENTITY };
    let id = keys.iter().find_map(|key| person.get(key)).and_then(Json::number)?;
    // -1 is nobody in particular
    (id >= 0.0 && id.fract() == 0.0).then_some(id as i64)
}

fn number_of(item: &Json) -> Option<f64> {
    NUMBER.iter().find_map(|key| match item.get(key)? {
        Json::Text(name) => last_number(name),
        value => value.number(),
    })
}

/// The last number in a name, apart from its ending: `clip2_frame_0017.jpg` is 17.
pub(super) fn last_number(name: &str) -> Option<f64> {
    let stem = name.rsplit_once('.').filter(|(_, end)| end.len() < 5 && !end.is_empty()).map_or(name, |(stem, _)| stem);
    let stem = stem.strip_suffix("_keypoints").unwrap_or(stem);
    // joints3d is no third frame
    let stem = ["2d", "3d", "2D", "3D"].iter().find_map(|end| stem.strip_suffix(end)).unwrap_or(stem);
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = stem[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + stem[at..].chars().next().map_or(1, char::len_utf8));
    stem[start..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_numbered_by_their_names() {
        for (name, number) in [
            ("0.jpg", 0.0),
            ("clip2_frame_0017.png", 17.0),
            ("walk_000000000012_keypoints", 12.0),
            ("12", 12.0),
            ("größe7", 7.0),
            ("3d_5.json", 5.0),
            ("walk_5_3d.json", 5.0),
        ] {
            assert_eq!(last_number(name), Some(number), "{name}");
        }
        assert_eq!((last_number("frame.jpg"), last_number("joints3D")), (None, None));
    }
}
