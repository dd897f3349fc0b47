//! The page and the desktop viewer: window, files, messages; no mathematics.
//!
//! ```text
//! files ──▶ document ──▶ panels ──▶ actions ──▶ app ──▶ document
//!              │                                 │
//!              ├──▶ pictures (DrAction, on the window's device)
//!              └──▶ mind (the model, beside the window) ──▶ events
//! ```

pub mod actions;
pub mod app;
pub mod device;
pub mod document;
pub mod exports;
pub mod files;
pub mod icons;
pub mod mind;
#[cfg(target_family = "wasm")]
mod page;
pub mod panels;
pub mod pictures;
pub mod platform;
pub mod theme;
pub mod widgets;
