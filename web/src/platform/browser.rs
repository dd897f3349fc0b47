//! The browser: promises, downloads, live regions, user timing.

mod host;
mod models;

use std::{cell::RefCell, collections::BTreeMap, future::Future};

use eframe::egui;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

pub use self::host::{Apart, Host, forget_file, forget_files, keep_file, read_apart, recall_files, set_host};
pub use self::models::{
    CHOOSES_FOLDERS, ModelFiles, bring_model, choose_folder, dropped_folders, keep_model, list_models, receive_dropped,
    remove_model, stop_model,
};
use super::Kind;
use crate::{
    actions::Action,
    files::{FileSource, Incoming, check_size, endings},
};

/// Largest file that is read, in bytes: what a tab has memory for several times.
pub const MAX_FILE_BYTES: u64 = 128 << 20;

/// Whether opened files are kept for the next visit.
pub const KEEPS_FILES: bool = true;

/// Lines kept in the page's log.
const LOG_LINES: u32 = 200;

thread_local! {
    static SAMPLES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// What stands on the canvas: most of it is the same in every frame.
    static PUBLISHED: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    /// What the page's own controls asked for, and the window that shall do it.
    static PRESSED: RefCell<(Vec<Action>, Option<egui::Context>)> = const { RefCell::new((Vec::new(), None)) };
}

/// A control of the page was used.
pub fn press(action: Action) {
    PRESSED.with_borrow_mut(|(actions, _)| actions.push(action));
    wake();
}

/// Has the window look at what came from outside of it.
fn wake() {
    PRESSED.with_borrow(|(_, window)| window.as_ref().map(egui::Context::request_repaint));
}

/// What the page's own controls asked for since the last call.
pub fn pressed(window: &egui::Context) -> Vec<Action> {
    PRESSED.with_borrow_mut(|(actions, known)| {
        // another one once the GPU was lost
        *known = Some(window.clone());
        std::mem::take(actions)
    })
}

/// What a task may hold: anything, it stays on this thread.
pub trait MaybeSend {}
impl<T> MaybeSend for T {}

/// Whether the person asked the system for less motion.
pub fn prefers_calm() -> bool {
    let query = web_sys::window().map(|window| window.match_media("(prefers-reduced-motion: reduce)"));
    query.and_then(Result::ok).flatten().is_some_and(|query| query.matches())
}

/// Runs a task between the frames of the page.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(task);
}

/// Opens the browser's file dialog.
pub fn choose_files(incoming: &Incoming, ctx: &egui::Context) {
    let Some(input) = create::<web_sys::HtmlInputElement>("input") else { return };
    input.set_type("file");
    input.set_multiple(true);
    input.set_accept(&endings().iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(","));
    let (incoming, ctx, chosen) = (incoming.clone(), ctx.clone(), input.clone());
    let on_change = Closure::once_into_js(move || {
        let Some(files) = chosen.files() else { return };
        let files = (0..files.length()).filter_map(|i| files.get(i)).map(|file| (file.name(), file));
        models::receive(files.collect(), &incoming, &ctx);
    });
    input.set_onchange(Some(on_change.unchecked_ref()));
    input.click();
}

/// Reads a file, unless it is too large.
fn read_file(file: web_sys::File, incoming: Incoming, ctx: egui::Context) {
    let name = file.name();
    // the size is known before anything is read
    if let Err(problem) = check_size(&name, file.size() as u64, MAX_FILE_BYTES) {
        incoming.problem(&problem);
        ctx.request_repaint();
        return;
    }
    let ticket = incoming.expect();
    spawn(async move {
        match wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await {
            Ok(buffer) => ticket.arrive(FileSource { name, bytes: js_sys::Uint8Array::new(&buffer).to_vec() }),
            Err(error) => ticket.fail(&format!("{name}: the browser cannot read it: {}", describe(&error))),
        }
        ctx.request_repaint();
    });
}

