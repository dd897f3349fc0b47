//! Carrying a trained renderer to another skeleton (spec A.7.2). Head and NFM are copied; features are interpolated
//! by a fixed sparse matrix, so that training on the new skeleton can reach the original features through its
//! transpose.

use super::{DrAction, Metadata, Parameters, Template, TemplateError, TemplateRule};
use crate::motion::Skeleton;

/// A fixed sparse matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseRows {
    /// Number of columns: rows of the source.
    pub columns: usize,
    /// For each row its entries `(column, weight)`; weights of a row sum to one.
    pub rows: Vec<Vec<(usize, f32)>>,
}

impl SparseRows {
    /// `M·x`: `values [columns, width]` → `[rows, width]`.
    ///
    /// # Panics
    /// When `values` is not `columns · width` long.
    pub fn apply(&self, values: &[f32], width: usize) -> Vec<f32> {
        assert_eq!(values.len(), self.columns * width, "length of the values");
        let mut out = vec![0.0; self.rows.len() * width];
        for (row, out) in self.rows.iter().zip(out.chunks_exact_mut(width)) {
            for &(column, weight) in row {
                for c in 0..width {
                    out[c] += weight * values[column * width + c];
                }
            }
        }
        out
    }

    /// `Mᵀ·g`: a gradient `[rows, width]` on the target → `[columns, width]` on the source.
    ///
    /// # Panics
    /// When `gradient` is not `rows · width` long.
    pub fn apply_transposed(&self, gradient: &[f32], width: usize) -> Vec<f32> {
        assert_eq!(gradient.len(), self.rows.len() * width, "length of the gradient");
        let mut out = vec![0.0; self.columns * width];
        for (row, g) in self.rows.iter().zip(gradient.chunks_exact(width)) {
            for &(column, weight) in row {
                for c in 0..width {
                    out[column * width + c] += weight * g[c];
                }
            }
        }
        out
    }

    /// `[rows, columns]`, row-major.
    pub fn dense(&self) -> Vec<f32> {
        let mut dense = vec![0.0; self.rows.len() * self.columns];
        for (r, row) in self.rows.iter().enumerate() {
            for &(column, weight) in row {
                dense[r * self.columns + column] += weight;
            }
        }
        dense
    }
}

/// Linear interpolation with aligned ends: where row `i` of `to` lies among `from` rows.
fn taps(i: usize, from: usize, to: usize) -> Vec<(usize, f32)> {
    let at = if to < 2 { 0.0 } else { (i * (from - 1)) as f64 / (to - 1) as f64 };
    let low = (at.floor() as usize).min(from - 1);
    let share = (at - low as f64) as f32;
    if share == 0.0 { vec![(low, 1.0)] } else { vec![(low, 1.0 - share), (low + 1, share)] }
}

fn resized(first: usize, from: usize, to: usize) -> impl Iterator<Item = Vec<(usize, f32)>> {
    (0..to).map(move |i| taps(i, from, to).into_iter().map(|(c, w)| (first + c, w)).collect())
}

/// The matrix `[K', K]` of rule 2: joint rows and line rows of the source, each resized along its axis. Without source
/// lines every target line takes the mean joint.
///
/// # Panics
/// When `source_joints` is 0.
pub fn feature_transfer(
    source_joints: usize,
    source_lines: usize,
    target_joints: usize,
    target_lines: usize,
) -> SparseRows {
    assert!(source_joints > 0, "a source without joints");
    let mut rows: Vec<_> = resized(0, source_joints, target_joints).collect();
    if source_lines == 0 {
        let mean: Vec<_> = (0..source_joints).map(|j| (j, 1.0 / source_joints as f32)).collect();
        rows.extend(std::iter::repeat_n(mean, target_lines));
    } else {
        rows.extend(resized(source_joints, source_lines, target_lines));
    }
    SparseRows { columns: source_joints + source_lines, rows }
}

/// Line points in a grid: so many bones, so many samples on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoneSamples {
    /// Number of bones.
    pub bones: usize,
    /// Points on each.
    pub samples: usize,
}

/// The matrix of rule 4, for the same joints with another number of points a bone: lines are a grid
/// `[bones, samples]`, resized bilinearly with aligned ends.
///
/// # Panics
/// When `joints` is 0, or the source grid is empty and the target's is not.
pub fn feature_transfer_per_bone(joints: usize, source: BoneSamples, target: BoneSamples) -> SparseRows {
    assert!(joints > 0, "a source without joints");
    let mut rows: Vec<_> = (0..joints).map(|j| vec![(j, 1.0)]).collect();
    for bone in 0..target.bones {
        for sample in 0..target.samples {
            let mut row = Vec::with_capacity(4);
            for (b, bone_weight) in taps(bone, source.bones, target.bones) {
                for (s, weight) in taps(sample, source.samples, target.samples) {
                    row.push((joints + b * source.samples + s, bone_weight * weight));
                }
            }
            rows.push(row);
        }
    }
    SparseRows { columns: joints + source.bones * source.samples, rows }
}

