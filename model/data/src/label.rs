//! One label: how it is spelled, what a mirror makes of it, and what it says by itself.

use std::collections::BTreeSet;

use super::kinematics::Limbs;

/// A label in the form that the model answers with: lower case, single spaces, no underscores.
pub fn normalized(label: &str) -> String {
    label.replace('_', " ").split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What a text about a motion says of the mirrored motion.
///
/// Whole words only: left and right change places, and so do clockwise and counter-clockwise, all of which our sets
/// mean from the performer's viewpoint. Any other spelling of counter-clockwise (`anticlockwise`, `counter clockwise`)
/// becomes `clockwise`, whose mirror is `counter-clockwise`. Upper case at the start of a word is kept.
///
/// ```
/// # use skeletonllm_data::label::mirrored;
/// assert_eq!(mirrored("walk turn left"), "walk turn right");
/// assert_eq!(mirrored("draw a circle clockwise"), "draw a circle counter-clockwise");
/// assert_eq!(mirrored("stand upright"), "stand upright");
/// ```
pub fn mirrored(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (found, twin) = twin_of(rest, length);
        match twin {
            Some(twin) if first.is_uppercase() => {
                out.extend(twin.chars().take(1).flat_map(char::to_uppercase));
                out.push_str(&twin[1..]);
            }
            Some(twin) => out.push_str(twin),
            None => out.push_str(&rest[..found]),
        }
        rest = &rest[found..];
    }
    out
}

/// The mirror twin of the word (of `length` bytes) that `text` begins with, and how many bytes it stands for.
fn twin_of(text: &str, length: usize) -> (usize, Option<&'static str>) {
    let twin = match text[..length].to_lowercase().as_str() {
        "left" => "right",
        "right" => "left",
        "lefts" => "rights",
        "rights" => "lefts",
        "leftward" => "rightward",
        "rightward" => "leftward",
        "leftwards" => "rightwards",
        "rightwards" => "leftwards",
        "lefthand" => "righthand",
        "righthand" => "lefthand",
        "clockwise" => "counter-clockwise",
        "counterclockwise" | "anticlockwise" => "clockwise",
        // written as two words: the second one belongs to it
        "counter" | "anti" => {
            const WORD: &str = "clockwise";
            let tail = &text[length..];
            let word = tail.get(1..1 + WORD.len()).filter(|w| w.eq_ignore_ascii_case(WORD));
            let ends = tail.get(1 + WORD.len()..).is_some_and(|t| !t.starts_with(char::is_alphanumeric));
            if word.is_some() && ends && tail.starts_with(['-', ' ']) {
                return (length + 1 + WORD.len(), Some(WORD));
            }
            return (length, None);
        }
        _ => return (length, None),
    };
    (length, Some(twin))
}

/// Whether one label is the other with words added (`walk` and `walk turn left`), or both are the same. Where a
/// question must have exactly one true answer, two such labels cannot stand side by side.
pub fn contains(a: &str, b: &str) -> bool {
    let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let (a, b) = (words(a), words(b));
    a.is_subset(&b) || b.is_subset(&a)
}

