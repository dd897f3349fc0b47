//! Standard output that its reader may close early, as `… | head` does.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes to standard output. A reader who has seen enough is no error.
///
/// # Errors
/// Any other one of writing.
pub fn print(text: impl Display) -> io::Result<()> {
    enough(write_to(io::stdout().lock(), text))
}

fn write_to(mut out: impl Write, text: impl Display) -> io::Result<()> {
    write!(out, "{text}")?;
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
