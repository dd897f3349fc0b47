//! The skeleton: sections that begin with a colon, bones between `begin` and `end`.

use std::collections::HashMap;

use glam::{DQuat, DVec3};

use super::{
    super::{
        error::{Cause, excerpt},
        limits::{MAX_JOINTS, check_count},
        text::{number, numbered_lines, words},
    },
    Failure, turn,
};

/// Most numbers a bone has in a frame: three turns, three shifts, a length, and some to spare.
const MAX_DEGREES: usize = 16;

/// What a number of the motion does to its bone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Degree {
    /// Turns about axis 0, 1 or 2, in radians.
    Turn(usize),
    /// Moves along axis 0, 1 or 2.
    Shift(usize),
    /// Lengthens the bone.
    Length,
}

/// A bone; the root is one without length.
pub(super) struct Bone {
    pub name: String,
    pub parent: Option<usize>,
    /// The bone that hangs from it, where there is just one.
    pub only_child: Option<usize>,
    /// Unit length, in the skeleton's axes.
    pub direction: DVec3,
    pub length: f64,
    /// The bone's own axes.
    pub axes: DQuat,
    /// About which axes it turns, the first one first.
    pub order: [usize; 3],
    /// In the motion's order.
    pub degrees: Vec<Degree>,
}

impl Bone {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            parent: None,
            only_child: None,
            direction: DVec3::ZERO,
            length: 0.0,
            axes: DQuat::IDENTITY,
            order: [0, 1, 2],
            degrees: Vec::new(),
        }
    }
}

/// The skeleton, parents before children, root first.
pub(super) struct Skeleton {
    pub bones: Vec<Bone>,
    /// `length` of the section `:units`.
    pub length: f64,
    /// Whether angles are in degrees.
    pub degrees: bool,
}

impl Skeleton {
    /// Numbers in a frame of the motion.
    pub(super) fn values(&self) -> usize {
        self.bones.iter().map(|bone| bone.degrees.len()).sum()
    }
}

/// Whether a text is a skeleton rather than a motion.
pub(super) fn is_skeleton(bytes: &[u8]) -> bool {
    numbered_lines(bytes).any(|(_, line)| line.len() >= 9 && line[..9].eq_ignore_ascii_case(b":bonedata"))
}

/// A line taken apart, with its number.
type Line<'a> = (usize, Vec<&'a [u8]>);

