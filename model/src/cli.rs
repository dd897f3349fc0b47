//! What the model's programs share of the terminal beside [`draction::cli`]: progress bars and Ctrl-C.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use draction::cli::warn;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `total` steps with its name before it. Where standard error is no terminal it is not drawn.
pub fn bar(name: &str, total: usize) -> ProgressBar {
    let style = "{msg:>24} [{wide_bar}] {pos}/{len} {per_sec} eta {eta}";
    ProgressBar::new(total as u64)
        .with_style(ProgressStyle::with_template(style).expect("our own template").progress_chars("=> "))
        .with_message(name.to_owned())
}

/// Does some work and shows on a bar how far it is: `work` tells how much of how many is done. Gone with its end.
pub fn shown_on<T>(bar: ProgressBar, work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> T) -> T {
    let outcome = work(&|done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    outcome
}

/// A flag that Ctrl-C sets, saying `stopping`; the second one ends the program at once. May be called once.
///
/// # Errors
/// When the system refuses the handler.
pub fn stop_flag(stopping: &'static str) -> Result<Arc<AtomicBool>, ctrlc::Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let handler = stop.clone();
    ctrlc::set_handler(move || {
        if handler.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        warn(format_args!("\n{stopping}; once more to stop at once"));
    })?;
    Ok(stop)
}
