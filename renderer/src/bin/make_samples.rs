//! Writes the sample motions in `assets/samples`: a parametrised humanoid performs them, nobody was recorded.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Parser;
use draction::{
    cli::{finish, say},
    motion::{
        humanoid::{Action, Person, SAMPLES, as_kinect, perform},
        write_bvh, write_ntu,
    },
    store::write_atomically,
};

/// Frames per second of all samples.
const FPS: f32 = 30.0;
/// Metres from the sensor to the performer in the `.skeleton` sample.
const SENSOR_DISTANCE: f32 = 3.0;

/// Write the sample motions.
#[derive(Parser)]
struct Args {
    /// Folder to write into; it is made if it is missing.
    folder: PathBuf,
}

fn main() -> ExitCode {
    finish("make_samples", run(&Args::parse()))
}

fn run(Args { folder }: &Args) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        write_atomically(&path, text.as_bytes())?;
        say(format_args!("{} ({} KB)", path.display(), text.len() / 1000))
    };
    for (seed, name, action) in SAMPLES {
        let person = Person { seed, ..Person::default() };
        let motion = perform(action, &person, FPS);
        write(&format!("{name}.bvh"), write_bvh(&motion, 0)?)?;
        if action == Action::WaveLeftHand {
            let seen = as_kinect(&motion, SENSOR_DISTANCE);
            write(&format!("{name}.skeleton"), write_ntu(&seen)?)?;
        }
    }
    Ok(())
}
