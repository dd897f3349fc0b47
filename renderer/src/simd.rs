//! Loops that are compiled for the machine they run on: by the compiler's own vectors ([`Loops`]), or over registers that
//! are named ([`Kernel`]). Binaries stay portable: [`wide`] and [`widest`] choose at run time.
//!
//! | Module | What lives there |
//! | --- | --- |
//! | `register` | vector registers, for the few loops whose registers the compiler does not fill by itself |
//! | `exp` | an exponential that vectorises |

mod exp;
mod register;

pub use exp::exp;
pub use register::{Codes, Vector, WHOLE};

/// A loop nest to be compiled once for every instruction set. Implementations must be `#[inline(always)]`, as must be all
/// that they call.
pub trait Loops {
    /// What the loops compute.
    type Output;
    /// Runs the loops; `FMA` says that a fused multiply-add is one instruction.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// A loop nest over vectors of any width. Implementations must be `#[inline(always)]`, as must be all that they call.
pub trait Kernel {
    /// What it computes.
    type Output;
    /// Runs it.
    fn run<V: Vector>(self) -> Self::Output;
}

/// Runs loops with AVX2 where the machine has it. Results are the same on every machine as long as the loops make nothing
/// of `FMA`.
pub fn wide<L: Loops>(loops: L) -> L::Output {
    /// Loops that leave the registers to the compiler.
    struct Compiled<L>(L);

    impl<L: Loops> Kernel for Compiled<L> {
        type Output = L::Output;
        #[inline(always)]
        fn run<V: Vector>(self) -> L::Output {
            // a constant of the register, so that only one of the two is compiled into it
            if V::FMA { self.0.run::<true>() } else { self.0.run::<false>() }
        }
    }

    dispatch::<false, _>(Compiled(loops))
}

/// Runs a kernel with the widest registers that the machine has. Sums over lanes aside, results are the same with all that
/// multiply and add in one rounding.
pub fn widest<K: Kernel>(kernel: K) -> K::Output {
    dispatch::<true, _>(kernel)
}

/// Chooses the instruction set: AVX-512 where `WIDEST`, else AVX2, else what every machine of the kind has.
fn dispatch<const WIDEST: bool, K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("fma") && has!("f16c");
        if WIDEST && avx2 && has!("avx512f") && has!("avx512bw") {
            // SAFETY: the machine has the features, as just detected
            return unsafe { with_avx512(kernel) };
        }
        if avx2 {
            // SAFETY: as above
            return unsafe { with_avx2(kernel) };
        }
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    type Else = [std::arch::wasm32::v128; 2];
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    type Else = [f32; 8];
    kernel.run::<Else>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx2,fma,f16c")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<std::arch::x86_64::__m512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<std::arch::x86_64::__m256>()
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

    impl Kernel for Dot<'_> {
        type Output = f32;
        #[inline(always)]
        fn run<V: Vector>(self) -> f32 {
            let mut sum = V::splat(0.0);
            let whole = self.0.len() / V::LANES * V::LANES;
            for i in (0..whole).step_by(V::LANES) {
                // SAFETY: a whole register is left of both
                let (a, b) = unsafe { (V::load(self.0[i..].as_ptr()), V::load(self.1[i..].as_ptr())) };
                sum = a.mul_add(b, sum);
            }
            let mut lanes = [0.0; 16];
            // SAFETY: no register is wider
            unsafe { sum.store(lanes.as_mut_ptr()) };
            lanes.iter().sum::<f32>() + self.0[whole..].iter().zip(&self.1[whole..]).map(|(a, b)| a * b).sum::<f32>()
        }
    }

    #[test]
    fn loops_run_on_whatever_there_is() {
        let numbers: Vec<f32> = (0..37).map(|i| i as f32).collect();
        // whole numbers, so that one rounding or two are the same
        assert_eq!(wide(Dot(&numbers, &numbers)), 16_206.0);
        assert_eq!(widest(Dot(&numbers, &numbers)), 16_206.0);
        assert_eq!(dispatch::<false, _>(Dot(&numbers, &numbers)), 16_206.0);
        assert_eq!(fma::<true>(2.0, 3.0, 1.0), fma::<false>(2.0, 3.0, 1.0));
    }
}
