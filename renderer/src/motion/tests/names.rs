//! The same person under the joint names of many programs, with what those hang on a body besides.

use super::{
    super::{Part, Skeleton, humanoid, read, write_bvh},
    *,
};

fn wave() -> Motion {
    humanoid::perform(humanoid::Action::WaveLeftHand, &humanoid::Person::default(), 30.0).cropped(30..60)
}

/// How a program calls the humanoid's joints: hips, spine, chest, neck and head; of a side shoulder, arm, forearm, hand; of a
/// side thigh, shank, foot, toe, where `#` stands for the side.
type Convention = [&'static str; 13];

fn renamed(motion: &Motion, names: &Convention, sides: [&str; 2]) -> Motion {
    let mut m = motion.clone();
    let mut skeleton = (*m.skeleton).clone();
    let order = [
        "Hips", "Spine", "Chest", "Neck", "Head", "Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot",
        "ToeBase",
    ];
    for name in &mut skeleton.names {
        let (side, rest) = match (name.strip_prefix("Left"), name.strip_prefix("Right")) {
            (Some(rest), _) => (sides[0], rest),
            (_, Some(rest)) => (sides[1], rest),
            _ => ("", name.as_str()),
        };
        let at = order.iter().position(|&n| n == rest).unwrap();
        *name = names[at].replace('#', side);
    }
    m.skeleton = std::sync::Arc::new(skeleton);
    m
}

#[rustfmt::skip]
const CONVENTIONS: [(Convention, [&str; 2]); 29] = [
    (["mixamorig:Hips", "mixamorig:Spine", "mixamorig:Spine1", "mixamorig:Neck", "mixamorig:Head", "mixamorig:#Shoulder", "mixamorig:#Arm",
      "mixamorig:#ForeArm", "mixamorig:#Hand", "mixamorig:#UpLeg", "mixamorig:#Leg", "mixamorig:#Foot", "mixamorig:#ToeBase"], ["Left", "Right"]),
    (["mixamorighips", "mixamorigspine", "mixamorigspine1", "mixamorigneck", "mixamorighead", "mixamorig#shoulder", "mixamorig#arm",
      "mixamorig#forearm", "mixamorig#hand", "mixamorig#upleg", "mixamorig#leg", "mixamorig#foot", "mixamorig#toebase"], ["left", "right"]),
    (["Bip01 Pelvis", "Bip01 Spine", "Bip01 Spine1", "Bip01 Neck", "Bip01 Head", "Bip01 # Clavicle", "Bip01 # UpperArm",
      "Bip01 # Forearm", "Bip01 # Hand", "Bip01 # Thigh", "Bip01 # Calf", "Bip01 # Foot", "Bip01 # Toe0"], ["L", "R"]),
    (["ValveBiped.Bip01_Pelvis", "ValveBiped.Bip01_Spine", "ValveBiped.Bip01_Spine1", "ValveBiped.Bip01_Neck1", "ValveBiped.Bip01_Head1",
      "ValveBiped.Bip01_#_Clavicle", "ValveBiped.Bip01_#_UpperArm", "ValveBiped.Bip01_#_Forearm", "ValveBiped.Bip01_#_Hand",
      "ValveBiped.Bip01_#_Thigh", "ValveBiped.Bip01_#_Calf", "ValveBiped.Bip01_#_Foot", "ValveBiped.Bip01_#_Toe0"], ["L", "R"]),
    (["pelvis", "spine_01", "spine_02", "neck_01", "head", "clavicle_#", "upperarm_#", "lowerarm_#", "hand_#", "thigh_#", "calf_#", "foot_#",
      "ball_#"], ["l", "r"]),
    (["hip", "abdomen", "chest", "neck", "head", "#Collar", "#Shldr", "#ForeArm", "#Hand", "#Thigh", "#Shin", "#Foot", "#Toe"], ["l", "r"]),
    (["Armature|hips", "Armature|spine", "Armature|chest", "Armature|neck", "Armature|head", "Armature|shoulder.#", "Armature|upper_arm.#",
      "Armature|forearm.#", "Armature|hand.#", "Armature|thigh.#", "Armature|shin.#", "Armature|foot.#", "Armature|toe.#"], ["L", "R"]),
    (["char_L_Hips", "char_L_Spine", "char_L_Chest", "char_L_Neck", "char_L_Head", "char_L_#_Clavicle", "char_L_#_Arm", "char_L_#_Elbow",
      "char_L_#_Wrist", "char_L_#_Hip", "char_L_#_Knee", "char_L_#_Ankle", "char_L_#_Toe"], ["Left", "Right"]),
    (["Root_jnt", "Spine_jnt", "Chest_jnt", "Neck_jnt", "Head_jnt", "#_Clavicle_jnt", "#_Shoulder_jnt", "#_Elbow_jnt", "#_Wrist_jnt",
      "#_Hip_jnt", "#_Knee_jnt", "#_Ankle_jnt", "#_Ball_jnt"], ["Lt", "Rt"]),
    (["Hips", "Spine", "Chest", "Neck", "Head", "collar-#", "upperarm-#-1", "forearm-#-1", "hand-#-1", "upleg-#-1", "lowleg-#", "foot-#",
      "toes-#"], ["lft", "rgt"]),
    (["J_Bip_C_Hips", "J_Bip_C_Spine", "J_Bip_C_Chest", "J_Bip_C_Neck", "J_Bip_C_Head", "J_Bip_#_Shoulder", "J_Bip_#_UpperArm",
      "J_Bip_#_LowerArm", "J_Bip_#_Hand", "J_Bip_#_UpperLeg", "J_Bip_#_LowerLeg", "J_Bip_#_Foot", "J_Bip_#_ToeBase"], ["L", "R"]),
    (["Hip", "Ab", "Chest", "Neck", "Head", "#Shoulder", "#UArm", "#FArm", "#Hand", "#Thigh", "#Shin", "#Foot", "#Toe"], ["L", "R"]),
    (["SpineBase", "SpineMid", "SpineShoulder", "Neck", "Head", "Clavicle#", "Shoulder#", "Elbow#", "Wrist#", "Hip#", "Knee#", "Ankle#",
      "Foot#"], ["Left", "Right"]),
    (["センター", "上半身", "上半身2", "首", "頭", "#肩", "#腕", "#ひじ", "#手首", "#足", "#ひざ", "#足首", "#つま先"], ["左", "右"]),
    (["センター", "上半身", "上半身２", "首", "頭", "肩.#", "腕.#", "ひじ.#", "手首.#", "足.#", "ひざ.#", "足首.#", "つま先.#"], ["L", "R"]),
    (["骨盆", "脊柱", "胸", "颈", "头", "#锁骨", "#上臂", "#前臂", "#手", "#大腿", "#小腿", "#脚踝", "#脚趾"], ["左", "右"]),
    (["Becken", "Wirbelsäule", "Brust", "Hals", "Kopf", "Schulter_#", "Oberarm_#", "Unterarm_#", "Hand_#", "Oberschenkel_#", "Unterschenkel_#",
      "Fuß_#", "Zehen_#"], ["links", "rechts"]),
    (["Bassin", "Colonne", "Poitrine", "Cou", "Tête", "Épaule_#", "Bras_#", "Coude_#", "Main_#", "Cuisse_#", "Genou_#", "Pied_#", "Orteils_#"],
     ["Gauche", "Droite"]),
    (["Becken", "Bauch", "Brust", "Hals", "Kopf", "Schulter_#", "Oberarm_#", "Unterarm_#", "Hand_#", "Oberschenkel_#", "Unterschenkel_#",
      "Fuss_#", "Zehen_#"], ["li", "re"]),
    (["becken", "bauch", "brust", "hals", "kopf", "schulter#", "oberarm#", "unterarm#", "hand#", "oberschenkel#", "unterschenkel#", "fuss#",
      "zehen#"], ["links", "rechts"]),
    (["Bassin", "Colonne", "Poitrine", "Cou", "Tête", "Épaule_#", "Bras_#", "Coude_#", "Main_#", "Cuisse_#", "Genou_#", "Pied_#", "Orteils_#"],
     ["G", "D"]),
    (["quadril", "coluna", "peito", "pescoço", "cabeça", "ombro_#", "braço_#", "antebraço_#", "mão_#", "coxa_#", "perna_#", "tornozelo_#", "pe_#"],
     ["E", "D"]),
    (["Таз", "Позвоночник", "Грудь", "Шея", "Голова", "#_Ключица", "#_Плечо", "#_Предплечье", "#_Кисть", "#_Бедро", "#_Голень", "#_Стопа",
      "#_Носок"], ["Левая", "Правая"]),
    (["hips", "spine", "chest", "neck", "head", "#_clavicle", "#_arm", "#_elbow", "#_hand", "#_leg", "#_knee", "#_foot", "#_toe"], ["Lf", "Rg"]),
    (["PELV", "LUMB", "THOR", "CERV", "HEAD", "#CLA", "#HUM", "#RAD", "#HAN", "#FEM", "#TIB", "#FOO", "#TOE"], ["L", "R"]),
    (["PEL", "SPI", "THO", "NCK", "HED", "#CL", "#HU", "#RA", "#HN", "#FE", "#TI", "#FO", "#TOE"], ["L", "R"]),
    // arms have a word that is known, legs have none
    (["Heupen", "Ruggengraat", "Borstkas", "Nek", "Hoofd", "Schouder_#", "Arm_#", "Onderarm_#", "Hand_#", "Dij_#", "Scheen_#", "Voet_#",
      "Tenen_#"], ["L", "R"]),
    (["n_hara", "j_sebo_a", "j_sebo_c", "j_kubi", "j_kao", "j_sako_#", "j_arm_a_#", "j_arm_b_#", "j_te_#", "j_asi_a_#", "j_asi_b_#",
      "j_asi_d_#", "j_asi_e_#"], ["l", "r"]),
    // and the other way round
    (["Kalca", "Omurga", "Gogus", "Boyun", "Bas", "Omuz #", "Kol #", "OnKol #", "El #", "Leg #", "Shin #", "Ayak #", "Parmak #"],
     ["Left", "Right"]),
];

fn assert_same_person(m: &Motion, expected: &Motion, what: &str) {
    let source = format!("{what}: {:?}", m.source);
    assert_eq!(m.skeleton.parts, expected.skeleton.parts, "{source}");
    assert_eq!(m.skeleton.mirror, expected.skeleton.mirror, "{source}");
    assert_eq!(m.skeleton.parents, expected.skeleton.parents, "{source}");
    assert_eq!(m.skeleton.bones, expected.skeleton.bones, "{source}");
    assert!((m.height() - expected.height()).abs() < 0.01, "{} m, {source}", m.height());
    assert_eq!(m.source.unit.name, "cm", "{source}");
    assert!(m.source.parts_from.why.contains("names"), "{source}");
    let worst = m.positions.iter().zip(&expected.positions).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 5e-3, "{worst} m, {source}");
}

