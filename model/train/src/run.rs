//! A run of SkeletonLLM: what it begins with, or where it goes on.

use std::path::Path;

use anyhow::{Context, Result};
use burn::module::Module;
use skeletonllm::folder::{Loaded, SkeletonLlm, found};
use skeletonllm_data::{Batches, DataClip, Labels};
use skeletonllm_network::{chat::Chat, checkpoint::Precision};

use super::{Aims, Course, Estimate, Learner, Lessons, RunOptions, SkeletonLlmLearner, Source, fit::fit, setup, state};

/// Trains from the start, or from where a run stopped, to the end.
///
/// # Errors
/// When data, configuration or files cannot be used.
pub fn run(mut options: RunOptions<'_>) -> Result<()> {
    let resumed = state::open(&mut options)?;
    let ranks = options.ranks;
    let (train, validation) =
        setup::read_data(&options.data, &options.config.ntu, &options.config.selection, options.quiet, ranks)?;
    let device = options.device.clone().autodiff();
    let curriculum = ranks.in_turn(|| setup::curriculum(&options.config, &train, &options.out, ranks))?;

    // whatever a run starts from is written down first, so that resuming needs nothing else; of a base what lies on top
    let (checkpoint, mut at) = match resumed {
        Some(resumed) => resumed,
        None => state::start(&mut options, |options| {
            if let Some(base) = &mut options.config.base {
                // a run may be resumed from elsewhere
                let place = found(&*base).with_context(|| missing(base))?;
                *base = place.canonicalize().with_context(|| missing(base))?;
            }
            for path in [&mut options.config.eyes, &mut options.config.words].into_iter().flatten() {
                *path = found(&*path).with_context(|| format!("cannot find {}", path.display()))?;
            }
            let (config, beginning) = (&options.config, state::beginning(&options.out, 0));
            if let Some(base) = &config.base {
                let Loaded { model, extra, .. } = setup::start_on(base, config, &train, &device, ranks)?;
                return Loaded::write_learned(
                    &beginning,
                    &model.valid(),
                    &extra,
                    &setup::lowest(base)?,
                    Precision::F32,
                );
            }
            let start = setup::start(config, &curriculum, options.from.as_deref(), &train, &device)?;
            Loaded::write(&beginning, &start.model.valid(), &start.tokenizer, &start.extra, Precision::F32)
        })?,
    };
    let config = &options.config;
    let beginning = state::beginning(&options.out, at.stage);
    let (base, Loaded { model, tokenizer, extra }) = match &config.base {
        None => (None, Loaded::read(&state::beginning(&options.out, 0), &device)?),
        Some(base) => {
            let (place, loaded) = setup::on_base(&beginning, base, config, &device)?;
            (Some(place), loaded)
        }
    };
    let model = SkeletonLlm { internvl: model.internvl.recomputing(config.recompute), ..model };
    let labels = Labels::new(&extra.labels).meaning(setup::labels_of(&train).meanings()).with_mirrored();
    let aims = model.alignment.as_ref().map(|alignment| Aims::of(&labels, alignment));
    let learner = SkeletonLlmLearner::new(setup::prepare(model, config, at.stage), aims, config);
    let clips: Vec<&DataClip> = train.iter().flat_map(|s| &s.clips).collect();
    ranks.tell(format_args!(
        "training {} parameters on {} with {} clips, {} labels",
        learner.taught.num_params(),
        options.device_name,
        clips.len(),
        extra.labels.len()
    ));
    let keys: Vec<&str> = clips.iter().map(|c| c.record.label.as_deref().unwrap_or("")).collect();
    let sizes = learner.taught.internvl.config();
    let source = Source {
        batches: Batches::balanced(&keys, config.batch, config.seed, config.balance),
        clips,
        labels,
        augment: config.augment.clone(),
        bodies: config.bodies,
        layouts: config.layouts,
        pairs: config.pairs,
        curriculum,
        chat: Chat::new(&tokenizer, &sizes.skeleton(), sizes.tokens_per_frame()),
        frames: sizes.skeleton().frames,
        questions: config.questions,
        hidden_frames: config.hidden_frames,
        blind: config.blind,
        parts: config.parts,
    };
    if ranks.is_first() && (config.base.is_some() || options.dry_run) {
        for (number, stage) in config.stages.iter().enumerate().skip(at.stage) {
            let model = Lessons::end(learner.model().clone());
            let learner = learner.clone().with_model(setup::prepare(model, config, number));
            if let Some(estimate) = Estimate::of(&learner, &source, config, stage)? {
                ranks.tell(estimate);
            }
        }
    }
    if options.dry_run {
        return Ok(());
    }
    let watched = setup::spread(&validation, config.validation_clips);
    let lessons = Lessons { options: &options, source, watched, tokenizer, extra, base };
    fit(&lessons, &options, learner, checkpoint, &mut at)
}

/// What to do about a base that is not there.
fn missing(base: &Path) -> String {
    let name = base.file_name().unwrap_or_default().to_string_lossy();
    format!("cannot find {}; `cargo xtask fetch {name}` brings a language model that is public", base.display())
}
