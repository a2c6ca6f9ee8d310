//! Logins of machines: a role's id says which role, a secret id that the machine may have it.
//!
//! ```text
//!  lib ─ routes ─▶ roles      what a role is; parts: one setting of it at a time
//!             ├──▶ secret_ids  made, looked up, destroyed
//!             ├──▶ login      who it is; and whether a token may live on
//!             └──▶ tidy       what has ended, out of storage
//!                     └─▶ role, secret_id, shelf   records, and where they lie
//! ```
//!
//! A role can keep its secret ids local: they lie below prefixes that never leave the cluster.
//! What it must never do: store a secret id. Only its HMAC under a key of the host's is kept.

mod login;
mod metadata;
mod networks;
mod parts;
mod role;
mod roles;
mod secret_id;
mod secret_ids;
mod shelf;
mod tidy;

use sdk::Locality::{Local, Replicated};
use sdk::Method;

/// The method.
pub const fn method() -> Method {
    let method = Method::new(
        "approle",
        env!("CARGO_PKG_VERSION"),
        "Logs machines in by a role and a secret id.",
    )
    .keeps(role::ROLES, Replicated)
    .keeps(role::ROLE_IDS, Replicated)
    .keeps(role::GENERATIONS, Replicated)
    .keeps(shelf::REPLICATED.keys, Replicated)
    .keeps(shelf::REPLICATED.secret_ids, Replicated)
    .keeps(shelf::REPLICATED.accessors, Replicated)
    .keeps(shelf::REPLICATED.ends, Replicated)
    .keeps(shelf::LOCAL.keys, Local)
    .keeps(shelf::LOCAL.secret_ids, Local)
    .keeps(shelf::LOCAL.accessors, Local)
    .keeps(shelf::LOCAL.ends, Local)
    .keeps(tidy::REQUEST, Local)
    .login("login", "Logs in.", login::identify, login::login)
    .update(
        "resolve-role",
        "Tells which role an id is of.",
        login::resolve_role,
    )
    .renews(login::renew)
    .update(
        "tidy/secret-id",
        "Removes what is left of secret ids that have ended.",
        tidy::request,
    )
    .on_tick(tidy::tick);
    with_parts(with_token_parts(with_secret_ids(with_roles(method))))
}

const fn with_roles(method: Method) -> Method {
    method
        .list("role", "Lists the roles.", roles::list)
        .read("role/{role_name}", "Reads a role.", roles::read)
        .update("role/{role_name}", "Makes or changes a role.", roles::write)
        .exists(roles::exists)
        .describe(
            "A role needs at least one constraint: secret ids (bind_secret_id), or networks to log in from.",
        )
        .delete("role/{role_name}", "Removes a role and its secret ids.", roles::delete)
        .read("role/{role_name}/role-id", "Reads the id of a role.", roles::read_role_id)
        .update("role/{role_name}/role-id", "Changes the id of a role.", roles::write_role_id)
        .read(
            "role/{role_name}/local-secret-ids",
            "Reads whether secret ids stay in the cluster that made them.",
            parts::read_local,
        )
}

const fn with_secret_ids(method: Method) -> Method {
    const DESTROY: &str = "role/{role_name}/secret-id/destroy";
    const DESTROY_BY_ACCESSOR: &str = "role/{role_name}/secret-id-accessor/destroy";
    method
        .list(
            "role/{role_name}/secret-id",
            "Lists the accessors of a role's secret ids.",
            secret_ids::list,
        )
        .update(
            "role/{role_name}/secret-id",
            "Makes a secret id.",
            secret_ids::make,
        )
        .update(
            "role/{role_name}/custom-secret-id",
            "Takes a secret id that was made elsewhere.",
            secret_ids::make_custom,
        )
        .update(
            "role/{role_name}/secret-id/lookup",
            "Reads what there is to know of a secret id.",
            secret_ids::look_up,
        )
        .update(DESTROY, "Destroys a secret id.", secret_ids::destroy)
        .delete(DESTROY, "Destroys a secret id.", secret_ids::destroy)
        .update(
            "role/{role_name}/secret-id-accessor/lookup",
            "Reads what there is to know of a secret id, by its accessor.",
            secret_ids::look_up_by_accessor,
        )
        .update(
            DESTROY_BY_ACCESSOR,
            "Destroys a secret id, by its accessor.",
            secret_ids::destroy_by_accessor,
        )
        .delete(
            DESTROY_BY_ACCESSOR,
            "Destroys a secret id, by its accessor.",
            secret_ids::destroy_by_accessor,
        )
}

macro_rules! part {
    ($method:ident, $name:literal, $what:literal, $part:ident) => {
        $method
            .read(
                concat!("role/{role_name}/", $name),
                concat!("Reads ", $what, "."),
                parts::$part::read,
            )
            .update(
                concat!("role/{role_name}/", $name),
                concat!("Changes ", $what, "."),
                parts::$part::write,
            )
            .delete(
                concat!("role/{role_name}/", $name),
                concat!("Sets back ", $what, "."),
                parts::$part::delete,
            )
    };
}

const fn with_token_parts(method: Method) -> Method {
    let method = part!(
        method,
        "policies",
        "the policies of a role's tokens",
        policies
    );
    let method = part!(method, "period", "the period of a role's tokens", period);
    let method = part!(
        method,
        "token-ttl",
        "how long a role's tokens live at first",
        token_ttl
    );
    let method = part!(
        method,
        "token-max-ttl",
        "how long a role's tokens live at most",
        token_max_ttl
    );
    let method = part!(
        method,
        "token-num-uses",
        "how often a role's tokens can be used",
        token_num_uses
    );
    part!(
        method,
        "token-bound-cidrs",
        "the networks that a role's tokens are good from",
        token_bound_cidrs
    )
}

const fn with_parts(method: Method) -> Method {
    let method = part!(
        method,
        "bind-secret-id",
        "whether a login needs a secret id",
        bind_secret_id
    );
    let method = part!(
        method,
        "bound-cidr-list",
        "the networks to log in from, by an older name",
        bound_cidr_list
    );
    let method = part!(
        method,
        "secret-id-bound-cidrs",
        "the networks to log in from",
        secret_id_bound_cidrs
    );
    let method = part!(
        method,
        "secret-id-num-uses",
        "how often a secret id can be used",
        secret_id_num_uses
    );
    part!(
        method,
        "secret-id-ttl",
        "how long a secret id lives",
        secret_id_ttl
    )
}

sdk::export_method!(method);
