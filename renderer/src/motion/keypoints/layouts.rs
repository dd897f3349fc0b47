//! In which order pose estimators write their points.

use super::super::{Layout, measure::spread_of_bones};

/// An order of points.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// What it is called.
    pub title: &'static str,
    pub names: Vec<String>,
    pub bones: Vec<[usize; 2]>,
    /// The joint that all others hang from.
    pub root: usize,
    /// Points in the file beyond these: faces and hands.
    pub beyond: usize,
    /// Whether programs that look at pictures write it, rather than sensors or models of bodies.
    pub of_cameras: bool,
}

type Table = (&'static str, &'static [&'static str], &'static [[usize; 2]]);

#[rustfmt::skip]
const BODY_25: Table = (
    "OpenPose's BODY_25",
    &[
        "Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "MidHip", "RHip", "RKnee",
        "RAnkle", "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar", "LBigToe", "LSmallToe", "LHeel",
        "RBigToe", "RSmallToe", "RHeel",
    ],
    &[
        [8, 1], [1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [8, 9], [9, 10], [10, 11], [8, 12], [12, 13],
        [13, 14], [1, 0], [0, 15], [15, 17], [0, 16], [16, 18], [14, 19], [19, 20], [14, 21], [11, 22], [22, 23],
        [11, 24],
    ],
);

#[rustfmt::skip]
const COCO_18: Table = (
    "OpenPose's COCO with 18 points",
    &[
        "Nose", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "RHip", "RKnee", "RAnkle",
        "LHip", "LKnee", "LAnkle", "REye", "LEye", "REar", "LEar",
    ],
    &[
        [1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11], [11, 12], [12, 13], [1, 0],
        [0, 14], [14, 16], [0, 15], [15, 17],
    ],
);

#[rustfmt::skip]
const MPI_15: Table = (
    "OpenPose's MPI",
    &[
        "Head", "Neck", "RShoulder", "RElbow", "RWrist", "LShoulder", "LElbow", "LWrist", "RHip", "RKnee", "RAnkle",
        "LHip", "LKnee", "LAnkle", "Chest",
    ],
    &[
        [14, 1], [1, 0], [1, 2], [2, 3], [3, 4], [1, 5], [5, 6], [6, 7], [14, 8], [8, 9], [9, 10], [14, 11],
        [11, 12], [12, 13],
    ],
);

#[rustfmt::skip]
const MPII_16: Table = (
    "MPII",
    &[
        "RAnkle", "RKnee", "RHip", "LHip", "LKnee", "LAnkle", "Pelvis", "Thorax", "UpperNeck", "HeadTop", "RWrist",
        "RElbow", "RShoulder", "LShoulder", "LElbow", "LWrist",
    ],
    &[
        [6, 7], [7, 8], [8, 9], [6, 2], [2, 1], [1, 0], [6, 3], [3, 4], [4, 5], [7, 12], [12, 11], [11, 10], [7, 13],
        [13, 14], [14, 15],
    ],
);

#[rustfmt::skip]
const H36M_17: Table = (
    "Human3.6M",
    &[
        "Hip", "RHip", "RKnee", "RFoot", "LHip", "LKnee", "LFoot", "Spine", "Thorax", "Nose", "Head", "LShoulder",
        "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist",
    ],
    &[
        [0, 1], [1, 2], [2, 3], [0, 4], [4, 5], [5, 6], [0, 7], [7, 8], [8, 9], [9, 10], [8, 11], [11, 12], [12, 13],
        [8, 14], [14, 15], [15, 16],
    ],
);

#[rustfmt::skip]
const PANOPTIC_19: Table = (
    "CMU Panoptic",
    &[
        "Neck", "Nose", "BodyCenter", "LShoulder", "LElbow", "LWrist", "LHip", "LKnee", "LAnkle", "RShoulder",
        "RElbow", "RWrist", "RHip", "RKnee", "RAnkle", "LEye", "LEar", "REye", "REar",
    ],
    &[
        [2, 0], [0, 1], [0, 3], [3, 4], [4, 5], [2, 6], [6, 7], [7, 8], [0, 9], [9, 10], [10, 11], [2, 12], [12, 13],
        [13, 14], [1, 15], [15, 16], [1, 17], [17, 18],
    ],
);

#[rustfmt::skip]
const HALPE_26: Table = (
    "Halpe",
    &[
        "Nose", "LEye", "REye", "LEar", "REar", "LShoulder", "RShoulder", "LElbow", "RElbow", "LWrist", "RWrist",
        "LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle", "Head", "Neck", "Hip", "LBigToe", "RBigToe",
        "LSmallToe", "RSmallToe", "LHeel", "RHeel",
    ],
    &[
        [19, 18], [18, 17], [18, 0], [0, 1], [0, 2], [1, 3], [2, 4], [18, 5], [18, 6], [5, 7], [7, 9], [6, 8],
        [8, 10], [19, 11], [19, 12], [11, 13], [12, 14], [13, 15], [14, 16], [15, 24], [16, 25], [24, 20], [25, 21],
        [20, 22], [21, 23],
    ],
);

#[rustfmt::skip]
const WHOLE_BODY_23: Table = (
    "COCO-WholeBody",
    &[
        "Nose", "LeftEye", "RightEye", "LeftEar", "RightEar", "LeftShoulder", "RightShoulder", "LeftElbow",
        "RightElbow", "LeftWrist", "RightWrist", "LeftHip", "RightHip", "LeftKnee", "RightKnee", "LeftAnkle",
        "RightAnkle", "LeftBigToe", "LeftSmallToe", "LeftHeel", "RightBigToe", "RightSmallToe", "RightHeel",
    ],
    &[
        [0, 1], [0, 2], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11],
        [6, 12], [11, 12], [11, 13], [13, 15], [12, 14], [14, 16], [15, 19], [15, 17], [17, 18], [16, 22], [16, 20],
        [20, 21],
    ],
);

/// MediaPipe's own connections leave the face apart; as in COCO's graph, ears join it to the shoulders.
#[rustfmt::skip]
const MEDIAPIPE_33: Table = (
    "MediaPipe's pose",
    &[
        "nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye", "right_eye_outer",
        "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder", "right_shoulder", "left_elbow",
        "right_elbow", "left_wrist", "right_wrist", "left_pinky", "right_pinky", "left_index", "right_index",
        "left_thumb", "right_thumb", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
        "left_heel", "right_heel", "left_foot_index", "right_foot_index",
    ],
    &[
        [0, 1], [1, 2], [2, 3], [3, 7], [0, 4], [4, 5], [5, 6], [6, 8], [0, 9], [0, 10], [7, 11], [8, 12], [11, 12],
        [11, 13], [13, 15], [15, 17], [15, 19], [15, 21], [12, 14], [14, 16], [16, 18], [16, 20], [16, 22], [11, 23],
        [12, 24], [23, 24], [23, 25], [25, 27], [27, 29], [29, 31], [24, 26], [26, 28], [28, 30], [30, 32],
    ],
);

/// Numbers of points that estimators write.
pub(super) const COUNTS: [usize; 12] = [15, 16, 17, 18, 19, 20, 22, 25, 26, 33, 133, 136];
/// MediaPipe's number of points.
pub(super) const MEDIAPIPE: usize = 33;

/// The orders with that many points.
pub(super) fn with_points(points: usize) -> Vec<Order> {
    let of = |(title, names, bones): Table, beyond: usize| Order {
        title,
        names: names.iter().map(|&n| n.to_owned()).collect(),
        bones: bones.to_vec(),
        // tables begin with it
        root: bones[0][0],
        beyond,
        of_cameras: true,
    };
    let known = |title, layout: Layout| Order {
        title,
        names: layout.names().iter().map(|&n| n.to_owned()).collect(),
        bones: layout.bones(),
        root: 0,
        beyond: 0,
        of_cameras: layout == Layout::Coco17,
    };
    match points {
        15 => vec![of(MPI_15, 0)],
        16 => vec![of(MPII_16, 0)],
        17 => vec![known("COCO", Layout::Coco17), of(H36M_17, 0)],
        18 => vec![of(COCO_18, 0)],
        19 => vec![of(PANOPTIC_19, 0)],
        20 => vec![known("Kinect v1", Layout::Kinect20)],
        22 => vec![known("SMPL", Layout::Smpl22)],
        25 => vec![of(BODY_25, 0), known("Kinect v2", Layout::Ntu25)],
        26 => vec![of(HALPE_26, 0)],
        MEDIAPIPE => vec![of(MEDIAPIPE_33, 0)],
        133 => vec![of(WHOLE_BODY_23, 110)],
        136 => vec![of(HALPE_26, 110)],
        _ => Vec::new(),
    }
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
    for order in COUNTS.into_iter().flat_map(with_points) {
        let place: Vec<Option<usize>> =
            order.names.iter().map(|name| own.iter().position(|o| *o == plain(name))).collect();
        let shared = place.iter().flatten().count();
        if shared >= 8.max(names.len() / 2) && best.as_ref().is_none_or(|(most, _)| shared > *most) {
            let bones = order.bones.iter().filter_map(|&[a, b]| Some([place[a]?, place[b]?])).collect();
            let root = place[order.root].unwrap_or(0);
            best = Some((shared, Order { title: "named by the file", names: names.to_vec(), bones, root, ..order }));
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
    let mut parents = vec![None; joints];
    let mut reached = vec![false; joints];
    let mut queue = std::collections::VecDeque::from([root]);
    reached[root] = true;
    loop {
        while let Some(a) = queue.pop_front() {
            for b in bones.iter().filter(|bone| bone.contains(&a)).map(|bone| bone[0] + bone[1] - a) {
                if !std::mem::replace(&mut reached[b], true) {
                    parents[b] = Some(a);
                    queue.push_back(b);
                }
            }
        }
        let Some(apart) = reached.iter().position(|&r| !r) else { break };
        reached[apart] = true;
        parents[apart] = Some(root);
        queue.push_back(apart);
    }
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_one_connected_body_with_two_sides() {
        for points in COUNTS {
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
