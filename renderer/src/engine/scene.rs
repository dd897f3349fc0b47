//! What an engine draws.

use std::sync::Arc;

use super::EngineError;
use crate::{
    camera::Camera,
    clip::{Clip, ClipError},
    draction::{DrAction, HEAD_LEN, Metadata, NFM_LEN, Parameters, Template},
    passes::{Buffer, Dims, Memory},
};

/// Clips side by side, seen by a camera each, and what they are drawn with. It owns its numbers, so that it can travel
/// between threads and into files.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Sizes; `frames` counts the frames of one clip.
    pub dims: Dims,
    /// The Gaussians in their reference pose.
    pub template: Arc<Template>,
    /// The trained numbers.
    pub parameters: Parameters,
    /// `[B]` one camera a clip.
    pub cameras: Vec<Camera>,
    /// `[B, T, P, J, 3]` metres; body slots that a clip does not have are empty.
    pub positions: Vec<f32>,
    /// `[B, T, P, J, 3]` metres per four frames.
    pub velocities: Vec<f32>,
    /// `[B, T, P, J, 4]`; needed when `dims.oriented`.
    pub orientations: Option<Vec<f32>>,
}

impl Scene {
    /// Puts clips together, to be drawn by `draction` in pictures of `width` × `height` pixels. They may differ in body
    /// slots: empty ones are added. Orientations turn Gaussians where all clips have them.
    ///
    /// # Errors
    /// [`ClipError`] when there is no clip, one is not valid, or they differ in frames or joints.
    pub fn new<'a>(
        clips: impl IntoIterator<Item = &'a Clip>,
        draction: &DrAction,
        width: usize,
        height: usize,
    ) -> Result<Scene, ClipError> {
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
        Ok(Scene {
            dims: Dims {
                clips: clips.len(),
                frames: first.frames(),
                bodies,
                joints,
                gaussians: draction.template.gaussians,
                width,
                height,
                nfm: draction.nfm(),
                oriented,
            },
            template: Arc::new(draction.template.clone()),
            parameters: draction.parameters.clone(),
            cameras: clips.iter().map(|c| c.camera).collect(),
            positions: all(|c| &c.positions, 3),
            velocities: all(|c| &c.velocities, 3),
            orientations: oriented.then(|| all(|c| c.orientations.as_deref().unwrap_or_default(), 4)),
        })
    }

    /// What it is drawn with, without what a file says about it.
    pub fn draction(&self) -> DrAction {
        DrAction {
            template: (*self.template).clone(),
            parameters: self.parameters.clone(),
            metadata: Metadata::default(),
        }
    }

    /// Checks every length against `dims`.
    ///
    /// # Errors
    /// [`EngineError`] naming the input that does not fit.
    pub fn check(&self) -> Result<(), EngineError> {
        let d = &self.dims;
        let sizes = [d.clips, d.frames, d.bodies, d.joints, d.gaussians, d.width, d.height];
        let pixels = checked_product(&[d.clips, d.frames, d.width, d.height, 3]);
        let gaussians = checked_product(&[d.clips, d.frames, d.bodies, d.gaussians, 20]);
        let fits = |n: Option<usize>| n.is_some_and(|n| n <= i32::MAX as usize);
        if sizes.contains(&0) || !fits(pixels) || !fits(gaussians) {
            return Err(EngineError::Size(format!(
                "{} clips of {} frames, {} bodies of {} joints and {} Gaussians, {}x{} pixels",
                d.clips, d.frames, d.bodies, d.joints, d.gaussians, d.width, d.height
            )));
        }
        let expect = |what, expected, got| {
            if expected == got { Ok(()) } else { Err(EngineError::Length { what, expected, got }) }
        };
        let joints = d.frame_count() * d.bodies * d.joints;
        expect("positions", joints * 3, self.positions.len())?;
        expect("velocities", joints * 3, self.velocities.len())?;
        if d.oriented {
            expect("orientations", joints * 4, self.orientations.as_deref().map_or(0, <[f32]>::len))?;
        }
        expect("cameras", d.clips, self.cameras.len())?;
        expect("template joints", d.joints, self.template.joints)?;
        expect("template Gaussians", d.gaussians, self.template.gaussians)?;
        expect("features", d.gaussians * 3, self.parameters.features.len())?;
        expect("appearance head", HEAD_LEN, self.parameters.head.len())?;
        match &self.parameters.nfm {
            Some(nfm) => expect("NFM", NFM_LEN, nfm.len()),
            None if d.nfm => Err(EngineError::Size("with the NFM: the weights have none".into())),
            None => Ok(()),
        }
    }

    /// Its numbers as passes read them.
    pub fn memory(&self) -> Memory<'_> {
        let mut memory = self.moving();
        memory.set_template(&self.template);
        memory
    }

    /// [`Scene::memory`] without the template's part, which takes longest to pack and changes least.
    pub(crate) fn moving(&self) -> Memory<'_> {
        let mut memory = Memory::new(self.dims);
        memory.set(Buffer::Positions, &self.positions[..]);
        memory.set(Buffer::Velocities, &self.velocities[..]);
        memory.set_cameras(&self.cameras);
        memory.set(Buffer::Features, &self.parameters.features[..]);
        memory.set(Buffer::Weights, self.parameters.pack());
        if let Some(orientations) = self.orientations.as_deref().filter(|_| self.dims.oriented) {
            memory.set(Buffer::Orientations, orientations);
        }
        memory
    }
}

