//! Questions that the scores of labels answer: what is done, whether it is this, what to say of it in a sentence, and
//! what an explanation comes to. Answered from the same scores, they cannot contradict each other.

use super::{
    family::Family,
    kinds::{Kind, Kinds},
    texts::{Texts, Wordings},
};

/// What a question asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// What is done.
    Label,
    /// A sentence about what is done.
    Caption,
    /// How one can tell.
    Why,
    /// Whether this is done: a label, or an activity as it follows "is" where no label says it.
    Whether(String),
    /// Whether it is of a kind.
    Kind(&'static Kind),
    /// Which of these is done, in lower case: labels, or anything else that can be done.
    Among(Vec<String>),
}

/// Who may be meant by "the person".
const SOMEBODY: [&str; 8] =
    ["this person", "the performer", "somebody here", "somebody", "someone", "a person", "he", "she"];

/// What a question in one of our wordings asks for, however it is typed; `None` for all others, and for claims that the
/// joints decide.
#[must_use]
pub fn asked(question: &str, texts: &Texts) -> Option<Asked> {
    let (lower, question) = (one_name(question), plain(question));
    let all = |w: &Wordings| [&w.train[..], &w.held_out[..], std::slice::from_ref(&w.canonical)].concat();
    let is_one_of = |wordings: &[String]| wordings.iter().any(|wording| plain(wording) == question);
    let worded = |family| is_one_of(&all(texts.wordings(family)));
    if worded(Family::Recognition) || is_one_of(texts.together()) {
        return Some(Asked::Label);
    }
    if worded(Family::Caption) {
        return Some(Asked::Caption);
    }
    if worded(Family::Why) {
        return Some(Asked::Why);
    }
    if let Some(options) = listed(&lower, &all(texts.wordings(Family::RecognitionFromList)), texts) {
        return (!Family::PHRASED.into_iter().any(worded)).then_some(Asked::Among(options));
    }
    let kinds = Kinds::built_in();
    let called = filled(&question, kinds.wordings(), "{kind}");
    if let Some(kind) = called.as_deref().and_then(|called| kinds.find(called, plain)) {
        return Some(Asked::Kind(kind));
    }
    let doing = filled(&question, &all(texts.wordings(Family::YesNo)), "{doing}").or_else(|| {
        // "could the person be …" may ask for anything that somebody does
        let of_somebody = kinds.wordings().iter().filter(|wording| wording.contains("the person"));
        filled(&question, of_somebody, "{kind}")
    })?;
    if texts.is_claim(&doing) {
        return None;
    }
    Some(Asked::Whether(texts.label_of_doing(&doing).map_or(doing, str::to_owned)))
}

/// What stands in a question in the place of a wording that `place` marks. "Is the person …" also begins longer wordings:
/// what leaves least is meant.
fn filled<'w>(question: &str, wordings: impl IntoIterator<Item = &'w String>, place: &str) -> Option<String> {
    let found = wordings.into_iter().filter_map(|wording| {
        let (before, after) = wording.split_once(place)?;
        let filled = question.strip_prefix(plain(before).as_str())?.strip_suffix(plain(after).as_str())?.trim();
        (!filled.is_empty()).then(|| filled.to_owned())
    });
    found.min_by_key(String::len)
}

/// The options of a question in one of these wordings.
fn listed(question: &str, wordings: &[String], texts: &Texts) -> Option<Vec<String>> {
    let end = |text: &str| text.trim_end_matches(|c: char| c.is_whitespace() || ".?!".contains(c)).to_owned();
    let found = wordings.iter().filter_map(|wording| {
        let (before, after) = wording.split_once("{options}")?;
        let list = end(question.strip_prefix(one_name(before).trim_end())?);
        let list = list.strip_suffix(end(&one_name(after)).as_str())?.trim_matches([' ', ':']);
        let options = options(list, texts);
        // without a list before it, "is it …" asks for anything
        let open = !before.contains(':') && !before.to_lowercase().contains("action");
        let known = |option: &String| texts.knows(option) || texts.label_of_doing(option).is_some();
        (options.len() > 1 && (!open || options.iter().any(known))).then_some((list.len(), options))
    });
    let (_, options) = found.min_by_key(|(length, _)| *length)?;
    Some(options.into_iter().map(|option| texts.label_of_doing(&option).map_or(option, str::to_owned)).collect())
}

