//! Golden cases: inputs, what an independent implementation computed from them in f64, and how far we are from it.
//!
//! A case is one safetensors file. Inputs are `in.poses [T,P,J,3]`, `in.vels`, optionally `in.orientations [T,P,J,4]`
//! and `in.camera_from_world [3,4]` (or `[4,4]`), and `weights.*` with the names of the released files. What is
//! expected stands in `out.frames [T,H,W,3]` and, given the upstream gradient `in.grad_frames`, in `grad.*`. Metadata:
//! `width`, `height`, `fov_deg`. A leading batch axis is accepted on all but the weights.

use std::{collections::HashMap, fmt, sync::Arc};

use safetensors::SafeTensors;

use crate::{
    camera::Camera,
    draction::DrAction,
    engine::{Gradients, Scene},
    passes::Dims,
    store::tensor_f32,
};

/// Largest error of a pixel.
pub const FRAMES_MAX_ABS: f64 = 2e-5;
/// Largest relative L2 error of a gradient.
pub const GRADIENT_RELATIVE_L2: f64 = 5e-4;
/// What counts as zero where the expected gradient is exactly zero.
const ZERO: f64 = 1e-7;

/// A case, ready to be rendered.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is drawn, and with what.
    pub scene: Scene,
    /// `[B, T, H, W, 3]` expected.
    pub frames: Vec<f32>,
    /// `[B, T, H, W, 3]` upstream gradient; without it only frames are compared.
    pub grad_frames: Option<Vec<f32>>,
    /// Expected gradients by name without `grad.`, sorted.
    pub gradients: Vec<(String, Vec<f32>)>,
}

/// Why a file is no case.
#[derive(Debug, thiserror::Error)]
#[error("not a conformance case: {0}")]
pub struct CaseError(String);

impl Case {
    /// Reads a case from the bytes of its file.
    ///
    /// # Errors
    /// [`CaseError`] naming the tensor or metadata field at fault.
    pub fn load(bytes: &[u8]) -> Result<Case, CaseError> {
        let bad = |e: &dyn fmt::Display| CaseError(e.to_string());
        let file = SafeTensors::deserialize(bytes).map_err(|e| bad(&e))?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| bad(&e))?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let draction = DrAction::from_tensors(&file, "weights.", &mut Vec::new()).map_err(|e| bad(&e))?;
        let (joints, gaussians) = (draction.template.joints, draction.template.gaussians);

