//! MIL-NCE: each clip has a bag of texts, any of which may fit (Miech et al., arXiv 1912.06430; spec D.2).

use burn::Tensor;
use burn::tensor::TensorData;

use crate::tensors::normalised;

/// Which bags fit a clip, and what they are weighed against. The published sum can be read in each of these ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    /// The bags of all clips with the same label, inside one logarithm.
    #[default]
    Class,
    /// Its own bag, as the formula is printed.
    Own,
    /// The mean of a logarithm for each bag of the same label.
    Outside,
    /// Its own bag; weighed also against other clips with its own texts.
    BothWays,
}

impl Reading {
    /// All four, the main one first.
    pub const ALL: [Self; 4] = [Self::Class, Self::Own, Self::Outside, Self::BothWays];

    /// One word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Own => "own",
            Self::Outside => "outside",
            Self::BothWays => "both_ways",
        }
    }
}

/// The texts of some clips.
#[derive(Debug, Clone)]
pub struct Bags {
    /// `[B, N, width]`, of any length; rows of empty slots are passed over.
    pub texts: Tensor<3>,
    /// `[B][N]` whether the slot holds a text.
    pub filled: Vec<Vec<bool>>,
    /// `[B]` equal for clips of the same label.
    pub labels: Vec<usize>,
}

/// Far below any score, yet finite: what is hidden altogether stays a number.
const HIDDEN: f32 = -1e30;

/// `[B, width]` clips, their texts and `tau [1]` → `[1]`, the mean over the clips of `−log(what fits / all)` of
/// `e^(cosine/τ)`. Clips without a text that fits are left out; without any such clip it is 0.
///
/// # Panics
/// When texts, slots and labels are not of as many clips.
#[must_use]
pub fn mil_nce(clips: Tensor<2>, bags: &Bags, tau: Tensor<1>, reading: Reading) -> Tensor<1> {
    let [count, slots, width] = bags.texts.dims();
    assert_eq!((clips.dims()[0], bags.labels.len()), (count, count), "clips and labels");
    assert!(bags.filled.len() == count && bags.filled.iter().all(|bag| bag.len() == slots), "slots");
    let device = clips.device().without_autodiff();
    let texts = normalised(bags.texts.clone().reshape([count * slots, width]));
    // [clip, text] and, where asked for, other clips against a clip's own texts
    let scores = normalised(clips).matmul(texts.transpose()) / tau.unsqueeze();
    // hidden where a text is not there, or `fits(clip, bag)` says so
    let hiding = |fits: &dyn Fn(usize, usize) -> bool| {
        let slot = |clip: usize, text: usize| bags.filled[text / slots][text % slots] && fits(clip, text / slots);
        let values: Vec<f32> = (0..count * count * slots)
            .map(|i| if slot(i / (count * slots), i % (count * slots)) { 0.0 } else { HIDDEN })
            .collect();
        Tensor::<2>::from_data(TensorData::new(values, [count, count * slots]), &device)
    };
    let there = |bag: usize| bags.filled[bag].contains(&true);
    let same = |clip: usize, bag: usize| bags.labels[clip] == bags.labels[bag];
    let own = |clip: usize, bag: usize| clip == bag;

    let open = scores.clone() + hiding(&|_, _| true);
    let all = match reading {
        Reading::BothWays => {
            // row i: every clip against the texts of bag i
            let others = scores.clone().reshape([count, count, slots]).swap_dims(0, 1).reshape([count, count * slots]);
            let filled = |bag: usize, i: usize| if bags.filled[bag][i % slots] { 0.0 } else { HIDDEN };
            let values: Vec<f32> = (0..count)
                .flat_map(|bag| (0..count * slots).map(move |i| (bag, i)))
                .map(|(b, i)| filled(b, i))
                .collect();
            let hiding = Tensor::<2>::from_data(TensorData::new(values, [count, count * slots]), &device);
            log_sum(Tensor::cat(vec![open.clone(), others + hiding], 1))
        }
        _ => log_sum(open.clone()),
    };
    // the share of each clip and bag in the mean of logarithms
    let (fitting, shares): (Tensor<2>, Vec<f32>) = match reading {
        Reading::Outside => {
            let each = log_sum(open.reshape([count * count, slots])).reshape([count, count]);
            let fits = |clip: usize, bag: usize| same(clip, bag) && there(bag);
            let bags_of = |clip: usize| (0..count).filter(|&bag| fits(clip, bag)).count();
            let share = |i: usize| match (i / count, i % count) {
                (clip, bag) if fits(clip, bag) => 1.0 / bags_of(clip) as f32,
                _ => 0.0,
            };
            (each, (0..count * count).map(share).collect())
        }
        Reading::Class | Reading::Own | Reading::BothWays => {
            let class = reading == Reading::Class;
            let fits = move |clip: usize, bag: usize| if class { same(clip, bag) } else { own(clip, bag) };
            let found = |clip: usize| (0..count).any(|bag| fits(clip, bag) && there(bag));
            let shares = (0..count).map(|clip| f32::from(u8::from(found(clip)))).collect();
            (log_sum(scores + hiding(&fits)), shares)
        }
    };
    let clips = shares.iter().sum::<f32>().round().max(1.0);
    let shape = fitting.dims();
    let shares = Tensor::<2>::from_data(TensorData::new(shares, shape), &device);
    ((all.expand(shape) - fitting) * shares).sum() / f64::from(clips)
}

/// `[rows, columns]` → `[rows, 1]`: log Σ exp.
fn log_sum(scores: Tensor<2>) -> Tensor<2> {
    let greatest = scores.clone().detach().max_dim(1);
    (scores - greatest.clone()).exp().sum_dim(1).log() + greatest
}
