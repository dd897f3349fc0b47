//! The lower half of a BVH file: frame count, frame time, and a row of numbers a frame.

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{FRAME_RATES, MAX_FRAMES, MAX_JOINT_FRAMES, check_count},
        text::{number, parse, words},
    },
    Channel, Failure, File, Node,
    lexer::Lexer,
};

/// Fewer turns, or in fewer frames, may be small by accident.
const MANY_TURNS: usize = 20;
/// See [`MANY_TURNS`].
const MANY_FRAMES: usize = 10;
/// Half of a turn is written with four digits or more.
const ROUNDING: f32 = 1e-4;

/// Longest time between two frames in seconds.
const LONGEST: f64 = 1.0;
/// Usual frames in a second, of those that would make no usual rate as milliseconds: 25 and 50 would.
const RATES: [f64; 10] = [24.0, 30.0, 48.0, 60.0, 72.0, 90.0, 100.0, 120.0, 144.0, 240.0];

/// Lines between two words about how far it is.
const TOLD_LINES: usize = 200;

/// Reads from behind `MOTION` to the end. Rows decide how many frames there are; a different `Frames:` is a warning.
/// `watch` hears how much of the text is read, 0..1.
pub(super) fn read(lexer: &mut Lexer<'_>, nodes: Vec<Node>, watch: &mut dyn FnMut(f32)) -> Result<File, Failure> {
    let declared = frame_count(lexer)?;
    let mut warnings = Vec::new();
    let frame_time = frame_time(lexer, &mut warnings)?;
    let mut file = File { nodes, frame_time, frames: 0, values: Vec::new(), warnings };
    let channels = file.channels();
    if channels == 0 {
        let cause = Cause::Degenerate("no joint has a channel, so nothing moves".to_owned());
        return Err(lexer.fail(cause));
    }
    let joints = file.nodes.len();
    // a row may be wrapped over several lines
    let (mut row, mut row_line): (Vec<f32>, usize) = (Vec::new(), 0);
    let (mut frames, mut lines, mut first_line) = (0, 0_usize, 0);
    while let Some((line, text)) = lexer.next_line() {
        lines += 1;
        if lines.is_multiple_of(TOLD_LINES) {
            watch(lexer.fraction());
        }
        if lines == 1 {
            first_line = line;
        }
        if row.is_empty() {
            row_line = line;
        }
        let held = row.len();
        for word in words(text) {
            let value = number(word, "a channel value").map_err(|c| (Some(line), c))?;
            if row.len() == channels {
                let text = if held == 0 {
                    format!("a row of more than {channels} numbers, one a channel")
                } else {
                    let short = format!("a row of {held} of {channels} numbers, one a channel");
                    format!("{short}, which line {line} does not complete: it has more than are missing")
                };
                return Err((Some(row_line), Cause::Malformed(text)));
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
    // rows that are too short may look wrapped
    if lines == declared && lines >= 2 * frames && lines.is_multiple_of(frames) {
        let text =
            format!("each of the {lines} rows has a part of {channels} numbers, one a channel: are some missing?");
        return Err((Some(first_line), Cause::Malformed(text)));
    }
    if frames != declared {
        file.warnings.push(format!("`Frames:` says {declared}, but there are {frames} rows: all of them are used"));
    }
    file.frames = frames;
    if seems_radians(&file) {
        let text =
            "no angle is larger than 3.1416: BVH counts in degrees; if these are radians, the pose is read wrong";
        file.warnings.push(text.to_owned());
    }
    Ok(file)
}

/// Whether many joints turn, but none by more than half of a turn in radians, which is next to nothing in degrees.
fn seems_radians(file: &File) -> bool {
    let is_turn: Vec<bool> =
        file.nodes.iter().flat_map(|node| &node.channels).map(|c| matches!(c, Channel::Rotation(_))).collect();
    let turns = file.values.iter().zip(is_turn.iter().cycle()).filter(|(_, turn)| **turn);
    let largest = turns.map(|(value, _)| value.abs()).fold(0.0, f32::max);
    let many = is_turn.iter().filter(|turn| **turn).count() >= MANY_TURNS && file.frames >= MANY_FRAMES;
    many && (0.5..=std::f32::consts::PI + ROUNDING).contains(&largest)
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

/// Seconds from one frame to the next. Nobody records people in steps of more than a second: who writes such a number
/// means milliseconds, or the number of frames in a second.
fn frame_time(lexer: &mut Lexer<'_>, warnings: &mut Vec<String>) -> Result<f64, Failure> {
    let line = if lexer.at_keyword("FrameTime:") {
        lexer.next();
        lexer.line()
    } else {
        keyword(lexer, "Frame")?;
        keyword(lexer, "Time")?
    };
    let word = lexer.expect("the frame time")?;
    let next = lexer.line();
    // the first of several numbers in the next line begins a row
    if next != line && lexer.peek().is_some() && lexer.line() == next {
        return Err((Some(line), Cause::malformed("the frame time is missing")));
    }
    let written = number(word, "the frame time").map_err(|c| lexer.fail(c))?;
    let (time, meant) = match written {
        t if t > LONGEST && RATES.contains(&t) => (1.0 / t, "the frames in a second"),
        t if t > LONGEST => (t / 1000.0, "milliseconds"),
        t => (t, "seconds"),
    };
    let rate = 1.0 / time;
    if !FRAME_RATES.contains(&rate) || time > LONGEST {
        let text = format!("the frame time is {written} s, expected {} to {LONGEST}", 1.0 / FRAME_RATES.end());
        return Err(lexer.fail(Cause::Malformed(text)));
    }
    if time != written {
        warnings.push(format!(
            "line {line}: no recording takes {written} s a frame: read as {meant}, {rate:.2} frames a second"
        ));
    }
    Ok(time)
}

/// Consumes a keyword with its colon, which may stand apart or be missing. Returns its line.
fn keyword(lexer: &mut Lexer<'_>, expected: &str) -> Result<usize, Failure> {
    let word = lexer.expect(&format!("`{expected}`"))?;
    let line = lexer.line();
    let bare = word.strip_suffix(b":").unwrap_or(word);
    if !bare.eq_ignore_ascii_case(expected.as_bytes()) {
        let text = format!("expected `{expected}`, not {}", excerpt(word));
        return Err(lexer.fail(Cause::Malformed(text)));
    }
    if lexer.peek() == Some(b":") {
        lexer.next();
    }
    Ok(line)
}
