//! The browser's way in: the page's script calls [`start`] with a canvas and the model's files.

#[cfg(feature = "gpu")]
use std::cell::Cell;
use std::{cell::RefCell, rc::Rc, sync::Arc};

use eframe::egui;
use skeletonllm::{
    drawing::HostDrawing,
    folder::{AlignedFiles, ModelFiles},
    second_opinion::SecondFiles,
};
use wasm_bindgen::prelude::*;

use crate::{
    actions::Action,
    app::{App, Parking, Parts},
    device::{self, Devices},
    files::Incoming,
    inference::{Inference, Source},
    link::Link,
    pictures::Pictures,
    platform, transfer,
};

unsafe extern "C" {
    /// Made by the linker: runs the constructors of all crates. cubecl's list of operations is filled by them.
    fn __wasm_call_ctors();
}

/// Runs constructors when the program is loaded, and only then.
///
/// Where nobody calls them the linker takes the program for a command that is called once, and has every function that
/// scripts can call run all of them first. wasm-bindgen's own are called for each value that crosses over, thousands of
/// times a second.
#[wasm_bindgen(start)]
pub fn construct() {
    // SAFETY: the linker makes it, without arguments, and nobody called it before
    unsafe { __wasm_call_ctors() }
}

/// Takes over the canvas. `files` has the model's files as `Uint8Array`s: `config`, `tokenizer`, `model`, `draction`, and
/// where it was aligned with words `alignment`, `words` and `vectors`; of the network that gives a second opinion `second`,
/// its configuration, and `second0`, `second1`, … for its streams; `samples` is a JSON list of objects with a `name`;
/// `host` is the script's object, which also has [`read_motion`] called in workers.
///
/// # Errors
/// A sentence that says what is missing.
#[wasm_bindgen]
pub async fn start(
    canvas: web_sys::HtmlCanvasElement,
    files: JsValue,
    samples: String,
    host: platform::Host,
) -> Result<(), JsValue> {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        platform::crashed(&info.to_string());
    }));
    platform::set_samples(sample_names(&samples)?);
    platform::set_host(host);
    let mut link = Link::of(platform::query().iter().map(|(name, value)| (&name[..], &value[..])));
    // whatever its address says: whoever shows this page could have people click on anything
    link.embed |= platform::embedded();
    let page = Rc::new(Page {
        canvas,
        files: Arc::new(model_files(&files)?),
        second: second_files(&files)?.map(Arc::new),
        parking: Parking::default(),
        incoming: Incoming::default(),
        link: RefCell::new(link),
        runner: RefCell::new(None),
        #[cfg(feature = "gpu")]
        restarts: Cell::new(0),
    });
    open_window(page).await
}

/// Reads a motion, in a worker: both ways a [`crate::transfer::Parcel`], the header and behind it the parts as
/// `Uint8Array`; `told` is called with how much is done, 0..1.
///
/// # Errors
/// The reader's words, which name the file.
#[wasm_bindgen]
pub fn read_motion(unread: &js_sys::Array, told: &js_sys::Function) -> Result<js_sys::Array, String> {
    let mut watch = |fraction: f32| drop(told.call1(&JsValue::NULL, &fraction.into()));
    let header = unread.get(0).as_string().ok_or("a file's header is missing")?;
    let parts = unread.iter().skip(1).filter_map(|part| Some(part.dyn_into::<js_sys::Uint8Array>().ok()?.to_vec()));
    let read = transfer::unpack_unread(&header, parts)?.read_watched(&mut watch)?;
    let transfer::Parcel { header, parts } = transfer::pack_motion(&read);
    let answer = js_sys::Array::of1(&header.into());
    for part in parts {
        answer.push(&js_sys::Uint8Array::from(part).into());
    }
    Ok(answer)
}

/// Does what a control of the page stands for, by the names of [`Action::named`].
#[wasm_bindgen]
pub fn act(name: &str, value: &str) {
    if let Some(action) = Action::named(name, value) {
        platform::press(action);
    }
}

/// Opens the files of folders that were dropped: a list of pairs of path and `File`.
#[wasm_bindgen(js_name = handIn)]
pub fn hand_in(files: &js_sys::Array) {
    platform::hand_in(files);
}

/// What outlives a window and its device.
struct Page {
    canvas: web_sys::HtmlCanvasElement,
    files: Arc<ModelFiles>,
    second: Option<Arc<SecondFiles>>,
    parking: Parking,
    incoming: Incoming,
    /// What the address asks for, until the first window takes it.
    link: RefCell<Link>,
    runner: RefCell<Option<eframe::WebRunner>>,
    #[cfg(feature = "gpu")]
    restarts: Cell<u32>,
}

/// Devices that are lost before the page gives up.
#[cfg(feature = "gpu")]
const MOST_RESTARTS: u32 = 5;

async fn open_window(page: Rc<Page>) -> Result<(), JsValue> {
    let runner = eframe::WebRunner::new();
    let inside = page.clone();
    let options = eframe::WebOptions {
        #[cfg(feature = "gpu")]
        wgpu_options: device::window_options(),
        // our colours are flat: there are no bands to hide
        dithering: false,
        should_prevent_default: Box::new(prevents_default),
        ..Default::default()
    };
    platform::opening();
    runner.start(page.canvas.clone(), options, Box::new(move |cc| Ok(Box::new(app(&inside, cc)?)))).await?;
    page.runner.replace(Some(runner));
    Ok(())
}

