//! What a joint's name says: side and kind of body part, whatever convention the program that wrote it follows.

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

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    pub side: Option<Side>,
    pub kind: Option<Kind>,
    /// The name without its side, for finding the twin.
    pub rest: String,
}

/// Words that settle the kind. The first word of a name that is in a list decides, so `SpineShoulder` is torso.
const TORSO: &[&str] = &[
    "abdomen",
    "armature",
    "belly",
    "cervical",
    "chest",
    "chin",
    "ear",
    "eye",
    "eyebrow",
    "face",
    "head",
    "headtop",
    "hips",
    "jaw",
    "lowerback",
    "lowerneck",
    "lumbar",
    "middleback",
    "mouth",
    "neck",
    "nose",
    "pelvis",
    "skull",
    "spine",
    "sternum",
    "stomach",
    "thorax",
    "tongue",
    "torso",
    "trunk",
    "upperback",
    "upperneck",
    "vertebra",
    "waist",
];
/// Torso only where no other word of the name says otherwise: there are finger bases and mid feet.
const WEAK_TORSO: &[&str] = &["back", "base", "body", "center", "centre", "mid", "reference", "root"];
const ARM: &[&str] = &[
    "acromion",
    "arm",
    "carpal",
    "clavicle",
    "collar",
    "elbow",
    "finger",
    "fingers",
    "forearm",
    "hand",
    "humerus",
    "index",
    "knuckle",
    "lowerarm",
    "metacarpal",
    "palm",
    "pinkie",
    "pinky",
    "radius",
    "ring",
    "scapula",
    "shldr",
    "shoulder",
    "thumb",
    "ulna",
    "upperarm",
    "uparm",
    "wrist",
];
const LEG: &[&str] = &[
    "ankle", "ball", "butt", "buttock", "calf", "feet", "femur", "fibula", "foot", "heel", "hip", "hipjoint", "knee",
    "leg", "lowerleg", "shin", "thigh", "tibia", "toe", "toebase", "toes", "upleg", "upperleg",
];

/// Takes a name apart.
pub(super) fn parse(name: &str) -> Parsed {
    // a namespace such as `mixamorig:` says nothing of the joint
    let local = name.rsplit(':').find(|s| !s.is_empty()).unwrap_or(name);
    let mut words = split(local);
    let mut side = take_side(&mut words);
    if side.is_none() {
        side = take_fused_side(&mut words);
    }
    let centre = words.iter().any(|w| matches!(w.as_str(), "center" | "centre" | "mid" | "middle"));
    let weak = |w: &String| WEAK_TORSO.contains(&w.as_str()).then_some(Kind::Torso);
    let mut kind = words.iter().find_map(|w| kind_of(w)).or_else(|| words.iter().find_map(weak));
    // "shoulder_center" is the top of the spine and "hip"/"Hip" without a side the pelvis
    let hip = words.iter().any(|w| w == "hip");
    if side.is_none() && (hip || (centre && kind.is_some())) {
        kind = Some(Kind::Torso);
    }
    Parsed { side, kind, rest: words.join(" ") }
}

/// Whether a name has a word that stands for a part of the body, other than such as `root` or `reference`.
pub(super) fn is_telling(name: &str) -> bool {
    let parsed = parse(name);
    parsed.rest.split(' ').any(|w| kind_of(w).is_some())
}

/// Splits at anything but letters and digits, between letters and digits, and at capitals: `LHipJoint_01` becomes
/// `l hip joint 01`.
fn split(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().take(128).collect();
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).map(|k| chars[k]);
        let after = chars.get(i + 1);
        let boundary = match before {
            Some(b) if b.is_ascii_digit() != c.is_ascii_digit() => true,
            Some(b) if b.is_lowercase() && c.is_uppercase() => true,
            // the last capital of a run belongs to the word it begins: L|Hip
            Some(b) if b.is_uppercase() && c.is_uppercase() => after.is_some_and(|a| a.is_lowercase()),
            _ => false,
        };
        if boundary || !c.is_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

fn side_of(word: &str) -> Option<Side> {
    match word {
        "l" | "left" | "lft" | "lf" => Some(Side::Left),
        "r" | "right" | "rgt" | "rt" => Some(Side::Right),
        _ => None,
    }
}

fn take_side(words: &mut Vec<String>) -> Option<Side> {
    let at = words.iter().position(|w| side_of(w).is_some())?;
    side_of(&words.remove(at))
}

/// A side written into a word of one case: `leftforearm`, `lfemur`, `handl`. A single letter counts only when a known
/// word remains, or `leg` and `lowerback` would lose their first letter.
fn take_fused_side(words: &mut [String]) -> Option<Side> {
    for word in words.iter_mut() {
        for (long, short, side) in [("left", "l", Side::Left), ("right", "r", Side::Right)] {
            for part in [long, short] {
                let known = |rest: &str| !rest.is_empty() && (part.len() > 1 || exact(rest).is_some());
                if exact(word).is_some() && part.len() == 1 {
                    continue;
                }
                let rest = word
                    .strip_prefix(part)
                    .filter(|r| known(r))
                    .or_else(|| word.strip_suffix(part).filter(|r| known(r)));
                if let Some(rest) = rest {
                    *word = rest.to_owned();
                    return Some(side);
                }
            }
        }
    }
    None
}

fn exact(word: &str) -> Option<Kind> {
    let lists = [(TORSO, Kind::Torso), (ARM, Kind::Arm), (LEG, Kind::Leg)];
    lists.into_iter().find_map(|(list, kind)| list.contains(&word).then_some(kind))
}

/// The kind a word stands for, also where it is only contained in a longer one. Short words must stand alone: there is
/// an "ear" in every forearm.
fn kind_of(word: &str) -> Option<Kind> {
    let contained =
        |(list, kind): (&[&str], Kind)| list.iter().any(|w| w.len() >= 4 && word.contains(w)).then_some(kind);
    exact(word).or_else(|| [(ARM, Kind::Arm), (LEG, Kind::Leg), (TORSO, Kind::Torso)].into_iter().find_map(contained))
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
            let p = parse(name);
            assert_eq!((p.side, p.kind), (side, kind), "{name}: {p:?}");
        }
    }

    #[test]
    fn twins_share_the_rest_of_the_name() {
        for (a, b) in
            [("LeftArm", "RightArm"), ("hand_l", "hand_r"), ("rThighTwist", "lThighTwist"), ("LEFTELBOW", "RIGHTELBOW")]
        {
            assert_eq!(parse(a).rest, parse(b).rest);
        }
    }
}
