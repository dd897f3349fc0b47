//! The specification's self-contained test (GOLD-1, end of A.6): two people, one of whom leaves, and every gradient.

use std::sync::Arc;

use super::CpuEngine;
use crate::{
    camera::Camera,
    draction::Parameters,
    engine::Scene,
    passes::{Buffer, Dims, forward},
};

/// `A·sin(1.7 i + s)`.
fn wave(len: usize, amplitude: f64, shift: f64) -> Vec<f32> {
    (0..len).map(|i| (amplitude * (1.7 * i as f64 + shift).sin()) as f32).collect()
}

/// `[6, 2, 5, 3]`; the second person is gone in frame 4.
fn clip() -> Vec<f64> {
    let mut positions = Vec::new();
    for t in 0..6 {
        for q in 0..2 {
            for j in 0..5 {
                let (t, q, j) = (f64::from(t), f64::from(q), f64::from(j));
                let gone = t == 4.0 && q == 1.0;
                let c = [0.3 * (1.3 * j).sin(), 0.35 * j - 0.7, 3.0 + 0.1 * (0.9 * j).cos()];
                let p = [
                    c[0] + 0.1 * (0.7 * t + 0.3 * j).sin() + 0.5 * q,
                    c[1] + 0.1 * (0.5 * t + 0.4 * j + 1.0).sin(),
                    c[2] + 0.1 * (0.9 * t + 0.2 * j + 2.0).sin() - 0.3 * q,
                ];
                positions.extend(if gone { [0.0; 3] } else { p });
            }
        }
    }
    positions
}

fn close(name: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{name}: {got}, not {expected}");
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt()
}

fn sum(values: &[f32]) -> f64 {
    values.iter().map(|&v| f64::from(v)).sum()
}

