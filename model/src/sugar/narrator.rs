//! SUGAR with its language model: a motion's tokens among words, which name what is done and say how (spec D.3 to D.5).
//!
//! Such a directory is one of SUGAR with three things more: `spread.safetensors`, of the encoder's tokens; `tqp.safetensors`,
//! the projection; and `language`, what was learned on top of a language model, as peft keeps it. That model itself lies
//! elsewhere and is known by its weights.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use draction::motion::Motion;
use skeletonllm_data::{Labels, streams::Stream};
use skeletonllm_network::{
    chat::Chat,
    checkpoint::{self, Keep, Opened, Precision},
    config::SkeletonConfig,
    device::{DeviceChoice, Selected, select},
    generate::{GenerateOptions, Session, generate},
    sugar::{Narrator, Spread, Tqp},
    text_model::TextModel,
    token_reader::{TokenBatch, TokenReader},
    tokenizer::Tokenizer,
};

use super::{Sugar, SugarModelConfig, Vectors};
use crate::graph_recogniser;

/// The file of what is known of the encoder's tokens.
const SPREAD: &str = "spread.safetensors";
/// The file of the projection.
const PROJECTION: &str = "tqp.safetensors";
/// The folder of what was learned on top of the language model.
const LANGUAGE: &str = "language";
/// Longest narration in tokens.
const LONGEST: usize = 96;
/// What stands behind a label in an answer, so that none is the beginning of another.
const BEHIND: &str = ":";

/// What a directory holds, in memory.
pub struct Narrated {
    /// What it says of itself.
    pub config: SugarModelConfig,
    /// The network.
    pub narrator: Narrator,
    /// The vectors of SUGAR's labels.
    pub known: Vectors,
    /// How it is spoken to.
    pub speech: Speech,
    /// Where the language model lies.
    pub base: PathBuf,
}

/// Writes what makes a SUGAR directory one that has a language model; the rest is written by [`super::write`].
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    (spread, tqp): (&Spread, &Tqp),
    text: &TextModel,
    base: &Path,
    folder: &Path,
    precision: Precision,
) -> Result<()> {
    let language = folder.join(LANGUAGE);
    std::fs::create_dir_all(&language).with_context(|| format!("cannot create {}", language.display()))?;
    checkpoint::write(folder.join(SPREAD), &checkpoint::tensors_of(spread), Precision::F32)?;
    checkpoint::write(folder.join(PROJECTION), &tqp.tensors(), precision)?;
    Ok(checkpoint::save_text_adapter(text, base, &language, precision)?)
}

/// Reads a directory that has a language model, which lies at `base` if somebody says so.
///
/// # Errors
/// When a file is missing or wrong, naming it; when the language model is missing or another one.
pub fn read(folder: &Path, base: Option<&Path>, device: &Device) -> Result<Narrated> {
    let (config, encoder, known) = super::read(folder, device)?;
    let own = config.narrator.as_ref().with_context(|| format!("{}: it has no language model", folder.display()))?;
    let language = folder.join(LANGUAGE);
    let named = checkpoint::base_named(&language)?.with_context(|| format!("{}: no adapter", language.display()))?;
    let base = own.base.find(folder, &named, base)?;
    let mut opened = Opened::text_model_on(&language, Some(&base))?;
    opened.keep = own.base_bits.map_or(Keep::Packed, Keep::In);
    let width = opened.config.hidden_size;
    ensure!(
        own.tqp.language == width,
        "{}: `narrator.tqp.language` is {}, the language model's tokens are {width} wide",
        folder.display(),
        own.tqp.language
    );
    let tokenizer = Tokenizer::of_text_model(&opened.tokenizer_place())?;
    let text = opened.read(device)?;
    let path = folder.join(PROJECTION);
    let tqp = Tqp::new(&own.tqp, device).load(checkpoint::read(&path)?, &path.display().to_string())?;
    let path = folder.join(SPREAD);
    let spread = Spread::new(own.tqp.skeleton, device);
    let spread = checkpoint::apply(spread, checkpoint::read(&path)?, &path.display().to_string())?;
    let speech = Speech::new(&tokenizer, own.tqp.queries);
    let narrator = Narrator::new((encoder, spread), tqp, text, own.tqp.segments);
    Ok(Narrated { config, narrator, known, speech, base })
}

/// How a narrator is spoken to: a motion's tokens, a question with a list of labels, and an answer that begins with one.
#[derive(Clone, Debug)]
pub struct Speech {
    chat: Chat,
}

impl Speech {
    /// For motions of so many tokens.
    #[must_use]
    pub fn new(tokenizer: &Tokenizer, tokens: usize) -> Self {
        let motion = SkeletonConfig {
            frames: 1,
            frame_template: "<image>\n".into(),
            image_marks: false,
            system: String::new(),
            ..SkeletonConfig::default()
        };
        Self { chat: Chat::new(tokenizer, &motion, tokens) }
    }

    /// The conversations that it is made of.
    #[must_use]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The token in whose places a motion's tokens stand.
    #[must_use]
    pub fn motion_token(&self) -> u32 {
        self.chat.tokenizer().image_context()
    }

