//! WGSL under edit: files are watched, every change is validated by naga before a GPU sees it, and what is wrong never
//! replaces what works.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use draction_shaders::Sources;

use super::{Program, ShaderProblem, validate};
use crate::store::write_atomically;

/// Largest shader file that is read, in bytes.
const MOST: u64 = 1 << 20;

/// What an edit came to.
#[derive(Clone, Debug)]
pub enum Reload {
    /// No text changed.
    Same,
    /// Everything that changed is valid: these are the texts to run.
    Good(Box<Sources>),
    /// One of them is not; what ran before goes on running. See [`ShaderBench::problem`].
    Bad,
}

/// The texts under edit, and the last that were all valid.
#[derive(Debug)]
pub struct ShaderBench {
    /// What the program was compiled with.
    program: Program,
    folder: Option<PathBuf>,
    draft: Sources,
    good: Sources,
    /// The good ones before those, for when a GPU refuses what naga accepted.
    before: Sources,
    /// Time and length of each file when it was read.
    stamps: BTreeMap<String, (SystemTime, u64)>,
    /// Texts that no file holds yet.
    unsaved: Vec<String>,
    problem: Option<ShaderProblem>,
}

impl ShaderBench {
    /// A bench for a client's shaders, whose files are in `folder` (`<name>.wgsl`), or nowhere.
    pub fn new(program: Program, folder: Option<PathBuf>) -> ShaderBench {
        let sources = program.sources.clone();
        ShaderBench {
            program,
            folder,
            draft: sources.clone(),
            good: sources.clone(),
            before: sources,
            stamps: BTreeMap::new(),
            unsaved: Vec::new(),
            problem: None,
        }
    }

    /// Where the files are.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Every source: what is compiled first, in the client's order, then what that imports.
    pub fn names(&self) -> Vec<&str> {
        let compiled: Vec<&str> = self.program.names().collect();
        let shared = self.draft.names().filter(|name| !compiled.contains(name)).collect::<Vec<_>>();
        [compiled, shared].concat()
    }

    /// The text of a source as it stands, valid or not.
    pub fn text(&self, name: &str) -> &str {
        self.draft.get(name).unwrap_or("")
    }

    /// Whether a source was edited here and not saved.
    pub fn is_unsaved(&self, name: &str) -> bool {
        self.unsaved.iter().any(|unsaved| unsaved == name)
    }

    /// What is wrong with the texts, if something is: then older ones are running.
    pub fn problem(&self) -> Option<&ShaderProblem> {
        self.problem.as_ref()
    }

    /// The last texts that were all valid.
    pub fn good(&self) -> &Sources {
        &self.good
    }

    /// Looks whether files have changed since they were last read. A file that cannot be read is left as it was.
    pub fn poll(&mut self) -> Reload {
        let Some(folder) = self.folder.clone() else { return Reload::Same };
        let names: Vec<String> = self.draft.names().map(str::to_owned).collect();
        let mut changed = false;
        for name in names {
            let path = path_of(&folder, &name);
            let Ok(data) = std::fs::metadata(&path) else { continue };
            let stamp = (data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len());
            if stamp.1 > MOST || self.stamps.get(&name) == Some(&stamp) {
                continue;
            }
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            self.stamps.insert(name.clone(), stamp);
            if self.draft.get(&name) != Some(&text) {
                self.unsaved.retain(|unsaved| *unsaved != name);
                self.draft.replace(name, text);
                changed = true;
            }
        }
        if changed { self.check() } else { Reload::Same }
    }

    /// Puts `text` in the place of a source.
    pub fn edit(&mut self, name: &str, text: &str) -> Reload {
        if self.draft.get(name).is_none_or(|known| known == text) {
            return Reload::Same;
        }
        self.draft.replace(name, text);
        if !self.is_unsaved(name) {
            self.unsaved.push(name.to_owned());
        }
        self.check()
    }

    /// Back to the shaders compiled into the program; files stay as they are.
    pub fn reset(&mut self) -> Reload {
        let program = &self.program.sources;
        let edited = self.draft.names().filter(|name| self.draft.get(name) != program.get(name));
        self.unsaved = edited.map(str::to_owned).collect();
        self.draft = program.clone();
        self.check()
    }

