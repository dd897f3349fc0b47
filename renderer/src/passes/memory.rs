//! Numbers of buffers in host memory: what twins read and write.

use std::{borrow::Cow, collections::BTreeMap};

use bytemuck::Pod;

use super::{Buffer, Dims, Extent};

/// Buffers of one rendering, laid out as [`Buffer`] says, whole numbers as the bits of `u32`. A twin finds what it reads
/// where an engine or another twin has put it.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory<'a> {
    /// Sizes.
    pub dims: Dims,
    numbers: BTreeMap<Buffer, Cow<'a, [f32]>>,
}

impl<'a> Memory<'a> {
    /// Without any buffer.
    pub fn new(dims: Dims) -> Memory<'a> {
        Memory { dims, numbers: BTreeMap::new() }
    }

    /// Puts numbers into a buffer.
    pub fn set(&mut self, buffer: Buffer, numbers: impl Into<Cow<'a, [f32]>>) {
        self.numbers.insert(buffer, numbers.into());
    }

    /// Puts rows into a buffer; `T` is the struct of them.
    pub fn set_rows<T: Pod>(&mut self, buffer: Buffer, rows: &[T]) {
        self.set(buffer, bytemuck::cast_slice(rows).to_vec());
    }

    /// The numbers of a buffer, empty where it is not there.
    pub fn get(&self, buffer: Buffer) -> &[f32] {
        self.numbers.get(&buffer).map_or(&[], |numbers| numbers)
    }

    /// Whether a buffer is there.
    pub fn has(&self, buffer: Buffer) -> bool {
        self.numbers.contains_key(&buffer)
    }

    /// All buffers that are there, in the order of [`Buffer`].
    pub fn iter(&self) -> impl Iterator<Item = (Buffer, &[f32])> {
        self.numbers.iter().map(|(&buffer, numbers)| (buffer, &numbers[..]))
    }

    /// Takes the numbers of a buffer out, none where it is not there.
    pub fn take(&mut self, buffer: Buffer) -> Vec<f32> {
        self.numbers.remove(&buffer).unwrap_or_default().into_owned()
    }

    /// A buffer row by row; `T` is the struct or array of its rows.
    pub fn rows<T: Pod>(&self, buffer: Buffer) -> &[T] {
        bytemuck::cast_slice(self.get(buffer))
    }

    /// A buffer that holds one row.
    ///
    /// # Panics
    /// When it is not there: a pass ran before what it reads was written.
    pub fn row<T: Pod>(&self, buffer: Buffer) -> &T {
        self.rows(buffer).first().expect("what a twin reads was written before it runs")
    }

    /// Has `twin` fill a buffer, zeros at first, from the others.
    pub fn write<T: Pod>(&mut self, buffer: Buffer, twin: impl FnOnce(&Memory<'_>, &mut [T])) {
        let len = buffer.len(&Extent::whole(&self.dims)) as usize;
        let mut numbers = self.take(buffer);
        numbers.clear();
        numbers.resize(len, 0.0);
        self.set(buffer, numbers);
        self.update(buffer, twin);
    }

    /// Has `twin` add to a buffer that another has written.
    pub fn update<T: Pod>(&mut self, buffer: Buffer, twin: impl FnOnce(&Memory<'_>, &mut [T])) {
        let mut numbers = self.take(buffer);
        twin(self, bytemuck::cast_slice_mut(&mut numbers));
        self.set(buffer, numbers);
    }

    /// As [`Memory::write`], two buffers at once.
    pub fn write_both<T: Pod, U: Pod>(
        &mut self,
        buffers: [Buffer; 2],
        twin: impl FnOnce(&Memory<'_>, &mut [T], &mut [U]),
    ) {
        let len = buffers[1].len(&Extent::whole(&self.dims)) as usize;
        let mut second = vec![0f32; len];
        self.write(buffers[0], |memory, first| twin(memory, first, bytemuck::cast_slice_mut(&mut second)));
        self.set(buffers[1], second);
    }
}
