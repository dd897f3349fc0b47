//! Bytes cross between the program's memory and the page's in parts, and between two of them the page lives on: memory that
//! is touched for the first time costs half a millisecond a megabyte.

use bytemuck::Pod;
use js_sys::{Array, Uint8Array};
use skeletonllm_network::task::yield_now;
use wasm_bindgen::{JsCast, JsValue};

use crate::transfer::{Parcel, Parts};

/// So many bytes cross in one go.
const PART: usize = 4 << 20;

/// A copy in the page's memory.
pub async fn outward(bytes: &[u8]) -> Uint8Array {
    let copy = Uint8Array::new_with_length(u32::try_from(bytes.len()).expect("memory has 32-bit addresses"));
    for (n, part) in bytes.chunks(PART).enumerate() {
        yield_now().await;
        copy.subarray((n * PART) as u32, (n * PART + part.len()) as u32).copy_from(part);
    }
    copy
}

/// A copy in the program's memory; what does not make a whole number at the end is left out.
pub async fn inward<T: Pod>(bytes: &Uint8Array) -> Vec<T> {
    let count = bytes.length() as usize / size_of::<T>();
    let mut copy = Vec::with_capacity(count);
    while copy.len() < count {
        yield_now().await;
        let first = copy.len();
        copy.resize(count.min(first + PART / size_of::<T>()), T::zeroed());
        let [from, to] = [first, copy.len()].map(|number| (number * size_of::<T>()) as u32);
        bytes.subarray(from, to).copy_to(bytemuck::cast_slice_mut(&mut copy[first..]));
    }
    copy
}

/// A parcel for a worker: the header and behind it the parts.
pub async fn sent(Parcel { header, parts }: Parcel<'_>) -> Array {
    let message = Array::of1(&header.into());
    for part in parts {
        message.push(&outward(part).await.into());
    }
    message
}

/// The parts of a parcel that a worker sent.
pub struct Arrived<I>(pub I);

impl<I: Iterator<Item = JsValue>> Parts for Arrived<I> {
    async fn next<T: Pod>(&mut self) -> Option<Vec<T>> {
        let bytes: Uint8Array = self.0.next()?.dyn_into().ok()?;
        if !(bytes.length() as usize).is_multiple_of(size_of::<T>()) {
            return None;
        }
        Some(inward(&bytes).await)
    }
}
