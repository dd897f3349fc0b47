//! `rationales kinematic|endpoint --data DIR… --out FILE`: has a teacher explain the training clips.

use std::{
    io::{BufRead, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use draction::cli::{finish, warn};
use skeletonllm::{
    cli::{bar, shown_on, stop_flag},
    folder::default_model,
};
use skeletonllm_data::{
    DataClip, DataSet, Knowledge, Labels, LoadOptions, Split,
    prompts::Prompts,
    teacher::{Journal, KinematicTeacher, Teacher, TeacherError, Written, refuse_ambiguous, write_rationales},
};
use skeletonllm_network::device::DeviceChoice;
use skeletonllm_train::endpoint::{EndpointConfig, EndpointTeacher, Key, Painter, WallClock};

/// Have a teacher explain why each training clip shows its label, for stage 3 of `train` (CR-Distill).
///
/// Each line of the file that it writes is {"file_name": …, "rationale": …}; a rationale ends with "Label: …". Texts
/// that lack that line or name another label are dropped. Lines are added as answers come: run the same command again
/// and it goes on with the clips that are missing.
#[derive(Parser)]
#[command(
    name = "rationales",
    version,
    after_help = "Examples:\n  \
        rationales kinematic --data data/utd-mhad --out utd.jsonl\n  \
        rationales endpoint --data data/utd-mhad --out utd.jsonl --limit 5 \\\n      \
            --url http://localhost:8000/v1 --model Qwen2.5-VL-7B-Instruct\n  \
        SKELETONLLM_KEY=… rationales endpoint --data data/utd-mhad --out utd.jsonl \\\n      \
            --url https://api.openai.com/v1 --model gpt-4o --price-in 2.50 --price-out 10\n  \
        rationales endpoint --parts --data data/utd-mhad --out parts.jsonl --url http://localhost:8000/v1 --model NAME"
)]
struct Arguments {
    #[command(subcommand)]
    teacher: Choice,
}

#[derive(Subcommand)]
enum Choice {
    /// The built-in teacher: says in fixed phrases what the joints do. Free, offline, a few seconds.
    ///
    /// `train` asks it by itself, about each clip as it is shown; a file of its texts is for reading and mixing.
    Kinematic(Common),
    /// A vision-language model behind an OpenAI-compatible endpoint, which gets twelve pictures and the true label.
    ///
    /// The key comes from the variable SKELETONLLM_KEY, from --key-file, or from the field "key" of --config; it is
    /// never printed or written. There is no flag for the key itself, because other users of a machine can read flags.
    Endpoint(Box<EndpointArguments>),
}

