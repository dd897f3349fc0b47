//! BVH: forward kinematics worked out by hand, and the habits of many programs.

use super::{
    super::{humanoid, write_bvh},
    *,
};

/// A root with `root_channels`, a chain A–A_end of one metre each along +y with channels on A, and a joint beside it.
fn chain(root_channels: &str, a_channels: &str, rows: &str) -> String {
    format!(
        "HIERARCHY\nROOT Hips\n{{\n\tOFFSET 0 0 0\n\tCHANNELS {root_channels}\n\tJOINT A\n\t{{\n\t\tOFFSET 0 1 0\n\
         \t\tCHANNELS {a_channels}\n\t\tEnd Site\n\t\t{{\n\t\t\tOFFSET 0 1 0\n\t\t}}\n\t}}\n\
         \tJOINT Beside\n\t{{\n\t\tOFFSET 1 0 0\n\t}}\n}}\nMOTION\nFrames: {}\n\
         Frame Time: 0.04\n{rows}\n",
        rows.lines().count()
    )
}

const PLACE: &str = "3 Xposition Yposition Zposition";

#[test]
fn rotations_apply_in_channel_order() {
    // Rz(90)·Rx(90) takes +y to +z; Rx(90)·Rz(90) takes +y to −x
    let zx = as_written(&chain(PLACE, "2 Zrotation Xrotation", "5 6 7 90 90"));
    close(zx.position(0, 0, 1), [5.0, 7.0, 7.0]);
    close(zx.position(0, 0, 2), [5.0, 7.0, 8.0]);
    let xz = as_written(&chain(PLACE, "2 Xrotation Zrotation", "5 6 7 90 90"));
    close(xz.position(0, 0, 2), [4.0, 7.0, 7.0]);
    // the global quaternion of Rz(90) followed in its own axes by Rx(90) is (1, 1, 1, 1)/2
    let q = zx.orientation(0, 0, 1);
    assert!(q.iter().all(|v| (v - 0.5).abs() < 1e-6), "{q:?}");
    assert_eq!(zx.fps, 25.0);
}

#[test]
fn all_orders_of_three_rotations_agree_with_matrices() {
    let axis = |i: usize, degrees: f64, v: [f64; 3]| {
        let (s, c) = degrees.to_radians().sin_cos();
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        let mut w = v;
        w[j] = c * v[j] - s * v[k];
        w[k] = s * v[j] + c * v[k];
        w
    };
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let angles = [31.0, -74.0, 118.0];
        let names: Vec<String> = order.iter().map(|&i| format!("{}rotation", ["X", "Y", "Z"][i])).collect();
        let row = format!("0 0 0 {} {} {}", angles[0], angles[1], angles[2]);
        let m = as_written(&chain(PLACE, &format!("3 {}", names.join(" ")), &row));
        // R₁·R₂·R₃·v: the last channel acts first
        let v = (0..3).rev().fold([0.0, 1.0, 0.0], |v, n| axis(order[n], angles[n], v));
        close(m.position(0, 0, 2), [v[0], v[1] + 1.0, v[2]].map(|x| x as f32));
    }
}

#[test]
fn a_turned_parent_turns_its_children() {
    let m = as_written(&chain("4 Zrotation Xposition Yposition Zposition", "1 Zrotation", "90 1 2 3 90"));
    // rotations listed before positions do not turn them
    close(m.position(0, 0, 0), [1.0, 2.0, 3.0]);
    close(m.position(0, 0, 1), [0.0, 2.0, 3.0]);
    close(m.position(0, 0, 2), [0.0, 1.0, 3.0]);
}

#[test]
fn position_channels_replace_the_offset() {
    let m = as_written(&chain(PLACE, "2 Yposition Xrotation", "0 0 0 3 0\n0 0 0 1 0"));
    close(m.position(0, 0, 1), [0.0, 3.0, 0.0]);
    close(m.position(1, 0, 2), [0.0, 2.0, 0.0]);
}

#[test]
fn a_root_offset_gives_way_to_position_channels() {
    let text = chain(PLACE, "1 Xrotation", "0 7 0 0").replace("Hips\n{\n\tOFFSET 0 0 0", "Hips\n{\n\tOFFSET 0 7 0");
    close(as_written(&text).position(0, 0, 0), [0.0, 7.0, 0.0]);
}

