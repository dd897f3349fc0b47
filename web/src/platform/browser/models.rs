//! Models that are dropped onto the page, lie beside it, or were kept in the browser's private file system by an earlier
//! visit. The page's script fetches, checks and keeps them; here their bytes are asked for.

use std::{cell::RefCell, collections::BTreeMap, io};

use js_sys::{Array, Promise, Uint8Array};
use serde::Deserialize;
use skeletonllm::given::Given;
use skeletonllm_network::arriving::{Fetch, Fetching, Listed};
use wasm_bindgen::{JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

use super::{
    describe,
    host::{Host, host, outcome},
    spawn,
};
use crate::models::{News, NewsSender, Offered};

#[wasm_bindgen]
extern "C" {
    /// Resolves to a JSON list of the models beside the page and on this machine: `name`, `bytes`, `there`, `own`.
    #[wasm_bindgen(method, js_name = listModels)]
    fn list_models(this: &Host) -> Promise;

    /// Has all files of a model on this machine, by its name or its folder beside the page; `progress` gets bytes so far and
    /// in all. Resolves to JSON: `name`, `files`, each with `name` and `bytes`, and `verified`, a sentence; to nothing
    /// when it was stopped.
    #[wasm_bindgen(method, js_name = bringModel)]
    fn bring_model(this: &Host, name: &str, progress: &JsValue) -> Promise;

    /// Stops bringing or keeping a model.
    #[wasm_bindgen(method, js_name = stopModel)]
    fn stop_model(this: &Host);

    /// Resolves to bytes of a model's file that is on this machine.
    #[wasm_bindgen(method, js_name = readModel)]
    fn read_model(this: &Host, name: &str, file: &str, start: f64, length: f64) -> Promise;

    /// Keeps files, `names` and `files` in one order, as a model.
    #[wasm_bindgen(method, js_name = keepModel)]
    fn keep_model(this: &Host, name: &str, names: &Array, files: &Array, progress: &JsValue) -> Promise;

    /// Takes a model away from this machine.
    #[wasm_bindgen(method, js_name = removeModel)]
    fn remove_model(this: &Host, name: &str) -> Promise;
}

/// A model's dropped files by their names.
type Dropped = BTreeMap<String, web_sys::File>;

thread_local! {
    /// What was dropped as a model, by a number.
    static DROPPED: RefCell<Vec<Dropped>> = const { RefCell::new(Vec::new()) };
}

/// Who has the files of a model.
#[derive(Clone, Debug)]
pub enum ModelFiles {
    /// They were dropped: their number.
    Dropped(usize),
    /// They are on this machine, under this name.
    Kept(String),
}

impl ModelFiles {
    /// Of files that were dropped.
    pub(super) fn of(dropped: Dropped) -> ModelFiles {
        DROPPED.with_borrow_mut(|all| {
            all.push(dropped);
            ModelFiles::Dropped(all.len() - 1)
        })
    }

    fn dropped(number: usize, name: &str) -> Option<web_sys::File> {
        DROPPED.with_borrow(|all| all.get(number)?.get(name).cloned())
    }

    async fn read(&self, file: &str, start: u64, length: usize) -> Result<Vec<u8>, String> {
        let bytes = match self {
            ModelFiles::Dropped(number) => {
                let file = Self::dropped(*number, file).ok_or("it is none of the dropped files")?;
                let part = file.slice_with_f64_and_f64(start as f64, (start + length as u64) as f64);
                let part = part.map_err(|error| describe(&error))?;
                JsFuture::from(part.array_buffer()).await.map_err(|error| describe(&error))?
            }
            ModelFiles::Kept(name) => outcome(|host| host.read_model(name, file, start as f64, length as f64)).await?,
        };
        Ok(Uint8Array::new(&bytes).to_vec())
    }
}

impl Fetch for ModelFiles {
    fn fetch<'a>(&'a self, file: &'a str, start: u64, length: usize) -> Fetching<'a> {
        Box::pin(async move { self.read(file, start, length).await.map_err(io::Error::other) })
    }
}

/// Asks which models there are; [`News::List`] answers.
pub fn list_models(news: NewsSender) {
    spawn(async move {
        match text(|host| host.list_models()).await.and_then(|text| parse(&text)) {
            Ok(list) => news.send(News::List(list)),
            Err(problem) => web_sys::console::warn_1(&format!("the list of models: {problem}").into()),
        }
    });
}

/// Has all files of a model on this machine; [`News::Here`] or [`News::Failed`] answers.
pub fn bring_model(name: &str, news: NewsSender) {
    /// What the script says.
    #[derive(Deserialize)]
    struct Here {
        name: String,
        files: Vec<File>,
        verified: String,
    }
    #[derive(Deserialize)]
    struct File {
        name: String,
        bytes: u64,
    }
    let name = name.to_owned();
    spawn(async move {
        let progress = telling(&name, &news);
        let brought = text(|host| host.bring_model(&name, progress.as_ref())).await;
        let here = brought.and_then(|text| if text.is_empty() { Ok(None) } else { parse::<Here>(&text).map(Some) });
        match here {
            // it was stopped, and whoever did knows
            Ok(None) => {}
            Ok(Some(here)) => {
                let files = here.files.into_iter().map(|File { name, bytes }| Listed { name, bytes }).collect();
                let given = Given { name: here.name.clone(), files };
                let offered = Offered { given, files: ModelFiles::Kept(here.name) };
                news.send(News::Here { offered, verified: here.verified });
            }
            Err(problem) => news.send(News::Failed { name, problem }),
        }
    });
}

/// Stops bringing or keeping a model.
pub fn stop_model() {
    if let Some(host) = host() {
        host.stop_model();
    }
}

/// Keeps a dropped model for the next visit.
pub fn keep_model(offered: &Offered, news: NewsSender) {
    let ModelFiles::Dropped(number) = &offered.files else { return };
    let (names, files) = (Array::new(), Array::new());
    for Listed { name, .. } in &offered.given.files {
        if let Some(file) = ModelFiles::dropped(*number, name) {
            names.push(&name.into());
            files.push(&file);
        }
    }
    let name = offered.given.name.clone();
    spawn(async move {
        let progress = telling(&name, &news);
        match text(|host| host.keep_model(&name, &names, &files, progress.as_ref())).await {
            Ok(kept) if kept.is_empty() => {}
            Ok(_) => news.send(News::Kept(name)),
            Err(problem) => news.send(News::NotKept { name, problem }),
        }
    });
}

/// Takes a model away from this machine; [`News::List`] answers.
pub fn remove_model(name: &str, news: NewsSender) {
    let name = name.to_owned();
    spawn(async move {
        match outcome(|host| host.remove_model(&name)).await {
            Ok(_) => list_models(news),
            Err(problem) => news.send(News::Failed { name, problem }),
        }
    });
}

fn telling(name: &str, news: &NewsSender) -> Closure<dyn FnMut(f64, f64)> {
    let (name, news) = (name.to_owned(), news.clone());
    Closure::new(move |done: f64, total: f64| {
        news.send(News::Progress { name: name.clone(), done: done as u64, total: total as u64 });
    })
}

/// The text that a promise of the script resolves to, or its problem in words.
async fn text(promise: impl FnOnce(&Host) -> Promise) -> Result<String, String> {
    Ok(outcome(promise).await?.as_string().unwrap_or_default())
}

fn parse<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
