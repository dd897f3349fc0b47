//! MMCL's losses, streams and ensemble against golden files (spec B.1, B.3 to B.6): a folder with
//! `losses.safetensors`, `streams.safetensors` and `ensemble.safetensors`.

use std::path::Path;

use burn::Tensor;
use burn::tensor::Device;
use draction::motion::Layout;
use skeletonllm_data::ensemble::{Table, combine};
use skeletonllm_data::streams::{Crop, Poses, Stream, rotation};
use skeletonllm_network::checkpoint;
use skeletonllm_network::co_learning::{Beside, Helpers, contrast};
use skeletonllm_network::tensors::host;

use super::{Checks, ConformanceError, Golden, within::Within};

/// Runs the folder's cases on `device`.
///
/// # Errors
/// When files of the folder cannot be used. A result that differs is not an error; the checks say so.
pub fn mmcl(folder: impl AsRef<Path>, device: &Device) -> Result<Checks, ConformanceError> {
    let folder = folder.as_ref();
    let device = device.clone().without_autodiff().autodiff();
    let mut checks = Checks::default();
    losses(&folder.join("losses.safetensors"), &device, &mut checks)?;
    streams(&folder.join("streams.safetensors"), &mut checks)?;
    ensemble(&folder.join("ensemble.safetensors"), &mut checks)?;
    Ok(checks)
}

fn losses(path: &Path, device: &Device, checks: &mut Checks) -> Result<(), ConformanceError> {
    let case = Golden::load(path)?;
    let temperature = case.field("tau")?;
    let mut checks = Within::new(checks, "losses");
    let mut forward = |name: &str, found: Vec<f32>| -> Result<(), ConformanceError> {
        checks.compare(name, &found, case.floats(name)?);
        Ok(())
    };

    let (g, c) =
        (case.tensor::<2>("in.F_g", device)?.require_grad(), case.tensor::<2>("in.F_c", device)?.require_grad());
    if g.dims() != c.dims() {
        return Err(case.wrong("in.F_c", "not the shape of `in.F_g`"));
    }
    let loss = contrast(g.clone(), c.clone(), temperature);
    forward("fam.loss", host(loss.clone()))?;
    let gradients = loss.backward();
    for (name, tensor) in [("fam.grad.F_g", &g), ("fam.grad.F_c", &c)] {
        forward(name, tensor.grad(&gradients).map(host).unwrap_or_default())?;
    }

    let features = case.tensor::<4>("in.block10", device)?.require_grad();
    let (pictures, scores) =
        (case.tensor::<2>("in.image_logits", device)?.require_grad(), case.tensor::<2>("in.S", device)?.require_grad());
    let texts = case.tensor::<3>("in.text", device)?.require_grad();
    let labels = case.integers("in.labels")?.values.clone();
    let [clips, classes] = scores.dims();
    let ([rows, width, ..], [_, images]) = (features.dims(), pictures.dims());
    let [_, _, words] = texts.dims();
    let fitting = clips > 0 && labels.len() == clips && rows.is_multiple_of(clips);
    if !fitting || pictures.dims()[0] != clips || texts.dims()[..2] != [clips, 1] {
        return Err(case.wrong("in.S", "not as many clips as elsewhere"));
    }
    if labels.iter().any(|label| !(0..classes as i64).contains(label)) {
        return Err(case.wrong("in.labels", format!("a label that is not within 0..{classes}")));
    }
    let weights = case.tensors_below("weights.");
    let helpers = Helpers::new(images, width, words, classes, device);
    let helpers = checkpoint::apply(helpers, weights, &path.display().to_string())?;
    // mean over frames and joints, then over the bodies of a clip
    let pooled: Tensor<2> = features
        .clone()
        .reshape([clips as i32, (rows / clips) as i32, width as i32, -1])
        .mean_dim(3)
        .mean_dim(1)
        .reshape([clips, width]);
    let shares = helpers.shares(texts.clone().reshape([clips, words]));
    forward("fam.F_g", host(pooled.clone()))?;
    forward("frm.pi", host(shares.clone()))?;
    forward("frm.S_R", host(helpers.refined(scores.clone(), shares)))?;
    let beside = Beside { pictures: Some(pictures.clone()), texts: Some(texts.clone().reshape([clips, words])) };
    let losses = helpers.loss(pooled, scores.clone(), &labels, beside);
    forward("total.cls", host(losses.classes.clone()))?;
    forward("total.align", losses.alignment.clone().map(host).unwrap_or_default())?;
    forward("total.refine", losses.refinement.clone().map(host).unwrap_or_default())?;
    let total = losses.total();
    forward("total.loss", host(total.clone()))?;
    let gradients = total.backward();
    forward("total.grad.S", scores.grad(&gradients).map(host).unwrap_or_default())?;
    forward("total.grad.block10", features.grad(&gradients).map(host).unwrap_or_default())?;
    forward("total.grad.image_logits", pictures.grad(&gradients).map(host).unwrap_or_default())?;
    forward("total.grad.text", texts.grad(&gradients).map(host).unwrap_or_default())?;
    let at_weights = super::gradients::gradients_of(&helpers, &gradients);
    for name in case.below("weights.") {
        let found = at_weights.get(name).map_or(Vec::new(), |tensor| tensor.values.clone());
        forward(&format!("total.grad.{name}"), found)?;
    }
    Ok(())
}

