//! Curves over time, sampled at the rate of their keys.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    rc::Rc,
};

use glam::{DQuat, DVec3};

use super::{
    super::{
        MotionError,
        error::{Cause, excerpt, several},
        limits::{MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        quaternion::{nearer_sign, normalized},
    },
    container::Buffers,
    document::{Document, Sampler, Target},
    nodes::{Nodes, Pose},
    skins,
};

/// Keys that are farther apart than this many a second are no frames: more are sampled between them.
const FEWEST: f64 = 19.5;
/// The rate about which they are sampled.
const FPS: f64 = 30.0;
/// Most frames a second.
const MOST: f64 = 120.5;
/// Keys that lie evenly are frames from this rate on, where there are at least so many, and up to that one.
const FEWEST_KEYS: f64 = 4.9;
/// See [`FEWEST_KEYS`].
const MANY_KEYS: usize = 3;
/// See [`FEWEST_KEYS`].
const MOST_KEYS: f64 = 1000.5;
/// Keys lie evenly where none is farther from its place than this share of their distance: some are rounded to milliseconds.
const JITTER: f64 = 0.15;
/// The same of frames that do not lie on all keys, for the rounding of times alone.
const EARLY: f64 = 1e-3;

/// An animation, read.
pub(super) struct Animation {
    /// Frames per second.
    pub fps: f64,
    /// Seconds of a frame, which the rate may be rounded from.
    step: f64,
    start: f64,
    end: f64,
    /// Seconds by which a frame may come before the key that it shows, where curves jump.
    slack: f64,
    tracks: HashMap<usize, Tracks>,
}

/// The curves of a node.
#[derive(Default)]
struct Tracks {
    translation: Option<Track>,
    rotation: Option<Track>,
    scale: Option<Track>,
}

struct Track {
    /// Seconds, rising. Most curves share them.
    times: Rc<[f32]>,
    values: Vec<f32>,
    kind: Interpolation,
}

/// Fewest animations that are the parts of one.
const PARTS: usize = 3;
/// Most skeletons of which each may have an animation of its own.
const MAX_SKELETONS: usize = 16;

/// Takes the animation of that name or number, else the longest, and for skeletons that it does not move the longest of
/// theirs; says what else there was.
pub(super) fn choose(
    root: &Document,
    wanted: Option<&str>,
    buffers: &Buffers<'_>,
    nodes: &Nodes,
) -> Result<(Animation, Vec<String>), MotionError> {
    let names: Vec<String> = root
        .animations
        .iter()
        .enumerate()
        .map(|(k, clip)| if clip.name.is_empty() { (k + 1).to_string() } else { clip.name.clone() })
        .collect();
    let listed = || several(names.iter().map(|name| excerpt(name.as_bytes())), 8);
    if names.is_empty() {
        let text = "it has no animation: export it together with one".to_owned();
        return Err(buffers.at(Cause::Degenerate(text)));
    }
    let moves = |k: &usize| channels(root, *k).next().is_some();
    let mut chosen = vec![match wanted {
        Some(wanted) => {
            let number = wanted.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|&k| k < names.len());
            let named = names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
            let unknown =
                || buffers.fail(format!("it has no animation {}: there are {}", excerpt(wanted.as_bytes()), listed()));
            named.or(number).ok_or_else(unknown)?
        }
        None => {
            let none = || buffers.at(Cause::Degenerate("none of its animations moves a node".to_owned()));
            let lengths = (0..names.len()).filter(moves).map(|k| (seconds(root, k), k));
            // of equals the first
            lengths.reduce(|best, next| if next.0 > best.0 { next } else { best }).ok_or_else(none)?.1
        }
    }];
    if wanted.is_none() {
        let more = if is_one_in_parts(root) {
            (0..names.len()).filter(|&k| k != chosen[0]).collect()
        } else {
            of_other_skeletons(root, chosen[0], nodes)
        };
        chosen.extend(more);
        chosen.sort_unstable();
    }
    let (animation, mut warnings) = Animation::read(root, &chosen, buffers, nodes)?;
    if names.len() > 1 && wanted.is_none() {
        let read = several(chosen.iter().map(|&k| excerpt(names[k].as_bytes())), 8);
        let which =
            if chosen.len() == 1 { "is read, the longest" } else { "are read together: they move different joints" };
        warnings.insert(0, format!("{} animations ({}): {read} {which}", names.len(), listed()));
    }
    Ok((animation, warnings))
}

