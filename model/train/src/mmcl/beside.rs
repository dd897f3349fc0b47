//! What helps while graph networks learn: features of pictures of each clip, and of texts about it (spec B.3, B.4).
//!
//! Pictures are DrAction's frames, or crops of the video where somebody has them; the eyes of a model directory look at
//! both and stay as they are, unlike the paper's Inception-V3, which learns along. Features of texts come from a file, or
//! are what a model directory answers about the clip, as the mean of its tokens' vectors.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::{Device, Tensor, TensorData};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use skeletonllm::{
    assistant::Assistant,
    drawing::DrawSettings,
    folder::{Loaded, SkeletonLlm, see},
};
use skeletonllm_data::{DataClip, label::normalized};
use skeletonllm_network::tensors::host;

/// Clips that are looked at in one go.
const BATCH: usize = 16;
/// What a model is asked about each clip.
const QUESTION: &str = "What is the person doing?";

/// Pictures of the clips, and who looks at them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pictures {
    /// A model directory, whose eyes look.
    pub model: PathBuf,
    /// A folder of crops: for each clip a folder of PNGs named as its file without the ending; without it DrAction draws.
    #[serde(default)]
    pub crops: Option<PathBuf>,
}

/// Texts about the clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// A model directory that is asked what the person does.
    #[serde(default)]
    pub model: Option<PathBuf>,
    /// A file of lines {"file_name": …, "features": […]} or {"label": …, "features": […]}.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// Numbers that features are brought to.
    #[serde(default = "usual_width")]
    pub width: usize,
}

fn usual_width() -> usize {
    32
}

/// Most numbers that features are brought to.
const MOST_WIDTH: usize = 1 << 16;

impl Texts {
    /// Checks what the types do not.
    ///
    /// # Errors
    /// One sentence naming the field.
    pub fn validate(&self) -> Result<(), String> {
        if !(1..=MOST_WIDTH).contains(&self.width) {
            return Err(format!("texts.width is {}, not within 1..={MOST_WIDTH}", self.width));
        }
        match (&self.model, &self.file) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            _ => Err("texts needs either `model` or `file`".into()),
        }
    }
}

/// Features of the pictures of each clip, every feature with mean 0 and deviation 1 over the clips.
///
/// # Errors
/// When the model cannot be read, or a clip has no pictures.
pub fn of_pictures(source: &Pictures, clips: &[&DataClip], device: &Device, quiet: bool) -> Result<Vec<Vec<f32>>> {
    let Loaded { model, .. } = Loaded::read(&source.model, device)?;
    let bar = progress("looking at pictures", clips.len(), quiet);
    let mut features = Vec::with_capacity(clips.len());
    for clips in clips.chunks(BATCH) {
        match &source.crops {
            None => features.extend(drawn(&model, clips)?),
            Some(folder) => {
                for clip in clips {
                    features.push(cropped(&model, &folder.join(clip.record.id()))?);
                }
            }
        }
        bar.inc(clips.len() as u64);
    }
    bar.finish_and_clear();
    Ok(standardised(features))
}

/// Features of texts about each clip, brought to one width.
///
/// # Errors
/// When the model or the file cannot be used, or the file says nothing about a clip.
pub fn of_texts(source: &Texts, clips: &[&DataClip], device: &Device, quiet: bool) -> Result<Vec<Vec<f32>>> {
    let features = match (&source.model, &source.file) {
        (Some(model), _) => answered(model, clips, device, quiet)?,
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            let known = Lines::parse(&text).with_context(|| file.display().to_string())?;
            let find = |clip: &&DataClip| {
                known.find(clip).with_context(|| {
                    format!("{}: nothing about {}, nor about its label", file.display(), clip.record.file_name)
                })
            };
            clips.iter().map(find).collect::<Result<_>>()?
        }
        (None, None) => bail!("texts needs either `model` or `file`"),
    };
    Ok(standardised(features.iter().map(|numbers| resized(numbers, source.width)).collect()))
}

/// What the eyes make of DrAction's frames of each clip: the mean of their tokens.
fn drawn(model: &SkeletonLlm, clips: &[&DataClip]) -> Result<Vec<Vec<f32>>> {
    let config = model.internvl.config();
    let (settings, frames) = (DrawSettings::default(), config.skeleton().frames);
    let drawn = |clip: &&DataClip| settings.clip(&clip.motion, frames).with_context(|| clip.record.file_name.clone());
    let drawn = clips.iter().map(drawn).collect::<Result<Vec<_>>>()?;
    let pictures = model.drawing.render(&drawn, config.render_size())?;
    Ok(means(model, pictures, clips.len()))
}

