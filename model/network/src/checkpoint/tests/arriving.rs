//! Models whose files arrive piece by piece are those of the same files on disk.

use super::text::{as_folder, as_gguf};
use super::*;
use crate::arriving::Shelf;
use crate::arriving::tests::Memory;
use crate::checkpoint::entry::{Entry, Rows};
use crate::config::TextConfig;
use crate::storage::Storage;
use crate::text_model::TextModel;

fn read(folder: &std::path::Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).expect(name)
}

/// The model of a folder's files, and the bytes that were told.
fn text_arriving(folder: &std::path::Path, keep: Keep) -> (TextModel, u64) {
    let config = TextConfig::parse(&read(folder, "config.json"), "config.json").expect("a config");
    let memory = Memory::of([("model.safetensors", read(folder, "model.safetensors"))]);
    let mut told = 0;
    let mut shelf = Shelf::new(&memory.listed(), &memory, |bytes| told = bytes);
    let model = pollster::block_on(async {
        let mut opened = Opened::text_model_arriving(config, &mut shelf).await.expect("a model");
        opened.keep = keep;
        opened.read_arriving(&mut shelf, &Device::flex()).await.expect("its tensors")
    });
    drop(shelf);
    (model, told)
}

#[test]
fn a_language_model_is_the_same_in_either_way() {
    for family in ["llama", "qwen2", "qwen3"] {
        let folder = as_folder(family);
        let disk = Opened::text_model(folder.path()).expect(family).read(&Device::flex()).expect(family);
        let (arrived, told) = text_arriving(folder.path(), Keep::default());
        assert!(tensors_of(&disk) == tensors_of(&arrived), "{family}");
        assert_eq!(told, read(folder.path(), "model.safetensors").len() as u64, "{family}: all of it came");
        let memory = Memory::of([("model.gguf", as_gguf(family).bytes())]);
        let mut shelf = Shelf::new(&memory.listed(), &memory, |_| ());
        let gguf = pollster::block_on(async {
            let (opened, _) = Opened::gguf_arriving(&mut shelf).await.expect(family);
            opened.read_arriving(&mut shelf, &Device::flex()).await.expect(family)
        });
        assert!(tensors_of(&disk) == tensors_of(&gguf), "{family}");
    }
}

#[test]
fn packed_matrices_stay_packed_and_keep_their_adapters() {
    let config = serde_json::json!({
        "model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 2, "vocab_size": 70, "tie_word_embeddings": true
    });
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("config.json"), config.to_string()).expect("writes");
    let parsed = TextConfig::parse(config.to_string().as_bytes(), "test").expect("valid");
    let model = TextModel::new(&parsed, &Device::flex());
    let random = tensors_of(&model).into_iter().enumerate().map(|(seed, (name, mut tensor))| {
        tensor.values.iter_mut().enumerate().for_each(|(i, value)| *value = ((i * 7 + seed) as f32 * 0.61).sin());
        (name.trim_start_matches("language_model.").to_owned(), tensor)
    });
    let mut tensors: TensorMap = random.collect();
    let both = |tensors: &TensorMap| {
        write(folder.path().join("model.safetensors"), tensors, Precision::Int8).expect("writes");
        let mut opened = Opened::text_model(folder.path()).expect("a model");
        opened.keep = Keep::Packed;
        let disk = opened.read(&Device::flex()).expect("its tensors");
        let (arrived, _) = text_arriving(folder.path(), Keep::Packed);
        for model in [&arrived, &disk] {
            assert!(model.language_model.model.layers[0].mlp.up_proj.weight.is_packed());
        }
        assert!(tensors_of(&disk) == tensors_of(&arrived));
        [disk, arrived].map(|model| model.log_probabilities(&[3, 1, 4, 1, 5]).expect("a text"))
    };
    let [disk, arrived] = both(&tensors);
    assert_eq!(disk, arrived);
    for (half, shape) in [("A", vec![2, 64]), ("B", vec![64, 2])] {
        let values = (0..128).map(|i| (i as f32 * 0.37).cos()).collect();
        tensors.insert(
            format!("model.layers.0.self_attn.q_proj.lora_{half}.default.weight"),
            HostTensor { shape, values },
        );
    }
    let [adapted, adapted_arrived] = both(&tensors);
    assert_eq!(adapted, adapted_arrived);
    assert_ne!(adapted, disk, "the adapter changes something");
}

#[test]
fn what_is_wrong_is_said_before_any_tensor_is_read() {
    let folder = as_folder("llama");
    let weights = read(folder.path(), "model.safetensors");
    let config = |layers: usize| {
        let mut json: serde_json::Value = serde_json::from_slice(&read(folder.path(), "config.json")).expect("JSON");
        json["num_hidden_layers"] = layers.into();
        TextConfig::parse(json.to_string().as_bytes(), "config.json").expect("valid")
    };
    let arrive = |layers, weights: &[u8]| {
        let memory = Memory::of([("model.safetensors", weights.to_vec())]);
        let mut shelf = Shelf::new(&memory.listed(), &memory, |_| ());
        let outcome = pollster::block_on(async {
            let opened = Opened::text_model_arriving(config(layers), &mut shelf).await?;
            opened.read_arriving(&mut shelf, &Device::flex()).await.map(drop)
        });
        drop(shelf);
        let error = outcome.expect_err("it is wrong").to_string();
        (error, memory.asked.into_inner().expect("nobody panicked").len())
    };
    let (error, asked) = arrive(2, &weights);
    assert!(error.contains("missing: `language_model.model.layers.1."), "{error}");
    assert_eq!(asked, 1, "the header alone was read");
    let (error, _) = arrive(1, &weights[..weights.len() - 4]);
    assert!(error.starts_with("model.safetensors: ") && error.contains("cut short"), "{error}");
    let (error, _) = arrive(1, b"short");
    assert!(error.contains("not a safetensors file"), "{error}");
}

#[test]
fn parts_cover_a_tensor_and_lie_where_it_does() {
    for (rows, shape, storage, multiple) in [
        (Rows::From(0), vec![5000, 2048], Storage::F32, 1),
        (Rows::From(1200), vec![3000, 4096], Storage::Q4_1, 16),
        (Rows::Paired(64), vec![9 * 64 * 300, 576], Storage::Q4_1, 16),
        (Rows::From(0), vec![7], Storage::F32, 1),
        (Rows::From(0), vec![0, 9], Storage::F32, 1),
    ] {
        let entry = Entry {
            name: "a".into(),
            shape: shape.clone(),
            storage,
            source: 0,
            start: 100,
            rows,
            scales: None,
            adapters: Vec::new(),
        };
        let (count, _) = entry.matrix();
        let (start, length) = entry.place(&(0..count));
        let (mut row, mut at) = (0, start);
        for part in entry.parts(multiple) {
            assert_eq!((part.start, entry.place(&part).0), (row, at), "{shape:?}");
            assert!(part.end == count || part.len().is_multiple_of(multiple), "{shape:?}");
            (row, at) = (part.end, at + entry.place(&part).1 as u64);
        }
        assert!(row == count || count == 0 || length == 0, "{shape:?}");
        assert_eq!(at, start + length as u64, "{shape:?}");
        assert!(length < 9 << 20 || entry.parts(multiple).count() > 1, "{shape:?}");
    }
}
