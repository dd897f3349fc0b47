//! How a text is cut into words before pairs of bytes are merged. Merges never cross such a cut, so another rule is
//! another tokenizer.

use tokenizers::{
    AddedToken, SplitDelimiterBehavior, Tokenizer as Inner,
    models::bpe::BPE,
    normalizers::NFC,
    pre_tokenizers::{
        PreTokenizerWrapper,
        byte_level::ByteLevel,
        sequence::Sequence,
        split::{Split as Cut, SplitPattern},
    },
};

/// GPT-2's words: contractions, letters, digits, the rest, each with the blank before it.
const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// Qwen2's: digits one by one, line breaks with what stands before them, contractions in capitals as well.
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Llama 3's: as Qwen2's, digits by threes.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Split {
    Gpt2,
    /// GPT-2's after every digit was cut off.
    Digits,
    Qwen2,
    Llama3,
    /// What llama.cpp does where a file names no rule: marks first, then GPT-2's, then digits by threes.
    Unnamed,
}

impl Split {
    /// The regular expressions, each applied to what the one before left.
    fn cuts(self) -> &'static [&'static str] {
        match self {
            Split::Gpt2 => &[GPT2],
            Split::Digits => &[r"\p{N}", GPT2],
            Split::Qwen2 => &[QWEN2],
            Split::Llama3 => &[LLAMA3],
            Split::Unnamed => &[r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
        }
    }

    /// A tokenizer with this rule. `added` are tokens that are found as they are in a text, special or not; each is in
    /// the vocabulary of `model`, so that its id is the one there.
    pub fn tokenizer(self, model: BPE, added: &[AddedToken]) -> Inner {
        let mut inner = Inner::new(model);
        let cut = |pattern: &&str| {
            let pattern = SplitPattern::Regex((*pattern).to_owned());
            let cut = Cut::new(pattern, SplitDelimiterBehavior::Isolated, false).expect("our own expressions");
            PreTokenizerWrapper::from(cut)
        };
        let bytes = ByteLevel::new(false, false, false);
        let cuts = self.cuts().iter().map(cut).chain([bytes.into()]).collect();
        inner.with_pre_tokenizer(Some(Sequence::new(cuts)));
        inner.with_decoder(Some(bytes));
        if self == Split::Qwen2 {
            inner.with_normalizer(Some(NFC));
        }
        inner.add_tokens(added);
        inner
    }
}

#[cfg(test)]
mod tests {
    use tokenizers::{OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

    use super::*;

    fn words(split: Split, text: &str) -> Vec<String> {
        let inner = split.tokenizer(BPE::default(), &[]);
        let mut cut = PreTokenizedString::from(text);
        inner.get_pre_tokenizer().unwrap().pre_tokenize(&mut cut).unwrap();
        let whole = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
        whole.into_iter().map(|(_, (from, to), _)| text[from..to].to_owned()).collect()
    }

    #[test]
    fn each_rule_cuts_numbers_and_breaks_in_its_own_way() {
        let text = "He'LL wave 1234 times!\n\nIt's so";
        let gpt2 = ["He", "'", "LL", " wave", " 1234", " times", "!", "\n", "\n", "It", "'s", " so"];
        assert_eq!(words(Split::Gpt2, text), gpt2);
        let digits = ["He", "'", "LL", " wave", " ", "1", "2", "3", "4", " times", "!", "\n", "\n", "It", "'s", " so"];
        assert_eq!(words(Split::Digits, text), digits);
        let qwen2 = ["He", "'LL", " wave", " ", "1", "2", "3", "4", " times", "!\n\n", "It", "'s", " so"];
        assert_eq!(words(Split::Qwen2, text), qwen2);
        let llama3 = ["He", "'LL", " wave", " ", "123", "4", " times", "!\n\n", "It", "'s", " so"];
        assert_eq!(words(Split::Llama3, text), llama3);
        let unnamed = ["He", "'", "LL", " wave", " ", "123", "4", " times", "!", "\n", "\n", "It", "'", "s", " so"];
        assert_eq!(words(Split::Unnamed, text), unnamed);
    }
}
