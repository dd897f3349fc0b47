//! Loops that the compiler vectorises for the machine it runs on.

/// A loop nest to be compiled once for every instruction set. Implementations must be `#[inline(always)]`.
pub trait Loops {
    /// What the loops compute.
    type Output;
    /// Runs the loops; `FMA` says that a fused multiply-add is one instruction.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// Runs loops with the widest vectors the machine has. Binaries stay portable: the choice is made at run time. Results
/// are the same on every machine as long as the loops make nothing of `FMA`.
pub fn wide<L: Loops>(loops: L) -> L::Output {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the machine has the features, as just detected
        return unsafe { with_avx2(loops) };
    }
    loops.run::<{ cfg!(target_arch = "aarch64") }>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<L: Loops>(loops: L) -> L::Output {
    loops.run::<true>()
}

/// `a·b + c`, in one rounding where that is one instruction.
#[inline(always)]
pub fn fma<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dot<'a>(&'a [f32], &'a [f32]);

    impl Loops for Dot<'_> {
        type Output = f32;
        #[inline(always)]
        fn run<const FMA: bool>(self) -> f32 {
            self.0.iter().zip(self.1).fold(0.0, |sum, (&a, &b)| fma::<FMA>(a, b, sum))
        }
    }

    #[test]
    fn loops_run_on_whatever_there_is() {
        let numbers: Vec<f32> = (0..37).map(|i| i as f32).collect();
        // whole numbers, so that one rounding or two are the same
        assert_eq!(wide(Dot(&numbers, &numbers)), 16_206.0);
        assert_eq!(fma::<true>(2.0, 3.0, 1.0), fma::<false>(2.0, 3.0, 1.0));
    }
}
