//! `sys/`: the server's own endpoints, as one table.

mod audits;
mod capabilities;
mod catalog;
mod leases;
mod mounts;
mod policies;
pub(crate) mod remount;
mod seal;
mod tune;
mod ui;

use crate::native::{Ask, NativeField, NativeRoute, Told, body, path};
use manifest::Access::{Public, Sudo, Token};
use manifest::FieldKind::{Boolean, Bytes, Duration, Json, Object, Text, TextList, TextMap};
use manifest::Operation::{Delete, List, Read, Update};

/// Every handler of `sys/`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sys {
    Seal,
    KeyStatus,
    MountsList(mount::MountKind),
    MountRead(mount::MountKind),
    MountEnable(mount::MountKind),
    MountDisable(mount::MountKind),
    TuneRead,
    Tune,
    TuneAuthRead,
    TuneAuth,
    Remount,
    RemountStatus,
    PolicyList,
    PolicyListLegacy,
    PolicyRead,
    PolicyReadLegacy,
    PolicyWrite,
    PolicyDelete,
    AuditList,
    AuditEnable,
    AuditDisable,
    AuditHash,
    Capabilities,
    CapabilitiesSelf,
    CapabilitiesAccessor,
    UiMounts,
    UiMount,
    CatalogAll,
    CatalogList,
    CatalogRead,
    CatalogRegister,
    CatalogDelete,
    LeaseLookup,
    LeaseRenew,
    LeaseRevoke,
}

use mount::MountKind::{Auth, Secret};

const MOUNT: &[NativeField] = &[
    path("path", "Where to mount."),
    body("type", Text, "Name of the component in the catalog."),
    body("description", Text, "For people."),
    body("config", Object, "Lease times and visibility, as for tune."),
    body("options", TextMap, "Options that the engine reads."),
    body(
        "local",
        Boolean,
        "Keep the mount out of performance replication?",
    ),
    body(
        "seal_wrap",
        Boolean,
        "Wrap all its entries by the seal as well?",
    ),
    body(
        "plugin_name",
        Text,
        "Name of the component, where it is not the type.",
    ),
    body(
        "plugin_version",
        Text,
        "Version of the component; the newest when not given.",
    ),
    body(
        "external_entropy_access",
        Boolean,
        "Accepted and without effect.",
    ),
];
const AT: &[NativeField] = &[path("path", "The mount.")];
const TUNE: &[NativeField] = &[
    path("path", "The mount."),
    body("description", Text, "For people."),
    body(
        "default_lease_ttl",
        Duration,
        "Lease of what asks for none.",
    ),
    body("max_lease_ttl", Duration, "No lease is longer."),
    body("options", TextMap, "Options that the engine reads."),
    body(
        "audit_non_hmac_request_keys",
        TextList,
        "Request fields audited as they are.",
    ),
    body(
        "audit_non_hmac_response_keys",
        TextList,
        "Response fields audited as they are.",
    ),
    body("listing_visibility", Text, "`hidden` or `unauth`."),
    body(
        "passthrough_request_headers",
        TextList,
        "Headers that the engine is shown.",
    ),
    body(
        "allowed_response_headers",
        TextList,
        "Headers that the engine may set.",
    ),
    body("token_type", Text, "Type of the tokens of an auth method."),
    body(
        "plugin_version",
        Text,
        "Version of the component to run from now on.",
    ),
];
const POLICY: &[NativeField] = &[
    path("name", "Name of the policy."),
    body(
        "policy",
        Text,
        "The policy, HCL or JSON, plain or in Base64.",
    ),
    body("rules", Text, "Old name of `policy`."),
];
const NAME: &[NativeField] = &[path("name", "Name of the policy.")];
const AUDIT: &[NativeField] = &[
    path("path", "Where the device is known."),
    body("type", Text, "`file`."),
    body("description", Text, "For people."),
    body("options", TextMap, "Options of the device."),
    body(
        "local",
        Boolean,
        "Keep the device out of performance replication?",
    ),
];
const CAPABILITIES: &[NativeField] = &[
    body("token", Text, "The token."),
    body("accessor", Text, "The token's accessor."),
    body("path", TextList, "Paths to ask about."),
    body("paths", TextList, "Paths to ask about."),
];
const COMPONENT: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
    body(
        "version",
        Text,
        "Version; the component's own when not given.",
    ),
    body("sha256", Text, "Digest that the bytes must have."),
    body("component", Bytes, "The component, in Base64."),
    body("command", Text, "Not used: components are uploaded."),
    body("args", Json, "Not used."),
    body("env", Json, "Not used."),
];
const COMPONENT_AT: &[NativeField] = &[
    path("type", "`secret` or `auth`."),
    path("name", "Name of the component."),
    body("version", Text, "Version; the newest when not given."),
];
const TYPE: &[NativeField] = &[path("type", "`secret` or `auth`.")];
const LEASE: &[NativeField] = &[
    body("lease_id", Text, "The lease."),
    body("increment", Duration, "How long to extend it."),
    body("sync", Boolean, "Wait until it is done?"),
];
const LEASE_AT: &[NativeField] = &[
    path("url_lease_id", "The lease."),
    body("lease_id", Text, "The lease."),
    body("increment", Duration, "How long to extend it."),
    body("sync", Boolean, "Wait until it is done?"),
];
const MIGRATION: &[NativeField] = &[
    body("from", Text, "Where the mount is."),
    body("to", Text, "Where it is to be."),
];
const MIGRATION_ID: &[NativeField] = &[path("migration_id", "As the move gave it.")];

