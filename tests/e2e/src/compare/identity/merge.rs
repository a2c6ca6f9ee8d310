//! `identity/entity/merge`.

use super::ACCESSOR;
use crate::compare::{Script, delete, get, post};

/// Two entities that become one.
pub(super) const MERGE: Script = Script {
    name: "merges",
    steps: &[
        ACCESSOR,
        post("identity/entity", r#"{"name":"to","policies":["a"]}"#).saves("to", "/data/id"),
        post(
            "identity/entity",
            r#"{"name":"from","policies":["b"],"metadata":{"x":"y"}}"#,
        )
        .saves("from", "/data/id"),
        post(
            "identity/entity-alias",
            r#"{"name":"f","mount_accessor":"${accessor}","canonical_id":"${from}"}"#,
        )
        .saves("alias", "/data/id"),
        post(
            "identity/group",
            r#"{"name":"g","member_entity_ids":["${from}"]}"#,
        )
        .saves("group", "/data/id"),
        post("identity/entity/merge", "{}"),
        post(
            "identity/entity/merge",
            r#"{"from_entity_ids":["${from}"]}"#,
        ),
        post("identity/entity/merge", r#"{"to_entity_id":"${to}"}"#),
        post(
            "identity/entity/merge",
            r#"{"from_entity_ids":["none"],"to_entity_id":"${to}"}"#,
        ),
        post(
            "identity/entity/merge",
            r#"{"from_entity_ids":["${from}"],"to_entity_id":"none"}"#,
        ),
        post(
            "identity/entity/merge",
            r#"{"from_entity_ids":["${to}"],"to_entity_id":"${to}"}"#,
        ),
        post(
            "identity/entity/merge",
            r#"{"from_entity_ids":["${from}"],"to_entity_id":"${to}"}"#,
        ),
        get("identity/entity/id/${to}"),
        get("identity/entity/id/${from}"),
        get("identity/entity-alias/id/${alias}"),
        post("identity/lookup/entity", r#"{"id":"${from}"}"#),
        delete("identity/group/id/${group}"),
        delete("identity/entity/id/${to}"),
    ],
};
