//! A loaded model that looks at motions and answers: what `ask`, `evaluate` and the page are made of.
//!
//! Whatever reads from the device is `async` here, and yields between its steps, so that a page stays alive; the
//! blocking functions of the same names wait for those and exist only where a thread may wait.

mod doubt;
mod explain;
#[cfg(not(target_family = "wasm"))]
mod judge;
mod rank;
mod said;
mod spans;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Mutex, OnceLock},
};

use anyhow::{Result, bail, ensure};
use burn::tensor::Tensor;
use draction::{
    clip::Clip,
    figure::{self, JointMap, Mapped},
    motion::Motion,
};
use skeletonllm_data::{Family, Kinematics, Texts};
use skeletonllm_network::{
    chat::Chat,
    device::Selected,
    foreground::Foreground,
    generate::{GenerateOptions, generate},
    task::yield_now,
    tokenizer::Tokenizer,
};
use web_time::Instant;

use doubt::{Part, Settled};
pub use explain::{Attribution, PictureSlope};
#[cfg(not(target_family = "wasm"))]
pub use judge::{Agreement, QuestionTally};
pub use rank::LabelScores;
pub(crate) use rank::among_themselves;
pub(crate) use said::Said;
pub use spans::{LONG_TAKE_SECONDS, Span, SpanOptions};
#[cfg(not(target_family = "wasm"))]
pub(crate) use spans::{joined, stretches};

use crate::{
    drawing::{DrawSettings, Drawing, HostDrawing},
    folder::{Loaded, ModelFiles, SkeletonLlm},
    observation::Observation,
};

/// A model ready to answer.
pub struct Assistant {
    model: SkeletonLlm,
    chat: Chat,
    labels: Vec<String>,
    device_name: String,
    drawing: HostDrawing,
    skip_background: bool,
    /// See [`crate::folder::Extra::blind`].
    blind: bool,
    /// The log-probabilities of labels as answers without any picture, as far as that was asked.
    blind_answers: Mutex<BTreeMap<String, f32>>,
}

/// Motions drawn, not yet looked at.
struct Rendered {
    clips: Vec<Clip>,
    maps: Vec<Vec<Option<JointMap>>>,
    drawing: Drawing,
    frames: Tensor<5>,
}

/// What the model said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The words.
    pub text: String,
    /// Number of tokens, the end of the turn not counted.
    pub tokens: usize,
    /// 0..1: the probability of the label that it names, or says something of, where labels are ranked for it; else the
    /// geometric mean of the probabilities of its tokens and of its end.
    pub confidence: f32,
    /// Time it took.
    pub seconds: f64,
    /// Time to its first token; to its end where it has none.
    pub first_token_seconds: f64,
    /// Tokens a second after the first, the end of the turn counted; `None` where nothing came after it, or
    /// too fast to be measured.
    pub tokens_per_second: Option<f64>,
    /// Whether whoever listened broke it off.
    pub stopped: bool,
}

/// Longest answer in tokens.
const MAX_ANSWER: usize = 64;
/// Longest question in tokens.
pub(crate) const MAX_QUESTION: usize = 512;

impl Assistant {
    /// Loads a model directory onto the chosen device.
    ///
    /// # Errors
    /// When a file is missing or wrong, naming it, or the device cannot be had.
    #[cfg(not(target_family = "wasm"))]
    pub fn load(folder: &std::path::Path, choice: skeletonllm_network::device::DeviceChoice) -> Result<Assistant> {
        Assistant::load_on(folder, None, choice)
    }

    /// As [`Assistant::load`]; what the model lies on top of is at `base`, if somebody says so.
    ///
    /// # Errors
    /// As there.
    #[cfg(not(target_family = "wasm"))]
    pub fn load_on(
        folder: &std::path::Path,
        base: Option<&std::path::Path>,
        choice: skeletonllm_network::device::DeviceChoice,
    ) -> Result<Assistant> {
        let Selected { device, name, .. } = skeletonllm_network::device::select(choice)?;
        Ok(Assistant::of(Loaded::read_on(folder, base, Default::default(), &device)?, name))
    }

