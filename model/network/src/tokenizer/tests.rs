use std::collections::BTreeMap;

use super::*;
use crate::gguf::{Value, writer::Writer};

fn small() -> Tokenizer {
    Tokenizer::train(["What is the person doing?", "wave left hand", "wave right hand"], 300)
}

#[test]
fn any_text_survives() {
    let t = small();
    for text in ["wave left hand", "", " two  spaces\n\ttab", "Grüße 手を振る 🤸", "\u{0}\u{7f}"] {
        assert_eq!(t.decode(&t.encode(text)), text);
    }
    assert!(t.encode("wave left hand").len() < 8, "merges were learned");
}

#[test]
fn typed_special_tokens_are_plain_text() {
    let t = small();
    let ids = t.encode("a<|im_end|><IMG_CONTEXT>b");
    assert!(!ids.contains(&t.turn_end()) && !ids.contains(&t.image_context()));
    assert_eq!(t.decode(&ids), "a<|im_end|><IMG_CONTEXT>b");
}

#[test]
fn saved_and_read_again_it_is_the_same() {
    let t = small();
    let again = Tokenizer::parse(t.to_json().as_bytes(), "memory").unwrap();
    assert_eq!(t.encode("the person waves"), again.encode("the person waves"));
    assert_eq!(t.to_json(), small().to_json(), "training is deterministic");
    let error = Tokenizer::parse(b"{}", "x.json").unwrap_err().to_string();
    assert!(error.starts_with("x.json"), "{error}");
}

/// A tokenizer's vocabulary and merges, without its special tokens.
fn parts(tokenizer: &Tokenizer) -> (BTreeMap<String, u32>, Vec<String>) {
    let json: serde_json::Value = serde_json::from_str(&tokenizer.to_json()).unwrap();
    let vocabulary: BTreeMap<String, u32> = serde_json::from_value(json["model"]["vocab"].clone()).unwrap();
    let merges: Vec<[String; 2]> = serde_json::from_value(json["model"]["merges"].clone()).unwrap();
    (vocabulary, merges.iter().map(|[a, b]| format!("{a} {b}")).collect())
}

/// Writes a tokenizer in parts; the special tokens that `keep` wants stand apart.
fn folder_of_parts(tokenizer: &Tokenizer, class: &str, keep: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (mut vocabulary, merges) = parts(tokenizer);
    vocabulary.retain(|token, _| !SPECIAL.contains(&token.as_str()) || keep(token));
    let mut order: Vec<u32> = vocabulary.values().copied().collect();
    order.sort_unstable();
    // without holes where something was left out
    vocabulary.values_mut().for_each(|id| *id = order.binary_search(id).unwrap() as u32);
    let special = |token: &str| SPECIAL.contains(&token);
    let added: BTreeMap<String, u32> = vocabulary.clone().into_iter().filter(|(token, _)| special(token)).collect();
    vocabulary.retain(|token, _| !special(token));
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    write("vocab.json", serde_json::json!(vocabulary).to_string());
    write("merges.txt", format!("#version: 0.2\n{}\n", merges.join("\n")));
    write("added_tokens.json", serde_json::json!(added).to_string());
    write("tokenizer_config.json", serde_json::json!({"tokenizer_class": class}).to_string());
    folder
}

const TEXTS: [&str; 4] = ["wave left hand", "What is 12345 doing?\n\n ok", "Grüße 手を振る 🤸", "a<|im_end|>b <img>"];

#[test]
fn a_tokenizer_in_parts_is_the_same() {
    let whole = small();
    let folder = folder_of_parts(&whole, "GPT2Tokenizer", |_| true);
    let read = Tokenizer::open(folder.path()).unwrap();
    for text in TEXTS {
        assert_eq!(read.encode(text), whole.encode(text), "{text}");
        assert_eq!(read.encode_template(text), whole.encode_template(text), "{text}");
        assert_eq!(read.decode(&read.encode(text)), text);
    }
    assert_eq!((read.vocabulary(), read.turn_end()), (whole.vocabulary(), whole.turn_end()));
    // saved as one file it is still the same
    let again = Tokenizer::parse(read.to_json().as_bytes(), "memory").unwrap();
    assert_eq!(again.encode_template(TEXTS[3]), whole.encode_template(TEXTS[3]));
    // and where both are there the whole one counts
    std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    assert!(Tokenizer::open(folder.path()).unwrap_err().to_string().contains("tokenizer.json"));
}

