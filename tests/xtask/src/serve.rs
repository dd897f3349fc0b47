//! A static server on this machine alone, for looking at the page and for testing it.

mod http;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, anyhow};
use http::{Listener, Request, Response};
use sha2::{Digest, Sha256};

use crate::{
    compression::Encoding,
    headers,
    models::{self, Model},
};

/// A folder's files in memory, by their paths below it. What is not among them cannot be asked for, so no path leads
/// out of the folder.
#[derive(Debug, Default)]
pub struct Site {
    files: BTreeMap<String, File>,
}

#[derive(Debug)]
struct File {
    bytes: Vec<u8>,
    /// The compressed copies that stand beside it, the best first.
    compressed: Vec<(Encoding, Vec<u8>)>,
    etag: String,
}

impl Site {
    /// Reads a folder.
    ///
    /// # Errors
    /// When it cannot be read, has no `index.html`, or a compressed copy is not what stands beside it.
    pub fn load(folder: &Path) -> Result<Site> {
        let mut contents = BTreeMap::new();
        read_below(folder, "", &mut contents)?;
        let mut site = Site::default();
        let known: BTreeSet<String> = contents.keys().cloned().collect();
        for path in &known {
            let is_copy =
                |encoding: &Encoding| path.strip_suffix(encoding.ending()).is_some_and(|plain| known.contains(plain));
            // hosts read `_headers` and do not hand it out
            if path == "_headers" || Encoding::ALL.iter().any(is_copy) {
                continue;
            }
            // models are large: nothing is there twice
            let bytes = contents.remove(path).expect("listed");
            let mut compressed = Vec::new();
            for encoding in Encoding::ALL {
                let name = format!("{path}{}", encoding.ending());
                if let Some(copy) = contents.remove(&name) {
                    encoding.check(&copy, &bytes).with_context(|| format!("{name}: build the page again"))?;
                    compressed.push((encoding, copy));
                }
            }
            site.insert(path, bytes, compressed);
        }
        if !site.files.contains_key("index.html") {
            return Err(anyhow!("{} has no index.html: `cargo xtask web` writes one", folder.display()));
        }
        Ok(site)
    }

    /// Puts models beside the page, with the list of them.
    ///
    /// # Errors
    /// When a file cannot be read, naming it.
    pub fn add_models(&mut self, models: &[Model]) -> Result<()> {
        for model in models {
            for file in &model.files {
                let path = model.from.join(&file.name);
                let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                self.add(&format!("{}{}", model.folder, file.name), bytes);
            }
        }
        self.add(models::LIST, serde_json::to_vec(models)?);
        Ok(())
    }

    /// Adds a file, or puts it in the place of another one.
    fn add(&mut self, path: &str, bytes: Vec<u8>) {
        self.insert(path, bytes, Vec::new());
    }

    fn insert(&mut self, path: &str, bytes: Vec<u8>, compressed: Vec<(Encoding, Vec<u8>)>) {
        let etag = format!("\"{}\"", short_hash(&bytes));
        self.files.insert(path.to_owned(), File { bytes, compressed, etag });
    }

    fn find(&self, path: &str) -> Option<(&str, &File)> {
        let path = path.strip_prefix('/')?;
        let path = if path.is_empty() { "index.html" } else { path };
        self.files.get_key_value(path).map(|(path, file)| (path.as_str(), file))
    }
}

fn read_below(folder: &Path, prefix: &str, contents: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    let failed = || format!("cannot read {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_below(&entry.path(), &format!("{path}/"), contents)?;
        } else {
            let bytes =
                std::fs::read(entry.path()).with_context(|| format!("cannot read {}", entry.path().display()))?;
            contents.insert(path, bytes);
        }
    }
    Ok(())
}

/// The first 16 hexadecimal digits of a content's SHA-256: what tells its versions apart.
pub fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What was asked for, with its query.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Bytes of the body as sent.
    pub bytes: usize,
}