impl Memory<'_> {
    /// Packs a template into its three buffers.
    pub fn set_template(&mut self, template: &Template) {
        let lbs_weights = template.lbs_weights();
        self.set_rows(Buffer::Template, &template.rows(&lbs_weights));
        self.set_rows(Buffer::CanonicalJoints, &template.canonical_joint_rows());
        self.set(Buffer::LbsWeights, lbs_weights);
    }

    /// Packs one camera a clip.
    pub fn set_cameras(&mut self, cameras: &[Camera]) {
        let Dims { width, height, .. } = self.dims;
        let rows: Vec<_> = cameras.iter().map(|camera| camera.row(width, height)).collect();
        self.set_rows(Buffer::Cameras, &rows);
    }
}

fn checked_product(factors: &[usize]) -> Option<usize> {
    factors.iter().try_fold(1usize, |product, &f| product.checked_mul(f))
}

/// `[T, from, body]` → `[T, to, body]`, zeros where there was nothing.
fn padded(list: &[f32], from: usize, to: usize, body: usize) -> impl Iterator<Item = f32> + '_ {
    let empty = (to - from) * body;
    list.chunks_exact(from * body).flat_map(move |frame| frame.iter().copied().chain(std::iter::repeat_n(0.0, empty)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clip::{ClipOptions, tests::motion},
        draction::TemplateRule,
    };

    #[test]
    fn clips_are_padded_with_bodies_and_other_shapes_are_refused() {
        let m = motion(20, 30.0, |t, _, p| [p[0] + t as f32 * 0.01, p[1], p[2]]);
        let one = Clip::from_motion(&m, &ClipOptions::default()).unwrap();
        let mut two = one.clone();
        two.bodies = 2;
        let twice = |v: &[f32]| v.chunks_exact(33).flat_map(|b| [b, b].concat()).collect::<Vec<f32>>();
        (two.positions, two.velocities) = (twice(&one.positions), twice(&one.velocities));
        let draction = DrAction::init(
            Template::build(&one.skeleton.bones, one.reference_pose(), &TemplateRule::released()).unwrap(),
            0,
        );
        let scene = |clips: &[&Clip]| Scene::new(clips.iter().copied(), &draction, 64, 48);
        let both = scene(&[&one, &two]).unwrap();
        let d = both.dims;
        assert_eq!((d.clips, d.frames, d.bodies, d.joints, d.width, d.height), (2, 12, 2, 11, 64, 48));
        assert_eq!(both.positions[..33], one.positions[..33]);
        assert!(both.positions[33..66].iter().all(|x| *x == 0.0));
        assert_eq!(both.positions[12 * 66..], two.positions[..]);
        both.check().unwrap();
        let short = Clip::from_motion(&m, &ClipOptions { frames: 8, ..ClipOptions::default() }).unwrap();
        assert!(matches!(scene(&[&one, &short]), Err(ClipError::Batch { index: 1, what: "frames", .. })));
        assert!(scene(&[]).is_err());
    }
}
