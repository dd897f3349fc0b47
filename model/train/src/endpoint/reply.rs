//! What a server's reply means: an answer, a delay, or a refusal.

use std::time::Duration;

use serde_json::Value;

/// Longest part of a server's own words in an error, characters.
const QUOTE: usize = 300;

/// A rationale as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completion {
    pub(super) text: String,
    /// In and out, as the server counts them; 0 where it does not.
    pub(super) tokens: [u64; 2],
}

/// What comes of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Completion(Completion),
    /// Worth another try, after a time that the server may name.
    Later {
        after: Option<Duration>,
        why: String,
    },
    /// The same would come again.
    Refused(String),
}

impl Reply {
    /// Reads a reply with its body.
    pub(super) fn of(status: u16, after: Option<Duration>, body: &[u8]) -> Reply {
        if (200..300).contains(&status) {
            return match answer(body) {
                Some(answer) => Reply::Completion(answer),
                None => Reply::Later { after, why: format!("no answer in the reply {:?}", quote(body)) },
            };
        }
        let why = format!("the server says {status}: {}", said(body));
        match status {
            408 | 425 | 429 | 500..=599 => Reply::Later { after, why },
            _ => Reply::Refused(why),
        }
    }

    /// What comes of a request without a reply.
    pub(super) fn of_error(error: &ureq::Error) -> Reply {
        use ureq::Error::{BadUri, Http, InvalidProxyUrl, Tls};
        match error {
            BadUri(_) | Http(_) | InvalidProxyUrl | Tls(_) => Reply::Refused(error.to_string()),
            _ => Reply::Later { after: None, why: error.to_string() },
        }
    }

    /// Changes the texts that people will read.
    pub(super) fn map_text(self, change: impl Fn(&str) -> String) -> Reply {
        match self {
            Reply::Completion(answer) => Reply::Completion(Completion { text: change(&answer.text), ..answer }),
            Reply::Later { after, why } => Reply::Later { after, why: change(&why) },
            Reply::Refused(why) => Reply::Refused(change(&why)),
        }
    }
}

/// The text of the first choice: one text, or a list of parts. An answer without words is an answer, too.
fn answer(body: &[u8]) -> Option<Completion> {
    let reply: Value = serde_json::from_slice(body).ok()?;
    let text = match reply.pointer("/choices/0/message")?.get("content") {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part.get("text")?.as_str()).collect(),
        Some(Value::Null) | None => String::new(),
        Some(_) => return None,
    };
    let tokens = ["prompt_tokens", "completion_tokens"].map(|name| reply["usage"][name].as_u64().unwrap_or(0));
    Some(Completion { text, tokens })
}

/// What a server says of an error: its message, where it has the usual layout.
fn said(body: &[u8]) -> String {
    let reply: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = reply.pointer("/error/message").or_else(|| reply.get("message")).and_then(Value::as_str);
    message.map_or_else(|| quote(body), |message| quote(message.as_bytes()))
}

/// The beginning of what a server sent, on one line.
fn quote(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * QUOTE)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_in_both_layouts() {
        let of = |body: &str| Reply::of(200, None, body.as_bytes());
        let expected = |text: &str, tokens| Reply::Completion(Completion { text: text.into(), tokens });
        let plain = r#"{"choices": [{"message": {"content": " a\nb "}}], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}"#;
        assert_eq!(of(plain), expected("a\nb", [7, 2]));
        let parts =
            r#"{"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}, {"x": 1}]}}]}"#;
        assert_eq!(of(parts), expected("ab", [0, 0]));
        assert_eq!(of(r#"{"choices": [{"message": {"content": null, "refusal": "no"}}]}"#), expected("", [0, 0]));
        for malformed in ["", "{", "[]", "{\"choices\": []}", "{\"choices\": [{\"message\": {\"content\": 3}}]}"] {
            assert!(matches!(of(malformed), Reply::Later { .. }), "{malformed}");
        }
    }

    #[test]
    fn errors_are_worth_another_try_or_not() {
        let after = Some(Duration::from_secs(3));
        for status in [408, 429, 500, 503] {
            let reply = Reply::of(status, after, b"{\"error\": {\"message\": \"slow\\ndown\"}}");
            assert_eq!(reply, Reply::Later { after, why: format!("the server says {status}: slow down") });
        }
        for status in [301, 400, 401, 404] {
            assert!(matches!(Reply::of(status, None, b"<html>no"), Reply::Refused(why) if why.ends_with("<html>no")));
        }
        let long = vec![0xff; 1 << 20];
        assert!(matches!(Reply::of(400, None, &long), Reply::Refused(why) if why.chars().count() < 2 * QUOTE));
    }
}
