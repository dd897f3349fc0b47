//! The browser's own video encoder, where it has one.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{
    describe,
    host::{Host, host},
};
use crate::platform::EncodedFrame;

#[wasm_bindgen]
extern "C" {
    /// Resolves to an encoder for frames of a size, so many a second, or to nothing.
    #[wasm_bindgen(method, js_name = openEncoder)]
    fn open_encoder(this: &Host, width: u32, height: u32, fps: u32) -> Promise;

    /// The script's encoder.
    type ScriptEncoder;

    /// Its codec: `vp9` or `vp8`.
    #[wasm_bindgen(method, getter)]
    fn codec(this: &ScriptEncoder) -> String;

    /// Takes a frame in I420. Resolves, once there is room for another, to the frames that are encoded meanwhile: a list of
    /// microseconds, whether it is a key frame, and bytes for each.
    #[wasm_bindgen(method)]
    fn add(this: &ScriptEncoder, i420: &Uint8Array) -> Promise;

    /// Resolves to the frames that are left.
    #[wasm_bindgen(method)]
    fn finish(this: &ScriptEncoder) -> Promise;

    /// Lets it go.
    #[wasm_bindgen(method)]
    fn close(this: &ScriptEncoder);
}

/// Encodes videos; gone when it is dropped.
pub struct VideoEncoder(ScriptEncoder);

impl VideoEncoder {
    /// For frames of that width and height, so many a second; `None` where the browser has none.
    pub async fn open([width, height]: [usize; 2], fps: u32) -> Option<VideoEncoder> {
        let opened = JsFuture::from(host()?.open_encoder(width as u32, height as u32, fps)).await.ok()?;
        opened.is_object().then(|| VideoEncoder(opened.unchecked_into()))
    }

    /// What Matroska calls its codec.
    pub fn codec(&self) -> &'static str {
        if self.0.codec() == "vp9" { "V_VP9" } else { "V_VP8" }
    }

    /// Encodes one more frame: Y, U and V, BT.709 in its limited range. The frames that are done by then.
    ///
    /// # Errors
    /// The browser's, as a sentence.
    pub async fn add(&mut self, i420: &[u8]) -> Result<Vec<EncodedFrame>, String> {
        encoded(self.0.add(&Uint8Array::from(i420))).await
    }

    /// Encodes what was added. The frames that were not given back yet.
    ///
    /// # Errors
    /// As [`VideoEncoder::add`].
    pub async fn finish(&mut self) -> Result<Vec<EncodedFrame>, String> {
        encoded(self.0.finish()).await
    }
}

impl Drop for VideoEncoder {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn encoded(promise: Promise) -> Result<Vec<EncodedFrame>, String> {
    let frames =
        JsFuture::from(promise).await.map_err(|e| format!("the browser cannot encode it: {}", describe(&e)))?;
    Array::from(&frames)
        .iter()
        .map(|frame| one(&frame).ok_or_else(|| "the browser encodes it in no way".into()))
        .collect()
}

fn one(frame: &JsValue) -> Option<EncodedFrame> {
    let [microseconds, key, bytes] = [0, 1, 2].map(|n| Array::from(frame).get(n));
    let bytes: Uint8Array = bytes.dyn_into().ok()?;
    Some(EncodedFrame { microseconds: microseconds.as_f64()? as u64, key: key.as_bool()?, bytes: bytes.to_vec() })
}
