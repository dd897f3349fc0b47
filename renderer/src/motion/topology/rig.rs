//! Rigs that hold a body several times: the bones that bend the mesh, what they were made of, mechanisms between them,
//! and the controls that an animator grips, which are called `torso`, `hips` and `upper_arm_fk.L`. A word in front says
//! which is which: `DEF-spine`, `ORG-spine`, `MCH-spine`.

use std::collections::HashMap;

use super::{
    super::Part,
    children,
    names::{self, Parsed},
    parents_first, part_of,
};

/// Words of the sets that a body can be taken from, the better ones first: what bends the mesh, and what that was made
/// of.
const SETS: [&[&str]; 2] = [&["def", "deform"], &["org"]];
/// Words that say to which set a bone belongs.
const MARKS: &[&str] = &["def", "deform", "org", "mch"];
/// Joints of a limb at least.
const LIMB: usize = 2;

/// The joints of a rig that are its body.
pub(in super::super) struct Body {
    /// Every parent before its children.
    pub joints: Vec<usize>,
    /// `[J]` what each of these hangs from.
    pub parents: Vec<Option<usize>>,
}

impl Body {
    /// `[J]` whether a joint of the rig is none of the body's.
    pub(in super::super) fn left_out(&self) -> Vec<bool> {
        let mut gone = vec![true; self.parents.len()];
        self.joints.iter().for_each(|&j| gone[j] = false);
        gone
    }
}

/// The body of a rig, hung together by itself: what hung from a bone of another set hangs from the one of that name in
/// its own. `None` where the joints are no rig of several sets, or no set has all limbs that names tell.
pub(in super::super) fn body_of_rig(joint_names: &[String], parents: &[Option<usize>]) -> Option<Body> {
    let words: Vec<Vec<String>> = joint_names.iter().map(|name| names::words_of(name)).collect();
    let parsed = names::parse(joint_names);
    SETS.into_iter().find_map(|set| {
        let own: Vec<bool> = words.iter().map(|name| name.iter().any(|word| set.contains(&&word[..]))).collect();
        let several = own.contains(&true) && own.contains(&false);
        (several && is_whole(&parsed, &own)).then(|| hung_together(&words, &parsed, parents, own))
    })
}

/// Whether a set has a trunk, and every limb that any joint is named for, of which there are two at least.
fn is_whole(parsed: &[Parsed], own: &[bool]) -> bool {
    let count = |part: Part, of: &dyn Fn(usize) -> bool| {
        (0..own.len()).filter(|&j| of(j) && part_of(&parsed[j]) == Some(part)).count()
    };
    let limbs = Part::ALL.into_iter().filter(|&part| part != Part::Torso && count(part, &|_| true) >= LIMB);
    let limbs: Vec<Part> = limbs.collect();
    (0..own.len()).any(|j| own[j] && parsed[j].is_trunk())
        && limbs.len() >= 2
        && limbs.into_iter().all(|part| count(part, &|j| own[j]) >= LIMB)
}

