//! `sys/`: the server's own endpoints, as one table.

mod audits;
mod capabilities;
mod catalog;
pub(crate) mod config;
mod experiments;
mod generate_root;
mod ha;
mod inspect;
mod leases;
mod locked_users;
mod mfa;
mod mounts;
mod namespaces;
mod observe;
pub(crate) mod openapi;
mod passwords;
mod pins;
mod policies;
mod policy_writes;
mod pprof;
mod prefixes;
mod quotas;
mod rekey;
mod reload;
pub(crate) mod remount;
mod replication;
mod rotation;
mod seal;
mod tools;
mod tune;
mod tune_lockout;
mod ui;
mod wrapping;

use crate::native::NativeRoute;
use base::WithoutToken;

/// The table, area by area.
pub(crate) const TABLE: &[&[NativeRoute]] = &[
    seal::ROUTES,
    rotation::ROUTES,
    rekey::ROUTES,
    generate_root::ROUTES,
    ha::ROUTES,
    mounts::ROUTES,
    tune::ROUTES,
    remount::ROUTES,
    namespaces::ROUTES,
    policies::ROUTES,
    passwords::ROUTES,
    audits::ROUTES,
    config::CORS,
    config::REQUEST_HEADERS,
    config::UI_HEADERS,
    capabilities::ROUTES,
    ui::ROUTES,
    openapi::ROUTES,
    catalog::ROUTES,
    pins::ROUTES,
    reload::ROUTES,
    leases::ROUTES,
    observe::ROUTES,
    pprof::ROUTES,
    quotas::ROUTES,
    locked_users::ROUTES,
    mfa::ROUTES,
    wrapping::ROUTES,
    tools::ROUTES,
    inspect::ROUTES,
    experiments::ROUTES,
    replication::primary::ROUTES,
    replication::known::ROUTES,
    replication::secondary::ROUTES,
    replication::filters::ROUTES,
    replication::aside::ROUTES,
    replication::check::ROUTES,
    replication::upkeep::ROUTES,
];

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

/// Does the listener let this path be used without a token?
pub(crate) fn is_open(without: WithoutToken, rest: &str) -> bool {
    match rest {
        "rekey/init" | "rekey/update" | "rekey/verify" => without.rekey,
        "generate-root/attempt" | "generate-root/update" => without.generate_root,
        _ => rest.starts_with("rekey-recovery-key/") && without.rekey,
    }
}

/// The spelling that clients know of a pattern that [`canonical`] made the table's own.
pub(crate) fn public_pattern(pattern: &str) -> Option<String> {
    let rest = pattern.strip_prefix("tune/")?;
    Some(format!("{}/tune", rest.replace("..}", "}")))
}

/// Names of policies have no case: `ADMIN` is `admin` for handlers, so it must be for policies too.
pub(crate) fn one_spelling(rest: &str) -> Option<String> {
    let named = rest.starts_with("policies/acl/") || rest.starts_with("policy/");
    named.then(|| rest.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{canonical, is_open, one_spelling, public_pattern};
    use base::WithoutToken;

    #[test]
    fn names_of_policies_have_no_case() {
        assert_eq!(
            one_spelling("policies/acl/ADMIN").as_deref(),
            Some("policies/acl/admin")
        );
        assert_eq!(one_spelling("mounts/ADMIN"), None);
    }

    #[test]
    fn a_listener_opens_what_it_names_and_nothing_else() {
        let check = |rekey, generate_root, path: &str, expected: bool| {
            let without = WithoutToken {
                rekey,
                generate_root,
                ..WithoutToken::default()
            };
            assert_eq!(is_open(without, path), expected, "{path} {without:?}");
        };
        for path in [
            "rekey/init",
            "rekey/update",
            "rekey/verify",
            "rekey-recovery-key/init",
        ] {
            check(true, false, path, true);
            check(false, true, path, false);
        }
        for path in ["generate-root/attempt", "generate-root/update"] {
            check(false, true, path, true);
            check(true, false, path, false);
        }
        for path in [
            "rekey/backup",
            "generate-root",
            "generate-root-token/update",
            "rotate/root/init",
            "rotate",
            "seal",
        ] {
            check(true, true, path, false);
        }
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
        let public = public_pattern("tune/mounts/{path..}");
        assert_eq!(public.as_deref(), Some("mounts/{path}/tune"));
    }
}
