//! Which layout an array of joints has, told from the body.
//!
//! Under the right one, bones run between neighbours: together they are hardly longer than the shortest tree that joins all
//! joints. They are as long on the left as on the right, and as long at the end as at the beginning. No axis and no unit is
//! needed for that.

use super::{
    super::{
        Part, Skeleton,
        measure::{Poses, deviation, median},
    },
    Layout,
};

/// A layout and how badly it fits; 0 is a perfect tree.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Fit {
    pub layout: Layout,
    pub misfit: f64,
}

/// Worst misfit of recordings: those of cheap depth cameras reach 0.6, those of studios 0.3; numbers that are no body 0.9.
pub(in super::super) const BODY: f64 = 0.7;
/// The same for pictures, which show bones shortened.
const FLAT_BODY: f64 = 1.1;
/// By how much the second best must fit worse.
pub(in super::super) const APART: f64 = 0.12;

/// What the comparison of candidates came to.
pub(in super::super) enum Verdict<T> {
    /// One fits, clearly better than all others.
    Fits(T),
    /// Several fit about as well, the best one first.
    Several(Vec<T>),
    /// None is a body.
    None,
}

/// Compares layouts of one number of joints with poses of them, `flat` where those are of pictures.
pub(in super::super) fn choose(poses: &Poses<'_>, flat: bool) -> Verdict<Fit> {
    chosen(Layout::with_joints(poses.joints).map(|layout| (layout, layout.skeleton())), poses, flat)
}

/// As [`choose`], by the joints that are `there` of so many: the poses have only these.
pub(in super::super) fn choose_by(there: &[usize], joints: usize, poses: &Poses<'_>, flat: bool) -> Verdict<Fit> {
    let cut = |layout: Layout| {
        let whole = layout.skeleton();
        let place = |j: usize| there.binary_search(&j).ok();
        let above = |j: usize| std::iter::successors(whole.parents[j], |&p| whole.parents[p]).find_map(place);
        let names = there.iter().map(|&j| whole.names[j].clone()).collect();
        (layout, Skeleton::named(names, there.iter().map(|&j| above(j)).collect()))
    };
    chosen(Layout::with_joints(joints).map(cut), poses, flat)
}

fn chosen(candidates: impl Iterator<Item = (Layout, Skeleton)>, poses: &Poses<'_>, flat: bool) -> Verdict<Fit> {
    let fits: Vec<Fit> =
        candidates.map(|(layout, skeleton)| Fit { layout, misfit: misfit(poses, &skeleton, flat) }).collect();
    match verdict(fits.iter().map(|fit| fit.misfit).collect(), flat) {
        Verdict::Fits(best) => Verdict::Fits(fits[best]),
        Verdict::Several(alike) => Verdict::Several(alike.into_iter().map(|k| fits[k]).collect()),
        Verdict::None => Verdict::None,
    }
}

/// Which of the candidates with these misfits it is.
pub(in super::super) fn verdict(misfits: Vec<f64>, flat: bool) -> Verdict<usize> {
    let mut fits: Vec<usize> = (0..misfits.len()).collect();
    fits.sort_by(|&a, &b| misfits[a].total_cmp(&misfits[b]));
    let limit = if flat { FLAT_BODY } else { BODY };
    let Some(&best) = fits.first().filter(|&&best| misfits[best] <= limit) else { return Verdict::None };
    fits.retain(|&k| misfits[k] <= misfits[best] + APART);
    if fits.len() == 1 { Verdict::Fits(best) } else { Verdict::Several(fits) }
}

/// How little poses look like a body of these joints: the logarithm of how much longer its bones are than the shortest tree,
/// and by how much of a bone, on average, left and right differ and lengths change. Shortened bones do both, so for pictures
/// the differences count half.
pub(in super::super) fn misfit(poses: &Poses<'_>, skeleton: &Skeleton, flat: bool) -> f64 {
    let samples: Vec<usize> = poses.sampled().into_iter().step_by(2).collect();
    let bones: Vec<[usize; 2]> = super::tree_bones(&skeleton.parents);
    let lengths: Vec<Vec<f64>> = bones.iter().map(|&[a, b]| poses.lengths(&samples, a, b)).collect();
    let total = |k: usize| lengths.iter().map(|of_bone| of_bone[k]).sum::<f64>();
    let ratios = samples.iter().enumerate().map(|(k, &n)| total(k) / shortest_tree(poses, n)).collect();
    let usual: Vec<f64> = lengths.iter().map(|of_bone| median(of_bone.clone())).collect();
    let mean = usual.iter().sum::<f64>() / usual.len().max(1) as f64;
    let (mut uneven, mut changing) = (0.0, 0.0);
    // a limb's joint whose twin was never found has none
    let alone = |j: usize| skeleton.mirror[j] == j && skeleton.parts[j] != Part::Torso;
    for ((&[a, b], of_bone), &usual) in bones.iter().zip(&lengths).zip(&usual) {
        changing += deviation(of_bone, usual);
        if alone(a) || alone(b) {
            continue;
        }
        let twin = poses.lengths(&samples, skeleton.mirror[a], skeleton.mirror[b]);
        uneven += median(of_bone.iter().zip(twin).map(|(l, t)| l - t).collect()).abs();
    }
    let differences = (uneven + changing) / (mean * bones.len() as f64);
    let misfit = median(ratios).ln() + if flat { 0.5 * differences } else { differences };
    if misfit.is_finite() { misfit } else { f64::INFINITY }
}

/// Length of the shortest tree that joins all joints of a pose (Prim).
fn shortest_tree(poses: &Poses<'_>, n: usize) -> f64 {
    let points: Vec<_> = (0..poses.joints).map(|j| poses.at(n, j)).collect();
    let mut way: Vec<f64> = points.iter().map(|p| p.distance(points[0])).collect();
    let mut open: Vec<usize> = (1..points.len()).collect();
    let mut total = 0.0;
    while let Some(i) = (0..open.len()).min_by(|&i, &k| way[open[i]].total_cmp(&way[open[k]])) {
        let next = open.swap_remove(i);
        total += way[next];
        for &j in &open {
            way[j] = way[j].min(points[j].distance(points[next]));
        }
    }
    total
}
