//! `convert`: a motion file in, another one out, with positions in metres and +y up.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use draction::{
    cli::{Frames, Reading, finish, print, say, warn},
    motion::{
        MAX_FRAMES, MAX_JOINT_FRAMES, Motion, Written, frame_as_json, write_bvh_of_all, write_glb, write_json,
        write_npy,
    },
    store::write_atomically,
};

/// Write what was understood of a motion file as another file.
///
/// Whatever the file's unit, axes and joint names: what is written has metres and +y up (BVH: centimetres, as its programs
/// expect), so that one can check how a file was read, and go on with it elsewhere.
///
/// bvh   turns of bones, as recorded or solved from positions; position channels where bones change their length
/// npy   a float32 array [frames, bodies, joints, 3] and skeleton.json beside it; zeros where nobody is
/// glb   binary glTF with a skin and an animation, to look at in Blender, three.js and others
/// json  names, tree, body parts, and every position as text
#[derive(Parser)]
#[command(name = "convert", version, verbatim_doc_comment, after_help = EXAMPLES)]
struct Arguments {
    /// Motion file
    file: PathBuf,
    /// What to write [default: what the name after --out ends in]
    #[arg(long, value_enum, value_name = "FORMAT", required_unless_present_any = ["out", "json", "frame"])]
    to: Option<Format>,
    /// The new file, replaced if it exists; `-` is standard output [default: the file's name with another ending, in
    /// this folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace files that are there, also those that --out does not name
    #[arg(long)]
    overwrite: bool,
    /// Print the joint positions of one frame as JSON instead of writing a file
    #[arg(long, conflicts_with_all = ["to", "out", "overwrite"])]
    json: bool,
    /// Which frame --json prints, counted from 0 [default: the first one with somebody in it]
    #[arg(long, value_name = "N", requires = "json")]
    frame: Option<usize>,
    /// Only these frames: first..end, counted from 0, without the end; either may be left out
    #[arg(long, value_name = "A..B")]
    frames: Option<Frames>,
    /// Another frame rate, interpolated between the file's frames
    #[arg(long, value_name = "RATE")]
    fps: Option<f32>,
    #[command(flatten)]
    reading: Reading,
}

const EXAMPLES: &str = "\
Examples:
  convert take_07.skeleton --to bvh
      take_07.bvh in this folder, for programs that know no NTU files
  convert walk.bvh --out arrays/walk.npy --fps 20
      arrays/walk.npy and arrays/skeleton.json, at 20 frames a second
  convert unknown.npy --json --frame 12 --unit mm --up +z
      where every joint is in frame 12, if the file has millimetres and z up
  convert walk.bvh --to glb --frames 30..60
      one second of it, to look at";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Bvh,
    Npy,
    Glb,
    Json,
}

impl Format {
    fn ending(self) -> &'static str {
        match self {
            Self::Bvh => "bvh",
            Self::Npy => "npy",
            Self::Glb => "glb",
            Self::Json => "json",
        }
    }

    fn of_name(path: &Path) -> Result<Self> {
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let known = [Self::Bvh, Self::Npy, Self::Glb, Self::Json].into_iter().find(|format| format.ending() == ending);
        known.with_context(|| format!("{} does not end in .bvh, .npy, .glb or .json: give --to", path.display()))
    }
}

/// What will be written.
struct Output {
    bytes: Vec<u8>,
    /// `skeleton.json`, which describes an array.
    skeleton: Option<String>,
    notes: Vec<String>,
}

