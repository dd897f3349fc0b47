//! Icons drawn with the painter: strokes with round ends on a grid of 24, in the manner of Feather and Lucide.
//!
//! No icon font to load and no emoji to miss: an [`Icon`] is a short list of strokes, scaled into any rectangle.

use std::f32::consts::TAU;

use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

/// A stroke or a filled area on the grid of 24, y down.
enum Mark {
    /// An open line.
    Line(&'static [[f32; 2]]),
    /// A closed line.
    Loop(&'static [[f32; 2]]),
    /// A filled convex polygon.
    Fill(&'static [[f32; 2]]),
    /// Centre and radius of a circle.
    Ring([f32; 2], f32),
    /// Centre and radius of a disc.
    Dot([f32; 2], f32),
    /// Centre, radius, and from where to where in turns, clockwise from the right.
    Arc([f32; 2], f32, [f32; 2]),
    /// Smallest and largest corner and corner radius of a frame.
    Frame([f32; 2], [f32; 2], f32),
    /// The same, filled.
    Block([f32; 2], [f32; 2], f32),
}

use Mark::{Arc, Block, Dot, Fill, Frame, Line, Loop, Ring};

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident => $marks:expr,)*) => {
        /// What an icon means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Icon { $($(#[$doc])* $name,)* }

        impl Icon {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            fn marks(self) -> &'static [Mark] {
                match self { $(Self::$name => const { &$marks },)* }
            }
        }
    };
}

