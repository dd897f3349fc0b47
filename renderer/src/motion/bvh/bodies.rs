//! Several bodies in one file: each with a root of its own, or all below one root that is a scene.

use std::collections::BTreeMap;

use super::{
    super::{Part, alike::bare, topology},
    Channel, Node,
};

/// A body has at least so many joints on either side of a pair of limbs: targets and helpers have one.
const LIMB: usize = 2;
/// Joints and ends of a body whose names say nothing: a head, two hands and two feet.
const NAMELESS: (usize, usize) = (10, 5);
/// Share of all joints that belong to such bodies where several hang from one root.
const MOST: f64 = 0.9;

/// Which nodes belong to whom.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Division {
    /// `[P]` the nodes of each person, in the file's order; none where all nodes are one body.
    pub people: Vec<Vec<usize>>,
    /// Names of the uppermost nodes that belong to nobody: props, cameras.
    pub left_out: Vec<String>,
    /// Whether there are several roots of which none is a body by itself.
    pub several_roots: bool,
}

/// What hangs from a node, with the node itself. End sites do not count.
#[derive(Clone, Copy, Default)]
struct Branch {
    joints: usize,
    ends: usize,
    parts: [usize; Part::ALL.len()],
}

struct Forest<'n> {
    nodes: &'n [Node],
    /// `[N]`.
    branches: Vec<Branch>,
    /// Whether names tell limbs.
    named: bool,
}

/// Tells people from each other and from everything else.
pub(super) fn divide(nodes: &[Node]) -> Division {
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let own = own_names(nodes, &names);
    let division = Forest::new(nodes, names).divide();
    if !division.people.is_empty() {
        return division;
    }
    // what tells whose joint it is may look like a side
    let others = own.map(|own| Forest::new(nodes, own).divide());
    others.filter(|others| others.people.len() > 1).unwrap_or(division)
}

/// Names without what all joints below a root share, or all below a child of the only root. `None` where fewer than two of
/// these have as many joints as a body.
fn own_names(nodes: &[Node], names: &[String]) -> Option<Vec<String>> {
    let roots: Vec<usize> = (0..nodes.len()).filter(|&n| nodes[n].parent.is_none()).collect();
    let above = if let [root] = roots[..] { Some(root) } else { None };
    // parents come before their children
    let mut top = vec![None; nodes.len()];
    let mut theirs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (n, node) in nodes.iter().enumerate() {
        top[n] = if node.parent == above { Some(n) } else { node.parent.and_then(|p| top[p]) };
        if let Some(top) = top[n] {
            theirs.entry(top).or_default().push(n);
        }
    }
    theirs.retain(|_, joints| joints.len() >= NAMELESS.0);
    if theirs.len() < 2 {
        return None;
    }
    let mut own = names.to_vec();
    for joints in theirs.into_values() {
        let bare = bare(&joints.iter().map(|&n| names[n].clone()).collect::<Vec<_>>());
        joints.into_iter().zip(bare).for_each(|(n, name)| own[n] = name);
    }
    Some(own)
}

impl<'n> Forest<'n> {
    fn new(nodes: &'n [Node], names: Vec<String>) -> Self {
        let parents: Vec<Option<usize>> = nodes.iter().map(|n| n.parent).collect();
        let parts = topology::by_names(&names, &parents).parts;
        let mut branches = vec![Branch::default(); nodes.len()];
        // parents come before their children
        for (n, node) in nodes.iter().enumerate().rev().filter(|(_, node)| !node.end_site) {
            let branch = &mut branches[n];
            branch.ends += usize::from(branch.joints == 0);
            branch.joints += 1;
            branch.parts[parts[n] as usize] += 1;
            let own = *branch;
            if let Some(parent) = node.parent {
                let above = &mut branches[parent];
                above.joints += own.joints;
                above.ends += own.ends;
                above.parts.iter_mut().zip(own.parts).for_each(|(sum, n)| *sum += n);
            }
        }
        Self { nodes, branches, named: parts.iter().any(|&part| part != Part::Torso) }
    }

    fn divide(&self) -> Division {
        let nodes = self.nodes;
        let roots: Vec<usize> = (0..nodes.len()).filter(|&n| nodes[n].parent.is_none()).collect();
        let candidates: Vec<usize> =
            roots.iter().flat_map(|&root| self.bodies_below(root).unwrap_or_else(|| vec![root])).collect();
        let arms = candidates.iter().filter(|&&n| self.has_arms(n)).count();
        let legs = candidates.iter().filter(|&&n| self.has_legs(n)).count();
        let any = |n: usize| self.has_arms(n) || self.has_legs(n);
        let people: Vec<usize> = if arms.max(legs) > 1 {
            let is_one = |&n: &usize| (legs > 1 && self.has_legs(n)) || (arms > 1 && self.has_arms(n));
            candidates.into_iter().filter(is_one).collect()
        } else {
            candidates.into_iter().filter(|&n| any(n)).collect()
        };
        match (&roots[..], &people[..]) {
            (&[root], [_] | []) => self.without_props(root),
            // arms below one root and legs below another make one body, and so do roots without limbs
            (_, []) => Division { several_roots: true, ..Division::default() },
            (_, two) if two.len() == 2 && arms < 2 && legs < 2 => {
                Division { several_roots: true, ..Division::default() }
            }
            (_, people) => self.divided(people),
        }
    }

