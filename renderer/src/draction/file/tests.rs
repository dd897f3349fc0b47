use skeletonllm_checks::shared;

use super::{super::template::tests::spec_template, *};

fn bits(d: &DrAction) -> Vec<(&'static str, Vec<usize>, Vec<u32>)> {
    d.named().into_iter().map(|(n, s, v)| (n, s, v.iter().map(|x| x.to_bits()).collect())).collect()
}

fn fails(bytes: &[u8], words: &[&str]) {
    let error = DrAction::load(bytes).unwrap_err().to_string();
    assert!(words.iter().all(|w| error.contains(w)), "{error}");
}

/// `init` on GOLD-1's template with one tensor replaced or removed.
fn with_tensor(name: &str, replacement: Option<(Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let d = DrAction::init(spec_template(), 1);
    let mut tensors = d.named();
    tensors.retain(|(n, ..)| *n != name);
    if let Some((shape, values)) = &replacement {
        tensors.push((Box::leak(name.to_owned().into_boxed_str()), shape.clone(), values));
    }
    to_safetensors(&BTreeMap::new(), &tensors)
}

#[test]
fn written_files_read_back_bit_for_bit() {
    let mut d = DrAction::init(spec_template(), 3);
    d.metadata.name = "ours".into();
    d.metadata.num_line_samples = 2;
    d.metadata.source_checkpoint = "step-7".into();
    d.metadata.extra.insert("layout".into(), "tester".into());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("weights.safetensors");
    d.save(&path).unwrap();
    let loaded = DrAction::open(&path).unwrap();
    assert!(loaded.warnings.is_empty() && loaded.released.is_none());
    assert_eq!(loaded.draction, d);
    assert_eq!(bits(&loaded.draction), bits(&d));
    assert_eq!(loaded.draction.to_bytes(), std::fs::read(&path).unwrap());
    d.parameters.nfm = None;
    assert_eq!(DrAction::load(&d.to_bytes()).unwrap().draction.parameters, d.parameters);
}

#[test]
fn a_manifest_of_another_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.safetensors");
    DrAction::init(spec_template(), 3).save(&path).unwrap();
    std::fs::write(&path, DrAction::init(spec_template(), 4).to_bytes()).unwrap();
    let error = DrAction::open(&path).unwrap_err().to_string();
    assert!(error.contains("a.json") && error.contains("sha256"), "{error}");
}

#[test]
fn checkpoint_prefixes_are_stripped() {
    let d = DrAction::init(spec_template(), 5);
    for outer in ["", "module."] {
        let names: Vec<String> = d.named().iter().map(|(n, ..)| format!("{outer}{CHECKPOINT_PREFIX}{n}")).collect();
        let mut tensors: Vec<_> = names.iter().zip(d.named()).map(|(name, (_, s, v))| (name.as_str(), s, v)).collect();
        tensors.push(("language_model.something", vec![1], &[0.0]));
        let loaded = DrAction::load(&to_safetensors(&BTreeMap::new(), &tensors)).unwrap();
        assert_eq!(bits(&loaded.draction), bits(&d));
        assert!(loaded.warnings.is_empty());
    }
}

#[test]
fn damage_warns_and_nonsense_fails() {
    let loaded =
        DrAction::load(&with_tensor("nfm.2.bias", Some((vec![5], vec![0.0, 1.7e34, 0.0, -2e6, 1.0])))).unwrap();
    assert_eq!(loaded.warnings.len(), 1);
    assert!(loaded.warnings[0].contains("2 of 5 numbers in nfm.2.bias"), "{}", loaded.warnings[0]);
    fails(&with_tensor("nfm.2.bias", None), &["nfm.2.bias", "missing"]);
    fails(&with_tensor("canonical_features", None), &["canonical_features", "missing"]);
    fails(
        &with_tensor("canonical_means", Some((vec![12, 3], vec![0.0; 36]))),
        &["canonical_means", "[12, 3]", "[13, 3]"],
    );
    fails(&with_tensor("canonical_features", Some((vec![39], vec![0.0; 39]))), &["canonical_features", "[39]"]);
    fails(&with_tensor("depth_mix_logit", Some((vec![], vec![f32::NAN]))), &["depth_mix_logit", "NaN"]);
    fails(&with_tensor("canonical_joints", Some((vec![0, 3], vec![]))), &["canonical_joints", "[0, 3]"]);
    let extra = DrAction::load(&with_tensor("gru.weight", Some((vec![1], vec![0.0])))).unwrap();
    assert!(extra.warnings[0].contains("gru.weight"));
}

