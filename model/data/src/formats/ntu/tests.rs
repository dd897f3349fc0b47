//! Folders in NTU RGB+D's layout, made of one written `.skeleton` file under many names.

use std::fs;

use draction::motion::{
    Slots,
    humanoid::{Action, Person, as_kinect, perform},
    write_ntu,
};

use super::*;
use crate::{DataSet, LoadOptions, ProtocolOptions, Split, ntu::class_names, record::Half};

/// A folder with these files, each a person who waves.
fn folder(names: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let motion = as_kinect(&perform(Action::WaveLeftHand, &Person::default(), 30.0), 3.0);
    let text = write_ntu(&motion.cropped(0..12)).unwrap();
    for name in names {
        fs::write(dir.path().join(name), &text).unwrap();
    }
    dir
}

fn load(dir: &tempfile::TempDir, protocol: Option<Protocol>, split: Split) -> DataSet {
    let options = LoadOptions { protocol, ..LoadOptions::default() };
    DataSet::load_with(dir.path(), split, &options, &|_, _| {}).unwrap()
}

fn names(set: &DataSet) -> Vec<String> {
    set.clips.iter().map(|c| c.record.id()).collect()
}

/// Subjects 1 (learned from) and 3 (judged on) drink (1, seen in 55/5) and read (11, unseen there).
const FOUR: [&str; 4] = [
    "S001C001P001R001A001.skeleton",
    "S001C001P001R001A011.skeleton",
    "S001C001P003R001A001.skeleton",
    "S001C001P003R002A011.skeleton",
];

#[test]
fn names_are_read_and_nothing_else_is() {
    let sample = Sample::parse("S017C003P040R002A060").unwrap();
    assert_eq!([sample.setup, sample.camera, sample.subject, sample.repetition, sample.action], [17, 3, 40, 2, 60]);
    assert_eq!(sample.class(), Some("walking apart from each other"));
    assert_eq!(Sample::parse("S017C003P040R002A060.skeleton"), Some(sample));
    for wrong in
        ["S017C003P040R002A06", "S017C003P040R002A0600", "S017C003P040R002A+60", "s017c003p040r002a060", "", "é"]
    {
        assert_eq!(Sample::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Sample::parse("S018C001P001R001A061").unwrap().class(), None);
    assert_eq!(Sample::parse("S001C001P001R001A000").unwrap().class(), None);
}

#[test]
fn the_lists_are_those_of_the_protocol() {
    assert_eq!(class_names().len(), 60);
    for (id, name) in
        [(1, "drink water"), (22, "cheer (raise arms)"), (43, "falling down"), (57, "touch someone's pocket")]
    {
        assert_eq!(class_names()[id - 1], name);
    }
    for (protocol, unseen) in
        [(Protocol::ZeroShot55, 5), (Protocol::ZeroShot48, 12), (Protocol::ZeroShot40, 20), (Protocol::ZeroShot30, 30)]
    {
        let [seen, held_back] = [Half::Train, Half::Test].map(|half| protocol.classes(half));
        assert_eq!((seen.len(), held_back.len()), (60 - unseen, unseen));
        assert!(held_back.iter().all(|name| !seen.contains(name)));
    }
    let unseen = Protocol::ZeroShot55.classes(Half::Test);
    assert_eq!(unseen, ["reading", "writing", "put on hat/cap", "jump up", "touch someone's pocket"]);
    let subjects = (1..=40).filter(|&subject| {
        let sample = Sample { setup: 1, camera: 1, subject, repetition: 1, action: 1 };
        Protocol::CrossSubject.half(&sample) == Some(Half::Train)
    });
    assert_eq!(subjects.count(), 20);
}

#[test]
fn protocols_divide_by_subject_and_class() {
    let dir = folder(&FOUR);
    let half = |protocol, split| names(&load(&dir, Some(protocol), split));
    assert_eq!(half(Protocol::CrossSubject, Split::Train), ["S001C001P001R001A001", "S001C001P001R001A011"]);
    assert_eq!(half(Protocol::CrossSubject, Split::Test), ["S001C001P003R001A001", "S001C001P003R002A011"]);
    assert_eq!(half(Protocol::ZeroShot55, Split::Train), ["S001C001P001R001A001"]);
    assert_eq!(half(Protocol::ZeroShot55, Split::Test), ["S001C001P003R002A011"]);
    let test = load(&dir, Some(Protocol::ZeroShot55), Split::Test);
    assert_eq!(test.clips[0].record.label.as_deref(), Some("reading"));
    assert_eq!(test.clips[0].motion.joints(), 25);
    assert_eq!((test.labels().len(), test.choices().len()), (1, 5), "answers are chosen among all unseen classes");
    let options = LoadOptions { protocol: Some(Protocol::ZeroShot55), ..LoadOptions::default() };
    let (train, val) = DataSet::load_halves(dir.path(), &options, &|_, _| {}).unwrap();
    assert_eq!(
        (train.clips.len(), train.choices().len(), val.clips.len()),
        (1, 55, 0),
        "nothing is chosen on the test"
    );
}

#[test]
fn without_a_protocol_the_folder_is_whole() {
    let dir = folder(&[FOUR[0], "S020C001P050R001A061.skeleton", "noname.skeleton"]);
    fs::write(dir.path().join("readme.txt"), "").unwrap();
    let set = load(&dir, None, Split::Val);
    assert_eq!(names(&set), ["S001C001P001R001A001", "S020C001P050R001A061"]);
    assert!(!set.divided);
    assert_eq!(set.clips[0].record.label.as_deref(), Some("drink water"));
    assert_eq!(set.clips[0].record.subject.as_deref(), Some("1"));
    assert_eq!(set.clips[1].record.label, None);
    assert!(set.warnings.iter().any(|w| w.contains("noname.skeleton")), "{:?}", set.warnings);
    let set = load(&dir, Some(Protocol::CrossSubject), Split::All);
    assert_eq!(names(&set), ["S001C001P001R001A001"]);
    assert!(set.warnings.iter().any(|w| w.contains("1 clips of NTU RGB+D 120")), "{:?}", set.warnings);
}

#[test]
fn a_description_gives_way_to_a_protocol_only() {
    let dir = folder(&FOUR);
    fs::write(dir.path().join("metadata.jsonl"), "{\"file_name\": \"S001C001P001R001A011.skeleton\"}").unwrap();
    assert_eq!(load(&dir, None, Split::All).clips.len(), 1);
    assert_eq!(load(&dir, Some(Protocol::CrossSubject), Split::All).clips.len(), 4);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("a.bvh"), crate::stick_figure::BVH).unwrap();
    let message = DataSet::load(other.path(), Split::All).unwrap_err().to_string();
    assert!(["metadata.jsonl", "new_joints", "skeleton"].iter().all(|part| message.contains(part)), "{message}");
    fs::write(other.path().join("metadata.jsonl"), "{\"file_name\": \"a.bvh\"}").unwrap();
    let set = load(&other, Some(Protocol::CrossSubject), Split::All);
    assert!(set.clips.len() == 1 && set.warnings[0].contains("xsub does not apply"), "{:?}", set.warnings);
}

