//! Clips as graph networks learn from them, whichever system they belong to.

use anyhow::{Context, Result, ensure};
use skeletonllm_data::{
    DataClip, DataSet, Labels, SelectionOptions,
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

/// The poses of a whole clip.
///
/// # Errors
/// When its skeleton is not the network's.
pub fn posed(clip: &DataClip, input: &Input, network: &GraphConfig) -> Result<Poses> {
    let body = input.body(&clip.motion);
    ensure!(
        body.joints() == network.joints && edges(&body.skeleton) == network.edges,
        "{}: another skeleton than the first clip's ({} joints, not {}); `input.body` \"figure\" puts all bodies with \
         known arms and legs on 25",
        clip.record.file_name,
        body.joints(),
        network.joints
    );
    Ok(input.poses(&body))
}
