//! Small files that are read well, made of a person who moves.

use draction::motion::{
    Motion,
    humanoid::{Action, Person, as_kinect, perform},
    write_bvh, write_bvh_of_all, write_npy, write_ntu,
};

use crate::Input;

mod foreign;
mod packed;

pub(crate) use foreign::{acclaim, keypoints, msr, pku};
pub(crate) use packed::{gltf, npz};

/// A few frames in the middle of an action.
fn moments(action: Action, frames: usize) -> Motion {
    perform(action, &Person::default(), 30.0).cropped(20..20 + frames)
}

/// Two bodies, of whom the second leaves.
fn two(action: Action) -> Motion {
    let (one, other) = (moments(action, 4), moments(Action::Clap, 4).translated([1.0, 0.0, 0.0]));
    let body = 3 * one.joints();
    let mut both = Motion { bodies: 2, positions: Vec::new(), present: Vec::new(), orientations: None, ..one.clone() };
    for t in 0..4 {
        both.positions.extend(&one.positions[t * body..][..body]);
        both.positions.extend(other.positions[t * body..][..body].iter().map(|v| if t < 3 { *v } else { 0.0 }));
        both.present.extend([true, t < 3]);
    }
    both
}

pub(crate) fn bvh() -> Vec<Input> {
    let recorded = write_bvh(&moments(Action::WaveLeftHand, 3), 0).expect("one body");
    let solved = Motion { orientations: None, ..moments(Action::Walk, 3) };
    let solved = write_bvh_of_all(&solved).expect("one body").content;
    let both = write_bvh_of_all(&two(Action::Squat)).expect("two bodies").content;
    let short = "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation \
        Yrotation\n JOINT Head\n {\n  OFFSET 0 1 0\n  CHANNELS 1 Xrotation\n  End Site\n  {\n   OFFSET 0 0.2 0\n  }\n }\n}\n\
        MOTION\nFrames: 2\nFrame Time: 0.1\n0 1 0 0 0 0 0\n0 1 0 0 20 0 10\n";
    [recorded, solved, both, short.to_owned()].into_iter().map(|text| Input::alone("a.bvh", text)).collect()
}

pub(crate) fn ntu() -> Vec<Input> {
    let one = as_kinect(&moments(Action::RaiseRightHand, 2), 3.0);
    let two = Motion { orientations: None, ..as_kinect(&moments(Action::Clap, 2), 2.5) };
    [one, two].iter().map(|motion| Input::alone("a.skeleton", write_ntu(motion).expect("Kinect's joints"))).collect()
}

pub(crate) fn humanml3d() -> Vec<Input> {
    let still: Vec<[f32; 3]> = (0..22u8).map(|j| [f32::from(j % 5) * 0.1, f32::from(j) * 0.08, 0.0]).collect();
    let mut moved = still.clone();
    moved[3][1] = 1.7;
    let frames = |frames: &[&Vec<[f32; 3]>]| format!("{{\"other\": {{\"a\": [1]}}, \"skeletons\": {frames:?}}}");
    [frames(&[&still, &moved]), frames(&[&still])].into_iter().map(|text| Input::alone("a.json", text)).collect()
}

pub(crate) fn npy() -> Vec<Input> {
    let described = [moments(Action::Squat, 3), two(Action::Walk)].map(|motion| {
        let array = write_npy(&motion);
        Input { beside: Some(array.skeleton.into_bytes()), ..Input::alone("a.npy", array.npy) }
    });
    let bare = write_npy(&as_kinect(&moments(Action::Clap, 2), 3.0));
    described.into_iter().chain([Input::alone("a.npy", bare.npy)]).collect()
}

pub(crate) fn all() -> Vec<Input> {
    [bvh(), gltf(), acclaim(), ntu(), pku(), msr(), humanml3d(), keypoints(), npy(), npz()]
        .into_iter()
        .flatten()
        .collect()
}