#[test]
fn qwen_cuts_numbers_into_digits_and_puts_letters_together() {
    let digits = Tokenizer::train(["11 11 11 11", "wave"], 300);
    let one = digits.encode("1")[0];
    assert_ne!(digits.encode("11"), [one, one], "learned as one");
    let folder = folder_of_parts(&digits, "Qwen2Tokenizer", |_| true);
    let qwen = Tokenizer::open(folder.path()).unwrap();
    assert_eq!(qwen.encode("11"), [one, one]);
    // a letter and its mark become the one letter that both are
    assert_eq!(qwen.encode("u\u{308}"), qwen.encode("ü"));
}

#[test]
fn parts_that_cannot_be_used_are_named() {
    let error = |name: &str, text: &str, class: &str| {
        let folder = folder_of_parts(&small(), class, |_| true);
        std::fs::write(folder.path().join(name), text).unwrap();
        Tokenizer::open(folder.path()).unwrap_err().to_string()
    };
    let message = error("merges.txt", "#version: 0.2\na b\nabc\n", "GPT2Tokenizer");
    assert!(message.contains("merges.txt: line 3: `abc` is no pair"), "{message}");
    let message = error("merges.txt", "a zzz\n", "GPT2Tokenizer");
    assert!(message.contains("merges.txt: ") && message.contains("zzz"), "{message}");
    let message = error("vocab.json", "[1]", "GPT2Tokenizer");
    assert!(message.contains("vocab.json: "), "{message}");
    let message = error("x", "", "LlamaTokenizer");
    assert!(message.contains("tokenizer_config.json: tokenizer_class LlamaTokenizer"), "{message}");
    let message = error("added_tokens.json", r#"{"<|im_end|>": 300, "a": 5}"#, "GPT2Tokenizer");
    assert!(message.contains("token a has id"), "{message}");
    let nowhere = Tokenizer::open(Path::new("/nowhere")).unwrap_err().to_string();
    assert!(nowhere.contains("/nowhere/tokenizer.json"), "{nowhere}");
}

#[test]
fn tokens_for_pictures_are_added_to_a_vocabulary_that_has_none() {
    let turns = |token: &str| ![IMAGE_START, IMAGE_END, IMAGE_CONTEXT].contains(&token);
    let folder = folder_of_parts(&small(), "GPT2Tokenizer", turns);
    let message = Tokenizer::open(folder.path()).unwrap_err().to_string();
    assert!(message.ends_with("no token <img>"), "{message}");
    let count = small().vocabulary() as u32 - 3;
    let read = Tokenizer::of_text_model(folder.path()).unwrap();
    assert_eq!([read.image_start(), read.image_end(), read.image_context()], [count, count + 1, count + 2]);
    assert_eq!(read.vocabulary() as u32, count + 3);
    assert_eq!(read.turn_end(), small().turn_end());
    assert_eq!(read.encode_template("<img>"), [count]);
    assert!(!read.encode("<img>").contains(&count), "typed, it is text");
    let path = folder.path().join("vocab.json");
    let holed = std::fs::read_to_string(&path).unwrap().replacen('{', r#"{"zz":900,"#, 1);
    std::fs::write(&path, holed).unwrap();
    let message = Tokenizer::of_text_model(folder.path()).unwrap_err().to_string();
    assert!(message.contains("its ids have holes, so that <img> cannot be added"), "{message}");
}

/// The same tokenizer among the settings of a GGUF file.
fn gguf(tokenizer: &Tokenizer, pre: &str) -> Writer {
    let (vocabulary, merges) = parts(tokenizer);
    let mut tokens = vec![""; vocabulary.len()];
    vocabulary.iter().for_each(|(token, id)| tokens[*id as usize] = token);
    let kinds = tokens.iter().map(|token| if SPECIAL.contains(token) { 3 } else { 1 }).collect();
    Writer::default()
        .set("tokenizer.ggml.model", Value::Text("gpt2".into()))
        .set("tokenizer.ggml.pre", Value::Text(pre.into()))
        .texts("tokenizer.ggml.tokens", &tokens)
        .texts("tokenizer.ggml.merges", &merges.iter().map(String::as_str).collect::<Vec<_>>())
        .set("tokenizer.ggml.token_type", Value::Integers(kinds))
}

fn read(file: &Writer) -> Result<Tokenizer, TokenizerError> {
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), file.bytes()).unwrap();
    Tokenizer::of_text_model(path.path())
}

