//! What a run begins with: its data, and the model it starts from.

use std::{path::Path, sync::Arc};

use anyhow::Result;
use burn::tensor::Device;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use super::{Asks, RunOptions, Similar, Stage, StageConfig, TrainConfig, state::SIMILAR};
use crate::{
    data::{DataClip, DataSet, Labels, Truth, corpus},
    drawing::fresh_drawing,
    folder::{Extra, Loaded, SkeletonLlm},
    internvl::InternVl,
    lora,
    prompts::Prompts,
    teacher::{KinematicTeacher, Rationales, ShownClip, Teacher},
    tokenizer::Tokenizer,
};

/// The model that a run starts from: the directory of `--from` with the new labels added, or one made from nothing
/// for the words of this data.
pub fn start(
    config: &TrainConfig,
    asks: &Asks,
    from: Option<&Path>,
    sets: &[DataSet],
    device: &Device,
) -> Result<Loaded> {
    let labels = labels_of(sets);
    if let Some(folder) = from {
        let mut loaded = Loaded::read(folder, device)?;
        let all = Labels::new(&loaded.extra.labels).union(&labels);
        loaded.extra.labels = all.names().to_vec();
        return Ok(loaded);
    }
    let mut texts = corpus(&labels.with_mirrored());
    texts.extend(sets.iter().flat_map(|s| s.texts().into_iter().map(str::to_owned)));
    texts.extend(asks.prompts.corpus());
    texts.extend(explanations(asks, sets, &labels)?);
    texts.extend(["user\n", "assistant\n", "system\n"].map(str::to_owned));
    let tokenizer = Tokenizer::train(texts.iter().map(String::as_str), config.vocabulary);

    let mut sizes = config.model.clone();
    sizes.text_config.vocab_size = tokenizer.vocabulary();
    sizes.image_token_id = tokenizer.image_context();
    sizes.image_seq_length = Some(sizes.tokens_per_frame());
    sizes.validate()?;
    let model = SkeletonLlm {
        drawing: fresh_drawing(config.drawing, config.seed, device)?,
        internvl: InternVl::random(&sizes, config.seed, device),
    };
    let extra = Extra { labels: labels.names().to_vec(), drawing: config.drawing };
    Ok(Loaded { model, tokenizer, extra })
}

/// What the teacher says of each training clip as it is: words for the tokenizer.
fn explanations(asks: &Asks, sets: &[DataSet], labels: &Labels) -> Result<Vec<String>> {
    let Some(teacher) = &asks.teacher else { return Ok(Vec::new()) };
    let clips: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).collect();
    let told = clips.par_iter().map(|DataClip { record, motion }| {
        let truth = Truth::of(record, motion, false, labels);
        teacher.rationale(&ShownClip { record, motion, mirrored: false, truth: &truth })
    });
    Ok(told.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// What the stages ask. Similar labels that no file gives are found by movement, if a stage needs them, and written
/// down in `out`.
///
/// # Errors
/// When a file cannot be used, or a stage lacks what it needs.
pub fn asks(config: &TrainConfig, sets: &[DataSet], out: &Path) -> Result<Asks> {
    let has = |stage| config.stages.iter().any(|s| s.stage == stage);
    let clips: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).collect();
    let found = out.join(SIMILAR);
    let similar = match &config.similar {
        Some(path) => Similar::read(path)?,
        None if !has(Stage::DiscFt) => Similar::default(),
        None if found.exists() => Similar::read(&found)?,
        None => {
            let similar = Similar::by_movement(&clips)?;
            similar.write(&found)?;
            similar
        }
    };
    let teacher: Option<Arc<dyn Teacher>> = match &config.rationales {
        Some(path) => {
            let (rationales, tally) = Rationales::read(path, clips.iter().map(|c| &c.record))?;
            eprintln!("{}: {tally}", path.display());
            Some(Arc::new(rationales))
        }
        None if has(Stage::CrDistill) => Some(Arc::new(KinematicTeacher)),
        None => None,
    };
    let prompts = match &config.prompts {
        Some(path) => Prompts::read(path)?,
        None => Prompts::built_in().clone(),
    };
    Ok(Asks { families: config.families.clone(), prompts, similar, teacher, rehearse: config.everything })
}

/// Every label of some sets.
pub fn labels_of(sets: &[DataSet]) -> Labels {
    sets.iter().fold(Labels::new::<&str>([]), |all, set| all.union(&set.labels()))
}

/// The adapters of a stage, by its place among the stages, where it has any. After the last one nothing is attached.
pub fn prepare(mut model: SkeletonLlm, config: &TrainConfig, stage: usize) -> SkeletonLlm {
    if let Some(&StageConfig { lora_rank: rank @ 1.., lora_alpha: alpha, .. }) = config.stages.get(stage) {
        let adapters = lora::LoraConfig { rank, alpha, ..Default::default() };
        model.internvl = lora::attach(model.internvl, &adapters, config.seed + stage as u64);
    }
    model
}

/// Reads every folder's two halves, telling of files that cannot be used.
pub fn read_data(options: &RunOptions<'_>) -> Result<(Vec<DataSet>, Vec<DataSet>)> {
    let mut halves = (Vec::new(), Vec::new());
    let load = options.config.ntu.load_options()?;
    for folder in &options.data {
        let bar = if options.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        bar.set_style(ProgressStyle::with_template("reading {msg} [{wide_bar}] {pos}/{len}")?.progress_chars("=> "));
        bar.set_message(folder.display().to_string());
        let progress = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        };
        let (train, validation) = DataSet::load_halves(folder, &load, &progress)?;
        bar.finish_and_clear();
        for warning in train.warnings.iter().chain(&validation.warnings) {
            eprintln!("train: {warning}");
        }
        halves.0.push(train);
        halves.1.push(validation);
    }
    Ok(halves)
}

/// At most `most` clips, evenly over all sets.
pub fn spread(sets: &[DataSet], most: usize) -> Vec<&DataClip> {
    let all: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).filter(|c| c.record.label.is_some()).collect();
    let count = most.min(all.len());
    (0..count).map(|i| all[i * all.len() / count]).collect()
}