    /// Writes a source to its file, whole or not at all. Returns where.
    ///
    /// # Errors
    /// When there is no folder or it cannot be written.
    pub fn save(&mut self, name: &str) -> io::Result<PathBuf> {
        let folder = self.folder.as_deref().ok_or_else(|| io::Error::other("there is no folder of shaders"))?;
        let path = path_of(folder, name);
        write_atomically(&path, self.text(name).as_bytes())?;
        if let Ok(data) = std::fs::metadata(&path) {
            self.stamps.insert(name.to_owned(), (data.modified().unwrap_or(SystemTime::UNIX_EPOCH), data.len()));
        }
        self.unsaved.retain(|unsaved| unsaved != name);
        Ok(path)
    }

    /// The GPU refused what naga had accepted: the texts before count as the last good ones again.
    pub fn refuse(&mut self, message: String) {
        self.good = self.before.clone();
        self.problem = Some(ShaderProblem::without_place("the GPU", message));
    }

    /// Validates everything whose text differs from the last good one.
    fn check(&mut self) -> Reload {
        for name in self.program.names() {
            if self.draft.compose(name).ok().is_some_and(|text| self.good.compose(name).ok() == Some(text)) {
                continue;
            }
            let kernel = self.program.kernels.iter().find(|kernel| kernel.name == name);
            if let Err(problem) = validate(&self.draft, name, kernel) {
                self.problem = Some(*problem);
                return Reload::Bad;
            }
        }
        self.problem = None;
        self.before = std::mem::replace(&mut self.good, self.draft.clone());
        Reload::Good(Box::new(self.good.clone()))
    }
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.wgsl"))
}

#[cfg(test)]
mod tests {
    use wgpu::naga;

    use super::*;
    use crate::{
        engine::gpu::program,
        inspect::tests::Example,
        passes::{Axis, Pass, Row, WEIGHTS_LEN},
        testing::fresh_gpu,
    };

