//! What programs share of the terminal: output whose reader may have seen enough, as `… | head` has, errors in one line,
//! how a file is read ([`Reading`]), and stretches of it ([`Frames`]).

mod frames;
mod reading;

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

pub use frames::Frames;
pub use reading::Reading;

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

/// Writes a line to standard error. Where nobody reads that, there is nobody to tell.
pub fn warn(line: impl Display) {
    let _ = write_to(io::stderr().lock(), format_args!("{line}\n"));
}

/// The end of a program called `name`: an error is told in one line, with the whole chain of its causes.
pub fn finish(name: &str, result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            warn(format_args!("{name}: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn write_to(mut out: impl Write, text: impl Display) -> io::Result<()> {
    // in one go: other processes may write there, too
    out.write_all(text.to_string().as_bytes())?;
    out.flush()
}

fn enough(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|e| if e.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })
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
