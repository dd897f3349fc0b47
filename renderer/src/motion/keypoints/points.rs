//! The points of one person in one picture, as lists of numbers, lists of lists, objects with coordinates, or objects with
//! a name for each.

use super::{super::json::Json, layouts::is_known};

/// Points of a person.
#[derive(Clone, Debug, Default)]
pub(super) struct Points {
    /// `[x, y, z or confidence, confidence]`, as far as there are so many.
    pub values: Vec<[f32; 4]>,
    /// Numbers to a point.
    pub width: usize,
    /// Whether the third number is `z`, where the file says.
    pub third: Option<Third>,
    /// Whether the file calls them places in space.
    pub spatial: bool,
    /// Whether the file calls them places in the world, in metres.
    pub world: bool,
    /// Their names, where they have some.
    pub names: Option<Vec<String>>,
}

/// What the third of three numbers is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Third {
    Depth,
    Confidence,
}

/// What confidences of points are called.
const CONFIDENCES: &[&str] =
    &["visibility", "score", "confidence", "presence", "c", "likelihood", "conf", "visible", "scores"];
/// A point of less confidence was not seen.
const CONFIDENT: f32 = 0.1;
/// Third numbers up to this are a confidence: estimators that fit curves to their scores overshoot 1.
const SURE: f32 = 1.25;
/// So many of a thousand third numbers are within that where they are confidences.
const MOST_SURE: usize = 950;
/// No third number beyond this is a confidence.
const SUREST: f32 = 3.0;
/// Points that are farther apart than this in a picture, of which the third numbers are as small as [`SUREST`], are in
/// pixels: nobody is so flat.
const IN_PIXELS: f32 = 50.0;
/// Whoever is larger is in pixels: no person is, in metres.
const PIXELS: f32 = 8.0;
/// Fewest and most points of a person that are looked at.
const RANGE: std::ops::RangeInclusive<usize> = 5..=300;

/// The points of a value, if they are some; an error says what stands where points are expected. `own` is the number of
/// points that the file itself describes.
pub(super) fn points_of(value: &Json, spatial: bool, own: Option<usize>) -> Result<Option<Points>, String> {
    let mut points = match value {
        Json::Numbers(flat) => flat_points(flat, spatial, own)?,
        Json::List(items) if items.iter().any(is_row) && items.iter().all(|item| is_row(item) || is_gap(item)) => {
            rows_of(items.iter().map(row))
        }
        Json::List(items) if items.iter().all(is_point) => objects(items.iter()),
        Json::Object(fields) => columns(value).or_else(|| named(fields)),
        _ => None,
    };
    if let Some(points) = &mut points {
        points.spatial |= spatial;
        let count = points.values.len();
        if count < *RANGE.start() {
            return Ok(None);
        }
        let known = points.names.is_some() || own == Some(count) || is_known(count);
        if !known || !RANGE.contains(&count) {
            let of = match count {
                21 => " (a hand has so many)",
                68 | 468 | 478 => " (a face has so many)",
                _ => "",
            };
            return Err(format!("{count} points{of}"));
        }
    }
    Ok(points)
}

/// Numbers in a row: of the ways to part them the one that gives a known number of points.
fn flat_points(flat: &[f32], spatial: bool, own: Option<usize>) -> Result<Option<Points>, String> {
    let widths: [usize; 3] = if spatial { [4, 3, 2] } else { [3, 4, 2] };
    let whole = |width: usize| flat.len().is_multiple_of(width).then_some(flat.len() / width);
    let described = widths.into_iter().find(|&width| own.is_some() && whole(width) == own);
    match described.or_else(|| widths.into_iter().find(|&width| whole(width).is_some_and(is_known))) {
        Some(width) => Ok(rows_of(flat.chunks_exact(width).map(Some))),
        None => Err(format!("{} numbers", flat.len())),
    }
}

/// Whether a value is the numbers of a point.
fn is_row(value: &Json) -> bool {
    matches!(value, Json::Numbers(row) if (2..=4).contains(&row.len()))
}

