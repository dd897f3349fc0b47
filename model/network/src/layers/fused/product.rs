//! Matrix products inside of other loops, near the speed of the registers: the right matrix is packed into panels that
//! stay in the first cache, a tile of the result stays in registers.

use draction::simd::Vector;

use super::simd::Matrix;

/// Numbers that are summed before the tile is put back, so that a panel fits the first cache.
pub(crate) const DEPTH: usize = 256;
/// Most rows of a tile.
const ROWS: usize = 12;
/// Most columns of a tile: two of the widest registers.
const COLUMNS: usize = 32;

/// What a product's result begins with.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Nothing.
    Zero,
    /// What is there already.
    Sum,
    /// `[n]` a number for each column.
    Bias(&'a [f32]),
}

/// The right matrix of a product, whatever it is made of. Its method must be `#[inline(always)]`.
pub(crate) trait Right: Copy {
    /// Copies rows `depth..depth + deep` and columns `column..column + width` to rows of `wide` numbers: `width` rounded
    /// up to one or two registers. What stands beyond `width` does not matter, as long as it is a number. `depth` is a
    /// multiple of [`DEPTH`], `column` of two registers.
    fn pack<V: Vector>(self, at: [usize; 2], size: [usize; 2], wide: usize, panel: &mut [f32]);
}

/// `c = start + a·b`: `a` is m×k with any strides, `b` is k×n, `c` is m×n with contiguous rows `row` apart.
#[inline(always)]
pub(crate) fn product<V: Vector>(
    [m, n, k]: [usize; 3],
    a: Matrix<'_>,
    b: impl Right,
    (c, row): (&mut [f32], usize),
    start: Start<'_>,
) {
    if m == 0 || n == 0 {
        return;
    }
    let (mut panel, mut first) = ([0.0_f32; DEPTH * COLUMNS], [0.0_f32; COLUMNS]);
    let mut column = 0;
    while column < n {
        let width = (2 * V::LANES).min(n - column);
        if let Start::Bias(bias) = start {
            first[..width].copy_from_slice(&bias[column..column + width]);
        }
        let mut depth = 0;
        while depth == 0 || depth < k {
            let deep = DEPTH.min(k - depth);
            let wide = if width > V::LANES { 2 * V::LANES } else { V::LANES };
            b.pack::<V>([depth, column], [deep, width], wide, &mut panel);
            let begin = match (depth, start) {
                (0, Start::Zero) => Begin::Splat(None),
                (0, Start::Bias(_)) => Begin::Splat(Some(&first)),
                _ => Begin::Sum,
            };
            let left = Matrix { data: &a.data[depth * a.column..], ..a };
            let tile = Tile { depth: deep, width, left, panel: &panel, begin };
            let mut at = 0;
            while at < m {
                let rows = m - at;
                let out = &mut c[at * row + column..];
                at += match (V::ROWS, wide == V::LANES, rows) {
                    (12.., false, 12..) => tile.run::<V, 12, 2>(at, out, row),
                    (12.., true, 12..) => tile.run::<V, 12, 1>(at, out, row),
                    (6.., false, 6..) => tile.run::<V, 6, 2>(at, out, row),
                    (_, true, 6..) => tile.run::<V, 6, 1>(at, out, row),
                    (_, false, 3..) => tile.run::<V, 3, 2>(at, out, row),
                    (_, true, 3..) => tile.run::<V, 3, 1>(at, out, row),
                    (_, false, _) => tile.run::<V, 1, 2>(at, out, row),
                    (_, true, _) => tile.run::<V, 1, 1>(at, out, row),
                };
            }
            depth += deep.max(1);
        }
        column += width;
    }
}

impl Right for Matrix<'_> {
    #[inline(always)]
    fn pack<V: Vector>(self, [depth, column]: [usize; 2], [deep, width]: [usize; 2], wide: usize, panel: &mut [f32]) {
        for (p, to) in panel.chunks_exact_mut(wide).take(deep).enumerate() {
            let from = (depth + p) * self.row + column * self.column;
            if self.column == 1 {
                to[..width].copy_from_slice(&self.data[from..from + width]);
            } else {
                for (w, to) in to[..width].iter_mut().enumerate() {
                    *to = self.data[from + w * self.column];
                }
            }
            to[width..].fill(0.0);
        }
    }
}

#[derive(Clone, Copy)]
enum Begin<'a> {
    Splat(Option<&'a [f32; COLUMNS]>),
    Sum,
}

struct Tile<'a> {
    depth: usize,
    /// Columns that count.
    width: usize,
    left: Matrix<'a>,
    panel: &'a [f32],
    begin: Begin<'a>,
}

