use super::*;

fn tiny() -> serde_json::Value {
    serde_json::json!({
        "image_token_id": 5,
        "vision_config": {
            "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 32, "patch_size": [8, 8]
        },
        "text_config": {
            "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": 32, "rope_theta": 1000.0
        }
    })
}

fn parse(value: serde_json::Value) -> Result<InternVlConfig, ConfigError> {
    InternVlConfig::parse(value.to_string(), "test")
}

#[test]
fn one_number_means_a_square_and_defaults_fill_in() {
    let config = parse(tiny()).expect("valid");
    assert_eq!(config.vision_config.image_size, [32, 32]);
    assert_eq!(config.tokens_per_frame(), 4);
    assert_eq!(config.shuffled_size(), 32);
    assert_eq!(config.text_config.theta(), 1000.0);
    assert_eq!(config.skeleton().frames, 12);
    assert_eq!(config.render_size(), [32, 32]);
}

#[test]
fn a_saved_config_reads_back_the_same() {
    let mut value = tiny();
    value["skeleton"] = serde_json::json!({"frames": 8, "render_size": 64, "normalise": "imagenet",
        "frame_template": "<image>", "camera": "fit"});
    let config = parse(value).expect("valid");
    let skeleton = config.skeleton();
    assert_eq!(skeleton.render_size, Some([64, 64]));
    assert_eq!(skeleton.other["camera"], "fit");
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("config.json");
    config.save(&path).expect("saved");
    assert_eq!(InternVlConfig::load(&path).expect("loaded"), config);
}

#[test]
fn contradictions_are_named_by_field_and_value() {
    let cases: [(&str, serde_json::Value, &str); 9] = [
        ("/vision_config/num_attention_heads", 3.into(), "`vision_config.num_attention_heads` = 3"),
        ("/vision_config/image_size", 30.into(), "`vision_config.image_size` = [30, 30]: not a multiple"),
        ("/vision_config/image_size", 24.into(), "3×3 patches"),
        ("/vision_config/hidden_size", 0.into(), "`vision_config.hidden_size` = 0"),
        ("/text_config/num_key_value_heads", 3.into(), "`text_config.num_key_value_heads` = 3"),
        ("/text_config/num_attention_heads", 8.into(), "even width"),
        ("/text_config/model_type", "gemma2".into(), "`text_config.model_type` = gemma2"),
        ("/vision_config/use_qk_norm", true.into(), "`vision_config.use_qk_norm` = true"),
        ("/image_token_id", 99.into(), "`image_token_id` = 99"),
    ];
    for (pointer, bad, expected) in cases {
        let mut value = tiny();
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        value.pointer_mut(parent).expect("parent")[field] = bad;
        let error = parse(value).expect_err(pointer).to_string();
        assert!(error.contains(expected), "{pointer}: {error}");
    }
}

#[test]
fn both_names_of_a_rotation_may_stand_side_by_side() {
    let mut value = tiny();
    value["text_config"]["rope_scaling"] =
        serde_json::json!({"factor": 2.0, "rope_type": "dynamic", "type": "dynamic"});
    assert_eq!(parse(value.clone()).expect("valid").text_config.theta(), 1000.0);
    for name in ["rope_type", "type"] {
        let mut value = value.clone();
        value["text_config"]["rope_scaling"][name] = "yarn".into();
        let error = parse(value).expect_err(name).to_string();
        assert!(error.contains(&format!("`text_config.rope_scaling.{name}` = yarn")), "{error}");
    }
}

#[test]
fn families_differ_in_biases_norms_and_heads() {
    let of = |family: &str, attention_bias: bool| {
        let mut value = tiny();
        value["text_config"]["model_type"] = family.into();
        value["text_config"]["attention_bias"] = attention_bias.into();
        let text = parse(value).expect("valid").text_config;
        (text.query_bias(), text.output_bias(), text.head_norms(), text.head_dim())
    };
    assert_eq!(of("qwen2", false), (true, false, false, 2));
    assert_eq!(of("llama", false), (false, false, false, 2));
    assert_eq!(of("llama", true), (true, true, false, 2));
    assert_eq!(of("qwen3", false), (false, false, true, 128));
}

#[test]
fn a_language_model_alone_names_its_family() {
    let text = tiny()["text_config"].clone();
    let error = TextConfig::parse(text.to_string().as_bytes(), "test").expect_err("no family").to_string();
    assert!(error.contains("model_type"), "{error}");
    let mut llama = text;
    llama["model_type"] = "llama".into();
    llama["rope_scaling"] = serde_json::Value::Null;
    let config = TextConfig::parse(llama.to_string().as_bytes(), "test").expect("valid");
    assert_eq!((config.hidden_size, config.tied()), (8, None));
    llama["rope_interleaved"] = true.into();
    let error = TextConfig::parse(llama.to_string().as_bytes(), "test").expect_err("refused").to_string();
    assert!(error.contains("field `rope_interleaved` = true"), "{error}");
}
