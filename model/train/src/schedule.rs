//! Learning rate over a run, as a share of its peak.

/// The shape of a run's learning rate.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Linear warm-up, then half a cosine down to nothing.
    Cosine {
        /// Steps in all.
        total: u64,
        /// Share of the steps spent warming up, 0..1.
        warmup: f64,
    },
    /// Linear warm-up epoch by epoch, then a tenth of the rate from each of some epochs on.
    Falls {
        /// Steps of an epoch.
        per_epoch: u64,
        /// Epochs spent warming up.
        warmup: u64,
        /// The epochs from which the rate is a tenth of what it was.
        falls: Vec<u64>,
    },
}

impl Schedule {
    /// The factor on the peak rate at `step` (counted from 0), in 0..=1.
    pub fn factor(&self, step: u64) -> f64 {
        match self {
            Schedule::Cosine { total, warmup } => {
                let warm = (*total as f64 * warmup).max(1.0);
                let step = step as f64;
                if step < warm {
                    return (step + 1.0) / warm;
                }
                let through = (step - warm) / (*total as f64 - warm).max(1.0);
                0.5 * (1.0 + (std::f64::consts::PI * through.min(1.0)).cos())
            }
            Schedule::Falls { per_epoch, warmup, falls } => {
                let epoch = step / (*per_epoch).max(1);
                if epoch < *warmup {
                    return (epoch + 1) as f64 / *warmup as f64;
                }
                0.1_f64.powi(falls.iter().filter(|&&fall| epoch >= fall).count() as i32)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    #[test]
    fn warms_up_then_falls_to_nothing() {
        let s = Schedule::Cosine { total: 1000, warmup: 0.03 };
        assert!((s.factor(0) - 1.0 / 30.0).abs() < 1e-12);
        assert!((s.factor(29) - 1.0).abs() < 1e-12);
        assert!((s.factor(515) - 0.5).abs() < 1e-9);
        assert!(s.factor(1000) < 1e-9 && s.factor(5000) < 1e-9);
        assert!((30..1000).all(|i| s.factor(i) <= s.factor(i - 1)));
    }

    #[test]
    fn falls_by_tenths_from_given_epochs_on() {
        // the recipe of CTR-GCN and MMCL, spec B.5
        let s = Schedule::Falls { per_epoch: 10, warmup: 5, falls: vec![90, 100] };
        let expected = [(0, 0.2), (9, 0.2), (10, 0.4), (49, 1.0), (899, 1.0), (900, 0.1), (1000, 0.01), (1099, 0.01)];
        for (step, factor) in expected {
            assert!((s.factor(step) - factor).abs() < 1e-12, "step {step}");
        }
    }
}