        let (shape, positions) = tensor(&file, "in.poses")?;
        let (clips, frames, bodies) = match shape[..] {
            [t, p, j, 3] if j == joints => (1, t, p),
            [b, t, p, j, 3] if j == joints => (b, t, p),
            _ => return Err(CaseError(format!("in.poses has shape {shape:?}; [T, P, {joints}, 3] is needed"))),
        };
        let (image, expected) = tensor(&file, "out.frames")?;
        let [height, width] = match image[..] {
            [.., h, w, 3] if image.len() == shape.len() => [h, w],
            _ => return Err(CaseError(format!("out.frames has shape {image:?}; [T, H, W, 3] is needed"))),
        };
        for (field, expected) in [("width", width), ("height", height)] {
            let said = number(&metadata, field)?.unwrap_or(expected as f64);
            if said != expected as f64 {
                return Err(CaseError(format!("metadata says {field} {said}, out.frames says {expected}")));
            }
        }
        let mut camera = Camera::reference(number(&metadata, "fov_deg")?.unwrap_or(60.0));
        if file.tensor("in.camera_from_world").is_ok() {
            let (shape, matrix) = tensor(&file, "in.camera_from_world")?;
            if !matches!(shape[..], [3 | 4, 4]) {
                return Err(CaseError(format!("in.camera_from_world has shape {shape:?}; [3, 4] is needed")));
            }
            camera.camera_from_world.copy_from_slice(&matrix[..12]);
        }
        let scene = Scene {
            dims: Dims {
                clips,
                frames,
                bodies,
                joints,
                gaussians,
                width,
                height,
                nfm: draction.nfm(),
                oriented: file.tensor("in.orientations").is_ok(),
            },
            template: Arc::new(draction.template),
            parameters: draction.parameters,
            cameras: vec![camera; clips],
            velocities: sized(&file, "in.vels", positions.len())?,
            orientations: optional(&file, "in.orientations", positions.len() / 3 * 4)?,
            positions,
        };
        let case = Case {
            scene,
            grad_frames: optional(&file, "in.grad_frames", expected.len())?,
            gradients: gradients(&file)?,
            frames: expected,
        };
        if case.frames.len() != case.scene.dims.frame_count() * width * height * 3 {
            return Err(CaseError(format!("out.frames has shape {image:?}, in.poses has {shape:?}")));
        }
        if !case.gradients.is_empty() && case.grad_frames.is_none() {
            return Err(CaseError("there are grad.* tensors, but in.grad_frames is missing".into()));
        }
        Ok(case)
    }

    /// Renders the case and compares. `forward(scene)` gives frames; `backward(scene, frames, grad_frames)` gives
    /// gradients and is called only when the case expects any.
    ///
    /// # Errors
    /// Whatever the engine's closures return.
    pub fn run<E>(
        &self,
        forward: impl FnOnce(&Scene) -> Result<Vec<f32>, E>,
        backward: impl FnOnce(&Scene, &[f32], &[f32]) -> Result<Gradients, E>,
    ) -> Result<Report, E> {
        let frames = forward(&self.scene)?;
        let gradients = match &self.grad_frames {
            Some(upstream) if !self.gradients.is_empty() => Some(backward(&self.scene, &frames, upstream)?),
            _ => None,
        };
        Ok(self.compare(&frames, gradients.as_ref()))
    }

    /// Compares what an engine computed with what is expected.
    pub fn compare(&self, frames: &[f32], gradients: Option<&Gradients>) -> Report {
        let mut rows = vec![Row::compare("frames", Some(frames), &self.frames, |r| r.max_abs <= FRAMES_MAX_ABS)];
        let mut got: HashMap<&str, &[f32]> = HashMap::new();
        if let Some(g) = gradients {
            got.extend(g.parameters.named().into_iter().map(|(name, _, values)| (name, values)));
            got.insert("poses", &g.positions);
            got.insert("vels", &g.velocities);
        }
        for (name, expected) in &self.gradients {
            let close = |r: &Row| r.relative_l2 <= GRADIENT_RELATIVE_L2;
            rows.push(Row::compare(name, got.get(name.as_str()).copied(), expected, close));
        }
        Report { rows }
    }
}

fn tensor(file: &SafeTensors<'_>, name: &str) -> Result<(Vec<usize>, Vec<f32>), CaseError> {
    let (shape, values) = tensor_f32(file, name).map_err(CaseError)?;
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(CaseError(format!("{name} holds {} at index {at}", values[at]))),
        None => Ok((shape, values)),
    }
}

fn sized(file: &SafeTensors<'_>, name: &str, len: usize) -> Result<Vec<f32>, CaseError> {
    match tensor(file, name)? {
        (_, values) if values.len() == len => Ok(values),
        (shape, _) => Err(CaseError(format!("{name} has shape {shape:?}; {len} numbers are needed"))),
    }
}

fn optional(file: &SafeTensors<'_>, name: &str, len: usize) -> Result<Option<Vec<f32>>, CaseError> {
    file.tensor(name).is_ok().then(|| sized(file, name, len)).transpose()
}

fn gradients(file: &SafeTensors<'_>) -> Result<Vec<(String, Vec<f32>)>, CaseError> {
    let mut names: Vec<&str> = file.names().into_iter().filter(|n| n.starts_with("grad.")).collect();
    names.sort_unstable();
    names.into_iter().map(|n| Ok((n["grad.".len()..].to_owned(), tensor(file, n)?.1))).collect()
}

