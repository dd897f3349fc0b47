//! BVH, as the world writes it: any order and number of channels, any names, any line ends.
//!
//! `hierarchy` and `rows` read the two halves of the text, `displacement` tells what position channels mean, `kinematics`
//! turns angles into positions, and `tidy` removes what is no part of a body.

mod displacement;
mod hierarchy;
mod kinematics;
mod lexer;
mod rows;
mod tidy;

use glam::DVec3;

use super::{
    Format,
    error::Cause,
    limits::{MAX_JOINT_FRAMES, check_count},
    raw::Raw,
};

/// An error and its line.
type Failure = (Option<usize>, Cause);

/// What a number of a motion row does to its joint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    /// Replaces the offset along axis 0, 1 or 2.
    Position(usize),
    /// Turns about axis 0, 1 or 2, in degrees, after the joint's channels before it (R = R₁·R₂·R₃).
    Rotation(usize),
}

/// A joint of the hierarchy, or an end site.
#[derive(Clone, Debug)]
struct Node {
    name: String,
    parent: Option<usize>,
    /// From the parent, in the parent's axes.
    offset: DVec3,
    channels: Vec<Channel>,
    end_site: bool,
}

/// The text, read.
struct File {
    nodes: Vec<Node>,
    /// Seconds.
    frame_time: f64,
    /// `[T, channels]`.
    values: Vec<f32>,
    warnings: Vec<String>,
}

impl File {
    fn channels(&self) -> usize {
        self.nodes.iter().map(|n| n.channels.len()).sum()
    }

    fn frames(&self) -> usize {
        self.values.len() / self.channels().max(1)
    }
}

/// Reads a file; the error comes with its line.
pub(super) fn read(bytes: &[u8]) -> Result<Raw, Failure> {
    let mut lexer = lexer::Lexer::new(bytes);
    let mut warnings = Vec::new();
    let nodes = hierarchy::read(&mut lexer, &mut warnings)?;
    let mut file = rows::read(&mut lexer, nodes, warnings)?;
    let volume = file.frames().saturating_mul(file.nodes.len());
    check_count("frames × joints", volume, MAX_JOINT_FRAMES).map_err(|c| (None, c))?;
    let displaced = displacement::find(&mut file);
    let posed = kinematics::pose(&file, &displaced);
    let body = tidy::tidy(&file, posed)?;
    Ok(Raw {
        format: Format::Bvh,
        names: body.names,
        parents: body.parents,
        fps: 1.0 / file.frame_time,
        bodies: 1,
        positions: body.positions,
        orientations: Some(body.orientations),
        rest: Some(body.rest),
        left_out: body.left_out,
        warnings: file.warnings,
        ..Raw::default()
    })
}