impl Tile<'_> {
    /// R rows from `at` on, N registers wide, into `out`; returns R.
    #[inline(always)]
    fn run<V: Vector, const R: usize, const N: usize>(&self, at: usize, out: &mut [f32], row: usize) -> usize {
        let wide = N * V::LANES;
        let Matrix { data, row: down, column: along } = self.left;
        let data = data.get(at * down..).unwrap_or_default();
        assert!(self.depth == 0 || data.len() > (R - 1) * down + (self.depth - 1) * along);
        assert!(self.panel.len() >= self.depth * wide && wide <= COLUMNS && R <= ROWS);
        assert!(out.len() >= (R - 1) * row + self.width);
        let mut edge = [0.0_f32; ROWS * COLUMNS];
        let whole = self.width == wide;
        if !whole && matches!(self.begin, Begin::Sum) {
            for r in 0..R {
                edge[r * wide..][..self.width].copy_from_slice(&out[r * row..][..self.width]);
            }
        }
        let (to, step) = if whole { (out.as_mut_ptr(), row) } else { (edge.as_mut_ptr(), wide) };
        // SAFETY: the assertions above bound every index; `edge` holds ROWS rows of COLUMNS
        unsafe {
            let mut sums = [[V::splat(0.0); N]; R];
            match self.begin {
                Begin::Splat(None) => {}
                Begin::Splat(Some(first)) => {
                    for sums in &mut sums {
                        for (v, sum) in sums.iter_mut().enumerate() {
                            *sum = V::load(first.as_ptr().add(v * V::LANES));
                        }
                    }
                }
                Begin::Sum => {
                    for (r, sums) in sums.iter_mut().enumerate() {
                        for (v, sum) in sums.iter_mut().enumerate() {
                            *sum = V::load(to.add(r * step + v * V::LANES));
                        }
                    }
                }
            }
            let (left, right) = (data.as_ptr(), self.panel.as_ptr());
            for p in 0..self.depth {
                let mut rights = [V::splat(0.0); N];
                for (v, vector) in rights.iter_mut().enumerate() {
                    *vector = V::load(right.add(p * wide + v * V::LANES));
                }
                for r in 0..R {
                    let number = V::splat(*left.add(r * down + p * along));
                    for v in 0..N {
                        sums[r][v] = number.mul_add(rights[v], sums[r][v]);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    sum.store(to.add(r * step + v * V::LANES));
                }
            }
        }
        if !whole {
            for r in 0..R {
                out[r * row..][..self.width].copy_from_slice(&edge[r * wide..][..self.width]);
            }
        }
        R
    }
}

/// A stack of small matrices, one for each channel: element (r, c) of channel `l` is `data[r·row + c·column + l]`.
#[derive(Clone, Copy)]
pub(crate) struct Channels<'a> {
    pub data: &'a [f32],
    pub row: usize,
    pub column: usize,
}

/// For each of `lanes` channels `c (+)= a·b`: `a` is m×k, `b` is k×n, element (i, j) of `c` at `i·row + j·column`.
///
/// # Panics
/// When `lanes` is not a multiple of the register's.
#[inline(always)]
pub(crate) fn channelwise<V: Vector, const ADD: bool>(
    [m, n, k]: [usize; 3],
    lanes: usize,
    a: Channels<'_>,
    b: Channels<'_>,
    (c, row, column): (&mut [f32], usize, usize),
) {
    if m == 0 || n == 0 || k == 0 {
        return;
    }
    assert!(lanes.is_multiple_of(V::LANES));
    assert!(a.data.len() >= (m - 1) * a.row + (k - 1) * a.column + lanes);
    assert!(b.data.len() >= (k - 1) * b.row + (n - 1) * b.column + lanes);
    assert!(c.len() >= (m - 1) * row + (n - 1) * column + lanes);
    let mut lane = 0;
    while lane < lanes {
        let mut i = 0;
        while i < m {
            let tall = i + 4 <= m;
            let mut j = 0;
            while j < n {
                // SAFETY: the assertions above bound every index
                j += unsafe {
                    let at = [i, j, k, lane];
                    match (tall, n - j) {
                        (true, 5..) if V::LANES == 16 => stack::<V, ADD, 4, 5>(at, a, b, (c, row, column)),
                        (true, 2..) if V::ROWS >= 6 => stack::<V, ADD, 4, 2>(at, a, b, (c, row, column)),
                        (true, _) => stack::<V, ADD, 4, 1>(at, a, b, (c, row, column)),
                        (false, 5..) => stack::<V, ADD, 1, 5>(at, a, b, (c, row, column)),
                        (false, _) => stack::<V, ADD, 1, 1>(at, a, b, (c, row, column)),
                    }
                };
            }
            i += if tall { 4 } else { 1 };
        }
        lane += V::LANES;
    }
}

