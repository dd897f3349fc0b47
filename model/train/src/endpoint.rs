//! A teacher behind an OpenAI-compatible endpoint: it gets the pictures and the true label, and explains.

mod config;
mod painter;
mod parts;
mod rate_limit;
mod reply;
#[cfg(test)]
mod tests;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use draction::motion::Motion;
use serde_json::{Value, json};
use skeletonllm_data::{
    prompts::Prompts,
    teacher::{ShownClip, Teacher, TeacherError},
};
use ureq::{Agent, http::HeaderMap};

pub use config::{EndpointConfig, Estimate, Key};
pub use painter::Painter;
pub use rate_limit::{Clock, WallClock};
use rate_limit::{RateLimit, backoff, retry_after};
use reply::{Completion, Reply};

/// Longest answer that is read, bytes: many times what 512 tokens take.
const MOST_BYTES: u64 = 1 << 20;
/// Longest wait that a server may ask for. Who says more is asked again another day.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Draws the pictures of a motion, in order of time, each as a PNG file.
pub trait Paint: Sync + Send {
    /// # Errors
    /// When the motion cannot be drawn.
    fn paint(&self, motion: &Motion) -> Result<Vec<Vec<u8>>>;
}

/// Asks the endpoint about each clip.
pub struct EndpointTeacher<'a> {
    config: EndpointConfig,
    prompts: Prompts,
    painter: &'a dyn Paint,
    clock: &'a (dyn Clock + Send),
    agent: Agent,
    pace: RateLimit,
    /// Tokens in and out, as the server counts them.
    used: [AtomicU64; 2],
}

impl<'a> EndpointTeacher<'a> {
    /// Prepares; nothing is sent yet.
    ///
    /// # Errors
    /// When a setting is wrong.
    pub fn new(
        config: EndpointConfig,
        prompts: Prompts,
        painter: &'a dyn Paint,
        clock: &'a (dyn Clock + Send),
    ) -> Result<EndpointTeacher<'a>> {
        config.validate()?;
        let mut agent = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs_f64(config.timeout)))
            .http_status_as_error(false)
            // a server that sends us elsewhere would send the key with us
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("skeletonllm/", env!("CARGO_PKG_VERSION")));
        if config.is_local() {
            agent = agent.proxy(None);
        }
        let pace = RateLimit::new(Duration::from_secs_f64(60.0 / config.requests_per_minute));
        Ok(EndpointTeacher {
            agent: agent.build().into(),
            pace,
            config,
            prompts,
            painter,
            clock,
            used: Default::default(),
        })
    }

    /// Tokens sent and received up to now, as the server counts them.
    pub fn used(&self) -> [u64; 2] {
        self.used.each_ref().map(|n| n.load(Ordering::Relaxed))
    }

    fn count(&self, tokens: [u64; 2]) {
        for (sum, tokens) in self.used.iter().zip(tokens) {
            sum.fetch_add(tokens, Ordering::Relaxed);
        }
    }

    /// Asks until there is an answer, at the pace that the server wants.
    fn ask(&self, question: &[u8]) -> Result<Completion, TeacherError> {
        let mut attempt = 0;
        loop {
            self.turn()?;
            let (after, why) = match self.post(question) {
                Reply::Completion(answer) => return Ok(answer),
                Reply::Refused(why) => return Err(TeacherError::Refused(why)),
                Reply::Later { after, why } => (after, why),
            };
            let wait = after.unwrap_or_else(|| backoff(attempt));
            if wait > LONGEST_WAIT {
                return Err(TeacherError::Refused(format!("{why}; the server asks to wait {} s", wait.as_secs())));
            }
            self.pace.hold(self.clock.now() + wait);
            if attempt == self.config.retries {
                return Err(TeacherError::GaveUp(format!("{why}, {} times", attempt + 1)));
            }
            attempt += 1;
        }
    }

    /// Waits for a turn.
    fn turn(&self) -> Result<(), TeacherError> {
        loop {
            if self.clock.stopped() {
                return Err(TeacherError::Stopped);
            }
            match self.pace.take(self.clock.now()) {
                Ok(()) => return Ok(()),
                Err(wait) => self.clock.wait(wait),
            }
        }
    }

    fn post(&self, question: &[u8]) -> Reply {
        let mut request = self.agent.post(self.config.address()).header("Content-Type", "application/json");
        if let Some(key) = &self.config.key {
            request = request.header("Authorization", format!("Bearer {}", key.expose()));
        }
        let reply = match request.send(question) {
            Ok(mut response) => {
                let after = wanted_pause(response.headers());
                match response.body_mut().with_config().limit(MOST_BYTES).read_to_vec() {
                    Ok(body) => Reply::of(response.status().as_u16(), after, &body),
                    Err(error) => Reply::Later { after, why: format!("the answer broke off: {error}") },
                }
            }
            Err(error) => Reply::of_error(&error),
        };
        match &self.config.key {
            Some(key) => reply.map_text(|text| key.hidden_in(text)),
            None => reply,
        }
    }
}

fn wanted_pause(headers: &HeaderMap) -> Option<Duration> {
    retry_after(headers.get("Retry-After")?.to_str().ok()?, SystemTime::now())
}

impl Teacher for EndpointTeacher<'_> {
    fn rationale(&self, clip: &ShownClip<'_>) -> Result<Option<String>, TeacherError> {
        let Some(label) = &clip.truth.label else { return Ok(None) };
        let pictures = self.painter.paint(clip.motion).map_err(TeacherError::Clip)?;
        let question = question(&self.config, &self.prompts, &pictures, label);
        let answer = self.ask(question.to_string().as_bytes())?;
        self.count(answer.tokens);
        Ok(Some(answer.text))
    }
}

/// The body of a request: system text, pictures each after its `Frame i:`, and the prompt with the true label.
fn question(config: &EndpointConfig, prompts: &Prompts, pictures: &[Vec<u8>], label: &str) -> Value {
    let text = |text: &str| json!({"type": "text", "text": text});
    let mut content = Vec::with_capacity(2 * pictures.len() + 1);
    for (i, png) in pictures.iter().enumerate() {
        content.push(text(&format!("Frame {}:", i + 1)));
        let url = format!("data:image/png;base64,{}", STANDARD.encode(png));
        content.push(json!({"type": "image_url", "image_url": {"url": url}}));
    }
    content.push(text(&prompts.teacher(label)));
    json!({
        "model": config.model,
        "max_tokens": config.max_tokens,
        "temperature": config.temperature,
        "messages": [
            {"role": "system", "content": prompts.teacher_system()},
            {"role": "user", "content": content},
        ],
    })
}
