//! Language models alone: the same one as a folder and as a GGUF file.

use super::*;
use crate::gguf::{Value, writer::Writer};
use crate::text_model::TextModel;

/// Sizes of a small model: two heads of 4 for queries, one for keys.
const WIDTH: usize = 8;
const VOCABULARY: usize = 6;

fn numbers(name: &str, shape: &[usize]) -> Vec<f32> {
    let seed: usize = name.bytes().map(usize::from).sum();
    (0..shape.iter().product()).map(|i| ((i * 7 + seed) as f32 * 0.61).sin()).collect()
}

/// Name in a folder, name in a GGUF file, shape, rows of a head that the file turns.
fn tensors_of_family(family: &str) -> Vec<(String, String, Vec<usize>, Option<usize>)> {
    let turned = (family == "llama").then_some(4);
    let layer = |part: &str| format!("model.layers.0.{part}");
    let mut all = vec![
        ("model.embed_tokens.weight".into(), "token_embd.weight".into(), vec![VOCABULARY, WIDTH], None),
        ("model.norm.weight".into(), "output_norm.weight".into(), vec![WIDTH], None),
        (layer("input_layernorm.weight"), "blk.0.attn_norm.weight".into(), vec![WIDTH], None),
        (layer("post_attention_layernorm.weight"), "blk.0.ffn_norm.weight".into(), vec![WIDTH], None),
        (layer("self_attn.q_proj.weight"), "blk.0.attn_q.weight".into(), vec![8, WIDTH], turned),
        (layer("self_attn.k_proj.weight"), "blk.0.attn_k.weight".into(), vec![4, WIDTH], turned),
        (layer("self_attn.v_proj.weight"), "blk.0.attn_v.weight".into(), vec![4, WIDTH], None),
        (layer("self_attn.o_proj.weight"), "blk.0.attn_output.weight".into(), vec![WIDTH, 8], None),
        (layer("mlp.gate_proj.weight"), "blk.0.ffn_gate.weight".into(), vec![12, WIDTH], None),
        (layer("mlp.up_proj.weight"), "blk.0.ffn_up.weight".into(), vec![12, WIDTH], None),
        (layer("mlp.down_proj.weight"), "blk.0.ffn_down.weight".into(), vec![WIDTH, 12], None),
    ];
    if family == "qwen2" {
        for (part, rows) in [("q", 8), ("k", 4), ("v", 4)] {
            let name = layer(&format!("self_attn.{part}_proj.bias"));
            all.push((name, format!("blk.0.attn_{part}.bias"), vec![rows], None));
        }
    }
    if family == "qwen3" {
        for part in ["q", "k"] {
            let name = layer(&format!("self_attn.{part}_norm.weight"));
            all.push((name, format!("blk.0.attn_{part}_norm.weight"), vec![4], None));
        }
    }
    all
}

fn filled(family: &str) -> TensorMap {
    let tensors = tensors_of_family(family).into_iter();
    tensors.map(|(name, _, shape, _)| (name.clone(), HostTensor { values: numbers(&name, &shape), shape })).collect()
}

pub fn as_folder(family: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    write(folder.path().join("model.safetensors"), &filled(family), Precision::F32).expect("writes");
    let config = serde_json::json!({
        "model_type": family, "hidden_size": WIDTH, "intermediate_size": 12, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "vocab_size": VOCABULARY,
        "rope_theta": 100.0, "rms_norm_eps": 1e-5, "max_position_embeddings": 64, "tie_word_embeddings": true
    });
    std::fs::write(folder.path().join("config.json"), config.to_string()).expect("writes");
    folder
}

pub fn as_gguf(family: &str) -> Writer {
    let name = |setting: &str| format!("{family}.{setting}");
    let mut file = Writer::default().set("general.architecture", Value::Text(family.into()));
    for (setting, value) in [
        ("block_count", 1),
        ("context_length", 64),
        ("embedding_length", WIDTH as i64),
        ("feed_forward_length", 12),
        ("attention.head_count", 2),
        ("attention.head_count_kv", 1),
        ("attention.key_length", 4),
        ("rope.dimension_count", 4),
    ] {
        file = file.set(&name(setting), Value::Integer(value));
    }
    file = file.set(&name("rope.freq_base"), Value::Float(100.0));
    file = file.set(&name("attention.layer_norm_rms_epsilon"), Value::Float(1e-5));
    for (hf, gguf, shape, head) in tensors_of_family(family) {
        let mut values = numbers(&hf, &shape);
        if let Some(head) = head {
            // as llama.cpp's converter does: the two halves of a head become neighbours
            let (rows, width) = (shape[0], values.len() / shape[0]);
            let source = values.clone();
            for row in 0..rows {
                let (start, place) = (row / head * head, row % head);
                let from = start + place / 2 + place % 2 * (head / 2);
                values[row * width..][..width].copy_from_slice(&source[from * width..][..width]);
            }
        }
        let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
        file = file.floats(&gguf, &shape, &values);
    }
    file
}