/// Whether each animation moves a single node that no other moves, as converters of old formats write: then all are one.
fn is_one_in_parts(root: &Document) -> bool {
    let mut moved = HashSet::new();
    let is_part = |animation: usize| {
        let mut nodes = channels(root, animation).map(|(node, ..)| node);
        let first = nodes.next();
        first.is_some_and(|first| nodes.all(|node| node == first) && moved.insert(first))
    };
    root.animations.len() >= PARTS && (0..root.animations.len()).all(is_part)
}

/// Animations that move skeletons which the chosen one leaves alone, as programs write that have an action for each figure:
/// for each skeleton the longest.
fn of_other_skeletons(root: &Document, chosen: usize, nodes: &Nodes) -> Vec<usize> {
    let skeletons = skins::skeletons(root, nodes);
    if root.animations.len() < 2 || !(2..=MAX_SKELETONS).contains(&skeletons.len()) {
        return Vec::new();
    }
    // which skeletons a node moves when it moves
    let mut moved: Vec<u32> = vec![0; nodes.len()];
    for (k, joints) in skeletons.iter().enumerate() {
        nodes.needed(joints.iter().copied()).into_iter().for_each(|node| moved[node] |= 1 << k);
    }
    let moves = |animation: usize| {
        channels(root, animation).fold(0, |all, (node, ..)| all | moved.get(node).copied().unwrap_or(0))
    };
    let mut busy = moves(chosen);
    let mut rest: Vec<usize> = (0..root.animations.len()).filter(|&k| k != chosen).collect();
    rest.sort_by(|&a, &b| seconds(root, b).total_cmp(&seconds(root, a)));
    rest.retain(|&k| {
        let own = moves(k);
        let other = own != 0 && own & busy == 0;
        busy |= if other { own } else { 0 };
        other
    });
    rest
}

/// What of a node a channel moves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Property {
    Translation,
    Rotation,
    Scale,
}

/// What lies between two keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Interpolation {
    Linear,
    Step,
    CubicSpline,
}

impl Interpolation {
    fn of(sampler: &Sampler) -> Result<Self, Cause> {
        match sampler.interpolation.as_deref() {
            None | Some("LINEAR") => Ok(Self::Linear),
            Some("STEP") => Ok(Self::Step),
            Some("CUBICSPLINE") => Ok(Self::CubicSpline),
            Some(other) => {
                let text = format!("its animation has an unknown interpolation, {}", excerpt(other.as_bytes()));
                Err(Cause::Malformed(text))
            }
        }
    }
}

/// Channels that move nodes: the node, what of it, and how. Others change meshes and materials.
fn channels(root: &Document, animation: usize) -> impl Iterator<Item = (usize, Property, &Sampler)> {
    let clip = &root.animations[animation];
    clip.channels.iter().filter_map(|channel| {
        let (node, property) = channel_of(&channel.target)?;
        Some((node, property, clip.samplers.get(channel.sampler)?))
    })
}

/// The node that a channel moves, and what of it.
fn channel_of(target: &Target) -> Option<(usize, Property)> {
    let property = match target.path.as_str() {
        "translation" => Property::Translation,
        "rotation" => Property::Rotation,
        "scale" => Property::Scale,
        _ => return None,
    };
    Some((target.node?, property))
}

/// The length that the file states: keys must say what their first and last times are.
fn seconds(root: &Document, animation: usize) -> f64 {
    let stated = |bound: &Option<serde_json::Value>| bound.as_ref()?.get(0)?.as_f64();
    let ends = channels(root, animation).filter_map(|(.., sampler)| {
        let times = root.accessors.get(sampler.input)?;
        Some((stated(&times.min).unwrap_or(0.0), stated(&times.max)?))
    });
    let (first, last) = ends.fold((f64::INFINITY, 0.0), |(a, b): (f64, f64), (min, max)| (a.min(min), b.max(max)));
    (last - first).max(0.0)
}