/// R×N results of some channels, kept in registers; returns N.
///
/// # Safety
/// All elements must be within the slices.
#[inline(always)]
unsafe fn stack<V: Vector, const ADD: bool, const R: usize, const N: usize>(
    [i, j, k, lane]: [usize; 4],
    a: Channels<'_>,
    b: Channels<'_>,
    (c, row, column): (&mut [f32], usize, usize),
) -> usize {
    // SAFETY: as the caller promises
    unsafe {
        let left = a.data.as_ptr().add(i * a.row + lane);
        let right = b.data.as_ptr().add(j * b.column + lane);
        let to = c.as_mut_ptr().add(i * row + j * column + lane);
        let mut sums = [[V::splat(0.0); N]; R];
        if ADD {
            for r in 0..R {
                for w in 0..N {
                    sums[r][w] = V::load(to.add(r * row + w * column));
                }
            }
        }
        for p in 0..k {
            let mut rights = [V::splat(0.0); N];
            for w in 0..N {
                rights[w] = V::load(right.add(p * b.row + w * b.column));
            }
            for r in 0..R {
                let number = V::load(left.add(r * a.row + p * a.column));
                for w in 0..N {
                    sums[r][w] = number.mul_add(rights[w], sums[r][w]);
                }
            }
        }
        for r in 0..R {
            for w in 0..N {
                sums[r][w].store(to.add(r * row + w * column));
            }
        }
    }
    N
}

#[cfg(test)]
mod tests {
    use super::*;
    use draction::simd::{Kernel, widest};

    fn numbers(count: usize, step: f32) -> Vec<f32> {
        (0..count).map(|i| (i as f32 * step).sin()).collect()
    }

    struct Products;

    impl Kernel for Products {
        type Output = ();

        #[inline(always)]
        fn run<V: Vector>(self) {
            for [m, n, k] in [[1, 1, 1], [5, 19, 3], [13, 33, 7], [24, 64, 300], [7, 8, 16], [2, 40, 0]] {
                let (a, b) = (numbers(m * k, 0.7), numbers(k * n, 0.3));
                let bias = numbers(n, 0.9);
                let starts = [(Start::Zero, 0), (Start::Sum, 1), (Start::Bias(&bias), 2)];
                for ((start, begins), turned) in starts.into_iter().flat_map(|s| [(s, false), (s, true)]) {
                    let strides = |rows: usize, columns: usize| if turned { (1, rows) } else { (columns, 1) };
                    let ((row, column), (b_row, b_column)) = (strides(m, k), strides(k, n));
                    let row_of_c = n + 3;
                    let mut c = vec![0.5; m * row_of_c];
                    let left = Matrix { data: &a, row, column };
                    let right = Matrix { data: &b, row: b_row, column: b_column };
                    product::<V>([m, n, k], left, right, (&mut c, row_of_c), start);
                    for i in 0..m {
                        for j in 0..n {
                            let begin = [0.0, 0.5, f64::from(bias[j])][begins];
                            let sum: f64 = (0..k)
                                .map(|p| f64::from(a[i * row + p * column]) * f64::from(b[p * b_row + j * b_column]))
                                .sum();
                            let found = f64::from(c[i * row_of_c + j]);
                            assert!((found - begin - sum).abs() < 1e-4, "{m}x{n}x{k} at {i}, {j}: {found}");
                        }
                        assert!(c[i * row_of_c + n..(i + 1) * row_of_c].iter().all(|&beside| beside == 0.5));
                    }
                }
            }
        }
    }

    #[test]
    fn products_follow_the_definition_at_every_edge() {
        widest(Products);
        Products.run::<[f32; 8]>();
    }

    struct Stacks;

    impl Kernel for Stacks {
        type Output = ();

        #[inline(always)]
        fn run<V: Vector>(self) {
            let lanes = 32;
            for [m, n, k] in [[1, 1, 1], [4, 5, 3], [9, 25, 7], [5, 3, 2]] {
                let (a, b) = (numbers(m * k * lanes, 0.7), numbers(k * n * lanes, 0.3));
                let left = Channels { data: &a, row: k * lanes, column: lanes };
                // b is stored transposed
                let right = Channels { data: &b, row: lanes, column: k * lanes };
                let mut c = vec![1.0; m * n * lanes];
                channelwise::<V, true>([m, n, k], lanes, left, right, (&mut c, n * lanes, lanes));
                let mut fresh = vec![7.0; m * n * lanes];
                channelwise::<V, false>([m, n, k], lanes, left, right, (&mut fresh, n * lanes, lanes));
                for (at, (&sum, &alone)) in c.iter().zip(&fresh).enumerate() {
                    let (i, j, l) = (at / (n * lanes), at / lanes % n, at % lanes);
                    let expected: f32 = (0..k).map(|p| a[(i * k + p) * lanes + l] * b[(j * k + p) * lanes + l]).sum();
                    assert!((sum - 1.0 - expected).abs() < 1e-5 && (alone - expected).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn stacks_of_products_follow_the_definition_at_every_edge() {
        widest(Stacks);
        Stacks.run::<[f32; 8]>();
    }
}
