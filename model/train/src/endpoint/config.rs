//! Whom to ask, how often, and at what price.

use std::{fmt, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// A secret that opens an endpoint. It is sent to the server and shown to nobody.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Key(String);

impl Key {
    /// Takes a key as it stands in a file or variable, with white space around it.
    ///
    /// # Errors
    /// When it is empty or cannot be sent.
    pub fn new(text: &str) -> Result<Key> {
        let text = text.trim();
        ensure!(!text.is_empty(), "the key is empty");
        ensure!(text.chars().all(|c| c.is_ascii_graphic()), "the key holds characters that cannot be sent");
        Ok(Key(text.to_owned()))
    }

    /// The key itself, for the header alone.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// A text of the server without the key, should it repeat it.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// An OpenAI-compatible endpoint. As JSON every field may be left out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointConfig {
    /// Where `chat/completions` lies, such as `https://api.openai.com/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
    /// What opens it; a server of one's own may need none.
    pub key: Option<Key>,
    /// Most requests a minute.
    pub requests_per_minute: f64,
    /// Requests under way at a time.
    pub parallel: usize,
    /// How often a request is repeated that failed for no fault of its own.
    pub retries: u32,
    /// Seconds that one request may take.
    pub timeout: f64,
    /// Longest answer in tokens.
    pub max_tokens: u32,
    /// Randomness of the answers; 0 always takes the likeliest word.
    pub temperature: f64,
    /// Tokens that a picture counts, for the estimate alone.
    pub tokens_per_picture: u32,
    /// Price of a million tokens sent, in any currency.
    pub price_in: Option<f64>,
    /// Price of a million tokens received.
    pub price_out: Option<f64>,
}

impl Default for EndpointConfig {
    /// 512 tokens at temperature 0.2 are the paper's (spec A.10).
    fn default() -> EndpointConfig {
        EndpointConfig {
            url: String::new(),
            model: String::new(),
            key: None,
            requests_per_minute: 30.0,
            parallel: 4,
            retries: 5,
            timeout: 120.0,
            max_tokens: 512,
            temperature: 0.2,
            tokens_per_picture: 256,
            price_in: None,
            price_out: None,
        }
    }
}

impl EndpointConfig {
    /// Reads a JSON file.
    ///
    /// # Errors
    /// With file, line and cause.
    pub fn read(path: &Path) -> Result<EndpointConfig> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: EndpointConfig = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        config.key =
            config.key.map(|key| Key::new(key.expose())).transpose().with_context(|| path.display().to_string())?;
        Ok(config)
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the setting.
    pub fn validate(&self) -> Result<()> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let price = |x: Option<f64>| x.is_none_or(|x| x.is_finite() && x >= 0.0);
        ensure!(!self.url.is_empty(), "no endpoint: name it with --url");
        ensure!(
            self.url.starts_with("https://") || self.url.starts_with("http://"),
            "the URL '{}' begins with neither https:// nor http://",
            self.url
        );
        ensure!(!self.model.is_empty(), "no model: name it with --model");
        ensure!(positive(self.requests_per_minute), "requests per minute must be above 0");
        ensure!((1..=64).contains(&self.parallel), "parallel must be 1 to 64");
        ensure!(positive(self.timeout) && self.timeout <= 3600.0, "timeout must be above 0 and at most 3600 seconds");
        ensure!(self.retries <= 20, "retries must be at most 20");
        ensure!(self.max_tokens > 0, "max tokens must be above 0");
        ensure!((0.0..=2.0).contains(&self.temperature), "temperature must be 0 to 2");
        ensure!(price(self.price_in) && price(self.price_out), "prices must be 0 or more");
        Ok(())
    }

    /// The address that questions are posted to.
    pub(super) fn address(&self) -> String {
        format!("{}/chat/completions", self.url.trim_end_matches('/'))
    }

    /// Whether the server runs on this machine.
    pub fn is_local(&self) -> bool {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // what looks like a user name before an @ is no host
        let host = host.rsplit('@').next().unwrap_or_default();
        let name = host.strip_prefix('[').map_or_else(|| host.split(':').next(), |v6| v6.split(']').next());
        let name = name.unwrap_or_default();
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Whether the key would travel for everybody to read.
    pub fn exposes_key(&self) -> bool {
        self.key.is_some() && self.url.starts_with("http://") && !self.is_local()
    }

    /// What asking about some clips takes, before it is known.
    pub fn estimate(&self, clips: usize, pictures: usize, characters: usize) -> Estimate {
        // about four characters of English make a token
        let each = pictures as u64 * u64::from(self.tokens_per_picture) + characters as u64 / 4;
        let tokens = [clips as u64 * each, clips as u64 * u64::from(self.max_tokens)];
        Estimate { tokens, cost: self.cost(tokens) }
    }

    /// What so many tokens in and out cost; `None` where a price is not known.
    pub fn cost(&self, [tokens_in, tokens_out]: [u64; 2]) -> Option<f64> {
        let million = |tokens: u64, price: Option<f64>| Some(tokens as f64 / 1e6 * price?);
        Some(million(tokens_in, self.price_in)? + million(tokens_out, self.price_out)?)
    }
}

/// What a run would take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Tokens in, about; tokens out, at most.
    pub tokens: [u64; 2],
    /// Their price.
    pub cost: Option<f64>,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [sent, received] = self.tokens.map(|tokens| match tokens {
            0..10_000 => tokens.to_string(),
            10_000..1_000_000 => format!("{} thousand", tokens.div_ceil(1000)),
            _ => format!("{:.2} million", tokens as f64 / 1e6),
        });
        write!(f, "about {sent} tokens in, at most {received} out")?;
        match self.cost {
            Some(cost) => write!(f, ", at most about {cost:.2} in all"),
            None => write!(f, "; --price-in and --price-out tell what that costs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> EndpointConfig {
        EndpointConfig { url: "https://example.org/v1/".into(), model: "m".into(), ..EndpointConfig::default() }
    }

    #[test]
    fn a_key_is_never_shown() {
        let key = Key::new(" sk-secret\n").unwrap();
        let config = EndpointConfig { key: Some(key.clone()), ..config() };
        assert!(!format!("{config:?} {key:?}").contains("secret"));
        assert_eq!(key.hidden_in("bad key sk-secret!"), "bad key ***!");
        for bad in ["", " \n", "a b", "a\r\nHost: x", "ü"] {
            let message = Key::new(bad).unwrap_err().to_string();
            assert!(message.contains("key") && !message.contains("Host"), "{message}");
        }
    }

    #[test]
    fn a_file_may_leave_fields_out_and_errors_name_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("endpoint.json");
        std::fs::write(&path, "{\"url\": \"http://localhost:8000/v1\", \"model\": \"m\", \"key\": \"k \"}").unwrap();
        let read = EndpointConfig::read(&path).unwrap();
        assert_eq!((read.key, read.max_tokens, read.temperature), (Some(Key::new("k").unwrap()), 512, 0.2));
        std::fs::write(&path, "{\n\"urll\": 3}").unwrap();
        let message = format!("{:#}", EndpointConfig::read(&path).unwrap_err());
        assert!(message.contains("endpoint.json") && message.contains("line 2"), "{message}");
        std::fs::write(&path, "{\"key\": \"\"}").unwrap();
        let message = format!("{:#}", EndpointConfig::read(&path).unwrap_err());
        assert!(message.contains("endpoint.json") && message.contains("empty"), "{message}");
    }

    #[test]
    fn settings_are_checked() {
        config().validate().unwrap();
        type Change = fn(&mut EndpointConfig);
        let wrong: [(Change, &str); 7] = [
            (|c| c.url.clear(), "--url"),
            (|c| c.url = "ftp://x".into(), "ftp://x"),
            (|c| c.model.clear(), "--model"),
            (|c| c.requests_per_minute = f64::NAN, "requests"),
            (|c| c.parallel = 1000, "parallel"),
            (|c| c.timeout = f64::INFINITY, "timeout"),
            (|c| c.price_in = Some(-1.0), "prices"),
        ];
        for (change, cause) in wrong {
            let mut config = config();
            change(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(cause), "{message}");
        }
    }

    #[test]
    fn a_key_in_the_open_is_noticed() {
        for (url, local) in [
            ("http://localhost:8000/v1", true),
            ("http://127.0.0.1", true),
            ("http://[::1]:80/", true),
            ("http://localhost.example.org", false),
            ("http://localhost@example.org/", false),
            ("http://example.org#@localhost", false),
            ("http://10.0.0.3:8000", false),
        ] {
            let config = EndpointConfig { url: url.into(), key: Some(Key::new("k").unwrap()), ..config() };
            assert_eq!((config.is_local(), config.exposes_key()), (local, !local), "{url}");
        }
        assert!(!EndpointConfig { key: Some(Key::new("k").unwrap()), ..config() }.exposes_key(), "https");
        assert_eq!(config().address(), "https://example.org/v1/chat/completions");
    }

    #[test]
    fn the_estimate_is_tokens_times_price() {
        let config = EndpointConfig { price_in: Some(2.5), price_out: Some(10.0), ..config() };
        let estimate = config.estimate(1000, 12, 712);
        // 12 × 256 + 712 / 4 in, 512 out
        assert_eq!(estimate.tokens, [3_250_000, 512_000]);
        assert!((estimate.cost.unwrap() - (3.25 * 2.5 + 5.12)).abs() < 1e-9);
        assert!(
            estimate.to_string().contains("3.25 million tokens in, at most 512 thousand out")
                && estimate.to_string().contains("13.2")
        );
        let unpriced = EndpointConfig { price_out: None, ..config }.estimate(1, 12, 0).to_string();
        assert!(unpriced.contains("--price-out"), "{unpriced}");
    }
}
