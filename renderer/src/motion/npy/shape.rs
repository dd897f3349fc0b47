//! What the axes of an array count: frames, bodies, joints, coordinates, in any of the orders that people save.

use super::super::{
    Layout,
    error::Cause,
    limits::{check_count, check_volume},
};

/// Fewest joints of which each may have a matrix.
const LEAST_JOINTS: usize = 5;
/// Most body slots.
const MAX_BODIES: usize = 16;

/// Orders of axes, outermost first: T frames, P bodies, J joints, C coordinates, F the coordinates of all joints in a row.
/// The documented ones come first.
const ORDERS: [&str; 10] = ["TJC", "TPJC", "PTJC", "TF", "PTF", "TPF", "CTJP", "CTJ", "JC", "F"];
/// Those that only a body tells from others.
const RARE: [&str; 1] = ["TCJ"];
/// What generators such as MDM save: a batch of clips, the frames last.
const FRAMES_LAST: [&str; 2] = ["PJCT", "JCT"];

/// One way to read an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub frames: usize,
    pub bodies: usize,
    pub joints: usize,
    /// 3, or 2 for places in pictures, or 4 with how sure an estimator was.
    pub coordinates: usize,
    /// From one frame, body, joint, coordinate to the next.
    strides: [usize; 4],
    order: &'static str,
}

/// All ways to read an array of that shape, the documented order first, within the limits: with so many joints where a
/// description says so, else with as many as a known layout has.
///
/// # Errors
/// When there is none, with what the shape seems to be.
pub(super) fn readings(shape: &[usize], described: Option<usize>) -> Result<Vec<Reading>, Cause> {
    let known = |joints: usize| described.map_or_else(|| is_of_a_layout(joints), |j| j == joints);
    if shape.contains(&0) {
        let text = format!("the array's shape is {shape:?}: no motion without frames and at least two joints");
        return Err(Cause::Degenerate(text));
    }
    if described.is_none()
        && let Some(text) = features(shape)
    {
        return Err(Cause::Malformed(text));
    }
    let mut possible = possible(shape, &ORDERS, &[3, 2], &known);
    if described.is_none() {
        possible.extend(self::possible(shape, &ORDERS, &[4], &known));
        possible.extend(self::possible(shape, &RARE, &[3], &known));
    }
    let mut within: Vec<Reading> = Vec::new();
    for reading in &possible {
        if reading.check().is_ok() && !within.iter().any(|r| r.is_like(reading)) {
            within.push(*reading);
        }
    }
    if !within.is_empty() {
        return Ok(within);
    }
    Err(match (&possible[..], shape) {
        // a batch of clips
        ([first, second, ..], &[n, t, ..]) if first.order == "TPJC" && second.order == "PTJC" && t > MAX_BODIES => {
            Cause::Malformed(format!(
                "the array's shape is {shape:?}: {n} clips of {t} frames, or {n} frames of {t} bodies? At most \
                 {MAX_BODIES} bodies are read: save one clip as [frames, joints, 3]"
            ))
        }
        ([first, ..], _) => match first.check() {
            Err(cause) => cause,
            Ok(()) => Cause::malformed("the array cannot be read"),
        },
        ([], _) => unreadable(shape, described, known),
    })
}

/// Whether a known layout has so many joints.
pub(super) fn is_of_a_layout(joints: usize) -> bool {
    Layout::with_joints(joints).next().is_some()
}

