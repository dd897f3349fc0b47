use super::*;

/// Two joints of one body whose numbers tell the frame.
fn counting(frames: usize) -> Poses {
    let positions = (0..frames).flat_map(|t| (0..6).map(move |i| (10 * t + i) as f32 + 1.0)).collect();
    Poses { joints: 2, bodies: 1, positions }
}

#[test]
fn frames_lie_where_their_centres_lay() {
    let poses = counting(8);
    let whole = Crop { start: 0, length: 8 };
    assert_eq!(poses.resized(whole, 8), poses);
    // two frames become one in their middle
    let half = poses.resized(whole, 4);
    assert_eq!(half.positions[..6], [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
    // twice as many: a quarter of the way, and the ends stay
    let double = poses.resized(Crop { start: 2, length: 2 }, 4);
    let first: Vec<f32> = double.positions.chunks(6).map(|frame| frame[0]).collect();
    assert_eq!(first, [21.0, 23.5, 28.5, 31.0]);
    assert_eq!(poses.resized(Crop { start: 3, length: 0 }, 2).positions, [0.0; 12]);
}

#[test]
fn crops_count_frames_that_hold_anything() {
    let mut poses = counting(100);
    poses.positions[..60].fill(0.0);
    assert_eq!(poses.valid_frames(), 90);
    assert_eq!(poses.centre_crop(0.95), Crop { start: 2, length: 86 });
    // at least 64 frames, and not beyond the end
    assert_eq!(poses.crop(0.5, 80), Crop { start: 26, length: 64 });
    assert_eq!(counting(10).crop(0.5, 3), Crop { start: 0, length: 10 });
    let mut rng = Rng::new(1);
    for _ in 0..100 {
        let Crop { start, length } = poses.random_crop(&mut rng);
        assert!((64..=90).contains(&length) && start + length <= 90);
    }
}

#[test]
fn bones_and_motions_are_differences() {
    let poses = counting(3);
    let bones = poses.bones(&[[1, 0]]);
    assert_eq!(bones.positions[..6], [0.0, 0.0, 0.0, 3.0, 3.0, 3.0]);
    let motion = poses.motion();
    assert_eq!(motion.positions[..12], [10.0; 12]);
    assert_eq!(motion.positions[12..], [0.0; 6]);
    assert!(Stream::BoneMotion.of(poses, &[[1, 0]]).positions.iter().all(|&value| value == 0.0));
}

#[test]
fn a_quarter_turn_about_z_takes_y_to_x() {
    let matrix = rotation([0.0, 0.0, std::f32::consts::FRAC_PI_2]);
    let one = Poses { joints: 1, bodies: 1, positions: vec![0.0, 1.0, 2.0] }.rotated(matrix);
    for (found, expected) in one.positions.iter().zip([1.0, 0.0, 2.0]) {
        assert!((found - expected).abs() < 1e-6, "{:?}", one.positions);
    }
}

#[test]
fn the_order_of_files_and_back() {
    let poses = Poses { joints: 3, bodies: 2, positions: (0..72).map(|i| i as f32).collect() };
    let there = poses.channels_first();
    // x of joint 0 of both bodies in frame 0
    assert_eq!(there[..2], [0.0, 9.0]);
    assert_eq!(Poses::from_channels_first(&there, 3, 2), poses);
}

#[test]
fn a_single_body_is_centred_and_stands_alone_or_twice() {
    let positions = vec![1.0, 2.0, 3.0, 2.0, 2.0, 3.0];
    let skeleton = draction::motion::Skeleton::named(vec!["hips".into(), "spine".into()], vec![None, Some(0)]);
    let motion = Motion::of_one_body(skeleton, 30.0, positions);
    let alone = Poses::of(&motion, 2, 1, Alone::Nobody);
    assert_eq!(alone.positions[..6], [-1.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(alone.positions[6..], [0.0; 6]);
    let copy = Poses::of(&motion, 2, 1, Alone::Copy);
    assert_eq!(copy.positions[..6], copy.positions[6..]);
}
