//! The conversation as tokens: ChatML with the pictures in the first user turn (spec A.8).

use crate::{
    config::SkeletonConfig,
    token_reader::IGNORED,
    tokenizer::{TURN_END, TURN_START, Tokenizer},
};

/// Tokens of a conversation and what of it is learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prompt {
    /// Token ids; places of visual tokens hold the image token.
    pub ids: Vec<u32>,
    /// For each token its id where it counts in the loss, else [`IGNORED`].
    pub labels: Vec<i64>,
}

impl Prompt {
    /// The same for pictures of which only some visual tokens are there: `tokens` of each frame, at most as many as the
    /// prompt has places for. The frames have as many places each.
    pub fn with_tokens(&self, image_token: u32, tokens: &[usize]) -> Prompt {
        let places = self.ids.iter().filter(|id| **id == image_token).count();
        let of_a_frame = (places / tokens.len().max(1)).max(1);
        let mut place = 0;
        let mut prompt = Prompt::default();
        for (&id, &label) in self.ids.iter().zip(&self.labels) {
            if id == image_token {
                let (frame, before) = (place / of_a_frame, place % of_a_frame);
                place += 1;
                if tokens.get(frame).is_none_or(|tokens| before >= *tokens) {
                    continue;
                }
            }
            prompt.ids.push(id);
            prompt.labels.push(label);
        }
        prompt
    }

    fn push(&mut self, ids: impl IntoIterator<Item = u32>, learned: bool) {
        for id in ids {
            self.ids.push(id);
            self.labels.push(if learned { i64::from(id) } else { IGNORED });
        }
    }
}

/// Writes conversations for one model.
#[derive(Clone, Debug)]
pub struct Chat {
    tokenizer: Tokenizer,
    /// System turn and the first user turn up to the question.
    opening: Prompt,
}

impl Chat {
    /// Prepares the part that all conversations share. Each frame stands for `tokens_per_frame` visual tokens.
    pub fn new(tokenizer: &Tokenizer, config: &SkeletonConfig, tokens_per_frame: usize) -> Chat {
        let mut opening = Prompt::default();
        let t = tokenizer;
        if !config.system.is_empty() {
            turn(&mut opening, t, "system");
            opening.push(t.encode(&config.system), false);
            close(&mut opening, t, false);
        }
        turn(&mut opening, t, "user");
        for frame in 1..=config.frames {
            let line = config.frame_template.replace("{i}", &frame.to_string());
            // the config was checked to hold the place exactly once
            let (before, after) = line.split_once("<image>").unwrap_or((&line, ""));
            let marks = |token| config.image_marks.then_some(token);
            opening.push(t.encode(before), false);
            opening.push(marks(t.image_start()), false);
            opening.push(std::iter::repeat_n(t.image_context(), tokens_per_frame), false);
            opening.push(marks(t.image_end()), false);
            opening.push(t.encode(after), false);
        }
        Chat { tokenizer: tokenizer.clone(), opening }
    }

    /// Conversations without pictures, of a language model alone.
    pub fn of_text(tokenizer: &Tokenizer, system: &str) -> Chat {
        let config = SkeletonConfig { frames: 0, system: system.to_owned(), ..SkeletonConfig::default() };
        Chat::new(tokenizer, &config, 0)
    }

    /// The pictures and a question, up to where the answer begins. Each question is answered from the pictures alone, as
    /// models are trained.
    pub fn question(&self, question: &str) -> Prompt {
        let mut prompt = self.opening.clone();
        prompt.push(self.tokenizer.encode(question), false);
        close(&mut prompt, &self.tokenizer, false);
        turn(&mut prompt, &self.tokenizer, "assistant");
        prompt
    }

    /// What all conversations begin with: the pictures, up to the first question.
    pub fn opening(&self) -> &[u32] {
        &self.opening.ids
    }

    /// What follows the [`Chat::opening`], for training: a question, and its answer with the end of its turn, which
    /// are learned.
    pub fn rest(&self, question: &str, answer: &str) -> Prompt {
        let whole = self.exchange(question, answer);
        let start = self.opening.ids.len();
        Prompt { ids: whole.ids[start..].to_vec(), labels: whole.labels[start..].to_vec() }
    }

    /// One question with its answer, for training: the answer and the end of its turn are learned, nothing else.
    pub fn exchange(&self, question: &str, answer: &str) -> Prompt {
        let mut prompt = self.question(question);
        prompt.push(self.tokenizer.encode(answer), true);
        close(&mut prompt, &self.tokenizer, true);
        prompt
    }

    /// An answer as a candidate to be scored after [`Chat::question`]: its tokens and the end of the turn.
    pub fn candidate(&self, answer: &str) -> Vec<u32> {
        let mut ids = self.tokenizer.encode(answer);
        ids.push(self.tokenizer.turn_end());
        ids
    }

    /// The tokenizer it writes with.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }
}

/// Whether a template, as the transformers library and GGUF files have it, writes conversations as here.
#[must_use]
pub fn is_chatml(template: &str) -> bool {
    [TURN_START, TURN_END].iter().all(|token| template.contains(token))
}

/// What a template says to the model first where nobody else does; empty where it says nothing.
#[must_use]
pub fn system_of(template: &str) -> String {
    let begins = format!("{TURN_START}system");
    let said = template.split(begins.as_str()).skip(1).find_map(|rest| {
        // a line break as such, or as the template's own language writes it
        let rest = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\\n"))?;
        let (text, _) = rest.split_once(TURN_END)?;
        // what is put together from parts is somebody else's
        let written = !["{", "}", "' ", "\" ", "'+", "\"+"].iter().any(|mark| text.contains(mark));
        written.then(|| text.replace("\\n", "\n"))
    });
    said.unwrap_or_default()
}

