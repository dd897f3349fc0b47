//! `viewer [FILE…]`: the page's app in a window of its own.

use std::{cell::RefCell, path::PathBuf, process::ExitCode, rc::Rc, sync::Arc};

use anyhow::{Context, Result, anyhow, bail};
use clap::Parser;
use draction::{
    cli::{Reading, finish},
    motion::Format,
};
use skeletonllm::{
    drawing::HostDrawing,
    folder::{ModelFiles, default_model},
    given::{Found, files_of, recognise_paths},
    second_opinion::{SecondFiles, default_second_opinion},
};
use skeletonllm_network::device::DeviceChoice;
use skeletonllm_web::{
    app::{App, Parts},
    device,
    document::Document,
    files::Incoming,
    inference::{Inference, Source},
    link::Link,
    pictures::Pictures,
    platform,
};

/// See motions move, see what DrAction draws of them, and ask a small multimodal model about them.
///
/// Opens motion files of the formats below; what belongs to one is found beside it (a skeleton.json, an .asf, a .bin). More
/// files can be dropped into the window. A renderer's .safetensors draws with other weights; a model's folder or a
/// GGUF file answers instead of the shipped model. Nothing leaves this machine.
///
/// B or F12 opens the shader workbench: the time of every pass, the shaders with live reload, the Gaussians behind a
/// pixel, the numbers of every buffer, GPU against CPU twin, gradients, and captures for `conformance replay`.
#[derive(Parser)]
#[command(
    name = "viewer",
    version,
    after_help = format!("Formats: {}\n\nExamples:\n  viewer assets/samples/walk.bvh\n  \
        viewer takes/            every motion in a folder\n  viewer --device cpu walk.bvh", Format::listed())
)]
struct Args {
    /// Motion files, or folders of them.
    files: Vec<PathBuf>,
    /// A model's directory or a GGUF file, as if it were dropped into the window [default: the shipped nano model]
    #[arg(long, value_name = "DIR or FILE")]
    model: Option<PathBuf>,
    /// Where to compute: gpu (the window's own device), cpu, auto (gpu unless it is imitated by software)
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
    #[command(flatten)]
    reading: Reading,
}

fn main() -> ExitCode {
    finish("viewer", run(Args::parse()))
}

fn run(args: Args) -> Result<()> {
    let incoming = Incoming::default();
    if let Some(model) = args.model {
        match recognise_paths(&files_of(std::slice::from_ref(&model))) {
            Found::Nothing => bail!("{}: no model, or not there", model.display()),
            Found::Refused(problem) => bail!("{}: {problem}", model.display()),
            Found::Model { .. } => platform::receive(vec![model], &incoming),
        }
    }
    let folder = default_model()?;
    let files = ModelFiles::read(&folder)?;
    let drawing = HostDrawing::from_files(&files.config, files.draction.as_deref())
        .with_context(|| folder.display().to_string())?;
    let second = default_second_opinion().ok().map(|folder| SecondFiles::read(&folder)).transpose()?.map(Arc::new);
    platform::receive(args.files, &incoming);
    let options = eframe::NativeOptions {
        viewport: eframe::egui::ViewportBuilder::default()
            .with_title("SkeletonLLM")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([360.0, 480.0])
            .with_drag_and_drop(true),
        wgpu_options: device::window_options(),
        // our colours are flat: there are no bands to hide
        dithering: false,
        ..Default::default()
    };
    let choice = args.device;
    let document = Document::reading(args.reading.options());
    let create = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, _> {
        let window = cc.wgpu_render_state.as_ref().ok_or("the window has no GPU device")?;
        let software = window.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let devices = match choice {
            DeviceChoice::Gpu => device::of_window(window)?,
            DeviceChoice::Auto if device::computes(window) && !software => device::of_window(window)?,
            DeviceChoice::Auto | DeviceChoice::Cpu => device::cpu()?,
        };
        let shipped = Source::Memory(Arc::new(files));
        let selected = devices.model;
        let inference = Inference::start(shipped.clone(), second.clone(), selected.clone(), &cc.egui_ctx);
        let pictures = Pictures::new(devices.pictures, drawing);
        let parts = Parts {
            inference,
            shipped,
            second,
            selected,
            pictures,
            parking: Rc::new(RefCell::new(Some(document))),
            incoming,
            link: Link::default(),
        };
        Ok(Box::new(App::new(&cc.egui_ctx, parts)))
    };
    eframe::run_native("skeletonllm", options, Box::new(create)).map_err(|error| anyhow!("no window: {error}"))
}
