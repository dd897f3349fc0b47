//! Kinds of activity, which no label says: whether something is a sport, a dance, a greeting.
//!
//! What a kind is called, and by which words a label is known to be of it, stands in `assets/texts/kinds.json`. Labels that
//! nobody foresaw are of a kind by their words, too.

use std::sync::LazyLock;

use serde::Deserialize;

use super::label::normalized;

/// All kinds, and how one asks for them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kinds {
    /// Questions in which `{kind}` stands for what a kind is called.
    wordings: Vec<String>,
    kinds: Vec<Kind>,
}

/// A kind of activity.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its name among the others.
    #[serde(rename = "kind")]
    pub name: String,
    /// How it is called in questions, in lower case; an article before it does not count.
    called: Vec<String>,
    /// Words, or several that follow each other, of labels that are of it.
    words: Vec<String>,
}

static BUILT_IN: LazyLock<Kinds> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../assets/texts/kinds.json")).expect("a test parses this file")
});

impl Kinds {
    /// The project's own.
    #[must_use]
    pub fn built_in() -> &'static Kinds {
        &BUILT_IN
    }

    /// Questions in which `{kind}` stands for what a kind is called.
    #[must_use]
    pub fn wordings(&self) -> &[String] {
        &self.wordings
    }

    /// The kind that is called so, in words that `form` brought into their form.
    #[must_use]
    pub fn find(&self, called: &str, form: impl Fn(&str) -> String) -> Option<&Kind> {
        let called = bare(called);
        self.kinds.iter().find(|kind| kind.called.iter().any(|name| bare(&form(name)) == called))
    }
}

impl Kind {
    /// Whether a label is of it.
    #[must_use]
    pub fn holds(&self, label: &str) -> bool {
        let label = parted(label);
        self.words.iter().any(|words| label.contains(&parted(words)))
    }
}

/// Without the article.
fn bare(text: &str) -> String {
    let text = normalized(text);
    let stripped = ["a ", "an ", "the ", "some "].iter().find_map(|article| text.strip_prefix(article));
    stripped.unwrap_or(&text).to_owned()
}

/// Words between single spaces, with one at either end, so that whole words are found.
fn parted(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || "_,;:".contains(c)).filter(|word| !word.is_empty());
    format!(" {} ", words.collect::<Vec<_>>().join(" ").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(called: &str) -> Option<&'static str> {
        Kinds::built_in().find(called, str::to_owned).map(|kind| kind.name.as_str())
    }

    fn kinds_of(label: &str) -> Vec<&'static str> {
        let all = Kinds::built_in().kinds.iter();
        all.filter(|kind| kind.holds(label)).map(|kind| kind.name.as_str()).collect()
    }

    #[test]
    fn labels_are_of_the_kinds_that_people_would_say() {
        for (label, kinds) in [
            ("serve in tennis", &["sport"][..]),
            ("swing a golf club", &["sport"]),
            ("wave left hand", &["greeting", "gesture"]),
            ("shake hands", &["greeting", "together"]),
            ("dance: attitude/arabesque, jete en tourant, bending back", &["dance"]),
            ("perform cheo theatre dance", &["dance", "performance"]),
            ("squat", &["exercise"]),
            ("jog in place", &["sport", "exercise"]),
            ("attack 2x combo", &["fight"]),
            ("kick to the side", &["fight"]),
            ("brush teeth", &["everyday", "care"]),
            ("stir in a pot", &["everyday", "cooking"]),
            ("stand still", &["rest"]),
            ("walk", &[]),
            ("turn left", &[]),
            // words that nobody foresaw, and parts of words that are none
            ("Table Tennis smash", &["sport"]),
            ("eat_a_meal", &["everyday", "food"]),
            ("rainbow", &[]),
            ("unbox a parcel", &[]),
        ] {
            assert_eq!(kinds_of(label), kinds, "{label}");
        }
    }

    #[test]
    fn a_kind_is_found_by_what_it_is_called() {
        for (called, name) in [
            ("a sport", "sport"),
            ("sports", "sport"),
            ("greeting somebody", "greeting"),
            ("An everyday activity", "everyday"),
            ("a martial art", "fight"),
            ("physical exercise", "exercise"),
        ] {
            assert_eq!(find(called), Some(name), "{called}");
        }
        assert!(find("a trap").is_none());
    }

    #[test]
    fn every_wording_has_its_place_and_no_two_kinds_are_called_the_same() {
        let Kinds { wordings, kinds } = Kinds::built_in();
        assert!(wordings.iter().all(|wording| wording.matches("{kind}").count() == 1));
        for kind in kinds {
            for called in &kind.called {
                assert_eq!(find(called), Some(kind.name.as_str()), "{called}");
            }
        }
    }
}
