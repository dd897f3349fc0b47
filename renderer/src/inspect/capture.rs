//! A rendering in one file: inputs, weights, and every buffer that came of them. `conformance replay` runs it again.
//!
//! The file is a safetensors file of F32 tensors. `in.positions` `[B,T,P,J,3]`, `in.velocities`, optionally
//! `in.orientations` `[B,T,P,J,4]`, and `in.cameras` `[B,14]` (`camera_from_world` `[3,4]`, tangents of the half fields
//! of view across and down) are what was drawn; `weights.*` what drew it, under the names of the released files; and
//! `buffers.*` what every pass left behind, named as [`Buffer`] and in its layout, with `buffers.GradFrames` where a
//! loss was given. The metadata repeats the sizes for people; they are checked against the tensors and never trusted.

use std::{collections::BTreeMap, fmt, sync::Arc};

use safetensors::SafeTensors;

use crate::{
    camera::Camera,
    draction::DrAction,
    engine::{EngineError, Scene, gpu::GpuEngine, gpu::GpuError},
    gpu::worst,
    passes::{self, Buffer, Dims, Pass},
    store::{tensor_f32, to_safetensors},
};

use super::{Buffers, layout, tolerance::tolerance};

/// What the metadata's `format` says.
const FORMAT: &str = "draction capture 1";
/// What the order of depth may be off: two Gaussians at one depth change places with the last digit.
const SWAPPED: f64 = 1e-2;

/// A rendering that can be replayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// What was drawn, and with what.
    pub scene: Scene,
    /// What came of it, inputs of the passes left out.
    pub buffers: Buffers,
    /// What computed it, for people.
    pub device: String,
}

/// Why a file is no capture.
#[derive(Debug, thiserror::Error)]
#[error("not a capture: {0}")]
pub struct CaptureError(String);

impl Capture {
    /// Keeps of `buffers` what passes wrote, and the gradient of the loss.
    pub fn new(scene: Scene, buffers: &Buffers, device: &str) -> Capture {
        let inputs: Vec<Buffer> = scene.memory().iter().map(|(buffer, _)| buffer).collect();
        let mut kept = Buffers::default();
        for (buffer, numbers) in buffers.iter().filter(|(buffer, _)| !inputs.contains(buffer)) {
            kept.insert(buffer, numbers.to_vec());
        }
        Capture { scene, buffers: kept, device: device.to_owned() }
    }

