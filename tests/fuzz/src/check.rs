//! Reads a file as the programs do, and says what is wrong with that.

use std::{
    cell::{Cell, RefCell},
    fmt,
    panic::{self, AssertUnwindSafe},
    sync::Once,
};

use draction::{
    clip::{Clip, ClipOptions},
    figure,
    motion::{
        MAX_FRAMES, MAX_JOINT_FRAMES, MAX_JOINTS, Motion, ReadOptions, Slots, frame_as_json, read, write_bvh_of_all,
        write_glb, write_json, write_npy,
    },
};

use crate::{Input, memory};

/// Memory that any file may cost its reader, in bytes.
const BASE: usize = 64 << 20;
/// What each byte of a file may cost beyond that. A BVH in which few joints move says a frame of hundreds of joints in two
/// bytes.
const PER_BYTE: usize = 2000;

/// What came of a file that nothing is wrong with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A motion, in words that are the same for motions of a kind.
    Read(String),
    /// An error, in its words without numbers and quotations.
    Refused(String),
}

/// What no file may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A panic: where, and what it said.
    Panic(String),
    /// The motion is none.
    Broken(String),
    /// Reading took this many bytes of memory.
    Memory(usize),
    /// Reading did not end.
    Hang,
}

impl Wrong {
    /// Whether both are most likely the same mistake.
    #[must_use]
    pub fn resembles(&self, other: &Wrong) -> bool {
        match (self, other) {
            (Self::Panic(a), Self::Panic(b)) | (Self::Broken(a), Self::Broken(b)) => plain(a) == plain(b),
            (Self::Memory(_), Self::Memory(_)) | (Self::Hang, Self::Hang) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(text) => write!(f, "panic at {text}"),
            Self::Broken(text) => write!(f, "what was read is no motion: {text}"),
            Self::Memory(bytes) => write!(f, "reading took {} MB of memory", bytes >> 20),
            Self::Hang => write!(f, "reading does not end"),
        }
    }
}

/// Reads a file, and where that succeeds, does with it what the programs do.
///
/// # Errors
/// What is wrong: with this program, not with the file.
pub fn check(input: &Input) -> Result<Outcome, Wrong> {
    let options = ReadOptions { sidecar: input.beside.clone(), ..ReadOptions::default() };
    if input.name.ends_with(".skeleton") {
        attempt(input, &ReadOptions { slots: Slots::File, ..options.clone() })?;
    }
    attempt(input, &options)
}

fn attempt(input: &Input, options: &ReadOptions) -> Result<Outcome, Wrong> {
    let (result, peak) = memory::peak_of(|| caught(|| read(&input.bytes, &input.name, options)));
    let result = result?;
    if peak > BASE + PER_BYTE * input.len() {
        return Err(Wrong::Memory(peak));
    }
    match result {
        Err(error) => Ok(Outcome::Refused(plain(&error.to_string()))),
        Ok(motion) => {
            sound(&motion).map_err(Wrong::Broken)?;
            caught(|| use_it(&motion))?.map_err(Wrong::Broken)?;
            Ok(Outcome::Read(kind(&motion)))
        }
    }
}

