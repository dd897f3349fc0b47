//! The lower half of a BVH file: frame count, frame time, and a row of numbers a frame.

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        text::{number, parse, words},
    },
    Failure, File, Node,
    lexer::Lexer,
};

/// Reads from behind `MOTION` to the end. Rows decide how many frames there are; a different `Frames:` is a warning.
pub(super) fn read(lexer: &mut Lexer<'_>, nodes: Vec<Node>) -> Result<File, Failure> {
    let declared = frame_count(lexer)?;
    let frame_time = frame_time(lexer)?;
    let mut file = File { nodes, frame_time, frames: 0, values: Vec::new(), warnings: Vec::new() };
    let channels = file.channels();
    if channels == 0 {
        let cause = Cause::Degenerate("no joint has a channel, so nothing moves".to_owned());
        return Err(lexer.fail(cause));
    }
    let joints = file.nodes.len();
    // a row may be wrapped over several lines
    let (mut row, mut row_line): (Vec<f32>, usize) = (Vec::new(), 0);
    let mut frames = 0;
    while let Some((line, text)) = lexer.next_line() {
        if row.is_empty() {
            row_line = line;
        }
        for word in words(text) {
            let value = number(word, "a channel value").map_err(|c| (Some(line), c))?;
            if row.len() == channels {
                let text = format!("a row of more than {channels} numbers, one a channel, begins in line {row_line}");
                return Err((Some(line), Cause::Malformed(text)));
            }
            row.push(value as f32);
        }
        if row.len() == channels {
            frames += 1;
            check_count("the number of frames", frames, MAX_FRAMES)
                .and_then(|()| check_count("frames × joints", frames * joints, MAX_JOINT_FRAMES))
                .map_err(|c| (Some(line), c))?;
            file.values.append(&mut row);
        }
    }
    if frames == 0 {
        let cause = if row.is_empty() {
            Cause::Degenerate("there are no frames".to_owned())
        } else {
            let text = format!("the only row has {} of {channels} numbers", row.len());
            Cause::Truncated(text)
        };
        return Err(lexer.fail(cause));
    }
    if !row.is_empty() {
        file.warnings
            .push(format!("line {row_line}: the last row has {} of {channels} numbers and is left out", row.len()));
    }
    if frames != declared {
        file.warnings.push(format!("`Frames:` says {declared}, but there are {frames} rows: all of them are used"));
    }
    file.frames = frames;
    Ok(file)
}

fn frame_count(lexer: &mut Lexer<'_>) -> Result<usize, Failure> {
    keyword(lexer, "Frames")?;
    let word = lexer.expect("the number of frames")?;
    let digits = !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let count = match parse::<usize>(word) {
        Some(count) => count,
        None if digits => usize::MAX,
        None => {
            let text = format!("the number of frames should be whole, not {}", excerpt(word));
            return Err(lexer.fail(Cause::Malformed(text)));
        }
    };
    check_count("the number of frames", count, MAX_FRAMES).map_err(|c| lexer.fail(c))?;
    Ok(count)
}

fn frame_time(lexer: &mut Lexer<'_>) -> Result<f64, Failure> {
    keyword(lexer, "Frame")?;
    keyword(lexer, "Time")?;
    let word = lexer.expect("the frame time")?;
    let time = number(word, "the frame time").map_err(|c| lexer.fail(c))?;
    if !(1e-4..=10.0).contains(&time) {
        let text = format!("the frame time is {time} s, expected 0.0001 to 10");
        return Err(lexer.fail(Cause::Malformed(text)));
    }
    Ok(time)
}

/// Consumes a keyword with its colon, which may stand apart or be missing.
fn keyword(lexer: &mut Lexer<'_>, expected: &str) -> Result<(), Failure> {
    let word = lexer.expect(&format!("`{expected}`"))?;
    let bare = word.strip_suffix(b":").unwrap_or(word);
    if !bare.eq_ignore_ascii_case(expected.as_bytes()) {
        let text = format!("expected `{expected}`, not {}", excerpt(word));
        return Err(lexer.fail(Cause::Malformed(text)));
    }
    if lexer.peek() == Some(b":") {
        lexer.next();
    }
    Ok(())
}
