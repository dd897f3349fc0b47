//! SUGAR's motion texts from an endpoint: a label without pictures, what six parts of the body do (spec D.1).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use skeletonllm_data::teacher::{PARTS, TeacherError};

use super::{EndpointConfig, EndpointTeacher};

/// What the endpoint is asked about a label, with one example of an answer.
const PROMPT: &str = "Take apart the action '{label}' by parts of the body. For each of head, hand, arm, hip, leg and foot \
                      say in a few plain words what it does, or that it rests. Answer with these six lines and nothing \
                      else. For 'sit down' they would be:\nhead: sinks with the trunk\nhand: rests on the thigh\narm: \
                      hangs and bends a little\nhip: goes back and down\nleg: bends at the knee\nfoot: stays on the floor";
/// Fewest parts that make an answer.
const FEWEST: usize = 4;

impl EndpointTeacher<'_> {
    /// What each part of the body does in an action, in a few words.
    ///
    /// # Errors
    /// When the endpoint refuses, does not answer, or answers something else after as many tries as for any question.
    pub fn parts(&self, label: &str) -> Result<BTreeMap<String, String>, TeacherError> {
        let question = question(&self.config, label).to_string();
        for _ in 0..=self.config.retries {
            let answer = self.ask(question.as_bytes())?;
            self.count(answer.tokens);
            let parts = parse(&answer.text);
            if parts.len() >= FEWEST {
                return Ok(parts);
            }
        }
        Err(TeacherError::GaveUp(format!("the answers about '{label}' name no parts of the body")))
    }
}

fn question(config: &EndpointConfig, label: &str) -> Value {
    json!({
        "model": config.model,
        "max_tokens": config.max_tokens,
        "temperature": config.temperature,
        "messages": [{"role": "user", "content": PROMPT.replace("{label}", label)}],
    })
}

/// The lines `part: words`, whatever marks stand around them.
fn parse(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| {
        let (part, does) = line.split_once(':')?;
        let part = part.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase();
        let part = PARTS.into_iter().find(|known| part == *known || part.strip_suffix('s') == Some(known))?;
        let does = does.trim_matches(|c: char| c.is_whitespace() || "*_.\"".contains(c));
        (!does.is_empty()).then(|| (part.to_owned(), does.to_owned()))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_in_whatever_dress() {
        let text =
            "Here you are:\n- **Head**: looks up.\n2. Hands: grip the cup\n* arm: lifts\nHIP: rests\nleg:\ntail: wags";
        let parts = parse(text);
        let found: Vec<(&str, &str)> = parts.iter().map(|(part, does)| (part.as_str(), does.as_str())).collect();
        assert_eq!(found, [("arm", "lifts"), ("hand", "grip the cup"), ("head", "looks up"), ("hip", "rests")]);
        assert!(parse("I cannot say.").is_empty());
    }

    #[test]
    fn the_question_names_the_action_and_asks_for_every_part() {
        let asked = question(&EndpointConfig::default(), "kick")["messages"][0]["content"].to_string();
        assert!(asked.contains("'kick'") && PARTS.iter().all(|part| asked.contains(&format!("{part}:"))), "{asked}");
    }
}
