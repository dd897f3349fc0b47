//! SUGAR's two parts against golden files (spec D.2, D.3).
//!
//! A case is a folder with any of two kinds of files, told apart by what they hold. MIL-NCE: `in.skeleton`, `in.text`,
//! `in.filled`, `in.labels`, `in.tau`, and for each reading a loss and gradients. TQP: `weights.*` under BLIP-2's names,
//! `in.skeleton_tokens`, `in.grad_tokens`, `step.*`, `tokens`, gradients; sizes in the header.

use std::{collections::BTreeSet, path::Path};

use burn::Tensor;
use burn::tensor::{Device, TensorData};
use skeletonllm_network::{
    bert,
    sugar::{Bags, Reading, Tqp, TqpConfig, mil_nce},
    tensors::host,
};

use super::{Checks, ConformanceError, Golden, gradients, within::Within};

/// Runs the cases in `folder` on `device`, one after another.
///
/// # Errors
/// When a case's files cannot be used. A result that differs is not an error; the checks say so.
pub fn sugar(folder: &Path, device: &Device) -> Result<Checks, ConformanceError> {
    let device = device.clone().without_autodiff().autodiff();
    let cases = Golden::load_all(folder)?;
    let mut checks = Checks::default();
    for (name, golden) in &cases {
        let mut checks = Within::new(&mut checks, name);
        match golden {
            _ if golden.has("in.filled") => bags(golden, &device, &mut checks),
            _ if golden.has("in.skeleton_tokens") => tqp(golden, &device, &mut checks),
            _ => Err(golden.wrong("in.filled", "neither MIL-NCE nor TQP")),
        }?;
    }
    Ok(checks)
}

fn bags(golden: &Golden, device: &Device, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
    let (shape, skeleton) = golden.shaped::<2>("in.skeleton")?;
    let (text_shape, text) = golden.shaped::<3>("in.text")?;
    let labels = golden.indices("in.labels")?;
    let filled = golden.indices("in.filled")?;
    let [count, slots, width] = text_shape;
    if shape != [count, width] || labels.len() != count || filled.len() != count * slots || slots == 0 {
        return Err(golden.wrong("in.text", format!("shape {text_shape:?} for skeletons of shape {shape:?}")));
    }
    let tau = golden.float("in.tau")?.values.clone();
    let [tau] = tau[..] else { return Err(golden.wrong("in.tau", "not one number")) };
    for reading in Reading::ALL {
        let skeleton = Tensor::<2>::from_data(TensorData::new(skeleton.to_vec(), shape), device).require_grad();
        let texts = Tensor::<3>::from_data(TensorData::new(text.to_vec(), text_shape), device).require_grad();
        let tau = Tensor::<1>::from_floats([tau], device).require_grad();
        let bags = Bags {
            texts: texts.clone(),
            filled: filled.chunks(slots).map(|bag| bag.iter().map(|&slot| slot != 0).collect()).collect(),
            labels: labels.clone(),
        };
        let loss = mil_nce(skeleton.clone(), &bags, tau.clone(), reading);
        let mut compare = |what: &str, found: Option<Vec<f32>>| {
            let name = format!("{}.{what}", reading.name());
            checks.compare(&name, &found.unwrap_or_default(), golden.floats(&name)?);
            Ok::<_, ConformanceError>(())
        };
        compare("loss", Some(host(loss.clone())))?;
        let gradients = loss.backward();
        compare("grad.skeleton", skeleton.grad(&gradients).map(host))?;
        compare("grad.text", texts.grad(&gradients).map(host))?;
        compare("grad.tau", tau.grad(&gradients).map(host))?;
    }
    Ok(())
}

fn tqp(golden: &Golden, device: &Device, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
    let (shape, skeleton) = golden.shaped::<3>("in.skeleton_tokens")?;
    let (out_shape, upstream) = golden.shaped::<3>("in.grad_tokens")?;
    let rows = |name: &str| Ok::<_, ConformanceError>(golden.shaped::<2>(&format!("weights.{name}"))?.0);
    let [inner, width] = rows("qformer.encoder.layer.0.intermediate_query.dense.weight")?;
    let [language, _] = rows("language_projection.weight")?;
    let config = TqpConfig {
        width,
        inner,
        language,
        layers: golden.field("layers")?,
        heads: golden.field("heads")?,
        queries: golden.field("queries")?,
        cross_attention_every: golden.field("cross_attention_every")?,
        segments: golden.field("segments")?,
        eps: golden.field("layer_norm_eps")?,
        skeleton: shape[2],
    };
    let blocks = golden.below("weights.qformer.encoder.layer.").filter_map(|name| name.split('.').next());
    let blocks = blocks.collect::<BTreeSet<_>>().len();
    if config.layers != blocks || config.heads == 0 || !width.is_multiple_of(config.heads) {
        let (layers, heads) = (config.layers, config.heads);
        return Err(golden.wrong("layers", format!("{layers} blocks of {heads} heads do not fit the weights")));
    }
    if config.segments == 0 || !shape[1].is_multiple_of(config.segments) || config.cross_attention_every == 0 {
        return Err(golden.wrong("segments", format!("{} of {} tokens", config.segments, shape[1])));
    }
    if out_shape != [shape[0], config.queries, language] {
        return Err(golden.wrong("in.grad_tokens", format!("shape {out_shape:?}")));
    }
    let tqp = Tqp::new(&config, device).load(golden.tensors_below("weights."), golden.path())?;
    let skeleton = Tensor::<3>::from_data(TensorData::new(skeleton.to_vec(), shape), device).require_grad();
    let steps = tqp.steps(skeleton.clone(), config.segments);
    for (i, step) in steps.iter().enumerate() {
        let name = format!("step.{}", i + 1);
        checks.compare(&name, &host(step.clone()), golden.floats(&name)?);
    }
    let tokens = tqp.forward(skeleton.clone(), config.segments);
    checks.compare("tokens", &host(tokens.clone()), golden.floats("tokens")?);
    let upstream = Tensor::<3>::from_data(TensorData::new(upstream.to_vec(), out_shape), device);
    let found = (tokens * upstream).sum().backward();
    let mut by_name = gradients::named(&tqp, &found, bert::file_name);
    gradients::add(&mut by_name, "skeleton_tokens", skeleton.grad(&found));
    gradients::compare(checks, golden, "grad.", &by_name)
}
