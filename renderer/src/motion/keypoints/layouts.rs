//! In which order pose estimators write their points.

use super::super::{
    Layout, Skeleton, UpAxis,
    error::Cause,
    measure::{Poses, stride},
    raw::joints_of,
    topology::{
        self,
        fit::{self, Verdict},
    },
};

/// An order of points.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// What it is called.
    pub title: String,
    /// Whether the file says it.
    pub stated: bool,
    pub names: Vec<String>,
    pub bones: Vec<[usize; 2]>,
    /// The joint that all others hang from.
    pub root: usize,
    /// Points in the file beyond these: faces and hands.
    pub beyond: usize,
    /// The axis that most files have up, where they are in space.
    pub usual_up: UpAxis,
}

/// Numbers of points that estimators write, with the layouts that they have, the usual one first.
const KNOWN: &[(usize, &[Layout])] = &[
    (14, &[Layout::CrowdPose14, Layout::Lsp14]),
    (15, &[Layout::OpenPose15]),
    (16, &[Layout::Mpii16, Layout::Human16]),
    (17, &[Layout::Coco17, Layout::Human17]),
    (18, &[Layout::OpenPose18]),
    (19, &[Layout::Panoptic19]),
    (20, &[Layout::Kinect20]),
    (22, &[Layout::Smpl22]),
    (23, &[Layout::Coco23]),
    (24, &[Layout::Smpl24]),
    (25, &[Layout::OpenPose25, Layout::Ntu25]),
    (26, &[Layout::Halpe26]),
    (32, &[Layout::Azure32]),
    (MEDIAPIPE, &[Layout::MediaPipe33]),
    // with faces and hands
    (133, &[Layout::Coco23]),
    (136, &[Layout::Halpe26]),
];
/// MediaPipe's number of points.
pub(super) const MEDIAPIPE: usize = 33;

/// Whether estimators write that many points.
pub(super) fn is_known(points: usize) -> bool {
    counts().any(|count| count == points)
}

/// The numbers of points that estimators write.
pub(super) fn counts() -> impl Iterator<Item = usize> {
    KNOWN.iter().map(|&(count, _)| count)
}

/// The orders with that many points.
pub(super) fn with_points(points: usize) -> Vec<Order> {
    let layouts = KNOWN.iter().filter(|(count, _)| *count == points).flat_map(|(_, layouts)| *layouts);
    layouts
        .map(|&layout| Order {
            usual_up: match layout {
                // sensors and models of bodies have habits of their own, cameras count downwards
                Layout::Ntu25 | Layout::Kinect20 | Layout::Smpl22 | Layout::Smpl24 => UpAxis::PlusY,
                Layout::Human17 | Layout::Human16 => layout.usual_up(),
                _ => UpAxis::MinusY,
            },
            ..Order::of(layout, points)
        })
        .collect()
}

/// Bodies whose order of points is looked for.
pub(super) struct Sample<'a> {
    /// `[T, people, points, 3]`, all zeros where somebody is absent; points that somebody never shows are NaN.
    pub positions: &'a [f32],
    pub people: usize,
    pub points: usize,
    /// `[points]` which are ever seen.
    pub seen: &'a [bool],
    /// Whether they are in a picture.
    pub flat: bool,
}

/// Fewer points that are seen may be anything.
const FEWEST_SEEN: usize = 8;

/// The order under which points are a body. Of those that fit alike the best one that estimators write; where too little is
/// seen, the most usual of all. `named` is whether the file has names for them, which nobody knows.
pub(super) fn choose(sample: &Sample<'_>, named: bool) -> Result<Order, Cause> {
    let points = sample.points;
    let mut orders = with_points(points);
    let usual = orders.len();
    let known: Vec<String> = orders.iter().map(|order| order.title.clone()).collect();
    let others = Layout::with_joints(points).filter(|layout| !known.contains(&layout.to_string()));
    orders.extend(others.map(|layout| Order { usual_up: layout.usual_up(), ..Order::of(layout, points) }));
    let Some(first) = orders.first() else {
        let whose = if named {
            "whose names do not tell how they hang together: list their `parents`"
        } else {
            "whose order is not known"
        };
        return Err(Cause::UnknownFormat(format!("its JSON has {points} points a person, {whose}")));
    };
    let bodies = sample.poses();
    if sample.misfit(&bodies, first).is_none() {
        return Ok(orders.swap_remove(0));
    }
    let misfits: Vec<f64> = orders.iter().map(|order| sample.misfit(&bodies, order).unwrap_or(f64::INFINITY)).collect();
    // points that are all in one place are no body in any order, which is said later
    if misfits.iter().all(|misfit| misfit.is_infinite()) {
        return Ok(orders.swap_remove(0));
    }
    match fit::verdict(misfits, sample.flat) {
        Verdict::Fits(best) => Ok(orders.swap_remove(best)),
        Verdict::Several(alike) if alike.iter().any(|&k| k < usual) => {
            Ok(orders.swap_remove(alike.into_iter().find(|&k| k < usual).unwrap_or(0)))
        }
        verdict => {
            let (alike, what) = match verdict {
                Verdict::Several(alike) => (alike, "several known orders of them fit alike"),
                _ => ((0..orders.len()).collect(), "bones between them make no body in any order that is known"),
            };
            let titles: Vec<&str> = alike.iter().map(|&k| orders[k].title.as_str()).collect();
            Err(Cause::UnknownFormat(format!(
                "its JSON has {points} points a person: {what} ({}); name them and what each hangs from in `joint_names` \
                 and `parents`",
                titles.join(", ")
            )))
        }
    }
}

