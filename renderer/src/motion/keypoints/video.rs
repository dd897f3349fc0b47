//! What a file says of its video: rate, size, names of points, and which frame each picture is.

use super::{
    super::{json::Json, limits::MAX_FRAMES, topology},
    people::Frame,
};

/// Where a file says it, besides its outermost object.
const PLACES: [&str; 7] = ["metadata", "meta", "meta_info", "info", "video", "video_info", "skeleton"];
/// Names of points.
const NAMES: &[&str] =
    &["keypoint_names", "joint_names", "keypoint_id2name", "landmark_names", "point_names", "joints", "names"];
/// What points hang from.
const PARENTS: &[&str] = &["parents", "joint_parents", "parent_indices", "parent"];

/// What a file says of the video.
#[derive(Default)]
pub(super) struct Video {
    /// Frames a second, whatever they are.
    pub fps: Option<f64>,
    /// Width and height of its pictures.
    pub size: Option<[f64; 2]>,
    /// Names of points.
    pub names: Option<Vec<String>>,
    pub bones: Option<Vec<[usize; 2]>>,
    /// `[J]` the point that each hangs from.
    pub parents: Option<Vec<Option<usize>>>,
}

impl Video {
    pub(super) fn of(json: &Json) -> Self {
        let places: Vec<&Json> = std::iter::once(json).chain(PLACES.iter().filter_map(|k| json.get(k))).collect();
        let number = |keys: &[&str]| places.iter().find_map(|place| place.first(keys)?.number());
        let rates = ["fps", "frame_rate", "framerate", "video_fps", "frames_per_second"];
        // FFmpeg writes 30000/1001
        let quotient = |value: &Json| {
            let (frames, seconds) = value.text()?.split_once('/')?;
            Some(frames.trim().parse::<f64>().ok()? / seconds.trim().parse::<f64>().ok()?)
        };
        let fps = number(&rates).or_else(|| places.iter().find_map(|place| quotient(place.first(&rates)?)));
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
        let found = |keys: &[&str]| {
            let values = places.iter().flat_map(|&place| keys.iter().filter_map(move |key| place.get(key)));
            values.collect::<Vec<&Json>>()
        };
        let listed = found(NAMES).into_iter().find_map(texts).filter(|names| !names.is_empty());
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
            fps,
            size: width.zip(height).filter(|(w, h)| *w > 0.0 && *h > 0.0).map(|(w, h)| [w, h]),
            names: category.and_then(|c| c.get("keypoints")).and_then(texts).or(listed),
            bones: skeleton.or(links),
            parents: found(PARENTS).into_iter().find_map(tree),
        }
    }

    /// The number of points that it describes.
    pub(super) fn points(&self) -> Option<usize> {
        self.names.as_ref().map(Vec::len).or(self.parents.as_ref().map(Vec::len))
    }
}

/// The points that others hang from; -1, nothing, or the point itself for a root. `None` where that is no tree.
fn tree(value: &Json) -> Option<Vec<Option<usize>>> {
    let numbers: Vec<f64> = match value {
        Json::Numbers(numbers) => numbers.iter().map(|&v| v.into()).collect(),
        Json::List(items) => {
            let number = |item: &Json| if *item == Json::Nothing { Some(f64::NAN) } else { item.number() };
            items.iter().map(number).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let parent = |(j, &number): (usize, &f64)| {
        let root = number.is_nan() || number == -1.0 || number == j as f64;
        let known = number >= 0.0 && number < numbers.len() as f64 && number.fract() == 0.0;
        (root || known).then(|| (!root).then_some(number as usize))
    };
    let parents: Vec<Option<usize>> = numbers.iter().enumerate().map(parent).collect::<Option<_>>()?;
    (topology::parents_first(&parents).len() == parents.len()).then_some(parents)
}

/// The frame of each picture and their number: by the file's numbers where these leave only so many out.
pub(super) fn numbered(frames: &[Frame]) -> (Vec<usize>, usize) {
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

/// Frames a second by the times of pictures, which are in seconds, milliseconds, or less.
pub(super) fn rate(frames: &[Frame]) -> Option<f64> {
    let times: Vec<f64> = frames.iter().map(|frame| frame.time).collect::<Option<_>>()?;
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_by(f64::total_cmp);
    let step = *steps.get(steps.len() / 2)?;
    // no video has a picture a second
    let units = if step >= 1.0 { &[1e3, 1e6, 1e9][..] } else { &[1.0] };
    let rate = units.iter().map(|unit| unit / step).find(|rate| (1.0..=1000.0).contains(rate))?;
    Some(if (rate - rate.round()).abs() < 0.02 * rate { rate.round() } else { rate })
}
