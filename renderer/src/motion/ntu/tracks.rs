//! Who is the same from frame to frame: by body id where ids tell, by place where they do not, and again by place where
//! somebody is lost and found under another id.

use std::collections::{BTreeMap, HashMap, HashSet};

use glam::DVec3;

use super::{
    super::{Layout, measure::median, people},
    FPS, MAX_BODIES,
    body::Body,
};

/// Frames by whose movement the place is guessed where somebody went who is lost, and the fastest that they go, in body sizes
/// a second.
const MOVING: (usize, f64) = (10, 1.5);
/// Two ids were exchanged where a body is nearer than the first to where somebody of another id just was, and both of their
/// own ids are farther than the second, in body sizes.
const EXCHANGED: [f64; 2] = [0.08, 0.15];
/// Two bodies whose joints are nearer to each other than this, in body sizes, are one person who is tracked twice.
const TWICE: f64 = 0.12;
/// People whose bones differ by a larger factor are not the same.
const GROWN: f64 = 1.2;
/// Most tracks that are compared with each other; the longest.
const COMPARED: usize = 64;

/// One body through the file.
pub(super) struct Track {
    /// Which of the file's bodies: one a frame, in order of time.
    pub bodies: Vec<usize>,
    /// Whether pieces under several ids were joined to it.
    pub joined: bool,
}

/// Whether a body has any size; trackers write zeros for who is not there.
fn is_there(body: &Body<'_>) -> bool {
    body.joints.iter().any(|j| j[..3].iter().any(|v| v.abs() > 1e-6))
}

/// Follows every body, in the order in which they appear.
pub(super) fn follow(bodies: &[Body<'_>]) -> Vec<Track> {
    let mut tracks: Vec<Track> = Vec::new();
    let mut of_id: HashMap<&[u8], Vec<usize>> = HashMap::new();
    let mut first = 0;
    for frame in bodies.chunk_by(|a, b| a.frame == b.frame) {
        let mut open: Vec<usize> = (first..first + frame.len()).filter(|&n| is_there(&bodies[n])).collect();
        first += frame.len();
        // who may be who, the nearest first
        let (mut pairs, mut by_id) = (Vec::new(), Vec::new());
        for &n in &open {
            let (body, middle, size) = (&bodies[n], bodies[n].middle(), bodies[n].size());
            for &track in of_id.get(body.id).into_iter().flatten().rev().take(MAX_BODIES) {
                let before: &Body<'_> = &bodies[tracks[track].last()];
                let (away, seconds) = (before.middle().distance(middle), (body.frame - before.frame) as f64 / FPS);
                by_id.push((away, n, track));
                if people::is_within_reach(away, size, seconds) {
                    pairs.push((away, n, track));
                }
            }
        }
        pairs.extend(exchanged(&tracks, &by_id, bodies));
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, n, track) in pairs {
            let free = bodies[tracks[track].last()].frame != bodies[n].frame;
            if let Some(at) = open.iter().position(|&o| o == n).filter(|_| free) {
                open.remove(at);
                tracks[track].bodies.push(n);
                let its = of_id.entry(bodies[n].id).or_default();
                if !its.contains(&track) {
                    its.push(track);
                }
            }
        }
        for n in open {
            of_id.entry(bodies[n].id).or_default().push(tracks.len());
            tracks.push(Track { bodies: vec![n], joined: false });
        }
    }
    tracks
}

