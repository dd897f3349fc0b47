//! Which of the tracked bodies are people, and who of them performs.

use std::fmt;

use super::{
    super::{
        Layout, Reason, Skeleton,
        measure::{Poses, infer_unit},
        people::{self, Traits},
    },
    body::Body,
    tracks::{self, Track},
};

/// Most people kept: the sensors track six.
const MOST: usize = 6;
/// Most bodies that are measured; the longest.
const MEASURED: usize = 64;
/// Frames below which a body is a flicker, if it is also seen for less than this share of who is seen longest.
const FLICKER: (usize, f64) = (12, 0.2);
/// Standing heights of people in metres, as depth cameras see them: to the ankles and the middle of the head.
const HEIGHT: std::ops::RangeInclusive<f64> = 0.9..=2.5;
/// A body that never moves beside somebody who does is a person only when it stands and is at least this tall, metres.
const STANDING: f64 = 1.2;

/// Why a body is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// Never moves, or hardly and is small, and does not stand like a person.
    Still,
    /// No person is so small or large.
    Size,
    /// Limbs or bones are not a person's.
    Shape,
    /// Seen in a few frames only.
    Flicker,
    /// There are more people than are kept.
    TooMany,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Still => "without movement",
            Self::Size => "of no person's size",
            Self::Shape => "of no person's shape",
            Self::Flicker => "seen for a moment only",
            Self::TooMany => "more than are kept",
        })
    }
}

/// Who is in a recording.
pub(super) struct People {
    /// In the order in which they appear; at least one where there is any body.
    pub tracks: Vec<Track>,
    /// Which of them performs.
    pub performer: usize,
    /// How all this was told; `None` where there was no choice.
    pub how: Option<Reason>,
}

impl People {
    /// Tells people from everything else that was tracked.
    pub(super) fn of(bodies: &[Body<'_>], layout: Layout) -> Self {
        let followed = tracks::follow(bodies);
        let pieces = followed.len();
        let mut tracks = tracks::join(followed, bodies, layout);
        let (mut flaws, performer) = judge(&tracks, bodies, layout);
        let mut kept: Vec<usize> = (0..tracks.len()).filter(|&i| flaws[i].is_none()).collect();
        if kept.len() > MOST {
            let mut by_length = kept.clone();
            by_length.sort_by_key(|&i| (i != performer, usize::MAX - tracks[i].bodies.len()));
            by_length[MOST..].iter().for_each(|&i| flaws[i] = Some(Flaw::TooMany));
            kept.retain(|&i| flaws[i].is_none());
        }
        let performer = kept.iter().position(|&i| i == performer).unwrap_or(0);
        let joined = kept.iter().any(|&i| tracks[i].joined);
        let how = (pieces > 1).then(|| describe(kept.len(), performer, joined, &flaws));
        let mut keep = flaws.iter().map(Option::is_none);
        tracks.retain(|_| keep.next().unwrap_or(false));
        Self { tracks, performer, how }
    }
}

/// `[tracks]` why each is left out, and which of the others performs.
fn judge(tracks: &[Track], bodies: &[Body<'_>], layout: Layout) -> (Vec<Option<Flaw>>, usize) {
    let skeleton = &layout.skeleton();
    let mut lengths: Vec<usize> = tracks.iter().map(|t| t.bodies.len()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let longest = lengths.first().copied().unwrap_or(0);
    let measured_from = lengths.get(MEASURED).map_or(0, |length| length + 1);
    let flickers = |t: &Track| {
        let length = t.bodies.len();
        length < measured_from || (length < FLICKER.0 && (length as f64) < FLICKER.1 * longest as f64)
    };
    // `None` for a flicker, which is not measured
    let traits: Vec<Option<Traits>> =
        tracks.iter().map(|t| (!flickers(t)).then(|| measured(t, bodies, skeleton))).collect();
    let tallest = traits.iter().flatten().map(|t| t.height).fold(0.0, f64::max);
    let metres = if layout == Layout::Ntu25 && tallest < 30.0 { 1.0 } else { infer_unit(tallest, None).0.metres };
    let flaw = |t: &Traits| match t {
        t if !HEIGHT.contains(&(t.height * metres)) => Some(Flaw::Size),
        t if !t.is_shaped_like_a_person() => Some(Flaw::Shape),
        _ => None,
    };
    // people who move come first, then people, then whatever there is
    let of_rank = |t: &Traits| match (flaw(t), t.is_still()) {
        (None, false) => 0,
        (None, true) => 1,
        (Some(_), _) => 2,
    };
    let best = traits.iter().flatten().map(of_rank).min().unwrap_or(2);
    let candidates: Vec<usize> =
        (0..tracks.len()).filter(|&i| traits[i].as_ref().is_some_and(|t| of_rank(t) == best)).collect();
    let chosen: Vec<&Traits> = candidates.iter().filter_map(|&i| traits[i].as_ref()).collect();
    let performer = candidates.get(people::performer(&chosen)).copied().unwrap_or(0);
    let sways = |t: &Traits| traits[performer].as_ref().is_some_and(|performs| t.only_sways_beside(performs));
    let flaws = traits.iter().enumerate().map(|(i, traits)| match traits {
        _ if i == performer => None,
        None => Some(Flaw::Flicker),
        // where nobody is a person, nobody can be told from one
        Some(_) if best == 2 => None,
        Some(t) if best == 0 && t.is_still() => {
            let stands = flaw(t).is_none() && t.stands() && t.height * metres >= STANDING;
            (!stands).then_some(Flaw::Still)
        }
        Some(t) if best == 0 && sways(t) => Some(Flaw::Still),
        Some(t) => flaw(t),
    });
    (flaws.collect(), performer)
}

fn measured(track: &Track, bodies: &[Body<'_>], skeleton: &Skeleton) -> Traits {
    let positions: Vec<f32> =
        track.bodies.iter().flat_map(|&n| &bodies[n].joints).flat_map(|joint| joint[..3].iter().copied()).collect();
    let present = vec![true; track.bodies.len()];
    Traits::of(&Poses { positions: &positions, present: &present, joints: skeleton.joints() }, skeleton)
}

fn describe(count: usize, performer: usize, joined: bool, flaws: &[Option<Flaw>]) -> Reason {
    let mut parts = vec![people::told(count, performer)];
    if joined {
        parts.push("who was tracked twice, or lost and found at the same place, is one".to_owned());
    }
    let mut out: Vec<Flaw> = flaws.iter().flatten().copied().collect();
    out.sort();
    let left_out: Vec<String> = out
        .chunk_by(|a, b| a == b)
        .map(|same| match same.len() {
            1 => format!("a body {}", same[0]),
            n => format!("{n} bodies {}", same[0]),
        })
        .collect();
    if !left_out.is_empty() {
        parts.push(format!("left out {}", left_out.join(", ")));
    }
    Reason::inferred(parts.join("; "))
}
