//! The network: ten blocks between a norm of the coordinates and a layer to the classes.

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{BatchNorm, Block, Pass, adjacency};
use crate::layers::Linear;
use crate::task::yield_now;

/// Channels that come in: x, y, z.
const COORDINATES: usize = 3;
/// Channels of the published network's first blocks.
pub const PUBLISHED_WIDTH: usize = 64;
/// How many times the first block's channels the ten blocks have, and their strides.
const BLOCKS: [(usize, usize); 10] = [(1, 1), (1, 1), (1, 1), (1, 1), (2, 2), (2, 1), (2, 1), (4, 2), (4, 1), (4, 1)];
/// Widths are multiples of it: the relations of joints have an eighth of the channels.
const WIDTH_STEP: usize = 8;
const MOST_WIDTH: usize = 1024;
/// Most joints and bodies that a configuration may ask for; maps take memory that grows with their square.
const MOST_JOINTS: usize = 1024;
const MOST_BODIES: usize = 64;
const MOST_CLASSES: usize = 1 << 20;

/// Sizes of a network, and the skeleton that it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphConfig {
    /// Classes that are told apart.
    pub classes: usize,
    /// Joints of a body.
    pub joints: usize,
    /// Bodies in a clip.
    pub bodies: usize,
    /// Edges from child to parent, as numbers of joints from 0.
    pub edges: Vec<[usize; 2]>,
    /// Channels of the first four blocks, a multiple of 8; later ones have twice, the last four times as many.
    #[serde(default = "published_width")]
    pub width: usize,
}

fn published_width() -> usize {
    PUBLISHED_WIDTH
}

/// Why no network can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphConfigError {
    /// A size is out of range.
    #[error("`{field}` is {value}, not within 1..={most}")]
    Size {
        /// The field.
        field: &'static str,
        /// What it says.
        value: usize,
        /// The largest that is taken.
        most: usize,
    },
    /// Channels that cannot be divided among relations.
    #[error("`width` is {0}, no multiple of {WIDTH_STEP}")]
    Width(usize),
    /// An edge leads nowhere.
    #[error("`edges` has {0:?}, but joints are numbered 0..{1}")]
    Edge([usize; 2], usize),
}

impl GraphConfig {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// See [`GraphConfigError`].
    pub fn validate(&self) -> Result<(), GraphConfigError> {
        within("classes", self.classes, MOST_CLASSES)?;
        within("joints", self.joints, MOST_JOINTS)?;
        within("bodies", self.bodies, MOST_BODIES)?;
        check_width(self.width)?;
        match self.edges.iter().find(|edge| edge.iter().any(|&joint| joint >= self.joints)) {
            Some(&edge) => Err(GraphConfigError::Edge(edge, self.joints)),
            None => Ok(()),
        }
    }

    /// Features that the classes are told from.
    #[must_use]
    pub fn features(&self) -> usize {
        BLOCKS[BLOCKS.len() - 1].0 * self.width
    }
}

/// Checks the channels of the first blocks, for whoever asks for a network before its joints are known.
///
/// # Errors
/// See [`GraphConfigError`].
pub fn check_width(width: usize) -> Result<(), GraphConfigError> {
    within("width", width, MOST_WIDTH)?;
    if width.is_multiple_of(WIDTH_STEP) { Ok(()) } else { Err(GraphConfigError::Width(width)) }
}

fn within(field: &'static str, value: usize, most: usize) -> Result<(), GraphConfigError> {
    if (1..=most).contains(&value) { Ok(()) } else { Err(GraphConfigError::Size { field, value, most }) }
}

/// CTR-GCN (spec B.2). Field names are those of the public checkpoints.
#[derive(Module, Debug)]
pub struct CtrGcn {
    /// Norm of every coordinate of every joint of every body.
    pub data_bn: BatchNorm,
    /// The blocks.
    pub l1: Block,
    /// See `l1`.
    pub l2: Block,
    /// See `l1`.
    pub l3: Block,
    /// See `l1`.
    pub l4: Block,
    /// See `l1`.
    pub l5: Block,
    /// See `l1`.
    pub l6: Block,
    /// See `l1`.
    pub l7: Block,
    /// See `l1`.
    pub l8: Block,
    /// See `l1`.
    pub l9: Block,
    /// See `l1`.
    pub l10: Block,
    /// From features to classes.
    pub fc: Linear,
    #[module(skip)]
    config: GraphConfig,
}

