//! What the page should show and say, computed without a browser on the CPU.

use std::{fs, ops::ControlFlow, path::Path};

use anyhow::{Context, Result, bail};
use draction::{
    device::{DeviceChoice, Engine},
    engine::Scene,
    export::{Picture, contact_sheet, pictures},
    motion::{Motion, ReadOptions, read_file},
};
use skeletonllm::{
    assistant::{Assistant, Attribution, Span, SpanOptions},
    drawing::DrawSettings,
    folder::ModelFiles,
    observation::Observation,
    second_opinion::{SecondFiles, SecondOpinion},
};
use skeletonllm_checks::asset;

/// Side of the pictures that the page shows and saves, in pixels.
const SIDE: usize = 448;

/// The shipped model on the CPU.
pub struct Native {
    assistant: Assistant,
    second: SecondOpinion,
}

impl Native {
    pub fn new() -> Result<Native> {
        let files = ModelFiles::read(&asset("nano"))?;
        let device = skeletonllm_network::device::cpu()?;
        let second = SecondOpinion::from_files(&SecondFiles::read(&asset("second-opinion"))?, &device)?;
        Ok(Native { assistant: Assistant::from_files(&files, device)?, second })
    }

    /// The strip of a file as the page saves it: twelve frames on a sheet.
    pub fn strip(&self, file: &Path, settings: &DrawSettings) -> Result<Picture> {
        let clip = settings.clip(&read(file)?, self.assistant.frames())?;
        let draction = self.assistant.drawing().dressed(settings, &clip)?;
        let frames = Engine::open(DeviceChoice::Cpu)?.forward(&Scene::new([&clip], &draction, SIDE, SIDE)?)?;
        Ok(contact_sheet(&pictures(&frames, SIDE, SIDE)?))
    }

    /// One question of every family.
    pub fn questions(&self) -> Vec<String> {
        self.assistant.suggestions()
    }

    pub fn answer(&self, file: &Path, question: &str) -> Result<String> {
        Ok(self.assistant.ask(&self.look(file)?, question, |_| {})?.text)
    }

    /// The label that it thinks most of, and its probability.
    pub fn label(&self, file: &Path) -> Result<(String, f32)> {
        self.assistant.recognise(&self.look(file)?)?.into_iter().next().context("the model knows labels")
    }

    /// What the joints alone say.
    pub fn second_opinion(&self, file: &Path) -> Result<String> {
        Ok(self.second.of(&read(file)?)?.label)
    }

    pub fn attribution(&self, file: &Path, question: &str, answer: &str) -> Result<Attribution> {
        pollster::block_on(self.assistant.explain(&self.look(file)?, question, answer))
    }

    pub fn spans(&self, file: &Path) -> Result<Vec<Span>> {
        let (settings, options) = (DrawSettings::default(), SpanOptions::default());
        let go_on = |_, _| ControlFlow::Continue(());
        pollster::block_on(self.assistant.label_spans(&read(file)?, &settings, &options, go_on))
    }

    fn look(&self, file: &Path) -> Result<Observation> {
        self.assistant.observe(&[&read(file)?])
    }
}

fn read(file: &Path) -> Result<Motion> {
    Ok(read_file(file, &ReadOptions::default())?)
}

/// A PNG of 8 bits a channel; transparency is dropped.
pub fn decode(png: &[u8]) -> Result<Picture> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().context("a picture of sensible size")?];
    let info = reader.next_frame(&mut pixels)?;
    let rgb = match (info.color_type, info.bit_depth) {
        (png::ColorType::Rgb, png::BitDepth::Eight) => pixels,
        (png::ColorType::Rgba, png::BitDepth::Eight) => {
            pixels.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect()
        }
        (colours, bits) => bail!("the PNG is {colours:?} of {bits:?} bits"),
    };
    Ok(Picture { width: info.width as usize, height: info.height as usize, rgb })
}

/// The largest difference of any channel of any pixel, in 1/255.
pub fn largest_difference(a: &Picture, b: &Picture) -> Result<u8> {
    if (a.width, a.height) != (b.width, b.height) {
        bail!("one picture is {}×{}, the other {}×{}", a.width, a.height, b.width, b.height);
    }
    Ok(a.rgb.iter().zip(&b.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0))
}

/// `|a − b| / |b|`, Euclidean.
pub fn relative_error(a: &[f32], b: &[f32]) -> Result<f64> {
    if a.len() != b.len() {
        bail!("{} numbers instead of {}", a.len(), b.len());
    }
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(a - b)));
    Ok(difference / norm(&mut b.iter().map(|&b| f64::from(b))))
}

/// Writes a BVH with a word where a number should be, in its 20th frame. What the reader says of it.
pub fn write_broken_take(path: &Path, whole: &str) -> Result<String> {
    let line = whole.lines().position(|line| line.starts_with("Frame Time")).context("a BVH has frames")? + 20;
    let broken: Vec<String> = whole
        .lines()
        .enumerate()
        .map(|(n, text)| if n == line { text.replacen(' ', " broken ", 1) } else { text.to_owned() })
        .collect();
    fs::write(path, broken.join("\n"))?;
    let name = path.file_name().and_then(|name| name.to_str()).context("a file has a name")?;
    match draction::motion::read(&fs::read(path)?, name, &ReadOptions::default()) {
        Ok(_) => bail!("{name} is not broken"),
        Err(error) => Ok(error.to_string()),
    }
}
