use std::collections::HashMap;

use draction::motion::humanoid::{Action, Person, perform};

use super::*;
use crate::{
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
    Record { file_name: "a.bvh".into(), label: label.map(str::to_owned), line: 1, ..Record::default() }
}

#[test]
fn answers_are_true_of_the_motion_mirrored_or_not() {
    let labels = labels();
    for side in [0, 1] {
        let record = record(Some(["wave left hand", "wave right hand"][side]));
        for index in 0..200 {
            let mut rng = Rng::at(1, side as u64, index);
            // at half the speed and size a wave would be slow indeed
            let options = AugmentOptions { tempo: [0.8, 1.25], amplitude: 0.0, ..AugmentOptions::default() };
            let shown = augment(&waving(side), &options, &mut rng);
            let truth = Truth::of(&record, &shown.motion, shown.mirrored, &labels);
            let hand = if (side == 0) == shown.mirrored { "right" } else { "left" };
            let asked = questions(&truth, &mut rng, Phrasing::Train);
            let families: Vec<Family> = asked.iter().map(|qa| qa.family).collect();
            for family in [Family::Recognition, Family::WhichHand, Family::MostActive, Family::Why, Family::YesNo] {
                assert!(families.contains(&family), "{families:?}");
            }
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
                    Family::MostActive | Family::MovesFirst => format!("{hand} arm"),
                    Family::Direction => "in place".into(),
                    Family::Turning => "no turn".into(),
                    Family::Repetitions => {
                        // a fifth of the clip may be cut off
                        assert!(["three times", "four times", "five times"].contains(&&*answer), "{answer}");
                        continue;
                    }
                    Family::WhatFirst => {
                        assert!(question.contains(&answer) && answer.contains(hand), "{question} {answer}");
                        continue;
                    }
                    Family::Pace => {
                        assert!(answer != "slow");
                        continue;
                    }
                    Family::Posture => "standing".into(),
                    Family::People => "one person".into(),
                    Family::Why => {
                        let end = format!(": the person is waving the {hand} hand.");
                        assert!(answer.starts_with(&format!("The {hand} arm ")) && answer.ends_with(&end), "{answer}");
                        continue;
                    }
                    Family::Caption => format!("A person waves the {hand} hand."),
                    Family::YesNo => {
                        assert!(!question.contains(&format!("raising the {hand} hand?")), "true as well: {question}");
                        let true_claims = [
                            format!("waving the {hand} hand"),
                            format!("moving the {hand} hand"),
                            format!("raising the {hand} hand above the head"),
                            "staying in place".into(),
                            "staying upright".into(),
                            "moving fast".into(),
                            "doing it more than once".into(),
                        ];
                        let yes = true_claims.iter().any(|claim| question.contains(claim));
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
    let label = [Family::Recognition, Family::RecognitionFromList, Family::Caption, Family::Why, Family::Own];
    for seed in 0..50 {
        let asked = questions(&truth, &mut Rng::new(seed), Phrasing::HeldOut);
        let families: Vec<Family> = asked.iter().map(|qa| qa.family).collect();
        assert!(families.contains(&Family::WhichHand) && families.contains(&Family::Unanswerable));
        assert!(families.iter().all(|family| !label.contains(family)), "{families:?}");
    }
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
            assert_eq!(options.iter().filter(|o| label::contains(o, label)).count(), 1, "{label}: {options:?}");
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
    // families that are asked of this clip whenever their turn comes
    for [a, b] in [[Family::WhichHand, Family::Recognition], [Family::Caption, Family::YesNo]] {
        let (asked, expected) = (counts[&a] / counts[&b], weights.of(a) / weights.of(b));
        assert!((asked / expected - 1.0).abs() < 0.25, "{a:?} to {b:?}: {asked}, not {expected}");
    }
    let label = counts[&Family::Recognition] + counts[&Family::RecognitionFromList];
    assert!((0.35..0.5).contains(&label), "{label}");
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

/// One answer of each seed, counted; `None` stands for a question that is not asked.
fn answers_of(family: Family, label: Option<&str>, motion: &Motion) -> HashMap<Option<String>, usize> {
    let labels = labels();
    let truth = Truth::of(&record(label), motion, false, &labels);
    let mut counts = HashMap::new();
    for seed in 0..300 {
        let asked = question_of(family, &truth, &mut Rng::new(seed), Phrasing::Canonical);
        *counts.entry(asked.map(|qa| qa.answer)).or_default() += 1;
    }
    counts
}

#[test]
fn performed_actions_are_answered_as_they_were_performed() {
    let of = |family, action| {
        let counts = answers_of(family, None, &perform(action, &Person::default(), 30.0));
        let answers: Vec<String> = counts.into_keys().flatten().collect();
        assert!(answers.len() <= 1, "{family:?} of {action:?}: {answers:?}");
        answers.into_iter().next()
    };
    let is = |family, action, answer: &str| assert_eq!(of(family, action).as_deref(), Some(answer), "{action:?}");
    is(Family::WhichHand, Action::WaveLeftHand, "left hand");
    is(Family::MostActive, Action::WaveRightHand, "right arm");
    is(Family::MovesFirst, Action::RaiseLeftHand, "left arm");
    is(Family::Repetitions, Action::RaiseRightHand, "once");
    is(Family::Repetitions, Action::Squat, "once");
    is(Family::Posture, Action::Squat, "goes down and comes up");
    is(Family::Posture, Action::Clap, "standing");
    is(Family::Direction, Action::Walk, "forward");
    is(Family::Direction, Action::Clap, "in place");
    is(Family::Turning, Action::Walk, "no turn");
    is(Family::People, Action::Walk, "one person");
    assert_eq!(of(Family::Repetitions, Action::Walk), None, "steps are no repetitions");
}

#[test]
fn what_happens_first_happens_first() {
    let raise = perform(Action::RaiseLeftHand, &Person::default(), 30.0);
    let first = answers_of(Family::WhatFirst, None, &raise);
    assert_eq!(first.keys().flatten().collect::<Vec<_>>(), ["the left arm rises"]);
}

#[test]
fn a_wave_is_repeated_and_a_drawing_is_not_counted() {
    let raise = perform(Action::RaiseLeftHand, &Person::default(), 30.0);
    let asked = |label| answers_of(Family::Repetitions, label, &raise).keys().flatten().count();
    assert_eq!((asked(None), asked(Some("wave")), asked(Some("draw an x"))), (1, 0, 0));
}

#[test]
fn the_usual_answer_is_asked_for_less_often() {
    let still = answers_of(Family::Posture, None, &waving(0));
    assert!((50..130).contains(&still[&Some("standing".into())]), "{still:?}");
    let squat = answers_of(Family::Posture, None, &perform(Action::Squat, &Person::default(), 30.0));
    assert_eq!(squat[&Some("goes down and comes up".into())], 300);
}

#[test]
fn claims_are_as_often_true_as_not() {
    let labels = labels();
    for action in Action::ALL {
        let motion = perform(action, &Person::default(), 30.0);
        let truth = Truth::of(&record(None), &motion, false, &labels);
        for seed in 0..100 {
            for wanted in [true, false] {
                let Some(claim) = claims::claim(&truth, wanted, &mut Rng::new(seed)) else { continue };
                if claim.ends_with("_hand") {
                    let (left, right) = match truth.hands().unwrap() {
                        Limbs::Left => (true, false),
                        Limbs::Right => (false, true),
                        Limbs::Both => (true, true),
                        Limbs::Neither => (false, false),
                    };
                    assert_eq!(wanted, if claim == "left_hand" { left } else { right }, "{action:?} {claim}");
                }
            }
        }
    }
}