fn read_file(file: &Writer) -> Result<TextModel, CheckpointError> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, file.bytes()).expect("writes");
    let model = Opened::text_model(&path)?.read(&Device::flex())?;
    // a folder with the file alone is the file
    assert_eq!(&Opened::text_model(folder.path())?.config, model.config());
    Ok(model)
}

#[test]
fn a_folder_and_a_file_are_the_same_model_in_each_family() {
    for family in ["llama", "qwen2", "qwen3"] {
        let folder = as_folder(family);
        let hf = Opened::text_model(folder.path()).expect(family).read(&Device::flex()).expect(family);
        let gguf = read_file(&as_gguf(family)).expect(family);
        assert!(tensors_of(&hf) == tensors_of(&gguf), "{family}");
        let tokens = [1, 5, 0, 3];
        let logits = |model: &TextModel| model.log_probabilities(&tokens).expect("in the vocabulary");
        for (a, b) in logits(&hf).iter().zip(logits(&gguf)) {
            assert!((a - b).abs() < 1e-5, "{family}: {a} against {b}");
        }
        assert_eq!(hf.greedy(&tokens, 4, &[]).expect("answers"), gguf.greedy(&tokens, 4, &[]).expect("answers"));
    }
}

#[test]
fn quantised_rows_stay_whole_when_heads_are_turned() {
    // rows of one Q8_0 block each, all codes of a row its number
    let row = |number: u8| [&half::f16::ONE.to_le_bytes()[..], &[number; 32]].concat();
    let file = Writer::default().tensor("blk.0.attn_q.weight", &[8, 32], 8, (0..8).flat_map(row).collect());
    let bytes = file.bytes();
    let content = crate::gguf::Gguf::read(&&bytes[..]).expect("reads");
    let mut config = crate::config::TextConfig::load(as_folder("llama").path().join("config.json")).expect("loads");
    config.head_dim = Some(4);
    let source = Source::memory(&bytes, "memory");
    let tensors = Tensors::of_gguf(source, &content, &config).expect("known");
    let name = "language_model.model.layers.0.self_attn.q_proj.weight";
    let values = tensors.values(name).expect("reads").expect("there").values;
    let rows: Vec<f32> = values.chunks(32).map(|row| row[31]).collect();
    assert_eq!(rows, [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0]);
    assert_eq!(tensors.entries[name].storage, crate::storage::Storage::Q8_0);
}

#[test]
fn what_a_file_lacks_or_has_too_much_is_named() {
    let error = |file: &Writer| match read_file(file) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    };
    let mut other = as_gguf("llama");
    other.settings[0].1 = Value::Text("mamba".into());
    let words = "model.gguf: setting `general.architecture` = mamba is not supported; qwen2, qwen3, llama are";
    assert!(error(&other).contains(words), "{}", error(&other));
    let mut short = as_gguf("llama");
    short.tensors.retain(|tensor| tensor.0 != "blk.0.ffn_up.weight");
    assert!(error(&short).contains("missing: `language_model.model.layers.0.mlp.up_proj.weight`"), "{}", error(&short));
    let strange = as_gguf("llama").floats("blk.0.ffn_gate_exps.weight", &[1], &[1.0]);
    assert!(error(&strange).contains("tensor `blk.0.ffn_gate_exps.weight`: not known"), "{}", error(&strange));
    for (setting, value, words) in [
        ("split.count", Value::Integer(3), "model.gguf: one of 3 files of a model; join them first"),
        ("llama.expert_count", Value::Integer(8), "`llama.expert_count` = 8"),
        ("llama.rope.scaling.factor", Value::Float(4.0), "`llama.rope.scaling.factor` = 4"),
        ("llama.rope.scale_linear", Value::Float(4.0), "`llama.rope.scale_linear` = 4"),
        ("llama.rope.dimension_count", Value::Integer(2), "`llama.rope.dimension_count` = 2"),
        ("llama.block_count", Value::Integer(1 << 30), "1073741824 layers"),
        ("llama.attention.head_count", Value::Text("two".into()), "should be a whole number"),
    ] {
        let file = as_gguf("llama").set(setting, value);
        assert!(error(&file).contains(words), "{}", error(&file));
    }
    let folder = as_folder("llama");
    for name in ["a.gguf", "b.gguf"] {
        std::fs::write(folder.path().join(name), as_gguf("llama").bytes()).expect("writes");
    }
    assert!(Opened::text_model(folder.path()).is_ok(), "a folder with a config is not its other files");
    std::fs::remove_file(folder.path().join("config.json")).expect("there");
    let error = Opened::text_model(folder.path()).err().expect("two files").to_string();
    assert!(error.contains("several GGUF files"), "{error}");
}

