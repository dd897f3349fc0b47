//! SkeletonLLM's network: burn modules, their weights and the devices that they compute on.
//!
//! The model has InternVL's shape ([`internvl`]), so public checkpoints load ([`checkpoint`]). burn picks the device at
//! run time ([`device`]). Pictures and tokens go in; what they are of, nothing here knows.

pub mod alignment;
pub mod arriving;
pub mod bert;
pub mod chat;
pub mod checkpoint;
pub mod co_learning;
pub mod config;
pub mod decoder;
pub mod device;
pub mod draction_op;
pub mod foreground;
pub mod generate;
pub mod gguf;
#[cfg(feature = "gpu")]
mod gpu_tensor;
pub mod graph;
pub mod initialise;
pub mod internvl;
pub mod kv_cache;
pub mod layers;
pub mod lora;
pub mod masked;
pub mod packed;
pub mod projector;
pub mod prompt_error;
pub mod quantize;
pub mod read_at;
mod recompute;
pub mod sentence;
pub mod storage;
pub mod sugar;
pub mod task;
pub mod tensors;
pub mod text_model;
pub mod token_reader;
pub mod tokenizer;
pub mod vision;
pub mod weight;
pub mod words;