/// The hand that a label names; `None` where it names none.
pub fn hand_of(label: &str) -> Option<Limbs> {
    let names = |words: [&str; 2]| label.split_whitespace().collect::<Vec<_>>().windows(2).any(|w| w == words);
    let both = names(["both", "hands"]) || names(["left", "hand"]) && names(["right", "hand"]);
    match (both, names(["left", "hand"]), names(["right", "hand"])) {
        (true, ..) => Some(Limbs::Both),
        (_, true, _) => Some(Limbs::Left),
        (_, _, true) => Some(Limbs::Right),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// All labels of the three labelled sets, as `(set, label, mirrored)`.
    pub(crate) const ALL: [(&str, &str, &str); 46] = [
        ("bn", "raise up both hands", "raise up both hands"),
        ("bn", "raise up left hand", "raise up right hand"),
        ("bn", "raise up right hand", "raise up left hand"),
        ("bn", "run", "run"),
        ("bn", "walk", "walk"),
        ("bn", "walk turn left", "walk turn right"),
        ("bn", "walk turn right", "walk turn left"),
        ("bn", "wave both hands", "wave both hands"),
        ("bn", "wave left hand", "wave right hand"),
        ("bn", "wave right hand", "wave left hand"),
        ("mae", "clap", "clap"),
        ("mae", "hammer", "hammer"),
        ("mae", "pinch", "pinch"),
        ("mae", "scroll down", "scroll down"),
        ("mae", "scroll up", "scroll up"),
        ("mae", "swipe", "swipe"),
        ("mae", "throw", "throw"),
        ("mae", "turn a knob", "turn a knob"),
        ("mae", "wave", "wave"),
        ("utd", "basketball shoot", "basketball shoot"),
        ("utd", "bowl", "bowl"),
        ("utd", "box", "box"),
        ("utd", "catch", "catch"),
        ("utd", "clap", "clap"),
        ("utd", "cross arms", "cross arms"),
        ("utd", "curl arms", "curl arms"),
        ("utd", "draw a circle clockwise", "draw a circle counter-clockwise"),
        ("utd", "draw a circle counter-clockwise", "draw a circle clockwise"),
        ("utd", "draw a triangle", "draw a triangle"),
        ("utd", "draw an x", "draw an x"),
        ("utd", "jog in place", "jog in place"),
        ("utd", "knock on a door", "knock on a door"),
        ("utd", "lunge forward", "lunge forward"),
        ("utd", "pick up and throw", "pick up and throw"),
        ("utd", "push", "push"),
        ("utd", "serve in tennis", "serve in tennis"),
        ("utd", "sit down from standing", "sit down from standing"),
        ("utd", "squat", "squat"),
        ("utd", "stand up from sitting", "stand up from sitting"),
        ("utd", "swing a baseball bat", "swing a baseball bat"),
        ("utd", "swing a tennis racket", "swing a tennis racket"),
        ("utd", "swipe left", "swipe right"),
        ("utd", "swipe right", "swipe left"),
        ("utd", "throw", "throw"),
        ("utd", "walk in place", "walk in place"),
        ("utd", "wave", "wave"),
    ];

    #[test]
    fn every_label_has_its_mirror_and_the_mirror_leads_back() {
        for (_, label, expected) in ALL {
            assert_eq!(mirrored(label), expected);
            assert_eq!(mirrored(&mirrored(label)), label);
        }
    }

    #[test]
    fn only_whole_words_are_mirrored() {
        for same in ["upright", "stand upright", "bright leftover", "counter the move", "clockwisely", "über alles", ""]
        {
            assert_eq!(mirrored(same), same);
        }
        for (text, expected) in [
            ("Left, then right.", "Right, then left."),
            ("right-handed", "left-handed"),
            ("anticlockwise turn", "clockwise turn"),
            ("Anti-clockwise", "Clockwise"),
            ("counter clockwise, left", "clockwise, right"),
            ("counterclockwise", "clockwise"),
            ("A circle Clockwise!", "A circle Counter-clockwise!"),
            ("anti-clockwisex", "anti-clockwisex"),
        ] {
            assert_eq!(mirrored(text), expected);
        }
    }

    #[test]
    fn a_label_may_name_a_hand() {
        let hands = ALL.map(|(_, label, _)| hand_of(label));
        assert_eq!(hands.iter().flatten().count(), 6);
        assert_eq!(hand_of("raise up both hands"), Some(Limbs::Both));
        assert_eq!(hand_of("wave left hand"), Some(Limbs::Left));
        assert_eq!(hand_of("swipe left"), None);
    }

    #[test]
    fn a_label_contains_its_shorter_form() {
        assert!(contains("walk", "walk turn left"));
        assert!(contains("pick up and throw", "throw"));
        assert!(contains("wave left hand", "wave"));
        assert!(!contains("wave left hand", "wave right hand"));
        assert!(!contains("squat", "push"));
    }
}