/// What a list in one of our ways, or with "or" before its end, is made of. A label with a comma in it is one option.
fn options(list: &str, texts: &Texts) -> Vec<String> {
    let between = ["\n", ";", " / ", ","].into_iter().find(|between| list.contains(between)).unwrap_or(" or ");
    let trimmed = |text: &str| text.trim().trim_start_matches("- ").trim().to_owned();
    let mut parts: Vec<String> = list.split(between).map(trimmed).collect();
    if let Some(last) = parts.pop() {
        let last = last.strip_prefix("or ").map_or(last.clone(), str::to_owned);
        match last.split_once(" or ") {
            Some((a, b)) if between != " or " && !texts.knows(&last) => parts.extend([trimmed(a), trimmed(b)]),
            _ => parts.push(last),
        }
    }
    let mut options = Vec::new();
    while !parts.is_empty() {
        let whole = (2..=parts.len()).rev().find(|&n| texts.knows(&parts[..n].join(", ")));
        options.push(parts.drain(..whole.unwrap_or(1)).collect::<Vec<_>>().join(", "));
    }
    options.retain(|option| !option.is_empty());
    options
}

/// Lower case, and one name for whoever is meant.
fn one_name(text: &str) -> String {
    let mut text = format!(" {} ", text.to_lowercase());
    for who in SOMEBODY {
        text = text.replace(&format!(" {who} "), " the person ");
    }
    text.trim().to_owned()
}

/// Lower case, without what ends a sentence, and with one name for whoever is meant.
fn plain(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || ",.?!".contains(c)).filter(|w| !w.is_empty()).collect();
    one_name(&words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_found_however_it_is_typed() {
        let texts = Texts::built_in();
        let whether = |label: &str| Some(Asked::Whether(label.to_owned()));
        let kind = |called| Kinds::built_in().find(called, str::to_owned).map(Asked::Kind);
        let among = |options: &[&str]| Some(Asked::Among(options.iter().map(|&option| option.to_owned()).collect()));
        for (question, expected) in [
            ("What is the person doing?", Some(Asked::Label)),
            ("what is she doing", Some(Asked::Label)),
            ("Name the action.", Some(Asked::Label)),
            ("What do they do together?", Some(Asked::Label)),
            ("describe this clip", Some(Asked::Caption)),
            ("Why do you think so?", Some(Asked::Why)),
            ("Is the person clapping?", whether("clap")),
            ("is he clapping", whether("clap")),
            ("Yes or no: is the person waving the left hand?", whether("wave left hand")),
            ("A person is squatting. Is that right?", whether("squat")),
            ("Is someone sitting down here?", whether("sit down")),
            ("Is the person juggling three balls?", whether("juggling three balls")),
            ("Is it a sport?", kind("sport")),
            ("could she be greeting somebody", kind("greeting")),
            ("Is the person exercising?", kind("exercise")),
            ("Is it a kind of martial art?", kind("fight")),
            ("Could the person be swimming?", whether("swimming")),
            ("Is the person eating?", whether("eating")),
            ("Does this look like a dance to you?", None),
            ("Is it day or night?", None),
            ("Which of these is the person doing: clap, squat, juggle?", among(&["clap", "squat", "juggle"])),
            ("What is she doing: juggling; clapping or rowing", among(&["juggling", "clap", "rowing"])),
            ("Pick the right action:\n- row\n- Clap.", among(&["row", "clap"])),
            ("From squat, walk and row, or clap, which is it?", among(&["squat", "walk and row", "clap"])),
            ("Is it clap or row?", among(&["clap", "row"])),
            ("Is it raining or snowing?", None),
            ("Is it fast or slow?", None),
            ("Is it a man or a woman?", None),
            ("What do you see first: the left arm rises, the left arm lowers?", None),
            ("Choose one: clap.", None),
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
