//! Which joints make the upper half of the pictures bright? Gradients of a loss by joint positions say so.
//!
//! `cargo run --release --example gradients -- assets/samples/wave_left_hand.bvh`

use std::error::Error;

use draction::{Renderer, motion::read_file};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("give a motion file")?;
    let motion = read_file(file, &Default::default())?;
    let renderer = Renderer::new().with_size(224, 224);
    let rendering = renderer.draw(&motion)?;

    // the loss is the sum of all numbers in the upper half of each picture, so its derivative is 1 there and 0 below
    let row = 3 * rendering.width;
    let upper = |i: usize| i / row % rendering.height < rendering.height / 2;
    let by_frames: Vec<f32> = (0..rendering.frames.len()).map(|i| f32::from(upper(i))).collect();
    let gradients = renderer.gradients(&rendering, &by_frames)?;

    // how much each joint matters, over all frames and bodies
    let joints = rendering.clip.joints();
    let mut shares = vec![0.0; joints];
    for (n, by_position) in gradients.positions.chunks_exact(3).enumerate() {
        shares[n % joints] += by_position.iter().map(|g| g * g).sum::<f32>().sqrt();
    }
    let mut order: Vec<usize> = (0..joints).collect();
    order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
    for &joint in order.iter().take(5) {
        println!("{:>10.1} per metre  {}", shares[joint], rendering.clip.skeleton.names[joint]);
    }
    Ok(())
}