#[test]
fn odd_but_legal_text_is_read() {
    let plain = chain(PLACE, "3 Zrotation Xrotation Yrotation", "0 0 0 10 20 30\n0 0 0 11 21 31");
    let expected = as_written(&plain);
    for (what, text) in [
        ("CRLF", plain.replace('\n', "\r\n")),
        ("CR alone", plain.replace('\n', "\r")),
        ("byte order mark", format!("\u{feff}{plain}")),
        ("blank lines and tabs", plain.replace('\n', "\n \t \n")),
        ("spaces at line ends", plain.replace('\n', "  \n")),
        ("scientific notation", plain.replace(" 20 ", " 2.0e+001 ")),
        (
            "small letters",
            plain.replace("JOINT", "joint").replace("CHANNELS", "channels").replace("rotation", "Rotation"),
        ),
        ("brace on the same line", plain.replace("Hips\n{", "Hips {").replace("A\n\t{", "A{")),
        ("no space after colon", plain.replace("Frames: ", "Frames:").replace("Time: ", "Time:\t")),
        ("space before colon", plain.replace("Frames:", "Frames :").replace("Time:", "Time :")),
        ("rows over two lines", plain.replace("10 20", "10\n20").replace("11 21", "11\n21")),
        ("no line end at the end", plain.trim_end().to_owned()),
        ("leading blanks", format!("\n\n  {plain}")),
    ] {
        let m = as_written(&text);
        assert_eq!(m.positions, expected.positions, "{what}");
        assert_eq!(m.source.warnings, expected.source.warnings, "{what}");
    }
}

#[test]
fn names_keep_their_signs_and_inner_spaces() {
    for name in ["LEFT_SHOULDER#", "mixamorig:Hips", "Bip01 L Thigh", "a.b", "ROOT", "Größe"] {
        let text = chain(PLACE, "1 Xrotation", "0 0 0 0").replace("JOINT A", &format!("JOINT  {name} \t"));
        let m = as_written(&text);
        assert_eq!(m.skeleton.names[1], name);
        assert_eq!(m.skeleton.names[2], format!("{name}_end"));
    }
}

#[test]
fn rows_decide_and_a_wrong_count_is_a_warning() {
    let text = chain(PLACE, "1 Xrotation", "0 0 0 0\n0 1 0 0\n0 2 0 0");
    for (declared, cut) in [("2", false), ("7", false), ("0", false), ("3", true)] {
        let mut text = text.replace("Frames: 3", &format!("Frames: {declared}"));
        if cut {
            text = text.trim_end().trim_end_matches(" 0 0").to_owned();
        }
        let m = as_written(&text);
        assert_eq!(m.frames(), if cut { 2 } else { 3 });
        let about_rows = |w: &String| w.contains("rows") || w.contains("row has");
        assert!(m.source.warnings.iter().any(about_rows), "{:?}", m.source.warnings);
    }
}

#[test]
fn leaves_without_end_site_and_zero_end_sites_are_alike() {
    let with = chain(PLACE, "1 Xrotation", "0 0 0 0").replace("OFFSET 0 1 0\n\t\t}", "OFFSET 0 0 0\n\t\t}");
    let start = with.find("\t\tEnd").unwrap();
    let without = format!(
        "{}{}",
        &with[..start],
        &with[start..].replacen("\t\tEnd Site\n\t\t{\n\t\t\tOFFSET 0 0 0\n\t\t}\n", "", 1)
    );
    for text in [with, without] {
        assert_eq!(as_written(&text).skeleton.names, ["Hips", "A", "Beside"]);
    }
}

#[test]
fn helpers_of_zero_length_merge_and_bones_run_through() {
    let text = "HIERARCHY\nROOT TORSO#\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n\
        JOINT TLS\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n\
        JOINT LEFT_SHOULDER#\n{\nOFFSET 1 0 0\nCHANNELS 0\nEnd Site\n{\nOFFSET 0 0 0\n}\n}\n}\n\
        JOINT TRS\n{\nOFFSET 0 0 0\nCHANNELS 3 Zrotation Xrotation Yrotation\n\
        JOINT RIGHT_SHOULDER#\n{\nOFFSET -1 0 0\nCHANNELS 0\n}\n}\n}\n\
        MOTION\nFrames: 1\nFrame Time: 0.1\n0 1 0 90 0 0 0 0 0\n";
    let m = as_written(text);
    assert_eq!(m.skeleton.names, ["TORSO#", "LEFT_SHOULDER#", "RIGHT_SHOULDER#"]);
    assert_eq!(m.skeleton.bones, [[0, 1], [0, 2]]);
    assert_eq!(m.skeleton.mirror, [0, 2, 1]);
    // the helper's rotation still counts
    close(m.position(0, 0, 1), [0.0, 2.0, 0.0]);
}

