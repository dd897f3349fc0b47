//! `cargo xtask web`: the page as a folder that any static host can serve.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `wasm` | cargo, wasm-bindgen and wasm-opt: Rust to `.wasm` and its JavaScript glue |
//! | `optimiser` | finds wasm-opt, or builds it once |
//! | `folder` | the files of the page, with hashes in their names and deflated copies beside them |
//! | `report` | what a visitor downloads, and whether that is little enough |

mod folder;
mod optimiser;
mod report;
mod wasm;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use xtask::serve::{Server, Site};

use self::wasm::Profile;
use crate::{
    toolchain::{self, Part, WASM},
    workspace::{root, target_folder},
};

/// What to do beyond building.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the page goes; `None` is `page` below the target folder.
    out: Option<PathBuf>,
    /// Models that lie beside it: folders, or names of such below `models`.
    with: Vec<String>,
    /// Serve it afterwards, on this port.
    serve: Option<u16>,
    /// Show it in a browser.
    open: bool,
}

/// The model of this project that is larger than the shipped one.
const SMALL: &str = "small";

/// What it lies on top of.
const BENEATH: &str = "smollm2-135m";
/// What a model has that lies on top of another one.
const ADAPTER: &str = "adapter_config.json";

/// Where `--serve` listens unless told otherwise.
const PORT: u16 = 8421;

impl Default for Options {
    fn default() -> Options {
        Options { out: None, with: Vec::new(), serve: None, open: true }
    }
}

impl Options {
    /// Reads the arguments after `web`.
    ///
    /// # Errors
    /// For what it does not know, naming it.
    pub fn parse(arguments: &[String]) -> Result<Options> {
        let (mut out, mut with, mut serve, mut open, mut port) = (None, Vec::new(), false, true, PORT);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--serve" => serve = true,
                "--no-open" => open = false,
                "--out" => out = Some(PathBuf::from(value()?)),
                "--with" => with.push(value()?.clone()),
                "--port" => {
                    let text = value()?;
                    port = text.parse().with_context(|| format!("--port {text}: not a port"))?;
                }
                other => bail!("`cargo xtask web` knows no {other:?}"),
            }
        }
        Ok(Options { out, with, serve: serve.then_some(port), open })
    }

    /// The folders of models that lie beside the page: those that were asked for, and `small` where there is one.
    fn models(&self, root: &Path) -> Vec<PathBuf> {
        let known = |name: &str| ["assets", "models"].map(|place| root.join(place).join(name));
        let find = |name: &String| {
            let named = Some(PathBuf::from(name)).filter(|path| path.is_dir());
            named.or_else(|| known(name).into_iter().find(|path| path.is_dir())).unwrap_or_else(|| name.into())
        };
        let mut folders: Vec<PathBuf> = self.with.iter().map(find).collect();
        // on top of a model that not everybody has fetched
        let complete = |path: &PathBuf| !path.join(ADAPTER).is_file() || root.join("models").join(BENEATH).is_dir();
        let small = known(SMALL).into_iter().find(|path| path.join("config.json").is_file() && complete(path));
        // its folder's name is its name in the page
        folders.extend(small.filter(|small| !folders.iter().any(|folder| folder.file_name() == small.file_name())));
        folders
    }
}

/// Builds the page, and serves it if asked to.
///
/// # Errors
/// As [`build`]; when it cannot be served.
pub fn run(options: &Options) -> Result<()> {
    let Published { folder, weighed } = build(options)?;
    // whoever builds a page wants it all the same
    if let Err(error) = weighed {
        eprintln!("xtask: {error:#}");
    }
    let Some(port) = options.serve else { return Ok(()) };
    let server = Server::start(Site::load(&folder)?, port)?;
    let url = format!("{}/", server.origin());
    println!("serving {} at {url} until Ctrl-C", folder.display());
    if options.open {
        open_in_browser(&url);
    }
    server.wait();
    Ok(())
}

/// The page as it is published.
pub struct Published {
    /// Where it is.
    pub folder: PathBuf,
    /// Whether a visitor downloads no more than may be.
    pub weighed: Result<()>,
}

