//! Which joints of a file are no part of a body: targets and controls of a rig, what is held or worn, joints that only
//! twist with a limb, marks in the room.
//!
//! They have no bones to draw, no side, and no say in how tall the body is. What a limb is made of is never taken for one.

use super::{
    children, known_parts,
    names::{self, Aid, Kind, Parsed},
    parents_first,
};
use crate::motion::Part;

/// Joints that a hip, a knee and an ankle are.
const LIMB: usize = 3;

/// `[J]` whether a joint is none of a body. What hangs from such a joint and is kept belongs to the nearest kept joint above.
pub(in super::super) fn helpers(joint_names: &[String], parents: &[Option<usize>]) -> Vec<bool> {
    let parsed = names::parse(joint_names);
    let known = known_parts(&parsed, parents);
    let tree = Tree { order: parents_first(parents), children: children(parents), parents };
    let mut dropped = by_name(&tree, &parsed, &known);
    limbs_without_side(&tree, &parsed, &known, &mut dropped);
    loose_ends(&tree, &parsed, &known, &mut dropped);
    keep_limbs(&tree, &parsed, &known, &mut dropped);
    beside_the_body(&tree, &parsed, &known, &mut dropped);
    dropped
}

struct Tree<'a> {
    order: Vec<usize>,
    children: Vec<Vec<usize>>,
    parents: &'a [Option<usize>],
}

impl Tree<'_> {
    /// The joint and all that hangs from it.
    fn below(&self, joint: usize) -> Vec<usize> {
        let mut found = vec![joint];
        let mut at = 0;
        while at < found.len() {
            found.extend(&self.children[found[at]]);
            at += 1;
        }
        found
    }
}

/// Joints of a limb that only twist go, wherever they are; others only where no part of the body hangs from them, and then
/// with all that does, such as the point of a sword.
fn by_name(tree: &Tree<'_>, parsed: &[Parsed], known: &[Option<Part>]) -> Vec<bool> {
    let mut dropped = vec![false; parsed.len()];
    // whether a joint or any below it is named for a part of the body and kept
    let mut carries = vec![false; parsed.len()];
    // a tree of its own is the file's only one, or a camera
    let several = tree.parents.iter().filter(|p| p.is_none()).count() > 1;
    for &j in tree.order.iter().rev() {
        let body = tree.children[j].iter().any(|&c| carries[c]);
        let limb = known[j].is_some_and(|p| p != Part::Torso);
        dropped[j] = match parsed[j].aid {
            Some(Aid::Twist | Aid::Roll) if limb => true,
            Some(_) => !body && (several || tree.parents[j].is_some()),
            None => false,
        };
        carries[j] = body || (!dropped[j] && parsed[j].telling);
    }
    for &j in &tree.order {
        dropped[j] |= !carries[j] && tree.parents[j].is_some_and(|p| dropped[p] && !carries[p]);
    }
    dropped
}

/// A branch that is named for arms or legs without a side, where those have sides: `Footsteps`, `hand_root`.
fn limbs_without_side(tree: &Tree<'_>, parsed: &[Parsed], known: &[Option<Part>], dropped: &mut [bool]) {
    let sided = |is: fn(Part) -> bool| {
        let of_side = |left| known.iter().flatten().filter(|p| is(**p) && p.is_left() == left).count();
        of_side(true).min(of_side(false)) >= LIMB - 1
    };
    let (arms, legs) = (sided(Part::is_arm), sided(Part::is_leg));
    let unsided = |j: usize| {
        let kind = match parsed[j].kind {
            Some(Kind::Arm) => arms,
            Some(Kind::Leg) => legs,
            _ => false,
        };
        kind && parsed[j].side.is_none() && known[j].is_none()
    };
    for j in (0..parsed.len()).filter(|&j| unsided(j)) {
        let branch = tree.below(j);
        if branch.iter().all(|&b| dropped[b] || unsided(b) || !parsed[b].telling) {
            branch.into_iter().for_each(|b| dropped[b] = true);
        }
    }
}

