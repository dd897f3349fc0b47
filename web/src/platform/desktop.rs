//! The desktop: threads, the file system, standard error.

mod models;

use std::{
    convert::Infallible,
    future::Future,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use draction::cli::warn;
use eframe::egui;

pub use self::models::{ModelFiles, bring_model, keep_model, list_models, receive, remove_model, stop_model};
use super::{EncodedFrame, Kind};
use crate::{
    actions::Action,
    companions,
    files::{FileSource, Incoming, Origin, Public, Unread, endings, of_folder},
    reading::Heard,
};

/// Largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = draction::motion::MAX_FILE_BYTES;

/// Whether opened files are kept for the next visit.
pub const KEEPS_FILES: bool = false;

/// What a task may hold: it moves to a thread.
pub trait MaybeSend: Send {}
impl<T: Send> MaybeSend for T {}

/// Whether the person asked the system for less motion, where the system tells it: asked once, at the start.
pub fn prefers_calm() -> bool {
    static ASKED: OnceLock<bool> = OnceLock::new();
    *ASKED.get_or_init(|| {
        let (program, arguments, still): (_, &[&str], _) = if cfg!(target_os = "macos") {
            ("defaults", &["read", "com.apple.universalaccess", "reduceMotion"], "1")
        } else if cfg!(target_os = "windows") {
            ("reg", &["query", "HKCU\\Control Panel\\Desktop\\WindowMetrics", "/v", "MinAnimate"], "0")
        } else {
            ("gsettings", &["get", "org.gnome.desktop.interface", "enable-animations"], "false")
        };
        let told = Command::new(program).args(arguments).stdin(Stdio::null()).output();
        told.is_ok_and(|told| told.status.success() && String::from_utf8_lossy(&told.stdout).trim().ends_with(still))
    })
}

/// Runs a task beside the window.
pub fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    std::thread::spawn(move || pollster::block_on(task));
}

/// A thread that reads a file. It cannot be ended before its time: what it finds is thrown away.
pub struct Apart;

/// Reads a file beside the window.
pub fn read_apart(unread: &Unread, hear: impl Fn(Heard) + Clone + Send + 'static) -> Apart {
    let unread = unread.clone();
    std::thread::spawn(move || {
        let motion = unread.read_watched(&mut |fraction| hear(Heard::Fraction(fraction)));
        hear(Heard::Done(motion));
    });
    Apart
}

/// Keeps a file for the next visit: a window begins anew.
pub fn keep_file(_file: &Arc<FileSource>, _public: Option<&Public>, _done: impl FnOnce(Result<String, String>)) {}

/// Does not keep a file any longer.
pub fn forget_file(_key: &str) {}

/// Keeps nothing any longer; `done` hears whether that is so.
pub fn forget_files(done: impl FnOnce(Result<(), String>)) {
    done(Ok(()));
}

/// Opens the files of earlier visits: there are none.
pub fn recall_files(_incoming: &Incoming, done: impl FnOnce()) {
    done();
}

/// Puts a text into the clipboard.
pub fn copy(ctx: &egui::Context, text: &str, done: impl FnOnce(Result<(), String>)) {
    ctx.copy_text(text.to_owned());
    done(Ok(()));
}

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
    read_chosen(dialog, incoming, ctx);
}

/// Opens the system's dialog for folders.
pub fn choose_folder(incoming: &Incoming, ctx: &egui::Context) {
    let dialog = rfd::AsyncFileDialog::new().set_title("Open all motions of a folder, or a model").pick_folders();
    read_chosen(dialog, incoming, ctx);
}

