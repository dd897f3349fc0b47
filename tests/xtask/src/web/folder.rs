//! The page's files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::json;
use xtask::{
    compression::{Effort, Encoding},
    headers,
    models::{self, Model},
    serve::short_hash,
};

use super::{report::Download, wasm::Build};

/// What the app needs of the model, by the names that it knows them under.
const MODEL: [(&str, &str); 4] = [
    ("config", "config.json"),
    ("draction", "draction.safetensors"),
    ("model", "model.safetensors"),
    ("tokenizer", "tokenizer.json"),
];

/// What a model has as well that was aligned with words.
const ALIGNED: [(&str, &str); 3] =
    [("alignment", "alignment.safetensors"), ("words", "words.txt"), ("vectors", "words.safetensors")];

/// The network that gives a second opinion.
const SECOND: &str = "assets/second-opinion";

/// A compressed copy must be this much smaller to be worth a file.
const WORTH: f64 = 0.95;

/// All files of the page by their paths in it, in memory.
pub struct Page {
    files: BTreeMap<String, File>,
    /// Those beside the page: copied as they are, because they are large and hardly compress.
    models: Vec<Model>,
    /// What compressing a file may take.
    effort: Effort,
}

struct File {
    bytes: Vec<u8>,
    /// In the order of [`Encoding::ALL`]; `None` where it is hardly smaller.
    compressed: [Option<Vec<u8>>; 2],
}

/// A file with a hash in its name, as `build.json` lists it for `boot.js`.
#[derive(Serialize)]
struct Listed {
    /// Relative to the page.
    path: String,
    /// As used.
    bytes: usize,
    /// As downloaded from a host that compresses well.
    download: usize,
}

impl Page {
    /// Puts together what was built, the files of `web/page`, the model, the samples, and the models of `others`.
    ///
    /// # Errors
    /// When a file cannot be read, naming it.
    pub fn gather(root: &Path, builds: &[Build], others: &[PathBuf], effort: Effort) -> Result<Page> {
        let models = others.iter().map(|folder| Model::read(folder, models::PIECE)).collect::<Result<Vec<_>>>()?;
        let mut page = Page { files: BTreeMap::new(), models, effort };
        let list = pretty(&json!(page.models));
        page.add(models::LIST.into(), list);
        for (name, bytes) in read_folder(&root.join("web/page"))? {
            page.add(name, bytes);
        }
        let samples = page.add_samples(&root.join("assets/samples"))?;
        // what the service worker keeps; `./` is index.html
        let mut shell = vec!["./".to_owned(), "build.json".to_owned()];
        shell.extend(page.files.keys().filter(|name| !["index.html", "sw.js"].contains(&name.as_str())).cloned());

        let mut variants = BTreeMap::new();
        for build in builds {
            let script = page.add_hashed(build.name, "app.js", &build.script);
            let wasm = page.add_hashed(build.name, "app.wasm", &build.wasm);
            variants.insert(build.name, json!({ "script": script, "wasm": wasm }));
        }
        let mut model = BTreeMap::new();
        let folder = root.join("assets/nano");
        let aligned = ALIGNED.iter().filter(|(_, name)| folder.join(name).exists());
        for (key, name) in MODEL.iter().chain(aligned).copied() {
            let bytes = read(&folder.join(name))?;
            model.insert(key.to_owned(), page.add_hashed("model", name, &bytes));
        }
        let second = root.join(SECOND);
        if second.join("config.json").exists() {
            let config = read(&second.join("config.json"))?;
            for (index, name) in stream_files(&config)?.iter().enumerate() {
                let bytes = read(&second.join(name))?;
                model.insert(format!("second{index}"), page.add_hashed("model", name, &bytes));
            }
            model.insert("second".to_owned(), page.add_hashed("model", "second.json", &config));
        }
        let version = page.version();
        let build = json!({
            "version": version, "shell": shell, "variants": variants, "model": model, "samples": samples,
        });
        page.add("build.json".into(), pretty(&build));
        let headers = headers::headers_file().into_bytes();
        page.files.insert("_headers".into(), File { bytes: headers, compressed: [None, None] });
        Ok(page)
    }

    fn add(&mut self, path: String, bytes: Vec<u8>) {
        let file = File::new(bytes, self.effort);
        self.files.insert(path, file);
    }

