//! What is drawn: people of any number and detail, side by side, walking.

use std::sync::Arc;

use anyhow::Result;
use draction::{
    clip::{Clip, ClipOptions},
    draction::{DrAction, Template, TemplateRule},
    engine::{self, cpu::CpuEngine},
    motion::{Motion, Skeleton, humanoid},
    passes::{self, Buffer},
};
use draction_shaders::rows::Projected;

/// Frames of a clip: what the model sees.
const FRAMES: usize = 12;

/// The size of a rendering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Side of the pictures in pixels.
    pub side: usize,
    /// People in a clip.
    pub bodies: usize,
    /// Clips in a batch.
    pub clips: usize,
    /// Joints of a person.
    pub joints: usize,
}

impl Size {
    /// As it stands in tables: `448² · 2 bodies · 1 clip · 25 joints`.
    pub fn name(&self) -> String {
        let count = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let (bodies, clips) = (count(self.bodies, "body", "bodies"), count(self.clips, "clip", "clips"));
        format!("{}² · {bodies} · {clips} · {} joints", self.side, self.joints)
    }
}

/// A scene of one size.
pub struct Scene {
    size: Size,
    scene: engine::Scene,
}

impl Scene {
    /// # Errors
    /// Never for sizes that make sense.
    pub fn new(size: Size) -> Result<Scene> {
        let options = ClipOptions { frames: FRAMES, ..ClipOptions::reference() };
        let clips: Vec<Clip> =
            (0..size.clips).map(|n| Clip::from_motion(&crowd(size, n as u64), &options)).collect::<Result<_, _>>()?;
        let clip = &clips[0];
        let template = Template::build(&clip.skeleton.bones, clip.reference_pose(), &TemplateRule::released())?;
        let draction = DrAction::painted(&clip.skeleton, template)?;
        Ok(Scene { size, scene: engine::Scene::new(&clips, &draction, size.side, size.side)? })
    }

    /// What was asked for.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Pixels that Gaussians cover, each counted as often as it is covered: what the work of a rasterizer grows with.
    ///
    /// # Errors
    /// The engine's.
    pub fn covered(&self) -> Result<f64> {
        let passes = passes::forward(&self.scene.dims);
        let buffers = CpuEngine.capture(&self.scene, &passes, None, &[Buffer::Projected])?;
        let side = self.size.side as f32;
        // the part of a splat's bounding box in the picture, times the share of a box that its ellipse fills
        let covered = bytemuck::cast_slice::<f32, Projected>(&buffers[0]).iter().map(|splat| {
            let Projected { centre: [u, v], extent_x, extent_y, .. } = *splat;
            let along = |middle: f32, extent: f32| (middle + extent).min(side) - (middle - extent).max(0.0);
            f64::from(along(u, extent_x).max(0.0) * along(v, extent_y).max(0.0)) * std::f64::consts::FRAC_PI_4
        });
        Ok(covered.filter(|area| area.is_finite()).sum())
    }

    /// What an engine takes.
    pub fn drawn(&self) -> &engine::Scene {
        &self.scene
    }
}

/// People who walk side by side, each a little out of step with the others.
fn crowd(size: Size, seed: u64) -> Motion {
    let one = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let one = detailed(&one, size.joints);
    let (frames, joints) = (one.frames(), one.joints());
    // near enough for all of them to be in the picture
    let apart = (3.0 / size.bodies as f32).min(0.8);
    let mut positions = Vec::with_capacity(frames * size.bodies * joints * 3);
    for t in 0..frames {
        for body in 0..size.bodies {
            let aside = (body as f32 - (size.bodies - 1) as f32 * 0.5) * apart;
            let shifted = (t + 5 * body + 3 * seed as usize) % frames;
            for j in 0..joints {
                let [x, y, z] = one.position(shifted, 0, j);
                positions.extend([x + aside, y, z]);
            }
        }
    }
    Motion { bodies: size.bodies, positions, present: vec![true; frames * size.bodies], orientations: None, ..one }
}

/// The same motion with that many joints: leaves are cut off, or the longest bones get a joint in their middle.
fn detailed(motion: &Motion, joints: usize) -> Motion {
    let mut parents = motion.skeleton.parents.clone();
    let mut parts = motion.skeleton.parts.clone();
    let mut names = motion.skeleton.names.clone();
    // tracks [J][T], so that joints can be added and taken away
    let mut tracks: Vec<Vec<[f32; 3]>> =
        (0..motion.joints()).map(|j| (0..motion.frames()).map(|t| motion.position(t, 0, j)).collect()).collect();
    while parents.len() > joints {
        let leaf = (0..parents.len()).rev().find(|&j| !parents.contains(&Some(j))).expect("a tree has leaves");
        tracks.remove(leaf);
        parts.remove(leaf);
        names.remove(leaf);
        parents.remove(leaf);
        parents.iter_mut().flatten().filter(|p| **p > leaf).for_each(|p| *p -= 1);
    }
    while parents.len() < joints {
        let length = |j: usize| parents[j].map_or(0.0, |p| distance(tracks[j][0], tracks[p][0]));
        let long = (0..parents.len()).max_by(|&a, &b| length(a).total_cmp(&length(b))).expect("there are joints");
        let parent = parents[long].expect("the longest bone has two ends");
        let middle = tracks[long].iter().zip(&tracks[parent]);
        tracks.push(middle.map(|(a, b)| [0, 1, 2].map(|c| 0.5 * (a[c] + b[c]))).collect());
        parts.push(parts[long]);
        names.push(format!("middle {}", parents.len()));
        parents.push(Some(parent));
        parents[long] = Some(parents.len() - 1);
    }
    let bones = (0..joints).filter_map(|j| Some([parents[j]?, j])).collect();
    let skeleton = Skeleton { names, parents, bones, parts, mirror: (0..joints).collect() };
    let positions = (0..motion.frames()).flat_map(|t| tracks.iter().flat_map(move |track| track[t])).collect();
    Motion { skeleton: Arc::new(skeleton), positions, orientations: None, ..motion.clone() }
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f32>().sqrt()
}
