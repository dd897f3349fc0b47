//! `evaluate --data DIR…`: how often the model is right.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use draction::cli::{finish, print, warn};
use indicatif::ProgressBar;
use skeletonllm::{
    assistant::Assistant,
    beside::Beside,
    cli::{bar, shown_on},
    folder::default_model,
    graph_recogniser::GraphRecogniser,
    sugar::{self, Sugar, narrator::SugarNarrator},
};
use skeletonllm_data::{
    DataSet, Family, Labels, LoadOptions, ProtocolOptions, Selection, SelectionOptions, Split, formats,
    mapping::Mapping, prompts::Prompts,
};
use skeletonllm_network::device::DeviceChoice;
use skeletonllm_train::{
    Recogniser, System,
    evaluate::{
        Judged, Scores,
        answers::{self, SaidAnswer, Truths},
        baseline::Gallery,
        evaluate,
        recognition::{Ranked, recognise},
        report,
        robustness::{compare, robustness},
    },
    plot,
    s2i::S2iRecogniser,
    system::{WithRecogniser, with_recogniser},
};

/// Judge a model on folders of labelled motions.
///
/// A folder is described by a metadata.jsonl, or has the layout of NTU RGB+D or of HumanML3D. Recognition ranks
/// candidate labels by the probability that the model gives them as its answer: once among the folder's own labels,
/// once among all labels the model knows. Where the truth of a question follows from the motion or stands in the folder,
/// free answers are judged as well. Means are of folders, each counting alike.
#[derive(Parser)]
#[command(
    name = "evaluate",
    version,
    after_help = "Examples:\n  \
        evaluate --data data/utd-mhad data/mae-gestures --baseline --json scores.json --confusion confusion.png\n  \
        evaluate --data data/utd-mhad --robustness --baseline --table robustness.md\n  \
        evaluate --model runs/a/model-int8 --against runs/a/model --data data/utd-mhad    # int8 against f32\n  \
        evaluate --model runs/a/model --data data/* --unseen unseen.txt    # labels that training left out\n  \
        evaluate --data nturgb+d_skeletons --protocol zero-shot-55-5 --missing-samples missing.txt --answers said.tsv\n  \
        evaluate --model runs/ntu120/model --data data/utd-mhad --mapping utd-to-ntu.json\n  \
        evaluate --score said.tsv"
)]
struct Args {
    /// Folders of motions.
    #[arg(long, required_unless_present = "score", num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Which clips: train, val, test or all [default: val; under a protocol test]
    #[arg(long)]
    split: Option<Split>,
    #[command(flatten)]
    ntu: ProtocolOptions,
    #[command(flatten)]
    selection: SelectionOptions,
    /// Model directory, of SkeletonLLM, of graph networks, of S2I or of SUGAR [default: the shipped nano model]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Further S2I models, of other streams; the probabilities of all count alike.
    #[arg(long, num_args = 1.., value_name = "DIR", requires = "model")]
    fuse: Vec<PathBuf>,
    /// Where SUGAR's sentence encoder lies, if no longer where the model was trained.
    #[arg(long, value_name = "DIR", requires = "model")]
    text: Option<PathBuf>,
    /// Where the language model lies that a model was trained on top of, if no longer where it was.
    #[arg(long, value_name = "DIR or FILE", requires = "model", conflicts_with = "text")]
    base: Option<PathBuf>,
    /// Judge a model with other labels than the data's: a JSON object {"label of the data": "label of the model", …}.
    /// Clips of labels that it does not name are left out.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["score", "unseen"])]
    mapping: Option<PathBuf>,
    /// Judge this model directory on the same clips, too, and tell the difference.
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Where to compute: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Compare with the nearest training clip of the same folders: dynamic time warping of normalised joints.
    #[arg(long)]
    baseline: bool,
    /// Recognise the clips with joints dropped, with noise and on other layouts, too; with --baseline both.
    #[arg(long)]
    robustness: bool,
    /// Write the robustness table as Markdown.
    #[arg(long, value_name = "FILE.md", requires = "robustness")]
    table: Option<PathBuf>,
    /// Write the scores as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the confusion matrix over all labels.
    #[arg(long, value_name = "FILE.png")]
    confusion: Option<PathBuf>,
    /// Write how far confidence can be trusted: accuracy against confidence, and risk against coverage.
    #[arg(long, value_name = "FILE.png")]
    calibration: Option<PathBuf>,
    /// Ask for the label in words, generated and scored as in the paper, and write the answers: a line
    /// `sample<TAB>answer` each.
    #[arg(long, value_name = "FILE.tsv")]
    answers: Option<PathBuf>,
    /// Score such a file instead of judging a model. --data tells the labels; names of NTU RGB+D tell their own.
    #[arg(long, value_name = "FILE.tsv", conflicts_with_all = [
        "answers", "baseline", "robustness", "against", "model", "split", "confusion", "calibration", "prompts",
        "skip_background", "recognition_only",
    ])]
    score: Option<PathBuf>,
    /// Prompts to use instead of the project's own; under a protocol --answers asks with `mqa`.
    #[arg(long, value_name = "FILE", requires = "answers")]
    prompts: Option<PathBuf>,
    /// Clips at a time.
    #[arg(long, default_value_t = 16)]
    batch: usize,
    /// Look only at the parts of the pictures that hold something.
    #[arg(long)]
    skip_background: bool,
    /// Skip the questions, recognise only.
    #[arg(long)]
    recognition_only: bool,
}

