use super::*;
use crate::motion::{Layout, Part, Skeleton};

/// Two joints side by side: columns and values can be told by hand.
fn pair() -> BodyPlan {
    BodyPlan { columns: vec![0, 1], parts: [2, 0, 0, 0, 0], parents: vec![0, 0], centre: vec![0] }
}

fn bodies(positions: &[f32], persons: usize, joints: usize) -> Bodies<'_> {
    Bodies { positions, persons, joints }
}

#[test]
fn plans_of_known_layouts_are_those_of_the_specification() {
    for layout in Layout::ALL {
        let plan = BodyPlan::of(&layout.skeleton());
        assert_eq!(plan, BodyPlan::of_layout(layout));
        assert_eq!(plan.problem(), None, "{layout:?}");
        // the parts are those that the names tell
        let skeleton = layout.skeleton();
        assert_eq!(plan.by_part().map(|(part, _)| part).collect::<Vec<_>>(), Part::ALL);
        for (part, joints) in plan.by_part() {
            let mut joints = joints.to_vec();
            joints.sort_unstable();
            assert_eq!(joints, skeleton.joints_of(part).collect::<Vec<_>>(), "{layout:?} {part:?}");
        }
    }
    let kinect = BodyPlan::of_layout(Layout::Ntu25);
    assert_eq!((kinect.parents[20], kinect.parents[1], kinect.parents[0], kinect.parents[21]), (20, 20, 1, 22));
}

#[test]
fn any_skeleton_has_a_plan() {
    let names = ["Hips", "LeftUpLeg", "LeftLeg", "RightUpLeg", "RightLeg", "Spine", "Head", "LeftArm", "LeftHand"];
    let parents = [None, Some(0), Some(1), Some(0), Some(3), Some(0), Some(5), Some(5), Some(7)];
    let skeleton = Skeleton::named(names.map(String::from).to_vec(), parents.to_vec());
    let plan = BodyPlan::of(&skeleton);
    assert_eq!(plan.problem(), None);
    assert_eq!(plan.columns, [0, 5, 6, 7, 8, 1, 2, 3, 4]);
    assert_eq!((plan.parts, plan.centre.clone()), ([3, 2, 0, 2, 2], vec![5]));

    // a part that is missing leaves its share black
    let mut s2i = S2i { size: 20, columns: Columns::Shares, ..S2i::new(plan) };
    s2i.range = Range::Fixed;
    let positions: Vec<f32> = (0..2 * 9 * 3).map(|i| 0.01 * i as f32 + 0.1).collect();
    let picture = s2i.encode(bodies(&positions, 1, 9), Stream::Joint).unwrap();
    let row: Vec<bool> = picture.unit[..20].iter().map(|&x| x > 0.0).collect();
    let black: Vec<usize> = (0..20).filter(|&x| !row[x]).collect();
    assert_eq!(black, [8, 9, 10, 11]);
}

#[test]
fn streams_of_two_bodies_by_hand() {
    // body 0 is absent in the first frame, body 1 in the last
    #[rustfmt::skip]
    let positions = [
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0,   5.0, 1.0, 1.0, 6.0, 1.0, 1.0,
        1.0, 2.0, 3.0, 2.0, 2.0, 3.0,   5.0, 1.5, 1.0, 6.0, 1.0, 1.0,
        1.0, 2.0, 4.0, 2.0, 2.0, 5.0,   0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    ];
    let s2i = S2i::new(pair());
    let of = |stream| s2i.stream(bodies(&positions, 2, 2), stream).unwrap();
    let joint = of(Stream::Joint);
    assert_eq!(joint.present, [false, true, true, true, true, false]);
    // the centre is joint 0 of body 0 in frame 1, for both bodies
    assert_eq!(joint.body(0, 0), [0.0; 6]);
    assert_eq!(joint.body(0, 1), [4.0, -1.0, -2.0, 5.0, -1.0, -2.0]);
    assert_eq!(joint.body(2, 0), [0.0, 0.0, 1.0, 1.0, 0.0, 2.0]);
    assert_eq!(of(Stream::Bone).body(2, 0), [0.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    let motion = of(Stream::Motion);
    assert_eq!(motion.body(0, 0), [0.0; 6], "it was not there before");
    assert_eq!(motion.body(1, 0), [0.0, 0.0, 1.0, 0.0, 0.0, 2.0]);
    assert_eq!(motion.body(0, 1), [0.0, 0.5, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(motion.body(1, 1), [0.0; 6], "it is not there afterwards");
    assert_eq!(s2i.encode(bodies(&positions, 2, 2), Stream::Joint).unwrap().persons, [0, 1]);
}

#[test]
fn columns_lie_between_joints_and_rows_between_frames() {
    // x grows from joint to joint, y from frame to frame
    let positions = [1.0, 0.0, 9.0, 2.0, 0.0, 9.0, 1.0, 1.0, 9.0, 2.0, 1.0, 9.0];
    let s2i = S2i { size: 8, ..S2i::new(pair()) };
    let picture = s2i.encode(bodies(&positions, 1, 2), Stream::Joint).unwrap();
    // half-pixel centres: 8 places over 2 numbers stand at −3/8, −1/8, 1/8 … of the way
    let ramp = [0.0, 0.0, 0.125, 0.375, 0.625, 0.875, 1.0, 1.0];
    assert_eq!(picture.unit[..8], ramp);
    let y: Vec<f32> = (0..8).map(|row| picture.unit[64 + row * 8]).collect();
    assert_eq!(y, ramp);
    assert!(picture.unit[128..].iter().all(|&z| z == 0.0), "a constant channel is 0");
    let red = (picture.unit[5] - IMAGE_MEAN[0]) / IMAGE_DEVIATION[0];
    assert_eq!(picture.normalised()[5], red);
    assert_eq!(picture.interleaved()[3 * 5..3 * 5 + 3], [0.875, 0.0, 0.0]);

    let nearest = S2i { resampling: Resampling::Nearest, ..s2i };
    let picture = nearest.encode(bodies(&positions, 1, 2), Stream::Joint).unwrap();
    assert_eq!(picture.unit[..8], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
}

#[test]
fn shares_are_fifths() {
    assert_eq!(S2i::new(pair()).shares(), [45, 45, 45, 45, 44]);
    assert_eq!(S2i { size: 64, ..S2i::new(pair()) }.shares(), [13, 13, 13, 13, 12]);
}

#[test]
fn what_is_no_clip_is_refused() {
    let s2i = S2i::new(pair());
    let error =
        |positions: &[f32], persons, joints| s2i.encode(bodies(positions, persons, joints), Stream::Joint).unwrap_err();
    assert_eq!(error(&[0.0; 12], 1, 2), S2iError::Nobody { frames: 2 });
    assert_eq!(error(&[], 1, 2), S2iError::Nobody { frames: 0 });
    assert!(matches!(error(&[1.0; 11], 1, 2), S2iError::Shape { .. }));
    assert!(matches!(error(&[1.0; 9], 1, 3), S2iError::Shape { .. }));
    assert!(matches!(error(&[1.0; 6], 0, 2), S2iError::Shape { .. }));
    let mut broken = [1.0; 12];
    broken[7] = f32::NAN;
    assert!(matches!(error(&broken, 1, 2), S2iError::NotFinite { frame: 1, .. }));
    let tiny = S2i { size: 0, ..S2i::new(pair()) };
    assert_eq!(tiny.encode(bodies(&[1.0; 6], 1, 2), Stream::Joint).unwrap_err(), S2iError::Size(0));
}
