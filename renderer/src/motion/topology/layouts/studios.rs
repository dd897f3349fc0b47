//! What motion capture studios and the data sets recorded in them list.

use super::{
    super::super::UpAxis,
    table::{Bones, Table},
};

pub(super) const HUMAN17: Table = Table {
    title: "Human3.6M",
    names: &[
        "Pelvis", "RightHip", "RightKnee", "RightAnkle", "LeftHip", "LeftKnee", "LeftAnkle", "Spine", "Thorax", "Neck",
        "Head", "LeftShoulder", "LeftElbow", "LeftWrist", "RightShoulder", "RightElbow", "RightWrist",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3], &[0, 4, 5, 6], &[0, 7, 8, 9, 10], &[8, 11, 12, 13], &[8, 14, 15, 16],
    ]),
    fps: 50.0,
    // the world has z up, the cameras have y down: neither is usual
    ..Table::DEFAULT
};

pub(super) const HUMAN16: Table = Table {
    title: "Human3.6M without the neck",
    names: &[
        "Pelvis", "RightHip", "RightKnee", "RightAnkle", "LeftHip", "LeftKnee", "LeftAnkle", "Spine", "Thorax",
        "Head", "LeftShoulder", "LeftElbow", "LeftWrist", "RightShoulder", "RightElbow", "RightWrist",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3], &[0, 4, 5, 6], &[0, 7, 8, 9], &[8, 10, 11, 12], &[8, 13, 14, 15],
    ]),
    ..HUMAN17
};

pub(super) const HUMAN32: Table = Table {
    title: "Human3.6M as recorded",
    names: &[
        "Hips", "RightUpLeg", "RightLeg", "RightFoot", "RightToeBase", "RightToe",
        "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase", "LeftToe",
        "Spine", "Spine1", "Neck", "Head", "HeadTop",
        "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand", "LeftHandThumb", "LeftThumbTip", "LeftWristEnd",
        "LeftHandTip",
        "RightShoulder", "RightArm", "RightForeArm", "RightHand", "RightHandThumb", "RightThumbTip", "RightWristEnd",
        "RightHandTip",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3, 4, 5], &[0, 6, 7, 8, 9, 10], &[0, 11, 12, 13, 14, 15], &[12, 16, 17, 18, 19, 20, 21],
        &[19, 22, 23], &[12, 24, 25, 26, 27, 28, 29], &[27, 30, 31],
    ]),
    ..HUMAN17
};

pub(super) const INF17: Table = Table {
    title: "MPI-INF-3DHP",
    names: &[
        "HeadTop", "Neck", "RightShoulder", "RightElbow", "RightWrist", "LeftShoulder", "LeftElbow", "LeftWrist",
        "RightHip", "RightKnee", "RightAnkle", "LeftHip", "LeftKnee", "LeftAnkle", "Pelvis", "Spine", "Head",
    ],
    bones: Bones::Chains(&[
        &[14, 15, 1, 16, 0], &[1, 2, 3, 4], &[1, 5, 6, 7], &[14, 8, 9, 10], &[14, 11, 12, 13],
    ]),
    root: 14,
    usual_up: UpAxis::MinusY,
    ..Table::DEFAULT
};

pub(super) const INF28: Table = Table {
    title: "MPI-INF-3DHP as recorded",
    names: &[
        "Spine3", "Spine4", "Spine2", "Spine", "Pelvis", "Neck", "Head", "HeadTop",
        "LeftClavicle", "LeftShoulder", "LeftElbow", "LeftWrist", "LeftHand",
        "RightClavicle", "RightShoulder", "RightElbow", "RightWrist", "RightHand",
        "LeftHip", "LeftKnee", "LeftAnkle", "LeftFoot", "LeftToe",
        "RightHip", "RightKnee", "RightAnkle", "RightFoot", "RightToe",
    ],
    bones: Bones::Chains(&[
        &[4, 3, 2, 0, 1, 5, 6, 7], &[5, 8, 9, 10, 11, 12], &[5, 13, 14, 15, 16, 17], &[4, 18, 19, 20, 21, 22],
        &[4, 23, 24, 25, 26, 27],
    ]),
    root: 4,
    usual_up: UpAxis::MinusY,
    ..Table::DEFAULT
};

