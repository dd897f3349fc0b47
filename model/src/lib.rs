//! SkeletonLLM: a multimodal language model that looks at DrAction's pictures and answers questions about the motion.
//!
//! The model has InternVL's shape ([`internvl`]), so public checkpoints load ([`checkpoint`]). burn picks the device at
//! run time ([`device`]).

pub mod assistant;
pub mod breath;
pub mod chat;
pub mod checkpoint;
pub mod config;
pub mod conformance;
#[cfg(not(target_family = "wasm"))]
pub mod console;
pub mod data;
pub mod decoder;
pub mod device;
pub mod draction_op;
pub mod drawing;
#[cfg(not(target_family = "wasm"))]
pub mod evaluate;
pub mod folder;
pub mod foreground;
pub mod generate;
pub mod internvl;
pub mod kv_cache;
pub mod layers;
pub mod look;
pub mod lora;
#[cfg(not(target_family = "wasm"))]
pub mod plot;
pub mod projector;
#[cfg(not(target_family = "wasm"))]
pub mod prompts;
pub mod quantize;
#[cfg(not(target_family = "wasm"))]
pub mod teacher;
pub mod tokenizer;
#[cfg(not(target_family = "wasm"))]
pub mod train;
pub mod vision;
