//! `identity/entity-alias` and `identity/lookup`.

use super::ACCESSOR;
use crate::compare::{Script, delete, get, list, post};

/// Making, changing and removing.
pub(super) const ALIASES: Script = Script {
    name: "entity aliases",
    steps: &[
        ACCESSOR,
        list("identity/entity-alias/id"),
        post("identity/entity", r#"{"name":"ann"}"#).saves("ann", "/data/id"),
        post("identity/entity", r#"{"name":"bob"}"#).saves("bob", "/data/id"),
        post("identity/entity-alias", "{}"),
        post("identity/entity-alias", r#"{"name":"x"}"#),
        post(
            "identity/entity-alias",
            r#"{"mount_accessor":"${accessor}"}"#,
        ),
        post(
            "identity/entity-alias",
            r#"{"name":"x","mount_accessor":"none"}"#,
        ),
        post(
            "identity/entity-alias",
            r#"{"name":"x","mount_accessor":"${accessor}","canonical_id":"none"}"#,
        ),
        post(
            "identity/entity-alias",
            r#"{"name":"Ann","mount_accessor":"${accessor}","canonical_id":"${ann}"}"#,
        )
        .saves("alias", "/data/id"),
        get("identity/entity-alias/id/${alias}"),
        get("identity/entity/id/${ann}"),
        list("identity/entity-alias/id"),
        post(
            "identity/entity-alias",
            r#"{"name":"ann","mount_accessor":"${accessor}","custom_metadata":{"k":"v"}}"#,
        ),
        get("identity/entity-alias/id/${alias}"),
        post(
            "identity/entity-alias",
            r#"{"name":"second","mount_accessor":"${accessor}","canonical_id":"${ann}"}"#,
        ),
        post(
            "identity/entity-alias",
            r#"{"name":"bob","mount_accessor":"${accessor}","entity_id":"${bob}"}"#,
        )
        .saves("other", "/data/id"),
        post("identity/entity-alias/id/${other}", r#"{"name":"ann"}"#),
        post(
            "identity/entity-alias/id/${other}",
            r#"{"canonical_id":"none"}"#,
        ),
        post(
            "identity/entity-alias/id/${other}",
            r#"{"mount_accessor":"none"}"#,
        ),
        post("identity/entity-alias/id/${other}", "{}"),
        post(
            "identity/entity-alias/id/${other}",
            r#"{"canonical_id":"${ann}"}"#,
        ),
        post(
            "identity/entity-alias/id/${other}",
            r#"{"custom_metadata":{"q":"r"}}"#,
        ),
        post("identity/entity-alias/id/${other}", r#"{"name":"renamed"}"#),
        get("identity/entity-alias/id/${other}"),
        post("identity/entity-alias/id/none", r#"{"name":"x"}"#),
        post("identity/entity-alias", r#"{"id":"none","name":"x"}"#),
        get("identity/entity-alias/id/none"),
        delete("identity/entity-alias/id/none"),
        get("identity/alias/id/${alias}"),
        post("identity/alias/id/${alias}", r#"{"name":"by-alias"}"#),
        delete("identity/entity/id/${bob}"),
        get("identity/entity-alias/id/${other}"),
        delete("identity/alias/id/${alias}"),
        get("identity/entity-alias/id/${alias}"),
        delete("identity/entity/id/${ann}"),
    ],
};

/// Looking up.
pub(super) const LOOKUPS: Script = Script {
    name: "lookups",
    steps: &[
        ACCESSOR,
        post("identity/entity", r#"{"name":"ann"}"#).saves("ann", "/data/id"),
        post(
            "identity/entity-alias",
            r#"{"name":"Ann","mount_accessor":"${accessor}","canonical_id":"${ann}"}"#,
        )
        .saves("alias", "/data/id"),
        list("identity/entity/id"),
        list("identity/persona/id"),
        post("identity/lookup/entity", "{}"),
        post("identity/lookup/entity", r#"{"id":"${ann}"}"#),
        post("identity/lookup/entity", r#"{"name":"ANN"}"#),
        post("identity/lookup/entity", r#"{"alias_id":"${alias}"}"#),
        post(
            "identity/lookup/entity",
            r#"{"alias_name":"ann","alias_mount_accessor":"${accessor}"}"#,
        ),
        post("identity/lookup/entity", r#"{"alias_name":"ann"}"#),
        post(
            "identity/lookup/entity",
            r#"{"alias_name":"x","alias_mount_accessor":"x"}"#,
        ),
        post("identity/lookup/entity", r#"{"id":"none"}"#),
        post("identity/lookup/entity", r#"{"name":"none"}"#),
        post("identity/lookup/entity", r#"{"alias_id":"none"}"#),
        post("identity/lookup/group", "{}"),
        post("identity/lookup/group", r#"{"name":"none"}"#),
        post("identity/lookup/group", r#"{"id":"none"}"#),
        post("identity/lookup/group", r#"{"alias_id":"none"}"#),
        post("identity/lookup/group", r#"{"name":"a","id":"b"}"#),
        post("identity/lookup/group", r#"{"alias_name":"ann"}"#),
        delete("identity/entity/id/${ann}"),
    ],
};
