//! Masked learning against golden files (spec C.2, C.3).
//!
//! A case is a folder with any of three kinds of files, told apart by what they hold. MAE: `weights.*` under the original's
//! names, `in.images`, `in.noise` and the results. DiffMAE: those, `in.t` and `in.epsilon`. Learning rates by depth:
//! `layer_id` and `factor`. Sizes stand in the header.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::{Device, TensorData};
use skeletonllm_network::{
    checkpoint::TensorMap,
    masked::{
        DiffMae, Mae, MaskedConfig, Masks, Noise, Probe, VitEncoder, alpha_bar, hidden_patches, layer_factor, layer_id,
        names, patchify, sin_cos, target,
    },
    tensors::host,
};

use super::{Checks, ConformanceError, Golden, gradients, within::Within};

/// Runs the cases in `folder` on `device`, one after another.
///
/// # Errors
/// When a case's files cannot be used. A result that differs is not an error; the checks say so.
pub fn mae(folder: &Path, device: &Device) -> Result<Checks, ConformanceError> {
    let device = device.clone().without_autodiff().autodiff();
    let cases = Golden::load_all(folder)?;
    let mut checks = Checks::default();
    for (name, golden) in &cases {
        let mut checks = Within::new(&mut checks, name);
        match golden {
            _ if golden.has("layer_id") => decay(golden, &mut checks),
            _ if golden.has("in.epsilon") => Case::load(golden, &device).and_then(|case| case.diffmae(&mut checks)),
            _ if golden.has("in.noise") => Case::load(golden, &device).and_then(|case| case.mae(&mut checks)),
            _ => Err(golden.wrong("in.noise", "neither MAE nor DiffMAE nor rates by depth")),
        }?;
    }
    Ok(checks)
}

/// What MAE and DiffMAE begin with.
struct Case<'a> {
    golden: &'a Golden,
    device: &'a Device,
    config: MaskedConfig,
    weights: TensorMap,
    pictures: Tensor<4>,
    masks: Masks,
}

impl<'a> Case<'a> {
    fn load(golden: &'a Golden, device: &'a Device) -> Result<Self, ConformanceError> {
        let weights = golden.tensors_below("weights.");
        let width = |name: &str| {
            let tensor = golden.float(&format!("weights.{name}"))?;
            tensor.shape.first().copied().ok_or_else(|| golden.wrong(name, "a single number"))
        };
        let config = MaskedConfig {
            model_type: "vit_mae".into(),
            image_size: golden.field("image")?,
            patch_size: golden.field("patch")?,
            num_channels: 3,
            hidden_size: golden.field("dim")?,
            num_hidden_layers: golden.field("depth")?,
            num_attention_heads: golden.field("heads")?,
            intermediate_size: width("blocks.0.mlp.fc1.bias")?,
            layer_norm_eps: 1e-6,
            decoder_hidden_size: golden.field("decoder_dim")?,
            decoder_num_hidden_layers: golden.field("decoder_depth")?,
            decoder_num_attention_heads: golden.field("decoder_heads")?,
            decoder_intermediate_size: width("decoder_blocks.0.mlp.fc1.bias")?,
        };
        if let Some(problem) = config.problem() {
            return Err(golden.wrong("header", problem));
        }
        let ([count, channels, height, columns], pixels) = golden.shaped::<4>("in.images")?;
        if [channels, height, columns] != [3, config.image_size, config.image_size] {
            return Err(
                golden.wrong("in.images", format!("{channels} × {height} × {columns} is not the header's size"))
            );
        }
        let (noise_shape, noise) = golden.shaped::<2>("in.noise")?;
        let patches = config.encoder().patches();
        if noise_shape != [count, patches] {
            return Err(golden.wrong("in.noise", format!("shape {noise_shape:?} is not [{count}, {patches}]")));
        }
        let masks = Masks::from_noise(noise, patches, golden.field("mask_ratio")?);
        let data = TensorData::new(pixels.to_vec(), [count, 3, height, columns]);
        let pictures = Tensor::<4>::from_data(data, device);
        Ok(Self { golden, device, config, weights, pictures, masks })
    }

    fn compare<const D: usize>(
        &self,
        checks: &mut Within<'_>,
        name: &str,
        found: Tensor<D>,
    ) -> Result<(), ConformanceError> {
        checks.compare(name, &host(found), self.golden.floats(name)?);
        Ok(())
    }

    /// What both kinds do alike: the fixed tables and the masks.
    fn masks(&self, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
        let side = self.config.encoder().side();
        for (name, width) in
            [("pos_embed", self.config.hidden_size), ("decoder_pos_embed", self.config.decoder_hidden_size)]
        {
            let name = format!("weights.{name}");
            checks.compare(format!("{name} (our table)"), &sin_cos(side, width), self.golden.floats(&name)?);
        }
        let masks = TensorData::new(self.masks.flags(), [self.masks.pictures(), self.masks.patches()]);
        self.compare(checks, "mask", Tensor::<2>::from_data(masks, self.device))
    }

    fn load_into<M: Module>(&self, model: M) -> Result<M, ConformanceError> {
        Ok(names::load(model, self.weights.clone(), self.golden.path())?.0)
    }