/// Orders that fit the shape, with so many numbers a joint. Axes of length one in front or behind may count nothing.
fn possible(
    shape: &[usize],
    orders: &[&'static str],
    numbers: &[usize],
    known: &impl Fn(usize) -> bool,
) -> Vec<Reading> {
    let mut found = Vec::new();
    let mut shapes = vec![shape];
    if let [1, rest @ ..] = shape {
        shapes.push(rest);
    }
    if let [rest @ .., 1] = shape {
        shapes.push(rest);
    }
    for shape in shapes {
        for order in orders {
            for &coordinates in numbers {
                // NTU's rows hold two bodies
                for in_row in [1, 2] {
                    found.extend(Reading::of(shape, order, in_row, coordinates).filter(|r| known(r.joints)));
                }
            }
        }
    }
    found
}

impl Reading {
    /// An order of axes on a shape, where each row of numbers holds so many bodies and coordinates.
    fn of(shape: &[usize], order: &'static str, in_row: usize, coordinates: usize) -> Option<Self> {
        let rows = order.contains('F');
        let one_way = in_row == 1 || (rows && coordinates == 3 && !order.contains('P'));
        if order.len() != shape.len() || !one_way || (rows && coordinates == 4) {
            return None;
        }
        let mut r = Self { frames: 1, bodies: in_row, joints: 0, coordinates, strides: [0; 4], order };
        let mut stride: usize = 1;
        for (axis, &n) in order.bytes().zip(shape).rev() {
            match axis {
                b'T' => (r.frames, r.strides[0]) = (n, stride),
                b'P' => (r.bodies, r.strides[1]) = (n, stride),
                b'J' => (r.joints, r.strides[2]) = (n, stride),
                b'C' if n == coordinates => r.strides[3] = stride,
                b'F' if n.is_multiple_of(in_row * coordinates) => {
                    r.joints = n / (in_row * coordinates);
                    (r.strides[2], r.strides[3]) = (coordinates * stride, stride);
                    if in_row > 1 {
                        r.strides[1] = r.joints * r.strides[2];
                    }
                }
                _ => return None,
            }
            stride = stride.saturating_mul(n);
        }
        // tensors for graph convolutions hold two coordinates only with a third number
        (r.joints >= 2 && (coordinates == 3 || !order.starts_with("CT"))).then_some(r)
    }

    /// Whether both give the same motion: axes of length one may stand anywhere.
    fn is_like(&self, other: &Self) -> bool {
        let step = |n: usize, stride: usize| if n > 1 { stride } else { 0 };
        let key = |r: &Self| {
            let steps = [step(r.frames, r.strides[0]), step(r.bodies, r.strides[1])];
            (r.frames, r.bodies, r.joints, r.coordinates, steps, r.strides[2], r.strides[3])
        };
        key(self) == key(other)
    }

    fn check(&self) -> Result<(), Cause> {
        check_count("the number of bodies", self.bodies, MAX_BODIES)?;
        check_volume(self.frames, self.bodies, self.joints)
    }

    /// Whether the order is that of the documentation, so that there is nothing to say about it.
    pub(super) fn is_documented(&self) -> bool {
        matches!(self.order, "TJC" | "TPJC")
    }

    /// Whether frames and bodies could be taken for each other.
    pub(super) fn is_swapped(&self, other: &Self) -> bool {
        (self.frames, self.bodies) == (other.bodies, other.frames) && self.frames > 1 && self.bodies > 1
    }

    /// Where the numbers of a joint are.
    pub(super) fn places(&self, t: usize, p: usize, j: usize) -> impl Iterator<Item = usize> + use<> {
        let (first, step) = (t * self.strides[0] + p * self.strides[1] + j * self.strides[2], self.strides[3]);
        (0..self.coordinates).map(move |c| first + c * step)
    }

    /// The numbers of a joint; the third is zero in pictures.
    pub(super) fn at(&self, values: &[f32], t: usize, p: usize, j: usize) -> [f32; 3] {
        let first = t * self.strides[0] + p * self.strides[1] + j * self.strides[2];
        [0, 1, 2].map(|c| if c < self.coordinates { values[first + c * self.strides[3]] } else { 0.0 })
    }

    /// `[T, P, J, 3]` in C order.
    pub(super) fn positions(&self, values: Vec<f32>) -> Vec<f32> {
        let inner = [self.bodies * self.joints * 3, self.joints * 3, 3, 1];
        let in_order = self.coordinates == 3
            && self.strides[2..] == inner[2..]
            && (self.bodies == 1 || self.strides[1] == inner[1])
            && (self.frames == 1 || self.strides[0] == inner[0]);
        if in_order {
            return values;
        }
        let mut positions = Vec::with_capacity(self.frames * inner[0]);
        for t in 0..self.frames {
            for p in 0..self.bodies {
                positions.extend((0..self.joints).flat_map(|j| self.at(&values, t, p, j)));
            }
        }
        positions
    }

    /// Such as `[bodies, frames, joints, 3]`.
    pub(super) fn axes(&self) -> String {
        let name = |axis| match axis {
            'T' => "frames".to_owned(),
            'P' => "bodies".to_owned(),
            'J' => "joints".to_owned(),
            'C' => self.coordinates.to_string(),
            _ if self.bodies > 1 && !self.order.contains('P') => format!("bodies × joints × {}", self.coordinates),
            _ => format!("joints × {}", self.coordinates),
        };
        format!("[{}]", self.order.chars().map(name).collect::<Vec<_>>().join(", "))
    }
}

/// Whether an array holds the features that text-to-motion models learn from, a row a frame, or a batch as MDM has it.
fn features(shape: &[usize]) -> Option<String> {
    let numbers = match *shape {
        [_, n, 1, _] | [.., _, n] => n,
        _ => return None,
    };
    let (set, joints) = match numbers {
        263 => ("HumanML3D", 22),
        251 => ("KIT-ML", 21),
        _ => return None,
    };
    Some(format!(
        "the array's shape is {shape:?}: {set}'s feature vectors, {numbers} numbers a frame, are not joint positions. Make \
         those of them with recover_from_ric(features, {joints}) of the HumanML3D repository, after undoing the \
         normalisation by mean and standard deviation, and save them as [frames, {joints}, 3]"
    ))
}

/// What an array of that shape holds that is known and no positions: features, or how joints are turned.
pub(in super::super) fn meant_otherwise(shape: &[usize]) -> Option<String> {
    features(shape).or_else(|| turns(shape))
}

/// Whether an array holds rotations, or whole transforms, of joints.
fn turns(shape: &[usize]) -> Option<String> {
    let what = match *shape {
        [.., j, 3, 3] if j >= LEAST_JOINTS => "rotation matrices, 3 × 3 a joint, are not positions",
        [.., j, 9 | 6] if shape.len() > 2 && is_of_a_layout(j) => {
            "rotations, as 6 or 9 numbers a joint, are not positions"
        }
        [.., j, 3 | 4, 4] if j >= LEAST_JOINTS => {
            return Some(format!(
                "the array's shape is {shape:?}: of transforms, {} × 4 a joint, the last column holds the positions where \
                 they are in the world: save [..., :3, 3] as [frames, joints, 3]",
                shape[shape.len() - 2]
            ));
        }
        _ => return None,
    };
    Some(format!(
        "the array's shape is {shape:?}: {what}. Run them through the body model or the skeleton's bones, and save the \
         joints as [frames, joints, 3]"
    ))
}

/// Whether an array may be what generators save, the frames last.
pub(super) fn frames_last(shape: &[usize], known: &impl Fn(usize) -> bool) -> Option<Cause> {
    let batch = possible(shape, &FRAMES_LAST, &[3, 2], known).into_iter().next()?;
    let clip = if batch.order == "PJCT" { "motion[0]" } else { "motion" };
    Some(Cause::Malformed(format!(
        "the array's shape is {shape:?}: {}, as MDM and other generators save it. Save one clip as [frames, joints, {}], such \
         as np.save(\"clip.npy\", {clip}.transpose(2, 0, 1))",
        batch.axes().replace("bodies", "clips"),
        batch.coordinates
    )))
}

/// What an array is that no order fits.
fn unreadable(shape: &[usize], described: Option<usize>, known: impl Fn(usize) -> bool) -> Cause {
    if let Some(text) = turns(shape) {
        return Cause::Malformed(text);
    }
    if let Some(cause) = frames_last(shape, &known) {
        return cause;
    }
    if let &[frames, joints, 3] = shape
        && let Err(cause) = check_volume(frames, 1, joints)
    {
        return cause;
    }
    let joints = match *shape {
        [_, j, 2 | 3] | [_, _, j, 2 | 3] => Some(j),
        [_, row] if row.is_multiple_of(3) => Some(row / 3),
        _ => None,
    };
    Cause::Malformed(match (described, joints) {
        (Some(listed), _) => format!(
            "the array's shape is {shape:?}, expected [frames, joints, 3] or [frames, bodies, joints, 3] with the {listed} \
             joints of skeleton.json"
        ),
        (None, Some(j)) if j > 2 => format!(
            "the array's shape is {shape:?}, and no known layout has {j} joints: it needs a skeleton.json beside it \
             (joints, parents, fps, unit, up)"
        ),
        _ => format!("the array's shape is {shape:?}, expected [frames, joints, 3] or [frames, bodies, joints, 3]"),
    })
}
