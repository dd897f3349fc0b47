//! Graph networks over skeletons: CTR-GCN (Chen et al., arXiv 2107.12213; spec B.2), for any skeleton's own graph.
//!
//! Field names are those of the public checkpoints, so their tensors load by name ([`checkpoint`](crate::checkpoint)).
//! Inside, tensors are `[clips·bodies, frames, joints, channels]`. On the CPU backend layers are fused [`kernels`] with
//! hand-written backwards, elsewhere burn's operations in sequence; [`ops`] chooses.

mod batch_norm;
mod block;
mod convolution;
mod ctr_gcn;
#[cfg(feature = "cpu")]
mod fused;
mod graph_convolution;
mod initialise;
#[cfg(feature = "cpu")]
mod kernels;
mod multi_scale;
mod operands;
mod ops;
#[cfg(test)]
mod tests;
mod topology;

pub use batch_norm::{BatchNorm, Observed, Pass, absorb, mean_observed, sum_observed};
pub use block::Block;
pub use convolution::Convolution;
pub use ctr_gcn::{CtrGcn, GraphConfig, GraphConfigError, PUBLISHED_WIDTH, check_width};
pub use graph_convolution::{GraphConvolution, Refine};
pub use multi_scale::{DilatedConvolution, MultiScale, Weightless};
pub use topology::adjacency;
