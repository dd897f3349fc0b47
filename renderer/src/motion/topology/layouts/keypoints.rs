//! What estimators find in photographs, and what data sets of photographs list: COCO, OpenPose and others.

use super::{
    super::super::UpAxis,
    table::{Bones, Table},
};

pub(super) const COCO17: Table = Table {
    title: "COCO",
    names: &[
        "Nose", "LeftEye", "RightEye", "LeftEar", "RightEar", "LeftShoulder", "RightShoulder", "LeftElbow",
        "RightElbow", "LeftWrist", "RightWrist", "LeftHip", "RightHip", "LeftKnee", "RightKnee", "LeftAnkle",
        "RightAnkle",
    ],
    // the person graph of COCO's annotation files
    bones: Bones::FromOne(&[
        [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9], [8, 10],
        [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
    ]),
    ..Table::DEFAULT
};

pub(super) const COCO23: Table = Table {
    title: "COCO with feet",
    names: &[
        "Nose", "LeftEye", "RightEye", "LeftEar", "RightEar", "LeftShoulder", "RightShoulder", "LeftElbow",
        "RightElbow", "LeftWrist", "RightWrist", "LeftHip", "RightHip", "LeftKnee", "RightKnee", "LeftAnkle",
        "RightAnkle", "LeftBigToe", "LeftSmallToe", "LeftHeel", "RightBigToe", "RightSmallToe", "RightHeel",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 3, 5], &[0, 2, 4, 6], &[1, 2], &[5, 6], &[5, 7, 9], &[6, 8, 10], &[5, 11], &[6, 12], &[11, 12],
        &[11, 13, 15, 19], &[12, 14, 16, 22], &[15, 17], &[15, 18], &[16, 20], &[16, 21],
    ]),
    ..Table::DEFAULT
};

pub(super) const HALPE26: Table = Table {
    title: "Halpe",
    names: &[
        "Nose", "LeftEye", "RightEye", "LeftEar", "RightEar", "LeftShoulder", "RightShoulder", "LeftElbow",
        "RightElbow", "LeftWrist", "RightWrist", "LeftHip", "RightHip", "LeftKnee", "RightKnee", "LeftAnkle",
        "RightAnkle", "HeadTop", "Neck", "Pelvis", "LeftBigToe", "RightBigToe", "LeftSmallToe", "RightSmallToe",
        "LeftHeel", "RightHeel",
    ],
    bones: Bones::Chains(&[
        &[19, 18, 0, 17], &[0, 1, 3], &[0, 2, 4], &[18, 5, 7, 9], &[18, 6, 8, 10], &[19, 11, 13, 15, 24],
        &[19, 12, 14, 16, 25], &[15, 20], &[15, 22], &[16, 21], &[16, 23],
    ]),
    root: 19,
    ..Table::DEFAULT
};

pub(super) const OPENPOSE18: Table = Table {
    title: "OpenPose COCO",
    names: &[
        "Nose", "Neck", "RightShoulder", "RightElbow", "RightWrist", "LeftShoulder", "LeftElbow", "LeftWrist",
        "RightHip", "RightKnee", "RightAnkle", "LeftHip", "LeftKnee", "LeftAnkle", "RightEye", "LeftEye", "RightEar",
        "LeftEar",
    ],
    bones: Bones::Chains(&[
        &[1, 0, 14, 16], &[0, 15, 17], &[1, 2, 3, 4], &[1, 5, 6, 7], &[1, 8, 9, 10], &[1, 11, 12, 13],
    ]),
    root: 1,
    ..Table::DEFAULT
};

pub(super) const OPENPOSE25: Table = Table {
    title: "OpenPose BODY_25",
    names: &[
        "Nose", "Neck", "RightShoulder", "RightElbow", "RightWrist", "LeftShoulder", "LeftElbow", "LeftWrist",
        "MidHip", "RightHip", "RightKnee", "RightAnkle", "LeftHip", "LeftKnee", "LeftAnkle", "RightEye", "LeftEye",
        "RightEar", "LeftEar", "LeftBigToe", "LeftSmallToe", "LeftHeel", "RightBigToe", "RightSmallToe", "RightHeel",
    ],
    bones: Bones::Chains(&[
        &[8, 1, 0, 15, 17], &[0, 16, 18], &[1, 2, 3, 4], &[1, 5, 6, 7], &[8, 9, 10, 11, 24], &[8, 12, 13, 14, 21],
        &[11, 22, 23], &[14, 19, 20],
    ]),
    root: 8,
    ..Table::DEFAULT
};

