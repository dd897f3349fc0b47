//! Models of published sizes with random numbers: as large, as slow and as hungry as the real ones.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use skeletonllm_network::tokenizer::Tokenizer;

/// Sizes of a model.
pub struct Shape {
    /// Its name, for folders.
    pub name: &'static str,
    /// Width, inner width, layers, heads.
    tower: [usize; 4],
    /// Width, inner width, layers, heads, key heads.
    decoder: [usize; 5],
    /// Tokens that the decoder knows.
    vocabulary: usize,
}

/// Names and shapes of tensors in the order in which they are written.
type Tensors = Vec<(String, Vec<usize>)>;

impl Shape {
    /// InternVL3-1B, whose decoder is Qwen2.5-0.5B.
    pub const INTERNVL3_1B: Shape = Shape {
        name: "internvl3-1b",
        tower: [1024, 4096, 24, 16],
        decoder: [896, 4864, 24, 14, 2],
        vocabulary: 151_674,
    };
    /// InternVL3-8B, whose decoder is Qwen2.5-7B, behind the same tower.
    pub const INTERNVL3_8B: Shape = Shape {
        name: "internvl3-8b",
        tower: Self::INTERNVL3_1B.tower,
        decoder: [3584, 18_944, 28, 28, 4],
        vocabulary: 151_674,
    };
    /// One that takes seconds.
    pub const SMALL: Shape =
        Shape { name: "small", tower: [128, 512, 3, 4], decoder: [128, 512, 3, 4, 2], vocabulary: 1024 };

    /// The shape of that name, as tasks shorten it.
    #[must_use]
    pub fn named(name: &str) -> Option<Shape> {
        match name {
            "1b" => Some(Self::INTERNVL3_1B),
            "8b" => Some(Self::INTERNVL3_8B),
            "small" => Some(Self::SMALL),
            _ => None,
        }
    }

