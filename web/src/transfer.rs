//! Files to read and motions that were read, with their figures, for another copy of this program: a page reads large files
//! in workers, with which it shares no memory. Both copies are the same build.

use std::sync::Arc;

use bytemuck::{NoUninit, Pod};
use draction::{
    figure::{JointMap, Mapped},
    motion::{Companion, Motion, ReadOptions, Skeleton, Slots, Source, Unit, UpAxis},
};
use serde::{Deserialize, Serialize};

use crate::{
    figured::Figured,
    files::{FileSource, Unread},
};

/// What goes to the other copy. Nothing that is long is copied on the way here.
pub struct Parcel<'a> {
    /// JSON: what is short.
    pub header: String,
    /// What is long, as this machine has it in memory.
    pub parts: Vec<&'a [u8]>,
}

impl<'a> Parcel<'a> {
    fn new(header: &impl Serialize, parts: impl IntoIterator<Item = &'a [u8]>) -> Parcel<'a> {
        let header = serde_json::to_string(header).expect("plain data");
        Parcel { header, parts: parts.into_iter().collect() }
    }
}

/// The parts of a parcel where it arrives, in order.
pub trait Parts {
    /// The next one as numbers; `None` where there is none, or it is no whole number of them.
    fn next<T: Pod>(&mut self) -> impl Future<Output = Option<Vec<T>>>;
}

/// [`Unread`] without what is long.
#[derive(Serialize, Deserialize)]
struct FileHeader {
    name: String,
    unit: Option<Unit>,
    up: Option<UpAxis>,
    slots: Slots,
    person: Option<usize>,
    animation: Option<String>,
    has_sidecar: bool,
    companions: Vec<String>,
    only: Option<usize>,
}

/// [`Motion`] without what is long.
#[derive(Serialize, Deserialize)]
struct MotionHeader {
    skeleton: Skeleton,
    fps: f32,
    bodies: usize,
    performer: Option<usize>,
    has_orientations: bool,
    source: Source,
}

/// A file and how to understand it. Where the motion goes stays here.
pub fn pack_unread(unread: &Unread) -> Parcel<'_> {
    let Unread { file, options, only, instead_of: _, origin: _ } = unread;
    // all fields by name: a new one must not stay behind
    let ReadOptions { unit, up, sidecar, companions, slots, person, animation } = options;
    let header = FileHeader {
        name: file.name.clone(),
        unit: unit.clone(),
        up: *up,
        slots: *slots,
        person: *person,
        animation: animation.clone(),
        has_sidecar: sidecar.is_some(),
        companions: companions.iter().map(|companion| companion.name.clone()).collect(),
        only: *only,
    };
    let companions = companions.iter().map(|companion| &companion.bytes[..]);
    Parcel::new(&header, [&file.bytes[..]].into_iter().chain(sidecar.as_deref()).chain(companions))
}

/// The opposite of [`pack_unread`].
///
/// # Errors
/// When these are not its header and parts.
pub fn unpack_unread(header: &str, mut parts: impl Iterator<Item = Vec<u8>>) -> Result<Unread, String> {
    let header: FileHeader = serde_json::from_str(header).map_err(|error| error.to_string())?;
    let mut next = || parts.next().ok_or_else(missing);
    let file = FileSource { name: header.name, bytes: next()? };
    let sidecar = if header.has_sidecar { Some(next()?) } else { None };
    let companion = |name| Ok::<_, String>(Companion { name, bytes: Arc::new(next()?) });
    let options = ReadOptions {
        unit: header.unit,
        up: header.up,
        sidecar,
        companions: header.companions.into_iter().map(companion).collect::<Result<_, _>>()?,
        slots: header.slots,
        person: header.person,
        animation: header.animation,
    };
    Ok(Unread { only: header.only, ..Unread::new(file, options) })
}

/// [`Figured`] without what is long.
#[derive(Serialize, Deserialize)]
struct FiguredHeader {
    motion: MotionHeader,
    figure: MotionHeader,
    maps: Vec<Option<JointMap>>,
    description: String,
}

/// A motion with all that is known of it.
pub fn pack_motion(read: &Figured) -> Parcel<'_> {
    let Figured { motion, figure, description } = read;
    let header = FiguredHeader {
        motion: head_of(motion),
        figure: head_of(&figure.motion),
        maps: figure.maps.clone(),
        description: description.clone(),
    };
    Parcel::new(&header, parts_of(motion).chain(parts_of(&figure.motion)))
}

fn head_of(motion: &Motion) -> MotionHeader {
    let Motion { skeleton, fps, bodies, performer, positions: _, present: _, orientations, source } = motion;
    MotionHeader {
        skeleton: Skeleton::clone(skeleton),
        fps: *fps,
        bodies: *bodies,
        performer: *performer,
        has_orientations: orientations.is_some(),
        source: source.clone(),
    }
}

