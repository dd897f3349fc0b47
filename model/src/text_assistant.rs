//! A language model alone that answers questions in words: it has never seen a picture.

use std::ops::ControlFlow;

use anyhow::{Result, bail};
use skeletonllm_network::{
    chat::{Chat, is_chatml, system_of},
    generate::{GenerateOptions, generate},
    text_model::TextModel,
    tokenizer::Tokenizer,
};
use web_time::Instant;

use crate::assistant::{Answer, MAX_QUESTION, Said};

/// Longest answer in tokens.
const MAX_ANSWER: usize = 256;

/// A language model ready to answer.
pub struct TextAssistant {
    model: TextModel,
    chat: Chat,
    /// Whether it knows turns; otherwise it goes on with a text.
    converses: bool,
}

impl TextAssistant {
    /// Around a model that is in memory (without gradients, see `Module::valid`). `template` is how its folder or file
    /// says that conversations are written: ChatML, of which what is said to the model first is taken over, or another
    /// one, which is not followed. Without one, ChatML is meant where the model has tokens for its turns.
    #[must_use]
    pub fn new(model: TextModel, tokenizer: &Tokenizer, template: Option<&str>) -> TextAssistant {
        // a tokenizer that lacked them was given them behind the model's last token
        let known = [tokenizer.turn_start(), tokenizer.turn_end()];
        let turns = known.iter().all(|&token| (token as usize) < model.config().vocab_size);
        let system = template.map(system_of).unwrap_or_default();
        let converses = turns && template.is_none_or(is_chatml);
        TextAssistant { model, chat: Chat::of_text(tokenizer, &system), converses }
    }

    /// Whether it answers questions; otherwise it goes on with a text.
    pub fn converses(&self) -> bool {
        self.converses
    }

    /// Answers a question, always with the most likely token; `on_text` gets the words as they come, and ends the answer
    /// by [`ControlFlow::Break`].
    ///
    /// # Errors
    /// When the question is empty or too long, or the device gives nothing back.
    pub async fn ask_async(&self, question: &str, mut on_text: impl FnMut(&str) -> ControlFlow<()>) -> Result<Answer> {
        let start = Instant::now();
        let tokenizer = self.chat.tokenizer();
        let ids = tokenizer.encode(question);
        if ids.len() > MAX_QUESTION {
            bail!("the question is longer than {MAX_QUESTION} tokens");
        }
        let prompt = if self.converses { self.chat.question(question).ids } else { ids };
        let options =
            GenerateOptions { max_tokens: MAX_ANSWER, stop: tokenizer.endings(), ..GenerateOptions::default() };
        let mut said = Said::new(tokenizer, start);
        let on_token = |_, token| said.push(token).map_or(ControlFlow::Continue(()), &mut on_text);
        let answers = generate(self.model.reader(None), &[prompt], None, &options, on_token).await?;
        Ok(said.answer(&answers[0]))
    }

    /// As [`TextAssistant::ask_async`], to the end and waiting for the device.
    ///
    /// # Errors
    /// As there.
    #[cfg(not(target_family = "wasm"))]
    pub fn ask(&self, question: &str, mut on_text: impl FnMut(&str)) -> Result<Answer> {
        let on_text = |text: &str| {
            on_text(text);
            ControlFlow::Continue(())
        };
        pollster::block_on(self.ask_async(question, on_text))
    }
}
