use std::collections::HashMap;

use super::*;
use crate::data::{
    augment::{AugmentOptions, augment},
    record::Record,
    stick_figure::waving,
};

fn labels() -> Labels {
    Labels::new([
        "wave left hand",
        "wave right hand",
        "wave",
        "walk",
        "walk turn left",
        "walk turn right",
        "squat",
        "clap",
        "raise up left hand",
        "raise up right hand",
        "raise up both hands",
        "throw",
        "pick up and throw",
        "push",
    ])
}

fn record(label: Option<&str>) -> Record {
    Record {
        file_name: "a.bvh".into(),
        label: label.map(str::to_owned),
        subject: None,
        style: None,
        split: None,
        captions: Vec::new(),
        questions: Vec::new(),
        line: 1,
        other: serde_json::Map::new(),
    }
}

#[test]
fn answers_are_true_of_the_motion_mirrored_or_not() {
    let labels = labels();
    for side in [0, 1] {
        let record = record(Some(["wave left hand", "wave right hand"][side]));
        for index in 0..200 {
            let mut rng = Rng::at(1, side as u64, index);
            let shown = augment(&waving(side), &AugmentOptions::default(), &mut rng);
            let truth = Truth::of(&record, &shown.motion, shown.mirrored, &labels);
            let hand = if (side == 0) == shown.mirrored { "right" } else { "left" };
            let asked = questions(&truth, &mut rng, Phrasing::Train);
            assert_eq!(asked.len(), 7, "{asked:?}");
            for QuestionAnswer { family, question, answer } in asked {
                let expected = match family {
                    Family::Recognition => format!("wave {hand} hand"),
                    Family::RecognitionFromList => {
                        assert!(
                            question.contains("wave left hand") && question.contains("wave right hand"),
                            "{question}"
                        );
                        assert!(!question.contains("wave,") && !question.contains('{'), "{question}");
                        format!("wave {hand} hand")
                    }
                    Family::WhichHand => format!("{hand} hand"),
                    Family::WhichLeg => "neither leg".into(),
                    Family::Caption => format!("A person waves the {hand} hand."),
                    Family::YesNo => {
                        assert!(!question.contains(&format!("raising the {hand}")), "true as well: {question}");
                        let yes = question.contains(&format!("waving the {hand} hand"));
                        assert!(yes || !question.contains("waving?"), "{question}");
                        if yes { "yes".into() } else { "no".into() }
                    }
                    Family::Unanswerable => "That cannot be seen in a skeleton.".into(),
                    Family::Own => unreachable!("the set asks nothing"),
                };
                assert_eq!(answer, expected, "{question}");
            }
        }
    }
}

#[test]
fn a_label_against_the_joints_leaves_the_hand_open() {
    let (labels, motion) = (labels(), waving(0));
    let hand = |label| {
        let truth = Truth::of(&record(label), &motion, false, &labels);
        question_of(Family::WhichHand, &truth, &mut Rng::new(1), Phrasing::Canonical).map(|qa| qa.answer)
    };
    assert_eq!(hand(Some("wave left hand")).as_deref(), Some("left hand"));
    assert_eq!(hand(Some("wave")).as_deref(), Some("left hand"));
    assert_eq!(hand(None).as_deref(), Some("left hand"));
    assert_eq!(hand(Some("wave right hand")), None);
}

#[test]
fn without_a_label_only_the_joints_are_asked_about() {
    let (labels, motion) = (labels(), waving(1));
    let truth = Truth::of(&record(None), &motion, false, &labels);
    let families: Vec<Family> =
        questions(&truth, &mut Rng::new(2), Phrasing::HeldOut).iter().map(|qa| qa.family).collect();
    assert_eq!(families, [Family::WhichHand, Family::WhichLeg, Family::Unanswerable]);
}

#[test]
fn a_sets_own_texts_are_mirrored_with_the_clip() {
    let (labels, motion) = (labels(), waving(1));
    let mut record = record(Some("wave left hand"));
    record.captions = vec!["Someone greets with the left hand.".into()];
    record.questions = vec![("Is the left hand up?".into(), "Yes, the left one.".into())];
    let truth = Truth::of(&record, &motion, true, &labels);
    let ask = |family| question_of(family, &truth, &mut Rng::new(1), Phrasing::Canonical).unwrap();
    assert_eq!(ask(Family::Caption).answer, "Someone greets with the right hand.");
    let own = ask(Family::Own);
    assert_eq!((own.question.as_str(), own.answer.as_str()), ("Is the right hand up?", "Yes, the right one."));
}

#[test]
fn lists_have_four_to_ten_options_and_one_of_them_is_right() {
    let labels = labels();
    for label in labels.names() {
        for seed in 0..50 {
            let options = options(label, &labels, &mut Rng::new(seed)).unwrap();
            assert!((4..=10).contains(&options.len()), "{options:?}");
            assert_eq!(options.iter().filter(|o| labels::contains(o, label)).count(), 1, "{label}: {options:?}");
            let mut distinct = options.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), options.len());
        }
    }
    assert_eq!(options("walk", &Labels::new(["walk", "walk turn left"]), &mut Rng::new(1)), None);
}

#[test]
fn families_are_drawn_by_weight() {
    let (labels, motion) = (labels(), waving(0));
    let truth = Truth::of(&record(Some("wave left hand")), &motion, false, &labels);
    let mut counts: HashMap<Family, f32> = HashMap::new();
    let weights = FamilyWeights::default();
    for i in 0..4000 {
        let qa = sample_question(&truth, &mut Rng::at(1, 0, i), Phrasing::Train, &weights).unwrap();
        *counts.entry(qa.family).or_default() += 1.0 / 4000.0;
    }
    let total: f32 = Family::PHRASED.iter().map(|&f| weights.of(f)).sum();
    for family in Family::PHRASED {
        let expected = weights.of(family) / total;
        assert!((counts[&family] - expected).abs() < 0.03, "{family:?} {} {expected}", counts[&family]);
    }
    let label = counts[&Family::Recognition] + counts[&Family::RecognitionFromList];
    assert!((0.45..0.58).contains(&label), "{label}");
    let none = FamilyWeights { own: 1.0, ..serde_json::from_str("{}").unwrap() };
    assert!(sample_question(&truth, &mut Rng::new(1), Phrasing::Train, &none).is_some());
}

#[test]
fn the_same_stream_asks_the_same_and_yes_is_as_frequent_as_no() {
    let (labels, motion) = (labels(), waving(0));
    let truth = Truth::of(&record(Some("wave left hand")), &motion, false, &labels);
    let all = |seed| questions(&truth, &mut Rng::new(seed), Phrasing::Train);
    assert_eq!(all(4), all(4));
    let yes = (0..1000).filter(|&s| {
        let qa = question_of(Family::YesNo, &truth, &mut Rng::new(s), Phrasing::Train).unwrap();
        qa.answer == "yes"
    });
    assert!((430..570).contains(&yes.count()));
}

#[test]
fn family_names_are_those_of_reports() {
    for family in Family::ALL {
        assert_eq!(serde_json::to_value(family).unwrap(), family.name());
    }
}