#[test]
fn a_helper_root_takes_the_name_of_the_joint_it_holds() {
    let text = chain(PLACE, "1 Xrotation", "0 0 0 0")
        .replace("ROOT Hips", "ROOT reference")
        .replace("JOINT A", "JOINT Hips")
        .replace("OFFSET 0 1 0\n\t\tCHANNELS", "OFFSET 0 0 0\n\t\tCHANNELS")
        .replace("\tJOINT Beside\n\t{\n\t\tOFFSET 1 0 0\n\t}\n", "");
    assert_eq!(as_written(&text).skeleton.names, ["Hips", "Hips_end"]);
}

/// `Reference` on the floor with hips that hang from it by position channels.
fn referenced(rows: &str) -> String {
    format!(
        "HIERARCHY\nROOT Reference\n{{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\nJOINT Hips\n{{\nOFFSET 0 1 0\n\
         CHANNELS 3 Xposition Yposition Zposition\nJOINT Spine\n{{\nOFFSET 0 0.5 0\nCHANNELS 1 Xrotation\n\
         End Site\n{{\nOFFSET 0 0.5 0\n}}\n}}\n}}\n}}\nMOTION\nFrames: 2\nFrame Time: 0.1\n{rows}"
    )
}

#[test]
fn a_reference_on_the_floor_is_no_joint() {
    for rows in [
        "0 0 0 0 1 0 0\n0 0 0 0 1 3 0\n",   // the hips walk away from it
        "0 0 0 0 1 0 0\n0 0 0 0 1 0 9\n",   // nobody moves, but it lies at the origin
        "0 0 0 0 1 0 0\n1 0 0 0 1.5 0 0\n", // both move, and not alike
    ] {
        let m = as_written(&referenced(rows));
        assert_eq!(m.skeleton.names, ["Hips", "Spine", "Spine_end"], "{rows}");
        assert_eq!(m.skeleton.parents, [None, Some(0), Some(1)]);
    }
    // a root that is named for a part of the body is one, however still it is
    let hips = referenced("0 0 0 0 1 0 0\n0 0 0 0 1 0 9\n").replace("Hips", "Spine1").replace("Reference", "Hips");
    assert_eq!(as_written(&hips).skeleton.joints(), 4);
    // carried along rigidly, it is still no joint below the hips, and one where they are not hips
    let carried = referenced("0 0 0 0 1 0 0\n1 0 0 0 1 0 0\n");
    assert_eq!(as_written(&carried).skeleton.names, ["Hips", "Spine", "Spine_end"]);
    assert_eq!(as_written(&carried).source.left_out, ["Reference"]);
    assert_eq!(as_written(&carried.replace("Hips", "Chest")).skeleton.joints(), 4);
}

#[test]
fn units_and_axes_follow_from_size_and_stance() {
    // a stick figure of 1.5 m, written in several units and with z up
    let figure = |s: f64, up: &str| {
        let v = |x: f64, y: f64| match up {
            "y" => format!("{} {} 0", s * x, s * y),
            "z" => format!("{} 0 {}", s * x, s * y),
            _ => format!("{} {} 0", s * x, -s * y),
        };
        let leg = |side: &str, x: f64| {
            format!(
                "JOINT {side}UpLeg\n{{\nOFFSET {}\nCHANNELS 0\nJOINT {side}Leg\n{{\nOFFSET {}\nCHANNELS 0\n\
                 End Site\n{{\nOFFSET {}\n}}\n}}\n}}\n",
                v(x, 0.0),
                v(0.0, -0.4),
                v(0.0, -0.4)
            )
        };
        format!(
            "HIERARCHY\nROOT Hips\n{{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n\
             JOINT Head\n{{\nOFFSET {}\nCHANNELS 0\n}}\n{}{}}}\nMOTION\nFrames: 1\nFrame Time: 0.1\n0 0 0\n",
            v(0.0, 0.7),
            leg("Left", 0.1),
            leg("Right", -0.1)
        )
    };
    for (per_metre, unit) in [(1.0, "m"), (100.0, "cm"), (1000.0, "mm"), (1.0 / 0.0254, "inch")] {
        for (axis, name) in [("y", "+y"), ("z", "+z"), ("-y", "-y")] {
            let m = read(figure(per_metre, axis).as_bytes(), "figure", &ReadOptions::default()).unwrap();
            assert_eq!((&*m.source.unit.name, m.source.up.to_string().as_str()), (unit, name));
            let head = m.skeleton.joint("Head").unwrap();
            close(m.position(0, 0, head), [0.0, 0.7, 0.0]);
            let left = m.skeleton.joint("LeftUpLeg").unwrap();
            close(m.position(0, 0, left), [0.1, 0.0, 0.0]);
        }
    }
    let options = ReadOptions { unit: Some(Unit::METRE), up: Some(UpAxis::PlusX), ..ReadOptions::default() };
    let m = read(figure(100.0, "y").as_bytes(), "figure", &options).unwrap();
    close(m.position(0, 0, 1), [-70.0, 0.0, 0.0]);
    assert!(!m.source.warnings.is_empty(), "a body of 150 m deserves a warning");
}

