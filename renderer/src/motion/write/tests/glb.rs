//! Binary glTF, taken apart by the rules of the specification (Khronos, glTF 2.0).

use glam::{Mat4, Quat, Vec3, Vec4};
use serde_json::Value;

use super::*;

/// A file, taken apart.
struct File {
    json: Value,
    bytes: Vec<u8>,
}

impl File {
    fn parse(file: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!((&file[..4], word(4), word(8)), (&b"glTF"[..], 2, file.len()));
        let text = word(12);
        assert!(text.is_multiple_of(4) && file[16..20] == *b"JSON");
        let json: Value = serde_json::from_slice(&file[20..20 + text]).unwrap();
        let at = 20 + text;
        assert!(word(at).is_multiple_of(4) && file[at + 4..at + 8] == *b"BIN\0" && at + 8 + word(at) == file.len());
        assert_eq!(json["buffers"][0]["byteLength"], word(at));
        Self { json, bytes: file[at + 8..].to_vec() }
    }

    fn list(&self, name: &str) -> &[Value] {
        self.json[name].as_array().unwrap()
    }

    /// The numbers of an accessor, row by row.
    fn rows(&self, accessor: &Value) -> Vec<Vec<f32>> {
        let accessor = &self.list("accessors")[accessor.as_u64().unwrap() as usize];
        let view = &self.list("bufferViews")[accessor["bufferView"].as_u64().unwrap() as usize];
        let number = |value: &Value| value.as_u64().unwrap() as usize;
        let width = match accessor["type"].as_str().unwrap() {
            "SCALAR" => 1,
            "VEC3" => 3,
            "VEC4" => 4,
            "MAT4" => 16,
            other => panic!("{other}"),
        };
        let size = if accessor["componentType"] == 5126 { 4 } else { 2 };
        let (start, length) = (number(&view["byteOffset"]), number(&view["byteLength"]));
        assert!(start.is_multiple_of(4) && start + length <= self.bytes.len());
        assert_eq!(length, number(&accessor["count"]) * width * size);
        let value = |b: &[u8]| match size {
            4 => f32::from_le_bytes(b.try_into().unwrap()),
            _ => f32::from(u16::from_le_bytes(b.try_into().unwrap())),
        };
        let values: Vec<f32> = self.bytes[start..start + length].chunks(size).map(value).collect();
        let rows: Vec<Vec<f32>> = values.chunks(width).map(<[f32]>::to_vec).collect();
        for (bound, pick) in [("min", f32::min as fn(f32, f32) -> f32), ("max", f32::max)] {
            for (i, stated) in accessor[bound].as_array().into_iter().flatten().enumerate() {
                let found = rows.iter().map(|row| row[i]).reduce(pick).unwrap();
                assert_eq!(stated.as_f64().unwrap() as f32, found, "{bound}");
            }
        }
        rows
    }

    /// `[N]` matrices from each node to the world in frame `t`; at rest with `None`.
    fn worlds(&self, t: Option<usize>) -> Vec<Mat4> {
        let nodes = self.list("nodes");
        let mut poses: Vec<(Vec3, Quat, Vec3)> = nodes
            .iter()
            .map(|node| {
                let number = |i: usize| node["translation"][i].as_f64().unwrap_or(0.0) as f32;
                let at = Vec3::from([0, 1, 2].map(number));
                (at, Quat::IDENTITY, Vec3::ONE)
            })
            .collect();
        let animation = &self.json["animations"][0];
        for channel in animation["channels"].as_array().unwrap() {
            let Some(t) = t else { break };
            let sampler = &animation["samplers"][channel["sampler"].as_u64().unwrap() as usize];
            let row = &self.rows(&sampler["output"])[t];
            let pose = &mut poses[channel["target"]["node"].as_u64().unwrap() as usize];
            match channel["target"]["path"].as_str().unwrap() {
                "translation" => pose.0 = Vec3::from_slice(row),
                "rotation" => pose.1 = Quat::from_slice(row),
                "scale" => pose.2 = Vec3::from_slice(row),
                other => panic!("{other}"),
            }
        }
        let mut worlds = vec![None; nodes.len()];
        let mut stack: Vec<(usize, Mat4)> = self.json["scenes"][0]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|n| (n.as_u64().unwrap() as usize, Mat4::IDENTITY))
            .collect();
        while let Some((n, above)) = stack.pop() {
            let (place, turn, size) = poses[n];
            let world = above * Mat4::from_scale_rotation_translation(size, turn, place);
            assert!(worlds[n].replace(world).is_none(), "node {n} hangs twice");
            let children = nodes[n]["children"].as_array().into_iter().flatten();
            stack.extend(children.map(|c| (c.as_u64().unwrap() as usize, world)));
        }
        worlds.into_iter().map(|world| world.expect("every node is in the scene")).collect()
    }

    /// The nodes of the joints of person `n`, by name.
    fn joint(&self, n: usize, name: &str) -> usize {
        let joints = self.json["skins"][n]["joints"].as_array().unwrap();
        let mut joints = joints.iter().map(|j| j.as_u64().unwrap() as usize);
        joints.find(|&j| self.json["nodes"][j]["name"] == name).unwrap()
    }
}

