//! Clips side by side, as an engine takes them.

use super::{Clip, ClipError};
use crate::{camera::Camera, draction::DrAction, engine::Inputs, passes::Dims};

/// `B` clips with as many frames and joints.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Clips `B`.
    pub clips: usize,
    /// Frames a clip `T`.
    pub frames: usize,
    /// Body slots `P`, of the clip with most.
    pub bodies: usize,
    /// Joints a body `J`.
    pub joints: usize,
    /// `[B, T, P, J, 3]` metres; slots that a clip does not have are empty.
    pub positions: Vec<f32>,
    /// `[B, T, P, J, 3]` metres per four frames.
    pub velocities: Vec<f32>,
    /// `[B, T, P, J, 4]`, where all clips have them.
    pub orientations: Option<Vec<f32>>,
    /// `[B]`.
    pub cameras: Vec<Camera>,
}

impl Batch {
    /// Puts clips together. They may differ in body slots: empty ones are added.
    ///
    /// # Errors
    /// [`ClipError`] when there is no clip, one is not valid, or they differ in frames or joints.
    pub fn new<'a>(clips: impl IntoIterator<Item = &'a Clip>) -> Result<Batch, ClipError> {
        let clips: Vec<&Clip> = clips.into_iter().collect();
        let Some(first) = clips.first() else {
            return Err(ClipError::Option("a batch needs at least one clip".into()));
        };
        for (index, clip) in clips.iter().enumerate() {
            clip.validate()?;
            for (what, expected, got) in
                [("frames", first.frames(), clip.frames()), ("joints", first.joints(), clip.joints())]
            {
                if expected != got {
                    return Err(ClipError::Batch { index, what, expected, got });
                }
            }
        }
        let bodies = clips.iter().map(|c| c.bodies).max().unwrap_or(0);
        let joints = first.joints();
        let all = |list: fn(&Clip) -> &[f32], width: usize| {
            clips.iter().flat_map(|c| padded(list(c), c.bodies, bodies, joints * width)).collect::<Vec<f32>>()
        };
        let oriented = clips.iter().all(|c| c.orientations.is_some());
        Ok(Batch {
            clips: clips.len(),
            frames: first.frames(),
            bodies,
            joints,
            positions: all(|c| &c.positions, 3),
            velocities: all(|c| &c.velocities, 3),
            orientations: oriented.then(|| all(|c| c.orientations.as_deref().unwrap_or_default(), 4)),
            cameras: clips.iter().map(|c| c.camera).collect(),
        })
    }

    /// The sizes of rendering this batch with `draction`.
    pub fn dims(&self, draction: &DrAction, width: usize, height: usize) -> Dims {
        Dims {
            clips: self.clips,
            frames: self.frames,
            bodies: self.bodies,
            joints: self.joints,
            gaussians: draction.template.gaussians,
            width,
            height,
            nfm: draction.nfm(),
            oriented: self.orientations.is_some(),
        }
    }

    /// What an engine takes to render this batch with `draction`.
    pub fn inputs<'a>(&'a self, draction: &'a DrAction, width: usize, height: usize) -> Inputs<'a> {
        Inputs {
            dims: self.dims(draction, width, height),
            template: &draction.template,
            parameters: &draction.parameters,
            cameras: &self.cameras,
            positions: &self.positions,
            velocities: &self.velocities,
            orientations: self.orientations.as_deref(),
        }
    }
}

/// `[T, from, body]` → `[T, to, body]`, zeros where there was nothing.
fn padded(list: &[f32], from: usize, to: usize, body: usize) -> impl Iterator<Item = f32> + '_ {
    let empty = (to - from) * body;
    list.chunks_exact(from * body).flat_map(move |frame| frame.iter().copied().chain(std::iter::repeat_n(0.0, empty)))
}
