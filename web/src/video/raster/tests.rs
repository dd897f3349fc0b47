//! What covers which pixel, and in what colour.

use std::f32::consts::TAU;

use eframe::egui::{Pos2, Vec2, pos2, vec2};

use super::*;

const TEXTURE: TextureId = TextureId::Managed(0);

/// A canvas of a size, all of one grey, with a mesh painted on it.
fn painted(size: [usize; 2], grey: u8, mesh: Mesh, texture: ColorImage) -> Canvas {
    let mut canvas = Canvas::new(size);
    canvas.clear(Color32::from_gray(grey));
    let clip_rect = Rect::from_min_size(Pos2::ZERO, vec2(1e9, 1e9));
    let textures = Textures(HashMap::from([(TEXTURE, texture)]));
    canvas.paint(&[ClippedPrimitive { clip_rect, primitive: Primitive::Mesh(mesh) }], 1.0, &textures);
    canvas
}

fn white() -> ColorImage {
    ColorImage::filled([1, 1], Color32::WHITE)
}

/// A mesh of triangles of one colour each.
fn triangles(all: &[([Pos2; 3], Color32)]) -> Mesh {
    let mut mesh = Mesh::default();
    for (corners, color) in all {
        let first = mesh.vertices.len() as u32;
        corners.iter().for_each(|&corner| mesh.colored_vertex(corner, *color));
        mesh.add_triangle(first, first + 1, first + 2);
    }
    mesh
}

/// Numbers that look random, 0..1.
fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 16_777_216.0
    }
}

#[test]
fn triangles_cover_the_centres_that_they_contain() {
    let mut random = noise(7);
    let mut covered = 0;
    for _ in 0..200 {
        let corners = [0; 3].map(|_| pos2(random() * 60.0 - 15.0, random() * 50.0 - 15.0));
        let canvas = painted([30, 20], 0, triangles(&[(corners, Color32::WHITE)]), white());
        for (n, pixel) in canvas.pixels.iter().enumerate() {
            let centre = pos2((n % 30) as f32 + 0.5, (n / 30) as f32 + 0.5);
            // distances from the edges, positive on one side
            let sides = [0, 1, 2].map(|k| {
                let (a, b) = (corners[k], corners[(k + 1) % 3]);
                f64::from((b - a).normalized().rot90().dot(centre - a))
            });
            let inside = sides.iter().all(|s| *s > 0.0) || sides.iter().all(|s| *s < 0.0);
            // corners are rounded to parts of a pixel
            if sides.iter().all(|s| s.abs() > 0.01) {
                assert_eq!(pixel[0] == 255, inside, "{centre} in {corners:?}");
                covered += usize::from(inside);
            }
        }
    }
    assert!(covered > 5000, "{covered} pixels were covered");
}

#[test]
fn neighbours_share_an_edge_without_gap_or_seam() {
    let mut random = noise(3);
    let half = Color32::from_rgba_premultiplied(100, 100, 100, 128);
    for _ in 0..50 {
        // a fan around a point, whole pixels among the places; all of it within the canvas's middle is covered once
        let middle = pos2((random() * 8.0).round() + 8.0, random() * 8.0 + 8.0);
        let rim: Vec<Pos2> =
            (0..9).map(|k| pos2(12.0, 12.0) + Vec2::angled(k as f32 * TAU / 9.0 + random() * 0.3) * 40.0).collect();
        let fan: Vec<_> = (0..9).map(|k| ([middle, rim[k], rim[(k + 1) % 9]], half)).collect();
        let canvas = painted([24, 24], 0, triangles(&fan), white());
        assert!(canvas.pixels.iter().all(|pixel| *pixel == [100, 100, 100, 255]), "around {middle}");
    }
}

