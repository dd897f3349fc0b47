//! Places as shares of a picture's width and height, which is not alike in both directions.

use super::tracks::Sighting;

/// Shapes of pictures, width by height, with their names.
const SHAPES: [(f32, &str); 5] =
    [(16.0 / 9.0, "16:9"), (4.0 / 3.0, "4:3"), (1.0, "square"), (3.0 / 4.0, "3:4"), (9.0 / 16.0, "9:16")];
/// Width of the shoulders as a share of the trunk's length, seen from the front.
const SHOULDERS: f32 = 0.66;

/// Left and right shoulder, left and right hip, by the number of points.
fn trunk(points: usize) -> Option<[usize; 4]> {
    match points {
        17 | 26 | 133 | 136 => Some([5, 6, 11, 12]),
        18 => Some([5, 2, 11, 8]),
        25 => Some([5, 2, 12, 9]),
        33 => Some([11, 12, 23, 24]),
        _ => None,
    }
}

/// Makes both directions alike where coordinates are shares of a picture. Says what was done.
pub(super) fn scale(sightings: &mut [Sighting], size: Option<[f64; 2]>) -> Option<String> {
    let points = || sightings.iter().flat_map(|s| &s.joints).filter(|p| !p[0].is_nan());
    let share = points().all(|p| p[0].abs() <= 2.0 && p[1].abs() <= 2.0);
    if !share || points().next().is_none() || is_centred(sightings) {
        return None;
    }
    let (aspect, why) = match size {
        Some([width, height]) => ((width / height) as f32, format!("shares of a picture of {width} × {height}")),
        None => {
            let (aspect, name) = likely(sightings)?;
            (aspect, format!("shares of a picture, taken for {name} by shoulders and trunk"))
        }
    };
    for joint in sightings.iter_mut().flat_map(|s| &mut s.joints) {
        joint[0] *= aspect;
        joint[2] *= aspect;
    }
    Some(why)
}

/// Whether the hips are the origin, as in MediaPipe's places in the world.
pub(super) fn is_centred(sightings: &[Sighting]) -> bool {
    sightings.iter().all(|s| {
        let Some([_, _, left, right]) = trunk(s.joints.len()) else { return false };
        let middle = |axis: usize| (s.joints[left][axis] + s.joints[right][axis]) / 2.0;
        middle(0).abs() < 0.05 && middle(1).abs() < 0.05
    })
}

/// The shape of picture in which somebody has shoulders of the usual width, when seen from the front.
fn likely(sightings: &[Sighting]) -> Option<(f32, &'static str)> {
    // squares of width and height of shoulders and trunk
    let seen: Vec<[f32; 4]> = sightings
        .iter()
        .filter_map(|s| {
            let [a, b, c, d] = trunk(s.joints.len())?.map(|j| s.joints[j]);
            let shoulders = [0, 1].map(|i| (a[i] - b[i]).powi(2));
            let trunk = [0, 1].map(|i| ((a[i] + b[i] - c[i] - d[i]) / 2.0).powi(2));
            let all = [shoulders[0], shoulders[1], trunk[0], trunk[1]];
            all.iter().all(|v| v.is_finite()).then_some(all)
        })
        .collect();
    let misfit = |aspect: f32| {
        let wide = aspect * aspect;
        let mut ratios: Vec<f32> = seen
            .iter()
            .map(|v| ((wide * v[0] + v[1]) / (wide * v[2] + v[3])).sqrt())
            .filter(|r| r.is_finite())
            .collect();
        ratios.sort_by(f32::total_cmp);
        // most from the front
        let front = ratios.get(ratios.len() * 9 / 10).copied()?;
        Some((front / SHOULDERS).ln().abs())
    };
    let scored = SHAPES.into_iter().filter_map(|(aspect, name)| Some((misfit(aspect)?, aspect, name)));
    scored.reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, aspect, name)| (aspect, name))
}