#[test]
fn one_person_under_the_names_of_many_programs() {
    let wave = wave();
    for facing in [0.0, std::f32::consts::PI] {
        let wave = wave.yawed(facing);
        for (names, sides) in &CONVENTIONS {
            let text = write_bvh(&renamed(&wave, names, *sides), 0).unwrap();
            let m = read(text.as_bytes(), names[0], &ReadOptions::default()).unwrap();
            assert_same_person(&m, &wave, names[0]);
        }
    }
}

/// Joints to add, as `(name, parent, centimetres from it)`.
type More<'a> = &'a [(&'a str, &'a str, [f32; 3])];

/// The BVH text of a motion with joints hung below others.
fn with_joints(motion: &Motion, more: More<'_>) -> String {
    let mut m = motion.clone();
    let mut skeleton = (*m.skeleton).clone();
    let first = skeleton.joints();
    for (name, parent, _) in more {
        skeleton.parents.push(skeleton.names.iter().position(|n| n == parent));
        skeleton.names.push((*name).to_owned());
    }
    let mut positions = Vec::new();
    let mut orientations = Vec::new();
    for t in 0..motion.frames() {
        let mut pose: Vec<[f32; 3]> = (0..first).map(|j| motion.position(t, 0, j)).collect();
        let mut turns: Vec<[f32; 4]> = (0..first).map(|j| motion.orientation(t, 0, j)).collect();
        for (k, (_, _, offset)) in more.iter().enumerate() {
            let parent = skeleton.parents[first + k].unwrap();
            let turn = super::super::quaternion::from_scalar_first(turns[parent]);
            let way = super::super::quaternion::rotate(turn, glam::Vec3::from(*offset).as_dvec3() / 100.0);
            pose.push((glam::Vec3::from(pose[parent]) + way.as_vec3()).to_array());
            turns.push(turns[parent]);
        }
        positions.extend(pose.into_iter().flatten());
        orientations.extend(turns.into_iter().flatten());
    }
    m.skeleton = std::sync::Arc::new(skeleton);
    (m.positions, m.orientations) = (positions, Some(orientations));
    write_bvh(&m, 0).unwrap()
}

