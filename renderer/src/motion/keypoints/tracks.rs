//! Who is who from frame to frame, and where joints are while they are not seen.

use std::collections::{HashMap, HashSet};

use super::super::error::Cause;
use super::super::limits::{MAX_JOINT_FRAMES, check_count};
use super::super::unseen::led;

/// Frames after which somebody who was lost counts as gone.
const FORGOTTEN: usize = 90;
/// Most people who are looked for at once; the latest.
const MAX_ACTIVE: usize = 256;
/// Most people kept.
const MAX_KEPT: usize = 8;

/// Somebody in one frame: where their joints are, NaN where they are not seen.
pub(super) struct Sighting {
    pub frame: usize,
    pub id: Option<i64>,
    /// `[J, 3]`.
    pub joints: Vec<[f32; 3]>,
}

/// Somebody over time.
pub(super) struct Track {
    /// Indices of sightings, in the order of frames.
    pub seen: Vec<usize>,
}

/// Joins sightings, which come in the order of frames, by the file's numbers of people where all have one, else by who is
/// near whom. Whether numbers were used comes with it.
pub(super) fn follow(sightings: &[Sighting]) -> (Vec<Track>, bool) {
    let mut taken = HashSet::new();
    let numbered = sightings.iter().all(|s| s.id.is_some_and(|id| taken.insert((s.frame, id))));
    let tracks = if numbered { by_number(sightings) } else { by_place(sightings) };
    (tracks, numbered)
}

fn by_number(sightings: &[Sighting]) -> Vec<Track> {
    let mut tracks: Vec<Track> = Vec::new();
    let mut known: HashMap<Option<i64>, usize> = HashMap::new();
    for (k, sighting) in sightings.iter().enumerate() {
        let track = *known.entry(sighting.id).or_insert(tracks.len());
        match tracks.get_mut(track) {
            Some(track) => track.seen.push(k),
            None => tracks.push(Track { seen: vec![k] }),
        }
    }
    tracks
}

