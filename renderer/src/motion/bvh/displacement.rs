//! What position channels below the root mean. BVH has them replace the OFFSET; some programs write how far a joint is
//! *from* its OFFSET, most often six channels a joint whose positions are all zero, and some where it is in the world. Read
//! by the book, such a body collapses into one point, or is torn apart.
//!
//! Bones keep the length of their OFFSET in one of the readings. Each joint is judged by itself, since files mix the first
//! two; places in the world are those of all joints.

use glam::DVec3;

use super::{
    super::{
        measure::{median, stride},
        topology,
    },
    Channel, File, Node,
};

/// A bone keeps its length where it differs from the OFFSET's by less than this share.
const KEPT: f64 = 0.25;
/// The same where all places are in the world, and differ by rounding alone.
const WORLD: f64 = 0.1;
/// A bone does not keep its length where it differs by more than this share.
const LOST: f64 = 0.6;

/// What the position channels of a joint say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Where it is seen from its parent: they replace the OFFSET.
    Place,
    /// How far it is from its OFFSET.
    Displacement,
    /// Where it is in the world.
    World,
}

/// `[N]` what the positions of the nodes mean; a warning tells of those that do not replace the OFFSET.
pub(super) fn find(file: &mut File) -> Vec<Meaning> {
    if are_in_the_world(file) {
        let joints = file.nodes.iter().filter(|node| node.has_positions()).count();
        file.warnings.push(format!(
            "the position channels of {joints} joints are read as places in the world: bones then keep the length of OFFSET"
        ));
        let meaning = |node: &Node| if node.has_positions() { Meaning::World } else { Meaning::Place };
        return file.nodes.iter().map(meaning).collect();
    }
    let displaced = displaced(file);
    displaced.into_iter().map(|d| if d { Meaning::Displacement } else { Meaning::Place }).collect()
}

/// Whether bones keep the length of their OFFSET where positions are places in the world, and do not by the book.
fn are_in_the_world(file: &File) -> bool {
    let first = first_channels(&file.nodes);
    let place = |row: &[f32], j: usize| with_positions(DVec3::ZERO, &file.nodes[j], &row[first[j]..]);
    let placed = |j: usize| file.nodes[j].channels.iter().filter(|c| matches!(c, Channel::Position(_))).count() == 3;
    let (mut asked, mut kept, mut lost) = (0, 0, 0);
    for (j, node) in file.nodes.iter().enumerate() {
        let length = node.offset.length();
        let Some(parent) = node.parent.filter(|&p| length > 0.0 && placed(j) && placed(p)) else { continue };
        let off = |reading: &dyn Fn(&[f32]) -> DVec3| {
            median(sampled(file).map(|row| (reading(row).length() - length).abs() / length).collect())
        };
        asked += 1;
        kept += usize::from(off(&|row| place(row, j) - place(row, parent)) < WORLD);
        lost += usize::from(off(&|row| place(row, j)) > KEPT);
    }
    asked > 2 && 10 * kept >= 9 * asked && 2 * lost > asked
}

/// `[N]` the number of each node's first channel.
fn first_channels(nodes: &[Node]) -> Vec<usize> {
    let ends = nodes.iter().scan(0, |end, node| {
        *end += node.channels.len();
        Some(*end)
    });
    ends.zip(nodes).map(|(end, node)| end - node.channels.len()).collect()
}

/// Rows of values, spread over the file.
fn sampled(file: &File) -> impl Iterator<Item = &[f32]> {
    file.values.chunks_exact(file.channels()).step_by(stride(file.frames))
}

/// `place` with what a node's position channels say; `values` begin with those of its channels.
fn with_positions(mut place: DVec3, node: &Node, values: &[f32]) -> DVec3 {
    for (channel, &value) in node.channels.iter().zip(values) {
        if let Channel::Position(axis) = *channel {
            place[axis] = f64::from(value);
        }
    }
    place
}

/// `[N]` whether a node's positions are displacements from its OFFSET; a warning says of how many they are.
fn displaced(file: &mut File) -> Vec<bool> {
    let nodes = file.nodes.len();
    let first = first_channels(&file.nodes);
    let mut displaced = vec![false; nodes];
    // how far each reading is from the length of the OFFSET
    let mut unclear = Vec::new();
    let mut zeros = true;
    for j in 0..nodes {
        let length = file.nodes[j].offset.length();
        if !is_asked(file, j) || length <= 0.0 {
            continue;
        }
        let (replaced, added, zero) = readings(file, j, first[j]);
        let off = |lengths: Vec<f64>| median(lengths.into_iter().map(|l| (l - length).abs() / length).collect());
        let (replaced, added) = (off(replaced), off(added));
        if added < KEPT && replaced > LOST {
            displaced[j] = true;
            zeros &= zero;
        } else if added < replaced && replaced > KEPT {
            unclear.push(j);
        }
    }
    let count = displaced.iter().filter(|&&d| d).count();
    if count > unclear.len() {
        unclear.into_iter().for_each(|j| displaced[j] = true);
    }
    if count > 0 {
        // what places the whole body is written like the rest
        let placing: Vec<usize> = (0..nodes).filter(|&j| places_all(file, j)).collect();
        placing.into_iter().filter(|&j| stays_at_its_parent(file, j, first[j])).for_each(|j| displaced[j] = true);
    }
    let count = displaced.iter().filter(|&&d| d).count();
    if count > 0 {
        let what = if zeros { "are zero in every frame" } else { "are small beside OFFSET" };
        file.warnings.push(format!(
            "the position channels of {count} of {nodes} joints {what}: they are read as displacements from OFFSET"
        ));
    }
    displaced
}

/// Whether it matters what a node's positions mean, and bones say it: not of what places the whole body.
fn is_asked(file: &File, j: usize) -> bool {
    let node = &file.nodes[j];
    node.parent.is_some() && node.has_positions() && !places_all(file, j)
}

/// Whether a node's positions place the whole body: where the root is a place, such as `Reference`, and the body hangs from
/// it alone.
fn places_all(file: &File, j: usize) -> bool {
    let node = &file.nodes[j];
    let Some(parent) = node.parent else { return false };
    let alone = file.nodes.iter().filter(|n| n.parent == Some(parent)).count() == 1;
    let root = &file.nodes[parent];
    node.has_positions() && alone && root.parent.is_none() && !topology::names_a_part(&root.name)
}

/// Whether the positions of a node are near zero along its OFFSET rather than near that: by the book the body would be where
/// the node's parent is, on the floor. Its first channel is number `at` of a row.
fn stays_at_its_parent(file: &File, j: usize, at: usize) -> bool {
    let node = &file.nodes[j];
    let length = node.offset.length();
    if length <= 0.0 {
        return false;
    }
    let along = |row: &[f32]| with_positions(DVec3::ZERO, node, &row[at..]).dot(node.offset) / (length * length);
    median(sampled(file).map(along).collect()).abs() < KEPT
}

/// Lengths of the bone in sampled frames with positions in place of the OFFSET, and with both added; and whether all
/// positions are zero. The node's first channel is number `at` of a row.
fn readings(file: &File, j: usize, at: usize) -> (Vec<f64>, Vec<f64>, bool) {
    let node = &file.nodes[j];
    let (mut replaced, mut added, mut zero) = (Vec::new(), Vec::new(), true);
    for row in sampled(file) {
        let [place, shift] = [node.offset, DVec3::ZERO].map(|from| with_positions(from, node, &row[at..]));
        zero &= shift == DVec3::ZERO;
        replaced.push(place.length());
        added.push((node.offset + shift).length());
    }
    (replaced, added, zero)
}