impl Animation {
    /// Reads these animations as one; what is odd about their keys comes with it.
    fn read(
        root: &Document,
        indices: &[usize],
        buffers: &Buffers<'_>,
        nodes: &Nodes,
    ) -> Result<(Self, Vec<String>), MotionError> {
        for clip in indices.iter().map(|&k| &root.animations[k]) {
            let mut lost =
                clip.channels.iter().filter(|c| c.sampler >= clip.samplers.len() && channel_of(&c.target).is_some());
            if let Some(channel) = lost.next() {
                return Err(buffers.fail(format!("an animation names sampler {}, which is not there", channel.sampler)));
            }
        }
        let mut tracks: HashMap<usize, Tracks> = HashMap::new();
        let mut inputs: BTreeMap<usize, (Rc<[f32]>, f64)> = BTreeMap::new();
        let mut budget = 4 * MAX_JOINT_FRAMES;
        let (mut start, mut end, mut step) = (f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY);
        for (node, property, sampler) in indices.iter().flat_map(|&k| channels(root, k)) {
            let Sampler { input, output, .. } = *sampler;
            let kind = Interpolation::of(sampler).map_err(|cause| buffers.at(cause))?;
            if node >= nodes.len() {
                return Err(buffers.fail(format!("an animation moves node {node}, which is not there")));
            }
            let width = if property == Property::Rotation { 4 } else { 3 };
            let (times, usual) = match inputs.get(&input) {
                Some(known) => known.clone(),
                None => {
                    let times: Rc<[f32]> = buffers.numbers(input, 1)?.into();
                    let usual = usual_step(&times);
                    inputs.entry(input).or_insert((times, usual)).clone()
                }
            };
            let values = buffers.numbers(output, width)?;
            let keys = if kind == Interpolation::CubicSpline { 3 } else { 1 } * times.len();
            if times.is_empty() || values.len() != keys * width {
                let text = format!("accessor {output} has {} numbers for {} keys", values.len(), times.len());
                return Err(buffers.fail(text));
            }
            let rising = times.windows(2).all(|pair| pair[0] <= pair[1]);
            if !rising || !times.iter().chain(&values[..]).all(|v| v.is_finite()) {
                let text = format!("the keys of node {node} in accessors {input} and {output}");
                let cause = if rising { Cause::NotFinite(text) } else { Cause::Malformed(text + " are not in order") };
                return Err(buffers.at(cause));
            }
            let held = times.len() + values.len();
            budget = budget.checked_sub(held).ok_or_else(|| {
                let (value, limit) = ("beyond it".to_owned(), 4 * MAX_JOINT_FRAMES as u64);
                buffers.at(Cause::TooLarge { what: "the number of numbers in its keys", value, limit })
            })?;
            start = start.min(f64::from(times[0]));
            end = end.max(f64::from(times[times.len() - 1]));
            step = step.min(usual);
            let entry = tracks.entry(node).or_default();
            let place = match property {
                Property::Translation => &mut entry.translation,
                Property::Rotation => &mut entry.rotation,
                Property::Scale => &mut entry.scale,
            };
            *place = Some(Track { times, values, kind });
        }
        if tracks.is_empty() {
            return Err(buffers.at(Cause::Degenerate("its animation moves no node".to_owned())));
        }
        let keys: Vec<&[f32]> = inputs.values().map(|(times, _)| &times[..]).collect();
        let usual = 1.0 / step;
        let (fps, step, slack) = frames_of(&keys, step).unwrap_or_else(|| {
            let fps = rate(step);
            (fps, 1.0 / fps, EARLY / fps)
        });
        let animation = Self { fps, step, start, end, slack, tracks };
        check_count("the number of frames", animation.frames(), MAX_FRAMES).map_err(|cause| buffers.at(cause))?;
        let said = (usual > 0.0 && (usual / fps - 1.0).abs() > 0.01).then(|| {
            let [keys, frames] = [usual, fps].map(|rate| (100.0 * rate).round() / 100.0);
            format!("its keys come {keys} times a second: {frames} frames a second are taken of its curves")
        });
        Ok((animation, said.into_iter().collect()))
    }

    /// Number of frames, the last key included.
    pub(super) fn frames(&self) -> usize {
        // the conversion saturates
        (((self.end - self.start) / self.step).round() as usize).saturating_add(1)
    }

    /// Seconds of a frame on the animation's clock.
    pub(super) fn time(&self, frame: usize) -> f64 {
        (self.start + frame as f64 * self.step).min(self.end)
    }

    /// Whether a node has curves.
    pub(super) fn moves(&self, node: usize) -> bool {
        self.tracks.contains_key(&node)
    }

    /// What becomes of a node.
    pub(super) fn at(&self, node: usize, time: f64) -> Pose {
        let Some(tracks) = self.tracks.get(&node) else { return Pose::default() };
        let of = |track: &Track| if track.kind == Interpolation::Step { time + self.slack } else { time };
        let vector = |track: &Option<Track>| track.as_ref().map(|track| DVec3::from(track.vector(of(track))));
        Pose {
            translation: vector(&tracks.translation),
            rotation: tracks.rotation.as_ref().map(|track| track.rotation(of(track))),
            scale: vector(&tracks.scale),
        }
    }
}

/// The median distance of keys in seconds.
fn usual_step(times: &[f32]) -> f64 {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| f64::from(pair[1] - pair[0])).filter(|&s| s > 0.0).collect();
    steps.sort_by(f64::total_cmp);
    steps.get(steps.len() / 2).copied().unwrap_or(f64::INFINITY)
}