#[test]
fn colours_change_evenly_and_blend() {
    let mut mesh = Mesh::default();
    for (x, y, color) in [
        (0.0, 0.0, Color32::BLACK),
        (100.0, 0.0, Color32::from_rgb(200, 0, 0)),
        (0.0, 100.0, Color32::from_rgb(0, 0, 200)),
        (100.0, 100.0, Color32::from_rgb(200, 0, 200)),
    ] {
        mesh.colored_vertex(pos2(x, y), color);
    }
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(1, 2, 3);
    let canvas = painted([100, 100], 77, mesh, white());
    for (n, pixel) in canvas.pixels.iter().enumerate() {
        let expected = [(n % 100) as f32 + 0.5, 0.0, (n / 100) as f32 + 0.5].map(|x| (x * 2.0).round() as i32);
        let off = (0..3).map(|c| (i32::from(pixel[c]) - expected[c]).abs()).max();
        assert!(off <= Some(1), "pixel {n} is {pixel:?}, not {expected:?}");
    }
    let quarter = Color32::from_rgba_premultiplied(64, 0, 0, 64);
    let corners = [pos2(-9.0, -9.0), pos2(99.0, -9.0), pos2(-9.0, 99.0)];
    let canvas = painted([2, 2], 200, triangles(&[(corners, quarter)]), white());
    assert_eq!(canvas.pixels[0], [214, 150, 150, 255]); // 64 + 200 · ¾, and 200 · ¾
}

#[test]
fn a_texture_in_its_own_size_is_copied_and_a_tint_multiplies_it() {
    let mut random = noise(11);
    let pixels: Vec<Color32> =
        (0..12 * 10).map(|_| Color32::from_rgb((random() * 255.0) as u8, (random() * 255.0) as u8, 9)).collect();
    let image = ColorImage::new([12, 10], pixels.clone());
    let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    let mut mesh = Mesh::with_texture(TEXTURE);
    mesh.add_rect_with_uv(Rect::from_min_size(pos2(3.0, 2.0), vec2(12.0, 10.0)), uv, Color32::WHITE);
    let canvas = painted([20, 15], 1, mesh, image.clone());
    for (n, pixel) in canvas.pixels.iter().enumerate() {
        let (x, y) = (n % 20, n / 20);
        let inside = (3..15).contains(&x) && (2..12).contains(&y);
        let expected = if inside { pixels[(y - 2) * 12 + x - 3] } else { Color32::from_gray(1) };
        assert_eq!(*pixel, expected.to_array(), "at {x}, {y}");
    }
    let mut mesh = Mesh::with_texture(TEXTURE);
    mesh.add_rect_with_uv(Rect::from_min_size(pos2(0.0, 0.0), vec2(24.0, 20.0)), uv, Color32::from_rgb(255, 0, 255));
    let canvas = painted([24, 20], 1, mesh, image);
    // twice as large: half of the way from one texel to the next is between them
    let between = (f32::from(pixels[0].r()) * 0.75 + f32::from(pixels[1].r()) * 0.25).round() as u8;
    assert!(canvas.pixels[1][0].abs_diff(between) <= 1, "{:?}", canvas.pixels[1]);
    assert_eq!(canvas.pixels[1][1..], [0, 9, 255]);
}

#[test]
fn nothing_is_painted_outside_of_its_clip_or_without_numbers() {
    let corners = [pos2(-99.0, -99.0), pos2(500.0, -99.0), pos2(-99.0, 500.0)];
    let mesh = triangles(&[(corners, Color32::WHITE)]);
    let textures = Textures(HashMap::from([(TEXTURE, white())]));
    let clips = [
        (Rect::from_min_max(pos2(2.0, 3.0), pos2(6.0, 5.0)), 8),
        (Rect::from_min_max(pos2(-5.0, -5.0), pos2(1.0, 99.0)), 10),
        (Rect::from_min_max(pos2(6.0, 3.0), pos2(2.0, 5.0)), 0),
        (Rect::NAN, 0),
    ];
    for (clip_rect, expected) in clips {
        let mut canvas = Canvas::new([10, 10]);
        let primitive = Primitive::Mesh(mesh.clone());
        canvas.paint(&[ClippedPrimitive { clip_rect, primitive }], 1.0, &textures);
        let painted = canvas.pixels.iter().filter(|pixel| pixel[0] == 255).count();
        assert_eq!(painted, expected, "{clip_rect}");
    }
    for odd in [f32::NAN, f32::INFINITY, 3e38] {
        let mut mesh = triangles(&[([pos2(odd, 0.0), pos2(0.0, 5.0), pos2(5.0, -odd)], Color32::WHITE)]);
        mesh.add_triangle(0, 1, 99);
        painted([10, 10], 0, mesh, white());
    }
}
