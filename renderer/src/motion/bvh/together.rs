//! Several people of one file as bodies of one motion: on the joints that all of them have.

use super::{
    super::{
        alike::{self, Tree, bare, common, joints_of},
        error::Cause,
    },
    tidy::Body,
};

/// People on the same joints.
pub(super) struct Together {
    pub names: Vec<String>,
    pub parents: Vec<Option<usize>>,
    /// `[T, P, J, 3]`.
    pub positions: Vec<f32>,
    /// `[T, P, J, 4]`.
    pub orientations: Vec<f32>,
    /// `[J, 3]` of the first person.
    pub rest: Vec<f32>,
    /// Joints of one person, at most, that somebody else lacks.
    pub missing: usize,
}

impl Body {
    fn tree(&self) -> Tree<'_> {
        Tree { names: &self.names, parents: &self.parents }
    }
}

/// Puts people side by side.
///
/// # Errors
/// Where somebody has other joints than the first, by name and by tree.
pub(super) fn together(people: &[Body]) -> Result<Together, Cause> {
    let first = &people[0];
    let trees: Vec<Tree<'_>> = people.iter().map(Body::tree).collect();
    let Some(common) = common(&trees) else {
        let joints: Vec<String> = people.iter().map(|p| p.names.len().to_string()).collect();
        return Err(Cause::Degenerate(format!(
            "the file shows {} people of different skeletons ({} joints), which cannot be drawn together: --person 1 (or 2, …) reads one of them",
            people.len(),
            joints.join(" and ")
        )));
    };
    let frames = first.positions.len() / (3 * first.names.len());
    let (mut positions, mut orientations) = (Vec::new(), Vec::new());
    for t in 0..frames {
        for (body, joints) in people.iter().zip(&common.joints) {
            for joint in joints {
                let at = t * body.names.len() + joint;
                positions.extend_from_slice(&body.positions[at * 3..][..3]);
                orientations.extend_from_slice(&body.orientations[at * 4..][..4]);
            }
        }
    }
    let (own, kept) = (bare(&first.names), &common.joints[0]);
    Ok(Together {
        names: kept.iter().map(|&j| own[j].clone()).collect(),
        positions,
        orientations,
        rest: kept.iter().flat_map(|&j| &first.rest[3 * j..][..3]).copied().collect(),
        missing: people.iter().map(|body| body.names.len() - kept.len()).max().unwrap_or(0),
        parents: common.parents,
    })
}

/// Whether two bodies are at the same place all along: a rig's copies of one skeleton.
pub(super) fn coincide(a: &Body, b: &Body) -> bool {
    let map = joints_of(&a.tree(), &b.tree());
    let (ja, jb) = (a.names.len(), b.names.len());
    let frames = a.positions.len() / (3 * ja);
    let pairs: Vec<(usize, usize)> = map.iter().enumerate().filter_map(|(j, k)| Some((j, (*k)?))).collect();
    let numbers = |t: usize| {
        let both = move |&(j, k): &(usize, usize)| {
            let (p, q) = (&a.positions[(t * ja + j) * 3..][..3], &b.positions[(t * jb + k) * 3..][..3]);
            p.iter().zip(q)
        };
        pairs.iter().flat_map(both)
    };
    2 * pairs.len() > ja && alike::coincide(frames, &a.positions[..3 * ja], numbers)
}
