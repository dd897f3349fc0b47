//! Which format a file has, told from its content. What merely looks alike is refused with a word on what it seems to be.

use super::{
    Format,
    error::{Cause, excerpt},
    foreign, json, npy,
    text::{is_decimal_comma, words},
};

/// Lines of numbers that are looked at.
const LINES: usize = 40;
/// Words of a line that are looked at: more than any known format has.
const WORDS: usize = 400;

/// The format of what is not text, if it is none.
pub(super) fn binary(bytes: &[u8]) -> Result<Option<Format>, Cause> {
    if npy::is_npy(bytes) {
        return Ok(Some(Format::Npy));
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return Ok(Some(Format::Npz));
    }
    if bytes.starts_with(b"glTF") {
        return Ok(Some(Format::Gltf));
    }
    foreign::binary(bytes).map_or(Ok(None), |what| Err(Cause::UnknownFormat(what)))
}

/// The format of text in UTF-8.
pub(super) fn text(text: &[u8]) -> Result<Format, Cause> {
    let start = text.trim_ascii_start();
    let word = |w: &str| start.len() >= w.len() && start[..w.len()].eq_ignore_ascii_case(w.as_bytes());
    if ["HIERARCHY", "ROOT", "MOTION"].into_iter().any(word) {
        return Ok(Format::Bvh);
    }
    match start {
        [] => Err(Cause::UnknownFormat("it is empty".to_owned())),
        [b'{', ..] => json(start),
        // `[Header]` begins a section of other formats
        [b'[', rest @ ..] if !rest.trim_ascii_start().first().is_some_and(u8::is_ascii_alphabetic) => json(start),
        _ if is_acclaim(start) => Ok(Format::Acclaim),
        [b'0'..=b'9' | b'-' | b'+' | b'.', ..] => numbers(start),
        _ => Err(Cause::UnknownFormat(
            foreign::text(start).unwrap_or_else(|| format!("it begins with {}", excerpt(start))),
        )),
    }
}

/// JSON says by its keys what it is.
fn json(start: &[u8]) -> Result<Format, Cause> {
    let keys = json::keys(start);
    let has = |key: &str| keys.iter().any(|k| k == key);
    if has("skeletons") {
        Ok(Format::HumanMl3d)
    } else if has("asset") && (has("nodes") || has("scenes") || has("animations") || has("meshes")) {
        Ok(Format::Gltf)
    } else if has("joints") && has("parents") && has("positions") {
        let text = "it is what `convert --to json` writes for scripts: of what it writes, .bvh, .glb and .npy are read";
        Err(Cause::UnknownFormat(text.to_owned()))
    } else if has("joints") && has("parents") {
        Err(Cause::UnknownFormat(
            "it is the skeleton.json of .npy files: give one of them, with this file beside it".to_owned(),
        ))
    } else {
        Ok(Format::Keypoints)
    }
}

/// Lines that are not empty, whatever ends them.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n' || b == b'\r').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Sections that begin with a colon; a motion without any begins with the number of a frame and its root.
fn is_acclaim(start: &[u8]) -> bool {
    let mut content = lines(start).take(1000).filter(|line| !line.starts_with(b"#"));
    let Some(first) = content.next() else { return false };
    let section = |name: &str| first.len() > name.len() && first[1..].to_ascii_lowercase().starts_with(name.as_bytes());
    if first.starts_with(b":") {
        let known = ["version", "name", "units", "documentation", "root", "bonedata", "hierarchy"];
        let motion = ["fully-specified", "fullyspecified", "degrees", "radians", "samples"];
        return known.into_iter().chain(motion).any(section);
    }
    let number = first.iter().all(u8::is_ascii_digit);
    number && content.next().is_some_and(|line| line.len() > 5 && line[..5].eq_ignore_ascii_case(b"root "))
}

/// Formats that hold nothing but numbers differ by how these stand in lines.
fn numbers(start: &[u8]) -> Result<Format, Cause> {
    let unknown = |text: String| Err(Cause::UnknownFormat(text));
    let rows: Vec<Vec<&[u8]>> = lines(start).take(LINES).map(|line| words(line).take(WORDS).collect()).collect();
    let first = rows.first().map_or(&[][..], |row| &row[..]);
    if let Some(cause) = separated(start, first) {
        return unknown(cause);
    }
    let number = |word: &&[u8]| std::str::from_utf8(word).is_ok_and(|w| w.parse::<f64>().is_ok());
    if !first.iter().all(number) {
        return unknown(foreign::text(start).unwrap_or_else(|| format!("it begins with {}", excerpt(start))));
    }
    let columns = first.len();
    // a line here and there may be damaged, which its reader says better
    let alike = rows.iter().filter(|row| row.len() == columns).count();
    let table = 4 * alike >= 3 * rows.len() && columns > 1;
    let whole = |word: Option<&&[u8]>| word.is_none_or(|w| w.iter().all(u8::is_ascii_digit));
    let fractions = first.iter().any(|word| word.contains(&b'.'));
    match columns {
        150 if table && (rows.len() > 1 || !whole(first.first())) => Ok(Format::Pku),
        3 | 4 if table && fractions && rows.len() >= 20 => Ok(Format::Msr),
        // a `.skeleton` begins with the number of frames, then of bodies; its line ends carry no meaning
        _ if (!table || rows.len() == 1) && is_ntu(rows.iter().flatten().copied()) => Ok(Format::Ntu),
        _ => unknown(format!(
            "it is a table with {columns} number{} in a line, and nothing says which joints they are; \
             make it an .npy array [frames, joints, 3] with a skeleton.json",
            if columns == 1 { "" } else { "s" }
        )),
    }
}

