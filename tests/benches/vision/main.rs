//! What skipping the background saves the vision tower (spec A.11, "FPS"): `nano` as it is shipped, and its tower with
//! random weights over pictures of the paper's size in the paper's patches. `cargo xtask bench` adds it to RESULTS.md.

use std::{fmt::Write, time::Duration};

use anyhow::Result;
use burn::tensor::Tensor;
use draction::motion::{ReadOptions, read_file};
use skeletonllm::{
    drawing::DrawSettings,
    folder::{Loaded, SkeletonLlm},
};
use skeletonllm_checks::asset;
use skeletonllm_network::{foreground::Foreground, internvl::InternVl};
use skeletonllm_tests::timing;

fn main() -> Result<()> {
    let mut criterion = timing::criterion(Duration::from_secs(2));
    let selected = skeletonllm_network::device::cpu()?;
    let model = Loaded::read(&asset("nano"), &selected.device)?.model;
    let mut table = format!(
        "\n## Background skipped\n\nThe vision tower over twelve frames of a waving person, {}.\n\n\
         | Tower | groups kept | everything, ms | foreground, ms |\n| --- | ---: | ---: | ---: |\n",
        selected.name
    );
    let mut complete = true;
    for (name, [side, patch]) in [("nano", [64, 16]), ("nano's size over 448²", [448, 14])] {
        let internvl = tower(&model.internvl, side, patch);
        let frames = draw(&model, side)?;
        let look = |skip: bool| -> Result<f64> {
            let (visual, share) = if skip {
                let foreground = pollster::block_on(Foreground::of(frames.clone(), internvl.token_size()))?;
                (internvl.encode_foreground(frames.clone(), &foreground), foreground.share())
            } else {
                (internvl.encode_frames(frames.clone()), 1.0)
            };
            std::hint::black_box(visual.into_data());
            Ok(share)
        };
        let share = look(true)?;
        let mut median = |skip: bool| {
            let what = if skip { "foreground" } else { "everything" };
            let seconds = timing::median(&mut criterion, &format!("{name} {what}"), || {
                look(skip).expect("it ran before");
            });
            seconds.map(|seconds| seconds * 1e3)
        };
        let (Some(whole), Some(part)) = (median(false), median(true)) else {
            complete = false;
            continue;
        };
        writeln!(table, "| {name} | {:.0} % | {whole:.2} | {part:.2} |", 100.0 * share)?;
    }
    criterion.final_summary();
    if !timing::is_measured() || !complete {
        return Ok(());
    }
    println!("{table}");
    timing::write(env!("CARGO_TARGET_TMPDIR"), "vision.md", &table).map(drop)
}

/// The model for pictures of another size, with its weights where that is its own and random ones elsewhere.
fn tower(model: &InternVl, side: usize, patch: usize) -> InternVl {
    let mut config = model.config().clone();
    if config.vision_config.image_size == [side; 2] {
        return model.clone();
    }
    config.vision_config.image_size = [side; 2];
    config.vision_config.patch_size = [patch; 2];
    InternVl::random(&config, 1, &model.device())
}

/// `[12, side, side, 3]`.
fn draw(model: &SkeletonLlm, side: usize) -> Result<Tensor<4>> {
    let motion = read_file(asset("samples/wave_left_hand.bvh"), &ReadOptions::default())?;
    let clip = DrawSettings::default().clip(&motion, 12)?;
    Ok(model.drawing.render(&[clip], [side; 2])?.flatten(0, 1))
}
