//! Skeletons of several people in one file: which joints of one are those of another, whatever a program appends to the
//! names of the second.

use std::collections::HashMap;

use super::{Part, measure::stride, topology};

/// Joints of each limb and of the trunk that all people must have, where one of them has as many.
const LEAST: usize = 3;

/// The joints of somebody.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a> {
    pub names: &'a [String],
    pub parents: &'a [Option<usize>],
}

/// The joints that people share.
pub(super) struct Common {
    /// For each person the shared joints, in the order of the first one's.
    pub joints: Vec<Vec<usize>>,
    /// What they hang from, of each other.
    pub parents: Vec<Option<usize>>,
}

/// The joints that all people have. `None` where these make no body of somebody; there must be a person.
pub(super) fn common(people: &[Tree<'_>]) -> Option<Common> {
    let first = &people[0];
    let maps: Vec<Vec<Option<usize>>> = people.iter().map(|other| joints_of(first, other)).collect();
    let shared: Vec<usize> = (0..first.names.len()).filter(|&j| maps.iter().all(|map| map[j].is_some())).collect();
    let joints: Vec<Vec<usize>> = maps.iter().map(|map| shared.iter().filter_map(|&j| map[j]).collect()).collect();
    if !people.iter().zip(&joints).all(|(body, joints)| is_a_body(body, joints)) {
        return None;
    }
    let mut place = vec![None; first.names.len()];
    shared.iter().enumerate().for_each(|(new, &old)| place[old] = Some(new));
    let parent = |&j: &usize| {
        let mut above = first.parents[j];
        while let Some(p) = above.filter(|&p| place[p].is_none()) {
            above = first.parents[p];
        }
        above.and_then(|p| place[p])
    };
    Some(Common { parents: shared.iter().map(parent).collect(), joints })
}

/// For each joint of `first` the same one of `other`: by name, or, where names have nothing in common and the trees are
/// alike, by its place in the tree.
pub(super) fn joints_of(first: &Tree<'_>, other: &Tree<'_>) -> Vec<Option<usize>> {
    let (own, theirs) = (keys(first.names), keys(other.names));
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (j, name) in theirs.iter().enumerate() {
        by_name.entry(name).or_insert(j);
    }
    let named: Vec<Option<usize>> = own.iter().map(|name| by_name.get(name.as_str()).copied()).collect();
    let found: Vec<usize> = (0..named.len()).filter(|&j| named[j].is_some()).collect();
    if !is_a_body(first, &found) && first.parents == other.parents {
        return (0..named.len()).map(Some).collect();
    }
    named
}

/// Whether two bodies are at one place all along, as copies of a skeleton in a rig are: in all sampled frames each number of
/// one is near that of the other. `pose` is one of the poses, `numbers` gives both of a frame side by side.
pub(super) fn coincide<'a, N: Iterator<Item = (&'a f32, &'a f32)>>(
    frames: usize,
    pose: &[f32],
    numbers: impl Fn(usize) -> N,
) -> bool {
    let (low, high) = pose.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v)));
    let near = 0.01 * (high - low);
    (0..frames).step_by(stride(frames)).all(|t| numbers(t).all(|(a, b)| (a - b).abs() <= near))
}

/// Whether these joints stand for a whole body.
fn is_a_body(body: &Tree<'_>, joints: &[usize]) -> bool {
    let parts = topology::by_names(body.names, body.parents).parts;
    let of = |part: Part, among: &mut dyn Iterator<Item = usize>| among.filter(|&j| parts[j] == part).count();
    Part::ALL.into_iter().all(|part| {
        let all = of(part, &mut (0..parts.len()));
        of(part, &mut joints.iter().copied()) >= all.min(LEAST)
    })
}

/// Names for comparing, without what only tells whose joint it is, in small letters.
fn keys(names: &[String]) -> Vec<String> {
    bare(names).into_iter().map(|name| name.to_lowercase()).collect()
}

