//! Every recording of the shared data, where it is at hand.

use std::path::{Path, PathBuf};

use skeletonllm_checks::shared;

use super::super::{Part, Reason, Slots, read_file};
use super::*;

/// The recordings of a set; `None` where the data is not at hand.
fn recordings(set: &str) -> Option<Vec<PathBuf>> {
    let folder = shared(&format!("data/{set}"))?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| {
            let suffix = p.extension().and_then(|e| e.to_str());
            matches!(suffix, Some("bvh" | "npy" | "skeleton"))
        })
        .collect();
    files.sort();
    Some(files)
}

/// Reads all files and checks what is true of every person.
fn check(set: &str, expected: usize, each: impl Fn(&Path, &Motion)) {
    let Some(files) = recordings(set) else { return };
    assert_eq!(files.len(), expected, "{set}");
    for path in &files {
        let m = read_file(path, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        let name = path.display();
        let height = m.height();
        // a depth camera's legs end at the ankle and its head in the middle
        assert!((1.05..=2.2).contains(&height), "{name}: {height} m tall");
        let count = |part: Part| m.skeleton.joints_of(part).count();
        for part in Part::ALL {
            assert!(count(part) >= 3, "{name}: {part:?}");
            assert_eq!(count(part), count(part.mirrored()), "{name}: {part:?}");
        }
        for (j, &twin) in m.skeleton.mirror.iter().enumerate() {
            assert_eq!(m.skeleton.parts[twin], m.skeleton.parts[j].mirrored(), "{name}");
            let limb = m.skeleton.parts[j] != Part::Torso;
            assert!(!limb || twin != j, "{name}: {} has no twin", m.skeleton.names[j]);
        }
        // one file at hand has z up
        let z_up = m.source.file.contains("fair1_wave_hello");
        let up = if z_up { UpAxis::PlusZ } else { UpAxis::PlusY };
        assert_eq!(m.source.up, up, "{name}");
        assert!(head_above_feet(&m) > 0.5, "{name}");
        for &[a, b] in &m.skeleton.bones {
            let longest = (0..m.frames())
                .filter(|&t| m.is_present(t, 0))
                .map(|t| {
                    let (p, q) = (m.position(t, 0, a), m.position(t, 0, b));
                    (0..3).map(|i| (p[i] - q[i]).powi(2)).sum::<f32>().sqrt()
                })
                .fold(0.0, f32::max);
            let bone = (&m.skeleton.names[a], &m.skeleton.names[b]);
            assert!((0.001..1.0).contains(&longest), "{name}: {bone:?} is {longest} m long");
        }
        each(path, &m);
    }
}

/// Median height of the head over the feet in metres.
fn head_above_feet(m: &Motion) -> f32 {
    let tip = |part| m.skeleton.tip(part).unwrap();
    let [head, left, right] = [Part::Torso, Part::LeftLeg, Part::RightLeg].map(tip);
    let mut heights: Vec<f32> = (0..m.frames())
        .filter(|&t| m.is_present(t, 0))
        .map(|t| {
            let y = |j| m.position(t, 0, j)[1];
            y(head) - (y(left) + y(right)) / 2.0
        })
        .collect();
    heights.sort_by(f32::total_cmp);
    heights[heights.len() / 2]
}

#[test]
fn bandai_namco() {
    check("bandai-namco-2", 770, |path, m| {
        assert_eq!(m.skeleton.names[0], "Hips", "{}", path.display());
        assert_eq!((m.joints(), m.source.unit.clone()), (21, Unit::CENTIMETRE));
        if path.display().to_string().contains("wave-left-hand") {
            let hand = m.skeleton.joint("Hand_L").unwrap();
            let other = m.skeleton.joint("Hand_R").unwrap();
            let reach = |j: usize| (0..m.frames()).map(|t| m.position(t, 0, j)[1]).fold(0.0, f32::max);
            assert!(reach(hand) > reach(other), "{}", path.display());
        }
    });
}

#[test]
fn mae_gestures() {
    check("mae-gestures", 780, |path, m| {
        assert_eq!(m.joints(), 15, "{}", path.display());
        assert_eq!(m.source.unit, Unit::MILLIMETRE, "{}", path.display());
    });
}

#[test]
fn utd_mhad() {
    check("utd-mhad", 647, |_, m| {
        assert_eq!((m.joints(), m.fps), (20, 30.0));
        assert_eq!(m.source.unit_from, Reason::stated("unit from skeleton.json"));
    });
}

#[test]
fn ntu_sample() {
    check("ntu-sample", 1, |_, m| {
        assert_eq!((m.frames(), m.bodies, m.people()), (103, 1, 1));
        assert_eq!(m.source.body_ids, [72_057_594_037_931_101]);
        close(m.position(0, 0, 0), [0.218_115_3, 0.172_597_2, 3.785_547]);
        let as_filed = ReadOptions { slots: Slots::File, ..ReadOptions::default() };
        let filed = read_file(&m.source.file, &as_filed).unwrap();
        assert_eq!((filed.bodies, filed.people()), (2, 1));
        assert_eq!(filed.without_empty_bodies().positions, m.positions);
    });
}

#[test]
fn bvh_zoo() {
    check("bvh-zoo", 8, |path, m| {
        let inferred = [
            ("cmu_12_01", "inch / 0.45 (CMU)"),
            ("jumping_jacks", "inch / 0.45 (CMU)"),
            ("neutral_01", "inch / 0.45 (CMU)"),
            ("rokoko", "cm"),
            ("walk01", "cm"),
            ("freebvh", "cm"),
            ("mocapbank", "cm"),
        ];
        let file = path.display().to_string();
        if let Some((_, unit)) = inferred.iter().find(|(part, _)| file.contains(part)) {
            assert_eq!(&m.source.unit.name, unit, "{file}");
        }
        assert!(m.source.warnings.is_empty(), "{file}: {:?}", m.source.warnings);
    });
}

#[test]
fn shipped_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/samples");
    for name in
        ["wave_left_hand.bvh", "wave_left_hand.skeleton", "raise_right_hand.bvh", "squat.bvh", "walk.bvh", "clap.bvh"]
    {
        let m = read_file(folder.join(name), &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}"));
        assert!(m.source.warnings.is_empty(), "{name}: {:?}", m.source.warnings);
        assert!((2.0..=4.1).contains(&m.seconds()) && m.fps.round() == 30.0, "{name}");
        assert!((1.4..1.8).contains(&m.height()) && head_above_feet(&m) > 0.9, "{name}");
    }
}
