//! The sum that a record holds.

use aws_lc_rs::digest::{Context, SHA256};
use locality::PhysicalKey;

const DOMAIN: &[u8] = b"casemate digest leaf 1\0";

/// A number below 2^256, the low limb first; arithmetic is modulo 2^256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum([u64; 4]);

impl Sum {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.rchunks_exact(8)) {
            *limb = u64::from_be_bytes(chunk.try_into().unwrap_or_default());
        }
        Self(limbs)
    }

    fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.rchunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_be_bytes());
        }
        bytes
    }

    fn plus(self, other: Self) -> Self {
        let mut carry = false;
        let mut limbs = self.0;
        for (limb, more) in limbs.iter_mut().zip(other.0) {
            let (partial, first) = limb.overflowing_add(more);
            let (total, second) = partial.overflowing_add(u64::from(carry));
            *limb = total;
            carry = first || second;
        }
        Self(limbs)
    }

    fn negated(self) -> Self {
        Self(self.0.map(|limb| !limb)).plus(Self([1, 0, 0, 0]))
    }
}

/// What is known of a set of entries: the sum of their leaves, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    sum: Sum,
    count: u64,
}

impl Record {
    /// Bytes of a stored record.
    pub const BYTES: usize = 40;

    /// The record of one entry.
    pub fn of(key: &PhysicalKey, value: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        context.update(&(key.as_bytes().len() as u64).to_be_bytes());
        context.update(key.as_bytes());
        context.update(value);
        let leaf = context.finish();
        Self {
            sum: Sum::from_bytes(leaf.as_ref().try_into().unwrap_or_default()),
            count: 1,
        }
    }

    /// How many entries there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// As stored, and as clusters compare it.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let parts = self
            .sum
            .to_bytes()
            .into_iter()
            .chain(self.count.to_be_bytes());
        for (byte, part) in bytes.iter_mut().zip(parts) {
            *byte = part;
        }
        bytes
    }

    /// Reads [`to_bytes`](Self::to_bytes); None for bytes that it cannot have given.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sum, count) = bytes.split_first_chunk::<32>()?;
        let count = u64::from_be_bytes(count.try_into().ok()?);
        let sum = Sum::from_bytes(*sum);
        (count > 0 || sum == Sum::default()).then_some(Self { sum, count })
    }

    /// Reads [`to_bytes`](Self::to_bytes) of a difference, which may be of less than no entries.
    pub fn difference_from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (sum, count) = bytes.split_at(32);
        Self {
            sum: Sum::from_bytes(sum.try_into().unwrap_or_default()),
            count: u64::from_be_bytes(count.try_into().unwrap_or_default()),
        }
    }

    /// Both sets together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            sum: self.sum.plus(other.sum),
            count: self.count.wrapping_add(other.count),
        }
    }

    /// This set without the entries of `other`. Wraps where they were not all in it, so that
    /// differences can be added up before they are applied.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            sum: self.sum.plus(other.sum.negated()),
            count: self.count.wrapping_sub(other.count),
        }
    }

    /// The set after `difference`, which came out of [`plus`](Self::plus) and
    /// [`minus`](Self::minus). None where that cannot be: less than no entries, or none that add up
    /// to something.
    pub(crate) fn after(self, difference: Self) -> Option<Self> {
        let grown = i128::from(self.count) + i128::from(difference.count.cast_signed());
        let result = self.plus(difference);
        let possible =
            grown == i128::from(result.count) && (result.count > 0 || result.sum == Sum::default());
        possible.then_some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sum_and_its_negative_cancel(bytes: [u8; 32], more: [u8; 32]) {
            let (a, b) = (Sum::from_bytes(bytes), Sum::from_bytes(more));
            prop_assert_eq!(a.to_bytes(), bytes);
            prop_assert_eq!(a.plus(a.negated()), Sum::default());
            prop_assert_eq!(a.plus(b).plus(b.negated()), a);
            prop_assert_eq!(a.plus(b), b.plus(a));
        }
    }

    #[test]
    fn carries_reach_the_top_and_fall_off() {
        let all = Sum([u64::MAX; 4]);
        let one = Sum([1, 0, 0, 0]);
        assert_eq!(all.plus(one), Sum::default());
        assert_eq!(Sum([u64::MAX, 0, 0, 0]).plus(one), Sum([0, 1, 0, 0]));
    }

    #[test]
    fn bytes_that_are_no_record_are_refused() {
        assert_eq!(Record::from_bytes(&[0; 39]), None);
        assert_eq!(Record::from_bytes(&[0; 41]), None);
        let mut sum_of_nothing = [0; 40];
        sum_of_nothing[3] = 1;
        assert_eq!(Record::from_bytes(&sum_of_nothing), None);
        assert_eq!(Record::from_bytes(&[0; 40]), Some(Record::default()));
    }

    #[test]
    fn the_border_between_key_and_value_counts() {
        let key = |path: &str| {
            let (root, mount) = (base::NamespaceId::ROOT, base::MountId::SYSTEM);
            PhysicalKey::new(locality::Class::Local, root, mount, path)
        };
        assert_ne!(Record::of(&key("ab"), b"c"), Record::of(&key("a"), b"bc"));
    }
}
