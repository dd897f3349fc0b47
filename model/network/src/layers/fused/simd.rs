//! What the fused layers are made of, written so that the compiler vectorises it.

use draction::simd::fma;

/// Sum of `f(i)` for i in 0..count, in sixteen interleaved sums: always the same order, and vectorisable.
#[inline(always)]
pub(crate) fn sum(count: usize, f: impl Fn(usize) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0.0; LANES];
    let whole = count / LANES * LANES;
    let mut start = 0;
    while start < whole {
        for lane in 0..LANES {
            lanes[lane] += f(start + lane);
        }
        start += LANES;
    }
    let mut total = 0.0;
    for i in whole..count {
        total += f(i);
    }
    lanes.iter().sum::<f32>() + total
}

/// `Σ aᵢ·bᵢ` over as many as both have, in sixteen interleaved sums.
#[inline(always)]
pub(crate) fn dot<const FMA: bool>(a: &[f32], b: &[f32]) -> f32 {
    let ((whole_a, rest_a), (whole_b, rest_b)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0_f32; 16];
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..16 {
            sums[lane] = fma::<FMA>(a[lane], b[lane], sums[lane]);
        }
    }
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
    }
    rest_a.iter().zip(rest_b).fold(sums[0], |sum, (&a, &b)| fma::<FMA>(a, b, sum))
}

/// A matrix in someone else's memory: element (r, c) is `data[r·row + c·column]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub data: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// `c (+)= a·b` for small matrices: `a` is m×k with any strides, `b` is k×n and `c` m×n with contiguous rows `b_row` and
/// `c_row` apart.
#[inline(always)]
pub(crate) fn multiply<const FMA: bool, const ADD: bool>(
    [m, n, k]: [usize; 3],
    a: Matrix<'_>,
    (b, b_row): (&[f32], usize),
    (c, c_row): (&mut [f32], usize),
) {
    let mut i = 0;
    while i < m {
        let tall = i + 4 <= m;
        let mut j = 0;
        while j < n {
            let left = n - j;
            let at = [i, j, k];
            j += match (tall, left) {
                (true, 16..) => block::<FMA, ADD, 4, 16>(at, a, (b, b_row), (c, c_row)),
                (true, 8..) => block::<FMA, ADD, 4, 8>(at, a, (b, b_row), (c, c_row)),
                (true, _) => block::<FMA, ADD, 4, 1>(at, a, (b, b_row), (c, c_row)),
                (false, 16..) => block::<FMA, ADD, 1, 16>(at, a, (b, b_row), (c, c_row)),
                (false, 8..) => block::<FMA, ADD, 1, 8>(at, a, (b, b_row), (c, c_row)),
                (false, _) => block::<FMA, ADD, 1, 1>(at, a, (b, b_row), (c, c_row)),
            };
        }
        i += if tall { 4 } else { 1 };
    }
}

/// One block of R×W results kept in registers; returns W.
#[inline(always)]
fn block<const FMA: bool, const ADD: bool, const R: usize, const W: usize>(
    [i, j, k]: [usize; 3],
    a: Matrix<'_>,
    (b, b_row): (&[f32], usize),
    (c, c_row): (&mut [f32], usize),
) -> usize {
    let mut sums = [[0.0_f32; W]; R];
    for p in 0..k {
        let right = &b[p * b_row + j..][..W];
        for r in 0..R {
            let left = a.data[(i + r) * a.row + p * a.column];
            for w in 0..W {
                sums[r][w] = fma::<FMA>(left, right[w], sums[r][w]);
            }
        }
    }
    for r in 0..R {
        let row = &mut c[(i + r) * c_row + j..][..W];
        for w in 0..W {
            row[w] = if ADD { row[w] + sums[r][w] } else { sums[r][w] };
        }
    }
    W
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_product_sees_every_number_once() {
        let numbers: Vec<f32> = (0..53).map(|i| i as f32).collect();
        // whole numbers: the order of sums does not matter
        for count in [0, 1, 15, 16, 17, 32, 53] {
            let expected: f32 = (0..count).map(|i| (i * (52 - i)) as f32).sum();
            let turned: Vec<f32> = numbers.iter().rev().copied().collect();
            assert_eq!(dot::<false>(&numbers[..count], &turned[..count]), expected);
        }
    }

    #[test]
    fn multiply_follows_the_definition_at_every_edge() {
        for [m, n, k] in [[1, 1, 1], [5, 19, 3], [8, 16, 4], [3, 8, 7], [9, 33, 2]] {
            let a: Vec<f32> = (0..m * k).map(|i| (i as f32 * 0.7).sin()).collect();
            let b: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.3).cos()).collect();
            let mut c = vec![1.0; m * n];
            // a is stored transposed
            let matrix = Matrix { data: &a, row: 1, column: m };
            multiply::<false, true>([m, n, k], matrix, (&b, n), (&mut c, n));
            for i in 0..m {
                for j in 0..n {
                    let expected: f32 = 1.0 + (0..k).map(|p| a[p * m + i] * b[p * n + j]).sum::<f32>();
                    assert!((c[i * n + j] - expected).abs() < 1e-5);
                }
            }
        }
    }
}