fn row(value: &Json) -> Option<&[f32]> {
    match value {
        Json::Numbers(row) => Some(row),
        _ => None,
    }
}

/// Whether a value stands for a point that was not seen: nothing, or nothing in the place of numbers.
fn is_gap(value: &Json) -> bool {
    let number_or_nothing = |value: &Json| matches!(value, Json::Nothing | Json::Number(_));
    match value {
        Json::Nothing => true,
        Json::List(row) => (2..=4).contains(&row.len()) && row.iter().all(number_or_nothing),
        _ => false,
    }
}

/// Points of as many numbers each; those that are nothing were not seen.
fn rows_of<'a>(rows: impl Iterator<Item = Option<&'a [f32]>>) -> Option<Points> {
    let mut points = Points::default();
    for row in rows {
        let mut value = [f32::NAN; 4];
        if let Some(row) = row {
            if points.width != 0 && points.width != row.len() {
                return None;
            }
            points.width = row.len();
            value[..row.len()].copy_from_slice(row);
        }
        points.values.push(value);
    }
    (!points.values.is_empty()).then_some(points)
}

/// A list for each coordinate, and perhaps one of confidences.
fn columns(value: &Json) -> Option<Points> {
    let column = |keys: &[&str]| match value.first(keys)? {
        Json::Numbers(numbers) => Some(&numbers[..]),
        _ => None,
    };
    let (x, y) = (column(&["x"])?, column(&["y"])?);
    let z = column(&["z"]);
    let confidence = column(CONFIDENCES);
    if [Some(y), z, confidence].iter().flatten().any(|numbers| numbers.len() != x.len()) {
        return None;
    }
    let of = |numbers: Option<&[f32]>, j: usize| numbers.map_or(f32::NAN, |numbers| numbers[j]);
    let third = |j: usize| of(z.or(confidence), j);
    let values = (0..x.len()).map(|j| [x[j], y[j], third(j), of(confidence, j)]).collect();
    let (width, third) = match (z, confidence) {
        (None, None) => (2, None),
        (None, Some(_)) => (3, Some(Third::Confidence)),
        (Some(_), None) => (3, Some(Third::Depth)),
        (Some(_), Some(_)) => (4, Some(Third::Depth)),
    };
    Some(Points { values, width, third, ..Points::default() })
}

/// A point's coordinate 0, 1 or 2.
fn coordinate(point: &Json, axis: usize) -> Option<f64> {
    match point.get("position") {
        Some(Json::Numbers(place)) => place.get(axis).copied().filter(|v| !v.is_nan()).map(f64::from),
        place => place.unwrap_or(point).get(["x", "y", "z"][axis]).and_then(Json::number),
    }
}

fn is_point(value: &Json) -> bool {
    coordinate(value, 0).is_some() && coordinate(value, 1).is_some() || *value == Json::Nothing
}

/// Objects with `x`, `y`, perhaps `z` and a confidence, perhaps a name.
fn objects<'a>(items: impl Iterator<Item = &'a Json>) -> Option<Points> {
    let mut points = Points { width: 3, ..Points::default() };
    let (mut names, mut deep, mut found) = (Vec::new(), false, false);
    for item in items {
        let number = |axis: usize| coordinate(item, axis).map_or(f32::NAN, |v| v as f32);
        let confidence = item.first(CONFIDENCES);
        let confidence = confidence.and_then(Json::number);
        let z = number(2);
        deep |= !z.is_nan();
        found |= *item != Json::Nothing;
        points.values.push([number(0), number(1), z, confidence.map_or(1.0, |v| v as f32)]);
        names.extend(item.first(&["name", "part", "label"]).and_then(Json::text).map(str::to_owned));
    }
    if deep {
        points.width = 4;
        points.third = Some(Third::Depth);
    } else {
        points.values.iter_mut().for_each(|value| value[2] = value[3]);
        points.third = Some(Third::Confidence);
    }
    points.names = (names.len() == points.values.len() && !names.is_empty()).then_some(names);
    (found && !points.values.is_empty()).then_some(points)
}