    fn has(&self, n: usize, pair: [Part; 2]) -> bool {
        let branch = &self.branches[n];
        match self.named {
            true => pair.iter().all(|&part| branch.parts[part as usize] >= LIMB),
            false => branch.joints >= NAMELESS.0 && branch.ends >= NAMELESS.1,
        }
    }

    fn has_arms(&self, n: usize) -> bool {
        self.has(n, [Part::LeftArm, Part::RightArm])
    }

    fn has_legs(&self, n: usize) -> bool {
        self.has(n, [Part::LeftLeg, Part::RightLeg])
    }

    fn children(&self, n: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |&c| self.nodes[c].parent == Some(n) && !self.nodes[c].end_site)
    }

    /// The bodies below a root that is a scene: branches of one node of which at least two have the same pair of limbs.
    fn bodies_below(&self, root: usize) -> Option<Vec<usize>> {
        let mut at = root;
        loop {
            let (arms, legs): (Vec<usize>, Vec<usize>) = (
                self.children(at).filter(|&c| self.has_arms(c)).collect(),
                self.children(at).filter(|&c| self.has_legs(c)).collect(),
            );
            if arms.len().max(legs.len()) > 1 {
                let mut bodies = if legs.len() > 1 { legs } else { Vec::new() };
                bodies.extend(arms.iter().filter(|_| arms.len() > 1));
                bodies.sort_unstable();
                bodies.dedup();
                let theirs: usize = bodies.iter().map(|&n| self.branches[n].joints).sum();
                // without names, two hands look alike, too
                let enough = self.named || theirs as f64 >= MOST * self.branches[root].joints as f64;
                return enough.then_some(bodies);
            }
            match (&arms[..], &legs[..]) {
                (&[one], &[other]) if one == other => at = one,
                (&[one], []) | ([], &[one]) => at = one,
                _ => return None,
            }
        }
    }

    /// `[N]` whether a node is one of `tops` or hangs from one.
    fn below(&self, tops: &[usize]) -> Vec<bool> {
        let mut below = vec![false; self.nodes.len()];
        for (n, node) in self.nodes.iter().enumerate() {
            below[n] = tops.contains(&n) || node.parent.is_some_and(|p| below[p]);
        }
        below
    }

    /// One person a node of `tops`; what does not hold them belongs to nobody.
    fn divided(&self, tops: &[usize]) -> Division {
        let people = tops.iter().map(|&top| chosen(&self.below(&[top]))).collect();
        let theirs = self.below(tops);
        let mut holds = vec![false; self.nodes.len()];
        for &top in tops {
            let mut at = self.nodes[top].parent;
            while let Some(n) = at {
                holds[n] = true;
                at = self.nodes[n].parent;
            }
        }
        let uppermost = |&n: &usize| {
            let free = |n: usize| !theirs[n] && !holds[n];
            free(n) && !self.nodes[n].end_site && !self.nodes[n].parent.is_some_and(free)
        };
        let left_out = (0..self.nodes.len()).filter(uppermost).map(|n| self.nodes[n].name.clone()).collect();
        Division { people, left_out, several_roots: false }
    }

    /// A scene with one person and things that move by themselves, without these.
    fn without_props(&self, root: usize) -> Division {
        let tells = |n: usize| topology::names_a_part(&self.nodes[n].name);
        let limbs = |n: usize| Part::ALL[1..].iter().any(|&part| self.branches[n].parts[part as usize] > 0);
        let placed = |n: usize| self.nodes[n].channels.iter().any(|c| matches!(c, Channel::Position(_)));
        let bodies = self.children(root).filter(|&c| self.has_arms(c) || self.has_legs(c)).count();
        if tells(root) || bodies != 1 || !self.named {
            return Division::default();
        }
        let props: Vec<usize> = self.children(root).filter(|&c| !limbs(c) && !tells(c) && placed(c)).collect();
        if props.is_empty() {
            return Division::default();
        }
        let theirs: Vec<bool> = self.below(&props).into_iter().map(|prop| !prop).collect();
        let left_out = props.iter().map(|&n| self.nodes[n].name.clone()).collect();
        Division { people: vec![chosen(&theirs)], left_out, several_roots: false }
    }
}

/// Where it is true.
fn chosen(which: &[bool]) -> Vec<usize> {
    (0..which.len()).filter(|&n| which[n]).collect()
}