    /// Writes a folder in our layout, in half precision. How many numbers it has.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_internvl(&self, folder: &Path) -> Result<u64> {
        let tokenizer = Tokenizer::train(["Frame: user assistant system wave left hand raise right squat walk"], 400);
        let [width, inner, layers, heads] = self.tower;
        let config = json!({
            "model_type": "internvl", "image_token_id": tokenizer.image_context(), "downsample_ratio": 0.5,
            "vision_config": {
                "hidden_size": width, "intermediate_size": inner, "num_hidden_layers": layers,
                "num_attention_heads": heads, "image_size": [448, 448], "patch_size": [14, 14], "attention_bias": true,
                "use_mean_pooling": true
            },
            "text_config": self.text_config(false),
            "tie_word_embeddings": false
        });
        let hidden = self.decoder[0];
        let mut tensors = Tensors::new();
        let embeddings: [(&str, &[usize]); 4] = [
            ("cls_token", &[1, 1, width]),
            ("patch_embeddings.projection.weight", &[width, 3, 14, 14]),
            ("patch_embeddings.projection.bias", &[width]),
            ("position_embeddings", &[1, 1025, width]),
        ];
        for (name, shape) in embeddings {
            tensors.push((format!("vision_tower.embeddings.{name}"), shape.to_vec()));
        }
        for layer in 0..layers {
            let name = |part: &str| format!("vision_tower.encoder.layer.{layer}.{part}");
            for part in ["q_proj", "k_proj", "v_proj", "projection_layer"] {
                linear(&mut tensors, &name(&format!("attention.{part}")), [width, width], true);
            }
            linear(&mut tensors, &name("mlp.fc1"), [width, inner], true);
            linear(&mut tensors, &name("mlp.fc2"), [inner, width], true);
            for norm in ["layernorm_before", "layernorm_after"] {
                tensors.push((name(&format!("{norm}.weight")), vec![width]));
                tensors.push((name(&format!("{norm}.bias")), vec![width]));
            }
            tensors.push((name("lambda_1"), vec![width]));
            tensors.push((name("lambda_2"), vec![width]));
        }
        for part in ["weight", "bias"] {
            tensors.push((format!("multi_modal_projector.layer_norm.{part}"), vec![4 * width]));
        }
        linear(&mut tensors, "multi_modal_projector.linear_1", [4 * width, hidden], true);
        linear(&mut tensors, "multi_modal_projector.linear_2", [hidden, hidden], true);
        self.decoder(&mut tensors, "language_model.");
        tensors.push(("language_model.lm_head.weight".to_owned(), vec![self.vocabulary, hidden]));
        fs::write(folder.join("tokenizer.json"), tokenizer.to_json())?;
        write(folder, &config, &tensors)
    }

    /// Writes the folder of its decoder alone, as the transformers library does, in half precision: one table is both
    /// what goes in and what comes out, so that a word of an answer reads every number once.
    ///
    /// # Errors
    /// As [`Shape::write_internvl`].
    pub fn write_text_model(&self, folder: &Path) -> Result<u64> {
        let mut tensors = Tensors::new();
        self.decoder(&mut tensors, "");
        write(folder, &self.text_config(true), &tensors)
    }

    fn text_config(&self, tied: bool) -> Value {
        let [hidden, inner, layers, heads, key_heads] = self.decoder;
        json!({
            "model_type": "qwen2", "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers,
            "num_attention_heads": heads, "num_key_value_heads": key_heads, "vocab_size": self.vocabulary,
            "rope_theta": 1e6, "rms_norm_eps": 1e-6, "max_position_embeddings": 32768, "tie_word_embeddings": tied
        })
    }

    /// The decoder's tensors but for a head of its own.
    fn decoder(&self, tensors: &mut Tensors, within: &str) {
        let [hidden, inner, layers, heads, key_heads] = self.decoder;
        let keys = key_heads * hidden / heads;
        tensors.push((format!("{within}model.embed_tokens.weight"), vec![self.vocabulary, hidden]));
        for layer in 0..layers {
            let name = |part: &str| format!("{within}model.layers.{layer}.{part}");
            linear(tensors, &name("self_attn.q_proj"), [hidden, hidden], true);
            linear(tensors, &name("self_attn.k_proj"), [hidden, keys], true);
            linear(tensors, &name("self_attn.v_proj"), [hidden, keys], true);
            linear(tensors, &name("self_attn.o_proj"), [hidden, hidden], false);
            linear(tensors, &name("mlp.gate_proj"), [hidden, inner], false);
            linear(tensors, &name("mlp.up_proj"), [hidden, inner], false);
            linear(tensors, &name("mlp.down_proj"), [inner, hidden], false);
            tensors.push((name("input_layernorm.weight"), vec![hidden]));
            tensors.push((name("post_attention_layernorm.weight"), vec![hidden]));
        }
        tensors.push((format!("{within}model.norm.weight"), vec![hidden]));
    }
}

fn linear(tensors: &mut Tensors, name: &str, [inputs, outputs]: [usize; 2], bias: bool) {
    tensors.push((format!("{name}.weight"), vec![outputs, inputs]));
    if bias {
        tensors.push((format!("{name}.bias"), vec![outputs]));
    }
}

/// Matrices are even around 0, norms 1, layer scales small, everything else nothing.
fn write(folder: &Path, config: &Value, tensors: &Tensors) -> Result<u64> {
    fs::write(folder.join("config.json"), config.to_string())?;
    let (mut header, mut at) = (Map::new(), 0);
    for (name, shape) in tensors {
        let end = at + 2 * shape.iter().product::<usize>();
        let info = json!({"dtype": "BF16", "shape": shape, "data_offsets": [at, end]});
        header.insert(name.clone(), info);
        at = end;
    }
    let header = Value::Object(header).to_string();
    let path = folder.join("model.safetensors");
    let mut file = BufWriter::new(File::create(&path).with_context(|| format!("cannot create {}", path.display()))?);
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
        for _ in 0..shape.iter().product::<usize>() {
            let value = constant.unwrap_or_else(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                0.035 * ((state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
            });
            file.write_all(&value.to_le_bytes()[2..])?;
        }
    }
    file.flush()?;
    Ok(at as u64 / 2)
}
