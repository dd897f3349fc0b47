use burn::tensor::{Device, TensorData};
use burn::{Tensor, module::Module};

use super::*;
use crate::checkpoint::{HostTensor, TensorMap};
use crate::tensors::host;

fn small() -> MaskedConfig {
    MaskedConfig {
        hidden_size: 8,
        num_hidden_layers: 2,
        num_attention_heads: 2,
        intermediate_size: 16,
        decoder_hidden_size: 8,
        decoder_num_hidden_layers: 1,
        decoder_num_attention_heads: 2,
        decoder_intermediate_size: 12,
        ..MaskedConfig::of(VitSize::Tiny, 8, 2)
    }
}

/// Numbers that look drawn, the same every time.
fn uniform() -> impl FnMut() -> f64 {
    let mut random = draction::random::SplitMix64::new(7);
    move || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

fn pictures(count: usize) -> Tensor<4> {
    let mut uniform = uniform();
    let values: Vec<f32> = (0..count * 3 * 64).map(|_| uniform() as f32).collect();
    Tensor::from_data(TensorData::new(values, [count, 3, 8, 8]), &Device::flex().autodiff())
}

#[test]
fn sizes_are_those_of_the_names() {
    let parameters = |size| {
        let config = MaskedConfig::of(size, 224, 16);
        assert_eq!(config.problem(), None);
        VitEncoder::new(&config.encoder(), &Device::flex()).num_params()
    };
    // with the classifier's missing, those of DeiT tiny, small and of ViT-B/16
    assert_eq!(VitSize::ALL.map(parameters), [5_524_416, 21_665_664, 85_798_656]);
}

#[test]
fn impossible_sizes_are_refused_by_field() {
    let problem = |change: fn(&mut MaskedConfig)| {
        let mut config = small();
        change(&mut config);
        config.problem().expect("a problem")
    };
    assert!(problem(|c| c.patch_size = 0).contains("patch_size"));
    assert!(problem(|c| c.patch_size = 3).contains("image_size"));
    assert!(problem(|c| c.num_hidden_layers = usize::MAX).contains("num_hidden_layers"));
    assert!(problem(|c| c.num_attention_heads = 3).contains("hidden_size"));
    assert!(problem(|c| c.num_channels = 4).contains("num_channels"));
    assert!(problem(|c| c.layer_norm_eps = f64::NAN).contains("layer_norm_eps"));
}

#[test]
fn patches_are_cut_and_put_together() {
    let picture = pictures(2);
    let patches = patchify(picture.clone(), 2);
    assert_eq!(patches.dims(), [2, 16, 12]);
    // second patch, second row, first column, green: row 1, column 2 of the picture
    let green = host(picture.clone().slice([0..1, 1..2, 1..2, 2..3]));
    assert_eq!(host(patches.clone().slice([0..1, 1..2, 7..8])), green);
    assert_eq!(host(unpatchify(patches, 2)), host(picture));
}

#[test]
fn masks_hide_patches_rows_or_columns() {
    let draw = |kind, ratio| Masks::draw(kind, 5, [4, 6], ratio, uniform());
    let random = draw(MaskKind::Random, 0.75);
    assert_eq!((random.seen_count(), random.pictures(), random.patches()), (6, 5, 24));
    assert_eq!(random.flags().iter().sum::<f32>(), 5.0 * 18.0);
    let seen: Vec<&[usize]> = random.seen().collect();
    assert_ne!(seen[0], seen[1], "pictures have masks of their own");
    for (order, places) in random.order().zip(random.places()) {
        assert!((0..24).all(|patch| order[places[patch]] == patch));
    }
    for seen in draw(MaskKind::Temporal, 0.75).seen() {
        assert_eq!(seen.len(), 6);
        assert!(seen.iter().all(|patch| patch / 6 == seen[0] / 6), "{seen:?} is one row");
    }
    for seen in draw(MaskKind::BodyPart, 0.6).seen() {
        let mut columns: Vec<usize> = seen.iter().map(|patch| patch % 6).collect();
        columns.sort_unstable();
        columns.dedup();
        assert_eq!((seen.len(), columns.len()), (8, 2), "{seen:?} are two columns");
    }
    // something is always seen
    assert_eq!(draw(MaskKind::BodyPart, 1.0).seen_count(), 4);
    assert_eq!(draw(MaskKind::Random, 0.0).seen_count(), 24);
}

#[test]
fn what_is_hidden_does_not_reach_the_encoder() {
    let device = Device::flex().autodiff();
    let model = fresh(Mae::new(&small(), &device), 3);
    let masks = Masks::draw(MaskKind::Random, 2, [4, 4], 0.75, uniform());
    let latent = |pictures| host(model.encoder.latent(patchify(pictures, 2), &masks));
    let picture = pictures(2);
    let flags = Tensor::<3>::from_data(TensorData::new(masks.flags(), [2, 16, 1]), &device);
    let disturbed = unpatchify(patchify(picture.clone(), 2) + flags.expand([2, 16, 12]), 2);
    assert_ne!(host(picture.clone()), host(disturbed.clone()));
    assert_eq!(latent(picture), latent(disturbed));
}

#[test]
fn a_few_steps_make_the_loss_smaller() {
    let device = Device::flex().autodiff();
    let masks = Masks::draw(MaskKind::Random, 4, [4, 4], 0.75, uniform());
    let mut model = fresh(Mae::new(&small(), &device), 1);
    let loss = |model: &Mae| model.decoder.loss(&model.encoder, pictures(4), &masks, true);
    let first = host(loss(&model))[0];
    for _ in 0..20 {
        let gradients = loss(&model).backward();
        model = model.map(&mut Descend(&gradients));
    }
    let last = host(loss(&model))[0];
    assert!(last < 0.8 * first, "{first} became {last}");
}

/// One step down the gradient.
struct Descend<'a>(&'a burn::tensor::Gradients);

