//! The page in a real browser, from the first visit to the last question.
//!
//! One browser, one tab, one visit after the other: starting them takes longer than anything that is tested. A step that
//! fails does not keep the others from being tried. `cargo xtask test` builds the page and names it in
//! `SKELETONLLM_PAGE`. `SKELETONLLM_STEPS` picks the steps whose names contain some words, or others after a `;`, after
//! the first visit.

mod models;
mod native;
mod reaching;
mod showing;
mod side_by_side;
mod thinking;
mod using;
mod videos;
mod visiting;

use std::{path::Path, time::Instant};

use anyhow::{Result, ensure};
use native::Native;
use skeletonllm_checks::{Need, have};
use skeletonllm_tests::browser::{App, Browser, page_folder};
use xtask::serve::{Server, Site};

/// What the steps work with.
struct Visit<'a> {
    app: App<'a>,
    native: Native,
    server: Server,
    beside: models::Beside,
}

/// What most motions are asked.
const QUESTION: &str = "Which hand does the person move?";

impl Visit<'_> {
    /// Nothing complained since the record was emptied, but what was provoked. Empties it.
    fn no_errors_but(&mut self, provoked: &[&str]) -> Result<()> {
        let mut errors = std::mem::take(self.app.page.record()).errors;
        errors.retain(|error| !provoked.iter().any(|words| error.contains(words)));
        ensure!(errors.is_empty(), "errors:\n    {}", errors.join("\n    "));
        Ok(())
    }
}

/// Whether something on the canvas has that value.
fn data(name: &str, value: &str) -> String {
    format!("document.getElementById('app').dataset.{name} === '{value}'")
}

/// Whether a line of a kind in the log has some words.
fn said(kind: &str, words: &str) -> String {
    format!("[...document.querySelectorAll('#log > p[data-kind={kind}]')].some(p => p.textContent.includes('{words}'))")
}

type Step = (&'static str, fn(&mut Visit<'_>) -> Result<()>);

/// In this order: later steps find what earlier ones left.
const STEPS: [Step; 37] = [
    ("the first visit downloads everything once", visiting::first_visit),
    ("every sample is shown and recognised", showing::samples),
    ("a broken file is named with its line, and the page goes on", showing::broken_file),
    ("a large file is read beside the page, and a broken one named", showing::large_file),
    ("the pictures are the native renderer's", showing::pictures),
    ("answers are the native ones", thinking::answers),
    ("an answer is explained as natively", thinking::why),
    ("a long take is labelled", thinking::long_take),
    ("animation and answers can be taken away", showing::take_away),
    ("keys move the playhead", showing::keys),
    ("light, dark, and on a phone", showing::screenshots),
    ("ten questions take no more memory than five", thinking::memory),
    ("nothing is asked of anybody else, and nothing complains", visiting::quiet),
    ("a lost GPU is said and recovered", visiting::device_lost),
    ("without a network it works as before", visiting::offline),
    ("without WebGPU it works on the processor", visiting::processor),
    ("videos can be taken away, and play", videos::videos),
    ("where software imitates a GPU, the processor computes", models::imitated),
    ("a model beside the page comes in pieces, after a cut as well", models::beside),
    ("a wrong piece of a model is refused", models::wrong_piece),
    ("a model that is dropped answers and is kept", models::own),
    ("SmolLM2 answers as natively", models::smollm2),
    ("an address leads to a sample, a moment and a question", reaching::addresses),
    ("what is open comes back, and is forgotten when asked", reaching::kept),
    ("the page's own controls do what the window's do", reaching::controls),
    ("two takes stand side by side in step", side_by_side::two_takes),
    ("an address shows a take for other pages", side_by_side::embedded),
    ("in a frame of another page it only looks", side_by_side::framed),
    ("labels of all takes are saved without holes", using::tables),
    ("keys belong to what is in front", using::front),
    ("Tab goes through the controls, the canvas and back", using::tab),
    ("every size keeps motion, picture and conversation", using::sizes),
    ("an address that is shared leads back", using::share),
    ("who asks for less motion gets it, and the example comes back", using::calm),
    ("a large file keeps the page awake", using::awake),
    ("a GPU that never answers is done without", visiting::silent_gpu),
    ("where nothing works, it says what is missing", visiting::unsupported),
];

#[test]
fn the_page() {
    let Some(folder) = have(Need::Page, page_folder()) else { return };
    let Some(failed) = steps_that_fail(&folder) else { return };
    assert!(failed.is_empty(), "{} of {} steps failed: {}", failed.len(), STEPS.len(), failed.join("; "));
}

/// Visits the page in a browser of its own; `None` where there is none.
fn steps_that_fail(folder: &Path) -> Option<Vec<&'static str>> {
    let mut browser = have(Need::Browser, Browser::start())?;
    eprintln!("the page in {}", browser.version().expect("a browser has a version"));
    let mut site = Site::load(folder).expect("the page's folder");
    let beside = models::Beside::add_to(&mut site).expect("models beside the page");
    let server = Server::start(site, 0).expect("a free port");
    let app = App::new(&mut browser, &server.origin()).expect("a tab");
    let mut visit = Visit { app, native: Native::new().expect("the shipped model"), server, beside };

    let wanted = std::env::var("SKELETONLLM_STEPS").unwrap_or_default();
    let (first, others) = STEPS.split_first().expect("there are steps");
    let steps = std::iter::once(first)
        .chain(others.iter().filter(|(name, _)| wanted.split(';').any(|words| name.contains(words))));
    let mut failed = Vec::new();
    for (name, step) in steps {
        let start = Instant::now();
        let outcome = step(&mut visit);
        let word = if outcome.is_ok() { "ok    " } else { "FAILED" };
        eprintln!("{word} {name} ({:.1} s)", start.elapsed().as_secs_f64());
        if let Err(error) = outcome {
            eprintln!("       {error:#}");
            failed.push(*name);
            // nothing works where the page does not load
            if *name == first.0 {
                break;
            }
        }
    }
    Some(failed)
}
