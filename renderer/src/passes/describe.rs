//! What there is to say about a pass and about a buffer. Each is said once, where its variant is declared.

use draction_shaders::{Params, Wgsl};

use super::{Buffer, Memory};

/// An enum whose variants are declared together with their descriptions.
macro_rules! described {
    (
        $(#[$meta:meta])* pub enum $name:ident: $description:ident {
            $($(#[$doc:meta])* $variant:ident = $value:expr,)*
        }
    ) => {
        $(#[$meta])*
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of their declaration.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// Everything that is known about it.
            pub const fn about(self) -> &'static $description {
                match self {
                    $($name::$variant => const { &$value },)*
                }
            }
        }
    };
}
pub(super) use described;

/// A pass: a kernel, what it binds, and how often it runs.
#[derive(Clone, Copy, Debug)]
pub struct PassAbout {
    /// Its WGSL file, whose name is the pass's.
    pub shader: Wgsl,
    /// What it reads, in binding order after the uniform at binding 0.
    pub reads: &'static [Buffer],
    /// What it writes, bound after those.
    pub writes: &'static [Buffer],
    /// Workgroups for the sizes in the uniform.
    pub groups: fn(&Params) -> u32,
    /// Whether it goes over tiles, which are worked through in bands.
    pub banded: bool,
    /// The same in plain Rust. Where there is none, the twin of another pass does the work at once: rasterizing knows no
    /// tiles, and summing no slabs.
    pub twin: Option<Twin>,
}

/// A pass on buffers in host memory. Those that it reads are there.
pub type Twin = fn(&mut Memory<'_>);

/// A buffer: its shape, and what its numbers mean.
#[derive(Clone, Copy, Debug)]
pub struct BufferAbout {
    /// What a caller knows it as.
    pub label: &'static str,
    /// Who fills it, and how exactly.
    pub role: Role,
    /// What its rows are counted by, slowest first.
    pub axes: &'static [Axis],
    /// What stands in a row.
    pub row: Row,
}

/// Who fills a buffer, and what its numbers are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The caller.
    Input,
    /// A forward pass.
    Forward,
    /// A forward pass, with whole numbers: `u32` on the GPU. They are right or wrong.
    Order,
    /// A backward pass: sums that cancel.
    Gradient,
    /// A pass of the GPU for the next one; there is no twin of it.
    Scratch(Scratch),
}

/// What scratch memory stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scratch {
    /// For each row of tiles the splats that reach it.
    RowLists,
    /// For each tile the splats that touch it.
    TileLists,
    /// [`Buffer::GradSplats`], a share a tile.
    SplatShares,
    /// [`Buffer::GradWeights`], a share a slab.
    WeightShares,
}

/// What rows and entries are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Frames of all clips.
    Frame,
    /// Clips.
    Clip,
    /// Rows of pixels.
    Row,
    /// Pixels of a row.
    Pixel,
    /// Body slots.
    Body,
    /// Joints of a body.
    Joint,
    /// Gaussians of a body.
    Gaussian,
    /// Gaussians of a frame, by depth or by index.
    Rank,
    /// Numbers of the packed weights.
    Weight,
    /// Rows of tiles.
    TileRow,
    /// Tiles of a band.
    BandTile,
    /// Entries of a list: how many there are, then which.
    Entry,
    /// Slabs of sums.
    Slab,
}

impl Axis {
    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Axis::Frame => "frame",
            Axis::Clip => "clip",
            Axis::Row => "y",
            Axis::Pixel => "x",
            Axis::Body => "body",
            Axis::Joint => "joint",
            Axis::Gaussian => "Gaussian",
            Axis::Rank => "rank",
            Axis::Weight => "weight",
            Axis::TileRow => "row of tiles",
            Axis::BandTile => "tile",
            Axis::Entry => "entry",
            Axis::Slab => "slab",
        }
    }
}

/// The numbers of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Names and their unit, in groups: `m`, `px`, `1/px²`; empty for plain numbers. Padding is called "–".
    Of(&'static [(&'static [&'static str], &'static str)]),
    /// A weight for each joint.
    Joints,
}

impl Row {
    /// How many there are.
    pub fn len(self, joints: usize) -> usize {
        match self {
            Row::Of(groups) => groups.iter().map(|(names, _)| names.len()).sum(),
            Row::Joints => joints,
        }
    }
}