#[test]
fn the_specifications_own_case() {
    let template = crate::draction::spec_template();
    let k = template.gaussians;
    assert_eq!((template.joints, k), (5, 13));
    let parts = [(64 * 3, 0.3, 0.2), (64, 0.1, 0.3), (4 * 64, 0.3, 0.4), (4, 0.2, 0.5)];
    let nfm = [(64 * 10, 0.2, 0.6), (64, 0.1, 0.7), (5 * 64, 0.2, 0.8), (5, 0.1, 0.9)];
    let parameters = Parameters {
        features: wave(k * 3, 0.3, 0.1),
        head: parts.iter().flat_map(|&(n, a, s)| wave(n, a, s)).collect(),
        nfm: Some(nfm.iter().flat_map(|&(n, a, s)| wave(n, a, s)).collect()),
        depth_mix_logit: -0.5,
    };
    // velocities over four frames of the whole clip, then frames 0, 1 and 4
    let (all, frame) = (clip(), 2 * 5 * 3);
    let rendered = [0usize, 1, 4];
    let mut positions = Vec::new();
    let mut velocities = Vec::new();
    for &t in &rendered {
        let ahead = (t + 4).min(5);
        for i in 0..frame {
            positions.push(all[t * frame + i] as f32);
            velocities.push((all[ahead * frame + i] - all[t * frame + i]) as f32);
        }
    }
    let (width, height) = (32, 32);
    let dims =
        Dims { clips: 1, frames: 3, bodies: 2, joints: 5, gaussians: k, width, height, nfm: true, oriented: false };
    let scene = Scene {
        dims,
        template: Arc::new(template),
        parameters,
        cameras: vec![Camera::reference(60.0)],
        positions,
        velocities,
        orientations: None,
    };

    let buffers = CpuEngine.capture(&scene, &forward(&dims), None, &[Buffer::Head, Buffer::Shaded]).unwrap();
    for (c, expected) in [0.592701, -0.035720, -0.475155, 0.343434].into_iter().enumerate() {
        close("h_0", f64::from(buffers[0][c]), expected, 2e-6);
    }
    close("o of the first line point", f64::from(buffers[1][4 * 5 + 3]), 0.372335, 2e-6);

    let frames = CpuEngine.forward(&scene).unwrap();
    let image = width * height * 3;
    let sums = [[9.688062, 1.879272, 3.093542], [10.831625, 2.870425, 3.127834], [4.862659, 1.101578, 1.320819]];
    for (n, expected) in sums.iter().enumerate() {
        for c in 0..3 {
            let channel: f64 = frames[n * image..][..image].iter().skip(c).step_by(3).map(|&v| f64::from(v)).sum();
            close("channel sum", channel, expected[c], 1e-5);
        }
    }
    let pixel = |n: usize, y: usize, x: usize, c: usize| f64::from(frames[((n * height + y) * width + x) * 3 + c]);
    for ((n, y, x), expected) in [
        ((0, 16, 18), [0.259800, 0.122326, 0.057620]),
        ((1, 16, 24), [0.271718, 0.142539, 0.066532]),
        ((2, 18, 18), [0.277238, 0.117267, 0.050882]),
    ] {
        (0..3).for_each(|c| close("pixel", pixel(n, y, x, c), expected[c], 2e-6));
    }

    let mut grad_frames = Vec::with_capacity(frames.len());
    for n in 0..3 {
        for y in 0..height {
            for x in 0..width {
                for c in 0..3 {
                    let phase = 0.1 * x as f64 + 0.2 * y as f64 + 0.3 * f64::from(n) + 0.5 * f64::from(c);
                    grad_frames.push(phase.sin() as f32);
                }
            }
        }
    }
    let loss: f64 = frames.iter().zip(&grad_frames).map(|(i, g)| f64::from(*i) * f64::from(*g)).sum();
    close("loss", loss, -17.311152, 1e-5);

    let g = CpuEngine.backward(&scene, &frames, &grad_frames).unwrap();
    let (head, nfm) = (&g.parameters.head, g.parameters.nfm.as_ref().unwrap());
    close("depth mix", f64::from(g.parameters.depth_mix_logit), 0.599220, 2e-5);
    close("features", norm(&g.parameters.features), 0.078546, 2e-5);
    close("features, sum", sum(&g.parameters.features), 0.017224, 2e-5);
    close("V1", norm(&head[..192]), 0.260573, 2e-5);
    close("c1", norm(&head[192..256]), 0.908645, 2e-5);
    close("V2", norm(&head[256..512]), 1.066712, 2e-5);
    close("V2, sum", sum(&head[256..512]), -7.235648, 2e-5);
    close("c2", norm(&head[512..]), 2.011364, 2e-5);
    close("c2, first", f64::from(head[512]), 0.762870, 2e-5);
    close("N1", norm(&nfm[..640]), 28.219810, 2e-5);
    close("d1", norm(&nfm[640..704]), 9.314015, 2e-5);
    close("N2", norm(&nfm[704..1024]), 33.135919, 2e-5);
    close("N2, sum", sum(&nfm[704..1024]), -283.028055, 2e-5);
    close("d2", norm(&nfm[1024..]), 10.133115, 2e-5);
    close("d2, sum", sum(&nfm[1024..]), -16.542827, 2e-5);

    // A.6: a velocity's gradient goes to both ends of it, in the indices of the whole clip
    let mut grad = vec![0f64; 6 * frame];
    for (n, &t) in rendered.iter().enumerate() {
        for i in 0..frame {
            let velocity = f64::from(g.velocities[n * frame + i]);
            grad[t * frame + i] += f64::from(g.positions[n * frame + i]) - velocity;
            grad[(t + 4).min(5) * frame + i] += velocity;
        }
    }
    close("positions", grad.iter().map(|v| v * v).sum::<f64>().sqrt(), 28.637534, 2e-5);
    for (at, expected) in [(0, [0.329205, -1.782534, 1.764392]), (4 * frame + 6, [1.347962, -3.258819, -5.689414])] {
        (0..3).for_each(|c| close("positions at one joint", grad[at + c], expected[c], 5e-5));
    }
}