/// Builds the page as it is published, and says what a visitor downloads.
///
/// # Errors
/// When something does not build.
pub fn build(options: &Options) -> Result<Published> {
    let target = target_folder()?;
    let out = options.out.clone().unwrap_or_else(|| target.join("page"));
    let models =
        options.models(&root()?).into_iter().map(|folder| whole(folder, &target)).collect::<Result<Vec<_>>>()?;
    let page = make(&out, Profile::Published, &target, optimiser::find_or_build(&target), &models)?;
    Ok(Published { folder: out, weighed: report::print(&page.downloads()) })
}

/// A model as the page reads it: one that was learned on top of another is written as one in eight bits, below the target
/// folder.
fn whole(folder: PathBuf, target: &Path) -> Result<PathBuf> {
    let name = folder.file_name().filter(|_| folder.join(ADAPTER).is_file());
    let Some(name) = name else { return Ok(folder) };
    let out = target.join("whole").join(name);
    if out.is_dir() {
        std::fs::remove_dir_all(&out).with_context(|| format!("cannot clear {}", out.display()))?;
    }
    crate::run(Command::new(crate::built("quantize")?).arg(&folder).args(["--to", "int8", "--out"]).arg(&out))?;
    Ok(out)
}

/// Builds the page for the tests and returns its folder: the same program, neither optimised for its size nor held to
/// a budget, which would take longer than all tests.
///
/// # Errors
/// When something does not build.
pub fn build_for_tests() -> Result<PathBuf> {
    let target = target_folder()?;
    let out = target.join("page-test");
    make(&out, Profile::Test, &target, None, &[])?;
    Ok(out)
}

fn make(
    out: &Path,
    profile: Profile,
    target: &Path,
    optimiser: Option<PathBuf>,
    models: &[PathBuf],
) -> Result<folder::Page> {
    toolchain::ensure(Part::Target(WASM))?;
    let start = Instant::now();
    let builds = wasm::VARIANTS.iter().map(|variant| wasm::build(variant, profile, target, optimiser.as_deref()));
    let page = folder::Page::gather(&root()?, &builds.collect::<Result<Vec<_>>>()?, models, profile.effort())?;
    page.write(out)?;
    println!("page: wrote {} in {}", out.display(), seconds(start));
    Ok(page)
}

fn seconds(start: Instant) -> String {
    format!("{:.1} s", start.elapsed().as_secs_f64())
}

/// Asks this machine's browser to show a page; where there is none, the address stands on the terminal.
fn open_in_browser(url: &str) {
    let (program, arguments): (_, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    let _ = Command::new(program).args(arguments).arg(url).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(&arguments.iter().map(|&a| a.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn models_are_found_by_name_and_small_by_itself() {
        let root = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            std::fs::create_dir_all(root.path().join(path)).unwrap();
            std::fs::write(root.path().join(path).join("config.json"), "{}").unwrap();
            root.path().join(path)
        };
        let big = make("models/big");
        let with = |names: &[&str]| {
            let with = names.iter().map(|name| (*name).to_owned()).collect();
            Options { with, ..Options::default() }.models(root.path())
        };
        assert_eq!(with(&["big", "none"]), [big.clone(), PathBuf::from("none")]);
        let small = make("assets/small");
        assert_eq!(with(&["big"]), [big.clone(), small.clone()]);
        assert_eq!(with(&["small"]), [small]);
        assert_eq!(with(&[&big.display().to_string()])[0], big);
    }

    #[test]
    fn arguments() {
        assert_eq!(parse(&[]).unwrap(), Options::default());
        let options = parse(&["--serve", "--port", "80", "--out", "here", "--with", "big", "--no-open"]).unwrap();
        let expected = Options { out: Some("here".into()), with: vec!["big".into()], serve: Some(80), open: false };
        assert_eq!(options, expected);
        for (wrong, named) in [(&["--port"][..], "--port"), (&["--port", "x"], "--port x"), (&["--sreve"], "--sreve")] {
            let error = format!("{:#}", parse(wrong).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
