//! Takes joints that are no part of a body out of what a reader read.

use super::{
    raw::{Raw, joints_of},
    topology,
};

/// Drops helper joints (`topology::helpers`), with their positions, orientations and bones; what hung from them hangs from
/// the nearest joint above that is kept. Their names are in [`Raw::left_out`].
pub(super) fn leave_out_helpers(raw: &mut Raw) {
    let joints = raw.names.len();
    let gone = topology::helpers(&raw.names, &raw.parents);
    if !gone.contains(&true) || !raw.positions.len().is_multiple_of(3 * joints) {
        return;
    }
    let kept: Vec<usize> = (0..joints).filter(|&j| !gone[j]).collect();
    let mut new_index = vec![0; joints];
    for (new, &old) in kept.iter().enumerate() {
        new_index[old] = new;
    }
    let above =
        |j: usize| std::iter::successors(Some(j), |&j| raw.parents[j]).find(|&j| !gone[j]).map(|j| new_index[j]);
    let parents = kept.iter().map(|&j| raw.parents[j].and_then(above)).collect();
    let bones = raw.bones.as_ref().map(|bones| {
        let mut drawn: Vec<[usize; 2]> = Vec::with_capacity(bones.len());
        for &[a, b] in bones {
            if let (Some(a), Some(b)) = (above(a), above(b))
                && a != b
                && !drawn.contains(&[a, b])
            {
                drawn.push([a, b]);
            }
        }
        drawn
    });
    let cut = |values: &[f32], width: usize| joints_of(values, joints, width, &kept);
    raw.positions = cut(&raw.positions, 3);
    raw.orientations = raw.orientations.as_ref().map(|o| cut(o, 4));
    raw.rest = raw.rest.as_ref().map(|r| cut(r, 3));
    (raw.parents, raw.bones) = (parents, bones);
    for (name, gone) in std::mem::take(&mut raw.names).into_iter().zip(gone) {
        if gone { raw.left_out.push(name) } else { raw.names.push(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_closes_ranks() {
        let names = ["Hips", "LeftUpLeg", "LeftLegTwist", "LeftLeg", "LeftFoot", "LeftToe", "Camera"];
        let parents = [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(0)];
        let at = |j: usize| [j as f32, 0.5, -1.0];
        let mut raw = Raw {
            names: names.map(str::to_owned).to_vec(),
            parents: parents.to_vec(),
            bones: Some(vec![[0, 6], [4, 5], [3, 4], [2, 3], [1, 2], [0, 1]]),
            bodies: 1,
            positions: (0..14).flat_map(at).collect(),
            orientations: Some((0..14).flat_map(|j| [j as f32, 0.0, 0.0, 0.0]).collect()),
            rest: Some((0..7).flat_map(at).collect()),
            ..Raw::default()
        };
        leave_out_helpers(&mut raw);
        assert_eq!(raw.names, ["Hips", "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToe"]);
        assert_eq!(raw.parents, [None, Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(raw.bones.unwrap(), [[3, 4], [2, 3], [1, 2], [0, 1]]);
        assert_eq!(raw.left_out, ["LeftLegTwist", "Camera"]);
        let kept = [0.0, 1.0, 3.0, 4.0, 5.0, 7.0, 8.0, 10.0, 11.0, 12.0];
        assert_eq!(raw.positions.iter().step_by(3).copied().collect::<Vec<_>>(), kept);
        assert_eq!(raw.orientations.unwrap().iter().step_by(4).copied().collect::<Vec<_>>(), kept);
        assert_eq!(raw.rest.unwrap().iter().step_by(3).copied().collect::<Vec<_>>(), kept[..5]);
    }
}
