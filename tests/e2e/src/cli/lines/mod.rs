//! The command lines that are compared.

mod anywhere;
mod kv;
mod mounts;
mod operator;
mod requests;
mod tokens;
mod usage;
mod wider;

use super::Script;

/// Run against either kind of server.
pub const EVERYWHERE: &[Script] = &[
    anywhere::READ_AND_WRITE,
    anywhere::LISTS,
    kv::VERSIONED,
    kv::METADATA,
    kv::UNVERSIONED,
    mounts::SECRETS,
    mounts::AUTH,
    mounts::POLICIES,
    mounts::AUDIT,
    operator::STATUS,
    operator::SEAL,
    requests::PRINTED,
    requests::SENT,
    tokens::TOKENS,
    tokens::LOGIN,
    tokens::SECOND_FACTOR,
    wider::NAMESPACES,
    wider::LOGIN,
    wider::LEASES,
    wider::WRAPPING,
    usage::MISTAKES,
];

/// Run against OpenBao's server only: what it has built in is not what ours has, and it is a cluster.
pub const WIDER: &[Script] = &[wider::KEYS, wider::PLUGINS, wider::CLUSTER];
