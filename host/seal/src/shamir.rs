//! Shamir's secret sharing, one polynomial for each byte. The shares are those of Vault: a value for
//! each byte of the secret, then the coordinate. The single share of "1 of 1" is the secret itself.

use crate::ValidThreshold;
use crate::field::{invert, multiply};
use crate::wrap::{KEY_BYTES, Key};
use base::{Entropy, Secret};

/// One share.
pub type Share = Secret<Vec<u8>>;

/// A share that was submitted, or a set of them, that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// It is shorter than a share of this seal.
    #[error("invalid key: key is shorter than minimum {0} bytes")]
    TooShort(usize),
    /// It is longer than a share of this seal.
    #[error("invalid key: key is longer than maximum {0} bytes")]
    TooLong(usize),
    /// Two different shares claim one coordinate.
    #[error("invalid key: failed to compute combined key: duplicate part detected")]
    Duplicate,
    /// There are not as many as the seal needs.
    #[error("invalid key: failed to compute combined key: too few parts")]
    TooFew,
}

/// How long a share of such a seal is, in bytes.
pub(crate) const fn share_bytes(threshold: ValidThreshold) -> usize {
    if threshold.shares() == 1 {
        KEY_BYTES
    } else {
        KEY_BYTES + 1
    }
}

/// Splits a key.
pub fn split(key: &Key, threshold: ValidThreshold, entropy: &dyn Entropy) -> Vec<Share> {
    if threshold.shares() == 1 {
        return vec![Secret::new(key.expose().to_vec())];
    }
    let degree = usize::from(threshold.threshold()) - 1;
    // For each byte its polynomial, highest power first, without the constant term.
    let mut coefficients = vec![0; KEY_BYTES * degree];
    entropy.fill(&mut coefficients);
    let coefficients = Secret::new(coefficients);
    let coordinates = 1..=threshold.shares();
    let shares = coordinates.map(|x| {
        let mut share = Vec::with_capacity(KEY_BYTES + 1);
        let polynomials = coefficients.expose().chunks_exact(degree);
        for (constant, polynomial) in key.expose().iter().zip(polynomials) {
            let sum = polynomial.iter().fold(0, |sum, c| multiply(sum ^ c, x));
            share.push(sum ^ constant);
        }
        share.push(x);
        Secret::new(share)
    });
    shares.collect()
}

/// Puts a key together. Any set of the right form makes some key: whether it is the right one shows
/// when it unwraps something.
///
/// # Errors
/// [`ShareError`] for shares of the wrong length, too few of them, or two with one coordinate.
pub fn combine(shares: &[Share], threshold: ValidThreshold) -> Result<Key, ShareError> {
    let shares = shares
        .get(..usize::from(threshold.threshold()))
        .ok_or(ShareError::TooFew)?;
    for share in shares {
        check_length(share, threshold)?;
    }
    let points: Vec<(u8, &[u8])> = if threshold.shares() == 1 {
        // The constant polynomial: its value anywhere is the key.
        shares
            .iter()
            .map(|share| (1, share.expose().as_slice()))
            .collect()
    } else {
        let split = shares
            .iter()
            .filter_map(|share| share.expose().split_last());
        split.map(|(x, values)| (*x, values)).collect()
    };
    let mut key = [0; KEY_BYTES];
    for (i, (x, values)) in points.iter().enumerate() {
        let mut weight = 1;
        for (j, (other, _)) in points.iter().enumerate() {
            if i != j {
                if x == other {
                    return Err(ShareError::Duplicate);
                }
                weight = multiply(weight, multiply(*other, invert(x ^ other)));
            }
        }
        for (byte, value) in key.iter_mut().zip(values.iter()) {
            *byte ^= multiply(*value, weight);
        }
    }
    Ok(Secret::new(key))
}

