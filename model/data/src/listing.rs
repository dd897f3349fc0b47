//! What a folder of clips holds, before any motion is read.

use super::{ntu::Protocol, record::Record};

/// The clips of a folder, before any motion is read.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// One entry a clip.
    pub records: Vec<Record>,
    /// The protocol that divides them, where one does.
    pub protocol: Option<Protocol>,
    /// One line for each thing that is not as it should be and can be left out.
    pub warnings: Vec<String>,
}

impl Listing {
    /// Whether any clip says which half it belongs to.
    pub fn divided(&self) -> bool {
        self.records.iter().any(|r| r.split.is_some())
    }
}
