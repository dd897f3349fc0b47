//! Settings that tests of runs begin with.

use serde_json::{Value, json};
use skeletonllm_train::TrainConfig;

/// The default settings, but for the smallest model that draws and speaks.
pub fn settings() -> Value {
    let mut value = serde_json::to_value(TrainConfig::default()).unwrap();
    let model = &mut value["model"];
    for tower in ["vision_config", "text_config"] {
        model[tower]["hidden_size"] = 32.into();
        model[tower]["intermediate_size"] = 64.into();
        model[tower]["num_hidden_layers"] = 1.into();
        model[tower]["num_attention_heads"] = 2.into();
    }
    model["vision_config"]["image_size"] = json!([32, 32]);
    model["skeleton"]["render_size"] = json!([32, 32]);
    model["skeleton"]["frames"] = 3.into();
    model["image_seq_length"] = 1.into();
    value["vocabulary"] = 320.into();
    value
}
