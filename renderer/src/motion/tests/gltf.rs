//! glTF against positions worked out by hand, from files built byte by byte.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Companion, read_file};
use super::*;

/// Half of the square root of two.
const H: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// Collects accessors over one buffer.
#[derive(Default)]
pub(super) struct Data {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Data {
    /// Floats, as many to an element as the kind says; the accessor's number.
    pub(super) fn floats(&mut self, kind: &str, values: &[f32]) -> usize {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.add(kind, 5126, values.len(), &bytes, json!({"max": [values.last()]}))
    }

    fn add(&mut self, kind: &str, component: u32, numbers: usize, bytes: &[u8], more: Value) -> usize {
        let width = match kind {
            "SCALAR" => 1,
            "VEC3" => 3,
            _ => 4,
        };
        self.views.push(json!({"buffer": 0, "byteOffset": self.bytes.len(), "byteLength": bytes.len()}));
        self.bytes.extend_from_slice(bytes);
        let mut accessor = json!({"bufferView": self.views.len() - 1, "componentType": component, "count": numbers / width, "type": kind});
        for (key, value) in more.as_object().unwrap() {
            accessor[key] = value.clone();
        }
        self.accessors.push(accessor);
        self.accessors.len() - 1
    }

    /// The document with this buffer in it.
    fn finish(&self, mut document: Value) -> (Value, Vec<u8>) {
        document["asset"] = json!({"version": "2.0"});
        document["bufferViews"] = json!(self.views);
        document["accessors"] = json!(self.accessors);
        document["buffers"] = json!([{"byteLength": self.bytes.len()}]);
        (document, self.bytes.clone())
    }
}

/// A GLB file of both chunks.
fn glb((document, bin): &(Value, Vec<u8>)) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], mut content: Vec<u8>, pad: u8| {
        content.resize(content.len().next_multiple_of(4), pad);
        [&(content.len() as u32).to_le_bytes()[..], kind, &content].concat()
    };
    let chunks = [chunk(b"JSON", document.to_string().into_bytes(), b' '), chunk(b"BIN\0", bin.clone(), 0)].concat();
    [b"glTF", &2u32.to_le_bytes()[..], &(chunks.len() as u32 + 12).to_le_bytes(), &chunks].concat()
}

/// An armature turned a quarter about y and half as large, hips that move, a spine, and legs of which the left one turns.
/// Every tenth of a second, for a second.
fn person() -> (Value, Vec<u8>) {
    let mut data = Data::default();
    let times: Vec<f32> = (0..=20).map(|k| k as f32 / 20.0).collect();
    let hips: Vec<f32> = times.iter().flat_map(|t| [2.0 * t, 2.0, 0.0]).collect();
    let (input, moving) = (data.floats("SCALAR", &times), data.floats("VEC3", &hips));
    let (ends, turning) =
        (data.floats("SCALAR", &[0.0, 1.0]), data.floats("VEC4", &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, H, H]));
    let joint = |name: &str, at: [f32; 3], children: &[usize]| match children {
        [] => json!({"name": name, "translation": at}),
        _ => json!({"name": name, "translation": at, "children": children}),
    };
    let document = json!({
        "scenes": [{"nodes": [0]}], "scene": 0,
        "nodes": [
            {"name": "Armature", "rotation": [0.0, H, 0.0, H], "scale": [0.5, 0.5, 0.5], "children": [1, 9]},
            joint("mixamorig:Hips", [0.0, 1.5, 0.0], &[2, 4, 6]),
            joint("mixamorig:Spine", [0.0, 0.5, 0.0], &[3]),
            joint("mixamorig:Head", [0.0, 0.5, 0.0], &[]),
            joint("mixamorig:LeftUpLeg", [0.2, 0.0, 0.0], &[5]),
            joint("mixamorig:LeftLeg", [0.0, -1.0, 0.0], &[8]),
            joint("mixamorig:RightUpLeg", [-0.2, 0.0, 0.0], &[7]),
            joint("mixamorig:RightLeg", [0.0, -1.0, 0.0], &[]),
            joint("mixamorig:LeftFoot", [0.0, -1.0, 0.0], &[]),
            {"name": "Body", "mesh": 0, "skin": 0},
        ],
        "meshes": [{"primitives": [{"attributes": {}}]}],
        "skins": [{"joints": [1, 2, 3, 4, 5, 6, 7, 8]}],
        "animations": [{
            "name": "walk",
            "samplers": [{"input": input, "output": moving}, {"input": ends, "output": turning, "interpolation": "LINEAR"}],
            "channels": [
                {"sampler": 0, "target": {"node": 1, "path": "translation"}},
                {"sampler": 1, "target": {"node": 4, "path": "rotation"}},
                {"sampler": 1, "target": {"node": 9, "path": "weights"}},
            ],
        }],
    });
    data.finish(document)
}

fn open(bytes: &[u8]) -> Result<Motion, MotionError> {
    read(bytes, "person.glb", &ReadOptions::default())
}

fn joint(m: &Motion, t: usize, name: &str) -> [f32; 3] {
    m.position(t, 0, m.skeleton.joint(name).unwrap_or_else(|| panic!("no {name} in {:?}", m.skeleton.names)))
}

