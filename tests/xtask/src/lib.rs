//! What tests share with the task runner: the page's folder, and a server for it.

pub mod compression;
pub mod headers;
pub mod models;
pub mod serve;