/// `[B, T, H, W, 3]` → B lists of features.
fn means(model: &SkeletonLlm, pictures: Tensor<5>, clips: usize) -> Vec<Vec<f32>> {
    let tokens = see(&model.internvl, pictures);
    let [frames, each, width] = tokens.dims();
    let means = host(tokens.reshape([clips, frames / clips * each, width]).mean_dim(1));
    means.chunks_exact(width).map(<[f32]>::to_vec).collect()
}

/// As [`drawn`], of the PNGs of a folder.
fn cropped(model: &SkeletonLlm, folder: &Path) -> Result<Vec<f32>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png")));
    files.sort();
    ensure!(!files.is_empty(), "{}: no PNG in it", folder.display());
    let size = model.internvl.config().render_size();
    let pictures = files.iter().map(|file| {
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        picture(&bytes, size).with_context(|| file.display().to_string())
    });
    let pictures = pictures.collect::<Result<Vec<_>>>()?.concat();
    let shape = [1, files.len(), size[0], size[1], 3];
    let pictures = Tensor::from_data(TensorData::new(pictures, shape), &model.internvl.device());
    Ok(means(model, pictures, 1).remove(0))
}

/// Most pixels of a crop.
const MOST_PIXELS: usize = 1 << 26;

/// `[H, W, 3]` in 0..=1, every pixel the nearest one's.
fn picture(bytes: &[u8], [height, width]: [usize; 2]) -> Result<Vec<f32>> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let (columns, rows) = (reader.info().width as usize, reader.info().height as usize);
    ensure!(columns * rows <= MOST_PIXELS, "{columns}×{rows} pixels are too many for a crop");
    let mut pixels = vec![0; reader.output_buffer_size().context("too large")?];
    let info = reader.next_frame(&mut pixels)?;
    let channels = info.color_type.samples();
    let mut out = Vec::with_capacity(height * width * 3);
    for y in 0..height {
        for x in 0..width {
            let at = (y * rows / height * columns + x * columns / width) * channels;
            // grey, with or without alpha, has one channel of colour
            let colour = |c: usize| pixels[at + if channels < 3 { 0 } else { c }];
            out.extend([0, 1, 2].map(|c| f32::from(colour(c)) / 255.0));
        }
    }
    Ok(out)
}

/// What a model answers about each clip, as the mean of its tokens' vectors.
fn answered(folder: &Path, clips: &[&DataClip], device: &Device, quiet: bool) -> Result<Vec<Vec<f32>>> {
    let Loaded { model, tokenizer, extra } = Loaded::read(folder, device)?;
    let table = model.internvl.language_model.model.embed_tokens.weight.clone();
    let [_, width] = table.shape();
    let assistant = Assistant::new(model, &tokenizer, extra.labels, String::new());
    let bar = progress("asking about clips", clips.len(), quiet);
    let mut features = Vec::with_capacity(clips.len());
    for clips in clips.chunks(BATCH) {
        let motions: Vec<_> = clips.iter().map(|clip| &clip.motion).collect();
        let observation = assistant.observe(&motions).with_context(|| clips[0].record.file_name.clone())?;
        for answer in assistant.label_in_words(&observation, QUESTION)? {
            let ids: Vec<i64> = tokenizer.encode(&answer).into_iter().map(i64::from).collect();
            let count = ids.len();
            let mut mean = vec![0.0; width];
            if count > 0 {
                for row in host(table.rows(ids)).chunks_exact(width) {
                    mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / count as f32);
                }
            }
            features.push(mean);
        }
        bar.inc(clips.len() as u64);
    }
    bar.finish_and_clear();
    Ok(features)
}

/// The lines of a file of features.
#[derive(Debug, Default)]
struct Lines {
    by_file: BTreeMap<String, Vec<f32>>,
    by_label: BTreeMap<String, Vec<f32>>,
}

