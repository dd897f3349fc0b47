//! The browser: promises, downloads, live regions, user timing.

mod crossing;
mod encoder;
mod host;
mod incoming;
mod models;

use std::{cell::RefCell, collections::BTreeMap, future::Future};

use eframe::egui;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

pub use self::{
    encoder::VideoEncoder,
    host::{
        Apart, Host, copy, embedded, forget_file, forget_files, keep_file, read_apart, recall_files, set_host,
        why_processor,
    },
    incoming::{choose_files, choose_folder, hand_in, read_sample, read_url, receive_dropped},
    models::{ModelFiles, bring_model, keep_model, list_models, remove_model, stop_model},
};
use super::Kind;
use crate::actions::Action;

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
    /// Whether the person asks the system for less motion. It changes by itself.
    static LESS_MOTION: Option<web_sys::MediaQueryList> = less_motion();
}

/// A control of the page was used.
pub fn press(action: Action) {
    PRESSED.with_borrow_mut(|(actions, _)| actions.push(action));
    wake();
}

/// Has the window look at what came, whichever is open by now.
fn wake() {
    PRESSED.with_borrow(|(_, window)| {
        if let Some(window) = window {
            window.request_repaint();
        }
    });
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

/// Whether the person asks the system for less motion now.
pub fn prefers_calm() -> bool {
    LESS_MOTION.with(|query| query.as_ref().is_some_and(|query| query.matches()))
}

/// The question whether less motion is wanted; the window looks again when the answer changes.
fn less_motion() -> Option<web_sys::MediaQueryList> {
    let query = web_sys::window()?.match_media("(prefers-reduced-motion: reduce)").ok()??;
    query.set_onchange(Some(Closure::<dyn FnMut()>::new(wake).into_js_value().unchecked_ref()));
    Some(query)
}

/// Runs a task between the frames of the page.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(task);
}

/// The names in the page's list of samples.
pub fn set_samples(names: Vec<String>) {
    SAMPLES.replace(names);
}

/// Names of the bundled samples.
pub fn samples() -> Vec<String> {
    SAMPLES.with_borrow(Clone::clone)
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
    announce_of(kind, "", text);
}

/// As [`announce`], of the file of that name.
pub fn announce_of(kind: Kind, file: &str, text: &str) {
    let Some(log) = by_id("log") else { return };
    let Some(line) = create::<web_sys::HtmlElement>("p") else { return };
    if file.is_empty() {
        line.set_text_content(Some(text));
    } else {
        line.set_text_content(Some(&format!("{file}: {text}")));
        let _ = line.set_attribute("data-file", file);
    }
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

/// Tells the page that a window is set up, which it waits for so long.
pub fn opening() {
    dispatch("opening", "");
}

/// Tells the page that the loading screen can go.
pub fn interactive() {
    dispatch("interactive", "");
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
    dispatch("crashed", problem);
}

fn dispatch(kind: &str, text: &str) {
    let Some(canvas) = by_id("app") else { return };
    let detail = js_sys::Object::new();
    for (key, value) in [("kind", kind), ("text", text)] {
        let _ = js_sys::Reflect::set(&detail, &key.into(), &value.into());
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