impl burn::module::ModuleMapper for Descend<'_> {
    fn map_float<const D: usize>(&mut self, param: burn::module::Param<Tensor<D>>) -> burn::module::Param<Tensor<D>> {
        let Some(gradient) = param.val().grad(self.0) else { return param };
        param.map(|value| Tensor::from_inner(value.inner() - gradient * 0.05).require_grad())
    }
}

#[test]
fn noise_grows_from_step_to_step() {
    assert!((alpha_bar(1) - 0.9999).abs() < 1e-12 && alpha_bar(1000) < 5e-5);
    assert!((1..1000).all(|t| alpha_bar(t) > alpha_bar(t + 1)));
    assert_eq!((alpha_bar(0), alpha_bar(usize::MAX)), (alpha_bar(1), alpha_bar(1000)));
}

#[test]
fn rates_follow_depth() {
    let ids =
        ["cls_token", "encoder.patch_embed.proj.bias", "blocks.0.norm1.weight", "encoder.blocks.11.mlp.fc1.weight"];
    assert_eq!(ids.map(|name| layer_id(name, 12)), [0, 0, 1, 12]);
    assert_eq!([layer_id("head.weight", 12), layer_id("fc_norm.bias", 12)], [13, 13]);
    assert_eq!(layer_factor("head.weight", 12, 0.75), 1.0);
    assert!((layer_factor("pos_embed", 12, 0.75) - 0.75_f64.powi(13)).abs() < 1e-15);
}

/// The names of the original → those of transformers before release 5, and since.
fn transformers(tensors: &TensorMap, since_five: bool) -> TensorMap {
    let mut renamed = TensorMap::new();
    for (name, tensor) in tensors {
        let (decoder, name) = match name.strip_prefix("decoder_") {
            Some(rest) => (true, rest),
            None => (false, name.as_str()),
        };
        let Some((number, rest)) = name.strip_prefix("blocks.").and_then(|rest| rest.split_once('.')) else {
            let name = match name {
                "mask_token" => "decoder.mask_token".to_owned(),
                _ if decoder => format!("decoder.decoder_{name}"),
                "cls_token" => "vit.embeddings.cls_token".to_owned(),
                "pos_embed" => "vit.embeddings.position_embeddings".to_owned(),
                _ => match name.strip_prefix("patch_embed.proj") {
                    Some(kind) => format!("vit.embeddings.patch_embeddings.projection{kind}"),
                    None => format!("vit.layernorm.{}", name.strip_prefix("norm.").expect("no other name")),
                },
            };
            renamed.insert(name, tensor.clone());
            continue;
        };
        let layer = match (decoder, since_five) {
            (true, _) => format!("decoder.decoder_layers.{number}"),
            (false, true) => format!("vit.layers.{number}"),
            (false, false) => format!("vit.encoder.layer.{number}"),
        };
        let (old, kind) = rest.rsplit_once('.').expect("a layer and a kind");
        if old == "attn.qkv" {
            let rows = tensor.shape[0] / 3;
            let size = tensor.values.len() / 3;
            for (part, (older, newer)) in
                [("attention.query", "q_proj"), ("attention.key", "k_proj"), ("attention.value", "v_proj")]
                    .iter()
                    .enumerate()
            {
                let mut shape = tensor.shape.clone();
                shape[0] = rows;
                let values = tensor.values[part * size..][..size].to_vec();
                let name = if since_five { newer } else { older };
                renamed.insert(format!("{layer}.attention.{name}.{kind}"), HostTensor { shape, values });
            }
            continue;
        }
        let new = match (old, since_five) {
            ("norm1", _) => "layernorm_before",
            ("norm2", _) => "layernorm_after",
            ("attn.proj", true) => "attention.o_proj",
            ("attn.proj", false) => "attention.output.dense",
            ("mlp.fc1", false) => "intermediate.dense",
            ("mlp.fc2", false) => "output.dense",
            (same, _) => same,
        };
        renamed.insert(format!("{layer}.{new}.{kind}"), tensor.clone());
    }
    renamed
}