pub(super) const PANOPTIC19: Table = Table {
    title: "CMU Panoptic",
    names: &[
        "Neck", "Nose", "Pelvis", "LeftShoulder", "LeftElbow", "LeftWrist", "LeftHip", "LeftKnee", "LeftAnkle",
        "RightShoulder", "RightElbow", "RightWrist", "RightHip", "RightKnee", "RightAnkle",
        "LeftEye", "LeftEar", "RightEye", "RightEar",
    ],
    bones: Bones::Chains(&[
        &[2, 0, 1, 15, 16], &[1, 17, 18], &[0, 3, 4, 5], &[0, 9, 10, 11], &[2, 6, 7, 8], &[2, 12, 13, 14],
    ]),
    root: 2,
    usual_up: UpAxis::MinusY,
    ..Table::DEFAULT
};

pub(super) const KIT21: Table = Table {
    title: "KIT-ML",
    names: &[
        "Root", "Pelvis", "Torso", "LowerNeck", "UpperNeck", "RightShoulder", "RightElbow", "RightWrist",
        "LeftShoulder", "LeftElbow", "LeftWrist", "RightHip", "RightKnee", "RightAnkle", "RightFoot", "RightToe",
        "LeftHip", "LeftKnee", "LeftAnkle", "LeftFoot", "LeftToe",
    ],
    bones: Bones::Chains(&[
        &[0, 11, 12, 13, 14, 15], &[0, 16, 17, 18, 19, 20], &[0, 1, 2, 3, 4], &[3, 5, 6, 7], &[3, 8, 9, 10],
    ]),
    fps: 12.5,
    ..Table::DEFAULT
};

pub(super) const XSENS23: Table = Table {
    title: "Xsens MVN",
    // the spine is L5, L3, T12, T8
    names: &[
        "Pelvis", "Spine1", "Spine2", "Spine3", "Spine4", "Neck", "Head",
        "RightShoulder", "RightUpperArm", "RightForeArm", "RightHand",
        "LeftShoulder", "LeftUpperArm", "LeftForeArm", "LeftHand",
        "RightUpperLeg", "RightLowerLeg", "RightFoot", "RightToe",
        "LeftUpperLeg", "LeftLowerLeg", "LeftFoot", "LeftToe",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3, 4, 5, 6], &[4, 7, 8, 9, 10], &[4, 11, 12, 13, 14], &[0, 15, 16, 17, 18], &[0, 19, 20, 21, 22],
    ]),
    fps: 60.0,
    usual_up: UpAxis::PlusZ,
    ..Table::DEFAULT
};

pub(super) const CMU31: Table = Table {
    title: "CMU and HDM05",
    names: &[
        "Root", "LeftHipJoint", "LeftFemur", "LeftTibia", "LeftFoot", "LeftToes",
        "RightHipJoint", "RightFemur", "RightTibia", "RightFoot", "RightToes",
        "LowerBack", "UpperBack", "Thorax", "LowerNeck", "UpperNeck", "Head",
        "LeftClavicle", "LeftHumerus", "LeftRadius", "LeftWrist", "LeftHand", "LeftFingers", "LeftThumb",
        "RightClavicle", "RightHumerus", "RightRadius", "RightWrist", "RightHand", "RightFingers", "RightThumb",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3, 4, 5], &[0, 6, 7, 8, 9, 10], &[0, 11, 12, 13, 14, 15, 16],
        &[13, 17, 18, 19, 20, 21, 22], &[20, 23], &[13, 24, 25, 26, 27, 28, 29], &[27, 30],
    ]),
    fps: 120.0,
    ..Table::DEFAULT
};

pub(super) const LAFAN22: Table = Table {
    title: "LAFAN1",
    names: &[
        "Hips", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToe", "RightUpLeg", "RightLeg", "RightFoot", "RightToe",
        "Spine", "Spine1", "Spine2", "Neck", "Head", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand",
        "RightShoulder", "RightArm", "RightForeArm", "RightHand",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3, 4], &[0, 5, 6, 7, 8], &[0, 9, 10, 11, 12, 13], &[11, 14, 15, 16, 17], &[11, 18, 19, 20, 21],
    ]),
    ..Table::DEFAULT
};

pub(super) const EVA15: Table = Table {
    title: "HumanEva",
    names: &[
        "Pelvis", "Thorax", "LeftShoulder", "LeftElbow", "LeftWrist", "RightShoulder", "RightElbow", "RightWrist",
        "LeftHip", "LeftKnee", "LeftAnkle", "RightHip", "RightKnee", "RightAnkle", "Head",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 14], &[1, 2, 3, 4], &[1, 5, 6, 7], &[0, 8, 9, 10], &[0, 11, 12, 13],
    ]),
    fps: 60.0,
    ..Table::DEFAULT
};
