//! How often a movement is done, counted from the strokes of what moves most.

use super::{
    measure::Observed,
    phases::{BodyPart, LimbPath, pelvis_strokes},
    strokes::{Stroke, runs},
};

/// A count must be the same whether small strokes are taken in or left out.
const COARSE: [f32; 3] = [0.8, 1.0, 1.3];
/// Strokes there and back belong together over pauses up to this, seconds.
const PAUSE_S: f32 = 0.8;
/// A limb takes part when its strokes add up to this share of those of the most active one.
const TAKES_PART: f32 = 0.5;
/// With more strokes than these that are never undone, nobody can say what one repetition is.
const FEW: usize = 4;

/// How often the movement is done: a stroke there counts, and the way back belongs to it. `None` where nothing moves,
/// where limbs or strokes of different sizes disagree, and where legs alternate, because steps may be counted one by one
/// or in pairs.
pub(super) fn repetitions(observed: &Observed<'_>, limbs: &[LimbPath]) -> Option<usize> {
    let fps = observed.motion.fps;
    let pause = (PAUSE_S * fps).round() as usize;
    // who sits down or squats does it with the whole body, whatever the arms do
    let body = pelvis_strokes(observed);
    if !body.is_empty() {
        return count(&body, pause);
    }
    let all: Vec<(BodyPart, [Vec<Stroke<3>>; 3])> =
        limbs.iter().map(|limb| (limb.part, COARSE.map(|coarse| limb.strokes(fps, coarse)))).collect();
    let sum = |strokes: &[Vec<Stroke<3>>; 3]| strokes[1].iter().map(Stroke::length).sum::<f32>();
    let most = all.iter().map(|(_, strokes)| sum(strokes)).fold(0.0, f32::max);
    let active: Vec<_> = all.iter().filter(|(_, strokes)| sum(strokes) > TAKES_PART * most).collect();
    if active.iter().filter(|(part, _)| !part.is_arm()).count() > 1 {
        return None;
    }
    let mut counts = active.iter().flat_map(|(_, strokes)| strokes).map(|strokes| count(strokes, pause));
    let first = counts.next()??;
    counts.all(|n| n == Some(first)).then_some(first)
}

/// How often the longest run goes there; `None` where there are no strokes or two runs to choose from.
fn count<const N: usize>(strokes: &[Stroke<N>], pause: usize) -> Option<usize> {
    let mut lengths: Vec<usize> = runs(strokes, pause).iter().map(|run| run.len()).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    match lengths[..] {
        [] => None,
        [longest, ..] if longest <= 2 => (strokes.len() <= FEW).then_some(1),
        [longest, second, ..] if second > 2 && 2 * second > longest => None,
        [longest, ..] => Some(longest.div_ceil(2)),
    }
}
