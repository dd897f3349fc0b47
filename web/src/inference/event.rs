//! What the worker tells the window.

use std::sync::Arc;

use skeletonllm::{
    assistant::{Answer, Attribution, Span},
    drawing::HostDrawing,
    second_opinion::Opinion,
};
use skeletonllm_network::words::Words;

/// What came of a request, or of loading the model.
#[derive(Debug)]
pub enum Event {
    /// More of the model has come.
    Loading {
        /// Bytes of weights so far.
        done: u64,
        /// Bytes of weights in all.
        total: u64,
    },
    /// The model is loaded.
    Ready {
        /// Where it computes.
        device: String,
        /// Questions it was trained to answer.
        suggestions: Vec<String>,
        /// What it draws with; nothing for one that sees no pictures.
        drawing: Option<Box<HostDrawing>>,
        /// What it compares movements with, if it does.
        words: Option<Arc<Words>>,
        /// Loading took this long.
        seconds: f64,
    },
    /// The model cannot be loaded.
    LoadFailed(String),
    /// The most likely labels of a take.
    Recognised {
        /// The take.
        take: u64,
        /// Number of the settings.
        version: u64,
        /// Best first.
        labels: Vec<(String, f32)>,
        /// Where the movement lies among the model's words.
        place: Option<Vec<f32>>,
        /// Drawing, looking and ranking took this long.
        seconds: f64,
    },
    /// What a network finds likeliest that looks at the joints of a take with labels.
    SecondOpinion {
        /// The take.
        take: u64,
        /// Nothing where the network knows no such body.
        opinion: Option<Opinion>,
    },
    /// A take that could not be named.
    Unnamed {
        /// The take.
        take: u64,
        /// Number of the settings.
        version: u64,
        /// Why.
        problem: String,
    },
    /// More of an answer.
    Text {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// New words.
        text: String,
    },
    /// The end of an answer.
    Answered {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// All of it.
        answer: Answer,
        /// From the request to the first word, looking included.
        first_token: f64,
    },
    /// What an answer depends on.
    Explained {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// Joints and frames.
        attribution: Attribution,
    },
    /// The gradient of an answer at the pictures, for the shader workbench.
    #[cfg(all(feature = "gpu", not(target_family = "wasm")))]
    Gradient {
        /// The take.
        take: u64,
        /// The exchange.
        exchange: u64,
        /// Number of the settings.
        settings_version: u64,
        /// Of the answer's log-probability.
        gradient: skeletonllm::assistant::PictureSlope,
    },
    /// Windows of a long take that are labelled.
    SpanProgress {
        /// The take.
        take: u64,
        /// Windows so far.
        done: usize,
        /// Windows in all.
        total: usize,
    },
    /// The labels along a take; fewer when it was stopped.
    Spans {
        /// The take.
        take: u64,
        /// In order of time.
        spans: Vec<Span>,
        /// By the person, before its end.
        stopped: bool,
    },
    /// A request that did not work.
    Failed {
        /// The take.
        take: u64,
        /// The exchange, if it was about one.
        exchange: Option<u64>,
        /// Why.
        problem: String,
    },
}
