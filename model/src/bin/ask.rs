//! `ask FILE ["question"]`: what is the person in a motion file doing?

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::Parser;
use draction::{
    cli::{Reading, finish, print, say, warn},
    motion::{Format, Motion, Source, source_as_json},
};
use skeletonllm::{
    assistant::{Answer, Assistant, describe_motion},
    folder::default_model,
    given::Answering,
    observation::Observation,
    second_opinion::{Opinion, SecondOpinion, default_second_opinion},
    sugar::{
        narrates,
        narrator::{Narration, SugarNarrator},
    },
};
use skeletonllm_network::{checkpoint::is_text_model, device::DeviceChoice};

/// Ask a question about a motion file.
///
/// The file is drawn as twelve pictures by DrAction, and a small multimodal model looks at them and answers. Nothing
/// leaves this machine. Without a question, an interactive prompt opens.
#[derive(Parser)]
#[command(
    name = "ask",
    version,
    after_help = format!(
        "Formats: {}\n\nExamples:\n  \
        ask assets/samples/wave_left_hand.bvh \"Which hand does the person move?\"\n  \
        ask take_07.bvh --json \"What is the person doing?\"\n  \
        ask take_07.bvh --sheet what_the_model_sees.png\n  \
        ask take_07.bvh --second-opinion \"What is the person doing?\"",
        Format::listed()
    )
)]
struct Args {
    /// The motion file. What belongs to it is found beside it: the skeleton.json of an .npy, the .asf of an .amc, the .bin of
    /// a .gltf. A folder is read if it holds a .json file a frame, as OpenPose writes them.
    file: PathBuf,
    /// What to ask; an interactive prompt opens without it.
    question: Option<String>,
    /// Model directory [default: the shipped nano model]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Where the language model lies that a model was trained on top of, if no longer where it was.
    #[arg(long, value_name = "DIR or FILE", requires = "model")]
    base: Option<PathBuf>,
    /// Where to compute: auto (a GPU where there is a real one), gpu, cpu
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    /// Print one JSON object instead of text.
    #[arg(long, requires = "question")]
    json: bool,
    /// Also write the pictures that the model sees as one PNG.
    #[arg(long, value_name = "FILE.png")]
    sheet: Option<PathBuf>,
    /// Also ask a small graph network that looks at the joints instead of pictures, the shipped one or that of a folder that
    /// `train --system mmcl` wrote, and say whether it agrees about what is done.
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    second_opinion: Option<Option<PathBuf>>,
    /// Look only at the parts of the pictures that hold something: faster for models with large pictures.
    #[arg(long)]
    skip_background: bool,
    /// Say what was read, which device computes, and how long each step took.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    reading: Reading,
}

fn main() -> ExitCode {
    finish("ask", run(&Args::parse()))
}

fn run(args: &Args) -> Result<()> {
    let tell = |what: &str, since: Instant| {
        if args.verbose {
            warn(format_args!("{:>9.1} ms  {what}", since.elapsed().as_secs_f64() * 1e3));
        }
    };
    let start = Instant::now();
    let motion = args.reading.open(&args.file)?;
    for warning in &motion.source.warnings {
        warn(format_args!("ask: {}: {warning}", args.file.display()));
    }
    tell(&format!("read {}", describe_motion(&motion)), start);

    let start = Instant::now();
    let folder = args.model.clone().map_or_else(default_model, Ok)?;
    if is_text_model(&folder)
        && let Some(question) = args.question.as_deref().filter(|_| !args.json && args.sheet.is_none())
    {
        return blindly(args, &folder, question);
    }
    if narrates(&folder) {
        return narrate(args, &folder, &motion);
    }
    let assistant =
        Assistant::load_on(&folder, args.base.as_deref(), args.device)?.skip_background(args.skip_background);
    tell(&format!("loaded {} on {}", folder.display(), assistant.device_name()), start);

    let start = Instant::now();
    let observation = assistant.observe(&[&motion])?;
    let (frames, size, tokens) = (observation.frame_count(), observation.picture_size(), observation.token_count());
    tell(&format!("drew {frames} frames of {size} and looked at them as {tokens} visual tokens"), start);
    if let Some(path) = &args.sheet {
        observation.save_sheet(path)?;
    }
    tell_guesses(args, &motion.source);
    let second = second_opinion(args, &assistant, &observation, &motion)?;
    if let (Some(second), false) = (&second, args.json) {
        let Second { opinion: Opinion { label, probability }, agrees } = second;
        let agrees = if *agrees { "agrees" } else { "does not agree" };
        warn(format_args!("ask: second opinion, from the joints: {label} ({:.0} %), {agrees}", 100.0 * probability));
    }
    match &args.question {
        Some(question) => once(args, &assistant, &observation, &motion.source, question, second.as_ref()),
        None => converse(args, &assistant, &observation),
    }
}

/// Says what was guessed of the file, before what depends on it; a program that reads JSON finds it there.
fn tell_guesses(args: &Args, source: &Source) {
    if let Some(shown) = source.shown().filter(|_| !args.json) {
        warn(format_args!("ask: {}: {shown}", args.file.display()));
    }
}

/// What a graph network says, and whether the model's likeliest label may be true together with it.
struct Second {
    opinion: Opinion,
    agrees: bool,
}

