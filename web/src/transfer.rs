//! Files to read and motions that were read, with their figures, as bytes for another copy of this program: a page reads large files in
//! workers, with which it shares no memory. Both copies are the same build.
//!
//! The bytes are safetensors: what is long is a tensor, and the rest JSON in the metadata.

use std::{collections::HashMap, sync::Arc};

use draction::{
    figure::{JointMap, Mapped},
    motion::{Companion, Motion, ReadOptions, Skeleton, Slots, Source, Unit, UpAxis},
};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use skeletonllm_network::task::yield_now;

use crate::{
    figured::Figured,
    files::{FileSource, Unread},
};

/// The metadata's only entry.
const HEADER: &str = "header";

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
pub fn encode_unread(unread: &Unread) -> Vec<u8> {
    let Unread { file, options, instead_of: _, origin: _ } = unread;
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
    };
    let companions = companions.iter().map(|companion| &companion.bytes[..]);
    let parts = [&file.bytes[..]].into_iter().chain(sidecar.as_deref()).chain(companions);
    encode(&header, parts.map(|bytes| (Dtype::U8, bytes)))
}

/// The opposite of [`encode_unread`].
///
/// # Errors
/// When these are not its bytes.
pub fn decode_unread(bytes: &[u8]) -> Result<Unread, String> {
    let (header, mut parts) = decode::<FileHeader>(bytes)?;
    let mut next = || parts.next().map(<[u8]>::to_vec).ok_or_else(|| "a part is missing".to_owned());
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
    Ok(Unread::new(file, options))
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
pub fn encode_motion(read: &Figured) -> Vec<u8> {
    let Figured { motion, figure, description } = read;
    let header = FiguredHeader {
        motion: head_of(motion),
        figure: head_of(&figure.motion),
        maps: figure.maps.clone(),
        description: description.clone(),
    };
    encode(&header, parts_of(motion).chain(parts_of(&figure.motion)))
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

fn parts_of(motion: &Motion) -> impl Iterator<Item = (Dtype, &[u8])> {
    let floats = [Some(&motion.positions), motion.orientations.as_ref()].into_iter().flatten();
    let floats = floats.map(|values| (Dtype::F32, bytemuck::cast_slice(values)));
    [(Dtype::U8, bytemuck::cast_slice(&motion.present))].into_iter().chain(floats)
}

/// The opposite of [`encode_motion`]; gives way between its parts, so that a page stays awake.
///
/// # Errors
/// When these are not its bytes.
pub async fn decode_motion(bytes: &[u8]) -> Result<Figured, String> {
    let (header, mut parts) = decode::<FiguredHeader>(bytes)?;
    let motion = motion_of(header.motion, &mut parts).await?;
    let figure = Mapped { motion: motion_of(header.figure, &mut parts).await?, maps: header.maps };
    Ok(Figured { motion: Arc::new(motion), figure: Arc::new(figure), description: header.description })
}

async fn motion_of<'a>(header: MotionHeader, parts: &mut impl Iterator<Item = &'a [u8]>) -> Result<Motion, String> {
    let mut next = || parts.next().ok_or_else(|| "a part is missing".to_owned());
    let present: Vec<bool> = next()?.iter().map(|&there| there != 0).collect();
    let joints = present.len() * header.skeleton.joints();
    let positions = floats(next()?, joints * 3).await?;
    let orientations = if header.has_orientations { Some(floats(next()?, joints * 4).await?) } else { None };
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

/// So many numbers. Both copies of the program run on one machine, so that their bytes are as this one has them.
async fn floats(bytes: &[u8], count: usize) -> Result<Vec<f32>, String> {
    yield_now().await;
    let values: Vec<f32> = bytemuck::pod_collect_to_vec(bytes);
    if bytes.len() == count * 4 { Ok(values) } else { Err("a part has another length".to_owned()) }
}

/// Names of tensors in the order of their parts, whatever order they are stored in.
fn name_of(part: usize) -> String {
    format!("{part:04}")
}

fn encode<'a>(header: &impl Serialize, parts: impl Iterator<Item = (Dtype, &'a [u8])>) -> Vec<u8> {
    let view = |(n, (dtype, bytes)): (usize, (Dtype, &'a [u8]))| {
        let length = bytes.len() / if dtype == Dtype::F32 { 4 } else { 1 };
        (name_of(n), TensorView::new(dtype, vec![length], bytes).expect("as many bytes as numbers need"))
    };
    let header = serde_json::to_string(header).expect("plain data");
    let metadata = HashMap::from([(HEADER.to_owned(), header)]);
    safetensors::serialize(parts.enumerate().map(view), Some(metadata)).expect("names are told apart")
}

fn decode<H: DeserializeOwned>(bytes: &[u8]) -> Result<(H, impl Iterator<Item = &[u8]>), String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let header = metadata.metadata().as_ref().and_then(|entries| entries.get(HEADER)).ok_or("there is no header")?;
    let header = serde_json::from_str(header).map_err(|error| error.to_string())?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    Ok((header, (0..).map_while(move |n| tensors.tensor(&name_of(n)).ok().map(|tensor| tensor.data()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::sample;

    #[test]
    fn a_motion_arrives_as_it_left() {
        for name in ["walk.bvh", "wave_left_hand.skeleton"] {
            let left = Unread::new(sample(name), ReadOptions::default()).read().expect("a sample");
            let arrived = pollster::block_on(decode_motion(&encode_motion(&left))).expect("it was just written");
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
        let left = Unread::new(sample("walk.bvh"), options);
        let arrived = decode_unread(&encode_unread(&left)).expect("it was just written");
        assert_eq!(format!("{left:?}"), format!("{arrived:?}"));
    }

    #[test]
    fn other_bytes_are_refused() {
        let motion = Unread::new(sample("walk.bvh"), ReadOptions::default());
        let file = encode_unread(&motion);
        assert!(pollster::block_on(decode_motion(&file)).is_err() && decode_unread(&file[..file.len() / 2]).is_err());
        assert!(decode_unread(b"HIERARCHY").is_err());
    }
}