#[test]
fn what_is_no_part_of_the_body_is_left_out_and_named() {
    let wave = wave();
    let cases: [More<'_>; 10] = [
        &[("Plane01", "Hips", [0.0, 20.0, -200.0]), ("Racket", "RightHand", [0.0, 0.0, 60.0])],
        &[("Footsteps", "Hips", [0.0, -95.0, 0.0])],
        &[
            ("ik_foot_root", "Hips", [0.0, -95.0, 0.0]),
            ("ik_foot_l", "ik_foot_root", [10.0, 5.0, 0.0]),
            ("ik_foot_r", "ik_foot_root", [-10.0, 5.0, 0.0]),
            ("ik_hand_root", "Hips", [0.0, -95.0, 3.0]),
            ("ik_hand_gun", "ik_hand_root", [-20.0, 80.0, 0.0]),
            ("ik_hand_l", "ik_hand_gun", [40.0, 0.0, 0.0]),
            ("ik_hand_r", "ik_hand_gun", [0.0, 1.0, 0.0]),
        ],
        &[
            ("LeftArmTwist", "LeftArm", [12.0, 0.0, 0.0]),
            ("RightArmTwist", "RightArm", [-12.0, 0.0, 0.0]),
            ("LeftForeArmRoll", "LeftForeArm", [12.0, 0.0, 0.0]),
            ("RightForeArmRoll", "RightForeArm", [-12.0, 0.0, 0.0]),
        ],
        &[("RightHandProp", "RightHand", [0.0, 0.0, 10.0]), ("tip_of_it", "RightHandProp", [0.0, 0.0, 120.0])],
        &[("Ponytail1", "Head", [0.0, 10.0, -10.0]), ("Ponytail2", "Ponytail1", [0.0, -30.0, -5.0])],
        &[("HandPlate", "Chest", [0.0, 0.0, 60.0]), ("FeetPlate", "Hips", [0.0, -100.0, 0.0])],
        &[("LeftFootMark", "Hips", [90.0, -95.0, 40.0]), ("RightFootMark", "Hips", [-90.0, -95.0, 40.0])],
        &[("左足ＩＫ", "Hips", [10.0, -95.0, 0.0]), ("操作中心", "Hips", [0.0, -95.0, 0.0])],
        &[("Camera", "Hips", [0.0, 60.0, 400.0]), ("Light01", "Hips", [300.0, 300.0, 0.0])],
    ];
    for more in cases {
        let m = read(with_joints(&wave, more).as_bytes(), "more.bvh", &ReadOptions::default()).unwrap();
        let names: Vec<&str> = more.iter().map(|j| j.0).collect();
        assert_same_person(&m, &wave, &format!("{names:?}"));
        // depth first, as the file has them
        let mut left_out: Vec<&str> = m.source.left_out.iter().map(String::as_str).collect();
        left_out.sort_unstable();
        let mut expected = names;
        expected.sort_unstable();
        assert_eq!(left_out, expected);
    }
}