impl Args {
    /// Where what the model needs beside it lies.
    fn beside(&self) -> Beside<'_> {
        Beside { text: self.text.as_deref(), base: self.base.as_deref() }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.score {
        Some(path) => score(&args, path),
        None => start(&args),
    };
    finish("evaluate", done)
}

/// Reads the wanted clips of every folder, under the model's labels where a mapping says them.
fn read(folders: &[PathBuf], split: Split, load: &LoadOptions, mapping: Option<&Mapping>) -> Result<Vec<DataSet>> {
    let read = |folder: &PathBuf| {
        let reading = bar(&format!("reading {} of {}", split.name(), folder.display()), 0);
        let mut set = shown_on(reading, |told| DataSet::load_with(folder, split, load, told))?;
        if let Some(mapping) = mapping {
            mapping.apply(&mut set);
        }
        set.warnings.iter().for_each(|warning| warn(format_args!("evaluate: {warning}")));
        Ok(set)
    };
    folders.iter().map(read).collect()
}

fn score(args: &Args, path: &Path) -> Result<()> {
    let load = args.ntu.load_options()?;
    let listings = args.data.iter().map(|folder| formats::list(folder, &load)).collect::<Result<Vec<_>, _>>()?;
    let truths = Truths::of(listings.iter().flat_map(|l| &l.records));
    let scores = answers::score(&answers::read(path)?, &truths).with_context(|| path.display().to_string())?;
    write_json(args, &scores)?;
    Ok(print(report::answer_scores(&scores))?)
}

/// What a model is judged on.
struct Material {
    sets: Vec<DataSet>,
    /// The training clips that neighbours are looked for among, where that was asked for.
    gallery: Option<Gallery>,
    /// Under the zero-shot protocol, the labels that answers are chosen among.
    unseen: Option<Labels>,
    /// Which of the model's labels the clips have instead of their own.
    mapping: Option<Mapping>,
}

/// Reads all that a model is judged on.
fn material(args: &Args) -> Result<Material> {
    let load = args.ntu.load_options()?;
    let split = args.split.unwrap_or(Split::judged(&load));
    let selection = args.selection.select(&args.data)?;
    let unseen = selection.unseen_candidates(&load)?;
    let mapping = args.mapping.as_deref().map(Mapping::read).transpose()?;
    let sets = read(&selection.folders, split, &load, mapping.as_ref())?;
    if let (Some(path), true) = (&args.mapping, sets.iter().all(|set| set.clips.is_empty())) {
        bail!("{}: no clip of the split {} has a label that it names", path.display(), split.name());
    }
    let sets = sets.into_iter().map(|set| selection.unseen(set, unseen.as_ref()));
    // under the zero-shot protocol many folders have nothing to show
    let sets: Vec<DataSet> = sets.filter(|set| unseen.is_none() || !set.clips.is_empty()).collect();
    if sets.is_empty() {
        bail!("no clip of the split {} has one of the unseen labels", split.name());
    }
    let gallery = args.baseline.then(|| gallery(&selection, split, &sets, &load, mapping.as_ref())).transpose()?;
    Ok(Material { sets, gallery, unseen, mapping })
}