#[derive(Args)]
struct Common {
    /// Folders with a metadata.jsonl each; only their training clips are explained.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// The file to add to.
    #[arg(long, value_name = "FILE.jsonl")]
    out: PathBuf,
    /// Explain only so many clips, spread over all: for a first look.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Args)]
struct EndpointArguments {
    #[command(flatten)]
    common: Common,
    /// Settings as JSON, named like the flags (url, model, key, requests_per_minute, …); flags go before them.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where chat/completions lies, such as https://api.openai.com/v1
    #[arg(long)]
    url: Option<String>,
    /// The model's name there.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// File that holds nothing but the key.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Most requests a minute [default: 30]
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<f64>,
    /// Requests under way at a time [default: 4]
    #[arg(long, value_name = "N")]
    parallel: Option<usize>,
    /// Tries after the first, with growing pauses or those that the server asks for [default: 5]
    #[arg(long, value_name = "N")]
    retries: Option<u32>,
    /// Seconds that one request may take [default: 120]
    #[arg(long, value_name = "S")]
    timeout: Option<f64>,
    /// Longest answer in tokens [default: 512]
    #[arg(long, value_name = "N")]
    max_tokens: Option<u32>,
    /// Randomness of the answers, 0 to 2 [default: 0.2]
    #[arg(long, value_name = "T")]
    temperature: Option<f64>,
    /// Price of a million tokens sent, to show the cost beforehand.
    #[arg(long, value_name = "PRICE")]
    price_in: Option<f64>,
    /// Price of a million tokens received.
    #[arg(long, value_name = "PRICE")]
    price_out: Option<f64>,
    /// Tokens that the model counts for a picture, for the estimate [default: 256]
    #[arg(long, value_name = "N")]
    tokens_per_picture: Option<u32>,
    /// Prompts to use instead of ours; see assets/prompts/prompts.txt.
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,
    /// Model directory whose renderer draws the pictures [default: the shipped nano model]
    #[arg(long, value_name = "DIR")]
    renderer: Option<PathBuf>,
    /// Width and height of the pictures in pixels.
    #[arg(long, default_value_t = 448, value_parser = clap::value_parser!(u16).range(16..=2048))]
    size: u16,
    /// Where to draw: auto, gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Ask about the labels instead of the clips, without pictures: what six parts of the body do in each. The file is for
    /// `train --system sugar --texts`.
    #[arg(long, conflicts_with = "limit")]
    parts: bool,
    /// Start without asking.
    #[arg(long)]
    yes: bool,
}

/// Variable that the key is taken from.
const KEY: &str = "SKELETONLLM_KEY";

fn main() -> ExitCode {
    let outcome = match Arguments::parse().teacher {
        Choice::Kinematic(common) => kinematic(&common),
        Choice::Endpoint(arguments) => endpoint(&arguments),
    };
    finish("rationales", outcome)
}

fn kinematic(common: &Common) -> Result<()> {
    let sets = common.read()?;
    let (journal, clips) = common.open(&sets)?;
    common.write(&KinematicTeacher, &clips, &journal, 1)?;
    Ok(())
}

fn endpoint(arguments: &EndpointArguments) -> Result<()> {
    // whatever can be wrong is found before data are read and money is spent
    let config = arguments.settings()?;
    config.validate()?;
    let prompts = arguments.prompts.as_deref().map_or(Ok(Prompts::built_in().clone()), Prompts::read)?;
    let folder = arguments.renderer.clone().map_or_else(default_model, Ok)?;
    let painter = Painter::open(&folder, arguments.device, usize::from(arguments.size))?;
    let common = &arguments.common;
    let sets = common.read()?;
    if arguments.parts {
        return parts(arguments, config, prompts, &painter, &sets);
    }
    let (journal, clips) = common.open(&sets)?;
    if clips.is_empty() {
        return Ok(());
    }
    let characters = clips.iter().filter_map(|c| c.record.label.as_deref()).map(|label| prompts.teacher(label).len());
    let characters = prompts.teacher_system().len() + characters.max().unwrap_or(0);
    warn(format_args!("{} at {}", config.model, config.url));
    warn(format_args!(
        "{} pictures of {size}x{size} for each of {} clips: {}",
        painter.frames(),
        clips.len(),
        config.estimate(clips.len(), painter.frames(), characters),
        size = arguments.size
    ));
    if config.exposes_key() {
        warn("the key will be sent unencrypted, because the URL does not begin with https://");
    }
    if !arguments.yes && !confirmed()? {
        bail!("nothing was sent; --yes starts without asking");
    }
    // what is under way is waited for; the second Ctrl-C loses no line either
    let stop = stop_flag("stopping when the answers under way are there")?;
    let clock = WallClock::new(&stop);
    let parallel = config.parallel;
    let teacher = EndpointTeacher::new(config.clone(), prompts, &painter, &clock)?;
    let outcome = common.write(&teacher, &clips, &journal, parallel);
    let used = teacher.used();
    let cost = config.cost(used).map_or(String::new(), |cost| format!(", about {cost:.2}"));
    warn(format_args!("{} tokens in, {} out{cost}", used[0], used[1]));
    outcome
}

/// Asks about every label that the file does not hold yet, one after the other.
fn parts(
    arguments: &EndpointArguments,
    config: EndpointConfig,
    prompts: Prompts,
    painter: &Painter,
    sets: &[DataSet],
) -> Result<()> {
    let path = &arguments.common.out;
    let known = if path.exists() { Knowledge::read(path)? } else { Knowledge::default() };
    let labels = sets.iter().fold(Labels::default(), |all, set| all.union(&set.labels()));
    let open: Vec<&String> = labels.names().iter().filter(|label| known.motion(label).is_none()).collect();
    warn(format_args!("{} at {}: {} labels, {} of them open", config.model, config.url, labels.len(), open.len()));
    if config.exposes_key() {
        warn("the key will be sent unencrypted, because the URL does not begin with https://");
    }
    if open.is_empty() || !arguments.yes && !confirmed()? {
        warn("nothing was sent");
        return Ok(());
    }
    let stop = stop_flag("stopping when the answer under way is there")?;
    let clock = WallClock::new(&stop);
    let teacher = EndpointTeacher::new(config, prompts, painter, &clock)?;
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
    let bar = bar("asking about labels", open.len());
    for label in open {
        let parts = match teacher.parts(label) {
            Err(TeacherError::Stopped) => break,
            parts => parts.with_context(|| format!("{} keeps what was written", path.display()))?,
        };
        let line = serde_json::json!({"label": label, "motion": parts});
        file.write_all(format!("{line}\n").as_bytes()).with_context(|| path.display().to_string())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    let used = teacher.used();
    warn(format_args!("{} tokens in, {} out", used[0], used[1]));
    Ok(())
}

/// Asks whether to start; no answer is a no.
fn confirmed() -> Result<bool> {
    let mut asked = std::io::stderr().lock();
    write!(asked, "start? [y/N] ")?;
    asked.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

impl EndpointArguments {
    /// Flags before the file, the file before the defaults; for the key the variable comes first.
    fn settings(&self) -> Result<EndpointConfig> {
        let file = self.config.as_deref().map_or(Ok(EndpointConfig::default()), EndpointConfig::read)?;
        let key = match (std::env::var(KEY), &self.key_file) {
            (Ok(text), _) => Some(Key::new(&text).context(KEY)?),
            (Err(_), Some(path)) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                Some(Key::new(&text).with_context(|| path.display().to_string())?)
            }
            (Err(_), None) => file.key,
        };
        Ok(EndpointConfig {
            url: self.url.clone().unwrap_or(file.url),
            model: self.model.clone().unwrap_or(file.model),
            key,
            requests_per_minute: self.requests_per_minute.unwrap_or(file.requests_per_minute),
            parallel: self.parallel.unwrap_or(file.parallel),
            retries: self.retries.unwrap_or(file.retries),
            timeout: self.timeout.unwrap_or(file.timeout),
            max_tokens: self.max_tokens.unwrap_or(file.max_tokens),
            temperature: self.temperature.unwrap_or(file.temperature),
            tokens_per_picture: self.tokens_per_picture.unwrap_or(file.tokens_per_picture),
            price_in: self.price_in.or(file.price_in),
            price_out: self.price_out.or(file.price_out),
        })
    }
}

impl Common {
    /// The training halves of all folders.
    fn read(&self) -> Result<Vec<DataSet>> {
        let options = LoadOptions { orientations: false, ..LoadOptions::default() };
        let read = |folder: &PathBuf| {
            let reading = bar(&format!("reading {}", folder.display()), 0);
            let set = shown_on(reading, |told| DataSet::load_with(folder, Split::Train, &options, told))?;
            set.warnings.iter().for_each(|warning| warn(format_args!("rationales: {warning}")));
            Ok(set)
        };
        self.data.iter().map(read).collect()
    }

    /// The file, and the labelled clips that it lacks.
    fn open<'a>(&self, sets: &'a [DataSet]) -> Result<(Journal, Vec<&'a DataClip>)> {
        let all = || sets.iter().flat_map(|set| &set.clips).filter(|clip| clip.record.label.is_some());
        refuse_ambiguous(all().map(|clip| &clip.record))?;
        let journal = Journal::open(&self.out)?;
        if journal.mended() {
            warn(format_args!("{}: the last line was torn and is gone", self.out.display()));
        }
        let clips: Vec<&DataClip> = all().collect();
        let wanted = self.limit.unwrap_or(clips.len()).min(clips.len());
        let spread = (0..wanted).map(|i| clips[i * clips.len() / wanted]);
        let missing: Vec<&DataClip> = spread.filter(|clip| !journal.holds(&clip.record.file_name)).collect();
        warn(format_args!("{wanted} clips, {} of them explained already", wanted - missing.len()));
        Ok((journal, missing))
    }

    fn write(&self, teacher: &dyn Teacher, clips: &[&DataClip], journal: &Journal, parallel: usize) -> Result<()> {
        let bar = bar("explaining", clips.len());
        let outcome = write_rationales(teacher, clips.iter().copied(), journal, parallel, |_| bar.inc(1));
        bar.finish_and_clear();
        let written = outcome.with_context(|| format!("{} keeps what was written", self.out.display()))?;
        self.tell(&written);
        Ok(())
    }

    fn tell(&self, written: &Written) {
        warn(format_args!("{}: {} added", self.out.display(), written.tally));
        if written.unexplained > 0 {
            warn(format_args!("nothing to say about {} clips", written.unexplained));
        }
        for (file_name, why) in &written.failed {
            warn(format_args!("{file_name}: {why}"));
        }
        if written.stopped || !written.failed.is_empty() {
            warn("run the same command again to go on");
        }
    }
}
