//! The labels a model may answer with: those of one or several sets.

use std::collections::BTreeSet;

use super::{
    label::{contains, mirrored, normalized},
    meanings::Meanings,
};

/// The distinct labels of one or several sets, in alphabetical order.
///
/// Sets share labels: `clap` of one and `clap` of another are one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    names: Vec<String>,
    meanings: Meanings,
}

impl Labels {
    /// Collects labels; each is [`normalized`], empty ones are left out.
    pub fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Labels {
        let names: BTreeSet<String> = names.into_iter().map(|n| normalized(n.as_ref())).collect();
        Labels { names: names.into_iter().filter(|n| !n.is_empty()).collect(), meanings: Meanings::default() }
    }

    /// All labels, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The position of a label in [`Labels::names`]; spelling differences that [`normalized`] removes do not matter.
    pub fn index(&self, label: &str) -> Option<usize> {
        let label = normalized(label);
        self.names.binary_search(&label).ok()
    }

    /// These labels and those that mirrored clips of them would have.
    pub fn with_mirrored(&self) -> Labels {
        let names = self.names.iter().cloned().chain(self.names.iter().map(|n| mirrored(n)));
        Labels::new(names).meaning(&self.meanings)
    }

    /// The labels of both vocabularies. Which of them mean the same is known from whichever of both knows anything.
    pub fn union(&self, other: &Labels) -> Labels {
        let meanings = if self.meanings.is_empty() { &other.meanings } else { &self.meanings };
        Labels::new(self.names.iter().chain(&other.names)).meaning(meanings)
    }

    /// These labels, knowing which of them mean the same.
    #[must_use]
    pub fn meaning(self, meanings: &Meanings) -> Labels {
        Labels { meanings: meanings.clone(), ..self }
    }

    /// Which of them mean the same.
    pub fn meanings(&self) -> &Meanings {
        &self.meanings
    }

    /// Whether two labels may hold of one clip: they mean the same, or one [`contains`] the other. Mirror images of each
    /// other never do.
    pub fn both_hold(&self, a: &str, b: &str) -> bool {
        contains(a, b) || mirrored(a) != b && self.meanings.same(a, b)
    }

    /// These labels and all that mean the same as one of them.
    #[must_use]
    pub fn with_synonyms(&self, meanings: &Meanings) -> Labels {
        self.union(&Labels::new(self.names.iter().flat_map(|label| meanings.of(label))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::tests::ALL;

    #[test]
    fn forty_six_labels_are_forty_three() {
        let labels = Labels::new(ALL.map(|(_, label, _)| label));
        assert_eq!(labels.len(), 43);
        assert_eq!(labels.with_mirrored(), labels, "a mirrored clip needs no new answer");
        let count = |set| Labels::new(ALL.iter().filter(|(s, ..)| *s == set).map(|(_, l, _)| l)).len();
        assert_eq!((count("bn"), count("mae"), count("utd")), (10, 9, 27));
        for (i, name) in labels.names().iter().enumerate() {
            assert_eq!(labels.index(name), Some(i));
        }
        assert_eq!(labels.index(" Walk_Turn  LEFT "), labels.index("walk turn left"));
        assert_eq!(labels.index("fly"), None);
    }

    #[test]
    fn labels_of_the_same_meaning_join() {
        let meanings = Meanings::new([vec!["Punch", "box"], vec!["wave", "wave_left_hand"]]);
        let expected = Labels::new(["wave", "wave left hand", "wave right hand", "run"]);
        assert_eq!(Labels::new(["wave", "run"]).with_synonyms(&meanings), expected);
    }
}