    /// The file's bytes; equal captures give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Scene { dims: d, cameras, positions, velocities, orientations, .. } = &self.scene;
        let draction = self.scene.draction();
        let cameras: Vec<f32> = (cameras.iter())
            .flat_map(|c| c.camera_from_world.into_iter().chain([c.tan_half_x, c.tan_half_y]))
            .collect();
        let joints = |width| vec![d.clips, d.frames, d.bodies, d.joints, width];
        let weights: Vec<(String, Vec<usize>, &[f32])> =
            draction.named().into_iter().map(|(name, shape, v)| (format!("weights.{name}"), shape, v)).collect();
        let buffers: Vec<(String, Vec<usize>, &[f32])> = (self.buffers.iter())
            .map(|(buffer, numbers)| (format!("buffers.{buffer:?}"), shape(buffer, d, numbers.len()), numbers))
            .collect();
        let mut tensors = vec![
            ("in.positions", joints(3), &positions[..]),
            ("in.velocities", joints(3), &velocities[..]),
            ("in.cameras", vec![d.clips, 14], &cameras[..]),
        ];
        if let Some(orientations) = orientations {
            tensors.push(("in.orientations", joints(4), orientations));
        }
        tensors.extend(weights.iter().chain(&buffers).map(|(name, shape, v)| (name.as_str(), shape.clone(), *v)));
        let fields = [
            ("format", FORMAT.to_owned()),
            ("device", self.device.clone()),
            ("width", d.width.to_string()),
            ("height", d.height.to_string()),
            ("gaussians", d.gaussians.to_string()),
        ];
        let metadata: BTreeMap<String, String> = fields.map(|(key, value)| (key.to_owned(), value)).into();
        to_safetensors(&metadata, &tensors)
    }

    /// Reads a capture from the bytes of its file. Every size comes from a tensor's shape, so that no number in a
    /// damaged file asks for more memory than the file itself has.
    ///
    /// # Errors
    /// [`CaptureError`] naming the tensor or field at fault.
    pub fn load(bytes: &[u8]) -> Result<Capture, CaptureError> {
        let bad = |e: &dyn fmt::Display| CaptureError(e.to_string());
        let file = SafeTensors::deserialize(bytes).map_err(|e| bad(&e))?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| bad(&e))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        match metadata.get("format").map(String::as_str) {
            Some(FORMAT) => {}
            Some(other) => return Err(CaptureError(format!("its format is {other:?}, not {FORMAT:?}"))),
            None => return Err(CaptureError("its metadata names no format".into())),
        }
        let draction = DrAction::from_tensors(&file, "weights.", &mut Vec::new()).map_err(|e| bad(&e))?;
        let scene = scene(&file, draction)?;
        let d = &scene.dims;
        for (field, expected) in [("width", d.width), ("height", d.height), ("gaussians", d.gaussians)] {
            if let Some(said) = metadata.get(field).filter(|said| **said != expected.to_string()) {
                return Err(CaptureError(format!("metadata says {field} {said}, the tensors say {expected}")));
            }
        }
        scene.check().map_err(|e| bad(&e))?;
        let mut buffers = Buffers::default();
        for &buffer in Buffer::ALL {
            let name = format!("buffers.{buffer:?}");
            if file.tensor(&name).is_err() {
                continue;
            }
            let layout = layout(buffer, d).ok_or_else(|| CaptureError(format!("{name} is scratch memory")))?;
            let (shape, numbers) = tensor_f32(&file, &name).map_err(CaptureError)?;
            let expected = [layout.shape(), vec![layout.columns.len()]].concat();
            if shape != expected {
                return Err(CaptureError(format!("{name} has shape {shape:?}; {expected:?} is needed")));
            }
            buffers.insert(buffer, numbers);
        }
        let device = metadata.get("device").cloned().unwrap_or_default();
        Ok(Capture { scene, buffers, device })
    }

    /// Runs it again on the CPU twins and, where there is one, on a GPU, and compares both with the file.
    ///
    /// # Errors
    /// The engine's.
    pub fn replay(&self, engine: Option<&GpuEngine>) -> Result<Replay, ReplayError> {
        let loss = self.buffers.has(Buffer::GradFrames).then(|| self.buffers.get(Buffer::GradFrames));
        let (twin, _) = Buffers::of_twin(&self.scene, loss)?;
        let gpu = engine.map(|engine| Buffers::of_gpu(engine, &self.scene, loss)).transpose()?.map(|run| run.0);
        let dims = &self.scene.dims;
        let mut order = passes::forward(dims);
        order.extend(passes::backward(dims));
        let mut rows: Vec<ReplayRow> = Vec::new();
        for pass in order {
            for &buffer in pass.about().writes {
                if !self.buffers.has(buffer) || rows.iter().any(|row| row.buffer == buffer) {
                    continue;
                }
                let file = self.buffers.get(buffer);
                rows.push(ReplayRow {
                    pass,
                    buffer,
                    twin: Gap::new(buffer, dims, twin.get(buffer), file),
                    gpu: gpu.as_ref().map(|gpu| Gap::new(buffer, dims, gpu.get(buffer), file)),
                });
            }
        }
        Ok(Replay { rows })
    }
}

/// Why a capture could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The CPU's reason.
    #[error(transparent)]
    Twin(#[from] EngineError),
    /// The GPU's reason.
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

/// How far two runs of one buffer are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Largest absolute difference; infinite where a number is not finite.
    pub max_abs: f64,
    /// L2 norm of the difference over that of the file's numbers, of the column where it is largest.
    pub relative_l2: f64,
    /// Whether that is rounding.
    pub same: bool,
}

