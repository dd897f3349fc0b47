//! Formats that are not read, by their first bytes or words: so that a message can say what a file is and what to do.

/// What most motions can be exported as.
const EXPORT: &str = "export it as BVH or GLB";
/// For programs that record markers.
const MARKERS: &str =
    "it has markers, no joints: have the program that recorded it fit a skeleton, and export BVH or GLB";
/// For pictures and videos.
const ESTIMATE: &str = "run a pose estimator such as OpenPose or MediaPipe on it, and give its .json";
/// For containers of Python and the like.
const ARRAY: &str = "save the joints as an .npy array [frames, joints, 3] with a skeleton.json";
/// For archives.
const UNPACK: &str = "unpack it first";

/// Where its mark stands, the mark, what it is, what to do.
type Mark = (usize, &'static [u8], &'static str, &'static str);

const BINARY: &[Mark] = &[
    (0, b"Kaydara FBX Binary", "FBX", EXPORT),
    (0, b"Vocaloid Motion Data", "VMD, a motion of MikuMikuDance", "convert it to BVH"),
    (0, b"PMX ", "PMX, a model of MikuMikuDance without motion", EXPORT),
    (0, b"Pmd", "PMD, a model of MikuMikuDance without motion", EXPORT),
    (0, b"BLENDER", "a Blender scene", EXPORT),
    (0, b"PXR-USDC", "USD", EXPORT),
    (0, b"Ogawa", "Alembic", EXPORT),
    (4, b"ftyp", "a video (MP4)", ESTIMATE),
    (8, b"AVI ", "a video (AVI)", ESTIMATE),
    (8, b"WEBP", "a picture (WebP)", ESTIMATE),
    (0, b"\x1a\x45\xdf\xa3", "a video (Matroska or WebM)", ESTIMATE),
    (0, b"\x00\x00\x01\xba", "a video (MPEG)", ESTIMATE),
    (0, b"\x89PNG", "a picture (PNG)", ESTIMATE),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", ESTIMATE),
    (0, b"GIF8", "a picture (GIF)", ESTIMATE),
    (0, b"II*\0", "a picture (TIFF)", ESTIMATE),
    (0, b"MM\0*", "a picture (TIFF)", ESTIMATE),
    (0, b"RIFF", "sound or video (RIFF)", ESTIMATE),
    (0, b"\x89HDF\r\n", "HDF5 (.h5, .mat of MATLAB 7.3)", ARRAY),
    (0, b"MATLAB 5.0 MAT-file", "a MATLAB file (.mat)", ARRAY),
    (0, b"MATLAB 7.3 MAT-file", "a MATLAB file (.mat)", ARRAY),
    (0, b"PAR1", "Parquet", ARRAY),
    (0, b"ARROW1", "Arrow or Feather", ARRAY),
    (0, b"SQLite format 3", "an SQLite database", ARRAY),
    (0, b"\x80\x02", "a Python pickle", ARRAY),
    (0, b"\x80\x03", "a Python pickle", ARRAY),
    (0, b"\x80\x04", "a Python pickle", ARRAY),
    (0, b"\x80\x05", "a Python pickle", ARRAY),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (0, b"Rar!", "a RAR archive", UNPACK),
    (0, b"\xfd7zXZ", "an xz archive", UNPACK),
    (0, b"BZh", "a bzip2 archive", UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive", UNPACK),
    (257, b"ustar", "a tar archive", UNPACK),
    (0, b"PK\x05\x06", "an empty zip archive", UNPACK),
    (0, b"PK", "a damaged zip archive", "copy or download it again"),
    (0, b"\x1f\x8b", "a damaged gzip file", "copy or download it again"),
    (0, b"%PDF", "a PDF document", EXPORT),
    (0, b"#ROSBAG", "a ROS bag", ARRAY),
];

/// What a binary file seems to be.
pub(super) fn binary(bytes: &[u8]) -> Option<String> {
    if bytes.len() > 1 && bytes.iter().all(|&b| b == 0) {
        return Some("it holds nothing but zeros; copy or download it again".to_owned());
    }
    // the length of a header of JSON, then the header
    if bytes.len() > 16 && bytes[8] == b'{' && bytes[3..8] == [0; 5] {
        return Some(said("safetensors, which holds weights", "a motion is needed"));
    }
    let found = BINARY.iter().find(|(at, mark, ..)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)));
    // words of text may begin like a mark of two letters
    let found = found.filter(|(_, mark, ..)| mark.len() > 3 || !bytes[..bytes.len().min(64)].is_ascii_text());
    if let Some((_, _, what, advice)) = found {
        return Some(said(what, advice));
    }
    // a C3D begins with the block of its parameters and the byte 0x50; it goes on in blocks of 512 bytes
    let c3d = bytes.len() >= 512 && bytes[1] == 0x50 && (1..=64).contains(&bytes[0]) && !bytes[2..12].is_ascii_text();
    c3d.then(|| said("C3D", MARKERS))
}

