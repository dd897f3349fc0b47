//! SkeletonLLM's network: burn modules, their weights and the devices that they compute on.
//!
//! The model has InternVL's shape ([`internvl`]), so public checkpoints load ([`checkpoint`]). burn picks the device at
//! run time ([`device`]). Pictures and tokens go in; what they are of, nothing here knows.

pub mod chat;
pub mod checkpoint;
pub mod config;
pub mod decoder;
pub mod device;
pub mod draction_op;
pub mod foreground;
pub mod generate;
pub mod gguf;
pub mod initialise;
pub mod internvl;
pub mod kv_cache;
pub mod layers;
pub mod lora;
pub mod projector;
pub mod quantize;
pub mod read_at;
pub mod storage;
pub mod task;
pub mod tensors;
pub mod text_model;
pub mod tokenizer;
pub mod vision;