pub(super) const OPENPOSE15: Table = Table {
    title: "OpenPose MPI",
    names: &[
        "Head", "Neck", "RightShoulder", "RightElbow", "RightWrist", "LeftShoulder", "LeftElbow", "LeftWrist",
        "RightHip", "RightKnee", "RightAnkle", "LeftHip", "LeftKnee", "LeftAnkle", "Chest",
    ],
    bones: Bones::Chains(&[
        &[14, 1, 0], &[1, 2, 3, 4], &[1, 5, 6, 7], &[14, 8, 9, 10], &[14, 11, 12, 13],
    ]),
    root: 14,
    ..Table::DEFAULT
};

pub(super) const MEDIAPIPE33: Table = Table {
    title: "MediaPipe Pose",
    names: &[
        "Nose", "LeftEyeInner", "LeftEye", "LeftEyeOuter", "RightEyeInner", "RightEye", "RightEyeOuter", "LeftEar",
        "RightEar", "MouthLeft", "MouthRight", "LeftShoulder", "RightShoulder", "LeftElbow", "RightElbow",
        "LeftWrist", "RightWrist", "LeftPinky", "RightPinky", "LeftIndex", "RightIndex", "LeftThumb", "RightThumb",
        "LeftHip", "RightHip", "LeftKnee", "RightKnee", "LeftAnkle", "RightAnkle", "LeftHeel", "RightHeel",
        "LeftFootIndex", "RightFootIndex",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3, 7], &[0, 4, 5, 6, 8], &[0, 9], &[0, 10], &[0, 11], &[0, 12], &[11, 12],
        &[11, 13, 15, 17], &[15, 19], &[15, 21], &[12, 14, 16, 18], &[16, 20], &[16, 22],
        &[11, 23], &[12, 24], &[23, 24], &[23, 25, 27, 29, 31], &[24, 26, 28, 30, 32],
    ]),
    usual_up: UpAxis::MinusY,
    ..Table::DEFAULT
};

pub(super) const LSP14: Table = Table {
    title: "Leeds Sports Pose",
    names: &[
        "RightAnkle", "RightKnee", "RightHip", "LeftHip", "LeftKnee", "LeftAnkle", "RightWrist", "RightElbow",
        "RightShoulder", "LeftShoulder", "LeftElbow", "LeftWrist", "Neck", "HeadTop",
    ],
    bones: Bones::Chains(&[&[12, 13], &[12, 2, 1, 0], &[12, 3, 4, 5], &[12, 8, 7, 6], &[12, 9, 10, 11]]),
    root: 12,
    ..Table::DEFAULT
};

pub(super) const CROWDPOSE14: Table = Table {
    title: "CrowdPose",
    names: &[
        "LeftShoulder", "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist", "LeftHip", "RightHip",
        "LeftKnee", "RightKnee", "LeftAnkle", "RightAnkle", "HeadTop", "Neck",
    ],
    bones: Bones::Chains(&[&[13, 12], &[13, 0, 2, 4], &[13, 1, 3, 5], &[13, 6, 8, 10], &[13, 7, 9, 11]]),
    root: 13,
    ..Table::DEFAULT
};

pub(super) const PENN13: Table = Table {
    title: "Penn Action",
    names: &[
        "Head", "LeftShoulder", "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist", "LeftHip",
        "RightHip", "LeftKnee", "RightKnee", "LeftAnkle", "RightAnkle",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 3, 5], &[0, 2, 4, 6], &[1, 2], &[1, 7, 9, 11], &[2, 8, 10, 12], &[7, 8],
    ]),
    ..Table::DEFAULT
};

pub(super) const JHMDB15: Table = Table {
    title: "JHMDB",
    names: &[
        "Neck", "Belly", "Face", "RightShoulder", "LeftShoulder", "RightHip", "LeftHip", "RightElbow", "LeftElbow",
        "RightKnee", "LeftKnee", "RightWrist", "LeftWrist", "RightAnkle", "LeftAnkle",
    ],
    bones: Bones::Chains(&[&[1, 0, 2], &[0, 3, 7, 11], &[0, 4, 8, 12], &[1, 5, 9, 13], &[1, 6, 10, 14]]),
    root: 1,
    ..Table::DEFAULT
};

pub(super) const MPII16: Table = Table {
    title: "MPII",
    names: &[
        "RightAnkle", "RightKnee", "RightHip", "LeftHip", "LeftKnee", "LeftAnkle", "Pelvis", "Thorax", "UpperNeck",
        "HeadTop", "RightWrist", "RightElbow", "RightShoulder", "LeftShoulder", "LeftElbow", "LeftWrist",
    ],
    bones: Bones::Chains(&[
        &[6, 7, 8, 9], &[6, 2, 1, 0], &[6, 3, 4, 5], &[7, 12, 11, 10], &[7, 13, 14, 15],
    ]),
    root: 6,
    ..Table::DEFAULT
};
