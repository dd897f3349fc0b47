//! How fast and how large the page is in this machine's browser: printed, and written as JSON beside the page.
//!
//! `cargo xtask page-figures` builds the page and runs this; alone it takes the name of a variant to measure no other.
//! Models that lie beside the page (`cargo xtask web --with MODEL`) are measured, too, else SmolLM2 where it was
//! fetched. Chromium uses its software GPU, so that figures of machines without one can be compared; they say nothing
//! about how fast a real GPU is.

use std::{
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};
use skeletonllm_checks::{asset, fetched};
use skeletonllm_tests::{
    browser::{App, Browser, page_folder},
    takes::write_long_take,
};
use xtask::{
    models,
    serve::{Server, Site},
};

/// A language model that is measured where somebody fetched it and no other lies beside the page.
const LANGUAGE: &str = "smollm2-135m";

const QUESTION: &str = "Which hand does the person move?";

/// How often the samples follow each other in a large file: some 60 MB.
const LARGE: usize = 410;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("page_figures: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Names and values in the order of measuring.
#[derive(Default)]
struct Figures(Map<String, Value>);

impl Figures {
    fn add(&mut self, name: &str, unit: &str, value: f64) {
        println!("{name:<44} {value:>10.2} {unit}");
        let rounded = (value * 1000.0).round() / 1000.0;
        self.0.insert(format!("{name} [{unit}]"), rounded.into());
    }
}

fn run() -> Result<()> {
    let folder = page_folder()?;
    let mut site = Site::load(&folder)?;
    let mut larger = beside(&folder)?;
    // the list of models is one file, so models that were put there are not joined by another
    if let (true, Some(path)) = (larger.is_empty(), fetched(LANGUAGE)) {
        site.add_models(&[models::Model::read(&path, models::PIECE)?])?;
        larger.push(LANGUAGE.to_owned());
    }
    let server = Server::start(site, 0)?;
    let mut browser = Browser::start()?;
    let mut figures = Figures::default();
    println!("{}", browser.version()?);
    figures.0.insert("browser".into(), browser.version()?.into());
    let only = std::env::args().nth(1);
    let variants = [("gpu", "?device=gpu"), ("cpu", "?device=cpu")];
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    ensure!(variants.iter().any(|(name, _)| wanted(name)), "the page has two variants: gpu and cpu");
    for (name, query) in variants.into_iter().filter(|(name, _)| wanted(name)) {
        let mut app = App::new(&mut browser, &server.origin())?;
        measure(&mut app, name, query, &mut figures)?;
        for model in &larger {
            measure_model(&mut app, name, query, model, &mut figures)?;
        }
    }
    let path = folder.with_file_name("page-figures.json");
    std::fs::write(&path, serde_json::to_string_pretty(&figures.0)?)?;
    println!("wrote {}", path.display());
    Ok(())
}

fn measure(app: &mut App<'_>, variant: &str, query: &str, figures: &mut Figures) -> Result<()> {
    for visit in ["first visit", "second visit"] {
        app.load(query)?;
        timed(app, "time-to-interactive", &format!("{variant}: interactive, {visit}"), figures)?;
        timed(app, "model-ready", &format!("{variant}: model ready, {visit}"), figures)?;
        // a software GPU that still looks at the example lets the next visit wait
        app.example()?;
    }
    for name in ["wave_left_hand.bvh", "wave_left_hand.skeleton"] {
        app.open(&asset("samples").join(name))?;
        timed(app, "open-to-strip", &format!("{variant}: drop to strip, {name}"), figures)?;
    }
    app.longest_block()?;
    app.page.press("Home")?;
    // there and back, so that the end of the take is no limit
    let (right, left) = (
        app.pictures_per_second("ArrowRight", Duration::from_secs(3))?,
        app.pictures_per_second("ArrowLeft", Duration::from_secs(3))?,
    );
    figures.add(&format!("{variant}: scrubbing at 448×448"), "pictures/s", (right + left) / 2.0);

    figures.add(&format!("{variant}: longest main-thread block, scrubbing"), "s", app.longest_block()?);

    let mut memory = Vec::new();
    for n in 1..=10 {
        app.ask(QUESTION)?;
        if n == 1 || n == 10 {
            let which = if n == 1 { "first question" } else { "tenth question" };
            timed(app, "first-token", &format!("{variant}: first token, {which}"), figures)?;
            let blocks = if n == 1 { "first answer" } else { "answering nine more times" };
            figures.add(&format!("{variant}: longest main-thread block, {blocks}"), "s", app.longest_block()?);
        }
        if n % 5 == 0 {
            memory.push((app.program_memory()? / 1e6, app.page.heap()? / 1e6));
        }
    }
    app.ask("Describe the motion in one sentence.")?;
    let (tokens, seconds) = (app.number("tokens")?, app.page.measure("answer")?);
    figures.add(&format!("{variant}: tokens per second, {tokens} tokens"), "1/s", tokens / seconds.unwrap_or(f64::NAN));
    for (n, (program, heap)) in [5, 10].into_iter().zip(memory) {
        figures.add(&format!("{variant}: program after {n} questions"), "MB", program);
        figures.add(&format!("{variant}: scripts after {n} questions"), "MB", heap);
    }
    // last: the program's memory never shrinks
    let large = app.page.browser().scratch().join("large.bvh");
    let (text, _) = write_long_take(&large, LARGE)?;
    app.longest_block()?;
    let start = Instant::now();
    app.open(&large)?;
    let size = format!("{} MB of BVH", text.len() >> 20);
    figures.add(&format!("{variant}: {size}, drop to recognised"), "s", start.elapsed().as_secs_f64());
    figures.add(&format!("{variant}: longest main-thread block, opening {size}"), "s", app.longest_block()?);
    Ok(())
}

/// The models that lie beside a page.
fn beside(folder: &Path) -> Result<Vec<String>> {
    let list = folder.join(models::LIST);
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let list: Vec<Map<String, Value>> = serde_json::from_slice(&std::fs::read(list)?)?;
    let names = list.iter().map(|model| model.get("name").and_then(Value::as_str).map(str::to_owned));
    names.collect::<Option<_>>().with_context(|| format!("{}: a model without a name", models::LIST))
}

/// How a larger model comes while the example plays, and answers. On a software adapter a word takes its time.
fn measure_model(app: &mut App<'_>, variant: &str, query: &str, model: &str, figures: &mut Figures) -> Result<()> {
    const HOURGLASS: Duration = Duration::from_secs(600);
    let start = Instant::now();
    app.load(&format!("{query}&model={model}"))?;
    app.model(model, HOURGLASS)?;
    figures.add(&format!("{variant}: {model} downloaded and read"), "s", start.elapsed().as_secs_f64());
    figures.add(&format!("{variant}: program with {model}"), "MB", app.program_memory()? / 1e6);
    app.open(&asset("samples/walk.bvh"))?;
    let question = if model == LANGUAGE { "What is the capital of France?" } else { QUESTION };
    println!("{model}: {:?}", app.ask(question)?);
    timed(app, "first-token", &format!("{variant}: {model}, first token"), figures)?;
    let speed = app.number("speed")?;
    figures.add(&format!("{variant}: {model}, decoding"), "tokens/s", speed);
    // the next variant's first visit has nothing open
    app.forget()
}

fn timed(app: &mut App<'_>, measure: &str, name: &str, figures: &mut Figures) -> Result<()> {
    let seconds = app.page.measure(measure)?.with_context(|| format!("the page measures no {measure}"))?;
    figures.add(name, "s", seconds);
    Ok(())
}
