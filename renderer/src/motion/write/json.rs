//! JSON: for scripts, and to check single positions by hand.

use serde::{Serialize, Serializer, ser::SerializeSeq as _};

use super::super::{Motion, Part, Reason, Source};

/// The whole motion.
#[derive(Serialize)]
struct Whole<'a> {
    file: &'a str,
    read: Read<'a>,
    unit: &'static str,
    up: &'static str,
    fps: f32,
    bodies: usize,
    joints: &'a [String],
    parents: Vec<Option<usize>>,
    bones: &'a [[usize; 2]],
    parts: Vec<String>,
    present: Rows<'a, bool>,
    positions: Nested<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orientations: Option<Nested<'a>>,
}

/// How a file was understood.
#[derive(Serialize)]
struct Read<'a> {
    format: String,
    layout_from: &'a Option<Reason>,
    unit: &'a str,
    unit_from: &'a Reason,
    up: String,
    up_from: &'a Reason,
    parts_from: &'a Reason,
    bodies_from: &'a Option<Reason>,
    left_out: &'a [String],
    warnings: &'a [String],
}

impl<'a> Read<'a> {
    fn of(source: &'a Source) -> Self {
        Self {
            format: source.format.to_string(),
            layout_from: &source.layout_from,
            unit: &source.unit.name,
            unit_from: &source.unit_from,
            up: source.up.to_string(),
            up_from: &source.up_from,
            parts_from: &source.parts_from,
            bodies_from: &source.bodies_from,
            left_out: &source.left_out,
            warnings: &source.warnings,
        }
    }
}

#[derive(Serialize)]
struct Joint<'a> {
    joint: &'a str,
    position: [f32; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    orientation: Option<[f32; 4]>,
}

/// Writes everything that is known of a motion as one JSON object: `joints [J]`, `parents [J]` (null for a root), `bones`,
/// `parts [J]`, `fps`, `present [T, P]`, `positions [T, P, J, 3]` in metres and +y up, and, where the file had them,
/// `orientations [T, P, J, 4]`, scalar first.
#[must_use]
pub fn write_json(motion: &Motion) -> String {
    let skeleton = &motion.skeleton;
    let shape = [motion.bodies, motion.joints()];
    let whole = Whole {
        file: &motion.source.file,
        read: Read::of(&motion.source),
        unit: "m",
        up: "+y",
        fps: motion.fps,
        bodies: motion.bodies,
        joints: &skeleton.names,
        parents: skeleton.parents.clone(),
        bones: &skeleton.bones,
        parts: skeleton.parts.iter().map(Part::to_string).collect(),
        present: Rows { values: &motion.present, width: motion.bodies },
        positions: Nested { values: &motion.positions, shape, width: 3 },
        orientations: motion.orientations.as_ref().map(|values| Nested { values, shape, width: 4 }),
    };
    text(&whole) + "\n"
}

/// One frame as JSON, counted from 0: the position of every joint of everybody who is there, with its name. A joint a line,
/// as people read it, too.
///
/// # Panics
/// When there are not as many frames.
#[must_use]
pub fn frame_as_json(motion: &Motion, frame: usize) -> String {
    let joint = |body: usize, j: usize| {
        let joint = Joint {
            joint: &motion.skeleton.names[j],
            position: motion.position(frame, body, j),
            orientation: motion.orientations.is_some().then(|| motion.orientation(frame, body, j)),
        };
        format!("        {}", text(&joint))
    };
    let body = |body: usize| {
        let joints: Vec<String> = (0..motion.joints()).map(|j| joint(body, j)).collect();
        format!("    {{ \"body\": {}, \"joints\": [\n{}\n    ] }}", body + 1, joints.join(",\n"))
    };
    let there = (0..motion.bodies).filter(|&body| motion.is_present(frame, body));
    format!(
        "{{\n  \"file\": {},\n  \"read\": {},\n  \"unit\": \"m\",\n  \"up\": \"+y\",\n  \"frame\": {frame},\n  \
         \"seconds\": {},\n  \"bodies\": [\n{}\n  ]\n}}",
        text(&motion.source.file),
        text(&Read::of(&motion.source)),
        text(&(frame as f32 / motion.fps)),
        there.map(body).collect::<Vec<_>>().join(",\n"),
    )
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("names and numbers are JSON")
}

/// How a file was understood, as the `read` of the objects above: format, unit, axis, and for each of these, body parts,
/// layout and bodies how it is known (`given`, `stated`, `inferred` or `assumed`) and from what; `null` where there was
/// nothing to find out.
#[must_use]
pub fn source_as_json(source: &Source) -> serde_json::Value {
    serde_json::to_value(Read::of(source)).expect("words are JSON")
}

/// `[N, width]` as lists of lists.
struct Rows<'a, T> {
    values: &'a [T],
    width: usize,
}

impl<T: Serialize> Serialize for Rows<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.values.chunks(self.width.max(1)))
    }
}

/// `[T, P, J, width]` as lists of lists of lists.
struct Nested<'a> {
    values: &'a [f32],
    /// Bodies and joints.
    shape: [usize; 2],
    width: usize,
}

impl Serialize for Nested<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let [bodies, joints] = self.shape;
        let body = (joints * self.width).max(1);
        let mut frames = serializer.serialize_seq(None)?;
        for frame in self.values.chunks(bodies.max(1) * body) {
            let bodies: Vec<Rows<'_, f32>> =
                frame.chunks(body).map(|values| Rows { values, width: self.width }).collect();
            frames.serialize_element(&bodies)?;
        }
        frames.end()
    }
}
