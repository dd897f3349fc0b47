//! What pose estimators write of pictures and videos: OpenPose, COCO (AlphaPose, MMPose), MediaPipe and their kin, in the
//! plane or in space, a file a frame or a file a video.
//!
//! `people` and `points` find somebody's points in JSON of many spellings, `layouts` says what they are, `tracks` follows
//! people from frame to frame and fills what was not seen. A confidence says whether a point was seen, and no more.

mod layouts;
mod people;
mod picture;
mod points;
mod tracks;

use std::{fs, path::Path};

use self::{
    layouts::{MEDIAPIPE, Order},
    people::Frame,
    points::Third,
    tracks::Sighting,
};
use super::{
    Format, MotionError, Reason, Unit, UpAxis, encoding,
    error::Cause,
    json::Json,
    limits::{MAX_COORDINATE, MAX_FILE_BYTES, MAX_FRAMES, check_count, check_size},
    raw::Raw,
    read::load,
    topology,
};

/// An error and its line.
type Failure = (Option<usize>, Cause);

/// The rate of most videos.
const FPS: f64 = 30.0;
/// A point of less confidence was not seen.
const CONFIDENT: f32 = 0.1;
/// Fewest points that make somebody.
const FEWEST: usize = 3;

/// What a file says of the video.
#[derive(Default)]
struct Video {
    fps: Option<f64>,
    /// Width and height of its pictures.
    size: Option<[f64; 2]>,
    /// Names of points.
    names: Option<Vec<String>>,
    bones: Option<Vec<[usize; 2]>>,
}

/// Reads a file; the error comes with its line.
pub(super) fn read(text: &[u8]) -> Result<Raw, Failure> {
    let json = Json::read(text)?;
    let frames = people::frames(&json).map_err(|cause| (None, cause))?;
    understand(frames, &Video::of(&json)).map_err(|cause| (None, cause))
}

