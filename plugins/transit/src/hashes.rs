//! Names of hash functions.

use sdk::crypto::Hash;

/// The hash of that name.
pub(crate) fn parse(name: &str) -> Option<Hash> {
    Some(match name {
        "sha1" => Hash::Sha1,
        "sha2-224" => Hash::Sha2_224,
        "sha2-256" => Hash::Sha2_256,
        "sha2-384" => Hash::Sha2_384,
        "sha2-512" => Hash::Sha2_512,
        "sha3-224" => Hash::Sha3_224,
        "sha3-256" => Hash::Sha3_256,
        "sha3-384" => Hash::Sha3_384,
        "sha3-512" => Hash::Sha3_512,
        _ => return None,
    })
}

/// Two structs of fields for two patterns: in the second the algorithm stands at the end of the path.
macro_rules! with_algorithm_in_path {
    ($plain:ident, $at:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(sdk::Fields)]
        pub(crate) struct $plain {
            $($(#[$attribute])* $field: $type,)*
        }

        #[derive(sdk::Fields)]
        pub(crate) struct $at {
            /// Hash algorithm; goes before those in the body.
            #[field(path)]
            urlalgorithm: String,
            $($(#[$attribute])* $field: $type,)*
        }

        impl $at {
            fn into_parts(self) -> (String, $plain) {
                (self.urlalgorithm, $plain { $($field: self.$field,)* })
            }
        }
    };
}

pub(crate) use with_algorithm_in_path;
