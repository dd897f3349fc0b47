//! SmolLM2-135M with packed matrices on the CPU: tokens a second of a prompt and of an answer, in turns with llama.cpp on
//! the same file. `cargo xtask fetch smollm2-135m` brings the file; llama.cpp is asked through Python, see
//! `llama_cpp.py`, by the program that `PYTHON` names. `cargo xtask bench` adds the table to RESULTS.md.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use anyhow::{Context, Result, bail};
use skeletonllm_checks::fetched;
use skeletonllm_network::{
    checkpoint::{Bits, Keep, Opened},
    device,
    text_model::TextModel,
};
use skeletonllm_tests::timing;

/// Tokens of the prompt that is read, and of the one that is answered.
const PROMPT: [usize; 2] = [256, 8];
/// Tokens of the answer.
const ANSWER: usize = 64;
/// Everybody has so many turns; the median counts.
const TURNS: usize = 7;

fn main() -> Result<()> {
    let Some(folder) = fetched("smollm2-135m") else { return Ok(()) };
    let selected = device::cpu()?;
    let read = |path: &Path, keep: Keep| -> Result<TextModel> {
        let mut opened = Opened::text_model(path)?;
        opened.keep = keep;
        Ok(opened.read(&selected.device)?)
    };
    let eight = tempfile::tempdir()?;
    Opened::text_model(&folder)?.shrink(Bits::Eight, eight.path(), |_| {})?;
    let models = [
        ("4 bits (the file's Q4_1)", read(&folder, Keep::Packed)?),
        ("8 bits, a scale a row", read(eight.path(), Keep::Packed)?),
        ("f32", read(&folder, Keep::Floats)?),
    ];
    if !timing::is_measured() {
        return speed(&models[0].1).map(|_| ());
    }
    let mut other = match Other::start(&folder) {
        Ok(other) => Some(other),
        Err(error) => {
            eprintln!("without llama.cpp: {error:#}");
            None
        }
    };
    let mut times: Vec<Vec<[f64; 2]>> = vec![Vec::new(); models.len() + 1];
    for turn in 0..=TURNS {
        for (index, (_, model)) in models.iter().enumerate() {
            let speed = speed(model)?;
            // the first warms up
            if turn > 0 {
                times[index].push(speed);
            }
            if index == 0
                && let Some(other) = &mut other
            {
                let speed = other.speed()?;
                if turn > 0 {
                    times[models.len()].push(speed);
                }
            }
        }
    }
    let medians: Vec<[f64; 2]> = times.iter().map(|times| [0, 1].map(|of| median(times, of))).collect();
    let theirs = medians[models.len()];
    let mut table = format!(
        "\n## Language model\n\nSmolLM2-135M on {}: tokens a second of a prompt of {} and of an answer of {ANSWER}, \
         medians of {TURNS} in turns.\n\n\
         | Weights | prompt | answer | of llama.cpp's |\n| --- | ---: | ---: | ---: |\n",
        selected.name, PROMPT[0],
    );
    for ((name, _), [prompt, answer]) in models.iter().zip(&medians) {
        let share = match other {
            Some(_) => format!("{:.2} and {:.2}", prompt / theirs[0], answer / theirs[1]),
            None => "–".into(),
        };
        writeln!(table, "| {name} | {prompt:.0} | {answer:.1} | {share} |")?;
    }
    if other.is_some() {
        writeln!(table, "| llama.cpp, the file's Q4_1 | {:.0} | {:.1} | |", theirs[0], theirs[1])?;
    }
    println!("{table}");
    timing::write(env!("CARGO_TARGET_TMPDIR"), "language.md", &table).map(drop)
}

/// Tokens a second of a prompt, and of an answer.
fn speed(model: &TextModel) -> Result<[f64; 2]> {
    timing::tokens_a_second(model, PROMPT, ANSWER)
}

fn median(times: &[[f64; 2]], of: usize) -> f64 {
    let mut times: Vec<f64> = times.iter().map(|time| time[of]).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

/// llama.cpp, in a process of its own.
struct Other {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Other {
    fn start(folder: &Path) -> Result<Other> {
        let files = std::fs::read_dir(folder)?.flatten().map(|file| file.path());
        let file = files.filter(|path| path.extension().is_some_and(|end| end == "gguf")).min();
        let file = file.with_context(|| format!("no GGUF file in {}", folder.display()))?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/language/llama_cpp.py");
        let python = std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into());
        let threads = std::thread::available_parallelism()?.to_string();
        let mut command = Command::new(python);
        command.arg(script).arg(file).arg(threads);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let (to, from) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut other = Other { child, to, from: BufReader::new(from) };
        // llama.cpp may say something itself before it
        while other.line()?.trim() != "ready" {}
        Ok(other)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.from.read_line(&mut line)? == 0 {
            bail!("xllamacpp is not there, or cannot read the file");
        }
        Ok(line)
    }

    fn speed(&mut self) -> Result<[f64; 2]> {
        let mut ask = |prompt: usize, answer: usize, of: usize| -> Result<f64> {
            writeln!(self.to, "{prompt} {answer}")?;
            self.to.flush()?;
            let line = self.line()?;
            let number = line.split_whitespace().nth(of).and_then(|number| number.parse().ok());
            number.with_context(|| format!("{line:?} instead of two numbers"))
        };
        Ok([ask(PROMPT[0], 1, 0)?, ask(PROMPT[1], ANSWER, 1)?])
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // it ends with its input; whether it had ended before does not matter
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
