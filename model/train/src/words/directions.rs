//! The directions along which vectors differ most.

use skeletonllm::sugar::unit;
use skeletonllm_data::Rng;

use super::dot;

/// Rounds of the iteration: far more than the directions need to settle among themselves.
const ROUNDS: usize = 40;

/// The mean of some vectors, of which there is at least one.
pub(super) fn mean(vectors: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vec![0.0; vectors[0].len()];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value / vectors.len() as f32);
    }
    sum
}

/// `count` orthogonal directions of length 1 along which the vectors differ most from `centre`: orthogonal iteration with
/// their covariance.
pub(super) fn main<'v>(
    vectors: impl Iterator<Item = &'v Vec<f32>>,
    centre: &[f32],
    count: usize,
    seed: u64,
) -> Vec<Vec<f32>> {
    let width = centre.len();
    let mut covariance = vec![0.0; width * width];
    for vector in vectors {
        let apart: Vec<f32> = vector.iter().zip(centre).map(|(value, centre)| value - centre).collect();
        for (row, &own) in covariance.chunks_exact_mut(width).zip(&apart) {
            row.iter_mut().zip(&apart).for_each(|(sum, other)| *sum += own * other);
        }
    }
    let mut rng = Rng::new(seed);
    let mut found: Vec<Vec<f32>> =
        (0..count.min(width)).map(|_| (0..width).map(|_| rng.range(-1.0, 1.0)).collect()).collect();
    for _ in 0..ROUNDS {
        for direction in &mut found {
            *direction = covariance.chunks_exact(width).map(|row| dot(row, direction)).collect();
        }
        orthogonalise(&mut found);
    }
    found
}

/// How far a vector is from `centre` along each direction, together of length 1.
pub(super) fn along(vector: &[f32], centre: &[f32], directions: &[Vec<f32>]) -> Vec<f32> {
    let apart: Vec<f32> = vector.iter().zip(centre).map(|(value, centre)| value - centre).collect();
    unit(directions.iter().map(|direction| dot(direction, &apart)).collect())
}

/// Gram and Schmidt, each direction against those before it.
fn orthogonalise(directions: &mut [Vec<f32>]) {
    for i in 0..directions.len() {
        let (before, rest) = directions.split_at_mut(i);
        let own = &mut rest[0];
        for other in before {
            let share = dot(other, own);
            own.iter_mut().zip(other.iter()).for_each(|(own, other)| *own -= share * other);
        }
        *own = unit(std::mem::take(own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_directions_of_a_flat_cloud_lie_in_it() {
        let mut rng = Rng::new(3);
        // far along (1, 1, 0), a little along z, around (5, 0, 0)
        let cloud: Vec<Vec<f32>> = (0..200)
            .map(|_| {
                let (far, near) = (rng.range(-3.0, 3.0), rng.range(-1.0, 1.0));
                vec![5.0 + far, far, near]
            })
            .collect();
        let centre = mean(&cloud);
        let found = main(cloud.iter(), &centre, 2, 1);
        let half = 0.5f32.sqrt();
        let [first, second] = [&found[0], &found[1]];
        assert!((dot(first, &[half, half, 0.0]).abs() - 1.0).abs() < 1e-2, "{first:?}");
        assert!((second[2].abs() - 1.0).abs() < 1e-2, "{second:?}");
        assert!(dot(first, second).abs() < 1e-4);
        let place = along(&[centre[0] + 1.0, centre[1] + 1.0, centre[2]], &centre, &found);
        assert!((place[0].abs() - 1.0).abs() < 1e-2 && place[1].abs() < 0.1, "{place:?}");
    }
}