fn second_opinion(
    args: &Args,
    assistant: &Assistant,
    observation: &Observation,
    motion: &Motion,
) -> Result<Option<Second>> {
    let Some(folder) = &args.second_opinion else { return Ok(None) };
    let folder = folder.clone().map_or_else(default_second_opinion, Ok)?;
    let opinion = SecondOpinion::load(&folder, args.device)?.of(motion)?;
    let first = assistant.recognise(observation)?;
    let agrees = first.first().is_some_and(|(label, _)| opinion.agrees_with(label));
    Ok(Some(Second { opinion, agrees }))
}

/// One question, one answer.
fn once(
    args: &Args,
    assistant: &Assistant,
    observation: &Observation,
    source: &Source,
    question: &str,
    second: Option<&Second>,
) -> Result<()> {
    if args.json {
        let answer = assistant.ask(observation, question, |_| {})?;
        let top: Vec<_> = assistant
            .recognise(observation)?
            .into_iter()
            .take(5)
            .map(|(label, p)| serde_json::json!({"label": label, "probability": p}))
            .collect();
        let mut object = serde_json::json!({
            "file": args.file.display().to_string(),
            "read": source_as_json(source),
            "question": question,
            "answer": answer.text,
            "confidence": answer.confidence,
            "top": top,
            "device": assistant.device_name(),
            "seconds": answer.seconds,
        });
        if let Some(Second { opinion: Opinion { label, probability }, agrees }) = second {
            object["second_opinion"] =
                serde_json::json!({"label": label, "probability": probability, "agrees": agrees});
        }
        return Ok(say(format_args!("{object:#}"))?);
    }
    stream(args, |on_text| assistant.ask(observation, question, on_text))
}

/// A language model alone answers from the words of the question.
fn blindly(args: &Args, folder: &Path, question: &str) -> Result<()> {
    let Answering::Text(assistant) = Answering::open(folder, args.device)? else {
        bail!("{}: not the language model that it seemed to be", folder.display());
    };
    warn(format_args!("ask: {} is a language model alone: it does not see the motion", folder.display()));
    stream(args, |on_text| assistant.ask(question, on_text))
}

/// A model of SUGAR says which of its labels the motion is, and how the body moves; other questions it does not know.
fn narrate(args: &Args, folder: &Path, motion: &Motion) -> Result<()> {
    if args.sheet.is_some() || args.second_opinion.is_some() {
        bail!("{}: a model of SUGAR, which draws nothing: leave --sheet and --second-opinion out", folder.display());
    }
    tell_guesses(args, &motion.source);
    if args.question.is_some() {
        warn(format_args!("ask: {} answers one question: which of its labels it is, and how", folder.display()));
    }
    let narrator = SugarNarrator::load(folder, args.base.as_deref(), args.device)?;
    let Narration { label, told } = narrator.narrate(&narrator.observe(&[motion])?, narrator.labels())?.swap_remove(0);
    if args.json {
        let object = serde_json::json!({
            "file": args.file.display().to_string(),
            "read": source_as_json(&motion.source),
            "label": label,
            "told": told,
            "device": narrator.device_name(),
        });
        return Ok(say(format_args!("{object:#}"))?);
    }
    Ok(say(format_args!("{label}: {told}"))?)
}

/// Prints the answer as it comes.
fn stream(args: &Args, ask: impl FnOnce(&mut dyn FnMut(&str)) -> Result<Answer>) -> Result<()> {
    let mut printed = Ok(());
    let answer = ask(&mut |text| {
        if printed.is_ok() {
            printed = print(text);
        }
    })?;
    printed.and_then(|()| say(""))?;
    tell_times(args, &answer);
    Ok(())
}

fn tell_times(args: &Args, answer: &Answer) {
    if args.verbose {
        let (total, first) = (answer.seconds * 1e3, answer.first_token_seconds * 1e3);
        let speed = answer.tokens_per_second.map_or(String::new(), |speed| format!(", {speed:.1} a second"));
        warn(format_args!(
            "{total:>9.1} ms  answered: first token after {first:.1} ms, {} tokens{speed}, mean probability {:.2}",
            answer.tokens, answer.confidence
        ));
    }
}

/// Questions until end of input, with line editing and history on a terminal.
fn converse(args: &Args, assistant: &Assistant, observation: &Observation) -> Result<()> {
    // each question is answered from the pictures alone, as the model was trained
    let answer = |question: &str| match question.trim() {
        "" => Ok(()),
        question => stream(args, |on_text| assistant.ask(observation, question, on_text)),
    };
    if !std::io::stdin().is_terminal() {
        for line in std::io::stdin().lines() {
            answer(&line.context("cannot read questions from standard input")?)?;
        }
        return Ok(());
    }
    say(format_args!("Ask about {}. Ctrl-D ends.", args.file.display()))?;
    let mut editor = rustyline::DefaultEditor::new()?;
    loop {
        match editor.readline("> ") {
            Ok(line) => {
                // a question too long for the history is still a question
                let _ = editor.add_history_entry(&line);
                if let Err(error) = answer(&line) {
                    warn(format_args!("ask: {error:#}"));
                }
            }
            Err(rustyline::error::ReadlineError::Interrupted | rustyline::error::ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
