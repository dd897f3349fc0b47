//! What the numbers of each buffer mean.

use crate::passes::{Buffer, Dims};

/// What the rows of a buffer are counted by, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Frames of all clips.
    Frame,
    /// Clips.
    Clip,
    /// Rows of pixels.
    Row,
    /// Pixels of a row.
    Pixel,
    /// Body slots.
    Body,
    /// Joints of a body.
    Joint,
    /// Gaussians of a body.
    Gaussian,
    /// Places in the order of depth.
    Rank,
    /// Numbers of the packed weights.
    Weight,
}

impl Axis {
    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Axis::Frame => "frame",
            Axis::Clip => "clip",
            Axis::Row => "y",
            Axis::Pixel => "x",
            Axis::Body => "body",
            Axis::Joint => "joint",
            Axis::Gaussian => "Gaussian",
            Axis::Rank => "rank",
            Axis::Weight => "weight",
        }
    }

    fn len(self, dims: &Dims) -> usize {
        match self {
            Axis::Frame => dims.frame_count(),
            Axis::Clip => dims.clips,
            Axis::Row => dims.height,
            Axis::Pixel => dims.width,
            Axis::Body => dims.bodies,
            Axis::Joint => dims.joints,
            Axis::Gaussian => dims.gaussians,
            Axis::Rank => dims.per_frame(),
            Axis::Weight => crate::passes::WEIGHTS_LEN,
        }
    }
}

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
        self.axes.iter().map(|axis| axis.len(dims)).collect()
    }

    /// Where a row lies along each axis.
    pub fn place(&self, dims: &Dims, mut row: usize) -> Vec<(Axis, usize)> {
        let mut place: Vec<(Axis, usize)> = Vec::with_capacity(self.axes.len());
        for &axis in self.axes.iter().rev() {
            let len = axis.len(dims).max(1);
            place.push((axis, row % len));
            row /= len;
        }
        place.reverse();
        place
    }
}

/// A row's place in words: "frame 0 · body 1 · Gaussian 17". Axes of length one are left out.
pub fn row_name(layout: &Layout, dims: &Dims, row: usize) -> String {
    let place = layout.place(dims, row);
    let said: Vec<String> =
        place.iter().filter(|(axis, _)| axis.len(dims) > 1).map(|(axis, at)| format!("{} {at}", axis.name())).collect();
    if said.is_empty() { "the only row".to_owned() } else { said.join(" · ") }
}

/// How `buffer` is laid out. `None` for scratch memory, which has no rows that mean anything on their own.
pub fn layout(buffer: Buffer, dims: &Dims) -> Option<Layout> {
    use Axis::{Body, Clip, Frame, Gaussian, Joint, Pixel, Rank, Row, Weight};
    const SPLAT: &[Axis] = &[Frame, Body, Gaussian];
    const JOINT: &[Axis] = &[Frame, Body, Joint];
    let (axes, columns): (&'static [Axis], Vec<Column>) = match buffer {
        Buffer::Positions => (JOINT, named(&["x", "y", "z"], "m")),
        Buffer::Velocities => (JOINT, named(&["vx", "vy", "vz"], "m / 4 frames")),
        Buffer::Orientations => (JOINT, named(&["w", "x", "y", "z"], "")),
        Buffer::Cameras => (&[Clip], cameras()),
        Buffer::CanonicalJoints => (&[Joint], [named(&["x", "y", "z"], "m"), named(&["–"], "")].concat()),
        Buffer::Template => (&[Gaussian], template()),
        Buffer::LbsWeights => (&[Gaussian], (0..dims.joints).map(|j| column(&format!("w{j}"), "")).collect()),
        Buffer::Features => (&[Gaussian], named(&["f1", "f2", "f3"], "")),
        Buffer::Weights => (&[Weight], named(&["value"], "")),
        Buffer::Head => (&[Gaussian], named(&["h red", "h green", "h blue", "h alpha"], "logit")),
        Buffer::Skinned => (SPLAT, skinned()),
        Buffer::Projected => (SPLAT, projected()),
        Buffer::DepthRange => {
            (&[Frame, Body], [named(&["z0", "z1"], "m"), named(&["share z0", "share z1"], "")].concat())
        }
        Buffer::Shaded => (SPLAT, named(&["red", "green", "blue", "opacity"], "")),
        Buffer::Order => (&[Frame, Rank], named(&["Gaussian"], "")),
        Buffer::Frames => (&[Frame, Row, Pixel], named(&["red", "green", "blue"], "")),
        Buffer::GradFrames => (&[Frame, Row, Pixel], named(&["∂red", "∂green", "∂blue"], "L")),
        Buffer::GradSplats => (SPLAT, grad_splats()),
        Buffer::GradAppearance => (SPLAT, grad_appearance()),
        Buffer::GradDepthRange => (&[Frame, Body], named(&["∂z0", "∂z1"], "L/m")),
        Buffer::GradMeans => (SPLAT, [named(&["∂x", "∂y", "∂z"], "L/m"), named(&["–"], "")].concat()),
        Buffer::GradHead => (&[Gaussian], named(&["∂h red", "∂h green", "∂h blue", "∂h alpha"], "L/logit")),
        Buffer::GradPositions => (JOINT, named(&["∂x", "∂y", "∂z"], "L/m")),
        Buffer::GradVelocities => (JOINT, named(&["∂vx", "∂vy", "∂vz"], "L·4 frames/m")),
        Buffer::GradFeatures => (&[Gaussian], named(&["∂f1", "∂f2", "∂f3"], "L")),
        Buffer::GradWeights => (&[Weight], named(&["∂value"], "L")),
        Buffer::RowLists | Buffer::TileLists | Buffer::TilePartials | Buffer::WeightPartials => return None,
    };
    Some(Layout { axes, columns })
}

