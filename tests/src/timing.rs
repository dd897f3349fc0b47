//! What benchmarks share: settings, medians, and where their tables lie until `cargo xtask bench` joins them.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use criterion::Criterion;
use skeletonllm_network::text_model::TextModel;

/// Whether times are asked for; `cargo test --benches` asks only whether a benchmark runs.
#[must_use]
pub fn is_measured() -> bool {
    std::env::args().any(|arg| arg == "--bench")
}

/// Ten samples of each benchmark, about as long as `time` together; arguments of the command line go first.
#[must_use]
pub fn criterion(time: Duration) -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(time)
        .configure_from_args()
}

/// Seconds that a piece of work takes, the median of the samples; none where the command line leaves it out.
pub fn median(criterion: &mut Criterion, name: &str, mut work: impl FnMut()) -> Option<f64> {
    let mut times = Vec::new();
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let start = Instant::now();
            (0..count).for_each(|_| work());
            times.push(start.elapsed().as_secs_f64() / count as f64);
            start.elapsed()
        });
    });
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

/// Some tokens that a language model knows, none of them the first.
#[must_use]
pub fn some_tokens(model: &TextModel, count: usize) -> Vec<u32> {
    let others = model.config().vocab_size as u32 - 1;
    (0..count as u32).map(|i| 1 + i * 7919 % others).collect()
}

/// Tokens a second of a prompt of so many, and of an answer of so many behind a short one: what a language model reads and
/// writes.
///
/// # Errors
/// The model's.
pub fn tokens_a_second(model: &TextModel, [prompt, short]: [usize; 2], answer: usize) -> Result<[f64; 2]> {
    let seconds = |prompt: &[u32], count: usize| -> Result<f64> {
        let start = Instant::now();
        let said = model.greedy(prompt, count, &[])?;
        ensure!(said.len() == count, "{} tokens instead of {count}", said.len());
        Ok(start.elapsed().as_secs_f64())
    };
    // the first token of an answer comes with its prompt
    let read = seconds(&some_tokens(model, prompt), 1)?;
    let short = some_tokens(model, short);
    let answered = seconds(&short, 1 + answer)? - seconds(&short, 1)?;
    Ok([prompt as f64 / read, answer as f64 / answered])
}

/// Writes a file for `cargo xtask bench`, which looks for it in the folder `bench` beside a benchmark's `temporary`
/// one, the `CARGO_TARGET_TMPDIR` that cargo tells benchmarks only.
///
/// # Errors
/// When the file cannot be written.
pub fn write(temporary: &str, name: &str, text: &str) -> Result<PathBuf> {
    let folder = Path::new(temporary).join("../bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let path = folder.join(name);
    draction::store::write_atomically(&path, text.as_bytes())?;
    Ok(path)
}