    /// Adds `folder/stem.HASH.ending`.
    fn add_hashed(&mut self, folder: &str, name: &str, bytes: &[u8]) -> Listed {
        let (stem, ending) = name.rsplit_once('.').expect("our names have endings");
        let path = format!("{folder}/{stem}.{}.{ending}", short_hash(bytes));
        self.add(path.clone(), bytes.to_vec());
        let download = self.files[&path].sizes()[0];
        Listed { path, bytes: bytes.len(), download }
    }

    /// Adds the sample motions and their list; returns the list's path.
    fn add_samples(&mut self, folder: &Path) -> Result<String> {
        let mut list = Vec::new();
        for (name, bytes) in read_folder(folder)? {
            if name == "README.md" {
                continue;
            }
            let file = format!("samples/{name}");
            list.push(json!({ "name": name, "title": title(&name), "bytes": bytes.len(), "file": file }));
            self.add(file, bytes);
        }
        let path = "samples/index.json".to_owned();
        self.add(path.clone(), pretty(&json!(list)));
        Ok(path)
    }

    /// Changes when any file does.
    fn version(&self) -> String {
        let lines = self.files.iter().map(|(path, file)| format!("{path} {}\n", short_hash(&file.bytes)));
        short_hash(lines.collect::<String>().as_bytes())
    }

    /// What can be downloaded, by path.
    pub fn downloads(&self) -> Vec<Download> {
        let visible = self.files.iter().filter(|(path, _)| *path != "_headers");
        let downloads = visible.map(|(path, file)| {
            let [brotli, gzip] = file.sizes();
            Download { path: path.clone(), bytes: file.bytes.len(), gzip, brotli }
        });
        let models = self.models.iter().map(|model| {
            let bytes = model.files.iter().map(|file| file.bytes as usize).sum();
            Download { path: model.folder.clone(), bytes, gzip: bytes, brotli: bytes }
        });
        downloads.chain(models).collect()
    }

    /// Writes everything into a folder, in place of the page that was there.
    ///
    /// # Errors
    /// When it cannot be written, or holds anything but a page.
    pub fn write(&self, out: &Path) -> Result<()> {
        clear(out)?;
        for (path, file) in &self.files {
            write(&out.join(path), &file.bytes)?;
            for (encoding, compressed) in Encoding::ALL.iter().zip(&file.compressed) {
                if let Some(compressed) = compressed {
                    write(&out.join(format!("{path}{}", encoding.ending())), compressed)?;
                }
            }
        }
        for model in &self.models {
            let folder = out.join(&model.folder);
            fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            for file in &model.files {
                let (from, to) = (model.from.join(&file.name), folder.join(&file.name));
                fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
            }
        }
        Ok(())
    }
}

impl File {
    fn new(bytes: Vec<u8>, effort: Effort) -> File {
        let most = WORTH * bytes.len() as f64;
        let compress =
            &|encoding: Encoding| Some(encoding.compress(&bytes, effort)).filter(|copy| (copy.len() as f64) < most);
        let compressed = thread::scope(|scope| {
            let threads = Encoding::ALL.map(|encoding| scope.spawn(move || compress(encoding)));
            threads.map(|thread| thread.join().expect("compressing does not panic"))
        });
        File { bytes, compressed }
    }

    /// Bytes sent by hosts that know an encoding, in the order of [`Encoding::ALL`].
    fn sizes(&self) -> [usize; 2] {
        self.compressed.each_ref().map(|copy| copy.as_ref().map_or(self.bytes.len(), Vec::len))
    }
}

