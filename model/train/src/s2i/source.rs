//! From clips to pictures of them, and what is hidden.

use draction::{motion::Motion, random::normal_pair};
use rayon::prelude::*;
use skeletonllm_data::{
    DataClip, Labels, Rng,
    streams::{random_angles, rotation},
};
use skeletonllm_network::masked::Masks;

use super::{DecoderKind, Lesson, S2iConfig, S2iSettings};
use crate::{Note, Piece};

/// Fewest frames that a cut leaves, where there are that many.
const MIN_FRAMES: usize = 12;
/// Steps of DiffMAE's noise.
const STEPS: usize = 1000;

/// Pictures of some clips.
#[derive(Clone, Debug)]
pub struct PictureBatch {
    /// `[M, 3, image, image]`, as image models take them.
    pub pictures: Vec<f32>,
    /// How many of them each clip has: one for each person.
    pub counts: Vec<usize>,
    /// The label of each clip, by number; empty while none are asked for.
    pub labels: Vec<usize>,
    /// The share that this is of a part of a batch, 0..1.
    pub share: f64,
    /// What is hidden of each picture, while that is what is learned.
    pub masks: Option<Masks>,
    /// DiffMAE's step of each picture, and its noise on the hidden patches.
    pub noise: Option<(Vec<usize>, Vec<f32>)>,
}

impl Default for PictureBatch {
    /// No pictures.
    fn default() -> PictureBatch {
        let (pictures, counts, labels) = (Vec::new(), Vec::new(), Vec::new());
        PictureBatch { pictures, counts, labels, share: 1.0, masks: None, noise: None }
    }
}

impl PictureBatch {
    /// Motions as they are, with nothing hidden and nothing asked, and which of them show anybody: the others are left
    /// out.
    #[must_use]
    pub fn whole(motions: &[&Motion], settings: &S2iSettings) -> (PictureBatch, Vec<bool>) {
        let drawn: Vec<_> = motions.par_iter().map(|motion| settings.picture(motion)).collect();
        let shown = drawn.iter().map(Option::is_some).collect();
        let mut batch = PictureBatch::default();
        drawn.into_iter().flatten().for_each(|picture| batch.add(picture));
        (batch, shown)
    }

    fn add(&mut self, (pixels, count): (Vec<f32>, usize)) {
        self.pictures.extend(pixels);
        self.counts.push(count);
    }

    /// Hides a part of each picture.
    pub fn hide(&mut self, settings: &S2iSettings, rng: Rng) {
        let pictures = self.counts.iter().sum();
        self.hide_among(settings, rng, 0, pictures);
    }

    /// The same where these are only those pictures of `all` that come after `before`: each is hidden as it would be with
    /// the others there.
    fn hide_among(&mut self, settings: &S2iSettings, mut rng: Rng, before: usize, all: usize) {
        let own = before..before + self.counts.iter().sum::<usize>();
        let side = settings.image / settings.patch;
        let masks = Masks::draw(settings.mask, all, [side; 2], settings.ratio, || f64::from(rng.unit()));
        if settings.decoder == DecoderKind::DiffMae {
            let numbers = (masks.patches() - masks.seen_count()) * 3 * settings.patch * settings.patch;
            let steps: Vec<usize> = (0..all).map(|_| 1 + rng.below(STEPS)).collect();
            let noise = normals(&mut rng, all * numbers);
            self.noise = Some((steps[own.clone()].to_vec(), noise[own.start * numbers..own.end * numbers].to_vec()));
        }
        self.masks = Some(masks.of(own));
    }
}

/// A clip as a step shows it.
pub struct PictureSample {
    /// Pictures of everybody, one after the other.
    pixels: Vec<f32>,
    /// How many.
    count: usize,
    /// The label's number; 0 while none is asked for.
    label: usize,
    /// Goes on where the clip's own randomness ends.
    rng: Rng,
}

impl PictureSample {
    /// A clip, its pictures, and where its random stream stands.
    #[must_use]
    pub fn note(&self) -> Note {
        [1, self.count as u64, self.rng.state()]
    }
}