#[test]
fn fewer_bits_are_read_back_within_their_step() {
    for family in ["llama", "qwen3"] {
        let folder = as_folder(family);
        let full = Opened::text_model(folder.path()).expect("opens").read(&Device::flex()).expect("complete");
        let out = tempfile::tempdir().expect("temporary folder");
        for bits in [Bits::Eight, Bits::Four] {
            let mut opened = Opened::text_model(folder.path()).expect("opens");
            let shrunk = opened.shrink(bits, out.path(), |_| ()).expect("writes");
            let small = Opened::text_model(out.path()).expect("opens").read(&Device::flex()).expect("complete");
            assert_eq!(small.config().head_dim(), 4);
            let (full, small) = (tensors_of(&full), tensors_of(&small));
            assert_eq!(full.keys().collect::<Vec<_>>(), small.keys().collect::<Vec<_>>());
            // rows of 8 and 12 are no blocks of 32: all of it is int8
            let most = full
                .iter()
                .flat_map(|(name, tensor)| tensor.values.iter().zip(&small[name].values).map(|(a, b)| (a - b).abs()));
            let most = most.fold(0.0f32, f32::max);
            assert!(most > 0.0 && most <= 0.5001 / 127.0, "{most}");
            assert!(shrunk.error() > 1e-4 && shrunk.error() < 1e-2, "{}", shrunk.error());
        }
    }
}

