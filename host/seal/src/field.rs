//! GF(2⁸) with the polynomial x⁸ + x⁴ + x³ + x + 1. No branch and no table: what an operation takes
//! does not depend on its operands.

/// The low byte of the polynomial.
const REDUCTION: u8 = 0x1b;

pub(crate) const fn multiply(mut a: u8, b: u8) -> u8 {
    let mut product = 0;
    let mut bit = 0;
    while bit < 8 {
        // All ones where the bit is set, so that "add or not" is an AND.
        product ^= a & ((b >> bit) & 1).wrapping_neg();
        a = (a << 1) ^ (REDUCTION & (a >> 7).wrapping_neg());
        bit += 1;
    }
    product
}

/// The number whose product with `a` is 1; 0 for 0. It is a²⁵⁴.
pub(crate) const fn invert(a: u8) -> u8 {
    let mut power = a;
    let mut result = 1;
    let mut step = 0;
    // 254 is 2 + 4 + … + 128.
    while step < 7 {
        power = multiply(power, power);
        result = multiply(result, power);
        step += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_products() {
        // FIPS 197, section 4.2.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        assert_eq!(invert(0x53), 0xca);
    }

    #[test]
    fn is_a_field() {
        for a in 0..=255 {
            assert_eq!(multiply(a, 1), a);
            assert_eq!(multiply(a, 0), 0);
            assert_eq!(multiply(a, invert(a)), u8::from(a != 0));
            for b in 0..=255 {
                assert_eq!(multiply(a, b), multiply(b, a));
                let c = a.wrapping_mul(31) ^ b;
                assert_eq!(multiply(a, b ^ c), multiply(a, b) ^ multiply(a, c));
            }
        }
    }
}
