//! A table of word vectors, learned from a sentence encoder and a list of actions, so that the sum of a phrase's words
//! lies where the encoder has the phrase, and near what a body does in it. The table is a hundredth of the encoder.

mod directions;
mod phrases;
mod table;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use skeletonllm::sugar::unit;
use skeletonllm_network::{sentence::SentenceEncoder, words::Words};

pub use phrases::{Actions, Phrases};

/// What is made.
#[derive(Clone, Copy, Debug)]
pub struct WordsOptions {
    /// Numbers of a vector that say what the encoder says.
    pub meaning: usize,
    /// Phrases that are put together.
    pub phrases: usize,
    /// Words beside those of the phrases, the first ones of the encoder's vocabulary.
    pub vocabulary: usize,
    /// Steps of learning.
    pub steps: usize,
    /// Everything random follows from it.
    pub seed: u64,
}

impl Default for WordsOptions {
    fn default() -> WordsOptions {
        WordsOptions { meaning: 96, phrases: 9000, vocabulary: 6000, steps: 1200, seed: 1 }
    }
}

/// How near an action must be to say what a body does: similarities are divided by this before they are weighed.
const NEAR: f32 = 0.03;

/// What a side counts beside the meaning: left and right mean almost the same to an encoder.
const SIDE: f32 = 0.5;

/// What was learned, and how well.
pub struct Learned {
    /// The table.
    pub words: Words,
    /// Mean cosine between the sum of its words and what a phrase should be, over phrases that were kept back.
    pub kept_back: f32,
}

/// Learns a table; `tell` is told what is being done.
///
/// # Errors
/// When the encoder cannot read a text.
pub fn learn(
    encoder: &SentenceEncoder,
    actions: &Actions,
    phrases: &Phrases,
    options: WordsOptions,
    mut tell: impl FnMut(&str),
) -> Result<Learned> {
    let wordings = actions.wordings();
    let corpus = phrases.corpus(&wordings, options.phrases, options.seed);
    let words = table::vocabulary(&corpus, &encoder.tokenizer.words(), options.vocabulary);
    tell(&format!("{} phrases and {} words through the encoder", corpus.len(), words.len()));
    let texts: Vec<&str> = corpus.iter().chain(&words).map(String::as_str).collect();
    let vectors = encoder.embed(&texts)?;
    let known = encoder.embed(&wordings.iter().map(String::as_str).collect::<Vec<_>>())?;

    tell("main directions");
    let centre = directions::mean(&known);
    let phrase_vectors = known.iter().chain(&vectors[..corpus.len()]);
    let main = directions::main(phrase_vectors, &centre, options.meaning, options.seed);
    let codes = actions.codes();
    let bodies = Bodies { actions, known: &known, codes: &codes, usual: directions::mean(&codes) };
    let target = |text: &str, vector: &[f32]| -> Vec<f32> {
        let meaning = directions::along(vector, &centre, &main);
        unit(meaning.into_iter().chain(bodies.of(text, vector)).chain([SIDE * side(text)]).collect())
    };
    let targets: Vec<Vec<f32>> = texts.iter().zip(&vectors).map(|(text, vector)| target(text, vector)).collect();

    tell("the table");
    let (mut rows, kept_back) = table::fit(&words, &texts, &targets, corpus.len(), &options);
    let mut entries = words;
    // what was put together stands for nothing; actions keep vectors of their own
    for (wording, vector) in wordings.iter().zip(&known).filter(|(wording, _)| wording.contains(' ')) {
        entries.push(wording.clone());
        rows.extend(target(wording, vector));
    }
    Ok(Learned { words: Words::new(entries, rows)?, kept_back })
}

/// What bodies do in texts.
struct Bodies<'a> {
    actions: &'a Actions,
    known: &'a [Vec<f32>],
    /// Of all actions, in the order of `known`.
    codes: &'a [Vec<f32>],
    /// Mean of all codes.
    usual: Vec<f32>,
}

impl Bodies<'_> {
    /// The codes of an action, of any other text those of the actions near it; less what is usual, of length 1, or
    /// shorter for a text that no action is near.
    fn of(&self, text: &str, vector: &[f32]) -> Vec<f32> {
        let apart = |codes: &[f32]| unit(codes.iter().zip(&self.usual).map(|(code, usual)| code - usual).collect());
        if let Some(codes) = self.actions.codes_of(text) {
            return apart(codes);
        }
        let near: Vec<f32> = self.known.iter().map(|known| dot(known, vector)).collect();
        let nearest = near.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let weights: Vec<f32> = near.iter().map(|near| ((near - nearest) / NEAR).exp()).collect();
        let total: f32 = weights.iter().sum();
        let mut codes = vec![0.0; self.usual.len()];
        for (weight, own) in weights.iter().zip(self.codes) {
            codes.iter_mut().zip(own).for_each(|(sum, code)| *sum += weight / total * code);
        }
        apart(&codes).into_iter().map(|code| code * nearest.clamp(0.0, 1.0)).collect()
    }
}

/// 1 for what is done to the left or with the left, -1 for the right, 0 for neither or both.
fn side(text: &str) -> f32 {
    let says = |word: &str| text.split(' ').any(|other| other == word);
    let back = text.contains("counter clockwise") || says("counterclockwise");
    let left = says("left") || back;
    let right = says("right") || says("clockwise") && !back;
    f32::from(u8::from(left)) - f32::from(u8::from(right))
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Reads both lists of a folder.
///
/// # Errors
/// When a file cannot be read, naming file and line.
pub fn read(folder: &Path) -> Result<(Actions, Phrases)> {
    let text = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let actions = Actions::parse(&text("actions.txt")?).map_err(|problem| anyhow::anyhow!("actions.txt, {problem}"))?;
    let phrases: Phrases = serde_json::from_str(&text("phrases.json")?).context("phrases.json")?;
    ensure!(phrases.is_usable(), "phrases.json: verbs, things and ways are needed");
    Ok((actions, phrases))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_have_a_side() {
        for (text, expected) in [
            ("wave left hand", 1.0),
            ("turn right", -1.0),
            ("draw a circle clockwise", -1.0),
            ("draw a circle counter clockwise", 1.0),
            ("left then right", 0.0),
            ("upright", 0.0),
            ("counter attack", 0.0),
        ] {
            assert_eq!(side(text), expected, "{text}");
        }
    }

    #[test]
    fn the_lists_that_come_with_the_project_can_be_read() {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/words"));
        let (actions, phrases) = read(folder).unwrap();
        assert!(actions.wordings().len() > 600 && phrases.corpus(&[], 100, 1).len() == 100);
        let [up, down] = ["stand up", "sit down"].map(|action| actions.codes_of(action).unwrap());
        assert_ne!(up, down);
        // every code is explained
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let list = std::fs::read_to_string(folder.join("actions.txt")).unwrap();
        for code in list.lines().filter_map(|line| line.rsplit_once(" : ")).flat_map(|(_, codes)| codes.split(' ')) {
            assert!(readme.contains(&format!("`{code}`")), "{code}");
        }
    }
}