fn number(metadata: &HashMap<String, String>, field: &str) -> Result<Option<f64>, CaseError> {
    let Some(text) = metadata.get(field) else { return Ok(None) };
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(Some(value)),
        _ => Err(CaseError(format!("metadata field {field} is {text:?}, not a positive number"))),
    }
}

/// One compared tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Largest absolute difference; infinite when it cannot be told.
    pub max_abs: f64,
    /// L2 norm of the difference over that of the expected tensor.
    pub relative_l2: f64,
    /// Whether it is close enough.
    pub passed: bool,
    /// Why it failed, where the figures do not say.
    pub note: &'static str,
}

impl Row {
    fn compare(name: &str, got: Option<&[f32]>, expected: &[f32], close: impl Fn(&Row) -> bool) -> Row {
        let mut row =
            Row { name: name.to_owned(), max_abs: f64::INFINITY, relative_l2: f64::INFINITY, passed: false, note: "" };
        let Some(got) = got else { return Row { note: "missing", ..row } };
        if got.len() != expected.len() {
            return Row { note: "wrong length", ..row };
        }
        if got.iter().any(|v| !v.is_finite()) {
            return Row { note: "not finite", ..row };
        }
        let pairs = || got.iter().zip(expected).map(|(&g, &e)| (f64::from(g), f64::from(e)));
        row.max_abs = pairs().map(|(g, e)| (g - e).abs()).fold(0.0, f64::max);
        let difference = pairs().map(|(g, e)| (g - e).powi(2)).sum::<f64>().sqrt();
        let size = pairs().map(|(_, e)| e * e).sum::<f64>().sqrt();
        if size == 0.0 {
            // relative to nothing: the tensor must be nothing too
            row.relative_l2 = if row.max_abs <= ZERO { 0.0 } else { f64::INFINITY };
        } else {
            row.relative_l2 = difference / size;
            if got.iter().all(|&v| v == 0.0) {
                return Row { note: "all zero", ..row };
            }
        }
        row.passed = close(&row);
        row
    }
}

/// All compared tensors of a case.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Frames first, then gradients by name.
    pub rows: Vec<Row>,
}

