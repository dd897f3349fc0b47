//! The buffers of one size of rendering, kept between runs.

use std::collections::{BTreeMap, HashMap};

use draction_shaders::Params;

use super::{pipelines::Layouts, plan::Plan};
use crate::passes::{Buffer, Pass};

/// Uniform slots begin at multiples of this (WebGPU's `minUniformBufferOffsetAlignment`).
const SLOT: u64 = 256;

/// Buffers for the longest chunk of a plan. Passes ask for theirs when they are first recorded.
pub(super) struct Workspace {
    pub plan: Plan,
    params: wgpu::Buffer,
    buffers: BTreeMap<Buffer, wgpu::Buffer>,
    bind_groups: HashMap<Pass, wgpu::BindGroup>,
}

impl Workspace {
    pub fn new(device: &wgpu::Device, plan: Plan) -> Workspace {
        let params = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("draction params"),
            size: (plan.chunks.len() * plan.bands.len()) as u64 * SLOT,
            usage: wgpu::BufferUsages::UNIFORM,
            mapped_at_creation: true,
        });
        // the plan alone decides these, so they are written once and for all
        let mut slots = vec![0u8; params.size() as usize];
        for chunk in 0..plan.chunks.len() {
            for band in 0..plan.bands.len() {
                let at = plan.slot(chunk, band) as usize;
                slots[at..at + size_of::<Params>()].copy_from_slice(bytemuck::bytes_of(&plan.params(chunk, band)));
            }
        }
        if let Ok(mut view) = params.get_mapped_range_mut(..) {
            view.copy_from_slice(&slots);
        }
        params.unmap();
        Workspace { plan, params, buffers: BTreeMap::new(), bind_groups: HashMap::new() }
    }

    /// Makes what `passes` need and is not there yet.
    pub fn prepare(&mut self, device: &wgpu::Device, layouts: &Layouts, passes: &[Pass]) {
        for &pass in passes {
            for buffer in pass.buffers() {
                self.ensure(device, buffer);
            }
            if self.bind_groups.contains_key(&pass) {
                continue;
            }
            let params = wgpu::BufferBinding {
                buffer: &self.params,
                offset: 0,
                size: wgpu::BufferSize::new(size_of::<Params>() as u64),
            };
            let mut entries =
                vec![wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(params) }];
            entries.extend(pass.buffers().enumerate().map(|(i, buffer)| wgpu::BindGroupEntry {
                binding: i as u32 + 1,
                resource: self.buffers[&buffer].as_entire_binding(),
            }));
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(pass.name()),
                layout: layouts.get(pass),
                entries: &entries,
            });
            self.bind_groups.insert(pass, group);
        }
    }

    fn ensure(&mut self, device: &wgpu::Device, buffer: Buffer) {
        let size = self.plan.bytes(buffer, self.plan.chunks[0].count);
        self.buffers.entry(buffer).or_insert_with(|| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(&format!("draction {buffer:?}")),
                size,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        });
    }

    /// The buffer, if a prepared pass binds it.
    pub fn buffer(&self, buffer: Buffer) -> Option<&wgpu::Buffer> {
        self.buffers.get(&buffer)
    }

    /// Every buffer that a prepared pass binds.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = &wgpu::Buffer> {
        self.buffers.values()
    }

    /// What `passes` dispatch over one chunk of frames, in order: each pass with the band of tiles that it works on.
    /// What goes over tiles goes band by band: a band's lists and shares are used before the next overwrites them.
    pub fn steps(&self, passes: &[Pass]) -> Vec<(Pass, usize)> {
        let mut steps = Vec::with_capacity(passes.len());
        for stretch in passes.chunk_by(|a, b| a.about().banded == b.about().banded) {
            let bands = if stretch[0].about().banded { self.plan.bands.len() } else { 1 };
            steps.extend((0..bands).flat_map(|band| stretch.iter().map(move |&pass| (pass, band))));
        }
        steps
    }

    /// Records one of [`Workspace::steps`].
    pub fn dispatch(
        &self,
        compute: &mut wgpu::ComputePass<'_>,
        pipelines: &super::pipelines::Pipelines,
        (pass, band): (Pass, usize),
        chunk: usize,
    ) {
        let [x, y] = self.plan.groups(pass, &self.plan.params(chunk, band));
        compute.set_pipeline(pipelines.get(pass));
        compute.set_bind_group(0, &self.bind_groups[&pass], &[self.plan.slot(chunk, band) as u32]);
        compute.dispatch_workgroups(x, y, 1);
    }
}

impl Plan {
    /// Byte at which the uniform of one chunk and band begins.
    fn slot(&self, chunk: usize, band: usize) -> u64 {
        (chunk * self.bands.len() + band) as u64 * SLOT
    }
}
