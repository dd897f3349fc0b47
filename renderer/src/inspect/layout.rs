//! What the numbers of each buffer mean.

use crate::{
    gpu::{Column, Layout},
    passes::{Buffer, Dims, Extent, Row},
};

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
    let extent = Extent::whole(dims);
    Some(Layout { axes: about.axes.iter().map(|&axis| (axis.name(), extent.len(axis))).collect(), columns })
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
            assert_eq!(layout.rows() * layout.columns.len(), numbers.len(), "{buffer:?}");
        }
    }

    #[test]
    fn a_row_tells_where_it_lies() {
        let example = Example::new(3, 6, 70);
        let dims = example.scene.dims;
        let skinned = layout(Buffer::Skinned, &dims).unwrap();
        let row = (2 * dims.bodies + 1) * dims.gaussians + 17;
        assert_eq!(skinned.row_name(row), "frame 2 · body 1 · Gaussian 17");
        let weights = layout(Buffer::Weights, &dims).unwrap();
        assert_eq!(weights.row_name(1545), "weight 1545");
    }
}
