//! In which order pose estimators write their points.

use super::super::{Layout, UpAxis, measure::spread_of_bones, topology};

/// An order of points.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// What it is called.
    pub title: String,
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
            title: layout.to_string(),
            names: layout.names().iter().map(|&n| n.to_owned()).collect(),
            bones: layout.bones(),
            root: layout.parents().iter().position(Option::is_none).unwrap_or(0),
            beyond: points - layout.names().len(),
            usual_up: match layout {
                // sensors and models of bodies have habits of their own, cameras count downwards
                Layout::Ntu25 | Layout::Kinect20 | Layout::Smpl22 | Layout::Smpl24 => UpAxis::PlusY,
                Layout::Human17 | Layout::Human16 => layout.usual_up(),
                _ => UpAxis::MinusY,
            },
        })
        .collect()
}

/// Of several orders the one whose bones are shortest; `positions` are `[N, points, 3]`, joints that nobody ever saw do not
/// count.
pub(super) fn choose(orders: Vec<Order>, positions: &[f32], points: usize, seen: &[bool]) -> Option<Order> {
    let spread = |order: &Order| {
        let bones: Vec<[usize; 2]> = order.bones.iter().copied().filter(|&[a, b]| seen[a] && seen[b]).collect();
        if bones.is_empty() { f64::INFINITY } else { spread_of_bones(positions, points, &bones) }
    };
    // of equals the first
    let scored = orders.into_iter().map(|order| (spread(&order), order));
    scored.reduce(|best, next| if next.0 < best.0 { next } else { best }).map(|(_, order)| order)
}

/// The order of points with these names: the bones of the known one that shares most of them. `None` where none shares
/// enough to make a body.
pub(super) fn by_names(names: &[String]) -> Option<Order> {
    let own: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let mut best: Option<(usize, Order)> = None;
    for order in counts().flat_map(with_points) {
        let place: Vec<Option<usize>> =
            order.names.iter().map(|name| own.iter().position(|o| *o == plain(name))).collect();
        let shared = place.iter().flatten().count();
        if shared >= 8.max(names.len() / 2) && best.as_ref().is_none_or(|(most, _)| shared > *most) {
            let bones = order.bones.iter().filter_map(|&[a, b]| Some([place[a]?, place[b]?])).collect();
            let root = place[order.root].unwrap_or(0);
            best = Some((
                shared,
                Order { title: "named by the file".to_owned(), names: names.to_vec(), bones, root, ..order },
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
        let root = place(self.root).unwrap_or_else(|| bones.first().map_or(0, |bone| bone[0]));
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
        let order = by_names(&tfjs).unwrap();
        assert_eq!((order.bones, order.names), (with_points(17)[0].bones.clone(), tfjs.clone()));
        // in another order the bones follow
        let mut turned = tfjs.clone();
        turned.reverse();
        let order = by_names(&turned).unwrap();
        let bone = order.bones.iter().find(|bone| turned[bone[0]] == "leftElbow" || turned[bone[1]] == "leftElbow");
        assert!(bone.is_some_and(|b| b.iter().all(|&j| turned[j].starts_with("left"))), "{:?}", order.bones);
        assert!(by_names(&["a".to_owned(), "b".to_owned()]).is_none());
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
