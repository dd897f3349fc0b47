//! Curves over time, sampled at the rate of their keys.

use std::{collections::HashMap, rc::Rc};

use glam::{DQuat, DVec3};

use super::{
    super::{
        MotionError,
        error::{Cause, excerpt, several},
        limits::{MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        quaternion::{nearer_sign, normalized},
    },
    container::Buffers,
    document::{Document, Sampler},
    nodes::{Nodes, Pose},
};

/// Keys that are farther apart than this many a second are no frames: more are sampled between them.
const FEWEST: f64 = 19.5;
/// The rate about which they are sampled.
const FPS: f64 = 30.0;
/// Most frames a second.
const MOST: f64 = 120.5;

/// An animation, read.
pub(super) struct Animation {
    /// Frames per second.
    pub fps: f64,
    start: f64,
    end: f64,
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

/// Takes the animation of that name or number, else the longest, and says what else there was.
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
    let chosen = match wanted {
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
    };
    let animation = Animation::read(root, chosen, buffers, nodes)?;
    let others = names.len() > 1 && wanted.is_none();
    let note = others.then(|| {
        format!("{} animations ({}): {} is read, the longest", names.len(), listed(), excerpt(names[chosen].as_bytes()))
    });
    Ok((animation, note.into_iter().collect()))
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
        let property = match channel.target.path.as_str() {
            "translation" => Property::Translation,
            "rotation" => Property::Rotation,
            "scale" => Property::Scale,
            _ => return None,
        };
        Some((channel.target.node?, property, clip.samplers.get(channel.sampler)?))
    })
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
    fn read(root: &Document, index: usize, buffers: &Buffers<'_>, nodes: &Nodes) -> Result<Self, MotionError> {
        let mut tracks: HashMap<usize, Tracks> = HashMap::new();
        let mut inputs: HashMap<usize, (Rc<[f32]>, f64)> = HashMap::new();
        let mut budget = 4 * MAX_JOINT_FRAMES;
        let (mut start, mut end, mut step) = (f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY);
        for (node, property, sampler) in channels(root, index) {
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
        let animation = Self { fps: rate(step), start, end, tracks };
        check_count("the number of frames", animation.frames(), MAX_FRAMES).map_err(|cause| buffers.at(cause))?;
        Ok(animation)
    }

    /// Number of frames, the last key included.
    pub(super) fn frames(&self) -> usize {
        // the conversion saturates
        (((self.end - self.start) * self.fps).round() as usize).saturating_add(1)
    }

    /// Seconds of a frame on the animation's clock.
    pub(super) fn time(&self, frame: usize) -> f64 {
        (self.start + frame as f64 / self.fps).min(self.end)
    }

    /// Whether a node has curves.
    pub(super) fn moves(&self, node: usize) -> bool {
        self.tracks.contains_key(&node)
    }

    /// What becomes of a node.
    pub(super) fn at(&self, node: usize, time: f64) -> Pose {
        let Some(tracks) = self.tracks.get(&node) else { return Pose::default() };
        let vector = |track: &Option<Track>| track.as_ref().map(|track| DVec3::from(track.vector(time)));
        Pose {
            translation: vector(&tracks.translation),
            rotation: tracks.rotation.as_ref().map(|track| track.rotation(time)),
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
