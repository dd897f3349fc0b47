//! The desktop: threads, the file system, standard error.

mod models;

use std::{
    future::Future,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use draction::motion::Motion;
use eframe::egui;

pub use self::models::{
    CHOOSES_FOLDERS, ModelFiles, bring_model, choose_folder, keep_model, list_models, receive, remove_model, stop_model,
};
use super::Kind;
use crate::{
    actions::Action,
    companions,
    files::{FileSource, Incoming, Unread, endings},
};

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = draction::motion::MAX_FILE_BYTES;

/// Whether opened files are kept for the next visit.
pub const KEEPS_FILES: bool = false;

/// What a task may hold: it moves to a thread.
pub trait MaybeSend: Send {}
impl<T: Send> MaybeSend for T {}

/// Whether the person asked the system for less motion; no window toolkit tells.
pub fn prefers_calm() -> bool {
    false
}

/// Runs a task beside the window.
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    std::thread::spawn(move || pollster::block_on(task));
}

/// A thread that reads a file. It cannot be ended before its time: what it finds is thrown away.
pub struct Apart;

/// Reads a file beside the window.
pub fn read_apart(unread: &Unread, done: impl FnOnce(Result<Motion, String>) + Send + 'static) -> Apart {
    let unread = unread.clone();
    std::thread::spawn(move || done(unread.read()));
    Apart
}

/// Keeps a file for the next visit: a window begins anew.
pub fn keep_file(_name: &str, _bytes: &[u8]) {}

/// Does not keep a file any longer.
pub fn forget_file(_name: &str) {}

/// Keeps nothing any longer.
pub fn forget_files() {}

/// The files of earlier visits: there are none.
pub fn recall_files(_incoming: &Incoming, _ctx: &egui::Context) {}

/// Nobody closes a dialog faster than this.
const NO_DIALOG: Duration = Duration::from_millis(300);

/// Opens the system's file dialog.
pub fn choose_files(incoming: &Incoming, ctx: &egui::Context) {
    // some systems want it made on this thread, and none wants this thread to wait
    let dialog = rfd::AsyncFileDialog::new()
        .set_title("Open motions, or weights to draw with")
        .add_filter("Motions and weights", &endings())
        .add_filter("All files", &["*"])
        .pick_files();
    let (incoming, ctx) = (incoming.clone(), ctx.clone());
    spawn(async move {
        let asked = Instant::now();
        match dialog.await {
            Some(files) => receive(files.into_iter().map(|file| file.path().to_owned()).collect(), &incoming),
            // a system without dialogs answers as one whose dialog was closed
            None if asked.elapsed() < NO_DIALOG => {
                incoming.problem(
                    "this system shows no file dialog: drop files into the window, or name them: viewer FILE…",
                );
            }
            None => {}
        }
        ctx.request_repaint();
    });
}

/// Takes in what was dropped since the last call.
pub fn receive_dropped(files: &[egui::DroppedFileHandle], incoming: &Incoming, _ctx: &egui::Context) {
    if !files.is_empty() {
        receive(files.iter().map(|file| file.path().to_owned()).collect(), incoming);
    }
}

/// Reads a file and what lies beside it and describes it, or all files of a folder.
pub fn read_path(path: PathBuf, incoming: &Incoming) {
    if !path.is_dir() {
        described_beside(&path).into_iter().chain([path]).for_each(|file| read_one(file, incoming));
        return;
    }
    let entries = std::fs::read_dir(&path).map(|entries| entries.flatten().map(|e| e.path()).collect::<Vec<_>>());
    match entries {
        Ok(mut entries) => {
            entries.sort();
            entries.into_iter().filter(|entry| entry.is_file()).for_each(|entry| read_one(entry, incoming));
        }
        Err(error) => incoming.problem(&format!("{}: {error}", path.display())),
    }
}

/// The files of the same folder that describe this one: the one whose name is nearest, if it is nearer than the others, or
/// all of them where the file says by name which are its own.
fn described_beside(path: &Path) -> Vec<PathBuf> {
    let name = path.to_string_lossy();
    // most motions need none: a folder is not searched for them
    if !["npy", "npz", "amc", "gltf"].iter().any(|ending| name.to_lowercase().ends_with(&format!(".{ending}"))) {
        return Vec::new();
    }
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut near: Vec<(usize, PathBuf)> = entries
        .filter_map(|entry| Some((companions::nearness(&entry.to_string_lossy(), &name)?, entry)))
        .filter(|(_, entry)| entry.is_file())
        .collect();
    near.sort();
    let from = match &near[..] {
        _ if companions::names_its_own(&name) => near.len().saturating_sub(companions::MAX_KEPT),
        [.., (second, _), (first, _)] if first == second => near.len(),
        _ => near.len().saturating_sub(1),
    };
    near.split_off(from).into_iter().map(|(_, file)| file).collect()
}