/// An object with a point under each name, or under each number; those that are nothing were not seen.
fn named(fields: &[(std::rc::Rc<str>, Json)]) -> Option<Points> {
    let point = |value: &Json| is_row(value) || (matches!(value, Json::Object(_)) && is_point(value));
    let there = fields.iter().filter(|(_, value)| point(value)).count();
    if there < 4 || !fields.iter().all(|(_, value)| point(value) || is_gap(value)) {
        return None;
    }
    let numbered = fields.iter().all(|(key, _)| key.bytes().all(|b| b.is_ascii_digit()));
    let mut fields: Vec<&(std::rc::Rc<str>, Json)> = fields.iter().collect();
    if numbered {
        fields.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or(usize::MAX));
    }
    let mut points = if fields.iter().all(|(_, value)| is_row(value) || is_gap(value)) {
        rows_of(fields.iter().map(|(_, value)| row(value)))?
    } else {
        objects(fields.iter().map(|(_, value)| value))?
    };
    if !numbered {
        points.names = Some(fields.iter().map(|(key, _)| key.to_string()).collect());
    }
    Some(points)
}

impl Points {
    /// What the name over them says of them.
    pub(super) fn is_named(&mut self, name: &str) {
        let name = name.to_lowercase();
        self.world |= name.contains("world");
        self.spatial |= name.contains("3d");
        if self.width == 3 && name.contains("2d") {
            self.third.get_or_insert(Third::Confidence);
        }
    }

    /// The larger of width and height.
    fn extent(&self) -> f32 {
        let range = |axis: usize| {
            let values = self.values.iter().map(|value| value[axis]).filter(|v| v.is_finite());
            values.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)))
        };
        [0, 1].map(range).iter().fold(0.0, |extent, (low, high)| f32::max(extent, high - low))
    }

    /// Whether nobody else stands there: points are within a tenth of the body's size of each other, on average.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        let flat = |value: &[f32; 4]| glam::Vec2::new(value[0], value[1]);
        let (low, high) = self
            .values
            .iter()
            .map(flat)
            .fold((glam::Vec2::MAX, glam::Vec2::MIN), |(low, high), at| (low.min(at), high.max(at)));
        let apart = self.values.iter().zip(&other.values).map(|(a, b)| flat(a).distance(flat(b))).sum::<f32>();
        self.values.len() == other.values.len() && apart < 0.1 * self.values.len() as f32 * low.distance(high)
    }

    /// Confidences that stand beside the points: `keypoint_scores`.
    pub(super) fn add_scores(&mut self, person: &Json) {
        let scores =
            person.first(&["keypoint_scores", "keypoints_scores", "scores", "confidences", "visibility", "score"]);
        let Some(Json::Numbers(scores)) = scores else { return };
        if scores.len() != self.values.len() || self.width == 4 || self.third == Some(Third::Confidence) {
            return;
        }
        for (value, &score) in self.values.iter_mut().zip(scores) {
            value[3] = score;
            if self.width == 2 {
                value[2] = score;
            }
        }
        self.third = Some(if self.width == 2 { Third::Confidence } else { Third::Depth });
        self.width = if self.width == 2 { 3 } else { 4 };
    }
}

/// Whether the third numbers of points are confidences rather than depths: shares, or COCO's 0, 1 and 2. A few estimators
/// go beyond 1 or below 0 now and then.
fn are_confidences(points: impl Iterator<Item = [f32; 3]> + Clone) -> bool {
    let thirds = || points.clone().map(|p| p[2]).filter(|v| !v.is_nan());
    let is_share = |v: f32| (0.0..=1.0).contains(&v) || v == 2.0;
    if thirds().all(is_share) {
        return true;
    }
    let count = thirds().count();
    let mostly = |fits: &dyn Fn(f32) -> bool| 1000 * thirds().filter(|&v| fits(v)).count() >= MOST_SURE * count;
    if thirds().all(|v| (0.0..=SURE).contains(&v) || v == 2.0) && mostly(&is_share) {
        return true;
    }
    let wide = (0..2).any(|axis| {
        let (low, high) = points
            .clone()
            .filter(|p| p[axis].is_finite())
            .fold((f32::MAX, f32::MIN), |(low, high), p| (low.min(p[axis]), high.max(p[axis])));
        high - low > IN_PIXELS
    });
    wide && thirds().all(|v| v.abs() <= SUREST) && mostly(&|v| (-0.25..=SURE).contains(&v) || v == 2.0)
}

