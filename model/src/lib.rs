//! SkeletonLLM: a multimodal language model that looks at DrAction's pictures and answers questions about the motion.
//!
//! What it learned from is [`skeletonllm_data`], its layers and weights are [`skeletonllm_network`].

pub mod assistant;
#[cfg(not(target_family = "wasm"))]
pub mod cli;
pub mod conformance;
pub mod drawing;
pub mod folder;
pub mod observation;
