//! Cuts the path of a point into strokes: stretches of time in which it goes one way.

/// What counts as a stroke. Lengths are in the unit of the path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// How far the path may lie from a straight line that is gone along evenly.
    pub(super) tolerance: f32,
    /// The shortest stroke.
    pub(super) shortest: f32,
    /// Slower than this, per frame, is rest.
    pub(super) slowest: f32,
    /// Longest pause inside a stroke, frames.
    pub(super) pause: usize,
}

/// Cosine above which two pieces of a path go the same way.
const SAME_WAY: f32 = 0.5;
/// Cosine below which they go opposite ways. The sides of a triangle do not.
const OPPOSITE: f32 = -0.75;
/// Strokes there and back are this alike in length at least.
const ALIKE: f32 = 0.4;

/// One stretch of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stroke<const N: usize> {
    /// First frame.
    pub(super) from: usize,
    /// Last frame.
    pub(super) to: usize,
    /// The fastest frame.
    pub(super) peak: usize,
    /// From its begin to its end.
    pub(super) step: [f32; N],
}

impl<const N: usize> Stroke<N> {
    fn between(path: &[[f32; N]], from: usize, to: usize) -> Stroke<N> {
        let speed = |t: usize| norm(minus(path[t + 1], path[t]));
        let peak = (from..to).max_by(|&a, &b| speed(a).total_cmp(&speed(b))).unwrap_or(from);
        Stroke { from, to, peak, step: minus(path[to], path[from]) }
    }

    /// Its length as the crow flies.
    pub(super) fn length(&self) -> f32 {
        norm(self.step)
    }

    /// Whether this one undoes the other: it goes back, and about as far.
    fn undoes(&self, other: &Stroke<N>) -> bool {
        let (a, b) = (self.length(), other.length());
        cosine(self.step, other.step) < OPPOSITE && a.min(b) > ALIKE * a.max(b)
    }
}

fn minus<const N: usize>(a: [f32; N], b: [f32; N]) -> [f32; N] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn norm<const N: usize>(a: [f32; N]) -> f32 {
    a.iter().map(|v| v * v).sum::<f32>().sqrt()
}

fn cosine<const N: usize>(a: [f32; N], b: [f32; N]) -> f32 {
    let dot: f32 = (0..N).map(|i| a[i] * b[i]).sum();
    dot / (norm(a) * norm(b)).max(1e-9)
}

/// The strokes of a path with one point a frame, in order of time.
pub(super) fn strokes<const N: usize>(path: &[[f32; N]], cut: &Cut) -> Vec<Stroke<N>> {
    let corners = corners(path, cut.tolerance);
    let mut found: Vec<Stroke<N>> = Vec::new();
    for pair in corners.windows(2) {
        let piece = Stroke::between(path, pair[0], pair[1]);
        if piece.length() < cut.slowest * (piece.to - piece.from) as f32 {
            continue;
        }
        match found.last_mut() {
            Some(last) if piece.from - last.to <= cut.pause && cosine(last.step, piece.step) > SAME_WAY => {
                *last = Stroke::between(path, last.from, piece.to);
            }
            _ => found.push(piece),
        }
    }
    found.retain(|s| s.length() >= cut.shortest);
    found
}

/// Runs of strokes that go there and back: neighbours in a run undo each other, and the pause between them is at most
/// `pause` frames. Every stroke is in exactly one run; most runs have one stroke.
pub(super) fn runs<const N: usize>(strokes: &[Stroke<N>], pause: usize) -> Vec<&[Stroke<N>]> {
    strokes.chunk_by(|a, b| b.from - a.to <= pause && b.undoes(a)).collect()
}

/// Frames at which a polyline must have its corners to stay within `tolerance` of the path at every moment: the
/// Ramer–Douglas–Peucker method with distances taken between points of the same time.
fn corners<const N: usize>(path: &[[f32; N]], tolerance: f32) -> Vec<usize> {
    let Some(last) = path.len().checked_sub(1) else { return Vec::new() };
    let mut corners = vec![0, last];
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let straight = |t: usize| -> [f32; N] {
            let part = (t - from) as f32 / (to - from) as f32;
            std::array::from_fn(|i| path[from][i] + part * (path[to][i] - path[from][i]))
        };
        let off = |t: usize| norm(minus(path[t], straight(t)));
        let farthest = (from + 1..to).map(|t| (t, off(t))).max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((t, _)) = farthest.filter(|f| f.1 > tolerance) {
            corners.push(t);
            open.extend([(from, t), (t, to)]);
        }
    }
    corners.sort_unstable();
    corners.dedup();
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Cut = Cut { tolerance: 0.1, shortest: 0.2, slowest: 0.01, pause: 5 };

    /// A path through these points, evenly, twenty frames each.
    fn through(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let legs = points
            .windows(2)
            .flat_map(|w| (0..20).map(|t| t as f32 / 20.0).map(|p| [0, 1].map(|i| w[0][i] + p * (w[1][i] - w[0][i]))));
        legs.chain(points.last().copied()).collect()
    }

    #[test]
    fn a_path_falls_into_its_legs_and_rests_are_none() {
        let path = through(&[[0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 1.0], [1.5, 1.2]]);
        let found = strokes(&path, &CUT);
        let frames: Vec<[usize; 2]> = found.iter().map(|s| [s.from, s.to]).collect();
        assert_eq!(frames, [[0, 20], [40, 80]], "{found:?}");
        assert_eq!(found[1].step, [1.5, 1.2 - 1.0]);
        assert!((40..=60).contains(&found[1].peak), "the faster leg is the third");
        assert!(strokes(&through(&[[0.0, 0.0], [0.1, 0.0]]), &CUT).is_empty(), "too short");
        assert!(strokes::<2>(&[], &CUT).is_empty());
    }

    #[test]
    fn runs_end_where_nothing_is_undone() {
        let up = [0.0, 1.0];
        let path = through(&[[0.0, 0.0], up, [0.5, 1.0], up, [0.5, 1.0], up, [0.0, 0.0]]);
        let found = strokes(&path, &CUT);
        let lengths: Vec<usize> = runs(&found, 5).iter().map(|r| r.len()).collect();
        assert_eq!(lengths, [1, 4, 1]);
    }
}
