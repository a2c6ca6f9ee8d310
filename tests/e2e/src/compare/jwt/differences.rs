//! Where signed tokens are meant to be treated otherwise.

use crate::compare::Difference;

macro_rules! differences {
    ($($name:ident: $title:literal, $reason:literal;)*) => {
        $(#[doc = $reason] pub const $name: Difference = Difference { name: $title, reason: $reason };)*
        /// All of them.
        pub const ALL: &[&Difference] = &[$(&$name),*];
    };
}

differences! {
    MALFORMED_TOKENS: "words for malformed tokens",
        "OpenBao tells what its libraries say; we say the same in our own words.";
    TEMPLATES: "token_policies_template_claims",
        "Policies that take claims are not supported, and refused.";
    GSUITE: "providers with an interface of their own",
        "Kubernetes and Google Workspace are asked for groups in their own ways, which we do not have.";
    LOGIN_FAILED: "words for a browser's login that failed",
        "We say it as Vault does.";
    PROVIDERS: "words for providers that give nothing",
        "OpenBao tells what its libraries say of a connection; we say the same in our own words.";
    NO_SETS: "answers that are no key set",
        "OpenBao takes any JSON as a set without keys; we refuse it when it is configured.";
    PROVIDERS_AWAY: "logins while the provider is away",
        "OpenBao answers 400 as to a token that is wrong; we answer 503, for it may be right.";
    WRONG_PROGRAMS: "programs that are wrong",
        "OpenBao checks types too and answers 500; we check names and answer 400.";
    PROGRAMS_THAT_FAIL: "words for programs that fail",
        "The libraries differ, and so do their words.";
    PROGRAMS_THAT_ARE_GONE: "renewals after a program is gone",
        "A token of a role that was removed is not renewed, as with all other roles.";
    GRANTS_THAT_ARE_NONE: "grants that are none",
        "OpenBao takes negative numbers and unknown types, and gives 500 for an alias without a name.";
}
