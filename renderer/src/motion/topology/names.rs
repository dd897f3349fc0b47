//! What joints' names say: side and kind of body part, whatever convention the program that wrote them follows, and what
//! is no part of a body.

#[rustfmt::skip]
mod characters;
mod pairs;
#[rustfmt::skip]
mod vocabulary;
mod words;

use self::words::Meaning;

/// Left or right of the performer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// What a name says about where a joint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Torso,
    Arm,
    Leg,
}

/// What a joint is for, other than being part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aid {
    /// Lies between two joints of a limb and turns with it.
    Twist,
    /// The same, or a robot's joint: those have pitch and yaw besides.
    Roll,
    /// A target, a control, something that is held or worn.
    Thing,
}

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub side: Option<Side>,
    pub kind: Option<Kind>,
    /// Whether the kind is but a guess: there is a middle, a base and a back of many things.
    pub weak: bool,
    pub aid: Option<Aid>,
    /// Whether it is the pelvis.
    pub pelvis: bool,
    /// Whether it is the head, or something on it.
    pub head: bool,
    /// Whether it is a hand or a foot, or beyond.
    pub end_of_limb: bool,
    /// Whether a word stands for a part of the body, other than such as `root` or `reference`.
    pub telling: bool,
    /// The name without its side, for finding the twin.
    pub rest: String,
}

impl Parsed {
    /// Whether it is called as a joint of the trunk or the head is.
    pub(super) fn is_trunk(&self) -> bool {
        self.telling && self.kind == Some(Kind::Torso)
    }
}

/// Takes the names of one skeleton apart. Words that all of them share say nothing of any.
pub(super) fn parse(names: &[String]) -> Vec<Parsed> {
    let mut split: Vec<Vec<String>> = names.iter().map(|n| words::split(n)).collect();
    words::without_shared(&mut split, meaning);
    let mut parsed: Vec<Parsed> = split.iter().cloned().map(understood).collect();
    let has = |side| parsed.iter().any(|p| p.side == Some(side));
    if !(has(Side::Left) && has(Side::Right)) && pairs::translate(&mut split) {
        parsed = split.into_iter().map(understood).collect();
    }
    let turns = |p: &Parsed| p.rest.split(' ').any(|w| matches!(w, "pitch" | "yaw"));
    if parsed.iter().any(turns) {
        for name in parsed.iter_mut().filter(|p| p.aid == Some(Aid::Roll)) {
            name.aid = None;
        }
    }
    parsed
}

/// The words of a single name, in lower case.
pub(super) fn words_of(name: &str) -> Vec<String> {
    words::split(name)
}

/// Takes a single name apart.
pub(super) fn parse_one(name: &str) -> Parsed {
    understood(words::split(name))
}

fn meaning(word: &str) -> Meaning {
    if vocabulary::side(word).is_some() {
        Meaning::Side
    } else if word.bytes().all(|b| b.is_ascii_digit()) || matches!(word, "end" | "tip" | "nub" | "site") {
        Meaning::End
    } else if kind_of(word).is_some() {
        Meaning::Part
    } else {
        Meaning::Nothing
    }
}

fn understood(mut words: Vec<String>) -> Parsed {
    let copy = characters::is_copy(&words);
    let mut side = take_side(&mut words);
    if side.is_some() {
        for word in words.iter_mut().filter(|w| w.len() > 2) {
            if let Some(long) = vocabulary::unabbreviated(word) {
                *word = long.to_owned();
            }
        }
    } else {
        side = take_fused_side(&mut words);
    }
    let centre = words.iter().any(|w| matches!(w.as_str(), "center" | "centre" | "mid" | "middle"));
    // a French hand, or the main thing
    let main = |w: &&String| w.as_str() == "main";
    let strong = words.iter().filter(|w| !main(w)).find_map(|w| kind_of(w));
    let strong = strong.or_else(|| words.iter().any(|w| main(&w)).then_some(Kind::Arm).filter(|_| side.is_some()));
    // with a side it is the middle of a limb, such as a finger
    let weak = strong.is_none() && side.is_none() && words.iter().any(|w| vocabulary::is_weakly_torso(w));
    let mut kind = strong.or(weak.then_some(Kind::Torso));
    // "shoulder_center" is the top of the spine and "hip"/"Hip" without a side the pelvis
    let is_hip = |w: &String| vocabulary::is_hip(w) || characters::is_hip(w);
    let hip = words.iter().any(is_hip);
    if side.is_none() && (hip || (centre && kind.is_some())) {
        kind = Some(Kind::Torso);
    }
    let aid = words.iter().find_map(|w| if characters::is_theirs(w) { characters::aid(w) } else { vocabulary::aid(w) });
    Parsed {
        pelvis: side.is_none() && words.iter().any(|w| is_hip(w) || vocabulary::is_pelvis(w)),
        side,
        kind,
        weak,
        telling: strong.is_some(),
        aid: aid.or_else(|| copy.then_some(Aid::Thing)),
        head: kind == Some(Kind::Torso) && words.iter().any(|w| is_head(w)),
        end_of_limb: words.iter().any(|w| vocabulary::is_end_of_limb(w)),
        rest: words.join(" "),
    }
}

