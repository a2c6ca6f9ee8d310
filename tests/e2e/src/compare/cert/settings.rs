//! Settings, trusted certificates, revocation lists.

use super::certificates::{authority, for_servers, nothing_revoked, own, revoked};
use super::{MOUNT, differences};
use crate::compare::{Script, delete, get, list, post};

const NO_OCSP: &str = r#"{"errors":["OCSP is not supported"]}"#;

macro_rules! entry {
    ($name:literal, $certificate:expr, $more:literal) => {
        post(
            concat!("auth/certs/certs/", $name),
            concat!(r#"{"certificate":""#, $certificate, r#"""#, $more, "}"),
        )
    };
}

/// The mount's settings.
pub(super) const CONFIG: Script = Script {
    name: "cert config",
    steps: &[
        post("sys/auth/config", MOUNT),
        get("auth/config/config"),
        post("auth/config/config", r#"{"disable_binding":true}"#),
        get("auth/config/config"),
        post(
            "auth/config/config",
            r#"{"enable_identity_alias_metadata":true}"#,
        ),
        get("auth/config/config"),
        post("auth/config/config", "{}"),
        get("auth/config/config"),
        post("auth/config/config", r#"{"ocsp_cache_size":1}"#),
        post("auth/config/config", r#"{"ocsp_cache_size":-1}"#),
        post("auth/config/config", r#"{"ocsp_cache_size":5}"#).but(
            &differences::OCSP,
            400,
            NO_OCSP,
        ),
        post("auth/config/config", r#"{"disable_binding":"x"}"#),
        delete("auth/config/config"),
        post("auth/config/login", "{}"),
        post("auth/config/login", r#"{"name":"x"}"#),
    ],
};

/// What is trusted.
pub(super) const ENTRIES: Script = Script {
    name: "cert entries",
    steps: &[
        post("sys/auth/certs", MOUNT),
        get("auth/certs/certs/x"),
        list("auth/certs/certs"),
        get("auth/certs/certs"),
        post("auth/certs/certs/x", "{}"),
        entry!("x", "abc", ""),
        entry!("x", "", ""),
        entry!(
            "x",
            r#"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"#,
            ""
        ),
        entry!("x", for_servers!(), ""),
        entry!("x", own!(), ""),
        get("auth/certs/certs/x"),
        entry!("x", authority!(), ""),
        get("auth/certs/certs/x"),
        post(
            "auth/certs/certs/X",
            r#"{"display_name":"dd","allowed_names":"a,b*","allowed_common_names":"c","allowed_dns_sans":"d","allowed_email_sans":"e","allowed_uri_sans":"f","allowed_organizational_units":"g","required_extensions":"1.2.3:x,hex:1.2.4:aa","allowed_metadata_extensions":"1.2.5"}"#,
        ),
        get("auth/certs/certs/x"),
        post(
            "auth/certs/certs/x",
            r#"{"allowed_names":"","display_name":""}"#,
        ),
        get("auth/certs/certs/x"),
        post(
            "auth/certs/certs/x",
            r#"{"policies":"P1","ttl":60,"lease":5,"bound_cidrs":"1.2.3.4/32","period":5,"max_ttl":90}"#,
        ),
        get("auth/certs/certs/x"),
        entry!("y", authority!(), r#","token_ttl":100,"token_max_ttl":50"#),
        entry!("y", authority!(), r#","token_type":"xx""#),
        entry!("y", authority!(), r#","token_bound_cidrs":"zz""#),
        entry!(
            "y",
            authority!(),
            r#","token_strictly_bind_ip":true,"token_bound_cidrs":"1.2.3.4""#
        ),
        entry!("y", authority!(), r#","required_extensions":"abc""#).but(
            &differences::REQUIRED_EXTENSIONS,
            400,
            r#"{"errors":["required extension \"abc\" is neither oid:value nor hex:oid:value"]}"#,
        ),
        entry!("y", authority!(), r#","ocsp_enabled":true"#).but(&differences::OCSP, 400, NO_OCSP),
        delete("auth/certs/certs/y"),
        entry!(
            "y",
            authority!(),
            r#","token_policies":"A,B","token_num_uses":2"#
        ),
        get("auth/certs/certs/y"),
        list("auth/certs/certs"),
        list("auth/certs/certs?limit=1"),
        delete("auth/certs/certs/Y"),
        delete("auth/certs/certs/none"),
        list("auth/certs/certs"),
    ],
};

/// What is revoked.
pub(super) const LISTS: Script = Script {
    name: "cert lists",
    steps: &[
        post("sys/auth/lists", MOUNT),
        list("auth/lists/crls"),
        get("auth/lists/crls/x"),
        post("auth/lists/crls/x", "{}"),
        post("auth/lists/crls/x", r#"{"crl":"abc"}"#).but(
            &differences::MALFORMED_LISTS,
            400,
            r#"{"errors":["failed to parse CRL: not a revocation list"]}"#,
        ),
        post("auth/lists/crls/x", r#"{"url":"abc"}"#).but(
            &differences::UNREACHABLE_LISTS,
            400,
            r#"{"errors":["Get \"abc\": \"abc\" is not granted"]}"#,
        ),
        post(
            "auth/lists/crls/x",
            concat!(r#"{"crl":""#, revoked!(), r#""}"#),
        ),
        get("auth/lists/crls/x"),
        post(
            "auth/lists/crls/Up",
            concat!(r#"{"crl":""#, nothing_revoked!(), r#""}"#),
        ),
        get("auth/lists/crls/up"),
        list("auth/lists/crls"),
        delete("auth/lists/crls/x"),
        delete("auth/lists/crls/x"),
        list("auth/lists/crls"),
    ],
};
