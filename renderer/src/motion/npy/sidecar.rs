//! `skeleton.json`: what an array does not say of itself.

use serde::Deserialize;

use super::super::{
    Format, Layout, Reason, Unit, UpAxis, encoding,
    error::Cause,
    json,
    limits::{FRAME_RATES, MAX_BONES, check_count},
    raw::Raw,
    topology,
};

/// The file as it is written.
#[derive(Deserialize)]
struct Written {
    /// A layout by name, such as `Human17`, instead of joints and parents.
    layout: Option<String>,
    /// `[J]` joint names.
    joints: Option<Vec<String>>,
    /// `[J]` parents; −1 (also in 32 bits without a sign), nothing, or the joint itself for a root.
    parents: Option<Vec<Option<i64>>>,
    /// Frames per second; the layout's where it is missing.
    fps: Option<f64>,
    /// Up axis such as `+y`; inferred where it is missing.
    up: Option<String>,
    /// Unit such as `m`; inferred where it is missing.
    unit: Option<String>,
    /// Bones in drawing order, counted from zero; parent to child where they are missing.
    bones: Option<Vec<[usize; 2]>>,
}

/// Reads the description of an array, without frames yet. `rate` are the frames a second where it states none. The error
/// comes with its line.
pub(super) fn read(bytes: &[u8], rate: Option<f64>) -> Result<Raw, (Option<usize>, Cause)> {
    let text = encoding::to_utf8(bytes).map_err(|cause| (None, cause))?;
    let written: Written = serde_json::from_slice(&text.utf8).map_err(|error| json::failure(&error))?;
    understood(written, rate).map_err(|cause| (None, cause))
}

fn understood(written: Written, rate: Option<f64>) -> Result<Raw, Cause> {
    let fps = written.fps.or(rate);
    let missing = |what: &str| Cause::Malformed(format!("missing field `{what}`"));
    let mut raw = match (written.layout, written.joints) {
        (Some(name), None) => {
            let layout = name.parse::<Layout>().map_err(Cause::Malformed)?;
            Raw::of_layout(layout, Format::Npy, layout.fps())
        }
        (Some(_), Some(_)) => return Err(Cause::malformed("give `layout` or `joints`, not both")),
        (None, names) => {
            let names = names.ok_or_else(|| missing("joints"))?;
            let parents = written.parents.ok_or_else(|| missing("parents"))?;
            if names.len() != parents.len() {
                let text = format!("{} joints and {} parents are listed", names.len(), parents.len());
                return Err(Cause::Malformed(text));
            }
            let fps = fps.ok_or_else(|| missing("fps"))?;
            let (parents, from_one) = tree(&parents)?;
            let warnings =
                from_one.then(|| "the parents in skeleton.json are counted from one, 0 being none".to_owned());
            let warnings = warnings.into_iter().collect();
            Raw { format: Format::Npy, parents, names, fps, bodies: 1, warnings, ..Raw::default() }
        }
    };
    raw.fps = fps.unwrap_or(raw.fps);
    if !FRAME_RATES.contains(&raw.fps) {
        let text = format!("fps is {}, expected {} to {}", raw.fps, FRAME_RATES.start(), FRAME_RATES.end());
        return Err(Cause::Malformed(text));
    }
    if let Some(bones) = written.bones {
        let joints = raw.names.len();
        check_count("the number of bones", bones.len(), MAX_BONES)?;
        if let Some(b) = bones.iter().find(|b| b[0] >= joints || b[1] >= joints || b[0] == b[1]) {
            let text = format!("bone {b:?} does not join two of {joints} joints");
            return Err(Cause::Malformed(text));
        }
        raw.bones = Some(bones);
    }
    let stated = |what: &str| format!("{what} from skeleton.json");
    let unit = written.unit.map(|u| u.parse::<Unit>()).transpose().map_err(Cause::Malformed)?;
    let up = written.up.map(|u| u.parse::<UpAxis>()).transpose().map_err(Cause::Malformed)?;
    raw.unit = unit.map(|u| (u, Reason::stated(stated("unit"))));
    raw.up = up.map(|u| (u, stated("axis")));
    Ok(raw)
}

/// The tree, and whether it is counted from one.
fn tree(parents: &[Option<i64>]) -> Result<(Vec<Option<usize>>, bool), Cause> {
    let roots = |tree: &[Option<usize>]| tree.iter().filter(|parent| parent.is_none()).count();
    let usual = checked(parents);
    // counted from one, a chain's joints name themselves, and the last joint may be one too many
    let own = (1..parents.len()).any(|j| parents[j] == i64::try_from(j).ok());
    if own || usual.is_err() {
        let zero_based: Vec<Option<i64>> = parents.iter().map(|p| p.filter(|&p| p > 0).map(|p| p - 1)).collect();
        let itself = |j: usize| zero_based[j] == i64::try_from(j).ok();
        let other = checked(&zero_based).ok().filter(|tree| roots(tree) == 1 && !(0..tree.len()).any(itself));
        if let Some(other) = other.filter(|_| usual.as_ref().map_or(true, |tree| roots(tree) > 1)) {
            return Ok((other, true));
        }
    }
    usual.map(|tree| (tree, false))
}

/// Checks that parents exist and that following them ends.
fn checked(parents: &[Option<i64>]) -> Result<Vec<Option<usize>>, Cause> {
    let joints = parents.len();
    let mut tree = Vec::with_capacity(joints);
    for (j, &p) in parents.iter().enumerate() {
        let p = p.unwrap_or(-1);
        tree.push(match usize::try_from(p) {
            Ok(p) if p == j => None,
            Ok(p) if p < joints => Some(p),
            _ if p == -1 || p == i64::from(u32::MAX) => None,
            _ => {
                let text = format!("joint {j} has the parent {p}, expected -1 to {}", joints - 1);
                return Err(Cause::Malformed(text));
            }
        });
    }
    if topology::parents_first(&tree).len() != joints {
        return Err(Cause::malformed("the parents form a ring"));
    }
    Ok(tree)
}
