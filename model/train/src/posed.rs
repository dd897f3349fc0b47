//! Clips as graph networks learn from them, whichever system they belong to.

use anyhow::{Result, ensure};
use skeletonllm_data::{
    DataClip,
    streams::{Input, Poses, edges},
};
use skeletonllm_network::graph::GraphConfig;

/// Sizes of a network with `outputs` outputs for the skeleton of this clip.
pub fn graph_of(clip: &DataClip, input: &Input, outputs: usize) -> GraphConfig {
    let body = input.body(&clip.motion);
    GraphConfig { classes: outputs, joints: body.joints(), bodies: input.bodies, edges: edges(&body.skeleton) }
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
