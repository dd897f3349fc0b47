//! `render`: a motion file in, pictures out.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use draction::{
    cli::{Reading, finish, say, warn},
    clip::{Clip, ClipOptions, Fit, VelocityRule, Viewpoint},
    device::{DeviceChoice, Engine},
    draction::DrAction,
    export::{write_all, write_s2i},
    motion::{Format, Motion, Slots},
    renderer::{Rendering, frames, on_clip},
    s2i::{Bodies, BodyPlan, Columns, Range, Resampling, S2i, Stream},
    sampling::Sampler,
};
use indicatif::ProgressBar;

/// Clips with more frames than this have a progress bar.
const QUICK: usize = 12;
/// Most numbers of all frames together: 2 GiB.
const MOST_NUMBERS: usize = 1 << 29;

/// Draw a motion file as pictures.
///
/// Reads motions of any skeleton, samples frames, and writes frame_01.png …, sheet.png (all frames on one picture),
/// animation.gif and frames.safetensors (the numbers).
///
/// With --s2i the whole motion becomes one picture instead: rows are time, columns are joints by body part, and red,
/// green and blue are x, y and z. It writes joint_1.png, bone_1.png and motion_1.png (and _2 for a second person) and
/// s2i.safetensors (the numbers as image models take them).
#[derive(Parser)]
#[command(version, after_help = format!("Formats: {}\n\n{EXAMPLES}", Format::listed()))]
struct Arguments {
    /// Motion file. What belongs to it is found beside it: the skeleton.json of an .npy, the .asf of an .amc, the .bin of a
    /// .gltf. A folder is read if it holds a .json file a frame, as OpenPose writes them
    file: PathBuf,
    /// Folder for the pictures; made if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Width and height of each picture in pixels [default: 448; with --s2i: 224]
    #[arg(long, value_name = "PIXELS", conflicts_with_all = ["width", "height"])]
    size: Option<usize>,
    /// Width in pixels, for pictures that are not square
    #[arg(long, value_name = "PIXELS", requires = "height")]
    width: Option<usize>,
    /// Height in pixels, for pictures that are not square
    #[arg(long, value_name = "PIXELS", requires = "width")]
    height: Option<usize>,
    /// How many frames to draw
    #[arg(long, default_value_t = 12)]
    frames: usize,
    /// DrAction weights (.safetensors); without them every body part has a fixed colour
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Where the camera stands
    #[arg(long, value_enum, default_value = "fit")]
    camera: CameraMode,
    /// How frames are chosen [default: staggered with the fit camera, reference with the reference's]
    #[arg(long, value_enum)]
    sampler: Option<SamplerMode>,
    /// Where to compute: auto, gpu or cpu. The environment variable DRACTION_ADAPTER picks a GPU by name
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Turn Gaussians with the file's joint orientations instead of only moving them
    #[arg(long)]
    oriented: bool,
    /// Write the motion as one picture of time by joints (S2I) instead of drawing it
    #[arg(long, conflicts_with_all = DRAWING)]
    s2i: bool,
    /// With --s2i: how numbers become colours
    #[arg(long, value_enum, default_value = "minmax", requires = "s2i")]
    range: RangeMode,
    /// With --s2i: how joints share the columns
    #[arg(long, value_enum, default_value = "whole", requires = "s2i")]
    columns: ColumnMode,
    /// With --s2i: what stands between two joints or frames
    #[arg(long, value_enum, default_value = "linear", requires = "s2i")]
    resampling: ResamplingMode,
    /// Say how everything was understood and how long each step took
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    reading: Reading,
}

/// What --s2i has no use for.
const DRAWING: [&str; 8] = ["width", "height", "frames", "weights", "camera", "sampler", "device", "oriented"];

