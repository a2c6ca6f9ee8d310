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
id!(
    MountId,
    SYSTEM,
    "A mount.",
    "The host's own entries of a namespace."
);
