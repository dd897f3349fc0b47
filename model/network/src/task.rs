//! Threads: giving way to whoever shares this one, and computing among those that share loops.
//!
//! A page has one thread for the model, the window and the user. On the CPU backend every read of a tensor is ready at
//! once, so that awaiting it never lets go of the thread; work of several steps therefore calls [`yield_now`] between
//! them.

use burn::tensor::Device;

use crate::tensors::on_cpu;

/// Does work that consists of many small parallel loops. On the CPU backend it moves to one of the threads that share
/// loops: from anywhere else, each loop would have to wake one of them up and wait to be woken.
pub(crate) fn among_threads<R: Send>(device: &Device, work: impl FnOnce() -> R + Send) -> R {
    if on_cpu(device) { rayon::scope(|_| work()) } else { work() }
}

/// Lets the browser draw, scroll and hear the user before the next step; returns at once elsewhere.
#[cfg(not(target_family = "wasm"))]
pub async fn yield_now() {}

/// Lets the browser draw, scroll and hear the user before the next step; returns at once elsewhere.
///
/// A message to oneself goes to the end of the event loop's queue. Unlike a timer it is not held back by four
/// milliseconds when repeated, nor by a second in a tab that nobody looks at. Where a slow machine draws in between,
/// that may take many times as long as a step; so steps that together took less than [`SLICE`] go on.
#[cfg(target_family = "wasm")]
pub async fn yield_now() {
    thread_local! {
        /// When the browser last had its turn.
        static LAST: std::cell::Cell<f64> = const { std::cell::Cell::new(f64::NEG_INFINITY) };
    }
    if browser::now() - LAST.get() < SLICE {
        return;
    }
    let mut channel = None;
    let heard = js_sys::Promise::new(&mut |resolve, _| {
        let both = browser::MessageChannel::new();
        both.port1().set_onmessage(&resolve);
        both.port2().post_message(&wasm_bindgen::JsValue::NULL);
        channel = Some(both);
    });
    // the promise is never rejected
    let _ = wasm_bindgen_futures::JsFuture::from(heard).await;
    if let Some(channel) = channel {
        channel.port1().close();
    }
    LAST.set(browser::now());
}

/// Milliseconds of work between two turns of the browser, at least.
#[cfg(target_family = "wasm")]
const SLICE: f64 = 20.0;

/// What a window and a worker both have.
#[cfg(target_family = "wasm")]
mod browser {
    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        /// Milliseconds since the page began.
        #[wasm_bindgen(js_namespace = performance)]
        pub fn now() -> f64;

        pub type MessageChannel;
        #[wasm_bindgen(constructor)]
        pub fn new() -> MessageChannel;
        #[wasm_bindgen(method, getter)]
        pub fn port1(this: &MessageChannel) -> MessagePort;
        #[wasm_bindgen(method, getter)]
        pub fn port2(this: &MessageChannel) -> MessagePort;

        pub type MessagePort;
        #[wasm_bindgen(method, setter)]
        pub fn set_onmessage(this: &MessagePort, listener: &js_sys::Function);
        #[wasm_bindgen(method, js_name = postMessage)]
        pub fn post_message(this: &MessagePort, message: &JsValue);
        #[wasm_bindgen(method)]
        pub fn close(this: &MessagePort);
    }
}
