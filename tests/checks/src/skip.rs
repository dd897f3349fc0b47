//! The record of checks that could not run: a line each, in a file that `cargo xtask test` names and reads.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
};

use crate::need::Need;

/// The environment variable that names the record. Without it skips are only told on standard error.
pub const SKIPS: &str = "SKELETONLLM_SKIPS";

/// A check that could not run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// What it lacked.
    pub need: Need,
    /// Why it is missing, on one line.
    pub reason: String,
    /// The test, as `program::path::of::the::test`.
    pub check: String,
}

impl Skip {
    /// Of the test that runs on this thread.
    #[must_use]
    pub fn new(need: Need, reason: &str) -> Skip {
        let thread = std::thread::current();
        let program = std::env::current_exe().unwrap_or_default();
        let program = without_hash(program.file_stem().and_then(|stem| stem.to_str()).unwrap_or("?"));
        Skip { need, reason: on_one_line(reason), check: format!("{program}::{}", thread.name().unwrap_or("?")) }
    }

    /// Says it on standard error and adds it to the record.
    ///
    /// # Panics
    /// When the record cannot be written: a skip that nobody hears of is what it is there to prevent.
    pub fn record(&self) {
        eprintln!("skipped: {}", self.reason);
        if let Some(path) = std::env::var_os(SKIPS) {
            self.append_to(Path::new(&path)).unwrap_or_else(|e| panic!("{SKIPS}={}: {e}", path.display()));
        }
    }

    fn append_to(&self, path: &Path) -> io::Result<()> {
        // many programs with many threads write at a time: one write at the end of a file is never torn
        OpenOptions::new().create(true).append(true).open(path)?.write_all(self.to_line().as_bytes())
    }

    fn to_line(&self) -> String {
        format!("{}\t{}\t{}\n", self.need.name(), self.check, self.reason)
    }

    /// Reads a line of the record; `None` for what is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Skip> {
        let mut fields = line.trim_end().splitn(3, '\t');
        let (need, check, reason) = (fields.next()?, fields.next()?, fields.next()?);
        let need = Need::ALL.into_iter().find(|known| known.name() == need)?;
        Some(Skip { need, reason: reason.to_owned(), check: check.to_owned() })
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cargo adds `-` and sixteen digits to the names of test programs.
fn without_hash(program: &str) -> &str {
    match program.rsplit_once('-') {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => name,
        _ => program,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_names_its_test_and_is_read_back() {
        let skip = Skip::new(Need::Data, "two\nlines\tof text");
        assert_eq!(skip.check, "skeletonllm_checks::skip::tests::a_skip_names_its_test_and_is_read_back");
        assert_eq!(skip.reason, "two lines of text");
        assert_eq!(Skip::parse(&skip.to_line()), Some(skip));
        for line in ["", "gpu", "gpu\tx", "moon\tx\ty"] {
            assert_eq!(Skip::parse(line), None, "{line:?}");
        }
    }

    #[test]
    fn many_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("skips");
        let reason = "long ".repeat(40);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| Skip::new(Need::Gpu, &reason).append_to(&path).unwrap()));
            }
        });
        let text = std::fs::read_to_string(&path).unwrap();
        let whole = text.lines().filter_map(Skip::parse).filter(|skip| skip.reason == reason.trim()).count();
        assert_eq!((whole, text.lines().count()), (800, 800));
    }

    #[test]
    fn only_a_hash_is_cut_off() {
        assert_eq!(without_hash("draction-0123456789abcdef"), "draction");
        assert_eq!(without_hash("page-figures"), "page-figures");
    }
}