    fn mae(&self, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
        self.masks(checks)?;
        let golden = self.golden;
        let order: Vec<usize> = self.masks.order().flatten().copied().collect();
        checks.same("ids_shuffle", &order, &golden.indices("ids_shuffle")?);
        checks.same("ids_restore", &self.masks.places().concat(), &golden.indices("ids_restore")?);
        let model = self.load_into(Mae::new(&self.config, self.device))?;
        let patches = patchify(self.pictures.clone(), model.encoder.patch());
        let latent = model.encoder.latent(patches.clone(), &self.masks);
        self.compare(checks, "latent", latent.clone())?;
        self.compare(checks, "pred", model.decoder.forward(latent, &self.masks))?;
        for (kind, normalise) in [("plain", false), ("norm_pix", true)] {
            self.compare(checks, &format!("target.{kind}"), target(patches.clone(), normalise))?;
            let pictures = self.pictures.clone().require_grad();
            let loss = model.decoder.loss(&model.encoder, pictures.clone(), &self.masks, normalise);
            self.compare(checks, &format!("{kind}.loss"), loss.clone())?;
            let found = loss.backward();
            let mut by_name = gradients::named(&model, &found, names::file_name);
            gradients::add(&mut by_name, "images_input_only", pictures.grad(&found));
            gradients::compare(checks, golden, &format!("{kind}.grad."), &by_name)?;
        }
        if golden.has("probe.weight") { self.probe(&model.encoder, checks) } else { Ok(()) }
    }

    fn probe(&self, encoder: &VitEncoder, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
        let tokens = encoder.tokens(self.pictures.clone());
        self.compare(checks, "probe.pooled_before_norm", VitEncoder::pooled(tokens.clone()))?;
        let features = encoder.features(self.pictures.clone());
        self.compare(checks, "probe.feature", features.clone())?;
        let [count, number, width] = tokens.dims();
        let class = encoder.norm.forward(tokens.narrow(1, 0, 1).reshape([count, width]));
        debug_assert_eq!(number, 1 + self.masks.patches());
        self.compare(checks, "probe.class_token", class)?;
        let ([labels, _], _) = self.golden.shaped::<2>("probe.weight")?;
        let mut tensors = TensorMap::new();
        for (ours, theirs) in [
            ("running_mean", "running_mean"),
            ("running_var", "running_var"),
            ("linear.weight", "weight"),
            ("linear.bias", "bias"),
        ] {
            tensors.insert(ours.into(), self.golden.float(&format!("probe.{theirs}"))?.clone());
        }
        let probe = Probe::new(width, labels, self.device);
        let probe = skeletonllm_network::checkpoint::apply(probe, tensors, self.golden.path())?;
        self.compare(checks, "probe.logits.eval", probe.forward(features.clone()))?;
        self.compare(checks, "probe.logits.train", probe.forward_training(features))
    }

    fn diffmae(&self, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
        self.masks(checks)?;
        let golden = self.golden;
        let hidden: Vec<usize> = self.masks.hidden().flatten().copied().collect();
        checks.same("ids_masked", &hidden, &golden.indices("ids_masked")?);
        let steps = golden.indices("in.t")?;
        let (shape, epsilon) = golden.shaped::<3>("in.epsilon")?;
        let (count, rest) = (self.masks.pictures(), self.masks.patches() - self.masks.seen_count());
        if steps.len() != count || shape != [count, rest, self.config.encoder().numbers()] {
            return Err(golden.wrong("in.epsilon", format!("shape {shape:?} for {} steps of {count}", steps.len())));
        }
        let left: Vec<f32> = steps.iter().map(|&t| alpha_bar(t) as f32).collect();
        checks.compare("alpha_bar", &left, golden.floats("alpha_bar")?);
        let epsilon = Tensor::<3>::from_data(TensorData::new(epsilon.to_vec(), shape), self.device);
        let noise = Noise { steps, epsilon };
        let model = self.load_into(DiffMae::new(&self.config, self.device))?;
        let patches = patchify(self.pictures.clone(), model.encoder.patch());
        let latent = model.encoder.latent(patches.clone(), &self.masks);
        self.compare(checks, "latent", latent.clone())?;
        let noisy = noise.on(hidden_patches(patches, &self.masks));
        self.compare(checks, "noisy", noisy.clone())?;
        self.compare(checks, "pred", model.decoder.forward(latent, noisy, &self.masks))?;
        let loss = model.decoder.loss(&model.encoder, self.pictures.clone(), &self.masks, &noise);
        self.compare(checks, "loss", loss.clone())?;
        let found = gradients::named(&model, &loss.backward(), names::file_name);
        gradients::compare(checks, golden, "grad.", &found)
    }
}

fn decay(golden: &Golden, checks: &mut Within<'_>) -> Result<(), ConformanceError> {
    let blocks: usize = golden.field("blocks")?;
    let decay: f64 = golden.field("decay")?;
    let ids = golden.indices("layer_id")?;
    let factors = golden.floats("factor")?;
    if factors.len() != ids.len() {
        return Err(golden.wrong("factor", format!("{} factors for {} ids", factors.len(), ids.len())));
    }
    let mut of_names = Vec::new();
    let mut found = Vec::new();
    for &id in &ids {
        // the parameters that the file's header lists for each id
        let parameters = match id {
            0 => vec!["cls_token".to_owned(), "pos_embed".to_owned(), "patch_embed.proj.weight".to_owned()],
            id if id > blocks => vec!["norm.weight".to_owned(), "fc_norm.bias".to_owned(), "head.weight".to_owned()],
            id => vec![format!("blocks.{}.attn.qkv.weight", id - 1)],
        };
        of_names.push(parameters.iter().all(|name| layer_id(name, blocks) == id));
        found.push(layer_factor(&parameters[0], blocks, decay) as f32);
    }
    checks.same("layer_id", &of_names, &vec![true; ids.len()]);
    checks.compare("factor", &found, factors);
    Ok(())
}