/// Who may be who although ids say otherwise: a body and a track in one place, both of which would jump by the `pairs` of
/// equal ids.
fn exchanged(tracks: &[Track], pairs: &[(f64, usize, usize)], bodies: &[Body<'_>]) -> Vec<(f64, usize, usize)> {
    let follow = |p: &&(f64, usize, usize)| bodies[p.1].frame == bodies[tracks[p.2].last()].frame + 1;
    let jumps = |p: &&(f64, usize, usize)| p.0 > EXCHANGED[1] * bodies[p.1].size();
    let in_place: Vec<_> = pairs.iter().filter(|p| follow(p) && !jumps(p)).collect();
    let [settled, kept]: [HashSet<usize>; 2] =
        [in_place.iter().map(|p| p.1).collect(), in_place.iter().map(|p| p.2).collect()];
    let open = |p: &&(f64, usize, usize)| !settled.contains(&p.1) && !kept.contains(&p.2);
    let jumps: Vec<_> = pairs.iter().filter(|p| follow(p) && jumps(p) && open(p)).take(MAX_BODIES).collect();
    let crossed = jumps.iter().flat_map(|&&(_, n, _)| jumps.iter().map(move |&&(_, _, track)| (n, track)));
    crossed
        .filter_map(|(n, track)| {
            let away = bodies[n].middle().distance(bodies[tracks[track].last()].middle());
            (away < EXCHANGED[0] * bodies[n].size()).then_some((away, n, track))
        })
        .collect()
}

/// Joins the pieces of one person: tracked twice at the same time, or lost and found again soon after and near.
pub(super) fn join(tracks: Vec<Track>, bodies: &[Body<'_>], layout: Layout) -> Vec<Track> {
    found_again(tracked_twice(tracks, bodies), bodies, &layout.bones())
}

/// The longest of several tracks at one place, filled up with the others.
fn tracked_twice(mut tracks: Vec<Track>, bodies: &[Body<'_>]) -> Vec<Track> {
    tracks.sort_by_key(|track| (usize::MAX - track.bodies.len(), track.first()));
    let mut kept: Vec<(ByFrame, bool)> = Vec::new();
    for track in tracks {
        let by_frame = track.bodies.iter().map(|&n| (bodies[n].frame, n));
        match kept.iter_mut().take(COMPARED).find(|(other, _)| is_same_place(other, &track, bodies)) {
            Some((same, joined)) => {
                by_frame.for_each(|(frame, n)| _ = same.entry(frame).or_insert(n));
                *joined = true;
            }
            None => kept.push((by_frame.collect(), track.joined)),
        }
    }
    let kept = kept.into_iter().map(|(by_frame, joined)| Track { bodies: by_frame.into_values().collect(), joined });
    let mut kept: Vec<Track> = kept.collect();
    kept.sort_by_key(Track::first);
    kept
}

/// The bodies of a track by their frames: there may be as many pieces to put between them as there are frames.
type ByFrame = BTreeMap<usize, usize>;

/// Whether two tracks are nearly the same wherever both are there, or take turns in one place, as where an id is written in
/// two ways.
fn is_same_place(a: &ByFrame, b: &Track, bodies: &[Body<'_>]) -> bool {
    if a.range(bodies[b.first()].frame..=bodies[b.last()].frame).next().is_none() {
        return false;
    }
    let then =
        |frame: usize| a.get(&frame).or_else(|| a.range(frame.saturating_sub(1)..=frame + 1).next().map(|e| e.1));
    let both = b.bodies.iter().filter_map(|&n| Some((&bodies[n], &bodies[*then(bodies[n].frame)?])));
    let away: Vec<f64> = both.map(|(b, a)| b.away_from(a) / b.size()).collect();
    !away.is_empty() && median(away) < TWICE
}

/// Puts tracks that begin soon after another one's end, near it and with bones as long, at its end.
fn found_again(tracks: Vec<Track>, bodies: &[Body<'_>], bones: &[[usize; 2]]) -> Vec<Track> {
    let mut kept: Vec<(Track, f64)> = Vec::new();
    for track in tracks {
        let (begins, bone_sum) = (&bodies[track.first()], bone_sum(&track, bodies, bones));
        let before = kept.iter().enumerate().rev().take(COMPARED).filter_map(|(i, (other, sum))| {
            let ends = &bodies[other.last()];
            let seconds = begins.frame.checked_sub(ends.frame + 1)? as f64 / FPS;
            let away = ends.middle().distance(begins.middle());
            let away = away.min(other.goes_on(bodies, seconds).distance(begins.middle()));
            let found = people::is_found_again(away, begins.size(), seconds);
            let alike = bone_sum.max(*sum) <= GROWN * bone_sum.min(*sum);
            (found && alike).then_some((i, away))
        });
        match before.min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((i, _)) => {
                // it begins after the other one's end
                kept[i].0.bodies.extend(track.bodies);
                kept[i].0.joined = true;
            }
            None => kept.push((track, bone_sum)),
        }
    }
    kept.into_iter().map(|(track, _)| track).collect()
}

/// Length of all bones together: the median over a few frames.
fn bone_sum(track: &Track, bodies: &[Body<'_>], bones: &[[usize; 2]]) -> f64 {
    let step = track.bodies.len().div_ceil(16);
    let sum = |&n: &usize| bones.iter().map(|&[a, b]| bodies[n].at(a).distance(bodies[n].at(b))).sum();
    median(track.bodies.iter().step_by(step).map(sum).collect())
}

impl Track {
    /// Its first body.
    pub(super) fn first(&self) -> usize {
        self.bodies[0]
    }

    /// Where it would be so many seconds after its end, if it moved on as it did.
    fn goes_on(&self, bodies: &[Body<'_>], seconds: f64) -> DVec3 {
        let end = &bodies[self.last()];
        let before = &bodies[self.bodies[self.bodies.len().saturating_sub(MOVING.0)]];
        let way = end.middle() - before.middle();
        let speed = way * FPS / (end.frame - before.frame).max(1) as f64;
        end.middle() + speed.clamp_length_max(MOVING.1 * end.size()) * seconds
    }

    /// Its last body.
    pub(super) fn last(&self) -> usize {
        self.bodies[self.bodies.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn as_many_pieces_as_frames_take_little_time() {
        // somebody who is tracked a second time, under a new id every two frames, in one of which the first is lost
        let frames = 120_000;
        let body = |frame: usize, place: usize| Body {
            frame,
            place,
            id: b"1",
            joints: vec![[0.0; 7], [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
        };
        let bodies: Vec<Body<'_>> =
            (0..frames).map(|t| body(t, 1)).chain((0..frames / 2).map(|t| body(2 * t, 0))).collect();
        let long = Track { bodies: (frames..frames + frames / 2).collect(), joined: false };
        let pieces = (0..frames / 2).map(|k| Track { bodies: vec![2 * k, 2 * k + 1], joined: false });
        let start = Instant::now();
        let kept = tracked_twice(std::iter::once(long).chain(pieces).collect(), &bodies);
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
        let [one] = &kept[..] else { panic!("{} people", kept.len()) };
        assert!(one.joined && one.bodies.iter().map(|&n| bodies[n].frame).eq(0..frames));
        // own bodies come first
        assert!(one.bodies.iter().all(|&n| (bodies[n].place == 0) == bodies[n].frame.is_multiple_of(2)));
    }
}
