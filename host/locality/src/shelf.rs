//! Where entries lie that nobody is to read as what they are. Pure.
//!
//! ```text
//!  R · namespace · mount · path  ─▶  I · root · system · core/coming/ · hex(first 17 bytes) path
//! ```

use crate::{Class, PhysicalKey};
use base::{MountId, NamespaceId};

/// A shelf: entries lie on it as they are, sealed, under keys made of their own ones and in the same
/// order. A shelf is ignored, so that nothing on it travels, and a value that is sealed for one key
/// opens under no other, so that nothing on it can be read before it is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// What came from a primary, until all of it is here.
    Coming,
    /// What gave way to what another primary has.
    Aside,
}

impl Shelf {
    /// What the keys of all entries on it begin with.
    pub fn all(self) -> PhysicalKey {
        self.at("")
    }

    /// All keys on it are from the first of these on, and before the second.
    pub fn range(self) -> (Vec<u8>, Vec<u8>) {
        let from = self.all().as_bytes().to_vec();
        let mut to = from.clone();
        // Ends with a slash: the next byte there is comes after all that begin with it.
        if let Some(last) = to.last_mut() {
            *last += 1;
        }
        (from, to)
    }

    /// The key under which the entry that belongs at `key` lies here.
    pub fn key_of(self, key: &PhysicalKey) -> PhysicalKey {
        let (head, _) = split(key.as_bytes());
        self.at(&format!("{}{}", hex(head), key.path()))
    }

    /// As [`key_of`](Self::key_of), of the bytes that a range of keys begins or ends with.
    pub fn bound(self, bytes: &[u8]) -> Vec<u8> {
        let (head, rest) = split(bytes);
        [self.all().as_bytes(), hex(head).as_bytes(), rest].concat()
    }

    /// Where the entry that lies here under `stored` belongs; None for a key that
    /// [`key_of`](Self::key_of) cannot have given.
    pub fn own_key(self, stored: &[u8]) -> Option<PhysicalKey> {
        let below = stored.strip_prefix(self.all().as_bytes())?;
        let (digits, path) = below.split_at_checked(2 * PhysicalKey::HEAD_BYTES)?;
        let digits = core::str::from_utf8(digits).ok()?;
        let mut bytes = Vec::with_capacity(PhysicalKey::HEAD_BYTES + path.len());
        for place in (0..digits.len()).step_by(2) {
            let byte = u8::from_str_radix(digits.get(place..place + 2)?, 16);
            bytes.push(byte.ok()?);
        }
        bytes.extend_from_slice(path);
        let key = PhysicalKey::from_bytes(&bytes).ok()?;
        (self.key_of(&key).as_bytes() == stored).then_some(key)
    }

    fn at(self, path: &str) -> PhysicalKey {
        let shelf = match self {
            Self::Coming => "core/coming/",
            Self::Aside => "core/aside/",
        };
        let path = format!("{shelf}{path}");
        PhysicalKey::new(Class::Ignored, NamespaceId::ROOT, MountId::SYSTEM, &path)
    }
}

/// What may be no text, and the rest.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.len().min(PhysicalKey::HEAD_BYTES))
}

fn hex(bytes: &[u8]) -> String {
    use core::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(class: usize, namespace: u64, mount: u64, path: &str) -> PhysicalKey {
        let class = Class::ALL[class % Class::ALL.len()];
        let (namespace, mount) = (NamespaceId::new(namespace), MountId::new(mount));
        PhysicalKey::new(class, namespace, mount, path)
    }

    proptest! {
        #[test]
        fn what_lies_on_it_comes_back_to_its_place(
            class: usize, namespace: u64, mount: u64, path: String,
        ) {
            let own = key(class, namespace, mount, &path);
            let stored = Shelf::Coming.key_of(&own);
            prop_assert_eq!(stored.class(), Class::Ignored);
            let (from, to) = Shelf::Coming.range();
            prop_assert!(stored.as_bytes() >= &from[..] && stored.as_bytes() < &to[..]);
            prop_assert_eq!(Shelf::Coming.own_key(stored.as_bytes()), Some(own));
        }

        #[test]
        fn it_keeps_the_order(
            one: (usize, u8, u8, String), other: (usize, u8, u8, String), length in 0_usize..30,
        ) {
            let make = |(class, namespace, mount, path): (usize, u8, u8, String)| {
                key(class, namespace.into(), mount.into(), &path)
            };
            let (one, other) = (make(one), make(other));
            let order = one.as_bytes().cmp(other.as_bytes());
            let there = Shelf::Coming.key_of(&one).cmp(&Shelf::Coming.key_of(&other));
            prop_assert_eq!(order, there);
            let cut = &one.as_bytes()[..length.min(one.as_bytes().len())];
            let order = cut.cmp(other.as_bytes());
            let bound = Shelf::Coming.bound(cut);
            prop_assert_eq!(order, bound[..].cmp(Shelf::Coming.key_of(&other).as_bytes()));
        }
    }

    #[test]
    fn other_keys_belong_nowhere() {
        let check = |path: &str| {
            let key = PhysicalKey::new(Class::Ignored, NamespaceId::ROOT, MountId::SYSTEM, path);
            assert_eq!(Shelf::Coming.own_key(key.as_bytes()), None, "{path}");
        };
        check("core/coming/");
        check("core/coming/52");
        check("core/keyring");
        check(&format!("core/coming/{}x", "+1".repeat(17)));
        check(&format!("core/coming/{}x", "5G".repeat(17)));
        // Of no class.
        check(&format!("core/coming/{}x", "00".repeat(17)));
        check(&format!("core/coming/{}x", "4C".repeat(17)));
    }
}
