//! What the readers of all formats hand over: the file's own numbers, in its own units and axes.

use super::{Format, Layout, Unit, UpAxis};

/// A file, read but not understood.
pub(super) struct Raw {
    pub format: Format,
    pub names: Vec<String>,
    /// Every parent comes before or after its child, but there are no cycles.
    pub parents: Vec<Option<usize>>,
    /// Drawing order, where the layout fixes it; else parent to child.
    pub bones: Option<Vec<[usize; 2]>>,
    pub fps: f64,
    pub bodies: usize,
    /// `[T, P, J, 3]`.
    pub positions: Vec<f32>,
    /// `[T, P, J, 4]`.
    pub orientations: Option<Vec<f32>>,
    /// What the format or the file declares.
    pub unit: Option<(Unit, String)>,
    /// What the format or the file declares.
    pub up: Option<(UpAxis, String)>,
    pub body_ids: Vec<u64>,
    pub warnings: Vec<String>,
}

impl Raw {
    /// One body on the joints of a known layout, without frames yet.
    pub(super) fn of_layout(layout: Layout, format: Format, fps: f64) -> Self {
        Self {
            format,
            names: layout.names().iter().map(|&n| n.to_owned()).collect(),
            parents: layout.parents(),
            bones: Some(layout.bones()),
            fps,
            bodies: 1,
            positions: Vec::new(),
            orientations: None,
            unit: None,
            up: None,
            body_ids: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// With the unit and the axis of formats that fix both: metres, +y up.
    pub(super) fn in_metres(self) -> Self {
        let set = || "set by the format".to_owned();
        Self { unit: Some((Unit::METRE, set())), up: Some((UpAxis::PlusY, set())), ..self }
    }
}