    /// A folder with all shaders of this program.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("shared")).unwrap();
        let sources = Sources::default();
        for name in sources.names() {
            std::fs::write(path_of(folder.path(), name), sources.get(name).unwrap()).unwrap();
        }
        folder
    }

    #[test]
    fn every_shader_of_this_program_is_valid() {
        let program = program();
        for name in program.names() {
            let kernel = program.kernels.iter().find(|kernel| kernel.name == name);
            validate(&program.sources, name, kernel).unwrap_or_else(|problem| panic!("{problem}"));
        }
    }

    #[test]
    fn rows_in_wgsl_are_as_long_as_the_tables_say() {
        let dims = Example::new(1, 6, 70).scene.dims;
        for pass in Pass::ALL {
            let module = naga::front::wgsl::parse_str(&Sources::default().compose(pass.name()).unwrap()).unwrap();
            for (at, buffer) in pass.buffers().enumerate() {
                let bound = |v: &naga::GlobalVariable| v.binding.as_ref().is_some_and(|b| b.binding as usize == at + 1);
                let (_, variable) = module.global_variables.iter().find(|(_, v)| bound(v)).unwrap();
                let bytes = match module.types[variable.ty].inner {
                    naga::TypeInner::Array { stride, .. } => stride as usize,
                    ref one => one.size(module.to_ctx()) as usize,
                };
                let numbers = match buffer.about().row {
                    // weights are counted one by one, and seen as one row
                    Row::Of(_) if buffer.about().axes.ends_with(&[Axis::Weight]) && bytes > 4 => WEIGHTS_LEN,
                    Row::Of(_) => buffer.width(&dims),
                    Row::Joints => 1,
                };
                assert_eq!(bytes, 4 * numbers, "{buffer:?} in {}", pass.name());
            }
        }
    }

    #[test]
    fn a_syntax_error_names_file_and_line_and_the_last_good_shader_stays() {
        let folder = folder();
        let mut bench = ShaderBench::new(program(), Some(folder.path().to_owned()));
        assert!(matches!(bench.poll(), Reload::Same), "the files are those of the program");
        let text = bench.text("sort").to_owned();
        let line = text.lines().position(|line| line.contains("@compute")).unwrap() + 1;
        let broken = text.replace("@compute", "@compute oops");
        std::fs::write(path_of(folder.path(), "sort"), &broken).unwrap();
        assert!(matches!(bench.poll(), Reload::Bad));
        let problem = bench.problem().unwrap().clone();
        assert_eq!((problem.source.as_str(), problem.line), ("sort", line), "{problem}");
        assert!(problem.to_string().contains(&format!("sort.wgsl:{line}")), "{problem}");
        assert!(problem.to_string().contains("^^^^"), "{problem}");
        assert_eq!(bench.good().get("sort"), Some(text.as_str()), "the last good one");
        assert!(matches!(bench.poll(), Reload::Same), "said once");
        std::fs::write(path_of(folder.path(), "sort"), format!("// mended\n{text}")).unwrap();
        let Reload::Good(good) = bench.poll() else { panic!("{:?}", bench.problem()) };
        assert!(good.get("sort").unwrap().starts_with("// mended") && bench.problem().is_none());
    }

    #[test]
    fn a_mistake_in_a_shared_file_is_found_there() {
        let mut bench = ShaderBench::new(program(), None);
        let text = bench.text("shared/view").replace("v.raw_z = at.z;", "v.raw_z = at.xy;");
        assert!(matches!(bench.edit("shared/view", &text), Reload::Bad));
        let problem = bench.problem().unwrap();
        assert_eq!(problem.source, "shared/view", "{problem}");
        assert!(problem.text.contains("at.xy"), "{problem}");
        assert!(bench.is_unsaved("shared/view") && !bench.is_unsaved("sort"));
        assert!(bench.save("shared/view").is_err(), "there is no folder");
    }

    #[test]
    fn another_binding_is_refused_before_a_gpu_sees_it() {
        let mut bench = ShaderBench::new(program(), None);
        let text = bench.text("sort").to_owned();
        for (from, to, said) in [
            ("var<storage, read> projected", "var<storage, read_write> projected", "the engine binds"),
            ("@binding(2)", "@binding(7)", "nothing is bound there"),
            ("fn main(", "fn other(", "no entry point"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(matches!(bench.edit("sort", &text.replace(from, to)), Reload::Bad));
            assert!(bench.problem().unwrap().message.contains(said), "{}", bench.problem().unwrap());
        }
        assert!(matches!(bench.edit("sort", "// #import shared/nowhere"), Reload::Bad));
        assert!(bench.problem().unwrap().message.contains("shared/nowhere"));
        assert!(matches!(bench.reset(), Reload::Good(_)));
        assert_eq!(bench.text("sort"), text);
    }

    #[test]
    fn edits_are_saved_and_files_win_over_what_was_typed_before() {
        let folder = folder();
        let mut bench = ShaderBench::new(program(), Some(folder.path().to_owned()));
        bench.poll();
        let text = format!("// edited\n{}", bench.text("project"));
        assert!(matches!(bench.edit("project", &text), Reload::Good(_)));
        assert!(bench.is_unsaved("project"));
        let path = bench.save("project").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert!(!bench.is_unsaved("project") && matches!(bench.poll(), Reload::Same));
        bench.edit("project", &format!("// typed\n{text}"));
        std::fs::write(&path, format!("// by another editor\n{text}")).unwrap();
        assert!(matches!(bench.poll(), Reload::Good(_)));
        assert!(bench.text("project").starts_with("// by another editor") && !bench.is_unsaved("project"));
    }

    #[test]
    fn a_good_edit_changes_the_picture_and_a_bad_one_does_not() {
        let Some(gpu) = fresh_gpu() else { return };
        let example = Example::new(1, 6, 70);
        let draw = || gpu.forward(&example.scene).unwrap();
        let before = draw();
        let mut bench = ShaderBench::new(program(), None);
        let text = bench.text("rasterize").to_owned();
        let Reload::Good(sources) = bench.edit("rasterize", &text.replace("saturate(x)", "0.5 * saturate(x)")) else {
            panic!("{:?}", bench.problem())
        };
        pollster::block_on(gpu.reload(&sources)).unwrap();
        let dimmed = draw();
        assert!(before.iter().zip(&dimmed).all(|(a, b)| (0.5 * a - b).abs() < 1e-6));
        assert!(matches!(bench.edit("rasterize", &text.replace("saturate(x)", "saturate(y)")), Reload::Bad));
        assert_eq!(draw(), dimmed, "the last good shader keeps running");
        bench.refuse("out of registers".into());
        assert_eq!(bench.good().get("rasterize"), Some(text.as_str()));
    }
}