/// What the browser would do besides is not done, but for one thing: a finger that moves up or down scrolls the page that
/// shows this one.
fn prevents_default(event: &egui::Event) -> bool {
    let touches = matches!(event, egui::Event::PointerMoved(_) | egui::Event::PointerButton { pressed: true, .. });
    !(touches && platform::embedded())
}

fn app(page: &Rc<Page>, cc: &eframe::CreationContext<'_>) -> Result<App, String> {
    let Devices { model, pictures } = open_device(page, cc)?;
    let files = &page.files;
    let drawing = HostDrawing::from_files(&files.config, files.draction.as_deref()).map_err(|e| format!("{e:#}"))?;
    let shipped = Source::Memory(files.clone());
    let parts = Parts {
        inference: Inference::start(shipped.clone(), page.second.clone(), model.clone(), &cc.egui_ctx),
        shipped,
        second: page.second.clone(),
        selected: model,
        pictures: Pictures::new(pictures, drawing),
        parking: page.parking.clone(),
        incoming: page.incoming.clone(),
        link: page.link.take(),
    };
    Ok(App::new(&cc.egui_ctx, parts))
}

#[cfg(feature = "gpu")]
fn open_device(page: &Rc<Page>, cc: &eframe::CreationContext<'_>) -> Result<Devices, String> {
    let window = cc.wgpu_render_state.as_ref().ok_or("the window has no WebGPU device")?;
    let opened = device::of_window(window)?;
    // instead of the panic that would end the page; what follows the loss of a device is no news
    window
        .device
        .on_uncaptured_error(std::sync::Arc::new(|error: wgpu::Error| platform::gpu_error(&error.to_string())));
    let (page, lost) = (page.clone(), opened.model.device.clone());
    // wgpu wants a callback that could cross threads; there is only one here
    let page = send_wrapper::SendWrapper::new(page);
    window.device.set_device_lost_callback(move |reason, message| {
        let page: Rc<Page> = (*page).clone();
        let lost = lost.clone();
        let problem = if message.is_empty() { format!("{reason:?}") } else { message };
        platform::spawn(async move {
            skeletonllm_network::device::forget(&lost);
            replace_window(page, &problem).await;
        });
    });
    Ok(opened)
}

#[cfg(not(feature = "gpu"))]
fn open_device(_: &Rc<Page>, _: &eframe::CreationContext<'_>) -> Result<Devices, String> {
    device::cpu()
}

/// The device was lost: closes the window, which parks its document, and opens another one.
#[cfg(feature = "gpu")]
async fn replace_window(page: Rc<Page>, problem: &str) {
    // a window that is closed on purpose loses its device too
    let Some(runner) = page.runner.take() else { return };
    runner.destroy();
    let restarts = page.restarts.get() + 1;
    page.restarts.set(restarts);
    platform::announce(platform::Kind::Note, &format!("the GPU was lost ({problem}); opening it again"));
    platform::status("the GPU was lost; opening it again");
    if restarts > MOST_RESTARTS {
        return platform::crashed("the GPU was lost again and again");
    }
    if let Err(error) = open_window(page).await {
        platform::crashed(&format!("the GPU was lost and cannot be opened again: {}", platform::describe(&error)));
    } else {
        platform::announce(platform::Kind::Note, "recovered: the GPU works again, files and answers are as they were");
    }
}

/// One of the files that the script hands over.
fn file(files: &JsValue, name: &str) -> Result<Vec<u8>, JsValue> {
    let value = js_sys::Reflect::get(files, &name.into())?;
    let array = value.dyn_ref::<js_sys::Uint8Array>();
    Ok(array.ok_or_else(|| JsValue::from_str(&format!("the model's file {name} is missing")))?.to_vec())
}

fn second_files(files: &JsValue) -> Result<Option<SecondFiles>, JsValue> {
    if !js_sys::Reflect::has(files, &"second".into())? {
        return Ok(None);
    }
    let weights = (0..).map(|n| format!("second{n}"));
    let weights = weights.take_while(|name| js_sys::Reflect::has(files, &name.into()).unwrap_or_default());
    let weights = weights.map(|name| file(files, &name)).collect::<Result<_, _>>()?;
    Ok(Some(SecondFiles { config: file(files, "second")?, weights }))
}

fn model_files(files: &JsValue) -> Result<ModelFiles, JsValue> {
    let get = |name: &str| file(files, name);
    let aligned = || {
        Ok::<_, JsValue>(AlignedFiles {
            alignment: get("alignment")?,
            entries: get("words")?,
            vectors: get("vectors")?,
        })
    };
    Ok(ModelFiles {
        config: get("config")?,
        tokenizer: get("tokenizer")?,
        model: get("model")?,
        draction: Some(get("draction")?),
        aligned: js_sys::Reflect::has(files, &"alignment".into())?.then(aligned).transpose()?,
    })
}

fn sample_names(json: &str) -> Result<Vec<String>, JsValue> {
    #[derive(serde::Deserialize)]
    struct Sample {
        name: String,
    }
    let samples: Vec<Sample> =
        serde_json::from_str(json).map_err(|e| JsValue::from_str(&format!("the list of samples: {e}")))?;
    Ok(samples.into_iter().map(|sample| sample.name).collect())
}
