//! The likeliest labels of motion files, among words of your own.
//!
//! `cargo run --release --example recognise -- "walk,wave left hand,squat" assets/samples/walk.bvh`

use anyhow::{Context, Result};
use draction::motion::read_file;
use skeletonllm::{Assistant, DeviceChoice, folder::default_model};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let labels = arguments.next().context("give labels with commas between them, then motion files")?;
    let labels: Vec<String> = labels.split(',').map(|label| label.trim().to_owned()).collect();
    let assistant = Assistant::load(&default_model()?, DeviceChoice::Auto)?;
    for file in arguments {
        let observation = assistant.observe(&[&read_file(&file, &Default::default())?])?;
        let scores = &assistant.rank(&observation, &labels)?[0];
        let mut ranked: Vec<_> = scores.iter().zip(&labels).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(a.0));
        for (score, label) in ranked {
            println!("{file}: {label} (log-probability {score:.2})");
        }
    }
    Ok(())
}
