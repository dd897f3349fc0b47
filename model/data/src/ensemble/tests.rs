use super::*;

fn table(scores: &[f32]) -> Table {
    Table { classes: 3, scores: scores.to_vec() }
}

#[test]
fn sums_are_weighted_and_the_best_come_first() {
    let sum = combine(&[table(&[1.0, 2.0, 3.0]), table(&[10.0, 0.0, -10.0])], &[2.0, 0.5]);
    assert_eq!(sum.scores, [7.0, 4.0, 1.0]);
    assert_eq!(sum.best(2), [[0, 1]]);
    assert_eq!(table(&[1.0, 1.0, 0.0]).best(1), [[0]]);
    assert_eq!(sum.accuracy(&[1], 1), 0.0);
    assert_eq!(sum.accuracy(&[1], 2), 1.0);
}

#[test]
fn the_search_finds_who_is_right_where() {
    // the first knows class 0 for certain, the second knows 1 from 2; together they know all
    let first = table(&[9.0, 0.0, 0.0, 0.0, 2.0, 2.1, 0.0, 2.1, 2.0]);
    let second = table(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let noise = table(&[0.0, 9.0, 0.0, 9.0, 0.0, 0.0, 9.0, 0.0, 0.0]);
    let (tables, labels) = ([first, second, noise], [0, 1, 2]);
    let weights = search(&tables, &labels);
    assert_eq!(combine(&tables, &weights).accuracy(&labels, 1), 1.0);
    assert_eq!(weights[2], 0.0, "{weights:?}");
    assert_eq!(weights, search(&tables, &labels));
}
