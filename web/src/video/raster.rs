//! egui's triangles as pixels, on the processor: a frame of a video looks like the window, at any size, with or without a
//! GPU.
//!
//! As on a GPU, a triangle covers the pixels whose centres it contains, an edge between two triangles belongs to one of
//! them, colours are blended as they are written (premultiplied, in sRGB), and textures are filtered between texels.

use std::{collections::HashMap, sync::Arc};

use eframe::egui::{
    ClippedPrimitive, Color32, ColorImage, ImageData, Mesh, Rect, TextureId,
    epaint::{Primitive, Vertex, textures::TexturesDelta},
};

/// Parts of a pixel that corners are rounded to.
const PARTS: f32 = 256.0;
/// Nothing is drawn farther away than this many pixels.
const FAR: f32 = 1e6;

/// What triangles may be covered with.
#[derive(Default)]
pub(super) struct Textures(HashMap<TextureId, ColorImage>);

impl Textures {
    /// Takes over what is new and what has changed. What is to go may go at once, after the frame it is told with.
    pub(super) fn update(&mut self, delta: &mut TexturesDelta) {
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = change.image;
                match (change.pos, self.0.get_mut(&id)) {
                    (None, _) => drop(self.0.insert(id, Arc::unwrap_or_clone(image))),
                    (Some(pos), Some(whole)) => copy(&image, whole, pos),
                    (Some(_), None) => {}
                }
            }
        }
    }

    /// Drops what is no longer wanted.
    pub(super) fn forget(&mut self, delta: &mut TexturesDelta) {
        delta.free.drain().for_each(|id| drop(self.0.remove(&id)));
    }
}

/// Puts a picture into a larger one.
fn copy(part: &ColorImage, whole: &mut ColorImage, [left, top]: [usize; 2]) {
    let [width, height] = part.size;
    let [across, down] = whole.size;
    if left + width > across || top + height > down {
        return;
    }
    for (y, row) in part.pixels.chunks_exact(width.max(1)).enumerate() {
        whole.pixels[(top + y) * across + left..][..width].copy_from_slice(row);
    }
}

/// Opaque pixels, row by row.
pub(super) struct Canvas {
    size: [usize; 2],
    /// `[H, W]` RGBA; the last is always 255.
    pixels: Vec<[u8; 4]>,
}

impl Canvas {
    /// Black, of that width and height.
    pub(super) fn new(size: [usize; 2]) -> Canvas {
        Canvas { size, pixels: vec![[0, 0, 0, 255]; size[0] * size[1]] }
    }

    /// `[H, W, 4]`
    pub(super) fn rgba(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// Fills it with an opaque colour.
    pub(super) fn clear(&mut self, color: Color32) {
        self.pixels.fill([color.r(), color.g(), color.b(), 255]);
    }

    /// Paints, `scale` pixels to a point, what egui tessellated.
    pub(super) fn paint(&mut self, primitives: &[ClippedPrimitive], scale: f32, textures: &Textures) {
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            if let Primitive::Mesh(mesh) = primitive
                && let Some(texture) = textures.0.get(&mesh.texture_id)
            {
                self.mesh(mesh, self.clip(*clip_rect * scale), scale, texture);
            }
        }
    }

    /// The first column and row inside, and the first behind.
    fn clip(&self, rect: Rect) -> [[i64; 2]; 2] {
        let [width, height] = self.size.map(|n| n as f32);
        // of no number nothing is left
        let at = |x: f32, most: f32| x.round().max(0.0).min(most) as i64;
        [[at(rect.left(), width), at(rect.top(), height)], [at(rect.right(), width), at(rect.bottom(), height)]]
    }

    fn mesh(&mut self, mesh: &Mesh, clip: [[i64; 2]; 2], scale: f32, texture: &ColorImage) {
        for corners in mesh.indices.chunks_exact(3) {
            let corners = [0, 1, 2].map(|k| mesh.vertices.get(corners[k] as usize).copied());
            if let [Some(a), Some(b), Some(c)] = corners {
                self.triangle([a, b, c], clip, scale, texture);
            }
        }
    }