impl Gap {
    fn new(buffer: Buffer, dims: &Dims, got: &[f32], expected: &[f32]) -> Gap {
        let worst = layout(buffer, dims).and_then(|layout| worst(&layout, got, expected));
        let relative_l2 = worst.map_or(f64::INFINITY, |worst| worst.relative);
        let differences = got.iter().zip(expected).map(|(&g, &e)| (f64::from(g) - f64::from(e)).abs());
        // f64::max drops NaN, which must show
        let max_abs = differences.map(|d| if d.is_nan() { f64::INFINITY } else { d }).fold(0.0, f64::max);
        let limit = tolerance(buffer).max(if buffer == Buffer::Order { SWAPPED } else { 0.0 });
        Gap { max_abs, relative_l2, same: relative_l2 <= limit }
    }
}

/// One buffer of a replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayRow {
    /// The pass that wrote it.
    pub pass: Pass,
    /// Which.
    pub buffer: Buffer,
    /// The CPU twin against the file.
    pub twin: Gap,
    /// The GPU against the file.
    pub gpu: Option<Gap>,
}

impl ReplayRow {
    /// Whether every engine that ran gave the file's numbers.
    pub fn passed(&self) -> bool {
        self.twin.same && self.gpu.is_none_or(|gap| gap.same)
    }
}

/// What a replay gave. `Display` prints the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// The buffers in the order in which passes write them.
    pub rows: Vec<ReplayRow>,
}

impl Replay {
    /// Whether every buffer came out as in the file.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(ReplayRow::passed)
    }

    /// The first pass whose buffer did not.
    pub fn first_different(&self) -> Option<Pass> {
        self.rows.iter().find(|row| !row.passed()).map(|row| row.pass)
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = ("CPU against the file", "GPU against the file");
        writeln!(f, "  {:<20}  {:<14}  {a:>24}  {b:>24}", "pass", "buffer")?;
        writeln!(f, "  {0:<20}  {0:<14}  {1:>12}{2:>12}  {1:>12}{2:>12}", "", "max abs", "rel L2")?;
        for row in &self.rows {
            let gap = |gap: Option<Gap>| match gap {
                Some(gap) => format!("{:>12.3e}{:>12.3e}", gap.max_abs, gap.relative_l2),
                None => format!("{:>24}", "–"),
            };
            let verdict = if row.passed() { "ok" } else { "DIFFERENT" };
            let (pass, buffer) = (row.pass.name(), format!("{:?}", row.buffer));
            writeln!(f, "  {pass:<20}  {buffer:<14}  {}  {}  {verdict}", gap(Some(row.twin)), gap(row.gpu))?;
        }
        match self.first_different() {
            Some(pass) => write!(f, "  the first pass that differs from the file is {}", pass.name()),
            None => write!(f, "  every buffer is as in the file"),
        }
    }
}

/// Along all axes, then the columns; a flat list for what has no layout.
fn shape(buffer: Buffer, dims: &Dims, len: usize) -> Vec<usize> {
    layout(buffer, dims).map_or_else(|| vec![len], |layout| [layout.shape(), vec![layout.columns.len()]].concat())
}

