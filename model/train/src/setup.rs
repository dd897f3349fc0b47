//! What a run begins with: its data, and the model it starts from.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use indicatif::ProgressBar;
use rayon::prelude::*;
use skeletonllm::{
    cli::{bar, shown_on},
    drawing::fresh_drawing,
    folder::{Base, Extra, Loaded, SkeletonLlm, beneath},
};
use skeletonllm_data::{
    DataClip, DataSet, Labels, ProtocolOptions, SelectionOptions, Truth, corpus,
    prompts::Prompts,
    teacher::{KinematicTeacher, Rationales, ShownClip, Teacher},
};
use skeletonllm_network::{
    alignment::Alignment,
    checkpoint::{Keep, Opened, base_of, is_adapter, is_text_model},
    config::{InternVlConfig, SkeletonConfig},
    internvl::InternVl,
    lora,
    tokenizer::Tokenizer,
    words::Words,
};

use super::{Curriculum, Ranks, Similar, Stage, TrainConfig, estimate::count, state::SIMILAR};

/// The model that a run with a base starts from: the base, and the labels of this data; before a language model alone the
/// eyes of another model.
///
/// # Errors
/// When it cannot be read.
pub fn start_on(base: &Path, config: &TrainConfig, sets: &[DataSet], device: &Device, ranks: &Ranks) -> Result<Loaded> {
    let alone = is_text_model(base);
    let mut loaded = if alone { with_eyes(base, config, device)? } else { whole(base, config, device, ranks)? };
    if config.tower && loaded.extra.base.is_none() || config.eyes.is_some() && !alone {
        bail!("{}: it has a tower of its own: `eyes` and `tower` are for a language model alone", base.display());
    }
    let Extra { labels, skip_background, base_bits, blind, .. } = &mut loaded.extra;
    *labels = Labels::new(&*labels).union(&labels_of(sets)).names().to_vec();
    *skip_background = config.skip_background;
    *base_bits = config.base_bits.or(*base_bits);
    *blind = config.blind > 0.0;
    loaded.model = with_words(loaded.model, config)?;
    Ok(loaded)
}

/// A base that sees.
fn whole(base: &Path, config: &TrainConfig, device: &Device, ranks: &Ranks) -> Result<Loaded> {
    let mut opened = Opened::model_on(base, beneath(base, None)?.as_deref())?;
    opened.keep = kept(config);
    let [numbers, bytes] = [opened.size().0, opened.bytes()].map(|n| count(n as f64));
    ranks.tell(format_args!("{}: {numbers} numbers, which take about {bytes}B of memory", base.display()));
    Loaded::of(base, opened, kept(config), device)
}

/// A language model that stays as it is behind a fresh projector, and before that tower and renderer as `eyes` has them.
fn with_eyes(base: &Path, config: &TrainConfig, device: &Device) -> Result<Loaded> {
    if is_adapter(base) {
        bail!("{}: an adapter of a language model; make one model of both with `quantize` first", base.display());
    }
    let eyes = eyes(config, device)?;
    let sizes = sizes_behind(eyes.as_ref(), config);
    let mut loaded = around(base, Decoder::Stays(kept(config)), &sizes, config, device)?;
    if let Some(eyes) = eyes {
        see_with(eyes, &mut loaded)?;
    }
    loaded.extra.base = Some(Base::of(base)?);
    Ok(loaded)
}

/// The model that the settings name for its tower and renderer.
fn eyes(config: &TrainConfig, device: &Device) -> Result<Option<Loaded>> {
    config.eyes.as_deref().map(|eyes| Loaded::read(eyes, device)).transpose()
}

/// The settings' sizes, with the tower and the pictures of the eyes.
fn sizes_behind(eyes: Option<&Loaded>, config: &TrainConfig) -> InternVlConfig {
    let mut sizes = config.model.clone();
    if let Some(Loaded { model, .. }) = eyes {
        let (theirs, own) = (model.internvl.config(), sizes.skeleton());
        sizes.vision_config = theirs.vision_config.clone();
        let (render_size, normalise) = (Some(theirs.render_size()), theirs.skeleton().normalise);
        sizes.skeleton = Some(SkeletonConfig { render_size, normalise, ..own });
    }
    sizes
}

