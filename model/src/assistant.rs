//! A loaded model that looks at motions and answers: what `ask`, `evaluate` and later the page are made of.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use draction::{
    clip::{Clip, ClipOptions},
    draction::{DrAction, LinePoints, Metadata, Scales, Template, TemplateRule},
    export::{contact_sheet, encode_png, pictures},
    motion::{Layout, Motion, Skeleton},
};

use crate::{
    chat::Chat,
    checkpoint::{self, Precision},
    config::InternVlConfig,
    data::{self, DataClip, Family, Kinematics, Labels, Phrasing, QuestionAnswer, Rng, Truth, question_of},
    device::{self, DeviceChoice, Selected},
    drawing::{Drawing, DrawingConfig},
    generate::{GenerateOptions, Session, greedy},
    internvl::{InternVl, TokenBatch},
    tokenizer::Tokenizer,
};

/// The whole model: the renderer that draws and the network that looks.
#[derive(Module, Debug)]
pub struct SkeletonLlm {
    /// DrAction.
    pub drawing: Drawing,
    /// Vision tower, projector and language model.
    pub internvl: InternVl,
}

/// A model ready to answer.
pub struct Assistant {
    model: SkeletonLlm,
    chat: Chat,
    labels: Vec<String>,
    device_name: String,
}

/// What the model saw of one or several motions.
pub struct Look {
    clips: Vec<Clip>,
    /// `[B, T, H, W, 3]`.
    frames: Tensor<5>,
    /// `[B·T, tokens, hidden]`.
    visual: Tensor<3>,
}

/// An earlier question and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// Number of tokens, the end of the turn not counted.
    pub tokens: usize,
    /// Geometric mean of the tokens' probabilities, 0..1.
    pub confidence: f32,
    /// Time it took.
    pub seconds: f64,
}

/// Longest answer in tokens.
const MAX_ANSWER: usize = 64;
/// Longest question in tokens.
const MAX_QUESTION: usize = 512;

