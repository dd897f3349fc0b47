//! An answer while it is being said: its tokens as words, and its times.

use skeletonllm_network::{
    generate::{Ending, Generated},
    tokenizer::Tokenizer,
};
use web_time::{Duration, Instant};

use super::Answer;

/// What takes less time cannot be measured, in seconds: clocks of browsers go by milliseconds.
const SHORTEST: f64 = if cfg!(target_family = "wasm") { 0.004 } else { 1e-6 };

/// What was said so far.
pub(crate) struct Said<'t> {
    tokenizer: &'t Tokenizer,
    start: Instant,
    ids: Vec<u32>,
    /// As it was shown.
    shown: String,
    /// Tokens that were not generated but given.
    begun: usize,
    first: Option<Duration>,
}

impl<'t> Said<'t> {
    /// Nothing yet; the question was asked at `start`.
    pub fn new(tokenizer: &'t Tokenizer, start: Instant) -> Said<'t> {
        Said { tokenizer, start, ids: Vec::new(), shown: String::new(), begun: 0, first: None }
    }

    /// Begins with words that the model need not find, and were shown. Their tokens.
    pub fn begin(&mut self, words: String) -> Vec<u32> {
        self.ids = self.tokenizer.encode(&words);
        (self.begun, self.shown) = (self.ids.len(), words);
        self.ids.clone()
    }

    /// Takes a token. The new words, if there are any: half a character waits for its other half.
    pub fn push(&mut self, token: u32) -> Option<&str> {
        self.push_until(token, |_| None).map(|(new, _)| new)
    }

    /// As [`Said::push`], and whether this is the end: `end` finds where in all that was said, and what lies behind it is
    /// not shown.
    pub fn push_until(&mut self, token: u32, end: impl Fn(&str) -> Option<usize>) -> Option<(&str, bool)> {
        self.first.get_or_insert_with(|| self.start.elapsed());
        self.ids.push(token);
        let mut text = self.words(&self.ids);
        let ended = end(&text);
        text.truncate(ended.unwrap_or(text.len()));
        if text.ends_with('\u{fffd}') || !text.starts_with(&self.shown) {
            return None;
        }
        let before = std::mem::replace(&mut self.shown, text).len();
        Some((&self.shown[before..], ended.is_some()))
    }

    /// Tokens as words. Many begin with a space, which parts words: before the first one it parts nothing.
    fn words(&self, ids: &[u32]) -> String {
        let words = self.tokenizer.decode(ids);
        if self.begun == 0 { words.trim_start().to_owned() } else { words }
    }

    /// The whole answer, once it was generated.
    pub fn answer(self, generated: &Generated) -> Answer {
        let seconds = self.start.elapsed();
        let first = self.first.unwrap_or(seconds);
        let said = [&self.ids[..self.begun], &generated.tokens].concat();
        // the end of the turn is computed as any token is
        let steps = (generated.tokens.len() + usize::from(generated.ending == Ending::Stop)).saturating_sub(1);
        let after = (seconds - first).as_secs_f64();
        let decoded = self.first.is_some() && steps > 0 && after >= SHORTEST;
        Answer {
            text: self.words(&said),
            tokens: said.len(),
            confidence: generated.mean_probability(),
            seconds: seconds.as_secs_f64(),
            first_token_seconds: first.as_secs_f64(),
            tokens_per_second: decoded.then(|| steps as f64 / after),
            stopped: generated.ending == Ending::Broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_waits_and_speed_counts_what_came_after_the_first_token() {
        let tokenizer = Tokenizer::train(["wave left hand"], 300);
        let mut said = Said::new(&tokenizer, Instant::now());
        let text = "wave 手!";
        let ids = tokenizer.encode(text);
        let mut heard = String::new();
        for &id in &ids {
            std::thread::sleep(Duration::from_millis(4));
            let new = said.push(id).unwrap_or_default();
            assert!(!new.contains('\u{fffd}'), "{new}");
            heard += new;
        }
        assert_eq!(heard, text);
        let generated = Generated { tokens: ids.clone(), log_probability: 0.0, ending: Ending::Stop };
        let answer = said.answer(&generated);
        assert_eq!((answer.text.as_str(), answer.tokens, answer.stopped), (text, ids.len(), false));
        let speed = answer.tokens_per_second.expect("several tokens");
        // as many steps as tokens: the end counts, the first does not
        let expected = ids.len() as f64 / (answer.seconds - answer.first_token_seconds);
        // four milliseconds a token, and one step more than there are pauses between
        assert!((speed / expected - 1.0).abs() < 1e-9 && speed <= 500.0, "{speed} instead of {expected}");
        let nothing = Generated { tokens: Vec::new(), log_probability: 0.0, ending: Ending::Stop };
        assert_eq!(Said::new(&tokenizer, Instant::now()).answer(&nothing).tokens_per_second, None);
    }

    #[test]
    fn an_answer_does_not_begin_with_a_space() {
        let tokenizer = Tokenizer::train(["wave left hand"], 300);
        let mut said = Said::new(&tokenizer, Instant::now());
        let tokens = tokenizer.encode(" left hand");
        let heard: String = tokens.iter().filter_map(|&id| said.push(id).map(str::to_owned)).collect();
        let generated = Generated { tokens, log_probability: 0.0, ending: Ending::Stop };
        assert_eq!((heard.as_str(), said.answer(&generated).text.as_str()), ("left hand", "left hand"));
    }

    #[test]
    fn nothing_is_shown_behind_an_end() {
        let tokenizer = Tokenizer::train(["wave left hand"], 300);
        let mut said = Said::new(&tokenizer, Instant::now());
        let (mut heard, mut ended) = (String::new(), false);
        for id in tokenizer.encode("wave: left; hand") {
            let Some((new, end)) = said.push_until(id, |text| text.find(';')) else { continue };
            heard += new;
            if end {
                ended = true;
                break;
            }
        }
        assert_eq!((heard.as_str(), ended), ("wave: left", true));
    }

    #[test]
    fn a_given_beginning_is_part_of_the_answer_and_not_of_the_speed() {
        let tokenizer = Tokenizer::train(["wave left hand"], 300);
        let mut said = Said::new(&tokenizer, Instant::now());
        let begun = said.begin("wave".into());
        assert_eq!(begun, tokenizer.encode("wave"));
        let rest = tokenizer.encode(" left");
        let heard: String = rest.iter().filter_map(|&id| said.push(id).map(str::to_owned)).collect();
        let generated = Generated { tokens: rest.clone(), log_probability: 0.0, ending: Ending::Length };
        let answer = said.answer(&generated);
        assert_eq!((heard.as_str(), answer.text.as_str()), (" left", "wave left"));
        assert_eq!(answer.tokens, begun.len() + rest.len());
    }
}
