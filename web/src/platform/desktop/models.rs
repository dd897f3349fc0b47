//! Models that are dropped onto the window, from disk. A window keeps none: they are where they were.

use std::path::{Path, PathBuf};

use skeletonllm::given::{Found, files_of, recognise_paths};

use super::read_path;
use crate::{
    files::{Incoming, is_ours},
    models::{News, NewsSender, Offered},
};

pub use skeletonllm::given::Disk as ModelFiles;

/// Takes in files and folders that came together: a model, or whatever else they are.
pub fn receive(paths: Vec<PathBuf>, incoming: &Incoming) {
    let within = files_of(&paths);
    match recognise_paths(&within) {
        Found::Nothing => paths.into_iter().for_each(|path| read_path(path, incoming)),
        Found::Refused(problem) => incoming.problem(&problem),
        Found::Model { given, places, others } => {
            let files = ModelFiles::of(&given, &places, &within);
            incoming.offer(Offered { given, files });
            // the model's own folder holds what it holds; others are read as if they had come alone
            let has_model = |folder: &Path| places.iter().any(|&place| within[place].starts_with(folder));
            let (with, without): (Vec<_>, Vec<_>) =
                paths.iter().filter(|path| path.is_dir()).partition(|p| has_model(p));
            let loose = |path: &PathBuf| {
                paths.contains(path) || with.iter().any(|f| path.starts_with(f)) && is_ours(&path.to_string_lossy())
            };
            others
                .iter()
                .map(|&i| &within[i])
                .filter(|path| loose(path))
                .for_each(|path| read_path(path.clone(), incoming));
            without.into_iter().for_each(|folder| read_path(folder.clone(), incoming));
        }
    }
}

/// The models that lie beside the program: of those only the shipped one is known.
pub fn list_models(_news: NewsSender) {}

/// Brings a model: there is nobody to bring it from.
pub fn bring_model(name: &str, news: NewsSender) {
    let problem = "only a page has models beside it; drop the model's folder into the window".to_owned();
    news.send(News::Failed { name: name.to_owned(), problem });
}

/// Stops bringing and keeping one.
pub fn stop_model() {}

/// Keeps a model for the next visit.
pub fn keep_model(_offered: &Offered, _news: NewsSender) {}

/// Takes a model away.
pub fn remove_model(_name: &str, _news: NewsSender) {}

#[cfg(test)]
mod tests {
    use skeletonllm_network::arriving::Fetch;

    use super::*;
    use crate::files::Arrival;

    #[test]
    fn a_folder_with_a_model_is_a_model_and_others_are_motions() {
        let folder = tempfile::tempdir().unwrap();
        let model = folder.path().join("mine");
        std::fs::create_dir(&model).unwrap();
        for name in ["config.json", "model.safetensors", "tokenizer.json", "README.md", "LICENSE"] {
            std::fs::write(model.join(name), name).unwrap();
        }
        let walk = skeletonllm_checks::asset("samples/walk.bvh");
        let deep = folder.path().join("takes/deep");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("a.bvh"), "a").unwrap();
        let incoming = Incoming::default();
        receive(vec![model.clone(), walk.clone(), folder.path().join("takes")], &incoming);
        let offered = incoming.take_models();
        assert_eq!(offered.len(), 1);
        assert_eq!((offered[0].given.name.as_str(), offered[0].given.files.len()), ("mine", 3));
        let part = pollster::block_on(offered[0].files.fetch("tokenizer.json", 3, 5)).unwrap();
        assert_eq!(part, b"enize");
        assert!(pollster::block_on(offered[0].files.fetch("README.md", 0, 1)).is_err(), "it is none of the model's");
        let arrived = incoming.take();
        let [Arrival::File(first, _), Arrival::File(second, _)] = &arrived[..] else { panic!("{arrived:?}") };
        assert!(first.name.ends_with("walk.bvh") && second.name.ends_with("a.bvh"), "{arrived:?}");

        std::fs::remove_file(model.join("tokenizer.json")).unwrap();
        receive(vec![model], &incoming);
        let problem = incoming.take();
        let [Arrival::Problem(problem)] = &problem[..] else { panic!("{problem:?}") };
        assert!(problem.starts_with("mine: tokenizer.json"), "{problem}");
        receive(vec![walk], &incoming);
        assert!(incoming.take_models().is_empty() && incoming.take().len() == 1);
    }
}
