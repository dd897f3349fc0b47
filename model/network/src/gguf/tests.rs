use super::{writer::Writer, *};

fn small() -> Writer {
    Writer::default()
        .set("general.architecture", Value::Text("llama".into()))
        .set("llama.block_count", Value::Integer(2))
        .set("llama.rope.freq_base", Value::Float(1e5))
        .set("tokenizer.ggml.add_bos_token", Value::Bool(true))
        .set("numbers", Value::Integers(vec![1, -2]))
        .set("fractions", Value::Floats(vec![0.5]))
        .set("answers", Value::Bools(vec![true, false]))
        .texts("tokenizer.ggml.tokens", &["a", "b", "Ġü"])
        .floats("one", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        .tensor("two", &[2, 32], 8, vec![7; 68])
}

fn read(bytes: &[u8]) -> Result<Gguf, Problem> {
    Gguf::read(&bytes)
}

fn problem(writer: &Writer) -> String {
    read(&writer.bytes()).unwrap_err()
}

#[test]
fn settings_and_tensors_are_read_back() {
    let bytes = small().bytes();
    let file = read(&bytes).unwrap();
    let settings = &file.settings;
    assert_eq!(settings.text("general.architecture").unwrap(), Some("llama"));
    assert_eq!(settings.unsigned("llama.block_count").unwrap(), Some(2));
    assert_eq!(settings.float("llama.rope.freq_base").unwrap(), Some(1e5));
    assert_eq!(settings.get("tokenizer.ggml.add_bos_token"), Some(&Value::Bool(true)));
    assert_eq!(settings.texts("tokenizer.ggml.tokens").unwrap().unwrap(), ["a", "b", "Ġü"]);
    assert_eq!(settings.integers("numbers").unwrap().unwrap(), [1, -2]);
    assert_eq!(settings.unsigned("absent").unwrap(), None);
    let error = settings.unsigned("general.architecture").unwrap_err();
    assert_eq!(error, "setting `general.architecture` should be a whole number from 0 and is text");
    let one = &file.tensors["one"];
    assert_eq!((&one.shape[..], one.storage, one.length), (&[2, 3][..], Storage::F32, 24));
    let four = one.start as usize + 12;
    assert_eq!(bytes[four..four + 4], 4.0f32.to_le_bytes());
    let two = &file.tensors["two"];
    assert_eq!((&two.shape[..], two.storage, two.length), (&[2, 32][..], Storage::Q8_0, 68));
    assert_eq!(bytes[two.start as usize..][..68], [7; 68]);
}

#[test]
fn a_file_cut_anywhere_is_refused_and_nothing_else_happens() {
    let bytes = small().bytes();
    // the padding after the last tensor belongs to nobody
    for length in 0..bytes.len() - (96 - 68) {
        assert!(read(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
}

#[test]
fn no_byte_can_make_it_panic_or_take_memory_that_the_file_does_not_have() {
    let bytes = small().bytes();
    let header = bytes.len() - 128;
    for place in 0..header {
        for value in [0, 1, 9, 127, 128, 255] {
            let mut broken = bytes.clone();
            broken[place] = value;
            _ = read(&broken);
        }
        if let Some(eight) = place.checked_add(8).filter(|end| *end < header) {
            let mut broken = bytes.clone();
            broken[place..eight].fill(255);
            _ = read(&broken);
        }
    }
}

#[test]
fn counts_are_held_against_the_size_of_the_file() {
    let mut bytes = small().bytes();
    bytes[8..16].copy_from_slice(&(1u64 << 60).to_le_bytes());
    let error = read(&bytes).unwrap_err();
    assert!(error.starts_with("1152921504606846976 tensors do not fit into the"), "{error}");
    let mut bytes = Writer::default().texts("tokens", &["a"]).bytes();
    // after the header (24), the name (8 + 6), and the kinds of the value and of its elements (4 + 4)
    bytes[46..53].fill(255);
    let error = read(&bytes).unwrap_err();
    assert!(error.starts_with("setting `tokens`: 72057594037927935 elements of a list do not fit"), "{error}");
}

#[test]
fn what_is_wrong_with_a_tensor_is_said_by_its_name() {
    let (bytes, shape) = (vec![0; 64], [2, 32]);
    let unknown = Writer::default().tensor("w", &shape, 10, bytes.clone());
    assert_eq!(problem(&unknown), "tensor `w`: type 10 (Q2_K) is not supported");
    let odd = Writer::default().tensor("w", &[2, 33], 8, bytes.clone());
    assert_eq!(problem(&odd), "tensor `w`: rows of 33 are no whole Q8_0 blocks");
    let long = Writer::default().tensor("w", &[200, 32], 8, bytes.clone());
    assert_eq!(problem(&long), "tensor `w`: 6800 bytes at offset 0 go beyond the end of the file");
    let huge = Writer::default().tensor("w", &[1 << 40, 1 << 40], 0, bytes.clone());
    assert!(problem(&huge).contains("beyond what can be counted"), "{}", problem(&huge));
    let flat = Writer::default().tensor("w", &[1; 5], 0, bytes.clone());
    assert_eq!(problem(&flat), "tensor `w` has 5 dimensions; 4 are the most");
    let twice = Writer::default().floats("w", &[1], &[1.0]).floats("w", &[1], &[1.0]);
    assert_eq!(problem(&twice), "tensor `w` is listed twice");
    for (offset, words) in
        [(0, "tensors `b` and `a` lie over each other"), (8, "`b`: its offset 8 is no multiple of 32")]
    {
        let mut over = Writer::default().floats("a", &[8], &[1.0; 8]).floats("b", &[1], &[1.0]);
        over.tensors[1].3 = Some(offset);
        assert!(problem(&over).contains(words), "{}", problem(&over));
    }
    let mut far = Writer::default().floats("a", &[8], &[1.0; 8]);
    far.tensors[0].3 = Some(u64::MAX - 31);
    assert!(problem(&far).contains("go beyond the end"), "{}", problem(&far));
}

#[test]
fn other_files_are_told_apart() {
    assert!(read(b"").is_err());
    assert_eq!(read(b"PK\x03\x04....").unwrap_err(), "not a GGUF file: it does not begin with `GGUF`");
    let mut bytes = small().bytes();
    bytes[4..8].copy_from_slice(&1u32.to_le_bytes());
    assert_eq!(read(&bytes).unwrap_err(), "GGUF version 1; versions 2 and 3 are supported");
    bytes[4..8].copy_from_slice(&3u32.to_be_bytes());
    assert_eq!(read(&bytes).unwrap_err(), "a big-endian GGUF file, which is not supported");
    for bad in [0, 12, -32] {
        let odd = small().set("general.alignment", Value::Integer(bad));
        assert!(problem(&odd).contains("general.alignment"), "{}", problem(&odd));
    }
}
