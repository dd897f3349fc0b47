//! ASF/AMC against positions worked out by hand.

use std::sync::Arc;

use super::super::{Companion, read_file};
use super::*;

/// A root with a thigh that turns about its own x axis and a shank without channels, an arm whose axes are turned, and a
/// head that can be lengthened.
pub(super) const ASF: &str = "# made by hand\n:version 1.10\n:name test\n:units\n  mass 1.0\n  length 0.45\n  angle deg\n\
    :documentation\n   begin with anything: name length 99\n:root\n   order TX TY TZ RX RY RZ\n   axis XYZ\n   position 0 0 0\n   orientation 0 0 0\n\
    :bonedata\n\
    begin\n  id 1\n  name lfemur\n  direction 0 -1 0\n  length 2\n  axis 0 0 0 XYZ\n  dof rx ry rz\n  limits (-160.0 20.0)\n         (-70.0 70.0)\n         (-60.0 70.0)\nend\n\
    begin\n  id 2\n  name ltibia\n  direction 0 -3 0\n  length 1\n  axis 0 0 0 XYZ\nend\n\
    begin\n  id 3\n  name rhumerus\n  direction 1 0 0\n  length 1.5\n  axis 0 0 90 XYZ\n  dof rx\n  limits (-60.0 90.0)\nend\n\
    begin\n  id 4\n  name head\n  direction 0 1 0\n  length 1\n  axis 0 0 0 XYZ\n  dof l\nend\n\
    :hierarchy\n  begin\n    root lfemur rhumerus head\n    lfemur ltibia\n  end\n";

pub(super) const AMC: &str = "#!OML:ASF F:\\test.ASF\n:FULLY-SPECIFIED\n:DEGREES\n1\nroot 1 2 3 0 0 0\nlfemur 0 0 0\nrhumerus 0\nhead 0\n\
    2\nroot 1 2 3 0 0 0\nlfemur 90 0 0\nrhumerus 90\nhead 0.5\n3\nroot 1 2 3 0 90 0\nlfemur 0 0 90\n";

fn with_skeleton(amc: &str, asf: &str) -> Result<Motion, MotionError> {
    let options = ReadOptions {
        unit: Some(Unit::METRE),
        up: Some(UpAxis::PlusY),
        sidecar: Some(asf.as_bytes().to_vec()),
        ..ReadOptions::default()
    };
    read(amc.as_bytes(), "test.amc", &options)
}

#[test]
fn bones_end_where_their_angles_put_them() {
    let m = with_skeleton(AMC, ASF).unwrap();
    assert_eq!((m.frames(), m.fps), (3, 120.0));
    assert_eq!(m.skeleton.names, ["root", "lfemur", "rhumerus", "head", "ltibia"]);
    assert_eq!(m.skeleton.parents, [None, Some(0), Some(0), Some(0), Some(1)]);
    // all angles at zero: as the skeleton has it, directions made as long as their bones
    close(m.position(0, 0, 0), [1.0, 2.0, 3.0]);
    close(m.position(0, 0, 1), [1.0, 0.0, 3.0]);
    close(m.position(0, 0, 4), [1.0, -1.0, 3.0]);
    close(m.position(0, 0, 2), [2.5, 2.0, 3.0]);
    // a quarter turn about x takes −y to −z, and the shank with it
    close(m.position(1, 0, 1), [1.0, 2.0, 1.0]);
    close(m.position(1, 0, 4), [1.0, 2.0, 0.0]);
    // the arm's x axis is y of the world: a quarter turn takes x to −z
    close(m.position(1, 0, 2), [1.0, 2.0, 1.5]);
    close(m.position(1, 0, 3), [1.0, 3.5, 3.0]);
    // the root turns about y; within that, −y about z becomes +x, which the root takes to −z
    close(m.position(2, 0, 1), [1.0, 2.0, 1.0]);
    // bones that the frame leaves out stay: the arm along −z comes to −x, the head is as long as before
    close(m.position(2, 0, 2), [-0.5, 2.0, 3.0]);
    close(m.position(2, 0, 3), [1.0, 3.5, 3.0]);
}

#[test]
fn either_file_is_read_with_the_other() {
    let amc = with_skeleton(AMC, ASF).unwrap();
    let asf = with_skeleton(ASF, AMC).unwrap();
    assert_eq!(amc.positions, asf.positions);
    // angles in radians, as either file may say
    let radians = AMC.replace(":DEGREES", ":RADIANS").replace("90", "1.5707963267948966");
    let m = with_skeleton(&radians, ASF).unwrap();
    assert!(m.positions.iter().zip(&amc.positions).all(|(a, b)| (a - b).abs() < 1e-5));
    // line ends of all systems, and another order of the root's channels
    let cr = with_skeleton(&AMC.replace('\n', "\r"), &ASF.replace('\n', "\r\n")).unwrap();
    assert_eq!(cr.positions, amc.positions);
    let swapped = ASF.replace("order TX TY TZ RX RY RZ", "order RX RY RZ TX TY TZ");
    let rows = AMC.replace("root 1 2 3 0 0 0", "root 0 0 0 1 2 3").replace("root 1 2 3 0 90 0", "root 0 90 0 1 2 3");
    assert_eq!(with_skeleton(&rows, &swapped).unwrap().positions, amc.positions);
    // the unit of the CMU database is known
    let options = ReadOptions { sidecar: Some(ASF.as_bytes().to_vec()), ..ReadOptions::default() };
    let m = read(AMC.as_bytes(), "01_01.amc", &options).unwrap();
    assert_eq!(m.source.unit, Unit::CMU);
    assert!(read(AMC.as_bytes(), "alone.amc", &ReadOptions::default()).unwrap_err().to_string().contains(".asf"));
}