/// With a root more, below the hips in every frame, that goes with them.
fn on_a_place(motion: &Motion, name: &str, below: f32) -> Motion {
    let mut skeleton = (*motion.skeleton).clone();
    skeleton.names.insert(0, name.to_owned());
    skeleton.parents =
        std::iter::once(None).chain(skeleton.parents.iter().map(|p| Some(p.map_or(0, |p| p + 1)))).collect();
    let mut positions = Vec::new();
    for t in 0..motion.frames() {
        let [x, y, z] = motion.position(t, 0, 0);
        positions.extend([x, y - below, z]);
        positions.extend((0..motion.joints()).flat_map(|j| motion.position(t, 0, j)));
    }
    Motion::of_one_body(Skeleton::named(skeleton.names, skeleton.parents), motion.fps, positions)
}

#[test]
fn a_root_on_the_floor_is_no_part_of_the_body() {
    for action in [humanoid::Action::Walk, humanoid::Action::WaveLeftHand] {
        let whole = humanoid::perform(action, &humanoid::Person::default(), 30.0);
        let far = whole.position(0, 0, 0)[1];
        for (name, below) in [("root", far), ("Armature", far), ("Reference", 0.1), ("Bip01", 0.02), ("x", far)] {
            let placed = on_a_place(&whole, name, below);
            let mut nameless = placed.clone();
            let mut skeleton = (*placed.skeleton).clone();
            skeleton.names = (0..placed.joints()).map(|j| format!("j{j}")).collect();
            nameless.skeleton = std::sync::Arc::new(skeleton);
            let mut files = vec![(name, placed)];
            files.extend((below == far).then_some(("j0", nameless)));
            for (root, motion) in files {
                let read =
                    read(write_bvh(&motion, 0).unwrap().as_bytes(), "placed.bvh", &ReadOptions::default()).unwrap();
                let source = format!("{root} {below}: {:?}", read.source);
                assert_eq!(read.joints(), whole.joints(), "{source}");
                assert_eq!(read.skeleton.parts, whole.skeleton.parts, "{source}");
                assert!((read.height() - whole.height()).abs() < 0.01, "{} m, {source}", read.height());
                assert_eq!(read.source.left_out, [root], "{source}");
            }
        }
    }
}

#[test]
fn places_below_places_go_too_and_the_spine_of_half_a_body_stays() {
    let whole = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let two = on_a_place(&on_a_place(&whole, "Reference", 0.9), "World", 0.5);
    let m = read(write_bvh(&two, 0).unwrap().as_bytes(), "two.bvh", &ReadOptions::default()).unwrap();
    assert_eq!(m.source.left_out, ["World", "Reference"]);
    assert_eq!(m.skeleton.parts, whole.skeleton.parts);
    // a pelvis that no name tells, below a chest with two arms and a head
    let upper: Vec<usize> =
        ["Hips", "Chest", "Head", "LeftArm", "LeftForeArm", "LeftHand", "RightArm", "RightForeArm", "RightHand"]
            .map(|name| whole.skeleton.joint(name).unwrap())
            .to_vec();
    let parents = [None, Some(0), Some(1), Some(1), Some(3), Some(4), Some(1), Some(6), Some(7)].to_vec();
    let names = (0..upper.len()).map(|j| format!("j{j}")).collect();
    let (whole, upper) = (&whole, &upper);
    let positions =
        (0..whole.frames()).flat_map(|t| upper.iter().flat_map(move |&j| whole.position(t, 0, j))).collect();
    let half = Motion::of_one_body(Skeleton::named(names, parents), 30.0, positions);
    let m = read(write_bvh(&half, 0).unwrap().as_bytes(), "half.bvh", &ReadOptions::default()).unwrap();
    assert_eq!((m.joints(), m.source.left_out.len()), (9, 0), "{:?}", m.source);
}

