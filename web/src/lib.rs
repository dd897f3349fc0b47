//! The page and the desktop viewer: window, files, messages; no mathematics.
//!
//! ```text
//! files ──▶ document ──▶ panels ──▶ actions ──▶ app ──▶ document
//!              │                                 │
//!              ├──▶ pictures (DrAction, on the window's device)
//!              ├──▶ mind (the model, beside the window) ──▶ events
//!              └──▶ workbench (shaders under edit, on the desktop) ──▶ news
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
#[cfg(all(feature = "gpu", not(target_family = "wasm")))]
pub mod workbench;