fn column(name: &str, unit: &'static str) -> Column {
    Column { name: name.to_owned(), unit }
}

fn named(names: &[&str], unit: &'static str) -> Vec<Column> {
    names.iter().map(|name| column(name, unit)).collect()
}

fn cameras() -> Vec<Column> {
    let rows = ["right", "up", "forward"].iter().flat_map(|row| {
        let axis = ["x", "y", "z"].map(|c| column(&format!("{row} {c}"), ""));
        axis.into_iter().chain([column(&format!("{row} 0"), "m")])
    });
    rows.chain(named(&["fx", "fy", "cx", "cy"], "px")).collect()
}

fn template() -> Vec<Column> {
    let mut columns = named(&["offset x", "offset y", "offset z", "–", "μ x", "μ y", "μ z", "–"], "m");
    columns.extend(named(&["Σxx", "Σxy", "Σxz", "Σyy", "Σyz", "Σzz", "–", "–"], "m²"));
    columns
}

fn skinned() -> Vec<Column> {
    let mut columns = named(&["μ x", "μ y", "μ z"], "m");
    columns.push(column("valid", ""));
    columns.extend(named(&["joints x", "joints y", "joints z"], "m"));
    columns.push(column("Σxx", "m²"));
    columns.extend(named(&["speed x", "speed y", "speed z"], "m / 4 frames"));
    columns.extend(named(&["Σxy", "Σxz", "Σyy", "Σyz", "Σzz"], "m²"));
    columns
}

fn projected() -> Vec<Column> {
    let mut columns = named(&["u", "v"], "px");
    columns.push(column("Z", "m"));
    columns.push(column("extent x", "px"));
    columns.extend(named(&["Λ11", "Λ12", "Λ22"], "1/px²"));
    columns.push(column("extent y", "px"));
    columns.push(column("d0", ""));
    columns.extend(named(&["l1", "l2"], "1/px"));
    columns.push(column("–", ""));
    columns
}

fn grad_splats() -> Vec<Column> {
    let mut columns = vec![column("Σe", "L")];
    columns.extend(named(&["Σe·δx", "Σe·δy"], "L·px"));
    columns.extend(named(&["Σe·δx²", "Σe·δxδy", "Σe·δy²"], "L·px²"));
    columns.extend(named(&["∂opacity", "∂red", "∂green", "∂blue"], "L"));
    columns.extend(named(&["–", "–"], ""));
    columns
}

fn grad_appearance() -> Vec<Column> {
    let mut columns = named(&["∂δ red", "∂δ green", "∂δ blue", "∂δ alpha", "∂gate", "∂mix", "∂depth", "–"], "L");
    columns.extend(named(&["∂h red", "∂h green", "∂h blue", "∂h alpha"], "L/logit"));
    columns.extend(named(&["∂joints x", "∂joints y", "∂joints z", "–"], "L/m"));
    columns.extend(named(&["∂speed x", "∂speed y", "∂speed z", "–"], "L·4 frames/m"));
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::tests::Scene;

    #[test]
    fn rows_and_columns_hold_all_numbers_of_every_buffer() {
        let scene = Scene::new(2, 6, 70);
        let buffers = scene.twin(true);
        for (buffer, numbers) in buffers.iter() {
            let layout = layout(buffer, &scene.inputs.dims).expect("no scratch memory is captured");
            assert_eq!(layout.rows(&scene.inputs.dims) * layout.columns.len(), numbers.len(), "{buffer:?}");
        }
    }

    #[test]
    fn a_row_tells_where_it_lies() {
        let scene = Scene::new(3, 6, 70);
        let dims = scene.inputs.dims;
        let skinned = layout(Buffer::Skinned, &dims).unwrap();
        let row = (2 * dims.bodies + 1) * dims.gaussians + 17;
        assert_eq!(row_name(&skinned, &dims, row), "frame 2 · body 1 · Gaussian 17");
        let weights = layout(Buffer::Weights, &dims).unwrap();
        assert_eq!(row_name(&weights, &dims, 1545), "weight 1545");
    }
}