/// The names in the page's list of samples.
pub fn set_samples(names: Vec<String>) {
    SAMPLES.replace(names);
}

/// Names of the bundled samples.
pub fn samples() -> Vec<String> {
    SAMPLES.with_borrow(Clone::clone)
}

/// Fetches one of the bundled samples from where the page came from.
pub fn read_sample(file: &str, incoming: &Incoming, ctx: &egui::Context) {
    fetch_file(file, format!("samples/{file}"), "", incoming, ctx);
}

/// Fetches a file from an address, which the page's rules confine to where the page came from.
pub fn read_url(url: &str, incoming: &Incoming, ctx: &egui::Context) {
    let name = url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or(url);
    fetch_file(name, url.to_owned(), "; only files that lie where this page does are", incoming, ctx);
}

/// Fetches a file that will be called `name`; where that fails, `hint` follows the reason.
fn fetch_file(name: &str, url: String, hint: &'static str, incoming: &Incoming, ctx: &egui::Context) {
    let Some(window) = web_sys::window() else { return };
    let (name, ticket, ctx) = (name.to_owned(), incoming.expect(), ctx.clone());
    spawn(async move {
        match fetch(&window, &url).await {
            Ok(bytes) => match check_size(&name, bytes.len() as u64, MAX_FILE_BYTES) {
                Ok(()) => ticket.arrive(FileSource { name, bytes }),
                Err(problem) => ticket.fail(&problem),
            },
            Err(error) => ticket.fail(&format!("{name}: cannot be fetched: {}{hint}", describe(&error))),
        }
        ctx.request_repaint();
    });
}

