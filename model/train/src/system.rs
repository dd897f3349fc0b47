//! The four systems: what they are called, and who recognises with the model in a folder.

use std::{fmt, path::Path, str::FromStr};

use anyhow::Result;
use skeletonllm::{
    assistant::Assistant,
    beside::Beside,
    folder::system_of,
    graph_recogniser::{self, GraphRecogniser},
    sugar::{self, Sugar, narrator::SugarNarrator},
};
use skeletonllm_network::device::DeviceChoice;

use crate::{
    Recogniser,
    s2i::{S2iFolder, S2iRecogniser},
};

/// What learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Pictures and a language model.
    SkeletonLlm,
    /// Graph networks on the joints.
    Mmcl,
    /// A ViT on motions as pictures.
    S2i,
    /// A graph network in the space of sentences.
    Sugar,
}

impl System {
    /// All of them.
    pub const ALL: [System; 4] = [System::SkeletonLlm, System::Mmcl, System::S2i, System::Sugar];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            System::SkeletonLlm => "skeletonllm",
            System::Mmcl => "mmcl",
            System::S2i => "s2i",
            System::Sugar => "sugar",
        }
    }

    /// Whose model lies in a folder; what no other claims is SkeletonLLM's.
    #[must_use]
    pub fn of(folder: &Path) -> System {
        match system_of(folder).as_deref() {
            Some(graph_recogniser::SYSTEM) => System::Mmcl,
            Some(sugar::SYSTEM) => System::Sugar,
            _ if S2iFolder::is_one(folder) => System::S2i,
            _ => System::SkeletonLlm,
        }
    }

    /// Whether it has something to say of a label that it was not taught.
    #[must_use]
    pub fn knows_any_label(self) -> bool {
        matches!(self, System::SkeletonLlm | System::Sugar)
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for System {
    type Err = String;

    fn from_str(name: &str) -> Result<System, String> {
        System::ALL
            .into_iter()
            .find(|system| system.name() == name)
            .ok_or_else(|| format!("'{name}' is none of {}", System::ALL.map(System::name).join(", ")))
    }
}

/// What is done with a recogniser, whichever it is.
pub trait WithRecogniser {
    /// What comes of it.
    type Output;

    /// Does it.
    ///
    /// # Errors
    /// Its own.
    fn run<R: Recogniser>(self, recogniser: &R) -> Result<Self::Output>;
}

/// Loads the model of a folder and does something with it.
///
/// # Errors
/// When the model or the device cannot be used, or it has no use for what is named beside it; and those of `work`.
pub fn with_recogniser<W: WithRecogniser>(
    folder: &Path,
    beside: Beside<'_>,
    device: DeviceChoice,
    work: W,
) -> Result<W::Output> {
    beside.fits(folder)?;
    match System::of(folder) {
        System::SkeletonLlm => work.run(&Assistant::load_on(folder, beside.base, device)?),
        System::Mmcl => work.run(&GraphRecogniser::load(folder, device)?),
        System::S2i => work.run(&S2iRecogniser::load(&[folder], device)?),
        System::Sugar if sugar::narrates(folder) => work.run(&SugarNarrator::load(folder, beside.base, device)?),
        System::Sugar => work.run(&Sugar::load(folder, beside.text, device)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_is_found_by_its_name() {
        for system in System::ALL {
            assert_eq!(system.to_string().parse(), Ok(system));
        }
        assert!("llama".parse::<System>().unwrap_err().contains("skeletonllm, mmcl, s2i, sugar"));
        assert_eq!(System::of(&skeletonllm_checks::asset("nano")), System::SkeletonLlm);
    }
}
