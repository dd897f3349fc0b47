//! What the programs share of the terminal: output that its reader may close early, as `… | head` does, progress bars
//! and Ctrl-C.

use std::{
    fmt::Display,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use indicatif::{ProgressBar, ProgressStyle};

/// Writes to standard output. A reader who has seen enough is no error.
///
/// # Errors
/// Any other one of writing.
pub fn print(text: impl Display) -> io::Result<()> {
    enough(write_to(io::stdout().lock(), text))
}

/// Writes a line to standard output, as [`print`].
///
/// # Errors
/// As [`print`].
pub fn say(line: impl Display) -> io::Result<()> {
    print(format_args!("{line}\n"))
}

fn write_to(mut out: impl Write, text: impl Display) -> io::Result<()> {
    write!(out, "{text}")?;
    out.flush()
}

fn enough(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })
}

/// A bar of `total` steps with its name before it. Where standard error is no terminal it is not drawn.
pub fn bar(name: &str, total: usize) -> ProgressBar {
    let style = "{msg:>24} [{wide_bar}] {pos}/{len} {per_sec} eta {eta}";
    ProgressBar::new(total as u64)
        .with_style(ProgressStyle::with_template(style).expect("our own template").progress_chars("=> "))
        .with_message(name.to_owned())
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
        eprintln!("\n{stopping}; once more to stop at once");
    })?;
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_error() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let result = write_to(writer, "much to tell");
        assert_eq!(result.as_ref().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        enough(result).unwrap();
        enough(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
    }
}
