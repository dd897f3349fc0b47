//! Labels beside the true one: the other options of a list, and what a "no" denies.

use super::Truth;
use crate::{kinematics::Limbs, label, labels::Labels, rng::Rng};

/// Fewest and most options in a list.
pub(super) const OPTIONS: [usize; 2] = [4, 10];

/// The true label among others in random order: its mirror twin always, labels that share a word with it often.
/// Labels that contain each other (`walk`, `walk turn left`) are not offered together: both would be right.
pub(super) fn options(label: &str, labels: &Labels, rng: &mut Rng) -> Option<Vec<String>> {
    let [least, most] = OPTIONS;
    let others: Vec<&String> = labels.names().iter().filter(|n| !labels.both_hold(n, label)).collect();
    let wanted = least + rng.below(most - least + 1);
    let mut options = vec![label.to_owned()];
    let twin = label::mirrored(label);
    if twin != label {
        options.push(twin);
    }
    let (mut alike, mut rest): (Vec<&String>, Vec<&String>) = others.into_iter().partition(|o| shares_word(o, label));
    rng.shuffle(&mut alike);
    rng.shuffle(&mut rest);
    // half of the list at most, lest it become a test of word overlap
    let hard = alike.len().min(wanted / 2);
    for other in alike[..hard].iter().chain(&rest).chain(&alike[hard..]) {
        if options.len() < wanted && !options.contains(other) {
            options.push((*other).clone());
        }
    }
    // a set with few labels gives a shorter list
    if options.len() < 2 {
        return None;
    }
    rng.shuffle(&mut options);
    Some(options)
}

/// How often a "no" is about the mirror twin, and how often about one of the labels that look most alike.
const HARD: [f32; 2] = [0.25, 0.6];

/// A label that is certainly not true of the motion: its mirror twin or one that looks like it often, else any.
pub(super) fn not_done(truth: &Truth<'_>, rng: &mut Rng) -> Option<String> {
    let label = truth.label.as_deref()?;
    let twin = label::mirrored(label);
    if twin != label && rng.chance(HARD[0]) {
        return Some(twin);
    }
    let certain = |other: &&String| {
        let may_be_true = truth.labels.both_hold(other, label) || truth.texts.also(label, other);
        !may_be_true && !raised_all_the_same(truth, label, other)
    };
    let names = truth.labels.names();
    let like = truth.texts.like(label);
    // a label that nobody described is most alike to those that share a word with it
    let alike = |other: &&String| if like.is_empty() { shares_word(other, label) } else { like.contains(other) };
    let (alike, rest): (Vec<&String>, Vec<&String>) = names.iter().filter(certain).partition(alike);
    let hard = rest.is_empty() || !alike.is_empty() && rng.chance(HARD[1]);
    let pool = if hard { alike } else { rest };
    (!pool.is_empty()).then(|| (*rng.pick(&pool)).clone())
}

/// Somebody who shoots a basketball raises both hands too: "is the person raising both hands?" has an honest "no"
/// only where the label settles which hands are up, or the joints show that they are not.
fn raised_all_the_same(truth: &Truth<'_>, label: &str, other: &str) -> bool {
    let Some(claimed) = truth.texts.raises(other).filter(|_| truth.texts.only_raises(other)) else { return false };
    let up = truth.texts.raises(label).or(truth.kinematics.above_shoulder);
    match up {
        Some(up) => up == claimed || up == Limbs::Both,
        None => true,
    }
}

/// Words that say nothing about what is done.
const SMALL_WORDS: [&str; 9] = ["a", "an", "and", "in", "on", "up", "down", "from", "the"];

fn shares_word(a: &str, b: &str) -> bool {
    a.split_whitespace().any(|w| !SMALL_WORDS.contains(&w) && b.split_whitespace().any(|v| v == w))
}
