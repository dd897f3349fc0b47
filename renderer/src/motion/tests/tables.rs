//! Text of nothing but numbers: PKU-MMD and MSR-Action3D, and tables that are neither.

use super::super::{Format, humanoid};
use super::*;

/// Somebody who raises the right hand, as Kinect sees it from three metres.
fn recorded() -> Motion {
    let person = humanoid::Person::default();
    humanoid::as_kinect(&humanoid::perform(humanoid::Action::RaiseRightHand, &person, 15.0), 3.0)
}

fn row(numbers: impl IntoIterator<Item = f32>) -> String {
    numbers.into_iter().map(|v| format!("{v:.6}")).collect::<Vec<_>>().join(" ")
}

/// The body beside an empty second one, a frame a line.
fn pku(m: &Motion) -> String {
    let line = |t: usize| row((0..25).flat_map(|j| m.position(t, 0, j)).chain([0.0; 75])) + "\n";
    (0..m.frames()).map(line).collect()
}

/// Which of Kinect v2's joints stand for MSR-Action3D's.
#[rustfmt::skip]
const MSR: [usize; 20] = [8, 4, 20, 1, 16, 12, 0, 9, 5, 10, 6, 11, 7, 17, 13, 18, 14, 19, 15, 3];

/// A joint a line. With `swapped`, the first of each pair is the left one.
fn msr(m: &Motion, swapped: bool, confidence: &str) -> String {
    let mut text = String::new();
    for t in 0..m.frames() {
        for (k, &j) in MSR.iter().enumerate() {
            let j = if swapped && ![2, 3, 6, 19].contains(&k) { m.skeleton.mirror[j] } else { j };
            text += &format!("{}{confidence}\n", row(m.position(t, 0, j)));
        }
    }
    text
}

fn open(text: &str) -> Result<Motion, MotionError> {
    read(text.as_bytes(), "a.txt", &ReadOptions::default())
}

#[test]
fn pku_is_two_bodies_a_line() {
    let m = recorded();
    let text = pku(&m);
    let again = open(&text).unwrap();
    assert_eq!((again.source.format, again.frames(), again.bodies, again.fps), (Format::Pku, m.frames(), 2, 30.0));
    assert_eq!((again.source.unit.clone(), again.source.up), (Unit::METRE, UpAxis::PlusY));
    for (t, j) in [(0, 3), (10, 11), (20, 15)] {
        close(again.position(t, 0, j), m.position(t, 0, j));
    }
    assert!(again.is_present(5, 0) && !again.is_present(5, 1));
    assert_eq!(again.without_empty_bodies().bodies, 1);
    // tabs, line ends of other systems, a sign first, a second body, a last line that was cut off
    let tabs = text.replace(' ', "\t").replace('\n', "\r\n");
    assert_eq!(open(&tabs).unwrap().positions, again.positions);
    let both: String = (0..m.frames())
        .map(|t| {
            row((0..25)
                .flat_map(|j| m.position(t, 0, j))
                .map(|v| v - 1.0)
                .chain((0..25).flat_map(|j| m.position(t, 0, j))))
                + "\n"
        })
        .collect();
    assert!(both.starts_with('-') && open(&both).unwrap().is_present(0, 1));
    let cut = open(&text[..text.len() - 30]).unwrap();
    assert_eq!((cut.frames(), cut.source.warnings.len()), (m.frames() - 1, 1));
    // a line in the middle that is short, or holds a word
    let lines: Vec<&str> = text.lines().collect();
    let error = open(&text.replacen(lines[3], "0.1 0.2", 1)).unwrap_err();
    assert!(error.line == Some(4) && error.to_string().contains("2 numbers, expected 150"), "{error}");
    let error = open(&text.replacen("0.000000 0.000000\n", "0.000000 nan\n", 1)).unwrap_err();
    assert!(error.line == Some(1) && error.to_string().contains("not a finite number"), "{error}");
}