#[test]
fn header_and_tensors_must_agree_on_the_nfm() {
    let mut d = DrAction::init(spec_template(), 5);
    let fields = |value: &str| BTreeMap::from([("enable_nfm".to_owned(), value.to_owned())]);
    let off = DrAction::load(&to_safetensors(&fields("false"), &d.named())).unwrap();
    assert!(off.draction.parameters.nfm.is_none() && off.warnings.len() == 1);
    d.parameters.nfm = None;
    fails(&to_safetensors(&fields("true"), &d.named()), &["nfm.0.weight"]);
}

#[test]
fn hostile_headers_are_refused() {
    for bytes in [&b""[..], b"short", &[0xff; 64], &[0; 64]] {
        assert!(matches!(DrAction::load(bytes), Err(WeightsError::Format(_))));
    }
    let good = DrAction::init(spec_template(), 5).to_bytes();
    assert!(DrAction::load(&good[..good.len() - 1]).is_err());
    let text = |header: &str| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 16]].concat();
    let entry = |shape: &str, offsets: &str| {
        text(&format!("{{\"canonical_features\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":{offsets}}}}}"))
    };
    for bytes in [
        entry("[18446744073709551615,3]", "[0,16]"),
        entry("[2,2]", "[16,0]"),
        entry("[2,2]", "[8,24]"),
        entry("[4611686018427387904,4]", "[0,16]"),
        entry("[-1]", "[0,16]"),
        text("{\"a\":"),
    ] {
        assert!(matches!(DrAction::load(&bytes), Err(WeightsError::Format(_))));
    }
    for at in 0..good.len().min(2_000) {
        let mut broken = good.clone();
        broken[at] ^= 0x15;
        // the sizes that the rest of the program counts on
        if let Ok(Loaded { draction: DrAction { template: t, parameters, .. }, .. }) = DrAction::load(&broken) {
            assert_eq!((t.means.len(), t.lbs_logits.len()), (3 * t.gaussians, t.gaussians * t.joints), "byte {at}");
            assert_eq!((t.canonical_joints.len(), parameters.features.len()), (3 * t.joints, 3 * t.gaussians));
        }
    }
}

#[test]
fn released_files_load() {
    let Some(path) = shared("released-weights/draction_candidate_01.safetensors") else { return };
    let one = DrAction::open(&path).unwrap();
    assert_eq!(one.released, Some("draction_candidate_01"));
    assert!(one.warnings.is_empty(), "{:?}", one.warnings);
    assert_eq!((one.draction.template.joints, one.draction.template.gaussians), (25, 265));
    // spec A.1.1, counted from one
    let ntu = [
        [1, 2],
        [2, 21],
        [3, 21],
        [4, 3],
        [5, 21],
        [6, 5],
        [7, 6],
        [8, 7],
        [9, 21],
        [10, 9],
        [11, 10],
        [12, 11],
        [13, 1],
        [14, 13],
        [15, 14],
        [16, 15],
        [17, 1],
        [18, 17],
        [19, 18],
        [20, 19],
        [22, 23],
        [23, 8],
        [24, 25],
        [25, 12usize],
    ];
    assert!(one.draction.template.fits(25, &ntu.map(|bone| bone.map(|j| j - 1))));
    assert_eq!((one.draction.parameters.count(), one.draction.metadata.render_size), (2_341, 448));
    assert_eq!(one.draction.metadata.name, "draction_candidate_01_lbs");
    let mix = 1.0 / (1.0 + (-one.draction.parameters.depth_mix_logit).exp());
    assert!((mix - 0.379).abs() < 1e-3);
}

#[test]
fn our_files_interchange_with_the_released_ones() {
    let Some(path) = shared("released-weights/draction_candidate_02.safetensors") else { return };
    let two = DrAction::open(&path).unwrap().draction;
    let theirs = std::fs::read(&path).unwrap();
    let ours = two.to_bytes();
    let header = |bytes: &[u8]| SafeTensors::read_metadata(bytes).unwrap().1;
    assert_eq!(header(&ours).metadata(), header(&theirs).metadata());
    let (a, b) = (SafeTensors::deserialize(&ours).unwrap(), SafeTensors::deserialize(&theirs).unwrap());
    assert_eq!(a.names().len(), b.names().len());
    for (name, view) in b.tensors() {
        assert_eq!(a.tensor(&name).unwrap(), view, "{name}");
    }
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path.with_extension("json")).unwrap()).unwrap();
    let own: serde_json::Value = serde_json::from_str(&two.manifest(&ours, "draction_candidate_02")).unwrap();
    for (key, value) in manifest.as_object().unwrap() {
        let free_text = key == "description" || key == "sha256"; // tensors lie in another order
        assert!(free_text || own[key] == *value, "{key}: {} for {value}", own[key]);
    }
    assert_eq!(own.as_object().unwrap().len(), manifest.as_object().unwrap().len());
}
