//! What is left of a run of kernels, for whoever looks into it.

use super::{Layout, Timing};

/// A kernel of a run, and what it binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelBuffers {
    /// Its name.
    pub kernel: &'static str,
    /// The names of the buffers that it reads.
    pub reads: Vec<String>,
    /// Of those that it writes.
    pub writes: Vec<String>,
}

/// A run of a client's kernels that was kept with everything in between. The workbench shows any.
pub trait Run {
    /// How long each kernel took.
    fn timing(&self) -> &Timing;

    /// Every kernel that the client has, in the order of their running.
    fn kernels(&self) -> Vec<KernelBuffers>;

    /// The names of the buffers whose numbers were kept.
    fn buffers(&self) -> Vec<String>;

    /// The numbers of a buffer, `[rows, columns]`, and what they mean. `None` where they were not kept.
    fn table(&self, buffer: &str) -> Option<(Layout, &[f32])>;

    /// What a row of a buffer is, in a few words.
    fn row_label(&self, layout: &Layout, row: usize) -> String {
        layout.row_name(row)
    }
}
