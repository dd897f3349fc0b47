//! What Microsoft's depth cameras track, and what data sets recorded with them list.

use super::{
    super::super::UpAxis,
    table::{Bones, Table},
};

pub(super) const NTU25: Table = Table {
    title: "Kinect v2",
    names: &[
        "SpineBase", "SpineMid", "Neck", "Head",
        "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft",
        "ShoulderRight", "ElbowRight", "WristRight", "HandRight",
        "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
        "HipRight", "KneeRight", "AnkleRight", "FootRight",
        "SpineShoulder", "HandTipLeft", "ThumbLeft", "HandTipRight", "ThumbRight",
    ],
    // spec A.1.1
    bones: Bones::FromOne(&[
        [1, 2], [2, 21], [3, 21], [4, 3], [5, 21], [6, 5], [7, 6], [8, 7], [9, 21], [10, 9], [11, 10], [12, 11],
        [13, 1], [14, 13], [15, 14], [16, 15], [17, 1], [18, 17], [19, 18], [20, 19], [22, 23], [23, 8], [24, 25],
        [25, 12],
    ]),
    ..Table::DEFAULT
};

pub(super) const KINECT20: Table = Table {
    title: "Kinect v1",
    names: &[
        "HipCenter", "Spine", "ShoulderCenter", "Head",
        "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft",
        "ShoulderRight", "ElbowRight", "WristRight", "HandRight",
        "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
        "HipRight", "KneeRight", "AnkleRight", "FootRight",
    ],
    bones: Bones::FromOne(&[
        [1, 2], [2, 3], [4, 3], [5, 3], [6, 5], [7, 6], [8, 7], [9, 3], [10, 9], [11, 10], [12, 11],
        [13, 1], [14, 13], [15, 14], [16, 15], [17, 1], [18, 17], [19, 18], [20, 19],
    ]),
    ..Table::DEFAULT
};

pub(super) const UTD20: Table = Table {
    title: "UTD-MHAD",
    names: &[
        "Head", "ShoulderCenter", "Spine", "HipCenter",
        "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft",
        "ShoulderRight", "ElbowRight", "WristRight", "HandRight",
        "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
        "HipRight", "KneeRight", "AnkleRight", "FootRight",
    ],
    bones: Bones::Chains(&[&[3, 2, 1, 0], &[1, 4, 5, 6, 7], &[1, 8, 9, 10, 11], &[3, 12, 13, 14, 15], &[3, 16, 17, 18, 19]]),
    root: 3,
    ..Table::DEFAULT
};

pub(super) const AZURE32: Table = Table {
    title: "Azure Kinect",
    names: &[
        "Pelvis", "SpineNavel", "SpineChest", "Neck",
        "ClavicleLeft", "ShoulderLeft", "ElbowLeft", "WristLeft", "HandLeft", "HandTipLeft", "ThumbLeft",
        "ClavicleRight", "ShoulderRight", "ElbowRight", "WristRight", "HandRight", "HandTipRight", "ThumbRight",
        "HipLeft", "KneeLeft", "AnkleLeft", "FootLeft",
        "HipRight", "KneeRight", "AnkleRight", "FootRight",
        "Head", "Nose", "EyeLeft", "EarLeft", "EyeRight", "EarRight",
    ],
    bones: Bones::Chains(&[
        &[0, 1, 2, 3, 26, 27], &[2, 4, 5, 6, 7, 8, 9], &[7, 10], &[2, 11, 12, 13, 14, 15, 16], &[14, 17],
        &[0, 18, 19, 20, 21], &[0, 22, 23, 24, 25], &[26, 28], &[26, 29], &[26, 30], &[26, 31],
    ]),
    usual_up: UpAxis::MinusY,
    ..Table::DEFAULT
};

pub(super) const SBU15: Table = Table {
    title: "SBU Kinect",
    names: &[
        "Head", "Neck", "Torso",
        "LeftShoulder", "LeftElbow", "LeftHand", "RightShoulder", "RightElbow", "RightHand",
        "LeftHip", "LeftKnee", "LeftFoot", "RightHip", "RightKnee", "RightFoot",
    ],
    bones: Bones::Chains(&[&[2, 1, 0], &[1, 3, 4, 5], &[1, 6, 7, 8], &[2, 9, 10, 11], &[2, 12, 13, 14]]),
    root: 2,
    ..Table::DEFAULT
};

pub(super) const CAD15: Table = Table {
    title: "CAD-60 and CAD-120",
    names: &[
        "Head", "Neck", "Torso", "LeftShoulder", "LeftElbow", "RightShoulder", "RightElbow",
        "LeftHip", "LeftKnee", "RightHip", "RightKnee", "LeftHand", "RightHand", "LeftFoot", "RightFoot",
    ],
    bones: Bones::Chains(&[&[2, 1, 0], &[1, 3, 4, 11], &[1, 5, 6, 12], &[2, 7, 8, 13], &[2, 9, 10, 14]]),
    root: 2,
    ..Table::DEFAULT
};
