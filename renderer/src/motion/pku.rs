//! PKU-MMD text: a line a frame, 150 numbers for two bodies of Kinect v2's 25 joints, in metres as its sensor sees them.

mod follow;

use super::{
    Format, Layout, Reason, Slots,
    error::Cause,
    limits::check_volume,
    measure::spread_of_bones,
    raw::Raw,
    text::{number, numbered_lines, words},
};

const BODIES: usize = 2;
const JOINTS: usize = 25;
/// Numbers in a line.
const WIDTH: usize = BODIES * JOINTS * 3;
/// The sensor's rate.
const FPS: f64 = 30.0;

/// Reads a file, whose slots are those of people or of the file; the error comes with its line.
pub(super) fn read(text: &[u8], slots: Slots) -> Result<Raw, (Option<usize>, Cause)> {
    let mut positions = Vec::new();
    let mut warnings = Vec::new();
    let mut lines = numbered_lines(text).peekable();
    while let Some((line, content)) = lines.next() {
        let at = |cause| (Some(line), cause);
        let count = words(content).count();
        if count != WIDTH {
            let what = format!("{count} numbers, expected {WIDTH}: two bodies of {JOINTS} joints");
            if lines.peek().is_none() && !positions.is_empty() && count < WIDTH {
                warnings.push(format!("line {line}: the last line has {what}, and is left out"));
                break;
            }
            return Err(at(Cause::Malformed(what)));
        }
        check_volume(positions.len() / WIDTH + 1, BODIES, JOINTS).map_err(at)?;
        for word in words(content) {
            positions.push(number(word, "a coordinate").map_err(at)? as f32);
        }
    }
    let empty = Raw::of_layout(Layout::Ntu25, Format::Pku, FPS).in_metres();
    // the nearer a tree of bones is to the body, the shorter they are
    if spread_of_bones(&positions, JOINTS, &Layout::Ntu25.bones()) > super::msr::SPREAD {
        let text = "it is a table with 150 numbers in a line, but they are not the joints of PKU-MMD's two bodies";
        return Err((None, Cause::UnknownFormat(text.to_owned())));
    }
    let layout_from = Some(Reason::inferred("150 numbers in a line are two bodies of Kinect v2's 25 joints"));
    let exchanged = if slots == Slots::People { follow::follow(&mut positions) } else { 0 };
    let told = || format!("people are followed by where they are: {exchanged} lines have them in each other's slots");
    let bodies_from = (exchanged > 0).then(|| Reason::inferred(told()));
    Ok(Raw { bodies: BODIES, positions, layout_from, bodies_from, warnings, ..empty })
}
