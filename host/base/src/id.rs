//! Fixed-width ids, part of every stored key.

use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($name:ident, $reserved:ident, $what:literal, $reserved_what:literal) => {
        #[doc = $what]
        ///
        /// Drawn at random, so that clusters which later meet do not give one id to two things.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            #[doc = $reserved_what]
            pub const $reserved: Self = Self(0);

            /// The id with this number.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Big-endian, so that ids sort as numbers.
            pub const fn to_bytes(self) -> [u8; 8] {
                self.0.to_be_bytes()
            }

            /// Reads [`to_bytes`](Self::to_bytes).
            pub const fn from_bytes(bytes: [u8; 8]) -> Self {
                Self(u64::from_be_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }
    };
}

id!(NamespaceId, ROOT, "A namespace.", "The root namespace.");
impl NamespaceId {
    /// Hexadecimal digits of a mark.
    const MARK_DIGITS: usize = 16;

    /// `text` with a mark of this namespace, as ids of its tokens, leases and entities have it:
    /// `.` and the id. What is of the root namespace is not marked.
    pub fn mark(self, mut text: String) -> String {
        if self != Self::ROOT {
            use fmt::Write as _;
            let _ = write!(text, ".{self}");
        }
        text
    }

    /// The namespace that the last segment of `text` is marked with; the root for none.
    pub fn marked_on(text: &str) -> Self {
        let segment = text.rsplit('/').next().unwrap_or_default();
        let mark = segment.rsplit_once('.').map(|(_, mark)| mark);
        let digits = mark.filter(|mark| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
            mark.len() == Self::MARK_DIGITS && mark.bytes().all(is_digit)
        });
        let id = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        id.map_or(Self::ROOT, Self)
    }
}

id!(
    MountId,
    SYSTEM,
    "A mount.",
    "The host's own entries of a namespace."
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        let (root, other) = (NamespaceId::ROOT, NamespaceId::new(0xab12));
        assert_eq!(root.mark(String::from("x")), "x");
        let marked = other.mark(String::from("a.b/x"));
        assert_eq!(marked, "a.b/x.000000000000ab12");
        assert_eq!(NamespaceId::marked_on(&marked), other);
        for unmarked in [
            "",
            "x",
            "a.000000000000ab12/x",
            "x.ab12",
            "x.000000000000AB12",
            "x.+00000000000ab12",
            "x.0000000000000ab12",
            "x.000000000000ab12/",
        ] {
            assert_eq!(NamespaceId::marked_on(unmarked), root, "{unmarked}");
        }
    }
}
