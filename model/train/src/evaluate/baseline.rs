//! What any model must be compared with: the label of the training clip that moves most alike.
//!
//! A clip is the thirteen joints that every body has, found by their place on it, at 32 moments: seen from the middle
//! of the hips, facing one way, one body tall. Two clips are as far apart as dynamic time warping within a band says
//! (Sakoe and Chiba, IEEE ASSP 26, 1978).

use std::borrow::Cow;

use draction::{
    figure::Anatomy,
    motion::{Motion, Part},
};
use rayon::prelude::*;
use serde::Serialize;
use skeletonllm_data::{DataClip, DataSet, Labels};

/// Moments that a clip is compared at.
const MOMENTS: usize = 32;
/// How far two clips may be out of step, in moments.
const BAND: usize = 8;
/// Head; shoulder, elbow, wrist of both arms; hip, knee, ankle of both legs, left before right.
const JOINTS: usize = 13;
/// Where in a pose arms and legs begin, left before right.
const SHOULDERS: [usize; 2] = [1, 4];
/// See [`SHOULDERS`].
const HIPS: [usize; 2] = [7, 10];

type Pose = [[f32; 3]; JOINTS];

/// A clip as it is compared.
#[derive(Clone, Debug)]
pub struct Trace(Vec<Pose>);

impl Trace {
    /// The trace of the motion's main body; `None` where it lacks arms, legs or trunk.
    pub fn of(motion: &Motion) -> Option<Trace> {
        Trace::with_joints_of(motion, motion)
    }

    /// As [`Trace::of`], with the joints found on `sound`, a motion of the same skeleton. On one where lost joints are
    /// held elsewhere, bones without length would hide which joint is which.
    fn with_joints_of(motion: &Motion, sound: &Motion) -> Option<Trace> {
        let body = motion.main_body()?;
        let frames: Vec<usize> = (0..motion.frames()).filter(|&t| motion.is_present(t, body)).collect();
        let numbers = motion.joints() * 3;
        let pose = |t: usize| &motion.positions[(t * motion.bodies + body) * numbers..][..numbers];
        let joints = joints(sound, body, *frames.first()?)?;
        let size = motion.height().max(0.1);
        let mut moments: Vec<Pose> = (0..MOMENTS)
            .map(|i| {
                let at = i as f32 * (frames.len() - 1) as f32 / (MOMENTS - 1) as f32;
                let (before, share) = (at as usize, at.fract());
                let [a, b] = [before, before + 1].map(|n| pose(frames[n.min(frames.len() - 1)]));
                let point = |j: usize, c: usize| a[3 * j + c] + share * (b[3 * j + c] - a[3 * j + c]);
                let middle = [0, 1, 2].map(|c| HIPS.map(|hip| point(joints[hip], c)).iter().sum::<f32>() / 2.0);
                joints.map(|j| [0, 1, 2].map(|c| (point(j, c) - middle[c]) / size))
            })
            .collect();
        turn_to_front(&mut moments);
        Some(Trace(moments))
    }

    /// Squared distances of the joints in body heights, summed along the best warping; infinite where it is sure to
    /// exceed `limit`.
    pub fn distance(&self, other: &Trace, limit: f32) -> f32 {
        let mut above = [f32::INFINITY; MOMENTS + 1];
        above[0] = 0.0;
        for (i, pose) in self.0.iter().enumerate() {
            let mut row = [f32::INFINITY; MOMENTS + 1];
            let mut least = f32::INFINITY;
            for j in i.saturating_sub(BAND)..(i + BAND + 1).min(MOMENTS) {
                let cost = apart(pose, &other.0[j]);
                let reached = above[j].min(above[j + 1]).min(row[j]) + cost;
                row[j + 1] = reached;
                least = least.min(reached);
            }
            if least > limit {
                return f32::INFINITY;
            }
            above = row;
        }
        above[MOMENTS]
    }

    /// [`Trace::distance`] without warping: never less, and much cheaper.
    fn in_step(&self, other: &Trace) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| apart(a, b)).sum()
    }
}

/// The joints of [`Pose`] in the motion's own numbering.
fn joints(motion: &Motion, body: usize, frame: usize) -> Option<[usize; JOINTS]> {
    let Anatomy { arms, legs, head } = Anatomy::of(motion, body, frame);
    let mut joints = [head.or_else(|| motion.skeleton.tip(Part::Torso))?; JOINTS];
    for (limb, at) in arms?.iter().chain(&legs?).zip(joints[1..].chunks_exact_mut(3)) {
        // a limb of two joints hangs from the trunk: a leg without a hip from the pelvis
        let trunk = || motion.skeleton.parents[limb.middle].unwrap_or(limb.root);
        let root = if limb.root == limb.middle { trunk() } else { limb.root };
        at.copy_from_slice(&[root, limb.middle, limb.end]);
    }
    Some(joints)
}

