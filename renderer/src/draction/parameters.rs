//! The trained numbers and where they start (spec A.4).

use std::slice::from_ref;

use draction_shaders::rows::Weights;

use crate::random::Mt19937;

/// Width of the hidden layer of the appearance head and of the NFM.
pub const HIDDEN: usize = draction_shaders::HIDDEN as usize;
/// Floats of the appearance head: `V1 [64,3]`, `c1 [64]`, `V2 [4,64]`, `c2 [4]`.
pub const HEAD_LEN: usize = HIDDEN * 3 + HIDDEN + 4 * HIDDEN + 4;
/// Floats of the NFM: `N1 [64,10]`, `d1 [64]`, `N2 [5,64]`, `d2 [5]`.
pub const NFM_LEN: usize = HIDDEN * 10 + HIDDEN + 5 * HIDDEN + 5;

// packed one after the other, the parts are the struct that passes read
const _: () = {
    assert!(std::mem::offset_of!(Weights, n1) == 4 * HEAD_LEN);
    assert!(size_of::<Weights>() == 4 * (HEAD_LEN + NFM_LEN + 1));
};

/// The head's tensors in the order of [`Parameters::head`].
pub(super) const HEAD_TENSORS: [(&str, &[usize]); 4] = [
    ("appearance_head.0.weight", &[HIDDEN, 3]),
    ("appearance_head.0.bias", &[HIDDEN]),
    ("appearance_head.2.weight", &[4, HIDDEN]),
    ("appearance_head.2.bias", &[4]),
];
/// The NFM's tensors in the order of [`Parameters::nfm`].
pub(super) const NFM_TENSORS: [(&str, &[usize]); 4] =
    [("nfm.0.weight", &[HIDDEN, 10]), ("nfm.0.bias", &[HIDDEN]), ("nfm.2.weight", &[5, HIDDEN]), ("nfm.2.bias", &[5])];

/// What training changes: 2,341 numbers for 265 Gaussians.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// `[K, 3]` features `f_k`.
    pub features: Vec<f32>,
    /// The appearance head, `V1, c1, V2, c2` one after the other, row-major ([`HEAD_LEN`] numbers).
    pub head: Vec<f32>,
    /// The NFM, `N1, d1, N2, d2` one after the other, row-major ([`NFM_LEN`] numbers); `None` switches it off.
    pub nfm: Option<Vec<f32>>,
    /// The logit of the share of depth colour, `λ = σ(logit)`.
    pub depth_mix_logit: f32,
}

impl Parameters {
    /// The random start of spec A.4 for `gaussians` Gaussians: features and weights N(0, 0.01²), head biases
    /// N(0, 0.1²), the gate's bias 0, depth-mix logit −0.5.
    pub fn init(gaussians: usize, seed: u64) -> Parameters {
        let mut random = Mt19937::new(seed);
        let features = random.normals(gaussians * 3, 0.01);
        let mut draw = |tensors: &[(&str, &[usize])], bias: f32| -> Vec<f32> {
            let deviation = |name: &str| if name.ends_with("bias") { bias } else { 0.01 };
            let mut all = Vec::new();
            for (name, shape) in tensors {
                all.extend(random.normals(shape.iter().product(), deviation(name)));
            }
            all
        };
        let head = draw(&HEAD_TENSORS, 0.1);
        let mut nfm = draw(&NFM_TENSORS, 0.01);
        nfm[NFM_LEN - 1] = 0.0;
        Parameters { features, head, nfm: Some(nfm), depth_mix_logit: -0.5 }
    }

    /// All zeros, in the shape of `self`: where gradients are summed up.
    pub fn zeros_like(&self) -> Parameters {
        Parameters {
            features: vec![0.0; self.features.len()],
            head: vec![0.0; HEAD_LEN],
            nfm: self.nfm.as_ref().map(|_| vec![0.0; NFM_LEN]),
            depth_mix_logit: 0.0,
        }
    }

    /// Exactly these colours (`r, g, b` in `(0, 1)`, one a Gaussian) at one opacity in `(0, 1)`, without NFM.
    /// The hidden layer holds `relu(f)` and `relu(−f)`, whose difference is `f`: the head passes features through.
    pub(super) fn painted(colours: impl Iterator<Item = [f32; 3]>, opacity: f32, depth_mix_logit: f32) -> Parameters {
        let logit = |p: f32| (p / (1.0 - p)).ln();
        let features = colours.flatten().map(logit).collect();
        let mut head = vec![0.0; HEAD_LEN];
        let (v2, c2) = (HIDDEN * 4, HIDDEN * 8);
        for c in 0..3 {
            head[3 * c + c] = 1.0;
            head[3 * (c + 3) + c] = -1.0;
            head[v2 + c * HIDDEN + c] = 1.0;
            head[v2 + c * HIDDEN + c + 3] = -1.0;
        }
        head[c2 + 3] = logit(opacity);
        Parameters { features, head, nfm: None, depth_mix_logit }
    }