#[test]
fn a_body_that_hangs_from_a_foot_is_the_same_body() {
    let whole = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    for root in ["LeftFoot", "RightToeBase", "LeftHand", "Head", "Chest"] {
        // every joint hangs from its neighbour on the way to the root
        let mut parents: Vec<i64> = whole.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
        let (mut below, mut at) = (-1, whole.skeleton.joint(root).unwrap() as i64);
        while at >= 0 {
            (below, at) = (at, std::mem::replace(&mut parents[at as usize], below));
        }
        let sidecar = serde_json::json!({ "joints": whole.skeleton.names, "parents": parents, "fps": 30.0 });
        let options = ReadOptions { sidecar: Some(sidecar.to_string().into_bytes()), ..ReadOptions::default() };
        let shape = [whole.frames(), whole.joints(), 3];
        let bytes = super::formats::npy(1, "<f4", false, &shape, &whole.positions);
        let read = read(&bytes, "n.npy", &options).unwrap();
        assert_eq!(read.skeleton.parts, whole.skeleton.parts, "{root}");
        assert!((read.height() - whole.height()).abs() < 1e-3, "{root}: {} m", read.height());
        assert_eq!(read.skeleton.tip(Part::LeftLeg), whole.skeleton.joint("LeftToeBase"), "{root}");
    }
}

#[test]
fn a_root_that_is_a_joint_stays() {
    let whole = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    // a trunk of two joints below the chest, named and nameless: no place is so near
    for (name, below) in [("LowerSpine", 0.4), ("x", 0.1)] {
        let placed = on_a_place(&whole, name, below);
        let mut skeleton = (*placed.skeleton).clone();
        if name == "x" {
            skeleton.names[1] = "y".to_owned();
        }
        let placed = Motion { skeleton: std::sync::Arc::new(skeleton), ..placed };
        let read = read(write_bvh(&placed, 0).unwrap().as_bytes(), "joint.bvh", &ReadOptions::default()).unwrap();
        assert_eq!(read.joints(), placed.joints(), "{:?}", read.source);
        assert!(read.source.left_out.is_empty());
    }
}

#[test]
fn what_hangs_beside_the_hips_from_a_place_goes_with_it() {
    let whole = humanoid::perform(humanoid::Action::Walk, &humanoid::Person::default(), 30.0);
    let far = whole.position(0, 0, 0)[1];
    for (root, thing) in [("Armature", "Body"), ("root", "RootMotion"), ("Control", "Cube"), ("全ての親", "view cnt")]
    {
        let mut placed = on_a_place(&whole, root, far);
        let mut skeleton = (*placed.skeleton).clone();
        skeleton.names.push(thing.to_owned());
        skeleton.parents.push(Some(0));
        let joints = placed.joints();
        placed.positions = placed
            .positions
            .chunks_exact(3 * joints)
            .flat_map(|pose| [pose, &[pose[0] + 0.1, pose[1] + 0.02, pose[2]][..]].concat())
            .collect();
        placed.skeleton = std::sync::Arc::new(Skeleton::named(skeleton.names, skeleton.parents));
        let m = read(write_bvh(&placed, 0).unwrap().as_bytes(), "beside.bvh", &ReadOptions::default()).unwrap();
        assert_eq!(m.skeleton.parts, whole.skeleton.parts, "{root}, {thing}: {:?}", m.source);
        assert!((m.height() - whole.height()).abs() < 0.01, "{} m, {:?}", m.height(), m.source);
        assert!(m.source.left_out.iter().any(|n| n == root) && m.source.left_out.iter().any(|n| n == thing));
    }
}

#[test]
fn fingers_called_middle_and_base_belong_to_the_hand() {
    let wave = wave();
    let cases: [More<'_>; 3] = [
        &[("CC_Base_L_Mid1", "LeftHand", [9.0, 0.0, 0.0]), ("CC_Base_L_Mid2", "CC_Base_L_Mid1", [4.0, 0.0, 0.0])],
        &[("lMid1", "LeftHand", [9.0, 0.0, 0.0]), ("rMid1", "RightHand", [-9.0, 0.0, 0.0])],
        &[("r_base", "RightHand", [-9.0, 0.0, 0.0]), ("center", "RightHand", [-9.0, 0.0, 1.0])],
    ];
    for more in cases {
        let m = read(with_joints(&wave, more).as_bytes(), "more.bvh", &ReadOptions::default()).unwrap();
        for (name, parent, _) in more {
            let [joint, above] = [name, parent].map(|n| m.skeleton.joint(n).unwrap_or_else(|| panic!("{n} is gone")));
            assert_eq!(m.skeleton.parts[joint], m.skeleton.parts[above], "{name}");
        }
        assert!((m.height() - wave.height()).abs() < 0.01, "{} m", m.height());
    }
    // a middle of the trunk is none of a limb
    let m = renamed(
        &wave,
        &[
            "root",
            "mid",
            "base",
            "Neck",
            "Head",
            "#Shoulder",
            "#Arm",
            "#ForeArm",
            "#Hand",
            "#UpLeg",
            "#Leg",
            "#Foot",
            "#Toe",
        ],
        ["Left", "Right"],
    );
    let m = read(write_bvh(&m, 0).unwrap().as_bytes(), "trunk.bvh", &ReadOptions::default()).unwrap();
    assert_eq!(m.skeleton.parts, wave.skeleton.parts);
}