/// Squares, so that one hand elsewhere weighs more than a little noise in every joint.
fn apart(a: &Pose, b: &Pose) -> f32 {
    a.as_flattened().iter().zip(b.as_flattened()).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Turns a trace about the vertical so that left is +x where it begins.
fn turn_to_front(moments: &mut [Pose]) {
    let first = &moments[0];
    let left = [0, 2].map(|c| [SHOULDERS, HIPS].iter().map(|&[l, r]| first[l][c] - first[r][c]).sum::<f32>());
    let length = left[0].hypot(left[1]);
    if length < 1e-6 {
        return; // seen from the side in two dimensions: there is no front
    }
    let [cos, sin] = left.map(|x| x / length);
    for [x, _, z] in moments.iter_mut().flatten() {
        (*x, *z) = (cos * *x + sin * *z, cos * *z - sin * *x);
    }
}

/// Labelled clips to compare with.
#[derive(Clone, Debug, Default)]
pub struct Gallery {
    clips: Vec<(Trace, String)>,
}

/// How often the nearest neighbour has the right label. All figures are fractions in 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct BaselineScores {
    /// Labelled clips judged. One without arms, legs or trunk counts as wrong.
    pub clips: usize,
    /// The nearest among clips with labels that the folder chooses among.
    pub top1_own: f64,
    /// The nearest of all.
    pub top1_all: f64,
}

impl Gallery {
    /// The labelled clips of some folders, on all cores.
    pub fn of(sets: &[DataSet]) -> Gallery {
        let mut gallery = Gallery::default();
        sets.iter().for_each(|set| gallery.add(set));
        gallery
    }

    /// Takes in the labelled clips of another folder.
    pub fn add(&mut self, set: &DataSet) {
        let known = set.clips.par_iter().filter_map(|c| Some((c, c.record.label.clone()?)));
        self.clips.par_extend(known.filter_map(|(clip, label)| Some((Trace::of(&clip.motion)?, label))));
    }

    /// The labels of the nearest clip among those of `own` labels, and of the nearest of all.
    pub fn nearest(&self, query: &Trace, own: &Labels) -> [Option<&str>; 2] {
        let mut order: Vec<(f32, usize)> = self.clips.iter().map(|c| query.in_step(&c.0)).zip(0..).collect();
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut best = [(f32::INFINITY, None); 2];
        for (_, i) in order {
            let (trace, label) = &self.clips[i];
            // the first is never nearer than the second
            let of_own = own.index(label).is_some();
            let distance = query.distance(trace, best[usize::from(!of_own)].0);
            for (at, (least, nearest)) in best.iter_mut().enumerate() {
                if distance < *least && (at == 1 || of_own) {
                    (*least, *nearest) = (distance, Some(label.as_str()));
                }
            }
        }
        best.map(|(_, label)| label)
    }

    /// Judges the clips of a folder, each as `change` shows it, on all cores. `done` is called after each clip.
    pub fn judge<'m>(
        &self,
        set: &'m DataSet,
        change: &(dyn Fn(&'m Motion, usize) -> Cow<'m, Motion> + Sync),
        done: &(dyn Fn() + Sync),
    ) -> BaselineScores {
        let own = set.choices();
        let right = |(i, clip): (usize, &'m DataClip)| {
            let truth = clip.record.label.as_deref()?;
            let shown = change(&clip.motion, i);
            let sound = if shown.skeleton == clip.motion.skeleton { &clip.motion } else { shown.as_ref() };
            let trace = Trace::with_joints_of(&shown, sound);
            let right = trace.map_or([false; 2], |t| {
                let [nearest_own, nearest] = self.nearest(&t, &own);
                let same =
                    |label: &str| label == truth || own.index(label).is_none() && set.meanings.same(label, truth);
                [nearest_own == Some(truth), nearest.is_some_and(same)]
            });
            done();
            Some(right)
        };
        let right: Vec<[bool; 2]> = set.clips.par_iter().enumerate().filter_map(right).collect();
        let share = |at: usize| right.iter().filter(|r| r[at]).count() as f64 / right.len().max(1) as f64;
        BaselineScores { clips: right.len(), top1_own: share(0), top1_all: share(1) }
    }
}

