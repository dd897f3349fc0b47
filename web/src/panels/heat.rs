//! How much what is seen matters to an answer that was explained.

use crate::document::Take;

/// `[P·J]` how much each joint matters to an answer that was explained.
pub(super) fn heat(take: &Take) -> Option<Vec<f32>> {
    take.explanation.as_ref().map(|explanation| shares(&explanation.attribution.joints))
}

/// `[frames]` the same of each picture.
pub(super) fn heat_of_frames(take: &Take) -> Option<Vec<f32>> {
    take.explanation.as_ref().map(|explanation| shares(&explanation.attribution.frames))
}

/// Values as shares of the greatest, 0..1.
fn shares(values: &[f32]) -> Vec<f32> {
    let most = values.iter().copied().fold(0.0, f32::max);
    values.iter().map(|v| if most > 0.0 { v / most } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_reach_one_and_survive_zeros() {
        assert_eq!(shares(&[1.0, 4.0, 2.0]), [0.25, 1.0, 0.5]);
        assert_eq!(shares(&[0.0, 0.0]), [0.0, 0.0]);
        assert!(shares(&[]).is_empty());
    }
}
