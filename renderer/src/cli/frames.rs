//! Stretches of a motion, as they are written on a command line.

use std::{ops::Range, str::FromStr};

/// Frames from `first` to before `end`, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frames {
    first: usize,
    /// The motion's where it is left out.
    end: Option<usize>,
}

impl Frames {
    /// The same of a motion of `frames` frames.
    ///
    /// # Errors
    /// A sentence, when it reaches beyond the motion.
    pub fn within(&self, frames: usize) -> anyhow::Result<Range<usize>> {
        let end = self.end.unwrap_or(frames);
        if self.first >= end || end > frames {
            anyhow::bail!("frames {}..{end} are not among 0..{frames}", self.first);
        }
        Ok(self.first..end)
    }
}

impl FromStr for Frames {
    type Err = String;

    /// `10..20`, `10..`, `..20`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no range of frames such as 10..20, 10.. or ..20");
        let (first, end) = text.split_once("..").ok_or_else(wrong)?;
        let number = |word: &str| match word.trim() {
            "" => Ok(None),
            word => word.parse().map(Some).map_err(|_| wrong()),
        };
        let (first, end) = (number(first)?.unwrap_or(0), number(end)?);
        if end.is_some_and(|end| end <= first) {
            return Err(format!("'{text}' holds no frame"));
        }
        Ok(Self { first, end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_half_open_and_stay_within_the_motion() {
        let within = |text: &str| text.parse::<Frames>().unwrap().within(40).map_err(|e| e.to_string());
        assert_eq!(within("10..20"), Ok(10..20));
        assert_eq!(within("10.."), Ok(10..40));
        assert_eq!(within("..40"), Ok(0..40));
        assert_eq!(within(".."), Ok(0..40));
        assert!(within("0..41").unwrap_err().contains("0..40"));
        assert!(within("40..").unwrap_err().contains("40..40"));
        for bad in ["", "10", "a..b", "5..5", "6..5", "-1..3", "1..2..3"] {
            assert!(bad.parse::<Frames>().is_err(), "{bad}");
        }
    }
}