#[test]
fn the_top_of_a_body_is_its_head() {
    let wave = wave();
    let cases: [More<'_>; 3] = [
        &[("Tail1", "Hips", [0.0, 0.0, -40.0]), ("Tail2", "Tail1", [0.0, 0.0, -90.0])],
        &[("Antenna", "Chest", [0.0, 60.0, -80.0])],
        &[("Crest", "Head", [0.0, 90.0, 0.0])],
    ];
    for more in cases {
        let m = read(with_joints(&wave, more).as_bytes(), "more.bvh", &ReadOptions::default()).unwrap();
        assert!((m.height() - wave.height()).abs() < 0.01, "{} m, {:?}", m.height(), m.source);
        assert_eq!(m.source.unit.name, "cm");
    }
    // above the head is still the head
    let top = &[("HeadTop", "Head", [0.0, 15.0, 0.0])];
    let m = read(with_joints(&wave, top).as_bytes(), "more.bvh", &ReadOptions::default()).unwrap();
    assert!((m.height() - wave.height() - 0.15).abs() < 0.01, "{} m", m.height());
}

#[test]
fn copies_of_legs_go_with_their_ends() {
    let wave = renamed(
        &wave(),
        &[
            "センター",
            "上半身",
            "上半身2",
            "首",
            "頭",
            "#肩",
            "#腕",
            "#ひじ",
            "#手首",
            "#足",
            "#ひざ",
            "#足首",
            "#つま先",
        ],
        ["左", "右"],
    );
    let mut more: Vec<(&str, &str, [f32; 3])> = Vec::new();
    for (names, x) in
        [(["左足D", "左ひざD", "左足首D", "左足先EX"], 9.0), (["右足D", "右ひざD", "右足首D", "右足先EX"], -9.0)]
    {
        more.push((names[0], "センター", [x, -4.0, 0.0]));
        more.push((names[1], names[0], [0.0, -42.0, 0.0]));
        more.push((names[2], names[1], [0.0, -42.0, 0.0]));
        more.push((names[3], names[2], [0.0, -4.0, 8.0]));
    }
    // each branch that ends has an end site of its own
    let m = read(with_joints(&wave, &more).as_bytes(), "copies.bvh", &ReadOptions::default()).unwrap();
    assert_eq!(m.skeleton.names, wave.skeleton.names, "{:?}", m.source.left_out);
    assert_eq!(m.source.left_out.len(), 8, "{:?}", m.source.left_out);
}

#[test]
fn what_belongs_to_the_body_stays() {
    let wave = wave();
    let cases: [More<'_>; 4] = [
        &[
            ("HeadTop_End", "Head", [0.0, 18.0, 0.0]),
            ("LeftEye", "Head", [3.0, 8.0, 8.0]),
            ("RightEye", "Head", [-3.0, 8.0, 8.0]),
        ],
        &[
            ("LeftHandThumb1", "LeftHand", [3.0, -3.0, 2.0]),
            ("LeftHandIndex1", "LeftHand", [9.0, 0.0, 2.0]),
            ("LeftHandIndex2", "LeftHandIndex1", [4.0, 0.0, 0.0]),
            ("RightHandThumb1", "RightHand", [-3.0, -3.0, 2.0]),
        ],
        &[("LeftToe_End", "LeftToeBase", [0.0, 0.0, 5.0]), ("RightToe_End", "RightToeBase", [0.0, 0.0, 5.0])],
        &[("Head_nub", "Head", [0.0, 15.0, 0.0]), ("Jaw", "Head", [0.0, 2.0, 6.0])],
    ];
    for more in cases {
        let m = read(with_joints(&wave, more).as_bytes(), "more.bvh", &ReadOptions::default()).unwrap();
        assert!(m.source.left_out.is_empty(), "{:?}", m.source.left_out);
        for (name, parent, _) in more {
            let [joint, above] = [name, parent].map(|n| m.skeleton.joint(n).unwrap_or_else(|| panic!("{n} is gone")));
            assert_eq!(m.skeleton.parts[joint], m.skeleton.parts[above], "{name}");
        }
    }
}

