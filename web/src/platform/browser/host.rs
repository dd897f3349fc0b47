//! What the page's script does for the program: workers, files of earlier visits, downloads, the clipboard.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::egui;
use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::{
    crossing::{Arrived, inward, outward, sent},
    describe, spawn, wake,
};
use crate::{
    figured::Figured,
    files::{FileSource, Incoming, Origin, Public, Unread},
    reading::Heard,
    transfer,
};

#[wasm_bindgen]
extern "C" {
    /// The script's object.
    #[derive(Clone)]
    pub type Host;

    /// Has a file read in a worker, once it is there: `unread` resolves to its parcel. `done` gets the motion's, or else the
    /// problem, and `told` how much is done, 0..1. Returns a function that ends the worker.
    #[wasm_bindgen(method, js_name = readApart)]
    fn read_apart(this: &Host, unread: &Promise, done: &JsValue, told: &JsValue) -> Function;

    /// Whether another page shows this one.
    #[wasm_bindgen(method, getter)]
    fn embedded(this: &Host) -> bool;

    /// Why it is the processor that computes; empty where it is not.
    #[wasm_bindgen(method, getter)]
    fn note(this: &Host) -> String;

    /// Whether that is no property of the browser, but something that went wrong.
    #[wasm_bindgen(method, getter)]
    fn unexpected(this: &Host) -> bool;

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

    /// Calls `each(name, origin, key, bytes)`, which returns a promise, for all kept files, oldest first, and resolves behind
    /// the last.
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

/// Why it is the processor that computes, where it is not what was asked for, and whether something went wrong.
pub fn why_processor() -> Option<(String, bool)> {
    host().map(|host| (host.note(), host.unexpected())).filter(|(note, _)| !note.is_empty())
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
            hear_done(Heard::Done(match (motion.dyn_ref::<Array>(), problem.as_string()) {
                (Some(parcel), _) => unpacked(parcel).await.map_err(|why| failed(&why)),
                // the reader's own words
                (None, Some(problem)) => Err(problem),
                (None, None) => Err(failed(&describe(&problem))),
            }));
        });
    });
    let unread = unread.clone();
    let request = future_to_promise(async move { Ok(sent(transfer::pack_unread(&unread)).await.into()) });
    Apart { end: Some(host.read_apart(&request, &answer, told.as_ref())), _told: told }
}

/// The motion of a parcel.
async fn unpacked(parcel: &Array) -> Result<Figured, String> {
    let header = parcel.get(0).as_string().ok_or("the header is missing")?;
    transfer::unpack_motion(&header, &mut Arrived(parcel.iter().skip(1))).await
}

/// Keeps a file for the next visit, where the browser keeps files; `done` gets its key, or why it is not kept.
pub fn keep_file(file: &Arc<FileSource>, public: Option<&Public>, done: impl FnOnce(Result<String, String>) + 'static) {
    let origin = public.and_then(|public| serde_json::to_string(public).ok()).unwrap_or_default();
    let file = file.clone();
    spawn(async move {
        let bytes = outward(&file.bytes).await;
        let key = outcome(|host| host.keep(&file.name, &origin, &bytes)).await;
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
    let ticket = Rc::new(incoming.expect_aside());
    spawn(async move {
        let each = Closure::<dyn FnMut(String, String, String, Uint8Array) -> Promise>::new(
            move |name: String, origin: String, key: String, bytes: Uint8Array| {
                let (incoming, ticket) = (incoming.clone(), ticket.clone());
                future_to_promise(async move {
                    if ticket.is_wanted() {
                        let origin = Origin { public: serde_json::from_str(&origin).ok(), kept: Some(key) };
                        incoming.push(FileSource { name, bytes: inward(&bytes).await }, origin);
                        wake();
                    }
                    Ok(JsValue::UNDEFINED)
                })
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
    Ok(inward(&bytes.dyn_into().map_err(|_| "no bytes came")?).await)
}

/// Puts a text into the clipboard; `done` hears whether it is there.
pub fn copy(_ctx: &egui::Context, text: &str, done: impl FnOnce(Result<(), String>) + 'static) {
    let text = text.to_owned();
    spawn(async move {
        done(outcome(|host| host.copy(&text)).await.map(drop));
        wake();
    });
}