    /// As [`Assistant::load`], from memory and onto a device that was selected before.
    ///
    /// # Errors
    /// When a file is wrong, naming it.
    pub fn from_files(files: &ModelFiles, selected: Selected) -> Result<Assistant> {
        Ok(Assistant::of(Loaded::from_files(files, &selected.device)?, selected.name))
    }

    /// An assistant around a model that is already in memory (without gradients, see `Module::valid`). Reads the
    /// renderer's numbers back, since training moved them.
    #[cfg(not(target_family = "wasm"))]
    pub fn new(model: SkeletonLlm, tokenizer: &Tokenizer, labels: Vec<String>, device_name: String) -> Assistant {
        let drawing = model.drawing.present();
        Assistant::with_drawing(model, tokenizer, labels, device_name, drawing)
    }

    pub(crate) fn of(Loaded { model, tokenizer, extra }: Loaded, device_name: String) -> Assistant {
        let drawing = model.drawing.origin().clone();
        let (skip, blind) = (extra.skip_background, extra.blind);
        Assistant::with_drawing(model, &tokenizer, extra.labels, device_name, drawing)
            .skip_background(skip)
            .blind(blind)
    }

    fn with_drawing(
        model: SkeletonLlm,
        tokenizer: &Tokenizer,
        labels: Vec<String>,
        device_name: String,
        drawing: HostDrawing,
    ) -> Assistant {
        let config = model.internvl.config();
        let chat = Chat::new(tokenizer, &config.skeleton(), config.tokens_per_frame());
        let (skip_background, blind, blind_answers) = (false, false, Mutex::default());
        Assistant { model, chat, labels, device_name, drawing, skip_background, blind, blind_answers }
    }

    /// Whether the model was also asked without pictures: labels are then judged by what pictures add to them.
    #[must_use]
    pub fn blind(self, blind: bool) -> Assistant {
        Assistant { blind, ..self }
    }

    /// Whether to look only at the parts of pictures that hold something (spec A.11, "FPS"). Faster where pictures are
    /// large and mostly black. Models are trained on whole pictures, unless their folders say otherwise: those skip the
    /// background in any case. One whose visual tokens are compared with words themselves needs all of them, and never does.
    #[must_use]
    pub fn skip_background(mut self, skip: bool) -> Assistant {
        let needs_all = self.model.alignment.as_ref().is_some_and(|alignment| alignment.temporal.is_some());
        self.skip_background = (self.skip_background || skip) && !needs_all;
        self
    }

    /// The labels that the model was trained on.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Where it computes.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// The renderer that it looks through, in host memory.
    pub fn drawing(&self) -> &HostDrawing {
        &self.drawing
    }

    /// Frames that it looks at.
    pub fn frames(&self) -> usize {
        self.model.internvl.config().skeleton().frames
    }

    /// Height and width of its pictures in pixels.
    pub fn render_size(&self) -> [usize; 2] {
        self.model.internvl.config().render_size()
    }

    /// A question of each family worth trying first, in the standard wording.
    pub fn suggestions(&self) -> Vec<String> {
        Family::SUGGESTED.iter().filter_map(|&family| skeletonllm_data::example(family, &self.labels)).collect()
    }

    /// Draws motions as the model was trained with, and looks at the pictures.
    ///
    /// # Errors
    /// When a motion shows nobody or its skeleton gives no template.
    #[cfg(not(target_family = "wasm"))]
    pub fn observe(&self, motions: &[&Motion]) -> Result<Observation> {
        self.observe_with(motions, &DrawSettings::default())
    }

    /// As [`Assistant::observe_async`], waiting for the device.
    ///
    /// # Errors
    /// As [`Assistant::observe_async`].
    #[cfg(not(target_family = "wasm"))]
    pub fn observe_with(&self, motions: &[&Motion], settings: &DrawSettings) -> Result<Observation> {
        pollster::block_on(self.observe_async(motions, settings))
    }

