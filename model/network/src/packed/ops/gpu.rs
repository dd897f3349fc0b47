//! The products on burn's GPU tensors: buffer to buffer on the device that burn and the renderer share.
//!
//! burn keeps many tensors in one buffer, and a kernel must not read and write one buffer; so what is multiplied is
//! copied to memory of our own and the result back, which is little beside the matrix.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use burn_cubecl::{CubeBackend, kernel::into_contiguous, tensor::CubeTensor};
use draction::{
    engine::gpu::GpuEngine,
    gpu::{Dispatch, Error, Kernel, Kernels, Sources, folded, mapped_buffer, record},
};
use draction_shaders::packed as shaders;

use super::{PackedBackward, PackedOps, Shared};
use crate::gpu_tensor::{Place, empty_like, engine, submit};
use crate::packed::{Bits, Packed, STRIP, Scales};

/// The kernels, in the order of [`NAMES`].
#[derive(Clone, Copy)]
enum Product {
    Row,
    Rows,
    Transposed,
}

const NAMES: [&str; 3] = [shaders::ROW.name, shaders::ROWS.name, shaders::TRANSPOSED.name];

/// Side of a tile of results in `tile.wgsl`.
const TILE: usize = 64;

fn kernels() -> Vec<Kernel> {
    let uniform = size_of::<shaders::Sizes>() as u64;
    NAMES.map(|name| Kernel { name, uniform, reads: 4, writes: 1 }).to_vec()
}

/// What a device needs for products: compiled kernels, and memory for what goes in and out.
struct Products {
    engine: Arc<GpuEngine>,
    kernels: Kernels,
    memory: Mutex<Option<[wgpu::Buffer; 2]>>,
}

/// One for each device in use.
static PRODUCTS: Mutex<Vec<Arc<Products>>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Products {
    /// Those of a tensor's device, compiled once.
    fn of(tensor: &CubeTensor) -> Arc<Products> {
        let engine = engine(tensor);
        let mut all = lock(&PRODUCTS);
        if let Some(found) = all.iter().find(|products| Arc::ptr_eq(&products.engine, &engine)) {
            return found.clone();
        }
        // devices that were lost are held by nobody else
        all.retain(|products| Arc::strong_count(&products.engine) > 1);
        let kernels = Kernels::new(engine.device(), kernels(), &Sources::new(shaders::FILES));
        let kernels = kernels.expect("the shaders compose, as a test sees to");
        let products = Arc::new(Products { engine, kernels, memory: Mutex::new(None) });
        all.push(products.clone());
        products
    }

    /// Memory for `sizes` bytes in and out. It is used again: the queue keeps one product after the other.
    fn memory(&self, sizes: [u64; 2]) -> [wgpu::Buffer; 2] {
        let mut memory = lock(&self.memory);
        if let Some(held) = &*memory
            && held.iter().zip(sizes).all(|(held, size)| held.size() >= size)
        {
            return held.clone();
        }
        use wgpu::BufferUsages as Usage;
        let buffer = |at: usize, usage| {
            let held = memory.as_ref().map_or(0, |held: &[wgpu::Buffer; 2]| held[at].size());
            let size = sizes[at].next_power_of_two().max(held);
            let label = Some("packed product");
            let usage = usage | Usage::STORAGE;
            let descriptor = wgpu::BufferDescriptor { label, size, usage, mapped_at_creation: false };
            self.engine.device().create_buffer(&descriptor)
        };
        let made = [buffer(0, Usage::COPY_DST), buffer(1, Usage::COPY_SRC)];
        memory.insert(made).clone()
    }
}

/// A matrix's copy on the GPU that it was last used on.
#[derive(Default)]
pub(super) struct Uploaded(Mutex<Option<(Weak<GpuEngine>, Buffers)>>);

impl std::fmt::Debug for Uploaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if lock(&self.0).is_some() { "uploaded" } else { "on the host" })
    }
}

/// Codes, scales and offsets.
type Buffers = [wgpu::Buffer; 3];

