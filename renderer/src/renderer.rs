//! Motions to pictures, and gradients of pictures back to joints, with everything else chosen.

use crate::{
    clip::{Clip, ClipError, ClipOptions, Viewpoint},
    device::{DeviceChoice, DeviceError, Engine},
    draction::{DrAction, Template, TemplateError, TemplateRule},
    engine::{Gradients, Scene, cpu::CpuEngine},
    motion::Motion,
};

/// Frames drawn at once: bounds memory, and is what models look at anyway.
const STRETCH: usize = 12;
/// Width and height of a picture in pixels.
const SIDE: usize = 448;

/// Draws motions of any skeleton: on a GPU where there is a real one, else on the CPU; twelve frames of 448 × 448 pixels,
/// from in front of the performer; a fixed colour a body part. Each of these can be chosen.
///
/// ```
/// use draction::{Renderer, motion::read_file};
///
/// let motion = read_file("../assets/samples/walk.bvh", &Default::default())?;
/// let rendering = Renderer::new().with_size(64, 48).draw(&motion)?;
/// assert_eq!(rendering.frames.len(), 12 * 48 * 64 * 3);
///
/// // how the joints would have to move for brighter pictures
/// let brighter = vec![1.0; rendering.frames.len()];
/// let gradients = Renderer::new().gradients(&rendering, &brighter)?;
/// assert_eq!(gradients.positions.len(), rendering.clip.positions.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Renderer {
    engine: Engine,
    weights: Option<DrAction>,
    options: ClipOptions,
    width: usize,
    height: usize,
}

/// What was drawn of a motion.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The frames that were sampled, and the camera. Its axes are its own: the performer faces +z.
    pub clip: Clip,
    /// Frames per second of the motion it was sampled from.
    pub fps: f32,
    /// The Gaussians that stood on the clip's skeleton.
    pub draction: DrAction,
    /// `[T, H, W, 3]` linear values, nominally in `[0, 1]`.
    pub frames: Vec<f32>,
    /// Width of a picture in pixels.
    pub width: usize,
    /// Height of a picture in pixels.
    pub height: usize,
}

/// Why a motion could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// Nothing can be sampled of the motion, or an option is out of range.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// No Gaussians can be put on its skeleton.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The device refused.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl Default for Renderer {
    fn default() -> Renderer {
        Renderer::new()
    }
}

impl Renderer {
    /// On the best device of this machine.
    #[must_use]
    pub fn new() -> Renderer {
        Renderer::on(Engine::open(DeviceChoice::Auto).unwrap_or(Engine::Cpu(CpuEngine)))
    }

    /// On a device of the caller's choice.
    #[must_use]
    pub fn on(engine: Engine) -> Renderer {
        Renderer { engine, weights: None, options: ClipOptions::default(), width: SIDE, height: SIDE }
    }

    /// With trained weights instead of fixed colours; on other skeletons than theirs they are transferred.
    #[must_use]
    pub fn with_weights(self, weights: DrAction) -> Renderer {
        Renderer { weights: Some(weights), ..self }
    }

    /// With other frames, another viewpoint, other velocities. The picture's shape is that of
    /// [`Renderer::with_size`], whatever [`crate::clip::Fit::aspect`] says.
    #[must_use]
    pub fn with_options(self, options: ClipOptions) -> Renderer {
        Renderer { options, ..self }
    }

    /// In pictures of `width` × `height` pixels.
    #[must_use]
    pub fn with_size(self, width: usize, height: usize) -> Renderer {
        Renderer { width, height, ..self }
    }

    /// What it draws on.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Samples and draws a motion.
    ///
    /// # Errors
    /// [`DrawError`] when nobody is in the sampled frames, or the device fails.
    pub fn draw(&self, motion: &Motion) -> Result<Rendering, DrawError> {
        let mut options = self.options;
        if let Viewpoint::Fit(fit) = &mut options.viewpoint {
            fit.aspect = self.width as f64 / self.height as f64;
        }
        let clip = Clip::from_motion(motion, &options)?;
        let draction = on_clip(self.weights.as_ref(), &clip)?;
        let frames = frames(&self.engine, &draction, &clip, [self.width, self.height], |_| ())?;
        Ok(Rendering { clip, fps: motion.fps, draction, frames, width: self.width, height: self.height })
    }

    /// Gradients of a loss: `grad_frames [T, H, W, 3]` is its derivative by the frames of `rendering`, what comes back
    /// those by the positions and velocities of its clip, and by the trained numbers.
    ///
    /// # Errors
    /// [`DrawError::Device`] when the numbers do not fit, or the device fails.
    pub fn gradients(&self, rendering: &Rendering, grad_frames: &[f32]) -> Result<Gradients, DrawError> {
        let scene = Scene::new([&rendering.clip], &rendering.draction, rendering.width, rendering.height)?;
        Ok(self.engine.backward(&scene, &rendering.frames, grad_frames)?)
    }
}

