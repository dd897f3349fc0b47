//! Checks against the labelled sets, where they are at hand: they are not part of the repository.

use std::{collections::BTreeMap, time::Instant};

use skeletonllm_checks::shared;

use super::{
    augment::{AugmentOptions, augment},
    kinematics::{BodyPart, Kinematics, Limbs, Movement, Mover, Posture, Travel, Turning},
    label::hand_of,
    labels::Labels,
    rng::Rng,
    set::{DataSet, Split},
};

/// A set, where it is there.
fn load(name: &str) -> Option<DataSet> {
    let dir = shared(&format!("data/{name}"))?;
    let start = Instant::now();
    let set = DataSet::load(&dir, Split::All).expect("the set can be read");
    eprintln!("{name}: {} clips in {:.1} s", set.clips.len(), start.elapsed().as_secs_f32());
    assert!(set.warnings.is_empty(), "{:?}", set.warnings);
    Some(set)
}

/// How often a truth speaks and how often it is the expected one.
#[derive(Default)]
struct Agreement {
    clips: usize,
    spoke: usize,
    agreed: usize,
}

impl Agreement {
    fn add<T: PartialEq>(&mut self, said: Option<T>, expected: T) {
        self.clips += 1;
        self.spoke += usize::from(said.is_some());
        self.agreed += usize::from(said == Some(expected));
    }

    /// Coverage and agreement, fractions.
    fn rates(&self) -> (f32, f32) {
        (self.spoke as f32 / self.clips.max(1) as f32, self.agreed as f32 / self.spoke.max(1) as f32)
    }
}

#[test]
fn bandai_namco_hands_are_those_of_the_labels() {
    let Some(set) = load("bandai-namco-2") else { return };
    let mut labels: BTreeMap<&str, Agreement> = BTreeMap::new();
    let mut raised = Agreement::default();
    let mut all = Agreement::default();
    for clip in &set.clips {
        let label = clip.record.label.as_deref().unwrap_or_default();
        let Some(hand) = hand_of(label) else { continue };
        let truths = Kinematics::of(&clip.motion);
        labels.entry(label).or_default().add(truths.hands, hand);
        all.add(truths.hands, hand);
        raised.add(truths.above_shoulder, hand);
    }
    for (label, agreement) in &labels {
        eprintln!("{label:>22}: coverage {:.3}, agreement {:.3}", agreement.rates().0, agreement.rates().1);
    }
    let (coverage, agreement) = all.rates();
    eprintln!("hands: coverage {coverage:.3}, agreement {agreement:.3}");
    eprintln!("above the shoulder: coverage {:.3}, agreement {:.3}", raised.rates().0, raised.rates().1);
    assert!(agreement >= 0.97 && coverage >= 0.8, "coverage {coverage}, agreement {agreement}");
}

#[test]
fn ways_turns_and_postures_are_those_of_the_labels() {
    let (Some(walks), Some(sits)) = (load("bandai-namco-2"), load("utd-mhad")) else { return };
    let mut found: BTreeMap<&str, Agreement> = BTreeMap::new();
    for clip in walks.clips.iter().chain(&sits.clips) {
        let truths = Kinematics::of(&clip.motion);
        let mut add = |name, said: Option<bool>| found.entry(name).or_default().add(said, true);
        match clip.record.label.as_deref().unwrap_or_default() {
            "walk turn left" => add("turns left", truths.turning.map(|t| t == Turning::Left)),
            "walk turn right" => add("turns right", truths.turning.map(|t| t == Turning::Right)),
            "walk" | "run" => {
                add("goes forward", truths.travel.map(|t| t == Travel::Forward));
                add("moves both legs", truths.legs.map(|l| l == Limbs::Both));
            }
            "squat" => add("down and up", truths.posture.map(|p| p == Posture::DownAndUp)),
            "sit down from standing" => add("goes down", truths.posture.map(|p| p == Posture::GoesDown)),
            "stand up from sitting" => add("comes up", truths.posture.map(|p| p == Posture::ComesUp)),
            "swipe left" | "swipe right" | "draw a triangle" => {
                add("stays in place", truths.travel.map(|t| t == Travel::InPlace));
                add("stays upright", truths.posture.map(|p| p == Posture::Upright));
                add("keeps its legs still", truths.legs.map(|l| l == Limbs::Neither));
            }
            _ => {}
        }
    }
    for (name, agreement) in &found {
        let (coverage, agreement) = agreement.rates();
        eprintln!("{name:>22}: coverage {coverage:.3}, agreement {agreement:.3}");
    }
    for (name, agreement) in &found {
        assert!(agreement.rates().1 >= 0.95, "{name}: {:?}", agreement.rates());
    }
}

