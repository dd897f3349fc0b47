//! A skeleton and its motion from arrays in code, drawn in letters: no file is read or written.
//!
//! `cargo run --release --example own_skeleton`

use std::error::Error;

use draction::{
    Renderer,
    motion::{Motion, Skeleton},
};

/// Name, parent, and where the joint is at rest: metres, +y up; who faces +z has the left at +x.
const JOINTS: [(&str, Option<usize>, [f32; 3]); 11] = [
    ("Hips", None, [0.0, 1.0, 0.0]),
    ("Neck", Some(0), [0.0, 1.45, 0.0]),
    ("Head", Some(1), [0.0, 1.7, 0.0]),
    ("LeftArm", Some(1), [0.2, 1.4, 0.0]),
    ("LeftHand", Some(3), [0.7, 1.4, 0.0]),
    ("RightArm", Some(1), [-0.2, 1.4, 0.0]),
    ("RightHand", Some(5), [-0.3, 0.9, 0.0]),
    ("LeftUpLeg", Some(0), [0.1, 0.95, 0.0]),
    ("LeftFoot", Some(7), [0.15, 0.05, 0.05]),
    ("RightUpLeg", Some(0), [-0.1, 0.95, 0.0]),
    ("RightFoot", Some(9), [-0.15, 0.05, 0.05]),
];
const FRAMES: usize = 60;
const FPS: f32 = 30.0;
const WIDTH: usize = 60;
const HEIGHT: usize = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let names = JOINTS.iter().map(|joint| joint.0.to_owned()).collect();
    let parents = JOINTS.iter().map(|joint| joint.1).collect();
    let skeleton = Skeleton::named(names, parents);

    // the left hand goes up and down around the shoulder
    let [shoulder, hand] = ["LeftArm", "LeftHand"].map(|name| skeleton.joint(name).expect("one of ours"));
    let mut positions = Vec::with_capacity(FRAMES * JOINTS.len() * 3);
    for frame in 0..FRAMES {
        let (sin, cos) = (1.2 * (frame as f32 * 0.2).sin()).sin_cos();
        let mut pose = JOINTS.map(|joint| joint.2);
        let [x, y, z] = pose[shoulder];
        pose[hand] = [x + 0.5 * cos, y + 0.5 * sin, z];
        positions.extend(pose.concat());
    }
    let motion = Motion::of_one_body(skeleton, FPS, positions);

    let rendering = Renderer::new().with_size(WIDTH, HEIGHT).draw(&motion)?;
    for line in rendering.frames[..HEIGHT * WIDTH * 3].chunks_exact(WIDTH * 3) {
        let letter = |pixel: &[f32]| b" .:-=+*#%@"[(pixel.iter().sum::<f32>() * 3.3).clamp(0.0, 9.0) as usize] as char;
        println!("{}", line.chunks_exact(3).map(letter).collect::<String>());
    }
    Ok(())
}
