//! What a model needs beside its own folder, where that no longer lies where the model was trained.

use std::path::Path;

use anyhow::{Result, bail};

use crate::{folder::system_of, graph_recogniser, sugar};

/// Where it lies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// SUGAR's sentence encoder.
    pub text: Option<&'a Path>,
    /// The language model that a model was trained on top of.
    pub base: Option<&'a Path>,
}

impl Beside<'_> {
    /// Makes sure that the model in a folder has a use for all that is named.
    ///
    /// # Errors
    /// When it has none for something, naming it.
    pub fn fits(self, folder: &Path) -> Result<()> {
        let narrates = sugar::narrates(folder);
        let (text, base) = match system_of(folder).as_deref() {
            Some(sugar::SYSTEM) => (!narrates, narrates),
            Some(graph_recogniser::SYSTEM) => (false, false),
            // SkeletonLLM; of what knows no such thing nobody is asked for it
            _ => (false, true),
        };
        if let Some(path) = self.text.filter(|_| !text) {
            bail!("{} asks no sentence encoder: leave --text {} out", folder.display(), path.display());
        }
        if let Some(path) = self.base.filter(|_| !base) {
            bail!("{} lies on top of no language model: leave --base {} out", folder.display(), path.display());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_has_no_use_for_is_refused() {
        let assets = |name: &str| skeletonllm_checks::asset(name);
        let (text, base) = (Some(Path::new("minilm")), Some(Path::new("smollm2")));
        let problem = |beside: Beside<'_>, model: &str| beside.fits(&assets(model)).unwrap_err().to_string();
        assert!(problem(Beside { text, base: None }, "nano").contains("--text minilm"));
        assert!(problem(Beside { text, base: None }, "second-opinion").contains("--text minilm"));
        assert!(problem(Beside { text: None, base }, "second-opinion").contains("--base smollm2"));
        Beside { text: None, base }.fits(&assets("nano")).unwrap();
        Beside::default().fits(&assets("second-opinion")).unwrap();
    }
}
