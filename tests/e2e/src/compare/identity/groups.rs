//! `identity/group` and `identity/group-alias`.

use super::ACCESSOR;
use crate::compare::{Script, delete, differences, get, list, post};

/// Making, changing and removing.
pub(super) const GROUPS: Script = Script {
    name: "groups",
    steps: &[
        list("identity/group/id"),
        post(
            "identity/group",
            r#"{"name":"One","policies":["P"],"metadata":{"a":"b"}}"#,
        )
        .saves("one", "/data/id"),
        get("identity/group/id/${one}"),
        get("identity/group/name/ONE"),
        post("identity/group", r#"{"name":"one","policies":["q"]}"#),
        get("identity/group/name/one"),
        post("identity/group/name/two", r#"{"policies":"a,b"}"#).saves("two", "/data/id"),
        post("identity/group/name/two", "{}"),
        get("identity/group/id/${two}"),
        post("identity/group/id/${two}", r#"{"name":"ONE"}"#),
        post("identity/group/id/${two}", r#"{"policies":["root"]}"#),
        post("identity/group/id/${two}", r#"{"type":"external"}"#),
        post("identity/group/id/${two}", r#"{"type":"internal"}"#),
        post("identity/group", r#"{"name":"x","type":"odd"}"#),
        post("identity/group/id/none", r#"{"name":"x"}"#),
        post("identity/group", r#"{"id":"none","name":"x"}"#),
        get("identity/group/id/none"),
        get("identity/group/name/none"),
        delete("identity/group/id/none"),
        delete("identity/group/name/none"),
        delete("identity/group/name/TWO"),
        get("identity/group/id/${two}"),
        list("identity/group/id"),
        list("identity/group/name"),
        delete("identity/group/id/${one}"),
    ],
};

/// Who is in which.
pub(super) const MEMBERS: Script = Script {
    name: "members of groups",
    steps: &[
        post("identity/entity", r#"{"name":"ann"}"#).saves("ann", "/data/id"),
        post(
            "identity/group",
            r#"{"name":"in","member_entity_ids":["${ann}","${ann}"]}"#,
        )
        .saves("in", "/data/id"),
        post(
            "identity/group",
            r#"{"name":"out","member_group_ids":["${in}"]}"#,
        )
        .saves("out", "/data/id"),
        get("identity/group/id/${out}"),
        get("identity/entity/id/${ann}"),
        post(
            "identity/group/id/${in}",
            r#"{"member_group_ids":["${out}"]}"#,
        ),
        post(
            "identity/group/id/${in}",
            r#"{"member_group_ids":["${in}"]}"#,
        )
        .but(
            &differences::IDENTITY_REFUSALS,
            400,
            r#"{"errors":["member group ID \"${in}\" is same as the ID of the group"]}"#,
        ),
        post(
            "identity/group/id/${in}",
            r#"{"member_group_ids":["none"]}"#,
        )
        .but(
            &differences::IDENTITY_REFUSALS,
            400,
            r#"{"errors":["invalid member group ID \"none\""]}"#,
        ),
        post(
            "identity/group/id/${in}",
            r#"{"member_entity_ids":["none"]}"#,
        )
        .but(
            &differences::IDENTITY_REFUSALS,
            400,
            r#"{"errors":["invalid entity ID \"none\""]}"#,
        ),
        delete("identity/group/id/${out}"),
        delete("identity/group/id/${in}"),
        delete("identity/entity/id/${ann}"),
    ],
};

/// External groups.
pub(super) const GROUP_ALIASES: Script = Script {
    name: "group aliases",
    steps: &[
        ACCESSOR,
        post("identity/entity", r#"{"name":"ann"}"#).saves("ann", "/data/id"),
        post("identity/group", r#"{"name":"in"}"#).saves("in", "/data/id"),
        post(
            "identity/group",
            r#"{"name":"e","type":"external","member_entity_ids":["${ann}"]}"#,
        ),
        post(
            "identity/group",
            r#"{"name":"e","type":"external","member_group_ids":["${in}"]}"#,
        ),
        post("identity/group", r#"{"name":"e","type":"external"}"#).saves("ext", "/data/id"),
        post(
            "identity/group/id/${ext}",
            r#"{"member_entity_ids":["${ann}"]}"#,
        ),
        post("identity/group-alias", "{}"),
        post("identity/group-alias", r#"{"name":"x"}"#),
        post(
            "identity/group-alias",
            r#"{"name":"x","mount_accessor":"none"}"#,
        ),
        post(
            "identity/group-alias",
            r#"{"name":"x","mount_accessor":"${accessor}","canonical_id":"none"}"#,
        ),
        post(
            "identity/group-alias",
            r#"{"name":"x","mount_accessor":"${accessor}","canonical_id":"${in}"}"#,
        ),
        post(
            "identity/group-alias",
            r#"{"name":"Devs","mount_accessor":"${accessor}","canonical_id":"${ext}"}"#,
        )
        .saves("alias", "/data/id"),
        get("identity/group-alias/id/${alias}"),
        get("identity/group/id/${ext}"),
        list("identity/group-alias/id"),
        post(
            "identity/group-alias",
            r#"{"name":"devs","mount_accessor":"${accessor}","canonical_id":"${ext}"}"#,
        ),
        post(
            "identity/group-alias",
            r#"{"name":"DEVS","mount_accessor":"${accessor}"}"#,
        ),
        post("identity/group-alias/id/${alias}", r#"{"name":"ops"}"#),
        post(
            "identity/group-alias/id/${alias}",
            r#"{"name":"ops","mount_accessor":"${accessor}"}"#,
        ),
        get("identity/group-alias/id/${alias}"),
        post("identity/lookup/group", r#"{"alias_id":"${alias}"}"#),
        post(
            "identity/lookup/group",
            r#"{"alias_name":"OPS","alias_mount_accessor":"${accessor}"}"#,
        ),
        post(
            "identity/group-alias/id/none",
            r#"{"name":"x","mount_accessor":"${accessor}"}"#,
        ),
        get("identity/group-alias/id/none"),
        delete("identity/group-alias/id/none"),
        delete("identity/group-alias/id/${alias}"),
        get("identity/group-alias/id/${alias}"),
        delete("identity/group/id/${ext}"),
        delete("identity/group/id/${in}"),
        delete("identity/entity/id/${ann}"),
    ],
};
