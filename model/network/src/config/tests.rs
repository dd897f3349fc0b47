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
        ("/text_config/model_type", "llama".into(), "`text_config.model_type` = llama"),
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
