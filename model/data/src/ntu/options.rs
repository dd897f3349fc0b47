//! The options that `train` and `evaluate` share.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{MissingSamples, Protocol};
use crate::{record::DataError, set::LoadOptions};

/// How folders of NTU RGB+D files are read; other folders do not care.
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
}

impl ProtocolOptions {
    /// These options, and where they say nothing, those of `settings`.
    #[must_use]
    pub fn or(self, settings: ProtocolOptions) -> ProtocolOptions {
        ProtocolOptions {
            protocol: self.protocol.or(settings.protocol),
            missing_samples: self.missing_samples.or(settings.missing_samples),
        }
    }

    /// How folders are read.
    ///
    /// # Errors
    /// As [`MissingSamples::read`].
    pub fn load_options(&self) -> Result<LoadOptions, DataError> {
        let missing =
            self.missing_samples.as_deref().map_or_else(|| Ok(MissingSamples::default()), MissingSamples::read);
        Ok(LoadOptions { protocol: self.protocol, missing: missing?, ..LoadOptions::default() })
    }
}