fn main() -> ExitCode {
    finish("convert", run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<()> {
    let motion = arguments.reading.open(&arguments.file)?.without_empty_bodies();
    let motion = stretch(arguments, motion)?;
    if arguments.json {
        let frame = which_frame(arguments, &motion)?;
        tell(arguments, &motion, &[]);
        return Ok(say(frame_as_json(&motion, frame))?);
    }
    let (format, out) = target(arguments)?;
    let output = encode(&motion, format)?;
    tell(arguments, &motion, &output.notes);
    if out == Path::new("-") {
        return to_standard_output(format, &output);
    }
    write(arguments, &out, &output)?;
    let people = if motion.bodies == 1 { "one body".to_owned() } else { format!("{} bodies", motion.bodies) };
    let (frames, fps, joints) = (motion.frames(), motion.fps, motion.joints());
    let frames = if frames == 1 { "one frame".to_owned() } else { format!("{frames} frames") };
    say(format_args!("wrote {}: {frames} at {fps} fps, {people} of {joints} joints", out.display()))?;
    Ok(())
}

/// The frames that are asked for, at the rate that is asked for.
fn stretch(arguments: &Arguments, motion: Motion) -> Result<Motion> {
    let motion = match &arguments.frames {
        None => motion,
        Some(frames) => motion.cropped(frames.within(motion.frames())?),
    };
    let Some(fps) = arguments.fps else { return Ok(motion) };
    if !(0.1..=1000.0).contains(&fps) {
        bail!("--fps {fps}: a rate between 0.1 and 1000 is needed");
    }
    let frames = f64::from(motion.seconds()) * f64::from(fps);
    let most = MAX_FRAMES.min(MAX_JOINT_FRAMES / (motion.bodies * motion.joints()).max(1));
    if frames > most as f64 {
        bail!("--fps {fps} would make {frames:.0} frames of it; {most} are the most");
    }
    Ok(motion.resampled(fps))
}

fn which_frame(arguments: &Arguments, motion: &Motion) -> Result<usize> {
    let frames = motion.frames();
    let somebody = |t: &usize| (0..motion.bodies).any(|body| motion.is_present(*t, body));
    match arguments.frame {
        None => Ok((0..frames).find(somebody).unwrap_or(0)),
        Some(frame) if frame < frames => Ok(frame),
        Some(frame) if frames == 1 => bail!("--frame {frame}: there is one frame, 0"),
        Some(frame) => bail!("--frame {frame}: there are {frames} frames, 0 to {}", frames - 1),
    }
}

/// What is written, and where to.
fn target(arguments: &Arguments) -> Result<(Format, PathBuf)> {
    match (&arguments.out, arguments.to) {
        (Some(out), Some(format)) => Ok((format, out.clone())),
        (Some(out), None) => Ok((Format::of_name(out)?, out.clone())),
        (None, Some(format)) => {
            let name = arguments.file.file_name().context("the motion file has no name: give --out")?;
            Ok((format, Path::new(name).with_extension(format.ending())))
        }
        (None, None) => bail!("give --to or --out"),
    }
}

fn encode(motion: &Motion, format: Format) -> Result<Output> {
    let plain = |bytes: Vec<u8>| Output { bytes, skeleton: None, notes: Vec::new() };
    Ok(match format {
        Format::Bvh => {
            let Written { content, notes } = write_bvh_of_all(motion)?;
            Output { bytes: content.into_bytes(), skeleton: None, notes }
        }
        Format::Glb => {
            let Written { content, notes } = write_glb(motion)?;
            Output { bytes: content, skeleton: None, notes }
        }
        Format::Json => plain(write_json(motion).into_bytes()),
        Format::Npy => {
            let array = write_npy(motion);
            Output { skeleton: Some(array.skeleton), ..plain(array.npy) }
        }
    })
}

/// What was understood, and what cannot be written as it was: on standard error, beside what is asked for.
fn tell(arguments: &Arguments, motion: &Motion, notes: &[String]) {
    let file = arguments.file.display();
    for line in motion.source.shown().iter().chain(&motion.source.warnings).chain(notes) {
        warn(format_args!("convert: {file}: {line}"));
    }
}

fn to_standard_output(format: Format, output: &Output) -> Result<()> {
    match (format, std::str::from_utf8(&output.bytes)) {
        (Format::Bvh | Format::Json, Ok(text)) => Ok(print(text)?),
        _ => bail!("{} is no text: give --out a file", format.ending()),
    }
}

fn write(arguments: &Arguments, out: &Path, output: &Output) -> Result<()> {
    if is_same(out, &arguments.file) {
        bail!("{} is the file that is read: give --out another name", out.display());
    }
    if arguments.out.is_none() && !arguments.overwrite && out.exists() {
        bail!("{} exists: give --out a name, or --overwrite", out.display());
    }
    if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    // first, as without it the array means nothing
    if let Some(skeleton) = &output.skeleton {
        write_skeleton(arguments, &out.with_file_name("skeleton.json"), skeleton)?;
    }
    Ok(write_atomically(out, &output.bytes)?)
}

/// One `skeleton.json` describes all arrays of its folder: another one is not replaced without being told to.
fn write_skeleton(arguments: &Arguments, path: &Path, skeleton: &str) -> Result<()> {
    match fs::read(path) {
        Ok(there) if there == skeleton.as_bytes() => return Ok(()),
        Ok(_) if !arguments.overwrite => bail!(
            "{} describes other arrays of this folder: choose another folder, or --overwrite if it may go",
            path.display()
        ),
        _ => {}
    }
    Ok(write_atomically(path, skeleton.as_bytes())?)
}

/// Whether both names are of one file that is there.
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}
