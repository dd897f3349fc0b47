//! SMPL and its relatives: body joints first, hands and face after them.

use super::{
    super::super::UpAxis,
    table::{Bones, Table},
};

pub(super) const SMPL22: Table = Table {
    title: "SMPL's body",
    names: &[
        "Pelvis", "LeftHip", "RightHip", "Spine1", "LeftKnee", "RightKnee", "Spine2", "LeftAnkle", "RightAnkle",
        "Spine3", "LeftFoot", "RightFoot", "Neck", "LeftCollar", "RightCollar", "Head", "LeftShoulder",
        "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist",
    ],
    // spec A.1.2
    bones: Bones::FromOne(&[
        [1, 3], [3, 6], [6, 9], [9, 12], [1, 2], [2, 5], [5, 8], [8, 11], [1, 4], [4, 7], [7, 10], [10, 13],
        [13, 16], [10, 15], [15, 18], [18, 20], [20, 22], [10, 14], [14, 17], [17, 19], [19, 21],
    ]),
    // HumanML3D's rate
    fps: 20.0,
    ..Table::DEFAULT
};

pub(super) const SMPL24: Table = Table {
    title: "SMPL",
    names: &[
        "Pelvis", "LeftHip", "RightHip", "Spine1", "LeftKnee", "RightKnee", "Spine2", "LeftAnkle", "RightAnkle",
        "Spine3", "LeftFoot", "RightFoot", "Neck", "LeftCollar", "RightCollar", "Head", "LeftShoulder",
        "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist", "LeftHand", "RightHand",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 4, 7, 10], &[0, 2, 5, 8, 11], &[0, 3, 6, 9, 12, 15], &[9, 13, 16, 18, 20, 22], &[9, 14, 17, 19, 21, 23],
    ]),
    ..Table::DEFAULT
};

pub(super) const SMPL45: Table = Table {
    title: "SMPL with points of its skin",
    names: &[
        "Pelvis", "LeftHip", "RightHip", "Spine1", "LeftKnee", "RightKnee", "Spine2", "LeftAnkle", "RightAnkle",
        "Spine3", "LeftFoot", "RightFoot", "Neck", "LeftCollar", "RightCollar", "Head", "LeftShoulder",
        "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist", "LeftHand", "RightHand",
        "Nose", "RightEye", "LeftEye", "RightEar", "LeftEar",
        "LeftBigToe", "LeftSmallToe", "LeftHeel", "RightBigToe", "RightSmallToe", "RightHeel",
        "LeftThumb", "LeftIndex", "LeftMiddle", "LeftRing", "LeftPinky",
        "RightThumb", "RightIndex", "RightMiddle", "RightRing", "RightPinky",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 4, 7, 10, 29], &[0, 2, 5, 8, 11, 32], &[0, 3, 6, 9, 12, 15, 24], &[9, 13, 16, 18, 20, 22],
        &[9, 14, 17, 19, 21, 23], &[24, 25, 27], &[24, 26, 28], &[10, 30], &[7, 31], &[11, 33], &[8, 34],
        &[22, 35], &[22, 36], &[22, 37], &[22, 38], &[22, 39], &[23, 40], &[23, 41], &[23, 42], &[23, 43], &[23, 44],
    ]),
    ..Table::DEFAULT
};

pub(super) const SMPLH52: Table = Table {
    title: "SMPL-H",
    names: &[
        "Pelvis", "LeftHip", "RightHip", "Spine1", "LeftKnee", "RightKnee", "Spine2", "LeftAnkle", "RightAnkle",
        "Spine3", "LeftFoot", "RightFoot", "Neck", "LeftCollar", "RightCollar", "Head", "LeftShoulder",
        "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist",
        "LeftIndex1", "LeftIndex2", "LeftIndex3", "LeftMiddle1", "LeftMiddle2", "LeftMiddle3",
        "LeftPinky1", "LeftPinky2", "LeftPinky3", "LeftRing1", "LeftRing2", "LeftRing3",
        "LeftThumb1", "LeftThumb2", "LeftThumb3",
        "RightIndex1", "RightIndex2", "RightIndex3", "RightMiddle1", "RightMiddle2", "RightMiddle3",
        "RightPinky1", "RightPinky2", "RightPinky3", "RightRing1", "RightRing2", "RightRing3",
        "RightThumb1", "RightThumb2", "RightThumb3",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 4, 7, 10], &[0, 2, 5, 8, 11], &[0, 3, 6, 9, 12, 15], &[9, 13, 16, 18, 20], &[9, 14, 17, 19, 21],
        &[20, 22, 23, 24], &[20, 25, 26, 27], &[20, 28, 29, 30], &[20, 31, 32, 33], &[20, 34, 35, 36],
        &[21, 37, 38, 39], &[21, 40, 41, 42], &[21, 43, 44, 45], &[21, 46, 47, 48], &[21, 49, 50, 51],
    ]),
    usual_up: UpAxis::PlusZ,
    ..Table::DEFAULT
};

pub(super) const SMPLX55: Table = Table {
    title: "SMPL-X",
    names: &[
        "Pelvis", "LeftHip", "RightHip", "Spine1", "LeftKnee", "RightKnee", "Spine2", "LeftAnkle", "RightAnkle",
        "Spine3", "LeftFoot", "RightFoot", "Neck", "LeftCollar", "RightCollar", "Head", "LeftShoulder",
        "RightShoulder", "LeftElbow", "RightElbow", "LeftWrist", "RightWrist", "Jaw", "LeftEye", "RightEye",
        "LeftIndex1", "LeftIndex2", "LeftIndex3", "LeftMiddle1", "LeftMiddle2", "LeftMiddle3",
        "LeftPinky1", "LeftPinky2", "LeftPinky3", "LeftRing1", "LeftRing2", "LeftRing3",
        "LeftThumb1", "LeftThumb2", "LeftThumb3",
        "RightIndex1", "RightIndex2", "RightIndex3", "RightMiddle1", "RightMiddle2", "RightMiddle3",
        "RightPinky1", "RightPinky2", "RightPinky3", "RightRing1", "RightRing2", "RightRing3",
        "RightThumb1", "RightThumb2", "RightThumb3",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 4, 7, 10], &[0, 2, 5, 8, 11], &[0, 3, 6, 9, 12, 15, 22], &[15, 23], &[15, 24],
        &[9, 13, 16, 18, 20], &[9, 14, 17, 19, 21],
        &[20, 25, 26, 27], &[20, 28, 29, 30], &[20, 31, 32, 33], &[20, 34, 35, 36], &[20, 37, 38, 39],
        &[21, 40, 41, 42], &[21, 43, 44, 45], &[21, 46, 47, 48], &[21, 49, 50, 51], &[21, 52, 53, 54],
    ]),
    usual_up: UpAxis::PlusZ,
    ..Table::DEFAULT
};
