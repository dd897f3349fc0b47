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
const PEOPLE: &[&str] =
    &["people", "persons", "instances", "bodies", "predictions", "detections", "annotations", "poses", "person"];
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

/// All frames of a file.
pub(super) fn frames(json: &Json) -> Result<Vec<Frame>, Cause> {
    let mut odd = None;
    let frames = match json {
        // a data set's annotations: the number of a record is no person's
        Json::Object(_) if json.get("images").is_some() => {
            json.get("annotations").map(|list| listed(list, &mut odd, false))
        }
        Json::Object(fields) => {
            let list = FRAMES.iter().filter_map(|key| json.get(key)).find(|v| is_list_of_frames(v));
            let list = list.map(|list| listed(list, &mut odd, true));
            list.or_else(|| sequence(json, &mut odd)).or_else(|| keyed(fields, &mut odd))
        }
        Json::List(_) => Some(listed(json, &mut odd, true)),
        _ => None,
    };
    let frames = frames.unwrap_or_default();
    check_count("the number of frames", frames.len(), MAX_FRAMES)?;
    if frames.iter().any(|frame| !frame.people.is_empty()) {
        return Ok(frames);
    }
    if let Some(points) = odd {
        let known = counts().map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
        return Err(Cause::UnknownFormat(format!(
            "its JSON has {points} as somebody's points, which no known estimator writes (known are {known} points)"
        )));
    }
    // a frame with nobody in it still has a place for people
    let has_place = |item: &Json| {
        let named = |key: &str| item.get(key).is_some();
        matches!(item, Json::List(_)) || PEOPLE.iter().any(|key| named(key)) || POINTS.iter().any(|(key, _)| named(key))
    };
    let strange = matches!(json, Json::List(items) if !items.iter().any(has_place));
    if !frames.is_empty() && !strange {
        return Err(Cause::Degenerate("nobody is in any frame".to_owned()));
    }
    let has = match json {
        Json::Object(fields) if !fields.is_empty() => {
            format!(" (it has {})", several(fields.iter().map(|(key, _)| excerpt(key.as_bytes())), 4))
        }
        _ => String::new(),
    };
    Err(Cause::UnknownFormat(format!(
        "its JSON has nobody's joints{has}; expected an object with `skeletons` (HumanML3D) or `people` (OpenPose), a list \
         of `keypoints` (COCO), or landmarks (MediaPipe)"
    )))
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
fn listed(list: &Json, odd: &mut Option<String>, own_ids: bool) -> Vec<Frame> {
    let items = match list {
        Json::List(items) => items,
        Json::Object(fields) => return keyed(fields, odd).unwrap_or_default(),
        _ => return Vec::new(),
    };
    if let Ok(Some(points)) = points_of(list, false) {
        // the points of one person in one picture
        return vec![Frame { people: vec![Person { id: None, points }], ..Frame::default() }];
    }
    let group = |item: &Json| PEOPLE.iter().any(|key| item.get(key).is_some());
    let mut frames: Vec<Frame> = items
        .iter()
        .map(|item| {
            let mut people = Vec::new();
            gather(item, DEPTH, odd, &mut people);
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

/// Frames of an object that has a key for each, or for each person a list of frames.
fn keyed(fields: &[(std::rc::Rc<str>, Json)], odd: &mut Option<String>) -> Option<Vec<Frame>> {
    let numbers: Vec<Option<f64>> = fields.iter().map(|(key, _)| last_number(key)).collect();
    let people = |value: &Json| match value {
        Json::List(list) => {
            list.first().is_some_and(|item| number_of(item).is_some() && item.get("image_id").is_none())
        }
        _ => false,
    };
    if !fields.is_empty() && fields.iter().all(|(_, value)| people(value)) {
        let mut frames: Vec<Frame> = Vec::new();
        for (id, (_, list)) in fields.iter().enumerate() {
            let mut own = listed(list, odd, true);
            own.iter_mut().flat_map(|frame| &mut frame.people).for_each(|person| person.id = Some(id as i64));
            frames.extend(own);
        }
        return Some(merged(frames));
    }
    let mut frames: Vec<Frame> = Vec::new();
    for ((_, value), number) in fields.iter().zip(numbers) {
        let Some(number) = number else { continue };
        let mut people = Vec::new();
        gather(value, DEPTH, odd, &mut people);
        people.truncate(MAX_PEOPLE);
        frames.push(Frame { number: Some(number), time: value.first(TIME).and_then(Json::number), people });
    }
    frames.sort_by(|a, b| a.number.partial_cmp(&b.number).unwrap_or(Ordering::Equal));
    (!frames.is_empty()).then_some(frames)
}

/// The people of an object that is one picture, or whose points are a list with an entry a frame.
fn sequence(json: &Json, odd: &mut Option<String>) -> Option<Vec<Frame>> {
    for (key, spatial) in POINTS {
        // `[T][J]` under the name of a person's points
        if let Some(list @ Json::List(items)) = json.get(key)
            && (items.len() > FEW || is_one_who_moves(items))
            && !matches!(points_of(list, false), Ok(Some(_)))
        {
            let mut frames = listed(list, odd, true);
            for person in frames.iter_mut().flat_map(|frame| &mut frame.people) {
                person.points.spatial |= *spatial;
                person.points.is_named(key);
            }
            if frames.iter().any(|frame| !frame.people.is_empty()) {
                return Some(frames);
            }
        }
    }
    let mut people = Vec::new();
    gather(json, DEPTH, odd, &mut people);
    let known = PEOPLE.iter().any(|key| matches!(json.get(key), Some(Json::List(_))));
    people.truncate(MAX_PEOPLE);
    let time = json.first(TIME).and_then(Json::number);
    (known || !people.is_empty()).then(|| vec![Frame { number: number_of(json), time, people }])
}

/// Whether each entry is near the one before: somebody over time rather than several people.
fn is_one_who_moves(items: &[Json]) -> bool {
    let poses: Option<Vec<Points>> = items.iter().map(|item| points_of(item, false).ok().flatten()).collect();
    poses.is_some_and(|poses| poses.len() > 1 && poses.windows(2).all(|pair| pair[0].is_near(&pair[1])))
}

/// Everybody in a value: a person, people, or an object that has either.
fn gather(value: &Json, depth: usize, odd: &mut Option<String>, out: &mut Vec<Person>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    if out.len() > MAX_PEOPLE {
        return;
    }
    match points_of(value, false) {
        Ok(Some(points)) => return out.push(Person { id: None, points }),
        Ok(None) => {}
        // what is around others says more than these
        Err(what) => _ = odd.get_or_insert(what),
    }
    match value {
        Json::List(items) => items.iter().for_each(|item| gather(item, depth, odd, out)),
        Json::Object(_) => {
            let before = out.len();
            for (key, spatial) in POINTS {
                let Some(inner) = value.get(key) else { continue };
                match points_of(inner, *spatial) {
                    Ok(Some(mut points)) => {
                        points.add_scores(value);
                        out.push(Person { id: identity(value), points });
                    }
                    Ok(None) => {
                        // a list of people, or an object around the points
                        gather(inner, depth, odd, out);
                        out[before..].iter_mut().for_each(|person| person.points.spatial |= *spatial);
                    }
                    Err(what) => _ = odd.get_or_insert(what),
                }
                out[before..].iter_mut().for_each(|person| person.points.is_named(key));
                if out.len() > before {
                    return;
                }
            }
            for inner in PEOPLE.iter().filter_map(|key| value.get(key)) {
                gather(inner, depth, odd, out);
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
