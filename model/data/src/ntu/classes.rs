//! The actions, and the lists that protocols are made of.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// `assets/ntu/ntu60.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ntu60 {
    pub(super) training_subjects: Vec<u16>,
    /// Actions held back, by the name of the split.
    pub(super) unseen: BTreeMap<String, Vec<u16>>,
    classes: Vec<String>,
}

pub(super) static NTU60: LazyLock<Ntu60> = LazyLock::new(|| {
    let text = include_str!("../../../../assets/ntu/ntu60.json");
    serde_json::from_str(text).expect("our own file is valid")
});

/// Names of the actions 1–60, in this order.
pub fn class_names() -> &'static [String] {
    &NTU60.classes
}
