//! Kernels: what a client says about them, and what the GPU runs.

use std::sync::{Arc, PoisonError, RwLock};

use draction_shaders::Sources;

use super::Error;

/// Most workgroups in one dimension of a dispatch.
const MAX_GROUPS: u32 = 65_535;

/// A compute shader. Group 0 holds a uniform at binding 0, then the storage buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// The name of its WGSL source, whose entry point is `main`.
    pub name: &'static str,
    /// Bytes of the uniform, which is bound with an offset that each dispatch chooses.
    pub uniform: u64,
    /// How many buffers it reads, from binding 1.
    pub reads: usize,
    /// How many it writes, bound after those.
    pub writes: usize,
}

/// Everything that a client compiles.
#[derive(Clone, Debug)]
pub struct Program {
    /// The texts.
    pub sources: Sources,
    /// Those that are kernels.
    pub kernels: Vec<Kernel>,
    /// Those that belong to pipelines of the client's own; what they bind is its business.
    pub others: Vec<&'static str>,
}

impl Program {
    /// What is compiled, kernels first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.kernels.iter().map(|kernel| kernel.name).chain(self.others.iter().copied())
    }
}

/// Workgroups in two dimensions, enough for `count`: more of them than one dimension holds are folded.
pub fn folded(count: u32) -> [u32; 2] {
    let x = count.clamp(1, MAX_GROUPS);
    [x, count.div_ceil(x)]
}

/// A client's kernels on a device. Its methods name a kernel by its place in the client's list.
#[derive(Debug)]
pub struct Kernels {
    device: wgpu::Device,
    list: Vec<Kernel>,
    /// They follow from the list alone and so survive a change of shaders.
    layouts: Vec<wgpu::BindGroupLayout>,
    pipelines: RwLock<Pipelines>,
}

/// The compiled kernels of one moment, with the text that each was compiled from. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct Pipelines(Arc<[(String, wgpu::ComputePipeline)]>);

impl Kernels {
    /// Compiles `list` from `sources`, on all threads.
    ///
    /// # Errors
    /// [`Error::Shader`] when a source does not compose. Mistakes in WGSL are the device's to report.
    pub fn new(device: &wgpu::Device, list: Vec<Kernel>, sources: &Sources) -> Result<Kernels, Error> {
        let layouts: Vec<_> = list.iter().map(|kernel| layout(device, kernel)).collect();
        let none = Pipelines(Arc::new([]));
        let mut kernels = Kernels { device: device.clone(), list, layouts, pipelines: RwLock::new(none) };
        let compiled = each(&kernels.list, |at| kernels.compile_one(at, sources, None))?;
        kernels.pipelines = RwLock::new(Pipelines(compiled.into()));
        Ok(kernels)
    }

    /// What runs now.
    pub fn pipelines(&self) -> Pipelines {
        self.pipelines.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Compiles the kernels whose text has changed, without running them yet. Mistakes go to this thread's error scope,
    /// see [`compile_checked`].
    ///
    /// # Errors
    /// As [`Kernels::new`].
    pub fn compile(&self, sources: &Sources) -> Result<Pipelines, Error> {
        let known = self.pipelines();
        let all = 0..self.list.len();
        let compiled: Vec<_> = all.map(|at| self.compile_one(at, sources, Some(&known))).collect::<Result<_, _>>()?;
        Ok(Pipelines(compiled.into()))
    }

    /// Runs these from now on.
    pub fn install(&self, pipelines: Pipelines) {
        *self.pipelines.write().unwrap_or_else(PoisonError::into_inner) = pipelines;
    }

    /// Binds a uniform and the storage buffers of a kernel, in the order of its bindings.
    pub fn bind<'a>(
        &self,
        kernel: usize,
        uniform: &wgpu::Buffer,
        buffers: impl IntoIterator<Item = wgpu::BindingResource<'a>>,
    ) -> wgpu::BindGroup {
        let Kernel { name, uniform: size, .. } = self.list[kernel];
        let uniform = wgpu::BufferBinding { buffer: uniform, offset: 0, size: wgpu::BufferSize::new(size) };
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(uniform) }];
        entries
            .extend(buffers.into_iter().zip(1..).map(|(resource, binding)| wgpu::BindGroupEntry { binding, resource }));
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(name),
            layout: &self.layouts[kernel],
            entries: &entries,
        })
    }

    fn compile_one(
        &self,
        at: usize,
        sources: &Sources,
        known: Option<&Pipelines>,
    ) -> Result<(String, wgpu::ComputePipeline), Error> {
        let name = self.list[at].name;
        let text = sources.compose(name).map_err(|e| Error::Shader { name, reason: e.to_string() })?;
        let same = known.map(|known| &known.0[at]).filter(|(known, _)| *known == text);
        let pipeline = match same {
            Some((_, pipeline)) => pipeline.clone(),
            None => pipeline(&self.device, &self.layouts[at], name, &text),
        };
        Ok((text, pipeline))
    }
}