    fn triangle(&mut self, mut corners: [Vertex; 3], clip: [[i64; 2]; 2], scale: f32, texture: &ColorImage) {
        if !corners.iter().all(|v| v.pos.is_finite()) {
            return;
        }
        let place = |v: &Vertex| [v.pos.x, v.pos.y].map(|x| ((x * scale).clamp(-FAR, FAR) * PARTS).round() as i64);
        let mut places = corners.each_ref().map(place);
        let area = cross(places[0], places[1], places[2]);
        if area == 0 {
            return;
        }
        if area < 0 {
            corners.swap(1, 2);
            places.swap(1, 2);
        }
        let edges = [0, 1, 2].map(|k| Edge::new(places[k], places[(k + 1) % 3]));
        let ink = Ink::new(&corners, places, texture);
        let part = PARTS as i64;
        let low = places.iter().map(|p| p[1]).min().unwrap_or(0).div_euclid(part).max(clip[0][1]);
        let high = (places.iter().map(|p| p[1]).max().unwrap_or(0).div_euclid(part) + 1).min(clip[1][1]);
        for y in low..high {
            let [mut from, mut to] = [clip[0][0], clip[1][0]];
            for edge in &edges {
                [from, to] = edge.inside(y, [from, to]);
            }
            if from < to {
                let row = &mut self.pixels[y as usize * self.size[0]..][from as usize..to as usize];
                ink.row(row, from as f32 + 0.5, y as f32 + 0.5);
            }
        }
    }
}

/// Twice the area of a triangle, positive where its corners go round as a clock's hands do.
fn cross(a: [i64; 2], b: [i64; 2], c: [i64; 2]) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// A side of a triangle, in parts of pixels; inside is to the right of whoever goes along it.
struct Edge {
    from: [i64; 2],
    along: [i64; 2],
    /// 1 where centres on the edge itself belong to the neighbour.
    open: i64,
}

impl Edge {
    fn new(from: [i64; 2], to: [i64; 2]) -> Edge {
        let along = [to[0] - from[0], to[1] - from[1]];
        // upper and left edges belong to the triangle
        let own = along[1] < 0 || (along[1] == 0 && along[0] > 0);
        Edge { from, along, open: i64::from(!own) }
    }

    /// Of the columns `from..to` of a row those whose centres are inside.
    fn inside(&self, row: i64, [from, to]: [i64; 2]) -> [i64; 2] {
        let part = PARTS as i64;
        let centre = |n: i64| n * part + part / 2;
        // grows by `step` with each column and is not negative inside
        let at_zero =
            self.along[0] * (centre(row) - self.from[1]) - self.along[1] * (centre(0) - self.from[0]) - self.open;
        let step = -self.along[1] * part;
        match step {
            0 if at_zero < 0 => [from, from],
            0 => [from, to],
            1.. => [from.max(-at_zero.div_euclid(step)), to],
            _ => [from, to.min(at_zero.div_euclid(-step) + 1)],
        }
    }
}

/// A value that changes evenly over a triangle.
#[derive(Clone, Copy)]
struct Slope {
    /// At the first corner, in pixels, and there.
    at: [f32; 2],
    start: f32,
    /// With each pixel to the right and down.
    change: [f32; 2],
    /// Between these it stays.
    range: [f32; 2],
}

impl Slope {
    /// `[x, y]` of the corners in pixels.
    fn new(corners: [[f32; 2]; 3], values: [f32; 3]) -> Slope {
        let [ab, ac] = [1, 2].map(|k| [corners[k][0] - corners[0][0], corners[k][1] - corners[0][1]]);
        let [b, c] = [values[1] - values[0], values[2] - values[0]];
        let area = ab[0] * ac[1] - ab[1] * ac[0];
        let change = [(b * ac[1] - c * ab[1]) / area, (c * ab[0] - b * ac[0]) / area];
        let range = [values.into_iter().fold(f32::MAX, f32::min), values.into_iter().fold(f32::MIN, f32::max)];
        Slope { at: corners[0], start: values[0], change, range }
    }

    fn value(&self, x: f32, y: f32) -> f32 {
        let value = self.start + (x - self.at[0]) * self.change[0] + (y - self.at[1]) * self.change[1];
        value.max(self.range[0]).min(self.range[1])
    }
}

