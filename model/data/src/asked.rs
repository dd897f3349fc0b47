//! Questions that the scores of labels answer: what is done, whether it is this, and what to say of it in a sentence.
//! Answered from the same scores, they cannot contradict each other.

use super::{
    family::Family,
    texts::{Texts, Wordings},
};

/// What a question asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What is done.
    Label,
    /// A sentence about what is done.
    Caption,
    /// Whether this is done: a label, or an activity as it follows "is" where no label says it.
    Whether(String),
}

/// Who may be meant by "the person".
const SOMEBODY: [&str; 8] =
    ["this person", "the performer", "somebody here", "somebody", "someone", "a person", "he", "she"];

/// What a question in one of our wordings asks for, however it is typed; `None` for all others, and for claims that the
/// joints decide.
#[must_use]
pub fn asked(question: &str, texts: &Texts) -> Option<Asked> {
    let question = plain(question);
    let all = |w: &Wordings| [&w.train[..], &w.held_out[..], std::slice::from_ref(&w.canonical)].concat();
    let named = [all(texts.wordings(Family::Recognition)), texts.together().to_vec()].concat();
    if named.iter().any(|wording| plain(wording) == question) {
        return Some(Asked::Label);
    }
    if all(texts.wordings(Family::Caption)).iter().any(|wording| plain(wording) == question) {
        return Some(Asked::Caption);
    }
    let wordings = all(texts.wordings(Family::YesNo));
    let found = wordings.iter().filter_map(|wording| {
        let (before, after) = wording.split_once("{doing}")?;
        let doing = question.strip_prefix(plain(before).as_str())?.strip_suffix(plain(after).as_str())?.trim();
        (!doing.is_empty()).then(|| doing.to_owned())
    });
    // "is the person …" also begins longer wordings: what leaves least is meant
    let doing = found.min_by_key(String::len)?;
    if texts.is_claim(&doing) {
        return None;
    }
    Some(Asked::Whether(texts.label_of_doing(&doing).map_or(doing, str::to_owned)))
}

/// Lower case, without what ends a sentence, and with one name for whoever is meant.
fn plain(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || ",.?!".contains(c)).filter(|w| !w.is_empty()).collect();
    let mut text = format!(" {} ", words.join(" "));
    for who in SOMEBODY {
        text = text.replace(&format!(" {who} "), " the person ");
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_found_however_it_is_typed() {
        let texts = Texts::built_in();
        let whether = |label: &str| Some(Asked::Whether(label.to_owned()));
        for (question, expected) in [
            ("What is the person doing?", Some(Asked::Label)),
            ("what is she doing", Some(Asked::Label)),
            ("Name the action.", Some(Asked::Label)),
            ("What do they do together?", Some(Asked::Label)),
            ("describe this clip", Some(Asked::Caption)),
            ("Is the person clapping?", whether("clap")),
            ("is he clapping", whether("clap")),
            ("Yes or no: is the person waving the left hand?", whether("wave left hand")),
            ("A person is squatting. Is that right?", whether("squat")),
            ("Is someone sitting down here?", whether("sit down")),
            ("Is the person juggling three balls?", whether("juggling three balls")),
            ("Is the person moving the left hand?", None),
            ("Is the person ?", None),
            ("Which hand does the person move?", None),
            ("How old is the person?", None),
            ("", None),
        ] {
            let found = asked(question, texts);
            match (&found, &expected) {
                // two labels are done in the same words
                (Some(Asked::Whether(a)), Some(Asked::Whether(b))) => {
                    assert_eq!(texts.doing(a), texts.doing(b), "{question}")
                }
                _ => assert_eq!(found, expected, "{question}"),
            }
        }
    }
}