/// What `compile` gives, if the device finds no mistake in the WGSL of it.
///
/// # Errors
/// [`Error::Shader`] with the compiler's message, or what `compile` says.
pub async fn compile_checked<T>(device: &wgpu::Device, compile: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let compiled = compile();
    let mistake = scope.pop().await;
    let compiled = compiled?;
    match mistake {
        Some(mistake) => Err(Error::Shader { name: "reload", reason: mistake.to_string() }),
        None => Ok(compiled),
    }
}

/// One run of a kernel.
#[derive(Clone, Copy, Debug)]
pub struct Dispatch<'a> {
    /// Its place in the client's list.
    pub kernel: usize,
    /// Its name.
    pub name: &'static str,
    /// What it is bound to, see [`Kernels::bind`].
    pub bindings: &'a wgpu::BindGroup,
    /// Where its uniform begins in the bound buffer, bytes.
    pub offset: u32,
    /// Workgroups, see [`folded`].
    pub groups: [u32; 2],
    /// Bytes of the buffers that it binds.
    pub bytes: u64,
}

impl Dispatch<'_> {
    /// Records it.
    pub fn record(&self, compute: &mut wgpu::ComputePass<'_>, pipelines: &Pipelines) {
        compute.set_pipeline(&pipelines.0[self.kernel].1);
        compute.set_bind_group(0, self.bindings, &[self.offset]);
        compute.dispatch_workgroups(self.groups[0], self.groups[1], 1);
    }
}

/// Records dispatches in one compute pass.
pub fn record(encoder: &mut wgpu::CommandEncoder, label: &str, pipelines: &Pipelines, dispatches: &[Dispatch<'_>]) {
    let descriptor = wgpu::ComputePassDescriptor { label: Some(label), timestamp_writes: None };
    let mut compute = encoder.begin_compute_pass(&descriptor);
    for dispatch in dispatches {
        dispatch.record(&mut compute, pipelines);
    }
}

fn layout(device: &wgpu::Device, kernel: &Kernel) -> wgpu::BindGroupLayout {
    let entry = |binding: usize, ty, has_dynamic_offset, min_binding_size| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size },
        count: None,
    };
    let uniform = wgpu::BufferSize::new(kernel.uniform);
    let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true, uniform)];
    entries.extend((0..kernel.reads + kernel.writes).map(|i| {
        let read_only = i < kernel.reads;
        entry(i + 1, wgpu::BufferBindingType::Storage { read_only }, false, None)
    }));
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(kernel.name), entries: &entries })
}

fn pipeline(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, name: &str, text: &str) -> wgpu::ComputePipeline {
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        // a kernel reads no workgroup memory that it has not written
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    })
}