pub(crate) fn check_length(share: &Share, threshold: ValidThreshold) -> Result<(), ShareError> {
    let expected = share_bytes(threshold);
    match share.expose().len() {
        length if length < expected => Err(ShareError::TooShort(expected)),
        length if length > expected => Err(ShareError::TooLong(expected)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Lcg;
    use proptest::prelude::*;

    fn threshold(shares: i64, threshold: i64) -> ValidThreshold {
        ValidThreshold::new(shares, threshold).unwrap()
    }

    fn hex(text: &str) -> Share {
        let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).unwrap();
        Secret::new((0..text.len()).step_by(2).map(byte).collect())
    }

    fn copy(share: &Share) -> Share {
        Secret::new(share.expose().clone())
    }

    /// Shares that a real server gave out, 3 of 5: every three of them make one and the same key.
    #[test]
    fn combines_shares_of_a_real_server() {
        let shares = [
            "e0999a69c3f8c5bf4e3531fa2886b2ca2f412e16b6a6bf5b873afa87b4b5bcd32b",
            "6d87187761baa2c031bffea524df2040ca14641ef93a00a61b24d4a88e9bc8bb9b",
            "7e35c84ba1e5e8a6725636fc61f0349a293aaf657aba084f67207e0aed44d70b04",
            "904319c6c39c196a44bda88bfd0e43e077764ad6a62d8208cd846f9ee47e02a653",
            "68c3442793bff674c9435049312f68ea0c3906e9d4202d0ed62f695e93cd695aa2",
        ]
        .map(hex);
        let mut keys = Vec::new();
        for a in 0..5 {
            for b in (0..5).filter(|b| *b != a) {
                for c in (0..5).filter(|c| *c != a && *c != b) {
                    let three = [a, b, c].map(|i| copy(&shares[i]));
                    let key = combine(&three, threshold(5, 3)).unwrap();
                    keys.push(*key.expose());
                }
            }
        }
        assert_eq!(keys.len(), 60);
        keys.dedup();
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn every_threshold_up_to_ten() {
        let entropy = Lcg::new(7);
        for shares in 1..=10 {
            for needed in 1..=shares {
                let Ok(threshold) = ValidThreshold::new(shares, needed) else {
                    assert_eq!(needed, 1);
                    continue;
                };
                let mut key = [0; KEY_BYTES];
                entropy.fill(&mut key);
                let made = split(&Secret::new(key), threshold, &entropy);
                assert_eq!(made.len(), usize::try_from(shares).unwrap());
                check_subsets(&made, threshold, &key);
            }
        }
    }

    /// Every subset of the right size gives the key; none that is one smaller does.
    fn check_subsets(made: &[Share], threshold: ValidThreshold, key: &[u8; KEY_BYTES]) {
        for mask in 0_u32..1 << made.len() {
            let chosen = (0..made.len()).filter(|i| mask >> i & 1 == 1);
            let chosen: Vec<Share> = chosen.map(|i| copy(&made[i])).collect();
            let needed = u32::from(threshold.threshold());
            if mask.count_ones() == needed {
                let combined = combine(&chosen, threshold).unwrap();
                assert_eq!(combined.expose(), key);
            } else if mask.count_ones() < needed {
                assert_eq!(combine(&chosen, threshold).unwrap_err(), ShareError::TooFew);
            }
            if mask.count_ones() + 1 == needed && needed > 2 {
                let fewer = ValidThreshold::new(threshold.shares().into(), i64::from(needed) - 1);
                let combined = combine(&chosen, fewer.unwrap()).unwrap();
                assert_ne!(combined.expose(), key);
            }
        }
    }

    #[test]
    fn the_largest_seal() {
        let entropy = Lcg::new(3);
        let all = threshold(255, 255);
        let made = split(&Secret::new([9; KEY_BYTES]), all, &entropy);
        assert_eq!(combine(&made, all).unwrap().expose(), &[9; KEY_BYTES]);
    }

    #[test]
    fn one_of_one_is_the_key() {
        let made = split(&Secret::new([5; KEY_BYTES]), threshold(1, 1), &Lcg::new(1));
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].expose(), &vec![5; KEY_BYTES]);
    }

    #[test]
    fn one_coordinate_twice_is_refused() {
        let two = [
            hex(&"11".repeat(33)),
            hex(&format!("{}11", "22".repeat(32))),
        ];
        assert_eq!(
            combine(&two, threshold(3, 2)).unwrap_err(),
            ShareError::Duplicate
        );
    }

    proptest! {
        #[test]
        fn splits_and_combines(
            key in any::<[u8; KEY_BYTES]>(), seed: u64, shares in 2_i64..=40, needed in 2_i64..=40, skip in 0_usize..40,
        ) {
            prop_assume!(needed <= shares);
            let threshold = threshold(shares, needed);
            let mut made = split(&Secret::new(key), threshold, &Lcg::new(seed));
            let turn = skip % made.len();
            made.rotate_left(turn);
            let combined = combine(&made, threshold).unwrap();
            prop_assert_eq!(combined.expose(), &key);
        }

        #[test]
        fn never_panics(
            shares in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
        ) {
            let shares: Vec<Share> = shares.into_iter().map(Secret::new).collect();
            let _ = combine(&shares, threshold(5, 3));
            let _ = combine(&shares, threshold(1, 1));
        }
    }
}