#[test]
fn the_other_file_is_found_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let open = |name: &str| read_file(folder.path().join(name), &ReadOptions::default());
    let other = ASF.replace("length 2", "length 4");
    put("01_02.amc", AMC);
    assert!(open("01_02.amc").unwrap_err().to_string().contains("missing"));
    // the only one
    put("skeleton.asf", ASF);
    let expected = open("01_02.amc").unwrap().positions;
    // the one that its name begins with
    put("01.ASF", ASF);
    put("0.asf", &other);
    put("010.asf", &other);
    assert_eq!(open("01_02.amc").unwrap().positions, expected);
    // the one of its own name
    put("01_02.asf", &other);
    assert_ne!(open("01_02.amc").unwrap().positions, expected);
    // which of several motions is not clear
    put("01_03.amc", AMC);
    let error = open("01.ASF").unwrap_err().to_string();
    assert!(error.contains("01_02.amc") && error.contains("01_03.amc"), "{error}");
    assert!(open("01_02.asf").is_ok());
    // an error names the file that it is in
    put("bad.amc", AMC);
    put("bad.asf", &ASF.replace("length 2", "length two"));
    let error = open("bad.amc").unwrap_err();
    assert!(error.file.ends_with("bad.asf") && error.line == Some(20), "{error}");
}

#[test]
fn of_several_files_that_were_given_the_one_that_fits_is_read() {
    let open = |name: &str, given: &[(&str, &str)]| {
        let companion = |(name, text): &(&str, &str)| Companion {
            name: (*name).to_owned(),
            bytes: Arc::new(text.as_bytes().to_vec()),
        };
        let options = ReadOptions { companions: given.iter().map(companion).collect(), ..ReadOptions::default() };
        read(AMC.as_bytes(), name, &options)
    };
    let other = ASF.replace("length 2", "length 4");
    let other = other.as_str();
    // the only one
    let expected = open("walk.amc", &[("skeleton.asf", ASF)]).unwrap().positions;
    // the one of its own name, or that its name begins with, wherever either of them lay
    let given = [("02.asf", other), ("skeletons/01.ASF", ASF), ("01_03.asf", other)];
    assert_eq!(open("takes/01_02.amc", &given).unwrap().positions, expected);
    assert_eq!(open("takes\\01.amc", &given).unwrap().positions, expected);
    // any of them
    let error = open("walk.amc", &given).unwrap_err();
    assert_eq!(error.file, "walk.amc");
    assert!(error.to_string().contains("'02.asf', '01.ASF', '01_03.asf'"), "{error}");
    let error = open("01.amc", &[("a/01.asf", ASF), ("b/01.asf", other)]).unwrap_err().to_string();
    assert!(error.contains("not clear which .asf file"), "{error}");
}

#[test]
fn damaged_pairs_say_what_is_wrong() {
    for (from, to, line, cause) in [
        ("lfemur 90 0 0", "lfemur 90 0", 11, "2 numbers for 'lfemur'"),
        ("lfemur 90 0 0", "lfemur 90 0 0 0", 11, "4 numbers for 'lfemur'"),
        ("lfemur 90 0 0", "rfemur 90 0 0", 11, "no bone 'rfemur'"),
        ("lfemur 90 0 0", "lfemur x 0 0", 11, "should be a number"),
        ("lfemur 90 0 0", "lfemur 0,5 0 0", 11, "decimal comma"),
        ("lfemur 90 0 0", "lfemur nan 0 0", 11, "not a finite number"),
    ] {
        let error = with_skeleton(&AMC.replacen(from, to, 1), ASF).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("test.amc", Some(line)), "{to}: {error}");
        assert!(error.to_string().contains(cause), "{to}: {error}");
    }
    for (from, to, cause) in [
        ("lfemur ltibia", "lfemur lknee", "unknown bone 'lknee'"),
        ("lfemur ltibia", "ltibia lfemur", "several others"),
        ("    lfemur ltibia\n", "", "does not lead from the root to the bone 'ltibia'"),
        ("name ltibia", "name lfemur", "two bones are named 'lfemur'"),
        ("name ltibia", "nome ltibia", "no name"),
        ("axis 0 0 90 XYZ", "axis 0 0 90 XXZ", "order of axes"),
        ("dof rx\n", "dof rw\n", "channel such as rx"),
        ("order TX TY TZ RX RY RZ", "", "numbers for 'root'"),
        ("dof l\nend", "dof l\n", "a bone has no `end`"),
    ] {
        let error = with_skeleton(AMC, &ASF.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(cause), "{to}: {error}");
    }
    for end in 0..ASF.len() {
        let _ = with_skeleton(AMC, &ASF[..end]).map_err(|e| assert!(!e.to_string().is_empty()));
    }
    let two = with_skeleton(AMC, AMC).unwrap_err().to_string();
    assert!(two.contains("expected its skeleton"), "{two}");
}