/// Whether a file has a number in its name, and so has another one beside it.
pub(super) fn is_one_of_many(path: &Path) -> bool {
    let number = |path: &Path| path.file_name().and_then(|name| people::last_number(&name.to_string_lossy()));
    let Some(own) = number(path) else { return false };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    beside
        .filter(|file| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")))
        .any(|file| number(&file).is_some_and(|n| (n - own).abs() == 1.0))
}

/// Reads a folder with a file a frame, in the order of the numbers in their names.
pub(super) fn read_folder(path: &Path) -> Result<Raw, MotionError> {
    let name = path.display().to_string();
    let at = |cause: Cause| cause.at(&name, None);
    let listed = fs::read_dir(path).map_err(|error| at(error.into()))?.take(MAX_FRAMES + 1);
    let mut files: Vec<(Option<f64>, std::path::PathBuf)> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")))
        .map(|file| (file.file_name().and_then(|n| people::last_number(&n.to_string_lossy())), file))
        .collect();
    if files.len() < 2 || files.iter().any(|(number, _)| number.is_none()) {
        let text = "it is a folder; expected a file, or a folder with a .json file a frame, numbered as OpenPose does";
        return Err(at(Cause::Malformed(text.to_owned())));
    }
    check_count("the number of frames", files.len(), MAX_FRAMES).map_err(at)?;
    files.sort_by(|a, b| a.0.partial_cmp(&b.0).unwrap_or(std::cmp::Ordering::Equal).then_with(|| a.1.cmp(&b.1)));
    let mut frames = Vec::with_capacity(files.len());
    let (mut total, mut video) = (0u64, Video::default());
    for (number, file) in files {
        let shown = file.display().to_string();
        let bytes = load(&file).map_err(|cause| cause.at(&shown, None))?;
        total += bytes.len() as u64;
        check_size(total).map_err(at)?;
        let frame = (|| {
            let text = encoding::to_utf8(&bytes).map_err(|cause| (None, cause))?;
            let json = Json::read(&text.utf8)?;
            if frames.is_empty() {
                video = Video::of(&json);
            }
            match people::frames(&json) {
                Ok(mut all) if all.len() == 1 => Ok(all.remove(0)),
                Err(Cause::Degenerate(_)) => Ok(Frame::default()),
                Ok(all) => Err((None, Cause::Malformed(format!("{} frames, expected one in each file", all.len())))),
                Err(cause) => Err((None, cause)),
            }
        })();
        let frame = frame.map_err(|(line, cause): Failure| cause.at(&shown, line))?;
        frames.push(Frame { number, ..frame });
    }
    understand(frames, &video).map_err(at)
}

/// Frames that came as a file each, for those who cannot give a folder: one file with all of them.
///
/// # Errors
/// When they are larger than [`MAX_FILE_BYTES`] together.
pub fn join_frames(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, MotionError> {
    let total: u64 = files.iter().map(|(name, bytes)| (name.len() + bytes.len() + 8) as u64).sum();
    let first = files.first().map_or("", |(name, _)| name);
    check_size(total).map_err(|cause| cause.at(first, None))?;
    let mut joined = b"{".to_vec();
    for (k, (name, bytes)) in files.iter().enumerate() {
        joined.extend_from_slice(if k == 0 { b"" } else { b",\n" });
        joined.extend(serde_json::Value::from(name.as_str()).to_string().into_bytes());
        joined.push(b':');
        joined.extend_from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    }
    joined.push(b'}');
    debug_assert!(joined.len() as u64 <= MAX_FILE_BYTES + 2);
    Ok(joined)
}

impl Video {
    fn of(json: &Json) -> Self {
        let places: Vec<&Json> = std::iter::once(json)
            .chain(["metadata", "meta", "meta_info", "info", "video", "video_info"].iter().filter_map(|k| json.get(k)))
            .collect();
        let number = |keys: &[&str]| places.iter().find_map(|place| place.first(keys)?.number());
        let fps = number(&["fps", "frame_rate", "framerate", "video_fps", "frames_per_second"]);
        let width = number(&["width", "image_width", "frame_width", "video_width"]);
        let height = number(&["height", "image_height", "frame_height", "video_height"]);
        let category = match json.get("categories") {
            Some(Json::List(list)) => list.iter().find(|c| c.get("keypoints").is_some()),
            _ => None,
        };
        let texts = |value: &Json| match value {
            Json::List(list) => list.iter().map(|v| v.text().map(str::to_owned)).collect::<Option<Vec<String>>>(),
            // MMPose: an object from number to name
            Json::Object(fields) => fields.iter().map(|(_, v)| v.text().map(str::to_owned)).collect(),
            _ => None,
        };
        let listed = places.iter().find_map(|place| {
            place.first(&["keypoint_names", "joint_names", "keypoint_id2name", "landmark_names"]).and_then(texts)
        });
        let pairs = |value: &Json, base: usize| match value {
            Json::List(list) => list
                .iter()
                .map(|pair| match pair {
                    Json::Numbers(ends) => match ends[..] {
                        [a, b] if a >= base as f32 && b >= base as f32 => Some([a as usize - base, b as usize - base]),
                        _ => None,
                    },
                    _ => None,
                })
                .collect::<Option<Vec<[usize; 2]>>>(),
            _ => None,
        };
        // COCO counts from one
        let skeleton = category.and_then(|c| c.get("skeleton")).and_then(|value| pairs(value, 1));
        let links = places.iter().find_map(|place| place.get("skeleton_links")).and_then(|value| pairs(value, 0));
        Self {
            fps: fps.filter(|fps| (0.1..=10_000.0).contains(fps)),
            size: width.zip(height).filter(|(w, h)| *w > 0.0 && *h > 0.0).map(|(w, h)| [w, h]),
            names: category.and_then(|c| c.get("keypoints")).and_then(texts).or(listed),
            bones: skeleton.or(links),
        }
    }
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
    let meaning = Meaning::of(people().map(|person| &person.points));
    let (world, own_names) = (first.points.world, first.points.names.clone());
    let (places, total) = numbered(&frames);
    let fps = video.fps.or_else(|| rate(&frames));
    if fps.is_none() && total > 1 {
        warnings.push(format!("it states no frame rate: taken for {FPS} frames a second"));
    }

    let mut sightings = Vec::new();
    for (frame, place) in frames.iter().zip(places) {
        for person in frame.people.iter().filter(|person| person.points.values.len() == points) {
            let joints: Vec<[f32; 3]> = person.points.values.iter().map(|value| meaning.place(value)).collect();
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
    let (tracks, by_number) = tracks::follow(&sightings);
    if tracks.is_empty() {
        return Err(Cause::Degenerate("nobody is in any frame: no point was seen".to_owned()));
    }
    let (tracks, dropped) = tracks::keep(tracks);
    let (mut positions, filled) = tracks::positions(&tracks, &sightings, total, points)?;
    drop(sightings);

    let seen: Vec<bool> =
        (0..points).map(|j| positions[3 * j..].chunks(3 * points).any(|p| p[0] != 0.0 && !p[0].is_nan())).collect();
    let names = video.names.clone().filter(|names| names.len() == points).or(own_names);
    let order = order(&positions, points, &seen, names, video.bones.clone())?;
    let (kept, bones, parents) = order.without(&seen);
    if kept.len() < 2 {
        return Err(Cause::Degenerate("fewer than two points were ever seen".to_owned()));
    }
    positions = select(&positions, points, &kept);
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
    let layout =
        format!("{points} points a person are {}{}", order.title, scale.map_or(String::new(), |s| format!("; {s}")));
    let how = if by_number { "by the file's numbers" } else { "by where they are" };
    let several = tracks.len() > 1 || dropped > 0;
    let left = if dropped > 0 { format!(", {dropped} seen for a moment left out") } else { String::new() };
    let people =
        format!("{} {} followed {how}{left}", tracks.len(), if tracks.len() == 1 { "person" } else { "people" });
    let up_stated =
        if flat { Some("pictures count downwards") } else { (points == MEDIAPIPE).then_some("set by MediaPipe") };
    Ok(Raw {
        format: Format::Keypoints,
        names: kept.iter().map(|&j| order.names[j].clone()).collect(),
        bones: Some(bones),
        parents,
        fps: fps.unwrap_or(FPS),
        bodies: tracks.len(),
        positions,
        layout_from: Some(Reason::inferred(layout)),
        bodies_from: several.then(|| if by_number { Reason::stated(people) } else { Reason::inferred(people) }),
        left_out,
        unit: world.then(|| (Unit::METRE, "set by MediaPipe".to_owned())),
        up: up_stated.map(|why| (UpAxis::MinusY, why.to_owned())),
        // cameras count downwards, sensors and body models do not
        usual_up: if order.of_cameras { UpAxis::MinusY } else { UpAxis::PlusY },
        warnings,
        ..Raw::default()
    })
}

/// The order of points: of the file itself, or the known one that fits.
fn order(
    positions: &[f32],
    points: usize,
    seen: &[bool],
    names: Option<Vec<String>>,
    bones: Option<Vec<[usize; 2]>>,
) -> Result<Order, Cause> {
    let bones = bones.filter(|bones| !bones.is_empty() && bones.iter().flatten().all(|&j| j < points));
    let names = match (names, bones) {
        (Some(names), Some(bones)) => {
            return Ok(Order {
                title: "named by the file",
                names,
                root: bones[0][0],
                bones,
                beyond: 0,
                of_cameras: true,
            });
        }
        (names, _) => names,
    };
    if let Some(order) = names.and_then(|names| layouts::by_names(&names)) {
        return Ok(order);
    }
    let known = layouts::choose(layouts::with_points(points), positions, points, seen);
    known.ok_or_else(|| {
        let text = format!("its JSON has {points} points a person, whose order is not known");
        Cause::UnknownFormat(text)
    })
}

/// What the numbers of a point are.
struct Meaning {
    /// Whether the third one is a depth.
    deep: bool,
    /// Which one is a confidence.
    confidence: Option<usize>,
}

impl Meaning {
    fn of<'a>(all: impl Iterator<Item = &'a points::Points> + Clone) -> Self {
        let stated = |third| all.clone().any(|points| points.third == Some(third));
        let widest = all.clone().map(|points| points.width).max().unwrap_or(2);
        let values = || all.clone().flat_map(|points| &points.values);
        let deep = match widest {
            0..=2 => false,
            3 if stated(Third::Confidence) => false,
            3 if stated(Third::Depth) || all.clone().any(|points| points.spatial) => true,
            // a confidence is a share, or one of COCO's 0, 1, 2
            3 => !values().all(|v| v[2].is_nan() || (0.0..=1.0).contains(&v[2]) || v[2] == 2.0),
            _ => true,
        };
        let confidence = match (widest, deep) {
            (3, false) => Some(2),
            (4, _) => Some(3),
            _ => None,
        };
        // some programs leave all of them at zero
        let confidence = confidence.filter(|&i| values().any(|v| v[i] >= CONFIDENT));
        Self { deep, confidence }
    }

    /// Where a point is; NaN where it was not seen.
    fn place(&self, value: &[f32; 4]) -> [f32; 3] {
        let unsure = self.confidence.is_some_and(|i| !(value[i] >= CONFIDENT));
        let place = [value[0], value[1], if self.deep { value[2] } else { 0.0 }];
        let nowhere = place == [0.0; 3];
        if unsure || nowhere || place.iter().any(|v| !v.is_finite()) { [f32::NAN; 3] } else { place }
    }
}

/// The frame of each picture and their number: by the file's numbers where these leave only so many out.
fn numbered(frames: &[Frame]) -> (Vec<usize>, usize) {
    let in_order = || ((0..frames.len()).collect(), frames.len());
    let numbers: Option<Vec<i64>> =
        frames.iter().map(|f| f.number.filter(|n| n.abs() < 1e15 && n.fract() == 0.0).map(|n| n as i64)).collect();
    let Some(numbers) = numbers else { return in_order() };
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    let distinct = sorted.windows(2).all(|pair| pair[0] < pair[1]);
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return in_order() };
    if !distinct {
        return in_order();
    }
    // every tenth picture of a video
    let gcd = |mut a: i64, mut b: i64| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    let step = sorted.windows(2).fold(0, |step, pair| gcd(step, pair[1] - pair[0])).max(1);
    let total = usize::try_from((last - first) / step).unwrap_or(usize::MAX).saturating_add(1);
    if total > 4 * frames.len() + 300 || total > MAX_FRAMES {
        // numbers of pictures of all kinds: in their order
        let place = |n: &i64| sorted.binary_search(n).unwrap_or(0);
        return (numbers.iter().map(place).collect(), frames.len());
    }
    (numbers.iter().map(|n| ((n - first) / step) as usize).collect(), total)
}

/// Frames a second by the times of pictures, which are in seconds or milliseconds.
fn rate(frames: &[Frame]) -> Option<f64> {
    let times: Vec<f64> = frames.iter().map(|frame| frame.time).collect::<Option<_>>()?;
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let step = *steps.get(steps.len() / 2)?;
    let seconds = if step >= 1.0 { step / 1000.0 } else { step };
    let rate = 1.0 / seconds;
    (1.0..=1000.0).contains(&rate).then_some(if (rate - rate.round()).abs() < 0.02 * rate {
        rate.round()
    } else {
        rate
    })
}

/// `[N, kept, 3]` of `[N, points, 3]`.
fn select(positions: &[f32], points: usize, kept: &[usize]) -> Vec<f32> {
    let bodies = positions.chunks_exact(3 * points);
    bodies.flat_map(|body| kept.iter().flat_map(move |&j| body[3 * j..3 * j + 3].iter().copied())).collect()
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
