//! Every text of a run as a vector, computed once and kept in the run's folder.

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;
use indicatif::ProgressBar;
use skeletonllm::sugar::{TextEncoder, unit};
use skeletonllm_data::{DataClip, Knowledge, Rng, TextBag};
use skeletonllm_network::{
    checkpoint::{self, HostTensor, Precision, TensorMap},
    sentence::SentenceEncoder,
};

/// The file, within a run's folder, with the vectors of its texts.
const CACHE: &str = "texts.safetensors";
/// Texts between two steps of the bar.
const TOGETHER: usize = 256;

/// A clip's texts, as rows of the table of vectors.
pub struct BagOfVectors {
    /// Shown each time.
    always: Vec<usize>,
    /// Of these some are drawn.
    some: Vec<usize>,
}

impl BagOfVectors {
    /// What always belongs to it, and up to `most` of the rest, drawn at random.
    pub fn drawn(&self, most: usize, rng: &mut Rng) -> Vec<usize> {
        let mut some = self.some.clone();
        rng.shuffle(&mut some);
        self.always.iter().copied().chain(some.into_iter().take(most)).collect()
    }
}

/// The texts of each clip, those of a file before the kinematic teacher's.
///
/// # Errors
/// When the file cannot be read, or is about a name that several clips have.
pub fn bags(file: Option<&Path>, clips: &[&DataClip]) -> Result<Vec<TextBag>> {
    let written = file.map_or_else(|| Ok(Knowledge::default()), Knowledge::read)?;
    Ok(written.bags(clips)?)
}

/// The table `[texts, width]` of all texts of some bags, each once and of length 1, and the bags as its rows.
///
/// # Errors
/// When the cache cannot be written.
pub fn embedded(
    bags: &[TextBag],
    (encoder, sentences): (&TextEncoder, &SentenceEncoder),
    folder: &Path,
    quiet: bool,
) -> Result<(Vec<f32>, Vec<BagOfVectors>)> {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for text in bags.iter().flat_map(|bag| bag.always.iter().chain(&bag.some)) {
        rows.entry(text).or_default();
    }
    rows.values_mut().enumerate().for_each(|(row, at)| *at = row);
    let texts: Vec<&str> = rows.keys().copied().collect();
    // the vectors are of these texts by this encoder, or of no use
    let name = draction::store::sha256(format!("{}\n{}", encoder.sha256, texts.join("\0")).as_bytes());
    let path = folder.join(CACHE);
    let kept = checkpoint::read(&path).ok().and_then(|mut kept| kept.remove(&name));
    let vectors = match kept.filter(|kept| kept.shape == [texts.len(), encoder.width]) {
        Some(kept) => kept.values,
        None => {
            let bar = if quiet { ProgressBar::hidden() } else { skeletonllm::cli::bar("reading texts", texts.len()) };
            let mut values = Vec::with_capacity(texts.len() * encoder.width);
            for texts in texts.chunks(TOGETHER) {
                values.extend(sentences.embed(texts)?.into_iter().flat_map(unit));
                bar.inc(texts.len() as u64);
            }
            bar.finish_and_clear();
            let tensor = HostTensor { shape: vec![texts.len(), encoder.width], values: values.clone() };
            checkpoint::write(&path, &TensorMap::from([(name, tensor)]), Precision::F32)?;
            values
        }
    };
    let of = |texts: &[String]| texts.iter().map(|text| rows[text.as_str()]).collect();
    let bags = bags.iter().map(|bag| BagOfVectors { always: of(&bag.always), some: of(&bag.some) }).collect();
    Ok((vectors, bags))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use skeletonllm_checks::{case, max_abs};

    use super::*;

    #[test]
    fn texts_are_read_once_and_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let (encoder, sentences) = TextEncoder::of(&case("sentence-tiny"), &Device::flex()).unwrap();
        let bag = |always: &[&str], some: &[&str]| TextBag {
            always: always.iter().map(|&text| text.to_owned()).collect(),
            some: some.iter().map(|&text| text.to_owned()).collect(),
        };
        let bags = [bag(&["walk"], &["steps", "the left foot"]), bag(&["sit"], &["steps"])];
        let embed = |encoder: &TextEncoder| embedded(&bags, (encoder, &sentences), folder.path(), true).unwrap();
        let (vectors, rows) = embed(&encoder);
        assert_eq!(vectors.len(), 4 * encoder.width, "each text once");
        assert_eq!(rows[0].some[0], rows[1].some[0]);
        let walk = unit(sentences.embed(&["walk"]).unwrap().remove(0));
        assert!(max_abs(&vectors[rows[0].always[0] * encoder.width..][..encoder.width], &walk) < 1e-5);
        // what is kept is what is taken: numbers that no encoder gave come back
        let path = folder.path().join(CACHE);
        let mut kept = checkpoint::read(&path).unwrap();
        kept.values_mut().next().unwrap().values[0] = 7.0;
        checkpoint::write(&path, &kept, Precision::F32).unwrap();
        assert_eq!(embed(&encoder).0[0], 7.0);
        // of another encoder it is of no use
        let other = TextEncoder { sha256: "other".into(), ..encoder };
        assert_ne!(embed(&other).0[0], 7.0);
    }

    #[test]
    fn a_bag_holds_its_label_and_a_few_of_what_was_seen() {
        let bag = BagOfVectors { always: vec![0, 1], some: vec![2, 3, 4] };
        let mut seen = std::collections::BTreeSet::new();
        for epoch in 0..50 {
            let drawn = bag.drawn(2, &mut Rng::at(1, epoch, 0));
            assert!(drawn.len() == 4 && drawn[..2] == [0, 1] && drawn[2] != drawn[3]);
            seen.extend(drawn);
        }
        assert_eq!(seen.len(), 5);
        assert_eq!(bag.drawn(9, &mut Rng::at(1, 0, 0)).len(), 5);
    }
}
