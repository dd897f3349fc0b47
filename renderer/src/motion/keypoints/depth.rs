//! Third numbers that may be confidences or depths are depths where those make bodies: bones that keep their lengths and
//! are as long on the left as on the right.

use super::{
    super::{error::Cause, measure::stride, topology::fit},
    layouts::{Order, Sample},
    points::{Meaning, Points},
};

/// So many of four coordinates within 0 and 1 are shares of a picture.
const SHARES: usize = 3;
/// Misfits that differ by less say nothing.
const ALIKE: f64 = 0.02;

/// What third numbers are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Confidence,
    Depth,
    /// Either would do.
    Unclear,
}

/// What the third numbers of people are, whose places in space are those of `deep`; `order` finds the order of their
/// points. Coordinates mostly beyond 0 to 1 are no picture's, and a body that is as good with depths has them; shares of a
/// picture are a body only if depths make it a better one.
pub(super) fn of<'a>(
    people: impl Iterator<Item = &'a Points> + Clone,
    deep: &Meaning,
    order: impl Fn(&Sample<'_>) -> Result<Order, Cause>,
) -> Kind {
    let step = stride(people.clone().count());
    let people: Vec<&Points> = people.step_by(step).collect();
    let points = people.first().map_or(0, |person| person.values.len());
    let places = people.iter().flat_map(|person| person.values.iter().enumerate());
    let positions: Vec<f32> = places.flat_map(|(j, value)| deep.place(j, value)).collect();
    let level: Vec<f32> = positions.as_chunks().0.iter().flat_map(|&[x, y, z]| [x, y, z * 0.0]).collect();
    let seen: Vec<bool> =
        (0..points).map(|j| positions.chunks_exact(3 * points).any(|body| !body[3 * j].is_nan())).collect();
    let sample = Sample { positions: &positions, people: 1, points, seen: &seen, flat: false };
    let Ok(order) = order(&sample) else { return Kind::Confidence };
    let misfit = |positions: &[f32]| sample.misfit(positions, &order);
    let (Some(body), Some(flat)) = (misfit(&positions), misfit(&level)) else { return Kind::Confidence };
    if body > fit::BODY || body > flat + ALIKE {
        return Kind::Confidence;
    }
    let coordinates = || positions.as_chunks::<3>().0.iter().flat_map(|place| &place[..2]).filter(|v| !v.is_nan());
    let within = coordinates().filter(|v| (0.0..=1.0).contains(*v)).count();
    let in_picture = 4 * within >= SHARES * coordinates().count();
    match in_picture {
        false => Kind::Depth,
        true if body + fit::APART < flat => Kind::Depth,
        true if body + ALIKE < flat => Kind::Confidence,
        true => Kind::Unclear,
    }
}
