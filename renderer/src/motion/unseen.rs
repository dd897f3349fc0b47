//! Where joints were that were not seen for a time.

/// The place at a moment by the moments in which it is known: on a straight way between the two beside it, before the first
/// and after the last as it is there. `None` where it never is. `known` and `at` are numbers in one order of time, `frame` says
/// when each is.
pub(super) fn led(
    known: &[usize],
    at: usize,
    frame: impl Fn(usize) -> usize,
    place: impl Fn(usize) -> [f32; 3],
) -> Option<[f32; 3]> {
    let after = known.partition_point(|&moment| moment <= at);
    match (after.checked_sub(1).map(|before| known[before]), known.get(after).copied()) {
        (Some(before), _) if before == at => Some(place(at)),
        (Some(before), Some(next)) => {
            let span = (frame(next) - frame(before)).max(1) as f32;
            let share = (frame(at) - frame(before)) as f32 / span;
            let (before, next) = (place(before), place(next));
            Some([0, 1, 2].map(|i| before[i] + share * (next[i] - before[i])))
        }
        (held, other) => held.or(other).map(place),
    }
}

#[cfg(test)]
mod tests {
    use super::led;

    #[test]
    fn places_are_led_from_where_they_were_to_where_they_come_again() {
        // a pause of ten frames before the fourth moment, counted from 0
        let frame = |moment: usize| if moment < 4 { moment } else { moment + 10 };
        let place = |moment: usize| [moment as f32, 0.0, -1.0];
        let at = |moment| led(&[2, 5], moment, frame, place);
        assert_eq!([at(0), at(2)], [Some([2.0, 0.0, -1.0]); 2], "before the first, and in it");
        assert_eq!([at(5), at(9)], [Some([5.0, 0.0, -1.0]); 2], "in the last, and behind it");
        // one frame and twelve of the thirteen in between
        assert_eq!(at(3), Some([2.0 + 3.0 / 13.0, 0.0, -1.0]));
        assert_eq!(at(4), Some([2.0 + 3.0 * (12.0 / 13.0), 0.0, -1.0]));
        assert_eq!(led(&[], 3, frame, place), None);
    }
}
