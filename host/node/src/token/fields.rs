//! What the routes of tokens and roles take.

use crate::native::{NativeField, body, path};
use manifest::FieldKind::{Boolean, Duration, Integer, Name, Text, TextList, TextMap};

const ROLE_NAME: NativeField = NativeField {
    kind: Name,
    ..path("role_name", "The role.")
};

/// Fields of a token to be made, after others. Durations are texts: a negative one is refused by
/// the field's name, as clients know it.
macro_rules! new_token {
    ($($before:expr),*) => {
        &[
            $($before,)*
            body("id", Text, "Id of the token; a random one when not given."),
            body("policies", TextList, "Policies; the caller's when not given."),
            body("meta", TextMap, "Metadata, shown in audit records."),
            body("no_parent", Boolean, "Make an orphan?"),
            body("no_default_policy", Boolean, "Leave out the policy `default`?"),
            body("renewable", Boolean, "May it be renewed? Yes, when not given."),
            body("lease", Text, "Old name of `ttl`."),
            body("ttl", Text, "How long it lives."),
            body("explicit_max_ttl", Text, "It never lives longer."),
            body("period", Text, "Makes a periodic token."),
            body("display_name", Text, "For people."),
            body("num_uses", Integer, "How often it can be used; zero for any number."),
            body("type", Text, "`service` or `batch`."),
            body("entity_alias", Text, "Name of an alias to stand for, where a role allows it."),
        ]
    };
}

/// Of a token.
pub(super) const NEW: &[NativeField] = new_token!();

/// Of a token that is made by a role.
pub(super) const NEW_BY_ROLE: &[NativeField] = new_token!(ROLE_NAME);

/// Which role.
pub(super) const ROLE_AT: &[NativeField] = &[ROLE_NAME];

/// Of a role.
pub(super) const ROLE: &[NativeField] = &[
    ROLE_NAME,
    body(
        "allowed_policies",
        TextList,
        "Policies that its tokens may have, though their makers have them not.",
    ),
    body(
        "allowed_policies_glob",
        TextList,
        "The same, as patterns with `*`.",
    ),
    body(
        "disallowed_policies",
        TextList,
        "Policies that its tokens may not have.",
    ),
    body(
        "disallowed_policies_glob",
        TextList,
        "The same, as patterns with `*`.",
    ),
    body(
        "allowed_entity_aliases",
        TextList,
        "Names or patterns of aliases that its tokens may stand for.",
    ),
    body("orphan", Boolean, "Have its tokens no parent?"),
    body(
        "renewable",
        Boolean,
        "May its tokens be renewed? Yes, when never given.",
    ),
    body(
        "path_suffix",
        Text,
        "Stands at the end of its tokens' path.",
    ),
    body(
        "token_bound_cidrs",
        TextList,
        "Networks that its tokens are bound to.",
    ),
    body(
        "token_strictly_bind_ip",
        Boolean,
        "Are its tokens bound to the address from which they are made?",
    ),
    body(
        "token_explicit_max_ttl",
        Duration,
        "No token of it lives longer.",
    ),
    body("token_period", Duration, "Makes periodic tokens."),
    body(
        "token_num_uses",
        Integer,
        "How often a token of it can be used; zero for any number.",
    ),
    body(
        "token_no_default_policy",
        Boolean,
        "Do its tokens go without the policy `default`?",
    ),
    body(
        "token_type",
        Text,
        "`service`, `batch`, `default-service` or `default-batch`.",
    ),
    body("bound_cidrs", TextList, "Old name of `token_bound_cidrs`."),
    body(
        "explicit_max_ttl",
        Duration,
        "Old name of `token_explicit_max_ttl`.",
    ),
    body("period", Duration, "Old name of `token_period`."),
];