/// Puts tower and renderer of the eyes in place of a model's own. An alignment with what that saw means nothing any more.
///
/// # Errors
/// When its decoder stands behind another tower, or its pictures are others.
fn see_with(eyes: Loaded, loaded: &mut Loaded) -> Result<()> {
    let (theirs, own) = (eyes.model.internvl.config(), loaded.model.internvl.config());
    let pictures = |config: &InternVlConfig| (config.render_size(), config.skeleton().normalise);
    if theirs.vision_config != own.vision_config || pictures(theirs) != pictures(own) {
        bail!("the tower of `eyes`, or the pictures that it looks at, have other sizes than the model's");
    }
    loaded.model.alignment = None;
    loaded.model.internvl.vision_tower = eyes.model.internvl.vision_tower;
    loaded.model.drawing = eyes.model.drawing;
    loaded.extra.drawing = eyes.extra.drawing;
    Ok(())
}

/// The model in a folder that a run with a base has written, with a base that learns nothing, and where that is.
///
/// # Errors
/// When it cannot be read.
pub fn on_base(folder: &Path, base: &Path, config: &TrainConfig, device: &Device) -> Result<(PathBuf, Loaded)> {
    let place = beneath(folder, None)?;
    let mut loaded = Loaded::of(folder, Opened::model_on(folder, place.as_deref())?, kept(config), device)?;
    let still = if config.tower { lora::freeze_decoder } else { lora::freeze };
    loaded.model.internvl = still(loaded.model.internvl);
    Ok((place.map_or_else(|| lowest(base), Ok)?, loaded))
}

/// The folder of a base that lies on top of no other.
///
/// # Errors
/// When there is none.
pub fn lowest(base: &Path) -> Result<PathBuf> {
    let base = base_of(base)?;
    base.canonicalize().with_context(|| format!("cannot find {}", base.display()))
}

/// What becomes of a base's matrices.
fn kept(config: &TrainConfig) -> Keep {
    config.base_bits.map_or(Keep::Packed, Keep::In)
}

/// The model that a run starts from: the directory of `--from` with the new labels added (of a language model alone, one
/// around it), or one made from nothing for the words of this data; with the eyes that the settings name, if they name any.
pub fn start(
    config: &TrainConfig,
    curriculum: &Curriculum,
    from: Option<&Path>,
    sets: &[DataSet],
    device: &Device,
) -> Result<Loaded> {
    let labels = labels_of(sets);
    let eyes = eyes(config, device)?;
    let sizes = sizes_behind(eyes.as_ref(), config);
    let mut loaded = match from {
        Some(folder) if is_text_model(folder) => around(folder, Decoder::Learns, &sizes, config, device)?,
        Some(folder) => Loaded::read(folder, device)?,
        None => from_nothing(sizes, config, curriculum, (sets, &labels), device)?,
    };
    loaded.extra.labels = Labels::new(&loaded.extra.labels).union(&labels).names().to_vec();
    if let Some(eyes) = eyes {
        see_with(eyes, &mut loaded)?;
    }
    loaded.model = with_words(loaded.model, config)?;
    Ok(loaded)
}