fn turn(prompt: &mut Prompt, tokenizer: &Tokenizer, role: &str) {
    prompt.push([tokenizer.turn_start()], false);
    prompt.push(tokenizer.encode(&format!("{role}\n")), false);
}

/// Ends a turn; the newline after it is never learned.
fn close(prompt: &mut Prompt, tokenizer: &Tokenizer, learned: bool) {
    prompt.push([tokenizer.turn_end()], learned);
    prompt.push(tokenizer.encode("\n"), false);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(system: &str) -> Chat {
        let tokenizer = Tokenizer::train(["user\nassistant\nsystem\n wave Frame"], 300);
        let config = SkeletonConfig { frames: 2, system: system.into(), ..SkeletonConfig::default() };
        Chat::new(&tokenizer, &config, 3)
    }

    #[test]
    fn the_layout_is_chatml() {
        let chat = chat("be brief");
        let prompt = chat.exchange("what?", "wave");
        let text: String = prompt
            .ids
            .iter()
            .map(|&id| match id {
                id if id == chat.tokenizer().turn_start() => "[".into(),
                id if id == chat.tokenizer().turn_end() => "]".into(),
                id if id == chat.tokenizer().image_start() => "(".into(),
                id if id == chat.tokenizer().image_end() => ")".into(),
                id if id == chat.tokenizer().image_context() => "*".into(),
                id => chat.tokenizer().decode(&[id]),
            })
            .collect();
        assert_eq!(text, "[system\nbe brief]\n[user\nFrame1: (***)\nFrame2: (***)\nwhat?]\n[assistant\nwave]\n");
    }

    #[test]
    fn a_template_tells_what_is_said_first() {
        // as they stand in SmolLM2's and in Qwen2.5's files, where other turns are left out
        let smol = "{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are SmolLM.<|im_end|>\n' \
                    }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}";
        let qwen = r"{{- '<|im_start|>system\n' }}{{- messages[0]['content'] }}{{- '<|im_end|>\n' }}
                     {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
                     {{- '<|im_start|>system\nYou are Qwen.\nYou help.<|im_end|>\n' }}";
        assert_eq!(system_of(smol), "You are SmolLM.");
        assert_eq!(system_of(qwen), "You are Qwen.\nYou help.");
        assert!(is_chatml(smol) && is_chatml(qwen));
        let other = "<|start_header_id|>system<|end_header_id|>\n\n{{ message }}<|eot_id|>";
        assert!(!is_chatml(other) && system_of(other).is_empty());
        let tokenizer = Tokenizer::train(["user\nassistant\nsystem\n wave"], 300);
        let chat = Chat::of_text(&tokenizer, "");
        let expected = tokenizer.encode_template("<|im_start|>user\nwave?<|im_end|>\n<|im_start|>assistant\n");
        assert_eq!(chat.question("wave?").ids, expected);
    }

    #[test]
    fn pictures_may_stand_one_after_the_other() {
        let tokenizer = Tokenizer::train(["user\nassistant\nsystem\n wave Frame"], 300);
        let bare = SkeletonConfig { image_marks: false, frame_template: "<image>".into(), ..SkeletonConfig::default() };
        let chat = Chat::new(&tokenizer, &SkeletonConfig { frames: 3, ..bare }, 2);
        let image = tokenizer.image_context();
        let places = |prompt: &Prompt| prompt.ids.iter().filter(|id| **id == image).count();
        let whole = chat.question("wave?");
        assert_eq!(chat.opening(), [&tokenizer.encode_template("<|im_start|>user\n")[..], &[image; 6]].concat());
        assert_eq!(whole.with_tokens(image, &[2, 2, 2]), whole);
        assert_eq!(places(&whole.with_tokens(image, &[1, 0, 2])), 3);
    }

    #[test]
    fn frames_may_have_fewer_tokens() {
        let chat = chat("");
        let image = chat.tokenizer().image_context();
        let whole = chat.exchange("what?", "wave");
        assert_eq!(whole.with_tokens(image, &[3, 3]), whole);
        let some = whole.with_tokens(image, &[1, 2]);
        let runs: Vec<usize> = some.ids.chunk_by(|a, b| (*a == image) == (*b == image)).map(<[u32]>::len).collect();
        assert_eq!((runs[1], runs[3]), (1, 2), "{runs:?}");
        let text = |prompt: &Prompt| -> Vec<(u32, i64)> {
            let all = prompt.ids.iter().copied().zip(prompt.labels.iter().copied());
            all.filter(|(id, _)| *id != image).collect()
        };
        assert_eq!(text(&some), text(&whole));
    }

    #[test]
    fn only_the_answer_and_its_end_are_learned() {
        let chat = chat("");
        let prompt = chat.exchange("what?", "wave");
        let learned: Vec<u32> =
            prompt.labels.iter().zip(&prompt.ids).filter(|(l, _)| **l != IGNORED).map(|(_, &id)| id).collect();
        assert_eq!(learned, chat.candidate("wave"));
        assert_eq!(prompt.labels.len(), prompt.ids.len());
        let question = chat.question("what?");
        assert_eq!(question.ids, prompt.ids[..question.ids.len()]);
        assert!(question.labels.iter().all(|&l| l == IGNORED));
    }
}
