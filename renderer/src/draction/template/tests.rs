use super::*;

/// The template of GOLD-1 (spec A.6).
pub(crate) fn spec_template() -> Template {
    let pose: Vec<f32> = (0..5)
        .flat_map(|j| {
            let j = f64::from(j);
            [0.3 * (1.3 * j).sin(), 0.35 * j - 0.7, 3.0 + 0.1 * (0.9 * j).cos()]
        })
        .map(|x| x as f32)
        .collect();
    let rule = TemplateRule { points: LinePoints::Fixed(2), scales: Scales::Constant(0.05) };
    Template::build(&[[0, 1], [1, 2], [2, 3], [3, 4]], &pose, &rule).unwrap()
}

#[test]
fn the_specifications_own_has_thirteen_gaussians_in_order() {
    let t = spec_template();
    assert_eq!((t.joints, t.gaussians), (5, 13));
    let (a, b, first) = (&t.means[0..3], &t.means[3..6], &t.means[15..18]);
    for c in 0..3 {
        assert!((first[c] - (2.0 * a[c] + b[c]) / 3.0).abs() < 1e-6);
    }
    let w = t.lbs_weights();
    let row = &w[5 * 5..6 * 5];
    assert!((row[0] - 2.0 / 3.0).abs() < 1e-6 && (row[1] - 1.0 / 3.0).abs() < 1e-6);
    assert!(row[2..].iter().all(|&x| x > 1e-9 && x < 3e-9));
    assert!(w[0] > 0.999_999_9 && (t.lbs_logits[0], t.lbs_logits[1]) == (10.0, -10.0));
    assert!(t.scales.iter().all(|&s| s == 0.05));
}

#[test]
fn templates_know_their_bones() {
    let t = spec_template();
    assert_eq!(t.bones(), [[0, 1], [1, 2], [2, 3], [3, 4]]);
    assert!(t.fits(5, &[[1, 0], [1, 2], [2, 3], [3, 4]]));
    assert!(!t.fits(5, &[[0, 1], [1, 2], [2, 3], [2, 4]]) && !t.fits(6, &t.bones()));
}

/// `xx xy xz yy yz zz`.
fn entries(row: &TemplateRow) -> [f32; 6] {
    let Symmetric { xx, xy, xz, yy, yz, zz } = row.covariance;
    [xx, xy, xz, yy, yz, zz]
}

#[test]
fn offset_and_weights_reproduce_the_reference_pose() {
    let t = spec_template();
    let w = t.lbs_weights();
    let rows = t.rows(&w);
    for k in 0..t.gaussians {
        for c in 0..3 {
            let pooled: f64 = (0..5).map(|j| f64::from(w[k * 5 + j]) * f64::from(t.canonical_joints[3 * j + c])).sum();
            let mean = f64::from(t.means[3 * k + c]);
            assert!((f64::from(rows[k].offset[c]) + pooled - mean).abs() < 1e-7);
            assert_eq!(rows[k].mean[c], t.means[3 * k + c]);
        }
        for (entry, expected) in entries(&rows[k]).into_iter().zip([0.0025, 0.0, 0.0, 0.0025, 0.0, 0.0025]) {
            assert!((entry - expected).abs() < 1e-8);
        }
    }
}

#[test]
fn rotated_covariance() {
    let mut t = spec_template();
    t.scales[..3].copy_from_slice(&[0.1, 0.2, 0.3]);
    let half = std::f32::consts::FRAC_1_SQRT_2;
    t.quats[..4].copy_from_slice(&[half, 0.0, 0.0, half]); // x becomes y
    let rows = t.rows(&t.lbs_weights());
    for (entry, expected) in entries(&rows[0]).into_iter().zip([0.04, 0.0, 0.0, 0.01, 0.0, 0.09]) {
        assert!((entry - expected).abs() < 1e-6);
    }
}

#[test]
fn longer_bones_get_more_points() {
    let rule = TemplateRule::transfer();
    // ratios 1, 0.5, 0.0625 (1.5 points, a tie, goes to 2), 0.01 and 0 (both the minimum)
    assert_eq!(rule.points_per_bone(&[0.8, 0.4, 0.05, 0.008, 0.0]), [24, 12, 2, 2, 2]);
    let quarter = LinePoints::LengthAdaptive { max: 10, min: 1, exponent: 1.0 };
    let rule = TemplateRule { points: quarter, ..rule };
    assert_eq!(rule.points_per_bone(&[1.0, 0.25, 0.35]), [10, 2, 4]); // 2.5 and 3.5 to even
    assert_eq!(rule.points_per_bone(&[0.0, 0.0]), [1, 1]);
}

#[test]
fn bone_adaptive_sizes() {
    let pose = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.25, 0.0, 5.0, 5.0, 5.0f32];
    let rule = TemplateRule { points: LinePoints::Fixed(1), scales: Scales::bone_adaptive() };
    let t = Template::build(&[[0, 1], [1, 2]], &pose, &rule).unwrap();
    let sizes: Vec<f32> = t.scales.chunks_exact(3).map(|s| s[0]).collect();
    // joint 1 touches 1.0 and 0.25: the lower median; joint 3 is isolated
    let expected = [0.030, 0.010, 0.010, 0.015, 0.020, 0.006];
    assert!(sizes.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-7), "{sizes:?}");
    let constant = Template::build(&[[0, 1], [1, 2]], &pose, &TemplateRule::transfer()).unwrap();
    assert_eq!((constant.scales[0], constant.scales[14]), (0.026, 0.016));
}

#[test]
fn bad_skeletons_are_refused() {
    let rule = TemplateRule::released();
    assert!(matches!(Template::build(&[], &[], &rule), Err(TemplateError::Joints { .. })));
    let bone = Template::build(&[[0, 2]], &[0.0; 6], &rule);
    assert_eq!(bone, Err(TemplateError::Bone { bone: 0, a: 0, b: 2, joints: 2 }));
    assert_eq!(Template::build(&[], &[0.0, 0.0, 0.0, f32::NAN, 0.0, 0.0], &rule), Err(TemplateError::NotFinite(1)));
    let bones: Vec<[usize; 2]> = (1..20_000).map(|j| [j - 1, j]).collect();
    assert!(matches!(Template::build(&bones, &vec![0.0; 60_000], &rule), Err(TemplateError::TooLarge { .. })));
}
