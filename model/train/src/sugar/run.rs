//! A run of SUGAR: what it begins with, or where it goes on.

use anyhow::{Context, Result, ensure};
use burn::module::Module;
use rayon::prelude::*;
use skeletonllm::{
    graph_recogniser::graph_of,
    sugar::{SYSTEM, SugarModelConfig, TextEncoder, Vectors, read, write},
};
use skeletonllm_data::{Batches, DataClip, DataSet, Labels};
use skeletonllm_network::{checkpoint::Precision, sentence::SentenceEncoder, sugar::SkeletonEncoder};

use super::{
    Example, SugarConfig, SugarLearner, TextLessons,
    texts::{bags, embedded},
};
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
pub fn run(mut options: RunOptions<'_, SugarConfig>) -> Result<()> {
    let resumed = state::open(&mut options)?;
    let beginning = options.out.join(state::START);
    let device = options.device.clone().autodiff();
    let plain = options.device.clone().without_autodiff();
    let text = options.config.text.as_deref().context("text: name the folder of a sentence encoder")?;
    let (text, sentences) = TextEncoder::of(text, &plain)?;
    let (train, validation) =
        setup::read_data(&options.data, &options.config.ntu, &options.config.selection, options.quiet, options.ranks)?;
    let (checkpoint, mut at) = match resumed {
        Some(resumed) => resumed,
        None => state::start(&mut options, |options| {
            let settings = &options.config;
            let (config, known) = config(settings, &train, (&text, &sentences))?;
            let encoder = match &options.from {
                None => SkeletonEncoder::new(&config.network, &device)?.fresh(settings.seed),
                Some(folder) => {
                    let (theirs, encoder, _) = read(folder, &device)?;
                    let alike = theirs.network == config.network && theirs.text.sha256 == text.sha256;
                    let name = folder.display();
                    ensure!(alike, "{name} is for another skeleton or another sentence encoder than this run");
                    encoder
                }
            };
            write(&encoder.valid(), &config, &known, &beginning, Precision::F32)
        })?,
    };
    let (settings, ranks) = (&options.config, options.ranks);
    let (config, encoder, known) = read(&beginning, &device)?;
    ensure!(config.text.sha256 == text.sha256, "the run began with another sentence encoder");
    let learned: Vec<&DataClip> = labelled(&train).collect();
    let texts = bags(settings.texts.as_deref(), &learned)?;
    let (vectors, bags) = ranks.in_turn(|| embedded(&texts, (&text, &sentences), &options.out, options.quiet))?;
    let labels = Labels::new(&config.labels);
    let examples: Vec<Example> = learned
        .par_iter()
        .zip(bags)
        .map(|(clip, bag)| {
            let held = settings.showing().hold(clip, &config.network)?;
            Ok(Example { held, label: class(clip, &labels)?, bag })
        })
        .collect::<Result<_>>()?;
    let learner = SugarLearner { encoder, reading: settings.reading };
    ranks.tell(format_args!(
        "training on {} with {} clips, {} labels and {} texts",
        options.device_name,
        examples.len(),
        config.labels.len(),
        vectors.len() / config.text.width
    ));
    let keys: Vec<usize> = examples.iter().map(|example| example.label).collect();
    let lessons = TextLessons {
        options: &options,
        batches: Batches::balanced(
            &epoch(&keys, &train, &settings.selection),
            settings.batch,
            settings.seed,
            settings.balance,
        ),
        examples,
        watched: setup::spread(&validation, settings.validation_clips),
        vectors,
        known,
        config,
    };
    fit(&lessons, &options, learner, checkpoint, &mut at)
}

/// Labels and sizes of a model for these clips, and the labels' vectors.
fn config(
    settings: &SugarConfig,
    train: &[DataSet],
    (text, sentences): (&TextEncoder, &SentenceEncoder),
) -> Result<(SugarModelConfig, Vectors)> {
    let labels = Labels::new(labelled(train).filter_map(|clip| clip.record.label.as_deref()));
    let first = labelled(train).next().context("no training clip has a label")?;
    let names: Vec<&str> = labels.names().iter().map(String::as_str).collect();
    let vectors = sentences.embed(&names)?.into_iter().map(skeletonllm::sugar::unit);
    let config = SugarModelConfig {
        system: SYSTEM.into(),
        labels: labels.names().to_vec(),
        input: settings.input.clone(),
        network: graph_of(&first.motion, &settings.input, text.width, settings.width),
        text: text.clone(),
        narrator: None,
    };
    Ok((config, labels.names().iter().cloned().zip(vectors).collect()))
}
