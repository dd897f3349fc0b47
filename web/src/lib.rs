//! The page and the desktop viewer: window, files, messages; no mathematics.
//!
//! ```text
//! files ──reading──▶ document ──▶ panels ──▶ actions ──▶ app ──▶ document
//!                        │                                 │
//!                        ├──▶ pictures (DrAction, on the window's device)
//!                        ├──▶ video (a take as a file, made beside the window)
//!                        ├──▶ inference (the model, beside the window) ──▶ events
//!                        └──▶ workbench (shaders under edit, on the desktop) ──▶ events
//! ```

#![recursion_limit = "256"] // the futures of the worker hold the whole of wgpu

pub mod actions;
pub mod app;
pub mod companions;
pub mod device;
pub mod document;
pub mod exports;
pub mod figured;
pub mod files;
pub mod icons;
pub mod inference;
pub mod link;
pub mod models;
#[cfg(target_family = "wasm")]
mod page;
pub mod panels;
pub mod pictures;
pub mod platform;
pub mod playback;
pub mod preferences;
pub mod reading;
pub mod theme;
pub mod tour;
pub mod transfer;
pub mod video;
pub mod widgets;
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
pub mod workbench;