/// A running server. It stops when dropped.
pub struct Server {
    listener: Listener,
    log: Arc<Mutex<Vec<Answered>>>,
}

impl Server {
    /// Serves on 127.0.0.1; port 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken, saying so.
    pub fn start(site: Site, port: u16) -> Result<Server> {
        let log = Arc::<Mutex<Vec<Answered>>>::default();
        let told = log.clone();
        let answer = move |request: &Request| {
            let response = respond(&site, request);
            let answered = Answered { url: request.url.clone(), status: response.status, bytes: response.body.len() };
            told.lock().unwrap_or_else(PoisonError::into_inner).push(answered);
            response
        };
        let listener =
            Listener::start(port, answer).with_context(|| format!("cannot serve on port {port} of this machine"))?;
        Ok(Server { listener, log })
    }

    /// Where it is, without a slash at the end.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.listener.port()
    }

    /// Everything answered so far, oldest first.
    pub fn answered(&self) -> Vec<Answered> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Serves until the program ends.
    pub fn wait(self) {
        self.listener.wait();
    }
}

fn respond(site: &Site, request: &Request) -> Response {
    let mut response = found(site, request);
    response.headers.extend(headers::security());
    response
}

fn found(site: &Site, request: &Request) -> Response {
    if !matches!(&*request.method, "GET" | "HEAD") {
        return Response::text(405, "only GET and HEAD");
    }
    let url = &request.url;
    let Some((path, file)) = site.find(url.split(['?', '#']).next().unwrap_or(url)) else {
        return Response::text(404, "not found");
    };
    let size = file.bytes.len();
    let range = Range::of(request.header("Range"), size);
    let accepted = request.header("Accept-Encoding");
    let copy = file.compressed.iter().find(|(encoding, _)| encoding.is_accepted(accepted));
    // ranges are of the file as it is
    let copy = copy.filter(|_| range == Range::Whole);
    let (status, part, bytes) = match range {
        Range::Whole => (200, None, copy.map_or(&file.bytes[..], |(_, copy)| &copy[..])),
        Range::Part(first, last) => (206, Some(format!("bytes {first}-{last}/{size}")), &file.bytes[first..=last]),
        Range::None => (416, Some(format!("bytes */{size}")), &[][..]),
    };
    let known = request.header("If-None-Match").contains(&file.etag);
    let (status, bytes) = if known { (304, &[][..]) } else { (status, bytes) };
    let mut headers = vec![
        ("Accept-Ranges", "bytes".to_owned()),
        ("Content-Type", headers::media_type(path).to_owned()),
        ("Cache-Control", headers::cache_control(path).to_owned()),
        ("ETag", file.etag.clone()),
        ("Vary", "Accept-Encoding".to_owned()),
    ];
    headers.extend(part.map(|part| ("Content-Range", part)));
    headers.extend(copy.map(|(encoding, _)| ("Content-Encoding", encoding.name().to_owned())));
    Response { status, headers, body: bytes.to_vec() }
}

/// Which bytes of a file are asked for (RFC 9110, section 14.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// All of them; also what asks for several parts, or for something else than bytes, is answered so.
    Whole,
    /// From one to another one, both included.
    Part(usize, usize),
    /// Bytes that the file does not have.
    None,
}

impl Range {
    fn of(asked: &str, size: usize) -> Range {
        let Some((first, last)) = asked.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
            return Range::Whole;
        };
        let number = |text: &str| text.trim().parse::<usize>();
        let (first, last) = match (number(first), number(last)) {
            (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
            (Ok(first), Err(_)) if last.is_empty() => (first, size.saturating_sub(1)),
            // the last so many
            (Err(_), Ok(count)) if first.is_empty() && count > 0 => {
                (size.saturating_sub(count), size.saturating_sub(1))
            }
            (Err(_), Ok(_)) if first.is_empty() => return Range::None,
            _ => return Range::Whole,
        };
        if first < size { Range::Part(first, last) } else { Range::None }
    }
}

#[cfg(test)]
mod tests;
