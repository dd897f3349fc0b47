//! Which splats reach which tiles: what the GPU's scratch memory is judged by, in plain Rust.

use draction_shaders::rows::{Projected, Shaded};

use crate::passes::{Buffer, Dims, TILE};

use super::Buffers;

/// What three shaders ask before they draw a splat (`shared/splat.wgsl`, `touches`): whether the bounding box of its
/// visible ellipse reaches a pixel between `low` and `high`.
fn touches(splat: &Projected, look: &Shaded, low: [f32; 2], high: [f32; 2]) -> bool {
    let Projected { centre: [u, v], extent_x, extent_y, .. } = *splat;
    let (near, far) = ([u - extent_x, v - extent_y], [u + extent_x, v + extent_y]);
    let finite = near.iter().chain(&far).all(|x| x.is_finite());
    look.opacity > 0.0 && finite && (0..2).all(|c| far[c] >= low[c] && near[c] <= high[c])
}

/// Whether splat `g` of all frames reaches a tile.
fn touches_tile(buffers: &Buffers, g: usize, tile: [usize; 2]) -> bool {
    let low = tile.map(|at| (at * TILE) as f32);
    let high = low.map(|x| x + (TILE - 1) as f32);
    touches(&buffers.rows(Buffer::Projected)[g], &buffers.rows(Buffer::Shaded)[g], low, high)
}

/// How many splats reach each tile of `frame`: `[tile rows, tile columns]`.
pub(super) fn occupancy(dims: &Dims, buffers: &Buffers, frame: usize) -> Vec<u32> {
    let n = dims.per_frame();
    let tiles = (0..dims.tiles_y()).flat_map(|y| (0..dims.tiles_x()).map(move |x| [x, y]));
    tiles.map(|tile| (frame * n..(frame + 1) * n).filter(|&g| touches_tile(buffers, g, tile)).count() as u32).collect()
}

/// Lists as a pass has to write them, each the number of its splats and then the splats, with zeros where it writes
/// nothing.
pub(super) struct Lists {
    /// All lists, one after the other.
    pub entries: Vec<u32>,
    /// Entries of each list.
    pub stride: usize,
}

impl Lists {
    fn new(count: usize, splats: usize) -> Lists {
        Lists { entries: vec![0; count * (1 + splats)], stride: 1 + splats }
    }

    fn push(&mut self, list: usize, splat: u32) {
        let list = &mut self.entries[list * self.stride..][..self.stride];
        list[0] += 1;
        list[list[0] as usize] = splat;
    }

    /// The entries as the GPU keeps them.
    pub fn bits(&self) -> Vec<f32> {
        self.entries.iter().copied().map(f32::from_bits).collect()
    }

    fn splats(&self, list: usize) -> &[u32] {
        let list = &self.entries[list * self.stride..][..self.stride];
        &list[1..][..list[0] as usize]
    }
}

/// [`Buffer::RowLists`] as pass `bin_rows` has to write it.
pub(super) fn row_lists(dims: &Dims, buffers: &Buffers) -> Lists {
    let (n, rows) = (dims.per_frame(), dims.tiles_y());
    let (projected, shaded) = (buffers.rows(Buffer::Projected), buffers.rows(Buffer::Shaded));
    let mut lists = Lists::new(dims.frame_count() * rows, n);
    for list in 0..dims.frame_count() * rows {
        let (frame, row) = (list / rows, list % rows);
        let top = (row * TILE) as f32;
        let (low, high) = ([0.0, top], [(dims.width - 1) as f32, top + (TILE - 1) as f32]);
        for &index in &buffers.get(Buffer::Order)[frame * n..][..n] {
            let g = frame * n + index as usize;
            if touches(&projected[g], &shaded[g], low, high) {
                lists.push(list, index as u32);
            }
        }
    }
    lists
}

/// [`Buffer::TileLists`] as pass `bin_tiles` has to write it, all tiles in one band.
pub(super) fn tile_lists(dims: &Dims, buffers: &Buffers) -> Lists {
    let (n, columns, rows) = (dims.per_frame(), dims.tiles_x(), dims.tiles_y());
    let in_rows = row_lists(dims, buffers);
    let mut lists = Lists::new(dims.frame_count() * rows * columns, n);
    for row in 0..dims.frame_count() * rows {
        for column in 0..columns {
            for &index in in_rows.splats(row) {
                if touches_tile(buffers, row / rows * n + index as usize, [column, row % rows]) {
                    lists.push(row * columns + column, index);
                }
            }
        }
    }
    lists
}

/// Every tile that each splat reaches, as `(place in [F, tiles, N], splat)`.
pub(super) fn shares(dims: &Dims, buffers: &Buffers) -> Vec<(usize, usize)> {
    let (n, columns) = (dims.per_frame(), dims.tiles_x());
    let tiles = columns * dims.tiles_y();
    let mut shares = Vec::new();
    for frame in 0..dims.frame_count() {
        for tile in 0..tiles {
            for splat in 0..n {
                if touches_tile(buffers, frame * n + splat, [tile % columns, tile / columns]) {
                    shares.push(((frame * tiles + tile) * n + splat, frame * n + splat));
                }
            }
        }
    }
    shares
}
