//! Where numbers come from and where they go: host memory, or stretches of buffers that someone else owns.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::GpuError;
use crate::{
    draction::Template,
    engine::Inputs,
    passes::{Buffer, Dims},
};

/// A stretch of a caller's buffer on the engine's device. Tensor libraries keep many tensors in one buffer.
#[derive(Clone, Copy, Debug)]
pub struct BufferRange<'a> {
    /// The buffer; usage `COPY_SRC` where the engine reads, `COPY_DST` where it writes.
    pub buffer: &'a wgpu::Buffer,
    /// First byte, a multiple of 4.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
}

impl<'a> From<&'a wgpu::Buffer> for BufferRange<'a> {
    fn from(buffer: &'a wgpu::Buffer) -> Self {
        BufferRange { buffer, offset: 0, size: buffer.size() }
    }
}

impl BufferRange<'_> {
    pub(super) fn check(&self, buffer: Buffer, expected: u64) -> Result<(), GpuError> {
        let BufferRange { offset, size, .. } = *self;
        let available = self.buffer.size();
        let inside = offset.checked_add(expected).is_some_and(|end| end <= available);
        if expected == size && offset.is_multiple_of(4) && inside {
            return Ok(());
        }
        Err(GpuError::Range { buffer, expected, offset, size, available })
    }
}

/// An input: numbers of the host, or a stretch of a buffer.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Uploaded when recording.
    Host(&'a [f32]),
    /// Copied on the GPU when the encoder is submitted.
    Gpu(BufferRange<'a>),
}

/// Every input of a rendering, laid out as [`Buffer`] says.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// [`Buffer::Positions`] `[B, T, P, J, 3]` metres.
    pub positions: Source<'a>,
    /// [`Buffer::Velocities`] `[B, T, P, J, 3]` metres per four frames.
    pub velocities: Source<'a>,
    /// [`Buffer::Orientations`] `[B, T, P, J, 4]`; ignored unless `dims.oriented`.
    pub orientations: Option<Source<'a>>,
    /// [`Buffer::Cameras`] `[B, 16]`, from [`crate::camera::Camera::to_array`].
    pub cameras: Source<'a>,
    /// [`Buffer::CanonicalJoints`] `[J, 4]`.
    pub canonical_joints: Source<'a>,
    /// [`Buffer::Template`] `[K, 16]`.
    pub template: Source<'a>,
    /// [`Buffer::LbsWeights`] `[K, J]`.
    pub lbs_weights: Source<'a>,
    /// [`Buffer::Features`] `[K, 3]`.
    pub features: Source<'a>,
    /// [`Buffer::Weights`] `[WEIGHTS_LEN]`.
    pub weights: Source<'a>,
}

impl<'a> Sources<'a> {
    pub(super) fn list(&self, dims: &Dims) -> Vec<(Buffer, Source<'a>)> {
        let mut list = vec![
            (Buffer::Positions, self.positions),
            (Buffer::Velocities, self.velocities),
            (Buffer::Cameras, self.cameras),
            (Buffer::Template, self.template),
            (Buffer::LbsWeights, self.lbs_weights),
            (Buffer::Features, self.features),
            (Buffer::Weights, self.weights),
        ];
        if dims.oriented {
            list.push((Buffer::CanonicalJoints, self.canonical_joints));
            list.push((Buffer::Orientations, self.orientations.unwrap_or(Source::Host(&[]))));
        }
        list
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

/// A template in the layout of the GPU's buffers. Pack it once and render many clips.
#[derive(Clone, Debug, PartialEq)]
pub struct PackedTemplate {
    /// [`Buffer::Template`] `[K, 16]`.
    pub rows: Vec<f32>,
    /// [`Buffer::LbsWeights`] `[K, J]`.
    pub lbs_weights: Vec<f32>,
    /// [`Buffer::CanonicalJoints`] `[J, 4]`.
    pub canonical_joints: Vec<f32>,
}

impl PackedTemplate {
    /// Packs `template`.
    pub fn new(template: &Template) -> PackedTemplate {
        let lbs_weights = template.lbs_weights();
        PackedTemplate {
            rows: template.gpu_template(&lbs_weights),
            canonical_joints: template.gpu_canonical_joints(),
            lbs_weights,
        }
    }
}

/// Host inputs in the layout of the GPU's buffers.
pub(super) struct Packed<'a> {
    inputs: &'a Inputs<'a>,
    template: PackedTemplate,
    cameras: Vec<f32>,
    weights: Vec<f32>,
}

impl<'a> Packed<'a> {
    pub fn new(inputs: &'a Inputs<'a>) -> Result<Packed<'a>, GpuError> {
        inputs.check()?;
        Ok(Packed {
            inputs,
            template: PackedTemplate::new(inputs.template),
            cameras: inputs.camera_rows(),
            weights: inputs.parameters.pack(),
        })
    }

