use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use burn::tensor::Device;
use draction::motion::{Motion, ReadOptions, read_file};
use skeletonllm_checks::asset;
use skeletonllm_data::{DataClip, Labels, Record, Rng};
use skeletonllm_network::{
    checkpoint::{self, Precision},
    device::Selected,
    masked::{MaskKind, names},
    tensors::host,
};

use super::*;
use crate::{Note, Piece, Recipe, Recogniser, RunOptions};

const CLIPS: [(&str, &str, &str); 5] = [
    ("wave_left_hand.bvh", "wave left hand", "train"),
    ("raise_right_hand.bvh", "raise right hand", "train"),
    ("squat.bvh", "squat", "train"),
    ("walk.bvh", "walk", "train"),
    ("clap.bvh", "clap", "val"),
];

fn sample(name: &str) -> Motion {
    read_file(asset("samples").join(name), &ReadOptions::default()).unwrap()
}

fn clips() -> Vec<DataClip> {
    let clip = |&(file, label, _): &(&str, &str, &str)| DataClip {
        record: Record { file_name: file.into(), label: Some(label.into()), ..Record::default() },
        motion: sample(file),
    };
    // each of four labels three times
    CLIPS[..4].iter().cycle().take(12).map(clip).collect()
}

/// A run that takes seconds.
fn config(decoder: DecoderKind) -> S2iConfig {
    let stage = |lesson, epochs| S2iStage { lesson, epochs, learning_rate: 1e-3 };
    S2iConfig {
        stages: vec![stage(Lesson::Pretrain, 2), stage(Lesson::FineTune, 1), stage(Lesson::Probe, 2)],
        s2i: S2iSettings { image: 16, patch: 4, decoder, ..S2iSettings::default() },
        batch: 2,
        checkpoint_every: 3,
        ..S2iConfig::default()
    }
}