impl Sample<'_> {
    /// Whether these points make a body; true where too few are seen.
    pub(super) fn is_body(&self, order: &Order) -> bool {
        let misfit = self.misfit(&self.poses(), order);
        misfit.is_none_or(|misfit| matches!(fit::verdict(vec![misfit], self.flat), Verdict::Fits(_)))
    }

    /// How little such `poses` look like a body, by points that are seen in all of them. `None` where these are too few.
    pub(super) fn misfit(&self, poses: &[f32], order: &Order) -> Option<f64> {
        let all = |j: usize| poses.chunks_exact(3 * self.points).all(|body| !body[3 * j].is_nan());
        let seen: Vec<bool> = (0..self.points).map(|j| self.seen[j] && all(j)).collect();
        let (kept, _, parents) = order.without(&seen);
        if poses.is_empty() || kept.len() < FEWEST_SEEN {
            return None;
        }
        let positions = joints_of(poses, self.points, 3, &kept);
        let names: Vec<String> = kept.iter().map(|&j| order.names[j].clone()).collect();
        let present = vec![true; poses.len() / (3 * self.points)];
        let poses = Poses { positions: &positions, present: &present, joints: kept.len() };
        Some(fit::misfit(&poses, &Skeleton::named(names, parents), self.flat))
    }

    /// `[N, points, 3]` at most 64 poses of whoever is there longest, spread over the time.
    pub(super) fn poses(&self) -> Vec<f32> {
        let is_there = |body: &&[f32]| body.iter().any(|&v| v != 0.0 && !v.is_nan());
        let of = |p: usize| {
            let bodies = self.positions.chunks_exact(3 * self.points).skip(p).step_by(self.people);
            bodies.filter(is_there).collect::<Vec<&[f32]>>()
        };
        let all = (0..self.people).map(of).reduce(|best, next| if next.len() > best.len() { next } else { best });
        let all = all.unwrap_or_default();
        let step = stride(all.len());
        all.into_iter().step_by(step).flatten().copied().collect()
    }
}

/// The order of points with these names: the bones of the known one that shares most of them. `None` where none shares
/// enough to make a body, or as many as asked for.
pub(super) fn by_names(names: &[String], fewest: usize) -> Option<Order> {
    let own: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let mut best: Option<(usize, Order)> = None;
    for order in counts().flat_map(with_points) {
        let place: Vec<Option<usize>> =
            order.names.iter().map(|name| own.iter().position(|o| *o == plain(name))).collect();
        let shared = place.iter().flatten().count();
        if shared >= FEWEST_SEEN.max(fewest) && best.as_ref().is_none_or(|(most, _)| shared > *most) {
            let bones = order.bones.iter().filter_map(|&[a, b]| Some([place[a]?, place[b]?])).collect();
            let root = place[order.root].unwrap_or(0);
            best = Some((
                shared,
                Order {
                    title: "named by the file".to_owned(),
                    stated: true,
                    names: names.to_vec(),
                    bones,
                    root,
                    ..order
                },
            ));
        }
    }
    best.map(|(_, order)| order)
}

/// A name as side and words without signs: `LShoulder`, `left_shoulder` and `leftShoulder` are one.
fn plain(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let lower = letters.to_lowercase();
    let capitals = letters.len() > 1 && letters.chars().take(2).all(char::is_uppercase);
    for (long, short, side) in [("left", 'l', '<'), ("right", 'r', '>')] {
        if let Some((before, after)) = lower.split_once(long) {
            return format!("{side}{before}{after}");
        }
        let apart = name.len() > 2 && name[1..].starts_with(['_', ' ', '.', '-']);
        if lower.starts_with(short) && (capitals || apart) {
            return format!("{side}{}", &lower[1..]);
        }
    }
    lower
}

impl Order {
    /// A layout's, of which the rest of the points is beyond it.
    fn of(layout: Layout, points: usize) -> Self {
        Self {
            title: layout.to_string(),
            stated: false,
            names: layout.names().iter().map(|&n| n.to_owned()).collect(),
            bones: layout.bones(),
            root: topology::root(&layout.parents()),
            beyond: points - layout.names().len(),
            usual_up: UpAxis::MinusY,
        }
    }