fn hung_together(words: &[Vec<String>], parsed: &[Parsed], parents: &[Option<usize>], mut own: Vec<bool>) -> Body {
    let rest =
        |j: usize| -> Vec<&str> { words[j].iter().map(String::as_str).filter(|word| !MARKS.contains(word)).collect() };
    // by what it is called besides; two of one name are nobody's counterpart
    let mut counterparts: HashMap<Vec<&str>, Option<usize>> = HashMap::new();
    for j in (0..own.len()).filter(|&j| own[j]) {
        counterparts.entry(rest(j)).and_modify(|other| *other = None).or_insert(Some(j));
    }
    let counterpart = |j: usize| counterparts.get(&rest(j)).copied().flatten();
    let above = |j: usize| std::iter::successors(parents[j], |&p| parents[p]);
    let order = parents_first(parents);
    let mut hung: Vec<Option<usize>> = vec![None; own.len()];
    for &j in order.iter().filter(|&&j| own[j]) {
        let leads_back = |from: usize| std::iter::successors(Some(from), |&p| hung[p]).any(|p| p == j);
        let stands_for = |p: usize| if own[p] { Some(p) } else { counterpart(p) };
        hung[j] = above(j).find_map(|p| stands_for(p).filter(|&p| !leads_back(p)));
    }
    // pieces that hang together only by what is no part of the body
    let top = |j: usize| above(j).last().unwrap_or(j);
    for root in order.iter().copied().filter(|&j| parents[j].is_none()) {
        let mut pieces: Vec<usize> =
            order.iter().copied().filter(|&j| own[j] && hung[j].is_none() && top(j) == root).collect();
        // legs hang from the trunk's beginning
        let mut trunks = pieces.iter().copied().filter(|&j| parsed[j].is_trunk());
        if let (Some(trunk), None) = (trunks.next(), trunks.next()) {
            let is_leg = |j: usize| part_of(&parsed[j]).is_some_and(Part::is_leg);
            pieces.iter().filter(|&&j| is_leg(j)).for_each(|&j| hung[j] = Some(trunk));
            pieces.retain(|&j| !is_leg(j));
        }
        if let [first, others @ ..] = &pieces[..]
            && !others.is_empty()
            && let Some(joint) = above(*first).find(|&p| others.iter().all(|&j| above(j).any(|q| q == p)))
        {
            own[joint] = true;
            for piece in pieces {
                hung[piece] = parents[piece];
                for holds in above(piece).take_while(|&p| p != joint) {
                    (own[holds], hung[holds]) = (true, parents[holds]);
                }
            }
        }
    }
    // depth first, as files have them
    let below = children(&hung);
    let mut joints = Vec::new();
    let mut stack: Vec<usize> = (0..own.len()).rev().filter(|&j| own[j] && hung[j].is_none()).collect();
    while let Some(j) = stack.pop() {
        joints.push(j);
        stack.extend(below[j].iter().rev());
    }
    Body { joints, parents: hung }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of a tree written as `parent child child …`, a line a parent: each joint with its parent.
    fn body(lines: &str) -> Option<Vec<String>> {
        let mut joints: Vec<(&str, Option<usize>)> = Vec::new();
        for line in lines.lines() {
            let mut words = line.split_whitespace();
            let Some(parent) = words.next() else { continue };
            if joints.is_empty() {
                joints.push((parent, None));
            }
            let at = joints.iter().position(|joint| joint.0 == parent);
            joints.extend(words.map(|child| (child, at)));
        }
        let names: Vec<String> = joints.iter().map(|joint| joint.0.to_owned()).collect();
        let parents: Vec<Option<usize>> = joints.iter().map(|joint| joint.1).collect();
        let Body { joints, parents } = body_of_rig(&names, &parents)?;
        let shown =
            |&j: &usize| parents[j].map_or_else(|| names[j].clone(), |p| format!("{} < {}", names[j], names[p]));
        let mut shown: Vec<String> = joints.iter().map(shown).collect();
        shown.sort_unstable();
        Some(shown)
    }

    const CONTROLS: &str = "root MCH-torso.parent
        MCH-torso.parent torso
        torso hips chest
        chest upper_arm_fk.L upper_arm_fk.R hand_ik.L hand_ik.R
        upper_arm_fk.L forearm_fk.L
        upper_arm_fk.R forearm_fk.R
        hips thigh_fk.L thigh_fk.R foot_ik.L foot_ik.R
        thigh_fk.L shin_fk.L
        thigh_fk.R shin_fk.R\n";

    /// As Rigify hangs them: bones that bend the mesh from those that they were made of.
    const MADE_OF: &str = "hips ORG-spine
        ORG-spine ORG-spine.001 ORG-thigh.L ORG-thigh.R DEF-thigh.L DEF-thigh.R
        ORG-spine.001 ORG-upper_arm.L ORG-upper_arm.R DEF-upper_arm.L DEF-upper_arm.R
        ORG-upper_arm.L ORG-forearm.L
        ORG-upper_arm.R ORG-forearm.R
        ORG-thigh.L ORG-shin.L
        ORG-thigh.R ORG-shin.R
        root DEF-spine
        DEF-spine DEF-spine.001
        DEF-upper_arm.L DEF-forearm.L
        DEF-upper_arm.R DEF-forearm.R
        DEF-thigh.L DEF-shin.L
        DEF-thigh.R DEF-shin.R\n";

    #[test]
    fn the_bones_that_bend_the_mesh_are_the_body() {
        let expected = [
            "DEF-forearm.L < DEF-upper_arm.L",
            "DEF-forearm.R < DEF-upper_arm.R",
            "DEF-shin.L < DEF-thigh.L",
            "DEF-shin.R < DEF-thigh.R",
            "DEF-spine",
            "DEF-spine.001 < DEF-spine",
            "DEF-thigh.L < DEF-spine",
            "DEF-thigh.R < DEF-spine",
            "DEF-upper_arm.L < DEF-spine.001",
            "DEF-upper_arm.R < DEF-spine.001",
        ];
        assert_eq!(body(&format!("{CONTROLS}{MADE_OF}")).unwrap(), expected);
        // without them, what they were made of
        let without: String = MADE_OF
            .lines()
            .filter(|line| !line.trim_start().starts_with("DEF") && !line.contains("root"))
            .map(|line| {
                line.split_whitespace().filter(|name| !name.starts_with("DEF")).collect::<Vec<_>>().join(" ") + "\n"
            })
            .collect();
        let found = body(&format!("{CONTROLS}{without}")).unwrap();
        assert_eq!(found, expected.map(|joint| joint.replace("DEF", "ORG")));
    }

    #[test]
    fn pieces_that_hang_from_nothing_of_their_own_keep_what_holds_them() {
        let rig = "root torso DEF-spine DEF-thigh.L DEF-thigh.R DEF-upper_arm.L DEF-upper_arm.R
            torso hips chest
            DEF-upper_arm.L DEF-hand.L
            DEF-upper_arm.R DEF-hand.R
            DEF-spine DEF-head
            DEF-thigh.L DEF-shin.L
            DEF-thigh.R DEF-shin.R";
        let expected = [
            "DEF-hand.L < DEF-upper_arm.L",
            "DEF-hand.R < DEF-upper_arm.R",
            "DEF-head < DEF-spine",
            "DEF-shin.L < DEF-thigh.L",
            "DEF-shin.R < DEF-thigh.R",
            "DEF-spine < root",
            "DEF-thigh.L < DEF-spine",
            "DEF-thigh.R < DEF-spine",
            "DEF-upper_arm.L < root",
            "DEF-upper_arm.R < root",
            "root",
        ];
        assert_eq!(body(rig).unwrap(), expected);
        // legs know where they belong
        let half: String =
            rig.lines().map(|line| line.replace(" DEF-upper_arm.L DEF-upper_arm.R", "") + "\n").collect();
        let half: String =
            half.lines().filter(|line| !line.contains("arm")).map(|line| line.to_owned() + "\n").collect();
        assert_eq!(
            body(&half).unwrap(),
            [
                "DEF-head < DEF-spine",
                "DEF-shin.L < DEF-thigh.L",
                "DEF-shin.R < DEF-thigh.R",
                "DEF-spine",
                "DEF-thigh.L < DEF-spine",
                "DEF-thigh.R < DEF-spine"
            ]
        );
    }

    #[test]
    fn controls_that_carry_the_body_stay() {
        let rig = "root torso foot_ik.L foot_ik.R
            torso hips chest
            hips DEF-spine DEF-thigh.L DEF-thigh.R
            chest DEF-spine.002 DEF-upper_arm.L DEF-upper_arm.R
            DEF-upper_arm.L DEF-hand.L
            DEF-upper_arm.R DEF-hand.R
            DEF-thigh.L DEF-shin.L
            DEF-thigh.R DEF-shin.R";
        let found = body(rig).unwrap();
        for joint in [
            "torso",
            "hips < torso",
            "chest < torso",
            "DEF-spine < hips",
            "DEF-upper_arm.L < chest",
            "DEF-shin.R < DEF-thigh.R",
        ] {
            assert!(found.iter().any(|f| f == joint), "{joint}: {found:?}");
        }
        assert_eq!(found.len(), 13, "{found:?}");
    }

    #[test]
    fn what_is_no_rig_of_several_sets_stays_as_it_is() {
        for joints in [
            CONTROLS.to_owned(),
            // one set alone
            CONTROLS.replace("MCH-", "DEF-"),
            "DEF-spine DEF-thigh.L DEF-thigh.R\nDEF-thigh.L DEF-shin.L\nDEF-thigh.R DEF-shin.R".to_owned(),
            // a set that lacks limbs which others have
            MADE_OF.replace("DEF-thigh.L DEF-shin.L", "").replace("ORG", "bone"),
        ] {
            assert_eq!(body(&joints), None, "{joints}");
        }
    }
}
