//! SkeletonLLM: a multimodal language model that looks at DrAction's pictures and answers questions about the motion.
//!
//! The model has InternVL's shape ([`internvl`]), so public checkpoints load ([`checkpoint`]). burn picks the device at
//! run time ([`device`]).

pub mod checkpoint;
pub mod config;
pub mod conformance;
pub mod decoder;
pub mod device;
pub mod generate;
pub mod internvl;
pub mod kv_cache;
pub mod layers;
pub mod lora;
pub mod projector;
pub mod quantize;
pub mod vision;

pub mod assistant;
pub mod chat;
pub mod data;
pub mod draction_op;
pub mod drawing;
pub mod evaluate;
pub mod plot;
pub mod tokenizer;
pub mod train;