/// What draws a clip: `weights`, carried to its skeleton where they were trained on another one; without any, a fixed
/// colour for each body part.
///
/// # Errors
/// [`TemplateError`] when no template can be made for the clip's skeleton.
pub fn on_clip(weights: Option<&DrAction>, clip: &Clip) -> Result<DrAction, TemplateError> {
    let (skeleton, pose, rule) = (&clip.skeleton, clip.reference_pose(), TemplateRule::transfer());
    match weights {
        None => DrAction::painted(skeleton, Template::build(&skeleton.bones, pose, &rule)?),
        Some(own) if own.template.fits(clip.joints(), &skeleton.bones) => Ok(own.clone()),
        Some(other) => other.transferred(skeleton, pose, &rule),
    }
}

/// `[T, H, W, 3]` the frames of a clip in pictures of `size` (width, height), a stretch at a time; `done` hears after each
/// how many there are.
///
/// # Errors
/// [`DrawError::Clip`] for a clip that is not valid, [`DrawError::Device`] when the device fails.
pub fn frames(
    engine: &Engine,
    draction: &DrAction,
    clip: &Clip,
    [width, height]: [usize; 2],
    mut done: impl FnMut(usize),
) -> Result<Vec<f32>, DrawError> {
    let mut frames = Vec::with_capacity(clip.frames() * width * height * 3);
    for first in (0..clip.frames()).step_by(STRETCH) {
        let part = clip.part(first..(first + STRETCH).min(clip.frames()));
        frames.extend(engine.forward(&Scene::new([&part], draction, width, height)?)?);
        done(first + part.frames());
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::tests::motion;

    fn cpu() -> Renderer {
        Renderer::on(Engine::Cpu(CpuEngine)).with_size(40, 30)
    }

    #[test]
    fn long_clips_are_drawn_in_stretches_that_do_not_show() {
        let moving = motion(40, 30.0, |t, _, p| [p[0], p[1] + 0.01 * t as f32, p[2]]);
        let film = cpu().with_options(ClipOptions { frames: 30, ..ClipOptions::default() }).draw(&moving).unwrap();
        assert_eq!(film.frames.len(), 30 * 30 * 40 * 3);
        let picture = 30 * 40 * 3;
        for at in [0, 13, 29] {
            let one = film.clip.part(at..at + 1);
            let alone = frames(&Engine::Cpu(CpuEngine), &film.draction, &one, [40, 30], |_| ()).unwrap();
            assert_eq!(alone, film.frames[at * picture..][..picture], "frame {at}");
        }
    }

    #[test]
    fn a_step_along_the_gradient_makes_the_pictures_brighter() {
        let renderer = cpu();
        let before = renderer.draw(&motion(20, 30.0, |_, _, p| p)).unwrap();
        let gradients = renderer.gradients(&before, &vec![1.0; before.frames.len()]).unwrap();
        let norm = gradients.positions.iter().map(|g| g * g).sum::<f32>().sqrt();
        assert!(norm > 0.0);
        let mut clip = before.clip.clone();
        clip.positions.iter_mut().zip(&gradients.positions).for_each(|(x, g)| *x += 0.02 * g / norm);
        let after = frames(renderer.engine(), &before.draction, &clip, [40, 30], |_| ()).unwrap();
        assert!(after.iter().sum::<f32>() > before.frames.iter().sum::<f32>());
    }

    #[test]
    fn weights_draw_their_own_skeleton_as_they_are_and_others_transferred() {
        let still = motion(12, 30.0, |_, _, p| p);
        let painted = cpu().draw(&still).unwrap();
        let own = cpu().with_weights(painted.draction.clone()).draw(&still).unwrap();
        assert_eq!(own.draction, painted.draction);
        let mut other = still.clone();
        let skeleton = std::sync::Arc::make_mut(&mut other.skeleton);
        skeleton.bones.reverse();
        let moved = cpu().with_weights(painted.draction.clone()).draw(&other).unwrap();
        assert_ne!(moved.draction.template, painted.draction.template);
        assert_eq!(moved.draction.parameters.head, painted.draction.parameters.head);
    }

    #[test]
    fn an_empty_motion_is_refused() {
        let empty = motion(0, 30.0, |_, _, p| p);
        assert!(matches!(cpu().draw(&empty), Err(DrawError::Clip(ClipError::Empty { .. }))));
    }
}