    /// `[WEIGHTS_LEN]` as in [`crate::passes::Buffer::Weights`]: head, NFM (zeros when off), depth-mix logit.
    pub fn pack(&self) -> Vec<f32> {
        let mut packed = Vec::with_capacity(HEAD_LEN + NFM_LEN + 1);
        packed.extend_from_slice(&self.head);
        match &self.nfm {
            Some(nfm) => packed.extend_from_slice(nfm),
            None => packed.resize(self.head.len() + NFM_LEN, 0.0),
        }
        packed.push(self.depth_mix_logit);
        packed
    }

    /// The inverse of [`Parameters::pack`]: `features [K, 3]`, `packed [WEIGHTS_LEN]`; the NFM's part is dropped
    /// unless `nfm`.
    ///
    /// # Panics
    /// When `packed` is not `WEIGHTS_LEN` long: only buffers of this crate come here.
    pub fn from_packed(features: Vec<f32>, packed: &[f32], nfm: bool) -> Parameters {
        assert_eq!(packed.len(), HEAD_LEN + NFM_LEN + 1, "packed weights have another length");
        let (head, rest) = packed.split_at(HEAD_LEN);
        Parameters {
            features,
            head: head.to_vec(),
            nfm: nfm.then(|| rest[..NFM_LEN].to_vec()),
            depth_mix_logit: rest[NFM_LEN],
        }
    }

    /// Every tensor as `(name, shape, values)`, with the names of the released files (spec A.7.1).
    pub fn named(&self) -> Vec<(&'static str, Vec<usize>, &[f32])> {
        let mut all = vec![("canonical_features", vec![self.features.len() / 3, 3], &self.features[..])];
        let nfm: &[f32] = self.nfm.as_deref().unwrap_or(&[]);
        for (mut values, tensors) in [(&self.head[..], &HEAD_TENSORS), (nfm, &NFM_TENSORS)] {
            if values.is_empty() {
                continue;
            }
            for &(name, shape) in tensors {
                let (own, rest) = values.split_at(shape.iter().product());
                all.push((name, shape.to_vec(), own));
                values = rest;
            }
        }
        all.push(("depth_mix_logit", vec![], from_ref(&self.depth_mix_logit)));
        all
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.features.len() + self.head.len() + self.nfm.as_ref().map_or(0, Vec::len) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_the_published_ones() {
        let p = Parameters::init(265, 0);
        assert_eq!(p.count(), 2_341);
        assert_eq!(p.named().iter().map(|(_, _, v)| v.len()).sum::<usize>(), 2_341);
    }

    #[test]
    fn init_has_the_spread_of_the_spec() {
        let p = Parameters::init(4_000, 7);
        let deviation = |v: &[f32]| (v.iter().map(|x| x * x).sum::<f32>() / v.len() as f32).sqrt();
        assert!((deviation(&p.features) - 0.01).abs() < 3e-4);
        assert!((deviation(&p.head[HIDDEN * 3..HIDDEN * 4]) - 0.1).abs() < 0.03);
        let nfm = p.nfm.as_ref().unwrap();
        assert!((deviation(&nfm[..640]) - 0.01).abs() < 1e-3);
        assert_eq!(nfm[NFM_LEN - 1], 0.0);
        assert_eq!(p, Parameters::init(4_000, 7));
        assert_ne!(p, Parameters::init(4_000, 8));
    }

    #[test]
    fn packing_loses_nothing() {
        let p = Parameters::init(5, 1);
        assert_eq!(Parameters::from_packed(p.features.clone(), &p.pack(), true), p);
        let off = Parameters { nfm: None, ..p };
        assert_eq!(off.pack().len(), HEAD_LEN + NFM_LEN + 1);
        assert_eq!(Parameters::from_packed(off.features.clone(), &off.pack(), false), off);
    }

    #[test]
    fn painted_features_pass_through_the_head() {
        let p = Parameters::painted([[0.9, 0.2, 0.5]].into_iter(), 0.8, 0.0);
        let (v1, c1, v2, c2) = (&p.head[..192], &p.head[192..256], &p.head[256..512], &p.head[512..]);
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let hidden: Vec<f32> = (0..HIDDEN)
            .map(|i| ((0..3).map(|c| v1[3 * i + c] * p.features[c]).sum::<f32>() + c1[i]).max(0.0))
            .collect();
        for (c, expected) in [0.9, 0.2, 0.5, 0.8].into_iter().enumerate() {
            let h: f32 = (0..HIDDEN).map(|i| v2[c * HIDDEN + i] * hidden[i]).sum::<f32>() + c2[c];
            assert!((sigmoid(h) - expected).abs() < 1e-6);
        }
    }
}
