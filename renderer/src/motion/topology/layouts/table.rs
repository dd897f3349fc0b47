//! What is known of a layout.

use super::super::super::UpAxis;

/// One layout.
pub(super) struct Table {
    /// Whose it is.
    pub title: &'static str,
    /// Joint names in order.
    pub names: &'static [&'static str],
    pub bones: Bones,
    /// The joint that all others hang from: the pelvis, else what is nearest to it.
    pub root: usize,
    /// Frames per second that recordings come with.
    pub fps: f64,
    /// The axis that most recordings have up.
    pub usual_up: UpAxis,
}

impl Table {
    /// What most layouts have.
    pub(super) const DEFAULT: Self =
        Self { title: "", names: &[], bones: Bones::Chains(&[]), root: 0, fps: 30.0, usual_up: UpAxis::PlusY };
}

/// Bones in drawing order.
pub(super) enum Bones {
    /// Pairs of joints counted from one, as data sets print them.
    FromOne(&'static [[u8; 2]]),
    /// Chains of joints counted from zero, each linked to the next.
    Chains(&'static [&'static [u8]]),
}

impl Bones {
    /// Pairs of joints counted from zero.
    pub(super) fn pairs(&self) -> Vec<[usize; 2]> {
        match self {
            Self::FromOne(pairs) => pairs.iter().map(|pair| pair.map(|j| usize::from(j) - 1)).collect(),
            Self::Chains(chains) => {
                let links = chains.iter().flat_map(|chain| chain.windows(2));
                links.map(|link| [link[0], link[1]].map(usize::from)).collect()
            }
        }
    }
}
