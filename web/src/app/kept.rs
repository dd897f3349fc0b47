//! What the browser keeps for the next visit: files that are open, until they are closed.

use std::sync::Arc;

use super::{App, mailbox::Mailbox};
use crate::{
    files::{FileSource, Public},
    platform,
};

/// The key that the take in view is remembered under.
const IN_VIEW: &str = "in view";
/// The key that it is remembered under how many starts were not heard of again while kept files were opened.
const STARTS: &str = "starts";
/// After so many of them kept files stay closed: one of them may be too large for this browser.
const MOST_STARTS: u32 = 2;

/// What the browser says of files that it should keep.
enum Told {
    /// A file is kept, under a key.
    Kept(Arc<FileSource>, String),
    /// A file is not kept, and why.
    NotKept(String, String),
    /// Nothing is kept any more, or why something still is.
    Forgotten(Result<(), String>),
    /// All kept files have come.
    Recalled,
}

/// What the browser says, and what was done about it.
#[derive(Default)]
pub(super) struct Keeping {
    told: Mailbox<Told>,
    recall: Recall,
    /// The key of the take that is remembered as the one in view.
    in_view: String,
    /// Why a file was not kept the last time that one was not.
    problem: String,
}

/// What is still to be done of opening what an earlier visit left.
#[derive(Clone, Debug, Default)]
struct Recall {
    /// Files come, or are read.
    under_way: bool,
    /// All of them have come.
    complete: bool,
    /// The key of the take that was in view, until it is there or the person looks at something else.
    in_view: Option<String>,
}

/// The page has come through opening what an earlier visit left, or did not try.
pub(super) fn settle() {
    if platform::recall(STARTS).is_some_and(|starts| starts != "0") {
        platform::remember(STARTS, "0");
    }
}

impl Keeping {
    /// The person looks at something: where an earlier visit looked does not matter any more.
    pub fn look_elsewhere(&mut self) {
        self.recall.in_view = None;
    }

    /// Whether a take of that key was in view at the end of the last visit.
    pub fn was_in_view(&self, key: Option<&str>) -> bool {
        key.is_some() && self.recall.in_view.as_deref() == key
    }
}

impl App {
    /// Opens what an earlier visit left open, unless that has ended the page before.
    pub(super) fn recall(&mut self) {
        let starts: u32 = platform::recall(STARTS).and_then(|text| text.parse().ok()).unwrap_or(0);
        if starts >= MOST_STARTS {
            settle();
            return self.note(
                "what was open the last time stays closed, since the page did not come through opening it: reload to \
                 try again, or forget it in the list of keys (?)",
            );
        }
        platform::remember(STARTS, &(starts + 1).to_string());
        self.keeping.recall = Recall { under_way: true, complete: false, in_view: platform::recall(IN_VIEW) };
        let told = self.keeping.told.clone();
        platform::recall_files(&self.incoming, move || told.push(Told::Recalled));
    }

    /// Keeps the file of a take for the next visit.
    pub(super) fn keep(&self, index: usize) {
        let take = &self.document.takes[index];
        if self.keeps(&take.origin) {
            self.keep_file(take.file().clone(), take.origin.public.as_ref());
        }
    }

    /// Keeps a file for the next visit.
    pub(super) fn keep_file(&self, file: Arc<FileSource>, public: Option<&Public>) {
        let (told, known) = (self.keeping.told.clone(), file.clone());
        platform::keep_file(&file, public, move |kept| {
            told.push(match kept {
                Ok(key) => Told::Kept(known, key),
                Err(problem) => Told::NotKept(known.name.clone(), problem),
            });
        });
    }

    /// Closes everything, has nothing read any more, and keeps nothing.
    pub(super) fn forget(&mut self) {
        self.inference.stop();
        self.read_nothing();
        self.document.takes.clear();
        self.keeping.look_elsewhere();
        let told = self.keeping.told.clone();
        platform::forget_files(move |forgotten| told.push(Told::Forgotten(forgotten)));
        self.select(0);
        self.fetch_example();
    }

    /// Takes in what the browser says, and remembers what is in view.
    pub(super) fn note_kept(&mut self) {
        for told in self.keeping.told.take() {
            match told {
                Told::Kept(file, key) => {
                    // it was closed before it was kept
                    if !self.document.keep(&file, &key) && !self.document.companions.is_known(&file) {
                        platform::forget_file(&key);
                    }
                }
                // of many files that nothing keeps it is said once
                Told::NotKept(_, problem) if self.keeping.problem == problem => {}
                Told::NotKept(name, problem) => {
                    self.note(&format!("{name} will not be open at your next visit: {problem}"));
                    self.keeping.problem = problem;
                }
                Told::Forgotten(Ok(())) => self.note("no file is kept on this machine any longer"),
                Told::Forgotten(Err(problem)) => {
                    self.report_error(&format!("this browser still keeps files that were open: {problem}"));
                }
                Told::Recalled => self.keeping.recall.complete = true,
            }
        }
        let recall = &mut self.keeping.recall;
        if recall.under_way && recall.complete && self.readings.all().is_empty() && self.incoming.is_empty() {
            (recall.under_way, recall.in_view) = (false, None);
            settle();
        }
        if !recall.under_way
            && let Some(key) = self.document.take().and_then(|take| take.origin.kept.as_deref())
            && self.keeping.in_view != key
        {
            platform::remember(IN_VIEW, key);
            key.clone_into(&mut self.keeping.in_view);
        }
    }
}