fn read_one(path: PathBuf, incoming: &Incoming) {
    let name = path.display().to_string();
    let bytes = std::fs::metadata(&path)
        .map_err(|error| format!("{name}: {error}"))
        .and_then(|data| crate::files::check_size(&name, data.len(), MAX_FILE_BYTES))
        .and_then(|()| std::fs::read(&path).map_err(|error| format!("{name}: {error}")));
    match bytes {
        Ok(bytes) => incoming.push(FileSource { name, bytes }),
        Err(problem) => incoming.problem(&problem),
    }
}

/// Reads one of the bundled samples.
pub fn read_sample(file: &str, incoming: &Incoming, _ctx: &egui::Context) {
    match samples_folder() {
        Some(folder) => read_path(folder.join(file), incoming),
        None => incoming.problem("the folder assets/samples was not found"),
    }
}

/// Names of the bundled samples.
pub fn samples() -> Vec<String> {
    let entries = samples_folder().and_then(|folder| std::fs::read_dir(folder).ok());
    let names = entries.into_iter().flatten().flatten().filter_map(|e| e.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(".bvh") || n.ends_with(".skeleton")).collect();
    names.sort();
    names
}

fn samples_folder() -> Option<PathBuf> {
    let model = skeletonllm::folder::default_model().ok()?;
    let folder = model.parent()?.join("samples");
    folder.is_dir().then_some(folder)
}

/// Writes a file into the folder that the program was started in, and says where.
///
/// # Errors
/// When it cannot be written.
pub fn save(name: &str, _mime: &str, bytes: &[u8]) -> Result<String, String> {
    let path = std::env::current_dir().unwrap_or_default().join(name);
    draction::store::write_atomically(&path, bytes).map_err(|error| error.to_string())?;
    Ok(format!("wrote {}", path.display()))
}

/// What controls outside of the window asked for: there are none.
pub fn pressed(_window: &egui::Context) -> Vec<Action> {
    Vec::new()
}

/// What was kept under a name by an earlier visit: a window begins anew.
pub fn recall(_key: &str) -> Option<String> {
    None
}

/// Keeps a text for the next visit.
pub fn remember(_key: &str, _text: &str) {}

/// Where the page is, without what stands behind `?`: a window is nowhere.
pub fn address() -> Option<String> {
    None
}

/// Opens a file that lies where the page does.
pub fn read_url(url: &str, incoming: &Incoming, _ctx: &egui::Context) {
    incoming.problem(&format!("{url}: only a page reads addresses"));
}

/// Tells of something that happened.
pub fn announce(kind: Kind, text: &str) {
    if kind == Kind::Error {
        eprintln!("viewer: {text}");
    }
}

/// What is going on now.
pub fn status(_text: &str) {}

/// Bytes of memory that this program holds; the desktop has better tools to tell.
pub fn memory() -> usize {
    0
}

/// Numbers for those who watch from outside.
pub fn publish(_key: &str, _value: &str) {}

/// The window can be used.
pub fn interactive() {}

/// A stretch of time that ends now, for the browser's performance tools.
pub fn measure(_name: &str, _seconds: f64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_description_is_read_and_none_of_many_that_are_as_near() {
        let folder = tempfile::tempdir().unwrap();
        let beside = |name: &str| -> Vec<String> {
            let found = described_beside(&folder.path().join(name)).into_iter();
            found.map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        let none: [&str; 0] = [];
        for number in 0..30 {
            std::fs::write(folder.path().join(format!("{number:02}.asf")), "").unwrap();
        }
        std::fs::write(folder.path().join("skeleton.json"), "").unwrap();
        assert_eq!(beside("29_03.amc"), ["29.asf"]);
        assert_eq!(beside("walk.amc"), none);
        assert_eq!(beside("walk.npz"), ["skeleton.json"]);
        assert_eq!(beside("walk.gltf"), none);
        assert_eq!(beside("walk.bvh"), none);
        std::fs::write(folder.path().join("scene.bin"), "").unwrap();
        std::fs::write(folder.path().join("more.bin"), "").unwrap();
        assert_eq!(beside("walk.gltf"), ["more.bin", "scene.bin"]);
    }
}
