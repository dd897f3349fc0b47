//! Carrying features from one skeleton to another by where they sit on the body.
//!
//! The released transfer (spec A.7.2) stretches the list of joint rows and the list of line rows, so that a feature
//! lands on whichever joint has the same place in its file. Here a Gaussian's place is its body part and how far along
//! the part it lies ([`crate::figure::places()`]), and a target Gaussian takes the blend of its two neighbours on the same
//! part: a left wrist draws like a left wrist, whatever the file calls it. Linear, so gradients run back through it.

use super::{DrAction, Parameters, SparseRows, Template, TemplateError, TemplateRule};
use crate::{
    figure::{Place, places},
    motion::{Part, Skeleton},
};

/// `[K]` the place of every Gaussian of `template`, which was made for `skeleton`.
///
/// # Panics
/// When `template` has another number of joints than `skeleton`.
#[must_use]
pub fn gaussian_places(skeleton: &Skeleton, template: &Template) -> Vec<Place> {
    let joints = places(skeleton, &template.canonical_joints);
    let weights = template.lbs_weights();
    weights
        .chunks_exact(template.joints)
        .map(|row| {
            // a bone from the trunk to a limb belongs to the limb
            let carries = |&j: &usize| row[j] > 1e-3;
            let limb = (0..row.len()).filter(carries).find(|&j| joints[j].part != Part::Torso);
            let part = limb.map_or(Part::Torso, |j| joints[j].part);
            let own = || (0..row.len()).filter(|&j| joints[j].part == part);
            let share: f32 = own().map(|j| row[j]).sum();
            let way: f32 = own().map(|j| row[j] * joints[j].along).sum();
            Place { part, along: if share > 0.0 { way / share } else { 0.0 } }
        })
        .collect()
}

/// `[K_target, K_source]` weights, at most two a row, that carry features from `source` to `target`. Rows sum to one;
/// a part that the source lacks takes the mean of all its rows.
#[must_use]
pub fn body_transfer(source: &[Place], target: &[Place]) -> SparseRows {
    let rows = target.iter().map(|&Place { part, along: way }| {
        let mut below: Option<(usize, f32)> = None;
        let mut above: Option<(usize, f32)> = None;
        for (k, &Place { part: p, along: w }) in source.iter().enumerate() {
            if p != part {
                continue;
            }
            if w <= way && below.is_none_or(|(_, best)| w > best) {
                below = Some((k, w));
            }
            if w >= way && above.is_none_or(|(_, best)| w < best) {
                above = Some((k, w));
            }
        }
        match (below, above) {
            (Some((i, low)), Some((j, high))) if high > low => {
                let share = (way - low) / (high - low);
                vec![(i, 1.0 - share), (j, share)]
            }
            (Some((i, _)), _) | (None, Some((i, _))) => vec![(i, 1.0)],
            (None, None) => (0..source.len()).map(|k| (k, 1.0 / source.len() as f32)).collect(),
        }
    });
    SparseRows { columns: source.len(), rows: rows.collect() }
}

impl DrAction {
    /// The Gaussians of another body, and the matrix `[K', K]` that carries this renderer's features to them: where the
    /// bones are those of `own`, the skeleton that this renderer was made for, its own template and no matrix; else a
    /// template of `rule`, and [`body_transfer`]. `pose [J', 3]` is how the body stands, metres.
    ///
    /// # Errors
    /// [`TemplateError`] when no template can be made of `skeleton` and `pose`, or `own` is not this renderer's.
    pub fn fitted(
        &self,
        own: &Skeleton,
        skeleton: &Skeleton,
        pose: &[f32],
        rule: &TemplateRule,
    ) -> Result<(Template, Option<SparseRows>), TemplateError> {
        let joints =
            |expected, got| if expected == got { Ok(()) } else { Err(TemplateError::Joints { expected, got }) };
        joints(self.template.joints, own.parts.len())?;
        joints(skeleton.parts.len(), pose.len() / 3)?;
        if skeleton.bones == own.bones && skeleton.parts.len() == own.parts.len() {
            return Ok((self.template.clone(), None));
        }
        let template = Template::build(&skeleton.bones, pose, rule)?;
        let rows = body_transfer(&gaussian_places(own, &self.template), &gaussian_places(skeleton, &template));
        Ok((template, Some(rows)))
    }

