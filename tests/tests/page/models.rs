//! Other models than the shipped one: beside the page, dropped onto it, kept.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Result, bail, ensure};
use burn::tensor::Device;
use skeletonllm::given::Answering;
use skeletonllm_checks::{asset, fetched};
use skeletonllm_network::{
    checkpoint::{self, Precision, tensors_of},
    config::TextConfig,
    device::DeviceChoice,
    text_model::TextModel,
    tokenizer::Tokenizer,
};
use tempfile::TempDir;
use xtask::{models as listing, serve::Site};

use crate::{QUESTION, Visit, said, showing::sample};

/// Bytes of a piece of the small models: they come in several.
const PIECE: usize = 1 << 16;
/// What the language models are asked.
const CAPITAL: &str = "What is the capital of France?";
const SOON: Duration = Duration::from_secs(120);
/// A model of a hundred megabytes may take this long.
const LATER: Duration = Duration::from_secs(280);

/// Lets three pieces of a model through where the address says `cut`.
const CUT: &str = "
    if (location.search.includes('cut')) {
        const fetch = window.fetch;
        let left = 3;
        window.fetch = (url, ...more) =>
            String(url).includes('model.safetensors') && String(url).includes('/models/') && left-- <= 0
                ? Promise.reject(new TypeError('the line was cut'))
                : fetch(url, ...more);
    }";

/// Models beside the page.
pub struct Beside {
    folder: TempDir,
    /// The real one, where somebody fetched it.
    smollm2: Option<PathBuf>,
}

impl Beside {
    /// Makes them, and puts them into the site with their list: `tiny` is a random language model, `broken` the same with a
    /// byte that was changed after it was listed.
    pub fn add_to(site: &mut Site) -> Result<Beside> {
        let folder = tempfile::tempdir()?;
        for name in ["tiny", "broken"] {
            std::fs::create_dir(folder.path().join(name))?;
            write_model(&folder.path().join(name))?;
        }
        let mut beside = Beside { folder, smollm2: fetched("smollm2-135m") };
        let mut models = vec![
            listing::Model::read(&beside.path("tiny"), PIECE)?,
            listing::Model::read(&beside.path("broken"), PIECE)?,
        ];
        let weights = beside.path("broken").join("model.safetensors");
        let mut bytes = std::fs::read(&weights)?;
        bytes[PIECE + PIECE / 2] ^= 1;
        std::fs::write(&weights, bytes)?;
        if let Some(path) = &beside.smollm2 {
            match listing::Model::read(path, listing::PIECE) {
                Ok(model) => models.push(model),
                Err(error) => {
                    eprintln!("       {error:#}");
                    beside.smollm2 = None;
                }
            }
        }
        site.add_models(&models)?;
        Ok(beside)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A random language model of the Llama family with a tokenizer that knows turns.
fn write_model(folder: &Path) -> Result<()> {
    let tokenizer = Tokenizer::train(["user assistant system What is the capital of France? wave left hand"], 320);
    let config = serde_json::json!({
        "model_type": "llama", "hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": tokenizer.vocabulary(),
        "rope_theta": 1e4, "rms_norm_eps": 1e-5, "max_position_embeddings": 1024, "tie_word_embeddings": true
    });
    let parsed = TextConfig::parse(config.to_string().as_bytes(), "config.json")?;
    let tensors = tensors_of(&TextModel::new(&parsed, &Device::flex())).into_iter().enumerate();
    let random = tensors.map(|(seed, (name, mut tensor))| {
        let matrix = tensor.shape.len() == 2;
        for (i, value) in tensor.values.iter_mut().enumerate() {
            let noise = ((i * 7919 + seed * 104_729) as f32 * 0.618).sin();
            *value = if matrix { noise * 0.3 } else { 1.0 };
        }
        (name.trim_start_matches("language_model.").to_owned(), tensor)
    });
    checkpoint::write(folder.join("model.safetensors"), &random.collect(), Precision::F32)?;
    std::fs::write(folder.join("config.json"), config.to_string())?;
    std::fs::write(folder.join("tokenizer.json"), tokenizer.to_json())?;
    Ok(())
}

/// What a language model says natively.
fn native(path: &Path) -> Result<String> {
    match Answering::open(path, DeviceChoice::Cpu)? {
        Answering::Text(assistant) => Ok(assistant.ask(CAPITAL, |_| ())?.text),
        Answering::Seeing(_) => bail!("{}: it sees", path.display()),
    }
}

pub fn beside(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.page.before_load(CUT)?;
    visit.app.load("?device=cpu&model=tiny&cut")?;
    visit.app.page.wait_for("the cut is said", &said("error", "goes on from there"), SOON)?;
    ensure!(visit.app.data("model")? == "nano", "another model answers: {:?}", visit.app.data("model")?);
    visit.app.load("?device=cpu&model=tiny")?;
    visit.app.model("tiny", SOON)?;

    let bytes = std::fs::metadata(visit.beside.path("tiny").join("model.safetensors"))?.len() as usize;
    let pieces = bytes.div_ceil(PIECE);
    ensure!(pieces > 4, "{pieces} pieces are no download in pieces");
    let asked = visit.server.answered().into_iter();
    let asked = asked.filter(|a| a.url == "/models/tiny/model.safetensors" && a.status == 206);
    let (count, sent) = asked.fold((0, 0), |(count, sent), a| (count + 1, sent + a.bytes));
    ensure!((count, sent) == (pieces, bytes), "{count} requests and {sent} bytes for {pieces} pieces of {bytes}");
    let notes = visit.app.said("note")?;
    ensure!(notes.iter().any(|note| note.starts_with("tiny: ") && note.contains("SHA-256")), "{notes:?}");
    ensure!(notes.iter().any(|note| note.contains("sees no pictures")), "it does not say that it is blind: {notes:?}");

    visit.app.open(&sample("walk.bvh"))?;
    let (answer, expected) = (visit.app.ask(CAPITAL)?, native(&visit.beside.path("tiny"))?);
    ensure!(answer == expected, "the page answers {answer:?}, natively it is {expected:?}");
    let speed = visit.app.number("speed")?;
    ensure!(speed > 0.0, "the page tells no speed");
    let status = "document.getElementById('status').textContent.includes('tokens/s')";
    visit.app.page.wait_for("the status line tells the speed", status, SOON)?;
    // what is here is not downloaded again
    visit.app.load("?device=cpu&model=tiny")?;
    visit.app.model("tiny", SOON)?;
    let asked = visit.server.answered().into_iter().filter(|a| a.url == "/models/tiny/model.safetensors").count();
    ensure!(asked == pieces, "it was downloaded again");
    visit.no_errors_but(&["the line was cut"])
}

pub fn wrong_piece(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu&model=broken")?;
    let refused = said("error", "SHA-256 is not the one");
    visit.app.page.wait_for("the wrong piece is refused", &refused, SOON)?;
    let errors = visit.app.said("error")?;
    let place = format!("model.safetensors, bytes {PIECE} to {}", 2 * PIECE - 1);
    ensure!(errors.iter().any(|error| error.contains(&place)), "it does not say which bytes: {errors:?}");
    let file = sample("wave_left_hand.bvh");
    visit.app.open(&file)?;
    let (answer, expected) = (visit.app.ask(QUESTION)?, visit.native.answer(&file, QUESTION)?);
    ensure!(answer == expected && visit.app.data("model")? == "nano", "nano does not go on: {answer:?}");
    visit.app.load("?device=cpu&model=nowhere")?;
    visit.app.page.wait_for("a wrong folder is said", &said("error", "no config.json in nowhere/"), SOON)?;
    visit.no_errors_but(&["404"])
}

pub fn own(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("?device=cpu")?;
    let nano = asset("nano");
    let some: Vec<PathBuf> = ["config.json", "model.safetensors"].map(|name| nano.join(name)).into();
    let (kind, text) = visit.app.heard(&["error", "opened"], |app| app.page.drop_files(&some))?;
    ensure!(kind == "error" && text.contains("tokenizer.json"), "{kind}: {text}");

    // whoever waits for a model takes an error in the log for its
    visit.app.load("?device=cpu")?;
    let entries = std::fs::read_dir(&nano)?.collect::<Result<Vec<_>, _>>()?;
    let all: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    visit.app.page.drop_files(&all)?;
    visit.app.model("your model", SOON)?;
    visit.app.page.wait_for("it is kept", &said("note", "your model is kept"), SOON)?;
    let file = sample("wave_left_hand.bvh");
    let expected = visit.native.answer(&file, QUESTION)?;
    let labels = visit.app.hear("labels", |app| app.open(&file).map(drop))?;
    ensure!(labels.starts_with(&visit.native.label(&file)?.0), "it recognises otherwise: {labels}");
    let answer = visit.app.ask(QUESTION)?;
    ensure!(answer == expected, "{answer:?} instead of {expected:?}");

    visit.app.load("?device=cpu&model=your%20model")?;
    visit.app.model("your model", SOON)?;
    visit.app.open(&file)?;
    let again = visit.app.ask(QUESTION)?;
    ensure!(again == expected, "kept, it answers {again:?} instead of {expected:?}");
    visit.app.click("remove-model")?;
    let gone = "!(document.getElementById('app').dataset.models ?? '').split('\\n').some(line => line.startsWith('your model'))";
    visit.app.page.wait_for("it is removed", gone, SOON)?;
    let left = "navigator.storage.getDirectory().then(root => root.getDirectoryHandle('models')).then(async folder => {
        const names = [];
        for await (const inner of folder.values()) {
            names.push(JSON.parse(await (await (await inner.getFileHandle('model.json')).getFile()).text()).name);
        }
        return !names.includes('your model');
    })";
    visit.app.page.wait_for("nothing of it is kept", left, SOON)
}