/// Hands and feet that hang from something else than their limb, which has its own: marks where they should go.
fn loose_ends(tree: &Tree<'_>, parsed: &[Parsed], known: &[Option<Part>], dropped: &mut [bool]) {
    for part in Part::ALL.into_iter().filter(|&p| p != Part::Torso) {
        let of_part = |j: usize| known[j] == Some(part) && !dropped[j];
        let kept_above = |j: usize| std::iter::successors(tree.parents[j], |&p| tree.parents[p]).find(|&p| !dropped[p]);
        let begins = |&j: &usize| of_part(j) && !kept_above(j).is_some_and(of_part);
        let branches: Vec<Vec<usize>> = tree
            .order
            .iter()
            .copied()
            .filter(begins)
            .map(|j| tree.below(j).into_iter().filter(|&b| of_part(b)).collect())
            .collect();
        let has_end = |branch: &[usize]| branch.iter().any(|&j| parsed[j].end_of_limb);
        let limb = branches.iter().filter(|b| b.len() >= LIMB && has_end(b)).map(Vec::len).max();
        for branch in branches.iter().filter(|b| limb.is_some_and(|n| b.len() < n)) {
            let marks = branch.iter().all(|&j| parsed[j].end_of_limb || parsed[j].kind.is_none());
            if marks && has_end(branch) {
                branch.iter().for_each(|&j| dropped[j] = true);
            }
        }
    }
}

/// Gives back the joints of a limb of which too little would be left, and the only hand or foot that it has: then they are
/// named like helpers, and are none.
fn keep_limbs(tree: &Tree<'_>, parsed: &[Parsed], known: &[Option<Part>], dropped: &mut [bool]) {
    for part in Part::ALL {
        let of_part: Vec<usize> = (0..known.len()).filter(|&j| known[j].unwrap_or(Part::Torso) == part).collect();
        let kept = of_part.iter().filter(|&&j| !dropped[j]).count();
        let enough = if part == Part::Torso { 1 } else { LIMB };
        if kept < enough.min(of_part.len()) {
            of_part.into_iter().for_each(|j| dropped[j] = false);
            continue;
        }
        let ends: Vec<usize> = of_part.into_iter().filter(|&j| parsed[j].end_of_limb).collect();
        if part != Part::Torso && ends.iter().all(|&j| dropped[j]) {
            let hangs = |j: usize| tree.parents[j].is_some_and(|p| known[p] == Some(part) && !dropped[p]);
            let own: Vec<usize> = ends.into_iter().filter(|&j| hangs(j)).collect();
            own.into_iter().for_each(|j| dropped[j] = false);
        }
    }
}