/// The inputs, with sizes from the shapes of `in.positions` and of the frames.
fn scene(file: &SafeTensors<'_>, draction: DrAction) -> Result<Scene, CaptureError> {
    let tensor = |name: &str| -> Result<(Vec<usize>, Vec<f32>), CaptureError> {
        let (shape, values) = tensor_f32(file, name).map_err(CaptureError)?;
        match values.iter().position(|v| !v.is_finite()) {
            Some(at) => Err(CaptureError(format!("{name} holds {} at index {at}", values[at]))),
            None => Ok((shape, values)),
        }
    };
    let sized = |name: &str, expected: &[usize]| match tensor(name)? {
        (shape, values) if shape == expected => Ok(values),
        (shape, _) => Err(CaptureError(format!("{name} has shape {shape:?}; {expected:?} is needed"))),
    };
    let (joints, gaussians) = (draction.template.joints, draction.template.gaussians);
    let (shape, positions) = tensor("in.positions")?;
    let [clips, frames, bodies] = match shape[..] {
        // not empty, so that no product of sizes exceeds the file
        [b, t, p, j, 3] if j == joints && !positions.is_empty() => [b, t, p],
        _ => return Err(CaptureError(format!("in.positions has shape {shape:?}; [B, T, P, {joints}, 3] is needed"))),
    };
    let [width, height] = picture_size(file, &shape, gaussians)?;
    let cameras = sized("in.cameras", &[clips, 14])?.chunks_exact(14).map(camera).collect::<Result<Vec<_>, _>>()?;
    let oriented = file.tensor("in.orientations").is_ok();
    let nfm = draction.nfm();
    Ok(Scene {
        dims: Dims { clips, frames, bodies, joints, gaussians, width, height, nfm, oriented },
        velocities: sized("in.velocities", &shape)?,
        orientations: oriented.then(|| sized("in.orientations", &[clips, frames, bodies, joints, 4])).transpose()?,
        template: Arc::new(draction.template),
        parameters: draction.parameters,
        cameras,
        positions,
    })
}

fn camera(row: &[f32]) -> Result<Camera, CaptureError> {
    let mut camera = Camera { camera_from_world: [0.0; 12], tan_half_x: row[12], tan_half_y: row[13] };
    camera.camera_from_world.copy_from_slice(&row[..12]);
    if camera.is_valid() { Ok(camera) } else { Err(CaptureError(format!("in.cameras holds no camera: {row:?}"))) }
}