    /// Draws motions as somebody chose to, gives way, and looks at exactly those pictures.
    ///
    /// # Errors
    /// When a motion shows nobody, its skeleton gives no template, the settings cannot be used or the device gives
    /// nothing back.
    pub async fn observe_async(&self, motions: &[&Motion], settings: &DrawSettings) -> Result<Observation> {
        let figures: Vec<Mapped> = motions.iter().map(|motion| figure::of(motion)).collect();
        self.observe_figures_async(&figures.iter().collect::<Vec<_>>(), settings).await
    }

    /// As [`Assistant::observe_async`], of motions whose figures ([`figure::of`]) are known: finding those of long motions
    /// takes time.
    ///
    /// # Errors
    /// As there.
    pub async fn observe_figures_async(&self, figures: &[&Mapped], settings: &DrawSettings) -> Result<Observation> {
        yield_now().await;
        let drawn = self.draw(figures, settings)?;
        yield_now().await;
        self.see(drawn).await
    }

    fn draw(&self, figures: &[&Mapped], settings: &DrawSettings) -> Result<Rendered> {
        ensure!(!figures.is_empty(), "there is no motion to look at");
        let options = settings.clip_options(self.frames());
        let clips = figures.iter().map(|f| Clip::from_motion(&f.motion, &options)).collect::<Result<Vec<_>, _>>()?;
        let maps = figures.iter().map(|figure| figure.maps.clone()).collect();
        let own = &self.model.drawing;
        let drawing = match settings.as_trained() {
            true => own.clone(),
            false => Drawing::new(self.drawing.with(settings)?, &own.device()),
        };
        let frames = drawing.render(&clips, self.render_size())?;
        Ok(Rendered { clips, maps, drawing, frames })
    }

    async fn see(&self, Rendered { clips, maps, drawing, frames }: Rendered) -> Result<Observation> {
        let internvl = &self.model.internvl;
        let (visual, tokens) = if self.skip_background {
            let pictures: Tensor<4> = frames.clone().flatten(0, 1);
            let foreground = Foreground::of(pictures.clone(), internvl.token_size()).await?;
            (internvl.encode_foreground(pictures, &foreground), foreground.tokens())
        } else {
            let visual = self.see_whole(frames.clone()).await;
            let [pictures, tokens, _] = visual.dims();
            (visual, vec![tokens; pictures])
        };
        let (visual, seen) = self.model.together(visual);
        let places = seen.zip(self.model.alignment.as_ref()).map(|(seen, alignment)| alignment.places(seen));
        Ok(Observation {
            clips,
            maps,
            drawing,
            frames,
            visual: visual.flatten(0, 1),
            tokens,
            own_scores: OnceLock::new(),
            places: places.map(OnceLock::from).unwrap_or_default(),
        })
    }

    /// `[clips, frames, height, width, 3]` → `[clips·frames, tokens, hidden]`, a few pictures at a time in a page, so that
    /// it stays awake.
    async fn see_whole(&self, frames: Tensor<5>) -> Tensor<3> {
        let pictures: Tensor<4> = frames.flatten(0, 1);
        let count = pictures.dims()[0];
        let most = if cfg!(target_family = "wasm") { 4 } else { count };
        let mut parts = Vec::new();
        for first in (0..count).step_by(most) {
            yield_now().await;
            let part = pictures.clone().narrow(0, first, most.min(count - first));
            parts.push(self.model.internvl.encode_frames(part));
        }
        Tensor::cat(parts, 0)
    }