fn streams(path: &Path, checks: &mut Checks) -> Result<(), ConformanceError> {
    let case = Golden::load(path)?;
    let (share, window): (f64, usize) = (case.field("test_crop")?, case.field("window")?);
    let angles = case.float("in.angles")?.values.as_slice().try_into();
    let angles: [f32; 3] = angles.map_err(|_| case.wrong("in.angles", "not three numbers"))?;
    let matrix = rotation(angles);
    let mut checks = Within::new(checks, "streams");
    checks.compare("rotation", matrix.as_flattened(), case.floats("rotation")?);
    let kept = f64::from(*case.float("in.p")?.values.first().ok_or_else(|| case.wrong("in.p", "empty"))?);
    let start = *case.indices("in.start")?.first().ok_or_else(|| case.wrong("in.start", "empty"))?;
    for clip in case.below("in.") {
        let input = case.float(&format!("in.{clip}"))?;
        let &[3, _, joints @ (1..), bodies @ (1..)] = input.shape.as_slice() else { continue };
        let poses = Poses::from_channels_first(&input.values, joints, bodies);
        let edges = Layout::specified(joints).map(Layout::bones);
        let edges =
            edges.ok_or_else(|| case.wrong(&format!("in.{clip}"), format!("{joints} joints have no known bones")))?;
        let valid = &case.integers(&format!("{clip}.valid_frames"))?.values;
        checks.same(&format!("{clip}.valid_frames"), &[poses.valid_frames() as i64], valid);
        let crops = [("test", poses.centre_crop(share)), ("train", poses.crop(kept, start))];
        for (mode, crop) in crops {
            let Crop { start, length } = crop;
            let expected = &case.integers(&format!("{clip}.{mode}.start_length"))?.values;
            checks.same(&format!("{clip}.{mode}.start_length"), &[start as i64, length as i64], expected);
            let plain = poses.resized(crop, window);
            let rotated = plain.clone().rotated(matrix);
            let seen = if mode == "train" { &rotated } else { &plain };
            let all = Stream::ALL.map(|stream| (stream.name().replace('-', "_"), stream.of(seen.clone(), &edges)));
            let unrotated = ("joint_unrotated".to_string(), plain.clone());
            for (name, found) in all.into_iter().chain([unrotated]) {
                let name = format!("{clip}.{mode}.{name}");
                if let Ok(expected) = case.floats(&name) {
                    checks.compare(name, &found.channels_first(), expected);
                }
            }
        }
    }
    Ok(())
}

fn ensemble(path: &Path, checks: &mut Checks) -> Result<(), ConformanceError> {
    let case = Golden::load(path)?;
    let rates: String = case.field("rates")?;
    let weights: Result<Vec<f64>, _> = rates.split(',').map(str::parse).collect();
    let weights = weights.map_err(|_| case.wrong("rates", format!("'{rates}' is no list of numbers")))?;
    let input = case.float("in.scores")?;
    let &[count, clips, classes] = input.shape.as_slice() else {
        return Err(case.wrong("in.scores", format!("shape {:?} is not of rank 3", input.shape)));
    };
    if count != weights.len() || clips * classes == 0 {
        return Err(case.wrong("in.scores", format!("{count} tables, but {} rates", weights.len())));
    }
    let tables = input.values.chunks_exact(clips * classes).map(|scores| Table { classes, scores: scores.to_vec() });
    let sum = combine(&tables.collect::<Vec<_>>(), &weights);
    let mut checks = Within::new(checks, "ensemble");
    checks.compare("sum", &sum.scores, case.floats("sum")?);
    let numbers = |best: Vec<Vec<usize>>| best.into_iter().flatten().map(|class| class as i64).collect::<Vec<_>>();
    checks.same("prediction", &numbers(sum.best(1)), &case.integers("prediction")?.values);
    checks.same("top5", &numbers(sum.best(5)), &case.integers("top5")?.values);
    let labels = case.indices("in.labels")?;
    for (name, count) in [("accuracy.top1", 1), ("accuracy.top5", 5)] {
        let found = sum.accuracy(&labels, count) as f32;
        checks.compare(name, &[found], case.floats(name)?);
    }
    Ok(())
}