fn kind_of(word: &str) -> Option<Kind> {
    if characters::is_theirs(word) { characters::kind(word) } else { vocabulary::kind(word) }
}

fn is_head(word: &str) -> bool {
    if characters::is_theirs(word) { characters::is_head(word) } else { vocabulary::is_head(word) }
}

fn take_side(words: &mut Vec<String>) -> Option<Side> {
    for word in words.iter_mut().filter(|w| characters::is_theirs(w)) {
        if let Some((side, rest)) = characters::side(word) {
            *word = rest;
            words.retain(|w| !w.is_empty());
            return Some(side);
        }
    }
    // a word is surer than a letter
    let long = words.iter().position(|w| w.len() > 1 && vocabulary::side(w).is_some());
    let at = long.or_else(|| words.iter().position(|w| vocabulary::side(w).is_some()))?;
    vocabulary::side(&words.remove(at))
}

/// A side written into a word of one case: `leftforearm`, `lfemur`, `handl`, `mixamorigleftarm`. A few letters count only
/// when a known word remains, or `leg` and `lowerback` would lose their first.
fn take_fused_side(words: &mut Vec<String>) -> Option<Side> {
    const FUSED: [(&str, Side); 8] = [
        ("left", Side::Left),
        ("right", Side::Right),
        ("lft", Side::Left),
        ("rgt", Side::Right),
        ("lt", Side::Left),
        ("rt", Side::Right),
        ("l", Side::Left),
        ("r", Side::Right),
    ];
    for at in 0..words.len() {
        let word = &words[at];
        if characters::is_theirs(word) || matches!(&word[..], "bright" | "upright" | "cleft") {
            continue;
        }
        let whole = vocabulary::exact(word).is_some();
        for (part, side) in FUSED.into_iter().chain(vocabulary::long_sides()) {
            let long = matches!(part, "left" | "right");
            if whole && !long {
                continue;
            }
            let known = |rest: &str| vocabulary::exact(rest).is_some();
            let starts =
                |rest: &&str| !rest.is_empty() && (long || known(rest) || vocabulary::begins_with_a_part(rest));
            let ends = |rest: &&str| !rest.is_empty() && (long || known(rest));
            // a prefix of lower case, as where a namespace has lost its colon
            let within = || word.split_once(part).filter(|(_, rest)| long && kind_of(rest).is_some());
            let abbreviated =
                || word.strip_prefix(part).and_then(vocabulary::unabbreviated).filter(|_| part.len() == 1);
            let rest = if let Some(rest) = word.strip_prefix(part).filter(starts).or_else(abbreviated) {
                [rest, ""]
            } else if let Some(rest) = word.strip_suffix(part).filter(ends) {
                [rest, ""]
            } else if let Some((before, after)) = within() {
                [before, after]
            } else {
                continue;
            };
            let rest: Vec<String> = rest.iter().filter(|w| !w.is_empty()).map(|&w| w.to_owned()).collect();
            words.splice(at..=at, rest);
            return Some(side);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_programs() {
        use {Kind::*, Side::*};
        for (name, side, kind) in [
            ("LeftForeArm", Some(Left), Some(Arm)),
            ("mixamorig:RightHandIndex1", Some(Right), Some(Arm)),
            ("LHipJoint", Some(Left), Some(Leg)),
            ("RThumb", Some(Right), Some(Arm)),
            ("LEFT_SHOULDER#", Some(Left), Some(Arm)),
            ("lThigh", Some(Left), Some(Leg)),
            ("rShldr", Some(Right), Some(Arm)),
            ("thigh.L", Some(Left), Some(Leg)),
            ("hand.R.001", Some(Right), Some(Arm)),
            ("Arm_L", Some(Left), Some(Arm)),
            ("UpperLeg_R", Some(Right), Some(Leg)),
            ("Bip01 L Calf", Some(Left), Some(Leg)),
            ("lfemur", Some(Left), Some(Leg)),
            ("rtibia", Some(Right), Some(Leg)),
            ("LFEM", Some(Left), Some(Leg)),
            ("RTI", Some(Right), Some(Leg)),
            ("RTIB", Some(Right), Some(Leg)),
            ("lhum", Some(Left), Some(Arm)),
            ("R_RAD", Some(Right), Some(Arm)),
            ("FOO.L", Some(Left), Some(Leg)),
            ("LSHO", Some(Left), Some(Arm)),
            ("RKNE", Some(Right), Some(Leg)),
            ("fool", None, None),
            ("rad", None, None),
            ("lookto_l", Some(Left), None),
            ("leftforearm", Some(Left), Some(Arm)),
            ("LeftEye", Some(Left), Some(Torso)),
            ("leg", None, Some(Leg)),
            ("lowerback", None, Some(Torso)),
            ("radius", None, Some(Arm)),
            ("Hips", None, Some(Torso)),
            ("hip", None, Some(Torso)),
            ("hip_center", None, Some(Torso)),
            ("ShoulderCenter", None, Some(Torso)),
            ("SpineShoulder", None, Some(Torso)),
            ("LeftHandMiddle1", Some(Left), Some(Arm)),
            ("TORSO#", None, Some(Torso)),
            ("joint_Root", None, Some(Torso)),
            ("HeadTop_End", None, Some(Torso)),
            ("TLS", None, None),
            ("", None, None),
        ] {
            let p = parse_one(name);
            assert_eq!((p.side, p.kind), (side, kind), "{name}: {p:?}");
        }
    }

    #[test]
    fn sides_stand_anywhere_and_are_written_in_many_ways() {
        use {Kind::*, Side::*};
        for (name, side, kind) in [
            ("Lt_Hand", Some(Left), Some(Arm)),
            ("rt.foot", Some(Right), Some(Leg)),
            ("lft_knee", Some(Left), Some(Leg)),
            ("rgt-elbow", Some(Right), Some(Arm)),
            ("LTHand", Some(Left), Some(Arm)),
            ("rthand", Some(Right), Some(Arm)),
            ("rthumb", Some(Right), Some(Arm)),
            ("rthigh", Some(Right), Some(Leg)),
            ("ltoe", Some(Left), Some(Leg)),
            ("hand left", Some(Left), Some(Arm)),
            ("upper-arm-right", Some(Right), Some(Arm)),
            ("Arm_Left_Upper", Some(Left), Some(Arm)),
            ("arm_l_upper", Some(Left), Some(Arm)),
            ("shoulderLeft01", Some(Left), Some(Arm)),
            ("char|rig:Knee_R", Some(Right), Some(Leg)),
            ("Armature|LeftFoot", Some(Left), Some(Leg)),
            ("mixamorigleftarm", Some(Left), Some(Arm)),
            ("mixamorigrightupleg", Some(Right), Some(Leg)),
            ("LUArm", Some(Left), Some(Arm)),
            ("RFArm", Some(Right), Some(Arm)),
            ("lhandthumb1", Some(Left), Some(Arm)),
            ("ValveBiped.Bip01_R_Calf", Some(Right), Some(Leg)),
            ("J_Bip_L_UpperArm", Some(Left), Some(Arm)),
            ("m_avg_L_Hip", Some(Left), Some(Leg)),
            ("左ひじ", Some(Left), Some(Arm)),
            ("右手首", Some(Right), Some(Arm)),
            ("左足首", Some(Left), Some(Leg)),
            ("右つま先", Some(Right), Some(Leg)),
            ("左親指１", Some(Left), Some(Arm)),
            ("首", None, Some(Torso)),
            ("上半身2", None, Some(Torso)),
            ("センター", None, Some(Torso)),
            ("左大腿", Some(Left), Some(Leg)),
            ("왼쪽 손목", Some(Left), Some(Arm)),
            ("오른발목", Some(Right), Some(Leg)),
            ("Hand_links", Some(Left), Some(Arm)),
            ("Fuß rechts", Some(Right), Some(Leg)),
            ("Hüfte", None, Some(Torso)),
            ("Main_Gauche", Some(Left), Some(Arm)),
            ("genou_droit", Some(Right), Some(Leg)),
            ("Rodilla Izquierda", Some(Left), Some(Leg)),
            ("muñeca_derecha", Some(Right), Some(Arm)),
            ("ginocchio_sinistro", Some(Left), Some(Leg)),
            ("hiza_hidari", Some(Left), Some(Leg)),
            ("brazo_der", Some(Right), Some(Arm)),
            ("main_left_foot", Some(Left), Some(Leg)),
            ("oberschenkellinks", Some(Left), Some(Leg)),
            ("handrechts", Some(Right), Some(Arm)),
            ("CC_Base_L_Mid1", Some(Left), None),
            ("l_base", Some(Left), None),
            ("Левая_Голень", Some(Left), Some(Leg)),
            ("Kość łokciowa", None, None),
            ("przedramię_prawe", Some(Right), Some(Arm)),
            ("main_spine", None, Some(Torso)),
            ("Main", None, None),
            ("linkage", None, None),
            ("bright", None, None),
            ("earring", None, None),
            ("左髋", Some(Left), Some(Leg)),
            ("髋", None, Some(Torso)),
            ("左股関節", Some(Left), Some(Leg)),
            // of hand or foot, as the tree says
            ("Dedo_Izq", Some(Left), None),
            ("wheel", None, None),
            ("rollcage", None, None),
        ] {
            let p = parse_one(name);
            assert_eq!((p.side, p.kind), (side, kind), "{name}: {p:?}");
        }
    }

    #[test]
    fn what_is_no_part_of_a_body_is_told_by_its_word() {
        for (name, aid) in [
            ("ik_hand_gun", Some(Aid::Thing)),
            ("Bip01 Footsteps", Some(Aid::Thing)),
            ("左足ＩＫ", Some(Aid::Thing)),
            ("左足D", Some(Aid::Thing)),
            ("knee_pole.L", Some(Aid::Thing)),
            ("LeftElbowPV", Some(Aid::Thing)),
            ("footik_l", Some(Aid::Thing)),
            ("handslot.r", Some(Aid::Thing)),
            ("RightHandProp", Some(Aid::Thing)),
            ("upperarm_twist_01_l", Some(Aid::Twist)),
            ("LUpArmTwist", Some(Aid::Twist)),
            ("左腕捩", Some(Aid::Twist)),
            ("LeftForeArmRoll", Some(Aid::Roll)),
            ("LeftForeArm", None),
            ("左足", None),
            ("HeadTop_End", None),
            ("Bip01 HeadNub", None),
            ("Spine1", None),
            ("LeftHandPinky1", None),
        ] {
            assert_eq!(parse_one(name).aid, aid, "{name}");
        }
        let robot = ["l_shoulder_pitch", "l_shoulder_roll", "l_elbow_yaw"].map(str::to_owned);
        assert!(parse(&robot).iter().all(|p| p.aid.is_none()));
    }

    #[test]
    fn a_word_that_all_names_share_says_nothing() {
        let sides = |names: &[&str]| -> Vec<Option<Side>> {
            let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
            parse(&names).iter().map(|p| p.side).collect()
        };
        let (left, right) = (Some(Side::Left), Some(Side::Right));
        let shared = ["L_Hips", "L_Spine", "L_Left_Arm", "L_Right_Arm", "L_Left_Leg", "L_Right_Leg"];
        assert_eq!(sides(&shared), [None, None, left, right, left, right]);
        // half a body has a side
        let half = ["L_Collar", "L_Arm", "L_Elbow", "L_Wrist", "L_Hand", "L_Thumb"];
        assert_eq!(sides(&half), [left; 6]);
        let rig = ["hand_ctrl", "foot_ctrl", "head_ctrl", "spine_ctrl", "hips_ctrl", "neck_ctrl"].map(str::to_owned);
        assert!(parse(&rig).iter().all(|p| p.aid.is_none()));
    }

    #[test]
    fn twins_share_the_rest_of_the_name() {
        for (a, b) in [
            ("LeftArm", "RightArm"),
            ("hand_l", "hand_r"),
            ("rThighTwist", "lThighTwist"),
            ("LEFTELBOW", "RIGHTELBOW"),
            ("左ひじ", "右ひじ"),
            ("Lt_Knee", "Rt_Knee"),
        ] {
            assert_eq!(parse_one(a).rest, parse_one(b).rest);
        }
    }
}
