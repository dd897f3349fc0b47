//! Columns and rows resampled, and the statistics that image models expect.

use super::{Columns, Resampling, S2i, StreamValues};

/// Mean of red, green and blue that models trained on ImageNet take away.
pub const IMAGE_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of red, green and blue that they divide by.
pub const IMAGE_DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// The pictures of one stream, one for each body that is ever there.
#[derive(Clone, Debug, PartialEq)]
pub struct S2iPicture {
    /// The body slot of each picture.
    pub persons: Vec<usize>,
    /// Width and height.
    pub size: usize,
    /// `[persons, 3, size, size]` in [0, 1]: what a person looks at.
    pub unit: Vec<f32>,
}

impl S2iPicture {
    /// `[persons, 3, size, size]` less ImageNet's mean, over its deviation: what a model looks at.
    #[must_use]
    pub fn normalised(&self) -> Vec<f32> {
        let plane = self.size * self.size;
        let value = |(i, &x): (usize, &f32)| (x - IMAGE_MEAN[i / plane % 3]) / IMAGE_DEVIATION[i / plane % 3];
        self.unit.iter().enumerate().map(value).collect()
    }

    /// `[persons, size, size, 3]` in [0, 1], as pictures are written.
    #[must_use]
    pub fn interleaved(&self) -> Vec<f32> {
        let plane = self.size * self.size;
        let pixels = self
            .unit
            .chunks_exact(3 * plane)
            .flat_map(|picture| (0..plane).flat_map(move |i| [picture[i], picture[plane + i], picture[2 * plane + i]]));
        pixels.collect()
    }
}

/// Where a row or column takes its numbers from: `(1 − share) · [low] + share · [high]`.
#[derive(Clone, Copy)]
struct Tap {
    low: usize,
    high: usize,
    share: f64,
}

/// `from` numbers spread over `to` places, half-pixel centres, ends held.
fn taps(from: usize, to: usize, resampling: Resampling) -> impl Iterator<Item = Tap> {
    (0..to).map(move |i| {
        let place = (i as f64 + 0.5) * from as f64 / to as f64;
        match resampling {
            Resampling::Linear => {
                let at = (place - 0.5).max(0.0);
                let low = (at as usize).min(from - 1);
                Tap { low, high: (low + 1).min(from - 1), share: at - low as f64 }
            }
            Resampling::Nearest => {
                let low = (place as usize).min(from - 1);
                Tap { low, high: low, share: 0.0 }
            }
        }
    })
}

/// For each column the joints that it lies between; `None` where the body has no such part.
fn columns(s2i: &S2i) -> Vec<Option<Tap>> {
    let of_joints = |joints: &[usize], width: usize| -> Vec<Option<Tap>> {
        if joints.is_empty() {
            return vec![None; width];
        }
        let taps = taps(joints.len(), width, s2i.resampling);
        taps.map(|tap| Some(Tap { low: joints[tap.low], high: joints[tap.high], ..tap })).collect()
    };
    match s2i.columns {
        Columns::Whole => of_joints(&s2i.plan.columns, s2i.size),
        Columns::Shares => {
            let parts = s2i.plan.by_part().zip(s2i.shares());
            parts.flat_map(|((_, joints), width)| of_joints(joints, width)).collect()
        }
    }
}

pub(super) fn draw(values: &StreamValues, s2i: &S2i) -> S2iPicture {
    let size = s2i.size;
    let plane = size * size;
    let columns = columns(s2i);
    let rows: Vec<Tap> = taps(values.frames, size, s2i.resampling).collect();
    let persons = values.seen();
    let mut unit = vec![0.0_f32; persons.len() * 3 * plane];
    for (picture, &person) in unit.chunks_exact_mut(3 * plane).zip(&persons) {
        let line = |t: usize| -> Vec<[f64; 3]> {
            let body = values.body(t, person);
            let mix = |tap: Tap, axis: usize| {
                (1.0 - tap.share) * body[3 * tap.low + axis] + tap.share * body[3 * tap.high + axis]
            };
            columns.iter().map(|tap| tap.map_or([0.0; 3], |tap| std::array::from_fn(|axis| mix(tap, axis)))).collect()
        };
        // only frames that a row touches: a long take has far more of them than the picture has rows
        for (y, tap) in rows.iter().enumerate() {
            let (low, high) = (line(tap.low), line(tap.high));
            for (x, (low, high)) in low.iter().zip(&high).enumerate() {
                for axis in 0..3 {
                    let value = (1.0 - tap.share) * low[axis] + tap.share * high[axis];
                    picture[axis * plane + y * size + x] = value as f32;
                }
            }
        }
    }
    S2iPicture { persons, size, unit }
}
