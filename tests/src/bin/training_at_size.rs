//! What a training step takes on top of a model of a published size: one step of stage 1 and one of stage 4, each by a
//! process of its own, with the peak of its memory. Weights are random, everything else is as in any run: the base is
//! read from a folder in half precision and kept in four bits.
//!
//! `cargo xtask train-figures` builds and runs this at InternVL3-1B's shape with twelve pictures of 448², `cargo xtask
//! train-figures small` at one that takes seconds. `auto`, `gpu` or `cpu` behind it says where; without it is `cpu`.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::atomic::AtomicBool,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use skeletonllm_checks::asset;
use skeletonllm_network::{
    checkpoint::Bits,
    device::{self, DeviceChoice},
    tokenizer::Tokenizer,
};
use skeletonllm_tests::memory;
use skeletonllm_train::{RunOptions, TrainConfig, run};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        [] | ["1b"] => measure(&Shape::INTERNVL3_1B, "cpu"),
        ["1b", device] => measure(&Shape::INTERNVL3_1B, device),
        ["small"] => measure(&Shape::SMALL, "cpu"),
        ["small", device] => measure(&Shape::SMALL, device),
        ["step", stage, base, out, device] => step(stage, base.as_ref(), out.as_ref(), device),
        _ => Err(anyhow::anyhow!("training_at_size [1b|small [auto|gpu|cpu]]")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("training_at_size: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Sizes of a model.
struct Shape {
    name: &'static str,
    /// Width, inner width, layers, heads.
    tower: [usize; 4],
    /// Width, inner width, layers, heads, key heads.
    decoder: [usize; 5],
    vocabulary: usize,
}

impl Shape {
    const INTERNVL3_1B: Shape = Shape {
        name: "internvl3-1b",
        tower: [1024, 4096, 24, 16],
        decoder: [896, 4864, 24, 14, 2],
        vocabulary: 151_674,
    };
    const SMALL: Shape =
        Shape { name: "small", tower: [128, 512, 3, 4], decoder: [128, 512, 3, 4, 2], vocabulary: 1024 };
}

/// Two steps, a process each, and what they took.
fn measure(shape: &Shape, device: &str) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("training-at-size-{}", std::process::id()));
    let outcome = steps(shape, &folder, device);
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    outcome
}

fn steps(shape: &Shape, folder: &Path, device: &str) -> Result<()> {
    let base = folder.join(shape.name);
    fs::create_dir_all(&base).with_context(|| format!("cannot create {}", base.display()))?;
    let start = Instant::now();
    let numbers = write(shape, &base)?;
    println!(
        "wrote a random model of {:.0} million numbers in half precision, {:.0} s",
        numbers as f64 / 1e6,
        start.elapsed().as_secs_f64()
    );
    for stage in ["1", "4"] {
        println!("\n## one step of stage {stage}\n");
        let out = folder.join(stage);
        let mut command = Command::new(std::env::current_exe()?);
        let status = command.args(["step", stage]).args([&base, &out]).arg(device).status()?;
        if !status.success() {
            bail!("the step of stage {stage} ended with {status}");
        }
    }
    Ok(())
}

/// One step, in this process.
fn step(stage: &str, base: &Path, out: &Path, device: &str) -> Result<()> {
    let data = out.with_extension("data");
    fs::create_dir_all(&data)?;
    let mut metadata = String::new();
    for name in ["wave_left_hand", "raise_right_hand", "squat", "walk"] {
        fs::copy(asset("samples").join(format!("{name}.bvh")), data.join(format!("{name}.bvh")))?;
        let line = json!({"file_name": format!("{name}.bvh"), "label": name.replace('_', " "), "split": "train"});
        metadata += &format!("{line}\n");
    }
    fs::write(data.join("metadata.jsonl"), metadata)?;
    let mut config = TrainConfig { base: Some(base.into()), base_bits: Some(Bits::Four), ..TrainConfig::on_a_base() };
    config.only(stage.parse()?);
    let stop = AtomicBool::new(false);
    let selected = device::select(device.parse::<DeviceChoice>().map_err(anyhow::Error::msg)?)?;
    let options = RunOptions::new(vec![data], out.to_owned(), config, selected, &stop);
    run(RunOptions { quiet: true, max_steps: Some(1), ..options })?;
    let path = out.join("loss.csv");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let row: Vec<f64> = text.lines().nth(1).unwrap_or_default().split(',').filter_map(|n| n.parse().ok()).collect();
    let &[_, _, loss, _, gradient, _, speed] = &row[..] else { bail!("{}: {row:?} is no step", path.display()) };
    println!("loss {loss:.3}, gradient {gradient:.3}, {:.0} s a step of 2 clips", 2.0 / speed);
    match memory::peak() {
        Some(bytes) => println!("at most {:.2} GB of memory, reading the base included", bytes as f64 / 1e9),
        None => println!("this system does not say how much memory it took"),
    }
    Ok(())
}