/// Whether words can be those of a `.skeleton`: the number of frames; then the number of bodies, and of each an id, nine
/// fields, the number of its joints, and coordinates with fractions. As far as there are so many.
fn is_ntu<'a>(words: impl Iterator<Item = &'a [u8]>) -> bool {
    let whole = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    let mut words = words.peekable();
    if !words.next().is_some_and(whole) {
        return false;
    }
    // frames with nobody in them
    while words.next_if(|word| *word == b"0").is_some() {}
    let body: Vec<&[u8]> = words.take(1 + 10 + 1 + 12).collect();
    // a number of joints below zero is no other format's, and for the reader to name
    let count = |at: usize| body.get(at).is_none_or(|word| whole(word.strip_prefix(b"-").unwrap_or(word)));
    let joint = body.get(12..).unwrap_or_default();
    count(0) && count(11) && (joint.len() < 12 || joint.iter().any(|word| !whole(word)))
}

/// Commas and semicolons, which no known format of numbers has.
fn separated(start: &[u8], first: &[&[u8]]) -> Option<String> {
    let line = lines(start).next()?;
    let line = &line[..line.len().min(1 << 14)];
    let fields: Vec<&[u8]> =
        line.split(|b| b.is_ascii_whitespace() || *b == b';').filter(|word| !word.is_empty()).take(WORDS).collect();
    if let Some(word) = fields.iter().find(|word| is_decimal_comma(word))
        && !line.contains(&b'.')
        && (fields.len() > 1 || first.len() > 1)
    {
        return Some(format!(
            "its numbers have decimal commas, {} in line 1: write points, as in 0.5, and it can be told what it is",
            excerpt(word)
        ));
    }
    let separator = [b',', b';'].into_iter().find(|b| line.contains(b))?;
    let which = if separator == b',' { "commas" } else { "semicolons" };
    Some(format!(
        "it is a table with {which} between its numbers (CSV), and nothing says which joints they are; \
         make it an .npy array [frames, joints, 3] with a skeleton.json"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_by_their_lines() {
        let row = |n: usize| vec!["0.25"; n].join(" ") + "\n";
        assert!(matches!(text(row(150).repeat(3).as_bytes()), Ok(Format::Pku)));
        assert!(matches!(text(row(4).repeat(20).as_bytes()), Ok(Format::Msr)));
        assert!(matches!(text(b"2\n1\n72057594037931101 0 1 1 1 1 0 0.1 -0.2 2\n25\n"), Ok(Format::Ntu)));
        assert!(matches!(text(b"2 1 72057594037931101 0 1 1 1 1 0 0.1 -0.2 2 25 0.1 0.2"), Ok(Format::Ntu)));
        for (bad, said) in [
            (row(75).repeat(3), "75 numbers in a line"),
            (row(4).repeat(3), "4 numbers in a line"),
            ("1 2 3\n4 5 6\n7 8 9\n".to_owned(), "3 numbers in a line"),
            ("0.5\n0.25\n".to_owned(), "1 number in a line"),
            ((1..100).map(|n| format!("{n}\n")).collect(), "1 number in a line"),
            ("0,0.0,0.1,0.2\n1,0.0,0.1,0.2\n".to_owned(), "commas between"),
            ("0;0.5;1\n".to_owned(), "semicolons between"),
            ("0,5 1,25 2\n".to_owned(), "decimal commas, '0,5'"),
            ("-0,5;1,25;2\n".to_owned(), "decimal commas, '-0,5'"),
            ("3 people walk\n".to_owned(), "begins with"),
        ] {
            let error = text(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{bad}: {error}");
        }
    }

    #[test]
    fn acclaim_is_told_with_and_without_its_comments() {
        for good in [
            "# AST/ASF file\n:version 1.10\n",
            ":FULLY-SPECIFIED\n:DEGREES\n1\nroot 0 0 0 0 0 0\n",
            "#!OML:ASF x\n1\nroot 0 0 0 0 0 0\n",
            "1\nROOT 0 0 0 0 0 0\n",
        ] {
            assert!(matches!(text(good.as_bytes()), Ok(Format::Acclaim)), "{good}");
        }
        assert!(text(b"# a comment\n").is_err());
        assert!(text(b":x\n").is_err());
    }
}