const EXAMPLES: &str = "\
Examples:
  render walk.bvh --out pictures
      twelve 448x448 pictures of the whole walk, from in front of the performer
  render walk.bvh --out film --frames 120 --width 1280 --height 720
      a film of 120 pictures; open film/animation.gif
  render S001C001P001R001A001.skeleton --out ntu --camera reference --weights draction_candidate_01.safetensors
      what the released model sees
  render walk.bvh --out picture --s2i --columns shares
      the walk as pictures of time by joints, each body part with a fifth of the width";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CameraMode {
    /// In front of the performer, with the whole clip in the picture
    Fit,
    /// At the origin of the file's axes, as the released model sees it
    Reference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SamplerMode {
    /// The middle of equal stretches
    Uniform,
    /// One of the middle half of each of equal stretches: what our models look at
    Staggered,
    /// The released model's pseudo-random choice
    Reference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RangeMode {
    /// From the least to the greatest number of the clip, each channel by itself
    Minmax,
    /// Within 1.5 m for joints, 0.6 m for bones and 0.3 m a frame for motions: comparable between clips
    Fixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ColumnMode {
    /// All joints over the whole width
    Whole,
    /// Each of five body parts over a fifth of it, so that different skeletons line up
    Shares,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ResamplingMode {
    /// A straight line
    Linear,
    /// The nearer one
    Nearest,
}

fn main() -> ExitCode {
    finish("error", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    let size = arguments.size.unwrap_or(if arguments.s2i { 224 } else { 448 });
    let (width, height) = arguments.width.zip(arguments.height).unwrap_or((size, size));
    if !arguments.s2i {
        check_size(arguments.frames, width, height)?;
    }
    let mut clock = Clock { start: Instant::now(), verbose: arguments.verbose };

    // the reference reads bodies as the file lists them
    let usual = if arguments.camera == CameraMode::Reference { Slots::File } else { Slots::People };
    let slots = arguments.reading.slots.unwrap_or(usual);
    let reading = Reading { slots: Some(slots), ..arguments.reading.clone() };
    let motion = reading.open(&arguments.file)?;
    describe(&motion, arguments.verbose)?;
    clock.step("read")?;
    if arguments.s2i {
        return encode(arguments, &motion, size, &mut clock);
    }

    let clip = Clip::from_motion(&motion, &clip_options(arguments, width as f64 / height as f64))
        .with_context(|| format!("cannot sample {}", arguments.file.display()))?;
    if arguments.oriented && clip.orientations.is_none() {
        bail!("{} has no joint orientations; leave out --oriented", arguments.file.display());
    }
    let draction = renderer(arguments.weights.as_deref(), &clip)?;
    clock.step("sampled")?;

    let engine = Engine::open(arguments.device)?;
    clock.step("opened the device")?;
    let frames = draw(&engine, &draction, &clip, [width, height])?;
    say(format_args!("drew {} frames of {width}x{height} on {}", clip.frames(), engine.name()))?;
    clock.step("drew")?;

    let rendering = Rendering { clip, fps: motion.fps, draction, frames, width, height };
    let written = write_all(&arguments.out, &rendering)?;
    let (count, folder) = (written.len(), arguments.out.display());
    say(format_args!("wrote {count} files to {folder}, look at {}", sheet(&written)))?;
    clock.step("wrote")
}

/// The motion as pictures of time by joints.
fn encode(arguments: &Arguments, motion: &Motion, size: usize, clock: &mut Clock) -> Result<()> {
    let plan = BodyPlan::of(&motion.skeleton);
    if arguments.verbose {
        for (part, joints) in plan.by_part() {
            let names: Vec<&str> = joints.iter().map(|&joint| motion.skeleton.names[joint].as_str()).collect();
            say(format_args!("  columns of the {part}: {}", names.join(", ")))?;
        }
    }
    let s2i = S2i {
        size,
        range: match arguments.range {
            RangeMode::Minmax => Range::MinMax,
            RangeMode::Fixed => Range::Fixed,
        },
        columns: match arguments.columns {
            ColumnMode::Whole => Columns::Whole,
            ColumnMode::Shares => Columns::Shares,
        },
        resampling: match arguments.resampling {
            ResamplingMode::Linear => Resampling::Linear,
            ResamplingMode::Nearest => Resampling::Nearest,
        },
        ..S2i::new(plan)
    };
    let picture = |stream| Ok((stream, s2i.encode(Bodies::from(motion), stream)?));
    let pictures: Result<Vec<_>> = Stream::ALL.into_iter().map(picture).collect();
    let pictures = pictures.with_context(|| format!("cannot encode {}", arguments.file.display()))?;
    clock.step("encoded")?;
    let written = write_s2i(&arguments.out, &s2i, &pictures)?;
    let first = written.first().map(|path| path.display().to_string()).unwrap_or_default();
    say(format_args!("wrote {} files to {}, look at {first}", written.len(), arguments.out.display()))?;
    clock.step("wrote")
}

fn check_size(frames: usize, width: usize, height: usize) -> Result<()> {
    if frames == 0 || width == 0 || height == 0 {
        bail!("there is nothing to draw in {frames} frames of {width}x{height} pixels");
    }
    let numbers = [width, height, 3].iter().try_fold(frames, |product, &n| product.checked_mul(n));
    if numbers.is_none_or(|n| n > MOST_NUMBERS) {
        bail!("{frames} frames of {width}x{height} pixels do not fit into memory: take fewer or smaller ones");
    }
    Ok(())
}

fn clip_options(arguments: &Arguments, aspect: f64) -> ClipOptions {
    let (viewpoint, velocity, sampler) = match arguments.camera {
        CameraMode::Fit => {
            (Viewpoint::Fit(Fit { aspect, ..Fit::default() }), VelocityRule::FourThirtieths, SamplerMode::Staggered)
        }
        CameraMode::Reference => (Viewpoint::Reference, VelocityRule::FourFrames, SamplerMode::Reference),
    };
    let sampler = match arguments.sampler.unwrap_or(sampler) {
        SamplerMode::Uniform => Sampler::Uniform,
        SamplerMode::Staggered => Sampler::Staggered,
        SamplerMode::Reference => Sampler::Reference { seed: None },
    };
    ClipOptions { frames: arguments.frames, sampler, viewpoint, velocity, oriented: arguments.oriented }
}

fn describe(motion: &Motion, verbose: bool) -> Result<()> {
    let source = &motion.source;
    say(format_args!(
        "read {}: {} at {} fps, {} of {} joints, {}, up {}",
        source.format,
        count(motion.frames(), "frame", "frames"),
        motion.fps,
        count(motion.bodies, "body", "bodies"),
        motion.joints(),
        source.unit.name,
        source.up
    ))?;
    if let Some(shown) = source.shown().filter(|_| !verbose) {
        say(format_args!("  {shown}"))?;
    }
    if verbose {
        say(format_args!("  unit: {}", source.unit_from))?;
        say(format_args!("  up: {}", source.up_from))?;
        say(format_args!("  body parts: {}", source.parts_from))?;
        if let Some(bodies) = &source.bodies_from {
            say(format_args!("  bodies: {bodies}"))?;
        }
    }
    for warning in &source.warnings {
        warn(format_args!("warning: {warning}"));
    }
    Ok(())
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The given weights on the clip's skeleton, or fixed colours.
fn renderer(weights: Option<&Path>, clip: &Clip) -> Result<DrAction> {
    let Some(path) = weights else { return Ok(on_clip(None, clip)?) };
    let loaded = DrAction::open(path)?;
    for warning in &loaded.warnings {
        warn(format_args!("warning: {}: {warning}", path.display()));
    }
    say(format_args!("weights: {}", loaded.released.unwrap_or(&loaded.draction.metadata.name)))?;
    if !loaded.draction.template.fits(clip.joints(), &clip.skeleton.bones) {
        say("  trained on another skeleton; transferred to this one")?;
    }
    Ok(on_clip(Some(&loaded.draction), clip)?)
}

/// `[T, H, W, 3]`, with a bar where that takes its time.
fn draw(engine: &Engine, draction: &DrAction, clip: &Clip, size: [usize; 2]) -> Result<Vec<f32>> {
    let bar = if clip.frames() > QUICK && std::io::stderr().is_terminal() {
        ProgressBar::new(clip.frames() as u64)
    } else {
        ProgressBar::hidden()
    };
    let frames = frames(engine, draction, clip, size, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok(frames)
}

fn sheet(written: &[PathBuf]) -> String {
    let sheet = written.iter().find(|p| p.ends_with("sheet.png"));
    sheet.map(|p| p.display().to_string()).unwrap_or_default()
}

/// Says how long each step took.
struct Clock {
    start: Instant,
    verbose: bool,
}

impl Clock {
    fn step(&mut self, what: &str) -> Result<()> {
        if self.verbose {
            say(format_args!("  {what} in {:.3} s", self.start.elapsed().as_secs_f64()))?;
        }
        self.start = Instant::now();
        Ok(())
    }
}