fn parts_of(motion: &Motion) -> impl Iterator<Item = &[u8]> {
    fn bytes_of<T: NoUninit>(values: &[T]) -> &[u8] {
        bytemuck::cast_slice(values)
    }
    let orientations = motion.orientations.as_deref().map(bytes_of);
    [bytes_of(&motion.present), bytes_of(&motion.positions)].into_iter().chain(orientations)
}

/// The opposite of [`pack_motion`].
///
/// # Errors
/// When these are not its header and parts.
pub async fn unpack_motion(header: &str, parts: &mut impl Parts) -> Result<Figured, String> {
    let header: FiguredHeader = serde_json::from_str(header).map_err(|error| error.to_string())?;
    let motion = motion_of(header.motion, parts).await?;
    let figure = Mapped { motion: motion_of(header.figure, parts).await?, maps: header.maps };
    Ok(Figured { motion: Arc::new(motion), figure: Arc::new(figure), description: header.description })
}

async fn motion_of(header: MotionHeader, parts: &mut impl Parts) -> Result<Motion, String> {
    let present = parts.next::<u8>().await.ok_or_else(missing)?.into_iter().map(|there| there != 0).collect::<Vec<_>>();
    let joints = present.len() * header.skeleton.joints();
    let positions = floats(parts, joints * 3).await?;
    let orientations = if header.has_orientations { Some(floats(parts, joints * 4).await?) } else { None };
    Ok(Motion {
        skeleton: Arc::new(header.skeleton),
        fps: header.fps,
        bodies: header.bodies,
        performer: header.performer,
        positions,
        present,
        orientations,
        source: header.source,
    })
}

async fn floats(parts: &mut impl Parts, count: usize) -> Result<Vec<f32>, String> {
    let values = parts.next().await.ok_or_else(missing)?;
    if values.len() == count { Ok(values) } else { Err("a part has another length".to_owned()) }
}

fn missing() -> String {
    "a part is missing".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::sample;

    impl Parts for std::vec::IntoIter<&[u8]> {
        async fn next<T: Pod>(&mut self) -> Option<Vec<T>> {
            let bytes = Iterator::next(self)?;
            bytes.len().is_multiple_of(size_of::<T>()).then(|| bytemuck::pod_collect_to_vec(bytes))
        }
    }

    fn unpacked(Parcel { header, parts }: Parcel<'_>) -> Result<Figured, String> {
        pollster::block_on(unpack_motion(&header, &mut parts.into_iter()))
    }

    #[test]
    fn a_motion_arrives_as_it_left() {
        for name in ["walk.bvh", "wave_left_hand.skeleton"] {
            let left = Unread::new(sample(name), ReadOptions::default()).read().expect("a sample");
            let arrived = unpacked(pack_motion(&left)).expect("it was just packed");
            assert_eq!(format!("{left:?}"), format!("{arrived:?}"));
        }
    }

    #[test]
    fn a_file_arrives_with_all_that_was_said_of_it() {
        let companion = |name: &str| Companion { name: name.to_owned(), bytes: Arc::new(name.as_bytes().to_vec()) };
        let options = ReadOptions {
            unit: Some("0.3".parse().expect("metres")),
            up: Some(UpAxis::MinusZ),
            sidecar: Some(vec![7, 8]),
            companions: vec![companion("a.bin"), companion("b.bin")],
            slots: Slots::File,
            person: Some(2),
            animation: Some("run".to_owned()),
        };
        let left = Unread { only: Some(1), ..Unread::new(sample("walk.bvh"), options) };
        let Parcel { header, parts } = pack_unread(&left);
        let arrived = unpack_unread(&header, parts.into_iter().map(<[u8]>::to_vec)).expect("it was just packed");
        assert_eq!(format!("{left:?}"), format!("{arrived:?}"));
    }

    #[test]
    fn what_is_no_parcel_is_refused() {
        let unread = Unread::new(sample("walk.bvh"), ReadOptions::default());
        let read = unread.read().expect("a sample");
        assert!(unpacked(pack_unread(&unread)).is_err(), "a file is no motion");
        assert!(unpack_unread(&pack_unread(&unread).header, std::iter::empty()).is_err(), "the file is missing");
        let damaged = |change: fn(&mut Vec<&[u8]>)| {
            let mut parcel = pack_motion(&read);
            change(&mut parcel.parts);
            unpacked(parcel).expect_err("it was damaged")
        };
        assert!(damaged(|parts| parts.truncate(1)).contains("missing"));
        assert!(damaged(|parts| parts[1] = &parts[1][..12]).contains("length"));
        assert!(damaged(|parts| parts[1] = &parts[1][..13]).contains("missing"), "no whole number of floats");
    }
}
