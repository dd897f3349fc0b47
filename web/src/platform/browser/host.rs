//! What the page's script does for the program: workers, and the files of earlier visits.

use std::cell::RefCell;

use draction::motion::Motion;
use eframe::egui;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{describe, spawn};
use crate::{
    files::{FileSource, Incoming, Unread},
    transfer,
};

#[wasm_bindgen]
extern "C" {
    /// The script's object.
    #[derive(Clone)]
    pub type Host;

    /// Has a file's bytes read in a worker; `done` gets the motion's bytes, or else the problem. Returns a function that
    /// ends the worker.
    #[wasm_bindgen(method, js_name = readApart)]
    fn read_apart(this: &Host, unread: &Uint8Array, done: &JsValue) -> Function;

    /// Keeps a file for the next visit, in the place of one with the same name.
    #[wasm_bindgen(method)]
    fn keep(this: &Host, name: &str, bytes: &Uint8Array) -> Promise;

    /// Forgets a file.
    #[wasm_bindgen(method)]
    fn forget(this: &Host, name: &str) -> Promise;

    /// Forgets all files.
    #[wasm_bindgen(method, js_name = forgetAll)]
    fn forget_all(this: &Host) -> Promise;

    /// Resolves to all kept files, objects with `name` and `bytes`, oldest first.
    #[wasm_bindgen(method)]
    fn recall(this: &Host) -> Promise;
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Tells who does it.
pub fn set_host(host: Host) {
    HOST.replace(Some(host));
}

pub(super) fn host() -> Option<Host> {
    HOST.with_borrow(Clone::clone)
}

/// A worker that reads a file, ended when this is dropped.
pub struct Apart(Option<Function>);

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(end) = &self.0 {
            let _ = end.call0(&JsValue::NULL);
        }
    }
}

/// Reads a file beside the window.
pub fn read_apart(unread: &Unread, done: impl FnOnce(Result<Motion, String>) + 'static) -> Apart {
    let Some(host) = host() else {
        done(unread.read());
        return Apart(None);
    };
    let name = unread.file.name.clone();
    let answer = Closure::once_into_js(move |motion: JsValue, problem: JsValue| {
        let failed = |why: &str| format!("{name}: it cannot be read beside the page: {why}");
        done(match (motion.dyn_ref::<Uint8Array>(), problem.as_string()) {
            (Some(bytes), _) => transfer::decode_motion(&bytes.to_vec()).map_err(|why| failed(&why)),
            // the reader's own words
            (None, Some(problem)) => Err(problem),
            (None, None) => Err(failed(&describe(&problem))),
        });
    });
    let request = Uint8Array::from(&transfer::encode_unread(unread)[..]);
    Apart(Some(host.read_apart(&request, &answer)))
}

/// Keeps a file for the next visit, where the browser keeps files.
pub fn keep_file(name: &str, bytes: &[u8]) {
    if let Some(host) = host() {
        in_time(host.keep(name, &Uint8Array::from(bytes)));
    }
}

/// Does not keep a file any longer.
pub fn forget_file(name: &str) {
    if let Some(host) = host() {
        in_time(host.forget(name));
    }
}

/// Keeps nothing any longer.
pub fn forget_files() {
    if let Some(host) = host() {
        in_time(host.forget_all());
    }
}

/// A browser that keeps no files costs nothing but them.
fn in_time(promise: Promise) {
    spawn(async move {
        if let Err(error) = JsFuture::from(promise).await {
            web_sys::console::warn_1(&format!("files are not kept: {}", describe(&error)).into());
        }
    });
}

/// The files of earlier visits.
pub fn recall_files(incoming: &Incoming, ctx: &egui::Context) {
    let Some(host) = host() else { return };
    let (ticket, incoming, ctx) = (incoming.expect(), incoming.clone(), ctx.clone());
    spawn(async move {
        let files = JsFuture::from(host.recall()).await.unwrap_or_default();
        for file in Array::from(&files).iter() {
            let get = |key: &str| Reflect::get(&file, &key.into()).unwrap_or_default();
            if let (Some(name), Ok(bytes)) = (get("name").as_string(), get("bytes").dyn_into::<Uint8Array>()) {
                incoming.push(FileSource { name, bytes: bytes.to_vec() });
            }
        }
        drop(ticket);
        ctx.request_repaint();
    });
}
