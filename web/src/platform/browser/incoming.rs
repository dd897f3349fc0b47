//! Files on their way into the page: chosen, dropped, fetched.

use std::cell::RefCell;

use eframe::egui;
use js_sys::{Array, Reflect, Uint8Array};
use skeletonllm::given::{Found, recognise};
use skeletonllm_network::arriving::Listed;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

use super::{MAX_FILE_BYTES, ModelFiles, create, crossing::inward, describe, host, spawn, wake};
use crate::{
    files::{FileSource, Incoming, Origin, Public, Ticket, check_size, endings, is_ours, of_folder},
    link::file_name,
    models::Offered,
};

/// A file and its path below what was dropped or chosen.
type Pathed = (String, web_sys::File);

thread_local! {
    /// Folders that the page's script was handed, until the window takes them.
    static FOLDERS: RefCell<Vec<Vec<Pathed>>> = const { RefCell::new(Vec::new()) };
}

/// Takes in folders that were dropped: a list of pairs of path and `File`.
pub fn hand_in(files: &Array) {
    let pair = |pair: JsValue| {
        let pair = Array::from(&pair);
        Some((pair.get(0).as_string()?, pair.get(1).dyn_into().ok()?))
    };
    let files = files.iter().filter_map(pair).collect();
    FOLDERS.with_borrow_mut(|folders| folders.push(files));
    wake();
}

/// Takes in what was dropped since the last call.
pub fn receive_dropped(files: &[egui::DroppedFileHandle], incoming: &Incoming) {
    let loose = files.iter().filter_map(|file| file.web_file().cloned()).map(|file| (file.name(), file)).collect();
    for files in std::iter::once(loose).chain(FOLDERS.take()) {
        receive(files, incoming);
    }
}

/// Opens the browser's file dialog.
pub fn choose_files(incoming: &Incoming, _ctx: &egui::Context) {
    let accepted = endings().iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(",");
    let incoming = incoming.clone();
    choose(("accept", &accepted), move |files| {
        receive(files.into_iter().map(|file| (file.name(), file)).collect(), &incoming);
    });
}

/// Opens the browser's dialog for a folder.
pub fn choose_folder(incoming: &Incoming, _ctx: &egui::Context) {
    let incoming = incoming.clone();
    choose(("webkitdirectory", ""), move |files| {
        let path = |file: &web_sys::File| Reflect::get(file, &"webkitRelativePath".into()).ok()?.as_string();
        let pathed = |file: web_sys::File| (path(&file).unwrap_or_else(|| file.name()), file);
        receive(files.into_iter().map(pathed).collect(), &incoming);
    });
}

/// Opens a dialog with that attribute.
fn choose((attribute, value): (&str, &str), done: impl FnOnce(Vec<web_sys::File>) + 'static) {
    let Some(input) = create::<web_sys::HtmlInputElement>("input") else { return };
    input.set_type("file");
    input.set_multiple(true);
    let _ = input.set_attribute(attribute, value);
    let chosen = input.clone();
    let on_change = Closure::once_into_js(move || {
        if let Some(files) = chosen.files() {
            done((0..files.length()).filter_map(|i| files.get(i)).collect());
        }
    });
    input.set_onchange(Some(on_change.unchecked_ref()));
    input.click();
}

/// Takes in files that came together: a model, or whatever else they are.
fn receive(files: Vec<Pathed>, incoming: &Incoming) {
    if files.is_empty() {
        return;
    }
    let listed = |(path, file): &Pathed| Listed { name: path.clone(), bytes: file.size() as u64 };
    match recognise(&files.iter().map(listed).collect::<Vec<_>>()) {
        Found::Nothing => read_all(files, incoming),
        Found::Refused(problem) => incoming.problem(&problem),
        Found::Model { given, places, others } => {
            let names = given.files.iter().map(|file| file.name.clone());
            let model = ModelFiles::of(names.zip(places.iter().map(|&place| files[place].1.clone())).collect());
            incoming.offer(Offered { given, files: model });
            // a folder holds what it holds
            let others = others.into_iter().map(|i| &files[i]).filter(|(path, _)| !path.contains('/') || is_ours(path));
            read_files(others.map(|(_, file)| file.clone()).collect(), incoming);
        }
    }
    wake();
}

/// Reads loose files, or those of a folder that are ours.
fn read_all(files: Vec<Pathed>, incoming: &Incoming) {
    let folder = files.iter().find_map(|(path, _)| Some(path.split_once('/')?.0.to_owned()));
    let Some(folder) = folder else {
        return read_files(files.into_iter().map(|(_, file)| file).collect(), incoming);
    };
    match of_folder(&folder, files) {
        Ok(files) => read_files(files, incoming),
        Err(problem) => incoming.problem(&problem),
    }
}

/// Reads files that came together, one after the other.
fn read_files(files: Vec<web_sys::File>, incoming: &Incoming) {
    let awaited: Vec<(web_sys::File, Ticket)> = files.into_iter().map(|file| (file, incoming.expect())).collect();
    spawn(async move {
        for (file, ticket) in awaited {
            if ticket.is_wanted() {
                read_file(&file, ticket).await;
            }
        }
        wake();
    });
}

async fn read_file(file: &web_sys::File, ticket: Ticket) {
    let name = file.name();
    // the size is known before anything is read
    if let Err(problem) = check_size(&name, file.size() as u64, MAX_FILE_BYTES) {
        return ticket.fail(&problem);
    }
    match JsFuture::from(file.array_buffer()).await {
        Ok(buffer) => {
            let bytes = inward(&Uint8Array::new(&buffer)).await;
            ticket.arrive(FileSource { name, bytes }, Origin::default());
        }
        Err(error) => ticket.fail(&format!("{name}: the browser cannot read it: {}", describe(&error))),
    }
}

/// Fetches one of the bundled samples from where the page came from.
pub fn read_sample(file: &str, incoming: &Incoming) {
    let public = Public::Sample(file.to_owned());
    fetch(file.to_owned(), format!("samples/{file}"), public, "", incoming);
}

/// Fetches a file from an address.
pub fn read_url(url: &str, incoming: &Incoming) {
    let name = file_name(url);
    let plain = js_sys::decode_uri_component(name).ok().and_then(|name| name.as_string());
    let hint = ". A file beside the page can be read, and one elsewhere whose server lets other pages read it (CORS, by \
                https)";
    let name = plain.filter(|name| !name.is_empty()).unwrap_or_else(|| name.to_owned());
    fetch(name, url.to_owned(), Public::Address(url.to_owned()), hint, incoming);
}

/// Fetches a file that will be called `name`; where that fails, `hint` follows the reason.
fn fetch(name: String, url: String, public: Public, hint: &'static str, incoming: &Incoming) {
    let ticket = incoming.expect();
    spawn(async move {
        match host::fetch(&url, MAX_FILE_BYTES).await {
            Ok(bytes) => ticket.arrive(FileSource { name, bytes }, Origin::public(public)),
            Err(problem) => {
                let problem = problem.trim_end_matches('.');
                ticket.fail(&format!("{name}: it cannot be fetched: {problem}{hint}"));
            }
        }
        wake();
    });
}
