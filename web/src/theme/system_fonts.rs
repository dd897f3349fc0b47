//! Names in any script: what our own fonts lack is taken from the system's. Browsers draw it themselves.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use eframe::egui::{
    FontData,
    epaint::text::{FallbackRequest, FontInsert, FontPriority, FontProvider, InsertFontFamily},
};
use skrifa::raw::{FontData as Bytes, FontRead, tables::cmap::Cmap};

/// Largest font that is used, in bytes: the largest that systems bring have a hundred megabytes.
const MAX_FONT: u64 = 256 << 20;
/// Largest table of characters that is read, in bytes.
const MAX_TABLE: u32 = 16 << 20;
/// Most faces in a file, and most tables in a face, that are looked at.
const MANY: usize = 128;
/// How deep folders of fonts are searched.
const DEEP: usize = 6;

/// Words in the names of fonts that are not for names in a list, the worst last.
const ODD: [&str; 16] = [
    "light",
    "thin",
    "medium",
    "semi",
    "demi",
    "condensed",
    "narrow",
    "serif",
    "mono",
    "bold",
    "black",
    "heavy",
    "italic",
    "oblique",
    "emoji",
    "unifont",
];

/// Finds fonts of the system, once something is missing.
pub(super) struct SystemFonts;

/// A font of the system, and what it can write.
struct Face {
    file: PathBuf,
    /// Of several in the file.
    index: u32,
    /// In order.
    characters: Vec<RangeInclusive<u32>>,
}

impl Face {
    fn has(&self, character: char) -> bool {
        let c = u32::from(character);
        let at = self.characters.partition_point(|range| *range.end() < c);
        self.characters.get(at).is_some_and(|range| range.contains(&c))
    }

    /// How little it looks like ours.
    fn oddness(&self) -> usize {
        let name = self.file.file_stem().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let odd = ODD.iter().enumerate().filter(|(_, word)| name.contains(*word) && !name.contains("sansserif"));
        odd.map(|(n, _)| n + 1).sum()
    }
}

impl SystemFonts {
    /// All that the system has, the likest to ours first; searched once, however many windows and videos there are.
    fn faces() -> &'static [Face] {
        static FACES: OnceLock<Vec<Face>> = OnceLock::new();
        FACES.get_or_init(|| found(&folders()))
    }
}

impl FontProvider for SystemFonts {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let character = request.cluster.chars().next()?;
        Self::faces().iter().filter(|face| face.has(character)).find_map(|face| {
            let bytes = fs::read(&face.file).ok()?;
            let data = FontData { index: face.index, ..FontData::from_owned(bytes) };
            let family = InsertFontFamily { family: request.family.clone(), priority: FontPriority::Lowest };
            Some(FontInsert::new(&format!("{}#{}", face.file.display(), face.index), data, vec![family]))
        })
    }
}

/// Where systems keep their fonts.
fn folders() -> Vec<PathBuf> {
    let home = std::env::home_dir().unwrap_or_default();
    let own = [".local/share/fonts", ".fonts", "Library/Fonts", "AppData/Local/Microsoft/Windows/Fonts"];
    let windows = std::env::var_os("WINDIR").map(|folder| Path::new(&folder).join("Fonts"));
    let shared = ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"];
    shared.into_iter().map(PathBuf::from).chain(windows).chain(own.map(|folder| home.join(folder))).collect()
}

/// The fonts below some folders, the likest to ours first.
fn found(folders: &[PathBuf]) -> Vec<Face> {
    let mut files = Vec::new();
    folders.iter().for_each(|folder| search(folder, DEEP, &mut files));
    let mut faces: Vec<Face> = files.iter().flat_map(|file| faces(file).unwrap_or_default()).collect();
    faces.sort_by_cached_key(|face| (face.oddness(), face.file.clone(), face.index));
    faces
}

fn search(folder: &Path, deep: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            // links may lead in circles
            if deep > 0 {
                search(&path, deep - 1, files);
            }
            continue;
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        // it has a sign for every character, which says that there is none
        let last_resort = path.to_string_lossy().contains("LastResort");
        if ["ttf", "otf", "ttc", "otc"].contains(&&*ending) && !last_resort {
            files.push(path);
        }
    }
}

/// The faces of a file. Only their tables of characters are read.
fn faces(path: &Path) -> io::Result<Vec<Face>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > MAX_FONT {
        return Ok(Vec::new());
    }
    let head: [u8; 12] = read(&mut file, 0)?;
    let starts = if &head[..4] == b"ttcf" {
        let count = (number(&head[8..12]) as usize).min(MANY);
        (0..count).map(|n| Ok(number(&read::<4>(&mut file, 12 + 4 * n as u64)?))).collect::<io::Result<Vec<_>>>()?
    } else {
        vec![0]
    };
    let mut faces = Vec::new();
    for (index, start) in (0..).zip(starts) {
        if let Some(characters) = characters(&mut file, u64::from(start), size)? {
            faces.push(Face { file: path.to_owned(), index, characters });
        }
    }
    Ok(faces)
}

