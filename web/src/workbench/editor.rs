//! The shaders under edit: what is typed here, what other editors write, and what of it is valid.

use std::path::PathBuf;

use draction::gpu::Reload;

use super::Workbench;

impl Workbench {
    /// Takes over what the files hold now.
    pub(super) fn apply(&mut self, reload: Reload) {
        match reload {
            Reload::Same => return,
            Reload::Good(sources) => self.valid = Some(sources),
            Reload::Bad => {}
        }
        self.draft = self.shaders.text(&self.source).to_owned();
    }

    /// Puts another source into the editor.
    pub(super) fn edit(&mut self, source: &str) {
        self.source = source.to_owned();
        self.draft = self.shaders.text(source).to_owned();
    }

    /// Takes over what was typed.
    pub(super) fn apply_draft(&mut self, text: String) {
        self.draft = text;
        let reload = self.shaders.edit(&self.source, &self.draft);
        if let Reload::Good(sources) = reload {
            self.valid = Some(sources);
        }
    }

    /// Back to the shaders of the program.
    pub(super) fn reset(&mut self) {
        let reload = self.shaders.reset();
        self.apply(reload);
    }

    /// Writes the source in the editor to its file.
    pub(super) fn save(&mut self) {
        let source = self.source.clone();
        match self.shaders.save(&source) {
            Ok(path) => self.notes.push((false, format!("wrote {}", path.display()))),
            Err(error) => self.notes.push((true, error.to_string())),
        }
    }
}

/// The folder of WGSL files: `shaders/wgsl` below the current folder, the viewer's, or one above these.
pub fn default_folder() -> Option<PathBuf> {
    let found = skeletonllm::folder::shipped("shaders/wgsl/rasterize.wgsl")?;
    let folder = found.parent()?;
    Some(folder.canonicalize().unwrap_or_else(|_| folder.to_owned()))
}