/// The humanoid as Rigify has it: controls and mechanisms below the root, bones that the rig was made of, and bones
/// that bend the mesh, which hang from these where a limb begins.
fn rigged(motion: &Motion) -> Motion {
    const BLENDER: Convention = [
        "spine",
        "spine.001",
        "spine.002",
        "neck",
        "head",
        "shoulder.#",
        "upper_arm.#",
        "forearm.#",
        "hand.#",
        "thigh.#",
        "shin.#",
        "foot.#",
        "toe.#",
    ];
    let names = renamed(motion, &BLENDER, ["L", "R"]).skeleton.names.clone();
    let own = |name: &str| names.iter().position(|n| n == name).unwrap();
    // names, parents and the humanoid's joint there
    let mut joints: Vec<(String, String, usize)> = Vec::new();
    let mut put = |name: &str, parent: &str, at: usize| joints.push((name.to_owned(), parent.to_owned(), at));
    put("root", "", own("spine"));
    put("MCH-torso.parent", "root", own("spine"));
    put("torso", "MCH-torso.parent", own("spine"));
    put("hips", "torso", own("spine"));
    put("chest", "torso", own("spine.002"));
    for side in ["L", "R"] {
        let of = |name: &str| format!("{name}.{side}");
        let chains = [["chest", "upper_arm", "forearm", "hand"], ["hips", "thigh", "shin", "foot"]];
        for [from, upper, lower, end] in chains {
            put(&of(&format!("{upper}_fk")), from, own(&of(upper)));
            put(&of(&format!("{lower}_fk")), &of(&format!("{upper}_fk")), own(&of(lower)));
            put(&of(&format!("{end}_fk")), &of(&format!("{lower}_fk")), own(&of(end)));
            put(&of(&format!("{end}_ik")), "root", own(&of(end)));
        }
    }
    for (j, name) in names.iter().enumerate() {
        let above = motion.skeleton.parents[j].map_or("hips".to_owned(), |p| format!("ORG-{}", names[p]));
        put(&format!("ORG-{name}"), &above, j);
        let begins = ["shoulder", "thigh"].iter().any(|limb| name.starts_with(limb));
        let above = motion.skeleton.parents[j]
            .map_or("root".to_owned(), |p| format!("{}-{}", if begins { "ORG" } else { "DEF" }, names[p]));
        put(&format!("DEF-{name}"), &above, j);
    }
    let parents = joints.iter().map(|joint| joints.iter().position(|other| other.0 == joint.1)).collect();
    let places = |t: usize| {
        let place = move |(k, joint): (usize, &(String, String, usize))| {
            let [x, y, z] = motion.position(t, 0, joint.2);
            // the root is on the floor
            if k == 0 { [x, 0.0, z] } else { [x, y, z] }
        };
        joints.iter().enumerate().flat_map(place).collect::<Vec<f32>>()
    };
    let positions = (0..motion.frames()).flat_map(places).collect();
    let names = joints.iter().map(|joint| joint.0.clone()).collect();
    Motion::of_one_body(Skeleton::named(names, parents), motion.fps, positions)
}

#[test]
fn controls_and_mechanisms_of_a_rig_are_left_out() {
    for action in [humanoid::Action::WaveLeftHand, humanoid::Action::Walk] {
        let whole = humanoid::perform(action, &humanoid::Person::default(), 30.0).cropped(10..40);
        let rig = rigged(&whole);
        let bvh = write_bvh(&rig, 0).unwrap().into_bytes();
        let shape = [rig.frames(), rig.joints(), 3];
        let array = super::formats::npy(1, "<f4", false, &shape, &rig.positions);
        let parents: Vec<i64> = rig.skeleton.parents.iter().map(|p| p.map_or(-1, |p| p as i64)).collect();
        let sidecar = serde_json::json!({ "joints": rig.skeleton.names, "parents": parents, "fps": 30.0 }).to_string();
        for bytes in [bvh, array] {
            let options = ReadOptions { sidecar: Some(sidecar.clone().into_bytes()), ..ReadOptions::default() };
            let m = read(&bytes, "rig", &options).unwrap();
            assert_eq!((m.bodies, m.joints()), (1, whole.joints()), "{:?}", m.source);
            for gone in ["root", "torso", "hips", "chest", "MCH-torso.parent", "hand_ik.L", "ORG-spine"] {
                assert!(m.source.left_out.iter().any(|name| name == gone), "{gone}: {:?}", m.source.left_out);
            }
            let twin: Vec<usize> = (0..whole.joints())
                .map(|j| {
                    let name = rig.skeleton.names.iter().filter(|name| name.starts_with("DEF-")).nth(j).unwrap();
                    m.skeleton.joint(name).unwrap_or_else(|| panic!("{name} is gone"))
                })
                .collect();
            for (j, &k) in twin.iter().enumerate() {
                let name = &m.skeleton.names[k];
                assert_eq!(m.skeleton.parts[k], whole.skeleton.parts[j], "{name}: {:?}", m.source);
                assert_eq!(m.skeleton.parents[k], whole.skeleton.parents[j].map(|p| twin[p]), "{name}");
                assert_eq!(m.skeleton.mirror[k], twin[whole.skeleton.mirror[j]], "{name}");
                for t in [0, 15, 29] {
                    let (a, b) = (m.position(t, 0, k), whole.position(t, 0, j));
                    assert!((0..3).all(|c| (a[c] - b[c]).abs() < 5e-3), "{name}: {a:?}, expected {b:?}");
                }
            }
            assert!((m.height() - whole.height()).abs() < 0.01, "{} m", m.height());
        }
    }
}

