//! How movements begin and end: values from 0 to 1 over time.

/// From 0 to 1 between `start` and `start + rise`, back to 0 between `end` and `end + fall`.
pub(super) fn held(t: f64, start: f64, rise: f64, end: f64, fall: f64) -> f64 {
    ease((t - start) / rise) * (1.0 - ease((t - end) / fall))
}

/// The minimum-jerk profile of voluntary movements (Flash and Hogan 1985), from 0 to 1.
pub(super) fn ease(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * x * (10.0 + x * (6.0 * x - 15.0))
}

/// A start from rest that ends in full motion.
pub(super) fn rise(x: f64) -> f64 {
    let x = x.clamp(0.0, 1.0);
    x * x * (1.6 - 0.6 * x)
}