fn start(args: &Args) -> Result<()> {
    let material = material(args)?;
    let sets = &material.sets;
    let prompts = match &args.prompts {
        Some(path) => Prompts::read(path)?,
        None => Prompts::built_in().clone(),
    };
    let folder = args.model.clone().map_or_else(default_model, Ok)?;
    let system = System::of(&folder);
    args.beside().fits(&folder)?;
    if args.skip_background && system != System::SkeletonLlm {
        bail!("--skip-background is for models of SkeletonLLM, and {} is one of {system}", folder.display());
    }
    if system != System::SkeletonLlm && args.answers.is_some() {
        bail!("{} says no words, only labels: leave --answers out", folder.display());
    }
    if system != System::S2i && !args.fuse.is_empty() {
        bail!("--fuse is for models of S2I");
    }
    let told = |device: &str| warn(format_args!("{} on {device}", folder.display()));
    match system {
        System::SkeletonLlm => {}
        System::Mmcl => {
            let recogniser = GraphRecogniser::load(&folder, args.device)?;
            told(recogniser.device_name());
            return judge_labels(args, &recogniser, &material);
        }
        System::S2i => {
            let recogniser = S2iRecogniser::load(&[std::slice::from_ref(&folder), &args.fuse].concat(), args.device)?;
            told(recogniser.device_name());
            return judge_labels(args, &recogniser, &material);
        }
        System::Sugar if sugar::narrates(&folder) => {
            let recogniser = SugarNarrator::load(&folder, args.base.as_deref(), args.device)?;
            told(recogniser.device_name());
            return judge(args, &recogniser, &material);
        }
        System::Sugar => {
            let recogniser = Sugar::load(&folder, args.text.as_deref(), args.device)?;
            told(recogniser.device_name());
            return judge(args, &recogniser, &material);
        }
    }
    let total: usize = sets.iter().map(|s| s.clips.len()).sum();
    let assistant =
        Assistant::load_on(&folder, args.base.as_deref(), args.device)?.skip_background(args.skip_background);
    told(assistant.device_name());

    let families: &[Family] = if args.recognition_only { &[] } else { Family::JUDGED };
    let mut said = Vec::new();
    let judging = bar("judging", total);
    let judged =
        Judged { speaker: &assistant, families, answers: args.answers.is_some().then_some((&prompts, &mut said)) };
    let mut scores = evaluate(&assistant, sets, args.batch, Some(judged), |n| judging.inc(n as u64))?;
    judging.finish_and_clear();
    if let Some(path) = &args.answers {
        let failed = sets.iter().flat_map(|s| &s.failed);
        said.extend(failed.map(|f| SaidAnswer { sample: f.record.id(), text: format!("ERROR: {}", f.why) }));
        answers::write(path, &said)?;
        let records = || sets.iter().flat_map(DataSet::records);
        let labelled: std::collections::BTreeSet<String> =
            records().filter(|r| r.label.is_some()).map(|r| r.id()).collect();
        said.retain(|answer| labelled.contains(&answer.sample));
        scores.answers = Some(answers::score(&said, &Truths::of(records()))?);
    }
    tell(args, &assistant, &material, scores)
}

/// Judges what names its own labels only.
fn judge_labels(args: &Args, recogniser: &impl Recogniser, material: &Material) -> Result<()> {
    let mapped = args.mapping.as_deref().zip(material.mapping.as_ref());
    if let Some((path, label)) = mapped.and_then(|(path, map)| Some((path, map.unknown_to(recogniser.labels())?))) {
        bail!("{}: '{label}' is no label of the model, which knows {}", path.display(), recogniser.labels().join(", "));
    }
    judge(args, recogniser, material)
}

/// Judges what answers no questions.
fn judge(args: &Args, recogniser: &impl Recogniser, material: &Material) -> Result<()> {
    let judging = bar("judging", material.sets.iter().map(|set| set.clips.len()).sum());
    let scores = evaluate(recogniser, &material.sets, args.batch, None, |n| judging.inc(n as u64))?;
    judging.finish_and_clear();
    tell(args, recogniser, material, scores)
}