    /// Without joints that were never seen: what they joined is joined directly. Which joints are left, their bones, and the
    /// tree of these.
    pub(super) fn without(&self, seen: &[bool]) -> (Vec<usize>, Vec<[usize; 2]>, Vec<Option<usize>>) {
        let kept: Vec<usize> = (0..self.names.len()).filter(|&j| seen[j]).collect();
        let mut links = self.bones.clone();
        for gone in (0..self.names.len()).filter(|&j| !seen[j]) {
            let ends: Vec<usize> = links.iter().filter(|l| l.contains(&gone)).map(|l| l[0] + l[1] - gone).collect();
            links.retain(|link| !link.contains(&gone));
            links.extend(ends.windows(2).map(|pair| [pair[0], pair[1]]));
        }
        let place = |joint: usize| kept.iter().position(|&k| k == joint);
        let bones = links.iter().filter_map(|&[a, b]| Some([place(a)?, place(b)?]));
        let bones: Vec<[usize; 2]> = bones.filter(|[a, b]| a != b).collect();
        let beside =
            |link: &[usize; 2]| link.contains(&self.root).then(|| place(link[0] + link[1] - self.root)).flatten();
        let root = place(self.root).or_else(|| self.bones.iter().find_map(beside));
        let root = root.unwrap_or_else(|| bones.first().map_or(0, |bone| bone[0]));
        let parents = tree(kept.len(), &bones, root);
        (kept, bones, parents)
    }
}

/// The tree that bones span from the root; joints without bones hang from it.
fn tree(joints: usize, bones: &[[usize; 2]], root: usize) -> Vec<Option<usize>> {
    let mut parents = topology::tree_along(joints, bones, root);
    while let Some(apart) = (0..joints).find(|&j| j != root && parents[j].is_none()) {
        for (parent, found) in parents.iter_mut().zip(topology::tree_along(joints, bones, apart)) {
            *parent = parent.or(found);
        }
        parents[apart] = Some(root);
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_one_connected_body_with_two_sides() {
        for points in counts() {
            let orders = with_points(points);
            assert!(!orders.is_empty(), "{points}");
            for order in orders {
                assert_eq!(order.names.len() + order.beyond, points, "{}", order.title);
                let joints = order.names.len();
                assert!(order.bones.iter().flatten().all(|&j| j < joints), "{}", order.title);
                // all are reached along bones: the tree needs no others
                let parents = tree(joints, &order.bones, order.root);
                for (j, parent) in parents.iter().enumerate() {
                    let linked = parent.is_none_or(|p| order.bones.contains(&[p, j]) || order.bones.contains(&[j, p]));
                    assert!(linked, "{}: {}", order.title, order.names[j]);
                }
                let labels = super::super::super::Skeleton::named(order.names.clone(), parents);
                for (j, &twin) in labels.mirror.iter().enumerate() {
                    let middle = labels.parts[j] == super::super::super::Part::Torso;
                    assert!(middle || twin != j, "{}: {} has no twin", order.title, order.names[j]);
                }
            }
        }
    }

    #[test]
    fn names_of_many_spellings_find_their_order() {
        assert!(
            ["LShoulder", "left_shoulder", "leftShoulder", "shoulder_left", "l_shoulder"]
                .iter()
                .all(|n| plain(n) == "<shoulder")
        );
        let tfjs: Vec<String> = with_points(17)[0].names.iter().map(|n| n[..1].to_lowercase() + &n[1..]).collect();
        let order = by_names(&tfjs, 17).unwrap();
        assert_eq!((order.bones, order.names), (with_points(17)[0].bones.clone(), tfjs.clone()));
        // in another order the bones follow
        let mut turned = tfjs.clone();
        turned.reverse();
        let order = by_names(&turned, 17).unwrap();
        let bone = order.bones.iter().find(|bone| turned[bone[0]] == "leftElbow" || turned[bone[1]] == "leftElbow");
        assert!(bone.is_some_and(|b| b.iter().all(|&j| turned[j].starts_with("left"))), "{:?}", order.bones);
        assert!(by_names(&["a".to_owned(), "b".to_owned()], 1).is_none());
    }

    #[test]
    fn what_a_missing_joint_joined_is_joined_directly() {
        let order = &with_points(25)[0];
        let mut seen = vec![true; 25];
        // elbow of the right arm
        seen[3] = false;
        let (kept, bones, parents) = order.without(&seen);
        assert_eq!(kept.len(), 24);
        // shoulder and wrist
        assert!(bones.contains(&[2, 3]), "{bones:?}");
        assert_eq!((bones.len(), parents[3]), (23, Some(2)));
    }
}