#[test]
fn limbs_that_names_leave_unexplained_are_told_by_the_shape() {
    const ARMS: [&str; 4] = ["Shoulder", "Arm", "ForeArm", "Hand"];
    const LEGS: [&str; 4] = ["UpLeg", "Leg", "Foot", "ToeBase"];
    let called = |motion: &Motion, unknown: &[(&str, &[&str; 4])]| {
        let mut skeleton = (*motion.skeleton).clone();
        for name in &mut skeleton.names {
            let told = unknown.iter().find_map(|(side, limb)| {
                let k = limb.iter().position(|joint| *name == format!("{side}{joint}"))?;
                Some(format!("{}{k}", if *side == "Left" { "zu" } else { "ko" }))
            });
            *name = told.unwrap_or_else(|| name.clone());
        }
        Motion { skeleton: std::sync::Arc::new(skeleton), ..motion.clone() }
    };
    for action in humanoid::Action::ALL {
        for turned in [0.0, 2.0] {
            let whole = humanoid::perform(action, &humanoid::Person::default(), 30.0).yawed(turned);
            for unknown in [
                &[("Left", &ARMS), ("Right", &ARMS)][..],
                &[("Left", &LEGS), ("Right", &LEGS)],
                &[("Left", &ARMS)],
                &[("Right", &ARMS)],
                &[("Right", &LEGS)],
            ] {
                let text = write_bvh(&called(&whole, unknown), 0).unwrap();
                let m = read(text.as_bytes(), "half.bvh", &ReadOptions::default()).unwrap();
                assert_eq!(m.skeleton.parts, whole.skeleton.parts, "{action:?} {unknown:?}: {:?}", m.source);
                assert_eq!(m.skeleton.mirror, whole.skeleton.mirror, "{action:?} {unknown:?}");
                assert!((m.height() - whole.height()).abs() < 0.01 && m.source.parts_from.why.contains("by the shape"));
            }
        }
    }
}

#[test]
fn a_body_without_arms_gets_none_from_what_else_comes_in_twos() {
    let whole = wave();
    let arms = |j: usize| whole.skeleton.parts[j].is_arm();
    let kept: Vec<usize> = (0..whole.joints()).filter(|&j| !arms(j)).collect();
    // braids of four joints, and antennae
    let braid = |side: f32| (1..=4).map(move |k| [side * 0.08, 0.1 - 0.08 * k as f32, -0.05]);
    let extra: Vec<[f32; 3]> = braid(1.0).chain(braid(-1.0)).chain([[0.1, 0.2, 0.0], [-0.1, 0.2, 0.0]]).collect();
    let head = kept.iter().position(|&j| whole.skeleton.names[j] == "Head").unwrap();
    let mut names: Vec<String> = kept.iter().map(|&j| whole.skeleton.names[j].clone()).collect();
    let place = |p: usize| kept.iter().position(|&j| j == p);
    let mut parents: Vec<Option<usize>> = kept.iter().map(|&j| whole.skeleton.parents[j].and_then(place)).collect();
    for (k, name) in ["u", "v", "w", "x", "p", "q", "r", "s", "m", "n"].into_iter().enumerate() {
        parents.push(Some(if matches!(k, 0 | 4 | 8 | 9) { head } else { names.len() - 1 }));
        names.push(name.to_owned());
    }
    let positions = (0..whole.frames()).flat_map(|t| {
        let [x, y, z] = whole.position(t, 0, kept[head]);
        let own = kept.iter().map(|&j| whole.position(t, 0, j)).collect::<Vec<_>>();
        own.into_iter().chain(extra.iter().map(|e| [x + e[0], y + e[1], z + e[2]]).collect::<Vec<_>>()).flatten()
    });
    let motion = Motion::of_one_body(Skeleton::named(names, parents), 30.0, positions.collect());
    let m = read(write_bvh(&motion, 0).unwrap().as_bytes(), "legs.bvh", &ReadOptions::default()).unwrap();
    assert!(!m.skeleton.parts.iter().any(|part| part.is_arm()), "{:?}", m.source.parts_from);
    assert_eq!(m.skeleton.joints_of(Part::LeftLeg).count(), whole.skeleton.joints_of(Part::LeftLeg).count());
}
