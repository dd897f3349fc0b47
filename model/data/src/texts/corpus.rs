//! What a tokenizer should have seen.

use super::{Texts, written};
use crate::{
    family::Family,
    kinematics::{Kinematics, Limbs, Travel},
    labels::Labels,
};

/// Every text that training can produce from these labels, for training a tokenizer: all wordings, held-out ones too
/// (a user will use such words), labels, sentences, answers, and lists in every format. Sets' own texts are
/// [`crate::DataSet::texts`].
pub fn corpus(labels: &Labels) -> Vec<String> {
    let texts = Texts::built_in();
    let labels = labels.union(&Labels::new(texts.labels.keys())).with_mirrored();
    let names = labels.names();
    let mut all: Vec<String> = Vec::new();
    for family in Family::PHRASED {
        let w = texts.wordings(family);
        let wordings = w.train.iter().chain(&w.held_out).chain([&w.canonical]);
        all.extend(wordings.map(|text| text.replace("{doing}", "").replace("{options}", "")));
    }
    let a = texts.answers();
    all.extend(a.all().into_iter().cloned());
    all.extend(texts.story_words());
    all.extend(texts.together().iter().cloned());
    all.push(texts.unsure(&[]));
    let limbs = [None, Some(Limbs::Left), Some(Limbs::Right), Some(Limbs::Both)];
    let ways = [None, Some(Travel::Forward), Some(Travel::Backward), Some(Travel::Left), Some(Travel::Right)];
    for (i, label) in names.iter().enumerate() {
        all.push(label.clone());
        all.push(texts.wordings(Family::YesNo).canonical.replace("{doing}", &texts.doing(label)));
        all.push(texts.concludes(label));
        for hands in limbs {
            all.push(texts.caption(label, &Kinematics { hands, ..Kinematics::default() }));
        }
        for travel in ways.into_iter().filter(|_| texts.labels.get(label).is_some_and(|l| l.travel)) {
            all.push(texts.caption(label, &Kinematics { travel, ..Kinematics::default() }));
        }
        // neighbours in a list, so that what stands between two labels is learned with every label on both sides
        let around: Vec<String> = (0..4.min(names.len())).map(|k| names[(i + k * 7) % names.len()].clone()).collect();
        let question = &texts.wordings(Family::RecognitionFromList).canonical;
        all.extend(texts.file.lists.iter().map(|format| question.replace("{options}", &written(&around, format))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_holds_every_text() {
        let corpus = corpus(&Labels::new(["drink water", "kick left"]));
        for text in [
            "drink water",
            "kick right",
            "neither leg",
            "A person runs forward.",
            "Which hand moves?",
            "on the ground",
            "twice",
        ] {
            assert!(corpus.iter().any(|c| c == text), "no '{text}'");
        }
        assert!(corpus.iter().any(|c| c.contains("\n- drink water")));
        assert!(corpus.iter().all(|c| !c.contains('{')), "a placeholder is left over");
    }
}