/// What a triangle is painted with.
enum Ink<'a> {
    /// One colour.
    Flat([f32; 4]),
    /// Colours between those of the corners.
    Shaded([Slope; 4]),
    /// A texture under such colours.
    Textured { color: [Slope; 4], uv: [Slope; 2], texture: &'a ColorImage },
}

impl<'a> Ink<'a> {
    fn new(corners: &[Vertex; 3], places: [[i64; 2]; 3], texture: &'a ColorImage) -> Ink<'a> {
        let pixels = places.map(|place| place.map(|x| x as f32 / PARTS));
        let slope = |value: &dyn Fn(&Vertex) -> f32| Slope::new(pixels, corners.each_ref().map(value));
        let color = |texel: [f32; 4]| [0, 1, 2, 3].map(|c| slope(&|v| f32::from(v.color[c]) * texel[c] / 255.0));
        let first = &corners[0];
        if corners.iter().any(|v| v.uv != first.uv) {
            let uv = [slope(&|v| v.uv.x * texture.size[0] as f32), slope(&|v| v.uv.y * texture.size[1] as f32)];
            return Ink::Textured { color: color([255.0; 4]), uv, texture };
        }
        let texel = texel(texture, first.uv.x * texture.size[0] as f32, first.uv.y * texture.size[1] as f32);
        if corners.iter().any(|v| v.color != first.color) {
            return Ink::Shaded(color(texel));
        }
        Ink::Flat([0, 1, 2, 3].map(|c| f32::from(first.color[c]) * texel[c] / 255.0))
    }

    /// Paints a stretch of a row, whose first centre is at `x, y` in pixels.
    fn row(&self, row: &mut [[u8; 4]], x: f32, y: f32) {
        let along = |n: usize| x + n as f32;
        match self {
            Ink::Flat(color) => row.iter_mut().for_each(|pixel| blend(pixel, *color)),
            Ink::Shaded(color) => {
                for (n, pixel) in row.iter_mut().enumerate() {
                    blend(pixel, color.each_ref().map(|slope| slope.value(along(n), y)));
                }
            }
            Ink::Textured { color, uv, texture } => {
                for (n, pixel) in row.iter_mut().enumerate() {
                    let [u, v] = uv.each_ref().map(|slope| slope.value(along(n), y));
                    let texel = texel(texture, u, v);
                    let color = color.each_ref().map(|slope| slope.value(along(n), y));
                    blend(pixel, [0, 1, 2, 3].map(|c| color[c] * texel[c] / 255.0));
                }
            }
        }
    }
}

/// Covers a pixel with a premultiplied colour, 0..255.
fn blend(pixel: &mut [u8; 4], color: [f32; 4]) {
    let through = 1.0 - color[3] / 255.0;
    for c in 0..3 {
        // the cast rounds down and keeps within 0..255
        pixel[c] = (color[c] + f32::from(pixel[c]) * through + 0.5) as u8;
    }
}

/// The colour of a texture between its texels, 0..255; `u` and `v` are in texels.
fn texel(texture: &ColorImage, u: f32, v: f32) -> [f32; 4] {
    let [width, height] = texture.size;
    let axis = |x: f32, size: usize| {
        let x = (x - 0.5).max(0.0).min(size as f32 - 1.0);
        let low = x as usize;
        (low, (low + 1).min(size - 1), x - low as f32)
    };
    if width == 0 || height == 0 {
        return [255.0; 4];
    }
    let ((left, right, x), (upper, lower, y)) = (axis(u, width), axis(v, height));
    let color = |row: usize, column: usize| texture.pixels[row * width + column].to_array().map(f32::from);
    if x == 0.0 && y == 0.0 {
        return color(upper, left);
    }
    let mix = |a: [f32; 4], b: [f32; 4], t: f32| [0, 1, 2, 3].map(|c| a[c] + (b[c] - a[c]) * t);
    let row = |row| mix(color(row, left), color(row, right), x);
    mix(row(upper), row(lower), y)
}

#[cfg(test)]
mod tests;