/// What every motion is, whatever file it came from.
fn sound(motion: &Motion) -> Result<(), String> {
    let skeleton = &motion.skeleton;
    let (frames, bodies, joints) = (motion.frames(), motion.bodies, motion.joints());
    let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    must((1..=MAX_FRAMES).contains(&frames) && (2..=MAX_JOINTS).contains(&joints), "frames or joints beyond limits")?;
    must(frames * bodies * joints <= MAX_JOINT_FRAMES, "joint positions beyond their limit")?;
    must(motion.positions.len() == frames * bodies * joints * 3, "positions do not fill frames")?;
    must(motion.present.len() == frames * bodies && motion.present.contains(&true), "nobody is in any frame")?;
    must(motion.positions.iter().all(|v| v.is_finite()), "a position is not finite")?;
    must(motion.fps.is_finite() && motion.fps > 0.0, "frames a second are no rate")?;
    must(!motion.height().is_nan(), "the height is no number")?;
    if let Some(orientations) = &motion.orientations {
        must(orientations.len() == frames * bodies * joints * 4, "orientations do not fill frames")?;
        let unit = |q: &[f32]| (q.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-3;
        must(orientations.chunks(4).all(unit), "an orientation is no unit quaternion")?;
    }
    let lengths = [skeleton.parents.len(), skeleton.parts.len(), skeleton.mirror.len()];
    must(lengths == [joints; 3], "the skeleton's lists are of different lengths")?;
    must(skeleton.parents.iter().flatten().all(|&p| p < joints), "a parent is no joint")?;
    let roots = skeleton.parents.iter().filter(|p| p.is_none()).count();
    must(roots + skeleton.parents_first().count() == joints, "the parents form a ring")?;
    must(skeleton.bones.iter().all(|b| b[0] < joints && b[1] < joints && b[0] != b[1]), "a bone joins no two joints")?;
    let twins = skeleton.mirror.iter().enumerate();
    must(twins.into_iter().all(|(j, &k)| k < joints && skeleton.mirror[k] == j), "twins are not mutual")
}

/// Draws it as far as there are pictures, changes it, writes it in every format and reads it again.
fn use_it(motion: &Motion) -> Result<(), String> {
    let motion = motion.without_empty_bodies();
    let finite = |what: &str, motion: &Motion| {
        let holds = motion.positions.iter().all(|v| v.is_finite());
        if holds { Ok(()) } else { Err(format!("{what} makes positions that are not finite")) }
    };
    finite("mirroring", &motion.mirrored())?;
    finite("turning", &motion.yawed(1.0))?;
    // from where somebody is seen
    let first = motion.present.iter().position(|&there| there).unwrap_or(0) / motion.bodies;
    let short = motion.cropped(first..first + 40);
    finite("resampling", &short.resampled(short.fps * 1.5))?;
    finite("the figure", &figure::of(&short).motion)?;
    // a body of a hair's or a planet's size has no picture, which is an error and no accident
    let _ = Clip::from_motion(&short, &ClipOptions::default());
    let written = write_bvh_of_all(&short).map_err(|error| error.to_string())?;
    if let Ok(again) = read(written.content.as_bytes(), "again.bvh", &ReadOptions::default())
        && again.frames() != short.frames()
    {
        return Err("frames are lost on the way to BVH and back".to_owned());
    }
    write_glb(&short).map_err(|error| error.to_string())?;
    let array = write_npy(&short);
    if array.npy.is_empty() || write_json(&short).is_empty() || frame_as_json(&short, 0).is_empty() {
        return Err("nothing is written".to_owned());
    }
    Ok(())
}

/// Motions of a kind are told alike, so that the first of each kind becomes a seed.
fn kind(motion: &Motion) -> String {
    let source = &motion.source;
    let size = |n: usize| usize::BITS - n.leading_zeros();
    let warnings: Vec<String> = source.warnings.iter().map(|warning| plain(warning)).collect();
    let (frames, joints) = (size(motion.frames()), size(motion.joints()));
    plain(&format!("{source} {} {} {}", source.unit.name, source.up, warnings.join(" ")))
        + &format!(" {frames} {joints} {}", motion.bodies)
}

/// Text without numbers and quotations.
fn plain(text: &str) -> String {
    let mut quoted = false;
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\'' | '`' | '"' => quoted = !quoted,
            '0'..='9' | '.' | '-' | '+' => {}
            _ if quoted => {}
            _ => out.push(c),
        }
    }
    out
}

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The result, or the panic in its stead, told to nobody else.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Wrong> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CATCHING.get() {
                return usual(info);
            }
            let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
            let text = info.payload_as_str().unwrap_or("no words");
            SAID.replace(format!("{place}: {text}"));
        }));
    });
    CATCHING.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(false);
    result.map_err(|_| Wrong::Panic(SAID.take()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_caught_with_its_place() {
        let wrong = caught(|| panic!("no {}", 3)).map(|()| 0).unwrap_err();
        let Wrong::Panic(text) = &wrong else { panic!("{wrong:?}") };
        assert!(text.contains("check.rs:") && text.ends_with("no 3"), "{text}");
        assert!(wrong.resembles(&Wrong::Panic(text.replace('3', "7"))) && !wrong.resembles(&Wrong::Hang));
        assert_eq!(caught(|| 5), Ok(5));
    }

    #[test]
    fn what_is_no_motion_is_noticed() {
        let good = draction::motion::humanoid::perform(
            draction::motion::humanoid::Action::Clap,
            &draction::motion::humanoid::Person::default(),
            30.0,
        );
        assert_eq!(sound(&good), Ok(()));
        let mut bad = good.clone();
        bad.positions[7] = f32::NAN;
        assert!(sound(&bad).unwrap_err().contains("finite"));
        let mut bad = good.clone();
        bad.positions.pop();
        assert!(sound(&bad).unwrap_err().contains("fill"));
        let mut bad = good.clone();
        let mut skeleton = (*bad.skeleton).clone();
        skeleton.parents[0] = Some(1);
        bad.skeleton = skeleton.into();
        assert!(sound(&bad).unwrap_err().contains("ring"));
    }

    #[test]
    fn errors_of_a_kind_have_the_same_words() {
        assert_eq!(plain("line 12: 'abc' is 1.5e9"), plain("line 3: 'x' is -2e7"));
        assert_ne!(plain("line 1: a"), plain("line 1: b"));
    }
}