impl Report {
    /// Whether every tensor is close enough.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(|row| row.passed)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|r| r.name.len()).fold(6, usize::max);
        writeln!(f, "  {:width$}  {:>10}  {:>11}", "tensor", "max abs", "relative L2")?;
        for row in &self.rows {
            let verdict = if row.passed { "ok" } else { "FAILED" };
            write!(f, "  {:width$}  {:>10.3e}  {:>11.3e}  {verdict}", row.name, row.max_abs, row.relative_l2)?;
            writeln!(f, "{}{}", if row.note.is_empty() { "" } else { ": " }, row.note)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use skeletonllm_checks::cases;

    use super::*;
    use crate::{draction::Parameters, store::to_safetensors};

    fn golden() -> Vec<(String, Vec<u8>)> {
        let named =
            |p: std::path::PathBuf| (p.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(p).unwrap());
        cases().into_iter().map(named).collect()
    }

    fn perfect(case: &Case) -> Gradients {
        let get = |name: &str| case.gradients.iter().find(|(n, _)| n == name).unwrap().1.clone();
        let join = |names: [&str; 4]| names.map(get).concat();
        let head = ["appearance_head.0.weight", "appearance_head.0.bias", "appearance_head.2.weight"];
        Gradients {
            parameters: Parameters {
                features: get("canonical_features"),
                head: join([head[0], head[1], head[2], "appearance_head.2.bias"]),
                nfm: case.scene.dims.nfm.then(|| join(["nfm.0.weight", "nfm.0.bias", "nfm.2.weight", "nfm.2.bias"])),
                depth_mix_logit: get("depth_mix_logit")[0],
            },
            positions: get("poses"),
            velocities: get("vels"),
        }
    }

    #[test]
    fn golden_cases_load_and_agree_with_themselves() {
        for (name, bytes) in golden() {
            let case = Case::load(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
            case.scene.check().unwrap();
            assert_eq!(case.scene.dims.nfm, name != "one_body_no_nfm_wide");
            assert_eq!(case.gradients.len(), if case.scene.dims.nfm { 12 } else { 8 });
            let report = case.compare(&case.frames, Some(&perfect(&case)));
            assert!(report.passed(), "{name}\n{report}");
            assert!(!case.compare(&case.frames, None).passed());
        }
    }

    fn small() -> Case {
        let draction = DrAction::init(crate::draction::spec_template(), 0);
        let names: Vec<(String, Vec<usize>, Vec<f32>)> =
            draction.named().into_iter().map(|(n, s, v)| (format!("weights.{n}"), s, v.to_vec())).collect();
        let mut tensors: Vec<(&str, Vec<usize>, &[f32])> =
            names.iter().map(|(n, s, v)| (n.as_str(), s.clone(), &v[..])).collect();
        let (zeros, ones) = ([0.0; 72], [1.0; 72]);
        tensors.push(("in.poses", vec![2, 1, 5, 3], &ones[..30]));
        tensors.push(("in.vels", vec![2, 1, 5, 3], &zeros[..30]));
        tensors.push(("in.orientations", vec![2, 1, 5, 4], &ones[..40]));
        tensors.push(("out.frames", vec![2, 3, 4, 3], &ones));
        tensors.push(("in.grad_frames", vec![2, 3, 4, 3], &ones));
        tensors.push(("grad.vels", vec![2, 1, 5, 3], &ones[..30]));
        tensors.push(("grad.poses", vec![2, 1, 5, 3], &zeros[..30]));
        Case::load(&to_safetensors(&BTreeMap::new(), &tensors)).unwrap()
    }

    #[test]
    fn verdicts() {
        let case = small();
        assert_eq!((case.scene.dims.frames, case.scene.dims.width, case.scene.dims.height), (2, 4, 3));
        assert!(case.scene.dims.oriented && case.scene.orientations.is_some());
        let parameters = case.scene.parameters.zeros_like();
        let good = Gradients { parameters, positions: vec![0.0; 30], velocities: vec![1.0; 30] };
        assert!(case.compare(&case.frames, Some(&good)).passed());
        let with = |change: fn(&mut Vec<f32>, &mut Gradients)| {
            let (mut frames, mut gradients) = (case.frames.clone(), good.clone());
            change(&mut frames, &mut gradients);
            case.compare(&frames, Some(&gradients))
        };
        assert!(with(|f, _| f[0] += 1.9e-5).passed());
        assert!(!with(|f, _| f[0] += 2.1e-5).passed());
        assert!(!with(|f, _| f[7] = f32::NAN).passed());
        assert!(!with(|f, _| f.truncate(71)).passed());
        assert!(with(|_, g| g.velocities.fill(1.0004)).passed());
        assert!(!with(|_, g| g.velocities.fill(1.0006)).passed());
        assert!(!with(|_, g| g.velocities[3] = f32::INFINITY).passed());
        assert!(!with(|_, g| g.positions[0] = 1e-3).passed());
        let zero = with(|_, g| g.velocities.fill(0.0));
        assert!(!zero.passed() && zero.to_string().contains("FAILED: all zero"), "{zero}");
        let missing = case.compare(&case.frames, None);
        assert!(missing.to_string().contains("FAILED: missing"), "{missing}");
    }

    #[test]
    fn nonsense_is_named() {
        let error = Case::load(b"nonsense").unwrap_err().to_string();
        assert!(error.contains("not a conformance case"), "{error}");
        let bytes = DrAction::init(crate::draction::spec_template(), 0).to_bytes();
        let error = Case::load(&bytes).unwrap_err().to_string();
        assert!(error.contains("weights.canonical_features"), "{error}");
    }
}