impl Assistant {
    /// Loads a model directory: `config.json`, `tokenizer.json`, `model.safetensors`, `draction.safetensors`.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    pub fn load(folder: &Path, choice: DeviceChoice) -> Result<Assistant> {
        let Selected { device, name, .. } = device::select(choice)?;
        let internvl = checkpoint::load_model(folder, &device)?;
        let tokenizer = Tokenizer::load(&folder.join("tokenizer.json"))?;
        let path = folder.join("draction.safetensors");
        let loaded = DrAction::open(&path)?;
        loaded.warnings.iter().for_each(|warning| eprintln!("{}: {warning}", path.display()));
        let extra = Extra::of(internvl.config())?;
        let bank = bank_skeleton();
        if loaded.draction.template.joints != bank.joints() {
            bail!("{} is for {} joints; a model keeps its renderer on NTU's 25", path.display(), loaded.draction.template.joints);
        }
        let drawing = Drawing::new(loaded.draction, &bank, extra.drawing, &device);
        Ok(Assistant::new(SkeletonLlm { drawing, internvl }, &tokenizer, extra.labels, name))
    }

    /// An assistant around a model that is already in memory (without gradients, see `Module::valid`).
    pub fn new(model: SkeletonLlm, tokenizer: &Tokenizer, labels: Vec<String>, device_name: String) -> Assistant {
        let config = model.internvl.config();
        let chat = Chat::new(tokenizer, &config.skeleton(), config.tokens_per_frame());
        Assistant { model, chat, labels, device_name }
    }

    /// Writes a model directory; the card is written by whoever knows the scores.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn save(
        folder: &Path,
        model: &SkeletonLlm,
        tokenizer: &Tokenizer,
        extra: &Extra,
        precision: Precision,
    ) -> Result<()> {
        checkpoint::save_model(&model.internvl, folder, precision)?;
        let config = extra.write_into(model.internvl.config())?;
        config.save(folder.join("config.json"))?;
        let mut draction = model.drawing.to_draction();
        draction.metadata = Metadata {
            name: "nano".into(),
            description: "Trained together with the language model beside it.".into(),
            ..draction.metadata
        };
        draction.save(&folder.join("draction.safetensors"))?;
        draction::store::write_atomically(&folder.join("tokenizer.json"), tokenizer.to_json().as_bytes())?;
        Ok(())
    }

    /// The labels that the model was trained on.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Where it computes.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Draws motions and looks at the pictures.
    ///
    /// # Errors
    /// When a motion shows nobody or its skeleton gives no template.
    pub fn look(&self, motions: &[&Motion]) -> Result<Look> {
        let config = self.model.internvl.config();
        let options = ClipOptions { frames: config.skeleton().frames, ..ClipOptions::default() };
        let clip = |motion: &&Motion| Clip::from_motion(&motion.without_empty_bodies(), &options);
        let clips = motions.iter().map(clip).collect::<Result<Vec<_>, _>>()?;
        let size = config.render_size();
        let frames = self.model.drawing.render(&clips, size)?;
        let visual = see(&self.model.internvl, frames.clone());
        Ok(Look { clips, frames, visual })
    }

    /// Answers a question about the first motion of `look`; `on_text` gets the words as they come.
    ///
    /// # Errors
    /// When the question is too long.
    pub fn ask(
        &self,
        look: &Look,
        history: &[Exchange],
        question: &str,
        mut on_text: impl FnMut(&str),
    ) -> Result<Answer> {
        let start = Instant::now();
        let tokenizer = self.chat.tokenizer();
        if tokenizer.encode(question).len() > MAX_QUESTION {
            bail!("the question is longer than {MAX_QUESTION} tokens");
        }
        let history: Vec<(&str, &str)> =
            history.iter().map(|e| (e.question.as_str(), e.answer.as_str())).collect();
        let prompt = self.chat.question(&history, question).ids;
        let options = GenerateOptions {
            max_tokens: MAX_ANSWER,
            stop: vec![tokenizer.turn_end()],
            ..GenerateOptions::default()
        };
        let mut ids = Vec::new();
        let mut shown = String::new();
        greedy(&self.model.internvl, &prompt, Some(look.visual.clone()), &options, |token| {
            ids.push(token);
            let text = tokenizer.decode(&ids);
            // half a character waits for its other half
            if !text.ends_with('\u{fffd}')
                && let Some(new) = text.strip_prefix(&shown)
            {
                on_text(new);
                shown = text;
            }
        })?;
        let text = tokenizer.decode(&ids);
        let mut scored = ids.clone();
        scored.push(tokenizer.turn_end());
        let scores = self.score(look, question, &[scored])?;
        let confidence = (scores[0][0] / (ids.len() + 1) as f32).exp();
        Ok(Answer { text, tokens: ids.len(), confidence, seconds: start.elapsed().as_secs_f64() })
    }

    /// `[motions][candidates]` log-probability of each label as the answer to the standard recognition question.
    ///
    /// # Errors
    /// When a label is empty.
    pub fn rank(&self, look: &Look, labels: &[String]) -> Result<Vec<Vec<f32>>> {
        let question = data::canonical(Family::Recognition).expect("every family but one has a wording");
        let candidates: Vec<Vec<u32>> = labels.iter().map(|l| self.chat.candidate(l)).collect();
        self.score(look, question, &candidates)
    }

    fn score(&self, look: &Look, question: &str, candidates: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let prompt = self.chat.question(&[], question).ids;
        let rows = vec![prompt; look.clips.len()];
        let mut session = Session::new(&self.model.internvl);
        session.feed(&TokenBatch::new(rows), Some(look.visual.clone()))?;
        Ok(session.score(candidates)?)
    }

    /// All known labels for the first motion with their probabilities among themselves, best first.
    ///
    /// # Errors
    /// As [`Assistant::rank`].
    pub fn recognise(&self, look: &Look) -> Result<Vec<(String, f32)>> {
        let scores = self.rank(look, &self.labels)?.swap_remove(0);
        let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = scores.iter().map(|s| (s - most).exp()).sum();
        let mut ranked: Vec<(String, f32)> =
            self.labels.iter().cloned().zip(scores.iter().map(|s| (s - most).exp() / total)).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(ranked)
    }

    /// Asks each clip of a set the questions of `families` that its motion has a truth for, and counts in `tally` the
    /// right and the asked ones by family.
    ///
    /// # Errors
    /// As [`Assistant::look`].
    pub fn judge_questions(
        &self,
        clips: &[DataClip],
        look: &Look,
        families: &[Family],
        tally: &mut BTreeMap<String, (usize, usize)>,
    ) -> Result<()> {
        let labels = Labels::new(&self.labels);
        let mut asked: Vec<(usize, QuestionAnswer)> = Vec::new();
        for (i, clip) in clips.iter().enumerate() {
            let truth = Truth::of(&clip.record, &clip.motion, false, &labels);
            let mut rng = Rng::at(0, 0, clip.record.line as u64);
            for &family in families {
                asked.extend(question_of(family, &truth, &mut rng, Phrasing::Canonical).map(|qa| (i, qa)));
            }
        }
        if asked.is_empty() {
            return Ok(());
        }
        let tokenizer = self.chat.tokenizer();
        let prompts: Vec<Vec<u32>> = asked.iter().map(|(_, qa)| self.chat.question(&[], &qa.question).ids).collect();
        let per_clip = look.visual.dims()[0] / look.clips.len();
        let visual = asked.iter().map(|(i, _)| look.visual.clone().narrow(0, i * per_clip, per_clip)).collect();
        let options = GenerateOptions {
            max_tokens: MAX_ANSWER,
            stop: vec![tokenizer.turn_end()],
            ..GenerateOptions::default()
        };
        let answers = crate::generate::greedy_batch(
            &self.model.internvl,
            &prompts,
            Some(Tensor::cat(visual, 0)),
            &options,
            |_, _| {},
        )?;
        for ((_, qa), ids) in asked.iter().zip(answers) {
            let answer = tokenizer.decode(&ids);
            let entry = tally.entry(qa.family.name().to_owned()).or_default();
            entry.0 += usize::from(same_words(&answer, &qa.answer));
            entry.1 += 1;
        }
        Ok(())
    }
}

