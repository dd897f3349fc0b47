//! Which patches are seen.

/// How patches to hide are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskKind {
    /// Each by itself.
    #[default]
    Random,
    /// Whole rows of patches: stretches of time.
    Temporal,
    /// Whole columns of patches: neighbouring joints.
    BodyPart,
}

/// The seen and the hidden patches of some pictures, of which all show the same number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masks {
    /// Patches of a picture.
    patches: usize,
    /// How many of them are seen.
    seen: usize,
    /// `[pictures][patches]` seen ones first.
    order: Vec<Vec<usize>>,
}

impl Masks {
    /// By `noise [pictures, patches]`: in each picture the ⌊patches·(1 − ratio)⌋ patches with the least noise are seen,
    /// in its order; at least one is.
    ///
    /// # Panics
    /// When there are no patches, or the noise does not fill whole pictures.
    #[must_use]
    pub fn from_noise(noise: &[f32], patches: usize, ratio: f64) -> Self {
        Self::ordered(noise, patches, seen_of(patches, ratio))
    }

    /// For `pictures` of `[rows, columns]` patches, with `uniform` drawing numbers in [0, 1). Of rows or columns ⌊n·(1 −
    /// ratio)⌋ are seen, and at least one.
    ///
    /// # Panics
    /// When there are no patches.
    #[must_use]
    pub fn draw(
        kind: MaskKind,
        pictures: usize,
        [rows, columns]: [usize; 2],
        ratio: f64,
        mut uniform: impl FnMut() -> f64,
    ) -> Self {
        let (lines, seen) = match kind {
            MaskKind::Random => (rows * columns, seen_of(rows * columns, ratio)),
            MaskKind::Temporal => (rows, seen_of(rows, ratio) * columns),
            MaskKind::BodyPart => (columns, seen_of(columns, ratio) * rows),
        };
        let mut noise = Vec::with_capacity(pictures * rows * columns);
        for _ in 0..pictures {
            let drawn: Vec<f32> = (0..lines).map(|_| uniform() as f32).collect();
            // equal numbers stay together: sorting is stable, but not by lines that are equal by chance
            let ranks = ranks(&drawn);
            noise.extend((0..rows * columns).map(|patch| match kind {
                MaskKind::Random => ranks[patch],
                MaskKind::Temporal => ranks[patch / columns],
                MaskKind::BodyPart => ranks[patch % columns],
            }));
        }
        Self::ordered(&noise, rows * columns, seen)
    }

    fn ordered(noise: &[f32], patches: usize, seen: usize) -> Self {
        assert!(patches > 0 && noise.len().is_multiple_of(patches), "noise for whole pictures");
        Self { patches, seen, order: noise.chunks_exact(patches).map(sorted).collect() }
    }

    /// Those of some of the pictures.
    ///
    /// # Panics
    /// When there are not that many.
    #[must_use]
    pub fn of(&self, pictures: std::ops::Range<usize>) -> Self {
        Self { patches: self.patches, seen: self.seen, order: self.order[pictures].to_vec() }
    }

    /// Number of pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.order.len()
    }

    /// Patches of a picture.
    #[must_use]
    pub fn patches(&self) -> usize {
        self.patches
    }

    /// How many patches of each picture are seen.
    #[must_use]
    pub fn seen_count(&self) -> usize {
        self.seen
    }

    /// The patches of each picture, seen ones first.
    pub fn order(&self) -> impl Iterator<Item = &[usize]> {
        self.order.iter().map(Vec::as_slice)
    }

    /// The seen patches of each picture.
    pub fn seen(&self) -> impl Iterator<Item = &[usize]> {
        self.order.iter().map(|order| &order[..self.seen])
    }

    /// The hidden patches of each picture.
    pub fn hidden(&self) -> impl Iterator<Item = &[usize]> {
        self.order.iter().map(|order| &order[self.seen..])
    }

    /// `[pictures][patches]` where in [`Masks::order`] each patch stands.
    #[must_use]
    pub fn places(&self) -> Vec<Vec<usize>> {
        let inverse = |order: &Vec<usize>| {
            let mut places = vec![0; order.len()];
            for (place, &patch) in order.iter().enumerate() {
                places[patch] = place;
            }
            places
        };
        self.order.iter().map(inverse).collect()
    }

    /// `[pictures, patches]` 1 where a patch is hidden, 0 where it is seen.
    #[must_use]
    pub fn flags(&self) -> Vec<f32> {
        let flag = |place: usize| if place < self.seen { 0.0 } else { 1.0 };
        self.places().into_iter().flatten().map(flag).collect()
    }
}

fn seen_of(count: usize, ratio: f64) -> usize {
    ((count as f64 * (1.0 - ratio)) as usize).clamp(1, count.max(1))
}

/// Positions of the numbers from the least to the greatest.
fn sorted(numbers: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    order
}

/// The rank of each number.
fn ranks(numbers: &[f32]) -> Vec<f32> {
    let mut ranks = vec![0.0; numbers.len()];
    for (rank, at) in sorted(numbers).into_iter().enumerate() {
        ranks[at] = rank as f32;
    }
    ranks
}
