//! `identity/entity`.

use crate::compare::{Script, delete, differences, get, list, post};

/// Making, changing and removing.
pub(super) const ENTITIES: Script = Script {
    name: "entities",
    steps: &[
        list("identity/entity/id"),
        list("identity/entity/name"),
        get("identity/entity/id"),
        post(
            "identity/entity",
            r#"{"name":"Ann","policies":["P2","p1"," p1 ",""],"metadata":{"a":"b"}}"#,
        )
        .saves("ann", "/data/id"),
        get("identity/entity/id/${ann}"),
        get("identity/entity/name/ann"),
        get("identity/entity/name/ANN"),
        post("identity/entity", r#"{"name":"ann"}"#),
        get("identity/entity/name/ann"),
        post("identity/entity", r#"{"id":"${ann}","policies":"x,y"}"#),
        post("identity/entity/id/${ann}", r#"{"metadata":{"c":"d"}}"#),
        get("identity/entity/id/${ann}"),
        post("identity/entity/id/${ann}", r#"{"metadata":{}}"#),
        post("identity/entity/id/${ann}", r#"{"disabled":true}"#),
        get("identity/entity/id/${ann}"),
        post(
            "identity/entity/id/${ann}",
            r#"{"disabled":false,"policies":[]}"#,
        ),
        get("identity/entity/id/${ann}"),
        post("identity/entity/id/${ann}", r#"{"policies":["root"]}"#),
        post("identity/entity/id/${ann}", r#"{"policies":["a","ROOT"]}"#),
        post("identity/entity/id/${ann}", r#"{"extra":1}"#),
        post("identity/entity", r#"{"name":"extra","other":1}"#),
        post(
            "identity/entity/name/bob",
            r#"{"metadata":{"n":1,"t":true}}"#,
        )
        .saves("bob", "/data/id"),
        get("identity/entity/name/bob"),
        post("identity/entity/name/bob", r#"{"metadata":"x"}"#),
        post("identity/entity/name/bob", r#"{"metadata":["k=v"]}"#),
        get("identity/entity/name/bob"),
        post("identity/entity/id/${bob}", r#"{"name":"ANN"}"#),
        post("identity/entity", r#"{"id":"${bob}","name":"ann"}"#),
        post("identity/entity/id/${bob}", r#"{"name":"Robert"}"#),
        get("identity/entity/name/bob"),
        get("identity/entity/name/robert"),
        post("identity/entity/name/with/slash", "{}"),
        get("identity/entity/name/with/slash"),
        post("identity/entity/id/none", r#"{"name":"x"}"#),
        post("identity/entity", r#"{"id":"none","name":"x"}"#),
        get("identity/entity/id/none"),
        get("identity/entity/name/none"),
        get("identity/nothing"),
        get("identity/entity"),
        delete("identity/entity/id/none"),
        delete("identity/entity/name/none"),
        delete("identity/entity/name/with/slash"),
        delete("identity/entity/name/EXTRA"),
        get("identity/entity/name/extra"),
        post("identity/entity/batch-delete", "{}"),
        post(
            "identity/entity/batch-delete",
            r#"{"entity_ids":["${bob}","none"]}"#,
        ),
        get("identity/entity/id/${bob}"),
        list("identity/entity/id"),
        list("identity/entity/name"),
        delete("identity/entity/id/${ann}"),
        list("identity/entity/id"),
    ],
};

/// What is too much.
pub(super) const LIMITS: Script = Script {
    name: "limits of entities",
    steps: &[
        post("identity/entity", r#"{"name":"l","metadata":{"a":""}}"#),
        post("identity/entity", r#"{"name":"l","metadata":{"":"v"}}"#).but(
            &differences::IDENTITY_REFUSALS,
            400,
            r#"{"errors":["invalid entity metadata: key cannot be blank"]}"#,
        ),
        delete("identity/entity/name/l"),
    ],
};