    /// This renderer on another body, as [`DrAction::fitted`] says: features follow the place on the body, everything
    /// else is copied.
    ///
    /// # Errors
    /// As [`DrAction::fitted`].
    pub fn on_body(
        &self,
        own: &Skeleton,
        skeleton: &Skeleton,
        pose: &[f32],
        rule: &TemplateRule,
    ) -> Result<DrAction, TemplateError> {
        let (template, rows) = self.fitted(own, skeleton, pose, rule)?;
        let features = match rows {
            Some(rows) => rows.apply(&self.parameters.features, 3),
            None => self.parameters.features.clone(),
        };
        let parameters = Parameters { features, ..self.parameters.clone() };
        Ok(DrAction { template, parameters, metadata: self.metadata.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::LinePoints, *};
    use crate::{
        clip::tests::figure,
        motion::humanoid::{Action, Person, perform},
    };

    #[test]
    fn on_its_own_body_nothing_changes_and_on_another_it_keeps_its_colours() {
        let (own, pose) = figure();
        let pose = pose.concat();
        let rule = TemplateRule::released();
        let painted = DrAction::painted(&own, Template::build(&own.bones, &pose, &rule).unwrap()).unwrap();
        assert_eq!(painted.on_body(&own, &own, &pose, &rule).unwrap(), painted);
        // the same figure with its bones in another order: every joint is where it was, so is every colour
        let mut other = (*own).clone();
        other.bones.reverse();
        let moved = painted.on_body(&own, &other, &pose, &rule).unwrap();
        let expected = DrAction::painted(&other, Template::build(&other.bones, &pose, &rule).unwrap()).unwrap();
        assert_eq!(moved.template, expected.template);
        let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(apart(&moved.parameters.features, &expected.parameters.features) < 1e-5);
        let wrong = painted.on_body(&own, &other, &pose[3..], &rule);
        assert_eq!(wrong, Err(TemplateError::Joints { expected: 11, got: 10 }));
    }

    #[test]
    fn gaussians_on_joints_lie_where_the_joints_do() {
        let person = perform(Action::Walk, &Person::default(), 30.0);
        let pose = &person.positions[..3 * person.joints()];
        let rule = TemplateRule { points: LinePoints::Fixed(0), ..TemplateRule::released() };
        let template = Template::build(&person.skeleton.bones, pose, &rule).unwrap();
        let (on_joints, joints) = (gaussian_places(&person.skeleton, &template), places(&person.skeleton, pose));
        assert_eq!(on_joints.len(), joints.len());
        for (a, b) in on_joints.iter().zip(&joints) {
            assert!(a.part == b.part && (a.along - b.along).abs() < 1e-6, "{a:?} {b:?}");
        }
    }

    #[test]
    fn features_follow_the_body_not_the_list() {
        let places = |all: &[(Part, f32)]| all.iter().map(|&(part, along)| Place { part, along }).collect::<Vec<_>>();
        let source = places(&[(Part::LeftArm, 0.0), (Part::LeftArm, 1.0), (Part::Torso, 0.5)]);
        let target = places(&[(Part::Torso, 0.9), (Part::LeftArm, 0.25), (Part::LeftArm, 1.0), (Part::RightLeg, 0.3)]);
        let rows = body_transfer(&source, &target).rows;
        assert_eq!(rows[0], [(2, 1.0)]);
        assert_eq!(rows[1], [(0, 0.75), (1, 0.25)]);
        assert_eq!(rows[2], [(1, 1.0)]);
        assert_eq!(rows[3].len(), 3);
    }
}
