//! Adapters of the peft library.

use super::*;

const LAYER: &str = "language_model.model.layers.1.self_attn.k_proj";

/// An adapter of rank 2 for the layer `[32, 96]`.
fn parts() -> (HostTensor, HostTensor) {
    let numbers = |count: usize, step: f32| (0..count).map(|i| ((i * i) as f32 * step).sin()).collect();
    let a = HostTensor { shape: vec![2, 96], values: numbers(192, 0.37) };
    (a, HostTensor { shape: vec![32, 2], values: numbers(64, 0.53) })
}

/// The tiny model with `scale·B·A` added to the layer, in f64.
fn expected(scale: f64) -> Vec<f32> {
    let (a, b) = parts();
    let base = &tensors()[&format!("{LAYER}.weight")].values;
    let at = |row: usize, column: usize| {
        let update: f64 = (0..2).map(|r| f64::from(b.values[row * 2 + r]) * f64::from(a.values[r * 96 + column])).sum();
        (f64::from(base[row * 96 + column]) + scale * update) as f32
    };
    (0..32 * 96).map(|i| at(i / 96, i % 96)).collect()
}

fn check(model: &InternVl, scale: f64) {
    let mut found = tensors_of(model);
    let changed = found.remove(&format!("{LAYER}.weight")).expect("there").values;
    for (value, expected) in changed.iter().zip(expected(scale)) {
        assert!((value - expected).abs() < 1e-5, "{value} against {expected}");
    }
    let mut others = tensors();
    others.remove(&format!("{LAYER}.weight"));
    assert!(found == others, "another tensor changed");
}

/// An adapter folder with a changed config; its base is at `base`.
fn adapter(base: &std::path::Path, prefix: &str, change: impl FnOnce(&mut serde_json::Value)) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("temporary folder");
    write_adapter(folder.path(), base, prefix, change);
    folder
}

fn write_adapter(
    folder: &std::path::Path,
    base: &std::path::Path,
    prefix: &str,
    change: impl FnOnce(&mut serde_json::Value),
) {
    let mut config = serde_json::json!({
        "peft_type": "LORA", "r": 2, "lora_alpha": 6, "base_model_name_or_path": base, "alpha_pattern": {},
        "use_dora": false, "use_rslora": false, "fan_in_fan_out": false, "target_modules": ["k_proj"]
    });
    change(&mut config);
    std::fs::write(folder.join("adapter_config.json"), config.to_string()).expect("writes");
    let (a, b) = parts();
    let tensors = TensorMap::from([(format!("{prefix}.lora_A.weight"), a), (format!("{prefix}.lora_B.weight"), b)]);
    write(folder.join("adapter_model.safetensors"), &tensors, Precision::F32).expect("writes");
}

#[test]
fn an_adapter_folder_is_its_base_and_the_adapter() {
    let base = folder(|_| (), &tensors());
    // of the whole model, of its language model alone, and as newer transformers releases name it
    for prefix in [
        format!("base_model.model.{LAYER}"),
        "base_model.model.model.layers.1.self_attn.k_proj".to_string(),
        "base_model.model.model.language_model.layers.1.self_attn.k_proj".to_string(),
    ] {
        let folder = adapter(base.path(), &prefix, |config| config["init_lora_weights"] = true.into());
        check(&load(&folder).expect(&prefix), 3.0);
    }
    let rank_stabilised = adapter(base.path(), &format!("base_model.model.{LAYER}"), |c| c["use_rslora"] = true.into());
    check(&load(&rank_stabilised).expect("loads"), 6.0 / 2.0_f64.sqrt());
    // beside its base
    write_adapter(
        base.path(),
        std::path::Path::new("somebody/elsewhere"),
        &format!("base_model.model.{LAYER}"),
        |_| (),
    );
    check(&load(&base).expect("loads"), 3.0);
}

#[test]
fn a_checkpoint_that_was_not_merged_is_merged_on_reading() {
    let mut all = TensorMap::new();
    for (name, tensor) in tensors() {
        let name = match name.strip_prefix("language_model.") {
            Some(rest) => format!("language_model.base_model.model.{rest}"),
            None => name,
        };
        all.insert(name.replace("k_proj.", "k_proj.base_layer."), tensor);
    }
    // towers have such layers, too, and nothing was put around them
    let all: TensorMap = all
        .into_iter()
        .map(|(name, t)| if name.starts_with("vision") { (name.replace(".base_layer", ""), t) } else { (name, t) })
        .collect();
    let (a, b) = parts();
    let peft = LAYER.replace("language_model.", "language_model.base_model.model.");
    let mut whole = all.clone();
    whole.insert(format!("{peft}.lora_A.default.weight"), a);
    whole.insert(format!("{peft}.lora_B.default.weight"), b.clone());
    check(&load(&folder(|_| (), &whole)).expect("complete"), 2.0);

    let mut half = all;
    half.insert(format!("{peft}.lora_B.default.weight"), b);
    let message = load(&folder(|_| (), &half)).expect_err("one half").to_string();
    assert!(message.contains("lora_B.default.weight`: one half of an adapter"), "{message}");
}

#[test]
fn what_an_adapter_cannot_be_put_on_is_said() {
    let base = folder(|_| (), &tensors());
    let refused = |prefix: &str, change: fn(&mut serde_json::Value)| {
        load(&adapter(base.path(), prefix, change)).expect_err("refused").to_string()
    };
    let prefix = format!("base_model.model.{LAYER}");
    let message = refused(&prefix, |config| config["use_dora"] = true.into());
    assert!(message.contains("adapter_config.json: `use_dora`"), "{message}");
    let message = refused(&prefix, |config| config["init_lora_weights"] = "pissa_niter_16".into());
    assert!(message.contains("adapter_config.json: `init_lora_weights`"), "{message}");
    let message = refused(&prefix, |config| config["base_model_name_or_path"] = "OpenGVLab/InternVL3-1B".into());
    assert!(message.contains("its base `OpenGVLab/InternVL3-1B` is no model here"), "{message}");
    let message = refused(&prefix.replace("k_proj", "q_proj"), |_| ());
    assert!(message.contains("an adapter of 32×96, but") && message.contains("is [96, 96]"), "{message}");
    let message = refused(&prefix.replace("k_proj", "z_proj"), |_| ());
    assert!(message.contains("z_proj.weight`, which is not there"), "{message}");
    // a base that sees has a tower of its own
    let folder = adapter(base.path(), &prefix, |_| ());
    let path = folder.path().join("adapter_model.safetensors");
    let mut tensors = read(&path).expect("just written");
    tensors.insert("base_model.model.vision_tower.nothing.weight".into(), parts().0);
    write(&path, &tensors, Precision::F32).expect("writes");
    let message = load(&folder).expect_err("refused").to_string();
    assert!(message.contains("vision_tower.nothing.weight`, which is not there"), "{message}");
}
