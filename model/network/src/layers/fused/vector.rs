//! Vector registers, for the few kernels whose registers the compiler does not fill by itself.

mod codes;

use codes::Codes;

/// A vector register of f32.
///
/// Every method must end up inside of a function that is compiled for the register's instructions; [`widest`] sees to
/// that, because kernels are inlined into it.
pub(crate) trait Vector: Codes {
    /// Numbers in it.
    const LANES: usize;

    /// Reads [`Vector::LANES`] numbers.
    ///
    /// # Safety
    /// They must be there, and the machine must have the instructions.
    unsafe fn load(from: *const f32) -> Self;

    /// Writes [`Vector::LANES`] numbers.
    ///
    /// # Safety
    /// As for [`Vector::load`].
    unsafe fn store(self, to: *mut f32);

    /// The same number in every lane.
    fn splat(value: f32) -> Self;

    /// `self·factor + addend`, in one rounding where that is one instruction.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
}

/// A loop nest over vectors of any width. Implementations must be `#[inline(always)]`, as must be all that they call.
pub(crate) trait Kernel {
    /// What it computes.
    type Output;
    /// Runs it.
    fn run<V: Vector>(self) -> Self::Output;
}

/// Runs a kernel with the widest registers that the machine has. Sums over lanes aside, results are the same with all.
pub(crate) fn widest<K: Kernel>(kernel: K) -> K::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the machine has the feature, as just detected
            return unsafe { with_avx512(kernel) };
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            // SAFETY: as above
            return unsafe { with_avx2(kernel) };
        }
    }
    kernel.run::<[f32; 8]>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn with_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<std::arch::x86_64::__m512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<std::arch::x86_64::__m256>()
}

/// A register by the names of its instructions.
#[cfg(target_arch = "x86_64")]
macro_rules! register {
    ($register:ident, $lanes:literal, $load:ident, $store:ident, $splat:ident, $mul_add:ident) => {
        impl Vector for std::arch::x86_64::$register {
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: as the caller promises
                unsafe { std::arch::x86_64::$load(from) }
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: as the caller promises
                unsafe { std::arch::x86_64::$store(to, self) }
            }

            #[inline(always)]
            fn splat(value: f32) -> Self {
                // SAFETY: only `widest` picks this register, on a machine that has it
                unsafe { std::arch::x86_64::$splat(value) }
            }

            #[inline(always)]
            fn mul_add(self, factor: Self, addend: Self) -> Self {
                // SAFETY: as above
                unsafe { std::arch::x86_64::$mul_add(self, factor, addend) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
register!(__m512, 16, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps);
#[cfg(target_arch = "x86_64")]
register!(__m256, 8, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps);

/// What the compiler makes registers of on other machines.
impl Vector for [f32; 8] {
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller promises; an array of f32 needs no more alignment than one
        unsafe { from.cast::<Self>().read() }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as for `load`
        unsafe { to.cast::<Self>().write(self) }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [value; 8]
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        std::array::from_fn(|lane| {
            draction::simd::fma::<{ cfg!(target_arch = "aarch64") }>(self[lane], factor[lane], addend[lane])
        })
    }
}