/// Removes an earlier page. Nothing else is ever removed.
fn clear(out: &Path) -> Result<()> {
    let empty = fs::read_dir(out).map_or(true, |mut entries| entries.next().is_none());
    if empty {
        return Ok(());
    }
    if !out.join("build.json").is_file() {
        bail!("{} is not empty and holds no page: name another folder", out.display());
    }
    fs::remove_dir_all(out).with_context(|| format!("cannot clear {}", out.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().expect("a file in a folder");
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Names and contents of a folder's files, in the order of their names.
fn read_folder(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // what editors and systems leave behind is no part of the page
        if entry.path().is_file() && !name.starts_with('.') && !name.ends_with('~') {
            files.insert(name, read(&entry.path())?);
        }
    }
    Ok(files)
}

fn pretty(value: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("names and numbers are JSON")
}

/// The files of the streams that a graph network's configuration lists, in its order.
fn stream_files(config: &[u8]) -> Result<Vec<String>> {
    let config: serde_json::Value = serde_json::from_slice(config).context(SECOND)?;
    let streams = config["streams"].as_array().with_context(|| format!("{SECOND}: no `streams`"))?;
    let name = |stream: &serde_json::Value| {
        let name = stream["stream"].as_str().with_context(|| format!("{SECOND}: a stream without a name"))?;
        Ok(format!("{name}.safetensors"))
    };
    streams.iter().map(name).collect()
}

/// `wave_left_hand.bvh` → `Wave left hand`.
fn title(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let words = stem.replace('_', " ");
    let mut letters = words.chars();
    let first = letters.next().map_or(String::new(), |letter| letter.to_uppercase().collect());
    let format = if ending == "skeleton" { " (NTU)" } else { "" };
    format!("{first}{}{format}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use xtask::serve::Site;

    use super::*;
    use crate::workspace::root;

    fn page() -> Page {
        let build = |name| Build { name, script: b"export default 1".to_vec(), wasm: vec![0; 5000] };
        Page::gather(&root().unwrap(), &[build("gpu"), build("cpu")], &[], Effort::Quick).unwrap()
    }

    #[test]
    fn a_page_is_written_the_same_twice_and_can_be_served() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("page");
        page().write(&out).unwrap();
        let first = fs::read(out.join("build.json")).unwrap();
        page().write(&out).unwrap();
        assert_eq!(fs::read(out.join("build.json")).unwrap(), first);
        Site::load(&out).unwrap();

        let build: serde_json::Value = serde_json::from_slice(&first).unwrap();
        let wasm = build["variants"]["gpu"]["wasm"].clone();
        assert_eq!(wasm["bytes"], 5000);
        assert!(wasm["download"].as_u64().unwrap() < 100, "zeros compress well");
        assert!(out.join(wasm["path"].as_str().unwrap()).is_file());
        let shell: Vec<&str> = build["shell"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
        assert!(shell.contains(&"./") && shell.contains(&"samples/walk.bvh"), "{shell:?}");
        for path in shell.iter().filter(|path| **path != "./") {
            assert!(out.join(path).is_file(), "{path}");
        }
        let samples: serde_json::Value =
            serde_json::from_slice(&fs::read(out.join("samples/index.json")).unwrap()).unwrap();
        assert!(samples.as_array().unwrap().iter().any(|s| s["title"] == "Wave left hand"), "{samples}");
    }

    #[test]
    fn models_lie_beside_the_page_and_in_its_list() {
        let folder = tempfile::tempdir().unwrap();
        let (nano, out) = (root().unwrap().join("assets/nano"), folder.path().join("page"));
        let page = Page::gather(&root().unwrap(), &[], std::slice::from_ref(&nano), Effort::Quick).unwrap();
        page.write(&out).unwrap();
        let list: serde_json::Value = serde_json::from_slice(&fs::read(out.join("models.json")).unwrap()).unwrap();
        assert_eq!((&list[0]["name"], &list[0]["folder"]), (&json!("nano"), &json!("models/nano/")));
        for file in list[0]["files"].as_array().unwrap() {
            let copied = fs::read(out.join("models/nano").join(file["name"].as_str().unwrap())).unwrap();
            assert_eq!(file["bytes"], copied.len(), "{file}");
        }
        assert!(!out.join("models/nano/README.md").exists(), "the page does not read it");
        assert!(page.downloads().iter().any(|d| d.path == "models/nano/" && d.bytes > 1_000_000));
    }

    #[test]
    fn only_pages_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
        let error = page().write(folder.path()).unwrap_err().to_string();
        assert!(error.contains("holds no page"), "{error}");
        assert!(folder.path().join("thesis.txt").exists());
    }

    #[test]
    fn the_page_says_the_same_policy_as_the_server() {
        let index = fs::read_to_string(root().unwrap().join("web/page/index.html")).unwrap();
        assert!(
            index.contains(&format!("content=\"{}\"", headers::CONTENT_SECURITY_POLICY)),
            "index.html's <meta> differs"
        );
        for inline in ["<style", "style=", "onclick=", "onload=", "javascript:"] {
            assert!(!index.contains(inline), "{inline} would be refused");
        }
    }

    #[test]
    fn titles() {
        assert_eq!(title("wave_left_hand.bvh"), "Wave left hand");
        assert_eq!(title("wave_left_hand.skeleton"), "Wave left hand (NTU)");
    }
}
