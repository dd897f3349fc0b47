//! Which model answers, which others there are, and how one of them comes: files that are downloaded or dropped, read
//! piece by piece, and kept for the next visit.

use std::sync::mpsc;

use eframe::egui;
use serde::Deserialize;
use skeletonllm::given::Given;

use crate::platform;

/// The model that comes with the program.
pub const SHIPPED: &str = "nano";

/// A model that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// What it is called, and where it lies beside the page.
    pub name: String,
    /// Bytes of all its files; 0 where nobody knows yet.
    pub bytes: u64,
    /// Bytes of it that are on this machine.
    pub there: u64,
    /// Whether the person gave it; others lie beside the page.
    pub own: bool,
}

impl Entry {
    /// Whether nothing has to be downloaded.
    pub fn is_here(&self) -> bool {
        self.bytes > 0 && self.there >= self.bytes
    }

    /// Its size and where it is, for a list.
    pub fn state(&self) -> String {
        let size = megabytes(self.bytes);
        match (self.is_here(), self.there) {
            (true, _) if self.own => format!("{size}, yours, on this machine"),
            (true, _) => format!("{size}, on this machine"),
            (false, 0) => format!("{size} to download"),
            (false, there) => format!("{} of {size} downloaded", megabytes(there)),
        }
    }
}

/// A model that was dropped or chosen: its files' names, and who has them.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Names and sizes.
    pub given: Given,
    /// Who has them.
    pub files: platform::ModelFiles,
}

/// What is done for a model that shall answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its files come over the network.
    Downloading,
    /// Its numbers are read.
    Loading,
    /// It answers already, and its files are kept for the next visit.
    Keeping,
}

impl Step {
    /// As the beginning of a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Step::Downloading => "Downloading",
            Step::Loading => "Loading",
            Step::Keeping => "Keeping",
        }
    }
}

/// A model on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// Its name.
    pub name: String,
    /// What is done now.
    pub step: Step,
    /// Bytes so far.
    pub done: u64,
    /// Bytes in all; 0 while nobody knows.
    pub total: u64,
}

impl Coming {
    /// How much is done, 0..1, where that is known.
    pub fn fraction(&self) -> Option<f32> {
        (self.total > 0).then(|| (self.done as f64 / self.total as f64).min(1.0) as f32)
    }

    /// For a status line, which is read aloud: it changes ten times and not a thousand times.
    pub fn told(&self) -> String {
        let tens = self.fraction().map_or(String::new(), |done| format!(", {} %", (done * 10.0) as u32 * 10));
        format!("{} {}{tens}", self.step.word().to_lowercase(), self.name)
    }

    /// In figures.
    pub fn detail(&self) -> String {
        if self.total == 0 { String::new() } else { format!("{} of {}", megabytes(self.done), megabytes(self.total)) }
    }
}

/// What happened to models elsewhere.
#[derive(Debug)]
pub enum News {
    /// The models there are beside the shipped one.
    List(Vec<Entry>),
    /// More of a model has come, or was kept.
    Progress {
        /// Its name.
        name: String,
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        total: u64,
    },
    /// All files of a model are on this machine.
    Here {
        /// The model.
        offered: Offered,
        /// How it is known that they are the right ones, as a sentence.
        verified: String,
    },
    /// A model was kept for the next visit.
    Kept(String),
    /// It was not.
    NotKept {
        /// Its name.
        name: String,
        /// Why.
        problem: String,
    },
    /// A model did not come.
    Failed {
        /// Its name.
        name: String,
        /// Why, as a sentence.
        problem: String,
    },
}

/// Where news go in.
#[derive(Clone)]
pub struct NewsSender {
    outbox: mpsc::Sender<News>,
    ctx: egui::Context,
}

impl NewsSender {
    /// Tells the window.
    pub fn send(&self, news: News) {
        // a window that has gone needs none
        let _ = self.outbox.send(news);
        self.ctx.request_repaint();
    }
}

/// What is known of models.
pub struct Models {
    /// Beside the shipped one, in the order of their names.
    list: Vec<Entry>,
    current: String,
    coming: Option<Coming>,
    outbox: mpsc::Sender<News>,
    inbox: mpsc::Receiver<News>,
}

impl Default for Models {
    fn default() -> Models {
        let (outbox, inbox) = mpsc::channel();
        Models { list: Vec::new(), current: SHIPPED.to_owned(), coming: None, outbox, inbox }
    }
}

impl Models {
    /// The models that can be chosen beside the shipped one.
    pub fn list(&self) -> &[Entry] {
        &self.list
    }

