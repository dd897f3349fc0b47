//! Products with matrices in few bits: the shaders, which are nobody's passes, and the uniform that they read.

use bytemuck::{Pod, Zeroable};

use crate::Wgsl;

/// `wgsl/packed/row.wgsl`: one row.
pub const ROW: Wgsl = Wgsl { name: "packed/row", text: include_str!("../wgsl/packed/row.wgsl") };
/// `wgsl/packed/rows.wgsl`: many rows.
pub const ROWS: Wgsl = Wgsl { name: "packed/rows", text: include_str!("../wgsl/packed/rows.wgsl") };
/// `wgsl/packed/transposed.wgsl`: gradients at the inputs.
pub const TRANSPOSED: Wgsl = Wgsl { name: "packed/transposed", text: include_str!("../wgsl/packed/transposed.wgsl") };

/// All of them and what they import.
pub const FILES: &[Wgsl] = &[
    ROW,
    ROWS,
    TRANSPOSED,
    Wgsl { name: "packed/matrix", text: include_str!("../wgsl/packed/matrix.wgsl") },
    Wgsl { name: "packed/tile", text: include_str!("../wgsl/packed/tile.wgsl") },
];

/// What a product is of. `Sizes` in `matrix.wgsl` is its other half and says what the fields mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
#[allow(missing_docs, reason = "said in WGSL")]
pub struct Sizes {
    pub rows: u32,
    pub outputs: u32,
    pub columns: u32,
    pub bits: u32,
    pub row_scales: u32,
    pub offsets: u32,
    pub padding: [u32; 2],
}
