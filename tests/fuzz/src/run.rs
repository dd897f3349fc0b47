//! The loop of one reader.
//!
//! It runs on a thread with the stack that a browser gives a program, watched by the caller. The input in hand always lies
//! in a file, so that even what ends the whole program (a stack too deep, memory that is not there) leaves it behind.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};

use crate::{
    Failure, Input, Outcome, Target, Wrong, check, dice::Dice, failure::keep, mutate::mutated, reduce::reduced,
};

/// A file that takes longer than this hangs: some milliseconds are usual, and a busy machine is a hundred times slower.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the page's program has.
const STACK: usize = 1 << 20;
/// Most files that are kept to be changed further.
const MOST_SEEDS: usize = 400;

/// What a run without a failure came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Inputs.
    pub inputs: u64,
    /// Inputs that were read as a motion.
    pub read: u64,
    /// Kinds of motions and errors.
    pub kinds: usize,
    /// The longest that an input took.
    pub slowest: Duration,
}

/// Tries damaged files on a reader for some time. Failures are kept below `folder`.
///
/// # Errors
/// The first [`Failure`] inside; or that a thread or a file cannot be had.
pub fn fuzz(target: &'static Target, seed: u64, time: Duration, folder: &Path) -> Result<Result<Report, Failure>> {
    let in_hand = InHand::new(folder, target.name, seed)?;
    let (files, started) = (in_hand.folder.clone(), Arc::new(AtomicU64::new(0)));
    let (count, folder) = (started.clone(), folder.to_owned());
    let (sender, result) = mpsc::channel();
    thread::Builder::new()
        .name(format!("fuzz {}", target.name))
        .stack_size(STACK)
        .spawn(move || _ = sender.send(attack(target, seed, time, &folder, in_hand, &count)))
        .context("cannot start a thread")?;
    let mut seen = 0;
    loop {
        match result.recv_timeout(PATIENCE) {
            Ok(outcome) => return outcome,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(anyhow!("the thread of {} ended by itself", target.name));
            }
            Err(RecvTimeoutError::Timeout) => {
                let index = started.load(Ordering::Relaxed);
                if std::mem::replace(&mut seen, index) == index {
                    // the thread cannot be stopped; it ends with the program
                    return Ok(Err(Failure { target: target.name, wrong: Wrong::Hang, folder: files, index, seed }));
                }
            }
        }
    }
}

fn attack(
    target: &'static Target,
    seed: u64,
    time: Duration,
    folder: &Path,
    mut in_hand: InHand,
    started: &AtomicU64,
) -> Result<Result<Report, Failure>> {
    let mut dice = Dice::new(target.name, seed);
    let undamaged = target.seeds();
    // what was read leads on to what is read, what was refused mostly to the same errors
    let (mut good, mut odd): (Vec<Input>, Vec<Input>) = (undamaged.clone(), Vec::new());
    let mut kinds = HashSet::new();
    let mut report = Report::default();
    let start = Instant::now();
    while start.elapsed() < time {
        let input = match undamaged.get(report.inputs as usize) {
            Some(input) => input.clone(),
            None => {
                let from = if odd.is_empty() || !dice.once_in(4) { &good } else { &odd };
                mutated(dice.one_of(from), dice.one_of(&good), target, &mut dice)
            }
        };
        started.fetch_add(1, Ordering::Relaxed);
        in_hand.hold(&input).with_context(|| in_hand.folder.display().to_string())?;
        let before = Instant::now();
        let outcome = check(&input);
        report.slowest = report.slowest.max(before.elapsed());
        match outcome {
            Ok(outcome) => {
                let read = matches!(outcome, Outcome::Read(_));
                report.read += u64::from(read);
                let seeds = if read { &mut good } else { &mut odd };
                if kinds.insert(outcome) && seeds.len() < MOST_SEEDS {
                    seeds.push(input);
                }
            }
            Err(wrong) => {
                let input = reduced(input, &wrong);
                let folder = keep(folder, target.name, &input).context("cannot keep a failure")?;
                return Ok(Err(Failure { target: target.name, wrong, folder, index: report.inputs, seed }));
            }
        }
        report.inputs += 1;
    }
    report.kinds = kinds.len();
    Ok(Ok(report))
}

/// The files of the input that is being tried, open all the time: to make them anew would take longer than most readers.
struct InHand {
    folder: PathBuf,
    /// Of the file that is read.
    name: String,
    /// That file, and the second one.
    files: Option<[File; 2]>,
}

impl InHand {
    fn new(folder: &Path, target: &str, seed: u64) -> Result<Self> {
        let folder = folder.join(format!("{target}-in-hand-{seed}-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder, name: String::new(), files: None })
    }

    fn hold(&mut self, input: &Input) -> io::Result<()> {
        if self.name != input.name || self.files.is_none() {
            fs::remove_dir_all(&self.folder)?;
            fs::create_dir_all(&self.folder)?;
            self.name.clone_from(&input.name);
            let [first, second] = input.paths(&self.folder);
            self.files = Some([File::create(first)?, File::create(second)?]);
        }
        let contents = [&input.bytes[..], input.beside.as_deref().unwrap_or_default()];
        for (file, content) in self.files.iter_mut().flatten().zip(contents) {
            file.rewind()?;
            file.write_all(content)?;
            file.set_len(content.len() as u64)?;
        }
        Ok(())
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        // what is left would look like a failure
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TARGETS;

    #[test]
    fn a_run_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let report = fuzz(&TARGETS[0], 3, Duration::from_millis(300), folder.path()).unwrap().unwrap();
        assert!(report.inputs > 10 && report.read > 0 && report.kinds > 3, "{report:?}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
