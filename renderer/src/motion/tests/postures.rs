//! People who do anything but stand: the humanoid's body in postures given as angles, on a floor at y = 0, facing +z.

use glam::{DQuat, DVec3, Vec3};

use super::super::{Motion, Skeleton, UpAxis, humanoid, quaternion};

/// What a posture rests on: the lowest joint, or joints that stay in one place of the world.
pub(super) enum Rests {
    OnFloor,
    At(&'static str, DVec3),
}

/// Turns of joints against their parents in degrees, about x, then y, then z of the parent.
pub(super) struct Posture {
    pub root: [f64; 3],
    pub turns: Vec<(&'static str, [f64; 3])>,
    pub rests: Rests,
}

/// Joints lie inside the body, so much above what it lies on.
const FLESH: f64 = 0.04;

fn turn([x, y, z]: [f64; 3]) -> DQuat {
    let [x, y, z] = [x, y, z].map(f64::to_radians);
    DQuat::from_rotation_z(z) * DQuat::from_rotation_y(y) * DQuat::from_rotation_x(x)
}

/// Two seconds of a posture that changes with time in seconds.
pub(super) fn perform(posture: impl Fn(f64) -> Posture) -> Motion {
    const FPS: f32 = 30.0;
    let still = humanoid::perform(humanoid::Action::Squat, &humanoid::Person::default(), FPS).cropped(0..1);
    let skeleton = &still.skeleton;
    let place = |j: usize| Vec3::from(still.position(0, 0, j)).as_dvec3();
    let offset = |j: usize, p: usize| {
        quaternion::from_scalar_first(still.orientation(0, 0, p)).conjugate() * (place(j) - place(p))
    };
    let (mut positions, mut orientations) = (Vec::new(), Vec::new());
    for t in 0..60 {
        let posture = posture(f64::from(t) / f64::from(FPS));
        let named = |name: &str| posture.turns.iter().find(|t| t.0 == name).map_or([0.0; 3], |t| t.1);
        let mut global: Vec<(DVec3, DQuat)> = Vec::new();
        for (j, name) in skeleton.names.iter().enumerate() {
            global.push(match skeleton.parents[j] {
                None => (DVec3::ZERO, turn(posture.root)),
                Some(p) => {
                    let (at, q) = global[p];
                    (at + q * offset(j, p), q * turn(named(name)))
                }
            });
        }
        let shift = match posture.rests {
            Rests::OnFloor => {
                let low = global.iter().map(|g| g.0.y).fold(f64::INFINITY, f64::min);
                DVec3::Y * (FLESH - low)
            }
            Rests::At(name, at) => at - global[skeleton.joint(name).unwrap()].0,
        };
        for (p, q) in global {
            positions.extend((p + shift).as_vec3().to_array());
            orientations.extend(quaternion::scalar_first(q));
        }
    }
    let mut motion = Motion::of_one_body(Skeleton::clone(skeleton), FPS, positions);
    motion.orientations = Some(orientations);
    motion
}

/// The same in a file whose up is `axis`; orientations turn with the world, so that the rest pose stays what it was.
pub(super) fn with_up(motion: &Motion, axis: UpAxis) -> Motion {
    let mut out = motion.clone();
    let back = axis.rotation().conjugate();
    for p in out.positions.chunks_exact_mut(3) {
        let turned = quaternion::rotate(back, Vec3::from_slice(p).as_dvec3());
        p.copy_from_slice(&turned.as_vec3().to_array());
    }
    for q in out.orientations.iter_mut().flat_map(|o| o.chunks_exact_mut(4)) {
        let turned = back * quaternion::from_scalar_first([q[0], q[1], q[2], q[3]]);
        q.copy_from_slice(&quaternion::scalar_first(turned));
    }
    out
}

/// With the rest pose turned as well, as programs write it whose own world has that axis up.
pub(super) fn with_rest(motion: &Motion, axis: UpAxis) -> Motion {
    let mut out = with_up(motion, axis);
    for q in out.orientations.iter_mut().flat_map(|o| o.chunks_exact_mut(4)) {
        let turned = quaternion::from_scalar_first([q[0], q[1], q[2], q[3]]) * axis.rotation();
        q.copy_from_slice(&quaternion::scalar_first(turned));
    }
    out
}

fn wave(t: f64) -> f64 {
    (std::f64::consts::TAU * 0.8 * t).sin()
}

/// Both sides alike, mirrored: `x` about x as it is, `z` about z with the left one's sign.
fn both(left: &'static str, right: &'static str, x: f64, z: f64) -> [(&'static str, [f64; 3]); 2] {
    [(left, [x, 0.0, z]), (right, [x, 0.0, -z])]
}

fn thighs(x: f64) -> [(&'static str, [f64; 3]); 2] {
    both("LeftUpLeg", "RightUpLeg", x, 4.0)
}

fn knees(x: f64) -> [(&'static str, [f64; 3]); 2] {
    both("LeftLeg", "RightLeg", x, 0.0)
}

fn arms(x: f64, z: f64) -> [(&'static str, [f64; 3]); 2] {
    both("LeftArm", "RightArm", x, z)
}

/// An arm that moves by itself.
fn waving(t: f64) -> [(&'static str, [f64; 3]); 2] {
    [("LeftArm", [0.0, 0.0, 90.0 + 40.0 * wave(t)]), ("LeftForeArm", [0.0, 0.0, 30.0 * wave(2.0 * t)])]
}

fn of(root: [f64; 3], turns: impl IntoIterator<Item = (&'static str, [f64; 3])>) -> Posture {
    Posture { root, turns: turns.into_iter().collect(), rests: Rests::OnFloor }
}

/// Lying, still but for an arm. Nothing but floor and rest pose tells it from standing.
pub(super) fn lying() -> Vec<(&'static str, Motion)> {
    let on = |root: [f64; 3], feet: f64| {
        perform(move |t| of(root, both("LeftFoot", "RightFoot", feet, 0.0).into_iter().chain(waving(t))))
    };
    // on the belly the feet are stretched
    vec![("on the back", on([-90.0, 0.0, 0.0], 15.0)), ("on the belly", on([90.0, 0.0, 0.0], 65.0))]
}

/// Somebody who never stands.
pub(super) fn never_standing() -> Vec<(&'static str, Motion)> {
    let sits = |hip: f64, knee: f64| {
        perform(move |t| of([0.0; 3], thighs(hip).into_iter().chain(knees(knee)).chain(waving(t))))
    };
    // on the knees, feet stretched
    let feet = || both("LeftFoot", "RightFoot", 65.0, 0.0);
    let kneels = perform(|t| of([0.0; 3], knees(90.0).into_iter().chain(feet()).chain(waving(t))));
    let bends = perform(|t| {
        of([80.0 + 8.0 * wave(t), 0.0, 0.0], thighs(-80.0 - 8.0 * wave(t)).into_iter().chain(arms(-80.0, 5.0)))
    });
    let crawls = perform(|t| {
        let swing = 20.0 * wave(t);
        let limbs = [
            ("LeftUpLeg", -90.0 + swing),
            ("RightUpLeg", -90.0 - swing),
            ("LeftArm", -75.0 - swing),
            ("RightArm", -75.0 + swing),
        ];
        let limbs = limbs.map(|(name, x)| (name, [x, 0.0, 0.0]));
        of([78.0, 0.0, 0.0], limbs.into_iter().chain(knees(90.0)).chain(feet()).chain([("Neck", [-40.0, 0.0, 0.0])]))
    });
    let handstand = perform(|t| {
        let legs = [("LeftUpLeg", [35.0 * wave(t), 0.0, 6.0]), ("RightUpLeg", [-35.0 * wave(t), 0.0, -6.0])];
        of([180.0, 0.0, 0.0], arms(0.0, 172.0).into_iter().chain(legs))
    });
    let plank =
        perform(|t| of([76.0, 0.0, 0.0], arms(-80.0, 0.0).into_iter().chain([("Neck", [20.0 * wave(t), 0.0, 0.0])])));
    let sit_ups = perform(|t| {
        let up = 35.0 + 35.0 * wave(t);
        of([-90.0, 0.0, 0.0], thighs(-45.0).into_iter().chain(knees(90.0)).chain([("Spine", [up, 0.0, 0.0])]))
    });
    vec![
        ("sits on the floor", sits(-88.0, 0.0)),
        ("sits on a chair", sits(-88.0, 88.0)),
        ("sits with drawn-up knees", sits(-120.0, 110.0)),
        ("squats", sits(-115.0, 130.0)),
        ("kneels", kneels),
        ("bends over", bends),
        ("crawls", crawls),
        ("stands on the hands", handstand),
        ("holds a plank", plank),
        ("does push-ups", push_ups()),
        ("does sit-ups", sit_ups),
    ]
}

/// Prone, on toes and forearms, elbows below the shoulders.
pub(super) fn on_the_forearms() -> Motion {
    perform(|t| {
        let forearms = both("LeftForeArm", "RightForeArm", -90.0, 0.0);
        let head = [("Neck", [10.0 * wave(t), 0.0, 0.0])];
        of([84.0, 0.0, 0.0], arms(-84.0, 0.0).into_iter().chain(forearms).chain(head))
    })
}

/// Toes and hands stay, the body goes up and down between them.
fn push_ups() -> Motion {
    let stands = perform(|_| of([0.0; 3], []));
    let at = |name: &str| Vec3::from(stands.position(0, 0, stands.skeleton.joint(name).unwrap())).as_dvec3();
    let [shoulder, elbow, wrist, toe] = ["LeftArm", "LeftForeArm", "LeftHand", "LeftToeBase"].map(at);
    let (upper, fore) = (shoulder.distance(elbow), elbow.distance(wrist));
    let reach = shoulder - toe;
    perform(move |t| {
        let pitch: f64 = 74.0 + 5.0 * wave(t);
        // the shoulder seen from the toes, and the hands on the floor below where it is half-way
        let seen = |pitch: f64| DQuat::from_rotation_x(pitch.to_radians()) * reach;
        let hand = DVec3::new(0.0, 0.0, seen(74.0).z);
        let way = hand - DVec3::new(0.0, seen(pitch).y, seen(pitch).z);
        let length = way.length().min(0.999 * (upper + fore));
        let bend = ((upper * upper + length * length - fore * fore) / (2.0 * upper * length)).clamp(-1.0, 1.0).acos();
        let knee = ((upper * upper + fore * fore - length * length) / (2.0 * upper * fore)).clamp(-1.0, 1.0).acos();
        // angle of the way to the hand in the body's own axes, from hanging; elbows go back
        let own = DQuat::from_rotation_x(-pitch.to_radians()) * way;
        let down = (-own.z).atan2(-own.y).to_degrees();
        let arm = arms(down + bend.to_degrees(), 0.0);
        let fore = both("LeftForeArm", "RightForeArm", -(180.0 - knee.to_degrees()), 0.0);
        Posture {
            root: [pitch, 0.0, 0.0],
            turns: arm.into_iter().chain(fore).collect(),
            rests: Rests::At("LeftToeBase", DVec3::new(0.1, FLESH, 0.0)),
        }
    })
}

/// Somebody in the air: hangs from a bar, jumps, turns over.
pub(super) fn in_the_air() -> Vec<(&'static str, Motion)> {
    let hangs = perform(|t| Posture {
        root: [9.0 * wave(t), 0.0, 0.0],
        turns: arms(0.0, 170.0).into_iter().chain(thighs(-12.0 * wave(t))).collect(),
        rests: Rests::At("LeftHand", DVec3::new(0.2, 2.3, 0.0)),
    });
    let jump = |turns: f64| {
        perform(move |t| {
            // a jump of half a second every second
            let (air, whole) = (0.5, t.rem_euclid(1.0));
            let s = whole.min(air);
            let height = 0.5 * 9.81 * s * (air - s);
            // between jumps the knees give way, soles on the floor
            let dip = if whole > air { 25.0 * (std::f64::consts::PI * (whole - air) / (1.0 - air)).sin() } else { 0.0 };
            let tuck = dip + if turns > 0.0 { 60.0 * (std::f64::consts::PI * s / air).sin() } else { 0.0 };
            let over = 360.0 * turns * s / air * f64::from(whole <= air);
            let legs = thighs(-tuck).into_iter().chain(knees(2.0 * tuck));
            let feet = both("LeftFoot", "RightFoot", -tuck, 0.0);
            Posture {
                root: [over, 0.0, 0.0],
                turns: legs.chain(feet).chain(arms(0.0, 20.0 + 60.0 * s / air)).collect(),
                rests: if whole <= air {
                    Rests::At("Hips", DVec3::new(0.0, 0.93 + height, 0.0))
                } else {
                    Rests::OnFloor
                },
            }
        })
    };
    vec![("hangs from a bar", hangs), ("jumps", jump(0.0)), ("turns over in the air", jump(1.0))]
}

/// On the back, drawing up one leg and then the other arm.
pub(super) fn lying_with_a_leg_drawn_up() -> Motion {
    perform(|t| {
        let legs =
            [("RightUpLeg", [-30.0 - 30.0 * wave(t), 0.0, 0.0]), ("RightLeg", [40.0 + 40.0 * wave(t), 0.0, 0.0])];
        let feet = both("LeftFoot", "RightFoot", 15.0, 0.0);
        of([-90.0, 0.0, 0.0], legs.into_iter().chain(feet).chain([("LeftArm", [0.0, 0.0, 60.0 + 40.0 * wave(t)])]))
    })
}

/// Two strokes of crawl, three metres through the water.
pub(super) fn swims() -> Motion {
    perform(|t| {
        let turn = -180.0 * t;
        let arms = [("LeftArm", [turn, 0.0, 0.0]), ("RightArm", [turn - 180.0, 0.0, 0.0])];
        let legs = [("LeftUpLeg", [15.0 * wave(3.0 * t), 0.0, 0.0]), ("RightUpLeg", [-15.0 * wave(3.0 * t), 0.0, 0.0])];
        Posture {
            root: [88.0, 0.0, 0.0],
            turns: arms.into_iter().chain(legs).chain(both("LeftFoot", "RightFoot", 60.0, 0.0)).collect(),
            rests: Rests::At("Hips", DVec3::new(0.0, 1.4 + 0.02 * wave(t), 1.5 * t - 1.5)),
        }
    })
}

/// Strokes of crawl and of breaststroke in one place, a metre above the floor.
pub(super) fn swims_in_place() -> Vec<(&'static str, Motion)> {
    let at = || Rests::At("Hips", DVec3::new(0.0, 1.0, 0.0));
    let feet = || both("LeftFoot", "RightFoot", 60.0, 0.0);
    let crawl = perform(move |t| {
        let limbs = [
            ("LeftArm", [-300.0 * t, 0.0, 0.0]),
            ("RightArm", [-300.0 * t - 180.0, 0.0, 0.0]),
            ("LeftUpLeg", [15.0 * wave(2.5 * t), 0.0, 0.0]),
            ("RightUpLeg", [-15.0 * wave(2.5 * t), 0.0, 0.0]),
        ];
        Posture { root: [88.0, 0.0, 0.0], turns: limbs.into_iter().chain(feet()).collect(), rests: at() }
    });
    let breaststroke = perform(move |t| {
        let draw = 25.0 + 25.0 * wave(t);
        let legs = both("LeftUpLeg", "RightUpLeg", -draw, 25.0).into_iter().chain(knees(2.0 * draw));
        let turns = legs.chain(arms(0.0, 135.0 + 40.0 * wave(t))).chain(feet()).collect();
        Posture { root: [80.0 + 8.0 * wave(t), 0.0, 0.0], turns, rests: at() }
    });
    vec![("crawl", crawl), ("breaststroke", breaststroke)]
}

/// Stands, and moves one arm and nothing else.
pub(super) fn still_but_for_an_arm() -> Motion {
    perform(|t| of([0.0; 3], waving(t)))
}

/// On head and hands, legs up.
pub(super) fn on_the_head() -> Motion {
    perform(|t| {
        let legs = [("LeftUpLeg", [12.0 * wave(t), 0.0, 6.0]), ("RightUpLeg", [-12.0 * wave(t), 0.0, -6.0])];
        // upper arms along the trunk and a little apart, forearms back to the floor beside the head
        let arms = both("LeftArm", "RightArm", -110.0, 30.0).into_iter().chain(both(
            "LeftForeArm",
            "RightForeArm",
            -75.0,
            0.0,
        ));
        of([180.0, 0.0, 0.0], arms.chain(legs))
    })
}
