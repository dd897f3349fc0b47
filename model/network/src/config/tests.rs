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
        ("/vision_config/image_size", 24.into(), "blocks of 2×2 patches of [8, 8] pixels"),
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

#[test]
fn values_within_a_rotation_count_before_the_one_beside_it() {
    let theta = |scaling: serde_json::Value, parameters: serde_json::Value| {
        let mut value = tiny();
        value["text_config"]["rope_scaling"] = scaling;
        value["text_config"]["rope_parameters"] = parameters;
        parse(value).map(|config| config.text_config.theta())
    };
    let of = |theta: f64| serde_json::json!({"rope_type": "default", "rope_theta": theta});
    let (nothing, silent) = (serde_json::Value::Null, serde_json::json!({"rope_type": "default"}));
    assert_eq!(theta(nothing.clone(), silent).expect("valid"), 1000.0);
    assert_eq!(theta(nothing.clone(), of(5e5)).expect("valid"), 5e5);
    assert_eq!(theta(of(1e6), nothing.clone()).expect("valid"), 1e6);
    assert_eq!(theta(of(1e6), of(5e5)).expect("valid"), 1e6);
    let by_layer = serde_json::json!({"full_attention": of(1e6)});
    let error = theta(nothing, by_layer).expect_err("refused").to_string();
    assert!(error.contains("`text_config.rope_parameters.full_attention`"), "{error}");
}

#[test]
fn null_says_as_much_as_nothing() {
    let mut value = tiny();
    value["architectures"] = serde_json::Value::Null;
    value["skeleton"] = serde_json::json!({"frames": null, "drawing": null});
    for (block, fields) in [
        ("vision_config", ["attention_bias", "use_qk_norm", "norm_type"]),
        ("text_config", ["attention_bias", "use_sliding_window", "rms_norm_eps"]),
    ] {
        fields.iter().for_each(|field| value[block][field] = serde_json::Value::Null);
    }
    let mut plain = tiny();
    plain["skeleton"] = serde_json::json!({});
    assert_eq!(parse(value.clone()).expect("valid"), parse(plain).expect("valid"));
    value["vision_config"]["hidden_size"] = serde_json::Value::Null;
    let error = parse(value).expect_err("needed").to_string();
    assert!(error.contains("test: "), "{error}");
}

#[test]
fn two_names_of_the_image_token_must_agree() {
    let token = |index: u32| {
        let mut value = tiny();
        value["image_token_index"] = index.into();
        parse(value)
    };
    assert_eq!(token(5).expect("the same").image_token_id, Some(5));
    let error = token(6).expect_err("another").to_string();
    assert_eq!(error, "test: config field `image_token_index` = 6: image_token_id is 5");
    let mut older = tiny();
    older.as_object_mut().expect("an object").remove("image_token_id");
    older["image_token_index"] = 7.into();
    assert_eq!(parse(older).expect("valid").image_token_id, Some(7));
}

#[test]
fn visual_tokens_are_those_of_the_frames_that_are_rendered() {
    let mut value = tiny();
    value["skeleton"] = serde_json::json!({"render_size": [64, 48]});
    for stated in [4, 12] {
        value["image_seq_length"] = stated.into();
        assert_eq!(parse(value.clone()).expect("the tower's or the frames'").tokens_per_frame(), 12);
    }
    value["image_seq_length"] = 5.into();
    assert!(parse(value).is_err());
}

#[test]
fn frames_that_cannot_be_rendered_or_seen_are_refused() {
    let large = 100_000;
    for (size, problem) in [
        ([30, 30], "blocks of 2×2 patches"),
        ([0, 32], "sides must be in 1..=2048"),
        ([large, large], "sides must be in 1..=2048"),
        ([2048, 2048], "12 frames of 16384 visual tokens"),
    ] {
        let mut value = tiny();
        value["skeleton"] = serde_json::json!({"render_size": size});
        let error = parse(value).expect_err(problem).to_string();
        assert!(error.contains(&format!("test: config field `skeleton.render_size` = {size:?}")), "{error}");
        assert!(error.contains(problem), "{error}");
    }
    for (field, bad) in [
        ("frames", serde_json::json!(1_000_000_000_000u64)),
        ("system", "x".repeat(1 << 20).into()),
        ("frame_template", format!("<image>{}", "x".repeat(1 << 10)).into()),
    ] {
        let mut value = tiny();
        value["skeleton"] = serde_json::json!({field: bad});
        let error = parse(value).expect_err(field).to_string();
        assert!(error.contains(&format!("`skeleton.{field}` = ")) && error.len() < 200, "{error}");
    }
    let mut few = tiny();
    few["text_config"]["max_position_embeddings"] = 8.into();
    parse(few.clone()).expect("of a few tokens nobody needs to know where they stand");
    few["skeleton"] = serde_json::json!({"render_size": [1024, 1024]});
    let error = parse(few).expect_err("too few positions").to_string();
    assert!(error.contains("more than 2 × text_config.max_position_embeddings = 2 × 8"), "{error}");
}

#[test]
fn errors_name_fields_as_the_authors_do() {
    let theirs = |side: u64| {
        let mut value = tiny();
        value["llm_config"] = value["text_config"].take();
        value["llm_config"]["model_type"] = "qwen2".into();
        value["vision_config"]["qk_normalization"] = false.into();
        value["vision_config"]["norm_type"] = "layer_norm".into();
        value["ps_version"] = "v2".into();
        value["force_image_size"] = side.into();
        value
    };
    let config = parse(theirs(64)).expect("valid");
    assert_eq!((config.render_size(), config.tokens_per_frame()), ([64, 64], 16));
    for side in [0, 1, 57, 100_000, 1 << 63] {
        let error = parse(theirs(side)).expect_err("refused").to_string();
        assert!(error.contains(&format!("test: config field `force_image_size` = [{side}, {side}]")), "{error}");
    }
    let mut other = theirs(32);
    other["llm_config"]["model_type"] = "gemma2".into();
    let error = parse(other).expect_err("refused").to_string();
    assert!(error.contains("`llm_config.model_type` = gemma2"), "{error}");
}