icons! {
    /// Start playing.
    Play => [Fill(&[[7.5, 4.5], [19.5, 12.0], [7.5, 19.5]]), Loop(&[[7.5, 4.5], [19.5, 12.0], [7.5, 19.5]])],
    /// Stop playing for now.
    Pause => [Block([6.5, 4.5], [10.0, 19.5], 1.2), Block([14.0, 4.5], [17.5, 19.5], 1.2)],
    /// One frame back.
    StepBack => [Line(&[[15.0, 6.0], [9.0, 12.0], [15.0, 18.0]]), Line(&[[6.0, 6.5], [6.0, 17.5]])],
    /// One frame on.
    StepForward => [Line(&[[9.0, 6.0], [15.0, 12.0], [9.0, 18.0]]), Line(&[[18.0, 6.5], [18.0, 17.5]])],
    /// Again from the start when the end is reached.
    Repeat => [
        Line(&[[17.0, 2.5], [20.5, 6.0], [17.0, 9.5]]), Line(&[[3.5, 11.0], [3.5, 8.0], [5.5, 6.0], [20.5, 6.0]]),
        Line(&[[7.0, 21.5], [3.5, 18.0], [7.0, 14.5]]), Line(&[[20.5, 13.0], [20.5, 16.0], [18.5, 18.0], [3.5, 18.0]]),
    ],
    /// Open files.
    Open => [
        Line(&[[3.5, 18.0], [3.5, 5.5], [9.0, 5.5], [11.0, 8.0], [19.0, 8.0], [19.0, 11.0]]),
        Loop(&[[3.5, 19.0], [6.5, 11.0], [21.5, 11.0], [18.5, 19.0]]),
    ],
    /// A model: a chip with its pins.
    Model => [
        Frame([6.5, 6.5], [17.5, 17.5], 2.0), Block([10.0, 10.0], [14.0, 14.0], 0.8),
        Line(&[[9.5, 3.0], [9.5, 6.5]]), Line(&[[14.5, 3.0], [14.5, 6.5]]),
        Line(&[[9.5, 17.5], [9.5, 21.0]]), Line(&[[14.5, 17.5], [14.5, 21.0]]),
        Line(&[[3.0, 9.5], [6.5, 9.5]]), Line(&[[3.0, 14.5], [6.5, 14.5]]),
        Line(&[[17.5, 9.5], [21.0, 9.5]]), Line(&[[17.5, 14.5], [21.0, 14.5]]),
    ],
    /// A still picture.
    Image => [
        Frame([3.5, 4.5], [20.5, 19.5], 2.5), Ring([8.75, 9.5], 1.6),
        Line(&[[4.0, 17.5], [9.5, 13.0], [12.5, 15.5], [16.0, 11.5], [20.0, 15.5]]),
    ],
    /// An animation.
    Film => [
        Frame([3.5, 4.5], [20.5, 19.5], 2.5),
        Line(&[[8.0, 4.5], [8.0, 19.5]]),
        Line(&[[16.0, 4.5], [16.0, 19.5]]),
        Line(&[[3.5, 12.0], [8.0, 12.0]]),
        Line(&[[16.0, 12.0], [20.5, 12.0]]),
    ],
    /// A video.
    Video => [
        Frame([2.5, 6.5], [15.5, 17.5], 2.5), Loop(&[[15.5, 10.5], [21.5, 7.5], [21.5, 16.5], [15.5, 13.5]]),
    ],
    /// Rows and columns.
    Table => [
        Frame([3.5, 4.5], [20.5, 19.5], 2.5),
        Line(&[[3.5, 9.5], [20.5, 9.5]]), Line(&[[3.5, 14.5], [20.5, 14.5]]), Line(&[[12.0, 4.5], [12.0, 19.5]]),
    ],
    /// Data for programs.
    Braces => [
        Line(&[[9.0, 4.0], [7.3, 4.4], [6.5, 6.0], [6.5, 9.5], [5.8, 11.2], [4.0, 12.0], [5.8, 12.8], [6.5, 14.5],
            [6.5, 18.0], [7.3, 19.6], [9.0, 20.0]]),
        Line(&[[15.0, 4.0], [16.7, 4.4], [17.5, 6.0], [17.5, 9.5], [18.2, 11.2], [20.0, 12.0], [18.2, 12.8],
            [17.5, 14.5], [17.5, 18.0], [16.7, 19.6], [15.0, 20.0]]),
    ],
    /// An address.
    Link => [
        Line(&[[10.0, 14.0], [14.0, 10.0]]),
        Line(&[[11.5, 7.5], [14.0, 5.0], [16.5, 4.2], [19.0, 5.0], [19.8, 7.5], [19.0, 10.0], [16.5, 12.5]]),
        Line(&[[12.5, 16.5], [10.0, 19.0], [7.5, 19.8], [5.0, 19.0], [4.2, 16.5], [5.0, 14.0], [7.5, 11.5]]),
    ],
    /// The light theme.
    Sun => [
        Ring([12.0, 12.0], 4.0), Line(&[[12.0, 2.5], [12.0, 4.5]]), Line(&[[12.0, 19.5], [12.0, 21.5]]),
        Line(&[[2.5, 12.0], [4.5, 12.0]]), Line(&[[19.5, 12.0], [21.5, 12.0]]), Line(&[[5.3, 5.3], [6.7, 6.7]]),
        Line(&[[17.3, 17.3], [18.7, 18.7]]), Line(&[[5.3, 18.7], [6.7, 17.3]]), Line(&[[17.3, 6.7], [18.7, 5.3]]),
    ],
    /// The dark theme.
    Moon => [Arc([11.5, 12.5], 8.5, [0.0, 0.74]), Arc([16.6, 7.4], 6.0, [0.17, 0.584])],
    /// End what is going on.
    Stop => [Block([6.0, 6.0], [18.0, 18.0], 2.5)],
    /// Send the question.
    Send => [Line(&[[12.0, 19.5], [12.0, 5.0]]), Line(&[[5.5, 11.5], [12.0, 5.0], [18.5, 11.5]])],
    /// Copy to the clipboard.
    Copy => [
        Frame([8.5, 8.5], [20.5, 20.5], 2.5),
        Line(&[[5.0, 15.5], [3.5, 14.0], [3.5, 5.0], [5.0, 3.5], [14.0, 3.5], [15.5, 5.0]]),
    ],
    /// Done.
    Check => [Line(&[[4.5, 12.5], [9.5, 17.5], [19.5, 7.0]])],
    /// Back to the first view.
    Reset => [Arc([12.0, 12.0], 8.5, [-0.42, 0.42]), Line(&[[4.2, 3.8], [4.2, 8.6], [9.0, 8.6]])],
    /// Why this answer.
    Target => [Ring([12.0, 12.0], 8.8), Ring([12.0, 12.0], 4.8), Dot([12.0, 12.0], 1.4)],
    /// A label.
    Tag => [
        Loop(&[[3.5, 4.5], [4.5, 3.5], [12.0, 3.5], [20.5, 12.0], [20.5, 13.3], [13.3, 20.5], [12.0, 20.5],
            [3.5, 12.0]]),
        Dot([8.0, 8.0], 1.4),
    ],
    /// The paths of hands and feet.
    Trails => [
        Line(&[[3.0, 18.5], [5.2, 16.3], [6.5, 13.0], [7.8, 9.7], [10.0, 8.0], [12.5, 8.8], [13.6, 11.5], [15.2, 14.6],
            [17.6, 14.6]]),
        Dot([19.6, 13.4], 2.2),
    ],
    /// Remove, dismiss.
    Close => [Line(&[[6.0, 6.0], [18.0, 18.0]]), Line(&[[18.0, 6.0], [6.0, 18.0]])],
    /// Works, but.
    Warning => [
        Loop(&[[11.2, 4.2], [12.8, 4.2], [21.2, 18.6], [20.4, 20.0], [3.6, 20.0], [2.8, 18.6]]),
        Line(&[[12.0, 9.5], [12.0, 13.5]]), Dot([12.0, 16.8], 1.2),
    ],
    /// Good to know.
    Info => [Ring([12.0, 12.0], 8.8), Line(&[[12.0, 11.2], [12.0, 16.2]]), Dot([12.0, 8.0], 1.2)],
    /// Failed.
    Error => [Ring([12.0, 12.0], 8.8), Line(&[[9.2, 9.2], [14.8, 14.8]]), Line(&[[14.8, 9.2], [9.2, 14.8]])],
    /// Somebody.
    Person => [
        Ring([12.0, 5.0], 2.4), Line(&[[12.0, 9.5], [12.0, 14.5]]),
        Line(&[[5.5, 8.0], [9.0, 10.2], [15.0, 10.2], [18.5, 6.0]]),
        Line(&[[8.0, 21.0], [9.2, 17.2], [12.0, 14.5], [14.8, 17.2], [16.0, 21.0]]),
    ],
    /// Take away.
    Download => [
        Line(&[[12.0, 3.5], [12.0, 15.0]]), Line(&[[6.8, 10.0], [12.0, 15.2], [17.2, 10.0]]),
        Line(&[[4.0, 16.5], [4.0, 20.0], [20.0, 20.0], [20.0, 16.5]]),
    ],
    /// Two beside each other.
    Compare => [Frame([3.0, 5.0], [10.5, 19.0], 2.0), Frame([13.5, 5.0], [21.0, 19.0], 2.0)],
    /// In a window of its own.
    Away => [
        Line(&[[14.0, 4.0], [20.0, 4.0], [20.0, 10.0]]), Line(&[[20.0, 4.0], [11.0, 13.0]]),
        Line(&[[18.0, 14.0], [18.0, 18.0], [16.0, 20.0], [6.0, 20.0], [4.0, 18.0], [4.0, 8.0], [6.0, 6.0],
            [10.0, 6.0]]),
    ],
    /// What happens inside, over time.
    Pulse => [Line(&[[2.5, 12.0], [7.5, 12.0], [10.0, 4.5], [14.0, 19.5], [16.5, 12.0], [21.5, 12.0]])],
}

