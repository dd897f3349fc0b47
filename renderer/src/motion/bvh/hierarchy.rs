//! The upper half of a BVH file: joints, offsets, channels. A loop with a stack of its own, because a file can nest deeper
//! than the thread's stack reaches.

use glam::DVec3;

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{MAX_JOINTS, check_count},
        text::{number, parse},
    },
    Channel, Failure, Node,
    lexer::Lexer,
};

/// Most channels a joint may list: three positions, three rotations and some to spare.
const MAX_CHANNELS: usize = 16;

/// Reads up to and including the word `MOTION`. Parents come before their children.
pub(super) fn read(lexer: &mut Lexer<'_>) -> Result<Vec<Node>, Failure> {
    if lexer.at_keyword("HIERARCHY") {
        lexer.next();
    }
    let mut nodes: Vec<Node> = Vec::new();
    // joints whose braces are open
    let mut open: Vec<usize> = Vec::new();
    loop {
        let word = lexer.expect("the rest of the hierarchy, up to MOTION,")?;
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        let parent = open.last().copied();
        if is("MOTION") {
            if parent.is_some() {
                return Err(lexer.fail(Cause::malformed("MOTION comes before the joints' last brace")));
            }
            break;
        } else if is("ROOT") || is("JOINT") || is("End") {
            if is("End") {
                let site = lexer.rest_of_line();
                if parent.is_none() {
                    return Err(lexer.fail(Cause::malformed("an End Site outside of any joint")));
                }
                push(lexer, &mut nodes, parent, site, true)?;
            } else {
                let name = lexer.rest_of_line();
                push(lexer, &mut nodes, parent, name, false)?;
            }
            let brace = lexer.expect("an opening brace")?;
            if brace != b"{" {
                let text = format!("expected an opening brace, not {}", excerpt(brace));
                return Err(lexer.fail(Cause::Malformed(text)));
            }
            open.push(nodes.len() - 1);
        } else if is("}") {
            if open.pop().is_none() {
                return Err(lexer.fail(Cause::malformed("a closing brace too many")));
            }
        } else if is("OFFSET") {
            let node = inside(lexer, parent, &mut nodes)?;
            for value in node.offset.as_mut() {
                let word = lexer.expect("a number of OFFSET")?;
                *value = number(word, "an OFFSET").map_err(|c| lexer.fail(c))?;
            }
        } else if is("CHANNELS") {
            let node = inside(lexer, parent, &mut nodes)?;
            node.channels = channels(lexer)?;
        } else {
            let text = format!("expected JOINT, End Site, OFFSET, CHANNELS, a brace or MOTION, not {}", excerpt(word));
            return Err(lexer.fail(Cause::Malformed(text)));
        }
    }
    if nodes.is_empty() {
        return Err(lexer.fail(Cause::Degenerate("the hierarchy has no joints".to_owned())));
    }
    Ok(nodes)
}

fn push(
    lexer: &Lexer<'_>,
    nodes: &mut Vec<Node>,
    parent: Option<usize>,
    name: &[u8],
    end_site: bool,
) -> Result<(), Failure> {
    check_count("the number of joints", nodes.len() + 1, MAX_JOINTS).map_err(|c| lexer.fail(c))?;
    let name = match parent {
        Some(p) if end_site => format!("{}_end", nodes[p].name),
        // a name can be as long as the file
        _ => String::from_utf8_lossy(&name[..name.len().min(256)]).trim().to_owned(),
    };
    let name = if name.is_empty() { format!("joint_{}", nodes.len()) } else { name };
    nodes.push(Node { name, parent, offset: DVec3::ZERO, channels: Vec::new(), end_site });
    Ok(())
}

fn inside<'n>(lexer: &Lexer<'_>, parent: Option<usize>, nodes: &'n mut [Node]) -> Result<&'n mut Node, Failure> {
    parent
        .and_then(|p| nodes.get_mut(p))
        .ok_or_else(|| lexer.fail(Cause::malformed("OFFSET or CHANNELS outside of any joint")))
}

fn channels(lexer: &mut Lexer<'_>) -> Result<Vec<Channel>, Failure> {
    let word = lexer.expect("the number of channels")?;
    let Some(count) = parse::<u64>(word) else {
        let text = format!("the number of channels should be whole, not {}", excerpt(word));
        return Err(lexer.fail(Cause::Malformed(text)));
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    check_count("the number of channels of a joint", count, MAX_CHANNELS).map_err(|c| lexer.fail(c))?;
    let mut channels = Vec::new();
    for _ in 0..count {
        let word = lexer.expect("a channel")?;
        let lower = word.to_ascii_lowercase();
        let axis = match lower.first() {
            Some(&b @ b'x'..=b'z') => usize::from(b - b'x'),
            _ => 3,
        };
        channels.push(match lower.get(1..) {
            Some(b"position" | b"translation") if axis < 3 => Channel::Position(axis),
            Some(b"rotation") if axis < 3 => Channel::Rotation(axis),
            _ => {
                let text = format!("expected a channel such as Xposition or Zrotation, not {}", excerpt(word));
                return Err(lexer.fail(Cause::Malformed(text)));
            }
        });
    }
    Ok(channels)
}
