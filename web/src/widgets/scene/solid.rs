//! Shaded capsules, discs and ribbons as one triangle mesh with smooth edges. What is added later covers what is there.

use std::f32::consts::TAU;

use eframe::egui::{Color32, Mesh, Pos2, Vec2, vec2};

use crate::theme::mix;

/// Where the light comes from, on the screen: above, from the left.
const LIGHT: Vec2 = vec2(-0.5, -0.866);

/// Into how many pieces a half circle of that many points divides and still looks round.
fn pieces(radius: f32) -> u32 {
    match radius {
        r if r < 4.0 => 4,
        r if r < 12.0 => 7,
        _ => 12,
    }
}

/// One end of a capsule.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) at: Pos2,
    /// In points.
    pub(super) radius: f32,
    pub(super) color: Color32,
}

/// A point of a ribbon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knot {
    pub(super) at: Pos2,
    /// In points.
    pub(super) width: f32,
    pub(super) color: Color32,
}

/// Collects triangles.
pub(super) struct Solid {
    mesh: Mesh,
    /// Width in points of the smooth edge: one pixel.
    edge: f32,
}

impl Solid {
    pub(super) fn new(pixels_per_point: f32) -> Self {
        Self { mesh: Mesh::default(), edge: 1.0 / pixels_per_point.clamp(0.25, 8.0) }
    }

    pub(super) fn into_mesh(self) -> Mesh {
        self.mesh
    }

    /// A limb: two round ends and what is between, lit from above. An outline of that colour, 1.5 points wide, keeps it
    /// apart from what it covers.
    pub(super) fn capsule(&mut self, [a, b]: [End; 2], outline: Option<Color32>) {
        let axis = b.at - a.at;
        let distance = axis.length();
        if distance <= (a.radius - b.radius).abs() + 1e-3 {
            return self.disc(if a.radius > b.radius { a } else { b }, outline);
        }
        let along = axis / distance;
        let across = along.rot90();
        // where the sides touch the circles
        let touch = ((a.radius - b.radius) / distance).clamp(-1.0, 1.0).acos();
        let round = pieces(a.radius.max(b.radius));
        let rim = |end: End, from: f32, to: f32| {
            (0..=round).map(move |i| {
                let (s, c) = (from + (to - from) * i as f32 / round as f32).sin_cos();
                (end, along * c + across * s)
            })
        };
        let first = self.vertex(b.at, b.color);
        let second = self.vertex(a.at, a.color);
        let ring = self.rings(rim(b, -touch, touch).chain(rim(a, touch, TAU - touch)), outline);
        let (corners, stride) = (2 * (round + 1), ring.stride);
        let at = |i: u32| ring.first + (i % corners) * stride;
        for i in 0..corners {
            let middle = if i <= round { first } else { second };
            self.mesh.add_triangle(middle, at(i), at(i + 1));
        }
        // the sides: from b's last corner to a's first, and from a's last to b's first
        self.mesh.add_triangle(first, at(round + 1), second);
        self.mesh.add_triangle(second, at(0), first);
        self.close(&ring, corners);
    }

    /// A ball.
    pub(super) fn disc(&mut self, end: End, outline: Option<Color32>) {
        let corners = 2 * pieces(end.radius) + 2;
        let middle = self.vertex(end.at + LIGHT * end.radius * 0.3, mix(end.color, Color32::WHITE, 0.08));
        let rim = (0..corners).map(|i| (end, Vec2::angled(TAU * i as f32 / corners as f32)));
        let ring = self.rings(rim, outline);
        for i in 0..corners {
            let at = |i: u32| ring.first + (i % corners) * ring.stride;
            self.mesh.add_triangle(middle, at(i), at(i + 1));
        }
        self.close(&ring, corners);
    }

    /// A halo that fades outwards.
    pub(super) fn glow(&mut self, at: Pos2, radius: f32, color: Color32) {
        let middle = self.vertex(at, color);
        let corners = 2 * pieces(radius);
        let first = self.mesh.vertices.len() as u32;
        for i in 0..corners {
            let dir = Vec2::angled(TAU * i as f32 / corners as f32);
            self.vertex(at + dir * radius * 0.5, color.gamma_multiply(0.4));
            self.vertex(at + dir * radius, Color32::TRANSPARENT);
        }
        for i in 0..corners {
            let (a, b) = (first + i * 2, first + (i + 1) % corners * 2);
            self.mesh.add_triangle(middle, a, b);
            self.quad(a, b, a + 1, b + 1);
        }
    }

    /// A line of changing width and colour.
    pub(super) fn ribbon(&mut self, knots: &[Knot]) {
        if knots.len() < 2 {
            return;
        }
        let first = self.mesh.vertices.len() as u32;
        for (i, knot) in knots.iter().enumerate() {
            let before = knots[i.saturating_sub(1)].at;
            let after = knots[(i + 1).min(knots.len() - 1)].at;
            let across = (after - before).normalized().rot90();
            let half = (knot.width * 0.5).max(self.edge * 0.5);
            // thinner than a pixel is a fainter pixel
            let color = knot.color.gamma_multiply((knot.width / self.edge).min(1.0));
            for (shift, color) in [
                (-half - self.edge * 0.5, Color32::TRANSPARENT),
                (-half + self.edge * 0.5, color),
                (half - self.edge * 0.5, color),
                (half + self.edge * 0.5, Color32::TRANSPARENT),
            ] {
                self.vertex(knot.at + across * shift, color);
            }
        }
        for i in 0..knots.len() as u32 - 1 {
            for k in 0..3 {
                let at = first + i * 4 + k;
                self.quad(at, at + 1, at + 4, at + 5);
            }
        }
    }

    fn vertex(&mut self, at: Pos2, color: Color32) -> u32 {
        self.mesh.colored_vertex(at, color);
        self.mesh.vertices.len() as u32 - 1
    }

    fn quad(&mut self, a: u32, b: u32, c: u32, d: u32) {
        self.mesh.add_triangle(a, b, c);
        self.mesh.add_triangle(b, c, d);
    }

    /// For each corner of a contour the vertices from the shaded rim outwards to nothing.
    fn rings(&mut self, contour: impl Iterator<Item = (End, Vec2)>, outline: Option<Color32>) -> Ring {
        let first = self.mesh.vertices.len() as u32;
        let edge = self.edge;
        for (end, dir) in contour {
            let light = dir.dot(LIGHT);
            let shaded = if light > 0.0 {
                mix(end.color, Color32::WHITE, 0.22 * light)
            } else {
                mix(end.color, Color32::BLACK, -0.3 * light)
            };
            let inner = (end.radius - edge * 0.5).max(0.0);
            self.vertex(end.at + dir * inner, shaded);
            if let Some(outline) = outline {
                self.vertex(end.at + dir * (inner + edge), outline);
                self.vertex(end.at + dir * (inner + edge + 1.0), outline);
                self.vertex(end.at + dir * (inner + 2.0 * edge + 1.0), Color32::TRANSPARENT);
            } else {
                self.vertex(end.at + dir * (inner + edge), Color32::TRANSPARENT);
            }
        }
        Ring { first, stride: if outline.is_some() { 4 } else { 2 } }
    }

    fn close(&mut self, ring: &Ring, corners: u32) {
        for i in 0..corners {
            for k in 0..ring.stride - 1 {
                let (a, b) = (ring.first + i * ring.stride + k, ring.first + (i + 1) % corners * ring.stride + k);
                self.quad(a, b, a + 1, b + 1);
            }
        }
    }
}

/// Vertices around a contour.
struct Ring {
    first: u32,
    /// Vertices of each corner.
    stride: u32,
}
