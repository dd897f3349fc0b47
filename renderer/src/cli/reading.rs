//! How a motion file is understood, as every program that opens one is told.

use std::path::Path;

use clap::Args;

use crate::motion::{Motion, MotionError, ReadOptions, Slots, Unit, UpAxis, read_file};

/// What a user knows better than inference.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "How the file is read")]
pub struct Reading {
    /// The file's unit of length, when the guess is wrong: m, cm, mm, inch, ft, cmu, mmd, or metres as a number
    #[arg(long)]
    pub unit: Option<Unit>,
    /// The file's up axis, when the guess is wrong: +x, -x, +y, -y, +z or -z
    #[arg(long, value_name = "AXIS", allow_hyphen_values = true)]
    pub up: Option<UpAxis>,
    /// Who stands in which body slot of a .skeleton or PKU-MMD file: people (one a person, furniture left out) or file (as
    /// listed in each frame, as published results read them) [default: people; file with `render --camera reference`]
    #[arg(long, value_name = "HOW")]
    pub slots: Option<Slots>,
    /// Only this one of several people, counted from 1
    #[arg(long, value_name = "N")]
    pub person: Option<usize>,
    /// Which animation of a glTF file to read, by name or number [default: the longest]
    #[arg(long, value_name = "NAME")]
    pub animation: Option<String>,
}

impl Reading {
    /// The same for [`crate::motion::read`].
    #[must_use]
    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            unit: self.unit.clone(),
            up: self.up,
            slots: self.slots.unwrap_or_default(),
            person: self.person,
            animation: self.animation.clone(),
            ..ReadOptions::default()
        }
    }

    /// Reads a file so.
    ///
    /// # Errors
    /// As [`read_file`].
    pub fn open(&self, path: &Path) -> Result<Motion, MotionError> {
        read_file(path, &self.options())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        reading: Reading,
        /// Something of the program's own.
        #[arg(long)]
        own: bool,
    }

    #[test]
    fn an_axis_may_point_down() {
        for words in [&["x", "--up", "-z", "--own"][..], &["x", "--up=-z", "--person", "2", "--own"]] {
            let program = Program::try_parse_from(words).unwrap();
            let options = program.reading.options();
            assert_eq!((options.up, options.slots), (Some(UpAxis::MinusZ), Slots::People));
            assert_eq!(options.person.is_some(), words.contains(&"2"));
            assert!(program.own);
        }
        let refused = Program::try_parse_from(["x", "--unit", "ell"]).err().unwrap().to_string();
        assert!(refused.contains("unknown unit 'ell'"), "{refused}");
    }
}
