//! DrAction's kernels, one a pass, and the pipeline that shows what they drew.

use draction_shaders::{Params, Sources};

use super::present;
use crate::{
    gpu::{Error, Kernel, Program},
    passes::Pass,
};

/// Everything that the engine compiles: [`Pass::ALL`] in their order, and what shows frames.
pub fn program() -> Program {
    let kernel = |pass: &Pass| Kernel {
        name: pass.name(),
        uniform: size_of::<Params>() as u64,
        reads: pass.about().reads.len(),
        writes: pass.about().writes.len(),
    };
    Program {
        sources: Sources::default(),
        kernels: Pass::ALL.iter().map(kernel).collect(),
        others: vec![present::SHADER],
    }
}

/// Compiles what shows frames.
pub(super) fn present(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    sources: &Sources,
) -> Result<wgpu::RenderPipeline, Error> {
    let name = present::SHADER;
    let text = sources.compose(name).map_err(|e| Error::Shader { name, reason: e.to_string() })?;
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: wgpu::ShaderSource::Wgsl(text.into()),
    });
    Ok(present::pipeline(device, layout, &module))
}
