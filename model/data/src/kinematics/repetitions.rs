//! How often a movement is done, counted from the strokes of what moves most.

use super::{
    Limbs,
    measure::Observed,
    phases::{LimbPath, pelvis_strokes},
    strokes::{Stroke, runs},
};

/// How coarse strokes may be, from fine to coarse: see [`LimbPath::strokes`].
const COARSE: [f32; 5] = [0.35, 0.5, 0.65, 1.0, 1.3];
/// Strokes there and back belong together over pauses up to this, seconds.
const PAUSE_S: f32 = 0.8;
/// A limb takes part when its strokes add up to this share of those of the most active one.
const TAKES_PART: f32 = 0.5;
/// With more strokes than these that are never undone, nobody can say what one repetition is.
const FEW: usize = 4;

/// How often the movement is done: a stroke there counts, and the way back belongs to it. `None` where nothing moves,
/// where limbs or strokes of different sizes disagree, and where the legs move, unless it is done once: steps may be counted one by one or in pairs.
pub(super) fn repetitions(observed: &Observed<'_>, limbs: &[LimbPath], legs: Option<Limbs>) -> Option<usize> {
    let fps = observed.motion.fps;
    let pause = (PAUSE_S * fps).round() as usize;
    // who sits down or squats does it with the whole body, whatever the arms do
    let body = pelvis_strokes(observed);
    if !body.is_empty() {
        return count(&body, pause);
    }
    if legs == Some(Limbs::Both) {
        return None;
    }
    let all: Vec<[Vec<Stroke<3>>; 5]> =
        limbs.iter().map(|limb| COARSE.map(|coarse| limb.strokes(fps, coarse))).collect();
    let sum = |strokes: &[Vec<Stroke<3>>; 5]| strokes[3].iter().map(Stroke::length).sum::<f32>();
    let most = all.iter().map(sum).fold(0.0, f32::max);
    let active: Vec<_> = all.iter().filter(|strokes| sum(strokes) > TAKES_PART * most).collect();
    let mut counts = active.iter().map(|strokes| agreed(strokes.each_ref().map(|s| count(s, pause))));
    let first = counts.next()??;
    let clear = first == 1 || legs == Some(Limbs::Neither);
    (clear && counts.all(|n| n == Some(first))).then_some(first)
}

/// Small swings are lost among coarse strokes, so that fine ones decide about several; "once" must be true of all.
fn agreed(counts: [Option<usize>; 5]) -> Option<usize> {
    let [_, fine, finer, ..] = counts;
    let n = fine.filter(|_| fine == finer)?;
    (n > 1 || counts.iter().all(|&c| c == Some(1))).then_some(n)
}

/// How often the longest run goes there; `None` where there are no strokes or two runs to choose from.
fn count<const N: usize>(strokes: &[Stroke<N>], pause: usize) -> Option<usize> {
    let mut lengths: Vec<usize> = runs(strokes, pause).iter().map(|run| run.len()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    match lengths[..] {
        [] => None,
        [longest, ..] if longest <= 2 => (strokes.len() <= FEW).then_some(1),
        // two runs to choose from
        [longest, second, ..] if second > 2 && 2 * second > longest => None,
        [longest, ..] => Some(longest.div_ceil(2)),
    }
}