#[test]
fn limbs_repetitions_and_phases_are_those_of_the_labels() {
    let (Some(waves), Some(sports)) = (load("bandai-namco-2"), load("utd-mhad")) else { return };
    let mut found: BTreeMap<&str, Agreement> = BTreeMap::new();
    for clip in waves.clips.iter().chain(&sports.clips) {
        let truths = Kinematics::of(&clip.motion);
        let label = clip.record.label.as_deref().unwrap_or_default();
        let mut add = |name, said: Option<bool>| found.entry(name).or_default().add(said, true);
        add("one person", truths.people.map(|n| n == 1));
        let arm = match hand_of(label) {
            Some(Limbs::Left) => Some(Mover::Limb(BodyPart::LeftArm)),
            Some(Limbs::Right) => Some(Mover::Limb(BodyPart::RightArm)),
            Some(Limbs::Both) => Some(Mover::Arms),
            _ => None,
        };
        if let Some(arm) = arm {
            add("the arm moves most", truths.most_active.map(|m| m == arm));
            add("the arm moves first", truths.moves_first.map(|m| m == arm));
        }
        let start = |part, movement| {
            let mut phases = truths.phases.iter().filter(|p| p.part == part && p.movement == movement);
            phases.next().map(|p| p.start)
        };
        let body = |movement| start(BodyPart::Body, movement);
        match label {
            // some wave with the fingers alone, which shows in no joint: `Truth::repetitions` knows
            "wave left hand" | "wave right hand" | "wave both hands" => {
                add("waved several times", truths.repetitions.map(|n| n > 1));
            }
            "raise up left hand" | "raise up right hand" | "swipe left" | "swipe right" | "lunge forward" => {
                add("done once", truths.repetitions.map(|n| n == 1));
            }
            "squat" => {
                add("done once", truths.repetitions.map(|n| n == 1));
                let order = body(Movement::Lowers).zip(body(Movement::Rises));
                add("down before up", order.map(|(down, up)| down < up));
            }
            "sit down from standing" => add("the body goes down", Some(body(Movement::Lowers).is_some())),
            "stand up from sitting" => add("the body comes up", Some(body(Movement::Rises).is_some())),
            "walk" | "run" => {
                add("goes somewhere", Some(body(Movement::Goes(Travel::Forward)).is_some()));
                let steps = [BodyPart::LeftLeg, BodyPart::RightLeg].map(|leg| start(leg, Movement::Steps).is_some());
                add("steps with both legs", Some(steps == [true; 2]));
                add("steps are not counted", Some(truths.repetitions.is_none()));
            }
            _ => {}
        }
        if label == "raise up left hand" {
            let order = start(BodyPart::LeftArm, Movement::Rises).zip(start(BodyPart::LeftArm, Movement::Lowers));
            add("rises before it lowers", order.map(|(rises, lowers)| rises < lowers));
        }
    }
    for (name, agreement) in &found {
        let (coverage, agreement) = agreement.rates();
        eprintln!("{name:>22}: coverage {coverage:.3}, agreement {agreement:.3}");
    }
    for (name, agreement) in &found {
        let least = if *name == "waved several times" { 0.8 } else { 0.95 };
        assert!(agreement.rates().1 >= least, "{name}: {:?}", agreement.rates());
    }
}

#[test]
fn three_sets_have_forty_three_labels() {
    let sets: Vec<DataSet> = ["bandai-namco-2", "mae-gestures", "utd-mhad"].into_iter().filter_map(load).collect();
    if sets.len() < 3 {
        return;
    }
    assert_eq!(sets.iter().map(|s| s.clips.len()).sum::<usize>(), 2197);
    assert_eq!(sets.iter().map(|s| s.labels().len()).collect::<Vec<_>>(), [10, 9, 27]);
    let all = sets.iter().fold(Labels::default(), |all, s| all.union(&s.labels()));
    assert_eq!(all.len(), 43);
}

#[test]
fn augmentation_is_cheap_and_does_not_turn_truths_around() {
    for name in ["bandai-namco-2", "mae-gestures", "utd-mhad"] {
        let Some(set) = load(name) else { return };
        let (mut spoke, mut differs) = (0, 0);
        let (mut augmenting, mut reading) = (0.0, 0.0);
        let clips = set.clips.len();
        for (i, clip) in set.clips.iter().enumerate() {
            let plain = Kinematics::of(&clip.motion);
            let start = Instant::now();
            let shown = augment(&clip.motion, &AugmentOptions::default(), &mut Rng::at(1, 1, i as u64));
            augmenting += start.elapsed().as_secs_f64() / clips as f64;
            let start = Instant::now();
            let truths = Kinematics::of(&shown.motion);
            reading += start.elapsed().as_secs_f64() / clips as f64;
            let plain = if shown.mirrored { plain.mirrored() } else { plain };
            if let (Some(a), Some(b)) = (plain.hands, truths.hands) {
                spoke += 1;
                differs += usize::from(a != b);
            }
        }
        let frames = set.clips.iter().map(|c| c.motion.frames()).sum::<usize>() / clips;
        eprintln!(
            "{name}: {frames} frames; augmentation {:.3} ms, kinematics {:.3} ms",
            augmenting * 1e3,
            reading * 1e3
        );
        eprintln!("hands differ after augmentation in {differs} of {spoke}");
        assert!(differs * 100 <= spoke, "{differs} of {spoke}");
    }
}