const fn on(
    operation: manifest::Operation,
    at: &'static str,
    access: manifest::Access,
    does: Sys,
    fields: &'static [NativeField],
    summary: &'static str,
) -> NativeRoute<Sys> {
    NativeRoute {
        at,
        operation,
        access,
        does,
        fields,
        summary,
    }
}

/// The table.
#[rustfmt::skip]
pub(crate) const ROUTES: &[NativeRoute<Sys>] = &[
    on(Update, "seal", Sudo, Sys::Seal, &[], "Seals the server."),
    on(Read, "key-status", Token, Sys::KeyStatus, &[], "The term of the encryption key."),

    on(Read, "mounts", Token, Sys::MountsList(Secret), &[], "Lists the secrets engines."),
    on(Read, "mounts/{path..}", Token, Sys::MountRead(Secret), AT, "Reads a secrets engine's entry."),
    on(Update, "mounts/{path..}", Token, Sys::MountEnable(Secret), MOUNT, "Enables a secrets engine."),
    on(Delete, "mounts/{path..}", Token, Sys::MountDisable(Secret), AT, "Disables a secrets engine and removes its data."),
    on(Read, "auth", Token, Sys::MountsList(Auth), &[], "Lists the auth methods."),
    on(Read, "auth/{path..}", Sudo, Sys::MountRead(Auth), AT, "Reads an auth method's entry."),
    on(Update, "auth/{path..}", Sudo, Sys::MountEnable(Auth), MOUNT, "Enables an auth method."),
    on(Delete, "auth/{path..}", Sudo, Sys::MountDisable(Auth), AT, "Disables an auth method and removes its data."),
    on(Read, "tune/mounts/{path..}", Token, Sys::TuneRead, AT, "Reads what was tuned."),
    on(Update, "tune/mounts/{path..}", Token, Sys::Tune, TUNE, "Tunes a mount."),
    on(Read, "tune/auth/{path..}", Sudo, Sys::TuneAuthRead, AT, "Reads what was tuned."),
    on(Update, "tune/auth/{path..}", Sudo, Sys::TuneAuth, TUNE, "Tunes an auth method."),
    on(Update, "remount", Sudo, Sys::Remount, MIGRATION, "Moves a mount."),
    on(Read, "remount/status/{migration_id}", Token, Sys::RemountStatus, MIGRATION_ID, "What came of a move."),

    on(List, "policies/acl", Token, Sys::PolicyList, &[], "Lists the ACL policies."),
    on(Read, "policies/acl/{name}", Token, Sys::PolicyRead, NAME, "Reads an ACL policy."),
    on(Update, "policies/acl/{name}", Token, Sys::PolicyWrite, POLICY, "Writes an ACL policy."),
    on(Delete, "policies/acl/{name}", Token, Sys::PolicyDelete, NAME, "Deletes an ACL policy."),
    on(Read, "policy", Token, Sys::PolicyListLegacy, &[], "Lists the ACL policies."),
    on(List, "policy", Token, Sys::PolicyListLegacy, &[], "Lists the ACL policies."),
    on(Read, "policy/{name}", Token, Sys::PolicyReadLegacy, NAME, "Reads an ACL policy."),
    on(Update, "policy/{name}", Token, Sys::PolicyWrite, POLICY, "Writes an ACL policy."),
    on(Delete, "policy/{name}", Token, Sys::PolicyDelete, NAME, "Deletes an ACL policy."),

    on(Read, "audit", Sudo, Sys::AuditList, &[], "Lists the audit devices."),
    on(Update, "audit/{path..}", Sudo, Sys::AuditEnable, AUDIT, "Enables an audit device."),
    on(Delete, "audit/{path..}", Sudo, Sys::AuditDisable, AT, "Disables an audit device."),
    on(Update, "audit-hash/{path..}", Token, Sys::AuditHash, AUDIT_HASH, "The hash of a text as a device writes it."),

    on(Update, "capabilities", Token, Sys::Capabilities, CAPABILITIES, "What a token may do at paths."),
    on(Update, "capabilities-self", Token, Sys::CapabilitiesSelf, CAPABILITIES, "What the caller may do at paths."),
    on(Update, "capabilities-accessor", Token, Sys::CapabilitiesAccessor, CAPABILITIES, "What a token may do at paths."),
    on(Read, "internal/ui/mounts", Public, Sys::UiMounts, &[], "The mounts that the caller can see."),
    on(Read, "internal/ui/mounts/{path..}", Public, Sys::UiMount, AT, "The mount that serves a path."),

    on(Read, "plugins/catalog", Sudo, Sys::CatalogAll, &[], "All components of the catalog."),
    on(List, "plugins/catalog/{type}", Sudo, Sys::CatalogList, TYPE, "The components of a type."),
    on(Read, "plugins/catalog/{type}/{name}", Sudo, Sys::CatalogRead, COMPONENT_AT, "What is known of a component."),
    on(Update, "plugins/catalog/{type}/{name}", Sudo, Sys::CatalogRegister, COMPONENT, "Registers a component."),
    on(Delete, "plugins/catalog/{type}/{name}", Sudo, Sys::CatalogDelete, COMPONENT_AT, "Removes a component from the catalog."),

    on(Update, "leases/lookup", Token, Sys::LeaseLookup, LEASE, "Looks a lease up."),
    on(Update, "leases/renew", Token, Sys::LeaseRenew, LEASE, "Renews a lease."),
    on(Update, "leases/renew/{url_lease_id..}", Token, Sys::LeaseRenew, LEASE_AT, "Renews a lease."),
    on(Update, "leases/revoke", Token, Sys::LeaseRevoke, LEASE, "Revokes a lease."),
    on(Update, "leases/revoke/{url_lease_id..}", Token, Sys::LeaseRevoke, LEASE_AT, "Revokes a lease."),
];
const AUDIT_HASH: &[NativeField] = &[
    path("path", "The device."),
    body("input", Text, "The text."),
];

