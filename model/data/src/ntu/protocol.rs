//! Who is learned from and who is judged on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    Sample,
    classes::{NTU60, class_names},
};
use crate::{label::normalized, record::Half};

/// How NTU RGB+D 60 is divided into clips to learn from and clips to be judged on (spec A.10). There is no validation
/// half: what is chosen by looking at the test is no longer tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Protocol {
    /// Twenty of forty subjects are learned from, the others judged on; all sixty actions.
    CrossSubject,
    /// As cross-subject, and what is judged on are actions that were never learned: 55 seen and 5 unseen.
    ZeroShot55,
    /// 48 seen, 12 unseen.
    ZeroShot48,
    /// 40 seen, 20 unseen.
    ZeroShot40,
    /// 30 seen, 30 unseen.
    ZeroShot30,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Protocol; 5] = [
        Protocol::CrossSubject,
        Protocol::ZeroShot55,
        Protocol::ZeroShot48,
        Protocol::ZeroShot40,
        Protocol::ZeroShot30,
    ];

    /// The name as written on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::CrossSubject => "xsub",
            Protocol::ZeroShot55 => "zero-shot-55-5",
            Protocol::ZeroShot48 => "zero-shot-48-12",
            Protocol::ZeroShot40 => "zero-shot-40-20",
            Protocol::ZeroShot30 => "zero-shot-30-30",
        }
    }

    /// Whether what is judged on are actions that were never learned.
    pub fn is_zero_shot(self) -> bool {
        self.unseen().is_some()
    }

    /// Ids of the actions held back; `None` where none are.
    fn unseen(self) -> Option<&'static [u16]> {
        let counts = self.name().strip_prefix("zero-shot-")?;
        Some(&NTU60.unseen[counts])
    }

    /// Which half a sample of NTU RGB+D 60 belongs to; `None` where the protocol does not use it.
    pub fn half(self, sample: &Sample) -> Option<Half> {
        let learned_from = NTU60.training_subjects.contains(&sample.subject);
        let unseen = self.unseen().map(|ids| ids.contains(&sample.action));
        match (learned_from, unseen) {
            (true, None | Some(false)) => Some(Half::Train),
            (false, None | Some(true)) => Some(Half::Test),
            _ => None,
        }
    }

    /// The labels that clips of a half have and answers are chosen among, in the order of their ids: those seen for
    /// `Train`, those judged on for `Test`, none for `Val`.
    pub fn classes(self, half: Half) -> Vec<String> {
        let wanted = |id: u16| {
            let held_back = self.unseen().map(|ids| ids.contains(&id));
            match half {
                Half::Train => held_back != Some(true),
                Half::Test => held_back != Some(false),
                Half::Val => false,
            }
        };
        let numbered = (1..).zip(class_names());
        numbered.filter(|&(id, _)| wanted(id)).map(|(_, name)| normalized(name)).collect()
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(name: &str) -> Result<Protocol, String> {
        let all = Protocol::ALL.map(Protocol::name).join(", ");
        Protocol::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| format!("'{name}' is none of {all}"))
    }
}

impl TryFrom<String> for Protocol {
    type Error = String;

    fn try_from(name: String) -> Result<Protocol, String> {
        name.parse()
    }
}

impl From<Protocol> for String {
    fn from(protocol: Protocol) -> String {
        protocol.name().to_owned()
    }
}
