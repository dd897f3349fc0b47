//! From Rust to what a browser runs.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;
use xtask::{compression::Effort, serve::short_hash};

use super::seconds;
use crate::{cargo, run, toolchain::WASM, workspace::root};

/// One way to compile the app.
pub struct Variant {
    /// Its name, and its folder in the page.
    pub name: &'static str,
    features: &'static str,
}

/// With WebGPU, and for browsers without it.
pub const VARIANTS: [Variant; 2] =
    [Variant { name: "gpu", features: "gpu" }, Variant { name: "cpu", features: "cpu,webgl" }];

/// What a browser loads of a variant.
pub struct Build {
    /// [`Variant::name`].
    pub name: &'static str,
    /// The glue, an ES module whose default export takes the `.wasm`.
    pub script: Vec<u8>,
    /// The program.
    pub wasm: Vec<u8>,
}

/// What the compiler writes by default, and the vector instructions that `.cargo/config.toml` asks for.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// The custom section in which a compiler says what its output needs of an engine.
const FEATURES_SECTION: &str = "target_features";

/// How much the compiler does for a page, by the name of its profile in `Cargo.toml`.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// As small as it gets: what visitors download.
    Published,
    /// As soon as it gets: what tests drive.
    Test,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::Published => "web",
            Profile::Test => "web-test",
        }
    }

    /// What compressing its files may take.
    pub fn effort(self) -> Effort {
        match self {
            Profile::Published => Effort::Once,
            Profile::Test => Effort::Quick,
        }
    }
}

/// Compiles a variant, unless that has been done before.
///
/// # Errors
/// When it does not compile, or needs more than one script.
pub fn build(variant: &Variant, profile: Profile, target: &Path, optimiser: Option<&Path>) -> Result<Build> {
    let raw = compile(variant, profile, target)?;
    // wasm-bindgen and wasm-opt take longer than cargo does when nothing changed
    let version = short_hash(&[raw.as_slice(), format!("{optimiser:?}").as_bytes()].concat());
    let kept = target.join("wasm-parts").join(profile.name()).join(variant.name);
    let folder = kept.join(version);
    let (script, wasm) = (folder.join("app.js"), folder.join("app_bg.wasm"));
    if !wasm.exists() {
        let _ = std::fs::remove_dir_all(&kept);
        bind(variant, raw, &folder)?;
        let unfinished = folder.join("app_bg.wasm.new");
        if let Some(optimiser) = optimiser {
            optimise(variant, optimiser, &folder.join("bound.wasm"), &unfinished)?;
        } else {
            std::fs::copy(folder.join("bound.wasm"), &unfinished).context("cannot copy the program")?;
        }
        // it appears whole or not at all
        std::fs::rename(&unfinished, &wasm).context("cannot keep the program")?;
    }
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    Ok(Build { name: variant.name, script: read(&script)?, wasm: read(&wasm)? })
}

fn compile(variant: &Variant, profile: Profile, target: &Path) -> Result<Vec<u8>> {
    let start = Instant::now();
    println!("page: compiling the {} variant", variant.name);
    let profile = profile.name();
    let mut command = cargo(&["build", "-p", "skeletonllm-web", "--lib", "--profile", profile, "--target", WASM]);
    run(command.args(["--no-default-features", "--features", variant.features]).current_dir(root()?))?;
    let path = target.join(WASM).join(profile).join("skeletonllm_web.wasm");
    let raw = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    println!("page: compiled the {} variant in {}", variant.name, seconds(start));
    Ok(raw)
}

/// Writes `app.js` and `bound.wasm`.
fn bind(variant: &Variant, mut raw: Vec<u8>, folder: &Path) -> Result<()> {
    let start = Instant::now();
    forbid_bulk_memory(&mut raw);
    let mut output = Bindgen::new()
        .input_bytes("app", raw)
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // the page says where the program is: its name has a hash
        .omit_default_module_path(true)
        .generate_output()
        .context("wasm-bindgen failed")?;
    // every crate has an entry, most of them an empty one
    if output.snippets().values().any(|scripts| !scripts.is_empty()) || !output.local_modules().is_empty() {
        bail!(
            "a dependency of the {} variant brings scripts of its own, which the page has no place for",
            variant.name
        );
    }
    // nobody else shall be told what is not so
    output.wasm_mut().customs.remove_raw(FEATURES_SECTION);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    write("app.js", output.js().as_bytes())?;
    write("bound.wasm", &output.wasm_mut().emit_wasm())?;
    println!("page: bound it to JavaScript in {}", seconds(start));
    Ok(())
}

/// Tells wasm-bindgen, by the section in which the compiler says what it used, to write no bulk operations of its own: it
/// fills tables, which Binaryen reads from 117 on, and its crate is 116. The compiler's own, of memory, stay.
fn forbid_bulk_memory(raw: &mut [u8]) {
    const USED: &[u8] = b"+\x0bbulk-memory";
    let Some(section) = raw.windows(FEATURES_SECTION.len()).rposition(|part| part == FEATURES_SECTION.as_bytes())
    else {
        return;
    };
    if let Some(at) = raw[section..].windows(USED.len()).position(|part| part == USED) {
        raw[section + at] = b'-';
    }
}

fn optimise(variant: &Variant, optimiser: &Path, from: &PathBuf, to: &PathBuf) -> Result<()> {
    let start = Instant::now();
    let mut command = Command::new(optimiser);
    command.arg("-Oz").args(FEATURES).args(["--strip-producers", "-o"]).arg(to).arg(from);
    run(&mut command).context("wasm-opt failed")?;
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |data| data.len()) as f64 / 1e6;
    let (before, after) = (size(from), size(to));
    println!("page: wasm-opt made {} of {before:.2} MB {after:.2} MB in {}", variant.name, seconds(start));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_section_about_features_is_told_of_no_bulk_memory() {
        let said = b"+\x0bbulk-memory";
        // the same bytes among a program's own data, and the section last, with another feature
        let mut raw = [b"\0asm\x01\0\0\0 data ", &said[..], b" target_features\x02", said, b"+\x08sign-ext"].concat();
        let before = raw.clone();
        forbid_bulk_memory(&mut raw);
        let changed: Vec<usize> = (0..raw.len()).filter(|&at| raw[at] != before[at]).collect();
        assert_eq!(changed, [before.len() - said.len() - b"+\x08sign-ext".len()]);
        assert_eq!(raw[changed[0]], b'-');
        let mut nothing = b"\0asm\x01\0\0\0".to_vec();
        forbid_bulk_memory(&mut nothing);
        assert_eq!(nothing, b"\0asm\x01\0\0\0");
    }
}