    /// Answers a question about the first motion of `observation`; `on_text` gets the words as they come, and ends the
    /// answer by [`ControlFlow::Break`].
    ///
    /// # Errors
    /// When the question is too long or the device gives nothing back.
    pub async fn ask_async(
        &self,
        observation: &Observation,
        question: &str,
        mut on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer> {
        let start = Instant::now();
        let tokenizer = self.chat.tokenizer();
        let mut prompt = self.prompt(question, observation, 0)?;
        let mut said = Said::new(tokenizer, start);
        let settled = match self.asked(question) {
            Some(asked) => Some(self.settle(asked, observation, 0).await?),
            None => None,
        };
        if let Some(Settled { part: part @ (Part::All | Part::Beginning), text, confidence }) = &settled {
            let stopped = on_text(text).is_break();
            let begun = said.begin(text.clone());
            if *part == Part::All || stopped {
                let seconds = start.elapsed().as_secs_f64();
                return Ok(Answer {
                    text: text.clone(),
                    tokens: begun.len(),
                    confidence: *confidence,
                    seconds,
                    first_token_seconds: seconds,
                    tokens_per_second: None,
                    stopped,
                });
            }
            prompt.extend(begun);
        }
        let ending = settled.as_ref().filter(|settled| settled.part == Part::Ending).map(|settled| &settled.text);
        let texts = Texts::built_in();
        let mut stopped = false;
        let on_token = |_, token| {
            let chain = |text: &str| ending.and_then(|_| texts.chain_of(text)).map(str::len);
            let Some((new, ended)) = said.push_until(token, chain) else { return ControlFlow::Continue(()) };
            stopped = on_text(new).is_break();
            if stopped || ended { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = self.generate_options();
        let mut answers =
            generate(&self.model.internvl, &[prompt], Some(observation.visual_of(0)), &options, on_token).await?;
        let mut answer = said.answer(&answers.swap_remove(0));
        answer.stopped = stopped;
        if let Some(settled) = &settled {
            answer.confidence = settled.confidence;
        }
        if let Some(ending) = ending
            && let Some(chain) = texts.chain_of(&answer.text)
        {
            let mut text = chain.to_owned();
            if !stopped {
                answer.stopped = on_text(ending).is_break();
                text += ending;
            }
            answer.tokens = tokenizer.encode(&text).len();
            answer.text = text;
        }
        Ok(answer)
    }

    /// As [`Assistant::ask_async`], to the end and waiting for the device.
    ///
    /// # Errors
    /// As [`Assistant::ask_async`].
    #[cfg(not(target_family = "wasm"))]
    pub fn ask(&self, observation: &Observation, question: &str, mut on_text: impl FnMut(&str)) -> Result<Answer> {
        let on_text = |text: &str| {
            on_text(text);
            ControlFlow::Continue(())
        };
        pollster::block_on(self.ask_async(observation, question, on_text))
    }

    /// The tokens of a question about one motion of `observation`, up to where the answer begins.
    fn prompt(&self, question: &str, observation: &Observation, motion: usize) -> Result<Vec<u32>> {
        if self.chat.tokenizer().encode(question).len() > MAX_QUESTION {
            bail!("the question is longer than {MAX_QUESTION} tokens");
        }
        Ok(self.prompt_of_any_length(question, observation, motion))
    }

    fn prompt_of_any_length(&self, question: &str, observation: &Observation, motion: usize) -> Vec<u32> {
        let image_context = self.chat.tokenizer().image_context();
        self.chat.question(question).with_tokens(image_context, observation.tokens_of(motion)).ids
    }

    fn generate_options(&self) -> GenerateOptions {
        let stop = vec![self.chat.tokenizer().turn_end()];
        GenerateOptions { max_tokens: MAX_ANSWER, stop, ..GenerateOptions::default() }
    }
}

/// A sentence about what was read: only for people.
pub fn describe_motion(motion: &Motion) -> String {
    let kinematics = Kinematics::of(motion);
    let hands = kinematics.hands.map_or(String::new(), |h| format!(", hands {h:?}"));
    let noise = figure::noticeable_noise(motion);
    let shakes = noise.map_or(String::new(), |noise| format!(", noise of {:.1} cm", 100.0 * noise));
    format!(
        "{} joints, {} frames at {:.1} fps, {} ({:.2} m tall{hands}{shakes})",
        motion.joints(),
        motion.frames(),
        motion.fps,
        match (motion.people(), motion.performer) {
            (1, _) => "one body".to_owned(),
            (n, None) => format!("{n} bodies"),
            (n, Some(performer)) => format!("{n} bodies, of which number {} performs", performer + 1),
        },
        motion.height()
    )
}