#[test]
fn joints_are_where_nodes_and_curves_put_them() {
    let m = open(&glb(&person())).unwrap();
    // keys lie a twentieth apart
    assert_eq!((m.frames(), m.fps, m.bodies, m.joints()), (21, 20.0, 1, 8));
    assert_eq!((m.source.unit.clone(), m.source.up), (Unit::METRE, UpAxis::PlusY));
    // the armature halves (t·2, 2, 0) and takes x to −z
    close(joint(&m, 10, "mixamorig:Hips"), [0.0, 1.0, -0.5]);
    close(joint(&m, 20, "mixamorig:Head"), [0.0, 1.5, -1.0]);
    close(joint(&m, 0, "mixamorig:LeftUpLeg"), [0.0, 1.0, -0.1]);
    // half of a quarter turn about z: −y goes to (sin 45°, −cos 45°, 0), then the armature
    close(joint(&m, 10, "mixamorig:LeftLeg"), [0.0, 1.0 - H / 2.0, -0.6 - H / 2.0]);
    close(joint(&m, 20, "mixamorig:LeftFoot"), [0.0, 1.0, -2.1]);
    close(joint(&m, 20, "mixamorig:RightLeg"), [0.0, 0.5, -0.9]);
    let left = m.skeleton.joint("mixamorig:LeftLeg").unwrap();
    assert_eq!(m.skeleton.names[m.skeleton.mirror[left]], "mixamorig:RightLeg");
    // orientations are those since the file's own pose
    let hip = m.skeleton.joint("mixamorig:LeftUpLeg").unwrap();
    assert_eq!(m.orientation(0, 0, hip).map(|v| (v * 1e4).round() / 1e4), [1.0, 0.0, 0.0, 0.0]);
    let turned = m.orientation(20, 0, hip);
    // a quarter about the armature's z, which is x of the world
    assert!([H, H, 0.0, 0.0].iter().zip(turned).all(|(a, b)| (a - b).abs() < 1e-4), "{turned:?}");
}

#[test]
fn text_with_embedded_or_separate_buffers_is_the_same() {
    let (mut document, bin) = person();
    let expected = open(&glb(&(document.clone(), bin.clone()))).unwrap().positions;
    let encoded = |bytes: &[u8]| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(bytes)
    };
    document["buffers"][0]["uri"] = json!(format!("data:application/octet-stream;base64,{}", encoded(&bin)));
    assert_eq!(open(document.to_string().as_bytes()).unwrap().positions, expected);
    document["buffers"][0]["uri"] = json!("person%20one.bin");
    let text = document.to_string();
    let error = open(text.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("'person one.bin' is missing"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("person.gltf");
    std::fs::write(&path, &text).unwrap();
    std::fs::write(folder.path().join("person one.bin"), &bin).unwrap();
    assert_eq!(read_file(&path, &ReadOptions::default()).unwrap().positions, expected);
    let options = ReadOptions { sidecar: Some(bin.clone()), ..ReadOptions::default() };
    assert_eq!(read(text.as_bytes(), "person.gltf", &options).unwrap().positions, expected);
    // nothing but what lies beside it is read
    for outside in ["../secret.bin", "/etc/hostname", "file:///etc/hostname", "C:\\x.bin", "a/../../b.bin"] {
        document["buffers"][0]["uri"] = json!(outside);
        let error = open(document.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains("not beside it"), "{outside}: {error}");
    }
}

/// A pair of joints, of which the first is moved along x by a curve.
fn curve(times: &[f32], values: &[f32], interpolation: &str) -> Motion {
    let mut data = Data::default();
    let (input, output) = (data.floats("SCALAR", times), data.floats("VEC3", values));
    let document = json!({
        "nodes": [{"name": "Hips", "children": [1]}, {"name": "Head", "translation": [0.0, 1.5, 0.0]}],
        "skins": [{"joints": [0, 1]}],
        "animations": [{
            "samplers": [{"input": input, "output": output, "interpolation": interpolation}],
            "channels": [{"sampler": 0, "target": {"node": 0, "path": "translation"}}],
        }],
    });
    open(&glb(&data.finish(document))).unwrap()
}

#[test]
fn curves_are_stepped_straight_or_splines() {
    let x = |m: &Motion, t: usize| m.position(t, 0, 0)[0];
    let step = curve(&[0.0, 1.0], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0], "STEP");
    // keys too far apart to be frames: thirty a second
    assert_eq!((step.fps, step.frames()), (30.0, 31));
    assert_eq!([x(&step, 0), x(&step, 29), x(&step, 30)], [0.0, 0.0, 1.0]);
    let straight = curve(&[0.0, 1.0], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0], "LINEAR");
    assert!((x(&straight, 6) - 0.2).abs() < 1e-6);
    // in-tangent, value, out-tangent of each key; at a fifth of the way: 3s²−2s³ + 2(s³−2s²+s) = 0.104 + 0.256
    let spline = curve(
        &[0.0, 1.0],
        &[9.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 9.0, 0.0, 0.0],
        "CUBICSPLINE",
    );
    assert!((x(&spline, 6) - 0.36).abs() < 1e-6, "{}", x(&spline, 6));
    assert!((x(&spline, 30) - 1.0).abs() < 1e-6);
    // a clock that does not begin at zero, and a single key
    let late = curve(&[5.0, 5.5], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0], "LINEAR");
    assert_eq!((late.frames(), x(&late, 0), x(&late, 15)), (16, 0.0, 1.0));
    assert_eq!(curve(&[0.0], &[1.0, 0.0, 0.0], "LINEAR").frames(), 1);
}

