//! What is known of a motion's origin, and how each thing is known.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Format, Unit, UpAxis};

/// How sure one can be of something about a file, the surest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Known {
    /// The caller said so.
    Given,
    /// The file says so, or its format has no other way.
    #[default]
    Stated,
    /// The data show it.
    Inferred,
    /// Nothing shows it: the usual was taken.
    Assumed,
}

impl Known {
    /// Whether it was found out by this program rather than told, so that a user may want to check and override it.
    pub fn is_guess(self) -> bool {
        matches!(self, Self::Inferred | Self::Assumed)
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "given",
            Self::Stated => "stated",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
        })
    }
}

/// How something about a file is known, and from what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// How sure it is.
    pub known: Known,
    /// From what, a few words: `unit from skeleton.json`, `the feet rest on one plane`.
    pub why: String,
}

impl Reason {
    /// Told by the caller.
    pub fn given() -> Self {
        Self { known: Known::Given, why: "by the caller".to_owned() }
    }

    /// Told by the file or its format.
    pub fn stated(why: impl Into<String>) -> Self {
        Self { known: Known::Stated, why: why.into() }
    }

    /// Shown by the data.
    pub fn inferred(why: impl Into<String>) -> Self {
        Self { known: Known::Inferred, why: why.into() }
    }

    /// Shown by nothing.
    pub fn assumed(why: impl Into<String>) -> Self {
        Self { known: Known::Assumed, why: why.into() }
    }
}

impl fmt::Display for Reason {
    /// `inferred: the feet rest on one plane`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.known, self.why)
    }
}

/// Where a motion came from and how its numbers were understood.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The name the caller gave; empty for a generated motion.
    pub file: String,
    /// What the content turned out to be.
    pub format: Format,
    /// How joint order and meaning are known where the file does not name its joints; `None` where it does.
    pub layout_from: Option<Reason>,
    /// The file's unit of length.
    pub unit: Unit,
    /// How the unit is known.
    pub unit_from: Reason,
    /// The file's up axis.
    pub up: UpAxis,
    /// How the up axis is known.
    pub up_from: Reason,
    /// How body parts and sides were told: stated by joint names, inferred from the shape, or assumed.
    pub parts_from: Reason,
    /// How the number of bodies and who stands in which slot are known; `None` where the file has just one body.
    pub bodies_from: Option<Reason>,
    /// Names of joints that are no part of the body and were left out: helpers, targets, a floor.
    pub left_out: Vec<String>,
    /// Body ids of a `.skeleton` file as whole numbers: of who stands in each slot, or, where slots are the file's, distinct
    /// ones in order of appearance.
    pub body_ids: Vec<u64>,
    /// What was odd about the file but did not stop the reading.
    pub warnings: Vec<String>,
}

impl Source {
    /// What this program had to find out because the file does not state it, an entry each: `unit cm (inferred: …)`.
    /// Empty where all was told.
    #[must_use]
    pub fn guesses(&self) -> Vec<String> {
        let about = |what: String, reason: &Reason| reason.known.is_guess().then(|| format!("{what} ({reason})"));
        let told = |what: &str, reason: &Option<Reason>| reason.as_ref().and_then(|r| about(what.to_owned(), r));
        let mut all: Vec<String> = [
            told("layout", &self.layout_from),
            about(format!("unit {}", self.unit.name), &self.unit_from),
            about(format!("up {}", self.up), &self.up_from),
            about("left and right".to_owned(), &self.parts_from),
            told("bodies", &self.bodies_from),
        ]
        .into_iter()
        .flatten()
        .collect();
        match &self.left_out[..] {
            [] => {}
            [one] => all.push(format!("left out {one}")),
            [first, second] => all.push(format!("left out {first} and {second}")),
            [first, second, rest @ ..] => {
                all.push(format!("left out {first}, {second} and {} more", rest.len()));
            }
        }
        all
    }

    /// One line for people, where anything was found out rather than told: the format, [`Source::guesses`], and the
    /// options of the programs that override them. `None` where there is nothing to check.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        let guesses = self.guesses();
        if guesses.is_empty() {
            return None;
        }
        let flags = [
            (Some(&self.unit_from), "--unit"),
            (Some(&self.up_from), "--up"),
            (self.bodies_from.as_ref(), "--person"),
            (self.bodies_from.as_ref().filter(|_| matches!(self.format, Format::Ntu | Format::Pku)), "--slots"),
        ];
        let guessed = |reason: Option<&Reason>| reason.is_some_and(|r| r.known.is_guess());
        let flags: Vec<&str> = flags.into_iter().filter(|(r, _)| guessed(*r)).map(|(_, flag)| flag).collect();
        let verb = if flags.len() == 1 { "overrides" } else { "override" };
        let end = if flags.is_empty() { String::new() } else { format!("; {} {verb}", flags.join(", ")) };
        Some(format!("read as {}: {}{end}", self.format, guesses.join(", ")))
    }
}

impl fmt::Display for Source {
    /// One line: format, unit and axis with their reasons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, unit {} ({}), up {} ({})", self.format, self.unit.name, self.unit_from, self.up, self.up_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_not_told_is_shown() {
        let told =
            Source { unit_from: Reason::given(), up_from: Reason::stated("set by the format"), ..Source::default() };
        assert_eq!(told.shown(), None);
        let guessed = Source {
            format: Format::Bvh,
            up_from: Reason::assumed("nothing shows another axis"),
            left_out: ["a", "b", "c"].map(str::to_owned).to_vec(),
            ..told
        };
        let line = guessed.shown().unwrap();
        assert_eq!(
            line,
            "read as BVH: up +y (assumed: nothing shows another axis), left out a, b and 1 more; --up overrides"
        );
        let both = Source { unit_from: Reason::inferred("the body is then 1.80 m tall"), ..guessed };
        let line = both.shown().unwrap();
        assert!(
            line.contains("unit m (inferred: the body is then 1.80 m tall)") && line.ends_with("--unit, --up override")
        );
        assert!(both.unit_from.known < both.up_from.known, "an inference is surer than an assumption");
    }
}
