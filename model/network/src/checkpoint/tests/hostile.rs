//! Files that are broken, or made to break their reader.

use super::*;

fn tiny() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("t.safetensors");
    let tensors = TensorMap::from([
        ("a.weight".to_string(), HostTensor { shape: vec![2, 3], values: vec![1.0, 2.0, 3.0, -4.0, 5.0, 6.0] }),
        ("b".to_string(), HostTensor { shape: vec![], values: vec![7.0] }),
    ]);
    write(&path, &tensors, Precision::Int8).expect("writes");
    std::fs::read(path).expect("there")
}

/// A file with this header and this many bytes after it.
fn with_header(header: &str, bytes: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; bytes]].concat()
}

#[test]
fn a_file_cut_anywhere_is_refused_by_its_name() {
    let bytes = tiny();
    assert_eq!(parse(&bytes, "whole").expect("whole").len(), 2);
    for length in 0..bytes.len() {
        let message = parse(&bytes[..length], "cut.safetensors").expect_err("cut").to_string();
        assert!(message.starts_with("cut.safetensors: "), "{length}: {message}");
    }
}

#[test]
fn no_byte_of_the_header_can_make_it_panic() {
    let bytes = tiny();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
    for place in 0..header {
        for value in [0, b'0', b'9', b'"', b'-', 255] {
            let mut broken = bytes.clone();
            broken[place] = value;
            _ = parse(&broken, "broken");
        }
    }
}

#[test]
fn claims_that_the_file_cannot_hold_are_refused() {
    let refused = |bytes: &[u8]| parse(bytes, "x").expect_err("refused").to_string();
    let message = refused(&[&u64::MAX.to_le_bytes()[..], b"{}"].concat());
    assert!(message.contains("claims a header of 18446744073709551615"), "{message}");
    let huge = r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]}}"#;
    assert!(refused(&with_header(huge, 8)).contains("safetensors header"));
    let over = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    assert!(refused(&with_header(over, 12)).contains("safetensors header"));
    let other = r#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#;
    assert_eq!(refused(&with_header(other, 8)), "x: tensor `a`: type I64 is not supported");
}

#[test]
fn int8_needs_a_scale_for_each_row() {
    let refused = |header: &str, bytes| parse(&with_header(header, bytes), "x").expect_err("refused").to_string();
    let alone = r#"{"a":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]}}"#;
    assert_eq!(refused(alone, 4), "x: tensor `a`: int8 without `a_scale`");
    let short = r#"{"a":{"dtype":"I8","shape":[2,2],"data_offsets":[4,8]},"a_scale":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    assert!(refused(short, 8).contains("[2, 2] of int8 with scales [1] of F32"), "{}", refused(short, 8));
}

#[test]
fn a_config_of_more_layers_than_tensors_makes_none_of_them() {
    for block in ["text_config", "vision_config"] {
        let change = |config: &mut serde_json::Value| config[block]["num_hidden_layers"] = (1u64 << 50).into();
        let message = load(&folder(change, &tensors())).expect_err("too many").to_string();
        assert!(message.contains("layers, the files have"), "{message}");
    }
}

#[test]
fn an_index_cannot_lead_elsewhere() {
    let folder = folder(|_| (), &tensors());
    std::fs::remove_file(folder.path().join("model.safetensors")).expect("there");
    for name in ["../model.safetensors", "/etc/passwd", "a/b.safetensors", ".."] {
        let index = serde_json::json!({"weight_map": {"x": name}}).to_string();
        std::fs::write(folder.path().join("model.safetensors.index.json"), index).expect("writes");
        let message = load(&folder).expect_err(name).to_string();
        assert!(message.contains(&format!("`{name}` is no file of this folder")), "{message}");
    }
}

#[test]
fn sizes_around_nothing_are_counted_like_others() {
    let read = |dtype: &str, name: &str, shape: &str, bytes: usize| {
        let note = if dtype == "U8" { format!(r#""__metadata__":{{"{name}":"Q4_0"}},"#) } else { String::new() };
        let tensor = format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{bytes}]}}"#);
        parse(&with_header(&format!("{{{note}{tensor}}}"), bytes), "x").map_err(|error| error.to_string())
    };
    let fused = "vision_model.encoder.layers.0.attn.qkv.weight";
    let message = read("F32", fused, "[]", 4).expect_err("no rows at all");
    assert!(message.contains(&format!("`{fused}`: [] of F32 are no queries, keys and values")), "{message}");
    for (name, shape) in
        [("a", "[0,9223372036854775808,4]"), ("a", "[0,18446744073709551615]"), (fused, "[0,9223372036854775808]")]
    {
        let message = read("F32", name, shape, 0).expect_err(shape);
        assert!(message.contains("are beyond what can be counted"), "{message}");
    }
    let message = read("U8", "a", "[0,18446744073709551600]", 0).expect_err("more numbers than bytes");
    assert!(message.contains("are no rows of Q4_0 blocks"), "{message}");
    // rows of nothing are nothing, and take no time
    let many = read("F32", "a", "[4611686018427387904,0]", 0).expect("nothing");
    assert_eq!(many["a"], HostTensor { shape: vec![1 << 62, 0], values: Vec::new() });
}

#[test]
fn any_name_and_any_size_is_written_in_fewer_bits() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (from, to) = (folder.path().join("from.safetensors"), folder.path().join("to.safetensors"));
    let numbers = |shape: &[usize]| {
        let values = (0..shape.iter().product()).map(|i: usize| (i as f32 * 0.37).sin()).collect();
        HostTensor { shape: shape.to_vec(), values }
    };
    let tensors = TensorMap::from([
        (format!("{}.weight", "\"\\\u{1}é".repeat(200)), numbers(&[2, 32])),
        ("empty.weight".to_string(), numbers(&[0, 32])),
        ("narrow.weight".to_string(), numbers(&[32, 0])),
        ("many.weight".to_string(), numbers(&[1; 400])),
    ]);
    write(&from, &tensors, Precision::F32).expect("writes");
    for bits in [Bits::Eight, Bits::Four] {
        let opened = Tensors::of_safetensors([Source::open(&from)], names::Layout::InternVl).expect("opens");
        opened.write_in(bits, &to, str::to_owned, |_| ()).expect("writes");
        let back = read(&to).expect("reads");
        let shapes = |map: &TensorMap| map.iter().map(|(name, t)| (name.clone(), t.shape.clone())).collect::<Vec<_>>();
        assert_eq!(shapes(&back), shapes(&tensors), "{bits:?}");
    }
}

#[test]
fn a_number_that_is_not_finite_is_refused_by_the_name_of_its_tensor() {
    for number in [f32::NAN, f32::INFINITY] {
        for name in ["language_model.model.layers.0.mlp.up_proj.weight", "vision_tower.embeddings.cls_token"] {
            let mut tensors = tensors();
            tensors.get_mut(name).expect("there").values[5] = number;
            let error = load(&folder(|_| (), &tensors)).expect_err("it computes nothing").to_string();
            assert!(error.contains(name) && error.contains("not finite"), "{error}");
        }
    }
}
