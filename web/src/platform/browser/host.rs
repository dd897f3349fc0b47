//! What the page's script does for the program: workers, files of earlier visits, downloads, the clipboard.

use std::cell::RefCell;

use eframe::egui;
use js_sys::{Function, Promise, Uint8Array};
use skeletonllm_network::task::yield_now;
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{describe, spawn, wake};
use crate::{
    files::{FileSource, Incoming, Origin, Public, Unread},
    reading::Heard,
    transfer,
};

#[wasm_bindgen]
extern "C" {
    /// The script's object.
    #[derive(Clone)]
    pub type Host;

    /// Has a file's bytes read in a worker; `done` gets the motion's bytes, or else the problem, and `told` how much is
    /// done, 0..1. Returns a function that ends the worker.
    #[wasm_bindgen(method, js_name = readApart)]
    fn read_apart(this: &Host, unread: &Uint8Array, done: &JsValue, told: &JsValue) -> Function;

    /// Whether another page shows this one.
    #[wasm_bindgen(method, getter)]
    fn embedded(this: &Host) -> bool;

    /// Keeps a file for the next visit. Resolves to the key that it is kept under, which follows from name and bytes.
    /// `origin` comes back with it.
    #[wasm_bindgen(method)]
    fn keep(this: &Host, name: &str, origin: &str, bytes: &Uint8Array) -> Promise;

    /// Forgets a file.
    #[wasm_bindgen(method)]
    fn forget(this: &Host, key: &str) -> Promise;

    /// Forgets all files.
    #[wasm_bindgen(method, js_name = forgetAll)]
    fn forget_all(this: &Host) -> Promise;

    /// Calls `each(name, origin, key, bytes)` for all kept files, oldest first, and resolves behind the last.
    #[wasm_bindgen(method)]
    fn recall(this: &Host, each: &JsValue) -> Promise;

    /// Resolves to the bytes at an address, if they are no more than that many.
    #[wasm_bindgen(method, js_name = fetchBytes)]
    fn fetch_bytes(this: &Host, url: &str, most: f64) -> Promise;

    /// Puts a text into the clipboard.
    #[wasm_bindgen(method)]
    fn copy(this: &Host, text: &str) -> Promise;
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Tells who does it.
pub fn set_host(host: Host) {
    HOST.replace(Some(host));
}

/// Whether another page shows this one.
pub fn embedded() -> bool {
    host().is_some_and(|host| host.embedded())
}

/// Who does it, once that is told.
pub(super) fn host() -> Option<Host> {
    HOST.with_borrow(Clone::clone)
}

/// What a promise of the script comes to, or its problem in words.
pub(super) async fn outcome(promise: impl FnOnce(&Host) -> Promise) -> Result<JsValue, String> {
    let host = host().ok_or("the page's script is missing")?;
    JsFuture::from(promise(&host)).await.map_err(|error| describe(&error))
}

/// A worker that reads a file, ended when this is dropped.
pub struct Apart {
    end: Option<Function>,
    /// The worker calls it as long as it lives.
    _told: Closure<dyn FnMut(f64)>,
}

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(end) = &self.end {
            let _ = end.call0(&JsValue::NULL);
        }
    }
}

/// Reads a file beside the window.
pub fn read_apart(unread: &Unread, hear: impl Fn(Heard) + Clone + 'static) -> Apart {
    let hear_done = hear.clone();
    let told = Closure::<dyn FnMut(f64)>::new(move |fraction: f64| hear(Heard::Fraction(fraction as f32)));
    let Some(host) = host() else {
        hear_done(Heard::Done(unread.read()));
        return Apart { end: None, _told: told };
    };
    let name = unread.file.name.clone();
    let answer = Closure::once_into_js(move |motion: JsValue, problem: JsValue| {
        let failed = move |why: &str| format!("{name}: it cannot be read beside the page: {why}");
        spawn(async move {
            hear_done(Heard::Done(match (motion.dyn_ref::<Uint8Array>(), problem.as_string()) {
                (Some(bytes), _) => transfer::decode_motion(&copied(bytes).await).await.map_err(|why| failed(&why)),
                // the reader's own words
                (None, Some(problem)) => Err(problem),
                (None, None) => Err(failed(&describe(&problem))),
            }));
        });
    });
    let request = Uint8Array::from(&transfer::encode_unread(unread)[..]);
    Apart { end: Some(host.read_apart(&request, &answer, told.as_ref())), _told: told }
}

/// Bytes in the program's own memory; gives way between parts of them.
async fn copied(bytes: &Uint8Array) -> Vec<u8> {
    const PART: u32 = 1 << 24;
    let length = bytes.length();
    let mut all = Vec::with_capacity(length as usize);
    for first in (0..length).step_by(PART as usize) {
        yield_now().await;
        all.extend(bytes.subarray(first, length.min(first + PART)).to_vec());
    }
    all
}

/// Keeps a file for the next visit, where the browser keeps files; `done` gets its key, or why it is not kept.
pub fn keep_file(file: &FileSource, public: Option<&Public>, done: impl FnOnce(Result<String, String>) + 'static) {
    let origin = public.and_then(|public| serde_json::to_string(public).ok()).unwrap_or_default();
    let (name, bytes) = (file.name.clone(), Uint8Array::from(&file.bytes[..]));
    spawn(async move {
        let key = outcome(|host| host.keep(&name, &origin, &bytes)).await;
        done(key.map(|key| key.as_string().unwrap_or_default()));
        wake();
    });
}

/// Does not keep a file any longer.
pub fn forget_file(key: &str) {
    let key = key.to_owned();
    spawn(async move {
        if let Err(problem) = outcome(|host| host.forget(&key)).await {
            web_sys::console::warn_1(&format!("a file is still kept: {problem}").into());
        }
    });
}

/// Keeps nothing any longer; `done` hears whether that is so.
pub fn forget_files(done: impl FnOnce(Result<(), String>) + 'static) {
    spawn(async move {
        done(outcome(Host::forget_all).await.map(drop));
        wake();
    });
}

/// Opens the files of earlier visits one after the other, the oldest first; `done` behind the last.
pub fn recall_files(incoming: &Incoming, done: impl FnOnce() + 'static) {
    let incoming = incoming.clone();
    // who refuses what comes, refuses this, too
    let ticket = incoming.expect_aside();
    spawn(async move {
        let each = Closure::<dyn FnMut(String, String, String, Uint8Array)>::new(
            move |name: String, origin: String, key: String, bytes: Uint8Array| {
                if ticket.is_wanted() {
                    let origin = Origin { public: serde_json::from_str(&origin).ok(), kept: Some(key) };
                    incoming.push(FileSource { name, bytes: bytes.to_vec() }, origin);
                    wake();
                }
            },
        );
        if let Err(problem) = outcome(|host| host.recall(each.as_ref())).await {
            web_sys::console::warn_1(&format!("kept files cannot be read: {problem}").into());
        }
        done();
        wake();
    });
}

/// The bytes at an address, at most so many.
///
/// # Errors
/// The reason, as words.
pub async fn fetch(url: &str, most: u64) -> Result<Vec<u8>, String> {
    let bytes = outcome(|host| host.fetch_bytes(url, most as f64)).await?;
    Ok(bytes.dyn_into::<Uint8Array>().map_err(|_| "no bytes came")?.to_vec())
}

/// Puts a text into the clipboard; `done` hears whether it is there.
pub fn copy(_ctx: &egui::Context, text: &str, done: impl FnOnce(Result<(), String>) + 'static) {
    let text = text.to_owned();
    spawn(async move {
        done(outcome(|host| host.copy(&text)).await.map(drop));
        wake();
    });
}