/// What the numbers of a point are.
pub(super) struct Meaning {
    /// Whether the third one is a depth.
    pub deep: bool,
    /// Which one is a confidence.
    confidence: Option<usize>,
    /// The point that all others are counted from.
    origin: Option<usize>,
}

impl Meaning {
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Points> + Clone) -> Self {
        let stated = |third| all.clone().any(|points| points.third == Some(third));
        let widest = all.clone().map(|points| points.width).max().unwrap_or(2);
        let values = || all.clone().flat_map(|points| &points.values);
        let deep = match widest {
            0..=2 => false,
            3 if stated(Third::Confidence) => false,
            3 if stated(Third::Depth) || all.clone().any(|points| points.spatial) => true,
            3 => !are_confidences(values().map(|v| [v[0], v[1], v[2]])),
            _ => true,
        };
        Self::reading(all, widest, deep)
    }

    fn reading<'a>(all: impl Iterator<Item = &'a Points> + Clone, width: usize, deep: bool) -> Self {
        let confidence = match (width, deep) {
            (3, false) => Some(2),
            (4, _) => Some(3),
            _ => None,
        };
        let values = || all.clone().flat_map(|points| &points.values);
        // some programs leave all of them at zero
        let confidence = confidence.filter(|&i| values().any(|v| v[i] >= CONFIDENT));
        let meaning = Self { deep, confidence, origin: None };
        Self { origin: meaning.origin_of(all), ..meaning }
    }

    /// The same with depths for confidences, where nothing says which they are and nobody is in pixels.
    pub(super) fn if_deep<'a>(&self, all: impl Iterator<Item = &'a Points> + Clone) -> Option<Self> {
        let open = |points: &Points| points.width == 3 && points.third.is_none() && points.extent() <= PIXELS;
        (!self.deep && all.clone().all(open)).then(|| Self::reading(all, 3, true))
    }

    /// The one point that is at the origin in every picture while others are on all sides of it: estimators write zeros for
    /// what they do not see, but also count from the hips.
    fn origin_of<'a>(&self, all: impl Iterator<Item = &'a Points> + Clone) -> Option<usize> {
        let axes = if self.deep { 3 } else { 2 };
        let values = || all.clone().flat_map(|points| &points.values);
        let both_sides = |axis: usize| values().any(|v| v[axis] < 0.0) && values().any(|v| v[axis] > 0.0);
        if !(0..axes).all(both_sides) {
            return None;
        }
        let alone = |points: &Points| {
            let mut zeros = (0..points.values.len())
                .filter(|&j| self.numbers(&points.values[j]) == [0.0; 3] && !self.is_unsure(&points.values[j]));
            zeros.next().filter(|_| zeros.next().is_none())
        };
        let origin = alone(all.clone().next()?)?;
        all.clone().all(|points| alone(points) == Some(origin)).then_some(origin)
    }

    fn numbers(&self, value: &[f32; 4]) -> [f32; 3] {
        [value[0], value[1], if self.deep { value[2] } else { 0.0 }]
    }

    fn is_unsure(&self, value: &[f32; 4]) -> bool {
        self.confidence.is_some_and(|i| value[i].is_nan() || value[i] < CONFIDENT)
    }

    /// Where point `j` of a person is; NaN where it was not seen.
    pub(super) fn place(&self, j: usize, value: &[f32; 4]) -> [f32; 3] {
        let place = self.numbers(value);
        let nowhere = place == [0.0; 3] && self.origin != Some(j);
        let gone = self.is_unsure(value) || nowhere || place.iter().any(|v| !v.is_finite());
        if gone { [f32::NAN; 3] } else { place }
    }
}
