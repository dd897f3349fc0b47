//! Clips as graph networks learn from them, whichever system they belong to.

use anyhow::{Context, Result, ensure};
use draction::motion::Motion;
use skeletonllm_data::{
    AugmentOptions, Augmented, DataClip, DataSet, Labels, Rng, SelectionOptions, augment, degraded,
    streams::{Input, Poses, edges},
};
use skeletonllm_network::graph::GraphConfig;

/// The clips that have a label.
pub fn labelled(sets: &[DataSet]) -> impl Iterator<Item = &DataClip> {
    sets.iter().flat_map(|set| &set.clips).filter(|clip| clip.record.label.is_some())
}

/// What an epoch shows, by number of the example: all there are, and where few labels are known they come again until as
/// many clips have come as all folders have, so that a system that learns from few labels alone takes as many steps as one
/// that has use for the others.
pub fn epoch<K: Copy>(keys: &[K], train: &[DataSet], selection: &SelectionOptions) -> Vec<K> {
    let clips: usize = train.iter().map(|set| set.clips.len()).sum();
    let count = if selection.labelled.is_some() { clips.max(keys.len()) } else { keys.len() };
    keys.iter().copied().cycle().take(count).collect()
}

/// The number of a clip's label among those of a model.
///
/// # Errors
/// When it is none of them.
pub fn class(clip: &DataClip, labels: &Labels) -> Result<usize> {
    let label = clip.record.label.as_deref().and_then(|label| labels.index(label));
    label.with_context(|| format!("{}: a label that the run did not begin with", clip.record.file_name))
}

/// The joints of a whole clip that a network looks at.
///
/// # Errors
/// When its skeleton is not the network's.
fn body(clip: &DataClip, input: &Input, network: &GraphConfig) -> Result<Motion> {
    let body = input.body(&clip.motion);
    ensure!(
        body.joints() == network.joints && edges(&body.skeleton) == network.edges,
        "{}: another skeleton than the first clip's ({} joints, not {}); `input.body` \"figure\" puts all bodies with \
         known arms and legs on 25",
        clip.record.file_name,
        body.joints(),
        network.joints
    );
    Ok(body)
}

/// The poses of a whole clip.
///
/// # Errors
/// When its skeleton is not the network's.
pub fn posed(clip: &DataClip, input: &Input, network: &GraphConfig) -> Result<Poses> {
    Ok(input.poses(&body(clip, input, network)?))
}

/// How training shows clips.
#[derive(Clone, Copy)]
pub struct Showing<'a> {
    /// How motions become input.
    pub input: &'a Input,
    /// Largest angle in radians that clips are turned by about each axis.
    pub rotation: f32,
    /// How else they are changed, if they are.
    pub augment: Option<&'a AugmentOptions>,
}

/// A clip as a run holds it from which it is shown.
pub enum Held {
    /// Nothing but turned and cut.
    Poses(Poses),
    /// As others do it, too, and as worse recordings have it.
    Body(Box<Motion>),
}

impl Showing<'_> {
    /// A clip to be shown.
    ///
    /// # Errors
    /// When its skeleton is not the network's.
    pub fn hold(self, clip: &DataClip, network: &GraphConfig) -> Result<Held> {
        Ok(match self.augment {
            None => Held::Poses(posed(clip, self.input, network)?),
            Some(_) => Held::Body(Box::new(body(clip, self.input, network)?)),
        })
    }

    /// What an epoch shows of it, and whether left and right changed places, which they only do where they may.
    pub fn show(self, held: &Held, may_mirror: bool, rng: &mut Rng) -> (Poses, bool) {
        let Showing { input, rotation, augment: options } = self;
        match (held, options) {
            (Held::Poses(poses), _) => (input.trained(poses, rotation, rng), false),
            (Held::Body(body), None) => (input.trained(&input.poses(body), rotation, rng), false),
            (Held::Body(body), Some(options)) => {
                let mirror = if may_mirror { options.mirror } else { 0.0 };
                let Augmented { motion, mirrored } = augment(body, &AugmentOptions { mirror, ..options.clone() }, rng);
                let poses = input.poses(&degraded(&motion, options, rng));
                (input.trained(&poses, rotation, rng), mirrored)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use draction::motion::{ReadOptions, read_file};
    use skeletonllm_checks::asset;
    use skeletonllm_data::Record;

    use super::*;

    #[test]
    fn clips_are_shown_changed_and_mirrored_only_where_they_may_be() {
        let motion = read_file(asset("samples/wave_left_hand.bvh"), &ReadOptions::default()).unwrap();
        let input = Input::default();
        let network = skeletonllm::graph_recogniser::graph_of(&motion, &input, 2, 8);
        let clip = DataClip { record: Record::default(), motion };
        let still = Showing { input: &input, rotation: 0.0, augment: None };
        let mirroring = AugmentOptions { mirror: 1.0, ..AugmentOptions::none() };
        let mirrors = Showing { augment: Some(&mirroring), ..still };
        let shown = |showing: Showing<'_>, may_mirror| {
            showing.show(&showing.hold(&clip, &network).unwrap(), may_mirror, &mut Rng::new(5))
        };
        // the hand that waves is the other one; 7 and 11 are the left and the right hand of the 25 joints
        let way = |poses: &Poses, joint: usize| {
            let frames = poses.positions.chunks_exact(3 * 25);
            let x: Vec<f32> = frames.map(|frame| frame[3 * joint]).collect();
            x.iter().copied().fold(f32::MIN, f32::max) - x.iter().copied().fold(f32::MAX, f32::min)
        };
        let [(still, no), (kept, no_either), (mirrored, yes)] =
            [shown(still, true), shown(mirrors, false), shown(mirrors, true)];
        assert_eq!((no, no_either, yes), (false, false, true));
        for (poses, left) in [(&still, true), (&kept, true), (&mirrored, false)] {
            assert_eq!(way(poses, 7) > 3.0 * way(poses, 11), left);
            assert_eq!(way(poses, 11) > 3.0 * way(poses, 7), !left);
        }
        let worse = AugmentOptions { jitter_m: 0.1, ..AugmentOptions::none() };
        assert_ne!(shown(Showing { augment: Some(&worse), ..mirrors }, true).0, still);
    }
}