/// Equal but for case, punctuation and white space.
fn same_words(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
    };
    words(a) == words(b)
}

/// Frames to visual tokens: `[B, T, H, W, 3]` → `[B·T, tokens, hidden]`.
pub fn see(internvl: &InternVl, frames: Tensor<5>) -> Tensor<3> {
    let [clips, count, height, width, channels] = frames.dims();
    internvl.encode_frames(frames.reshape([clips * count, height, width, channels]))
}

impl Look {
    /// Frames drawn of each motion.
    pub fn frame_count(&self) -> usize {
        self.frames.dims()[1]
    }

    /// The pictures' size as text, `width×height`.
    pub fn picture_size(&self) -> String {
        let [_, _, height, width, _] = self.frames.dims();
        format!("{width}×{height}")
    }

    /// Writes the pictures of the first motion as one PNG.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_sheet(&self, path: &Path) -> Result<()> {
        let [_, count, height, width, channels] = self.frames.dims();
        let frames = self.frames.clone().narrow(0, 0, 1).reshape([count * height * width * channels]);
        let frames: Vec<f32> = Tensor::<1>::into_data(frames).try_into_vec().expect("frames are f32");
        let sheet = contact_sheet(&pictures(&frames, width, height)?);
        Ok(draction::store::write_atomically(path, &encode_png(&sheet)?)?)
    }
}

/// What a model directory's `config.json` says beyond the public layout, in its `skeleton` block.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Extra {
    /// The labels that the model was trained on.
    pub labels: Vec<String>,
    /// How clips are drawn.
    pub drawing: DrawingConfig,
}

impl Extra {
    /// Reads it from a configuration.
    ///
    /// # Errors
    /// When a field has another type.
    pub fn of(config: &InternVlConfig) -> Result<Extra> {
        let fields = serde_json::Value::Object(config.skeleton().other);
        serde_json::from_value(fields).context("config.json: the `skeleton` block")
    }

    fn write_into(&self, config: &InternVlConfig) -> Result<InternVlConfig> {
        let mut skeleton = config.skeleton();
        if let serde_json::Value::Object(fields) = serde_json::to_value(self)? {
            skeleton.other.extend(fields);
        }
        Ok(InternVlConfig { skeleton: Some(skeleton), ..config.clone() })
    }
}