/// Does what a route of the table says.
pub(crate) async fn handle(does: Sys, ask: &mut Ask<'_>) -> Told {
    match does {
        Sys::Seal => seal::seal(ask),
        Sys::KeyStatus => seal::key_status(ask),
        Sys::MountsList(kind) => mounts::list(ask, kind),
        Sys::MountRead(kind) => mounts::read(ask, kind),
        Sys::MountEnable(kind) => mounts::enable(ask, kind),
        Sys::MountDisable(kind) => mounts::disable(ask, kind).await,
        Sys::TuneRead => tune::read(ask, Secret),
        Sys::Tune => tune::write(ask, Secret),
        Sys::TuneAuthRead => tune::read(ask, Auth),
        Sys::TuneAuth => tune::write(ask, Auth),
        Sys::Remount => remount::start(ask),
        Sys::RemountStatus => remount::status(ask),
        Sys::PolicyList => policies::list(ask),
        Sys::PolicyListLegacy => policies::list_legacy(ask),
        Sys::PolicyRead => policies::read(ask),
        Sys::PolicyReadLegacy => policies::read_legacy(ask),
        Sys::PolicyWrite => policies::write(ask),
        Sys::PolicyDelete => policies::delete(ask),
        Sys::AuditList => audits::list(ask),
        Sys::AuditEnable => audits::enable(ask),
        Sys::AuditDisable => audits::disable(ask),
        Sys::AuditHash => audits::hash(ask),
        Sys::Capabilities => capabilities::of_token(ask),
        Sys::CapabilitiesSelf => capabilities::of_caller(ask),
        Sys::CapabilitiesAccessor => capabilities::of_accessor(ask),
        Sys::UiMounts => ui::mounts(ask),
        Sys::UiMount => ui::mount(ask),
        Sys::CatalogAll => catalog::all(ask),
        Sys::CatalogList => catalog::list(ask),
        Sys::CatalogRead => catalog::read(ask),
        Sys::CatalogRegister => catalog::register(ask).await,
        Sys::CatalogDelete => catalog::delete(ask),
        Sys::LeaseLookup => leases::lookup(ask),
        Sys::LeaseRenew => leases::renew(ask).await,
        Sys::LeaseRevoke => leases::revoke(ask).await,
    }
}