/// What `of` gives for every place in the list, side by side.
#[cfg(not(target_family = "wasm"))]
fn each<T: Send>(list: &[Kernel], of: impl Fn(usize) -> Result<T, Error> + Sync + Send) -> Result<Vec<T>, Error> {
    use rayon::prelude::*;
    (0..list.len()).into_par_iter().map(of).collect()
}

/// What `of` gives for every place in the list. A browser compiles side by side by itself.
#[cfg(target_family = "wasm")]
fn each<T>(list: &[Kernel], of: impl Fn(usize) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    (0..list.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gpu::{fresh, read_back},
        testing::gpu,
    };

    #[test]
    fn long_dispatches_are_folded() {
        assert_eq!(
            [0, 1, 65_535, 65_536, 200_000].map(folded),
            [[1, 0], [1, 1], [65_535, 1], [65_535, 2], [65_535, 4]]
        );
    }

    /// A client of its own: `y = a·x`, from a text that nobody else has.
    #[test]
    fn a_kernel_of_anybody_runs_and_is_reloaded() {
        let Some(gpu) = gpu() else { return };
        let text = "
            struct Scale { factor: f32, count: u32, gap: vec2<u32> }
            @group(0) @binding(0) var<uniform> scale: Scale;
            @group(0) @binding(1) var<storage, read> x: array<f32>;
            @group(0) @binding(2) var<storage, read_write> y: array<f32>;
            @compute @workgroup_size(64)
            fn main(@builtin(global_invocation_id) id: vec3<u32>) {
                if id.x < scale.count {
                    y[id.x] = scale.factor * x[id.x];
                }
            }";
        let mut sources = Sources::new(&[]);
        sources.replace("scale", text);
        let list = vec![Kernel { name: "scale", uniform: 16, reads: 1, writes: 1 }];
        let (device, queue) = (gpu.device(), gpu.queue());
        let kernels = Kernels::new(device, list, &sources).unwrap();

        let uniform = [2.5f32, f32::from_bits(100), 0.0, 0.0];
        let usage = wgpu::BufferUsages::UNIFORM;
        let uniform = crate::gpu::mapped_buffer(device, bytemuck::cast_slice(&uniform), usage).unwrap();
        let x: Vec<f32> = (0..100).map(|i| i as f32).collect();
        let usage = wgpu::BufferUsages::STORAGE;
        let input = crate::gpu::mapped_buffer(device, bytemuck::cast_slice(&x), usage).unwrap();
        let buffer = |usage| {
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size: 400, usage, mapped_at_creation: false })
        };
        let output = buffer(wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
        let bindings = kernels.bind(0, &uniform, [input.as_entire_binding(), output.as_entire_binding()]);
        let run = || {
            let staging = buffer(wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ);
            let mut encoder = device.create_command_encoder(&Default::default());
            let groups = folded(x.len().div_ceil(64) as u32);
            let dispatch = Dispatch { kernel: 0, name: "scale", bindings: &bindings, offset: 0, groups, bytes: 800 };
            record(&mut encoder, "test", &kernels.pipelines(), &[dispatch]);
            encoder.copy_buffer_to_buffer(&output, 0, &staging, 0, 400);
            queue.submit([encoder.finish()]);
            pollster::block_on(read_back(device, &[staging])).unwrap()
        };
        assert_eq!(run(), x.iter().map(|x| 2.5 * x).collect::<Vec<_>>());

        let reload = |text: String| {
            let mut sources = Sources::new(&[]);
            sources.replace("scale", text);
            pollster::block_on(compile_checked(device, || kernels.compile(&sources)))
        };
        assert!(matches!(reload(text.replace("fn main(", "fn main( {")), Err(Error::Shader { .. })));
        kernels.install(reload(text.replace("scale.factor *", "4.0 *")).unwrap());
        assert_eq!(run(), x.iter().map(|x| 4.0 * x).collect::<Vec<_>>());
        // memory for uploads can be copied from, too
        assert_eq!(fresh(device, &x).unwrap().size(), 400);
    }
}