    /// Everything that passes read; `backward` gives the frames and their upstream gradient where passes need them.
    pub fn list(&self, backward: Option<(&'a [f32], &'a [f32])>) -> Vec<(Buffer, Source<'_>)> {
        let mut list = self.sources().list(&self.inputs.dims);
        if let Some((frames, grad_frames)) = backward {
            list.extend([(Buffer::Frames, Source::Host(frames)), (Buffer::GradFrames, Source::Host(grad_frames))]);
        }
        list
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            positions: Source::Host(self.inputs.positions),
            velocities: Source::Host(self.inputs.velocities),
            orientations: self.inputs.orientations.map(Source::Host),
            cameras: Source::Host(&self.cameras),
            canonical_joints: Source::Host(&self.template.canonical_joints),
            template: Source::Host(&self.template.rows),
            lbs_weights: Source::Host(&self.template.lbs_weights),
            features: Source::Host(&self.inputs.parameters.features),
            weights: Source::Host(&self.weights),
        }
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

/// A new buffer that holds `bytes`.
pub(super) fn mapped_buffer(
    device: &wgpu::Device,
    bytes: &[u8],
    usage: wgpu::BufferUsages,
) -> Result<wgpu::Buffer, GpuError> {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("draction upload"),
        size: bytes.len() as u64,
        usage,
        mapped_at_creation: true,
    });
    let view = buffer.get_mapped_range_mut(..).map_err(|e| GpuError::Memory(e.to_string()));
    view?.copy_from_slice(bytes);
    buffer.unmap();
    Ok(buffer)
}

/// The numbers of mappable buffers, one after the other. Whatever writes them was submitted.
pub(super) async fn read_back(device: &wgpu::Device, buffers: &[wgpu::Buffer]) -> Result<Vec<f32>, GpuError> {
    let failed = |reason: String| GpuError::Memory(reason);
    let maps: Vec<Mapped> = buffers.iter().map(Mapped::new).collect();
    // a browser maps on its own; elsewhere somebody has to ask
    #[cfg(not(target_family = "wasm"))]
    device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| failed(e.to_string()))?;
    #[cfg(target_family = "wasm")]
    let _ = device;
    let mut numbers = vec![0f32; buffers.iter().map(|b| b.size() as usize / 4).sum()];
    let mut bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut numbers);
    for (buffer, map) in buffers.iter().zip(maps) {
        map.await.map_err(|e| failed(e.to_string()))?;
        let view = buffer.get_mapped_range(..).map_err(|e| failed(e.to_string()))?;
        let (part, rest) = bytes.split_at_mut(view.len());
        part.copy_from_slice(&view);
        bytes = rest;
        drop(view);
        buffer.unmap();
    }
    Ok(numbers)
}

/// `map_async` as a future.
struct Mapped(Arc<Mutex<MapState>>);

#[derive(Default)]
struct MapState {
    result: Option<Result<(), wgpu::BufferAsyncError>>,
    waker: Option<Waker>,
}

impl Mapped {
    fn new(buffer: &wgpu::Buffer) -> Mapped {
        let state = Arc::new(Mutex::new(MapState::default()));
        let shared = Arc::clone(&state);
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
            state.result = Some(result);
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
        });
        Mapped(state)
    }
}

impl Future for Mapped {
    type Output = Result<(), wgpu::BufferAsyncError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