/// A model of these sizes with fresh weights, and a tokenizer for the words of this data. It knows no label.
fn from_nothing(
    mut sizes: InternVlConfig,
    config: &TrainConfig,
    curriculum: &Curriculum,
    (sets, labels): (&[DataSet], &Labels),
    device: &Device,
) -> Result<Loaded> {
    let mut texts = corpus(&labels.with_mirrored());
    texts.extend(sets.iter().flat_map(|s| s.texts().into_iter().map(str::to_owned)));
    texts.extend(curriculum.prompts.corpus());
    if let Some(teacher) = &curriculum.teacher {
        texts.extend(explanations(&**teacher, sets, labels)?);
    }
    texts.extend(["user\n", "assistant\n", "system\n"].map(str::to_owned));
    let tokenizer = Tokenizer::train(texts.iter().map(String::as_str), config.vocabulary);

    sizes.text_config.vocab_size = tokenizer.vocabulary();
    sizes.image_token_id = Some(tokenizer.image_context());
    sizes.image_seq_length = Some(sizes.tokens_per_frame());
    sizes.validate()?;
    let model = SkeletonLlm {
        drawing: fresh_drawing(config.drawing, config.seed, device)?,
        internvl: InternVl::random(&sizes, config.seed, device),
        alignment: None,
    };
    Ok(Loaded { model, tokenizer, extra: Extra { drawing: config.drawing, ..Extra::default() } })
}

/// The model with a fresh alignment with the words that the settings name, unless it has one.
fn with_words(model: SkeletonLlm, config: &TrainConfig) -> Result<SkeletonLlm> {
    let (None, Some(folder)) = (&model.alignment, &config.words) else { return Ok(model) };
    let (words, width) = (Arc::new(Words::read(folder)?), model.internvl.config().text_config.hidden_size);
    let (seed, device) = (config.seed, model.internvl.device());
    let alignment = match config.temporal {
        Some(sizes) => {
            let internvl = model.internvl.config();
            let tokens = internvl.skeleton().frames * internvl.tokens_per_frame();
            Alignment::random_over(width, tokens, sizes, words, seed, &device)
        }
        None => Alignment::random(width, words, seed, &device),
    };
    Ok(SkeletonLlm { alignment: Some(alignment), ..model })
}

/// What becomes of a language model that something is put around.
enum Decoder {
    /// It learns: nothing is packed, which would round what some types store, and there are words for pictures.
    Learns,
    /// It stays as it is, and knows no such words.
    Stays(Keep),
}

/// A model around a language model that has seen no picture: its own decoder, tokenizer and words for pictures; tower,
/// projector and renderer from nothing, of these sizes.
fn around(
    path: &Path,
    decoder: Decoder,
    sizes: &InternVlConfig,
    config: &TrainConfig,
    device: &Device,
) -> Result<Loaded> {
    let mut opened = Opened::text_model(path)?;
    let tokenizer = Tokenizer::of_text_model(&opened.tokenizer_place())?;
    let mut sizes = sizes.clone();
    let text = match decoder {
        Decoder::Learns => {
            opened.keep = Keep::Floats;
            opened.read(device)?.widened(tokenizer.vocabulary(), config.seed)
        }
        Decoder::Stays(keep) => {
            opened.keep = keep;
            sizes.skeleton = Some(SkeletonConfig { image_marks: false, ..sizes.skeleton() });
            opened.read(device)?
        }
    };
    sizes.image_token_id = Some(tokenizer.image_context());
    sizes.image_seq_length = Some(sizes.tokens_per_frame());
    let internvl = InternVl::around(text, &sizes, config.seed);
    internvl.config().validate()?;
    let drawing = fresh_drawing(config.drawing, config.seed, device)?;
    let extra = Extra { labels: Vec::new(), drawing: config.drawing, ..Extra::default() };
    Ok(Loaded { model: SkeletonLlm { drawing, internvl, alignment: None }, tokenizer, extra })
}

/// What a teacher says of each training clip as it is: words for the tokenizer.
fn explanations(teacher: &dyn Teacher, sets: &[DataSet], labels: &Labels) -> Result<Vec<String>> {
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
pub fn curriculum(config: &TrainConfig, sets: &[DataSet], out: &Path, ranks: &Ranks) -> Result<Curriculum> {
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
            ranks.tell(format_args!("{}: {tally}", path.display()));
            Some(Arc::new(rationales))
        }
        None if has(Stage::CrDistill) => Some(Arc::new(KinematicTeacher)),
        None => None,
    };
    let prompts = match &config.prompts {
        Some(path) => Prompts::read(path)?,
        None => Prompts::built_in().clone(),
    };
    Ok(Curriculum {
        families: config.families.clone(),
        prompts,
        similar,
        teacher,
        rehearse: config.everything || config.tower,
    })
}