/// The body that a model keeps its features on: NTU's 25 joints, as the released renderers do.
pub fn bank_skeleton() -> Skeleton {
    Layout::Ntu25.skeleton()
}

/// A fresh renderer on the bank's body: painted by body part, with an NFM that does nothing yet.
///
/// # Errors
/// Never for the built-in body.
pub fn fresh_drawing(config: DrawingConfig, seed: u64, device: &Device) -> Result<Drawing> {
    let skeleton = bank_skeleton();
    let rule = TemplateRule { points: LinePoints::Fixed(10), scales: Scales::Constant(config.scale) };
    let template = Template::build(&skeleton.bones, &BANK_POSE.concat(), &rule)?;
    let mut draction = DrAction::painted(&skeleton, template)?;
    let random = DrAction::init(draction.template.clone(), seed);
    draction.parameters.nfm = random.parameters.nfm;
    Ok(Drawing::new(draction, &skeleton, config, device))
}

/// NTU's joints standing with arms hanging, metres: 1.7 m tall, 3 m before the camera.
const BANK_POSE: [[f32; 3]; 25] = [
    [0.0, 0.0, 3.0],
    [0.0, 0.28, 3.0],
    [0.0, 0.58, 3.0],
    [0.0, 0.72, 3.0],
    [0.18, 0.48, 3.0],
    [0.22, 0.20, 3.0],
    [0.24, -0.05, 2.98],
    [0.24, -0.13, 2.97],
    [-0.18, 0.48, 3.0],
    [-0.22, 0.20, 3.0],
    [-0.24, -0.05, 2.98],
    [-0.24, -0.13, 2.97],
    [0.09, -0.02, 3.0],
    [0.11, -0.44, 3.0],
    [0.12, -0.84, 3.02],
    [0.13, -0.92, 2.90],
    [-0.09, -0.02, 3.0],
    [-0.11, -0.44, 3.0],
    [-0.12, -0.84, 3.02],
    [-0.13, -0.92, 2.90],
    [0.0, 0.50, 3.0],
    [0.24, -0.20, 2.96],
    [0.21, -0.14, 2.94],
    [-0.24, -0.20, 2.96],
    [-0.21, -0.14, 2.94],
];

/// The model that ships with the program: `$SKELETONLLM_MODEL`, or `assets/nano` below the current folder, the
/// program's folder and those above it, or the source tree it was built from.
///
/// # Errors
/// When there is none.
pub fn default_model() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("SKELETONLLM_MODEL") {
        return Ok(folder.into());
    }
    let program = std::env::current_exe().unwrap_or_default();
    let here = std::env::current_dir().unwrap_or_default();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::iter::once(here.as_path())
        .chain(program.ancestors().skip(1))
        .chain(std::iter::once(source.as_path()))
        .map(|folder| folder.join("assets/nano"))
        .find(|folder| folder.join("config.json").exists())
        .context("no model found: name its directory with --model")
}

/// A sentence about what was read: only for people.
pub fn describe_motion(motion: &Motion) -> String {
    let kinematics = Kinematics::of(motion);
    let hands = kinematics.hands.map_or(String::new(), |h| format!(", hands {h:?}"));
    format!(
        "{} joints, {} frames at {:.1} fps, {} ({:.2} m tall{hands})",
        motion.joints(),
        motion.frames(),
        motion.fps,
        match motion.bodies {
            1 => "one body".to_owned(),
            n => format!("{n} body slots"),
        },
        motion.height()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_decide_not_their_dress() {
        assert!(same_words(" Left hand.", "left hand"));
        assert!(!same_words("left hand", "both hands"));
        assert!(!same_words("", "no"));
    }

    #[test]
    fn what_is_beyond_the_public_layout_survives() {
        let config = crate::train::TrainConfig::default().model;
        let extra = Extra { labels: vec!["wave".into()], ..Extra::default() };
        let written = extra.write_into(&config).unwrap();
        assert_eq!(Extra::of(&written).unwrap(), extra);
    }
}
