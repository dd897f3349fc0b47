//! A run of graph networks: what it begins with, or where it goes on.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use rayon::prelude::*;
use skeletonllm::graph_recogniser::{GraphModelConfig, GraphNetworks, SYSTEM, WeightedStream, graph_of};
use skeletonllm_data::{Batches, DataClip, DataSet, Labels, label};
use skeletonllm_network::{checkpoint::Precision, co_learning::Helpers};

use super::{Example, GraphLessons, MmclConfig, MmclLearner, beside};
use crate::{
    RunOptions,
    fit::fit,
    posed::{class, epoch, labelled},
    setup, state,
};

/// Trains from the start, or from where a run stopped, to the end.
///
/// # Errors
/// When data, configuration or files cannot be used.
pub fn run(mut options: RunOptions<'_, MmclConfig>) -> Result<()> {
    let resumed = state::open(&mut options)?;
    let beginning = options.out.join(state::START);
    let (train, validation) =
        setup::read_data(&options.data, &options.config.ntu, &options.config.selection, options.quiet, options.ranks)?;
    let device = options.device.clone().autodiff();
    let (checkpoint, mut at) = match resumed {
        Some(resumed) => resumed,
        None => state::start(&mut options, |options| {
            let settings = &options.config;
            let config = config(settings, &train)?;
            let networks = match &options.from {
                None => GraphNetworks::fresh(&config, settings.seed, &device)?,
                Some(folder) => {
                    let theirs = GraphModelConfig::read(folder)?;
                    let alike = theirs.network == config.network && theirs.labels == config.labels;
                    ensure!(alike, "{} has other labels, or is for another skeleton, than the data", folder.display());
                    GraphNetworks::read(folder, &config, &device)?
                }
            };
            networks.valid().write(&beginning, &config, Precision::F32)
        })?,
    };
    let settings = &options.config;
    let config = GraphModelConfig::read(&beginning)?;
    let networks = GraphNetworks::read(&beginning, &config, &device)?;
    let share = if config.streams.len() > 1 { settings.held_out } else { 0.0 };
    let (learned, held_out) = divided(labelled(&train).collect(), share);
    let mut examples = examples(&learned, settings, &config)?;
    let helpers = helpers(&options, &learned, &mut examples)?;
    let helpers = helpers.map(|[pictures, texts]| {
        Helpers::new(pictures, config.network.features(), texts, config.labels.len(), &device).fresh(settings.seed)
    });
    let learner = MmclLearner::new(networks, helpers, &config.streams);
    options.ranks.tell(format_args!(
        "training {} networks on {} with {} clips, {} labels; {} clips held out",
        config.streams.len(),
        options.device_name,
        examples.len(),
        config.labels.len(),
        held_out.len()
    ));
    let keys: Vec<i64> = examples.iter().map(|example| example.label).collect();
    let lessons = GraphLessons {
        options: &options,
        batches: Batches::balanced(
            &epoch(&keys, &train, &settings.selection),
            settings.batch,
            settings.seed,
            settings.balance,
        ),
        examples,
        watched: setup::spread(&validation, settings.validation_clips),
        held_out,
        config,
    };
    fit(&lessons, &options, learner, checkpoint, &mut at)
}

/// Gives the examples what helps to learn from them; the widths of its features, where there is any.
fn helpers(
    options: &RunOptions<'_, MmclConfig>,
    clips: &[&DataClip],
    examples: &mut [Example],
) -> Result<Option<[usize; 2]>> {
    let RunOptions { config, device, quiet, .. } = options;
    let device = device.clone().without_autodiff();
    // a helper that is not there keeps a layer of one number, which nothing reaches
    let mut widths = [1, 1];
    if let Some(source) = &config.pictures {
        for (example, features) in examples.iter_mut().zip(beside::of_pictures(source, clips, &device, *quiet)?) {
            widths[0] = features.len();
            example.pictures = Some(features);
        }
    }
    if let Some(source) = &config.texts {
        for (example, features) in examples.iter_mut().zip(beside::of_texts(source, clips, &device, *quiet)?) {
            widths[1] = features.len();
            example.texts = Some(features);
        }
    }
    Ok((config.pictures.is_some() || config.texts.is_some()).then_some(widths))
}

/// Labels, streams and sizes of a model for these clips.
fn config(settings: &MmclConfig, train: &[DataSet]) -> Result<GraphModelConfig> {
    let first = labelled(train).next().context("no training clip has a label")?;
    let labels = Labels::new(labelled(train).filter_map(|clip| clip.record.label.as_deref()));
    ensure!(!labels.is_empty(), "no training clip has a label");
    Ok(GraphModelConfig {
        system: SYSTEM.into(),
        labels: labels.names().to_vec(),
        streams: settings.stages.iter().map(|stage| WeightedStream { stream: stage.stream, weight: 1.0 }).collect(),
        input: settings.input.clone(),
        network: graph_of(&first.motion, &settings.input, labels.len(), settings.width),
    })
}

/// The clips that are learned from, and of each label with several clips a share that is not.
fn divided(clips: Vec<&DataClip>, share: f64) -> (Vec<&DataClip>, Vec<&DataClip>) {
    let (mut learned, mut held_out) = (Vec::new(), Vec::new());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for clip in clips {
        let count = counts.entry(clip.record.label.as_deref().unwrap_or_default()).or_default();
        *count += 1;
        // whenever the running share of the label becomes one more; the first never is
        let due = |count: usize| (count as f64 * share).floor();
        let held = *count > 1 && due(*count) > due(*count - 1);
        if held { held_out.push(clip) } else { learned.push(clip) }
    }
    (learned, held_out)
}

fn examples(clips: &[&DataClip], settings: &MmclConfig, config: &GraphModelConfig) -> Result<Vec<Example>> {
    let labels = Labels::new(&config.labels);
    clips
        .par_iter()
        .map(|clip| {
            let held = settings.showing().hold(clip, &config.network)?;
            let label = i64::try_from(class(clip, &labels)?)?;
            let twin = label::mirrored(clip.record.label.as_deref().unwrap_or_default());
            let mirrored = labels.index(&twin).map(i64::try_from).transpose()?;
            Ok(Example { held, label, mirrored, pictures: None, texts: None })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use skeletonllm_data::Record;

    use super::*;

    #[test]
    fn every_label_gives_its_share_and_keeps_its_first_clip() {
        let skeleton = draction::motion::Skeleton::named(vec!["hips".into()], vec![None]);
        let motion = draction::motion::Motion::of_one_body(skeleton, 30.0, vec![0.0; 3]);
        let clip = |label: &str| DataClip {
            record: Record { label: Some(label.into()), ..Record::default() },
            motion: motion.clone(),
        };
        let clips: Vec<DataClip> = ["a", "b", "a", "a", "a", "c", "a"].into_iter().map(clip).collect();
        let (learned, held_out) = divided(clips.iter().collect(), 0.4);
        assert_eq!((learned.len(), held_out.len()), (5, 2));
        assert!(held_out.iter().all(|clip| clip.record.label.as_deref() == Some("a")));
        assert!(divided(clips.iter().collect(), 0.0).1.is_empty());
    }
}