/// Every label of some sets.
pub fn labels_of(sets: &[DataSet]) -> Labels {
    sets.iter().fold(Labels::new::<&str>([]), |all, set| all.union(&set.labels()))
}

/// The adapters of a stage, by its place among the stages, where it has any. After the last one nothing is attached.
pub fn prepare(mut model: SkeletonLlm, config: &TrainConfig, stage: usize) -> SkeletonLlm {
    if let Some(adapters) = config.adapters(stage) {
        model.internvl = lora::attach(model.internvl, &adapters, config.seed + stage as u64);
    }
    model
}

/// Reads every folder's two halves, as far as they take part, telling of files that cannot be used. Any process of a run
/// may be asked for any clip, so everybody reads all.
pub fn read_data(
    folders: &[PathBuf],
    ntu: &ProtocolOptions,
    selection: &SelectionOptions,
    quiet: bool,
    ranks: &Ranks,
) -> Result<(Vec<DataSet>, Vec<DataSet>)> {
    let mut halves = (Vec::new(), Vec::new());
    let (load, selection) = (ntu.load_options()?, selection.select(folders)?);
    for folder in &selection.folders {
        let hidden = quiet || !ranks.is_first();
        let reading = if hidden { ProgressBar::hidden() } else { bar(&format!("reading {}", folder.display()), 0) };
        let (train, validation) = shown_on(reading, |told| DataSet::load_halves(folder, &load, told))?;
        for warning in train.warnings.iter().chain(&validation.warnings) {
            ranks.tell(format_args!("train: {warning}"));
        }
        let all = train.clips.len();
        let (train, validation) = (selection.taught(train), selection.seen(validation));
        if train.clips.len() < all {
            let left_out = all - train.clips.len();
            ranks.tell(format_args!("train: {}: {left_out} clips of unseen labels are left out", folder.display()));
        }
        halves.0.push(train);
        halves.1.push(validation);
    }
    if halves.0.iter().all(|set| set.clips.is_empty()) {
        bail!("nothing to learn from: no training clip is left");
    }
    Ok(halves)
}

/// At most `most` clips, evenly over all sets.
pub fn spread(sets: &[DataSet], most: usize) -> Vec<&DataClip> {
    let all: Vec<&DataClip> = sets.iter().flat_map(|s| &s.clips).filter(|c| c.record.label.is_some()).collect();
    let count = most.min(all.len());
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use skeletonllm_checks::shared;
    use skeletonllm_data::Split;

    use super::*;

    /// Real clips, where they are at hand: they are not part of the repository.
    #[test]
    fn what_the_built_in_teacher_says_is_short() {
        let (labels, mut texts) = (Labels::default(), Vec::new());
        for name in ["bandai-namco-2", "mae-gestures", "utd-mhad"] {
            let Some(dir) = shared(&format!("data/{name}")) else { return };
            let set = DataSet::load(&dir, Split::All).unwrap();
            texts.extend(explanations(&KinematicTeacher, &[set], &labels).unwrap());
        }
        // a tokenizer of nano's size that has other things to learn, too
        let corpus = corpus(&Labels::new(texts.iter().filter_map(|t| t.rsplit_once(": ")).map(|t| t.1)));
        let tokenizer = Tokenizer::train(corpus.iter().chain(&texts).map(String::as_str), 768);
        let lengths: Vec<usize> = texts.iter().map(|text| tokenizer.encode(text).len()).collect();
        let (mean, most) = (lengths.iter().sum::<usize>() / lengths.len(), lengths.iter().max().unwrap());
        eprintln!("{} texts, {mean} tokens, at most {most}", texts.len());
        assert!(*most <= 64, "{most} tokens");
    }
}