impl DrAction {
    /// This renderer on another skeleton, with the template of `rule` (the published path takes
    /// [`TemplateRule::transfer`]). `pose [J', 3]` is the target clip's first frame after preprocessing.
    ///
    /// # Errors
    /// [`TemplateError`] when no template can be made of `skeleton` and `pose`.
    pub fn transferred(
        &self,
        skeleton: &Skeleton,
        pose: &[f32],
        rule: &TemplateRule,
    ) -> Result<DrAction, TemplateError> {
        if pose.len() != skeleton.names.len() * 3 {
            return Err(TemplateError::Joints { expected: skeleton.names.len(), got: pose.len() / 3 });
        }
        Ok(self.on_template(Template::build(&skeleton.bones, pose, rule)?))
    }

    /// This renderer on a template made elsewhere: everything is copied, features go through
    /// [`DrAction::transfer_matrix`].
    #[must_use]
    pub fn on_template(&self, template: Template) -> DrAction {
        let features = self.transfer_matrix(&template).apply(&self.parameters.features, 3);
        let parameters = Parameters { features, ..self.parameters.clone() };
        DrAction { template, parameters, metadata: Metadata { ..self.metadata.clone() } }
    }

    /// The matrix `[K', K]` that takes this renderer's features to `template` (rule 2).
    pub fn transfer_matrix(&self, template: &Template) -> SparseRows {
        let lines = |t: &Template| t.gaussians - t.joints;
        feature_transfer(self.template.joints, lines(&self.template), template.joints, lines(template))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::template::tests::spec_template, *};

    #[test]
    fn joints_and_lines_are_resized_apart() {
        // joints 10, 20, 30 to five; lines 1, 2, 4, 8 to three; worked by hand
        let m = feature_transfer(3, 4, 5, 3);
        let got = m.apply(&[10.0, 20.0, 30.0, 1.0, 2.0, 4.0, 8.0], 1);
        assert_eq!(got, [10.0, 15.0, 20.0, 25.0, 30.0, 1.0, 3.0, 8.0]);
        assert_eq!(feature_transfer(3, 4, 1, 1).apply(&[10.0, 20.0, 30.0, 1.0, 2.0, 4.0, 8.0], 1), [10.0, 1.0]);
        assert_eq!(feature_transfer(1, 1, 2, 2).apply(&[3.0, 4.0], 1), [3.0, 3.0, 4.0, 4.0]);
    }

    #[test]
    fn without_source_lines_the_mean_joint_stands_in() {
        let m = feature_transfer(2, 0, 2, 2);
        assert_eq!(m.apply(&[1.0, 10.0, 3.0, 30.0], 2), [1.0, 10.0, 3.0, 30.0, 2.0, 20.0, 2.0, 20.0]);
    }

    #[test]
    fn grid_is_resized_along_both_axes() {
        // bones × samples: [[0, 2], [4, 6], [8, 10]] to 3 × 3 and to 5 × 2
        let source = BoneSamples { bones: 3, samples: 2 };
        let values = [9.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0];
        let m = feature_transfer_per_bone(1, source, BoneSamples { bones: 3, samples: 3 });
        assert_eq!(m.apply(&values, 1), [9.0, 0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 8.0, 9.0, 10.0]);
        let m = feature_transfer_per_bone(1, source, BoneSamples { bones: 5, samples: 2 });
        assert_eq!(m.apply(&values, 1)[3..5], [2.0, 4.0]);
    }

    #[test]
    fn rows_sum_to_one_and_the_transpose_is_the_transpose() {
        let m = feature_transfer(25, 240, 22, 187);
        assert!(m.rows.iter().all(|r| (r.iter().map(|e| e.1).sum::<f32>() - 1.0).abs() < 1e-6));
        let x: Vec<f32> = (0..265 * 3).map(|i| (i as f32 * 0.7).sin()).collect();
        let g: Vec<f32> = (0..209 * 3).map(|i| (i as f32 * 1.3).cos()).collect();
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        assert!((dot(&m.apply(&x, 3), &g) - dot(&x, &m.apply_transposed(&g, 3))).abs() < 1e-4);
        let (dense, column): (_, Vec<f32>) = (m.dense(), x.chunks_exact(3).map(|r| r[0]).collect());
        let product: Vec<f32> = dense.chunks_exact(265).map(|r| dot(r, &column) as f32).collect();
        let sparse: Vec<f32> = m.apply(&x, 3).chunks_exact(3).map(|r| r[0]).collect();
        assert!(product.iter().zip(&sparse).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn same_size_changes_nothing() {
        let d = DrAction::init(spec_template(), 2);
        assert_eq!(d.on_template(spec_template()), d);
    }
}
