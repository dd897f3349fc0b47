//! Where numbers come from and where they go: host memory, or stretches of buffers that someone else owns.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::Error;

/// A stretch of a caller's buffer on the client's device. Tensor libraries keep many tensors in one buffer.
#[derive(Clone, Copy, Debug)]
pub struct BufferRange<'a> {
    /// The buffer; usage `COPY_SRC` where it is read, `COPY_DST` where it is written.
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
    /// Whether `expected` bytes of what is called `what` fit it exactly.
    ///
    /// # Errors
    /// [`Error::Range`].
    pub fn check(&self, what: &str, expected: u64) -> Result<(), Error> {
        let BufferRange { offset, size, .. } = *self;
        let available = self.buffer.size();
        let inside = offset.checked_add(expected).is_some_and(|end| end <= available);
        if expected == size && offset.is_multiple_of(4) && inside {
            return Ok(());
        }
        Err(Error::Range { what: what.to_owned(), expected, offset, size, available })
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

/// A new buffer that holds `bytes`.
///
/// # Errors
/// [`Error::Memory`].
pub fn mapped_buffer(device: &wgpu::Device, bytes: &[u8], usage: wgpu::BufferUsages) -> Result<wgpu::Buffer, Error> {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("upload"),
        size: bytes.len() as u64,
        usage,
        mapped_at_creation: true,
    });
    let view = buffer.get_mapped_range_mut(..).map_err(|e| Error::Memory(e.to_string()));
    view?.copy_from_slice(bytes);
    buffer.unmap();
    Ok(buffer)
}

/// The numbers of mappable buffers, one after the other. Whatever writes them was submitted.
///
/// # Errors
/// [`Error::Memory`].
pub async fn read_back(device: &wgpu::Device, buffers: &[wgpu::Buffer]) -> Result<Vec<f32>, Error> {
    let failed = |reason: String| Error::Memory(reason);
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
