//! Policies of a namespace that name whoever asks.

use super::within;
use crate::compare::{CLIENT_TOKEN, Script, get, post, send};

const HERE: &[(&str, &str)] = &[("X-Vault-Namespace", "templated")];

pub(super) const TEMPLATED: Script = Script {
    name: "templated policies",
    steps: &[
        send("POST", "sys/namespaces/templated"),
        within(post("sys/mounts/kv", r#"{"type":"kv"}"#), HERE),
        within(post("sys/auth/people", r#"{"type":"userpass"}"#), HERE),
        within(get("sys/auth"), HERE)
            .saves("accessor", "/data/people~1/accessor")
            .only_prepares(),
        within(
            post(
                "sys/policies/acl/own",
                r#"{"policy":"path \"kv/by-name/{{identity.entity.aliases.${accessor}.name}}\" { capabilities = [\"read\"] } path \"kv/by-id/{{identity.entity.id}}\" { capabilities = [\"read\"] } path \"kv/by-color/{{identity.entity.metadata.color}}/*\" { capabilities = [\"read\"] } path \"kv/by-group/{{identity.groups.names.team.id}}\" { capabilities = [\"read\"] }"}"#,
            ),
            HERE,
        ),
        within(
            post(
                "auth/people/users/ann",
                r#"{"password":"p","token_policies":"own"}"#,
            ),
            HERE,
        ),
        within(
            post(
                "identity/entity",
                r#"{"name":"ann","metadata":{"color":"green"}}"#,
            ),
            HERE,
        )
        .saves("ann", "/data/id"),
        within(
            post(
                "identity/entity-alias",
                r#"{"name":"ann","canonical_id":"${ann}","mount_accessor":"${accessor}"}"#,
            ),
            HERE,
        )
        .only_prepares(),
        within(
            post(
                "identity/group",
                r#"{"name":"team","member_entity_ids":["${ann}"]}"#,
            ),
            HERE,
        )
        .saves("team", "/data/id"),
        within(post("kv/by-name/ann", r#"{"a":"b"}"#), HERE),
        within(post("kv/by-name/bob", r#"{"a":"b"}"#), HERE),
        within(post("kv/by-id/${ann}", r#"{"a":"b"}"#), HERE),
        within(post("kv/by-color/green/x", r#"{"a":"b"}"#), HERE),
        within(post("kv/by-color/red/x", r#"{"a":"b"}"#), HERE),
        within(post("kv/by-group/${team}", r#"{"a":"b"}"#), HERE),
        within(post("auth/people/login/ann", r#"{"password":"p"}"#), HERE)
            .saves("token", CLIENT_TOKEN),
        within(get("kv/by-name/ann"), HERE).by("token"),
        within(get("kv/by-name/bob"), HERE).by("token"),
        within(get("kv/by-id/${ann}"), HERE).by("token"),
        within(get("kv/by-id/${team}"), HERE).by("token"),
        within(get("kv/by-color/green/x"), HERE).by("token"),
        within(get("kv/by-color/red/x"), HERE).by("token"),
        within(get("kv/by-group/${team}"), HERE).by("token"),
        get("templated/kv/by-name/ann").by("token"),
        get("kv/by-name/ann").by("token"),
        // It is asked anew who she is.
        within(
            post(
                "identity/entity/id/${ann}",
                r#"{"metadata":{"color":"red"}}"#,
            ),
            HERE,
        ),
        within(get("kv/by-color/green/x"), HERE).by("token"),
        within(get("kv/by-color/red/x"), HERE).by("token"),
    ],
};
