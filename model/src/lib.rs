//! SkeletonLLM: a multimodal language model that looks at DrAction's pictures and answers questions about the motion.
//!
//! ```
//! use draction::motion::read_file;
//! use skeletonllm::{Assistant, DeviceChoice, folder::default_model};
//!
//! let assistant = Assistant::load(&default_model()?, DeviceChoice::Cpu)?;
//! let seen = assistant.observe(&[&read_file("../assets/samples/wave_left_hand.bvh", &Default::default())?])?;
//!
//! let answer = assistant.ask(&seen, "Which hand does the person move?", |_| ())?;
//! assert_eq!(answer.text, "left hand");
//! let (label, probability) = &assistant.recognise(&seen)?[0];
//! assert!(label == "wave left hand" && *probability > 0.5);
//! # Ok::<(), anyhow::Error>(())
//! ```
//!
//! What it learned from is [`skeletonllm_data`], its layers and weights are [`skeletonllm_network`].

pub mod assistant;
pub mod beside;
#[cfg(not(target_family = "wasm"))]
pub mod cli;
pub mod conformance;
pub mod drawing;
#[cfg(not(target_family = "wasm"))]
pub mod flow;
pub mod folder;
pub mod given;
pub mod graph_recogniser;
pub mod guard;
#[cfg(not(target_family = "wasm"))]
pub mod labeller;
#[cfg(not(target_family = "wasm"))]
pub mod launched;
pub mod observation;
#[cfg(not(target_family = "wasm"))]
pub mod search;
pub mod second_opinion;
pub mod sugar;
#[cfg(not(target_family = "wasm"))]
pub mod takes;
pub mod text_assistant;

pub use assistant::Assistant;
pub use skeletonllm_network::device::DeviceChoice;
