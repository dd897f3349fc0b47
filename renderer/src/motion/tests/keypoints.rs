//! What pose estimators write, in its many spellings: the same person in all of them.

use serde_json::{Value, json};

use super::super::{Format, Layout, humanoid, join_frames, read_file};
use super::*;

/// BODY_25 from Kinect's 25 joints: which joint each point is, or is near.
#[rustfmt::skip]
const BODY_25: [usize; 25] = [
    3, 20, 8, 9, 10, 4, 5, 6, 0, 16, 17, 18, 12, 13, 14, 3, 3, 2, 2, 15, 15, 14, 19, 19, 18,
];
/// COCO's 17 points.
const COCO: [usize; 17] = [3, 3, 3, 2, 2, 4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18];
/// MediaPipe's 33 points.
#[rustfmt::skip]
const MEDIAPIPE: [usize; 33] = [
    3, 3, 3, 3, 3, 3, 3, 2, 2, 3, 3, 4, 8, 5, 9, 6, 10, 7, 11, 21, 23, 22, 24, 12, 16, 13, 17, 14, 18, 14, 18, 15, 19,
];

/// Somebody who waves the right hand, facing +z, two and a half metres wide pictures around the middle.
fn wave() -> Motion {
    let person = humanoid::Person::default();
    humanoid::as_kinect(&humanoid::perform(humanoid::Action::RaiseRightHand, &person, 30.0), 0.0)
        .yawed(std::f32::consts::PI)
        .cropped(0..40)
}

/// A joint's place in a picture of 1000 × 1000, a hundred pixels to 0.25 m, x to the right and y downwards.
fn pixel(m: &Motion, t: usize, j: usize) -> [f32; 2] {
    let [x, y, _] = m.position(t, 0, j);
    [500.0 + 400.0 * x, 500.0 - 400.0 * y]
}

/// `[x, y, c, …]`
fn flat(m: &Motion, t: usize, order: &[usize], shift: f32) -> Vec<f32> {
    order.iter().flat_map(|&j| [pixel(m, t, j)[0] + shift, pixel(m, t, j)[1], 0.9]).collect()
}

fn openpose(people: &[Vec<f32>]) -> Value {
    let people: Vec<Value> = people
        .iter()
        .map(|p| json!({"person_id": [-1], "pose_keypoints_2d": p, "face_keypoints_2d": [], "pose_keypoints_3d": []}))
        .collect();
    json!({"version": 1.3, "people": people})
}

fn open(json: &Value) -> Result<Motion, MotionError> {
    let options = ReadOptions { unit: Some("0.0025".parse().unwrap()), ..ReadOptions::default() };
    read(json.to_string().as_bytes(), "a.json", &options)
}