impl Shared {
    fn buffers(&self, engine: &Arc<GpuEngine>) -> Result<Buffers, Error> {
        let mut uploaded = lock(&self.uploaded.0);
        if let Some((on, buffers)) = &*uploaded
            && on.upgrade().is_some_and(|on| Arc::ptr_eq(&on, engine))
        {
            return Ok(buffers.clone());
        }
        let buffer = |bytes: &[u8]| mapped_buffer(engine.device(), bytes, wgpu::BufferUsages::STORAGE);
        let Packed { codes, scales, offsets, .. } = &self.matrix;
        // strips are sixteen rows, so that halves fill whole words
        let scales: &[u8] = match scales {
            Scales::Rows(scales) => bytemuck::cast_slice(scales),
            Scales::Blocks(scales) => bytemuck::cast_slice(scales),
        };
        // what is not there is bound as one word that nobody reads
        let offsets: &[u8] = if offsets.is_empty() { &[0; 4] } else { bytemuck::cast_slice(offsets) };
        let buffers = [buffer(bytemuck::cast_slice(codes))?, buffer(scales)?, buffer(offsets)?];
        *uploaded = Some((Arc::downgrade(engine), buffers.clone()));
        Ok(buffers)
    }
}

impl Product {
    /// Workgroups for so many rows of what is multiplied.
    fn groups(self, rows: usize, matrix: &Packed) -> usize {
        let [outputs, columns] = matrix.shape();
        match self {
            Product::Row => outputs.div_ceil(STRIP),
            Product::Rows => rows.div_ceil(TILE) * outputs.div_ceil(TILE),
            Product::Transposed => rows.div_ceil(TILE) * columns.div_ceil(TILE),
        }
    }

    /// `input` is `[rows, …]`; the result has `width` columns.
    fn run(self, input: CubeTensor, weight: &Shared, width: usize) -> CubeTensor {
        let input = into_contiguous(input);
        let rows = input.meta.shape()[0];
        let output = empty_like(&input, &[rows, width]);
        if rows == 0 {
            return output;
        }
        let products = Products::of(&input);
        let buffers = weight.buffers(&products.engine).expect("the device has memory");
        let places = [&input, &output].map(Place::of);
        let [from, to] = places.each_ref().map(Place::range);
        let memory = products.memory([from.size, to.size]);
        let sizes = weight.matrix.sizes(rows);
        let uniform = mapped_buffer(products.engine.device(), bytemuck::bytes_of(&sizes), wgpu::BufferUsages::UNIFORM);
        let uniform = uniform.expect("the device has memory");
        let part = |buffer, size| wgpu::BufferBinding { buffer, offset: 0, size: wgpu::BufferSize::new(size) };
        let [codes, scales, offsets] = buffers.each_ref().map(wgpu::Buffer::as_entire_binding);
        let [left, results] =
            [part(&memory[0], from.size), part(&memory[1], to.size)].map(wgpu::BindingResource::Buffer);
        let bindings = products.kernels.bind(self as usize, &uniform, [left, codes, scales, offsets, results]);
        let groups = folded(self.groups(rows, &weight.matrix) as u32);
        let name = NAMES[self as usize];
        let bytes = weight.matrix.bytes() as u64;
        let dispatch = Dispatch { kernel: self as usize, name, bindings: &bindings, offset: 0, groups, bytes };
        submit(&products.engine, |encoder| {
            encoder.copy_buffer_to_buffer(from.buffer, from.offset, &memory[0], 0, from.size);
            record(encoder, name, &products.kernels.pipelines(), &[dispatch]);
            encoder.copy_buffer_to_buffer(&memory[1], 0, to.buffer, to.offset, to.size);
        });
        output
    }
}

impl Packed {
    /// The uniform of a product with so many rows.
    fn sizes(&self, rows: usize) -> shaders::Sizes {
        let [outputs, columns] = self.shape().map(|size| size as u32);
        shaders::Sizes {
            rows: rows as u32,
            outputs,
            columns,
            bits: match self.bits {
                Bits::Four => 4,
                Bits::Eight => 8,
            },
            row_scales: u32::from(matches!(self.scales, Scales::Rows(_))),
            offsets: u32::from(!self.offsets.is_empty()),
            padding: [0; 2],
        }
    }
}

impl PackedOps for CubeBackend {
    fn packed_product(input: CubeTensor, weight: Arc<Shared>) -> CubeTensor {
        let product = if input.meta.shape()[0] == 1 { Product::Row } else { Product::Rows };
        product.run(input, &weight, weight.matrix.shape()[0])
    }
}

impl PackedBackward for CubeBackend {
    fn packed_transposed(upstream: CubeTensor, weight: Arc<Shared>) -> CubeTensor {
        Product::Transposed.run(upstream, &weight, weight.matrix.shape()[1])
    }
}