/// What was kept under a name by an earlier visit; nothing where the browser keeps nothing.
pub fn recall(key: &str) -> Option<String> {
    web_sys::window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Keeps a text for the next visit, where the browser lets us.
pub fn remember(key: &str, text: &str) {
    if let Some(storage) = web_sys::window().and_then(|window| window.local_storage().ok()?) {
        let _ = storage.set_item(key, text);
    }
}

/// Where the page is, without what stands behind `?`.
pub fn address() -> Option<String> {
    let location = web_sys::window()?.location();
    Some(format!("{}{}", location.origin().ok()?, location.pathname().ok()?))
}

/// The names and values behind `?` in the page's address.
pub fn query() -> Vec<(String, String)> {
    let search = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let Ok(parameters) = web_sys::UrlSearchParams::new_with_str(&search) else { return Vec::new() };
    let pairs = js_sys::Array::from(&parameters);
    let text = |pair: &js_sys::Array, n| pair.get(n).as_string().unwrap_or_default();
    pairs.iter().map(|pair| js_sys::Array::from(&pair)).map(|pair| (text(&pair, 0), text(&pair, 1))).collect()
}

async fn fetch(window: &web_sys::Window, url: &str) -> Result<Vec<u8>, JsValue> {
    let response = wasm_bindgen_futures::JsFuture::from(window.fetch_with_str(url)).await?;
    let response: web_sys::Response = response.dyn_into()?;
    if !response.ok() {
        return Err(JsValue::from_str(&format!("status {}", response.status())));
    }
    let buffer = wasm_bindgen_futures::JsFuture::from(response.array_buffer()?).await?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Offers a file as a download.
///
/// # Errors
/// When the browser refuses.
pub fn save(name: &str, mime: &str, bytes: &[u8]) -> Result<String, String> {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(|e| describe(&e))?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).map_err(|e| describe(&e))?;
    let link = create::<web_sys::HtmlAnchorElement>("a").ok_or("there is no document")?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // the download has begun by the time that timers run
    let release = Closure::once_into_js(move || web_sys::Url::revoke_object_url(&url));
    if let Some(window) = web_sys::window() {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(release.unchecked_ref(), 10_000);
    }
    Ok(format!("saved {name}"))
}

/// Puts a line into the page's log, which screen readers read.
pub fn announce(kind: Kind, text: &str) {
    let Some(log) = by_id("log") else { return };
    let Some(line) = create::<web_sys::HtmlElement>("p") else { return };
    line.set_text_content(Some(text));
    let _ = line.set_attribute("data-kind", kind.name());
    let _ = log.append_child(&line);
    if log.child_element_count() > LOG_LINES
        && let Some(first) = log.first_element_child()
    {
        first.remove();
    }
}

/// What is going on now, in the page's status line.
pub fn status(text: &str) {
    if let Some(line) = by_id("status")
        && line.text_content().as_deref() != Some(text)
    {
        line.set_text_content(Some(text));
    }
}

/// Bytes of memory that this program holds.
pub fn memory() -> usize {
    core::arch::wasm32::memory_size(0) << 16
}

/// Puts a value on the canvas as `data-KEY`, for those who watch from outside.
pub fn publish(key: &str, value: &str) {
    let known = PUBLISHED.with_borrow(|published| published.get(key).is_some_and(|known| known == value));
    if !known && let Some(canvas) = by_id("app") {
        let _ = canvas.set_attribute(&format!("data-{key}"), value);
        PUBLISHED.with_borrow_mut(|published| published.insert(key.to_owned(), value.to_owned()));
    }
}

/// Tells the page that the loading screen can go.
pub fn interactive() {
    dispatch("interactive", "", 1.0);
}

/// Tells the loading screen how far things are, 0..1.
pub fn phase(text: &str, fraction: f64) {
    dispatch("phase", text, fraction);
}

/// A stretch of time that ends now, for the browser's performance tools. The newest of a name replaces the others.
pub fn measure(name: &str, seconds: f64) {
    let Some(performance) = web_sys::window().and_then(|w| w.performance()) else { return };
    performance.clear_measures_with_measure_name(name);
    let options = js_sys::Object::new();
    let now = performance.now();
    for (key, value) in [("start", now - seconds * 1e3), ("end", now)] {
        let _ = js_sys::Reflect::set(&options, &key.into(), &value.into());
    }
    // the binding of `measure` with options is newer than some browsers' idea of its types
    if let Ok(function) = js_sys::Reflect::get(&performance, &"measure".into())
        && let Some(function) = function.dyn_ref::<js_sys::Function>()
    {
        let _ = function.call2(&performance, &name.into(), &options);
    }
}

/// The GPU refused something: of use to those who mend the program.
pub fn gpu_error(problem: &str) {
    web_sys::console::warn_1(&problem.into());
}

/// Tells the page that it cannot go on.
pub fn crashed(problem: &str) {
    dispatch("crashed", problem, 1.0);
}

fn dispatch(kind: &str, text: &str, fraction: f64) {
    let Some(canvas) = by_id("app") else { return };
    let detail = js_sys::Object::new();
    for (key, value) in [("kind", kind.into()), ("text", text.into()), ("fraction", JsValue::from_f64(fraction))] {
        let _ = js_sys::Reflect::set(&detail, &key.into(), &value);
    }
    let init = web_sys::CustomEventInit::new();
    init.set_detail(&detail);
    if let Ok(event) = web_sys::CustomEvent::new_with_event_init_dict("skeletonllm", &init) {
        let _ = canvas.dispatch_event(&event);
    }
}

/// An error as words.
pub fn describe(error: &JsValue) -> String {
    let message = error.dyn_ref::<js_sys::Error>().map(|e| String::from(e.message()));
    message.or_else(|| error.as_string()).unwrap_or_else(|| format!("{error:?}"))
}

fn by_id(id: &str) -> Option<web_sys::Element> {
    web_sys::window()?.document()?.get_element_by_id(id)
}

fn create<E: JsCast>(tag: &str) -> Option<E> {
    web_sys::window()?.document()?.create_element(tag).ok()?.dyn_into().ok()
}
