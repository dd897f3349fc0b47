//! The table itself: one vector a word, so that sums lie where phrases should.

use std::collections::{BTreeSet, HashMap};

use skeletonllm_data::Rng;

use super::{WordsOptions, dot};

/// Of a phrase's words, and of words alone, in a step.
const BATCH: [usize; 2] = [512, 96];
/// The greatest step.
const RATE: f32 = 0.02;
/// Decay of both moments, and what keeps the division finite.
const ADAM: (f32, f32, f32) = (0.9, 0.999, 1e-8);
/// Words begin at this share of what they are alone: a phrase has several.
const BEGIN: f32 = 0.7;
/// One phrase of so many is kept back.
const KEPT_BACK: usize = 11;

/// The words of some phrases, sorted, and of `others` the first that they lack, in their order, at most so many.
pub(super) fn vocabulary(phrases: &[String], others: &[String], most: usize) -> Vec<String> {
    let own: BTreeSet<&str> = phrases.iter().flat_map(|phrase| phrase.split(' ')).collect();
    let further = others.iter().map(String::as_str).filter(|word| !own.contains(word)).take(most);
    own.iter().copied().chain(further).map(str::to_owned).collect()
}

/// Fits the words' vectors, so that the sum over each text's words points where its target does. The first `phrases` of
/// the texts are phrases, the others the words themselves. Returns the words' vectors one after the other, and the
/// mean cosine over phrases that were kept back.
pub(super) fn fit(
    words: &[String],
    texts: &[&str],
    targets: &[Vec<f32>],
    phrases: usize,
    options: &WordsOptions,
) -> (Vec<f32>, f32) {
    let width = targets[0].len();
    let rows: HashMap<&str, usize> = words.iter().enumerate().map(|(row, word)| (word.as_str(), row)).collect();
    let members: Vec<Vec<usize>> =
        texts.iter().map(|text| text.split(' ').filter_map(|word| rows.get(word).copied()).collect()).collect();
    let mut values: Vec<f32> = targets[phrases..].iter().flatten().map(|value| BEGIN * value).collect();
    let (mut first, mut second) = (vec![0.0f32; values.len()], vec![0.0f32; values.len()]);
    let sum = |values: &[f32], text: usize| {
        let mut sum = vec![0.0f32; width];
        for &row in &members[text] {
            sum.iter_mut().zip(&values[row * width..][..width]).for_each(|(sum, value)| *sum += value);
        }
        sum
    };
    let learned: Vec<usize> = (0..phrases).filter(|i| !i.is_multiple_of(KEPT_BACK)).collect();
    let mut rng = Rng::new(options.seed);
    for step in 0..options.steps {
        let mut slopes = vec![0.0f32; values.len()];
        for i in 0..BATCH[0] + BATCH[1] {
            let text =
                if i < BATCH[0] { *rng.pick::<usize>(&learned) } else { phrases + rng.below(texts.len() - phrases) };
            let (sum, target) = (sum(&values, text), &targets[text]);
            let length = dot(&sum, &sum).sqrt().max(1e-6);
            let cosine = dot(&sum, target) / length;
            for &row in &members[text] {
                let slope = slopes[row * width..][..width].iter_mut();
                slope.zip(target.iter().zip(&sum)).for_each(|(slope, (target, sum))| {
                    *slope -= (target - cosine * sum / length) / length;
                });
            }
        }
        let rate = RATE * 0.5 * (1.0 + (std::f32::consts::PI * step as f32 / options.steps as f32).cos());
        let (beta1, beta2, least) = ADAM;
        let [unbias1, unbias2] = [beta1, beta2].map(|beta| 1.0 - beta.powi(step as i32 + 1));
        for (((value, slope), first), second) in values.iter_mut().zip(slopes).zip(&mut first).zip(&mut second) {
            *first = beta1 * *first + (1.0 - beta1) * slope;
            *second = beta2 * *second + (1.0 - beta2) * slope * slope;
            *value -= rate * (*first / unbias1) / ((*second / unbias2).sqrt() + least);
        }
    }
    let kept: Vec<f32> = (0..phrases)
        .step_by(KEPT_BACK)
        .map(|text| {
            let sum = sum(&values, text);
            dot(&sum, &targets[text]) / dot(&sum, &sum).sqrt().max(1e-6)
        })
        .collect();
    let cosine = kept.iter().sum::<f32>() / kept.len().max(1) as f32;
    (values, cosine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_words_come_to_lie_where_phrases_should() {
        // every phrase of two words points between two axes; a word has learned which is its own
        let names = ["a", "b", "c", "d", "e", "f"];
        let mut texts = Vec::new();
        for (i, one) in names.iter().enumerate() {
            texts.extend(names[i + 1..].iter().map(|other| format!("{one} {other}")));
        }
        let phrases = texts.len();
        texts.extend(names.map(str::to_owned));
        let target = |text: &String| -> Vec<f32> {
            let count = text.split(' ').count() as f32;
            names
                .iter()
                .map(|name| if text.split(' ').any(|w| w == *name) { count.sqrt().recip() } else { 0.0 })
                .collect()
        };
        let targets: Vec<Vec<f32>> = texts.iter().map(target).collect();
        // words alone say nothing of it
        let targets: Vec<Vec<f32>> = targets
            .into_iter()
            .enumerate()
            .map(|(i, t)| if i < phrases { t } else { vec![6f32.sqrt().recip(); 6] })
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let words = vocabulary(&["a b".to_owned(), "c d".to_owned()], &["e", "a", "f", "g"].map(str::to_owned), 2);
        assert_eq!(words, names);
        let options = WordsOptions { steps: 150, ..WordsOptions::default() };
        let (values, kept_back) = fit(&words, &texts, &targets, phrases, &options);
        assert!(kept_back > 0.9 && values.len() == 36, "{kept_back}");
    }
}
