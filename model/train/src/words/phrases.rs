//! Texts to learn from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use skeletonllm_data::Rng;
use skeletonllm_network::words::plain;

/// Actions by their wordings, and what a body does in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Actions(BTreeMap<String, Vec<f32>>);

impl Actions {
    /// Reads `wording | wording : code code`, one action a line; lines that begin with `#` say nothing.
    ///
    /// # Errors
    /// `line N: what is wrong`.
    pub fn parse(text: &str) -> Result<Actions, String> {
        let lines = || text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let mut rows: Vec<(usize, Vec<String>, Vec<&str>)> = Vec::new();
        for (number, line) in lines() {
            let Some((wordings, codes)) = line.rsplit_once(" : ") else {
                return Err(format!("line {}: \" : \" is missing between wordings and codes", number + 1));
            };
            rows.push((number + 1, wordings.split(" | ").map(plain).collect(), codes.split_whitespace().collect()));
        }
        let codes: BTreeSet<&str> = rows.iter().flat_map(|row| row.2.iter().copied()).collect();
        let mut all = BTreeMap::new();
        for (number, wordings, own) in &rows {
            let vector: Vec<f32> = codes.iter().map(|code| f32::from(u8::from(own.contains(code)))).collect();
            for wording in wordings {
                if wording.is_empty() {
                    return Err(format!("line {number}: a wording is empty"));
                }
                // the first line that has a wording says what it means
                all.entry(wording.clone()).or_insert_with(|| vector.clone());
            }
        }
        if all.is_empty() { Err("line 1: there is no action".to_owned()) } else { Ok(Actions(all)) }
    }

    /// All wordings, sorted.
    #[must_use]
    pub fn wordings(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// `[wordings][codes]` 1 where a code holds.
    #[must_use]
    pub fn codes(&self) -> Vec<Vec<f32>> {
        self.0.values().cloned().collect()
    }

    /// Those of one wording.
    pub(super) fn codes_of(&self, wording: &str) -> Option<&[f32]> {
        self.0.get(wording).map(Vec::as_slice)
    }
}

/// What phrases are put together from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    verbs: Vec<String>,
    things: Vec<String>,
    ways: Vec<String>,
}

const PLACES: [&str; 8] = ["on", "to", "with", "at", "in", "from", "into", "off"];
const MEANS: [&str; 5] = ["both hands", "one hand", "the left hand", "the right hand", "the foot"];

impl Phrases {
    pub(super) fn is_usable(&self) -> bool {
        ![&self.verbs, &self.things, &self.ways].iter().any(|list| list.is_empty())
    }

    /// The given texts and others, sorted, until there are as many as `count` or all that are easily found.
    #[must_use]
    pub fn corpus(&self, given: &[String], count: usize, seed: u64) -> Vec<String> {
        let mut rng = Rng::new(seed);
        let mut all: BTreeSet<String> = given.iter().cloned().collect();
        for _ in 0..20 * count {
            if all.len() >= count {
                break;
            }
            all.insert(self.one(&mut rng));
        }
        all.into_iter().collect()
    }

    fn one(&self, rng: &mut Rng) -> String {
        let verb: String = rng.pick::<String>(&self.verbs).clone();
        let verb = if rng.chance(0.33) { doing(&verb) } else { verb };
        let article = ["a ", "the ", "", ""][rng.below(4)];
        let thing = format!("{article}{}", rng.pick::<String>(&self.things));
        match rng.below(10) {
            0..5 => format!("{verb} {thing}"),
            5 => format!("{verb} {}", rng.pick::<String>(&self.ways)),
            6 | 7 => format!("{verb} {} {thing}", PLACES[rng.below(PLACES.len())]),
            8 => format!("{verb} {thing} {}", rng.pick::<String>(&self.ways)),
            _ => format!("{verb} {thing} with {}", MEANS[rng.below(MEANS.len())]),
        }
    }
}

/// A verb with -ing. A last letter is doubled after any single vowel, which a few longer verbs suffer.
fn doing(verb: &str) -> String {
    let letters: Vec<char> = verb.chars().rev().take(3).collect();
    let vowel = |c: Option<&char>| c.is_some_and(|c| "aeiou".contains(*c));
    let [last, before, third] = [0, 1, 2].map(|i| letters.get(i));
    match last {
        Some('e') if before != Some(&'e') => format!("{}ing", &verb[..verb.len() - 1]),
        Some(c) if "bdgmnpt".contains(*c) && vowel(before) && third.is_some() && !vowel(third) => {
            format!("{verb}{c}ing")
        }
        _ => format!("{verb}ing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_and_a_broken_line_is_named() {
        let actions = Actions::parse("# none\nwalk | go for a Walk : st tr\n\nsit-ups | walk : ly\n").unwrap();
        assert_eq!(actions.wordings(), ["go for a walk", "sit ups", "walk"]);
        assert_eq!(actions.codes_of("walk"), Some(&[0.0, 1.0, 1.0][..]), "codes in order: ly st tr");
        assert_eq!(actions.codes_of("sit ups"), Some(&[1.0, 0.0, 0.0][..]));
        for (text, expected) in [("", "no action"), ("walk st", "line 1"), ("walk : st\n!? : tr", "line 2")] {
            let problem = Actions::parse(text).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn verbs_are_put_into_their_form() {
        for (verb, expected) in
            [("clap", "clapping"), ("wave", "waving"), ("see", "seeing"), ("do", "doing"), ("pull", "pulling")]
        {
            assert_eq!(doing(verb), expected);
        }
    }

    #[test]
    fn a_corpus_holds_what_is_given_and_follows_from_its_seed() {
        let list = |words: [&str; 2]| words.map(str::to_owned).to_vec();
        let phrases =
            Phrases { verbs: list(["lift", "drop"]), things: list(["ball", "cup"]), ways: list(["up", "slowly"]) };
        let given = ["walk".to_owned()];
        let corpus = phrases.corpus(&given, 60, 1);
        assert!(corpus.len() == 60 && corpus.contains(&given[0]) && corpus.is_sorted());
        assert_eq!(corpus, phrases.corpus(&given, 60, 1));
        assert_ne!(corpus, phrases.corpus(&given, 60, 2));
        assert!(phrases.corpus(&given, 1_000, 1).len() < 1_000, "there are no more");
    }
}
