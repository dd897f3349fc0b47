//! Learning rate over a run: linear warm-up, then half a cosine down to nothing.

/// The shape of a run's learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// Steps in all.
    pub total: u64,
    /// Share of the steps spent warming up, 0..1.
    pub warmup: f64,
}

impl Schedule {
    /// The factor on the peak rate at `step` (counted from 0), in 0..=1.
    pub fn factor(&self, step: u64) -> f64 {
        let warm = (self.total as f64 * self.warmup).max(1.0);
        let step = step as f64;
        if step < warm {
            return (step + 1.0) / warm;
        }
        let through = (step - warm) / (self.total as f64 - warm).max(1.0);
        0.5 * (1.0 + (std::f64::consts::PI * through.min(1.0)).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn warms_up_then_falls_to_nothing() {
        let s = Schedule { total: 1000, warmup: 0.03 };
        assert!((s.factor(0) - 1.0 / 30.0).abs() < 1e-12);
        assert!((s.factor(29) - 1.0).abs() < 1e-12);
        assert!((s.factor(515) - 0.5).abs() < 1e-9);
        assert!(s.factor(1000) < 1e-9 && s.factor(5000) < 1e-9);
        assert!((30..1000).all(|i| s.factor(i) <= s.factor(i - 1)));
    }
}