impl CtrGcn {
    /// A network of these sizes, without values yet but for the graph: see [`CtrGcn::fresh`].
    ///
    /// # Errors
    /// When the sizes make no network.
    pub fn new(config: &GraphConfig, device: &Device) -> Result<Self, GraphConfigError> {
        config.validate()?;
        let graph = adjacency(config.joints, &config.edges);
        let block = |number: usize| {
            let (times, stride) = BLOCKS[number - 1];
            let inputs = if number > 1 { BLOCKS[number - 2].0 * config.width } else { COORDINATES };
            Block::new([inputs, times * config.width], (&graph, config.joints), stride, number > 1, device)
        };
        Ok(Self {
            data_bn: BatchNorm::new(config.bodies * config.joints * COORDINATES, device),
            l1: block(1),
            l2: block(2),
            l3: block(3),
            l4: block(4),
            l5: block(5),
            l6: block(6),
            l7: block(7),
            l8: block(8),
            l9: block(9),
            l10: block(10),
            fc: Linear::new(config.features(), config.classes, true, device),
            config: config.clone(),
        })
    }

    /// The sizes.
    #[must_use]
    pub fn config(&self) -> &GraphConfig {
        &self.config
    }

    /// The ten blocks in order.
    #[must_use]
    pub fn blocks(&self) -> [&Block; 10] {
        [&self.l1, &self.l2, &self.l3, &self.l4, &self.l5, &self.l6, &self.l7, &self.l8, &self.l9, &self.l10]
    }

    /// `[N, 3, T, V, M]` → `[N·M, T, V, 3]` normed, the bodies of a clip next to each other.
    #[must_use]
    pub fn embed(&self, clips: Tensor<5>, pass: &mut Pass) -> Tensor<4> {
        let [count, coordinates, frames, joints, bodies] = clips.dims();
        let rows = clips.permute([0, 2, 4, 3, 1]).reshape([count, frames, 1, bodies * joints * coordinates]);
        let rows = self.data_bn.forward(rows, pass).reshape([count, frames, bodies, joints * coordinates]);
        rows.swap_dims(1, 2).reshape([count * bodies, frames, joints, coordinates])
    }

    /// `[N, 3, T, V, M]` → `[N·M, T', V, features]`, a quarter of the frames. `look` is shown what every block gives.
    #[must_use]
    pub fn features(&self, clips: Tensor<5>, pass: &mut Pass, mut look: impl FnMut(usize, &Tensor<4>)) -> Tensor<4> {
        let mut x = self.embed(clips, pass);
        for (index, block) in self.blocks().into_iter().enumerate() {
            x = block.forward(x, pass);
            look(index, &x);
        }
        x
    }

    /// `[N·M, T', V, features]` → `[N, features]`: the mean over frames, joints and bodies.
    #[must_use]
    pub fn pooled(&self, features: Tensor<4>) -> Tensor<2> {
        let [rows, frames, joints, width] = features.dims();
        let bodies = self.config.bodies;
        features.reshape([rows / bodies, bodies * frames * joints, width]).mean_dim(1).squeeze_dim(1)
    }

    /// `[N·M, T', V, features]` → `[N, T', features]`: the mean over joints and bodies at every time step (spec D.2).
    #[must_use]
    pub fn tokens(&self, features: Tensor<4>) -> Tensor<3> {
        let [rows, frames, _, width] = features.dims();
        let bodies = self.config.bodies;
        let joined = features.mean_dim(2).reshape([rows / bodies, bodies, frames, width]);
        joined.mean_dim(1).squeeze_dim(1)
    }

    /// As [`CtrGcn::forward`] in evaluation; between its blocks a browser may draw.
    pub async fn forward_async(&self, clips: Tensor<5>) -> Tensor<2> {
        let mut pass = Pass::evaluation();
        let mut x = self.embed(clips, &mut pass);
        for block in self.blocks() {
            yield_now().await;
            x = block.forward(x, &mut pass);
        }
        self.fc.forward(self.pooled(x))
    }

    /// `[N, 3, T, V, M]` → `[N, classes]` scores.
    #[must_use]
    pub fn forward(&self, clips: Tensor<5>, pass: &mut Pass) -> Tensor<2> {
        let features = self.features(clips, pass, |_, _| ());
        self.fc.forward(self.pooled(features))
    }
}