/// Branches that hang from a nameless root beside the one that is the body: small ones that are named for no part of
/// it, such as a mesh, a mark of where the body is, a view; and controls that are called as its trunk is, which it has
/// besides.
fn beside_the_body(tree: &Tree<'_>, parsed: &[Parsed], known: &[Option<Part>], dropped: &mut [bool]) {
    let mut roots = (0..parsed.len()).filter(|&j| tree.parents[j].is_none() && !dropped[j]);
    let (Some(mut at), None) = (roots.next(), roots.next()) else { return };
    while !parsed[at].telling {
        let kept = tree.children[at].iter().copied().filter(|&c| !dropped[c]);
        let names_parts = |&c: &usize| tree.below(c).iter().any(|&j| parsed[j].telling && !dropped[j]);
        let (bodies, others): (Vec<usize>, Vec<usize>) = kept.partition(names_parts);
        // all limbs whose names are understood are in the body's branch, or it is none
        let has_limbs = |&c: &usize| tree.below(c).iter().any(|&j| known[j].is_some_and(|p| p != Part::Torso));
        let (with_limbs, trunks): (Vec<usize>, Vec<usize>) = bodies.into_iter().partition(has_limbs);
        let [body] = with_limbs[..] else { return };
        let of_body = tree.below(body);
        let has = |head: bool| of_body.iter().any(|&j| parsed[j].is_trunk() && parsed[j].head == head);
        let whole = has(true) && has(false);
        if !(trunks.is_empty() || whole) {
            return;
        }
        for branch in trunks.into_iter().map(|trunk| tree.below(trunk)) {
            if branch.iter().any(|&j| parsed[j].side.is_some()) {
                return;
            }
            branch.into_iter().for_each(|j| dropped[j] = true);
        }
        for branch in others.into_iter().map(|other| tree.below(other)) {
            if branch.len() < LIMB && branch.iter().all(|&j| parsed[j].side.is_none()) {
                branch.into_iter().for_each(|j| dropped[j] = true);
            }
        }
        at = body;
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Layout, *};

    /// Names of the joints that are dropped from a tree, given as `(name, parent)`.
    fn dropped(joints: &[(&str, &str)]) -> Vec<String> {
        let names: Vec<String> = joints.iter().map(|j| j.0.to_owned()).collect();
        let parents: Vec<Option<usize>> = joints.iter().map(|j| joints.iter().position(|k| k.0 == j.1)).collect();
        let drop = helpers(&names, &parents);
        names.into_iter().zip(drop).filter_map(|(name, gone)| gone.then_some(name)).collect()
    }

    const BODY: [(&str, &str); 21] = [
        ("root", ""),
        ("Hips", "root"),
        ("Spine", "Hips"),
        ("Neck", "Spine"),
        ("Head", "Neck"),
        ("LeftShoulder", "Spine"),
        ("LeftArm", "LeftShoulder"),
        ("LeftForeArm", "LeftArm"),
        ("LeftHand", "LeftForeArm"),
        ("RightShoulder", "Spine"),
        ("RightArm", "RightShoulder"),
        ("RightForeArm", "RightArm"),
        ("RightHand", "RightForeArm"),
        ("LeftUpLeg", "Hips"),
        ("LeftLeg", "LeftUpLeg"),
        ("LeftFoot", "LeftLeg"),
        ("LeftToe", "LeftFoot"),
        ("RightUpLeg", "Hips"),
        ("RightLeg", "RightUpLeg"),
        ("RightFoot", "RightLeg"),
        ("RightToe", "RightFoot"),
    ];

    fn with(more: &[(&'static str, &'static str)]) -> Vec<String> {
        dropped(&[&BODY[..], more].concat())
    }

    #[test]
    fn a_body_alone_keeps_all_its_joints() {
        assert!(with(&[]).is_empty());
        for layout in Layout::ALL {
            let skeleton = layout.skeleton();
            assert!(!helpers(&skeleton.names, &skeleton.parents).contains(&true), "{layout:?}");
        }
        let tips = [("Head_end", "Head"), ("LeftHandThumb1", "LeftHand"), ("LeftEye", "Head"), ("Jaw", "Head")];
        assert!(with(&tips).is_empty());
    }

    #[test]
    fn helpers_go_wherever_they_hang() {
        for more in [
            &[("ik_foot_root", "root"), ("ik_foot_l", "ik_foot_root"), ("ik_foot_r", "ik_foot_root")][..],
            &[("ik_hand_root", "root"), ("ik_hand_gun", "ik_hand_root"), ("ik_hand_l", "ik_hand_gun")],
            &[("Footsteps", "Hips"), ("Footsteps_end", "Footsteps")],
            &[("RightHandProp", "RightHand"), ("point", "RightHandProp")],
            &[("LeftArmTwist", "LeftArm"), ("LeftForeArmRoll", "LeftForeArm")],
            &[("Weapon", "RightHand"), ("Camera", "root"), ("Ponytail1", "Head"), ("Ponytail2", "Ponytail1")],
            &[("LeftKneePole", "root"), ("RightElbow_target", "root")],
            // by their place rather than by a word
            &[("HandPlate", "Spine"), ("FeetPlate", "root")],
            &[("LeftFoot2", "root"), ("RightHandGoesHere", "Hips")],
        ] {
            let expected: Vec<&str> = more.iter().map(|j| j.0).collect();
            assert_eq!(with(more), expected);
        }
    }

    #[test]
    fn what_hangs_from_a_nameless_root_beside_the_body_goes() {
        for name in ["Body", "RootMotion", "Simulation", "view cnt", "Cube"] {
            assert_eq!(with(&[(name, "root")]), [name]);
            assert_eq!(with(&[(name, "root"), ("end", name)]), [name, "end"]);
        }
        // beside limbs, of a side, or as large as a limb it may be part of the body
        for more in [&[("Thing", "Hips")][..], &[("Thing_L", "root")], &[("A", "root"), ("B", "A"), ("C", "B")]] {
            assert!(with(more).is_empty(), "{more:?}");
        }
        let foreign = [("x", ""), ("Spine", "x"), ("Head", "Spine"), ("y", "x"), ("z", "y"), ("v", "x"), ("w", "v")];
        assert!(dropped(&foreign).is_empty());
    }

    #[test]
    fn controls_called_as_the_trunk_go_where_the_body_has_its_own() {
        let controls = [("torso", "root"), ("hips", "torso"), ("chest", "torso"), ("head_ctl", "root")];
        assert_eq!(with(&controls), controls.map(|joint| joint.0));
        assert_eq!(with(&[("hips", "root"), ("chest", "root")]), ["hips", "chest"]);
        // a head or a trunk that it has nowhere else, and a branch with a side
        let headless = BODY.map(|(n, p)| (if n == "Head" { "Top" } else { n }, p));
        assert!(dropped(&[&headless[..], &[("head", "root")]].concat()).is_empty());
        let legs = [
            ("root", ""),
            ("Hips", "root"),
            ("Spine", "root"),
            ("Head", "Spine"),
            ("LeftLeg", "Hips"),
            ("LeftFoot", "LeftLeg"),
            ("RightLeg", "Hips"),
            ("RightFoot", "RightLeg"),
        ];
        assert!(dropped(&legs).is_empty());
        assert!(with(&[("hips", "root"), ("LeftEye", "hips")]).is_empty());
    }

    #[test]
    fn a_joint_that_twists_within_a_limb_goes_alone() {
        let joints = [
            ("hip", ""),
            ("abdomen", "hip"),
            ("head", "abdomen"),
            ("lThighBend", "hip"),
            ("lThighTwist", "lThighBend"),
            ("lShin", "lThighTwist"),
            ("lFoot", "lShin"),
            ("rThighBend", "hip"),
            ("rThighTwist", "rThighBend"),
            ("rShin", "rThighTwist"),
            ("rFoot", "rShin"),
        ];
        assert_eq!(dropped(&joints), ["lThighTwist", "rThighTwist"]);
    }

    #[test]
    fn what_carries_a_body_or_is_all_there_is_of_it_stays() {
        assert!(
            dropped(&[&[("Dummy", "")], &BODY.map(|(n, p)| (n, if p.is_empty() { "Dummy" } else { p }))[..]].concat())
                .is_empty()
        );
        // a hand that ends its limb
        let hand = BODY.map(|(n, p)| (if n == "LeftHand" { "LeftHandTarget" } else { n }, p));
        assert!(dropped(&hand).is_empty());
        // controls that a leg consists of
        let legs = [
            ("Hips", ""),
            ("L_Thigh_ctrl", "Hips"),
            ("L_Shin_ctrl", "L_Thigh_ctrl"),
            ("L_Foot_ctrl", "L_Shin_ctrl"),
            ("R_Thigh_ctrl", "Hips"),
            ("R_Shin_ctrl", "R_Thigh_ctrl"),
            ("R_Foot_ctrl", "R_Shin_ctrl"),
            ("Spine", "Hips"),
            ("Head", "Spine"),
        ];
        assert!(dropped(&legs).is_empty());
        // sides that nothing else tells
        assert!(
            dropped(&[("Hips", ""), ("Arm1", "Hips"), ("Hand1", "Arm1"), ("Arm2", "Hips"), ("Hand2", "Arm2")])
                .is_empty()
        );
    }

    /// A tree written as `parent child child …`, a line a parent.
    fn tree(lines: &str) -> Vec<(&str, &str)> {
        let mut joints = Vec::new();
        for line in lines.lines() {
            let mut words = line.split_whitespace();
            let Some(parent) = words.next() else { continue };
            if joints.is_empty() {
                joints.push((parent, ""));
            }
            joints.extend(words.map(|child| (child, parent)));
        }
        joints
    }

    fn kept(joints: &[(&str, &str)]) -> Vec<String> {
        let gone = dropped(joints);
        joints.iter().map(|j| j.0.to_owned()).filter(|n| !gone.contains(n)).collect()
    }

    #[test]
    fn a_mannequin_with_twists_muscles_and_targets_is_the_person_in_it() {
        let joints = tree(
            "root pelvis ik_foot_root ik_hand_root interaction center_of_mass
            pelvis spine_01 thigh_l thigh_r
            spine_01 spine_02
            spine_02 neck_01 clavicle_l clavicle_r spine_02_latissimus_l spine_02_latissimus_r
            neck_01 head
            clavicle_l upperarm_l clavicle_out_l_muscle
            upperarm_l lowerarm_l upperarm_twist_01_l upperarm_twist_02_l upperarm_correctiveRoot_l
            upperarm_correctiveRoot_l upperarm_bicep_l upperarm_tricep_l upperarm_fwd_l
            lowerarm_l hand_l lowerarm_twist_01_l
            hand_l thumb_01_l index_metacarpal_l weapon_l
            index_metacarpal_l index_01_l
            clavicle_r upperarm_r
            upperarm_r lowerarm_r upperarm_twist_01_r
            lowerarm_r hand_r
            thigh_l calf_l thigh_twist_01_l
            calf_l foot_l calf_twist_01_l calf_correctiveRoot_l
            foot_l ball_l
            thigh_r calf_r
            calf_r foot_r
            foot_r ball_r
            ik_foot_root ik_foot_l ik_foot_r
            ik_hand_root ik_hand_gun
            ik_hand_gun ik_hand_l ik_hand_r",
        );
        let body = "root pelvis spine_01 thigh_l thigh_r spine_02 neck_01 clavicle_l clavicle_r head upperarm_l lowerarm_l \
            hand_l thumb_01_l index_metacarpal_l index_01_l upperarm_r lowerarm_r hand_r calf_l foot_l ball_l calf_r foot_r \
            ball_r";
        assert_eq!(kept(&joints), body.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_model_of_mikumikudance_is_the_person_in_it() {
        let joints = tree(
            "全ての親 センター 左足IK親 右足IK親 操作中心
            センター グルーブ
            グルーブ 腰
            腰 上半身 下半身
            上半身 上半身2 左スカート
            上半身2 首 左肩P 右肩P ネクタイ
            首 頭
            頭 左目 右目 両目 前髪 後髪１ 左髪
            後髪１ 後髪２
            左肩P 左肩
            左肩 左肩C
            左肩C 左腕
            左腕 左腕捩 左腕補助
            左腕捩 左ひじ
            左ひじ 左手捩
            左手捩 左手首
            左手首 左親指１ 左人指１ 左ダミー
            右肩P 右肩
            右肩 右腕
            右腕 右ひじ
            右ひじ 右手首
            下半身 腰キャンセル左 右足
            腰キャンセル左 左足 左足D
            左足 左ひざ
            左ひざ 左足首
            左足首 左つま先
            左足D 左ひざD
            左ひざD 左足首D
            左足首D 左足先EX
            右足 右ひざ
            右ひざ 右足首
            右足首 右つま先
            左足IK親 左足ＩＫ
            左足ＩＫ 左つま先ＩＫ
            右足IK親 右足ＩＫ",
        );
        let body = "全ての親 センター グルーブ 腰 上半身 下半身 上半身2 首 左肩P 右肩P 頭 左目 右目 左肩 左肩C 左腕 左ひじ \
            左手首 左親指１ 左人指１ 右肩 右腕 右ひじ 右手首 腰キャンセル左 右足 左足 左ひざ 左足首 左つま先 右ひざ 右足首 右つま先";
        assert_eq!(kept(&joints), body.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_biped_loses_its_footsteps_and_keeps_its_ends() {
        let joints = tree(
            "Bip01 Bip01_Footsteps Bip01_Pelvis
            Bip01_Pelvis Bip01_Spine Bip01_L_Thigh Bip01_R_Thigh
            Bip01_Spine Bip01_Neck Bip01_L_Clavicle Bip01_R_Clavicle
            Bip01_Neck Bip01_Head
            Bip01_Head Bip01_HeadNub Bip01_Ponytail1
            Bip01_Ponytail1 Bip01_Ponytail1Nub
            Bip01_L_Clavicle Bip01_L_UpperArm
            Bip01_L_UpperArm Bip01_L_Forearm Bip01_LUpArmTwist
            Bip01_L_Forearm Bip01_L_Hand Bip01_L_ForeTwist
            Bip01_L_Hand Bip01_L_Finger0 Bip01_Prop1
            Bip01_L_Finger0 Bip01_L_Finger0Nub
            Bip01_R_Clavicle Bip01_R_UpperArm
            Bip01_R_UpperArm Bip01_R_Forearm
            Bip01_R_Forearm Bip01_R_Hand
            Bip01_L_Thigh Bip01_L_Calf
            Bip01_L_Calf Bip01_L_Foot
            Bip01_L_Foot Bip01_L_Toe0
            Bip01_L_Toe0 Bip01_L_Toe0Nub
            Bip01_R_Thigh Bip01_R_Calf
            Bip01_R_Calf Bip01_R_Foot
            Bip01_R_Foot Bip01_R_Toe0",
        );
        let gone = ["Footsteps", "Ponytail1", "Ponytail1Nub", "LUpArmTwist", "L_ForeTwist", "Prop1"]
            .map(|n| format!("Bip01_{n}"));
        assert_eq!(dropped(&joints), gone);
    }
}