impl Icon {
    /// Draws into the largest square in the middle of `rect`, in one colour. Nothing is drawn into an empty or
    /// non-finite rectangle.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let side = rect.width().min(rect.height());
        if !rect.is_finite() || side <= 0.0 {
            return;
        }
        let scale = side / 24.0;
        // lines stay as thick as the text beside them while icons grow
        let width = (side * 0.075).clamp(1.2, 2.5);
        let stroke = Stroke::new(width, color);
        let corner = rect.center() - vec2(12.0, 12.0) * scale;
        let at = |p: [f32; 2]| corner + vec2(p[0], p[1]) * scale;
        let round = |from: [f32; 2], to: [f32; 2]| Rect::from_min_max(at(from), at(to));
        let open = |points: Vec<Pos2>| {
            // egui's lines end flat
            for end in [points.first(), points.last()].into_iter().flatten() {
                painter.circle_filled(*end, width * 0.5, color);
            }
            painter.add(Shape::line(points, stroke));
        };
        for mark in self.marks() {
            match *mark {
                Line(points) => open(points.iter().map(|&p| at(p)).collect()),
                Loop(points) => {
                    painter.add(Shape::closed_line(points.iter().map(|&p| at(p)).collect(), stroke));
                }
                Fill(points) => {
                    let points = points.iter().map(|&p| at(p)).collect();
                    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
                }
                Ring(c, r) => {
                    painter.circle_stroke(at(c), r * scale, stroke);
                }
                Dot(c, r) => {
                    painter.circle_filled(at(c), r * scale, color);
                }
                Arc([x, y], r, [from, to]) => open(
                    (0..=24)
                        .map(|i| (from + (to - from) * i as f32 / 24.0) * TAU)
                        .map(|a| at([x + r * a.cos(), y + r * a.sin()]))
                        .collect(),
                ),
                Frame(a, b, r) => {
                    painter.rect_stroke(round(a, b), r * scale, stroke, StrokeKind::Middle);
                }
                Block(a, b, r) => {
                    painter.rect_filled(round(a, b), r * scale, color);
                }
            }
        }
    }

    /// Draws in a square of `size` points around `center`.
    pub fn paint_at(self, painter: &Painter, center: Pos2, size: f32, color: Color32) {
        self.paint(painter, Rect::from_center_size(pos2(center.x, center.y), vec2(size, size)), color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::widgets::testing::Harness;

    #[test]
    fn icons_stay_on_their_grid() {
        let inside = |p: &[f32; 2]| p.iter().all(|v| (1.0..=23.0).contains(v));
        for icon in Icon::ALL {
            for mark in icon.marks() {
                let ok = match mark {
                    Line(p) | Loop(p) | Fill(p) => p.len() > 1 && p.iter().all(inside),
                    Ring(c, r) | Dot(c, r) | Arc(c, r, _) => {
                        inside(&[c[0] - r, c[1] - r]) && inside(&[c[0] + r, c[1] + r])
                    }
                    Frame(a, b, r) | Block(a, b, r) => inside(a) && inside(b) && a[0] + r < b[0],
                };
                assert!(ok, "{icon:?}");
            }
        }
    }

    #[test]
    fn nothing_is_drawn_where_there_is_no_room() {
        let mut harness = Harness::new(200.0, 200.0);
        harness.frame(|ui| {
            for rect in [Rect::NOTHING, Rect::NAN, Rect::from_min_size(Pos2::ZERO, vec2(0.0, 9.0))] {
                Icon::ALL.iter().for_each(|icon| icon.paint(ui.painter(), rect, Color32::RED));
            }
        });
        assert_eq!(harness.triangles(), 0);
    }
}
