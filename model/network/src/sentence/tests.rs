use burn::tensor::Device;
use skeletonllm_checks::{case, max_abs};

use super::*;

fn encoder() -> SentenceEncoder {
    SentenceEncoder::load(case("sentence-tiny"), &Device::flex()).unwrap()
}

#[test]
fn a_text_means_the_same_in_any_company() {
    let encoder = encoder();
    let texts = ["sit down", "Walking, then a kick", "", "The person raises the right arm."];
    let together = encoder.embed(&texts).unwrap();
    for (text, vector) in texts.iter().zip(&together) {
        assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5, "{text:?} is of length 1");
        let alone = encoder.embed(&[text]).unwrap().remove(0);
        assert!(max_abs(vector, &alone) < 1e-6, "{text:?}");
    }
    assert!(max_abs(&together[0], &together[1]) > 0.01);
    let tokens = |text| encoder.tokenizer.encode(text);
    assert_eq!(tokens("SIT  Down"), tokens("sit down"), "case and spaces are nothing to it");
    assert_eq!(encoder.embed(&[]).unwrap(), Vec::<Vec<f32>>::new());
}

#[test]
fn long_texts_are_cut_and_foreign_tokens_refused() {
    let encoder = encoder();
    let long = "walk ".repeat(500);
    assert_eq!(encoder.tokenizer.encode(&long).len(), 64, "the positions there are");
    encoder.embed(&[&long]).unwrap();
    let problem = |batch: &[Vec<u32>]| encoder.bert.embed(batch).unwrap_err().to_string();
    assert_eq!(problem(&[vec![2, 3], vec![2, 98]]), "text 1: there is no token 98 in a vocabulary of 98");
    assert!(problem(&[vec![2; 65]]).contains("65 tokens"));
    assert!(problem(&[vec![]]).contains("0 tokens"));
}

#[test]
fn what_a_folder_lacks_or_asks_for_in_vain_is_named() {
    let copy = |change: &dyn Fn(&std::path::Path)| {
        let folder = tempfile::tempdir().unwrap();
        for name in ["config.json", "modules.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"] {
            std::fs::create_dir_all(folder.path().join("1_Pooling")).unwrap();
            std::fs::copy(case("sentence-tiny").join(name), folder.path().join(name)).unwrap();
        }
        change(folder.path());
        SentenceEncoder::load(folder.path(), &Device::flex()).map(|_| ())
    };
    let edit = |name: &'static str, from: &'static str, to: &'static str| {
        copy(&move |folder| {
            let path = folder.join(name);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{name} says {from}");
            std::fs::write(path, text.replace(from, to)).unwrap();
        })
    };
    copy(&|_| ()).unwrap();
    // without a list of steps: the mean, of length 1
    copy(&|folder| std::fs::remove_file(folder.join("modules.json")).unwrap()).unwrap();
    let limited = |most: &'static str| {
        copy(&move |folder| {
            let limits = format!("{{\"max_seq_length\": {most}}}");
            std::fs::write(folder.join("sentence_bert_config.json"), limits).unwrap();
        })
    };
    limited("3").unwrap();
    // a layer of a high number is one layer, not all those below it
    let far = copy(&|folder| {
        let path = folder.join("model.safetensors");
        let mut tensors = crate::checkpoint::read(&path).unwrap();
        let one = tensors["encoder.layer.0.output.dense.bias"].clone();
        tensors.insert("encoder.layer.9999999998.output.dense.bias".into(), one);
        crate::checkpoint::write(&path, &tensors, crate::checkpoint::Precision::F32).unwrap();
        let path = folder.join("config.json");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 9999999999")).unwrap();
    });
    for (found, said) in [
        (far, "3 blocks, where `num_hidden_layers` says 9999999999"),
        (limited("1"), "tokenizer.json: a text of at most 1 tokens, 2 of which stand around it"),
        (limited("2"), "at most 2 tokens"),
        (limited("0"), "at most 0 tokens"),
        (copy(&|folder| std::fs::remove_file(folder.join("config.json")).unwrap()), "config.json"),
        (copy(&|folder| std::fs::remove_file(folder.join("tokenizer.json")).unwrap()), "tokenizer.json"),
        (copy(&|folder| std::fs::write(folder.join("model.safetensors"), b"x").unwrap()), "model.safetensors"),
        (edit("config.json", "\"bert\"", "\"mpnet\""), "mpnet"),
        (edit("config.json", "\"gelu\"", "\"relu\""), "hidden_act"),
        (edit("config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 9999999999"), "9999999999"),
        (edit("config.json", "\"num_attention_heads\": 4", "\"num_attention_heads\": 5"), "num_attention_heads"),
        (edit("config.json", "\"hidden_size\": 48", "\"hidden_size\": 96"), "wrong shape"),
        (edit("modules.json", "models.Normalize", "models.Dense"), "Dense"),
        (edit("1_Pooling/config.json", "mean_tokens\": true", "mean_tokens\": false"), "pooling mode"),
    ] {
        let error = found.expect_err(said).to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
}

#[test]
fn tokens_are_pooled_as_the_folder_says() {
    let encoder = encoder();
    let rows = vec![vec![2, 40, 3], vec![2, 50, 60, 70, 3]];
    let states = host(encoder.bert.states(&rows).unwrap());
    let width = encoder.width();
    let token = |row: usize, i: usize| &states[(row * 5 + i) * width..][..width];
    let config: BertConfig =
        serde_json::from_slice(&std::fs::read(case("sentence-tiny/config.json")).unwrap()).unwrap();
    for pooling in [Pooling::Mean, Pooling::Class, Pooling::Max] {
        let tensors = crate::checkpoint::tensors_of(&encoder.bert);
        let bert = SentenceBert::new(&config, pooling, false, &Device::flex());
        let bert = crate::checkpoint::apply(bert, tensors, "memory").unwrap();
        let found = host(bert.embed(&rows).unwrap());
        for (row, length) in [3, 5].into_iter().enumerate() {
            let expected: Vec<f32> = (0..width)
                .map(|feature| {
                    let numbers = (0..length).map(|i| token(row, i)[feature]);
                    match pooling {
                        Pooling::Mean => numbers.sum::<f32>() / length as f32,
                        Pooling::Class => token(row, 0)[feature],
                        Pooling::Max => numbers.fold(f32::MIN, f32::max),
                    }
                })
                .collect();
            assert!(max_abs(&found[row * width..][..width], &expected) < 1e-5, "{pooling:?}");
        }
    }
}