/// Names without what all of them begin or end with: `A:Hips`, `Bob_Hips` and `Hips.001` all become `Hips`.
pub(super) fn bare(names: &[String]) -> Vec<String> {
    const SITE: &str = "_end";
    let joint = |name: &str| name.strip_suffix(SITE).unwrap_or(name).to_owned();
    let joints: Vec<Vec<char>> = names.iter().map(|name| joint(name).chars().collect()).collect();
    let before = shared(&joints, |a, b| a.is_lowercase() && b.is_uppercase());
    let backwards: Vec<Vec<char>> = joints.iter().map(|name| name[before..].iter().rev().copied().collect()).collect();
    let after = shared(&backwards, |a, b| a.is_uppercase() && b.is_lowercase());
    let out = names.iter().zip(&joints).map(|(name, chars)| {
        let middle: String = chars[before..chars.len() - after].iter().collect();
        let middle = middle.trim_matches(is_separator).to_owned();
        if name.ends_with(SITE) { middle + SITE } else { middle }
    });
    let out: Vec<String> = out.collect();
    // numbers alone are no names
    let says_nothing = |name: &&String| !name.chars().any(char::is_alphabetic);
    if out.iter().filter(says_nothing).count() > 1 {
        return names.to_vec();
    }
    // a root that is called as the prefix itself has no name left
    out.into_iter().zip(names).map(|(bare, name)| if bare.is_empty() { name.clone() } else { bare }).collect()
}

fn is_separator(c: char) -> bool {
    !c.is_alphanumeric()
}

/// Number of characters that all names begin with, up to where a word ends in each of them: at a separator, between a
/// letter and a digit, or where `humps` tells two neighbours apart.
fn shared(names: &[Vec<char>], humps: fn(char, char) -> bool) -> usize {
    let Some(first) = names.first().filter(|_| names.len() > 1) else { return 0 };
    let same = |i: usize| names.iter().all(|name| name.get(i) == first.get(i));
    let most = (0..first.len()).find(|&i| !same(i)).unwrap_or(first.len());
    let ends_word = |name: &Vec<char>, i: usize| match (name.get(i - 1), name.get(i)) {
        (Some(&a), Some(&b)) => {
            is_separator(a) || is_separator(b) || a.is_ascii_digit() != b.is_ascii_digit() || humps(a, b)
        }
        _ => true,
    };
    (1..=most).rev().find(|&i| names.iter().all(|name| ends_word(name, i))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bared(names: &[&str]) -> Vec<String> {
        bare(&names.iter().map(|&n| n.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn whose_joint_it_is_goes() {
        for names in [
            ["A:Hips", "A:Spine", "A:Spine1", "A:LeftHand", "A:LeftHand_end"],
            ["Bob_Hips", "Bob_Spine", "Bob_Spine1", "Bob_LeftHand", "Bob_LeftHand_end"],
            ["BobHips", "BobSpine", "BobSpine1", "BobLeftHand", "BobLeftHand_end"],
            ["P1Hips", "P1Spine", "P1Spine1", "P1LeftHand", "P1LeftHand_end"],
            ["Hips.001", "Spine.001", "Spine1.001", "LeftHand.001", "LeftHand.001_end"],
            ["Hips_B", "Spine_B", "Spine1_B", "LeftHand_B", "LeftHand_B_end"],
            ["Hips", "Spine", "Spine1", "LeftHand", "LeftHand_end"],
        ] {
            assert_eq!(bared(&names), ["Hips", "Spine", "Spine1", "LeftHand", "LeftHand_end"], "{names:?}");
        }
        assert_eq!(bared(&["Hips2", "Spine2", "Head2"]), ["Hips", "Spine", "Head"]);
        assert_eq!(bared(&["Bip01", "Bip01 Pelvis", "Bip01 Head"]), ["Bip01", "Pelvis", "Head"]);
        for same in [["Hips", "Head", "Hand"], ["bone1", "bone2", "bone3"]] {
            assert_eq!(bared(&same), same);
        }
    }
}
