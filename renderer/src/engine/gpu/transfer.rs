//! What goes in and what comes out, in the layout of the GPU's buffers.

use std::collections::BTreeMap;

use crate::{
    gpu::{BufferRange, Source},
    passes::{Buffer, Memory},
};

/// What the passes of a rendering read, each from the host or from a buffer of somebody's, laid out as [`Buffer`] says.
#[derive(Clone, Debug)]
pub struct Inputs<'a>(BTreeMap<Buffer, Source<'a>>);

impl<'a> Inputs<'a> {
    /// Everything from the host.
    pub fn of(memory: &'a Memory<'_>) -> Inputs<'a> {
        Inputs(memory.iter().map(|(buffer, numbers)| (buffer, Source::Host(numbers))).collect())
    }

    /// With one of them from elsewhere.
    #[must_use]
    pub fn with(mut self, buffer: Buffer, source: Source<'a>) -> Inputs<'a> {
        self.0.insert(buffer, source);
        self
    }

    /// Each with the buffer that it fills.
    pub fn iter(&self) -> impl Iterator<Item = (Buffer, Source<'a>)> {
        self.0.iter().map(|(&buffer, &source)| (buffer, source))
    }
}

impl<'a> FromIterator<(Buffer, Source<'a>)> for Inputs<'a> {
    fn from_iter<I: IntoIterator<Item = (Buffer, Source<'a>)>>(inputs: I) -> Inputs<'a> {
        Inputs(inputs.into_iter().collect())
    }
}

/// Where gradients go; `None` for those that nobody asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct GradientTargets<'a> {
    /// [`Buffer::GradPositions`] `[B, T, P, J, 3]`.
    pub positions: Option<BufferRange<'a>>,
    /// [`Buffer::GradVelocities`] `[B, T, P, J, 3]`.
    pub velocities: Option<BufferRange<'a>>,
    /// [`Buffer::GradFeatures`] `[K, 3]`.
    pub features: Option<BufferRange<'a>>,
    /// [`Buffer::GradWeights`] `[WEIGHTS_LEN]`.
    pub weights: Option<BufferRange<'a>>,
}

impl<'a> GradientTargets<'a> {
    pub(super) fn list(&self) -> Vec<(Buffer, Target<'a>)> {
        let all = [
            (Buffer::GradPositions, self.positions),
            (Buffer::GradVelocities, self.velocities),
            (Buffer::GradFeatures, self.features),
            (Buffer::GradWeights, self.weights),
        ];
        all.into_iter().filter_map(|(buffer, range)| Some((buffer, Target::Range(range?)))).collect()
    }
}

/// Where an output goes.
pub(super) enum Target<'a> {
    /// A caller's buffer.
    Range(BufferRange<'a>),
    /// The n-th of the buffers to be read back, which hold one chunk of frames each.
    ReadBack(usize),
}

impl Target<'_> {
    /// Reads `buffers` back, in that order.
    pub fn read_backs(buffers: &[Buffer]) -> Vec<(Buffer, Self)> {
        buffers.iter().enumerate().map(|(index, &buffer)| (buffer, Target::ReadBack(index))).collect()
    }
}
