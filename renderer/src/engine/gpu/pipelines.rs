//! The compiled shaders.

use std::collections::HashMap;

use draction_shaders::{Params, Sources};

use super::{GpuError, present};
use crate::passes::Pass;

/// Bind group layouts, which follow from [`Pass::about`] alone and so survive a change of shaders.
pub(super) struct Layouts {
    passes: HashMap<Pass, wgpu::BindGroupLayout>,
    /// Of [`present`].
    pub present: wgpu::BindGroupLayout,
}

impl Layouts {
    pub fn new(device: &wgpu::Device) -> Layouts {
        Layouts {
            passes: Pass::ALL.iter().map(|&pass| (pass, bind_group_layout(device, pass))).collect(),
            present: present::layout(device),
        }
    }

    pub fn get(&self, pass: Pass) -> &wgpu::BindGroupLayout {
        &self.passes[&pass]
    }
}

fn bind_group_layout(device: &wgpu::Device, pass: Pass) -> wgpu::BindGroupLayout {
    let entry = |binding: usize, ty, has_dynamic_offset, min_binding_size| wgpu::BindGroupLayoutEntry {
        binding: binding as u32,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size },
        count: None,
    };
    let about = pass.about();
    let params = wgpu::BufferSize::new(size_of::<Params>() as u64);
    let mut entries = vec![entry(0, wgpu::BufferBindingType::Uniform, true, params)];
    let read_only = about.reads.iter().map(|_| true).chain(about.writes.iter().map(|_| false));
    entries.extend(
        read_only
            .enumerate()
            .map(|(i, read_only)| entry(i + 1, wgpu::BufferBindingType::Storage { read_only }, false, None)),
    );
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(pass.name()), entries: &entries })
}

/// One compute pipeline a pass, and what shows the frames.
pub(super) struct Pipelines {
    /// With the text that each was compiled from.
    passes: HashMap<Pass, (String, wgpu::ComputePipeline)>,
    /// Of [`present`].
    pub present: wgpu::RenderPipeline,
}

impl Pipelines {
    /// Compiles `sources`, on all threads where nothing is `known` yet; else passes whose text is that of `known` are
    /// taken from there, and mistakes in WGSL go to this thread's error scope.
    pub fn compile(
        device: &wgpu::Device,
        layouts: &Layouts,
        sources: &Sources,
        known: Option<&Pipelines>,
    ) -> Result<Pipelines, GpuError> {
        let compose =
            |name: &'static str| sources.compose(name).map_err(|e| GpuError::Shader { name, reason: e.to_string() });
        let module = |name: &'static str, text: &str| {
            device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(name),
                source: wgpu::ShaderSource::Wgsl(text.into()),
            })
        };
        let compiled = |pass: Pass| {
            let name = pass.name();
            let text = compose(name)?;
            let same = known.map(|known| &known.passes[&pass]).filter(|(known, _)| *known == text);
            let compiled = match same {
                Some((_, pipeline)) => pipeline.clone(),
                None => pipeline(device, layouts.get(pass), name, &module(name, &text)),
            };
            Ok((pass, (text, compiled)))
        };
        let shown = module(present::SHADER, &compose(present::SHADER)?);
        Ok(Pipelines {
            passes: each_pass(known.is_none(), compiled)?,
            present: present::pipeline(device, &layouts.present, &shown),
        })
    }

    pub fn get(&self, pass: Pass) -> &wgpu::ComputePipeline {
        &self.passes[&pass].1
    }
}

/// What `of` gives for every pass; side by side unless the mistakes are wanted: an error scope catches only what its own
/// thread does.
#[cfg(not(target_family = "wasm"))]
fn each_pass<T: Send>(
    side_by_side: bool,
    of: impl Fn(Pass) -> Result<(Pass, T), GpuError> + Sync + Send,
) -> Result<HashMap<Pass, T>, GpuError> {
    use rayon::prelude::*;
    match side_by_side {
        true => Pass::ALL.par_iter().copied().map(of).collect(),
        false => Pass::ALL.iter().copied().map(of).collect(),
    }
}

/// What `of` gives for every pass. A browser compiles side by side by itself.
#[cfg(target_family = "wasm")]
fn each_pass<T>(
    _side_by_side: bool,
    of: impl Fn(Pass) -> Result<(Pass, T), GpuError>,
) -> Result<HashMap<Pass, T>, GpuError> {
    Pass::ALL.iter().copied().map(of).collect()
}

fn pipeline(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    name: &str,
    module: &wgpu::ShaderModule,
) -> wgpu::ComputePipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module,
        entry_point: Some("main"),
        // no pass reads workgroup memory that it has not written
        compilation_options: wgpu::PipelineCompilationOptions {
            zero_initialize_workgroup_memory: false,
            ..Default::default()
        },
        cache: None,
    })
}