/// Reads what a dialog answers with.
fn read_chosen(
    dialog: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static,
    incoming: &Incoming,
    ctx: &egui::Context,
) {
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
pub fn receive_dropped(files: &[egui::DroppedFileHandle], incoming: &Incoming) {
    if !files.is_empty() {
        receive(files.iter().map(|file| file.path().to_owned()).collect(), incoming);
    }
}

/// Reads a file and what lies beside it and describes it, or the motions of a folder and of the folders in it.
fn read_path(path: PathBuf, incoming: &Incoming) {
    if !path.is_dir() {
        described_beside(&path).into_iter().chain([path]).for_each(|file| read_one(file, incoming, None));
        return;
    }
    let mut files = Vec::new();
    if let Err(error) = list(&path, 0, &mut files) {
        return incoming.problem(&format!("{}: {error}", path.display()));
    }
    match of_folder(&path.display().to_string(), files) {
        Ok(files) => files.into_iter().for_each(|file| read_one(file, incoming, None)),
        Err(problem) => incoming.problem(&problem),
    }
}

/// All files below a folder, with their paths below it as text. Links to folders are not followed, which might lead back.
fn list(folder: &Path, depth: usize, files: &mut Vec<(String, PathBuf)>) -> std::io::Result<()> {
    const DEEPEST: usize = 16;
    for entry in std::fs::read_dir(folder)?.flatten() {
        let (path, kind) = (entry.path(), entry.file_type()?);
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && depth < DEEPEST && !name.starts_with('.') {
            let mut inner = Vec::new();
            // one that may not be looked into does not keep the others away
            if list(&path, depth + 1, &mut inner).is_ok() {
                files.extend(inner.into_iter().map(|(below, path)| (format!("{name}/{below}"), path)));
            }
        } else if path.is_file() {
            files.push((name, path));
        }
    }
    Ok(())
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

fn read_one(path: PathBuf, incoming: &Incoming, public: Option<Public>) {
    let name = path.display().to_string();
    let bytes = std::fs::metadata(&path)
        .map_err(|error| format!("{name}: {error}"))
        .and_then(|data| crate::files::check_size(&name, data.len(), MAX_FILE_BYTES))
        .and_then(|()| std::fs::read(&path).map_err(|error| format!("{name}: {error}")));
    match bytes {
        Ok(bytes) => incoming.push(FileSource { name, bytes }, Origin { public, kept: None }),
        Err(problem) => incoming.problem(&problem),
    }
}

/// Reads one of the bundled samples.
pub fn read_sample(file: &str, incoming: &Incoming) {
    match samples_folder() {
        Some(folder) => read_one(folder.join(file), incoming, Some(Public::Sample(file.to_owned()))),
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

/// Encodes videos: a system without a browser has nothing that does.
pub struct VideoEncoder(Infallible);

impl VideoEncoder {
    /// For frames of that width and height, so many a second: there is none.
    pub async fn open(_size: [usize; 2], _fps: u32) -> Option<VideoEncoder> {
        None
    }

    /// What Matroska calls its codec.
    pub fn codec(&self) -> &'static str {
        match self.0 {}
    }

    /// Encodes one more frame.
    ///
    /// # Errors
    /// There is nothing to fail.
    pub async fn add(&mut self, _i420: &[u8]) -> Result<Vec<EncodedFrame>, String> {
        match self.0 {}
    }

    /// Encodes what was added.
    ///
    /// # Errors
    /// There is nothing to fail.
    pub async fn finish(&mut self) -> Result<Vec<EncodedFrame>, String> {
        match self.0 {}
    }
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
pub fn read_url(url: &str, incoming: &Incoming) {
    incoming.problem(&format!("{url}: only a page reads addresses"));
}

/// Tells of something that happened.
pub fn announce(kind: Kind, text: &str) {
    if kind == Kind::Error {
        warn(format_args!("viewer: {text}"));
    }
}

/// As [`announce`], of the file of that name.
pub fn announce_of(kind: Kind, file: &str, text: &str) {
    announce(kind, &format!("{file}: {text}"));
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

/// Why it is the processor that computes: on the desktop the command says it.
pub fn why_processor() -> Option<(String, bool)> {
    None
}

/// A stretch of time that ends now, for the browser's performance tools.
pub fn measure(_name: &str, _seconds: f64) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_motions_and_those_of_its_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.bvh", "notes.md", "a/deep/c.npy", ".git/d.bvh"] {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, name).unwrap();
        }
        let read = |path: &Path| -> Vec<String> {
            let incoming = Incoming::default();
            read_path(path.to_owned(), &incoming);
            let told = incoming.take().into_iter().map(|arrival| match arrival {
                crate::files::Arrival::File(file, _) => String::from_utf8(file.bytes).unwrap(),
                crate::files::Arrival::Problem(problem) => problem,
            });
            told.collect()
        };
        assert_eq!(read(folder.path()), ["a/deep/c.npy", "b.bvh"]);
        let empty = folder.path().join("none");
        std::fs::create_dir(&empty).unwrap();
        assert!(matches!(&read(&empty)[..], [problem] if problem.contains("none of its files")));
    }

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