#[test]
fn settings_are_checked_by_name() {
    S2iConfig::default().validate().unwrap();
    let wrong = |change: fn(&mut S2iConfig)| {
        let mut config = S2iConfig::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    assert!(wrong(|c| c.s2i.patch = 0).contains("patch_size"));
    assert!(wrong(|c| c.s2i.image = 63).contains("image_size"));
    assert!(wrong(|c| c.s2i.image = usize::MAX).contains("s2i.image"));
    assert!(wrong(|c| c.s2i.ratio = 1.0).contains("s2i.ratio"));
    assert!(wrong(|c| c.turn = f32::NAN).contains("turn"));
    assert!(wrong(|c| c.stages.clear()).contains("stages"));
    let short: S2iConfig = serde_json::from_str(r#"{"s2i": {"size": "small", "mask": "body-part"}}"#).unwrap();
    assert_eq!((short.s2i.mask, short.batch), (MaskKind::BodyPart, S2iConfig::default().batch));
    let unknown = serde_json::from_str::<S2iConfig>(r#"{"bacth": 4}"#).unwrap_err().to_string();
    assert!(unknown.contains("bacth"), "{unknown}");
    let mut only = S2iConfig::default();
    only.only(Lesson::Probe);
    assert_eq!((only.stages.len(), only.stages[0].lesson), (1, Lesson::Probe));
}

#[test]
fn batches_follow_from_their_streams_and_hide_what_is_to_be_said() {
    let mut clips = clips();
    let labels = Labels::new(clips.iter().filter_map(|clip| clip.record.label.as_deref()));
    clips[4..].iter_mut().for_each(|clip| clip.record.label = None);
    let config = config(DecoderKind::DiffMae);
    let source = Pictures::new(clips.iter().collect(), &labels, &config);
    assert_eq!(source.labelled.len(), 4, "one of each label");
    let members = |seed| (0..6).map(|clip| (Rng::at(seed, 0, clip as u64), clip)).collect::<Vec<_>>();
    // in two parts, each of one piece or of two
    let batch = |lesson, seed: u64, cut: usize| -> Vec<PictureBatch> {
        let mut samples = source.samples(lesson, members(seed)).into_iter();
        let notes: Vec<Note> = source.samples(lesson, members(seed)).iter().map(PictureSample::note).collect();
        let parts = notes.chunks(notes.len().div_ceil(2)).flat_map(|notes| {
            [0..cut.min(notes.len()), cut.min(notes.len())..notes.len()].map(|own| Piece { notes, own })
        });
        let parts = parts.filter(|piece| !piece.own.is_empty());
        parts.map(|piece| source.piece(lesson, samples.by_ref().take(piece.own.len()).collect(), &piece)).collect()
    };
    let parts = batch(Lesson::Pretrain, 1, 9);
    assert_eq!(parts.iter().map(|part| part.counts.len()).collect::<Vec<_>>(), [3, 3]);
    let masks = parts[0].masks.as_ref().unwrap();
    assert_eq!((masks.pictures(), masks.patches(), masks.seen_count()), (3, 16, 4));
    let (steps, noise) = parts[0].noise.as_ref().unwrap();
    assert!(steps.iter().all(|t| (1..=1000).contains(t)) && noise.len() == 3 * 12 * 48);
    let mean = noise.iter().sum::<f32>() / noise.len() as f32;
    let variance = noise.iter().map(|x| x * x).sum::<f32>() / noise.len() as f32;
    assert!(mean.abs() < 0.1 && (variance - 1.0).abs() < 0.1, "{mean} {variance}");
    let again = batch(Lesson::Pretrain, 1, 9);
    assert_eq!((&again[1].pictures, &again[1].masks), (&parts[1].pictures, &parts[1].masks));
    assert_ne!(batch(Lesson::Pretrain, 2, 9)[0].pictures, parts[0].pictures);
    // whoever computes a clip, the same of it is hidden, by the same noise
    let pieces = batch(Lesson::Pretrain, 1, 1);
    assert_eq!(pieces.iter().map(|piece| piece.counts.len()).collect::<Vec<_>>(), [1, 2, 1, 2]);
    for (part, pieces) in parts.iter().zip(pieces.chunks(2)) {
        assert_eq!(pieces.iter().map(|piece| piece.share).sum::<f64>(), part.share);
        let order = |batch: &PictureBatch| batch.masks.as_ref().unwrap().order().map(<[_]>::to_vec).collect::<Vec<_>>();
        assert_eq!([order(&pieces[0]), order(&pieces[1])].concat(), order(part));
        let noise = |batch: &PictureBatch| batch.noise.clone().unwrap();
        assert_eq!([noise(&pieces[0]).0, noise(&pieces[1]).0].concat(), noise(part).0);
        assert_eq!([noise(&pieces[0]).1, noise(&pieces[1]).1].concat(), noise(part).1);
    }
    // while labels are learned, only clips whose labels are known come, and nothing is hidden
    let named = batch(Lesson::FineTune, 1, 9);
    assert!(named.iter().all(|part| part.masks.is_none() && part.labels.len() == part.counts.len()));
    let of_label = |label: usize| source.labelled.iter().filter(|known| known.1 == label).count();
    assert!((0..4).all(|label| of_label(label) == 1));
}

#[test]
fn a_folder_is_read_as_it_was_written_and_public_programs_know_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    for decoder in [DecoderKind::Mae, DecoderKind::DiffMae] {
        let settings = config(decoder).s2i;
        let model = S2iModel::start(&settings, 3, 5, &device);
        let labels = ["a", "b", "c"].map(String::from).to_vec();
        let written = S2iFolder { model, settings, named_by: Lesson::FineTune, labels };
        let path = folder.path().join(format!("{decoder:?}"));
        written.write(&path, Precision::F32).unwrap();
        assert!(S2iFolder::is_one(&path) && !S2iFolder::is_one(folder.path()));
        let read = S2iFolder::read(&path, &device).unwrap();
        assert_eq!(checkpoint::tensors_of(&read.model), checkpoint::tensors_of(&written.model));
        assert_eq!((&read.labels, &read.settings), (&written.labels, &written.settings));
        let found = checkpoint::read(path.join("model.safetensors")).unwrap();
        for name in ["cls_token", "blocks.11.attn.qkv.weight", "decoder_embed.weight", "head.bias"] {
            assert!(found.contains_key(name), "{name}");
        }
    }
    // what was learned can be started from, as a public file can
    let mae = folder.path().join("Mae/model.safetensors");
    let settings = config(DecoderKind::Mae).s2i;
    let other = S2iModel::start(&settings, 9, 6, &device).with_public(&mae).unwrap();
    let (own, theirs) = names::parts(checkpoint::read(&mae).unwrap());
    assert_eq!(checkpoint::tensors_of(&other.encoder), own);
    assert_eq!(checkpoint::tensors_of(other.mae.as_ref().unwrap()), theirs);
    // a folder that contradicts itself
    let config_path = folder.path().join("Mae/config.json");
    let text = fs::read_to_string(&config_path).unwrap();
    fs::write(&config_path, text.replace("\"image_size\": 16", "\"image_size\": 32")).unwrap();
    let error = format!("{:#}", S2iFolder::read(&folder.path().join("Mae"), &device).unwrap_err());
    assert!(error.contains("config.json") && error.contains("sizes"), "{error}");
}

fn data(folder: &Path) -> PathBuf {
    let set = folder.join("set");
    fs::create_dir(&set).unwrap();
    let mut metadata = String::new();
    for (file, label, split) in CLIPS {
        fs::copy(asset("samples").join(file), set.join(file)).unwrap();
        metadata += &format!("{{\"file_name\": \"{file}\", \"label\": \"{label}\", \"split\": \"{split}\"}}\n");
    }
    fs::write(set.join("metadata.jsonl"), metadata).unwrap();
    set
}

fn train(out: &Path, data: &[PathBuf], config: S2iConfig, resume: bool, max_steps: Option<u64>) -> anyhow::Result<()> {
    let stop = AtomicBool::new(false);
    let device = Selected { device: Device::flex(), name: "CPU".into() };
    let options = RunOptions::new(data.to_vec(), out.to_path_buf(), config, device, &stop);
    run(RunOptions { resume, quiet: true, max_steps, ..options })
}

#[test]
fn a_run_pretrains_learns_labels_and_leaves_a_recogniser() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    for decoder in [DecoderKind::Mae, DecoderKind::DiffMae] {
        let out = folder.path().join(format!("{decoder:?}"));
        train(&out, std::slice::from_ref(&set), config(decoder), false, None).unwrap();
        let pictures = fs::read_dir(out.join("drawings")).unwrap().count();
        assert_eq!(pictures, 5, "one reconstruction an epoch");
        let log = fs::read_to_string(out.join("loss.csv")).unwrap();
        assert_eq!(log.lines().count(), 1 + 5 * 2, "two steps an epoch");
        let read = S2iFolder::read(&out.join("model"), &Device::flex()).unwrap();
        assert_eq!(read.named_by, Lesson::Probe);
        assert_eq!(read.labels.len(), 4);
        assert!(host(read.model.probe.running_var.val()).iter().any(|&v| v > 0.0), "features were measured");
        let recogniser = S2iRecogniser::new(vec![read.clone(), read], "CPU".into()).unwrap();
        let (walk, squat) = (sample("walk.bvh"), sample("squat.bvh"));
        let seen = recogniser.observe(&[&walk, &squat]).unwrap();
        let labels = recogniser.labels().to_vec();
        let scores = recogniser.scores(&seen, &[labels, vec!["fly".into()]].concat()).unwrap();
        for row in scores {
            let sum: f32 = row.iter().map(|score| score.exp()).sum();
            assert!((sum - 1.0).abs() < 1e-4 && row[4] < -1e8, "{row:?}");
        }
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let set = data(folder.path());
    // without blocks left out, whose choice a step's seed decides all the same
    let config = S2iConfig { drop_path: 0.0, ..config(DecoderKind::Mae) };
    let whole = folder.path().join("whole");
    train(&whole, std::slice::from_ref(&set), config.clone(), false, None).unwrap();
    let parts = folder.path().join("parts");
    train(&parts, std::slice::from_ref(&set), config.clone(), false, Some(3)).unwrap();
    assert!(!parts.join("model").exists());
    train(&parts, &[], config, true, None).unwrap();
    let tensors = |out: &Path| checkpoint::read(out.join("model/model.safetensors")).unwrap();
    assert!(tensors(&whole) == tensors(&parts), "the same numbers");
}

#[test]
fn only_what_a_lesson_teaches_changes() {
    use crate::Learner;
    let config = config(DecoderKind::Mae);
    let learner = S2iLearner::new(S2iModel::start(&config.s2i, 3, 1, &Device::flex().autodiff()), &config);
    let factor = |lesson, name: &str| {
        let stage = S2iStage { lesson, epochs: 1, learning_rate: 1.0 };
        learner.rate_factor(&stage, &format!("taught.{name}"))
    };
    assert_eq!(factor(Lesson::Pretrain, "encoder.blocks.0.mlp.fc1.weight"), Some(1.0));
    assert_eq!(factor(Lesson::Pretrain, "mae.mask_token"), Some(1.0));
    assert_eq!(factor(Lesson::Pretrain, "encoder.pos_embed"), None);
    assert_eq!(factor(Lesson::Pretrain, "classes.head.weight"), None);
    assert_eq!(factor(Lesson::FineTune, "classes.head.weight"), Some(1.0));
    assert_eq!(factor(Lesson::FineTune, "mae.mask_token"), None);
    assert!((factor(Lesson::FineTune, "encoder.blocks.11.attn.qkv.bias").unwrap() - 0.75).abs() < 1e-12);
    assert_eq!(factor(Lesson::Probe, "probe.linear.weight"), Some(1.0));
    assert_eq!(factor(Lesson::Probe, "probe.running_mean"), None);
    assert_eq!(factor(Lesson::Probe, "encoder.norm.weight"), None);
}
