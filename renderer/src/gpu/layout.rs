//! What the numbers of a buffer mean: rows counted along axes, and what stands in a row.

/// One number of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Short, in the symbols of whoever specified the kernel.
    pub name: String,
    /// `m`, `px`, `1/px²`; empty for plain numbers.
    pub unit: &'static str,
}

/// The shape of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What rows are counted by and how many there are of each, slowest first.
    pub axes: Vec<(&'static str, usize)>,
    /// What stands in a row.
    pub columns: Vec<Column>,
}

impl Layout {
    /// Rows of the buffer.
    pub fn rows(&self) -> usize {
        self.axes.iter().map(|(_, length)| length).product()
    }

    /// Rows along each axis.
    pub fn shape(&self) -> Vec<usize> {
        self.axes.iter().map(|(_, length)| *length).collect()
    }

    /// Where a row lies along each axis.
    pub fn place(&self, mut row: usize) -> Vec<(&'static str, usize)> {
        let mut place: Vec<(&'static str, usize)> = Vec::with_capacity(self.axes.len());
        for &(name, length) in self.axes.iter().rev() {
            let length = length.max(1);
            place.push((name, row % length));
            row /= length;
        }
        place.reverse();
        place
    }

    /// A row's place in words: "frame 0 · body 1 · Gaussian 17". Axes of length one are left out.
    pub fn row_name(&self, row: usize) -> String {
        let place = self.place(row).into_iter().zip(&self.axes).filter(|(_, (_, length))| *length > 1);
        let said: Vec<String> = place.map(|((axis, at), _)| format!("{axis} {at}")).collect();
        if said.is_empty() { "the only row".to_owned() } else { said.join(" · ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_where_it_lies() {
        let layout = Layout { axes: vec![("sheet", 3), ("book", 1), ("line", 4)], columns: Vec::new() };
        assert_eq!((layout.rows(), layout.shape()), (12, vec![3, 1, 4]));
        assert_eq!(layout.place(7), [("sheet", 1), ("book", 0), ("line", 3)]);
        assert_eq!(layout.row_name(7), "sheet 1 · line 3");
        let one = Layout { axes: vec![("sheet", 1)], columns: Vec::new() };
        assert_eq!(one.row_name(0), "the only row");
    }
}