/// The path below `sys/` as the table has it: `mounts/<path>/tune` and `auth/<path>/tune` end in a
/// word, which no pattern with a rest can.
pub(crate) fn canonical(rest: String) -> String {
    // The table's own spelling is none of a client's: policies would not know it.
    if rest == "tune" || rest.starts_with("tune/") {
        return String::from("\u{1}");
    }
    let is_tune = |prefix: &str| {
        let path = rest.strip_prefix(prefix)?.strip_suffix("/tune")?;
        (!path.is_empty()).then(|| format!("tune/{prefix}{path}"))
    };
    is_tune("mounts/")
        .or_else(|| is_tune("auth/"))
        .unwrap_or(rest)
}

/// Names of policies have no case: `ADMIN` is `admin` for handlers, so it must be for policies too.
pub(crate) fn one_spelling(rest: &str) -> Option<String> {
    let named = rest.starts_with("policies/acl/") || rest.starts_with("policy/");
    named.then(|| rest.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{canonical, one_spelling};

    #[test]
    fn names_of_policies_have_no_case() {
        assert_eq!(
            one_spelling("policies/acl/ADMIN").as_deref(),
            Some("policies/acl/admin")
        );
        assert_eq!(one_spelling("mounts/ADMIN"), None);
    }

    #[test]
    fn tune_is_the_last_word() {
        let check = |path: &str, expected: &str| assert_eq!(canonical(path.to_owned()), expected);
        check("mounts/secret/tune", "tune/mounts/secret");
        check("mounts/auth/userpass/tune", "tune/mounts/auth/userpass");
        check("auth/a/b/tune", "tune/auth/a/b");
        check("mounts/tune", "mounts/tune");
        check("mounts", "mounts");
        check("tune/mounts/secret", "\u{1}");
    }
}
