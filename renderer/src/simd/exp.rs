//! An exponential that vectorises: no branch, no table, no call.

use super::fma;

/// `eˣ` to within 2 units in the last place from −87 to 88; exactly 0 below −88, and `e⁸⁸` above 88.
///
/// Range reduction `x = n ln 2 + f` with `|f| ≤ ½ ln 2`, then a degree-seven polynomial in `f`; adding and taking away
/// `1.5·2²³` rounds to the nearest integer without a conversion, and leaves `n` in the low bits of the sum.
#[inline(always)]
#[must_use]
pub fn exp<const FMA: bool>(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    const LN2_HI: f32 = 0.693_359_4;
    const LN2_LO: f32 = -2.121_944_4e-4;
    // at −88, `n` is −127 and the exponent's bits are those of zero
    let x = x.clamp(-88.0, 88.0);
    let shifted = fma::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let f = fma::<FMA>(n, -LN2_HI, x);
    let f = fma::<FMA>(n, -LN2_LO, f);
    // Taylor coefficients: at |f| ≤ 0.347 the next term is 5e-9
    let mut p = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        p = fma::<FMA>(p, f, coefficient);
    }
    let p = fma::<FMA>(p * f, f, f) + 1.0;
    p * f32::from_bits(shifted.to_bits().wrapping_add(127).wrapping_shl(23))
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn agrees_with_the_standard_library() {
        let mut x = -86.9f32;
        while x <= 88.0 {
            for ours in [exp::<false>(x), exp::<true>(x)] {
                let exact = f64::from(x).exp();
                assert!((f64::from(ours) / exact - 1.0).abs() < 2.4e-7, "exp({x}) = {ours}, not {exact}");
            }
            x += 0.003_7;
        }
    }

    #[test]
    fn ends_are_what_they_should_be() {
        for exp in [exp::<false>, exp::<true>] {
            assert_eq!([exp(-1e30), exp(f32::NEG_INFINITY), exp(-88.0), exp(0.0)], [0.0, 0.0, 0.0, 1.0]);
            assert!(exp(1e30).is_finite() && exp(f32::NAN).is_nan());
        }
    }
}