/// Reads a skeleton.
pub(super) fn read(bytes: &[u8]) -> Result<Skeleton, Failure> {
    let mut skeleton = Skeleton { bones: Vec::new(), length: 1.0, degrees: true };
    let mut root = Bone::named("root");
    let (mut bones, mut links): (Vec<Bone>, Vec<(usize, String, String)>) = (Vec::new(), Vec::new());
    let mut section = String::new();
    let mut open: Option<(usize, Vec<Line<'_>>)> = None;
    for (line, words) in content(bytes) {
        let first = words[0].to_ascii_lowercase();
        let at = |cause| (Some(line), cause);
        if let Some(name) = first.strip_prefix(b":") {
            section = String::from_utf8_lossy(name).into_owned();
            continue;
        }
        match section.as_str() {
            "units" => match (&first[..], words.get(1)) {
                (b"length", Some(word)) => skeleton.length = number(word, "the unit of length").map_err(at)?,
                (b"angle", Some(word)) => skeleton.degrees = !word.to_ascii_lowercase().starts_with(b"rad"),
                _ => {}
            },
            "root" => read_root(&mut root, &first, &words[1..], skeleton.degrees).map_err(at)?,
            "bonedata" => match (&first[..], open.take()) {
                (b"begin", None) => open = Some((line, Vec::new())),
                (b"end", Some((_, lines))) => {
                    check_count("the number of bones", bones.len() + 2, MAX_JOINTS).map_err(at)?;
                    bones.push(read_bone(&lines, skeleton.degrees)?);
                }
                (b"end" | b"begin", _) => {
                    return Err(at(Cause::malformed("`begin` and `end` of bones do not alternate")));
                }
                (_, Some((begun, mut lines))) => {
                    check_count("the number of lines of a bone", lines.len(), 1000).map_err(at)?;
                    lines.push((line, words));
                    open = Some((begun, lines));
                }
                (_, None) => return Err(at(Cause::malformed("a bone outside of `begin` and `end`"))),
            },
            "hierarchy" if !matches!(&first[..], b"begin" | b"end") => {
                let name = |word: &&[u8]| String::from_utf8_lossy(word).into_owned();
                let parent = name(&words[0]);
                check_count("the number of links", links.len() + words.len(), 4 * MAX_JOINTS).map_err(at)?;
                links.extend(words[1..].iter().map(|child| (line, parent.clone(), name(child))));
            }
            _ => {}
        }
    }
    if let Some((begun, _)) = open {
        return Err((Some(begun), Cause::Truncated("a bone has no `end`".to_owned())));
    }
    if bones.is_empty() {
        return Err((None, Cause::Degenerate("the skeleton has no bones (:bonedata)".to_owned())));
    }
    skeleton.bones = ordered(root, bones, &links)?;
    Ok(skeleton)
}

/// Lines with something in them, without comments.
pub(super) fn content(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    numbered_lines(bytes).filter(|(_, line)| !line.starts_with(b"#")).filter_map(|(number, line)| {
        let words: Vec<&[u8]> = words(line).collect();
        (!words.is_empty()).then_some((number, words))
    })
}

fn read_root(root: &mut Bone, key: &[u8], words: &[&[u8]], degrees: bool) -> Result<(), Cause> {
    match key {
        b"order" => root.degrees = words.iter().map(|word| degree(word)).collect::<Result<_, _>>()?,
        b"axis" => root.order = words.first().map_or(Ok([0, 1, 2]), |word| order(word))?,
        b"orientation" => root.axes = turn(root.order, angles(words, degrees)?),
        // the motion says where the root is
        _ => {}
    }
    check_count("the number of channels of the root", root.degrees.len(), MAX_DEGREES)
}

/// Three angles in radians.
fn angles(words: &[&[u8]], degrees: bool) -> Result<DVec3, Cause> {
    let v = vector(words, "an angle")?;
    Ok(if degrees { v * 1f64.to_radians() } else { v })
}

fn vector(words: &[&[u8]], what: &str) -> Result<DVec3, Cause> {
    let mut v = DVec3::ZERO;
    for (i, value) in v.as_mut().iter_mut().enumerate() {
        let word = words.get(i).ok_or_else(|| Cause::Truncated(format!("{what} is missing")))?;
        *value = number(word, what)?;
    }
    Ok(v)
}

fn read_bone(lines: &[Line<'_>], in_degrees: bool) -> Result<Bone, Failure> {
    let mut bone = Bone::named("");
    for (line, words) in lines {
        let at = |cause| (Some(*line), cause);
        let rest = &words[1..];
        match &words[0].to_ascii_lowercase()[..] {
            // a name can be as long as the file
            b"name" => bone.name = String::from_utf8_lossy(&rest.concat()).chars().take(256).collect(),
            b"direction" => bone.direction = vector(rest, "a direction").map_err(at)?.normalize_or_zero(),
            b"length" => bone.length = vector(&[rest, &[b"0", b"0"]].concat(), "a length").map_err(at)?.x,
            b"axis" => {
                bone.order = rest.get(3).map_or(Ok([0, 1, 2]), |word| order(word)).map_err(at)?;
                bone.axes = turn(bone.order, angles(rest, in_degrees).map_err(at)?);
            }
            b"dof" => {
                check_count("the number of channels of a bone", rest.len(), MAX_DEGREES).map_err(at)?;
                bone.degrees = rest.iter().map(|word| degree(word)).collect::<Result<_, _>>().map_err(at)?;
            }
            // limits, masses and numbers of bones do not matter to where they are
            _ => {}
        }
    }
    if bone.name.is_empty() {
        let line = lines.first().map(|(line, _)| *line);
        return Err((line, Cause::malformed("a bone has no name")));
    }
    Ok(bone)
}

fn degree(word: &[u8]) -> Result<Degree, Cause> {
    let axis = |b: u8| match b.to_ascii_lowercase() {
        axis @ b'x'..=b'z' => Some(usize::from(axis - b'x')),
        _ => None,
    };
    let found = match word {
        [b'r' | b'R', b] => axis(*b).map(Degree::Turn),
        [b't' | b'T', b] => axis(*b).map(Degree::Shift),
        [b'l' | b'L'] => Some(Degree::Length),
        _ => None,
    };
    found.ok_or_else(|| Cause::Malformed(format!("expected a channel such as rx, tz or l, not {}", excerpt(word))))
}

fn order(word: &[u8]) -> Result<[usize; 3], Cause> {
    let axes: Vec<usize> = word.iter().map(|b| usize::from(b.to_ascii_lowercase().wrapping_sub(b'x'))).collect();
    let once = (0..3).all(|axis| axes.contains(&axis));
    match axes[..] {
        [a, b, c] if once => Ok([a, b, c]),
        _ => Err(Cause::Malformed(format!("expected an order of axes such as XYZ, not {}", excerpt(word)))),
    }
}

/// Bones with their parents before them, as `:hierarchy` links them.
fn ordered(root: Bone, bones: Vec<Bone>, links: &[(usize, String, String)]) -> Result<Vec<Bone>, Failure> {
    let mut all: Vec<Option<Bone>> = std::iter::once(root).chain(bones).map(Some).collect();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for (k, bone) in all.iter().flatten().enumerate() {
        if by_name.insert(bone.name.to_lowercase(), k).is_some() {
            return Err((None, Cause::Malformed(format!("two bones are named {}", excerpt(bone.name.as_bytes())))));
        }
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut linked = vec![false; all.len()];
    for (line, parent, child) in links {
        let find = |name: &String| {
            let unknown =
                || Cause::Malformed(format!("the hierarchy names an unknown bone {}", excerpt(name.as_bytes())));
            by_name.get(&name.to_lowercase()).copied().ok_or_else(|| (Some(*line), unknown()))
        };
        let (parent, child) = (find(parent)?, find(child)?);
        if child == 0 || std::mem::replace(&mut linked[child], true) {
            let text = format!(
                "the bone {} hangs from several others",
                excerpt(all[child].as_ref().map_or("", |b| &b.name).as_bytes())
            );
            return Err((Some(*line), Cause::Malformed(text)));
        }
        children[parent].push(child);
    }
    // breadth first from the root: what is not reached hangs from nothing, or in a ring
    let mut order = vec![(0, None)];
    let mut at = 0;
    while at < order.len() {
        let (old, _) = order[at];
        order.extend(children[old].iter().map(|&child| (child, Some(at))));
        at += 1;
    }
    if order.len() != all.len() {
        let missing = (1..all.len()).find(|k| !order.iter().any(|(old, _)| old == k));
        let name = missing.and_then(|k| all[k].as_ref()).map_or("", |bone| &bone.name);
        let text = format!("the hierarchy does not lead from the root to the bone {}", excerpt(name.as_bytes()));
        return Err((None, Cause::Malformed(text)));
    }
    let mut sorted: Vec<Bone> = Vec::with_capacity(order.len());
    for &(old, parent) in &order {
        let Some(bone) = all[old].take() else { continue };
        sorted.push(Bone { parent, ..bone });
    }
    for k in 0..sorted.len() {
        let mut below = (0..sorted.len()).filter(|&j| sorted[j].parent == Some(k));
        if let (Some(only), None) = (below.next(), below.next()) {
            sorted[k].only_child = Some(only);
        }
    }
    Ok(sorted)
}
