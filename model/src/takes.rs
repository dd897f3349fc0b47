//! Which files hold motions: those below a folder, or those of a list. They are found one by one, so that a million take
//! no more memory than the largest folder's names.

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, Read},
    path::{Path, PathBuf},
    vec,
};

use draction::motion::Format;

/// Files that lie beside motions and are none.
const BESIDE: [&str; 3] = ["skeleton.json", "same_meaning.json", "package.json"];
/// What the name of a picture's file ends with, of which OpenPose writes a folder a take.
const PICTURES: &str = "_keypoints.json";
/// Folders within folders that are followed; deeper ones are a loop.
const DEEPEST: usize = 64;

/// A folder or a line that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {cause}", path.display())]
pub struct NotListed {
    /// The folder or the list.
    pub path: PathBuf,
    /// What the system says.
    pub cause: io::Error,
}

/// One motion file after the other, or a folder with a file a frame. What cannot be listed is told in its place.
pub type Takes = Box<dyn Iterator<Item = Result<PathBuf, NotListed>> + Send>;

/// The takes of several folders and files, in this order: of a folder all below it, by name; a file itself.
#[must_use]
pub fn of(paths: Vec<PathBuf>) -> Takes {
    Box::new(paths.into_iter().flat_map(|path| match path.is_dir() {
        true => below(&path),
        false => Box::new(std::iter::once(Ok(path))),
    }))
}

/// The takes of a list, a path a line. Empty lines are passed over; `name` is for messages.
#[must_use]
pub fn listed(list: impl BufRead + Send + 'static, name: PathBuf) -> Takes {
    // after a line that cannot be read there is no other
    let mut ended = false;
    let lines = list.lines().take_while(move |line| !std::mem::replace(&mut ended, line.is_err()));
    let line = move |line: io::Result<String>| match line {
        Ok(line) => Some(Ok(PathBuf::from(line.trim_end_matches('\r')))).filter(|_| !line.trim().is_empty()),
        Err(cause) => Some(Err(NotListed { path: name.clone(), cause })),
    };
    Box::new(lines.filter_map(line))
}

/// Whether a file is a list of takes rather than one: text, whose first line is the path of something that is there.
///
/// # Errors
/// When it cannot be read.
pub fn is_list(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(1 << 16).read_to_end(&mut start)?;
    let text = String::from_utf8_lossy(&start);
    let first = text.lines().find(|line| !line.trim().is_empty());
    Ok(first.is_some_and(|line| Path::new(line).exists()))
}

