//! What the numbers of each buffer mean.

use crate::passes::{Axis, Buffer, Dims, Extent, Row};

/// One number of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Short, in the symbols of the specification.
    pub name: String,
    /// `m`, `px`, `1/px²`; empty for plain numbers.
    pub unit: &'static str,
}

/// The shape of a buffer: rows over axes, and what stands in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What rows are counted by, slowest first.
    pub axes: &'static [Axis],
    /// What stands in a row.
    pub columns: Vec<Column>,
}

impl Layout {
    /// Rows of the buffer.
    pub fn rows(&self, dims: &Dims) -> usize {
        self.shape(dims).iter().product()
    }

    /// Rows along each axis.
    pub fn shape(&self, dims: &Dims) -> Vec<usize> {
        let extent = Extent::whole(dims);
        self.axes.iter().map(|&axis| extent.len(axis)).collect()
    }

    /// Where a row lies along each axis.
    pub fn place(&self, dims: &Dims, mut row: usize) -> Vec<(Axis, usize)> {
        let extent = Extent::whole(dims);
        let mut place: Vec<(Axis, usize)> = Vec::with_capacity(self.axes.len());
        for &axis in self.axes.iter().rev() {
            let len = extent.len(axis).max(1);
            place.push((axis, row % len));
            row /= len;
        }
        place.reverse();
        place
    }
}

/// A row's place in words: "frame 0 · body 1 · Gaussian 17". Axes of length one are left out.
pub fn row_name(layout: &Layout, dims: &Dims, row: usize) -> String {
    let extent = Extent::whole(dims);
    let place = layout.place(dims, row).into_iter().filter(|&(axis, _)| extent.len(axis) > 1);
    let said: Vec<String> = place.map(|(axis, at)| format!("{} {at}", axis.name())).collect();
    if said.is_empty() { "the only row".to_owned() } else { said.join(" · ") }
}

/// How `buffer` is laid out. `None` for scratch memory, which has no rows that mean anything on their own.
pub fn layout(buffer: Buffer, dims: &Dims) -> Option<Layout> {
    if buffer.scratch().is_some() {
        return None;
    }
    let column = |name: String, unit| Column { name, unit };
    let about = buffer.about();
    let columns = match about.row {
        Row::Of(groups) => (groups.iter())
            .flat_map(|&(names, unit)| names.iter().map(move |name| column((*name).to_owned(), unit)))
            .collect(),
        Row::Joints => (0..dims.joints).map(|j| column(format!("w{j}"), "")).collect(),
    };
    Some(Layout { axes: about.axes, columns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::tests::Example;

    #[test]
    fn rows_and_columns_hold_all_numbers_of_every_buffer() {
        let example = Example::new(2, 6, 70);
        let buffers = example.twin(true);
        for (buffer, numbers) in buffers.iter() {
            let layout = layout(buffer, &example.scene.dims).expect("no scratch memory is captured");
            assert_eq!(layout.rows(&example.scene.dims) * layout.columns.len(), numbers.len(), "{buffer:?}");
        }
    }

    #[test]
    fn a_row_tells_where_it_lies() {
        let example = Example::new(3, 6, 70);
        let dims = example.scene.dims;
        let skinned = layout(Buffer::Skinned, &dims).unwrap();
        let row = (2 * dims.bodies + 1) * dims.gaussians + 17;
        assert_eq!(row_name(&skinned, &dims, row), "frame 2 · body 1 · Gaussian 17");
        let weights = layout(Buffer::Weights, &dims).unwrap();
        assert_eq!(row_name(&weights, &dims, 1545), "weight 1545");
    }
}
