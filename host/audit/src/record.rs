//! What the broker is told. Everything is borrowed: where no device is configured, a record costs
//! nothing.

use base::{Json, Map, NamespaceId, Timestamp};
use core::net::SocketAddr;
use core::time::Duration;

/// A request, before anything is done.
#[derive(Clone, Copy, Debug)]
pub struct RequestRecord<'a> {
    /// When it is recorded.
    pub time: Timestamp,
    /// Who asks; none where the token is missing or unknown, or the route needs none.
    pub auth: Option<&'a AuthRecord<'a>>,
    /// What is asked.
    pub request: &'a RequestPart<'a>,
    /// Why it will be refused.
    pub error: Option<&'a str>,
}

/// The answer to a request, also to one that was refused.
#[derive(Clone, Copy, Debug)]
pub struct ResponseRecord<'a> {
    /// When it is recorded.
    pub time: Timestamp,
    /// Who asked; after a login the one who came in.
    pub auth: Option<&'a AuthRecord<'a>>,
    /// What was asked.
    pub request: &'a RequestPart<'a>,
    /// What is answered.
    pub response: &'a ResponsePart<'a>,
    /// Why it was refused.
    pub error: Option<&'a str>,
}

/// A token and what it may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuthRecord<'a> {
    /// The token. Written as a hash.
    pub client_token: &'a str,
    /// Its accessor. Written as a hash, unless the device is told otherwise.
    pub accessor: &'a str,
    /// For people.
    pub display_name: &'a str,
    /// All its policies.
    pub policies: &'a [String],
    /// Those of the token itself.
    pub token_policies: &'a [String],
    /// Those of its entity.
    pub identity_policies: &'a [String],
    /// It was made without the policy `default`.
    pub no_default_policy: bool,
    /// Whether the policies allow what is asked, and which of them; none where they were not asked.
    pub policy_results: Option<(bool, &'a [GrantRecord<'a>])>,
    /// What the login said of it.
    pub metadata: &'a [(String, String)],
    /// How often it may still be used; none for as often as one likes.
    pub remaining_uses: Option<u32>,
    /// The entity.
    pub entity_id: &'a str,
    /// `service` or `batch`.
    pub token_type: &'a str,
    /// How long it lives; zero for ever.
    pub token_ttl: Duration,
    /// When it was made.
    pub token_issue_time: Option<Timestamp>,
}

/// A policy that granted something.
#[derive(Clone, Copy, Debug)]
pub struct GrantRecord<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it was written.
    pub namespace: NamespaceId,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct MountRecord<'a> {
    /// The mount's path with a slash at its end.
    pub point: &'a str,
    /// The kind of engine.
    pub kind: &'a str,
    /// The mount's accessor.
    pub accessor: &'a str,
    /// The version of the component that runs.
    pub running_version: &'a str,
    /// Its SHA-256, in hexadecimal.
    pub running_sha256: &'a str,
    /// `secret` or `auth`.
    pub class: &'a str,
    /// Names in requests' data whose values are written as they are.
    pub clear_request_keys: &'a [String],
    /// Names in answers' data whose values are written as they are.
    pub clear_response_keys: &'a [String],
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct RequestPart<'a> {
    /// The request's UUID.
    pub id: &'a str,
    /// Who is billed for it.
    pub client_id: &'a str,
    /// `read`, `create`, `update`, `patch`, `delete`, `list`, `scan` or `help`.
    pub operation: &'a str,
    /// Where it goes; none where nothing is mounted there.
    pub mount: Option<MountRecord<'a>>,
    /// The token as it was sent, known or not. Written as a hash.
    pub client_token: &'a str,
    /// The accessor of a token that is known.
    pub client_token_accessor: &'a str,
    /// The namespace.
    pub namespace: NamespaceId,
    /// The namespace's path; empty for the root namespace.
    pub namespace_path: &'a str,
    /// The path below the namespace.
    pub path: &'a str,
    /// The body or the query. Strings are written as hashes.
    pub data: Option<&'a Map>,
    /// The other end.
    pub remote: Option<SocketAddr>,
    /// The secondary through which it came; empty for none.
    pub forwarded_from: &'a str,
    /// How long the answer is to stay wrapped.
    pub wrap_ttl: Option<Duration>,
    /// All headers, names in lowercase; only those configured are written.
    pub headers: &'a [(String, String)],
}

/// What is answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResponsePart<'a> {
    /// A token that is handed out.
    pub auth: Option<&'a AuthRecord<'a>>,
    /// The lease of a secret that is handed out.
    pub lease_id: &'a str,
    /// The data. Strings are written as hashes.
    pub data: Option<&'a Json>,
    /// Warnings, as the caller sees them.
    pub warnings: &'a [String],
    /// The token that stands for the answer.
    pub wrap: Option<&'a WrapRecord<'a>>,
}

/// A wrapping token.
#[derive(Clone, Copy, Debug)]
pub struct WrapRecord<'a> {
    /// The token. Written as a hash.
    pub token: &'a str,
    /// Its accessor.
    pub accessor: &'a str,
    /// How long it lives.
    pub ttl: Duration,
    /// When it was made.
    pub creation_time: &'a str,
    /// What was asked.
    pub creation_path: &'a str,
    /// The accessor of the token inside.
    pub wrapped_accessor: &'a str,
}