/// Ranks the labels of all clips, whoever recognises.
struct Ranks<'a> {
    sets: &'a [DataSet],
    batch: usize,
    bar: &'a ProgressBar,
}

impl WithRecogniser for Ranks<'_> {
    type Output = Vec<Vec<Option<Ranked>>>;

    fn run<R: Recogniser>(self, recogniser: &R) -> Result<Self::Output> {
        recognise(recogniser, self.sets, self.batch, None, |n| self.bar.inc(n as u64))
    }
}

/// Compares with whatever was asked for, prints the scores and writes them.
fn tell(args: &Args, recogniser: &impl Recogniser, material: &Material, mut scores: Scores) -> Result<()> {
    let Material { sets, gallery, unseen, mapping: _ } = material;
    if let Some(labels) = unseen {
        scores.take_unseen(labels);
    }
    let total: usize = sets.iter().map(|s| s.clips.len()).sum();
    if let Some(gallery) = gallery {
        let comparing = bar("nearest neighbours", total);
        for set in sets {
            let baseline = gallery.judge(set, &|motion, _| std::borrow::Cow::Borrowed(motion), &|| comparing.inc(1));
            scores.sets.entry(set.name.clone()).or_default().baseline = Some(baseline);
        }
        comparing.finish_and_clear();
        scores.take_means();
    }
    if let Some(other) = &args.against {
        let bar = bar("judging the other", total);
        // what is named beside the first is the second's where it has a use for it
        let own = args.beside();
        let beside = if own.fits(other).is_ok() { own } else { Beside::default() };
        let ranked = with_recogniser(other, beside, args.device, Ranks { sets, batch: args.batch, bar: &bar })?;
        bar.finish_and_clear();
        scores.against = Some(compare(other.display().to_string(), sets, &scores.ranked, &ranked));
    }
    print(report::text(&scores))?;
    if args.robustness {
        table(args, recogniser, gallery.as_ref(), sets, &mut scores)?;
    }
    write_json(args, &scores)?;
    if let Some(path) = &args.confusion {
        plot::confusion(path, "recognition among all labels", &scores.labels, &scores.confusion)?;
    }
    if let (Some(path), Some(calibration)) = (&args.calibration, &scores.calibration) {
        plot::calibration(path, calibration)?;
    }
    Ok(())
}

/// The training clips that neighbours are looked for among.
fn gallery(
    selection: &Selection,
    split: Split,
    sets: &[DataSet],
    load: &LoadOptions,
    mapping: Option<&Mapping>,
) -> Result<Gallery> {
    if let Some(set) = sets.iter().find(|set| !set.divided) {
        bail!("--baseline needs training clips, but no clip of {} says which half it belongs to", set.name);
    }
    if !matches!(split, Split::Val | Split::Test) {
        bail!("--baseline compares with the training clips: judge val or test, not {}", split.name());
    }
    // a neighbour has to know a label to give it, and so would have seen what no model saw
    Ok(Gallery::of(&read(&selection.folders, Split::Train, load, mapping)?))
}

fn table(
    args: &Args,
    recogniser: &impl Recogniser,
    gallery: Option<&Gallery>,
    sets: &[DataSet],
    scores: &mut Scores,
) -> Result<()> {
    let clips: usize = sets.iter().map(|s| s.clips.len()).sum();
    let bar = bar("robustness", clips * skeletonllm_data::Perturbation::TABLE.len());
    let rows = robustness(recogniser, gallery, sets, args.batch, |n| bar.inc(n as u64))?;
    bar.finish_and_clear();
    let markdown = report::robustness(&rows);
    print(format!("\nTop-1 among all labels, percent:\n\n{markdown}\n"))?;
    if let Some(path) = &args.table {
        draction::store::write_atomically(path, markdown.as_bytes())?;
    }
    scores.robustness = Some(rows);
    Ok(())
}

fn write_json(args: &Args, scores: &impl serde::Serialize) -> Result<()> {
    if let Some(path) = &args.json {
        draction::store::write_atomically(path, &serde_json::to_vec_pretty(scores)?)?;
    }
    Ok(())
}