/// Width and height, from the shape of the frames; `shape [B, T, P, J, 3]` is that of the positions. The largest
/// buffers must be there, so that nothing is allocated that is larger than the file.
fn picture_size(file: &SafeTensors<'_>, shape: &[usize], gaussians: usize) -> Result<[usize; 2], CaptureError> {
    let of = |name: &str| match file.tensor(name) {
        Ok(view) => Ok(view.shape().to_vec()),
        Err(_) => Err(CaptureError(format!("tensor {name} is missing"))),
    };
    let (frames, bodies) = (shape[0] * shape[1], shape[2]);
    let skinned = of("buffers.Skinned")?;
    if skinned != [frames, bodies, gaussians, 16] {
        let expected = [frames, bodies, gaussians, 16];
        return Err(CaptureError(format!("buffers.Skinned has shape {skinned:?}; {expected:?} is needed")));
    }
    match of("buffers.Frames")?[..] {
        [f, height, width, 3] if f == frames && height > 0 && width > 0 => Ok([width, height]),
        ref other => Err(CaptureError(format!("buffers.Frames has shape {other:?}; [{frames}, H, W, 3] is needed"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{inspect::tests::Example, testing::gpu};

    fn capture(backward: bool) -> Capture {
        let example = Example::new(2, 6, 70);
        Capture::new(example.scene.clone(), &example.twin(backward), "CPU")
    }

    #[test]
    fn a_capture_comes_back_as_it_was_and_replays() {
        for capture in [capture(true), capture(false)] {
            let bytes = capture.to_bytes();
            let again = Capture::load(&bytes).unwrap();
            assert_eq!(again, capture);
            assert_eq!(again.to_bytes(), bytes);
            let replay = again.replay(gpu()).unwrap();
            assert!(replay.passed(), "{replay}");
            assert_eq!(replay.rows.len(), if capture.buffers.has(Buffer::GradWeights) { 16 } else { 7 }, "{replay}");
            assert!(replay.rows.iter().all(|row| row.twin.max_abs == 0.0), "the same machine, the same bits");
        }
        let example = Example::new(1, 6, 70).oriented();
        let turned = Capture::new(example.scene.clone(), &example.twin(false), "CPU");
        assert_eq!(Capture::load(&turned.to_bytes()).unwrap(), turned);
    }

    #[test]
    fn what_a_wrong_shader_left_behind_is_named() {
        let mut capture = capture(true);
        for buffer in [Buffer::Projected, Buffer::Frames] {
            let mut numbers = capture.buffers.get(buffer).to_vec();
            // one column in twelve of small numbers beside large ones
            let step = if buffer == Buffer::Projected { 12 } else { 1 };
            numbers.iter_mut().skip(5).step_by(step).for_each(|x| *x *= 1.1);
            capture.buffers.insert(buffer, numbers);
        }
        let replay = capture.replay(None).unwrap();
        assert!(!replay.passed());
        assert_eq!(replay.first_different(), Some(Pass::Project));
        assert!(replay.to_string().contains("differs from the file is project"), "{replay}");
    }

    /// The tensors of a small capture, some of them changed.
    fn with(change: impl FnOnce(&mut Vec<(String, Vec<usize>, Vec<f32>)>, &mut BTreeMap<String, String>)) -> Vec<u8> {
        let bytes = capture(false).to_bytes();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let mut metadata = header.metadata().clone().unwrap().into_iter().collect();
        let mut tensors: Vec<_> = (file.names().into_iter())
            .map(|name| {
                let (shape, values) = tensor_f32(&file, name).unwrap();
                (name.to_owned(), shape, values)
            })
            .collect();
        change(&mut tensors, &mut metadata);
        let list: Vec<_> = tensors.iter().map(|(n, s, v)| (n.as_str(), s.clone(), &v[..])).collect();
        to_safetensors(&metadata, &list)
    }

    fn shaped(name: &'static str, shape: &'static [usize]) -> Vec<u8> {
        with(move |tensors, _| {
            let tensor = tensors.iter_mut().find(|t| t.0 == name).unwrap();
            (tensor.1, tensor.2) = (shape.to_vec(), vec![0.5; shape.iter().product()]);
        })
    }

    #[test]
    fn bad_files_say_what_is_wrong_with_them() {
        let error = |bytes: &[u8]| Capture::load(bytes).unwrap_err().to_string();
        let good = capture(false).to_bytes();
        for cut in [0, 7, 8, 100, good.len() / 2, good.len() - 1] {
            assert!(error(&good[..cut]).starts_with("not a capture: "), "{cut}");
        }
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (with(|_, metadata| _ = metadata.remove("format")), "names no format"),
            (with(|_, metadata| _ = metadata.insert("format".into(), "picture".into())), "its format is \"picture\""),
            (with(|_, metadata| _ = metadata.insert("width".into(), "70000".into())), "metadata says width 70000"),
            (with(|tensors, _| tensors.retain(|t| t.0 != "in.velocities")), "in.velocities is missing"),
            (with(|tensors, _| tensors.retain(|t| t.0 != "buffers.Frames")), "buffers.Frames is missing"),
            (with(|tensors, _| tensors.retain(|t| t.0 != "buffers.Skinned")), "buffers.Skinned is missing"),
            (with(|tensors, _| tensors.retain(|t| t.0 != "weights.canonical_means")), "canonical_means is missing"),
            (shaped("in.positions", &[1, 2, 2, 5, 3]), "in.positions has shape [1, 2, 2, 5, 3]"),
            (shaped("in.positions", &[0, 9, 9, 6, 3]), "in.positions has shape [0, 9, 9, 6, 3]"),
            (shaped("in.cameras", &[2, 14]), "in.cameras has shape [2, 14]"),
            (shaped("buffers.Frames", &[2, 37, 50]), "buffers.Frames has shape [2, 37, 50]"),
            (shaped("buffers.Skinned", &[2, 2, 70, 12]), "buffers.Skinned has shape"),
            (shaped("buffers.Shaded", &[2, 2, 70, 3]), "buffers.Shaded has shape"),
            (
                with(|tensors, _| tensors.iter_mut().find(|t| t.0 == "in.positions").unwrap().2[3] = f32::NAN),
                "in.positions holds NaN at index 3",
            ),
            (
                with(|tensors, _| tensors.iter_mut().find(|t| t.0 == "in.cameras").unwrap().2[12] = -1.0),
                "in.cameras holds no camera",
            ),
        ];
        for (bytes, said) in cases {
            let error = error(&bytes);
            assert!(error.contains(said), "{error:?} instead of {said:?}");
        }
    }
}
