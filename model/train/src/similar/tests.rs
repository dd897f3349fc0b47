use draction::motion::humanoid::{Action, Person, perform};
use skeletonllm_data::record::read_metadata;

use super::*;

fn clips(of: &[(&str, Action)]) -> Vec<DataClip> {
    let dir = tempfile::tempdir().unwrap();
    let lines: Vec<String> = of
        .iter()
        .enumerate()
        .map(|(i, (label, _))| format!("{{\"file_name\": \"{i}.bvh\", \"label\": \"{label}\"}}\n"))
        .collect();
    fs::write(dir.path().join("metadata.jsonl"), lines.concat()).unwrap();
    let records = read_metadata(dir.path()).unwrap();
    let motions = of.iter().map(|(_, action)| perform(*action, &Person::default(), 30.0));
    records.into_iter().zip(motions).map(|(record, motion)| DataClip { record, motion }).collect()
}

#[test]
fn what_moves_alike_is_similar() {
    let clips = clips(&[
        ("wave left hand", Action::WaveLeftHand),
        ("raise right hand", Action::RaiseRightHand),
        ("squat", Action::Squat),
        ("walk", Action::Walk),
    ]);
    let similar = Similar::by_movement(&clips.iter().collect::<Vec<_>>()).unwrap();
    // the mirrored twins are labels of their own
    assert_eq!(similar.len(), 6);
    let of = similar.of("wave left hand");
    assert!(!of.contains(&"wave left hand".to_owned()) && of.len() == NEIGHBOURS, "{of:?}");
    assert_eq!(of[0], "raise left hand", "{of:?}");
    assert_eq!(similar.of("wave right hand")[0], "raise right hand");
    assert!(similar.of("juggle").is_empty());
}

#[test]
fn labels_that_contain_each_other_are_no_negatives() {
    let names = ["walk", "walk turn left", "run", "wave"].map(String::from);
    let names: Vec<&String> = names.iter().collect();
    let similar = Similar::nearest(&names, |a, b| (a as f32 - b as f32).abs());
    assert_eq!(similar.of("walk"), ["run", "wave"]);
    assert_eq!(similar.of("walk turn left"), ["run", "wave"]);
}

#[test]
fn files_survive_and_errors_name_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("similar.json");
    fs::write(&path, r#"{"Wave_Left hand": ["raise left  hand"], "squat": []}"#).unwrap();
    let similar = Similar::read(&path).unwrap();
    assert_eq!(similar.of("wave left hand"), ["raise left hand"]);
    assert_eq!(similar.of("wave right hand"), ["raise right hand"], "mirrored");
    similar.write(&path).unwrap();
    assert_eq!(Similar::read(&path).unwrap(), similar);
    fs::write(&path, "{\n\"a\": \"b\"}").unwrap();
    let message = Similar::read(&path).unwrap_err().to_string();
    assert!(message.contains("similar.json") && message.contains("line 2"), "{message}");
    let message = Similar::read(&dir.path().join("none.json")).unwrap_err().to_string();
    assert!(message.contains("none.json"), "{message}");
}