#[test]
fn blocks_within_safetensors_need_a_note() {
    let blocks = [&half::f16::ONE.to_le_bytes()[..], &[0x98; 16]].concat();
    let with = |note: &str, shape: &str, bytes: &[u8]| {
        let header = format!(
            r#"{{"__metadata__":{{{note}}},"w":{{"dtype":"U8","shape":{shape},"data_offsets":[0,{}]}}}}"#,
            bytes.len()
        );
        parse(&[&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), bytes].concat(), "x")
    };
    let read = with(r#""w":"Q4_0""#, "[1,18]", &blocks).expect("a block");
    assert_eq!(read["w"].shape, [1, 32]);
    assert_eq!((read["w"].values[0], read["w"].values[31]), (0.0, 1.0));
    for (note, shape, words) in [
        ("", "[1,18]", "U8 is not supported without a note"),
        (r#""w":"F32""#, "[1,18]", "type F32, which is not known"),
        (r#""w":"Q4_0""#, "[2,9]", "no rows of Q4_0 blocks"),
        (r#""w":"Q4_0""#, "[18]", "no rows of Q4_0 blocks"),
    ] {
        let message = with(note, shape, &blocks).expect_err(words).to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_vector_in_blocks_cannot_be_turned() {
    let file = Writer::default().tensor("blk.0.attn_q.bias", &[32], 8, vec![0; 34]);
    let bytes = file.bytes();
    let content = crate::gguf::Gguf::read(&&bytes[..]).expect("reads");
    let config = crate::config::TextConfig::load(as_folder("llama").path().join("config.json")).expect("loads");
    let error = Tensors::of_gguf(Source::memory(&bytes, "memory"), &content, &config).err().expect("refused");
    let expected = "memory: tensor `blk.0.attn_q.bias`: numbers in Q8_0 blocks, which cannot change places one by one";
    assert_eq!(error.to_string(), expected);
}

/// An adapter of rank 1 and factor 2 for keys `[4, 8]`.
fn adapter_of(base: &std::path::Path) -> (tempfile::TempDir, [Vec<f32>; 2]) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (a, b) = (numbers("a", &[1, WIDTH]), numbers("b", &[4, 1]));
    let name = |part: &str| format!("base_model.model.model.layers.0.self_attn.k_proj.lora_{part}.weight");
    let tensors = TensorMap::from([
        (name("A"), HostTensor { shape: vec![1, WIDTH], values: a.clone() }),
        (name("B"), HostTensor { shape: vec![4, 1], values: b.clone() }),
    ]);
    write(folder.path().join("adapter_model.safetensors"), &tensors, Precision::F32).expect("writes");
    let config = serde_json::json!({"peft_type": "LORA", "r": 1, "lora_alpha": 2, "base_model_name_or_path": base});
    std::fs::write(folder.path().join("adapter_config.json"), config.to_string()).expect("writes");
    (folder, [a, b])
}

#[test]
fn an_adapter_of_a_language_model_is_one_whatever_its_base_is_kept_in() {
    const KEYS: &str = "language_model.model.layers.0.self_attn.k_proj.weight";
    let folder = as_folder("llama");
    let with_file = tempfile::tempdir().expect("temporary folder");
    let file = with_file.path().join("model.gguf");
    std::fs::write(&file, as_gguf("llama").bytes()).expect("writes");
    let plain = Opened::text_model(folder.path()).expect("opens").read(&Device::flex()).expect("complete");
    let mut expected = tensors_of(&plain);
    for base in [folder.path(), with_file.path(), &file] {
        let (adapter, [a, b]) = adapter_of(base);
        assert!(is_text_model(adapter.path()), "{}", base.display());
        let opened = Opened::text_model(adapter.path()).expect("opens");
        let place = if base == folder.path() { base } else { &file };
        assert_eq!(opened.tokenizer_place(), place);
        std::fs::write(adapter.path().join("tokenizer.json"), "{}").expect("writes");
        assert_eq!(opened.tokenizer_place(), adapter.path(), "its own comes first");
        let found = tensors_of(&opened.read(&Device::flex()).expect("complete"));
        let before = &tensors_of(&plain)[KEYS].values;
        let values = (0..4 * WIDTH).map(|i| before[i] + 2.0 * b[i / WIDTH] * a[i % WIDTH]).collect::<Vec<f32>>();
        for (found, expected) in found[KEYS].values.iter().zip(&values) {
            assert!((found - expected).abs() < 1e-6, "{}: {found} against {expected}", base.display());
        }
        expected.insert(KEYS.into(), found[KEYS].clone());
        assert!(found == expected, "{}: another tensor changed", base.display());
    }
}

#[test]
fn what_a_language_model_asks_for_in_vain_is_said_of_a_language_model() {
    let folder = as_folder("llama");
    let path = folder.path().join("config.json");
    let config = std::fs::read_to_string(&path).expect("there").replace("\"llama\"", "\"mamba\"");
    std::fs::write(path, config).expect("writes");
    assert!(is_text_model(folder.path()));
    let error = Opened::text_model(folder.path()).err().expect("refused").to_string();
    assert!(error.contains("`model_type` = mamba"), "{error}");
    assert!(!is_text_model(&checkpoint()), "this one sees");
    // whatever a description beside a GGUF file leaves out
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("model.gguf"), "").expect("writes");
    std::fs::write(folder.path().join("config.json"), r#"{"model_type": "llama"}"#).expect("writes");
    assert!(is_text_model(folder.path()));
    assert!(!is_text_model(std::path::Path::new("/nowhere")));
}

#[test]
fn what_could_not_be_loaded_again_is_not_written_in_fewer_bits() {
    let (folder, out) = (as_folder("llama"), tempfile::tempdir().expect("temporary folder"));
    let path = folder.path().join("model.safetensors");
    let mut tensors = filled("llama");
    let moved = tensors.remove("model.layers.0.mlp.up_proj.weight").expect("there");
    tensors.insert("model.layers.1.mlp.up_proj.weight".into(), moved);
    tensors.get_mut("model.norm.weight").expect("there").shape = vec![2, 4];
    write(&path, &tensors, Precision::F32).expect("writes");
    let mut opened = Opened::text_model(folder.path()).expect("opens");
    let to = out.path().join("new");
    let message = opened.shrink(Bits::Four, &to, |_| ()).expect_err("three problems").to_string();
    for part in [
        "missing: `language_model.model.layers.0.mlp.up_proj.weight`",
        "unexpected: `language_model.model.layers.1.mlp.up_proj.weight`",
        "`language_model.model.norm.weight is [2, 4], expected [8]`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!to.exists(), "nothing is written");
}