/// Writes a folder in our layout with random numbers in half precision. How many there are.
fn write(shape: &Shape, folder: &Path) -> Result<u64> {
    let tokenizer = Tokenizer::train(["Frame: user assistant system wave left hand raise right squat walk"], 400);
    let [width, inner, layers, heads] = shape.tower;
    let [hidden, wide, depth, queries, keys] = shape.decoder;
    let config = json!({
        "model_type": "internvl", "image_token_id": tokenizer.image_context(), "downsample_ratio": 0.5,
        "vision_config": {
            "hidden_size": width, "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
            "image_size": [448, 448], "patch_size": [14, 14], "attention_bias": true, "use_mean_pooling": true
        },
        "text_config": {
            "model_type": "qwen2", "hidden_size": hidden, "intermediate_size": wide, "num_hidden_layers": depth,
            "num_attention_heads": queries, "num_key_value_heads": keys, "vocab_size": shape.vocabulary,
            "rope_theta": 1e6, "rms_norm_eps": 1e-6, "max_position_embeddings": 32768, "tie_word_embeddings": false
        },
        "tie_word_embeddings": false
    });
    fs::write(folder.join("config.json"), config.to_string())?;
    fs::write(folder.join("tokenizer.json"), tokenizer.to_json())?;
    let mut tensors: Vec<(String, Vec<usize>)> = Vec::new();
    let mut add = |name: String, shape: &[usize]| tensors.push((name, shape.to_vec()));
    add("vision_tower.embeddings.cls_token".into(), &[1, 1, width]);
    add("vision_tower.embeddings.patch_embeddings.projection.weight".into(), &[width, 3, 14, 14]);
    add("vision_tower.embeddings.patch_embeddings.projection.bias".into(), &[width]);
    add("vision_tower.embeddings.position_embeddings".into(), &[1, 1025, width]);
    let linear = |add: &mut dyn FnMut(String, &[usize]), name: String, inputs: usize, outputs: usize, bias: bool| {
        add(format!("{name}.weight"), &[outputs, inputs]);
        if bias {
            add(format!("{name}.bias"), &[outputs]);
        }
    };
    for layer in 0..layers {
        let name = |part: &str| format!("vision_tower.encoder.layer.{layer}.{part}");
        for part in ["q_proj", "k_proj", "v_proj", "projection_layer"] {
            linear(&mut add, name(&format!("attention.{part}")), width, width, true);
        }
        linear(&mut add, name("mlp.fc1"), width, inner, true);
        linear(&mut add, name("mlp.fc2"), inner, width, true);
        for norm in ["layernorm_before", "layernorm_after"] {
            add(name(&format!("{norm}.weight")), &[width]);
            add(name(&format!("{norm}.bias")), &[width]);
        }
        add(name("lambda_1"), &[width]);
        add(name("lambda_2"), &[width]);
    }
    for part in ["weight", "bias"] {
        add(format!("multi_modal_projector.layer_norm.{part}"), &[4 * width]);
    }
    linear(&mut add, "multi_modal_projector.linear_1".into(), 4 * width, hidden, true);
    linear(&mut add, "multi_modal_projector.linear_2".into(), hidden, hidden, true);
    add("language_model.model.embed_tokens.weight".into(), &[shape.vocabulary, hidden]);
    let head = hidden / queries;
    for layer in 0..depth {
        let name = |part: &str| format!("language_model.model.layers.{layer}.{part}");
        linear(&mut add, name("self_attn.q_proj"), hidden, hidden, true);
        linear(&mut add, name("self_attn.k_proj"), hidden, keys * head, true);
        linear(&mut add, name("self_attn.v_proj"), hidden, keys * head, true);
        linear(&mut add, name("self_attn.o_proj"), hidden, hidden, false);
        linear(&mut add, name("mlp.gate_proj"), hidden, wide, false);
        linear(&mut add, name("mlp.up_proj"), hidden, wide, false);
        linear(&mut add, name("mlp.down_proj"), wide, hidden, false);
        add(name("input_layernorm.weight"), &[hidden]);
        add(name("post_attention_layernorm.weight"), &[hidden]);
    }
    add("language_model.model.norm.weight".into(), &[hidden]);
    add("language_model.lm_head.weight".into(), &[shape.vocabulary, hidden]);
    write_tensors(&folder.join("model.safetensors"), &tensors)
}

/// Matrices are even around 0, norms 1, layer scales small, everything else nothing.
fn write_tensors(path: &PathBuf, tensors: &[(String, Vec<usize>)]) -> Result<u64> {
    let (mut header, mut at) = (Map::new(), 0);
    for (name, shape) in tensors {
        let end = at + 2 * shape.iter().product::<usize>();
        let info = json!({"dtype": "BF16", "shape": shape, "data_offsets": [at, end]});
        header.insert(name.clone(), info);
        at = end;
    }
    let header = Value::Object(header).to_string();
    let mut file = BufWriter::new(File::create(path).with_context(|| format!("cannot create {}", path.display()))?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(header.as_bytes())?;
    let mut state = 1_u64;
    for (name, shape) in tensors {
        let constant = match name.rsplit('.').next() {
            Some("bias") => Some(0.0),
            Some("lambda_1" | "lambda_2") => Some(0.1),
            _ if shape.len() == 1 => Some(1.0_f32),
            _ => None,
        };
        let mut bytes = Vec::with_capacity(2 * shape.iter().product::<usize>());
        for _ in 0..shape.iter().product::<usize>() {
            let value = constant.unwrap_or_else(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                0.035 * ((state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
            });
            bytes.extend_from_slice(&value.to_le_bytes()[2..]);
        }
        file.write_all(&bytes)?;
    }
    file.flush()?;
    Ok(at as u64 / 2)
}