#[test]
fn bones_that_a_frame_leaves_out_are_told() {
    let said = |amc: &str| {
        let m = with_skeleton(amc, ASF).unwrap();
        assert_eq!(m.frames(), 3);
        m.source.warnings.into_iter().filter(|w| !w.contains("no frame rate")).collect::<Vec<_>>().join("; ")
    };
    // as a file that was cut at the end of a line
    assert!(said(AMC).contains("the last frame, 3, ends early: 2 bones"), "{}", said(AMC));
    let whole = AMC.to_owned() + "rhumerus 90\nhead 0.5\n";
    assert_eq!(said(&whole), "");
    // and the same bones in another order are not missing
    assert_eq!(said(&(AMC.to_owned() + "head 0.5\nrhumerus 90\n")), "");
    let amid = whole.replacen("rhumerus 90\n", "", 1);
    assert!(said(&amid).contains("1 frame leaves out bones"), "{}", said(&amid));
}

#[test]
fn a_file_that_ends_within_a_bone_says_in_which_line_and_what_is_missing() {
    let told = |amc: &str| {
        let m = with_skeleton(amc, ASF).unwrap();
        let about: Vec<String> = m.source.warnings.into_iter().filter(|w| !w.contains("no frame rate")).collect();
        (m.positions, about.join("; "))
    };
    let whole = AMC.to_owned() + "rhumerus 90\nhead 0.5\n";
    let (frames, nothing) = told(&whole);
    assert_eq!(nothing, "");
    let third = whole.find("lfemur 0 0 90").unwrap();
    let values = 3 * 5;
    for (end, said) in [
        (
            third + "lfe".len(),
            &["line 16", "frame, 3,", "name of a bone, 'lfe'", "3 bones", "'lfemur', 'rhumerus', 'head'"],
        ),
        (third + "lfemur".len(), &["line 16", "frame, 3,", "within 'lfemur'", "0 of 3 numbers", "3 bones"]),
        (third + "lfemur 0".len(), &["line 16", "frame, 3,", "within 'lfemur'", "1 of 3 numbers", "3 bones"]),
        (whole.len() - "0.5\n".len(), &["line 18", "frame, 3,", "0 of 1", "1 bone ", "'head'"]),
    ] {
        let (positions, warning) = told(&whole[..end]);
        assert!(said.iter().all(|word| warning.contains(word)), "{:?}: {warning}", &whole[end - 4..end]);
        // frames before are what they were
        assert_eq!(positions[..2 * values], frames[..2 * values]);
    }
    // a sign without a number
    let (_, warning) = told(&whole.replace("lfemur 0 0 90\nrhumerus 90\nhead 0.5\n", "lfemur 0 0 -"));
    assert!(warning.contains("line 16") && warning.contains("2 of 3 numbers"), "{warning}");
    // a number of a frame, and nothing of it
    let (positions, warning) = told(&(whole.clone() + "4\n"));
    assert!(
        positions == frames && warning.contains("line 19: the file ends behind the number of frame 4"),
        "{warning}"
    );
    // where no frame is whole
    let error = with_skeleton(&AMC[..AMC.find("lfemur 0 0 0").unwrap() + 10], ASF).unwrap_err();
    assert!(error.line == Some(6) && error.to_string().contains("its only frame, 1, ends within 'lfemur'"), "{error}");
    // amid a file it is no cut
    let error = with_skeleton(&whole.replacen("lfemur 90 0 0", "lfemur 90", 1), ASF).unwrap_err().to_string();
    assert!(error.contains("line 11: 1 numbers for 'lfemur'") && !error.contains("ends early"), "{error}");
}

#[test]
fn a_rate_is_believed_and_a_gap_is_named() {
    let whole = AMC.to_owned() + "rhumerus 90\nhead 0.5\n";
    let stated = whole.replace(":DEGREES", ":DEGREES\n:SAMPLES-PER-SECOND 60");
    let m = with_skeleton(&stated, ASF).unwrap();
    assert!(m.fps == 60.0 && m.source.warnings.is_empty(), "{:?}", m.source.warnings);
    let error = with_skeleton(&stated.replace("60", "0"), ASF).unwrap_err();
    assert!(error.line == Some(4) && error.to_string().contains("the frame rate is 0"), "{error}");
    let gap = with_skeleton(&stated.replace("\n3\n", "\n30\n"), ASF).unwrap();
    assert_eq!(gap.positions, m.positions);
    assert!(gap.source.warnings[0].contains("frame '30' comes after frame 2"), "{:?}", gap.source.warnings);
    // any number may be the first one
    let late = stated.replace("\n1\n", "\n101\n").replace("\n2\n", "\n102\n").replace("\n3\n", "\n103\n");
    assert!(with_skeleton(&late, ASF).unwrap().source.warnings.is_empty());
}
