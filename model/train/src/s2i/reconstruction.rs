//! Pictures of what a masked model makes of what it does not see.

use anyhow::Result;
use burn::tensor::{Tensor, TensorData};
use draction::{
    export::{Picture, encode_png, pictures},
    s2i::{IMAGE_DEVIATION, IMAGE_MEAN},
};
use skeletonllm_data::Rng;
use skeletonllm_network::{
    masked::{Masks, Noise, patchify, unpatchify},
    tensors::host,
};

use super::{PictureBatch, S2iModel, S2iSettings};

/// Pixels between pictures.
const GAP: usize = 2;
/// What stands where a patch is hidden.
const GREY: f32 = 0.5;

/// A PNG with a row for each picture: as it is, what is seen of it, and what the model makes of that.
///
/// # Errors
/// When the device gives nothing back or the picture cannot be encoded.
pub fn reconstruction(model: &S2iModel, settings: &S2iSettings, mut batch: PictureBatch, rng: Rng) -> Result<Vec<u8>> {
    batch.hide(settings, rng);
    let input = model.pictures(&batch);
    let Some(masks) = &batch.masks else { unreachable!("just hidden") };
    let device = input.device();
    let patches = patchify(input.clone(), settings.patch);
    let latent = model.encoder.latent(patches.clone(), masks);
    let [count, number, size] = patches.dims();
    let made = match (&model.mae, &model.diffmae, &batch.noise) {
        (Some(mae), ..) => {
            let said = mae.forward(latent, masks);
            if settings.normalise { denormalised(said, patches.clone()) } else { said }
        }
        (_, Some(diffmae), Some(_)) => {
            // from nothing but noise, which is the last step
            let hidden = number - masks.seen_count();
            let steps = vec![1000; count];
            let epsilon = Tensor::random([count, hidden, size], burn::tensor::Distribution::Normal(0.0, 1.0), &device);
            let noise = Noise { steps, epsilon };
            let clean = skeletonllm_network::masked::hidden_patches(patches.clone(), masks);
            spread(diffmae.forward(latent, noise.on(clean), masks), patches.clone(), masks)
        }
        _ => patches.clone(),
    };
    let flags: Tensor<3> = Tensor::from_data(TensorData::new(masks.flags(), [count, number, 1]), &device);
    let seen = flags.clone().neg() + 1.0;
    let grey = input_of(GREY, settings.patch, &device).expand([count, number, size]);
    let shown = patches.clone() * seen.clone() + grey * flags.clone();
    let pasted = patches * seen + made * flags;
    let columns = [input, unpatchify(shown, settings.patch), unpatchify(pasted, settings.patch)];
    Ok(encode_png(&table(&columns.map(host), settings.image)?)?)
}

/// What is said of a patch less its mean and over its deviation, as pixels: with both of the patch itself.
fn denormalised(said: Tensor<3>, patches: Tensor<3>) -> Tensor<3> {
    let mean = patches.clone().mean_dim(2);
    said * skeletonllm_network::masked::deviation_of(patches - mean.clone()) + mean
}

/// Hidden patches, in the masks' order, put where they belong; the seen ones are those of `patches`.
fn spread(hidden: Tensor<3>, patches: Tensor<3>, masks: &Masks) -> Tensor<3> {
    let [count, number, size] = patches.dims();
    let device = patches.device();
    let seen = masks.seen_count();
    let all = Tensor::cat(vec![patches.clone().narrow(1, 0, seen), hidden], 1).reshape([count * number, size]);
    let row = |(n, places): (usize, &Vec<usize>)| -> Vec<i64> {
        places.iter().map(|place| (n * number + place) as i64).collect()
    };
    let rows = masks.places().iter().enumerate().flat_map(row).collect();
    all.select(0, skeletonllm_network::tensors::indices(rows, &device)).reshape([count, number, size])
}

/// `[1, 1, patch²·3]` of one grey, as image models take it.
fn input_of(grey: f32, patch: usize, device: &burn::tensor::Device) -> Tensor<3> {
    let pixel: [f32; 3] = std::array::from_fn(|c| (grey - IMAGE_MEAN[c]) / IMAGE_DEVIATION[c]);
    let values: Vec<f32> = pixel.iter().copied().cycle().take(3 * patch * patch).collect();
    let size = values.len();
    Tensor::from_data(TensorData::new(values, [1, 1, size]), device)
}

/// `[N, 3, size, size]` columns, as image models take them → one picture, a row for each.
fn table(columns: &[Vec<f32>], size: usize) -> Result<Picture> {
    let plane = size * size;
    let of = |values: &Vec<f32>| -> Result<Vec<Picture>> {
        let pixel = |picture: &[f32], i: usize| -> [f32; 3] {
            std::array::from_fn(|c| picture[c * plane + i] * IMAGE_DEVIATION[c] + IMAGE_MEAN[c])
        };
        let interleaved: Vec<f32> = values
            .chunks_exact(3 * plane)
            .flat_map(|picture| (0..plane).flat_map(move |i| pixel(picture, i)))
            .collect();
        Ok(pictures(&interleaved, size, size)?)
    };
    let columns = columns.iter().map(of).collect::<Result<Vec<_>>>()?;
    let rows = columns.first().map_or(0, Vec::len);
    let (width, height) = (columns.len() * (size + GAP) - GAP, rows * (size + GAP) - GAP);
    let mut rgb = vec![0; width * height * 3];
    for (column, pictures) in columns.iter().enumerate() {
        for (row, picture) in pictures.iter().enumerate() {
            for (y, line) in picture.rgb.chunks_exact(3 * size).enumerate() {
                let at = (row * (size + GAP) + y) * width + column * (size + GAP);
                rgb[3 * at..][..3 * size].copy_from_slice(line);
            }
        }
    }
    Ok(Picture { width, height, rgb })
}
