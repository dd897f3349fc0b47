//! What a small graph network on the joints makes of a motion, beside a model that looks at pictures of it.

use std::path::Path;

use anyhow::{Context, Result};
use draction::{figure::Mapped, motion::Motion};
use skeletonllm_data::{Labels, Texts, ensemble::Table};
use skeletonllm_network::{device::Selected, read_at::read_file};

use crate::{
    assistant::among_themselves,
    graph_recogniser::{GraphModelConfig, GraphNetworks, GraphRecogniser},
};

/// A graph network that is asked beside a model.
pub struct SecondOpinion {
    recogniser: GraphRecogniser,
}

/// What the network finds likeliest.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// The label.
    pub label: String,
    /// Its probability among all labels that the network knows, 0..1.
    pub probability: f32,
}

/// The directory of a graph network in memory: what a browser downloads.
#[derive(Clone, Debug)]
pub struct SecondFiles {
    /// `config.json`.
    pub config: Vec<u8>,
    /// The weights of its streams, in the order of the configuration.
    pub weights: Vec<Vec<u8>>,
}

impl SecondFiles {
    /// Reads a directory as it is.
    ///
    /// # Errors
    /// When a file cannot be read, naming it, or the configuration is none.
    pub fn read(folder: &Path) -> Result<SecondFiles> {
        let read = |name: &str| {
            let path = folder.join(name);
            read_file(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let config = read("config.json")?;
        let streams =
            GraphModelConfig::parse(&config).with_context(|| folder.join("config.json").display().to_string())?;
        let weights = streams.streams.iter().map(|stream| read(&stream.file())).collect::<Result<_>>()?;
        Ok(SecondFiles { config, weights })
    }
}

impl Opinion {
    /// Whether it may be true together with another label: it is the same, means the same, or says more or less of the
    /// same movement.
    #[must_use]
    pub fn agrees_with(&self, label: &str) -> bool {
        let labels = Labels::new([self.label.as_str(), label]);
        labels.len() == 1 || Texts::built_in().may_both_hold(&labels, &self.label, label)
    }
}

impl SecondOpinion {
    /// Loads a graph network's directory onto the chosen device.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    #[cfg(not(target_family = "wasm"))]
    pub fn load(folder: &Path, choice: skeletonllm_network::device::DeviceChoice) -> Result<SecondOpinion> {
        Ok(SecondOpinion { recogniser: GraphRecogniser::load(folder, choice)? })
    }

    /// As [`SecondOpinion::load`], from memory and onto a device that was selected before.
    ///
    /// # Errors
    /// When a file is wrong, naming it.
    pub fn from_files(files: &SecondFiles, selected: &Selected) -> Result<SecondOpinion> {
        let config = GraphModelConfig::parse(&files.config).context("config.json")?;
        let networks = GraphNetworks::parse(&files.weights, &config, &selected.device)?;
        let recogniser = GraphRecogniser::new(networks, config, selected.device.clone(), selected.name.clone())?;
        Ok(SecondOpinion { recogniser })
    }

    /// What it makes of a motion whose figure is known.
    ///
    /// # Errors
    /// When its skeleton is not the network's, or the device gives nothing back.
    pub async fn of_async(&self, motion: &Motion, figure: &Mapped) -> Result<Opinion> {
        self.opinion(&self.recogniser.look_at_async(motion, &figure.motion).await?)
    }

    /// What it makes of a motion.
    ///
    /// # Errors
    /// As [`SecondOpinion::of_async`].
    #[cfg(not(target_family = "wasm"))]
    pub fn of(&self, motion: &Motion) -> Result<Opinion> {
        self.opinion(&self.recogniser.look(&[motion])?)
    }

    /// What the scores of one motion say.
    fn opinion(&self, table: &Table) -> Result<Opinion> {
        let labels = self.recogniser.labels();
        let scores = self.recogniser.rank(table, labels).swap_remove(0);
        let probabilities = among_themselves(&scores);
        let best = (0..labels.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).context("it knows no label")?;
        Ok(Opinion { label: labels[best].clone(), probability: probabilities[best] })
    }
}

/// The directory of the graph network that ships with the programs.
///
/// # Errors
/// When it is not there.
#[cfg(not(target_family = "wasm"))]
pub fn default_second_opinion() -> Result<std::path::PathBuf> {
    const SHIPPED: &str = "assets/second-opinion";
    crate::folder::shipped_model(SHIPPED).with_context(|| format!("{SHIPPED} is not beside the program"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use draction::motion::{ReadOptions, read_file};
    use skeletonllm_checks::asset;
    use skeletonllm_network::device::{self, DeviceChoice};

    fn files() -> SecondFiles {
        SecondFiles::read(&asset("second-opinion")).unwrap()
    }

    #[test]
    fn what_may_both_be_true_agrees() {
        let opinion = |label: &str| Opinion { label: label.to_owned(), probability: 0.9 };
        for (a, b) in
            [("walk", "walk"), ("wave", "wave left hand"), ("wave left hand", "wave"), ("walk", "walk turn left")]
        {
            assert!(opinion(a).agrees_with(b), "{a} and {b}");
        }
        for (a, b) in [("walk", "clap"), ("wave left hand", "wave right hand"), ("sit down", "stand up")] {
            assert!(!opinion(a).agrees_with(b), "{a} and {b}");
        }
    }

    #[test]
    fn the_shipped_network_says_of_the_samples_what_they_are() {
        let selected = device::cpu().expect("part of this build");
        let second = SecondOpinion::from_files(&files(), &selected).unwrap();
        let on_disk = SecondOpinion::load(&asset("second-opinion"), DeviceChoice::Cpu).unwrap();
        // the clap it takes for theatre: its hands are a computed person's
        for (file, label) in [
            ("wave_left_hand.bvh", "wave left hand"),
            ("raise_right_hand.bvh", "raise up right hand"),
            ("walk.bvh", "walk"),
            ("squat.bvh", "squat"),
        ] {
            let motion = read_file(asset("samples").join(file), &ReadOptions::default()).unwrap();
            let opinion = second.of(&motion).unwrap();
            assert!(opinion.agrees_with(label), "{file}: {opinion:?}");
            assert!(opinion.probability > 0.2 && opinion.probability <= 1.0, "{file}: {opinion:?}");
            assert_eq!(on_disk.of(&motion).unwrap(), opinion, "{file}");
        }
    }

    #[test]
    fn damaged_files_are_named() {
        let selected = device::cpu().expect("part of this build");
        let refused = |files: &SecondFiles| format!("{:#}", SecondOpinion::from_files(files, &selected).err().unwrap());
        let whole = files();
        assert!(
            refused(&SecondFiles { weights: vec![], ..whole.clone() }).contains("0 files of weights for 1 streams")
        );
        let half = whole.weights[0][..whole.weights[0].len() / 2].to_vec();
        assert!(refused(&SecondFiles { weights: vec![half], ..whole.clone() }).contains("joint"));
        assert!(refused(&SecondFiles { config: b"{".to_vec(), ..whole }).contains("config.json"));
    }
}