pub fn smollm2(visit: &mut Visit<'_>) -> Result<()> {
    let Some(path) = visit.beside.smollm2.clone() else {
        eprintln!("         skipped: cargo xtask fetch smollm2-135m brings the model");
        return Ok(());
    };
    let size = std::fs::read_dir(&path)?.flatten().filter_map(|entry| entry.metadata().ok()).map(|data| data.len());
    let size = size.sum::<u64>() as f64;
    let expected = native(&path)?;
    visit.app.load("?device=cpu&model=smollm2-135m")?;
    visit.app.model("smollm2-135m", LATER)?;
    let memory = visit.app.program_memory()?;
    eprintln!("         {:.0} MB of memory for a file of {:.0} MB", memory / 1e6, size / 1e6);
    ensure!(memory < 2.0 * size, "it takes {:.0} MB", memory / 1e6);
    visit.app.open(&sample("walk.bvh"))?;
    let answer = visit.app.ask(CAPITAL)?;
    ensure!(answer == expected, "the page answers {answer:?}, natively it is {expected:?}");
    let speed = visit.app.number("speed")?;
    eprintln!("         {answer:?} at {speed:.1} tokens a second");
    ensure!(speed > 0.0, "the page tells no speed");
    Ok(())
}

pub fn imitated(visit: &mut Visit<'_>) -> Result<()> {
    visit.app.load("")?;
    let device = visit.app.data("device")?;
    ensure!(device.starts_with("CPU"), "on a software adapter the model is on {device}");
    let notes = visit.app.said("note")?;
    ensure!(notes.iter().any(|note| note.contains("imitated by software")), "it does not say why: {notes:?}");
    Ok(())
}
