//! What a browser and a desktop do differently: choosing and saving files, running tasks, telling of progress.
//!
//! Both modules have the same functions; everything else is one code.

#[cfg(target_family = "wasm")]
mod browser;
#[cfg(not(target_family = "wasm"))]
mod desktop;

#[cfg(target_family = "wasm")]
pub use browser::*;
#[cfg(not(target_family = "wasm"))]
pub use desktop::*;

/// A frame of a video as an encoder gave it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedFrame {
    /// When it is shown, from the video's start.
    pub microseconds: u64,
    /// Whether it and what follows can be shown without what is before it.
    pub key: bool,
    /// What the decoder gets.
    pub bytes: Vec<u8>,
}

/// What a line for the outside is about; `data-kind` in the page's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file was opened.
    Opened,
    /// Something did not work.
    Error,
    /// What the person asked.
    Question,
    /// What the model said, once it is complete.
    Answer,
    /// The labels it thinks most of.
    Labels,
    /// What the joints alone say.
    Opinion,
    /// What an answer depends on.
    Explanation,
    /// Labels along a long take.
    Spans,
    /// Anything else worth knowing.
    Note,
}

impl Kind {
    /// Its name in the page.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Opened => "opened",
            Kind::Error => "error",
            Kind::Question => "question",
            Kind::Answer => "answer",
            Kind::Labels => "labels",
            Kind::Opinion => "opinion",
            Kind::Explanation => "why",
            Kind::Spans => "spans",
            Kind::Note => "note",
        }
    }
}
