//! Names of samples.

use super::class_names;

/// Ending of a file.
pub(crate) const SUFFIX: &str = ".skeleton";
/// The first setup that belongs to NTU RGB+D 120 alone.
const SETUPS_OF_120: u16 = 18;

/// What the name of a sample, `SsssCcccPpppRrrrAaaa`, says. All count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sample {
    /// Where the camera stood.
    pub setup: u16,
    /// Which of three cameras.
    pub camera: u16,
    /// Who performs.
    pub subject: u16,
    /// First or second time.
    pub repetition: u16,
    /// What is done.
    pub action: u16,
}

impl Sample {
    /// Reads a name, with or without `.skeleton`; `None` where it is no such name.
    pub fn parse(name: &str) -> Option<Sample> {
        let name = name.strip_suffix(SUFFIX).unwrap_or(name);
        let field = |at: usize, letter: char| {
            let digits = name.get(at..at + 4)?.strip_prefix(letter)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let [setup, camera, subject, repetition, action] =
            [field(0, 'S')?, field(4, 'C')?, field(8, 'P')?, field(12, 'R')?, field(16, 'A')?];
        (name.len() == 20).then_some(Sample { setup, camera, subject, repetition, action })
    }

    /// Name of the action; `None` for those of NTU RGB+D 120 alone.
    pub fn class(&self) -> Option<&'static str> {
        if self.setup >= SETUPS_OF_120 {
            return None;
        }
        class_names().get(usize::from(self.action).checked_sub(1)?).map(String::as_str)
    }
}