fn file(motion: &Motion) -> File {
    File::parse(&write_glb(motion).unwrap().content)
}

#[test]
fn nodes_are_where_the_joints_are() {
    let still = Motion { orientations: None, ..performer(Action::Squat) };
    for motion in [performer(Action::Walk), still, shaking(), two_people()] {
        let file = file(&motion);
        for t in (0..motion.frames()).step_by(7) {
            let worlds = file.worlds(Some(t));
            for p in 0..motion.bodies {
                for (j, name) in motion.skeleton.names.iter().enumerate() {
                    let at = worlds[file.joint(p, name)].transform_point3(Vec3::ZERO);
                    let expected = Vec3::from(motion.position(t, p, j));
                    // who is away is a point at the origin
                    assert!(at.distance(expected) < 3e-4, "{name} of {p} in {t}: {at} {expected}");
                }
            }
        }
    }
}

#[test]
fn the_mesh_follows_the_joints() {
    for motion in [performer(Action::Clap), shaking()] {
        let file = file(&motion);
        let skin = &file.json["skins"][0];
        let joints: Vec<usize> =
            skin["joints"].as_array().unwrap().iter().map(|j| j.as_u64().unwrap() as usize).collect();
        let bind: Vec<Mat4> =
            file.rows(&skin["inverseBindMatrices"]).iter().map(|m| Mat4::from_cols_slice(m)).collect();
        assert_eq!(bind.len(), joints.len());
        let rest = file.worlds(None);
        for (&joint, bind) in joints.iter().zip(&bind) {
            assert!((rest[joint] * *bind).abs_diff_eq(Mat4::IDENTITY, 1e-5));
        }
        let primitive = &file.json["meshes"][0]["primitives"][0];
        let points = file.rows(&primitive["attributes"]["POSITION"]);
        let followed = file.rows(&primitive["attributes"]["JOINTS_0"]);
        let weights = file.rows(&primitive["attributes"]["WEIGHTS_0"]);
        let triangles: Vec<usize> = file.rows(&primitive["indices"]).iter().map(|row| row[0] as usize).collect();
        assert_eq!((points.len(), triangles.len()), (20 * 6, 20 * 8 * 3), "a double pyramid a bone");
        assert_eq!((followed.len(), weights.len()), (points.len(), points.len()));
        assert!(triangles.iter().all(|&v| v < points.len()));
        assert!(weights.iter().all(|w| w.iter().sum::<f32>() == 1.0));
        assert!(followed.iter().all(|row| row.iter().all(|&j| (j as usize) < joints.len())));
        // the two ends of every bone, skinned, are two joints that a bone joins
        let worlds = file.worlds(Some(40));
        let skinned = |v: usize| {
            let j = followed[v][0] as usize;
            let point = Vec4::new(points[v][0], points[v][1], points[v][2], 1.0);
            (worlds[joints[j]] * bind[j] * point).truncate()
        };
        let ends: Vec<[Vec3; 2]> = (0..20).map(|bone| [skinned(6 * bone), skinned(6 * bone + 5)]).collect();
        for &[a, b] in &motion.skeleton.bones {
            let [a, b] = [a, b].map(|j| Vec3::from(motion.position(40, 0, j)));
            assert!(ends.iter().any(|[p, q]| p.distance(a) < 1e-3 && q.distance(b) < 1e-3), "{a} {b}");
        }
    }
}

#[test]
fn animations_are_as_the_specification_has_them() {
    let file = file(&two_people());
    let animation = &file.json["animations"][0];
    let mut targets = Vec::new();
    for channel in animation["channels"].as_array().unwrap() {
        let sampler = &animation["samplers"][channel["sampler"].as_u64().unwrap() as usize];
        let input = &file.list("accessors")[sampler["input"].as_u64().unwrap() as usize];
        assert!(input["min"].is_array() && input["max"].is_array());
        let times: Vec<f32> = file.rows(&sampler["input"]).iter().map(|row| row[0]).collect();
        assert!(times[0] == 0.0 && times.windows(2).all(|w| w[0] < w[1]));
        assert!((times[59] - 59.0 / 30.0).abs() < 1e-5);
        let output = file.rows(&sampler["output"]);
        assert_eq!(output.len(), times.len());
        let path = channel["target"]["path"].as_str().unwrap();
        if path == "rotation" {
            assert!(output.iter().all(|q| (q.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5));
            let near = |w: &[Vec<f32>]| w[0].iter().zip(&w[1]).map(|(a, b)| a * b).sum::<f32>() >= 0.0;
            assert!(output.windows(2).all(near), "interpolation takes the short way");
        }
        let expected = if path == "scale" { "STEP" } else { "LINEAR" };
        assert_eq!(sampler["interpolation"], expected);
        let target = (channel["target"]["node"].as_u64(), path.to_owned());
        assert!(!targets.contains(&target), "a node's property is moved twice");
        targets.push(target);
    }
    assert_eq!(targets.iter().filter(|(_, path)| path == "scale").count(), 1, "one of the two comes and goes");
    for node in file.list("nodes") {
        assert!(node.get("children").is_none_or(|c| !c.as_array().unwrap().is_empty()), "empty lists are forbidden");
    }
}