    /// The name of the model that answers.
    pub fn current(&self) -> &str {
        &self.current
    }

    /// The one on its way.
    pub fn coming(&self) -> Option<&Coming> {
        self.coming.as_ref()
    }

    /// Whether an address can lead others to the model that answers.
    pub fn is_beside(&self) -> bool {
        self.list.iter().any(|entry| entry.name == self.current && !entry.own)
    }

    /// Who tells of models.
    pub fn sender(&self, ctx: &egui::Context) -> NewsSender {
        NewsSender { outbox: self.outbox.clone(), ctx: ctx.clone() }
    }

    /// What happened since the last call, as far as it is for others: list and progress are taken in here.
    pub fn news(&mut self) -> Vec<News> {
        let all: Vec<News> = self.inbox.try_iter().collect();
        let mut others = Vec::new();
        for news in all {
            match news {
                News::List(mut list) => {
                    list.retain(|entry| entry.name != SHIPPED);
                    list.sort_by(|a, b| a.name.cmp(&b.name));
                    self.list = list;
                }
                News::Progress { name, done, total } => self.progress(&name, done, total),
                other => others.push(other),
            }
        }
        others
    }

    /// A model begins to come, in the place of another that did.
    pub fn begin(&mut self, name: &str, step: Step) {
        self.coming = Some(Coming { name: name.to_owned(), step, done: 0, total: 0 });
    }

    /// More of it has come.
    pub fn progress(&mut self, name: &str, done: u64, total: u64) {
        if let Some(coming) = self.coming.as_mut().filter(|coming| coming.name == name) {
            (coming.done, coming.total) = (done, total);
        }
    }

    /// It comes no longer, be it that it is there.
    pub fn end(&mut self, name: &str) {
        self.coming.take_if(|coming| coming.name == name);
    }

    /// Another model answers.
    pub fn answers(&mut self, name: &str) {
        name.clone_into(&mut self.current);
    }

    /// The name for a model that somebody gives: its own, unless another one has it.
    pub fn name_for(&self, own: &str) -> String {
        let others = |name: &str| name == SHIPPED || self.list.iter().any(|entry| entry.name == name && !entry.own);
        if others(own) { format!("{own} (yours)") } else { own.to_owned() }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, there: u64, own: bool) -> Entry {
        Entry { name: name.into(), bytes: 20_000_000, there, own }
    }

    #[test]
    fn a_list_says_what_has_to_be_downloaded() {
        let ctx = egui::Context::default();
        let mut models = Models::default();
        let list = vec![entry("small", 0, false), entry("mine", 20_000_000, true), entry(SHIPPED, 0, false)];
        models.sender(&ctx).send(News::List(list));
        assert!(models.news().is_empty());
        let names: Vec<&str> = models.list().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["mine", "small"], "the shipped one has its own place");
        assert!(models.list()[0].is_here() && !models.list()[1].is_here());
        assert_eq!(models.list()[0].state(), "20.0 MB, yours, on this machine");
        assert_eq!(models.list()[1].state(), "20.0 MB to download");
        assert_eq!(entry("small", 5_000_000, false).state(), "5.0 MB of 20.0 MB downloaded");
        models.answers("small");
        assert!(models.is_beside());
        models.answers("mine");
        assert!(!models.is_beside(), "nobody else has it");
        assert_eq!(
            [SHIPPED, "small", "mine", "new"].map(|name| models.name_for(name)),
            ["nano (yours)", "small (yours)", "mine", "new"]
        );
    }

    #[test]
    fn progress_is_that_of_the_model_on_its_way_and_told_in_tens() {
        let ctx = egui::Context::default();
        let mut models = Models::default();
        models.begin("small", Step::Downloading);
        assert_eq!(models.coming().unwrap().told(), "downloading small");
        let progress = |models: &mut Models, name: &str, done| {
            models.sender(&ctx).send(News::Progress { name: name.into(), done, total: 200 });
            assert!(models.news().is_empty());
            models.coming().map(Coming::told)
        };
        assert_eq!(progress(&mut models, "small", 19).as_deref(), Some("downloading small, 0 %"));
        assert_eq!(progress(&mut models, "small", 20).as_deref(), Some("downloading small, 10 %"));
        assert_eq!(progress(&mut models, "other", 190).as_deref(), Some("downloading small, 10 %"));
        assert_eq!(progress(&mut models, "small", 900).as_deref(), Some("downloading small, 100 %"));
        models.end("other");
        assert!(models.coming().is_some());
        models.end("small");
        assert!(models.coming().is_none());
        assert_eq!(progress(&mut models, "small", 10), None, "it was given up");
    }
}
