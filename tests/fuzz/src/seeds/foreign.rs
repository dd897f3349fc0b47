//! Formats that this project reads and does not write.

use draction::motion::{
    Motion,
    humanoid::{Action, as_kinect},
};

use super::moments;
use crate::Input;

/// Somebody on Kinect's joints, `frames` of them.
fn recorded(action: Action, frames: usize) -> Motion {
    as_kinect(&moments(action, frames), 3.0)
}

fn row(motion: &Motion, t: usize, joints: usize) -> String {
    let numbers: Vec<String> = (0..joints).flat_map(|j| motion.position(t, 0, j)).map(|v| format!("{v:.5}")).collect();
    numbers.join(" ")
}

pub(crate) fn acclaim() -> Vec<Input> {
    let bones = [
        ("lhip", "root", [1, 0, 0], 1.0, ""),
        ("lleg", "lhip", [0, -1, 0], 8.0, "rx ry rz"),
        ("lfoot", "lleg", [0, -1, 0], 8.0, "rx"),
        ("rhip", "root", [-1, 0, 0], 1.0, ""),
        ("rleg", "rhip", [0, -1, 0], 8.0, "rx ry rz"),
        ("rfoot", "rleg", [0, -1, 0], 8.0, "rx"),
        ("chest", "root", [0, 1, 0], 9.0, "rx ry rz"),
        ("head", "chest", [0, 1, 0], 4.0, "rx ry rz"),
    ];
    let mut asf = String::from(
        ":version 1.10\n:name someone\n:units\n  mass 1.0\n  length 0.45\n  angle deg\n:documentation\n  made up\n:root\n  \
         order TX TY TZ RX RY RZ\n  axis XYZ\n  position 0 0 0\n  orientation 0 0 0\n:bonedata\n",
    );
    for (name, _, [x, y, z], length, dof) in bones {
        asf += &format!("begin\n id 1\n name {name}\n direction {x} {y} {z}\n length {length}\n axis 0 0 20 XYZ\n");
        if !dof.is_empty() {
            let limits = "(-160.0 20.0)\n".repeat(dof.split(' ').count());
            asf += &format!(" dof {dof}\n limits {limits}");
        }
        asf += "end\n";
    }
    asf += ":hierarchy\nbegin\n root lhip rhip chest\n lhip lleg\n lleg lfoot\n rhip rleg\n rleg rfoot\n chest head\nend\n";
    let pose = |frame: usize, bend: usize| {
        format!(
            "{frame}\nroot 1.5 17 0.2 0 {bend} 0\nlleg {bend} 0 0\nlfoot 5\nrleg -20 0 {bend}\nrfoot 0\nchest 0 {bend} 0\n\
             head 0 0 0\n"
        )
    };
    let amc = format!("#!OML:ASF a.asf\n:FULLY-SPECIFIED\n:DEGREES\n{}{}", pose(1, 10), pose(2, 25));
    let bare = pose(1, 5) + &pose(2, 6);
    let amc = amc.replacen(":DEGREES", ":DEGREES\n:SAMPLES-PER-SECOND 60", 1);
    [amc, bare]
        .into_iter()
        .map(|amc| Input { beside: Some(asf.clone().into_bytes()), ..Input::alone("a.amc", amc) })
        .collect()
}

pub(crate) fn pku() -> Vec<Input> {
    let (one, other) = (recorded(Action::Clap, 3), recorded(Action::Squat, 3));
    let nobody = ["0"; 75].join(" ");
    let line = |t: usize, second: &str| format!("{} {second}\n", row(&one, t, 25));
    let alone: String = (0..3).map(|t| line(t, &nobody)).collect();
    let both: String = (0..3).map(|t| line(t, &row(&other, t, 25))).collect();
    [alone, both].into_iter().map(|text| Input::alone("a.txt", text)).collect()
}

pub(crate) fn msr() -> Vec<Input> {
    let motion = recorded(Action::RaiseRightHand, 4);
    let table = |end: &str| -> String {
        let joints = (0..4).flat_map(|t| (0..20).map(move |j| (t, j)));
        joints.map(|(t, j)| motion.position(t, 0, j).map(|v| format!("{v:.5}")).join(" ") + end).collect()
    };
    [table(" 1\n"), table("\n")].into_iter().map(|text| Input::alone("a_skeleton.txt", text)).collect()
}

/// Kinect's joints in the orders of pose estimators.
const COCO: [usize; 17] = [3, 3, 3, 3, 3, 4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18];
#[rustfmt::skip]
const BODY_25: [usize; 25] = [3, 20, 8, 9, 10, 4, 5, 6, 0, 16, 17, 18, 12, 13, 14, 3, 3, 3, 3, 15, 15, 14, 19, 19, 18];
#[rustfmt::skip]
const MEDIAPIPE: [usize; 33] = [
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 8, 5, 9, 6, 10, 7, 11, 21, 23, 22, 24, 12, 16, 13, 17, 14, 18, 14, 18, 15, 19,
];

pub(crate) fn keypoints() -> Vec<Input> {
    let motion = recorded(Action::WaveLeftHand, 3);
    // in the picture, points of the head a little apart
    let pixel = |t: usize, k: usize, j: usize| {
        let [x, y, _] = motion.position(t, 0, j);
        [960.0 + 400.0 * x + (k % 5) as f32, 540.0 - 400.0 * y + (k % 3) as f32]
    };
    let flat = |t: usize, order: &[usize]| -> String {
        let points = order.iter().enumerate().map(|(k, &j)| {
            let [x, y] = pixel(t, k, j);
            format!("{x:.2},{y:.2},0.9")
        });
        points.collect::<Vec<_>>().join(",")
    };
    let list = |each: &dyn Fn(usize) -> String| format!("[{}]", (0..3).map(each).collect::<Vec<_>>().join(",\n"));
    let openpose = list(&|t| {
        let person = format!("{{\"person_id\":[-1],\"pose_keypoints_2d\":[{}]}}", flat(t, &BODY_25));
        format!("{{\"version\":1.3,\"people\":[{person}]}}")
    });
    let coco = list(&|t| {
        let keypoints = flat(t, &COCO);
        format!("{{\"image_id\":{t},\"category_id\":1,\n\"keypoints\":[{keypoints}],\"score\":0.8}}")
    });
    let mediapipe = list(&|t| {
        let landmark = |k: usize| {
            let [x, y, z] = motion.position(t, 0, MEDIAPIPE[k]);
            let x = x + 0.01 * (k % 5) as f32;
            format!("{{\"x\":{x:.4},\"y\":{:.4},\"z\":{:.4},\"visibility\":0.9}}", -y, z - 3.0)
        };
        format!("[{}]", (0..33).map(landmark).collect::<Vec<_>>().join(","))
    });
    // counted from the hips, which are zero
    let centred = list(&|t| {
        let joint = |j: usize| {
            let [a, b] = [0, j].map(|j| motion.position(t, 0, j));
            format!("[{:.4},{:.4},{:.4}]", b[0] - a[0], b[1] - a[1], b[2] - a[2])
        };
        format!("{{\"keypoints_3d\":[{}]}}", (0..25).map(joint).collect::<Vec<_>>().join(","))
    });
    let centred = format!("{{\"fps\": \"30000/1001\",\n\"frames\": {centred}}}");
    [openpose, coco, format!("{{\"fps\": 25, \"frames\": {mediapipe}}}"), centred]
        .into_iter()
        .map(|text| Input::alone("a.json", text))
        .collect()
}
