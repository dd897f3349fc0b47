//! How many tests passed and failed, read off what cargo's test programs print, and which checks could not run.

use std::{collections::BTreeMap, fmt};

use skeletonllm_checks::{Need, Skip};

/// The sum of all test programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Tally {
    /// Adds what one line tells, if it is the last one of a test program.
    pub fn line(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        // `ok. 3 passed; 0 failed; 1 ignored; …`, where ok may be coloured
        let count = |word: &str| {
            let before = counts.split_once(&format!(" {word}"))?.0;
            before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse::<usize>().ok()
        };
        self.passed += count("passed").unwrap_or(0);
        self.failed += count("failed").unwrap_or(0);
        self.ignored += count("ignored").unwrap_or(0);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { passed, failed, ignored } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} ignored")
    }
}

/// Checks that could not run, from their record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// The checks by what was missing and why; a test that asked twice is one check.
    by_reason: BTreeMap<(Need, String), Vec<String>>,
}

impl Skipped {
    /// Reads the record.
    pub fn read(text: &str) -> Skipped {
        let mut by_reason: BTreeMap<(Need, String), Vec<String>> = BTreeMap::new();
        for Skip { need, reason, check } in text.lines().filter_map(Skip::parse) {
            let checks = by_reason.entry((need, reason)).or_default();
            if !checks.contains(&check) {
                checks.push(check);
            }
        }
        Skipped { by_reason }
    }

    /// How many checks.
    pub fn count(&self) -> usize {
        self.by_reason.values().map(Vec::len).sum()
    }
}

/// A heading, then each reason with the number of checks.
impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count() {
            0 => write!(f, "no check was skipped")?,
            1 => write!(f, "1 check could not run:")?,
            n => write!(f, "{n} checks could not run:")?,
        }
        for ((need, reason), checks) in &self.by_reason {
            write!(f, "\n  {:>4}  {}: {reason}", checks.len(), need.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_summed() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 412 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 3.21s",
            "test result: \u{1b}[31mFAILED\u{1b}(B\u{1b}[m. 9 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out",
            "test named 5 passed",
        ] {
            tally.line(line);
        }
        assert_eq!(tally, Tally { passed: 421, failed: 2, ignored: 1 });
        assert_eq!(tally.to_string(), "421 passed, 2 failed, 1 ignored");
    }

    #[test]
    fn skips_are_grouped_by_reason_and_counted_once_a_test() {
        let text = "data\tmodel::a\tit is not here\ngpu\tdraction::x\tno adapter\ngpu\tdraction::x\tno adapter\n\
                    gpu\tdraction::y\tno adapter\ntorn li";
        let skipped = Skipped::read(text);
        assert_eq!(skipped.count(), 3);
        assert_eq!(
            skipped.to_string(),
            "3 checks could not run:\n     2  gpu: no adapter\n     1  data: it is not here"
        );
        assert_eq!(Skipped::read("").to_string(), "no check was skipped");
    }
}