/// Where a point must be: a quarter of a centimetre to a pixel, y upwards, in the plane.
fn expected(m: &Motion, t: usize, j: usize) -> [f32; 3] {
    pixel(m, t, j)
        .iter()
        .map(|v| v * 0.0025)
        .zip([1.0, -1.0])
        .map(|(v, s)| v * s)
        .chain([0.0])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

fn same_person(m: &Motion, again: &Motion, order: &[usize]) {
    assert_eq!((again.source.format, again.frames(), again.joints()), (Format::Keypoints, m.frames(), order.len()));
    for t in [0, 17, 39] {
        for (k, &j) in order.iter().enumerate() {
            close(again.position(t, 0, k), expected(m, t, j));
        }
    }
    // the right hand is the right one
    let hand = again
        .skeleton
        .names
        .iter()
        .position(|n| ["rwrist", "rightwrist"].contains(&n.to_lowercase().replace('_', "").as_str()));
    assert!(again.skeleton.parts[hand.unwrap()] == super::super::Part::RightArm);
}

#[test]
fn openpose_is_read_a_frame_or_a_video_at_a_time() {
    let m = wave();
    let frames: Vec<Value> = (0..m.frames()).map(|t| openpose(&[flat(&m, t, &BODY_25, 0.0)])).collect();
    let list = open(&json!(frames)).unwrap();
    same_person(&m, &list, &BODY_25);
    assert_eq!(list.source.up, UpAxis::MinusY);
    assert!(list.source.layout_from.as_ref().unwrap().why.contains("BODY_25"));
    let keyed: serde_json::Map<String, Value> =
        frames.iter().enumerate().map(|(t, f)| (format!("clip_{t:012}_keypoints.json"), f.clone())).collect();
    for video in
        [json!({"frames": frames, "fps": 25}), json!({"info": {"fps": 25}, "data": frames}), Value::Object(keyed)]
    {
        let again = open(&video).unwrap();
        assert_eq!(again.positions, list.positions);
        assert_eq!(again.fps, if video.get("frames").or(video.get("data")).is_some() { 25.0 } else { 30.0 });
    }
    let lines: String = frames.iter().map(|frame| format!("{frame}\n")).collect();
    let options = ReadOptions { unit: Some("0.0025".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(read(lines.as_bytes(), "a.jsonl", &options).unwrap().positions, list.positions);
    // one frame is a motion of one frame
    assert_eq!(open(&frames[3]).unwrap().frames(), 1);
    // a folder natively, and a handful of files in the page
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (t, frame) in frames.iter().enumerate() {
        let name = format!("clip_{t}_keypoints.json");
        std::fs::write(folder.path().join(&name), frame.to_string()).unwrap();
        files.push((name, frame.to_string().into_bytes()));
    }
    let options = ReadOptions { unit: Some("0.0025".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(read_file(folder.path(), &options).unwrap().positions, list.positions);
    let one = read_file(folder.path().join("clip_3_keypoints.json"), &options).unwrap();
    assert!(one.frames() == 1 && one.source.warnings.iter().any(|w| w.contains("folder")), "{:?}", one.source.warnings);
    files.reverse();
    assert_eq!(read(&join_frames(&files).unwrap(), "clip", &options).unwrap().positions, list.positions);
    std::fs::write(folder.path().join("clip_7_keypoints.json"), "{\"people\": [").unwrap();
    let error = read_file(folder.path(), &options).unwrap_err();
    assert!(error.file.ends_with("clip_7_keypoints.json"), "{error}");
}

#[test]
fn coco_and_its_kin_are_lists_of_people() {
    let m = wave();
    let each = |make: &dyn Fn(usize) -> Value| -> Value { (0..m.frames()).map(make).collect::<Vec<_>>().into() };
    let points = |t: usize| flat(&m, t, &COCO, 0.0);
    let rows = |t: usize| -> Vec<[f32; 2]> { COCO.iter().map(|&j| pixel(&m, t, j)).collect() };
    let results = each(
        &|t| json!({"image_id": format!("{t}.jpg"), "category_id": 1, "keypoints": points(t), "score": 2.9, "box": [1, 2, 3, 4]}),
    );
    let alphapose = each(&|t| json!({"image_id": format!("frame_{t:05}.png"), "keypoints": points(t), "idx": [1.0]}));
    let annotations = json!({
        "images": [{"id": 0}],
        "annotations": each(&|t| json!({"image_id": t, "id": 1000 + t, "keypoints": points(t), "num_keypoints": 17})),
        "categories": [{"name": "person"}],
    });
    let mmpose = json!({"meta_info": {"dataset_name": "coco"}, "instance_info": each(&|t| {
        json!({"frame_id": t + 1, "instances": [{"keypoints": rows(t), "keypoint_scores": vec![0.9; 17], "bbox": [[1, 2, 3, 4]]}]})
    })});
    let names = [
        "nose",
        "leftEye",
        "rightEye",
        "leftEar",
        "rightEar",
        "leftShoulder",
        "rightShoulder",
        "leftElbow",
        "rightElbow",
        "leftWrist",
        "rightWrist",
        "leftHip",
        "rightHip",
        "leftKnee",
        "rightKnee",
        "leftAnkle",
        "rightAnkle",
    ];
    let posenet = each(&|t| {
        json!({"score": 0.9, "keypoints": COCO.iter().zip(names).map(|(&j, name)| {
        let [x, y] = pixel(&m, t, j);
        json!({"part": name, "score": 0.9, "position": {"x": x, "y": y}})
    }).collect::<Vec<_>>()})
    });
    let persons = json!({"0": each(&|t| json!({"frame_idx": t, "keypoints": COCO.iter().map(|&j| { let [x, y] = pixel(&m, t, j); [x, y, 0.9] }).collect::<Vec<_>>()}))});
    // as Kinetics-Skeleton has it, with the scores beside pairs
    let kinetics = json!({"label": "waving", "data": each(&|t| json!({"frame_index": t + 1, "skeleton": [
        {"pose": COCO.iter().flat_map(|&j| pixel(&m, t, j)).collect::<Vec<_>>(), "score": vec![0.9; 17]}
    ]}))});
    for (what, video) in [
        ("Kinetics", kinetics),
        ("results", results),
        ("AlphaPose", alphapose),
        ("annotations", annotations),
        ("MMPose", mmpose),
        ("PoseNet", posenet),
        ("people", persons),
    ] {
        let again = open(&video).unwrap_or_else(|e| panic!("{what}: {e}"));
        same_person(&m, &again, &COCO);
        assert_eq!(again.bodies, 1, "{what}");
    }
}

#[test]
fn mediapipe_is_read_in_pictures_and_in_the_world() {
    let m = wave();
    let each = |make: &dyn Fn(usize) -> Value| -> Value { (0..m.frames()).map(make).collect::<Vec<_>>().into() };
    // metres from the middle of the hips, y downwards, z away from the camera
    let world = |t: usize, j: usize| {
        let hips = [12, 16].map(|j| m.position(t, 0, j));
        let p = m.position(t, 0, j);
        let at = [0, 1, 2].map(|i| p[i] - (hips[0][i] + hips[1][i]) / 2.0);
        [at[0], -at[1], -at[2]]
    };
    let landmarks = |t: usize| -> Vec<Value> {
        MEDIAPIPE
            .iter()
            .map(|&j| {
                let [x, y, z] = world(t, j);
                json!({"x": x, "y": y, "z": z, "visibility": 0.99})
            })
            .collect()
    };
    let rows = |t: usize| -> Vec<[f32; 4]> {
        MEDIAPIPE
            .iter()
            .map(|&j| {
                let [x, y, z] = world(t, j);
                [x, y, z, 0.99]
            })
            .collect()
    };
    let numbered = |t: usize| -> Value {
        landmarks(t).into_iter().enumerate().map(|(k, v)| (k.to_string(), v)).collect::<serde_json::Map<_, _>>().into()
    };
    for (what, video) in [
        ("a list of frames", each(&|t| json!(landmarks(t)))),
        ("rows", each(&|t| json!(rows(t)))),
        ("flat", each(&|t| json!({"landmarks": rows(t).concat()}))),
        (
            "frames",
            json!({"fps": 30, "frames": each(&|t| json!({"frame": t, "pose_world_landmarks": landmarks(t), "pose_landmarks": []}))}),
        ),
        (
            "tasks",
            each(
                &|t| json!({"timestamp_ms": 33.3 * t as f64, "poseWorldLandmarks": [landmarks(t)], "poseLandmarks": [landmarks(t)]}),
            ),
        ),
        ("protobuf", each(&|t| json!({"poseWorldLandmarks": {"landmark": landmarks(t)}}))),
        ("numbers", each(&numbered)),
        ("a list in an object", json!({"landmarks": each(&|t| json!(landmarks(t)))})),
    ] {
        let again = read(video.to_string().as_bytes(), "a.json", &ReadOptions::default())
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!((again.frames(), again.joints(), again.bodies, again.fps), (40, 33, 1, 30.0), "{what}");
        assert_eq!((again.source.unit.name.as_ref(), again.source.up), ("m", UpAxis::MinusY), "{what}");
        for (k, &j) in MEDIAPIPE.iter().enumerate() {
            let [x, y, z] = world(17, j);
            close(again.position(17, 0, k), [x, -y, -z]);
        }
    }
    // shares of a picture twice as wide as high: both directions are made alike
    let share = |t: usize| -> Vec<Value> {
        MEDIAPIPE
            .iter()
            .map(|&j| {
                let [x, y, z] = m.position(t, 0, j);
                json!({"x": 0.5 + x / 5.0, "y": 0.5 - y / 2.5, "z": -z / 5.0, "visibility": 0.9})
            })
            .collect()
    };
    let stated = json!({"width": 1000, "height": 500, "frames": each(&|t| json!({"landmarks": share(t)}))});
    let options = ReadOptions { unit: Some("2.5".parse().unwrap()), ..ReadOptions::default() };
    let again = read(stated.to_string().as_bytes(), "a.json", &options).unwrap();
    let [a, b] = [again.position(17, 0, 16), again.position(17, 0, 12)];
    let [c, d] = [m.position(17, 0, 10), m.position(17, 0, 8)];
    close([0, 1, 2].map(|i| a[i] - b[i]), [0, 1, 2].map(|i| c[i] - d[i]));
    // without its size, the picture is told by shoulders and trunk
    let again = read(each(&|t| json!(share(t))).to_string().as_bytes(), "a.json", &options).unwrap();
    let why = &again.source.layout_from.as_ref().unwrap().why;
    assert!(why.contains("16:9"), "{why}");
}

#[test]
fn confidence_is_presence() {
    let m = wave();
    let mut frames: Vec<Vec<Vec<f32>>> = (0..m.frames()).map(|t| vec![flat(&m, t, &COCO, 0.0)]).collect();
    // the right wrist is not seen for a while; the left ankle never; nobody is there in frames 30 to 34
    for t in 10..=12 {
        frames[t][0][3 * 10..3 * 11].copy_from_slice(&[0.0, 0.0, 0.0]);
    }
    for frame in &mut frames {
        frame[0][3 * 15 + 2] = 0.02;
    }
    frames[30..35].iter_mut().for_each(Vec::clear);
    let item = |t: usize, p: &Vec<f32>| json!({"image_id": t, "keypoints": p});
    let list: Vec<Value> =
        frames.iter().enumerate().flat_map(|(t, people)| people.iter().map(move |p| item(t, p))).collect();
    let again = open(&json!(list)).unwrap();
    assert_eq!((again.frames(), again.joints()), (40, 16));
    assert_eq!(again.source.left_out, ["LeftAnkle"]);
    let (before, after) = (expected(&m, 9, 10), expected(&m, 13, 10));
    close(again.position(10, 0, 10), [0, 1, 2].map(|i| 0.75 * before[i] + 0.25 * after[i]));
    assert_eq!((0..40).filter(|&t| !again.is_present(t, 0)).collect::<Vec<_>>(), [30, 31, 32, 33, 34]);
    close(again.position(35, 0, 0), expected(&m, 35, 3));
    // a knee of which the ankle is gone still hangs from its hip
    let knee = again.skeleton.joint("LeftKnee").unwrap();
    assert_eq!(again.skeleton.names[again.skeleton.parents[knee].unwrap()], "LeftHip");
}

#[test]
fn people_keep_their_places_though_the_list_changes() {
    let m = wave();
    let frames: Vec<Value> = (0..m.frames())
        .map(|t| {
            let (a, b) = (flat(&m, t, &BODY_25, 0.0), flat(&m, t, &BODY_25, 700.0));
            match t {
                // a detection that is nobody
                5 => openpose(&[b, a, flat(&m, t, &BODY_25, -2000.0)]),
                10..=20 => openpose(&[b, a]),
                30..=32 => openpose(&[b]),
                _ => openpose(&[a, b]),
            }
        })
        .collect();
    let again = open(&json!(frames)).unwrap();
    assert_eq!(again.bodies, 2);
    for t in [0, 15, 39] {
        close(again.position(t, 0, 4), expected(&m, t, 10));
        let [x, y, z] = expected(&m, t, 10);
        close(again.position(t, 1, 4), [x + 1.75, y, z]);
    }
    assert!(!again.is_present(31, 0) && again.is_present(31, 1));
    let how = again.source.bodies_from.as_ref().unwrap();
    assert!(how.known.is_guess() && how.why.contains("2 people") && how.why.contains("left out"), "{how}");
    // numbers of people are believed
    let item = |t: usize, id: usize, shift: f32| json!({"image_id": t, "track_id": id, "keypoints": flat(&m, t, &COCO, shift)});
    let crossing: Vec<Value> =
        (0..40).flat_map(|t| [item(t, 2, 20.0 * t as f32), item(t, 7, 800.0 - 20.0 * t as f32)]).collect();
    let again = open(&json!(crossing)).unwrap();
    assert!(!again.source.bodies_from.as_ref().unwrap().known.is_guess());
    let [x, y, z] = expected(&m, 39, 3);
    close(again.position(39, 0, 0), [x + 780.0 * 0.0025, y, z]);
}

#[test]
fn places_in_space_are_read_with_and_without_confidence() {
    let m = wave();
    let each = |make: &dyn Fn(usize) -> Value| -> Value { (0..m.frames()).map(make).collect::<Vec<_>>().into() };
    let space = |t: usize, j: usize| m.position(t, 0, j).map(|v| 100.0 * v);
    let down = |t: usize, j: usize| {
        let [x, y, z] = space(t, j);
        [x, -y, -z, 0.8]
    };
    let panoptic = [20, 3, 0, 4, 5, 6, 12, 13, 14, 8, 9, 10, 16, 17, 18, 3, 2, 3, 2];
    let bodies = each(
        &|t| json!({"version": 0.7, "univTime": 1.5, "bodies": [{"id": 0, "joints19": panoptic.iter().flat_map(|&j| down(t, j)).collect::<Vec<_>>()}]}),
    );
    let easy = each(&|t| json!([{"id": 0, "keypoints3d": BODY_25.iter().map(|&j| down(t, j)).collect::<Vec<_>>()}]));
    let lifted = each(
        &|t| json!({"frame_id": t, "instances": [{"keypoints": COCO.iter().map(|&j| space(t, j)).collect::<Vec<_>>(), "keypoint_scores": vec![1.0; 17]}]}),
    );
    for (what, video, wrist, order) in [
        ("Panoptic", bodies, 11, 10),
        ("EasyMocap", easy, 4, 10),
        ("MMPose 3D", json!({"instance_info": lifted}), 10, 10),
    ] {
        let m2 = read(video.to_string().as_bytes(), "a.json", &ReadOptions::default())
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!((m2.frames(), m2.source.unit.name.as_ref()), (40, "cm"), "{what}");
        close(m2.position(17, 0, wrist), m.position(17, 0, order));
    }
}

#[test]
fn what_is_no_pose_says_what_was_expected() {
    for (text, said) in [
        ("{\"a\": 1}", "it has 'a'"),
        ("[{\"image_id\": \"0.jpg\", \"keypoints\": [1, 2, 0.9]}]", "3 numbers"),
        ("[{\"keypoints\": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [1, 1]]}]", "6 points"),
        ("{\"version\": 1.3, \"people\": []}", "nobody"),
        ("[{\"people\": []}, {\"people\": []}]", "nobody"),
        ("[1, 2, 3]", "expected an object"),
        ("[\"a\"]", "expected an object"),
        ("{\"people\": [", "ends early"),
        ("{\"people\": [}", "expected"),
    ] {
        let error = failure(text.as_bytes()).to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    let error = open(&openpose(&[[1.0, 2.0, 0.9].repeat(25)])).unwrap_err().to_string();
    assert!(error.contains("all joints are at one point"), "{error}");
    let zeros = openpose(&[vec![0.0; 75]]);
    assert!(open(&zeros).unwrap_err().to_string().contains("nobody"));
    // NaN, as Python writes it
    let m = wave();
    let text = json!([openpose(&[flat(&m, 0, &BODY_25, 0.0)]), openpose(&[flat(&m, 1, &BODY_25, 0.0)])]).to_string();
    let first = text.find("\"pose_keypoints_2d\":[").unwrap() + 21;
    let end = first + text[first..].find(',').unwrap();
    let text = format!("{}NaN{}", &text[..first], &text[end..]);
    assert_eq!(read(text.as_bytes(), "a.json", &ReadOptions::default()).unwrap().joints(), 25);
}

#[test]
fn points_on_an_edge_or_an_axis_are_there() {
    let m = wave();
    // the neck is in the first column of the picture, the hips in the first row
    let frames: Vec<Value> = (0..m.frames())
        .map(|t| {
            let mut points = flat(&m, t, &BODY_25, 0.0);
            points[3] = 0.0;
            points[3 * 8 + 1] = 0.0;
            openpose(&[points])
        })
        .collect();
    let again = open(&json!(frames)).unwrap();
    assert_eq!((again.joints(), &again.source.left_out), (25, &Vec::new()));
    close(again.position(7, 0, 1), [0.0, expected(&m, 7, BODY_25[1])[1], 0.0]);
}

#[test]
fn the_point_that_others_are_counted_from_is_there() {
    let m = wave();
    let from_hips = |t: usize, j: usize| {
        let (hips, at) = (m.position(t, 0, 0), m.position(t, 0, j));
        [0, 1, 2].map(|i| at[i] - hips[i])
    };
    let frames = |change: &dyn Fn(usize, &mut Vec<[f32; 3]>)| -> Value {
        let frame = |t: usize| {
            let mut points: Vec<[f32; 3]> = (0..25).map(|j| from_hips(t, j)).collect();
            change(t, &mut points);
            json!({"keypoints_3d": points})
        };
        (0..m.frames()).map(frame).collect::<Vec<_>>().into()
    };
    let options = ReadOptions { unit: Some(Unit::METRE), up: Some(UpAxis::PlusY), ..ReadOptions::default() };
    let open = |video: Value| read(video.to_string().as_bytes(), "a.json", &options).unwrap();
    let again = open(frames(&|_, _| {}));
    assert_eq!((again.joints(), &again.source.left_out), (25, &Vec::new()));
    close(again.position(9, 0, 0), [0.0; 3]);
    close(again.position(9, 0, 11), from_hips(9, 11));
    // a second one at the same place was not found
    let again = open(frames(&|_, points| points[19] = [0.0; 3]));
    assert_eq!(again.source.left_out.len(), 2, "{:?}", again.source.left_out);
    // where all others are on one side, nobody counts from it
    let again = open(frames(&|_, points| {
        points.iter_mut().skip(1).for_each(|p| p[2] += 4.0);
    }));
    assert_eq!(again.source.left_out.len(), 1, "{:?}", again.source.left_out);
}

#[test]
fn times_of_pictures_are_in_any_unit_and_bones_are_counted() {
    let m = wave();
    for (step, fps) in [(0.04, 25.0), (40.0, 25.0), (40_000.0, 25.0), (4e7, 25.0), (16.683, 60.0)] {
        let frame = |t: usize| json!({"timestamp": step * t as f64, "people": [{"pose_keypoints_2d": flat(&m, t, &BODY_25, 0.0)}]});
        let video: Vec<Value> = (0..m.frames()).map(frame).collect();
        assert_eq!(open(&json!(video)).unwrap().fps, fps, "{step}");
    }
    let names: Vec<String> = (0..17).map(|j| format!("p{j}")).collect();
    let links = vec![[0, 1]; 5000];
    let video = json!({"meta_info": {"keypoint_names": names, "skeleton_links": links},
        "instance_info": [{"frame_id": 0, "instances": [{"keypoints": flat(&m, 0, &COCO, 0.0)}]}]});
    let error = open(&video).unwrap_err().to_string();
    assert!(error.contains("the number of bones is 5000"), "{error}");
}

#[test]
fn frames_of_any_encoding_are_joined() {
    let m = wave();
    let text = |t: usize| openpose(&[flat(&m, t, &BODY_25, 0.0)]).to_string();
    let second = text(1);
    let wide = second.encode_utf16().flat_map(u16::to_le_bytes);
    let files = [
        ("a_0.json".to_owned(), text(0).into_bytes()),
        ("a_1.json".to_owned(), [0xff, 0xfe].into_iter().chain(wide).collect()),
        ("a_2.json".to_owned(), [b"\xef\xbb\xbf", text(2).as_bytes()].concat()),
    ];
    let again = read(&join_frames(&files).unwrap(), "a.json", &ReadOptions::default()).unwrap();
    assert_eq!((again.frames(), again.joints()), (3, 25));
}

#[test]
fn names_say_how_many_dimensions_points_have() {
    let m = wave();
    // a list of frames under a name that ends in a number is no third frame
    let space = |t: usize| -> Vec<[f32; 3]> { (0..25).map(|j| m.position(t, 0, j)).collect() };
    let video: Vec<Vec<[f32; 3]>> = (0..m.frames()).map(space).collect();
    for name in ["joints3d", "joints_3D", "keypoints3d", "pose3d", "xyz"] {
        let text = json!({name: video, "fps": 50}).to_string();
        let again = read(text.as_bytes(), "a.json", &ReadOptions::default()).unwrap();
        assert_eq!((again.frames(), again.bodies, again.joints(), again.fps), (40, 1, 25, 50.0), "{name}");
        assert!(again.source.left_out.is_empty(), "{:?}", again.source.left_out);
    }
    // a few entries are pictures of one person where they are near each other, else people in one picture
    let text = json!({"joints3d": video[..3]}).to_string();
    let again = read(text.as_bytes(), "a.json", &ReadOptions::default()).unwrap();
    assert_eq!((again.frames(), again.bodies), (3, 1));
    let people: Vec<Vec<[f32; 3]>> =
        (0..3).map(|k| video[0].iter().map(|[x, y, z]| [x + k as f32, *y, *z]).collect()).collect();
    let text = json!({"joints3d": people}).to_string();
    let again = read(text.as_bytes(), "a.json", &ReadOptions::default()).unwrap();
    assert_eq!((again.frames(), again.bodies), (1, 3));
    // confidences in percent are no depths
    let percent = |t: usize| -> Vec<f32> {
        flat(&m, t, &BODY_25, 0.0).chunks(3).enumerate().flat_map(|(j, p)| [p[0], p[1], 60.0 + j as f32]).collect()
    };
    let frames: Vec<Value> = (0..m.frames()).map(|t| openpose(&[percent(t)])).collect();
    same_person(&m, &open(&json!(frames)).unwrap(), &BODY_25);
    // an unknown number of points is named, not the numbers of a point
    let odd: Vec<Vec<[f32; 3]>> = video.iter().map(|points| points[..21].to_vec()).collect();
    let error = failure(json!({"joints3d": odd}).to_string().as_bytes()).to_string();
    assert!(error.contains("its JSON has 21 points"), "{error}");
}

#[test]
fn rates_are_quotients_and_odd_ones_are_named() {
    let m = wave();
    let frames: Vec<Value> = (0..m.frames()).map(|t| openpose(&[flat(&m, t, &BODY_25, 0.0)])).collect();
    let again = open(&json!({"fps": "30000/1001", "frames": frames})).unwrap();
    assert!((again.fps - 29.97).abs() < 1e-3 && again.source.warnings.is_empty(), "{}", again.fps);
    for odd in [json!(-3), json!(0), json!(1e308), json!("1/0")] {
        let again = open(&json!({"fps": odd, "frames": frames})).unwrap();
        let said = again.source.warnings.join(" ");
        assert!(again.fps == 30.0 && said.contains("a frame rate of"), "{odd}: {said}");
    }
}

/// Somebody on the joints of a layout, a frame an entry.
fn on(layout: Layout) -> Vec<Vec<[f32; 3]>> {
    let values = arrays::waving(layout);
    let joints = layout.names().len();
    values.chunks_exact(3 * joints).map(|frame| frame.as_chunks().0.to_vec()).collect()
}

#[test]
fn an_order_of_points_makes_a_body_or_is_refused() {
    let read = |json: Value| read(json.to_string().as_bytes(), "a.json", &ReadOptions::default());
    // of layouts with as many points the one that is a body, whether estimators or sensors have it
    for layout in [
        Layout::Coco17,
        Layout::Human17,
        Layout::Inf17,
        Layout::OpenPose15,
        Layout::Sbu15,
        Layout::Cad15,
        Layout::OpenPose25,
        Layout::Ntu25,
        Layout::Utd20,
        Layout::Kinect20,
        Layout::Halpe26,
        Layout::Smpl24,
    ] {
        let m = read(json!({"fps": 30, "keypoints_3d": on(layout)})).unwrap_or_else(|e| panic!("{layout:?}: {e}"));
        assert_eq!(m.skeleton.names, layout.names(), "{layout:?}");
    }
    // an order of somebody's own is no known one, neither in space nor in a picture
    let own: Vec<Vec<[f32; 3]>> =
        on(Layout::Coco17).iter().map(|frame| (0..17).map(|j| frame[5 * j % 17]).collect()).collect();
    let error = read(json!({"keypoints_3d": own})).unwrap_err().to_string();
    assert!(error.contains("17 points a person") && error.contains("COCO") && error.contains("Human3.6M"), "{error}");
    assert!(error.contains("`parents`"), "{error}");
    let picture: Vec<Value> = own
        .iter()
        .enumerate()
        .map(|(t, frame)| json!({"image_id": t, "keypoints": frame.iter().flat_map(|[x, y, _]| [400.0 * x, 900.0 - 400.0 * y, 0.9]).collect::<Vec<f32>>()}))
        .collect();
    let error = read(json!(picture)).unwrap_err().to_string();
    assert!(error.contains("17 points a person"), "{error}");
}

#[test]
fn names_and_parents_of_the_file_itself_are_believed() {
    let person = humanoid::perform(humanoid::Action::RaiseRightHand, &humanoid::Person::default(), 30.0).cropped(0..20);
    let names = &person.skeleton.names;
    let parents: Vec<i64> = person.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
    let nulls: Vec<Option<usize>> = person.skeleton.parents.clone();
    let positions: Vec<Vec<[f32; 3]>> =
        (0..20).map(|t| (0..person.joints()).map(|j| person.position(t, 0, j)).collect()).collect();
    let flat: Vec<Vec<f32>> = positions.iter().map(|frame| frame.concat()).collect();
    for (what, video) in [
        ("a list", json!({"fps": 30, "joint_names": names, "parents": parents, "positions": positions})),
        ("nothing for a root", json!({"fps": 30, "joint_names": names, "parents": nulls, "positions": positions})),
        ("within", json!({"fps": 30, "skeleton": {"names": names, "parents": parents}, "positions": positions})),
        (
            "frames",
            json!({"fps": 30, "joint_names": names, "parents": parents,
            "frames": flat.iter().map(|f| json!({"joints_3d": f})).collect::<Vec<_>>()}),
        ),
    ] {
        let m = read(video.to_string().as_bytes(), "a.json", &ReadOptions::default())
            .unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!((&m.skeleton.names, &m.skeleton.parents), (names, &person.skeleton.parents), "{what}");
        assert_eq!((m.frames(), m.source.up), (20, UpAxis::PlusY), "{what}");
        close(m.position(13, 0, 7), person.position(13, 0, 7));
    }
    // names that tell no parts of a body do not say what hangs from what
    let numbered: Vec<String> = (0..names.len()).map(|j| format!("p{j}")).collect();
    let alone = json!({"joint_names": numbered, "positions": positions}).to_string();
    let error = failure(alone.as_bytes()).to_string();
    assert!(error.contains("21 points a person") && error.contains("`parents`"), "{error}");
    // parents that are no tree are none
    let ring: Vec<usize> = (0..21).map(|j| (j + 1) % 21).collect();
    assert!(
        read(
            json!({"joint_names": numbered, "parents": ring, "positions": positions}).to_string().as_bytes(),
            "a.json",
            &ReadOptions::default()
        )
        .is_err()
    );
}

#[test]
fn a_score_beyond_one_is_no_depth() {
    let m = wave();
    let video = |change: &dyn Fn(usize, &mut Vec<f32>)| -> Value {
        let frame = |t: usize| {
            let mut points = flat(&m, t, &COCO, 0.0);
            // the right wrist was not found, and is in the corner of the picture
            if (10..=12).contains(&t) {
                points[3 * 10..3 * 11].copy_from_slice(&[3.0, 3.0, 0.02]);
            }
            change(t, &mut points);
            json!({"image_id": t, "keypoints": points})
        };
        (0..m.frames()).map(frame).collect::<Vec<_>>().into()
    };
    let right = open(&video(&|_, _| {})).unwrap();
    let (before, after) = (expected(&m, 9, 10), expected(&m, 13, 10));
    close(right.position(10, 0, 10), [0, 1, 2].map(|i| 0.75 * before[i] + 0.25 * after[i]));
    for (what, score) in [("a little", 1.03), ("more", 1.9), ("below zero", -0.02)] {
        let odd = video(&|t, points| {
            if t == 35 {
                points[3 * 5 + 2] = score
            }
        });
        let again = open(&odd).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(again.position(10, 0, 10), right.position(10, 0, 10), "{what}");
    }
    // depths are depths: metres before a camera, and pixels
    for (scale, away) in [(0.001, 1.4), (1.0, 0.0)] {
        let frame = |t: usize| -> Vec<f32> {
            COCO.iter()
                .flat_map(|&j| {
                    let ([x, y], [_, _, z]) = (pixel(&m, t, j), m.position(t, 0, j));
                    [scale * x, scale * y, scale * 400.0 * -z + away]
                })
                .collect()
        };
        let video: Vec<Value> = (0..m.frames()).map(|t| json!({"image_id": t, "keypoints": frame(t)})).collect();
        let again = open(&json!(video)).unwrap();
        let deep = (0..17).any(|j| (again.position(20, 0, j)[2] - again.position(20, 0, 0)[2]).abs() > 1e-6);
        assert!(deep, "{scale}");
    }
}

#[test]
fn a_list_for_each_coordinate_is_a_person() {
    let m = wave();
    let column = |t: usize, axis: usize| -> Vec<f32> { COCO.iter().map(|&j| pixel(&m, t, j)[axis]).collect() };
    let box_of = json!({"x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0});
    let person = |t: usize| {
        json!({"name": "person", "class": 0, "confidence": 0.9, "box": box_of,
        "keypoints": {"x": column(t, 0), "y": column(t, 1), "visible": vec![0.99; 17]}})
    };
    let frames: Vec<Value> = (0..m.frames()).map(|t| json!([person(t)])).collect();
    same_person(&m, &open(&json!(frames)).unwrap(), &COCO);
    // a picture with nobody in it
    let mut gap = frames.clone();
    gap[5] = json!([]);
    assert!(!open(&json!(gap)).unwrap().is_present(5, 0));
    // without confidences
    let plain: Vec<Value> =
        (0..m.frames()).map(|t| json!([{"keypoints": {"x": column(t, 0), "y": column(t, 1)}}])).collect();
    same_person(&m, &open(&json!(plain)).unwrap(), &COCO);
}

#[test]
fn nobody_is_said_only_where_places_for_people_are_empty() {
    let face: Vec<Value> = (0..478).map(|k| json!({"x": 0.001 * k as f64, "y": 0.5, "z": 0.0})).collect();
    let uneven = json!([[{"keypoints": {"x": vec![1.0; 17], "y": vec![1.0; 16]}}]]);
    for (json, said) in [
        (json!([{"landmarks": face}]), "478 points (a face has so many)"),
        (json!({"frames": [{"landmarks": face[..21]}]}), "21 points (a hand has so many)"),
        (uneven, "nobody's joints (it has 'keypoints')"),
        (json!({"persons": [{"id": 1, "odd": {"a": [1.0, 2.0]}}]}), "nobody's joints (it has 'persons')"),
    ] {
        let error = failure(json.to_string().as_bytes()).to_string();
        assert!(error.contains(said) && !error.contains("nobody is"), "{error}");
    }
    for empty in [
        json!({"people": [{"pose_keypoints_2d": []}]}),
        json!([{"frame": 0, "instances": []}]),
        json!({"frames": [{"pose_landmarks": null}, {"pose_landmarks": []}]}),
    ] {
        let error = failure(empty.to_string().as_bytes()).to_string();
        assert!(error.contains("nobody is in any frame"), "{empty}: {error}");
    }
}

#[test]
fn people_may_come_before_their_frames() {
    let m = wave();
    let rows = |t: usize, shift: f32| -> Vec<[f32; 2]> {
        COCO.iter().map(|&j| pixel(&m, t, j)).map(|[x, y]| [x + shift, y]).collect()
    };
    let all = |shift: f32| -> Vec<Vec<[f32; 2]>> { (0..m.frames()).map(|t| rows(t, shift)).collect() };
    let numbers: Vec<usize> = (10..10 + m.frames()).collect();
    let own = |shift: f32| -> Vec<Value> {
        (0..m.frames()).map(|t| json!({"frame": t, "keypoints": flat(&m, t, &COCO, shift)})).collect()
    };
    for (what, video, people) in [
        ("VIBE", json!({"1": {"joints2d": all(0.0), "frame_ids": numbers}}), 1),
        (
            "people",
            json!({"fps": 30, "people": [{"id": 1, "keypoints": all(0.0)}, {"id": 2, "keypoints": all(700.0)}]}),
            2,
        ),
        (
            "frames of each",
            json!({"fps": 30, "persons": [{"id": 1, "frames": own(0.0)}, {"id": 2, "frames": own(700.0)}]}),
            2,
        ),
        ("numbers", json!({"fps": 30, "tracks": {"3": own(0.0), "7": own(700.0)}}), 2),
        ("names", json!({"fps": 30, "anna": all(0.0), "ben": all(700.0)}), 2),
        ("a list", json!([{"id": 4, "frames": own(0.0)}, {"id": 9, "frames": own(700.0)}]), 2),
    ] {
        let again = open(&video).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(again.bodies, people, "{what}");
        same_person(&m, &again, &COCO);
        if people == 2 {
            let [x, y, z] = expected(&m, 17, 10);
            close(again.position(17, 1, 10), [x + 1.75, y, z]);
        }
    }
    // several people in one picture are no person over time
    let crowd: Vec<Vec<[f32; 2]>> = (0..8).map(|k| rows(0, 300.0 * k as f32)).collect();
    let again = open(&json!({"0": crowd, "1": crowd})).unwrap();
    assert_eq!((again.frames(), again.bodies), (2, 8));
    let one = json!({"people": [{"keypoints": rows(0, 0.0)}, {"keypoints": rows(0, 700.0)}]});
    let again = open(&one).unwrap();
    assert_eq!((again.frames(), again.bodies), (1, 2));
}

/// Small files for mutations.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let m = wave().cropped(0..2);
    let frames: Vec<Value> = (0..2).map(|t| openpose(&[flat(&m, t, &BODY_25, 0.0)])).collect();
    let coco: Vec<Value> = (0..2).map(|t| json!({"image_id": t, "keypoints": flat(&m, t, &COCO, 0.0)})).collect();
    let points = |t: usize| -> Vec<Value> {
        MEDIAPIPE
            .iter()
            .map(|&j| {
                let [x, y] = pixel(&m, t, j);
                json!({"x": x, "y": y, "z": 0.5, "visibility": 1})
            })
            .collect()
    };
    [json!(frames), json!(coco), json!({"frames": [points(0), points(1)]})].map(|v| v.to_string().into_bytes()).to_vec()
}

#[test]
fn who_performs_is_as_tall_as_people_are_whoever_is_listed_first() {
    let near = wave();
    // far away, a third of the size, and walking past
    let far = |t: usize| -> Vec<f32> {
        BODY_25
            .iter()
            .flat_map(|&j| {
                let [x, y] = pixel(&near, 0, j);
                [100.0 + x / 3.0 + t as f32, 200.0 + y / 3.0, 0.9]
            })
            .collect()
    };
    let video = |first: bool| -> Vec<Value> {
        (0..near.frames())
            .map(|t| {
                let mut people = vec![far(t), flat(&near, t, &BODY_25, 0.0)];
                if !first {
                    people.reverse();
                }
                openpose(&people)
            })
            .collect()
    };
    for first in [true, false] {
        let frames = Value::from(video(first)).to_string();
        let read = read(frames.as_bytes(), "a.json", &ReadOptions::default()).unwrap();
        let performer = usize::from(first);
        assert_eq!((read.bodies, read.performer), (2, Some(performer)), "{}", read.source);
        assert!((1.5..1.9).contains(&read.only(performer).height()), "{}", read.only(performer).height());
        assert!(read.only(1 - performer).height() < 0.8);
        assert_eq!(read.source.unit_from.known, super::super::Known::Assumed, "{}", read.source);
    }
}

#[test]
fn points_that_are_nothing_were_not_seen() {
    let m = wave();
    let rows = |gap: Value| -> Value {
        let frame = |t: usize| -> Vec<Value> {
            let point = |(k, &j): (usize, &usize)| match (t, k) {
                // one joint for three frames
                (10..=12, 9) => gap.clone(),
                _ => {
                    let [x, y, z] = m.position(t, 0, j);
                    json!([x, y, z])
                }
            };
            COCO.iter().enumerate().map(point).collect()
        };
        json!({"keypoints_3d": (0..m.frames()).map(frame).collect::<Vec<_>>(), "fps": 30})
    };
    let whole = read(rows(json!([0.3, 1.2, 0.1])).to_string().as_bytes(), "a.json", &ReadOptions::default()).unwrap();
    for gap in [json!(null), json!([null, null, null]), json!([null, 1.0, null])] {
        let read = read(rows(gap.clone()).to_string().as_bytes(), "a.json", &ReadOptions::default()).unwrap();
        assert_eq!((read.frames(), read.present.iter().all(|there| *there)), (whole.frames(), true), "{gap}");
        let [before, within, after] = [9, 11, 13].map(|t| glam::Vec3::from(read.position(t, 0, 9)));
        assert!(within.distance(before.lerp(after, 0.5)) < 1e-3, "{gap}");
    }
}
