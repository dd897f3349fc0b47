//! How folders of clips are read.

use std::path::PathBuf;

use draction::motion::{ReadOptions, Slots};
use serde::{Deserialize, Serialize};

use super::{
    error::DataError,
    ntu::{MissingSamples, Protocol},
};

/// How clips are read.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// Unit and up axis, where the caller knows better than inference.
    pub read: ReadOptions,
    /// Keep joint orientations where the files have them. They more than double the memory a set takes.
    pub orientations: bool,
    /// What divides folders of NTU RGB+D files; see [`crate::formats::list`].
    pub protocol: Option<Protocol>,
    /// Samples of NTU RGB+D that are left out.
    pub missing: MissingSamples,
}

impl Default for LoadOptions {
    fn default() -> LoadOptions {
        LoadOptions {
            read: ReadOptions::default(),
            orientations: true,
            protocol: None,
            missing: MissingSamples::default(),
        }
    }
}

/// How folders of NTU RGB+D files are read, as `train` and `evaluate` are told; other folders do not care.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_family = "wasm"), derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct ProtocolOptions {
    /// How folders of NTU RGB+D files are divided: xsub, zero-shot-55-5, zero-shot-48-12, zero-shot-40-20 or
    /// zero-shot-30-30 [default: not at all].
    #[cfg_attr(not(target_family = "wasm"), arg(long, value_name = "NAME"))]
    pub protocol: Option<Protocol>,
    /// Leave out the samples that this text file names, one a line: NTU RGB+D's list of missing skeletons.
    #[cfg_attr(not(target_family = "wasm"), arg(long, value_name = "FILE"))]
    pub missing_samples: Option<PathBuf>,
    /// Who stands in which body slot of a .skeleton file: people (one a person, furniture left out) or file (as listed in
    /// each frame, as published results read them) [default: people; under a protocol file].
    #[cfg_attr(not(target_family = "wasm"), arg(long, value_name = "HOW"))]
    pub slots: Option<Slots>,
}

impl ProtocolOptions {
    /// These options, and where they say nothing, those of `settings`.
    #[must_use]
    pub fn or(self, settings: ProtocolOptions) -> ProtocolOptions {
        ProtocolOptions {
            protocol: self.protocol.or(settings.protocol),
            missing_samples: self.missing_samples.or(settings.missing_samples),
            slots: self.slots.or(settings.slots),
        }
    }

    /// How folders are read.
    ///
    /// # Errors
    /// As [`MissingSamples::read`].
    pub fn load_options(&self) -> Result<LoadOptions, DataError> {
        let missing =
            self.missing_samples.as_deref().map_or_else(|| Ok(MissingSamples::default()), MissingSamples::read);
        let usual = if self.protocol.is_some() { Slots::File } else { Slots::People };
        let read = ReadOptions { slots: self.slots.unwrap_or(usual), ..ReadOptions::default() };
        Ok(LoadOptions { read, protocol: self.protocol, missing: missing?, ..LoadOptions::default() })
    }
}