#[test]
fn people_of_pku_keep_their_slots_unless_those_of_the_file_are_asked_for() {
    let one = recorded();
    let other = one.translated([1.1, 0.0, 0.2]);
    let line = |t: usize| {
        let mut bodies = [&one, &other].map(|m| (0..25).flat_map(|j| m.position(t, 0, j)).collect::<Vec<_>>());
        if t >= 10 {
            bodies.reverse();
        }
        row(bodies.concat()) + "\n"
    };
    let text: String = (0..one.frames()).map(line).collect();
    let followed = open(&text).unwrap();
    let options = ReadOptions { slots: super::super::Slots::File, ..ReadOptions::default() };
    let filed = read(text.as_bytes(), "a.txt", &options).unwrap();
    for t in [0, 9, 10, 20] {
        close(followed.position(t, 0, 11), one.position(t, 0, 11));
        close(followed.position(t, 1, 11), other.position(t, 0, 11));
        close(filed.position(t, usize::from(t >= 10), 11), one.position(t, 0, 11));
    }
    let told = followed.source.shown().unwrap();
    assert!(told.contains("have them in each other's slots") && told.contains("--slots"), "{told}");
    assert!(filed.source.bodies_from.is_none() && open(&pku(&one)).unwrap().source.bodies_from.is_none());
}

#[test]
fn msr_is_a_joint_a_line_and_sides_are_told_by_the_body() {
    let m = recorded();
    for swapped in [false, true] {
        for confidence in [" 1", ""] {
            let again = open(&msr(&m, swapped, confidence)).unwrap();
            assert_eq!((again.source.format, again.frames(), again.joints()), (Format::Msr, m.frames(), 20));
            for (name, j) in [("HandRight", "HandRight"), ("KneeLeft", "KneeLeft"), ("Head", "Head")] {
                let own = if j == "Head" { "Head".to_owned() } else { name.to_owned() };
                let k = again.skeleton.joint(&own).unwrap_or_else(|| panic!("{:?}", again.skeleton.names));
                let expected = m.position(20, 0, m.skeleton.joint(j).unwrap());
                close(again.position(20, 0, k), expected);
            }
        }
    }
    // turned away from the sensor, feet tell the front
    let away = m.yawed(std::f32::consts::PI);
    let again = open(&msr(&away, true, " 0.5")).unwrap();
    let hand = again.skeleton.joint("HandRight").unwrap();
    close(again.position(20, 0, hand), away.position(20, 0, 11));
    // Kinect v1's own order
    let kinect: String =
        (0..m.frames()).map(|t| (0..20).map(|j| row(m.position(t, 0, j)) + " 1\n").collect::<String>()).collect();
    let again = open(&kinect).unwrap();
    close(again.position(20, 0, again.skeleton.joint("HandRight").unwrap()), m.position(20, 0, 11));
}

#[test]
fn tables_of_something_else_are_refused() {
    let wave = |k: usize| ((k * k * 37 + k * 11) % 1000) as f32 / 500.0 - 0.9;
    let table = |columns: usize, rows: usize| -> String {
        (0..rows).map(|r| row((0..columns).map(|c| wave(r * columns + c))) + "\n").collect()
    };
    let picture: String = (0..40).map(|k| format!("{}.5 {}.25 900 1\n", 100 + k % 20, 60 + 3 * (k % 20))).collect();
    for (text, said) in [
        (table(150, 5), "not the joints of PKU-MMD"),
        (table(4, 60), "do not make a body"),
        (table(3, 60), "do not make a body"),
        (table(75, 5), "75 numbers in a line"),
        (table(4, 10), "4 numbers in a line"),
        (table(60, 10), "60 numbers in a line"),
        (picture, "places in the picture"),
        (pku(&recorded()).replace('.', ","), "decimal commas"),
        (pku(&recorded()).replace(' ', ","), "commas between"),
        (pku(&recorded()).replace(' ', ";"), "semicolons between"),
    ] {
        let error = open(&text).unwrap_err().to_string();
        assert!(error.contains(said) && error.starts_with("a.txt"), "{error}");
    }
}

#[test]
fn a_line_that_is_missing_is_noticed() {
    let m = recorded();
    let text = msr(&m, false, " 1");
    let lines: Vec<&str> = text.lines().collect();
    let without: Vec<&str> =
        lines.iter().enumerate().filter(|(k, _)| *k != 5 * 20 + 7).map(|(_, line)| *line).collect();
    let error = open(&without.join("\n")).unwrap_err().to_string();
    assert!(error.contains("in or before frame 7") || error.contains("in or before frame 6"), "{error}");
    // a file that was cut off is read as far as it goes
    let cut = open(&lines[..lines.len() - 5].join("\n")).unwrap();
    assert_eq!((cut.frames(), cut.source.warnings.len()), (m.frames() - 1, 1));
}

/// Small files for mutations.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let m = recorded().cropped(0..3);
    vec![pku(&m).into_bytes(), msr(&m, false, " 1").into_bytes()]
}