#[test]
fn missing_samples_are_left_out() {
    let dir = folder(&FOUR);
    let list = dir.path().join("missing.txt");
    let read = |text: &str| {
        fs::write(&list, text).unwrap();
        ProtocolOptions { missing_samples: Some(list.clone()), ..ProtocolOptions::default() }.load_options()
    };
    let options = read(
        "2 of the samples are missing.\nPlease leave them out.\n\nS001C001P001R001A001\r\nS001C001P003R002A011.skeleton\n",
    );
    let set = DataSet::load_with(dir.path(), Split::All, &options.unwrap(), &|_, _| {}).unwrap();
    assert_eq!(names(&set), ["S001C001P001R001A011", "S001C001P003R001A001"]);
    for (text, part) in [
        ("S001C001P001R001A001\nand more", "line 2: 'and more'"),
        ("A sentence.\nS001C001P001R001A01\n", "line 2: 'S001C001P001R001A01'"),
        ("", "names no sample"),
    ] {
        let message = read(text).unwrap_err().to_string();
        assert!(message.contains("missing.txt") && message.contains(part), "{message}");
    }
    let gone = ProtocolOptions { missing_samples: Some("/nowhere/list.txt".into()), ..ProtocolOptions::default() };
    assert!(gone.load_options().unwrap_err().to_string().contains("/nowhere/list.txt"));
}

#[test]
fn slots_are_people_but_under_a_protocol_the_files() {
    let slots = |protocol, slots| {
        let options = ProtocolOptions { protocol, slots, ..ProtocolOptions::default() };
        options.load_options().unwrap().read.slots
    };
    assert_eq!(slots(None, None), Slots::People);
    assert_eq!(slots(Some(Protocol::CrossSubject), None), Slots::File);
    assert_eq!(slots(Some(Protocol::CrossSubject), Some(Slots::People)), Slots::People);
    assert_eq!(slots(None, Some(Slots::File)), Slots::File);
    // and so a clip of one person has one slot, or the reference's two
    let dir = folder(&FOUR);
    for (protocol, bodies) in [(None, 1), (Some(Protocol::CrossSubject), 2)] {
        let options = ProtocolOptions { protocol, ..ProtocolOptions::default() }.load_options().unwrap();
        let set = DataSet::load_with(dir.path(), Split::All, &options, &|_, _| {}).unwrap();
        assert_eq!(set.clips[0].motion.bodies, bodies, "{protocol:?}");
    }
}

#[test]
fn protocols_have_names() {
    for protocol in Protocol::ALL {
        assert_eq!(protocol.to_string().parse(), Ok(protocol));
    }
    let error = "zero-shot".parse::<Protocol>().unwrap_err();
    assert!(error.contains("xsub") && error.contains("zero-shot-30-30"), "{error}");
}