#[test]
fn public_checkpoints_load_under_each_of_their_names() {
    let device = Device::flex();
    let model = fresh(Mae::new(&small(), &device), 11);
    let original = names::tensors(&model);
    assert!(original.contains_key("decoder_blocks.0.attn.qkv.weight") && original.contains_key("blocks.1.norm2.bias"));
    let empty = || fresh(Mae::new(&small(), &device), 12);
    for found in [original.clone(), transformers(&original, false), transformers(&original, true)] {
        let (loaded, whole) = names::load(empty(), found, "a file").unwrap();
        assert!(whole);
        assert_eq!(names::tensors(&loaded), original);
    }
    // a file for fine-tuning: no decoder, but a head
    let mut encoder = original.clone();
    encoder.retain(|name, _| !name.starts_with("decoder_") && name != "mask_token");
    encoder.insert("head.weight".into(), HostTensor { shape: vec![1], values: vec![0.0] });
    let (loaded, whole) = names::load(empty(), encoder.clone(), "a file").unwrap();
    assert!(!whole);
    let (loaded, own) = (names::tensors(&loaded), names::tensors(&empty()));
    assert_eq!(loaded["blocks.0.attn.qkv.weight"], original["blocks.0.attn.qkv.weight"]);
    assert_eq!(loaded["decoder_embed.weight"], own["decoder_embed.weight"]);
    // what is missing is named
    encoder.remove("blocks.1.norm2.bias");
    let error = names::load(empty(), encoder, "a file").unwrap_err().to_string();
    assert!(error.starts_with("a file") && error.contains("encoder.blocks.1.norm2.bias"), "{error}");
    let mut split = transformers(&original, false);
    split.remove("vit.encoder.layer.0.attention.attention.key.weight");
    let error = names::load(empty(), split, "a file").unwrap_err().to_string();
    assert!(error.contains("encoder.blocks.0.attn.qkv.weight"), "{error}");
}

#[test]
fn a_clip_is_the_mean_of_its_people() {
    let device = Device::flex();
    let rows = Tensor::<2>::from_data([[1.0, 2.0], [3.0, 4.0], [5.0, 9.0]], &device);
    assert_eq!(host(mean_of_clips(rows.clone(), &[1, 2])), [1.0, 2.0, 4.0, 6.5]);
    assert_eq!(host(mean_of_clips(rows.clone(), &[1, 1, 1])), host(rows));
    let config = small().encoder();
    let encoder = fresh(VitEncoder::new(&config, &device), 2);
    let head = fresh(ClassHead::new(&config, 5, &device), 2);
    let pictures = pictures(3).inner();
    let logits = host(head.forward(&encoder, pictures.clone(), &[1, 2], 0.0));
    assert_eq!(logits.len(), 10);
    let alone = host(head.forward(&encoder, pictures.clone().narrow(0, 0, 1), &[1], 0.0));
    assert!(alone.iter().zip(&logits).all(|(a, b)| (a - b).abs() < 1e-5));
    device.seed(1);
    assert_ne!(host(head.forward(&encoder, pictures, &[1, 2], 0.5)), logits, "blocks are left out");
}