impl Lines {
    fn parse(text: &str) -> Result<Lines> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Line {
            file_name: Option<String>,
            label: Option<String>,
            features: Vec<f32>,
        }
        let mut lines = Lines::default();
        for (index, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            let number = index + 1;
            let line: Line = serde_json::from_str(text).with_context(|| format!("line {number}"))?;
            let sound = !line.features.is_empty() && line.features.iter().all(|value| value.is_finite());
            ensure!(sound, "line {number}: `features` is empty, or holds what is no number");
            match (line.file_name, line.label) {
                (Some(file), None) => lines.by_file.insert(file, line.features),
                (None, Some(label)) => lines.by_label.insert(normalized(&label), line.features),
                _ => bail!("line {number}: needs either `file_name` or `label`"),
            };
        }
        Ok(lines)
    }

    fn find(&self, clip: &DataClip) -> Option<Vec<f32>> {
        let by_label = || self.by_label.get(&normalized(clip.record.label.as_deref()?));
        self.by_file.get(&clip.record.file_name).or_else(by_label).cloned()
    }
}

/// `width` numbers along the same line.
fn resized(numbers: &[f32], width: usize) -> Vec<f32> {
    let last = numbers.len() - 1;
    let number = |i: usize| {
        let place = ((i as f64 + 0.5) * numbers.len() as f64 / width as f64 - 0.5).clamp(0.0, last as f64);
        let (before, share) = (place as usize, place.fract() as f32);
        numbers[before] * (1.0 - share) + numbers[(before + 1).min(last)] * share
    };
    (0..width).map(number).collect()
}

/// Every feature with mean 0 and deviation 1 over the rows.
fn standardised(mut rows: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let Some(width) = rows.first().map(Vec::len) else { return rows };
    let count = rows.len() as f64;
    for c in 0..width {
        let mean = rows.iter().map(|row| f64::from(row[c])).sum::<f64>() / count;
        let variance = rows.iter().map(|row| (f64::from(row[c]) - mean).powi(2)).sum::<f64>() / count;
        let deviation = variance.sqrt().max(1e-6);
        rows.iter_mut().for_each(|row| row[c] = ((f64::from(row[c]) - mean) / deviation) as f32);
    }
    rows
}

fn progress(name: &str, total: usize, quiet: bool) -> ProgressBar {
    if quiet { ProgressBar::hidden() } else { skeletonllm::cli::bar(name, total) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_found_by_file_and_then_by_label() {
        let lines = "{\"label\": \"Wave_hand\", \"features\": [1]}\n\n{\"file_name\": \"a.bvh\", \"features\": [2, 3]}";
        let lines = Lines::parse(lines).unwrap();
        let skeleton = draction::motion::Skeleton::named(vec!["hips".into()], vec![None]);
        let motion = draction::motion::Motion::of_one_body(skeleton, 30.0, vec![0.0; 3]);
        let clip = |file: &str, label: &str| {
            let record =
                skeletonllm_data::Record { file_name: file.into(), label: Some(label.into()), ..Default::default() };
            DataClip { record, motion: motion.clone() }
        };
        assert_eq!(lines.find(&clip("a.bvh", "wave hand")), Some(vec![2.0, 3.0]));
        assert_eq!(lines.find(&clip("b.bvh", "wave hand")), Some(vec![1.0]));
        assert_eq!(lines.find(&clip("b.bvh", "walk")), None);
        let broken = ["{\"features\": [1]}", "{\"label\": \"a\", \"features\": []}", "{\"label\": 3}"];
        for (text, part) in broken.into_iter().zip(["either", "empty", "line 1"]) {
            let error = format!("{:#}", Lines::parse(text).unwrap_err());
            assert!(error.contains(part) && error.contains("line 1"), "{error}");
        }
    }

    #[test]
    fn features_are_brought_to_a_width_and_a_scale() {
        assert_eq!(resized(&[1.0, 3.0], 4), [1.0, 1.5, 2.5, 3.0]);
        assert_eq!(resized(&[5.0], 3), [5.0; 3]);
        let rows = standardised(vec![vec![1.0, 7.0], vec![3.0, 7.0]]);
        assert_eq!(rows, [[-1.0, 0.0], [1.0, 0.0]]);
    }

    #[test]
    fn a_crop_is_read_and_brought_to_size() {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, 2, 1);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&[255, 0, 0, 0, 0, 255]).unwrap();
        let pixels = picture(&bytes, [2, 4]).unwrap();
        assert_eq!(pixels[..12], [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]);
        assert_eq!(pixels[12..], pixels[..12]);
        assert!(picture(&bytes[..20], [2, 2]).is_err());
    }
}
