//! Masked learning on pictures: a ViT that sees a part of them, and decoders that say what the rest is (spec C.2).
//!
//! Names of tensors are those of facebookresearch/mae; [`names`] reads those of transformers as well. Pictures are
//! `[N, 3, height, width]` as image models take them, patches `[N, L, patch²·3]` by row, column and channel.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `config` | sizes, in the fields of transformers' `vit_mae` |
//! | `mask` | which patches are seen: at random, by time, by body part |
//! | `encoder`, `block`, `patches`, `positions` | the ViT |
//! | `mae`, `diffmae` | what is learned from hidden patches |
//! | `classifier`, `probe`, `decay` | naming what is seen: with the whole ViT, by one layer; learning rates by depth |
//! | `names` | public checkpoints |

mod block;
mod classifier;
mod config;
mod decay;
mod diffmae;
mod encoder;
mod mae;
mod mask;
pub mod names;
mod patches;
mod positions;
mod probe;

#[cfg(test)]
mod tests;

pub(crate) use block::Block;
pub use classifier::{ClassHead, mean_of_clips};
pub use config::{DecoderConfig, MaskedConfig, VitConfig, VitSize};
pub use decay::{layer_factor, layer_id};
pub use diffmae::{DiffDecoder, DiffMae, Noise, alpha_bar, hidden_patches};
pub use encoder::VitEncoder;
pub use mae::{Mae, MaeDecoder, deviation_of, target};
pub use mask::{MaskKind, Masks};
pub use patches::{patchify, unpatchify};
pub use positions::sin_cos;
pub use probe::Probe;

use burn::module::Module;

use crate::initialise::{Draw, fill};

/// Draws every parameter afresh: Xavier's uniform for matrices, 0.02 for class and mask token, biases 0, norms 1;
/// positions stay the fixed table.
#[must_use]
pub fn fresh<M: Module>(model: M, seed: u64) -> M {
    fill(model, seed, |name, shape| match shape {
        _ if name.ends_with("pos_embed") || name.contains("running_") => None,
        _ if name.ends_with("_token") => Some(Draw::Normal(0.02)),
        [_] if name.ends_with(".bias") => Some(Draw::Constant(0.0)),
        [_] => Some(Draw::Constant(1.0)),
        [outputs, inputs @ ..] => {
            let inputs: usize = inputs.iter().product();
            Some(Draw::Uniform((6.0 / (inputs + outputs) as f64).sqrt()))
        }
        [] => None,
    })
}