#[cfg(test)]
mod tests {
    use skeletonllm_data::{Meanings, Perturbation, Record};

    use super::*;
    use crate::stick_figure::{Pose as Stand, motion, waving};

    /// A wave whose rhythm is `tempo`, by somebody of `size` who faces `heading`, after standing for `wait` seconds.
    fn wave(side: usize, tempo: f32, size: f32, heading: f32, wait: f32) -> Motion {
        let shown = motion(wait + 3.0 / tempo, |t| {
            let mut pose = Stand { heading, ..Stand::default() };
            let t = (t - wait).max(0.0) * tempo;
            let up = f32::min(2.0 * t, 1.0);
            pose.wrists[side] = [0.3 * up * (t * 9.0).sin(), up - 0.5, 0.1];
            pose
        });
        shown.scaled(size).translated([3.0, 0.2, -1.0])
    }

    fn trace(motion: &Motion) -> Trace {
        Trace::of(motion).unwrap()
    }

    #[test]
    fn place_heading_size_and_tempo_do_not_matter() {
        let wave_1 = trace(&wave(0, 1.0, 1.0, 0.0, 0.0));
        let same = wave_1.distance(&trace(&wave(0, 1.7, 0.6, 2.0, 0.0)), f32::INFINITY);
        let late = trace(&wave(0, 1.0, 1.0, 0.0, 0.4));
        let other = wave_1.distance(&trace(&wave(1, 1.0, 1.0, 0.0, 0.0)), f32::INFINITY);
        assert!(other > 10.0 * same, "the other hand: {other}, the same: {same}");
        let (warped, in_step) = (wave_1.distance(&late, f32::INFINITY), wave_1.in_step(&late));
        assert!(warped < 0.5 * in_step, "warping finds the late start: {warped}, {in_step}");
    }

    #[test]
    fn other_layouts_of_the_same_motion_are_near() {
        let [left, right] = [0, 1].map(|side| wave(side, 1.0, 1.0, 0.3, 0.0));
        let apart = trace(&left).distance(&trace(&right), f32::INFINITY);
        for joints in [25, 20, 17, 13] {
            let other = trace(&Perturbation::Joints(joints).apply(&left, 0));
            let distance = trace(&left).distance(&other, f32::INFINITY);
            assert!(distance < 0.1 * apart, "{joints} joints: {distance}, the other hand: {apart}");
        }
    }

    #[test]
    fn a_limit_only_hides_what_exceeds_it() {
        let [a, b] = [0, 1].map(|side| trace(&wave(side, 1.0, 1.0, 0.0, 0.1)));
        let distance = a.distance(&b, f32::INFINITY);
        assert!(distance > 0.0 && distance.is_finite());
        assert_eq!(a.distance(&b, distance * 1.01), distance);
        assert_eq!(a.distance(&b, distance * 0.3), f32::INFINITY);
        assert_eq!(a.distance(&a, 0.0), 0.0);
    }

    #[test]
    fn the_nearest_neighbour_is_found_among_own_labels_and_all() {
        let clip = |motion, label: &str| DataClip {
            record: Record { label: Some(label.to_owned()), ..Record::default() },
            motion,
        };
        let set = |clips| DataSet {
            name: "s".into(),
            clips,
            failed: Vec::new(),
            warnings: Vec::new(),
            divided: true,
            candidates: None,
            meanings: Meanings::default(),
        };
        let known = set(vec![
            clip(wave(0, 1.0, 1.0, 0.0, 0.0), "left"),
            clip(wave(1, 1.2, 1.1, 0.5, 0.1), "right"),
            clip(motion(2.0, |_| Stand::default()), "stand"),
        ]);
        let gallery = Gallery::of(&[known]);
        let query = trace(&wave(0, 0.8, 1.2, 3.0, 0.2));
        assert_eq!(gallery.nearest(&query, &Labels::new(["right", "stand"]))[1], Some("left"));
        assert_ne!(gallery.nearest(&query, &Labels::new(["right", "stand"]))[0], Some("left"));
        assert_eq!(Gallery::default().nearest(&query, &Labels::default()), [None, None]);
        let judged = set(vec![clip(waving(0), "left"), clip(waving(1), "right"), clip(waving(1), "left")]);
        let scores = gallery.judge(&judged, &|m, _| Cow::Borrowed(m), &|| {});
        assert_eq!(scores, BaselineScores { clips: 3, top1_own: 2.0 / 3.0, top1_all: 2.0 / 3.0 });
    }
}