/// The rate of keys that are frames, on all of which one lies, the seconds of a frame, and how much earlier than its key one
/// may be; `None` where keys come as it suits whoever set them. `step` is their usual distance.
fn frames_of(keys: &[&[f32]], step: f64) -> Option<(f64, f64, f64)> {
    let densest = keys.iter().max_by_key(|times| times.len())?;
    let first = f64::from(*densest.first()?);
    // counted from key to key: times have seven digits, and late ones are less exact
    let mut places = vec![0.0];
    for pair in densest.windows(2) {
        let place = places[places.len() - 1] + (f64::from(pair[1] - pair[0]) / step).round();
        places.push(place);
    }
    let cells = *places.last().filter(|cells| **cells > 0.0)?;
    let step = (f64::from(*densest.last()?) - first) / cells;
    let rate = 1.0 / step;
    let enough = rate >= FEWEST || (rate >= FEWEST_KEYS && densest.len() >= MANY_KEYS);
    let off = |&time: &f32| {
        let place = (f64::from(time) - first) / step;
        (place - place.round()).abs()
    };
    if !enough || rate > MOST_KEYS || !keys.iter().flat_map(|times| times.iter()).all(|time| off(time) < JITTER) {
        return None;
    }
    // files write 0.0333333 for a thirtieth; television's 29.97 is farther from 30
    let rounded = [(rate.round(), 1e-4), ((1000.0 * rate).round() / 1000.0, 1e-6)];
    let rounded = rounded.into_iter().find(|(round, off)| (round / rate - 1.0).abs() < *off);
    Some((rounded.map_or(rate, |(round, _)| round), step, JITTER * step))
}

/// Frames per second for keys that lie so far apart: one on every key, more between them or not on all.
fn rate(step: f64) -> f64 {
    let rate = 1.0 / step;
    if rate == 0.0 {
        return FPS;
    }
    // times are stored with seven digits
    let rate = if (rate - rate.round()).abs() < 0.005 * rate { rate.round() } else { rate };
    if rate < FEWEST { rate * (FPS / rate).round().max(1.0) } else { rate / (rate / MOST).ceil() }
}

impl Track {
    /// The key at or before a time, and how far the next one is, 0 to 1.
    fn key(&self, time: f64) -> (usize, f64) {
        let after = self.times.partition_point(|&t| f64::from(t) <= time);
        let Some(key) = after.checked_sub(1) else { return (0, 0.0) };
        match self.times.get(after) {
            Some(&next) => {
                let from = f64::from(self.times[key]);
                (key, (time - from) / (f64::from(next) - from))
            }
            None => (key, 0.0),
        }
    }

    /// Element `k` of `N` numbers.
    fn element<const N: usize>(&self, k: usize) -> [f64; N] {
        std::array::from_fn(|i| f64::from(self.values[k * N + i]))
    }

    /// Straight, stepped or by cubic Hermite splines (glTF 2.0, appendix C).
    fn value<const N: usize>(&self, time: f64) -> [f64; N] {
        let (key, share) = self.key(time);
        let mixed = |a: [f64; N], b: [f64; N]| std::array::from_fn(|i| a[i] + share * (b[i] - a[i]));
        match self.kind {
            Interpolation::Step => self.element(key),
            Interpolation::Linear if share == 0.0 => self.element(key),
            Interpolation::Linear => mixed(self.element(key), self.element(key + 1)),
            Interpolation::CubicSpline if share == 0.0 => self.element(3 * key + 1),
            Interpolation::CubicSpline => {
                let seconds = f64::from(self.times[key + 1]) - f64::from(self.times[key]);
                let [from, leaving] = [1, 2].map(|part| self.element::<N>(3 * key + part));
                let [arriving, to] = [0, 1].map(|part| self.element::<N>(3 * (key + 1) + part));
                let (s, s2, s3) = (share, share * share, share * share * share);
                std::array::from_fn(|i| {
                    (2.0 * s3 - 3.0 * s2 + 1.0) * from[i]
                        + seconds * (s3 - 2.0 * s2 + s) * leaving[i]
                        + (3.0 * s2 - 2.0 * s3) * to[i]
                        + seconds * (s3 - s2) * arriving[i]
                })
            }
        }
    }

    fn vector(&self, time: f64) -> [f64; 3] {
        self.value(time)
    }

    /// Between keys along the arc of the sphere, the short way.
    fn rotation(&self, time: f64) -> DQuat {
        let turn = |k: usize| normalized(DQuat::from_array(self.element(k)));
        let (key, share) = self.key(time);
        if self.kind != Interpolation::Linear || share == 0.0 {
            return normalized(DQuat::from_array(self.value(time)));
        }
        let from = turn(key);
        normalized(from.slerp(nearer_sign(turn(key + 1), from), share))
    }
}
