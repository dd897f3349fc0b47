//! Vector registers.

mod codes;

use super::fma;
pub use codes::{Codes, WHOLE};

/// A vector register of f32.
///
/// Every method must end up inside of a function that is compiled for the register's instructions; [`widest`](super::widest)
/// sees to that, because kernels are inlined into it.
pub trait Vector: Codes {
    /// Numbers in it.
    const LANES: usize;
    /// Whether [`Vector::mul_add`] is one instruction.
    const FMA: bool;
    /// Rows of a product's tile two registers wide that the machine keeps without memory's help.
    const ROWS: usize;

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

/// A register by the names of its instructions.
#[cfg(target_arch = "x86_64")]
macro_rules! register {
    ($register:ident, $lanes:literal, $rows:literal, $load:ident, $store:ident, $splat:ident, $mul_add:ident) => {
        impl Vector for std::arch::x86_64::$register {
            const LANES: usize = $lanes;
            const FMA: bool = true;
            const ROWS: usize = $rows;

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
                // SAFETY: only `dispatch` picks this register, on a machine that has it
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
register!(__m512, 16, 12, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_set1_ps, _mm512_fmadd_ps);
#[cfg(target_arch = "x86_64")]
register!(__m256, 8, 6, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_set1_ps, _mm256_fmadd_ps);

/// What the compiler makes registers of on other machines.
impl Vector for [f32; 8] {
    const LANES: usize = 8;
    const FMA: bool = cfg!(target_arch = "aarch64");
    const ROWS: usize = 6;

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
        std::array::from_fn(|lane| fma::<{ Self::FMA }>(self[lane], factor[lane], addend[lane]))
    }
}

/// Two of a browser's registers. Of arrays its compiler makes none where it is to write little.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
impl Vector for [std::arch::wasm32::v128; 2] {
    const LANES: usize = 8;
    const FMA: bool = false;
    const ROWS: usize = 3;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: as the caller promises; the instruction needs no alignment
        unsafe { [std::arch::wasm32::v128_load(from.cast()), std::arch::wasm32::v128_load(from.add(4).cast())] }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as for `load`
        unsafe {
            std::arch::wasm32::v128_store(to.cast(), self[0]);
            std::arch::wasm32::v128_store(to.add(4).cast(), self[1]);
        }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        [std::arch::wasm32::f32x4_splat(value); 2]
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        use std::arch::wasm32::{f32x4_add, f32x4_mul};
        let ([a, b], [c, d], [e, f]) = (self, factor, addend);
        [f32x4_add(f32x4_mul(a, c), e), f32x4_add(f32x4_mul(b, d), f)]
    }
}
