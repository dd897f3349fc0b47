//! A rendering whose inputs and outputs stay on the GPU.

use anyhow::Result;
use draction::{
    engine::{
        Scene,
        gpu::{GpuEngine, GradientTargets, Inputs},
    },
    gpu::{BufferRange, Source},
    passes::{Buffer, Dims, WEIGHTS_LEN},
};

use skeletonllm_tests::gpu::{carry_out, storage};

use crate::Direction;

/// Buffers for one size of rendering.
pub struct Resident<'e> {
    engine: &'e GpuEngine,
    dims: Dims,
    inputs: Vec<(Buffer, wgpu::Buffer)>,
    frames: wgpu::Buffer,
    /// In the order of [`GradientTargets`].
    gradients: [wgpu::Buffer; 4],
}

impl<'e> Resident<'e> {
    /// Uploads everything.
    pub fn new(engine: &'e GpuEngine, scene: &Scene) -> Resident<'e> {
        let upload = |(buffer, numbers): (Buffer, &[f32])| {
            let on_gpu = storage(engine, numbers.len());
            engine.queue().write_buffer(&on_gpu, 0, bytemuck::cast_slice(numbers));
            (buffer, on_gpu)
        };
        let d = scene.dims;
        let joints = d.frame_count() * d.bodies * d.joints * 3;
        Resident {
            engine,
            dims: d,
            inputs: scene.memory().iter().map(upload).collect(),
            frames: storage(engine, d.frame_count() * d.width * d.height * 3),
            gradients: [joints, joints, d.gaussians * 3, WEIGHTS_LEN].map(|len| storage(engine, len)),
        }
    }

    /// Runs and waits for the device. The backward is that of half the sum of squares of the pictures.
    ///
    /// # Errors
    /// The engine's.
    pub fn run(&self, direction: Direction) -> Result<()> {
        let mut encoder = self.engine.device().create_command_encoder(&Default::default());
        if direction != Direction::Backward {
            self.engine.record_forward(&mut encoder, &self.dims, &self.inputs(), BufferRange::from(&self.frames))?;
        }
        if direction != Direction::Forward {
            let [positions, velocities, features, weights] =
                self.gradients.each_ref().map(|buffer| Some(BufferRange::from(buffer)));
            let targets = GradientTargets { positions, velocities, features, weights };
            let frames = Source::Gpu(BufferRange::from(&self.frames));
            self.engine.record_backward(&mut encoder, &self.dims, &self.inputs(), frames, frames, &targets)?;
        }
        carry_out(self.engine, encoder)
    }

    fn inputs(&self) -> Inputs<'_> {
        self.inputs.iter().map(|(buffer, on_gpu)| (*buffer, Source::Gpu(BufferRange::from(on_gpu)))).collect()
    }
}