/// A body of nine channels, three frames.
const SHORT: &str = "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation \
    Yrotation\n JOINT Head\n {\n  OFFSET 0 1 0\n  CHANNELS 3 Zrotation Xrotation Yrotation\n }\n}\n";

#[test]
fn keywords_may_be_glued_and_of_any_case_and_files_padded() {
    let rows = "0 1 0 0 0 0 0 0 0\n0 1 0 0 0 0 10 0 0\n";
    let expected = as_written(&format!("{SHORT}MOTION\nFrames: 2\nFrame Time: 0.05\n{rows}"));
    assert_eq!(expected.fps, 20.0);
    for motion in [
        format!("motion\nframes:2\nframe time:0.05\n{rows}"),
        format!("Motion\nFrames 2\nFrameTime: 0.05\n{rows}"),
        format!("MOTION\nFrames : 2\nFrameTime:0.05\n{rows}\u{1a}\0\0"),
        format!("MOTION\n\tFrames:\t2\n\tFrame\tTime:\t5e-2\n{}", rows.replace(' ', "\t")),
    ] {
        let m = as_written(&format!("{SHORT}{motion}"));
        assert_eq!((&m.positions, m.fps), (&expected.positions, 20.0), "{motion}");
    }
}

#[test]
fn rows_that_are_too_short_are_not_joined() {
    let file = |frames: usize, rows: &str| format!("{SHORT}MOTION\nFrames: {frames}\nFrame Time: 0.05\n{rows}");
    let third = "0 1 0\n".repeat(6);
    let error = failure(file(6, &third).as_bytes()).to_string();
    assert!(error.contains("line 15") && error.contains("each of the 6 rows has a part of 9 numbers"), "{error}");
    // wrapped rows are as many as the file says
    assert_eq!(as_written(&file(2, &third)).frames(), 2);
    let error = failure(file(1, "0, 1, 0, 0, 0, 0, 0, 0, 0\n").as_bytes()).to_string();
    assert!(error.contains("'0,': spaces part numbers"), "{error}");
}

#[test]
fn angles_in_radians_are_noticed() {
    let motion = humanoid::perform(humanoid::Action::Squat, &humanoid::Person::default(), 30.0);
    let text = write_bvh(&motion, 0).unwrap();
    let at = text.find("Frame Time").unwrap() + text[text.find("Frame Time").unwrap()..].find('\n').unwrap() + 1;
    let radians: String = text[at..]
        .lines()
        .map(|row| {
            let numbers = row.split_whitespace().map(|word| word.parse::<f64>().unwrap()).enumerate();
            let row = numbers.map(|(k, v)| if k < 3 { v.to_string() } else { v.to_radians().to_string() });
            row.collect::<Vec<_>>().join(" ") + "\n"
        })
        .collect();
    let warned = |text: &str| as_written(text).source.warnings.iter().any(|w| w.contains("radians"));
    assert!(!warned(&text) && warned(&format!("{}{radians}", &text[..at])));
}

#[test]
fn a_frame_time_in_milliseconds_is_told_and_no_other_is_changed() {
    let read = |time: &str| as_written(&chain(PLACE, "1 Xrotation", "0 0 0 0\n0 1 0 0").replace("0.04", time));
    for (time, fps) in
        [("8.333", 120.0), ("33.333333", 30.0), ("40", 25.0), ("16.6667", 60.0), ("120", 120.0), ("60.0", 60.0)]
    {
        let m = read(time);
        assert!((m.fps - fps).abs() < 0.01, "{time}: {}", m.fps);
        let warning = m.source.warnings.join("; ");
        assert!(warning.contains("line 22: no recording takes") && warning.contains(&format!("{fps:.0}")), "{warning}");
    }
    for (time, fps) in [("0.008333", 120.0), ("0.04", 25.0), ("0.2", 5.0), ("1", 1.0)] {
        let m = read(time);
        assert!((m.fps - fps).abs() < 0.01 && !m.source.warnings.iter().any(|w| w.contains("a frame:")), "{time}");
    }
    for (time, said) in [
        ("0", "frame time is 0 s"),
        ("-0.04", "frame time is -0.04 s"),
        ("1000000", "frame time is 1000000 s"),
        ("nan", "'nan' is not a finite number"),
        ("0,04", "'0,04': it has a decimal comma"),
        ("", "the frame time is missing"),
    ] {
        let error = failure(chain(PLACE, "1 Xrotation", "0 0 0 0").replace("0.04", time).as_bytes());
        assert!(error.line == Some(22) && error.to_string().contains(said), "{error}");
    }
}
