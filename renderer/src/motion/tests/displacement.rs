//! Six channels a joint: positions in place of the OFFSET, or on top of it.

use super::{
    super::{humanoid, write_bvh},
    *,
};

/// A person's BVH with six channels in every joint; `place` gives the three positions of the joint of that number and
/// OFFSET in a frame.
fn six_channels(place: impl Fn(usize, [f64; 3], usize) -> [f64; 3]) -> (Motion, Motion) {
    let person = humanoid::perform(humanoid::Action::WaveLeftHand, &humanoid::Person::default(), 30.0).cropped(30..60);
    let text = write_bvh(&person, 0).unwrap();
    let offsets: Vec<[f64; 3]> = text
        .lines()
        .zip(text.lines().skip(1))
        .filter(|(_, next)| next.contains("CHANNELS"))
        .map(|(line, _)| {
            let numbers: Vec<f64> = line.split_whitespace().skip(1).map(|w| w.parse().unwrap()).collect();
            [numbers[0], numbers[1], numbers[2]]
        })
        .collect();
    let (head, rows) = text.split_at(text.find("Frame Time").unwrap());
    let (time, rows) = rows.split_once('\n').unwrap();
    let mut out = head.replace("CHANNELS 3 Z", "CHANNELS 6 Xposition Yposition Zposition Z") + time + "\n";
    for (t, row) in rows.lines().enumerate() {
        let numbers: Vec<&str> = row.split_whitespace().collect();
        out += &numbers[..6].join(" ");
        for (j, angles) in numbers[6..].chunks(3).enumerate() {
            let [x, y, z] = place(j + 1, offsets[j + 1], t);
            out += &format!(" {x} {y} {z} {}", angles.join(" "));
        }
        out += "\n";
    }
    let read = |text: &str| read(text.as_bytes(), "six.bvh", &ReadOptions::default()).unwrap();
    (read(&text), read(&out))
}

fn differ(a: &Motion, b: &Motion) -> f32 {
    assert_eq!(a.positions.len(), b.positions.len());
    a.positions.iter().zip(&b.positions).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn zeros_leave_the_offsets_where_they_are() {
    let (plain, zeros) = six_channels(|_, _, _| [0.0; 3]);
    assert_eq!(plain.positions, zeros.positions);
    assert_eq!(plain.orientations, zeros.orientations);
    assert_eq!(zeros.source.up, UpAxis::PlusY);
    assert!(
        zeros.source.warnings.iter().any(|w| w.contains("20 of 26 joints are zero in every frame")),
        "{:?}",
        zeros.source.warnings
    );
    // in some joints only, the others have their places
    let (plain, some) = six_channels(|j, offset, _| if j % 3 == 0 { [0.0; 3] } else { offset });
    assert!(differ(&plain, &some) < 1e-6);
    assert!(some.source.warnings.iter().any(|w| w.contains("6 of 26")), "{:?}", some.source.warnings);
}

#[test]
fn zeros_below_a_scene_leave_the_offset_too() {
    let (plain, zeros) = six_channels(|_, _, _| [0.0; 3]);
    let text = |first: &dyn Fn(&str) -> String| {
        // the hips hang from a place, where their OFFSET lifts them
        let person =
            humanoid::perform(humanoid::Action::WaveLeftHand, &humanoid::Person::default(), 30.0).cropped(30..60);
        let text = write_bvh(&person, 0).unwrap();
        let (head, rows) = text.split_at(text.find("MOTION").unwrap());
        let root = head.find("ROOT").unwrap();
        let mut body = head[root..]
            .replacen("ROOT", "JOINT", 1)
            .replace("CHANNELS 3 Z", "CHANNELS 6 Xposition Yposition Zposition Z");
        let at = body.find("OFFSET").unwrap();
        let end = at + body[at..].find('\n').unwrap();
        body.replace_range(at..end, "OFFSET 0 94 0");
        let six = "CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation";
        let mut out = format!("HIERARCHY\nROOT Reference\n{{\nOFFSET 0 0 0\n{six}\n{body}}}\n");
        let rows: Vec<&str> = rows.lines().collect();
        out += &(rows[..3].join("\n") + "\n");
        for row in &rows[3..] {
            let numbers: Vec<&str> = row.split_whitespace().collect();
            out += &format!("0 0 0 0 0 0 {} {}", first(numbers[1]), numbers[3..6].join(" "));
            for angles in numbers[6..].chunks(3) {
                out += &format!(" 0 0 0 {}", angles.join(" "));
            }
            out += "\n";
        }
        read(out.as_bytes(), "scene.bvh", &ReadOptions::default()).unwrap()
    };
    let hips = |m: &Motion| m.position(5, 0, m.skeleton.joint("Hips").unwrap())[1];
    let all = text(&|_| "0 0 0".to_owned());
    assert!((hips(&all) - 0.94).abs() < 1e-4, "{}", hips(&all));
    // places of the hips in the world are believed
    let placed = text(&|y| format!("0 {y} 0"));
    assert!(
        (hips(&placed) - hips(&zeros)).abs() < 0.02 && hips(&plain) == hips(&zeros),
        "{} {}",
        hips(&placed),
        hips(&zeros)
    );
}

#[test]
fn places_are_places() {
    let (plain, places) = six_channels(|_, offset, _| offset);
    // channels are read as f32, offsets as f64
    assert!(differ(&plain, &places) < 1e-6);
    assert!(places.source.warnings.is_empty(), "{:?}", places.source.warnings);
    // bones that stretch by a tenth, as some trackers have them
    let (plain, longer) = six_channels(|_, offset, t| offset.map(|v| v * (1.0 + 0.1 * (t as f64).sin())));
    assert!((0.005..0.2).contains(&differ(&plain, &longer)) && longer.source.warnings.is_empty());
}

#[test]
fn small_numbers_are_added_to_the_offsets() {
    let (plain, moved) = six_channels(|j, _, t| [0.3 * ((j + t) as f64).sin(), 0.2 * (t as f64).cos(), 0.0]);
    // up to 3 mm a joint, which add up along a limb
    assert!((1e-4..0.03).contains(&differ(&plain, &moved)), "{}", differ(&plain, &moved));
    assert!(moved.source.warnings.iter().any(|w| w.contains("are small beside OFFSET")), "{:?}", moved.source.warnings);
}

#[test]
fn places_in_the_world_are_told_by_the_lengths_of_bones() {
    let (plain, _) = six_channels(|_, offset, _| offset);
    let (_, world) = six_channels(|j, _, t| plain.position(t, 0, j).map(|v| f64::from(100.0 * v)));
    // channels are read as f32
    assert!(differ(&plain, &world) < 1e-5, "{}", differ(&plain, &world));
    assert!(world.source.warnings.iter().any(|w| w.contains("places in the world")), "{:?}", world.source.warnings);
    assert_eq!(world.source.unit, Unit::CENTIMETRE);
}