fn below(folder: &Path) -> Takes {
    match entries(folder) {
        Ok(Entries::Take) => Box::new(std::iter::once(Ok(folder.to_owned()))),
        Ok(Entries::Several(entries)) => Box::new(Walk { open: vec![entries.into_iter()] }),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

/// A walk through folders, each with what is left of it.
struct Walk {
    open: Vec<vec::IntoIter<PathBuf>>,
}

impl Iterator for Walk {
    type Item = Result<PathBuf, NotListed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(path) = self.open.last_mut()?.next() else {
                self.open.pop();
                continue;
            };
            if !path.is_dir() {
                return Some(Ok(path));
            }
            if self.open.len() >= DEEPEST {
                let cause = io::Error::other(format!("more than {DEEPEST} folders within each other"));
                return Some(Err(NotListed { path, cause }));
            }
            match entries(&path) {
                Ok(Entries::Take) => return Some(Ok(path)),
                Ok(Entries::Several(entries)) => self.open.push(entries.into_iter()),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// What stands in a folder.
enum Entries {
    /// A file a frame: the folder is a take.
    Take,
    /// Folders and files that may be takes, by name.
    Several(Vec<PathBuf>),
}

fn entries(folder: &Path) -> Result<Entries, NotListed> {
    let fault = |cause| NotListed { path: folder.to_owned(), cause };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let (name, path) = (entry.file_name(), entry.path());
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        // a link to a folder may lead back
        if path.is_dir() {
            if !link && !hidden(&name) {
                found.push(path);
            }
        } else if may_be_motion(&path, &name) {
            found.push(path);
        }
    }
    let pictures = found.iter().filter(|path| path.to_string_lossy().ends_with(PICTURES)).count();
    if pictures > 1 && pictures == found.len() {
        return Ok(Entries::Take);
    }
    found.sort_unstable();
    Ok(Entries::Several(found))
}

fn hidden(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

/// By its name, and of names that anything has by how it begins.
fn may_be_motion(path: &Path, name: &OsStr) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let known = Format::ALL.iter().any(|format| format.extensions().contains(&extension.as_str()));
    if !known || hidden(name) || BESIDE.iter().any(|beside| name == *beside) {
        return false;
    }
    extension != "txt" || begins_with_number(path)
}

/// Motions in text are numbers; of what cannot be read its reader shall say why.
fn begins_with_number(path: &Path) -> bool {
    let mut start = [0; 64];
    let Ok(length) = fs::File::open(path).and_then(|mut file| file.read(&mut start)) else { return true };
    let first = start[..length].iter().find(|byte| !byte.is_ascii_whitespace());
    first.is_some_and(|byte| byte.is_ascii_digit() || b"+-.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(takes: Takes, folder: &Path) -> Vec<String> {
        let name = |path: PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
        takes.map(|take| name(take.unwrap())).collect()
    }

    #[test]
    fn motions_are_found_below_a_folder_by_name_and_nothing_else_is() {
        let folder = folder(&[
            ("b.bvh", ""),
            ("a/z.BVH", ""),
            ("a/numbers.txt", " 1.5 2"),
            ("a/readme.txt", "Walks."),
            ("a/skeleton.json", "{}"),
            ("a/walk.asf", ""),
            ("a/walk.amc", ""),
            ("metadata.jsonl", "{}"),
            (".hidden/c.bvh", ""),
            (".d.bvh", ""),
            ("pose/x_000_keypoints.json", "{}"),
            ("pose/x_001_keypoints.json", "{}"),
            ("e.npz", ""),
        ]);
        let expected = ["a/numbers.txt", "a/walk.amc", "a/z.BVH", "b.bvh", "e.npz", "pose"];
        assert_eq!(names(of(vec![folder.path().into()]), folder.path()), expected);
        let pose = folder.path().join("pose");
        assert_eq!(names(of(vec![pose, folder.path().join("a/readme.txt")]), folder.path()), ["pose", "a/readme.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_in_circles_and_what_cannot_be_listed_is_told() {
        let folder = folder(&[("a/b.bvh", "")]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a/b.bvh"), folder.path().join("c.bvh")).unwrap();
        assert_eq!(names(of(vec![folder.path().into()]), folder.path()), ["a/b.bvh", "c.bvh"]);
        let gone = entries(&folder.path().join("gone")).err().unwrap().to_string();
        assert!(gone.contains("gone"), "{gone}");
    }

    #[test]
    fn a_list_is_a_path_a_line() {
        let folder = folder(&[("a.bvh", "HIERARCHY")]);
        let list = folder.path().join("list.txt");
        fs::write(&list, format!("\n{}\r\nnowhere/b c.bvh\n", folder.path().join("a.bvh").display())).unwrap();
        assert!(is_list(&list).unwrap() && !is_list(&folder.path().join("a.bvh")).unwrap());
        let takes = listed(io::BufReader::new(fs::File::open(&list).unwrap()), list);
        let found: Vec<PathBuf> = takes.map(Result::unwrap).collect();
        assert_eq!(found, [folder.path().join("a.bvh"), PathBuf::from("nowhere/b c.bvh")]);
        let broken = listed(io::Cursor::new(b"a\n\xff\xfe\nb\n".to_vec()), "stdin".into());
        let found: Vec<bool> = broken.map(|take| take.is_ok()).collect();
        assert_eq!(found, [true, false], "it ends where it cannot be read");
    }
}
