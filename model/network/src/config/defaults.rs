//! What configs mean where they say nothing.

pub fn gelu() -> String {
    "gelu".to_string()
}

pub fn half() -> f64 {
    0.5
}

pub fn last_layer() -> i64 {
    -1
}

pub fn three() -> usize {
    3
}

pub fn millionth() -> f64 {
    1e-6
}

pub fn tenth() -> f64 {
    0.1
}

pub fn fiftieth() -> f64 {
    0.02
}

pub fn yes() -> bool {
    true
}