    /// The question that offers a list of labels.
    #[must_use]
    pub fn question<S: AsRef<str>>(list: &[S]) -> String {
        let list: Vec<&str> = list.iter().map(AsRef::as_ref).collect();
        format!("Which of these does the person do: {}? Name it, then say how the body moves.", list.join("; "))
    }

    /// The answer that names a label and says how the body moves.
    #[must_use]
    pub fn answer(label: &str, told: &str) -> String {
        format!("{label}{BEHIND} {told}")
    }

    /// The beginning of such an answer, as a candidate to be scored.
    fn candidate(&self, label: &str) -> Vec<u32> {
        self.chat.tokenizer().encode(&format!("{label}{BEHIND}"))
    }
}

/// What is said of a motion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narration {
    /// A label of the list.
    pub label: String,
    /// How the body moves.
    pub told: String,
}

/// A narrator ready to be asked.
pub struct SugarNarrator {
    sugar: Sugar,
    narrator: Narrator,
    speech: Speech,
    labels: Vec<String>,
}

impl SugarNarrator {
    /// Loads a directory onto the chosen device; `base` says where the language model lies, if no longer where the model was
    /// trained.
    ///
    /// # Errors
    /// As [`read`]; when the device cannot be had.
    pub fn load(folder: &Path, base: Option<&Path>, choice: DeviceChoice) -> Result<Self> {
        let Selected { device, name } = select(choice)?;
        let Narrated { config, narrator, known, speech, .. } = read(folder, base, &device)?;
        Ok(Self::new(narrator, config, known, speech, device, name))
    }

    /// Around a network without gradients.
    #[must_use]
    pub fn new(
        narrator: Narrator,
        config: SugarModelConfig,
        known: Vectors,
        speech: Speech,
        device: Device,
        device_name: String,
    ) -> Self {
        let labels = config.narrator.as_ref().map_or_else(Vec::new, |own| Labels::new(&own.labels).names().to_vec());
        let sugar = Sugar::new(narrator.encoder.clone().valid(), config, known, device, device_name);
        Self { sugar, narrator, speech, labels }
    }

    /// The labels that it was taught to say.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Where it computes.
    #[must_use]
    pub fn device_name(&self) -> &str {
        self.sugar.device_name()
    }

    /// Motions as what the language model reads: `[motions, tokens, width]`.
    ///
    /// # Errors
    /// When there is none; when one shows nobody, or has another skeleton than the network.
    pub fn observe(&self, motions: &[&Motion]) -> Result<Tensor<3>> {
        ensure!(!motions.is_empty(), "no motion to look at");
        let clips = motions.iter().map(|motion| self.sugar.shown(motion)).collect::<Result<Vec<_>>>()?;
        let edges = &self.sugar.config().network.edges;
        Ok(self.narrator.tokens(graph_recogniser::batch(&clips, Stream::Joint, edges, &self.sugar.device)))
    }

    /// `[motions][candidates]` how likely the answer begins with each label of a list, as logarithms, where that list is what
    /// is offered (spec D.5).
    ///
    /// # Errors
    /// When a candidate is empty, or the device gives nothing back.
    pub fn rank(&self, motions: &Tensor<3>, candidates: &[String]) -> Result<Vec<Vec<f32>>> {
        let prompt = self.speech.chat.question(&Speech::question(candidates)).ids;
        let mut session = Session::new(self.reader());
        session.feed(&TokenBatch::new(vec![prompt; motions.dims()[0]]), Some(motions.clone()))?;
        let candidates: Vec<Vec<u32>> = candidates.iter().map(|label| self.speech.candidate(label)).collect();
        Ok(session.score(&candidates)?)
    }

    /// What is done in each motion, of a list of labels, and how: the answer's own label where the list has it, else the
    /// likeliest (spec D.4).
    ///
    /// # Errors
    /// As [`SugarNarrator::rank`].
    pub fn narrate(&self, motions: &Tensor<3>, list: &[String]) -> Result<Vec<Narration>> {
        ensure!(!list.is_empty(), "no label to choose among");
        let tokenizer = self.speech.chat.tokenizer();
        let prompt = self.speech.chat.question(&Speech::question(list)).ids;
        let options = GenerateOptions { max_tokens: LONGEST, stop: tokenizer.endings(), ..GenerateOptions::default() };
        let prompts = vec![prompt; motions.dims()[0]];
        let go_on = |_, _| ControlFlow::Continue(());
        let said = pollster::block_on(generate(self.reader(), &prompts, Some(motions.clone()), &options, go_on))?;
        let mut narrations = Vec::new();
        for (row, said) in said.iter().enumerate() {
            let text = tokenizer.decode(&said.tokens);
            let (named, told) = text.split_once(BEHIND).unwrap_or((text.as_str(), ""));
            let of_the_list = list.iter().find(|label| label.trim() == named.trim());
            let label = match of_the_list {
                Some(label) => label.clone(),
                None => {
                    let scores = self.rank(&motions.clone().narrow(0, row, 1), list)?.swap_remove(0);
                    let best = (0..list.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
                    list[best.expect("the list is not empty")].clone()
                }
            };
            narrations.push(Narration { label, told: told.trim().to_owned() });
        }
        Ok(narrations)
    }

    fn reader(&self) -> TokenReader<'_> {
        self.narrator.text.reader(Some(self.speech.motion_token()))
    }
}