/// First words of text, in lower case, what it is, what to do.
type Words = (&'static str, &'static str, &'static str);

/// Of what comes instead of a file.
const STAND_INS: [Words; 3] = [
    ("version https://git-lfs", "a pointer of Git LFS, not the file itself", "fetch it with `git lfs pull`"),
    ("<!doctype html", "a web page", "the download went wrong: fetch the file itself"),
    ("<html", "a web page", "the download went wrong: fetch the file itself"),
];

/// Of files.
const TEXT: &[Words] = &[
    ("version 1\nnodes", "SMD of Valve's Source engine", EXPORT),
    ("md5version", "MD5 of id Software", EXPORT),
    ("vocaloid pose data file", "VPD, a pose of MikuMikuDance", "give the motion (VMD) converted to BVH"),
    ("xof 03", "a DirectX model (.x)", EXPORT),
    ("; fbx", "FBX (as text)", EXPORT),
    ("pathfiletype", "TRC", MARKERS),
    ("coordinates\n", "MOT, angles of an OpenSim model", "export positions of its joints, or BVH"),
    ("name ", "MOT or STO of OpenSim", "export positions of its joints, or BVH"),
    ("nrows=", "MOT or STO of OpenSim", "export positions of its joints, or BVH"),
    ("inversekinematics", "MOT of OpenSim", "export positions of its joints, or BVH"),
    ("no_of_frames", "a TSV file of Qualisys", MARKERS),
    ("format version,", "a CSV file of Motive (OptiTrack)", EXPORT),
    ("trajectories", "a CSV file of Vicon", MARKERS),
    ("#usda", "USD (as text)", EXPORT),
    ("//maya", "a Maya scene", EXPORT),
    ("requires maya", "a Maya scene", EXPORT),
    ("%yaml", "YAML, such as a Unity animation", EXPORT),
    ("--- !u!", "a Unity animation", EXPORT),
    ("animversion", "a Maya animation (.anim)", EXPORT),
    ("[header]", "HTR of Motion Analysis", EXPORT),
    ("$filename", "CSM of Character Studio", MARKERS),
    ("segment:", "BVA", EXPORT),
    ("v ", "an OBJ model without motion", EXPORT),
    ("ply\n", "a PLY model without motion", EXPORT),
    ("(dp", "a Python pickle", ARRAY),
    ("(lp", "a Python pickle", ARRAY),
    ("ccopy_reg", "a Python pickle", ARRAY),
    ("import ", "a program", "a motion is needed"),
    ("#!/", "a script", "a motion is needed"),
];

/// Elements of XML, in lower case, what they make it, what to do; the last one is whatever else there is.
const XML: &[Words] = &[
    ("<mvnx", "MVNX of Xsens", EXPORT),
    ("<collada", "COLLADA (.dae)", EXPORT),
    ("<opensim", "an OpenSim model", "export positions of its joints, or BVH"),
    ("<error", "a server's error message", "the download went wrong: fetch the file itself"),
    ("<code>", "a server's error message", "the download went wrong: fetch the file itself"),
    ("<html", "a web page", "the download went wrong: fetch the file itself"),
    ("", "XML", EXPORT),
];

/// What text seems to be.
pub(super) fn text(start: &[u8]) -> Option<String> {
    let head = head_of(start);
    // some formats begin with remarks
    let bare: String = lines_without_remarks(&head).collect::<Vec<_>>().join("\n");
    let begins = |(word, ..): &&Words| head.starts_with(word) || bare.starts_with(word);
    let known = STAND_INS.iter().chain(TEXT).find(begins);
    let xml = || XML.iter().find(|(element, ..)| head.contains(element)).filter(|_| head.starts_with('<'));
    // the title of a table of OpenSim's may be anything
    let titled =
        || TEXT.iter().find(|(word, ..)| *word == "nrows=" && head.contains(word) && head.contains("endheader"));
    if let Some((_, what, advice)) = known.or_else(xml).or_else(titled) {
        return Some(said(what, advice));
    }
    let several = |c: char| head.lines().take(TRIED).any(|line| is_row(line, c));
    let separators = [(',', "commas"), (';', "semicolons"), ('\t', "tabs")];
    separators.into_iter().find(|&(c, _)| several(c)).map(|(_, which)| {
        format!(
            "it is a table with {which} between its columns (CSV); \
             make it an .npy array [frames, joints, 3] with a skeleton.json"
        )
    })
}

/// Lines that are looked at for whether a text is a table.
const TRIED: usize = 8;

/// Whether a line of text is one of a table: three columns or more, half of them numbers, or names without a space. A
/// sentence has commas, too.
fn is_row(line: &str, separator: char) -> bool {
    let columns: Vec<&str> = line.trim().split(separator).collect();
    let filled: Vec<&str> = columns.iter().map(|c| c.trim_matches([' ', '"'])).filter(|c| !c.is_empty()).collect();
    let numbers = filled.iter().filter(|column| column.replace(',', ".").parse::<f64>().is_ok()).count();
    let names = || columns.iter().all(|column| !column.trim_matches('"').contains(char::is_whitespace));
    columns.len() >= 3 && !filled.is_empty() && (2 * numbers >= filled.len() || names())
}

/// What text is that comes instead of a file.
pub(super) fn stand_in(start: &[u8]) -> Option<String> {
    let head = head_of(&start[..start.len().min(64)]);
    STAND_INS.iter().find(|(word, ..)| head.starts_with(word)).map(|(_, what, advice)| said(what, advice))
}

/// The beginning of a text in lower case, its lines ended alike.
fn head_of(start: &[u8]) -> String {
    let text = String::from_utf8_lossy(&start[..start.len().min(2000)]).replace("\r\n", "\n").replace('\r', "\n");
    text.trim_start_matches('\u{feff}').to_lowercase()
}

/// Lines that hold something, without remarks after `#` and `//`.
fn lines_without_remarks(head: &str) -> impl Iterator<Item = &str> {
    head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
}

fn said(what: &str, advice: &str) -> String {
    format!("it seems to be {what}; {advice}")
}

trait AsciiText {
    fn is_ascii_text(&self) -> bool;
}

impl AsciiText for [u8] {
    /// Printable characters and spaces alone.
    fn is_ascii_text(&self) -> bool {
        self.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_before_those_that_begin_alike() {
        for (k, (at, mark, what, _)) in BINARY.iter().enumerate() {
            let mut file = vec![0xffu8; 600];
            file[*at..at + mark.len()].copy_from_slice(mark);
            let said = binary(&file).unwrap_or_else(|| panic!("mark {k} of {what}"));
            assert!(said.contains(what), "{what}: {said}");
        }
        for (word, what, _) in STAND_INS.iter().chain(TEXT) {
            let said = text(format!("{}x y\n", word.to_uppercase()).as_bytes()).unwrap();
            assert!(said.contains(what), "{what}: {said}");
        }
    }

    #[test]
    fn text_is_not_taken_for_what_begins_with_its_letters() {
        for harmless in ["BZhang walks home", "PKU wrote this file for everybody to read and enjoy"] {
            assert_eq!(binary(harmless.as_bytes()), None);
        }
    }
}