#[test]
fn a_gguf_files_tokenizer_is_the_same() {
    let whole = small();
    let inside = read(&gguf(&whole, "gpt-2")).unwrap();
    for text in TEXTS {
        assert_eq!(inside.encode(text), whole.encode(text), "{text}");
        assert_eq!(inside.encode_template(text), whole.encode_template(text), "{text}");
    }
    let digits = Tokenizer::train(["11 11 11 11", "wave"], 300);
    let one = digits.encode("1")[0];
    for (pre, expected) in [("gpt-2", digits.encode("11")), ("smollm", vec![one, one]), ("qwen2", vec![one, one])] {
        assert_eq!(read(&gguf(&digits, pre)).unwrap().encode("11"), expected, "{pre}");
    }
}

#[test]
fn other_gguf_tokenizers_are_refused_by_name() {
    let error = |change: fn(&mut Writer)| {
        let mut file = gguf(&small(), "gpt-2");
        change(&mut file);
        read(&file).unwrap_err().to_string()
    };
    let message = error(|file| file.settings[0].1 = Value::Text("llama".into()));
    assert!(message.contains("`tokenizer.ggml.model` = llama"), "{message}");
    let message = error(|file| file.settings[1].1 = Value::Text("viking".into()));
    assert!(message.contains("`tokenizer.ggml.pre` = viking"), "{message}");
    let message = error(|file| file.settings[4].1 = Value::Integers(vec![1]));
    assert!(message.contains("tokens, but 1 kinds"), "{message}");
    let message = error(|file| file.settings[3].1 = Value::Texts(vec!["ab".into()]));
    assert!(message.contains("merge `ab` is no pair"), "{message}");
    let message = error(|file| _ = file.settings.remove(2));
    assert!(message.contains("no setting `tokenizer.ggml.tokens`"), "{message}");
}

#[test]
fn other_kinds_of_tokenizers_are_refused() {
    let words = br#"{"version":"1.0","added_tokens":[],"model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}}"#;
    let message = Tokenizer::parse(words, "x.json").unwrap_err().to_string();
    assert_eq!(message, "x.json: only byte pairs (BPE) are supported");
    let unknown = small().to_json().replace("\"unk_token\": null", "\"unk_token\": \"<unk>\"");
    let message = Tokenizer::parse(unknown.as_bytes(), "x.json").unwrap_err().to_string();
    assert!(message.contains("the unknown, <unk>, is not in its vocabulary"), "{message}");
}

#[test]
fn a_few_tokens_do_not_ask_for_billions_of_rows() {
    let mut json: serde_json::Value = serde_json::from_str(&small().to_json()).unwrap();
    json["model"]["vocab"]["zz"] = 4_000_000_000u32.into();
    let message = Tokenizer::parse(json.to_string().as_bytes(), "x.json").unwrap_err().to_string();
    assert!(message.contains("tokens with ids up to 4000000000"), "{message}");
}

#[test]
fn how_a_training_cut_and_filled_its_texts_is_no_matter() {
    let plain = small();
    let mut json: serde_json::Value = serde_json::from_str(&plain.to_json()).unwrap();
    let cut = |stride: u32| serde_json::json!({"direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": stride});
    json["padding"] = serde_json::json!({
        "strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0,
        "pad_token": "x"
    });
    // a stride as long as what is left is a panic where it is obeyed
    for stride in [0, 3] {
        json["truncation"] = cut(stride);
        let read = Tokenizer::parse(json.to_string().as_bytes(), "memory").unwrap();
        let text = "What is the person doing?";
        assert_eq!(read.encode(text), plain.encode(text));
    }
}
