//! Gradients of what is seen: how Gaussians and joints would have to move to change a pixel, a region or an answer.

use draction_shaders::rows::{GradMean, GradSplat};

use crate::passes::{Buffer, Dims};

use super::Buffers;

/// A number that depends on a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Loss {
    /// Brightness of a pixel, the mean of its colours, 0..1.
    Pixel {
        /// Column.
        x: usize,
        /// Row, from the top.
        y: usize,
    },
    /// Mean brightness of the pixels between two corners, both included, 0..1.
    Region {
        /// Column and row of one corner.
        from: [usize; 2],
        /// Column and row of the other.
        to: [usize; 2],
    },
    /// Anything else, by its gradient `[H, W, 3]` with respect to one frame.
    Given(Vec<f32>),
}

impl Loss {
    /// `∂L/∂frames` `[F, H, W, 3]` of the loss at `frame` (counted over all clips); zeros where the loss lies outside.
    pub fn gradient(&self, dims: &Dims, frame: usize) -> Vec<f32> {
        let pixels = dims.width * dims.height;
        let mut gradient = vec![0.0; dims.frame_count() * pixels * 3];
        let Some(own) = gradient.get_mut(frame * pixels * 3..(frame + 1) * pixels * 3) else { return gradient };
        let (from, to) = match self {
            Loss::Pixel { x, y } => ([*x, *y], [*x, *y]),
            Loss::Region { from, to } => (*from, *to),
            Loss::Given(given) => {
                if given.len() == own.len() {
                    own.copy_from_slice(given);
                }
                return gradient;
            }
        };
        let range = |c: usize, size: usize| from[c].min(to[c])..(from[c].max(to[c]) + 1).min(size);
        let (columns, rows) = (range(0, dims.width), range(1, dims.height));
        let share = 1.0 / (3 * columns.len() * rows.len()).max(1) as f32;
        for y in rows {
            for x in columns.clone() {
                let at = (y * dims.width + x) * 3;
                own[at..at + 3].fill(share);
            }
        }
        gradient
    }

    /// The loss itself, from `frames [F, H, W, 3]`: what [`Loss::gradient`] is the gradient of, up to a constant.
    pub fn value(&self, dims: &Dims, frames: &[f32], frame: usize) -> f64 {
        let gradient = self.gradient(dims, frame);
        gradient.iter().zip(frames).map(|(g, x)| f64::from(*g) * f64::from(*x)).sum()
    }
}

/// How strongly a loss pulls on each Gaussian and joint of one frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Pull {
    /// `[N]` norm of `∂L/∂μ`, a centimetre.
    pub means: Vec<f32>,
    /// `[N]` norm of `∂L/∂(red, green, blue)`.
    pub colours: Vec<f32>,
    /// `[N]` size of `∂L/∂opacity`.
    pub opacities: Vec<f32>,
    /// `[P, J]` norm of the gradient with respect to position and displacement, a centimetre.
    pub joints: Vec<f32>,
}

/// Reads the pulls at `frame` (counted over all clips) off the buffers of a backward run. `None` without one.
pub fn pull(dims: &Dims, buffers: &Buffers, frame: usize) -> Option<Pull> {
    fn of<T: bytemuck::Pod>(buffers: &Buffers, buffer: Buffer, frame: usize, count: usize) -> Option<&[T]> {
        buffers.rows(buffer).get(frame * count..(frame + 1) * count)
    }
    let norm = |row: &[f32]| row.iter().map(|x| x * x).sum::<f32>().sqrt();
    let (n, joints) = (dims.per_frame(), dims.bodies * dims.joints);
    let means = of::<GradMean>(buffers, Buffer::GradMeans, frame, n)?;
    let splats = of::<GradSplat>(buffers, Buffer::GradSplats, frame, n)?;
    let positions = of::<[f32; 3]>(buffers, Buffer::GradPositions, frame, joints)?;
    let velocities = of::<[f32; 3]>(buffers, Buffer::GradVelocities, frame, joints)?;
    Some(Pull {
        means: means.iter().map(|row| norm(&row.mean) / 100.0).collect(),
        colours: splats.iter().map(|row| norm(&[row.red, row.green, row.blue])).collect(),
        opacities: splats.iter().map(|row| row.opacity.abs()).collect(),
        joints: positions.iter().zip(velocities).map(|(p, v)| norm(&[*p, *v].concat()) / 100.0).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::{Scene, cpu::CpuEngine},
        inspect::tests::Example,
    };

    #[test]
    fn a_region_is_the_mean_of_its_pixels() {
        let example = Example::new(2, 6, 70);
        let (dims, twin) = (example.scene.dims, example.twin(false));
        let frames = twin.get(Buffer::Frames);
        let (x, y) = (20, 15);
        let pixel = |x, y| Loss::Pixel { x, y }.value(&dims, frames, 1);
        let mean = (pixel(x, y) + pixel(x + 1, y) + pixel(x, y + 1) + pixel(x + 1, y + 1)) / 4.0;
        for (from, to) in [([x, y], [x + 1, y + 1]), ([x + 1, y], [x, y + 1])] {
            assert!((Loss::Region { from, to }.value(&dims, frames, 1) - mean).abs() < 1e-7);
        }
        assert!(mean > 0.0);
        let outside = Loss::Region { from: [900, 900], to: [950, 950] };
        assert_eq!(outside.value(&dims, frames, 1), 0.0);
        assert_eq!(Loss::Given(vec![1.0; 3]).value(&dims, frames, 0), 0.0, "of another size");
    }

    /// Moving one joint changes the loss as its gradient says.
    #[test]
    fn pulls_are_slopes() {
        let mut example = Example::new(1, 6, 70);
        let dims = example.scene.dims;
        let loss = Loss::Region { from: [15, 10], to: [35, 25] };
        example.grad_frames = loss.gradient(&dims, 0);
        let pull = pull(&dims, &example.twin(true), 0).unwrap();
        assert_eq!((pull.means.len(), pull.joints.len()), (140, 12));
        let joint = (0..12).max_by(|&a, &b| pull.joints[a].total_cmp(&pull.joints[b])).unwrap();
        let value = |scene: &Scene| loss.value(&dims, &CpuEngine.forward(scene).unwrap(), 0);
        let mut slopes = [0.0; 6];
        for (c, slope) in slopes.iter_mut().enumerate() {
            let step = 1e-3f32;
            let moved = |by: f32| {
                let mut scene = example.scene.clone();
                let list = if c < 3 { &mut scene.positions } else { &mut scene.velocities };
                list[3 * joint + c % 3] += by;
                value(&scene)
            };
            *slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        }
        let slope = slopes.iter().map(|s| s * s).sum::<f64>().sqrt() / 100.0;
        let found = f64::from(pull.joints[joint]);
        assert!((slope - found).abs() < 0.02 * slope, "{slope:e} {found:e}");
        assert!(super::pull(&dims, &example.twin(false), 0).is_none());
    }
}
