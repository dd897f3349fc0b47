//! Layers that run twice against the same layers that keep everything.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use skeletonllm_checks::case;

use crate::checkpoint::{Bits, Keep, Opened};
use crate::internvl::InternVl;
use crate::layers::LoraConfig;
use crate::lora;
use crate::tensors::host;
use crate::token_reader::{IGNORED, TokenBatch};

/// The tiny checkpoint.
fn tiny(keep: Keep, device: &Device) -> InternVl {
    let mut opened = Opened::model(&case("internvl-tiny/checkpoint")).expect("the tiny checkpoint");
    opened.keep = keep;
    opened.read(device).expect("the tiny checkpoint")
}

/// The same with adapters that do something, and everything frozen but these and the projector, if asked for.
fn model(frozen: bool, device: &Device) -> InternVl {
    let model = tiny(Keep::Floats, device);
    adapted(if frozen { lora::freeze(model) } else { model })
}

fn adapted(model: InternVl) -> InternVl {
    let model = lora::attach(model, &LoraConfig { rank: 3, alpha: 6.0, dropout: 0.0, ..LoraConfig::default() }, 1);
    crate::initialise::fill(model, 5, |name, _| {
        name.ends_with(".lora.b").then_some(crate::initialise::Draw::Normal(0.2))
    })
}

/// Pictures of two clips, two each.
fn frames(model: &InternVl, device: &Device) -> Tensor<4> {
    let [height, width] = model.config().vision_config.image_size;
    let count = 4 * height * width * 3;
    let pixels = (0..count).map(|i| 0.5 + 0.5 * (i as f32 * 0.37).sin()).collect();
    Tensor::from_data(TensorData::new(pixels, [4, height, width, 3]), device)
}

/// The loss of four answers about the clips, openings of different lengths, and every gradient: of the frames first.
fn slopes(model: &InternVl, frames: Tensor<4>) -> (f32, Vec<(String, Vec<f32>)>) {
    let frames = frames.require_grad();
    let image = model.config().image_token_id.expect("it sees");
    let tokens = model.config().tokens_per_frame();
    let picture = |words: &[u32]| [words, &vec![image; tokens][..], &[7]].concat();
    let openings = TokenBatch::new(vec![
        [picture(&[3, 4]), picture(&[5])].concat(),
        [picture(&[3]), picture(&[6, 9, 9, 2])].concat(),
    ]);
    let rests = [vec![11, 12, 13], vec![14, 15], vec![16, 17, 18, 19], vec![11, 12]];
    let labels: Vec<Vec<i64>> = rests
        .iter()
        .map(|rest| std::iter::once(IGNORED).chain(rest[1..].iter().map(|&token| i64::from(token))).collect())
        .collect();
    let visual = model.encode_frames(frames.clone());
    let opening = model.reader().open(&openings, Some(visual)).expect("fits");
    let loss = model.reader().loss_of_rests(opening, &TokenBatch::new(rests.to_vec()), &labels).expect("fits");
    let value = host(loss.clone())[0];
    let gradients = loss.backward();
    let at_frames = frames.grad(&gradients).map(host).unwrap_or_default();
    let mut all = All { path: Vec::new(), gradients: &gradients, found: vec![("frames".into(), at_frames)] };
    model.visit(&mut all);
    (value, all.found)
}

struct All<'a> {
    path: Vec<String>,
    gradients: &'a burn::tensor::Gradients,
    found: Vec<(String, Vec<f32>)>,
}

impl ModuleVisitor for All<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(slope) = param.val().grad(self.gradients) {
            self.found.push((self.path.join("."), host(slope)));
        }
    }
}

fn near(found: &[(String, Vec<f32>)], expected: &[(String, Vec<f32>)], most: f32) {
    let names = |all: &[(String, Vec<f32>)]| all.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    for ((name, found), (_, expected)) in found.iter().zip(expected) {
        let length = |numbers: &[f32]| numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        let size = length(expected);
        // where nothing is rotated it moves all scores of a query alike: the gradient is nothing but rounding
        if name.starts_with("vision_tower.") && name.ends_with("k_proj.bias") {
            assert!(size.max(length(found)) < 1e-6, "{name}: {size} and {}", length(found));
            continue;
        }
        let off = found.iter().zip(expected).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
        assert!(size > 0.0, "{name}: all zero proves nothing");
        assert!(off <= most * size, "{name}: off by {off} of {size}");
    }
}

fn agrees(device: &Device) {
    for frozen in [false, true] {
        let model = model(frozen, device);
        let frames = frames(&model, device);
        let (loss, kept) = slopes(&model, frames.clone());
        assert_eq!(kept.iter().any(|(name, _)| name.contains("up_proj.weight")), !frozen, "what is frozen learns not");
        assert!(kept.iter().any(|(name, _)| name.ends_with("layers.0.self_attn.q_proj.lora.a")));
        let (again, twice) = slopes(&model.recomputing(true), frames);
        assert_eq!(loss, again, "the way forward is the same");
        near(&twice, &kept, 2e-6);
    }
}

/// Of a base in few bits, frozen, with adapters and layers that run twice, and of a base of floats that are the same
/// numbers, which keeps everything and where everything learns.
#[cfg(feature = "cpu")]
#[test]
fn gradients_over_a_base_in_few_bits_are_those_over_its_numbers_as_floats() {
    let device = Device::flex().autodiff();
    for bits in [Bits::Eight, Bits::Four] {
        let packed = tiny(Keep::In(bits), &device);
        let mut floats = packed.clone();
        for (_, weight) in floats.weights() {
            *weight = weight.clone().map(|numbers| numbers);
        }
        let of_packed = adapted(lora::freeze(packed)).recomputing(true);
        let of_floats = adapted(floats);
        let frames = frames(&of_floats, &device);
        let (loss, found) = slopes(&of_packed, frames.clone());
        let (same, all) = slopes(&of_floats, frames);
        assert!((loss - same).abs() < 1e-5 * same, "{loss} {same}");
        let names: Vec<&String> = found.iter().map(|(name, _)| name).collect();
        let expected: Vec<_> = all.into_iter().filter(|(name, _)| names.contains(&name)).collect();
        assert_eq!(names.iter().filter(|name| name.contains(".lora.")).count(), 2 * 7 * 2, "{names:?}");
        assert!(names.iter().any(|name| name.starts_with("multi_modal_projector.linear_1")), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("vision_tower")), "{names:?}");
        near(&found, &expected, 1e-4);
    }
}

#[cfg(feature = "cpu")]
#[test]
fn gradients_are_those_of_layers_that_keep_everything() {
    agrees(&Device::flex().autodiff());
}

#[cfg(feature = "gpu")]
#[test]
fn and_so_they_are_on_a_gpu() {
    use skeletonllm_checks::{Need, have};

    use crate::device::{DeviceChoice, select};
    let Some(gpu) = have(Need::Gpu, select(DeviceChoice::Gpu)) else { return };
    agrees(&gpu.device.autodiff());
}