#[test]
fn whole_numbers_strides_and_sparse_accessors_are_read() {
    let mut data = Data::default();
    let input = data.floats("SCALAR", &[0.0, 1.0]);
    // a turn in shares of 32767
    let turn: Vec<u8> = [0i16, 0, 0, 32767, 0, 0, 23170, 23170].iter().flat_map(|v| v.to_le_bytes()).collect();
    let turn = data.add("VEC4", 5122, 8, &turn, json!({"normalized": true}));
    // sixteen bytes to an element of twelve
    let places: Vec<u8> = [1f32, 0.0, 0.0, 99.0, 2.0, 0.0, 0.0, 99.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let place = data.add("VEC3", 5126, 6, &places, json!({}));
    data.views.last_mut().unwrap()["byteStride"] = json!(16);
    // zeros but for the second element
    let at = data.floats("VEC3", &[0.0, 3.0, 0.0]);
    let index = data.add("SCALAR", 5121, 1, &[1, 0, 0, 0], json!({}));
    let view = |accessor: usize| data.accessors[accessor]["bufferView"].clone();
    let sparse = json!({"count": 1, "indices": {"bufferView": view(index), "componentType": 5121}, "values": {"bufferView": view(at)}});
    data.accessors.push(json!({"componentType": 5126, "count": 2, "type": "VEC3", "sparse": sparse}));
    let sparse = data.accessors.len() - 1;
    let channel =
        |sampler: usize, node: usize, path: &str| json!({"sampler": sampler, "target": {"node": node, "path": path}});
    let sampler = |output: usize| json!({"input": input, "output": output});
    let document = json!({
        "nodes": [
            {"name": "Hips", "children": [1]},
            {"name": "Spine", "children": [2]},
            {"name": "Head", "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1]},
        ],
        "skins": [{"joints": [0, 1, 2]}],
        "animations": [{
            "samplers": [sampler(turn), sampler(place), sampler(sparse)],
            "channels": [channel(0, 1, "rotation"), channel(1, 0, "translation"), channel(2, 1, "translation")],
        }],
    });
    let options = ReadOptions { unit: Some(Unit::METRE), ..ReadOptions::default() };
    let m = read(&glb(&data.finish(document)), "a.glb", &options).unwrap();
    close(joint(&m, 0, "Head"), [1.0, 1.0, 0.0]);
    close(joint(&m, 30, "Hips"), [2.0, 0.0, 0.0]);
    // a quarter about z takes the head from y to −x
    close(joint(&m, 30, "Head"), [1.0, 3.0, 0.0]);
}

#[test]
fn of_several_animations_the_longest_is_read_unless_one_is_named() {
    let (mut document, bin) = person();
    let mut short = document["animations"][0].clone();
    short["name"] = json!("stand");
    short["samplers"][0] = short["samplers"][1].clone();
    short["channels"] = json!([{"sampler": 1, "target": {"node": 6, "path": "rotation"}}]);
    let long = document["animations"][0].clone();
    document["animations"] = json!([short, long]);
    // both last a second; of equals the first
    document["accessors"][0]["max"] = json!([1.5]);
    let bytes = glb(&(document, bin));
    let m = open(&bytes).unwrap();
    let note = m.source.warnings.iter().find(|w| w.contains("2 animations")).unwrap();
    assert!(note.contains("'stand', 'walk'") && note.contains("'walk' is read"), "{note}");
    for (wanted, hips) in [("WALK", [0.0, 1.0, -0.5]), ("2", [0.0, 1.0, -0.5]), ("stand", [0.0, 0.75, 0.0])] {
        let options = ReadOptions { animation: Some(wanted.to_owned()), ..ReadOptions::default() };
        let m = read(&bytes, "a.glb", &options).unwrap();
        let middle = m.frames() / 2;
        close(joint(&m, middle, "mixamorig:Hips"), hips);
    }
    let options = ReadOptions { animation: Some("run".to_owned()), ..ReadOptions::default() };
    let error = read(&bytes, "a.glb", &options).unwrap_err().to_string();
    assert!(error.contains("no animation 'run'") && error.contains("'stand'"), "{error}");
}

#[test]
fn skins_of_one_skeleton_are_one_body_and_others_are_others() {
    let (mut document, bin) = person();
    // clothes: a second skin on some of the same joints, and a bone of an exporter that carries nothing
    document["nodes"].as_array_mut().unwrap().push(json!({"name": "neutral_bone"}));
    document["skins"] = json!([{"joints": [1, 2, 3, 4, 5]}, {"joints": [4, 5, 6, 7, 8, 10]}]);
    let m = open(&glb(&(document.clone(), bin.clone()))).unwrap();
    assert_eq!((m.bodies, m.joints()), (1, 8));
    assert_eq!(m.source.left_out, ["neutral_bone"]);
    // deforming bones alone: the hips hold no skin, but hold the body together
    document["skins"] = json!([{"joints": [2, 3, 4, 5, 6, 7, 8]}]);
    assert_eq!(open(&glb(&(document, bin))).unwrap().joints(), 8);

    // a second person, a metre beside
    let (mut document, bin) = person();
    let nodes: Vec<Value> = document["nodes"].as_array().unwrap().clone();
    let shift = nodes.len();
    let copied: Vec<Value> = nodes
        .iter()
        .enumerate()
        .map(|(k, node)| {
            let mut node = node.clone();
            if let Some(children) = node["children"].as_array().cloned() {
                node["children"] = children.iter().map(|c| json!(c.as_u64().unwrap() as usize + shift)).collect();
            }
            if k == 0 {
                node["translation"] = json!([0.0, 0.0, 1.0]);
            }
            node
        })
        .collect();
    document["nodes"].as_array_mut().unwrap().extend(copied);
    document["skins"].as_array_mut().unwrap().push(json!({"joints": (1..9).map(|j| j + shift).collect::<Vec<_>>()}));
    let m = open(&glb(&(document, bin))).unwrap();
    assert_eq!((m.bodies, m.joints()), (2, 8));
    let hips = m.skeleton.joint("mixamorig:Hips").unwrap();
    close(m.position(10, 0, hips), [0.0, 1.0, -0.5]);
    // the second one is not moved by the animation
    close(m.position(10, 1, hips), [0.0, 0.75, 1.0]);
}

#[test]
fn without_a_skin_the_nodes_that_move_are_joints() {
    let (mut document, bin) = person();
    document.as_object_mut().unwrap().remove("skins");
    document["nodes"][9] = json!({"name": "Body", "mesh": 0});
    let m = open(&glb(&(document, bin))).unwrap();
    assert_eq!(m.joints(), 8);
    close(joint(&m, 10, "mixamorig:Hips"), [0.0, 1.0, -0.5]);
    assert!(m.source.warnings.iter().any(|w| w.contains("no skin")), "{:?}", m.source.warnings);
}

#[test]
fn a_model_in_centimetres_is_no_giant() {
    let (mut document, bin) = person();
    document["nodes"][0]["scale"] = json!([50, 50, 50]);
    let m = open(&glb(&(document, bin))).unwrap();
    assert!((0.5..3.0).contains(&m.height()), "{}", m.height());
    assert!(m.source.warnings.iter().any(|w| w.contains("metres")), "{:?}", m.source.warnings);
}

#[test]
fn damaged_files_say_what_is_wrong() {
    let good = person();
    for (change, said) in [
        (json!({"animations": []}), "no animation"),
        (json!({"animations": [{"samplers": [], "channels": []}]}), "moves a node"),
        (json!({"skins": [{"joints": [1, 99]}]}), "joint 99"),
        (json!({"skins": [{"joints": [1]}]}), "fewer than two joints"),
        (json!({"buffers": [{"byteLength": 1, "uri": "data:;base64,????"}]}), "no base64"),
        (json!({"buffers": []}), "no buffer 0"),
        (json!({"bufferViews": []}), "no buffer view"),
        (json!({"bufferViews": [{"buffer": 0, "byteLength": 4}]}), "buffer view"),
        (json!({"accessors": []}), "no accessor"),
        (json!({"asset": {"version": "1.0"}}), "glTF '1.0'"),
        (json!({"extensionsRequired": ["EXT_meshopt_compression"]}), "EXT_meshopt_compression"),
        (
            json!({"accessors": [{"componentType": 5126, "count": 4_000_000_000u64, "type": "SCALAR", "bufferView": 0}]}),
            "limit of",
        ),
    ] {
        let (mut document, bin) = good.clone();
        for (key, value) in change.as_object().unwrap() {
            document[key] = value.clone();
        }
        let error = open(&glb(&(document, bin))).unwrap_err().to_string();
        assert!(error.starts_with("person.glb") && error.contains(said), "{change}: {error}");
    }
    let bytes = glb(&good);
    for end in (4..bytes.len()).step_by(7) {
        assert!(open(&bytes[..end]).is_err(), "{end}");
    }
    // a node has one parent, the first; and a ring hangs from nothing
    let (mut document, bin) = good;
    document["nodes"][8]["children"] = json!([1]);
    assert_eq!(open(&glb(&(document.clone(), bin.clone()))).unwrap().joints(), 8);
    document["nodes"][0]["children"] = json!([9]);
    assert!(open(&glb(&(document, bin))).unwrap_err().to_string().contains("no node of the scene"));
    let mut old = bytes.clone();
    old[4] = 1;
    assert!(open(&old).unwrap_err().to_string().contains("version 1"));
}

#[test]
fn of_several_buffers_each_is_found_by_its_name() {
    let (mut document, bin) = person();
    let expected = open(&glb(&(document.clone(), bin.clone()))).unwrap().positions;
    // the last accessor has a file of its own
    let last = document["bufferViews"].as_array().unwrap().len() - 1;
    let at = document["bufferViews"][last]["byteOffset"].as_u64().unwrap() as usize;
    document["bufferViews"][last]["buffer"] = json!(1);
    document["bufferViews"][last]["byteOffset"] = json!(0);
    let (times, turns) = bin.split_at(at);
    let written = |uris: [&str; 2]| {
        let mut document = document.clone();
        let buffer = |k: usize, length: usize| json!({"byteLength": length, "uri": uris[k]});
        document["buffers"] = json!([buffer(0, times.len()), buffer(1, turns.len())]);
        document.to_string().into_bytes()
    };
    // one file without a name may be either
    let text = written(["a.bin", "b.bin"]);
    let options = ReadOptions { sidecar: Some(bin.clone()), ..ReadOptions::default() };
    let error = read(&text, "p.gltf", &options).unwrap_err().to_string();
    assert!(error.contains("2 files ('a.bin', 'b.bin')"), "{error}");
    let given = |names: &[(&str, &[u8])]| {
        let companion =
            |(name, bytes): &(&str, &[u8])| Companion { name: (*name).to_owned(), bytes: Arc::new(bytes.to_vec()) };
        ReadOptions { companions: names.iter().map(companion).collect(), ..ReadOptions::default() }
    };
    let options = given(&[("c.bin", turns), ("B.bin", turns), ("folder/a.bin", times)]);
    assert_eq!(read(&text, "p.gltf", &options).unwrap().positions, expected);
    let error = read(&text, "p.gltf", &given(&[("a.bin", times), ("c.bin", turns)])).unwrap_err().to_string();
    assert!(error.contains("'b.bin' is missing"), "{error}");
    // files of one name in two folders are known by their folders, or not at all
    let text = written(["a/x.bin", "b/x.bin"]);
    let error = read(&text, "p.gltf", &given(&[("x.bin", &bin)])).unwrap_err().to_string();
    assert!(error.contains("2 files"), "{error}");
    let options = given(&[("a/x.bin", times), ("b/x.bin", turns)]);
    assert_eq!(read(&text, "p.gltf", &options).unwrap().positions, expected);
}

#[test]
fn what_a_file_counts_is_counted_before_it_is_made() {
    let start = std::time::Instant::now();
    // two bytes and a comma a node, of which a million take hundreds of megabytes
    let nodes = format!("{{\"asset\":{{\"version\":\"2.0\"}},\"nodes\":[{}{{}}]}}", "{},".repeat(2_000_000));
    let error = open(nodes.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("the number of objects in its JSON is 2000003"), "{error}");
    // keys as far apart as numbers go
    let mut data = Data::default();
    let (input, output) = (data.floats("SCALAR", &[-3e38, 3e38]), data.floats("VEC3", &[0.0; 6]));
    let channel = json!({"sampler": 0, "target": {"node": 0, "path": "translation"}});
    let document = json!({
        "nodes": [{"name": "Hips", "children": [1]}, {"name": "Head", "translation": [0.0, 1.5, 0.0]}],
        "skins": [{"joints": [0, 1]}],
        "animations": [{"samplers": [{"input": input, "output": output}], "channels": [channel]}],
    });
    let error = open(&glb(&data.finish(document.clone()))).unwrap_err().to_string();
    assert!(error.contains("the number of frames") && error.contains("limit of"), "{error}");
    // more bodies than a body has joints
    let mut data = Data::default();
    let (input, output) = (data.floats("SCALAR", &[0.0, 1.0]), data.floats("VEC3", &[0.0; 6]));
    let mut crowd = document;
    crowd["animations"][0]["samplers"] = json!([{"input": input, "output": output}]);
    let pair = |k: usize| [json!({"children": [2 * k + 1]}), json!({"translation": [0, 1, 0]})];
    crowd["nodes"] = (0..1100).flat_map(pair).collect::<Vec<_>>().into();
    crowd["skins"] = (0..1100).map(|k| json!({"joints": [2 * k, 2 * k + 1]})).collect::<Vec<_>>().into();
    let error = open(&glb(&data.finish(crowd))).unwrap_err().to_string();
    assert!(error.contains("the number of skeletons is 1100"), "{error}");
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn names_in_a_binary_file_have_any_encoding() {
    let (mut document, bin) = person();
    document["nodes"][3]["name"] = json!("Haupt?");
    let mut bytes = glb(&(document, bin));
    let at = bytes.windows(6).position(|w| w == b"Haupt?").unwrap();
    bytes[at + 5] = 0xfc;
    assert_eq!(joint(&open(&bytes).unwrap(), 0, "Hauptü"), [0.0, 1.5, 0.0]);
}

#[test]
fn the_longest_animation_is_told_by_its_length_not_by_its_end() {
    let (mut document, bin) = person();
    let mut late = document["animations"][0].clone();
    late["name"] = json!("late");
    late["channels"] = json!([{"sampler": 1, "target": {"node": 6, "path": "rotation"}}]);
    document["accessors"][2]["min"] = json!([9.5]);
    document["accessors"][2]["max"] = json!([10.0]);
    let mut whole = document["animations"][0].clone();
    whole["channels"].as_array_mut().unwrap().truncate(1);
    document["animations"] = json!([late, whole]);
    let m = open(&glb(&(document, bin))).unwrap();
    assert!(m.source.warnings.iter().any(|w| w.contains("'walk' is read")), "{:?}", m.source.warnings);
}

#[test]
fn a_file_that_is_named_a_thousand_times_is_not_held_so_often() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::File::create(folder.path().join("a.bin")).unwrap().set_len(100 << 20).unwrap();
    let buffers: Vec<Value> = (0..40).map(|_| json!({"byteLength": 8, "uri": "a.bin"})).collect();
    let views: Vec<Value> = (0..40).map(|k| json!({"buffer": k, "byteLength": 12})).collect();
    let accessor = |k: usize, kind: &str| json!({"bufferView": k, "componentType": 5126, "count": 1, "type": kind});
    let accessors: Vec<Value> = (0..40).map(|k| accessor(k, if k % 2 == 0 { "SCALAR" } else { "VEC3" })).collect();
    let samplers: Vec<Value> = (0..20).map(|k| json!({"input": 2 * k, "output": 2 * k + 1})).collect();
    let channels: Vec<Value> =
        (0..20).map(|k| json!({"sampler": k, "target": {"node": k, "path": "translation"}})).collect();
    let document = json!({
        "asset": {"version": "2.0"}, "buffers": buffers, "bufferViews": views, "accessors": accessors,
        "nodes": vec![json!({}); 20], "animations": [{"samplers": samplers, "channels": channels}],
    });
    let path = folder.path().join("a.gltf");
    std::fs::write(&path, document.to_string()).unwrap();
    let error = read_file(&path, &ReadOptions::default()).unwrap_err().to_string();
    assert!(error.contains("limit of 268435456"), "{error}");
}

#[test]
fn what_is_not_needed_may_be_as_it_likes() {
    let (good, bin) = person();
    let expected = open(&glb(&(good.clone(), bin.clone()))).unwrap().positions;
    let mut document = good.clone();
    document["extras"] = json!("text");
    document["nodes"][1]["extras"] = json!([1, null]);
    document["nodes"][1]["extensions"] = json!({"A": 3});
    document["meshes"] = json!(["nonsense"]);
    document["materials"] = json!({"a": "b"});
    document["asset"]["version"] = json!(2.0);
    document["bufferViews"][0]["byteStride"] = json!(0);
    // what is `null` is not there
    document["nodes"][9]["name"] = json!(null);
    document["nodes"][8]["children"] = json!(null);
    document["animations"][0]["name"] = json!(null);
    document["accessors"][0]["byteOffset"] = json!(null);
    document["bufferViews"][0]["byteOffset"] = json!(null);
    // a channel that moves a material has no node
    let pointer = json!({"sampler": 0, "target": {"path": "pointer", "extensions": {"KHR_animation_pointer": {}}}});
    document["animations"][0]["channels"].as_array_mut().unwrap().push(pointer);
    assert_eq!(open(&glb(&(document, bin.clone()))).unwrap().positions, expected);
    // what is needed may not
    let mut document = good;
    document["animations"][0]["samplers"][0]["interpolation"] = json!("CUBIC");
    let error = open(&glb(&(document, bin))).unwrap_err().to_string();
    assert!(error.contains("unknown interpolation, 'CUBIC'"), "{error}");
}

#[test]
fn keys_that_lie_evenly_are_the_frames() {
    let x = |m: &Motion, t: usize| m.position(t, 0, 0)[0];
    for fps in [5.0, 12.5, 15.0, 23.976, 24.0, 29.97, 30.0, 60.0, 144.0, 240.0] {
        for start in [0.0, 7.3] {
            // of three thousand keys none is lost and none is twice
            let count = 3000;
            let times: Vec<f32> = (0..count).map(|k| (start + f64::from(k) / fps) as f32).collect();
            let places: Vec<f32> = (0..count).flat_map(|k| [k as f32 / 1024.0, 0.0, 0.0]).collect();
            for interpolation in ["LINEAR", "STEP"] {
                let m = curve(&times, &places, interpolation);
                assert_eq!(m.frames(), 3000, "{fps} from {start}");
                assert!((f64::from(m.fps) / fps - 1.0).abs() < 1e-5, "{fps}: {}", m.fps);
                let worst = (0..3000).map(|t| (x(&m, t) - t as f32 / 1024.0).abs()).fold(0.0, f32::max);
                assert!(worst < 0.2 / 1024.0, "{fps} from {start}, {interpolation}: {worst}");
                assert!(!m.source.warnings.iter().any(|w| w.contains("its keys")), "{:?}", m.source.warnings);
            }
        }
    }
    // a thirtieth with six digits
    let times: Vec<f32> = (0..3000).map(|k| (f64::from(k) * 0.033333) as f32).collect();
    let places: Vec<f32> = (0..3000).flat_map(|k| [k as f32, 0.0, 0.0]).collect();
    let m = curve(&times, &places, "STEP");
    assert_eq!((m.fps, m.frames(), (0..3000).all(|t| x(&m, t) == t as f32)), (30.0, 3000, true));
    // times in whole milliseconds
    let times: Vec<f32> = (0..90).map(|k| (f64::from(k) * 1000.0 / 30.0).round() as f32 / 1000.0).collect();
    let places: Vec<f32> = (0..90).flat_map(|k| [k as f32, 0.0, 0.0]).collect();
    let m = curve(&times, &places, "STEP");
    assert_eq!((m.frames(), (0..90).all(|t| x(&m, t) == t as f32)), (90, true));
    // keys that were not needed are gone, but the others are frames
    let kept: Vec<usize> = (0..=60).filter(|k| k % 7 < 4).collect();
    let times: Vec<f32> = kept.iter().map(|&k| k as f32 / 25.0).collect();
    let places: Vec<f32> = kept.iter().flat_map(|&k| [k as f32, 0.0, 0.0]).collect();
    let m = curve(&times, &places, "LINEAR");
    assert_eq!((m.fps, m.frames()), (25.0, 60));
    assert!((0..60).all(|t| (x(&m, t) - t as f32).abs() < 1e-3));
    // keys set by hand are no frames, which is said
    let m = curve(&[0.0, 0.4, 0.5, 1.7, 2.0], &[0.0; 15], "LINEAR");
    assert!(m.fps >= 19.5, "{}", m.fps);
    assert!(m.source.warnings.iter().any(|w| w.contains("its keys come")), "{:?}", m.source.warnings);
}

/// The document with a second person, a copy of the first one a metre beside, named and changed by `change`.
fn two_people(change: impl Fn(usize, &mut Value)) -> (Value, Vec<u8>) {
    let (mut document, bin) = person();
    let nodes: Vec<Value> = document["nodes"].as_array().unwrap().clone();
    let shift = nodes.len();
    let copies = nodes.iter().enumerate().map(|(k, node)| {
        let mut node = node.clone();
        if let Some(children) = node["children"].as_array().cloned() {
            node["children"] = children.iter().map(|c| json!(c.as_u64().unwrap() as usize + shift)).collect();
        }
        if k == 0 {
            node["translation"] = json!([0.0, 0.0, 1.0]);
        }
        change(k, &mut node);
        node
    });
    let copies: Vec<Value> = copies.collect();
    document["nodes"].as_array_mut().unwrap().extend(copies);
    document["skins"].as_array_mut().unwrap().push(json!({"joints": (1..9).map(|j| j + shift).collect::<Vec<_>>()}));
    (document, bin)
}

#[test]
fn a_second_person_is_one_whatever_a_program_calls_the_joints() {
    let renamed = |make: &dyn Fn(&str) -> String| {
        two_people(|_, node| node["name"] = json!(make(node["name"].as_str().unwrap())))
    };
    for (what, file) in [
        ("numbers behind", renamed(&|name| format!("{name}.001"))),
        ("numbers behind, otherwise", renamed(&|name| format!("{name}_1"))),
        ("a prefix", renamed(&|name| name.replace("mixamorig:", "mixamorig1:"))),
        ("names", renamed(&|name| name.replace("mixamorig:", "Bob_"))),
    ] {
        let m = open(&glb(&file)).unwrap();
        assert_eq!((m.bodies, m.joints()), (2, 8), "{what}: {:?}", m.source.warnings);
        let hips = m.skeleton.joint("Hips").unwrap();
        close(m.position(10, 0, hips), [0.0, 1.0, -0.5]);
        close(m.position(10, 1, hips), [0.0, 0.75, 1.0]);
    }
    // without an end that the other one has
    let (mut document, bin) = renamed(&|name| format!("{name}.001"));
    document["nodes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "mixamorig:HeadTop_End", "translation": [0, 0.2, 0]}));
    document["nodes"][3]["children"] = json!([20]);
    document["skins"][0]["joints"].as_array_mut().unwrap().push(json!(20));
    let m = open(&glb(&(document, bin))).unwrap();
    assert_eq!((m.bodies, m.joints()), (2, 8));
    assert!(m.source.warnings.iter().any(|w| w.contains("not all people have")), "{:?}", m.source.warnings);
    // in another order
    let (mut document, bin) = two_people(|_, _| {});
    document["skins"][1]["joints"].as_array_mut().unwrap().reverse();
    let nodes = document["nodes"].as_array_mut().unwrap();
    nodes.swap(14, 16);
    let m = open(&glb(&(document, bin))).unwrap();
    let [head, leg] = ["Head", "RightLeg"].map(|name| m.skeleton.names.iter().position(|n| n.ends_with(name)).unwrap());
    assert_eq!((m.bodies, m.joints()), (2, 8));
    close(m.position(10, 1, head), [0.0, 1.25, 1.0]);
    close(m.position(10, 1, leg), [0.0, 0.25, 1.1]);
    // a copy of a rig at the same place is nobody
    let file = two_people(|k, node| {
        if k == 0 {
            node.as_object_mut().unwrap().remove("translation");
        }
        node["name"] = json!(format!("{}.001", node["name"].as_str().unwrap()));
    });
    let (mut document, bin) = file;
    document["animations"][0]["channels"] = json!([{"sampler": 1, "target": {"node": 9, "path": "rotation"}}]);
    let m = open(&glb(&(document, bin))).unwrap();
    assert_eq!((m.bodies, m.joints()), (1, 8));
}

#[test]
fn each_figure_may_have_an_animation_of_its_own() {
    let (mut document, bin) = two_people(|_, node| {
        node["name"] = json!(format!("{}.001", node["name"].as_str().unwrap()));
    });
    let first = document["animations"][0].clone();
    let mut second = first.clone();
    second["name"] = json!("wave");
    for channel in second["channels"].as_array_mut().unwrap() {
        let node = channel["target"]["node"].as_u64().unwrap();
        channel["target"]["node"] = json!(node + 10);
    }
    let mut third = second.clone();
    third["name"] = json!("wave again");
    document["animations"] = json!([first, second, third]);
    let bytes = glb(&(document, bin));
    let m = open(&bytes).unwrap();
    let hips = m.skeleton.joint("Hips").unwrap();
    close(m.position(10, 0, hips), [0.0, 1.0, -0.5]);
    close(m.position(10, 1, hips), [0.0, 1.0, 0.5]);
    let note = m.source.warnings.iter().find(|w| w.contains("3 animations")).unwrap();
    assert!(note.contains("'walk', 'wave' are read together"), "{note}");
    // the one that is asked for is read alone
    let options = ReadOptions { animation: Some("walk".to_owned()), ..ReadOptions::default() };
    let m = read(&bytes, "a.glb", &options).unwrap();
    close(m.position(10, 1, hips), [0.0, 0.75, 1.0]);
    // an animation a joint, as converters write, is one animation
    let (mut document, bin) = person();
    let part = |sampler: usize, node: usize, path: &str| {
        json!({"samplers": document["animations"][0]["samplers"],
            "channels": [{"sampler": sampler, "target": {"node": node, "path": path}}]})
    };
    let parts = json!([part(0, 1, "translation"), part(1, 4, "rotation"), part(1, 3, "rotation")]);
    let whole = open(&glb(&(document.clone(), bin.clone()))).unwrap();
    document["animations"] = parts;
    let m = open(&glb(&(document, bin))).unwrap();
    let foot = m.skeleton.joint("mixamorig:LeftFoot").unwrap();
    close(m.position(10, 0, foot), whole.position(10, 0, foot));
    // what moves other joints of the same figure is another take of it
    let (mut document, bin) = person();
    let mut arm = document["animations"][0].clone();
    arm["name"] = json!("nod");
    arm["channels"] = json!([{"sampler": 1, "target": {"node": 3, "path": "rotation"}}]);
    document["animations"].as_array_mut().unwrap().push(arm);
    let m = open(&glb(&(document, bin))).unwrap();
    assert!(m.source.warnings.iter().any(|w| w.contains("'walk' is read")), "{:?}", m.source.warnings);
}

#[test]
fn a_person_is_read_rather_than_a_rope() {
    let (mut document, bin) = person();
    let nodes = document["nodes"].as_array_mut().unwrap();
    let first = nodes.len();
    for k in 0..40 {
        let mut node = json!({"name": format!("Rope_{k}"), "translation": [0.0, 0.05, 0.0]});
        if k < 39 {
            node["children"] = json!([first + k + 1]);
        }
        nodes.push(node);
    }
    document["skins"].as_array_mut().unwrap().push(json!({"joints": (first..first + 40).collect::<Vec<_>>()}));
    let m = open(&glb(&(document.clone(), bin.clone()))).unwrap();
    assert_eq!((m.bodies, m.joints()), (1, 8));
    assert!(
        m.source.warnings.iter().any(|w| w.contains("40 joints ('Rope_0') is left out")),
        "{:?}",
        m.source.warnings
    );
    // where there is nothing else, it is read
    document["skins"].as_array_mut().unwrap().remove(0);
    assert_eq!(open(&glb(&(document, bin))).unwrap().joints(), 40);
}

#[test]
fn a_hand_alone_is_as_large_as_the_format_says() {
    let finger = |name: &str, at: [f32; 3], children: &[usize]| match children {
        [] => json!({"name": name, "translation": at}),
        _ => json!({"name": name, "translation": at, "children": children}),
    };
    let mut data = Data::default();
    let (input, output) =
        (data.floats("SCALAR", &[0.0, 1.0]), data.floats("VEC4", &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, H, H]));
    let document = json!({
        "nodes": [
            finger("LeftHand", [0.0, 1.0, 0.0], &[1, 4]),
            finger("LeftHandIndex1", [0.0, 0.1, 0.0], &[2]),
            finger("LeftHandIndex2", [0.0, 0.05, 0.0], &[3]),
            finger("LeftHandIndex3", [0.0, 0.05, 0.0], &[]),
            finger("LeftHandThumb1", [0.04, 0.03, 0.0], &[5]),
            finger("LeftHandThumb2", [0.03, 0.03, 0.0], &[]),
        ],
        "skins": [{"joints": [0, 1, 2, 3, 4, 5]}],
        "animations": [{
            "samplers": [{"input": input, "output": output}],
            "channels": [{"sampler": 0, "target": {"node": 1, "path": "rotation"}}],
        }],
    });
    let m = open(&glb(&data.finish(document))).unwrap();
    assert_eq!(m.source.unit, Unit::METRE);
    close(joint(&m, 0, "LeftHandIndex3"), [0.0, 1.2, 0.0]);
    // a whole person of that size is measured in another unit
    let (mut document, bin) = person();
    document["nodes"][0]["scale"] = json!([0.05, 0.05, 0.05]);
    assert!(open(&glb(&(document, bin))).unwrap().height() > 0.5);
}

#[test]
fn chunks_may_be_padded_and_followed_by_anything() {
    let (document, bin) = person();
    let expected = open(&glb(&(document.clone(), bin.clone()))).unwrap().positions;
    let chunk = |kind: &[u8; 4], content: &[u8]| [&(content.len() as u32).to_le_bytes()[..], kind, content].concat();
    for padding in ["\0\0\0\0", "  \0\0", "    "] {
        let mut text = document.to_string().into_bytes();
        text.extend_from_slice(padding.as_bytes());
        text.resize(text.len().next_multiple_of(4), *padding.as_bytes().last().unwrap());
        let chunks = [chunk(b"JSON", &text), chunk(b"BIN\0", &bin)].concat();
        let file = [b"glTF", &2u32.to_le_bytes()[..], &(chunks.len() as u32 + 12).to_le_bytes(), &chunks].concat();
        assert_eq!(open(&file).unwrap().positions, expected, "{padding:?}");
        for more in [&[0u8; 3][..], &[0xff; 40], b"\r\n"] {
            assert_eq!(open(&[&file[..], more].concat()).unwrap().positions, expected);
        }
    }
}

#[test]
fn a_sampler_that_is_not_there_is_named() {
    let (mut document, bin) = person();
    document["animations"][0]["channels"][0]["sampler"] = json!(7);
    let error = open(&glb(&(document.clone(), bin.clone()))).unwrap_err().to_string();
    assert!(error.contains("names sampler 7"), "{error}");
    // of what is not looked at it does not matter
    document["animations"][0]["channels"][0]["sampler"] = json!(0);
    document["animations"][0]["channels"][2]["sampler"] = json!(7);
    assert!(open(&glb(&(document, bin))).is_ok());
}

#[test]
fn a_pointer_instead_of_a_buffer_is_named() {
    let (mut document, bin) = person();
    document["buffers"][0]["uri"] = json!("person.bin");
    let text = document.to_string();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("person.gltf");
    std::fs::write(&path, &text).unwrap();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12345\n";
    std::fs::write(folder.path().join("person.bin"), pointer).unwrap();
    let error = read_file(&path, &ReadOptions::default()).unwrap_err();
    assert!(error.file.ends_with("person.bin") && error.to_string().contains("git lfs pull"), "{error}");
    // wherever a companion comes from
    for other in [&pointer[..], b"<!DOCTYPE html><html>"] {
        let options = ReadOptions { sidecar: Some(other.to_vec()), ..ReadOptions::default() };
        let error = read(text.as_bytes(), "person.gltf", &options).unwrap_err().to_string();
        assert!(error.contains("it seems to be"), "{error}");
        let array = super::formats::npy(1, "<f4", false, &[2, 22, 3], &[0.5; 132]);
        let error = read(&array, "a.npy", &options).unwrap_err().to_string();
        assert!(error.contains("skeleton.json") && error.contains("it seems to be"), "{error}");
        let error = read(super::acclaim::AMC.as_bytes(), "a.amc", &options).unwrap_err().to_string();
        assert!(error.contains("it seems to be"), "{error}");
    }
    let options = ReadOptions { sidecar: Some(bin), ..ReadOptions::default() };
    assert!(read(text.as_bytes(), "person.gltf", &options).is_ok());
}

/// Small files for mutations.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let (mut document, bin) = person();
    let binary = glb(&(document.clone(), bin.clone()));
    let encoded = base64::engine::general_purpose::STANDARD.encode(&bin);
    document["buffers"][0]["uri"] = json!(format!("data:;base64,{encoded}"));
    vec![binary, document.to_string().into_bytes()]
}