fn by_place(sightings: &[Sighting]) -> Vec<Track> {
    let bounds: Vec<Bounds> = sightings.iter().map(|s| Bounds::of(&s.joints)).collect();
    let mut tracks: Vec<Track> = Vec::new();
    // those who were seen lately
    let mut active: Vec<usize> = Vec::new();
    let mut first = 0;
    while first < sightings.len() {
        let frame = sightings[first].frame;
        let count = sightings[first..].iter().take_while(|s| s.frame == frame).count();
        let here = first..first + count;
        first += count;
        let last = |track: usize| tracks[track].seen[tracks[track].seen.len() - 1];
        active.retain(|&track| frame - sightings[last(track)].frame <= FORGOTTEN);
        if active.len() > MAX_ACTIVE {
            active.sort_by_key(|&track| sightings[last(track)].frame);
            active.drain(..active.len() - MAX_ACTIVE);
        }
        let mut near: Vec<(f32, usize, usize)> = Vec::new();
        for &track in &active {
            let before = last(track);
            for k in here.clone().filter(|&k| bounds[before].touches(&bounds[k])) {
                let apart = distance(&sightings[before].joints, &sightings[k].joints, bounds[k].size());
                near.extend(apart.filter(|&apart| apart < 1.0).map(|apart| (apart, track, k)));
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let (mut busy, mut placed) = (HashSet::new(), HashSet::new());
        for (_, track, k) in near {
            if !busy.contains(&track) && !placed.contains(&k) {
                busy.insert(track);
                placed.insert(k);
                tracks[track].seen.push(k);
            }
        }
        for k in here.filter(|k| !placed.contains(k)) {
            active.push(tracks.len());
            tracks.push(Track { seen: vec![k] });
        }
    }
    tracks
}

/// The box around somebody.
struct Bounds {
    low: [f32; 3],
    high: [f32; 3],
}

impl Bounds {
    fn of(joints: &[[f32; 3]]) -> Self {
        let mut bounds = Self { low: [f32::MAX; 3], high: [f32::MIN; 3] };
        for joint in joints.iter().filter(|joint| !joint[0].is_nan()) {
            for i in 0..3 {
                bounds.low[i] = bounds.low[i].min(joint[i]);
                bounds.high[i] = bounds.high[i].max(joint[i]);
            }
        }
        bounds
    }

    fn size(&self) -> f32 {
        [0, 1, 2].map(|i| (self.high[i] - self.low[i]).powi(2)).iter().sum::<f32>().sqrt()
    }

    /// Whether two boxes are nearer than the larger one is large.
    fn touches(&self, other: &Self) -> bool {
        let margin = self.size().max(other.size());
        (0..3).all(|i| self.low[i] - margin <= other.high[i] && other.low[i] - margin <= self.high[i])
    }
}

/// How far two poses are apart, in sizes of the body.
fn distance(a: &[[f32; 3]], b: &[[f32; 3]], size: f32) -> Option<f32> {
    let length = |v: [f32; 3]| v.iter().map(|x| x * x).sum::<f32>().sqrt();
    let both = a.iter().zip(b).filter(|(a, b)| !a[0].is_nan() && !b[0].is_nan());
    let (sum, count) = both.fold((0.0, 0), |(sum, n), (a, b)| (sum + length([0, 1, 2].map(|i| a[i] - b[i])), n + 1));
    (count > 0 && size > 0.0).then(|| sum / count as f32 / size)
}

/// The people who are kept, longest seen first among equals by who came first; and how many are not.
pub(super) fn keep(mut tracks: Vec<Track>) -> (Vec<Track>, usize) {
    let all = tracks.len();
    let longest = tracks.iter().map(|track| track.seen.len()).max().unwrap_or(0);
    // a detection here and there is nobody
    tracks.retain(|track| 10 * track.seen.len() >= longest);
    tracks.sort_by(|a, b| b.seen.len().cmp(&a.seen.len()).then(a.seen[0].cmp(&b.seen[0])));
    tracks.truncate(MAX_KEPT);
    tracks.sort_by_key(|track| track.seen[0]);
    let dropped = all - tracks.len();
    (tracks, dropped)
}

/// `[J]` which joints are seen of anybody.
pub(super) fn seen(tracks: &[Track], sightings: &[Sighting], joints: usize) -> Vec<bool> {
    let mut seen = vec![false; joints];
    for &k in tracks.iter().flat_map(|track| &track.seen) {
        seen.iter_mut().zip(&sightings[k].joints).for_each(|(seen, place)| *seen |= !place[0].is_nan());
    }
    seen
}

/// `[T, P, J, 3]` with zeros where somebody is absent. Joints that are not seen for a time are led from where they were to
/// where they come again; those that somebody never shows stay NaN. The number of filled places comes with it.
pub(super) fn positions(
    tracks: &[Track],
    sightings: &[Sighting],
    frames: usize,
    joints: usize,
) -> Result<(Vec<f32>, usize), Cause> {
    let people = tracks.len();
    let volume = frames.saturating_mul(people).saturating_mul(joints);
    check_count("frames × bodies × joints", volume, MAX_JOINT_FRAMES)?;
    let mut out = vec![0.0; volume * 3];
    let mut filled = 0;
    for (p, track) in tracks.iter().enumerate() {
        for j in 0..joints {
            let place = |k: usize| sightings[k].joints[j];
            let shown: Vec<usize> = track.seen.iter().copied().filter(|&k| !place(k)[0].is_nan()).collect();
            for &k in &track.seen {
                let at = led(&shown, k, |k| sightings[k].frame, place);
                filled += usize::from(place(k)[0].is_nan() && at.is_some());
                let at = at.unwrap_or([f32::NAN; 3]);
                let start = ((sightings[k].frame * people + p) * joints + j) * 3;
                out[start..start + 3].copy_from_slice(&at);
            }
        }
    }
    Ok((out, filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(frame: usize, x: f32, id: Option<i64>) -> Sighting {
        let joints = (0..5).map(|j| [x, j as f32, 0.0]).collect();
        Sighting { frame, id, joints }
    }

    #[test]
    fn people_are_followed_by_where_they_are() {
        // two who stand apart; the file lists them in changing order, and one is missing for a while
        let sightings = [
            at(0, 0.0, None),
            at(0, 9.0, None),
            at(1, 9.1, None),
            at(1, 0.1, None),
            at(2, 0.2, None),
            at(3, 9.2, None),
            at(3, 0.3, None),
        ];
        let (tracks, numbered) = follow(&sightings);
        assert!(!numbered && tracks.len() == 2);
        assert_eq!((&tracks[0].seen[..], &tracks[1].seen[..]), (&[0, 3, 4, 6][..], &[1, 2, 5][..]));
    }

    #[test]
    fn numbers_of_people_are_believed_where_all_have_one() {
        let sightings = [at(0, 0.0, Some(7)), at(0, 9.0, Some(3)), at(1, 9.0, Some(7)), at(1, 0.0, Some(3))];
        let (tracks, numbered) = follow(&sightings);
        assert!(numbered);
        assert_eq!((&tracks[0].seen[..], &tracks[1].seen[..]), (&[0, 2][..], &[1, 3][..]));
        // the same number twice in a picture is none
        assert!(!follow(&[at(0, 0.0, Some(0)), at(0, 9.0, Some(0))]).1);
    }

    #[test]
    fn unseen_joints_go_from_where_they_were_to_where_they_come_again() {
        let mut sightings = vec![at(0, 0.0, None), at(1, 0.0, None), at(2, 4.0, None), at(4, 4.0, None)];
        sightings[1].joints[2] = [f32::NAN; 3];
        sightings[3].joints[2] = [f32::NAN; 3];
        sightings.iter_mut().for_each(|s| s.joints[4] = [f32::NAN; 3]);
        let track = Track { seen: vec![0, 1, 2, 3] };
        let (out, filled) = positions(&[track], &sightings, 5, 5).unwrap();
        let place = |t: usize, j: usize| &out[(t * 5 + j) * 3..][..3];
        assert_eq!(place(1, 2), [2.0, 2.0, 0.0], "half of the way");
        assert_eq!(place(4, 2), [4.0, 2.0, 0.0], "held at the end");
        assert_eq!(place(3, 2), [0.0; 3], "absent");
        assert!(place(0, 4)[0].is_nan());
        assert_eq!(filled, 2);
    }

    #[test]
    fn a_detection_here_and_there_is_nobody() {
        let track = |n: usize, first: usize| Track { seen: (first..first + n).collect() };
        let (kept, dropped) = keep(vec![track(3, 0), track(100, 3), track(60, 103)]);
        assert_eq!((kept.len(), dropped, kept[0].seen.len()), (2, 1, 100));
    }
}