/// What a face can write, in order; `None` where it does not say.
fn characters(file: &mut File, start: u64, size: u64) -> io::Result<Option<Vec<RangeInclusive<u32>>>> {
    let head: [u8; 12] = read(file, start)?;
    let tables = usize::from(u16::from_be_bytes([head[4], head[5]])).min(MANY);
    for table in 0..tables {
        let entry: [u8; 16] = read(file, start + 12 + 16 * table as u64)?;
        if &entry[..4] != b"cmap" {
            continue;
        }
        let (at, length) = (number(&entry[8..12]), number(&entry[12..16]));
        if length > MAX_TABLE || u64::from(at) + u64::from(length) > size {
            return Ok(None);
        }
        let mut bytes = vec![0; length as usize];
        file.seek(SeekFrom::Start(u64::from(at)))?;
        file.read_exact(&mut bytes)?;
        return Ok(ranges(&bytes));
    }
    Ok(None)
}

/// The characters in a table of them, in order.
fn ranges(table: &[u8]) -> Option<Vec<RangeInclusive<u32>>> {
    let table = Cmap::read(Bytes::new(table)).ok()?;
    let (_, _, best) = table.best_subtable()?;
    let mut characters: Vec<u32> = best.iter().filter(|(_, glyph)| glyph.to_u32() != 0).map(|(c, _)| c).collect();
    characters.sort_unstable();
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for c in characters {
        match ranges.last_mut() {
            Some(range) if c <= range.end().saturating_add(1) => *range = *range.start()..=c,
            _ => ranges.push(c..=c),
        }
    }
    Some(ranges)
}

fn read<const N: usize>(file: &mut File, at: u64) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Four bytes, the highest first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Context, FontId, RawInput};

    use super::*;

    /// A folder with one of our fonts in it under some names.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let inter = skeletonllm_checks::asset("fonts/Inter-Regular.otf");
        for name in names {
            fs::create_dir_all(folder.path().join(name).parent().expect("a folder")).expect("a folder");
            fs::copy(&inter, folder.path().join(name)).expect("our font");
        }
        folder
    }

    #[test]
    fn fonts_are_found_wherever_they_lie_and_the_plainest_first() {
        let names = ["a/b/Some-Bold.otf", "Some-Regular.ttf", "LastResort.otf", "Some-BoldItalic.OTF", "notes.txt"];
        let folder = folder(&names);
        fs::write(folder.path().join("broken.ttf"), b"\0\x01\0\0\xff\xff").expect("a file");
        fs::write(folder.path().join("lies.ttc"), b"ttcf\0\x02\0\0\xff\xff\xff\xff\0\0\0\x0c").expect("a file");
        let faces = found(&[folder.path().to_owned(), folder.path().join("missing")]);
        let found: Vec<_> = faces.iter().filter_map(|face| face.file.file_name()).collect();
        assert_eq!(found, ["Some-Regular.ttf", "Some-Bold.otf", "Some-BoldItalic.OTF"]);
        let face = &faces[0];
        assert!("Aß…ž".chars().all(|c| face.has(c)) && !"ж한م".chars().any(|c| face.has(c)));
        assert!(face.characters.is_sorted_by(|a, b| a.end() < b.start()));
    }

    #[test]
    fn several_faces_of_a_file_are_told_apart() {
        let folder = folder(&["one.otf"]);
        let font = fs::read(folder.path().join("one.otf")).expect("just written");
        let path = folder.path().join("two.ttc");
        // the same face twice, with its tables moved behind the collection's head
        let mut file = b"ttcf\0\x01\0\0\0\0\0\x02\0\0\0\x14\0\0\0\x14".to_vec();
        let moved = file.len() as u32;
        file.extend(&font);
        for table in 0..usize::from(u16::from_be_bytes([font[4], font[5]])) {
            let at = 20 + 12 + 16 * table + 8;
            let place = number(&file[at..at + 4]) + moved;
            file[at..at + 4].copy_from_slice(&place.to_be_bytes());
        }
        fs::write(&path, file).expect("a file");
        let faces = faces(&path).expect("a collection");
        assert_eq!(faces.iter().map(|face| face.index).collect::<Vec<_>>(), [0, 1]);
        assert!(faces.iter().all(|face| face.has('g')));
    }

    #[test]
    fn what_our_fonts_lack_is_drawn_with_the_systems() {
        let written = |c: char| found(&folders()).iter().any(|face| face.has(c));
        let (ctx, mut checked) = (Context::default(), 0);
        super::super::install(&ctx);
        let _ = ctx.run_ui(RawInput::default(), |ui| {
            for c in "жλא한字".chars() {
                let shown = ui.fonts_mut(|fonts| fonts.has_glyph(&FontId::proportional(14.0), c));
                assert_eq!(shown, written(c), "{c}");
                checked += usize::from(shown);
            }
        });
        eprintln!("of five scripts this machine's fonts write {checked}");
    }
}
