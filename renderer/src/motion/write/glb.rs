//! Binary glTF 2.0: a skin of joints with an animation, and a mesh of bones, so that viewers show somebody.
//!
//! Metres, +y up and right-handed are glTF's own conventions. Joints turn as BVH's do; those that do not keep their place at
//! their parent are moved as well. People who come and go are scaled to nothing while they are away.

mod bones;
mod buffer;

use serde_json::{Value, json};

use self::{
    bones::Bones,
    buffer::{Buffer, Interpolation, Track},
};
use super::{
    super::{
        Motion, MotionError,
        error::Cause,
        limits::MAX_JOINT_FRAMES,
        quaternion::{nearer_sign, normalized},
    },
    Written, counted, plain_name,
    rig::{Rig, strays},
};

/// What the parts of the document have in common.
#[derive(Default)]
struct Document {
    buffer: Buffer,
    nodes: Vec<Value>,
    meshes: Vec<Value>,
    skins: Vec<Value>,
    samplers: Vec<Value>,
    channels: Vec<Value>,
}

/// Writes everybody who is in a motion as a binary glTF file. Joints are where the motion has them within 0.3 mm.
///
/// # Errors
/// When nobody is in any frame.
pub fn write_glb(motion: &Motion) -> Result<Written<Vec<u8>>, MotionError> {
    let rigs = Rig::everybody(motion)?;
    let volume = motion.frames().saturating_mul(rigs.len()).saturating_mul(motion.joints());
    if volume > MAX_JOINT_FRAMES {
        let cause = Cause::malformed("a glTF file of so many joints and frames would be larger than it may be");
        return Err(cause.at(&motion.source.file, None));
    }
    let mut document = Document::default();
    let times: Vec<f32> = (0..motion.frames()).map(|t| (t as f64 / f64::from(motion.fps)) as f32).collect();
    let times = document.buffer.scalars(&times);
    let mut scene = Vec::new();
    for (n, rig) in rigs.iter().enumerate() {
        scene.extend(document.person(motion, rig, n, times));
    }
    let notes = strays(&rigs).map(|(strayed, far)| {
        let moving = counted(strayed, "joint", "joints");
        format!("bones change their length: {moving} move against the parent by up to {:.1} cm", 100.0 * far)
    });
    Ok(Written { content: document.file(motion, scene), notes: notes.into_iter().collect() })
}

impl Document {
    /// Adds a person; returns the nodes that stand in the scene.
    fn person(&mut self, motion: &Motion, rig: &Rig<'_>, n: usize, times: usize) -> [usize; 2] {
        let top = self.nodes.len();
        let root = top + 1;
        let mut nodes = vec![root; motion.joints()];
        rig.order().iter().enumerate().for_each(|(i, &j)| nodes[j] = root + i);
        let bones = Bones::at_rest(rig);
        self.nodes.push(json!({ "name": format!("person {}", n + 1), "children": [root] }));
        for &j in rig.order() {
            let rest = if rig.parent(j).is_none() { bones.place(j) } else { rig.offsets[j] };
            let mut node = json!({
                "name": plain_name(&motion.skeleton.names[j]),
                "translation": rest.as_vec3().to_array(),
            });
            // glTF forbids empty lists
            if !rig.children(j).is_empty() {
                node["children"] = rig.children(j).iter().map(|&c| nodes[c]).collect();
            }
            self.nodes.push(node);
        }
        for &j in rig.order() {
            self.animate(rig, j, nodes[j], times);
        }
        if !rig.always_there() {
            let size = |t: usize| [if rig.is_there(t) { 1.0 } else { 0.0 }; 3];
            let output = self.buffer.vectors(&(0..rig.frames()).map(size).collect::<Vec<[f32; 3]>>(), false);
            self.channel(top, Track { path: "scale", interpolation: Interpolation::Step, times, output });
        }
        let skin = self.skins.len();
        let bind = self.buffer.matrices(&bones.world_to_joints());
        let joints: Vec<usize> = rig.order().iter().map(|&j| nodes[j]).collect();
        self.skins.push(json!({ "joints": joints, "inverseBindMatrices": bind, "skeleton": root }));
        let mesh = bones.mesh(&mut self.buffer);
        self.meshes.push(json!({ "name": "bones", "primitives": [mesh] }));
        // a skinned mesh goes where its joints are, so it stands beside them
        self.nodes.push(json!({ "name": "bones", "mesh": self.meshes.len() - 1, "skin": skin }));
        [top, self.nodes.len() - 1]
    }

    /// Turns of a joint, and places where they change.
    fn animate(&mut self, rig: &Rig<'_>, j: usize, node: usize, times: usize) {
        let linear = Interpolation::Linear;
        if rig.placed[j] {
            let places: Vec<[f32; 3]> = (0..rig.frames()).map(|t| rig.place(t, j).as_vec3().to_array()).collect();
            let output = self.buffer.vectors(&places, false);
            self.channel(node, Track { path: "translation", interpolation: linear, times, output });
        }
        let mut before = glam::DQuat::IDENTITY;
        let turns: Vec<[f32; 4]> = (0..rig.frames())
            .map(|t| {
                before = nearer_sign(normalized(rig.relative_turn(t, j)), before);
                before.as_quat().to_array()
            })
            .collect();
        let still = turns.iter().all(|q| q[..3].iter().all(|v| v.abs() < 1e-7));
        if !still {
            let output = self.buffer.quaternions(&turns);
            self.channel(node, Track { path: "rotation", interpolation: linear, times, output });
        }
    }

    fn channel(&mut self, node: usize, track: Track) {
        self.channels.push(json!({
            "sampler": self.samplers.len(),
            "target": { "node": node, "path": track.path },
        }));
        self.samplers.push(json!({
            "input": track.times,
            "output": track.output,
            "interpolation": track.interpolation.name(),
        }));
    }

    /// The container: a header of 12 bytes, a chunk of JSON, a chunk of numbers.
    fn file(self, motion: &Motion, scene: Vec<usize>) -> Vec<u8> {
        let (bytes, views, accessors) = self.buffer.parts();
        let json = json!({
            "asset": { "version": "2.0", "generator": "draction convert" },
            "scene": 0,
            "scenes": [{ "nodes": scene }],
            "nodes": self.nodes,
            "meshes": self.meshes,
            "skins": self.skins,
            "materials": [{
                "name": "bones",
                "doubleSided": true,
                "pbrMetallicRoughness": { "baseColorFactor": [0.8, 0.55, 0.2, 1.0], "metallicFactor": 0.0 },
            }],
            "animations": [{ "name": "motion", "samplers": self.samplers, "channels": self.channels }],
            "accessors": accessors,
            "bufferViews": views,
            "buffers": [{ "byteLength": bytes.len() }],
            "extras": { "file": motion.source.file, "fps": motion.fps, "read": motion.source.to_string() },
        });
        let mut text = json.to_string().into_bytes();
        text.resize(text.len().next_multiple_of(4), b' ');
        let length = 12 + 8 + text.len() + 8 + bytes.len();
        let mut file = Vec::with_capacity(length);
        file.extend(b"glTF");
        for word in [2, length, text.len()] {
            file.extend((word as u32).to_le_bytes());
        }
        file.extend(b"JSON");
        file.extend(text);
        file.extend((bytes.len() as u32).to_le_bytes());
        file.extend(b"BIN\0");
        file.extend(bytes);
        file
    }
}
