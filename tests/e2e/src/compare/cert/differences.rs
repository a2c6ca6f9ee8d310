//! Where certificates are meant to be treated otherwise.

use crate::compare::Difference;

macro_rules! differences {
    ($($name:ident: $title:literal, $reason:literal;)*) => {
        $(#[doc = $reason] pub const $name: Difference = Difference { name: $title, reason: $reason };)*
        /// All of them.
        pub const ALL: &[&Difference] = &[$(&$name),*];
    };
}

differences! {
    OCSP: "OCSP in certificate logins",
        "It is not supported; what asks for it is refused.";
    MALFORMED_LISTS: "words for malformed revocation lists",
        "OpenBao tells what its library says; we say the same in our own words.";
    UNREACHABLE_LISTS: "revocation lists that cannot be fetched",
        "OpenBao answers 500; the caller can mend the URL, so we answer 400.";
    REQUIRED_EXTENSIONS: "required_extensions that can never be met",
        "OpenBao takes texts that are no requirement, and then lets nobody in; we refuse them.";
}