/// Everything that batches are made from.
pub struct Pictures<'a> {
    /// Training clips of all folders.
    pub clips: Vec<&'a DataClip>,
    /// The clips among them whose labels are known, by number, with the label's number.
    pub labelled: Vec<(usize, usize)>,
    config: &'a S2iConfig,
}

impl<'a> Pictures<'a> {
    /// Of some clips.
    #[must_use]
    pub fn new(clips: Vec<&'a DataClip>, labels: &Labels, config: &'a S2iConfig) -> Self {
        let label = |clip: &DataClip| labels.index(clip.record.label.as_deref()?);
        let labelled = clips.iter().enumerate().filter_map(|(n, clip)| Some((n, label(clip)?))).collect();
        Self { clips, labelled, config }
    }

    /// Clips as a step shows them: `members` are `(random stream, clip)`. Cuts that show nobody are left out, which may
    /// leave none.
    #[must_use]
    pub fn samples(&self, lesson: Lesson, members: Vec<(Rng, usize)>) -> Vec<PictureSample> {
        let named = lesson != Lesson::Pretrain;
        members
            .into_par_iter()
            .filter_map(|(mut rng, clip)| {
                // few labels fill a whole epoch by coming again
                let (clip, label) = match named {
                    true => *self.labelled.get(clip % self.labelled.len().max(1))?,
                    false => (clip, 0),
                };
                let shown = self.shown(&self.clips[clip].motion, &mut rng);
                let (pixels, count) = self.config.s2i.picture(&shown)?;
                Some(PictureSample { pixels, count, label, rng })
            })
            .collect()
    }

    /// Samples as a piece of a part of a batch.
    #[must_use]
    pub fn piece(&self, lesson: Lesson, samples: Vec<PictureSample>, piece: &Piece<'_>) -> PictureBatch {
        let named = lesson != Lesson::Pretrain;
        let mut batch = PictureBatch::default();
        for PictureSample { pixels, count, label, .. } in samples {
            batch.add((pixels, count));
            batch.labels.extend(named.then_some(label));
        }
        // labels are asked once a clip, what is hidden is asked of each picture
        batch.share = piece.share(usize::from(!named));
        if !named {
            let [before, _, all] = piece.sums(1);
            batch.hide_among(&self.config.s2i, Rng::from_state(piece.notes[0][2]), before, all);
        }
        batch
    }

    /// A stretch of the clip, turned a little.
    fn shown(&self, motion: &Motion, rng: &mut Rng) -> Motion {
        let S2iConfig { crop, turn, .. } = *self.config;
        let frames = motion.frames();
        let share = rng.range(crop, 1.0);
        let length = ((share * frames as f32) as usize).max(MIN_FRAMES).min(frames);
        let start = rng.below(frames - length + 1);
        let rotation = rotation(random_angles(turn, rng));
        let turned = |p: &[f32]| rotation.map(|row| row[0] * p[0] + row[1] * p[1] + row[2] * p[2]);
        let slots = start * motion.bodies..(start + length) * motion.bodies;
        let body = 3 * motion.joints();
        let cut = &motion.positions[slots.start * body..slots.end * body];
        Motion {
            skeleton: motion.skeleton.clone(),
            fps: motion.fps,
            bodies: motion.bodies,
            // an absent body is all zeros, however it is turned
            positions: cut.chunks_exact(3).flat_map(turned).collect(),
            present: motion.present[slots].to_vec(),
            orientations: None,
            performer: motion.performer,
            source: motion.source.clone(),
        }
    }
}

fn normals(rng: &mut Rng, count: usize) -> Vec<f32> {
    // above 0, whose logarithm there is none of
    let mut unit = || f64::from(rng.unit()) + 2.0_f64.powi(-25);
    let pairs = (0..count.div_ceil(2)).flat_map(|_| normal_pair(unit(), unit(), 1.0));
    pairs.map(|x| x as f32).take(count).collect()
}
